"""By which words a repository's own models are known: of its name, its title, and what its README says that it presents.

A local folder is called whatever somebody typed. Its repository is then found by votes of the README's own links: what it
tells to clone, where its deep links lead, and whether title or introduction name it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from auditor.claims.interface import ClaimContext
from auditor.claims.numbers import plain
from auditor.claims.vocabulary import DATASETS, GENERIC, KNOWN_NETWORKS
from auditor.claims.weights import is_weights
from auditor.facts import Outline

UNNAMED = "(unnamed)"  # the one model of a repository that gives it no name
LOCAL = "local/"  # what a folder without an origin is called
MAX_SEARCHED = 500_000
MAX_BEGINNING = 5000  # characters of a README in which it says what it is of
ENOUGH = 5  # votes that an "owner/name" needs
_FULL = r"([\w.-]{1,39}/[\w-][\w.-]{0,80}?)"
DEEP_LINK = re.compile(
    rf"(?:github\.com|raw\.githubusercontent\.com)[/:]{_FULL}(?:\.git)?/(?:blob|tree|releases|raw|issues|actions|wiki|pull|main|master)"
    r"(?=[/\s)#?\"'])"
)
PLAIN_LINK = re.compile(rf"github\.com[/:]{_FULL}(?:\.git(?![\w-])|/?(?=[\s)\"'`#]|$))")
BADGE = re.compile(
    rf"(?:shields\.io/github/[\w-]+(?:/[\w-]+)?/|star-history\.com/(?:svg\?repos=|#)|contrib\.rocks/image\?repo=){_FULL}(?=[?&)\"'\s/])"
)
CLONE = re.compile(
    rf"git\s+clone\s+(?:-\S+\s+(?:\S+\s+(?=-|https?|git@))?)*(?:https?://|git@)(?:www\.)?github\.com[/:]{_FULL}(?:\.git)?/?(?=[\s`\"')]|$)"
)
IMPLEMENTED = re.compile(
    r"(?:implementation|code(?:base)?|models?|repository|repo) (?:of|for|contains)(?: the| our)?(?: standard| original| official)? \W{0,4}"
    r"([A-Z][A-Za-z0-9+-]*[A-Z0-9][A-Za-z0-9+-]*)(?![\w:])"
)
CITED_TITLE = re.compile(r"(?<![a-z])title\s*=\s*[{\"]+\s*([A-Z][^:{}\n\"]{1,28}?)\}?\s*:\s")
SPELLED_OUT = re.compile(r"(?<!\w)((?:[A-Za-z][\w-]{0,40}[ \t]){1,8}[A-Za-z][\w-]{0,40})[ \t]?\(\W{0,3}([A-Z][\w-]{1,20})\W{0,3}\)")
PRESENTED = re.compile(
    r"(?:called|named|dubbed|termed|[Ww]e (?:propose|present|introduce)(?: an?| the)?) \W{0,3}"
    r"([A-Z][\w+-]*[A-Z0-9][\w+-]*|[a-z]+[A-Z][\w+-]*)"
)
RELEASED = re.compile(
    r"[Ww]e (?:release|open-?source) (?:both |the )?([A-Z][A-Za-z]{2,20})[-_]v?\d{1,3}(?:\.\d)?[BM](?![A-Za-z])"
)  # a family by its sizes
_SECTION = (
    r"(?:introduction|intro|overview|about|abstract|summary|description|read ?me|(?:latest |recent )?news|updates?|what'?s new|change ?log"
    r"|installation|install|getting started|quick ?start|usage|(?:table of )?contents|requirements|features|background|highlights?"
    r"|简介|介绍|概述|目录|新闻|更新|说明)"
)
SECTION = re.compile(rf"(?i)[\d.)\s\W]{{0,6}}{_SECTION}(?: (?:and|&) {_SECTION})?\W{{0,4}}")  # that a README without a title begins with
SUBJECT = re.compile(  # `**HeronNet** (in Findings) is a new network`, at the beginning of a line
    r"^[ \t>]{0,4}\[?(?:\*\*|__)?([A-Z][\w.+-]{1,30}?)(?:\*\*|__)?\]?(?:\([^()\n]{0,200}\))?(?: \([^()\n]{1,120}\))?,?"
    r" (?:is|are|provides|implements) (?:an?|the|our)\b",
    re.MULTILINE,
)
FRAMEWORK = re.compile(
    r"(?<![a-z0-9])(?:pytorch|torch|tensorflow|tf2?|keras|jax|flax|mxnet|gluon|paddle|unofficial|official|re-?implementation|implementation)(?![a-z0-9])"
)
FIRST_NAME = re.compile(r"[A-Za-z][\w.+-]{3,60}(?=$|[\s,(])", re.ASCII)
NOT_SIZES = re.compile(  # of a name, what says no more than how large it is and on what it was trained
    r"tiny|mini|small|medium|base|large|huge|giant|nano|x{1,3}l?|uncased|cased|chinese|multilingual|english|imagenet|coco|\dk|[\d\W_]+|[a-z](?![a-z])"
)
LEADING_WORD = re.compile(r"\s*([A-Za-z][\w+-]{2,24})\s*(?::|$|\bof\b|for\b)")


def squashed(text: str) -> str:
    """Return a text's letters and digits alone, in lower case: `DE⫶TR` is `detr`."""
    return re.sub(r"[\W_]+", "", text.lower())


