r"""The body of a LaTeX `tabular` as rows of cells: spans, rules that part the header, and the line that each cell stands on.

As in LaTeX, `\multirow` leaves empty cells below it, which get its text, and `\multicolumn` stands for several cells. Rules
of booktabs, `\hline` and row colors are no content. The header ends at the first rule across the whole table.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from auditor.documents.latex_text import Macros, bracket, group, option, visible
from auditor.facts import Cell

MAX_COLUMNS = 60
MAX_SPAN = 60
MAX_HEADERS = 4
TOKEN = re.compile(r"\\\\|\\tabularnewline(?![A-Za-z])|\\(?P<env>begin|end)\s*\{|\\[A-Za-z@]+|\\.|[{}&]", re.DOTALL)
RULE = re.compile(
    r"\s*%?\s*\\(?P<whole>hline|toprule|midrule|bottomrule|Xhline|hdashline|specialrule|thickhline|Xhline|noalign)(?![A-Za-z])"
    r"|\s*%?\s*\\(?P<other>cmidrule|cline|cdashline|addlinespace|rowcolor|arrayrulecolor|endhead|endfirsthead|endfoot|endlastfoot|morecmidrules"
    r"|rowfont|caption|label|centering|small|footnotesize|vspace|noindent|belowrulesepcolor|aboverulesepcolor|cmidrulewidth)(?![A-Za-z])"
)
ARGUMENTS = {
    "specialrule": 3, "Xhline": 1, "noalign": 1, "cmidrule": 1, "cline": 1, "cdashline": 1, "rowcolor": 1, "arrayrulecolor": 1,
    "rowfont": 1, "caption": 1, "label": 1, "vspace": 1, "belowrulesepcolor": 1, "aboverulesepcolor": 1,
}  # fmt: skip
SPAN = re.compile(r"\\(multicolumn|multirow)\*?(?![A-Za-z])")
BOLD = re.compile(r"[\s{$]*(?:\\(?:textbf|mathbf|bm|boldsymbol|bf|bfseries|cellcolor\s*(?:\[[^\]]*\])?\{[^}]*\}\s*\\textbf)(?![A-Za-z]))")
NUMBER = re.compile(r"^[~\s+\-–±]*\d+(?:[.,]\d+)?\s*(?:%|[KMG]|mm)?(?:\s*[±(/].*)?[†‡*\s]*$")


@dataclass(frozen=True, slots=True)
class Span:
    """A cell's text with how many rows and columns it stands for; rows below zero stand above it."""

    text: str
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Grid:
    """A tabular's rows of cells, and how many of them are headers."""

    rows: tuple[tuple[Cell, ...], ...]
    header_rows: int


def grid_of(text: str, start: int, end: int, line_of: Callable[[int], int], macros: Macros, most_cells: int) -> Grid | None:
    """Return the cells of a tabular whose body is `text[start:end]`; None where it has none, or more than `most_cells`.

    `line_of` gives the line of a place in the text; 0 where the place belongs to another file than the table.
    """
    rows: list[list[Cell]] = []
    hanging: list[tuple[int, int, Span, Cell]] = []
    header_rows, cells = 0, 0
    for pieces in _rows(text, start, end):
        has_rule, first = _past_rules(text, *pieces[0])
        if has_rule and rows and not header_rows:
            header_rows = len(rows)
        row: list[Cell] = []
        for number, (begin, stop) in enumerate(pieces):
            begin = first if number == 0 else begin
            source = text[begin:stop].replace("\n%", "\n")
            span = span_of(source)
            lead = len(source) - len(source.lstrip())
            cell = Cell(
                visible(span.text, macros),
                line_of(begin + lead),
                emphasized=bool(BOLD.match(span.text)),
                raw=" ".join(source.split())[:300],
            )
            if span.rows != 1:
                hanging.append((len(rows), len(row), span, cell))
            row.extend(replace(cell, spanned=n > 0) for n in range(min(span.columns, MAX_COLUMNS - len(row))))
            if len(row) >= MAX_COLUMNS:
                break
        if any(cell.text for cell in row):
            rows.append(row)
            cells += len(row)
        if cells > most_cells:
            return None
    _hang(rows, hanging)
    width = max(map(len, rows), default=0)
    if width < 2 or len(rows) < 2 or width * len(rows) > most_cells:
        return None
    full = tuple(tuple(row) + (Cell("", row[0].line),) * (width - len(row)) for row in rows)
    return Grid(full, _headers(full, header_rows))


