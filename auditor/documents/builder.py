"""Collects what a parser finds into an Outline: sections, captions, the row and column that a link stands in, limits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from auditor.documents.places import resolved_path
from auditor.facts import Block, Cell, Document, Outline, Picture, RawLink, Table

MAX_LINKS = 20_000
MAX_TABLES = 2_000
MAX_CELLS = 60_000  # of all tables together
MAX_BLOCKS = 60_000
MAX_CONTEXT = 2_000
MAX_COLUMNS = 200
SUMMARY_LEVEL = 7  # <summary> of <details> counts as a heading below all others


@dataclass(slots=True)
class Piece:
    """Inline content made plain: visible text with the links and pictures that stand in it."""

    text: str = ""
    links: list[RawLink] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    emphasized: bool = False


@dataclass(slots=True)
class CellDraft:
    """A cell before its row and column are known."""

    piece: Piece
    line: int
    raw: str
    header: bool = False
    rows: int = 1
    columns: int = 1


class Builder:
    """The outline of one document while it is being read."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.links: list[RawLink] = []
        self.tables: list[Table] = []
        self.pictures: list[Picture] = []
        self.blocks: list[Block] = []
        self.notes: list[str] = []
        self.title = ""
        self._headings: list[tuple[int, str]] = []
        self._caption = ""  # the paragraph before, while nothing else came between
        self._lead = ""  # the paragraph before, in this section
        self._cells = 0

    @property
    def sections(self) -> tuple[str, ...]:
        """Return the headings above the current place, outermost first."""
        return tuple(text for _, text in self._headings)

    def heading(self, level: int, piece: Piece, line: int) -> None:
        """Begin a section."""
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        text = piece.text[:300]
        if text:
            self._headings.append((level, text))
            if not self.title and level <= 6:
                self.title = text
        self._caption = self._lead = ""
        self._take(piece, piece.text)

    def end_details(self) -> None:
        """Leave a `<details>`: its summary is no heading any more."""
        while self._headings and self._headings[-1][0] >= SUMMARY_LEVEL:
            self._headings.pop()

    def paragraph(self, piece: Piece, line: int, kind: str = "paragraph") -> None:
        """Add a paragraph or list item with its links and pictures."""
        before = self._caption
        self._take(piece, piece.text, caption_before=before)
        if not piece.text:
            return
        self._add_block(Block(piece.text, line, kind, self.sections))
        self._caption_after(piece.text, line)
        self._caption = self._lead = piece.text[:MAX_CONTEXT]

    def code(self, text: str, line: int, language: str, links: list[RawLink]) -> None:
        """Add a code block with the links of its download commands."""
        lead = self._lead
        for link in links:
            self._add_link(replace(link, sections=self.sections, context=f"{lead} {link.context}".strip()[:MAX_CONTEXT]))
        self._add_block(Block(text, line, "code", self.sections, language))
        self._caption = ""

    def table(self, rows: list[list[CellDraft]], line: int, header_rows: int | None, caption: str = "") -> None:
        """Add a table of drafts; spans are expanded, rows made equally long, links given their row and column."""
        grid = expanded(rows, MAX_CELLS - self._cells)
        if not grid or not grid[0] or len(self.tables) >= MAX_TABLES:
            if rows and rows[0]:
                self.notes.append(f"table at line {line} was left out: too many cells")
            return
        self._cells += len(grid) * len(grid[0])
        headers = leading_header_rows(rows, len(grid)) if header_rows is None else min(header_rows, len(grid))
        caption = caption or self._caption
        cells = tuple(tuple(_cell(draft, spanned) for draft, spanned in row) for row in grid)
        self.tables.append(Table(cells, headers, line, "table", self.sections, caption))
        self._links_of_table(grid, headers, caption)
        self._caption = ""

    def _links_of_table(self, grid: list[list[tuple[CellDraft, bool]]], headers: int, caption: str) -> None:
        """Take the links and pictures of a table's cells."""
        columns = ["" for _ in grid[0]]
        for number, row in enumerate(grid):
            texts = tuple(draft.piece.text for draft, _ in row)
            for column, (draft, spanned) in enumerate(row):
                if number < headers and draft.piece.text and draft.piece.text not in columns[column]:
                    columns[column] = f"{columns[column]} {draft.piece.text}".strip()
                if spanned:
                    continue
                for link in draft.piece.links:
                    head = columns[column] if number >= headers else ""
                    self._add_link(replace(link, sections=self.sections, context=link.context or caption, row=texts, column=head))
                for picture in draft.piece.pictures:
                    self._add_picture(replace(picture, sections=self.sections, caption=columns[column] or caption))

    def outline(self) -> Outline:
        """Return the finished outline; links in the order of the document."""
        return Outline(
            self.document,
            tuple(sorted(self.links, key=lambda link: link.line)),
            tuple(sorted(self.tables, key=lambda table: table.line)),
            tuple(sorted(self.pictures, key=lambda picture: picture.line)),
            tuple(sorted(self.blocks, key=lambda block: block.line)),
            title=self.title,
            notes=tuple(self.notes[:50]),
        )

    def _take(self, piece: Piece, context: str, caption_before: str = "") -> None:
        for link in piece.links:
            self._add_link(replace(link, sections=self.sections, context=context[:MAX_CONTEXT]))
        for picture in piece.pictures:
            self._add_picture(replace(picture, sections=self.sections, caption=context[:MAX_CONTEXT] or caption_before))

    def _add_link(self, link: RawLink) -> None:
        if len(self.links) < MAX_LINKS:
            self.links.append(link)
        elif len(self.links) == MAX_LINKS and not any("links" in note for note in self.notes):
            self.notes.append(f"only the first {MAX_LINKS} links were kept")

    def _add_picture(self, picture: Picture) -> None:
        if len(self.pictures) < MAX_LINKS:
            self.pictures.append(replace(picture, path=resolved_path(self.document.path, picture.url)))

    def _add_block(self, block: Block) -> None:
        if len(self.blocks) < MAX_BLOCKS:
            self.blocks.append(block)

    def _caption_after(self, text: str, line: int) -> None:
        """Give a table or picture without a caption the paragraph right after it, where that calls itself one."""
        words = text[:12].lower()
        if self.tables and words.startswith(("table", "tab.", "表")):
            last = self.tables[-1]
            if line - max(cell.line for cell in last.rows[-1]) <= 3:
                self.tables[-1] = replace(last, caption=text[:MAX_CONTEXT])
        if self.pictures and words.startswith(("figure", "fig.", "table", "图", "表")) and 0 <= line - self.pictures[-1].line <= 4:
            last_picture = self.pictures[-1]
            self.pictures[-1] = replace(last_picture, caption=f"{last_picture.caption} {text}".strip()[:MAX_CONTEXT])


