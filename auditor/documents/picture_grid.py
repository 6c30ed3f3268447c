"""Recognized text boxes into the grid of a table: pure geometry, no recognition and no guessing of letters.

A picture of a table has no lines that can be trusted, but its numbers stand under each other. So the grid is found from
the numbers: columns are vertical runs of numeric boxes at one pitch, rows are the lines that those runs share, the label
column is what stands beside them in most rows, headers are the lines right above. Axis ticks and labels of a plot in the
same picture share no lines with a table and are left out. All coordinates are pixels, origin at the top left.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from auditor.documents.picture_boxes import Box, Column, apart, has_numbers, is_number, spans, text_lines, without_dashes
from auditor.facts import Cell

MAX_BOXES = 4000
EMPTY = re.compile(r"^(?:[-–—−_*.]+|n/?a\.?)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table found among boxes: rows of cells with the headers first, and the lines outside of it."""

    rows: tuple[tuple[Cell, ...], ...]
    header_rows: int
    caption: str


def grid_of(boxes: tuple[Box, ...]) -> Grid | None:
    """Return the largest table among the boxes, or None where they make no table.

    A table needs two rows with numbers, a column of labels and a line of headers; one that begins with the picture's first line and has
    labels in all rows may continue another picture's and has none. Boxes past `MAX_BOXES` are ignored.
    """
    seen = tuple(box for box in boxes[:MAX_BOXES] if box.text.strip() and box.width > 0 and box.height > 0)
    lines = text_lines(tuple(piece for box in without_dashes(seen) for piece in apart(box)))
    runs = largest_block(numeric_runs(lines))
    if not runs:
        return None
    body = sorted({line for run in runs for line, _ in run})
    columns = all_columns(lines, body, runs)
    if columns[0].numeric or sparse(runs, body):
        return None  # numbers without labels, or strewn about: a plot's ticks, a drawing with numbered parts
    body = trimmed(lines, body, columns[0])
    if len(body) < 2:
        return None
    height = median(box.height for line in body for box in lines[line])
    if numbers_as_headers(lines, body, columns[0]):
        body = body[1:]
    headers = header_lines(lines, body[0], columns, height)
    if not headers:
        return continuation(lines, body, columns)
    body = body_with_groups(lines, body, columns, headers[-1] + 1)
    if not all_headed(lines, headers, columns):
        return None
    columns = sorted(columns + lone_columns(lines, body, headers, columns), key=lambda column: column.left)
    lowest = max(n for n in headers if any(column.numeric and spans(box, column) for box in lines[n] for column in columns))
    rows = [title_row(lines[n], columns) if n < lowest else header_row(lines[n], columns) for n in headers]
    rows.extend(body_row(lines[n], columns) for n in body)
    return Grid(tuple(rows), len(headers), caption_of(lines, {*headers, *body}, columns))


def continuation(lines: list[list[Box]], body: list[int], columns: list[Column]) -> Grid | None:
    """Return rows without headers as a grid, if nothing stands over them: the lower part of a table that was cut into pictures."""
    if body[0] != 0 or len(body) < 2 or sum(column.numeric for column in columns) < 3:
        return None
    rows = tuple(body_row(lines[n], columns) for n in body)
    return Grid(rows, 0, "") if all(cell.text for row in rows for cell in row[:1]) else None


def numeric_runs(lines: list[list[Box]]) -> list[list[tuple[int, Box]]]:
    """Return vertical runs of two or more numeric boxes under each other, as (line number, box)."""
    runs: list[list[tuple[int, Box]]] = []
    for number, line in enumerate(lines):
        for box in line:
            if not is_number(box.text):
                continue
            home = next((run for run in reversed(runs[-400:]) if run[-1][0] < number and continues(run[-1][1], box)), None)
            if home is None:
                runs.append([(number, box)])
            else:
                home.append((number, box))
    return [run for run in runs if len(run) > 1]