def _headers(rows: tuple[tuple[Cell, ...], ...], ruled: int) -> int:
    """Return how many rows are headers: those above the first rule, none of them with numbers; 0 where no rule says it."""
    count = 0
    for row in rows[: min(ruled, MAX_HEADERS)]:
        if sum(bool(NUMBER.match(cell.text)) for cell in row[1:] if not cell.spanned) >= 2:
            break
        count += 1
    return min(count, len(rows) - 1)


def _rows(text: str, start: int, end: int) -> list[list[tuple[int, int]]]:
    """Return the (begin, end) of the cells of each row; `&` and line breaks within braces or inner environments divide nothing."""
    rows: list[list[tuple[int, int]]] = []
    row: list[tuple[int, int]] = []
    begin, depth, inner = start, 0, 0
    for match in TOKEN.finditer(text, start, end):
        sign = match[0]
        if match["env"]:
            inner += 1 if match["env"] == "begin" else -1
            depth += 1
        elif sign in "{}":
            depth += 1 if sign == "{" else -1
        elif depth > 0 or inner > 0:
            continue
        elif sign == "&":
            row.append((begin, match.start()))
            begin = match.end()
        elif sign == "\\\\" or sign.startswith("\\tabularnewline"):
            row.append((begin, match.start()))
            rows.append(row)
            row = []
            begin = bracket(text, match.end() + (text[match.end() : match.end() + 1] == "*"))
            begin = min(begin, end)
    row.append((begin, end))
    rows.append(row)
    return rows


def _past_rules(text: str, begin: int, end: int) -> tuple[bool, int]:
    """Return whether a rule across the table stands before a row, and the place behind all rules and settings there."""
    has_rule = False
    while match := RULE.match(text, begin, end):
        has_rule = has_rule or bool(match["whole"])
        begin = option(text, match.end())
        if match["other"] == "cmidrule" and text[begin : begin + 1] == "(":
            begin = option(text, begin)
        for _ in range(ARGUMENTS.get(match["whole"] or match["other"], 0)):
            begin = group(text, begin)[1]
        begin = min(option(text, begin), end)
    return has_rule, begin


def span_of(source: str) -> Span:
    r"""Return a cell's text without `\multicolumn` and `\multirow` around it (one in the other too), and what they span."""
    rows, columns = 1, 1
    for _ in range(3):
        match = SPAN.search(source)
        if match is None:
            break
        at = option(source, match.end())
        count, at = group(source, at)
        at = option(source, at)
        _, at = group(source, at)
        at = option(source, at)
        inside, after = group(source, at)
        number = _count(count)
        if inside is None or number is None:
            break
        if match[1] == "multicolumn":
            columns = max(1, min(number, MAX_SPAN))
        else:
            rows = max(-MAX_SPAN, min(number, MAX_SPAN))
        source = source[: match.start()] + inside + source[after:]
    return Span(source, rows, columns)


def _count(text: str | None) -> int | None:
    """Return the number of rows or columns that a span names."""
    digits = (text or "").strip()
    return int(digits) if re.fullmatch(r"-?\d{1,4}", digits) else None


def _hang(rows: list[list[Cell]], hanging: list[tuple[int, int, Span, Cell]]) -> None:
    """Put the text of cells that span rows into the empty cells below (or above) them."""
    for number, column, span, cell in hanging:
        others = range(number + 1, number + span.rows) if span.rows > 0 else range(number + span.rows + 1, number)
        for other in others:
            if not 0 <= other < len(rows):
                break
            for place in range(column, min(column + span.columns, len(rows[other]))):
                if not rows[other][place].text:
                    rows[other][place] = replace(cell, spanned=True, line=rows[other][place].line)
