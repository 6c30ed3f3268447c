"""Plain text into an Outline: paragraphs between blank lines, bare URLs, download commands."""

from __future__ import annotations

import re

from auditor.documents.bare_urls import bare_urls
from auditor.documents.builder import Builder, Piece
from auditor.documents.commands import command_links
from auditor.documents.source_text import bounded_lines
from auditor.facts import Document, Outline, RawLink

_UNDERLINE = re.compile(r"^\s*([=\-~^*#])\1{2,}\s*$")


def read_plain(document: Document) -> Outline:
    """Return the outline of a text without markup; an underlined line is a heading."""
    builder = Builder(document)
    lines, notes = bounded_lines(document.text)
    builder.notes.extend(notes)
    start = 0
    for number in range(len(lines) + 1):
        if number < len(lines) and lines[number].strip():
            continue
        _paragraph(builder, lines, start, number)
        start = number + 1
    return builder.outline()


def _paragraph(builder: Builder, lines: list[str], start: int, end: int) -> None:
    """Take the lines between two blank ones."""
    if end <= start:
        return
    if end - start >= 2 and _UNDERLINE.match(lines[start + 1]):
        builder.heading(1 if "=" in lines[start + 1] else 2, Piece(" ".join(lines[start].split())[:300]), start + 1)
        start += 2
    piece = Piece(" ".join(" ".join(lines[start:end]).split()))
    for number in range(start, end):
        commands = [link for link in command_links([(number + 1, lines[number])]) if link.form == "command"]
        addresses = {link.url for link in commands}
        piece.links += commands
        piece.links += [
            RawLink(found.url, found.label, number + 1, "bare") for found in bare_urls(lines[number]) if found.url not in addresses
        ]
    builder.paragraph(piece, start + 1)
