"""HTML inside documents: links, pictures, headings, tables with spans, text. Reads events, builds no tree, loads nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from auditor.documents.bare_urls import links_in_text
from auditor.documents.builder import Builder, CellDraft, Piece
from auditor.documents.commands import command_links
from auditor.facts import Picture, RawLink

MAX_FRAGMENT = 1_000_000
MAX_DEPTH = 40  # of tables within tables
_BLOCKS = frozenset(
    "p div section article header footer center ul ol dl dd dt blockquote figure figcaption details summary main nav aside hr"
    " form address pre".split()
)
_BREAKS = frozenset(("br", "wbr"))
_SILENT = frozenset(("script", "style", "noscript", "template", "svg", "head"))
_HEADING = re.compile(r"^h([1-6])$")
_SPACE = re.compile(r"\s+")
_MARKS = re.compile(r"\*\*|__(?=\S)|(?<=\S)__|`")
_MARKDOWN = re.compile(r"!?\[([^\[\]\n]{0,300})\]\(\s*<?[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*>?(?:\s+[\"'][^\"'\n]{0,200}[\"'])?\s*\)")


class Run:
    """Text that is being gathered, with its links, until the block or cell that holds it ends."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.first_line = 0  # of the first thing in it
        self.parts: list[str] = []
        self.links: list[RawLink] = []
        self.pictures: list[Picture] = []
        self.bold = 0  # characters in bold
        self.anchor: tuple[str, int, int] | None = None  # url, line, index of the part where its label starts

    def seen(self, line: int) -> None:
        """Remember where the first thing stands."""
        self.first_line = self.first_line or line

    def end_anchor(self) -> None:
        """Make a link of the `<a>` that ends here."""
        if self.anchor:
            url, line, start = self.anchor
            label = _SPACE.sub(" ", "".join(self.parts[start:])).strip()
            if not label:
                label = next((picture.alt for picture in self.pictures if picture.line >= line), "")
            self.links.append(RawLink(url, label[:300], line, "html"))
            self.anchor = None

    def piece(self) -> Piece:
        """Return what was gathered."""
        self.end_anchor()
        raw = "".join(self.parts)
        text = _SPACE.sub(" ", _MARKS.sub("", _MARKDOWN.sub(r"\1", raw))).strip()
        bold = self.bold * 2 > len(text) or (raw.strip().startswith("**") and raw.strip().endswith("**"))
        return Piece(text, self.links, self.pictures, emphasized=bool(text) and bold)


