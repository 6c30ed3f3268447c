"""The source of a paper as one text: the main file with what it inputs, comments gone, and where each letter came from."""

from __future__ import annotations

import posixpath
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_LINES = 120_000
MAX_CHARACTERS = 3_000_000
MAX_LINE = 20_000
MAX_DEPTH = 10
MAX_TIMES = 8  # that one file is put in

COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%.*$")
INPUT = re.compile(
    r"\\(?:(?:input|include|subfile|subfileinclude)\s*\{\s*([^{}%\\]{1,200}?)\s*\}|input\s+([^\s{}%\\]{1,200})|(?:sub)?import\*?\s*\{([^{}%\\]{0,200})\}\s*\{([^{}%\\]{1,200})\})"
)
LEFT_OUT = (("\\begin{comment}", "\\end{comment}"), ("\\iffalse", "\\fi"))
MAIN = re.compile(r"\\documentclass|\\documentstyle")


@dataclass(slots=True)
class Source:
    """The paper as one text. `places` are (offset, file, line number) of the beginnings of its lines and of what was put into them."""

    text: str = ""
    offsets: list[int] = field(default_factory=list)
    origins: list[tuple[str, int]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def place(self, offset: int) -> tuple[str, int]:
        """Return the file and the line, from 1, of a place in the text."""
        at = bisect_right(self.offsets, offset) - 1
        return self.origins[max(0, at)] if self.origins else ("", 0)


def main_file(files: Mapping[str, str]) -> str | None:
    """Return the file that LaTeX would be run on: with a document class and a document, the one that brings most; None without one."""
    mains = [name for name, text in files.items() if MAIN.search(without_comments(text[:200_000]))]
    whole = [name for name in mains if "\\begin{document}" in files[name]] or mains
    if not whole:
        return None
    sizes = {name: len(flattened(files, name).text) for name in sorted(whole)[:8]}
    return max(sizes, key=lambda name: (sizes[name], name.lower() in ("main.tex", "ms.tex", "paper.tex")))


def flattened(files: Mapping[str, str], main: str) -> Source:
    """Return the main file with its inputs put in, each within the archive's own files; circles and what is too long are left out."""
    source = Source()
    pieces: list[str] = []
    _put(files, main, posixpath.dirname(main), [], {}, pieces, source)
    source.text = "".join(pieces)
    return source


def _put(
    files: Mapping[str, str], name: str, root: str, above: list[str], times: dict[str, int], pieces: list[str], source: Source
) -> None:
    """Add a file's lines, and those of what it inputs at their place."""
    times[name] = times.get(name, 0) + 1
    for number, line in enumerate(without_comments(files[name]).split("\n"), 1):
        if len(source.offsets) >= MAX_LINES or _length(source, pieces) > MAX_CHARACTERS:
            _note(source, "the source was cut: it is longer than is read")
            return
        start = 0
        for match in INPUT.finditer(line):
            target = resolved(match, name, root, files)
            if target is None or target in above or target == name or len(above) >= MAX_DEPTH or times.get(target, 0) >= MAX_TIMES:
                continue
            _add(line[start : match.start()], name, number, pieces, source)
            _put(files, target, root, [*above, name], times, pieces, source)
            start = match.end()
        _add(line[start:] + "\n", name, number, pieces, source)


def _add(text: str, name: str, number: int, pieces: list[str], source: Source) -> None:
    if text:
        source.offsets.append(_length(source, pieces))
        source.origins.append((name, number))
        pieces.append(text)


def _length(source: Source, pieces: list[str]) -> int:
    """Return how long the text is so far, without adding all pieces up each time."""
    return source.offsets[-1] + len(pieces[-1]) if pieces else 0


def _note(source: Source, words: str) -> None:
    if words not in source.notes:
        source.notes.append(words)


def resolved(match: re.Match[str], name: str, root: str, files: Mapping[str, str]) -> str | None:
    """Return the file of the archive that an input names: beside the main file or beside the one that names it; never outside."""
    folder, wanted = (match[3], match[4]) if match[4] else ("", match[1] or match[2])
    for base in (root, posixpath.dirname(name)):
        path = posixpath.normpath(posixpath.join(base, folder, wanted))
        for candidate in (path, f"{path}.tex"):
            if candidate in files:
                return candidate
    return None


def without_comments(text: str) -> str:
    """Return a text without comments, line for line; a line that is nothing but a comment ends no paragraph and keeps its `%`."""
    lines = []
    for line in text.split("\n"):
        line = line[:MAX_LINE]
        if "%" in line:
            cut = COMMENT.sub(r"\1", line)
            line = cut if cut.strip() or not line.strip() else "%"
        lines.append(line)
    found = "\n".join(lines)
    for opening, closing in LEFT_OUT:
        found = _blanked(found, opening, closing)
    return found


def _blanked(text: str, opening: str, closing: str) -> str:
    """Return a text without what stands between two commands, its lines kept as empty comments."""
    pieces, at = [], 0
    while (start := text.find(opening, at)) >= 0 and (end := text.find(closing, start)) >= 0:
        pieces += [text[at:start], "%\n" * text.count("\n", start, end)]
        at = end + len(closing)
    return "".join([*pieces, text[at:]])