def continues(above: Box, box: Box) -> bool:
    """Tell whether a box stands right below another: they overlap by half, and less than three heights lie between."""
    shared = min(above.right, box.right) - max(above.x, box.x)
    return shared >= 0.5 * min(above.width, box.width) and box.y - above.bottom < 3 * min(above.height, box.height)


def largest_block(runs: list[list[tuple[int, Box]]]) -> list[list[tuple[int, Box]]]:
    """Return the runs that share most of their lines with the longest of them: the numeric columns of one table."""
    best: list[list[tuple[int, Box]]] = []
    for seed in sorted(runs, key=len, reverse=True)[:50]:
        lines = {line for line, _ in seed}
        block = [run for run in runs if 2 * len(lines & {line for line, _ in run}) >= min(len(lines), 2 * len(run))]
        if sum(map(len, block)) > sum(map(len, best)):
            best = block
    return best


def sparse(runs: list[list[tuple[int, Box]]], body: list[int]) -> bool:
    """Tell whether less than two fifths of the places that rows and columns of numbers make hold one."""
    return sum(map(len, runs)) < 0.4 * len(runs) * len(body)


def all_columns(lines: list[list[Box]], body: list[int], runs: list[list[tuple[int, Box]]]) -> list[Column]:
    """Return the columns from left to right: those of numbers, and texts that stand beside them in half of the rows."""
    numeric = merged([Column(min(b.x for _, b in run), max(b.right for _, b in run), True) for run in runs])
    texts: list[list[Box]] = []
    for number in body:
        for box in lines[number]:
            if any(spans(box, column) for column in numeric):
                continue
            home = next((group for group in texts if beside(group, box)), None)
            if home is None:
                texts.append([box])
            else:
                home.append(box)
    kept = [Column(min(b.x for b in group), max(b.right for b in group), False) for group in texts if 2 * len(group) >= len(body)]
    return sorted(merged(numeric + kept), key=lambda column: column.left)


def lone_columns(lines: list[list[Box]], body: list[int], headers: list[int], columns: list[Column]) -> list[Column]:
    """Return the columns that hold numbers in single rows: none of them stands under another, but each stands under a header."""
    first = min(column.left for column in columns if column.numeric)
    over = [box for n in headers for box in lines[n]]
    found = []
    for box in (box for n in body for box in lines[n] if is_number(box.text) and box.x > first):
        middle = box.x + box.width / 2
        taken = any(min(box.right, column.right) > max(box.x, column.left) for column in columns)
        if not taken and any(header.x < middle < header.right for header in over):
            found.append(Column(box.x, box.right, True))
    return merged(found)


def trimmed(lines: list[list[Box]], body: list[int], labels: Column) -> list[int]:
    """Return the rows without a first or last one that stands apart and has no label: the ticks of an axis near the table."""
    middles = {number: median(box.middle for box in lines[number]) for number in body}
    pitch = median([middles[b] - middles[a] for a, b in pairwise(body)] or [0])
    labelled = {n for n in body if any(spans(box, labels) and not is_number(box.text) for box in lines[n])}
    while len(body) > 1 and body[-1] not in labelled and middles[body[-1]] - middles[body[-2]] > 1.5 * pitch:
        body = body[:-1]
    while len(body) > 1 and body[0] not in labelled and middles[body[1]] - middles[body[0]] > 1.5 * pitch:
        body = body[1:]
    return body


def numbers_as_headers(lines: list[list[Box]], body: list[int], labels: Column) -> bool:
    """Tell whether the first of three or more rows is a line of thresholds or sizes over the others: it alone has no label."""
    labelled = [any(spans(box, labels) and not is_number(box.text) for box in lines[n]) for n in body]
    return len(body) > 2 and not labelled[0] and all(labelled[1:])


def beside(group: list[Box], box: Box) -> bool:
    """Tell whether a text box belongs to a column of texts: aligned at its left, its right or its middle, or inside it."""
    tolerance = 0.8 * box.height
    left, right = group[0].x, group[0].right
    return abs(box.x - left) < tolerance or abs(box.right - right) < tolerance or abs(box.x + box.right - left - right) < 2 * tolerance


