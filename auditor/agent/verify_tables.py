"""Claims read out of the very cells that a proposal quotes, by the readers that the rules use, with what speaks against each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from auditor.agent.verify_places import Spot, holds, words_of
from auditor.claims.headers import is_metric
from auditor.claims.interface import ClaimContext
from auditor.claims.naming import own_rows
from auditor.claims.numbers import readings
from auditor.claims.own_words import own_name, own_tokens
from auditor.claims.paper import ABLATION, NUMBERED, ROLE, is_composite, is_own, name_of, pages_of, paper_tokens, placed
from auditor.claims.table_shape import Row, Shape, shape_of
from auditor.claims.tables import (
    Columns,
    cell_claims,
    columns_of,
    common_setting,
    identity_columns,
    is_matrix,
    is_setting,
    row_name,
    variant_column,
    variant_of,
)
from auditor.claims.vocabulary import Kind
from auditor.facts import Cell, Claim, Outline, Table

NEVER = (Kind.VARIANT, Kind.BACKBONE, Kind.IGNORED, Kind.SETTING)


@dataclass(frozen=True, slots=True)
class Reading:
    """A claim of one cell, and what a proposal about it is held against."""

    claim: Claim
    own: bool  # the row is the authors'
    around: str  # header, setting cells, group, caption and headings of this cell alone
    siblings: tuple[str, ...]  # names of the other rows
    inner: bool = False  # a second number, in parentheses


def readings_of(spot: Spot, context: ClaimContext) -> list[Reading] | None:
    """Return the claims of the quoted cells; None where no table stands there."""
    tables = [spot.picture] if spot.picture is not None else list(_tables_at(spot))
    if not tables:
        return None
    return [reading for table in tables for reading in _read(table, spot, context)]


def _tables_at(spot: Spot) -> Iterator[Table]:
    """Yield the tables of the text that have a cell on the quoted lines."""
    for table in spot.outline.tables:
        if table.picture is None and any(spot.first <= cell.line <= spot.last for row in table.rows for cell in row):
            yield table


def _read(table: Table, spot: Spot, context: ClaimContext) -> Iterator[Reading]:
    """Yield the readings of one table."""
    outline = spot.outline
    paper = outline.document.role == ROLE
    shape = shape_of(table)
    heading = " ".join((table.caption, *table.sections[-1:]))
    if shape is None or not shape.rows or (paper and ABLATION.search(heading)):
        return
    tokens = paper_tokens(context, outline.title) if paper else own_tokens(context, outline.title)
    columns = _columns(shape, tokens)
    if is_matrix(shape, columns) or (paper and columns.variant is None):
        return
    names = [_name(row, columns, tokens, outline, context) for row in shape.rows]
    if paper:
        own = frozenset(n for n, row in enumerate(shape.rows) if is_own(row, columns, tokens))
    else:
        own = own_rows(tuple(row_name(r, name, columns) for r, name in zip(shape.rows, names, strict=True)), tokens, heading)
    lines = re.split(r"\r\n?|\n", outline.document.text)
    pages = pages_of(lines) if paper else []
    numbered = NUMBERED.match(table.caption) if paper else None
    seen_by = {"seen_by": f"paper reader, Table {numbered[1]}"} if numbered else {}
    for number, row in enumerate(shape.rows):
        for column in _quoted_columns(table, row, columns, spot):
            if paper and row.headers[column].kind in (Kind.PARAMS, Kind.GFLOPS) and is_composite(table, row, columns, tokens):
                continue
            siblings = tuple(dict.fromkeys(name for name in names if name != names[number]))
            around = _around(table, shape, row, column, columns, outline)
            for claim in cell_claims(table, shape, row, names[number], column, columns, common_setting(table), outline, lines):
                claim = replace(claim, evidence=placed(replace(claim.evidence, **seen_by), pages))
                yield Reading(claim, number in own, around, siblings, claim.setting.endswith("in parentheses"))


def _columns(shape: Shape, tokens: tuple[str, ...]) -> Columns:
    """Return what each column is for; in a table where the rules see no results, the column of names all the same."""
    columns = columns_of(shape, tokens)
    if columns.claims or columns.variant is not None:
        return columns
    everything = list(range(len(shape.headers)))
    variant = variant_column(everything, shape)
    settings = tuple(n for n in everything if n != variant and is_setting(n, shape))
    if variant is None:
        return Columns(None, (), settings, ())
    rest = [n for n in everything if n not in settings and not any(readings(row.cells[n].text) for row in shape.rows)]
    return Columns(variant, identity_columns(variant, rest, shape, tokens), settings, ())


def _name(row: Row, columns: Columns, tokens: tuple[str, ...], outline: Outline, context: ClaimContext) -> str:
    """Return the variant of a row, as the rules name it."""
    if outline.document.role == ROLE:
        return name_of(row, columns, tokens)
    return variant_of(row, columns) or own_name(context, outline.title)


def _quoted_columns(table: Table, row: Row, columns: Columns, spot: Spot) -> Iterator[int]:
    """Yield the columns of a row whose cells are quoted: at the place, with all of their text, under a header that may hold claims."""
    for number, cell in enumerate(row.cells):
        if number in columns.identity or number in columns.settings or row.headers[number].kind in NEVER or not readings(cell.text):
            continue
        if _is_at(cell, table, spot) and holds(spot.words, words_of(cell.raw or cell.text)) | holds(spot.words, words_of(cell.text)):
            yield number


def _is_at(cell: Cell, table: Table, spot: Spot) -> bool:
    """Tell whether a cell stands in the quoted row of a picture, or on the quoted lines."""
    if table.picture is not None:
        return 0 <= spot.row < len(table.rows) and any(other is cell for other in table.rows[spot.row])
    return spot.first <= cell.line <= spot.last


def _around(table: Table, shape: Shape, row: Row, column: int, columns: Columns, outline: Outline) -> str:
    """Return the words that tell what the number of one cell is of: nothing of other rows or columns."""
    header = row.headers[column]
    local = [f"{row.headers[n].attribute} {row.cells[n].text}" for n in (*columns.settings, *columns.identity)]
    metric = "" if is_metric(header.attribute.lower()) else " ".join(shape.metrics)
    return " ".join((header.attribute, header.setting, metric, *local, row.group, table.caption, *table.sections, outline.title))
