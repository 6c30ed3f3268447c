"""Tables that have models as columns: a title that names the metric over the models' names, and data sets as rows.

Such a table is made a plain one: one row for each model and data set, one column for each title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from auditor.claims.headers import Header, header_of, lower
from auditor.claims.naming import bears
from auditor.claims.numbers import is_blank, readings
from auditor.claims.vocabulary import KNOWN_NETWORKS, OURS, Kind
from auditor.facts import Cell

SOURCE = re.compile(r"(?i)(?:the )?(?:original |official )?(?:papers?|reported|official|original|published|authors?)(?![a-z])")
MAX_CELLS = 20_000


@dataclass(frozen=True, slots=True)
class ModelColumn:
    """A column that a model's name heads: its place, that header cell, and the titles above the name."""

    number: int
    cell: Cell
    title: str


def is_own(text: str, tokens: tuple[str, ...]) -> bool:
    """Tell whether a header is the name of one of the authors' own models."""
    return bool(OURS.search(text)) or bears(text, tokens)


def model_columns(
    head: list[tuple[Cell, ...]], columns: list[list[str]], body: list[tuple[Cell, ...]], tokens: tuple[str, ...]
) -> tuple[ModelColumn, ...]:
    """Return the columns that are models; none where no own model is among them or where a column of names exists already.

    Beside an own model and a well-known one, whatever else stands under the same titles is a model, too.
    """
    if not tokens or header_of(" ".join(columns[0])).kind in (Kind.VARIANT, Kind.BACKBONE):
        return ()
    found = []
    for number, parts in enumerate(columns[1:], 1):
        cells = [row[number] for row in head if row[number].text]
        if cells and parts and header_of(parts[-1]).kind is Kind.UNKNOWN and is_numeric([row[number].text for row in body]):
            found.append(ModelColumn(number, cells[-1], " ".join(parts[:-1])[:80]))
    own = [one for one in found if is_own(one.cell.text, tokens)]
    known = [one for one in found if one not in own and KNOWN_NETWORKS.search(lower(one.cell.text))]
    reproduced = len(known) == len(found) > 1 and any(OURS.search(row[0].text) for row in body) and all(is_source(row[0]) for row in body)
    titles = {one.title for one in (known if reproduced else own)}
    found = [one for one in found if one.title in titles]
    named = len({one.cell.text for one in own}) > 1 or bool(known)
    return tuple(found) if (own or reproduced) and named and 2 * len(found) > len(columns) - 1 else ()


def is_source(cell: Cell) -> bool:
    """Tell whether the first cell of a row says who got its values: `paper`, `this repo`, `official code`."""
    return bool(OURS.search(cell.text) or SOURCE.match(cell.text.strip()))


def is_numeric(texts: list[str]) -> bool:
    """Tell whether the cells of a column are numbers, empty ones aside."""
    said = [text for text in texts if not is_blank(text)]
    return bool(said) and all(readings(text) for text in said)


def as_rows(
    models: tuple[ModelColumn, ...], headers: tuple[Header, ...], body: list[tuple[Cell, ...]], metrics: tuple[str, ...]
) -> tuple[tuple[Header, ...], list[tuple[Cell, ...]]] | None:
    """Return headers and rows of the plain table, or None where neither a title nor the caption tells the metric.

    The first column becomes a setting, the second one the model.
    """
    titles = list(dict.fromkeys(one.title for one in models))
    if (len(metrics) != 1 and not all(titles)) or len(body) * len(models) > MAX_CELLS:
        return None
    if all(map(is_source, (cells[0] for cells in body))):  # what the authors of the code got is theirs
        body = [cells for cells in body if OURS.search(cells[0].text)]
    told = [header_of(title or metrics[0]) for title in titles]
    whole = tuple(header if header.kind in (Kind.PARAMS, Kind.GFLOPS) else replace(header, kind=Kind.METRIC) for header in told)
    names = {one.cell.text: one.cell for one in models}
    place = {(one.title, one.cell.text): one.number for one in models}
    rows = []
    for cells in body:
        for name, cell in names.items():
            values = tuple(cells[place[title, name]] if (title, name) in place else Cell("") for title in titles)
            rows.append((cells[0], replace(cell, raw="", links=(), region=None), *values))
    return (replace(headers[0], kind=Kind.SETTING), Header(Kind.VARIANT, "model"), *whole), rows
