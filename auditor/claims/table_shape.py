"""The shape of a table made plain: one header per column, rows with the title of their group, transposed tables turned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from auditor.claims.cross_table import as_rows, is_own, model_columns
from auditor.claims.headers import DEVICE, Header, header_of, lower, metrics_in, timed_in
from auditor.claims.naming import bears
from auditor.claims.numbers import is_blank, plain, readings
from auditor.claims.vocabulary import KNOWN_NETWORKS, METRICS, Kind
from auditor.facts import Cell, Table

MAX_ROWS = 3000
MAX_COLUMNS = 60
COUNTS = (Kind.PARAMS, Kind.GFLOPS)
CLAIMED = (Kind.PARAMS, Kind.GFLOPS, Kind.METRIC)
SCORED = re.compile(r"(?i)\b(?:results?|scores?|performance|evaluations?|accurac(?:y|ies))\b|结果|性能")
ON_DEVICE = re.compile(r"(?P<name>[^()]{2,40}?) (?:on|@|with) (?:an? |the |one )?(?P<device>[^()]{1,30}?)\s*(?P<unit>\([^()]{1,20}\))?")
PART_OF_SET = re.compile(r"(?i)(?:seq(?:uence)?s?|scenes?|fold|split|subjects?|part|clip|video)(?:\.|#|no\.|\s|-|_){0,3}\d{1,4}")
COUNTED = re.compile(r"(?<![.\w-])\d+(?![\w]*[.]\d)|^\s*\+")  # `50-layers`, `test crop: 320x320`, `+ Distill`; not `k=0.5`
LAYER = re.compile(r"(?:layer|module|operat(?:ion|or)|block|stage)s?(?:[ _-]?(?:name|type|#|no\.?|\(type.*))?|op")
SHOTS = re.compile(r"(?:\d{1,3}|zero|one|few|k)[ -]?shots?")
NAMED_COUNT = re.compile(r"[A-Za-z][\w +/-]{0,20}\((\d{1,4}(?:\.\d{1,3})?\s?[MB])\)|(?P<alone>\d{1,4}(?:\.\d{1,3})?\s?B)")
LAYER_SHAPE = re.compile(r"(?:in|out|input|output)(?:puts?)?[ _-]?(?:shape|size|dim\w*|channels?)(?: ?[(\[].*)?")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table's body with the title of the group it stands in, and the headers that hold for it."""

    cells: tuple[Cell, ...]
    group: str
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A table with its headers understood. `header_cells` are the lowest header cells, for the confidence of a reading."""

    headers: tuple[Header, ...]
    rows: tuple[Row, ...]
    metrics: tuple[str, ...]  # that the caption or heading names for the whole table
    transposed: bool = False
    scored: bool = False  # a heading or caption announces scores, so that columns need no metric's name


def shape_of(table: Table, tokens: tuple[str, ...] = ()) -> Shape | None:
    """Return a table's shape, or None for one without headers, rows or columns. Past `MAX_ROWS` rows nothing is read.

    With the words by which own models are known (`own_tokens`), models that are columns under a metric's title become rows.
    """
    rows = [row[:MAX_COLUMNS] for row in table.rows[: MAX_ROWS + table.header_rows]]
    width = max((len(row) for row in rows), default=0)
    rows = [tuple(row) + (Cell(""),) * (width - len(row)) for row in rows]
    count = table.header_rows or int(bool(rows) and looks_like_header(rows[0]))
    while count and count < len(rows) and count < 4 and continues_header(rows[count]):
        count += 1
    if width < 2 or not count or len(rows) <= count:
        return None
    columns, body = header_texts(rows[:count]), rows[count:]
    metrics = metrics_in(table.caption) or metrics_in(table.sections[-1] if table.sections else "") or timed_in(table.caption)
    headers = headers_of(columns)
    if lists_layers(columns):
        return None
    headers = valued(headers, body, metrics)
    models = model_columns(rows[:count], columns, body, tokens)
    scored = bool(SCORED.search(" ".join((table.caption[:300], *table.sections[-1:]))))
    if models and (flat := as_rows(models, headers, body, metrics)):
        return Shape(flat[0], grouped(*flat), metrics)
    if is_transposed(headers, body, metrics, tokens):
        texts, body = turned([joined(parts) for parts in columns], body)
        plain_headers = tuple(header_of(text) for text in texts)
        if all(is_set(header) for header in headers[1:]):  # `Seq. 09`, `Seq. 10`: of the one model there is
            plain_headers = (replace(plain_headers[0], kind=Kind.SETTING), *plain_headers[1:])
        return Shape(plain_headers, grouped(plain_headers, body), metrics, True)
    return counted(Shape(headers, grouped(headers, body), metrics, scored=scored))


def continued(tables: Sequence[Table], tokens: tuple[str, ...]) -> Iterator[Table]:
    """Yield the tables of a document, with the headers of the picture before where a picture shows rows of as many columns alone.

    One of its rows must be the authors' own: of rows that nothing marks, those of a part may all be others'.
    """
    before: Table | None = None
    for table in tables:
        if table.origin == "picture" and not table.header_rows and table.rows and before is not None and before.sections == table.sections:
            head = before.rows[: before.header_rows]
            own = any(is_own(row[0].text, tokens) for row in table.rows)
            if own and all(len(row) == len(table.rows[0]) for row in head):
                table = replace(table, rows=(*head, *table.rows), header_rows=len(head))
        if table.origin == "picture":
            before = table if table.header_rows else None
        yield table


def looks_like_header(row: tuple[Cell, ...]) -> bool:
    """Tell whether a first row that is not marked as header is one: no numbers, and a metric or a word for models."""
    kinds = [header_of(cell.text).kind for cell in row]
    return not any(readings(cell.text) for cell in row) and any(kind in (*CLAIMED, Kind.VARIANT) for kind in kinds)


def counted(shape: Shape) -> Shape:
    """Return the shape with sizes that are told as `Base (86M)` or `7B` as counts of parameters; a file's are nameless and in bytes."""
    for number, header in enumerate(shape.headers):
        cells = [row.cells[number] for row in shape.rows if row.cells[number].text.strip(" -–—")]
        found = {id(cell): NAMED_COUNT.fullmatch(plain(cell.text)[:60]) for cell in cells}
        if header.kind not in (Kind.SIZE, Kind.PARAMS) or not found or not all(found.values()):
            continue
        counts = Header(Kind.PARAMS, Kind.PARAMS.value)
        rows = []
        for row in shape.rows:
            match = found.get(id(row.cells[number]))
            cell = replace(row.cells[number], text=match[1] or match["alone"]) if match else row.cells[number]
            rows.append(
                replace(row, cells=put(row.cells, number, cell), headers=put(row.headers, number, counts) if row.headers else row.headers)
            )
        shape = replace(shape, headers=put(shape.headers, number, counts), rows=tuple(rows))
    return shape