def merged(columns: list[Column]) -> list[Column]:
    """Return the columns with those that overlap by half joined: two runs of one column that an empty cell had parted."""
    result: list[Column] = []
    for column in sorted(columns, key=lambda column: column.left):
        last = result[-1] if result else None
        if last and min(last.right, column.right) - column.left >= 0.5 * min(last.right - last.left, column.right - column.left):
            result[-1] = Column(last.left, max(last.right, column.right), last.numeric or column.numeric)
        else:
            result.append(column)
    return result


def header_lines(lines: list[list[Box]], first: int, columns: list[Column], height: float) -> list[int]:
    """Return up to four lines right above the first row that stand over the columns, top first; none without one over numbers."""
    left, right, below = columns[0].left - height, columns[-1].right + height, min(box.y for box in lines[first])
    found: list[int] = []
    over_numbers = False
    for number in range(first - 1, max(-1, first - 5), -1):
        inside = [box for box in lines[number] if box.x >= left and re.search(r"\w", box.text)]
        inside = [box for box in inside if box.right <= right + (height if spans(box, columns[-1]) or covers(box, columns[-1]) else 0)]
        over = any(column.numeric and spans(box, column) for box in inside for column in columns)
        gap = below - max(box.bottom for box in lines[number])
        words = [box for box in lines[number] if re.search(r"\w", box.text)]
        title = is_group_title(lines[number], inside, columns, height) or is_outdented(words, columns)
        if title and gap < 1.2 * height and not over_numbers:
            below = words[0].y
            continue
        numbers = number < first - 1 and any(is_number(box.text) for box in inside)
        if not inside or gap > (1.2 if over_numbers else 2.5) * height or numbers:
            break
        if any(len(box.text.split()) > 5 for box in inside) or not (over or spans(inside[0], columns[0])):
            break  # a sentence is a caption
        if over_numbers and not over and gap > 0.3 * height:
            break  # a label of something else beside the table
        over_numbers = over_numbers or over
        found.insert(0, number)
        below = min(box.y for box in inside)
    return found if over_numbers else []


def covers(box: Box, column: Column) -> bool:
    """Tell whether a box holds the middle of a column: a header read as one text with its neighbor's."""
    return box.x < (column.left + column.right) / 2 < box.right


def is_group_title(line: list[Box], inside: list[Box], columns: list[Column], height: float) -> bool:
    """Tell whether a line is the title of the rows below it: one text that begins where the labels begin and is longer than they are."""
    if len(line) != 1 or len(inside) != 1:
        return False
    return abs(line[0].x - columns[0].left) < height and line[0].right > columns[0].right


def is_outdented(words: list[Box], columns: list[Column]) -> bool:
    """Tell whether a line is one text that begins left of the labels and ends before the numbers: a title of the rows below it."""
    numeric = min(column.left for column in columns if column.numeric)
    return len(words) == 1 and words[0].x < columns[0].left and words[0].right < numeric and len(words[0].text.split()) > 1


def body_with_groups(lines: list[list[Box]], body: list[int], columns: list[Column], after: int) -> list[int]:
    """Return the body lines with the lines between or next to them, from line `after` on, that belong to the table too.

    Those are lines of one text inside the table, titles of groups of rows, and rows whose numbers were read as one box.
    """
    height = median(box.height for line in body for box in lines[line])
    more = []
    for number in range(max(0, body[0] - 1, after), min(len(lines), body[-1] + 2)):
        inside = [box for box in lines[number] if box.x >= columns[0].left - height and box.right <= columns[-1].right + height]
        if number in body or len(inside) < len(lines[number]):
            continue
        between = body[0] < number < body[-1]
        gap = min(abs(lines[number][0].middle - lines[line][0].middle) for line in (body[0], body[-1]))
        merged_numbers = len(inside) > 1 and any(has_numbers(box.text) for box in inside) and (between or gap < 2.5 * height)
        title = number == body[0] - 1 and is_group_title(lines[number], inside, columns, height)
        if merged_numbers or title or (between and len(inside) == 1):
            more.append(number)
    return sorted([*body, *more])