def bare(heading: str) -> str:
    """Return a heading without marks inside of words: `DE⫶TR` is `DETR`."""
    return re.sub(r"(?<=[A-Za-z])[^\w\s:.,/()|&+-](?=[A-Za-z])", "", plain(heading))


def own_tokens(context: ClaimContext, title: str = "") -> tuple[str, ...]:
    """Return patterns of the words by which the repository's own models are known, without everyday words.

    A word that is also a well-known network (`BERT` in `Chinese-BERT-wwm`) counts only where it is the whole name, or no other is left.
    What a document's own title adds comes on top of what the repository's name and README say.
    """
    said = tokens_of(context, (context.title,)) if title else ()
    return tuple(dict.fromkeys((*said, *tokens_of(context, (context.title, title)))))


def tokens_of(context: ClaimContext, headings: tuple[str, ...]) -> tuple[str, ...]:
    """Return those patterns by the repository's name, the names that its README says, and some headings."""
    name = "" if context.full_name.startswith(LOCAL) else context.full_name.rpartition("/")[2]
    parts = [part.lower() for part in re.split(r"[-_./\s]+", re.sub(r"(?i)[._-]?(?:pytorch|official|release)", " ", name)) if part]
    parts += [said.lower() for said in context.names]
    titles = [bare(heading).split(":")[0] for heading in headings]
    for head in titles:
        parts += [
            w.lower().strip("-")
            for w in re.findall(r"(?<![\w-])(?=[\w-]*[A-Z][\w-]*[A-Z])[A-Za-z][\w-]{2,24}(?![\w-])", head)
            if is_name(w) and not DATASETS.match(w.lower())
        ]
    own = [part for part in dict.fromkeys(parts) if len(part) > 2 and not part.isdigit() and not GENERIC.issuperset(part.split("-"))]
    whole = {said.lower() for said in (name, *context.names, *titles)}
    whole |= {FRAMEWORK.sub(" ", said).strip(" -_.()") for said in whole}  # a port is called by the network itself
    special = [part for part in own if not KNOWN_NETWORKS.fullmatch(part) or part in whole]
    if not special and (
        short := [head.lower().split() for head in titles if len(head.split()) in (2, 3) and any(map(is_name, head.split()))]
    ):
        return (r"[\s_-]?".join(map(re.escape, short[0])),)  # of `Deformable DETR` neither word alone
    joined = [part.lower() for part in re.split(r"[-_./\s]+", name) if part]
    return tuple(divided(part, titles) for part in special or own) or (
        (r"[\s_-]?".join(map(re.escape, joined)),) if len(joined) > 1 else ()
    )


def divided(part: str, titles: Sequence[str]) -> str:
    """Return the pattern of a name, with the gaps that a title writes in it: `GreyHeron` of a repository is `Grey Heron` in its tables."""
    for title in titles:
        words = re.findall(r"[a-z0-9]+", title.lower()[:200])
        for count in (2, 3):
            if "".join(words[:count]) == part:
                return r"[\s_-]?".join(map(re.escape, words[:count]))
    return re.escape(part)


def is_name(word: str) -> bool:
    """Tell a name from words joined by hyphens: some part of `Real-ESRGAN` is more than a word with a capital, none of `Single-Shot`."""
    return any(re.search(r"[A-Z].*[A-Z]|\d", part) and not re.fullmatch(r"(?i)\dd|pre", part) for part in word.split("-"))


def named(context: ClaimContext, outlines: Sequence[Outline]) -> ClaimContext:
    """Return the context with the names that the documents say, and with the repository's where a folder has none of its own."""
    texts = [outline.document.text[:MAX_SEARCHED] for outline in outlines if outline.document.role in ("readme", "document")]
    if not texts:
        return context
    if not context.title or SECTION.fullmatch(context.title):
        context = replace(context, title=next((m[1] for m in SUBJECT.finditer(texts[0][:3000]) if is_name(m[1])), ""))
    context = replace(context, names=said_names(texts[0], context.title or outlines[0].title), offered=offered_names(outlines))
    if "/" in context.full_name and not context.full_name.startswith(LOCAL):
        return context
    titles = [title for title in (context.title, *(outline.title for outline in outlines)) if title]
    if found := own_repository(texts, titles):
        return replace(context, full_name=found)
    said = IMPLEMENTED.search(plain(texts[0][:3000]))
    return replace(context, full_name=f"/{said[1]}") if said and said[1].lower() not in GENERIC else context