def put(items: tuple[Any, ...], number: int, item: object) -> tuple[Any, ...]:
    """Return a tuple with one item replaced."""
    return (*items[:number], item, *items[number + 1 :])


def lists_layers(columns: list[list[str]]) -> bool:
    """Tell whether a table lists a network's layers with their shapes: what it counts is of a layer, and of no model."""
    low = [lower(parts[-1]) if parts else "" for parts in columns]
    return any(map(LAYER.fullmatch, low)) and any(map(LAYER_SHAPE.fullmatch, low))


def continues_header(row: tuple[Cell, ...]) -> bool:
    """Tell whether the row below a header is its second level: no numbers, and metrics in several cells."""
    if any(readings(cell.text) for cell in row):
        return False
    return sum(header_of(cell.text).kind in CLAIMED or bool(SHOTS.fullmatch(lower(cell.text))) for cell in row if cell.text) >= 2


def header_texts(rows: list[tuple[Cell, ...]]) -> list[list[str]]:
    """Return the different texts of each column's header cells, from the top down. A title over all columns is none."""
    texts: list[list[str]] = []
    title = next((rows[0][0].text for row in rows[:1] if len(rows) > 1 and len(row) > 2 and len({cell.text for cell in row}) == 1), "")
    for column in zip_longest(*rows, fillvalue=Cell("")):
        parts: list[str] = []
        for cell in column:
            if cell.text and cell.text not in parts and cell.text != title:
                parts.append(cell.text)
        texts.append(parts)
    return texts


def headers_of(columns: list[list[str]]) -> tuple[Header, ...]:
    """Return the header of each column from its texts: `Cost` over `GFLOPS` says no more than `GFLOPS`.

    The title over a count or a metric becomes its setting where another column of the table tells the same: `224` and `384` over
    `top-1`, `RetinaNet` and `Mask R-CNN` over `Params`.
    """
    lowest = [header_of(parts[-1]) if len(parts) > 1 else Header(Kind.UNKNOWN, "") for parts in columns]
    again = {low.attribute for low in lowest if low.attribute and [other.attribute for other in lowest].count(low.attribute) > 1}
    headers = tuple(header_under(parts, low, low.attribute in again) for parts, low in zip(columns, lowest, strict=True))
    return on_devices(headers)


def on_devices(headers: tuple[Header, ...]) -> tuple[Header, ...]:
    """Return the headers with devices made what the first of them measures: `Latency on V100 (ms)`, `A100`, `RTX 4090`."""
    timed: Header | None = None
    told = []
    for header in headers:
        if timed and header.kind in (Kind.UNKNOWN, Kind.SETTING) and DEVICE.fullmatch(header.attribute):
            header = replace(timed, setting=header.attribute)
        else:
            match = ON_DEVICE.fullmatch(header.attribute) if header.kind is Kind.METRIC and header.unit in ("ms", "s", "fps") else None
            first = match and DEVICE.fullmatch(match["device"])
            timed = replace(header, attribute=f"{match['name']} {match['unit']}".strip()) if match and first else None
        told.append(header)
    return tuple(told)


