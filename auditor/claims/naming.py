"""Whose a row is: the authors' own models told from baselines, by how the row is marked and how it is named.

No list of anybody's models decides alone. A row is the authors' own when it says so (`Ours-M`), when it is the one in
bold, when it bears the repository's name or offers weights. Where nothing marks any row, the table is the repository's
own model zoo and all rows that cite nobody are own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from auditor.claims.headers import lower
from auditor.claims.interface import ClaimContext
from auditor.claims.numbers import plain
from auditor.claims.vocabulary import CITED, COMPARISON, GENERIC, KNOWN_NETWORKS, OURS
from auditor.facts import Outline

WEIGHTS = re.compile(
    r"\.(?:pth|pt|pkl|ckpt|bin|onnx|safetensors|h5|pdparams|npz|tar|zip|t7|caffemodel|params|weights|model)(?:\.tar|\.gz)?(?:[?#]|$)"
    r"|drive\.google\.com|docs\.google\.com/uc|huggingface\.co|onedrive|1drv\.ms|sharepoint|dropbox|pan\.baidu|releases/download|modelscope|zenodo",
    re.IGNORECASE,
)
OWN_LINK = re.compile(
    r"github\.com[/:]([\w.-]{1,39}/[\w-][\w.-]{0,80}?)(?:\.git(?![\w-])|/(?:blob|tree|releases|raw|issues|actions|wiki|pull)(?=[/\s)#?\"'])|(?=[\s)\"'`]))"
)
IMPLEMENTED = re.compile(
    r"(?:implementation|code(?:base)?|models?|repository|repo) (?:of|for|contains)(?: the| our)? \W{0,4}"
    r"([A-Z][A-Za-z0-9+-]*[A-Z0-9][A-Za-z0-9+-]*)(?![\w:])"
)
MAX_SEARCHED = 500_000
NOT_WEIGHTS = re.compile(r"\.(?:log|txt|json|py|md|pdf|yaml|yml|csv)(?:[?#]|$)|colab|arxiv", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RowName:
    """What decides whose a row is."""

    name: str  # the variant, cleaned
    emphasized: bool = False
    links: tuple[str, ...] = ()


def own_tokens(context: ClaimContext, title: str = "") -> tuple[str, ...]:
    """Return patterns of the words by which the repository's own models are known: of its name and title, without everyday words.

    A word that is also a well-known network (`BERT` in `Chinese-BERT-wwm`) counts only where no other word is left.
    """
    name = context.full_name.rpartition("/")[2]
    parts = [part.lower() for part in re.split(r"[-_./\s]+", re.sub(r"(?i)[._-]?(?:pytorch|official|release)", " ", name)) if part]
    for heading in (context.title, title):
        head = re.sub(r"(?<=[A-Za-z])[^\w\s:.,/()|&+-](?=[A-Za-z])", "", plain(heading)).split(":")[0]
        parts += [w.lower().strip("-") for w in re.findall(r"(?<![\w-])(?=[\w-]*[A-Z][\w-]*[A-Z])[A-Za-z][\w-]{2,24}(?![\w-])", head)]
    own = [part for part in dict.fromkeys(parts) if len(part) > 2 and not part.isdigit() and not GENERIC.issuperset(part.split("-"))]
    special = [part for part in own if not KNOWN_NETWORKS.fullmatch(part) or part == name.lower()]
    whole = [part.lower() for part in re.split(r"[-_./\s]+", name) if part]
    return tuple(map(re.escape, special or own)) or ((r"[\s_-]?".join(map(re.escape, whole)),) if len(whole) > 1 else ())


def named(context: ClaimContext, outlines: Sequence[Outline]) -> ClaimContext:
    """Return the context with the repository's name; a folder without one has it from what its README clones and links.

    A name counts when the README's title begins with it, or when five or more links lead into that repository; without
    such a link, the name is the one that the README's beginning says it implements.
    """
    if "/" in context.full_name or not outlines:
        return context
    texts = [outline.document.text[:MAX_SEARCHED] for outline in outlines if outline.document.role in ("readme", "document")]
    titles = tuple(squashed(title) for title in (context.title, *(outline.title for outline in outlines)) if title)
    counts = Counter(match[1] for text in texts for match in OWN_LINK.finditer(text))
    for full_name, count in counts.most_common(20):
        name = squashed(full_name.partition("/")[2])
        if name not in GENERIC and (any(title.startswith(name) for title in titles) or count >= 5):
            return replace(context, full_name=full_name)
    said = IMPLEMENTED.search(plain(texts[0][:3000])) if texts else None
    return replace(context, full_name=f"/{said[1]}") if said and said[1].lower() not in GENERIC else context


def squashed(text: str) -> str:
    """Return a text's letters and digits alone, in lower case: `DE⫶TR` is `detr`."""
    return re.sub(r"[\W_]+", "", text.lower())


def own_name(context: ClaimContext, title: str = "") -> str:
    """Return the name of the one model of a repository that names none in its table: the title's name, else the repository's."""
    for heading in (context.title, title):
        clean = re.sub(r"(?<=[A-Za-z])[^\w\s:.,/()|&+-](?=[A-Za-z])", "", plain(heading))
        match = re.match(r"\s*([A-Za-z][\w+-]{2,24})\s*(?::|$|\bof\b|for\b)", clean)
        if match and match[1].lower() not in GENERIC:
            return match[1]
    return context.full_name.rpartition("/")[2] if "/" in context.full_name else "(unnamed)"


def bears(name: str, tokens: tuple[str, ...]) -> bool:
    """Tell whether a row's name bears one of the repository's words, at the beginning of a word."""
    low = lower(name)
    return any(re.search(rf"(?<![a-z]){token}", low) for token in tokens)


def offers_weights(row: RowName) -> bool:
    """Tell whether a link of the row leads to weights."""
    return any(WEIGHTS.search(link) and not NOT_WEIGHTS.search(link) for link in row.links)


def own_rows(rows: tuple[RowName, ...], tokens: tuple[str, ...], heading: str) -> frozenset[int]:
    """Return the numbers of the rows that are the authors' own. `heading` is the caption and headings of the table."""
    everyone = frozenset(range(len(rows)))
    cited = frozenset(n for n in everyone if CITED.search(rows[n].name) and not OURS.search(rows[n].name))
    named = frozenset(n for n in everyone - cited if bears(rows[n].name, tokens))
    ours = frozenset(n for n in everyone if OURS.search(rows[n].name))
    linked = frozenset(n for n in everyone - cited if offers_weights(rows[n]))
    bold = frozenset(n for n in everyone - cited if rows[n].emphasized)
    foreign = cited | frozenset(n for n in everyone - named - ours if KNOWN_NETWORKS.search(lower(rows[n].name)))
    if ours:
        return ours | (named if ours & named or not named else frozenset())
    if bold and len(bold) < len(rows) - len(cited):
        return bold | (linked - foreign) | (linked if len(linked) == len(rows) else frozenset())
    if linked == everyone - cited:
        return linked
    if named:
        others = frozenset() if foreign or COMPARISON.search(heading) else everyone - named
        return named | (linked - foreign) | others
    if linked:
        return linked | (everyone - foreign if not COMPARISON.search(heading) else frozenset())
    if foreign != everyone and foreign and COMPARISON.search(heading):
        return everyone - foreign
    return everyone - cited
