"""Whose a row is: the authors' own models told from baselines, by how the row is marked and how it is named.

No list of anybody's models decides alone. A row is the authors' own when it says so (`Ours-M`), when it is the one in
bold, when it bears the repository's name or offers weights. Where nothing marks any row, the table is the repository's
own model zoo and all rows that cite nobody are own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.claims.headers import lower
from auditor.claims.own_words import squashed
from auditor.claims.vocabulary import CITED, COMPARISON, KNOWN_NETWORKS, OURS
from auditor.claims.weights import is_weights

PREFIXED = re.compile(r"(?<![A-Za-z])[a-z](?=[A-Z][A-Za-z]*[A-Z])")
FOOTNOTE = re.compile(r"\[\d{1,2}\]\s*$")
CONTINUES = re.compile(r"\s*(?:\+|w/|with\b)")  # `+ refinement`: the row above with something more
BASELINE = re.compile(  # what nobody trained is nobody's model
    r"(?i)(?:prev(?:ious|\.)? )?(?:best|sota|state[- ]of[- ]the[- ]art)(?: (?:results?|methods?|models?|works?))?"
    r"|(?:the |our )?(?:(?!ours?\b)[\w.+-]{2,30} ){0,3}baselines?(?: models?| methods?| networks?)?(?: \(.{0,40}\))?"
    r"|[\w .+-]{2,40}\(baselines?\)"
    r"|(?:random|chance)(?: (?:guess(?:ing)?|chance|baseline|choice|level|init\w*))?|majority(?: (?:class|vote|baseline))?"
    r"|(?:average |expert )?humans?(?: (?:performance|level|score|baseline|accuracy|raters?|evaluation|experts?))?"
    r"|人类(?:表现|水平)?|随机(?:猜测)?"
)
HUB_OWNER = re.compile(
    r"https?://(?:www\.)?(?:huggingface\.co|hf\.co|modelscope\.cn/models)/"
    r"(?!spaces/|datasets/|docs/|papers/|collections/)([\w.-]{2,60})/[\w.-]",
    re.IGNORECASE,
)
ZOO = re.compile(  # of a table without links: these are models that the authors offer, called as it may be
    r"(?i)model[ -]?zoo|pre-?trained (?:models?|weights|checkpoints)"
    r"|(?:models?|weights|checkpoints) (?:we )?(?:provide|release|are (?:available|provided|released))"
    r"|(?:with|provide|release) (?:the )?(?:pre-?trained )?(?:weights|checkpoints)"
)


@dataclass(frozen=True, slots=True)
class RowName:
    """What decides whose a row is."""

    name: str  # the variant, cleaned
    emphasized: bool = False
    links: tuple[str, ...] = ()
    of_paper: bool = False  # its name leads to a paper, as a citation does

    def hub_owners(self) -> frozenset[str]:
        """Return who of the hubs' owners has what the row links."""
        return frozenset(match[1].lower() for match in map(HUB_OWNER.match, self.links) if match)


def bears(name: str, tokens: tuple[str, ...]) -> bool:
    """Tell whether a row's name bears one of the repository's words, at the beginning of a word."""
    low = lower(name)
    spelled = lower(PREFIXED.sub("", name[:300]))  # of `mBlurb` and `Blurb` one is the other in many languages
    return any(re.search(rf"(?<![a-z]){token}", text) for token in tokens for text in {low, spelled})


def is_called(name: str, tokens: tuple[str, ...]) -> bool:
    """Tell whether a row's name is one of the repository's words as a whole: of a network that became well known, this is the home."""
    return any(re.fullmatch(token, lower(name)) for token in tokens)


def is_footnoted(row: RowName, tokens: tuple[str, ...]) -> bool:
    """Tell whether the number in brackets behind a name is of a note: the row begins with an own name and offers its weights."""
    own = any(re.match(token, lower(row.name)) for token in tokens)
    return own and offers_weights(row) and FOOTNOTE.search(row.name) is not None and CITED.search(FOOTNOTE.sub("", row.name)) is None