def header_under(parts: list[str], low: Header, again: bool) -> Header:
    """Return the header of one column from its texts and the header that its lowest text is by itself."""
    title = " ".join(parts[:-1])[:80]
    if title and SHOTS.fullmatch(lower(parts[-1])):  # how often a model was shown the task; the test is the title
        test = header_of(title)
        kind = Kind.METRIC if test.kind in (Kind.UNKNOWN, Kind.METRIC) else test.kind
        return replace(test, kind=kind, setting=f"{test.setting} {parts[-1]}".strip())
    if low.kind in COUNTS:
        return replace(low, setting=title if again else "")
    if low.kind is Kind.METRIC and again and not is_part_of_metric(title, parts[-1]):
        return replace(low, setting=f"{title} {low.setting}".strip())
    return header_of(joined(parts))


def is_part_of_metric(title: str, metric: str) -> bool:
    """Tell whether a title belongs to the name of the metric below it: `box` over `AP`, but not `val2017` over `AP`."""
    before = lower(title)
    spans = [match.start() for match in METRICS.finditer(f"{before} {lower(metric)}")]
    return header_of(title).kind is Kind.METRIC or any(start < len(before) for start in spans)


def joined(parts: list[str]) -> str:
    """Return the texts of one column's header cells as one."""
    return " ".join(parts)[:200]


def grouped(headers: tuple[Header, ...], body: list[tuple[Cell, ...]]) -> tuple[Row, ...]:
    """Return the rows of a body with their groups: a row that holds one text alone is the title of those below it."""
    rows, group = [], ""
    for cells in body:
        texts = {cell.text.strip() for cell in cells if cell.text.strip()}
        if len(cells) > 2 and len(texts) == 1 and (cells[0].text.strip() in texts) and not readings(next(iter(texts))):
            group = next(iter(texts))[:120]
        elif continues_header(cells):
            headers = tuple(header_of(cell.text) if cell.text else old for cell, old in zip(cells, headers, strict=True))
        elif texts:
            rows.append(Row(cells, group, headers))
    return tuple(rows)


def valued(headers: tuple[Header, ...], body: list[tuple[Cell, ...]], metrics: tuple[str, ...]) -> tuple[Header, ...]:
    """Return the headers with each setting that counts (`50 layers`, `1% labels`) told as one of values where results stand below it."""
    told = bool(metrics) or any(header.kind is Kind.METRIC for header in headers)
    made = list(headers)
    for number, header in enumerate(headers[1:], 1):
        if told and header.kind is Kind.SETTING and COUNTED.search(header.attribute):
            found = [readings(cells[number].text) for cells in body if not is_blank(cells[number].text)]
            if found and all(some and all(one.decimals or one.unit == "%" for one in some) for some in found):
                kind = Kind.DATASET if metrics else Kind.METRIC
                made[number] = replace(header, kind=kind, setting=header.attribute if metrics else "")
    return tuple(made)


def is_transposed(
    headers: tuple[Header, ...], body: list[tuple[Cell, ...]], metrics: tuple[str, ...], tokens: tuple[str, ...] = ()
) -> bool:
    """Tell whether models are the columns: no header is a metric, and the first cells of the rows with numbers are, or data sets."""
    sets = all(is_set(header) for header in headers[1:])
    if any(header.kind in (*CLAIMED, Kind.SIZE, *(() if sets else (Kind.DATASET,))) for header in headers[1:]):
        return False
    if headers[0].kind is Kind.VARIANT and not any(header.kind is Kind.UNKNOWN for header in headers[1:]):
        return False
    numbered = [cells for cells in body[:60] if any(readings(cell.text) for cell in cells[1:])]
    first = [header_of(cells[0].text).kind for cells in numbered or body[:60] if cells[0].text]
    if not first:
        return False
    networks = sum(is_network(one.attribute, tokens) for one in headers[1:])
    wanted = (*CLAIMED, Kind.DATASET) if metrics or networks > 1 else CLAIMED
    told = sum(one.kind is Kind.UNKNOWN for one in headers[1:])
    if networks > 1 and 2 * networks > told and not any(is_network(cells[0].text, tokens) for cells in numbered):
        return any(kind in wanted for kind in first)  # over models there may be sets that no list knows
    return 2 * sum(kind in wanted for kind in first) > len(first)


def is_set(header: Header) -> bool:
    """Tell whether a header is a data set, a split or one part of a set: `Seq. 09`, `fold 3`."""
    return header.kind is Kind.DATASET or PART_OF_SET.fullmatch(header.attribute) is not None


def is_network(text: str, tokens: tuple[str, ...]) -> bool:
    """Tell whether a header or a first cell names a model: an own one or a well-known one."""
    return bool(KNOWN_NETWORKS.search(lower(text))) or bears(text, tokens)


def turned(texts: list[str], body: list[tuple[Cell, ...]]) -> tuple[list[str], list[tuple[Cell, ...]]]:
    """Return a transposed table the usual way round; a header becomes the first cell of its row and keeps no place of its own."""
    headers = [texts[0], *(cells[0].text for cells in body)]
    columns = []
    for n, text in enumerate(texts[1:], 1):
        first = body[0][n] if body else Cell("")
        columns.append((replace(first, text=text, raw="", links=(), region=None, emphasized=False), *(cells[n] for cells in body)))
    return headers[:MAX_COLUMNS], [column[:MAX_COLUMNS] for column in columns]