class TableDraft:
    """A table that is being read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.rows: list[list[CellDraft]] = []
        self.caption = ""
        self.cell: Run | None = None
        self.header = False
        self.spans = (1, 1)
        self.in_head = False
        self.head_rows = 0


class HtmlReader(HTMLParser):
    """Feeds a piece of HTML into a Builder. `first_line` is the 1-based line of the document where the piece starts."""

    def __init__(self, builder: Builder, lines: tuple[str, ...], first_line: int) -> None:
        super().__init__(convert_charrefs=True)
        self._builder = builder
        self._lines = lines
        self._offset = first_line - 1
        self._run = Run(first_line)
        self._tables: list[TableDraft] = []
        self._heading: int | None = None
        self._bold = 0
        self._silent = 0
        self._pre: list[str] | None = None
        self._item = False
        self._summary = False

    def read(self, html: str) -> None:
        """Read the whole piece."""
        html = html[:MAX_FRAGMENT]
        # Without this cut a long tail of unfinished tags costs quadratic time.
        end = html.rfind(">") + 1
        self.feed(html[:end])
        self.close()
        if html[end:].strip():
            self.handle_data(html[end:])
        while self._tables:
            self._end_table()
        self._flush()

    @property
    def _line(self) -> int:
        return self._offset + self.getpos()[0]

    @property
    def _current(self) -> Run:
        if self._tables:
            cell = self._tables[-1].cell
            if cell is not None:
                return cell
        return self._run

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a tag says."""
        values = {name: value or "" for name, value in attrs}
        heading = _HEADING.match(tag)
        if tag in _SILENT:
            self._silent += 1
        elif tag == "a" and values.get("href", "").strip():
            self._anchor(values["href"].strip())
        elif tag == "img" or (tag == "source" and "srcset" not in values):
            self._picture(values)
        elif tag in ("table", "thead", "tr", "td", "th", "caption"):
            self._table_tag(tag, values)
        elif tag in _BREAKS:
            self._text(" ")
        elif tag in ("sub", "sup"):
            self._text(" " if self._ends_with_word() else "")
        elif tag in ("b", "strong"):
            self._bold += 1
        elif heading and not self._tables:
            self._flush()
            self._heading = int(heading.group(1))
        elif tag == "li":
            self._break()
            self._item = True
        elif tag in _BLOCKS:
            self._break()
            self._pre = [] if tag == "pre" else self._pre
            self._summary = self._summary or tag == "summary"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take a tag that closes itself; `<a/>` and `<table/>` are read as open, as browsers do."""
        self.handle_starttag(tag, attrs)
        if tag in _SILENT:
            self._silent -= 1

    def handle_endtag(self, tag: str) -> None:
        """Take the end of what a tag began."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "a":
            self._current.end_anchor()
        elif tag in ("table", "thead", "tr", "td", "th", "caption"):
            self._end_table_tag(tag)
        elif tag in ("b", "strong"):
            self._bold = max(0, self._bold - 1)
        elif _HEADING.match(tag) and not self._tables:
            self._flush()
        elif tag == "summary" and self._summary:
            self._flush()
            self._summary = False
        elif tag == "pre" and self._pre is not None:
            self._end_pre()
        elif tag == "details":
            self._flush()
            self._builder.end_details()
        elif tag in _BLOCKS or tag == "li":
            self._break()

    def handle_data(self, data: str) -> None:
        """Take text; Markdown links and bare URLs in it count, since GitHub and authors mix the two."""
        if self._silent:
            return
        if self._pre is not None:
            self._pre.append(data)
        run = self._current
        start = self._line
        stripped = data.lstrip()
        if stripped:
            run.seen(start + data[: len(data) - len(stripped)].count("\n"))
        if run.anchor is None and ("://" in data or "](" in data or "." in data):
            for found in links_in_text(data):
                line = start + data.count("\n", 0, found.start)
                if found.form == "image":
                    run.pictures.append(Picture(found.url, None, found.label, line))
                else:
                    run.links.append(RawLink(found.url, found.label, line, found.form))
        self._text(data)

    def _text(self, text: str) -> None:
        run = self._current
        run.parts.append(text)
        if self._bold:
            run.bold += len(text.strip())

    def _ends_with_word(self) -> bool:
        parts = self._current.parts
        return bool(parts) and parts[-1][-1:].isalnum()

    def _anchor(self, url: str) -> None:
        run = self._current
        run.end_anchor()
        line = self._line_of(url)
        run.seen(line)
        run.anchor = (url, line, len(run.parts))

    def _line_of(self, url: str) -> int:
        """Return the line of a URL that stands in the current tag, which may be written over several lines."""
        line = self._line
        extent = (self.get_starttag_text() or "").count("\n")
        for number in range(line, line + min(extent, 50) + 1):
            if number <= len(self._lines) and (url in self._lines[number - 1] or url.replace("&", "&amp;") in self._lines[number - 1]):
                return number
        return line

    def _picture(self, values: dict[str, str]) -> None:
        url = (values.get("src") or values.get("data-src") or "").strip()
        if url:
            run = self._current
            line = self._line_of(url)
            run.seen(line)
            run.pictures.append(Picture(url, None, values.get("alt", "").strip()[:300], line))

    def _break(self) -> None:
        """End a block: a paragraph outside tables, a space inside them."""
        if self._tables:
            self._text(" ")
        else:
            self._flush()

    def _flush(self) -> None:
        """Give the gathered text to the builder."""
        run, self._run = self._run, Run(self._line)
        piece = run.piece()
        line = run.first_line or run.line
        if self._heading is not None:
            self._builder.heading(self._heading, piece, line)
        elif self._summary and piece.text:
            self._builder.heading(7, piece, line)
        elif piece.text or piece.links or piece.pictures:
            self._builder.paragraph(piece, line, "item" if self._item else "paragraph")
        self._heading = None
        self._item = False

    def _end_pre(self) -> None:
        text = "".join(self._pre or ())
        self._pre = None
        if self._tables:
            return
        run, self._run = self._run, Run(self._line)
        line = run.first_line or run.line
        lines = [(line + number, code) for number, code in enumerate(text.strip("\n").split("\n"))]
        self._builder.code(text.strip("\n"), line, "", list(command_links(lines)))

    def _table_tag(self, tag: str, values: dict[str, str]) -> None:
        if tag == "table":
            if len(self._tables) >= MAX_DEPTH:
                return
            if not self._tables:
                self._flush()
            self._tables.append(TableDraft(self._line))
        elif self._tables:
            table = self._tables[-1]
            self._end_cell()
            if tag == "tr":
                table.rows.append([])
            elif tag == "thead":
                table.in_head = True
            elif tag == "caption":
                table.cell, table.spans, table.header = Run(self._line), (0, 0), False
            else:
                if not table.rows:
                    table.rows.append([])
                table.header = tag == "th"
                table.spans = (_span(values.get("rowspan", "1")), _span(values.get("colspan", "1")))
                table.cell = Run(self._line)

    def _end_table_tag(self, tag: str) -> None:
        if not self._tables:
            return
        if tag == "table":
            self._end_table()
            return
        self._end_cell()
        table = self._tables[-1]
        if tag == "thead":
            table.in_head = False
            table.head_rows = max(table.head_rows, len(table.rows))

    def _end_cell(self) -> None:
        table = self._tables[-1]
        run, table.cell = table.cell, None
        if run is None:
            return
        piece = run.piece()
        if table.spans == (0, 0):
            table.caption = piece.text
            return
        line = run.first_line or run.line
        draft = CellDraft(piece, line, self._raw(line, piece.text), table.header or table.in_head, *table.spans)
        table.rows[-1].append(draft)

    def _raw(self, line: int, text: str) -> str:
        """Return the part of the source line that holds a cell's text: what stands between the cell's own tags on that line."""
        if not text or line > len(self._lines):
            return ""
        source = self._lines[line - 1]
        stop = self.getpos()
        end = stop[1] if self._offset + stop[0] == line and stop[0] > 1 else len(source)
        opening = [match.end() for match in re.finditer(r"<t[dh]\b[^>]*>", source[:end], re.IGNORECASE)]
        raw = source[opening[-1] : end] if opening else source[:end]
        return re.sub(r"</t[dhr]>.*$", "", raw, flags=re.IGNORECASE).strip()

    def _end_table(self) -> None:
        self._end_cell()
        table = self._tables.pop()
        rows = [row for row in table.rows if row]
        heads = table.head_rows if 0 < table.head_rows < len(rows) else None
        self._builder.table(rows, table.line, heads, table.caption)


def _span(text: str) -> int:
    """Return a rowspan or colspan, at least 1 and at most 200."""
    digits = re.match(r"\s*(\d{1,4})", text)
    return min(max(int(digits.group(1)), 1), 200) if digits else 1


def read_html(builder: Builder, html: str, lines: tuple[str, ...], first_line: int) -> None:
    """Read a piece of HTML that starts at `first_line` of the document into the builder."""
    reader = HtmlReader(builder, lines, first_line)
    try:
        reader.read(html)
    except (AssertionError, ValueError) as problem:  # the standard parser's own way to give up on malformed declarations
        builder.notes.append(f"HTML at line {first_line} could not be read to its end: {problem}"[:200])
