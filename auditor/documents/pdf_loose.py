"""Tables of a PDF's page that no rules enclose: what stands next to a caption, made into a grid as in a picture."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from auditor.documents.pdf_tables import NEAR, Caption, PageTable, captions_of, tables_of
from auditor.documents.pdf_words import CELL_GAP, Page, Word, joined, lines_of, whole
from auditor.documents.picture_boxes import Box
from auditor.documents.picture_grid import Grid, grid_of

SCALE = 4  # pixels to a point
REACH = 300.0  # points from a caption to the far end of its table
CONFIDENCE = 0.8  # nothing but the places of words says where rows and columns are


def all_tables_of(page: Page) -> list[PageTable]:
    """Return the captioned tables of a page: those between rules, and for captions without one a table that has no rules."""
    found = tables_of(page)
    used = frozenset(word for table in found for word in table.used)
    captions = captions_of(page)
    for caption in captions:
        if any(table.number == caption.number for table in found):
            continue
        table = loose_table(caption, captions, page, used)
        if table is not None:
            found.append(table)
            used |= table.used
    return found


def loose_table(caption: Caption, captions: Sequence[Caption], page: Page, used: frozenset[Word]) -> PageTable | None:
    """Return the grid of words right below a caption, else right above it; None where there is none."""
    left, right = column_of(caption.box, page)
    others = [other.box for other in captions if other is not caption and other.box.right > left and other.box.left < right]
    top, bottom = caption.box.top, caption.box.bottom
    ceiling = max([other.bottom for other in others if other.bottom <= top + 1] + [top - REACH])
    floor = min([other.top for other in others if other.top >= bottom - 1] + [bottom + REACH])
    for low, high in ((bottom, floor), (ceiling, top)):
        words = [w for w in page.words if w not in used and left <= w.left and w.right <= right and low - 1 < w.middle < high + 1]
        lines = lines_of(words)
        grid = grid_of(tuple(box_of(piece) for line in lines for piece in joined(line, CELL_GAP)))
        places = places_of(grid, lines) if grid else ()
        if not grid or not places or min(abs(places[0].top - bottom), abs(top - places[-1].bottom)) > NEAR:
            continue
        inside = frozenset(word for line in lines for word in line if whole(line) in places)
        return PageTable(grid.rows, places, grid.header_rows, caption.box.text[:2000], caption.number, inside)
    return None


def column_of(box: Word, page: Page) -> tuple[float, float]:
    """Return the (left, right) of the column of text that a caption stands in: the whole page where it crosses the middle."""
    middle = page.width / 2
    if box.left < middle - 12 and box.right > middle + 12:
        return 0.0, page.width
    return (0.0, middle) if box.center < middle else (middle, page.width)


def box_of(piece: Word) -> Box:
    """Return a piece of text as the grid's code has it."""
    left, top = round(SCALE * piece.left), round(SCALE * piece.top)
    width, height = round(SCALE * piece.right) - left, round(SCALE * piece.bottom) - top
    return Box(left, top, max(1, width), max(1, height), piece.text, CONFIDENCE)


def places_of(grid: Grid, lines: Sequence[Sequence[Word]]) -> tuple[Word, ...]:
    """Return the line of words that each row of a grid is, top first; empty where a row is no line of its own."""
    places: list[Word] = []
    for row in grid.rows:
        regions = [cell.region for cell in row if cell.region]
        if not regions:
            return ()
        y = sum(region[1] + region[3] / 2 for region in regions) / len(regions) / SCALE
        line = min(lines, key=lambda line: abs(whole(line).middle - y))
        places.append(whole(line))
    return tuple(places) if all(a.middle < b.middle for a, b in pairwise(places)) else ()
