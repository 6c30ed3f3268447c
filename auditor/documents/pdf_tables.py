"""Tables of a PDF's page, found by the rules that they are set between (booktabs or a grid) and by their captions.

A table is what lies between rules of one length, with a caption (`Table 3: ...`) right above or below. Its columns are the gaps
that no row of its body bridges; its header is what stands above its second rule. Without a caption there is no table, since
frames of figures, algorithms and page headers are ruled too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from auditor.documents.pdf_words import CELL_GAP, GAP, Page, Rule, Word, joined, lines_of, whole, whole_rules
from auditor.documents.picture_boxes import is_number
from auditor.facts import Cell

CAPTION = re.compile(r"(?:Table|TABLE|Tab\.)\s*([A-Z]?\.?\d{1,3}|[IVXLC]{1,6})(?=\s*[:.|—–-]|\s*$|\s+[A-Z(])")
MAX_ROWS = 300
MAX_COLUMNS = 40
MAX_TABLES = 12  # of one page
NEAR = 45.0  # points between a caption and its table
SAME = 4.0  # points by which the ends of a table's rules may differ
MAX_CAPTION_LINES = 8


@dataclass(frozen=True, slots=True)
class Region:
    """What rules of one length enclose."""

    left: float
    right: float
    ys: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption: all its lines as one, with its table's number."""

    box: Word
    number: str


@dataclass(frozen=True, slots=True)
class PageTable:
    """A table of a page: rows of cells with headers first, each row's words with the place where they stand, and the caption."""

    rows: tuple[tuple[Cell, ...], ...]
    places: tuple[Word, ...]  # one for each row: its box and its words
    header_rows: int
    caption: str
    number: str
    used: frozenset[Word]


def tables_of(page: Page) -> list[PageTable]:
    """Return the captioned tables of a page, from the top down."""
    captions = captions_of(page)
    rules = whole_rules(page.rules)
    found: list[PageTable] = []
    if not captions:
        return found
    for region, caption in captioned(regions_of(rules, captions)[: 4 * MAX_TABLES], captions):
        table = table_in(region, caption, page, rules)
        if table and not any(table.used & other.used for other in found) and len(found) < MAX_TABLES:
            found.append(table)
    return found


def captions_of(page: Page) -> list[Caption]:
    """Return the captions of tables on a page, with the lines that continue them."""
    pieces = [piece for line in lines_of(page.words) for piece in joined(line, GAP)]
    captions = []
    for number, piece in enumerate(pieces):
        match = CAPTION.match(piece.text)
        if not match:
            continue
        lines = [piece]
        for other in pieces[number + 1 : number + 60]:
            gap = other.top - lines[-1].bottom
            aligned = abs(other.left - piece.left) < 15 or (other.left >= piece.left - 40 and other.right <= piece.right + 40)
            if gap > 0.6 * piece.height or len(lines) >= MAX_CAPTION_LINES:
                break
            overlapping = min(other.right, piece.right) > max(other.left, piece.left)
            if gap > -0.3 * piece.height and overlapping and aligned and not CAPTION.match(other.text):
                if any(
                    lines[-1].bottom - 1 < rule.y < other.middle and rule.left < piece.right and rule.right > piece.left
                    for rule in page.rules
                ):
                    break
                lines.append(other)
        box = whole(sorted(lines, key=lambda line: line.top))
        captions.append(Caption(replace(box, left=min(line.left for line in lines)), match[1].lstrip(".")))
    return captions


def regions_of(rules: Sequence[Rule], captions: Sequence[Caption]) -> list[Region]:
    """Return what runs of rules with the same ends enclose; a caption between two rules parts two tables."""
    families: list[list[Rule]] = []
    for rule in rules[:2000]:
        home = next((f for f in families if abs(f[0].left - rule.left) < SAME and abs(f[0].right - rule.right) < SAME), None)
        if home is None:
            families.append([rule])
        else:
            home.append(rule)
    regions = []
    for family in families[:200]:
        run = [family[0]]
        for above, below in pairwise(family):
            parted = any(
                above.y - 1 < c.box.middle < below.y + 1 and c.box.left < below.right and c.box.right > below.left for c in captions
            )
            if parted:
                regions.append(run)
                run = []
            if below.y - above.y > 1.5 or parted:
                run.append(below)
        regions.append(run)
    found = [Region(run[0].left, run[0].right, tuple(rule.y for rule in run)) for run in regions if len(run) > 1]
    return sorted(found, key=lambda region: (region.ys[0], region.left))