def offers_weights(row: RowName) -> bool:
    """Tell whether a link of the row leads to weights."""
    return any(map(is_weights, row.links))


def own_rows(
    rows: tuple[RowName, ...], tokens: tuple[str, ...], heading: str, offered: frozenset[str] = frozenset(), owner: str = ""
) -> frozenset[int]:
    """Return the numbers of the rows that are the authors' own. `heading` is the caption and headings of the table.

    `offered` are the squashed names of models whose weights another table links, `owner` is whose repository it is. Where some rows lead
    to the owner's models on a hub, a row that leads to somebody else's is none of them.
    """
    theirs = frozenset(n for n, row in enumerate(rows) if row.hub_owners() and owner.lower() not in row.hub_owners())
    if owner and any(owner.lower() in row.hub_owners() for row in rows) and theirs:
        others = frozenset(n for n in theirs if not bears(rows[n].name, tokens))
    else:
        others = frozenset()
    handed_out = frozenset(n for n, row in enumerate(rows) if squashed(row.name) in offered and not CITED.search(row.name))
    return (marked_rows(rows, tokens, heading) | handed_out) - others


def marked_rows(rows: tuple[RowName, ...], tokens: tuple[str, ...], heading: str) -> frozenset[int]:
    """Return the numbers of the rows that their own table marks as the authors' own."""
    everyone = frozenset(range(len(rows)))
    cited = frozenset(
        n for n in everyone if CITED.search(rows[n].name) and not OURS.search(rows[n].name) and not is_footnoted(rows[n], tokens)
    )
    unowned = frozenset(n for n in everyone if BASELINE.fullmatch(rows[n].name.strip(" -–—")))
    cited |= frozenset(n for n in unowned if not offers_weights(rows[n]) and not (bears(rows[n].name, tokens) and " " in rows[n].name))
    papers = frozenset(n for n in everyone if rows[n].of_paper and not bears(rows[n].name, tokens) and not offers_weights(rows[n]))
    if papers != everyone:  # where each row cites one, it is a zoo
        cited |= papers
    named = frozenset(n for n in everyone - cited if bears(rows[n].name, tokens))
    ours = frozenset(n for n in everyone if OURS.search(rows[n].name))
    linked = frozenset(n for n in everyone - cited if offers_weights(rows[n]))
    bold = frozenset(n for n in everyone - cited if rows[n].emphasized)
    foreign = cited | frozenset(n for n in everyone - named - ours if KNOWN_NETWORKS.search(lower(rows[n].name)))
    if ours:
        return ours | (named if ours & named or not named else frozenset())
    if bold and len(bold) < len(rows) - len(cited):
        older = named if bold <= named else frozenset()  # bold only tells the newest of the own ones
        zoo = len(linked) == len(rows) and bold != named  # where print and name agree, a well-known network is the baseline
        return bold | older | (linked if zoo else linked - foreign)
    if linked == everyone - cited:
        known = frozenset(n for n in linked if KNOWN_NETWORKS.fullmatch(lower(rows[n].name)) and not is_called(rows[n].name, tokens))
        return linked - known if named and 2 * len(known) < len(linked) + 1 else linked  # a baseline called as everybody calls it
    if named:
        if not linked and ZOO.search(heading) and not COMPARISON.search(heading):
            return everyone - foreign
        offered = linked if 2 * len(linked) > len(everyone - cited) else linked - foreign  # a zoo has others' networks too
        return named | offered | frozenset(n for n in everyone - cited if CONTINUES.match(rows[n].name))
    if linked:
        others = cited if linked & foreign else foreign  # where own rows are called by a known backbone, others may be too
        return linked | (everyone - others if not COMPARISON.search(heading) else frozenset())
    if foreign != everyone and foreign and COMPARISON.search(heading):
        return everyone - foreign
    return everyone - cited