def header_row(line: list[Box], columns: list[Column]) -> tuple[Cell, ...]:
    """Return the cells of a header line; a box with words for each of several columns is split, another is repeated in each."""
    cells = [Cell("") for _ in columns]
    beside = []
    for box in line:
        for piece in header_pieces(box, columns):
            over = [n for n, column in enumerate(columns) if spans(piece, column)]
            if not over:
                beside.append(piece)
            for place, n in enumerate(over):
                cells[n] = joined(cells[n], replace(cell_of(piece), spanned=place > 0))
    for box in beside:  # the header of an empty column must not be added to its neighbor's
        for n in nearest(box, columns):
            cells[n] = cells[n] if cells[n].text else cell_of(box)
    return tuple(cells)


def header_pieces(box: Box, columns: list[Column]) -> list[Box]:
    """Return the words of a header box over several columns, each over its column, if there is one for each; else the box."""
    covered = [column for column in columns if covers(box, column)]
    words = list(re.finditer(r"\S+", box.text))
    if len(covered) < 2 or len(words) < len(covered):
        return [box]
    unit = box.width / max(1, len(box.text))
    parts = [replace(box, x=round(box.x + w.start() * unit), width=max(1, round(len(w[0]) * unit)), text=w[0]) for w in words]
    homes = [closest(part, covered) for part in parts]
    if len(set(homes)) < len(covered):
        return [box]
    found = []
    for n, column in enumerate(covered):
        text = " ".join(part.text for part, home in zip(parts, homes, strict=True) if home == n)
        found.append(replace(box, x=column.left, width=column.right - column.left, text=text))
    return found


def all_headed(lines: list[list[Box]], headers: list[int], columns: list[Column]) -> bool:
    """Tell whether most columns of numbers have a header over them."""
    numeric = [column for column in columns if column.numeric]
    headed = [c for c in numeric if any(box.x < c.right and box.right > c.left for n in headers for box in lines[n])]
    return 5 * len(headed) >= 3 * len(numeric)


def title_row(line: list[Box], columns: list[Column]) -> tuple[Cell, ...]:
    """Return the cells of an upper header line: each title over the longest run of columns that it is centered on."""
    cells = [Cell("") for _ in columns]
    for box in line:
        own = [n for n, column in enumerate(columns) if distance(box, column) == min(distance(other, column) for other in line)]
        label = spans(box, columns[0]) and not any(box.right > column.left for column in columns[1:])
        for place, n in enumerate([0] if label else centered(box, own, columns)):
            cells[n] = joined(cells[n], replace(cell_of(box), spanned=place > 0))
    return tuple(cells)


def distance(box: Box, column: Column) -> int:
    """Return twice the distance between the middles of a box and a column."""
    return abs(column.left + column.right - box.x - box.right)


def centered(box: Box, own: list[int], columns: list[Column]) -> list[int]:
    """Return the longest run of the given neighboring columns whose common middle is the middle of the box."""
    tolerance = 0.5 * median(column.right - column.left for column in columns) + box.height
    best: list[int] = []
    for start in range(len(own)):
        for stop in range(start, len(own)):
            run = own[start : stop + 1]
            middle = (columns[run[0]].left + columns[run[-1]].right) / 2
            if len(run) > len(best) and abs(middle - box.x - box.width / 2) <= tolerance and run == list(range(run[0], run[-1] + 1)):
                best = run
    return best


def nearest(box: Box, columns: list[Column]) -> list[int]:
    """Return the column whose middle is nearest to the box, if the box touches it or lies within its own width of it."""
    n = closest(box, columns)
    gap = max(columns[n].left - box.right, box.x - columns[n].right, 0)
    return [n] if gap <= 0.5 * box.width else []