def captioned(regions: Sequence[Region], captions: Sequence[Caption]) -> list[tuple[Region, Caption]]:
    """Return regions with their captions: all above or all below, whichever fits the page better, then what is left the other way."""
    near: list[tuple[bool, float, int, int]] = []
    for n, region in enumerate(regions):
        for number, caption in enumerate(captions):
            shared = min(caption.box.right, region.right) - max(caption.box.left, region.left)
            above, below = region.ys[0] - caption.box.bottom, caption.box.top - region.ys[-1]
            if -4 < max(above, below) < NEAR and shared >= 0.3 * min(caption.box.right - caption.box.left, region.right - region.left):
                near.append((above > below, max(above, below), n, number))
    ways = []
    for first in (True, False):
        homes: dict[int, int] = {}
        cost = 0.0
        for is_above, distance, n, number in sorted(near, key=lambda entry: (entry[0] != first, *entry[1:])):
            others = [regions[other] for other, taken in homes.items() if taken == number]
            beside = all(min(o.ys[-1], regions[n].ys[-1]) > max(o.ys[0], regions[n].ys[0]) for o in others)
            if n not in homes and beside:  # one caption is of one table, or of tables side by side
                homes[n] = number
                cost += distance + 1000 * (is_above != first)
        ways.append((-len(homes), cost, homes))
    best = min(ways, key=lambda way: way[:2])[2]
    return [(regions[n], captions[best[n]]) for n in sorted(best)]


def table_in(region: Region, caption: Caption, page: Page, rules: Sequence[Rule]) -> PageTable | None:
    """Return the table within a region, None where rows and columns of numbers cannot be told there."""
    inside = [
        word
        for word in page.words
        if region.left - 3 <= word.left and word.right <= region.right + 3 and region.ys[0] < word.middle < region.ys[-1]
    ]
    lines = lines_of(inside)[:MAX_ROWS]
    pieces = [joined(line, CELL_GAP) for line in lines]
    headers = header_count(lines, pieces, region)
    body = [apart(line, parts) for line, parts in zip(lines[headers:], pieces[headers:], strict=True)]
    columns = columns_of(body)
    if not 2 <= len(columns) <= MAX_COLUMNS or len(lines) - headers < 1 or len(lines) < 2:
        return None
    rows = [header_row(line, lines[n], columns, rules, region, n == headers - 1) for n, line in enumerate(pieces[:headers])]
    rows += [body_row(line, columns) for line in body]
    if not any(is_numeric([row[n].text for row in rows[headers:]]) for n in range(len(columns))):
        return None
    places = tuple(whole(line) for line in lines)
    return PageTable(tuple(rows), places, headers, caption.box.text[:2000], caption.number, frozenset(inside))


def is_numeric(texts: Sequence[str]) -> bool:
    """Tell whether a column holds numbers: two at least, unless there is one row, and in half of the cells that hold anything."""
    filled = [text for text in texts if text]
    numbers = sum(is_number(text) for text in filled)
    return numbers >= min(2, len(texts)) and 2 * numbers >= len(filled) > 0


def apart(line: Sequence[Word], pieces: Sequence[Word]) -> list[Word]:
    """Return the pieces of a row, those that hold nothing but several numbers parted: columns so close that they look like one text."""
    found: list[Word] = []
    for piece in pieces:
        words = [word for word in line if piece.left <= word.left and word.right <= piece.right]
        found += words if len(words) > 1 and all(is_number(word.text) for word in words) else [piece]
    return found


def header_count(lines: Sequence[Sequence[Word]], pieces: Sequence[Sequence[Word]], region: Region) -> int:
    """Return how many lines stand above the second rule without being rows of numbers; 0 where there are no more than two rules."""
    if len(region.ys) < 3:
        return 0
    first = next((y for y in region.ys[1:] if any(line[0].middle < y for line in lines)), region.ys[1])
    count = 0
    for line, parts in zip(lines, pieces, strict=True):
        is_title = count > 0 and len(parts) == 1 and abs(parts[0].center - (region.left + region.right) / 2) < 12
        if is_title or line[0].middle > first or sum(is_number(part.text) for part in parts[1:]) >= 2 or count >= 5:
            break
        count += 1
    return count if count < len(lines) else 0


