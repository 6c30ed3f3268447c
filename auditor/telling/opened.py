"""Evidence opened again: the lines of a document, page of a paper or row of its source that a locator names.

Pure. A locator is `path#L12`, `paper.pdf#page=5&table=3` or `picture.png#xywh=x,y,w,h`; the text is the document's own, so that
what is shown is what stands there, and never the quote alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.facts import Evidence

PAGE = "\f"  # a line of its own between the pages of a PDF's text
LATEX = (".tex", ".ltx", ".latex")
MAX_ROW_LINES = 12

Region = tuple[int, int, int, int]

_REGION = re.compile(r"xywh=(\d{1,9}),(\d{1,9}),(\d{1,9}),(\d{1,9})")
_PAGE = re.compile(r"page=(\d{1,6})(?:&table=(\S{1,40}))?")
_ROW_END = re.compile(r"\\\\|\\tabularnewline|\\(?:top|mid|bottom|cmid|c)?(?:rule|line)\b|\\(?:begin|end)\s*\{")


@dataclass(frozen=True, slots=True)
class Place:
    """A locator in its parts."""

    path: str
    line: int | None = None  # from 1
    page: int | None = None  # from 1
    table: str = ""  # its number in the paper
    region: Region | None = None  # x, y, width, height in pixels


@dataclass(frozen=True, slots=True)
class OpenedPlace:
    """What stands at a place: numbered lines, and whether the quote is among them."""

    lines: tuple[tuple[int, str], ...]  # numbered in the file; within the page, for a PDF
    holds: bool  # the quote was found in the lines


def place_of(locator: str) -> Place:
    """Return the parts of a locator; a path alone where it names no place within."""
    path, _, anchor = locator.rpartition("#") if "#" in locator else (locator, "", "")
    if match := re.fullmatch(r"L(\d{1,9})(?:-L?\d{1,9})?", anchor):
        return Place(path, line=int(match[1]))
    if match := _PAGE.fullmatch(anchor):
        return Place(path, page=int(match[1]), table=match[2] or "")
    if match := _REGION.fullmatch(anchor):
        x, y, width, height = map(int, match.groups())
        return Place(path, region=(x, y, width, height))
    return Place(locator)


def opened(evidence: Evidence, text: str) -> OpenedPlace:
    """Return what stands in a document's text where the evidence says; no lines where the text has no such place."""
    place, lines = place_of(evidence.locator), lines_of(text)
    if place.page is not None:
        return _on_page(pages_of(lines), place.page, evidence.quote)
    if place.line is None or not 0 < place.line <= len(lines):
        return OpenedPlace((), False)
    first, last = _row(lines, place.line) if place.path.lower().endswith(LATEX) else (place.line, place.line)
    found = tuple((number, lines[number - 1]) for number in range(first, last + 1))
    return OpenedPlace(found, bool(evidence.quote) and evidence.quote in lines[place.line - 1])


def lines_of(text: str) -> list[str]:
    """Return a text's lines as every reader of this program numbers them, and `sed -n` does."""
    return re.split(r"\r\n?|\n", text)


def pages_of(lines: list[str]) -> list[list[str]]:
    """Return the lines of each page of a PDF's text."""
    pages: list[list[str]] = [[]]
    for line in lines:
        if line == PAGE:
            pages.append([])
        else:
            pages[-1].append(line)
    return pages


def _on_page(pages: list[list[str]], page: int, quote: str) -> OpenedPlace:
    """Return the line of a page that holds the quote."""
    if not quote or not 0 < page <= len(pages):
        return OpenedPlace((), False)
    found = [(number, line) for number, line in enumerate(pages[page - 1], 1) if quote in line]
    return OpenedPlace(tuple(found[:1]), bool(found))


def _row(lines: list[str], line: int) -> tuple[int, int]:
    """Return the first and last line of the table row of a LaTeX source that a line belongs to."""
    first = last = line
    if "&" not in lines[line - 1] and "\\\\" not in lines[line - 1]:
        return line, line  # a sentence
    while first > 1 and line - first < MAX_ROW_LINES:
        above = _uncommented(lines[first - 2])
        if not above.strip() or _ROW_END.search(above):  # a comment alone is no part of a row
            break
        first -= 1
    while last < len(lines) and last - line < MAX_ROW_LINES and not _ROW_END.search(_uncommented(lines[last - 1])):
        last += 1
    return first, last


def _uncommented(line: str) -> str:
    return re.sub(r"(?<!\\)%.*", "", line)
