"""GitHub-flavored Markdown, with the HTML that authors put into it, into an Outline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from auditor.documents.bare_urls import protected
from auditor.documents.builder import MAX_CELLS, MAX_COLUMNS, Builder, CellDraft, Piece
from auditor.documents.commands import command_links
from auditor.documents.html import read_html
from auditor.documents.inline import InlineReader, Lines
from auditor.documents.source_text import SourceText, prepared
from auditor.facts import Document, Outline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_INLINE = 30_000  # characters of one paragraph that are parsed as Markdown; what lies beyond is dropped with a note
_QUOTE_MARKS = re.compile(r"^\s*(?:>\s?)*")
_PIPE = re.compile(r"(?<!\\)\|")


def read_markdown(document: Document) -> Outline:
    """Return the outline of a Markdown document. Never raises for what stands in it; what was cut is in `notes`."""
    return MarkdownReader(document).read()


class MarkdownReader:
    """Walks the block tokens of one document."""

    def __init__(self, document: Document) -> None:
        self._source: SourceText = prepared(document.text)
        self._builder = Builder(document)
        self._builder.notes.extend(self._source.notes)
        self._regions = list(self._source.tables)
        self._parser = parser()
        self._references: dict[str, object] = {}
        self._items = 0  # depth of list items
        self._item_open = False

    def read(self) -> Outline:
        """Return the outline."""
        env: dict[str, object] = {}
        try:
            tokens = self._parser.parse(self._source.masked, env)
        except RecursionError:
            self._builder.notes.append("the document is nested too deeply to be parsed")
            tokens = []
        self._references = env
        index = 0
        while index < len(tokens):
            index = self._block(tokens, index)
        self._tables_before(len(self._source.lines) + 1)
        return self._builder.outline()

    def _block(self, tokens: Sequence[Token], index: int) -> int:
        """Take one token, or a whole table; return the index of the next."""
        token = tokens[index]
        if token.map and token.type not in ("bullet_list_open", "ordered_list_open", "list_item_open", "blockquote_open"):
            self._tables_before(token.map[0] + 1)
        if token.type == "table_open":
            return self._table(tokens, index)
        if token.type == "list_item_open":
            self._items += 1
            self._item_open = True
        elif token.type == "list_item_close":
            self._items -= 1
            self._item_open = False
        elif token.type == "inline" and token.map:
            self._text(tokens[index - 1], token)
        elif token.type in ("fence", "code_block") and token.map:
            self._code(token)
        elif token.type == "html_block" and token.map:
            read_html(self._builder, token.content, self._source.lines, token.map[0] + 1)
        return index + 1

    def _tables_before(self, line: int) -> None:
        """Read the HTML tables that were cut out above a line."""
        while self._regions and self._regions[0].line < line:
            region = self._regions.pop(0)
            read_html(self._builder, region.html, self._source.lines, region.line)

    def _text(self, opening: Token, token: Token) -> None:
        """Take a heading, paragraph or list item."""
        start, end = token.map or (0, 0)
        # A closing underline of a heading is not part of its text; the slice may safely be longer than the text.
        piece = self._piece(token.content, start, end)
        if opening.type == "heading_open":
            self._builder.heading(int(opening.tag[1:]), piece, start + 1)
            return
        kind = "item" if self._items and self._item_open else "paragraph"
        self._item_open = False
        self._builder.paragraph(piece, start + 1, kind)

    def _piece(self, content: str, start: int, end: int) -> Piece:
        """Parse inline Markdown that stands on lines `start` to `end` (0-based, end exclusive)."""
        if len(content) > MAX_INLINE:
            content = content[:MAX_INLINE]
            self._builder.notes.append(f"the paragraph at line {start + 1} was cut at {MAX_INLINE} characters")
        children: list[Token] = []
        try:
            self._parser.inline.parse(protected(content), self._parser, self._references, children)
        except RecursionError:
            self._builder.notes.append(f"the paragraph at line {start + 1} is nested too deeply to be parsed")
        return InlineReader(Lines(self._source.lines[start:end], start + 1), start + 1).read(children)

    def _code(self, token: Token) -> None:
        start = (token.map or (0, 0))[0]
        first = start + 2 if token.type == "fence" else start + 1
        lines = [(first + number, text) for number, text in enumerate(token.content.split("\n"))]
        language = token.info.split()[0] if token.info.split() else ""
        self._builder.code(token.content.rstrip("\n"), start + 1, language, list(command_links(lines)))

    def _table(self, tokens: Sequence[Token], index: int) -> int:
        """Take a pipe table from its source lines; return the index behind it."""
        start, end = tokens[index].map or (0, 0)
        while tokens[index].type != "table_close":
            index += 1
        if sum(self._source.masked_lines[number].count("|") for number in range(start, end)) > 2 * MAX_CELLS:
            self._builder.notes.append(f"table at line {start + 1} was left out: too many cells")
            return index + 1
        numbers = [number for number in range(start, end) if number != start + 1]
        rows = [row for row in (self._row(number) for number in numbers) if row]
        self._builder.table(rows, start + 1, 1)
        return index + 1

    def _row(self, number: int) -> list[CellDraft]:
        return [self._cell(raw, number) for raw in row_cells(self._source.masked_lines[number])[:MAX_COLUMNS]]

    def _cell(self, raw: str, number: int) -> CellDraft:
        piece = self._piece(raw.replace("\\|", "|"), number, number + 1)
        return CellDraft(piece, number + 1, raw)


def row_cells(line: str) -> list[str]:
    """Return the cells of a pipe table's row exactly as written, without the space around them."""
    line = _QUOTE_MARKS.sub("", line).strip()
    cells = [cell.strip() for cell in _PIPE.split(line)]
    if cells and not cells[0] and line.startswith("|"):
        cells = cells[1:]
    if cells and not cells[-1] and line.endswith("|"):
        cells = cells[:-1]
    return cells


def parser() -> MarkdownIt:
    """Return a parser of blocks that leaves inline text to the caller and every address as it was written."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.front_matter import front_matter_plugin

    markdown = MarkdownIt("gfm-like", {"linkify": False})
    markdown.disable(["linkify", "inline", "text_join"], True)
    markdown.use(front_matter_plugin).use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    setattr(markdown, "normalizeLink", str)  # noqa: B010 - addresses stay exactly as written
    setattr(markdown, "normalizeLinkText", str)  # noqa: B010
    setattr(markdown, "validateLink", bool)  # noqa: B010
    return markdown
