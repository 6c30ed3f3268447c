"""The text of an error log made readable: colors, escapes and quotation marks taken away, line numbers kept.

A terminal breaks a message anywhere, in the middle of a word too, and a notebook, a quotation or a launcher puts its own marks
before every line. So messages are looked for in `Squeezed` text, which has no white space at all and knows the line of every
character. Only the parts of a log around words that such messages have are squeezed; the rest of a long log costs one pass.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_CHARACTERS = 64 << 20
MAX_LINES = 1_000_000  # of the parts that are looked at closely
BLOCK = 1 << 20
GAP = "\x00"  # stands between parts that were not neighbors
QUOTE_LENGTH = 400
MARKERS = (
    "loadingstate_dictfor",
    "sizemismatch",
    "missingkey",
    "missing_key",
    "unexpectedkey",
    "unexpected_key",
    "parameternamed",
    "someweightsof",
    "weightsofpretrained",
    "weightsfrompretrained",
    "notinitializedfrompretrained",
    "foundshape",
    "incompatibleshapes",
    "loadreport",
)

# Each pattern is bounded, so that a line of fifty million backslashes costs linear time.
_ANSI = re.compile(r"(?:\x1b|\u241b|\\{1,4}(?:u001b|x1b|033|e))\[[0-9;:?]{0,40}[A-Za-z]|\[(?:\d{1,3};){0,6}\d{1,3}m")
_ESCAPES = re.compile(r"\\{1,8}([nrt\"'])")
_MARKS = re.compile(
    r"^[ \t]{0,200}(?:(?:>|\||\[rank\d{1,5}\]:|\[\d{1,5},\d{1,5}\]<std(?:err|out)>:|\(\w{1,60} pid=\d{1,9}\))[ \t]{0,200})+", re.MULTILINE
)
_ENTITIES = (("&quot;", '"'), ("&#34;", '"'), ("&#39;", "'"), ("&#x27;", "'"), ("&gt;", ">"), ("&lt;", "<"), ("&amp;", "&"))
_MOJIBAKE = (("â€œ", '"'), ("â€\x9d", '"'), ("â€˜", "'"), ("â€™", "'"), ("â€¦", "..."))
_CHARACTERS = str.maketrans(
    {
        **dict.fromkeys("“”„«»″", '"'),
        **dict.fromkeys("‘’‚′", "'"),
        **dict.fromkeys("│┃╭╮╰╯─━\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", " "),
        **dict.fromkeys("\x00\u200b\u200c\u200d\u2060\ufeff\xad"),
        "…": "...",
    }
)


@dataclass(slots=True)
class Squeezed:
    """Text without white space, with the lines that it came from (numbered from 1) and their cleaned text."""

    text: str = ""
    starts: array[int] = field(default_factory=lambda: array("L"))
    numbers: array[int] = field(default_factory=lambda: array("L"))
    lines: list[str] = field(default_factory=list)  # cleaned, one for each entry of `numbers`
    cut: bool = False  # a limit was reached, so the end was not looked at

    def line_at(self, offset: int) -> int:
        """Return the line number of a character of the text, 1 for an empty text."""
        index = bisect_right(self.starts, offset) - 1
        return self.numbers[index] if index >= 0 else 1


def squeezed(text: str) -> Squeezed:
    """Return the parts of a log in which a loading error may stand, squeezed. Never raises; linear in time and memory."""
    made = Squeezed(cut=len(text) > MAX_CHARACTERS)
    pieces: list[str] = []
    length = 0
    after = -1  # the line after the part that was kept last
    for first, block in _kept(text[:MAX_CHARACTERS]):
        if after not in (-1, first):
            pieces.append(GAP)
            length += 1
        for number, line in enumerate(block.split("\n"), first):
            bare = "".join(line.split())
            if len(made.lines) >= MAX_LINES:
                made.cut = True
                break
            made.starts.append(length)
            made.numbers.append(number)
            made.lines.append(line)
            pieces.append(bare)
            length += len(bare)
        after = first + block.count("\n") + 1
    made.text = "".join(pieces)
    return made


def _kept(text: str) -> Iterator[tuple[int, str]]:
    """Yield cleaned blocks with their first line's number: those that have a marker, and their neighbors."""
    before: tuple[int, str] | None = None
    tail, wanted = "", 0
    for first, block in _blocks(text):
        whole = clean(block)
        bare = "".join(whole.split()).lower()
        if any(marker in tail + bare for marker in MARKERS):
            if before is not None:
                yield before
            before, wanted = None, 1
            yield first, whole
        elif wanted:
            before, wanted = None, wanted - 1
            yield first, whole
        else:
            before = (first, whole)
        tail = bare[-40:]


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Yield whole lines, about a megabyte at a time, with the number of the first; their last line end is left out."""
    start, line = 0, 1
    while start < len(text):
        end = text.find("\n", start + BLOCK)
        end = len(text) if end < 0 else end
        yield line, text[start:end]
        line += text.count("\n", start, end) + 1
        start = end + 1


def clean(text: str) -> str:
    """Return text without colors, escapes, marks of quotation and invisible characters; every line stays where it is."""
    if "\x1b" in text or "\\" in text or "\u241b" in text or "m" in text:
        text = _ANSI.sub("", text)
    if "\\" in text:
        text = _ESCAPES.sub(_unescaped, text)
    for entity, character in _ENTITIES if "&" in text else ():
        text = text.replace(entity, character)
    for wrong, right in _MOJIBAKE if "â€" in text else ():
        text = text.replace(wrong, right)
    return _MARKS.sub("", text.translate(_CHARACTERS))


def _unescaped(match: re.Match[str]) -> str:
    return match[1] if match[1] in "\"'" else " "


def raw_lines(text: str, wanted: set[int]) -> dict[int, str]:
    """Return some lines of a text by number, without their line ends. Numbers count line feeds, as editors do."""
    found: dict[int, str] = {}
    start, line = 0, 1
    for number in sorted(wanted):
        while line < number and start >= 0:
            start = text.find("\n", start) + 1 or -1
            line += 1
        if start < 0:
            break
        end = text.find("\n", start)
        found[number] = text[start : end if end >= 0 else len(text)].rstrip("\r")
    return found


def quoted(line: str, word: str = "") -> str:
    """Return a line as it stands, or of a long one the part around a word, cut to what evidence may hold."""
    line = line.strip()
    if len(line) <= QUOTE_LENGTH:
        return line
    start = max(0, line.find(word) - QUOTE_LENGTH // 4) if word else 0
    return line[start : start + QUOTE_LENGTH].strip()
