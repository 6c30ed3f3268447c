"""Whose a row is: the authors' own models told from baselines, by how the row is marked and how it is named.

No list of anybody's models decides alone. A row is the authors' own when it says so (`Ours-M`), when it is the one in
bold, when it bears the repository's name or offers weights. Where nothing marks any row, the table is the repository's
own model zoo and all rows that cite nobody are own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.claims.headers import lower
from auditor.claims.vocabulary import CITED, COMPARISON, KNOWN_NETWORKS, OURS

WEIGHTS = re.compile(
    r"\.(?:pth|pyth|pt|tflite|msgpack|mlmodel|pdiparams|pkl|ckpt|bin|onnx|safetensors|h5|pdparams|npz|tar|zip|t7|caffemodel|params|weights|model)(?:\.tar|\.gz)?(?:[?#]|$)"
    r"|drive\.google\.com|docs\.google\.com/uc|huggingface\.co|onedrive|1drv\.ms|sharepoint|dropbox|pan\.baidu|releases/download|modelscope|zenodo|weiyun\.com|figshare|mega\.nz|/[fd]/[0-9a-f]{10,32}(?:[/?#]|$)",
    re.IGNORECASE,
)
CONTINUES = re.compile(r"\s*(?:\+|w/|with\b)")  # `+ refinement`: the row above with something more
BASELINE = re.compile(r"(?i)(?:the |our )?baselines?(?: models?| methods?| networks?)?")
ZOO = re.compile(  # of a table without links: these are models that the authors offer, called as it may be
    r"(?i)model[ -]?zoo|pre-?trained (?:models?|weights|checkpoints)"
    r"|(?:models?|weights|checkpoints) (?:we )?(?:provide|release|are (?:available|provided|released))"
    r"|(?:with|provide|release) (?:the )?(?:pre-?trained )?(?:weights|checkpoints)"
)
NOT_WEIGHTS = re.compile(r"\.(?:log|txt|json|py|md|pdf|yaml|yml|csv)(?:[?#]|$)|colab|arxiv", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RowName:
    """What decides whose a row is."""

    name: str  # the variant, cleaned
    emphasized: bool = False
    links: tuple[str, ...] = ()
    of_paper: bool = False  # its name leads to a paper, as a citation does


def bears(name: str, tokens: tuple[str, ...]) -> bool:
    """Tell whether a row's name bears one of the repository's words, at the beginning of a word."""
    low = lower(name)
    return any(re.search(rf"(?<![a-z]){token}", low) for token in tokens)


def offers_weights(row: RowName) -> bool:
    """Tell whether a link of the row leads to weights."""
    return any(map(is_weights, row.links))


def is_weights(url: str) -> bool:
    """Tell whether an address may be of weights."""
    return bool(WEIGHTS.search(url)) and not NOT_WEIGHTS.search(url)


def own_rows(rows: tuple[RowName, ...], tokens: tuple[str, ...], heading: str) -> frozenset[int]:
    """Return the numbers of the rows that are the authors' own. `heading` is the caption and headings of the table."""
    everyone = frozenset(range(len(rows)))
    cited = frozenset(n for n in everyone if CITED.search(rows[n].name) and not OURS.search(rows[n].name))
    cited |= frozenset(n for n in everyone if BASELINE.fullmatch(rows[n].name.strip(" -–—")) and not offers_weights(rows[n]))
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
        return bold | older | (linked - foreign) | (linked if len(linked) == len(rows) else frozenset())
    if linked == everyone - cited:
        known = frozenset(n for n in linked if KNOWN_NETWORKS.fullmatch(lower(rows[n].name)))
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
