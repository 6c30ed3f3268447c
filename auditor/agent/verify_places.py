"""Where a proposal's quote really stands: its words, whole and in order, on the lines, page or picture row that it names.

White space and markup are put aside on both sides, and nothing else is: one other digit, word or sign is another text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.agent.proposals import Place
from auditor.claims.numbers import without_latex
from auditor.facts import Outline, Table

MAX_LINES = 60  # that one quote may run over
MAX_SPOTS = 20
MAX_LINE = 20_000  # characters of one line that are looked at
PAGE = "\f"
OPENING = "([{\"'“‘«"
CLOSING = ".,;:!?)]}\"'”’»。，；：！？"
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]]{0,500})\](?:\((?:[^()\s]|\([^()]*\)){0,2000}(?:\s+\"[^\"]*\")?\)|\[[^\[\]]{0,200}\])")
_INLINE_TAG = re.compile(r"</?(?:b|strong|i|em|code|span|font|u|mark|tt|a|small|big)(?:\s[^<>]{0,2000})?>", re.IGNORECASE)
_BARE_COMMAND = re.compile(r"\\([A-Za-z]{2,})(?![A-Za-z{])\s?")  # an author's macro stands for words: its name is kept as one
_TAG = re.compile(r"</?[A-Za-z!][^<>]{0,2000}>")
_LINE_START = re.compile(r"^\s*(?:>\s?)*(?:#{1,6}\s+|[-*+]\s+)?")
_STARS = re.compile(r"(?<![0-9A-Za-z])\*+|\*+(?![0-9A-Za-z])|\*\*")
_UNDERSCORES = re.compile(r"(?<!\w)_{1,3}(?=\w)|(?<=[^\W_])_{1,3}(?!\w)")


@dataclass(frozen=True, slots=True)
class Spot:
    """One place where the quote stands: lines `first` to `last` of a document, or one row of a picture's table."""

    outline: Outline
    first: int
    last: int
    words: tuple[str, ...]  # of the quote
    picture: Table | None = None
    row: int = -1  # of the picture's table


def shown(line: str) -> str:
    """Return what a line of a document shows: markup removed, words and signs as they are."""
    line = _IMAGE_OR_LINK.sub(r"\1", _IMAGE_OR_LINK.sub(r"\1", _LINE_START.sub("", line[:MAX_LINE])))
    line = _TAG.sub(" ", _INLINE_TAG.sub("", line))
    line = html.unescape(line)
    if "\\" in line:
        line = without_latex(_BARE_COMMAND.sub(r"\1 ", line.replace("\\\\", " ").replace(" & ", " ")))
    return _UNDERSCORES.sub("", _STARS.sub("", line.replace("`", "").replace("|", " ")))


def words_of(text: str) -> tuple[str, ...]:
    """Return the words that a text shows."""
    return tuple(word for line in re.split(r"\r\n?|\n", text) for word in shown(line).split() if not re.fullmatch(r":?-{3,}:?", word))


def stands_at(words: Sequence[str], quote: Sequence[str], start: int) -> bool:
    """Tell whether the quote's words stand at a position, whole; marks of sentences around the first and last word may be left out."""
    here = words[start : start + len(quote)]
    if len(here) != len(quote) or not quote:
        return False
    if len(quote) == 1:
        place = here[0].find(quote[0])
        return place >= 0 and not here[0][:place].strip(OPENING) and not here[0][place + len(quote[0]) :].strip(CLOSING)
    first, last = here[0], here[-1]
    return (
        tuple(here[1:-1]) == tuple(quote[1:-1])
        and first.endswith(quote[0])
        and not first[: len(first) - len(quote[0])].strip(OPENING)
        and last.startswith(quote[-1])
        and not last[len(quote[-1]) :].strip(CLOSING)
    )


def holds(words: Sequence[str], quote: Sequence[str]) -> bool:
    """Tell whether the quote's words stand among these, whole and in order."""
    return any(stands_at(words, quote, start) for start in range(len(words) - len(quote) + 1))


def spots_of(place: Place, outlines: Sequence[Outline]) -> tuple[Spot, ...] | str:
    """Return where the quote of a proposal stands, at the place that it names; else the reason why it does not."""
    quote = words_of(place.quote)
    if not any(re.search(r"\w", word) for word in quote):
        return "The quote holds no words; copy the text at that place letter for letter."
    pictures = [(o, t) for o in outlines for t in o.tables if t.picture is not None and t.picture == place.document]
    if pictures:
        return _in_pictures(pictures, quote) or f"No row of the table in {place.document} reads so; copy the cells of one row exactly."
    documents = [outline for outline in outlines if outline.document.path == place.document]
    if not documents:
        return f"No document called {place.document[:80]!r} was read; name one that the tools list."
    if place.line is None:
        return "A place in a text needs its line (for a paper in pages: its page)."
    found = [spot for outline in documents for spot in _in_document(outline, place.line, quote)]
    if found:
        return tuple(found[:MAX_SPOTS])
    return f"The quote does not stand at line {place.line} of {place.document}, letter for letter and whole; read the place and copy it."


def _in_pictures(pictures: Sequence[tuple[Outline, Table]], quote: tuple[str, ...]) -> tuple[Spot, ...]:
    """Return the rows of pictures' tables that hold the quote."""
    found = []
    for outline, table in pictures:
        for number, row in enumerate(table.rows):
            if holds([word for cell in row for word in words_of(cell.text)], quote):
                found.append(Spot(outline, table.line, table.line, quote, table, number))
    return tuple(found[:MAX_SPOTS])


def _in_document(outline: Outline, line: int, quote: tuple[str, ...]) -> list[Spot]:
    """Return the spots of a text: those that begin on the line, or anywhere on the page of a paper in pages."""
    lines = re.split(r"\r\n?|\n", outline.document.text)
    if outline.document.role == "paper" and PAGE in lines:
        marks = [0, *(n for n, text in enumerate(lines, 1) if text == PAGE), len(lines) + 1]
        if line >= len(marks):
            return []
        first, last, starts = marks[line - 1] + 1, marks[line] - 1, range(marks[line - 1] + 1, marks[line])
    else:
        first, last, starts = line, min(len(lines), line + MAX_LINES), range(line, line + 1)
    words: list[tuple[str, int]] = []
    enough = len(quote)
    for number in range(first, min(last, len(lines)) + 1):
        words += [(word, number) for word in words_of(lines[number - 1])]
        enough += len(words) if number == starts[-1] else 0
        if number >= starts[-1] and len(words) >= enough:
            break
    texts = [word for word, _ in words]
    found = []
    for start in range(len(words) - len(quote) + 1):
        if words[start][1] in starts and stands_at(texts, quote, start):
            found.append(Spot(outline, words[start][1], words[start + len(quote) - 1][1], quote))
    return found