def own_repository(texts: Sequence[str], titles: Sequence[str]) -> str:
    """Return the "owner/name" whose README this is, by votes; empty where none has enough of them or two have as many."""
    votes: defaultdict[str, float] = defaultdict(float)
    for text in texts:
        deep = Counter(match[1] for match in DEEP_LINK.finditer(text))
        seen = Counter(match[1] for match in PLAIN_LINK.finditer(text))
        for full_name in deep | seen:
            votes[full_name] += min(8, deep[full_name]) + min(2, seen[full_name] / 2)
        for match in BADGE.finditer(text):
            votes[match[1]] += 2
    if clone := CLONE.search(texts[0]):
        entered = re.search(rf"\bcd\s+(?:\./)?{re.escape(clone[1].partition('/')[2])}(?![\w-])", texts[0][clone.end() : clone.end() + 200])
        called = squashed(clone[1].partition("/")[2]) in squashed(texts[0][:MAX_BEGINNING].replace(clone[0], " ") + " ".join(titles))
        votes[clone[1]] += (4 if entered else 2) if called else 1  # what a README never speaks of is something that it needs
    beginning = squashed(re.sub(r"https?://\S+", " ", texts[0][:1500]))
    for full_name in votes:
        name = squashed(full_name.partition("/")[2])
        if len(name) > 2 and name not in GENERIC:
            votes[full_name] += 5 * any(squashed(title).startswith(name) for title in titles) + 2 * (name in beginning)
        else:
            votes[full_name] = 0
    ranked = sorted(votes.items(), key=lambda pair: (-pair[1], -len(pair[0])))
    return ranked[0][0] if ranked and ranked[0][1] >= ENOUGH else ""


def said_names(text: str, title: str) -> tuple[str, ...]:
    """Return the names that a README gives what it presents; a well-known network's name is none.

    They stand before the colon of its paper's title, as the abbreviation of the title's words, or after `called` and `we propose`
    where the text keeps using them.
    """
    found: list[str] = []
    if cited := CITED_TITLE.search(text):
        words = plain(cited[1]).split()
        found += ["-".join(words)] if len(words) <= 2 and is_name("-".join(words)) else []
    beginning = plain_text(text[:MAX_BEGINNING])
    for match in SPELLED_OUT.finditer(beginning):
        capitals, initials = re.findall(r"[A-Z]", match[2]), [word[0].upper() for word in re.split(r"[ -]", match[1].strip()) if word]
        if len(capitals) > 2 and initials[-len(capitals) :] == capitals and match[2][-1] != "s":
            spelled = " ".join(match[1].split()[-len(capitals) :][:2])
            found += [match[2]] if squashed(spelled) in squashed(title) else []
    found += [match[1] for match in PRESENTED.finditer(beginning) if len(re.findall(rf"(?<![\w-]){re.escape(match[1])}", text)) >= 3]
    families = dict.fromkeys(match[1] for match in RELEASED.finditer(plain_text(text[: 4 * MAX_BEGINNING])))
    found += [family for family in list(families)[:20] if len(re.findall(rf"(?<![\w-]){re.escape(family)}", text)) >= 5]
    own = (name for name in dict.fromkeys(found) if len(name) > 2 and not re.search(r"(?i)data|bench", name))
    return tuple(name for name in own if not KNOWN_NETWORKS.fullmatch(name.lower()))[:6]


def offered_names(outlines: Sequence[Outline]) -> frozenset[str]:
    """Return the names, squashed, at the head of table rows that link weights, but for well-known networks in their usual sizes.

    `RoBERTa-tiny-pair` is a model of one's own where one hands it out; `ResNet-50` is everybody's.
    """
    found = set()
    for outline in outlines:
        for link in outline.links:
            head = FIRST_NAME.match(plain(link.row[0][:200])) if link.row and is_weights(link.url) else None
            if head and len(NOT_SIZES.sub("", KNOWN_NETWORKS.sub("", head[0].lower()))) > 2 and re.search(r"[\d_-]|[a-z][A-Z]", head[0]):
                found.add(squashed(head[0]))
    return frozenset(found)


def plain_text(text: str) -> str:
    """Return a text without emphasis, links' addresses and tags, on one line."""
    return " ".join(re.sub(r"[*_`]{1,3}|<[^>]{0,200}>|(?<=\])\([^)\s]*\)|[\[\]]", "", text).split())


def own_name(context: ClaimContext, title: str = "") -> str:
    """Return the name of the one model of a repository that names none in its table: the title's name, else the repository's."""
    for heading in (context.title, title):
        match = LEADING_WORD.match(bare(heading)) if not SECTION.fullmatch(heading) else None
        if match and match[1].lower() not in GENERIC:
            return match[1]
    if "/" in context.full_name and not context.full_name.startswith(LOCAL):
        return context.full_name.rpartition("/")[2]
    return context.names[0] if context.names else UNNAMED
