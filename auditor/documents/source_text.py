"""A document's text made ready for a parser: bounded, with what is not text (comments, bibliography) blanked, line for line."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_CHARACTERS = 3_000_000
MAX_LINES = 60_000
MAX_LINE = 20_000
MAX_TABLE = 400_000  # characters of one HTML table

_NEWLINE = re.compile(r"\r\n?|\n")
_DATA_URI = re.compile(r"data:[\w/+.-]{0,80};base64,[A-Za-z0-9+/=]{100,}")
_FENCE = re.compile(r"^(?:[ \t]*>)*[ \t]*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+)?(`{3,}|~{3,})(.*)$")
_TABLE_TAG = re.compile(r"<(/?)table(?=[\s>/])", re.IGNORECASE)
_BIBTEX = re.compile(r"^\s*@[A-Za-z]{3,20}\s*\{")


@dataclass(frozen=True, slots=True)
class Region:
    """A piece of HTML cut out of a document, with the 1-based line it starts on."""

    html: str
    line: int


@dataclass(frozen=True, slots=True)
class SourceText:
    """The lines of a document, and the same lines with comments, bibliography and HTML tables blanked."""

    lines: tuple[str, ...]
    masked: str  # joined by newlines, as many lines as `lines`
    tables: tuple[Region, ...]
    notes: tuple[str, ...]  # what was cut
    masked_lines: tuple[str, ...]


def split_lines(text: str) -> list[str]:
    """Return the lines of a text without their ends, numbered as editors and GitHub number them."""
    return _NEWLINE.split(text)


def bounded_lines(text: str) -> tuple[list[str], list[str]]:
    """Return the lines of a text within the limits, and notes on what was cut."""
    notes = []
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS]
        notes.append(f"only the first {MAX_CHARACTERS} characters were read")
    lines = split_lines(text.replace("\0", ""))
    if len(lines) > MAX_LINES:
        lines = lines[:MAX_LINES]
        notes.append(f"only the first {MAX_LINES} lines were read")
    for number, line in enumerate(lines):
        if len(line) > MAX_LINE:
            lines[number] = _DATA_URI.sub("data:,", line)
            if len(lines[number]) > MAX_LINE:
                lines[number] = lines[number][:MAX_LINE]
                notes.append(f"line {number + 1} was cut at {MAX_LINE} characters")
    return lines, notes[:20]


def prepared(text: str) -> SourceText:
    """Return a Markdown document ready for the parser: comments, BibTeX and HTML tables blanked, fenced code left alone."""
    lines, notes = bounded_lines(text)
    masked = list(lines)
    _mask_comments(masked)
    _mask_bibliography(masked)
    tables = _cut_tables(masked)
    return SourceText(tuple(lines), "\n".join(masked), tuple(tables), tuple(notes), tuple(masked))


def fence_flags(lines: list[str]) -> list[bool]:
    """Tell for each line whether it belongs to a fenced code block, the fences included."""
    flags, fence = [], ""
    for line in lines:
        match = _FENCE.match(line)
        if fence:
            flags.append(True)
            if match and match.group(1)[0] == fence[0] and len(match.group(1)) >= len(fence) and not match.group(2).strip():
                fence = ""
            continue
        if match and not ("`" in match.group(2) and match.group(1)[0] == "`"):
            fence = match.group(1)
        flags.append(bool(fence))
    return flags


def _mask_comments(lines: list[str]) -> None:
    """Blank HTML comments outside fenced code, keeping columns."""
    last_close = max((number for number, line in enumerate(lines) if "-->" in line), default=-1)
    number, fence = 0, ""
    while number < len(lines):
        line = lines[number]
        match = _FENCE.match(line)
        if fence:
            if match and match.group(1)[0] == fence[0] and len(match.group(1)) >= len(fence) and not match.group(2).strip():
                fence = ""
            number += 1
            continue
        if match and not ("`" in match.group(2) and match.group(1)[0] == "`"):
            fence = match.group(1)
            number += 1
            continue
        number = _mask_comments_of_line(lines, number, last_close) if "<!--" in line else number + 1


def _mask_comments_of_line(lines: list[str], number: int, last_close: int) -> int:
    """Blank the comments that start on a line; return the next line to look at."""
    position = 0
    while True:
        line = lines[number]
        start = line.find("<!--", position)
        if start < 0:
            return number + 1
        if line.count("`", 0, start) % 2:
            position = start + 4
            continue
        end = line.find("-->", start + 4)
        if end >= 0:
            lines[number] = line[:start] + " " * (end + 3 - start) + line[end + 3 :]
            position = end + 3
            continue
        if number >= last_close:
            return number + 1  # never closed: not a comment that hides anything
        lines[number] = line[:start]
        number += 1
        while "-->" not in lines[number]:
            lines[number] = ""
            number += 1
        end = lines[number].find("-->") + 3
        lines[number] = " " * end + lines[number][end:]
        position = end


def _mask_bibliography(lines: list[str]) -> None:
    """Blank BibTeX entries outside fenced code: an entry, its fields and its closing brace."""
    flags = fence_flags(lines)
    number = 0
    while number < len(lines):
        if flags[number] or not _BIBTEX.match(lines[number]):
            number += 1
            continue
        depth, end = 0, number
        while end < min(len(lines), number + 80):
            depth += lines[end].count("{") - lines[end].count("}")
            end += 1
            if depth <= 0:
                break
        if depth <= 0:
            lines[number:end] = [""] * (end - number)
        number = max(end, number + 1) if depth <= 0 else number + 1


def _cut_tables(lines: list[str]) -> list[Region]:
    """Cut whole HTML tables out of the lines (nested ones with their outer table), leaving blanks; return them."""
    flags = fence_flags(lines)
    tags = [
        (number, match.start(), match.group(1) == "/")
        for number, line in enumerate(lines)
        if not flags[number] and "able" in line.lower()
        for match in _TABLE_TAG.finditer(line)
        if line.count("`", 0, match.start()) % 2 == 0
    ]
    # Last first: cutting does not move what stands before.
    return [_cut(lines, start, end) for start, end in _outermost(lines, tags)][::-1]


def _outermost(lines: list[str], tags: list[tuple[int, int, bool]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Pair opening with closing tags; return the places of the outermost pairs, in order. Tags without a partner are left."""
    opened: list[tuple[int, int]] = []
    pairs: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for number, column, closing in tags:
        if not closing:
            opened.append((number, column))
        elif opened:
            start = opened.pop()
            end = lines[number].find(">", column)
            while pairs and pairs[-1][0] > start:
                pairs.pop()
            pairs.append((start, (number, len(lines[number]) if end < 0 else end + 1)))
    return pairs[::-1]


def _cut(lines: list[str], start: tuple[int, int], end: tuple[int, int]) -> Region:
    """Blank the lines from `start` to `end` (line, column) and return what stood there."""
    (first, column), (last, stop) = start, end
    if first == last:
        html = lines[first][column:stop]
        lines[first] = lines[first][:column] + " " * (stop - column) + lines[first][stop:]
        return Region(html, first + 1)
    html = "\n".join([lines[first][column:], *lines[first + 1 : last], lines[last][:stop]])
    lines[first] = lines[first][:column]
    lines[first + 1 : last] = [""] * (last - first - 1)
    lines[last] = " " * stop + lines[last][stop:]
    return Region(html[:MAX_TABLE], first + 1)
