"""reStructuredText into an Outline, with everything that reads files, fetches or embeds switched off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from auditor.documents.bare_urls import bare_urls
from auditor.documents.builder import Builder, CellDraft, Piece
from auditor.documents.commands import command_links
from auditor.documents.inline import Lines
from auditor.documents.plain import read_plain
from auditor.documents.source_text import bounded_lines
from auditor.facts import Document, Outline, Picture, RawLink

if TYPE_CHECKING:
    from docutils import nodes

MAX_CHARACTERS = 300_000
MAX_LINES = 5_000  # some of docutils' rules take time that grows with the square of the lines
MAX_LINE = 8_000
_SETTINGS: dict[str, Any] = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "warning_stream": "",
    "_disable_config": True,
    "syntax_highlight": "none",
    "doctitle_xform": False,
    "docinfo_xform": False,
    "embed_stylesheet": False,
    "input_encoding": "unicode",
    "smart_quotes": False,
    "line_length_limit": 10_000,
}


def read_rst(document: Document) -> Outline:
    """Return the outline of a reStructuredText document; as plain text where docutils gives up on it."""
    from docutils.core import publish_doctree
    from docutils.utils import SystemMessage

    lines, notes = bounded_lines(document.text[:MAX_CHARACTERS])
    if len(document.text) > MAX_CHARACTERS:
        notes.append(f"only the first {MAX_CHARACTERS} characters were read")
    if len(lines) > MAX_LINES:
        notes.append(f"only the first {MAX_LINES} lines were read")
    lines = [line[:MAX_LINE].replace("\x0b", " ").replace("\x0c", " ") for line in lines[:MAX_LINES]]
    try:
        tree = publish_doctree("\n".join(lines), settings_overrides=dict(_SETTINGS))
        return RstReader(document, lines, notes).read(tree)
    except (
        SystemMessage,
        RecursionError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        AssertionError,
        NotImplementedError,
    ) as problem:
        # docutils' transforms raise all of these on broken input; the words of the document still count.
        plain = read_plain(document)
        return replace(plain, notes=(*plain.notes, f"not readable as reStructuredText: {type(problem).__name__}"))


class RstReader:
    """Walks docutils' tree of one document."""

    def __init__(self, document: Document, lines: list[str], notes: list[str]) -> None:
        self._builder = Builder(document)
        self._builder.notes.extend(notes)
        self._lines = Lines(lines, 1)
        self._source = lines
        self._line = 1  # of the last thing that was found

    def read(self, tree: nodes.document) -> Outline:
        """Return the outline."""
        self._walk(tree, 0)
        return self._builder.outline()

    def _walk(self, node: nodes.Node, level: int) -> None:
        from docutils import nodes

        for child in node.children:
            if isinstance(child, nodes.title | nodes.subtitle):
                self._builder.heading(max(level, 1), self._piece(child), self._at(child))
            elif isinstance(child, nodes.section):
                self._walk(child, level + 1)
            elif isinstance(child, nodes.literal_block | nodes.doctest_block):
                self._code(child)
            elif isinstance(child, nodes.table):
                self._table(child)
            elif isinstance(child, nodes.paragraph | nodes.term | nodes.caption | nodes.image | nodes.line | nodes.reference):
                item = isinstance(node, nodes.list_item)
                self._builder.paragraph(self._piece(child), self._at(child), "item" if item else "paragraph")
            elif not isinstance(child, nodes.system_message | nodes.comment | nodes.math_block | nodes.raw | nodes.Text | nodes.citation):
                self._walk(child, level)

    def _at(self, node: nodes.Element) -> int:
        """Return the line of a node: the first of its words in the source, since docutils often has none."""
        words = node.astext().strip().split("\n")[0][:60]
        found = self._lines.line_of(words) if words else None
        self._line = found or getattr(node, "line", None) or self._line
        return max(1, min(self._line, len(self._source)))

    def _piece(self, node: nodes.Element) -> Piece:
        """Return the text of a node with its links and pictures."""
        from docutils import nodes

        piece = Piece(" ".join(node.astext().split()))
        inside: set[str] = set()
        for reference in node.findall(nodes.reference):  # the node itself included
            url = str(reference.get("refuri", ""))
            if url:
                pictures = [str(image.get("alt", "")) for image in reference.findall(nodes.image)]
                label = " ".join(reference.astext().split()) or next(iter(pictures), "")
                line = self._lines.line_of(url) or self._line
                inside.add(url)
                piece.links.append(RawLink(url, label[:300], line, "bare" if label == url else "inline"))
        images = [node] if isinstance(node, nodes.image) else list(node.findall(nodes.image))
        for image in images:
            url = str(image.get("uri", ""))
            piece.pictures.append(Picture(url, None, str(image.get("alt", ""))[:300], self._lines.line_of(url) or self._line))
        for found in bare_urls(piece.text):
            if not any(found.url in url or url in found.url for url in inside):
                piece.links.append(RawLink(found.url, found.label, self._lines.line_of(found.url) or self._line, "bare"))
        strong = sum(len(bold.astext()) for bold in node.findall(nodes.strong))
        piece.emphasized = strong * 2 > len(piece.text)
        return piece

    def _code(self, node: nodes.Element) -> None:
        text = node.astext()
        line = self._at(node)
        classes: list[str] = list(map(str, node.get("classes", [])))
        language = next((name for name in classes if name != "code"), "")
        numbered = [(line + number, code) for number, code in enumerate(text.split("\n"))]
        self._builder.code(text, line, language, list(command_links(numbered)))

    def _table(self, node: nodes.Element) -> None:
        from docutils import nodes

        title = next(iter(node.findall(nodes.title)), None)
        line = self._at(title) if title is not None else self._line
        rows: list[list[CellDraft]] = []
        headers = sum(1 for head in node.findall(nodes.thead) for _ in head.findall(nodes.row))
        for row in node.findall(nodes.row):
            entries = [entry for entry in row.children if isinstance(entry, nodes.entry)]
            texts = [first_line(entry.astext()) for entry in entries]
            line = self._lines.line_from(max(texts, key=len, default=""), line) or line
            rows.append([self._cell(entry, line) for entry in entries])
        if rows:
            first = min((cell.line for row in rows for cell in row), default=line)
            self._builder.table(rows, first, headers or None, title.astext() if title is not None else "")

    def _cell(self, entry: nodes.Element, row_line: int) -> CellDraft:
        text = first_line(entry.astext())
        self._line = row_line
        piece = self._piece(entry)
        around = (self._lines.line_from(text, line) for line in (row_line, max(1, row_line - 3))) if text else iter(())
        line = next((line for line in around if line and abs(line - row_line) <= 3), row_line)
        source = self._source[line - 1] if line <= len(self._source) else ""
        columns = int(entry.get("morecols", 0)) + 1
        rows = min(int(entry.get("morerows", 0)) + 1, 200)
        return CellDraft(piece, line, text if text in source else "", rows=rows, columns=min(columns, 200))


def first_line(text: str) -> str:
    """Return the first line of a text that is not blank."""
    return text.strip().split("\n")[0]
