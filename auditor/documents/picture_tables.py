"""Tables in pictures that are no plain grid: two side by side, labels that run over several lines with their numbers in the middle.

Both are put into the plain form that `picture_grid.grid_of` reads, by geometry and by headers that say the same.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise, takewhile
from statistics import median

from auditor.documents.picture_boxes import Box, apart, is_number, spans, text_lines, without_dashes
from auditor.documents.picture_grid import MAX_BOXES, Grid, all_columns, grid_of, largest_block, numeric_runs
from auditor.facts import Cell

MAX_GUTTERS = 6  # places between columns where a second table may begin
MIN_SIDE = 8  # boxes of a table of two rows
CONTINUED = re.compile(r"^\s*[(\[+&]|[+&,]\s*$")  # a line of a label that cannot stand alone
CAPTION = re.compile(r"^\s*(?:table|tab\.|figure|fig\.)\s*\w{1,4}\s*[.:]\s*", re.IGNORECASE)


def table_grid(boxes: tuple[Box, ...]) -> Grid | None:
    """Return the table among the boxes, that of two side by side where both have the same headers; None where there is none."""
    boxes = boxes[:MAX_BOXES]
    for left, right in sides(boxes):
        first, second = (grid_of(with_whole_labels(side)) for side in (left, right))
        if first and second and heads(first) == heads(second):
            return stacked(first, second)
    return grid_of(with_whole_labels(boxes))


def sides(boxes: tuple[Box, ...]) -> list[tuple[tuple[Box, ...], tuple[Box, ...]]]:
    """Return the boxes left and right of the widest gaps that no box crosses, where some words stand on both sides."""
    ordered = sorted(boxes, key=lambda box: box.x)
    gaps, right = [], 0
    for box, following in pairwise(ordered):
        right = max(right, box.right)
        if following.x > right:
            gaps.append((following.x - right, following.x))
    found = []
    for _, start in sorted(gaps, reverse=True)[:MAX_GUTTERS]:
        parts = tuple(box for box in boxes if box.x < start), tuple(box for box in boxes if box.x >= start)
        words = [{box.text.strip().lower() for box in part if re.search(r"[A-Za-z]{3}", box.text)} for part in parts]
        if min(map(len, parts)) >= MIN_SIDE and words[0] & words[1]:
            found.append(parts)
    return found


def heads(grid: Grid) -> list[tuple[str, ...]]:
    """Return the texts of a grid's header rows; a grid whose labels have no header is equal to none."""
    texts = [tuple(cell.text.strip().lower() for cell in row) for row in grid.rows[: grid.header_rows]]
    return texts if any(row[0] for row in texts) else [("", str(id(grid)))]


def stacked(first: Grid, second: Grid) -> Grid:
    """Return two grids with the same headers as one, the rows of each below its own caption."""
    rows = list(first.rows[: first.header_rows])
    for grid in (first, second):
        if title := CAPTION.sub("", grid.caption)[:120]:
            rows.append((Cell(title), *(Cell("") for _ in rows[0][1:])))
        rows.extend(grid.rows[grid.header_rows :])
    words = zip(CAPTION.sub("", first.caption).split(), CAPTION.sub("", second.caption).split(), strict=False)
    shared = " ".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], words))  # what holds for both
    return Grid(tuple(rows), first.header_rows, shared)


def with_whole_labels(boxes: tuple[Box, ...]) -> tuple[Box, ...]:
    """Return the boxes with labels of several lines made one box in the middle of them, where the row's numbers stand."""
    seen = tuple(box for box in boxes if box.text.strip() and box.width > 0 and box.height > 0)
    lines = text_lines(tuple(piece for box in without_dashes(seen) for piece in apart(box)))
    runs = largest_block(numeric_runs(lines))
    if not runs:
        return boxes
    body = sorted({line for run in runs for line, _ in run})
    columns = all_columns(lines, body, runs)
    if columns[0].numeric:
        return boxes
    numbers = min(column.left for column in columns if column.numeric)
    height = median(box.height for n in body for box in lines[n])
    alone = {n: lines[n][0] for n in range(len(lines)) if len(lines[n]) == 1 and is_label(lines[n][0], numbers)}
    middles = {n: median(box.middle for box in lines[n] if is_number(box.text)) for n in body}
    gone: set[Box] = set()
    made = []
    for number in body:
        label = [box for box in lines[number] if spans(box, columns[0]) and not is_number(box.text)]
        if len(label) > 1 or (label and not CONTINUED.search(label[0].text)):
            continue
        reach = (1.5 if label else 0.9) * height
        near = [box for n, box in alone.items() if n not in body and abs(box.middle - middles[number]) < reach and box not in gone]
        upper, lower = ([box for box in near if (box.middle < middles[number]) is above] for above in (True, False))
        if len(upper) == len(lower) == 1:
            parts = [*upper, *label, *lower]
            gone.update(parts)
            made.append(joined(parts))
    return tuple(box for box in boxes if box not in gone) + tuple(made)


def is_label(box: Box, numbers: int) -> bool:
    """Tell whether a box may be a line of a label: words that end before the numbers begin."""
    return box.right <= numbers and bool(re.search(r"[A-Za-z]", box.text)) and not is_number(box.text)


def joined(parts: list[Box]) -> Box:
    """Return the lines of a label as one box."""
    left, top = min(box.x for box in parts), min(box.y for box in parts)
    right, bottom = max(box.right for box in parts), max(box.bottom for box in parts)
    text = " ".join(box.text.strip() for box in parts)
    return replace(parts[0], x=left, y=top, width=right - left, height=bottom - top, text=text, confidence=min(b.confidence for b in parts))