def expanded(rows: list[list[CellDraft]], limit: int) -> list[list[tuple[CellDraft, bool]]]:
    """Return a rectangular grid of (cell, is a repetition); rowspan and colspan repeat the cell. Empty where it would pass `limit`."""
    grid: list[list[tuple[CellDraft, bool]]] = []
    hanging: dict[int, tuple[CellDraft, int]] = {}  # column -> cell that spans down, rows left
    for row in rows:
        line = row[0].line if row else 0
        out: list[tuple[CellDraft, bool]] = []
        waiting = iter(row)
        while len(out) < MAX_COLUMNS:
            column = len(out)
            if column in hanging:
                draft, left = hanging.pop(column)
                if left > 1:
                    hanging[column] = (draft, left - 1)
                out.append((draft, True))
                continue
            draft_or_none = next(waiting, None)
            if draft_or_none is None:
                if any(other > column for other in hanging):
                    out.append((CellDraft(Piece(), line, ""), False))
                    continue
                break
            for repeat in range(min(draft_or_none.columns, MAX_COLUMNS - column)):
                out.append((draft_or_none, repeat > 0))
                if draft_or_none.rows > 1:
                    hanging[column + repeat] = (draft_or_none, draft_or_none.rows - 1)
        grid.append(out)
        if sum(map(len, grid[-1:])) * len(grid) > limit:
            return []
    width = max(map(len, grid), default=0)
    if width * len(grid) > limit:
        return []
    for row_cells in grid:
        line = row_cells[0][0].line if row_cells else 0
        row_cells.extend((CellDraft(Piece(), line, ""), False) for _ in range(width - len(row_cells)))
    return grid


def leading_header_rows(rows: list[list[CellDraft]], count: int) -> int:
    """Return how many rows at the top are headers: those of header cells alone; the first row where none is marked."""
    headers = 0
    for row in rows:
        if not row or not all(draft.header for draft in row):
            break
        headers += 1
    return min(headers, count - 1) if headers else min(1, count - 1)


def _cell(draft: CellDraft, spanned: bool) -> Cell:
    piece = draft.piece
    urls = tuple(link.url for link in piece.links)
    return Cell(piece.text, draft.line, urls, emphasized=piece.emphasized, spanned=spanned, raw=draft.raw)