def columns_of(body: Sequence[Sequence[Word]]) -> list[tuple[float, float]]:
    """Return the (left, right) of columns: runs of places that pieces of the body cover; lines of one piece are titles and say nothing."""
    rows = [line for line in body if sum(is_number(piece.text) for piece in line) > 1]
    rows = rows if len(rows) > 1 else [line for line in body if len(line) > 1]
    spans = sorted((piece.left, piece.right) for line in rows for piece in line)
    columns: list[tuple[float, float]] = []
    for left, right in spans:
        if columns and left < columns[-1][1] + 0.5:
            columns[-1] = (columns[-1][0], max(columns[-1][1], right))
        else:
            columns.append((left, right))
    return columns


def body_row(line: Sequence[Word], columns: Sequence[tuple[float, float]]) -> tuple[Cell, ...]:
    """Return the cells of a row, each piece in the column that it covers most; a lone piece in the middle of the table is a title."""
    cells = [Cell("") for _ in columns]
    for piece in line:
        n = home_of(piece, columns)
        centered = abs(piece.center - (columns[0][0] + columns[-1][1]) / 2) < 12 and not is_number(piece.text)
        if len(line) == 1 and (centered or len(inside_of(piece, columns)) > 1):
            n = 0
        cells[n] = Cell(f"{cells[n].text} {piece.text}".strip(), raw=piece.text)
    return tuple(cells)


def header_row(
    pieces: Sequence[Word],
    line: Sequence[Word],
    columns: Sequence[tuple[float, float]],
    rules: Sequence[Rule],
    region: Region,
    lowest: bool,
) -> tuple[Cell, ...]:
    """Return the cells of a header line: a title is repeated over the columns that it, or the rule below it, stands over."""
    cells = [Cell("") for _ in columns]
    for piece in pieces:
        over = under_rule(piece, columns, rules, region)
        covered = over or inside_of(piece, columns)
        if lowest and not over and len(covered) > 1:
            for word in line:
                if piece.left <= word.left and word.right <= piece.right:
                    n = nearest(word, columns)
                    cells[n] = Cell(f"{cells[n].text} {word.text}".strip(), raw=word.text)
            continue
        if not lowest and not over and len(covered) < 2:
            covered = centered(piece, pieces, columns) or covered
        for place, n in enumerate(covered or [nearest(piece, columns)]):
            cells[n] = Cell(f"{cells[n].text} {piece.text}".strip(), raw=piece.text, spanned=place > 0)
    return tuple(cells)


def under_rule(piece: Word, columns: Sequence[tuple[float, float]], rules: Sequence[Rule], region: Region) -> list[int]:
    """Return the columns over which the short rule right below a title runs; none where there is no such rule."""
    for rule in rules:
        is_below = 0 <= rule.y - piece.middle < 1.6 * piece.height and rule.left - 2 <= piece.center <= rule.right + 2
        if is_below and rule.width < 0.95 * (region.right - region.left):
            return [n for n, (left, right) in enumerate(columns) if rule.left <= (left + right) / 2 <= rule.right]
    return []


def centered(piece: Word, pieces: Sequence[Word], columns: Sequence[tuple[float, float]]) -> list[int]:
    """Return the longest run of columns, each nearer to this title than to any other of the line, whose middle is the title's."""
    own = [n for n, (left, right) in enumerate(columns) if min(pieces, key=lambda p: abs(2 * p.center - left - right)) == piece]
    best: list[int] = []
    for start in own:
        for stop in own:
            run = list(range(start, stop + 1))
            if len(run) > len(best) and set(run) <= set(own) and abs((columns[start][0] + columns[stop][1]) / 2 - piece.center) < 8:
                best = run
    return best


def inside_of(piece: Word, columns: Sequence[tuple[float, float]]) -> list[int]:
    """Return the columns whose middle a piece covers."""
    return [n for n, (left, right) in enumerate(columns) if piece.left <= (left + right) / 2 <= piece.right]


def home_of(piece: Word, columns: Sequence[tuple[float, float]]) -> int:
    """Return the column that a piece shares most with, else the nearest."""
    return max(range(len(columns)), key=lambda n: (min(piece.right, columns[n][1]) - max(piece.left, columns[n][0]), -n))


def nearest(piece: Word, columns: Sequence[tuple[float, float]]) -> int:
    """Return the column whose middle is nearest to a piece's."""
    return min(range(len(columns)), key=lambda n: abs(columns[n][0] + columns[n][1] - 2 * piece.center))
