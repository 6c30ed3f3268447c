"""Pages of a PDF into one document: its text line by line in reading order, its tables, headings and paragraphs.

The pages of the text are parted by a line that holds a form feed alone, so that the page of any line can be told from the text.
A row of a table is one line of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from auditor.documents.pdf_loose import all_tables_of
from auditor.documents.pdf_tables import PageTable
from auditor.documents.pdf_words import GAP, Page, Word, joined, lines_of
from auditor.facts import Block, Document, Outline, Table

PAGE = "\f"
MAX_BLOCK = 2500
HEADING = re.compile(
    r"(?:(?:\d{1,2}(?:\.\d{1,2}){0,2}|[IVX]{1,4}|[A-Z])\.?\s+)?"
    r"(?P<words>abstract|introduction|related works?|background|methods?|methodology|approach|experiments?|experimental results|results"
    r"|evaluation|ablation stud(?:y|ies)|discussions?|conclusions?(?: and \w+(?: \w+)?)?|references|acknowledge?ments?|appendix"
    r"|supplementary materials?)(?P<rest>\s*[—:.–-]\s*.*)?",
    re.IGNORECASE,
)
NUMBERED = re.compile(r"\d{1,2}(?:\.\d{1,2}){1,2}\.?\s+[A-Z][^.]{2,70}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its box, and the table and row that it is."""

    box: Word
    table: int = -1
    row: int = -1


def outline_of(pages: Sequence[Page], path: str, sha256: str, source: str, notes: tuple[str, ...] = ()) -> Outline:
    """Return the outline of a paper from its pages."""
    texts: list[str] = []
    tables: list[Table] = []
    lines: list[tuple[int, str, float]] = []  # number, text, where it begins; of prose alone
    for number, page in enumerate(pages):
        if number:
            texts.append(PAGE)
        if not page.words:
            for text in page.text.splitlines():
                texts.append(text.replace(PAGE, " ").strip())
                lines.append((len(texts), texts[-1], 0.0))
            continue
        found = all_tables_of(page)
        rows: dict[tuple[int, int], int] = {}
        for line in ordered(page, found):
            texts.append(line.box.text)
            if line.table >= 0:
                rows[line.table, line.row] = len(texts)
            else:
                lines.append((len(texts), line.box.text, line.box.left))
        tables.extend(_table(table, n, rows) for n, table in enumerate(found))
    document = Document(path, "\n".join(texts), sha256, source, "paper")
    blocks, marks = _blocks(lines)
    tables = [replace(table, sections=_section_at(marks, table.line)) for table in tables]
    return Outline(document, tables=tuple(tables), blocks=tuple(blocks), title=title_of(pages), notes=notes)


def ordered(page: Page, tables: Sequence[PageTable]) -> list[Line]:
    """Return the lines of a page in reading order: what crosses the middle as it comes, between that left column before right."""
    used = {word for table in tables for word in table.used}
    items = [Line(piece) for line in lines_of(word for word in page.words if word not in used) for piece in joined(line, GAP)]
    items += [Line(place, n, row) for n, table in enumerate(tables) for row, place in enumerate(table.places)]
    middle = page.width / 2
    out: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for item in sorted(items, key=lambda item: (item.box.middle, item.box.left)):
        box = item.box
        if box.left < middle - 12 and box.right > middle + 12:
            out += [*left, *right, item]
            left, right = [], []
        else:
            (left if box.center < middle else right).append(item)
    return [*out, *left, *right]


def _table(table: PageTable, number: int, rows: dict[tuple[int, int], int]) -> Table:
    """Return a table with the line of the text that each row is."""
    places = [rows.get((number, row), 0) for row in range(len(table.rows))]
    cells = tuple(tuple(replace(cell, line=line) for cell in row) for row, line in zip(table.rows, places, strict=True))
    words = re.sub(r"^(?:Table|TABLE|Tab\.)\s*[A-Z]?\.?\w+[\s:.|—–-]*", "", table.caption)
    return Table(cells, table.header_rows, places[0], "table", (), f"Table {table.number}: {words}")


def _blocks(lines: Sequence[tuple[int, str, float]]) -> tuple[list[Block], list[tuple[int, str]]]:
    """Return the paragraphs, and (line, words) of the headings."""
    blocks: list[Block] = []
    marks: list[tuple[int, str]] = []
    words, first = "", 0

    def close() -> None:
        nonlocal words
        if len(words.split()) > 3:
            blocks.append(Block(words, first, "paragraph", (marks[-1][1],) if marks else ()))
        words = ""

    for number, text, _ in lines:
        heading = HEADING.fullmatch(text.strip())
        is_heading = bool(heading) and (len(text.split()) <= 7 or text.lower().startswith("abstract"))
        if is_heading or NUMBERED.fullmatch(text.strip()):
            close()
            marks.append((number, heading["words"].capitalize() if heading else text.strip()))
            text = (heading["rest"] or "").strip(" —:.–-") if heading else ""
        if len(words) + len(text) > MAX_BLOCK or not text.strip():
            close()
        if text.strip():
            first = first if words else number
            words = words[:-1] + text.strip() if words.endswith("-") else f"{words} {text.strip()}".strip()
    close()
    return blocks, marks


def _section_at(marks: Sequence[tuple[int, str]], line: int) -> tuple[str, ...]:
    """Return the heading above a line."""
    before = [words for number, words in marks if number <= line]
    return (before[-1],) if before else ()


def title_of(pages: Sequence[Page]) -> str:
    """Return the words of the first page that are set largest, in its upper half: the paper's title."""
    words = [word for word in (pages[0].words if pages else ()) if word.bottom < pages[0].height / 2 and len(word.text) > 1]
    largest = max((word.size for word in words), default=0.0)
    lines = lines_of(word for word in words if word.size > 0.95 * largest)
    return " ".join(word.text for line in lines[:4] for word in line)[:300] if largest > 0 else ""