def closest(box: Box, columns: list[Column]) -> int:
    """Return the number of the column whose middle is nearest to the middle of the box."""
    gaps = [distance(box, column) for column in columns]
    return gaps.index(min(gaps))


def body_row(line: list[Box], columns: list[Column]) -> tuple[Cell, ...]:
    """Return the cells of a row: boxes over several columns are split at spaces, boxes in one column are joined."""
    cells = [Cell("") for _ in columns]
    if len(line) == 1 and not has_numbers(line[0].text):
        return (cell_of(line[0]), *cells[1:])
    for box in line:
        for piece in pieces(box, columns):
            over = [n for n, column in enumerate(columns) if spans(piece, column)]
            for n in over[:1] or nearest_inside(piece, columns):
                cells[n] = joined(cells[n], cell_of(piece))
    return tuple(cells)


def nearest_inside(box: Box, columns: list[Column]) -> list[int]:
    """Return the column that holds the middle of the box, if one does: anything else in the line is no part of the table."""
    middle = box.x + box.width / 2
    return [n for n, column in enumerate(columns) if column.left - box.height <= middle <= column.right + box.height][:1]


def pieces(box: Box, columns: list[Column]) -> list[Box]:
    """Return the words of a box that covers the middles of several columns, each with its share of the width."""
    covered = [column for column in columns if covers(box, column)]
    words = list(re.finditer(r"\S+", box.text))
    if len(covered) < 2 or len(words) < 2:
        return [box]
    unit = box.width / max(1, len(box.text))
    parts = [Box(round(box.x + w.start() * unit), box.y, max(1, round(len(w[0]) * unit)), box.height, w[0], box.confidence) for w in words]
    homes = [closest(part, covered) for part in parts]
    if any(is_number(part.text) != covered[home].numeric for part, home in zip(parts, homes, strict=True) if not EMPTY.match(part.text)):
        homes = in_order(parts, covered)
    return [
        replace(part, x=covered[home].left, width=covered[home].right - covered[home].left) for part, home in zip(parts, homes, strict=True)
    ]


def in_order(parts: list[Box], covered: list[Column]) -> list[int]:
    """Return a column for each word where positions mislead: words from the right to columns from the right, the rest to the first."""
    shift = len(parts) - len(covered)
    return [max(0, n - shift) for n in range(len(parts))]


def cell_of(box: Box) -> Cell:
    """Return a cell that holds one box."""
    text = " ".join(box.text.split())
    return Cell(text, region=(box.x, box.y, box.width, box.height), confidence=box.confidence, raw=text)


def joined(cell: Cell, other: Cell) -> Cell:
    """Return two cells of one place as one: texts in order, the region that holds both, the lower confidence."""
    if not cell.text:
        return other
    if cell.region is None or other.region is None:
        return cell
    x, y = min(cell.region[0], other.region[0]), min(cell.region[1], other.region[1])
    right = max(cell.region[0] + cell.region[2], other.region[0] + other.region[2])
    bottom = max(cell.region[1] + cell.region[3], other.region[1] + other.region[3])
    text = f"{cell.text} {other.text}"
    return Cell(text, region=(x, y, right - x, bottom - y), confidence=min(cell.confidence, other.confidence), raw=text)


def caption_of(lines: list[list[Box]], used: set[int], columns: list[Column]) -> str:
    """Return the sentences above and below the table: lines of a single long box, or that begin with Table or Figure."""
    texts = []
    first, last = min(used), max(used)
    for number, line in enumerate(lines):
        text = " ".join(box.text for box in line)
        sentence = len(text.split()) > 3 and len(line) <= 2
        if number not in used and (number < first or number > last) and (sentence or re.match(r"(?i)(table|tab\.|figure|fig\.)\s", text)):
            texts.append(text)
    return " ".join(texts)[:1000]
