"""Whose a row is: the authors' own models told from baselines, by how the row is marked and how it is named.

No list of anybody's models decides alone. A row is the authors' own when it says so (`Ours-M`), when it is the one in
bold, when it bears the repository's name or offers weights. Where nothing marks any row, the table is the repository's
own model zoo and all rows that cite nobody are own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.claims.headers import lower
from auditor.claims.interface import ClaimContext
from auditor.claims.numbers import plain
from auditor.claims.vocabulary import CITED, COMPARISON, GENERIC, KNOWN_NETWORKS, OURS

WEIGHTS = re.compile(
    r"\.(?:pth|pt|pkl|ckpt|bin|onnx|safetensors|h5|pdparams|npz|tar|zip|t7|caffemodel|params|weights|model)(?:\.tar|\.gz)?(?:[?#]|$)"
    r"|drive\.google\.com|docs\.google\.com/uc|huggingface\.co|onedrive|1drv\.ms|sharepoint|dropbox|pan\.baidu|releases/download|modelscope|zenodo",
    re.IGNORECASE,
)
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
        head = plain(heading).split(":")[0]
        parts += [w.lower().strip("-") for w in re.findall(r"(?<![\w-])(?=[\w-]*[A-Z][\w-]*[A-Z])[A-Za-z][\w-]{2,24}(?![\w-])", head)]
    own = [part for part in dict.fromkeys(parts) if len(part) > 2 and part not in GENERIC and not part.isdigit()]
    special = [part for part in own if not KNOWN_NETWORKS.fullmatch(part)]
    whole = [part.lower() for part in re.split(r"[-_./\s]+", name) if part]
    return tuple(map(re.escape, special or own)) or ((r"[\s_-]?".join(map(re.escape, whole)),) if len(whole) > 1 else ())


def own_name(context: ClaimContext, title: str = "") -> str:
    """Return the name of the one model of a repository that names none in its table: the title's name, else the repository's."""
    for heading in (context.title, title):
        match = re.match(r"\s*([A-Za-z][\w+-]{2,24})\s*(?::|$|\bof\b|for\b)", plain(heading))
        if match and match[1].lower() not in GENERIC:
            return match[1]
    return context.full_name.rpartition("/")[2] or "(unnamed)"


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
