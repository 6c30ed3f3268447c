"""What names the rows of a table beside their own cell: the cell above, the paragraph over the table, the size in a setting."""

from __future__ import annotations

import re
from dataclasses import replace

from auditor.claims.numbers import plain
from auditor.claims.table_shape import Row, Shape
from auditor.claims.weights import is_weights
from auditor.facts import Outline, Table

SAME_AS_ABOVE = re.compile(r"|[\"“”〃″]|''|,,|同上")
SIZE_WORD = re.compile(r"(?i)(?<![a-z])(?:nano|tiny|mini|small|base|medium|large|huge|giant|x+-?(?:small|large)|xs|xl|xxl)(?![a-z])")
OFFER = re.compile(r"(?i)pre-?train|model|weights|checkpoint|ckpt|drive|baidu|dropbox|download|here|link|mirror")


def with_names_above(shape: Shape, variant: int) -> Shape:
    """Return the shape with the names that rows leave out because the row above says them: a cell that a printed table would span.

    The first row of a group has no row above that it could continue.
    """
    rows: list[Row] = []
    for row in shape.rows:
        cell = row.cells[variant]
        if SAME_AS_ABOVE.fullmatch(cell.text.strip()) and rows and rows[-1].group == row.group:
            above = rows[-1].cells[variant]
            cells = (*row.cells[:variant], replace(above, raw="", line=cell.line, region=cell.region), *row.cells[variant + 1 :])
            row = replace(row, cells=cells)
        rows.append(row)
    return replace(shape, rows=tuple(rows)) if tuple(rows) != shape.rows else shape


def with_sizes(names: list[str], settings: list[str]) -> list[str]:
    """Return the one name of a table with the settings that tell its sizes apart: `Wader` and `Task A large`, `Task A base`."""
    sized = [bool(SIZE_WORD.search(text)) for text in settings]
    return [f"{name} {text}"[:160] for name, text in zip(names, settings, strict=True)] if all(sized) else names


def name_above(table: Table, outline: Outline) -> str:
    """Return the name of the weights that the paragraph over a table without names links: `[Koala-50 @ Drive](..)`."""
    linked = [link.label for link in outline.links if link.context and link.context == table.caption and is_weights(link.url)]
    names = {clean_name(re.split(r"\s*[@(:|]\s*", label)[0]) for label in linked}
    name = names.pop() if len(names) == 1 else ""
    told = re.search(r"\d|[a-z][A-Z]|\w-\w", name) or name not in linked
    return name if told and len(name) > 2 and len(name.split()) <= 3 and not OFFER.search(name) else ""


BESIDE = re.compile(r"(?i)(?:model|links?|download|ckpt|checkpoint|weights?|logs?|configs?|code|paper|script)")


def clean_name(text: str) -> str:
    """Return a name without markup, footnote symbols, LaTeX boxes and the links behind it: `Wader-S | config`."""
    name = " ".join(re.sub(r"[†‡§□■△▲]|\[\d{1,2}\]$|:[a-z_]+:", " ", plain(text)).split())
    parts = name.split(" | ")
    while len(parts) > 1 and BESIDE.fullmatch(parts[-1]):
        parts.pop()
    return " | ".join(parts)
