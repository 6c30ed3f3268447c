"""LaTeX that wants to cost: every size, depth and number of expansions has an end, and nothing but `AuditError` comes out."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from paper_files import EXPERIMENTS_TEX, MAIN_TEX, SECOND_TEX, SOURCE

from auditor.documents.latex import MAX_CELLS, read_latex
from auditor.documents.latex_source import MAX_CHARACTERS, flattened
from auditor.documents.latex_text import macros_of, visible
from auditor.errors import AuditError

HEAD = "\\documentclass{article}\\begin{document}\n"


def read(files):
    return read_latex(files, "arxiv:1", "paper:arxiv:1", "a" * 64)


def test_commands_that_double():
    names = "abcdefghijklmnopqrstuvwxyz"
    text = "".join(rf"\newcommand{{\x{a}}}{{\x{b}\x{b}\x{b}}}" for a, b in pairwise(names)) + r"\newcommand{\xz}{lol}"
    macros = macros_of([text])
    assert len(visible(r"\xa", macros)) < 1_000_000
    assert macros.expansions >= 0
    assert visible("plain", macros) == "plain"


def test_arguments_that_double():
    macros = macros_of([r"\newcommand{\d}[1]{#1#1}\newcommand{\loop}[1]{\loop{#1#1}}\newcommand{\nine}[9]{#1#2#3#4#5#6#7#8#9}"])
    assert len(visible(r"\d{" * 30 + "x" + "}" * 30, macros)) < 3_000_000
    assert len(visible(r"\loop{x}", macros)) < 3_000_000
    assert visible(r"\nine{1}{2}", macros_of([r"\newcommand{\nine}[9]{#1#2#9}"])) == "12"


def test_commands_in_a_circle():
    macros = macros_of([r"\newcommand{\a}{1\b}\newcommand{\b}{2\a}\def\self{\self}"])
    assert set(visible(r"\a", macros)) <= {"1", "2"}
    assert visible(r"\self", macros) == ""


def test_inputs_in_a_circle_and_without_end():
    files = {"main.tex": HEAD + "\\input{a}\\input{main}", "a.tex": "x\\input{b}\\input{b}", "b.tex": "y\\input{a}\\input{b}"}
    assert flattened(files, "main.tex").text.count("y") == 2
    wide = {"main.tex": HEAD + "\\input{n0}"} | {f"n{n}.tex": f"\\input{{n{n + 1}}}\n" * 50 + "z" * 2000 for n in range(30)}
    assert len(flattened(wide, "main.tex").text) < 2 * MAX_CHARACTERS


def test_too_many_cells_cost_no_other_table():
    huge = r"\begin{table}\caption{Huge.}\begin{tabular}{l}" + ("a & 1 & 2 & 3 & 4 \\\\\n" * 30_000) + r"\end{tabular}\end{table}"
    small = r"\begin{table}\caption{Small.}\begin{tabular}{lc}a & b \\ c & 1\end{tabular}\end{table}"
    outline = read({"main.tex": HEAD + huge + small})[0]
    assert [table.caption for table in outline.tables] == ["Table 2: Small."]
    assert any("too many cells" in note for note in outline.notes)
    assert sum(len(row) for table in outline.tables for row in table.rows) <= MAX_CELLS


def test_spans_of_any_size():
    rows = r"\multicolumn{999999}{c}{a} & \multirow{99999999}{*}{b} \\ \multirow{-9999}{*}{c} & \multicolumn{x}{c}{d} \\ \multicolumn{-4}{c}{e} & 1 \\"
    table = read({"main.tex": HEAD + r"\begin{tabular}{lc}" + rows * 50 + r"\end{tabular}"})[0].tables[0]
    assert max(map(len, table.rows)) <= 60


def test_depth():
    deep = "\\textbf{" * 50_000 + "x" + "}" * 50_000
    for text in (deep, "_{" * 50_000, "^" * 80_000, "\\'{" * 10_000, "\\" * 80_000, "\\cite[" * 10_000):
        assert isinstance(visible(text, macros_of([])), str)
    for text in (
        "\\begin{tabular}{l}" * 5_000,
        "\\begin{table}" * 5_000,
        "{" * 100_000,
        "\\iffalse" * 50_000,
        "$^" * 50_000,
        "\\caption{" * 20_000,
    ):
        read({"main.tex": HEAD + text + "\\end{document}"})


def test_one_line_without_end():
    read({"main.tex": HEAD + "a & b \\\\ " * 200_000})


def test_cut_anywhere():
    whole = MAIN_TEX.replace("\\input{sections/experiments}", EXPERIMENTS_TEX + SECOND_TEX)
    begin = whole.index("\\begin{document}") + 20
    for end in range(begin, len(whole), 13):
        read({"main.tex": whole[:end]})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["\\", "{", "}", "&", "%", "\n", "$", "^", "_", "[", "]", "\\\\", "\\begin{tabular}", "\\end{tabular}", "{lc}", "\\begin{table}",
    "\\end{table}", "\\caption", "\\multirow{2}{*}", "\\multicolumn{2}{c}", "\\cite", "\\hline", "1.5", "Ours", "\\newcommand", "\\input{main}", "\\section"]), max_size=60))  # fmt: skip
def test_any_order_of_commands(pieces):
    try:
        outlines = read({"main.tex": HEAD + "".join(pieces)})
    except AuditError:
        return
    for outline in outlines:
        count = outline.document.text.count("\n") + 1
        assert all(0 <= cell.line <= count for table in outline.tables for row in table.rows for cell in row)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300))
def test_any_text(text):
    visible(text, macros_of([text]))
    read({**SOURCE, "main.tex": MAIN_TEX + text})
