"""LaTeX source into tables, sections and paragraphs, each cell with the line of the file that it stands on."""

from __future__ import annotations

import pytest
from paper_files import EXPERIMENTS_TEX, MAIN_TEX, SOURCE

from auditor.documents.latex import read_latex
from auditor.documents.latex_source import flattened, main_file
from auditor.documents.latex_text import Macros, macros_of, visible
from auditor.errors import FormatError
from auditor.facts import Outline, Table


def read(files: dict[str, str]) -> tuple[Outline, ...]:
    return read_latex(files, "arxiv:1", "paper:arxiv:1", "a" * 64)


def body(text: str) -> tuple[Outline, ...]:
    return read({"main.tex": "\\documentclass{article}\\begin{document}\n" + text + "\n\\end{document}"})


def tables(text: str) -> list[Table]:
    return [table for outline in body(text) for table in outline.tables]


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def tabular(rows: str, columns: str = "lcc") -> str:
    return rf"\begin{{table}}\caption{{Results.}}\begin{{tabular}}{{{columns}}}{rows}\end{{tabular}}\end{{table}}"


def test_a_paper_of_several_files():
    outlines = read(SOURCE)
    assert [outline.document.path for outline in outlines] == [f"arxiv:1/{path}" for path in SOURCE]
    assert {outline.title for outline in outlines} == {"WaderPose: Fast Pose Estimation at the Waterline"}
    assert {outline.document.role for outline in outlines} == {"paper"}
    first, second = outlines[1].tables[0], outlines[2].tables[0]
    assert first.caption == "Table 1: PA MPJPE on Human3.6M under protocol 1, in mm."
    assert second.caption == "Table 2: MPJPE on Human3.6M under protocol 2, in mm."
    assert (first.header_rows, second.header_rows) == (2, 1)
    assert texts(first)[:3] == [
        ["Method", "Cost", "Cost", "PA MPJPE ↓"],
        ["Method", "GFLOPS", "Param", "PA MPJPE ↓"],
        ["Chen et al. [cite]", "10.91", "34.00M", "47.3"],
    ]
    assert texts(first)[-1] == ["Ours-L", "4.30", "8.38M", "32.8"]
    assert first.sections == ("Experiments",)


def test_every_cell_stands_on_its_line():
    for outline in read(SOURCE):
        lines = outline.document.text.split("\n")
        for table in outline.tables:
            for cell in (cell for row in table.rows for cell in row if not cell.spanned and cell.text):
                digits = [word for word in cell.text.split() if word[0].isdigit()]
                assert all(word in lines[cell.line - 1] for word in digits), cell
    last = read(SOURCE)[1].tables[0].rows[-1]
    assert "8.38M" in EXPERIMENTS_TEX.split("\n")[last[2].line - 1]
    assert last[3].line == last[2].line + 1, "a row of two lines"


def test_prose_knows_its_section_and_line():
    blocks = read(SOURCE)[0].blocks
    assert [block.sections for block in blocks] == [("Abstract",), ("Introduction",)]
    assert blocks[0].text == "We present WaderPose, a small network. Others reach 20.0 mm PA-MPJPE [cite]."
    assert "We present" in MAIN_TEX.split("\n")[blocks[0].line - 1]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"$34.5_{\pm 0.2}$", "34.5±0.2"),
        (r"\textbf{34.5} $\pm$ 0.2", "34.5 ± 0.2"),
        (r"AP$_{50}^{\text{box}}$", "AP50box"),
        (r"$10^{6}$", "10^6"),
        (r"$224^2$", "224^2"),
        (r"Ours$^{\dagger}$", "Ours†"),
        (r"86.5\%", "86.5%"),
        (r"12\,345 and 7.59\,M", "12345 and 7.59 M"),
        (r"1{,}234", "1,234"),
        (r"\textcolor{red}{\underline{5.0}}", "5.0"),
        (r"\cellcolor[HTML]{EFEFEF}\bf 5.0", "5.0"),
        (r"{\color{gray} 5.0}", "5.0"),
        (r"\makecell[l]{two \\ lines}", "two lines"),
        (r"\begin{tabular}[c]{@{}l@{}}two\\ lines\end{tabular}", "two lines"),
        (r"a~\cite{x,y} b \citet*[p.~3]{z}", "a [cite] b [cite]"),
        (r"\href{https://example.org}{here}", "here"),
        (r"\scalebox{0.9}[0.8]{small}", "small"),
        (r"\ding{51} \ding{55} \checkmark", "✓ ✗ ✓"),
        (r"Garc\'ia, M\"uller, \v{S}, \c{c}", "García, Müller, Š, ç"),
        (r"ConvNeXt\texttt{-}T\footnote{trained twice}", "ConvNeXt-T"),
        (r"\unknown{kept} \alsounknown", "kept"),
        (r"`quoted' ``twice''", "'quoted' \"twice\""),
        (r"a -- b --- c", "a – b — c"),
        (r"\phantom{0}5.1", "5.1"),
        (r"\raisebox{1pt}{\rotatebox{90}{up}}", "up"),
        ("", ""),
    ],
)
def test_what_latex_shows(source, shown):
    assert visible(source, Macros()) == shown


def test_commands_of_the_authors():
    macros = macros_of(
        [
            r"\newcommand{\a}{Wader\b} \newcommand\b{Pose} \def\c{\textbf{x}} \renewcommand*{\b}{Net} \providecommand{\b}{No} \newcommand{\d}[1]{#1} \newcommand{\e}{E\xspace}"
        ]
    )
    assert visible(r"\a{} \a-M \c{} \d{kept} \e is \e.", macros) == "WaderNet WaderNet-M x kept E is E."


def test_commands_with_arguments():
    macros = macros_of(
        [r"\newcommand{\res}[2]{#1$\pm$#2} \def\two#1#2{#2 of #1} \newcommand{\opt}[2][best]{#2 (#1)} \newcommand{\un}[1]{\underline{#1}}"]
    )
    assert visible(r"\res{34}{2} \two{a}{b} \opt{5} \opt[last]{6} \un{\res{1}{2}}-M", macros) == "34±2 b of a 5 (best) 6 (last) 1±2-M"
    assert visible(r"\nobody{34}{2}", macros) == "34 2", "two numbers never make a third"


def test_spans():
    rows = r"\multirow{3}{*}{A} & x & \multirow{2}{*}[1pt]{\textbf{7}} \\ & y & \\ & z & 8 \\ \multicolumn{3}{c}{all} \\ a & \multicolumn{2}{c}{two}"
    found = tables(tabular(rows))[0]
    assert texts(found) == [["A", "x", "7"], ["A", "y", "7"], ["A", "z", "8"], ["all"] * 3, ["a", "two", "two"]]
    assert [cell.spanned for cell in found.rows[1]] == [True, False, True]
    assert found.rows[0][2].emphasized


def test_a_span_that_reaches_up():
    assert texts(tables(tabular(r"h & i \\ \hline & 1 \\ \multirow{-2}{*}{A} & 2 \\", "lc"))[0]) == [["h", "i"], ["A", "1"], ["A", "2"]]


@pytest.mark.parametrize(
    ("rows", "headers"),
    [
        (r"\toprule a & b \\ \midrule c & 1 \\ d & 2 \\ \bottomrule", 1),
        (r"\hline a & b & c \\ \cline{2-3} x & y & z \\ \hline c & 1 & 2 \\ \hline d & 2 & 3 \\ \hline", 2),
        (r"\hline\hline a & b & c \\ \hline c & 1 & 2 \\ d & 3 & 4", 1),
        (r"a & b & c \\ c & 1 & 2 \\ d & 3 & 4", 0),
        (r"a & b & c \\ c & 1 & 2 \\ d & 3 & 4 \\ \midrule e & 5 & 6", 1),
        (r"\toprule\rowcolor{gray!10} a & b \\ \specialrule{.1em}{.05em}{.05em} \rowcolor[gray]{.9} c & 1 \\", 1),
    ],
)
def test_where_the_header_ends(rows, headers):
    assert tables(tabular(rows))[0].header_rows == headers


@pytest.mark.parametrize(
    "environment",
    [
        r"\begin{tabular*}{\linewidth}{@{\extracolsep{\fill}}lc}%s\end{tabular*}",
        r"\begin{tabularx}{\textwidth}[t]{lX}%s\end{tabularx}",
        r"\begin{tabulary}{1cm}{LC}%s\end{tabulary}",
        r"\begin{tabular}[t]{p{2cm}>{\bfseries}c}%s\end{tabular}",
        r"\scriptsize\setlength{\tabcolsep}{2pt}\begin{tabular}{l|c}%s\end{tabular}",
    ],
)
def test_environments_of_tables(environment):
    text = r"\begin{table}" + environment % r"\toprule a\_b & c \& d \\ \midrule e & 1\% \\" + r"\caption[short]{C \textbf{d}.}\end{table}"
    found = tables(text)
    assert texts(found[0]) == [["a_b", "c & d"], ["e", "1%"]]
    assert found[0].caption == "Table 1: C d."


def test_a_long_table_is_numbered_too():
    long = r"\begin{longtable}{lc}\caption{Long.}\\ \hline a & b \\ \hline \endfirsthead \hline a & b \\ \endhead c & 1 \\ d & 2 \\ \end{longtable}"
    found = tables(tabular(r"x & y \\ z & 1") + long)
    assert [table.caption for table in found] == ["Table 1: Results.", "Table 2: Long."]
    assert ["d", "2"] in texts(found[1])


def test_captions_of_tables_side_by_side():
    one = r"\begin{minipage}{.4\linewidth}\caption{First.}\begin{tabular}{lc}a & 1\\ b & 2\end{tabular}\end{minipage}"
    two = r"\begin{minipage}{.4\linewidth}\begin{tabular}{lc}c & 3\\ d & 4\end{tabular}\captionof{table}{Second.}\end{minipage}"
    sub = r"\begin{subtable}{.5\linewidth}\begin{tabular}{lc}e & 5\\ f & 6\end{tabular}\caption{Part.}\end{subtable}\caption{Third.}"
    found = tables(rf"\begin{{table}}{one}\hfill{two}\end{{table}}\begin{{table}}{sub}\end{{table}}")
    assert [table.caption for table in found] == ["Table 1: First.", "Table 2: Second.", "Table 3: Third. Part."]


def test_figures_are_not_tables():
    figure = r"\begin{figure}\begin{tabular}{cc}\includegraphics{a} & \includegraphics{b} \\ (a) & (b)\end{tabular}\caption{Pictures.}\end{figure}"
    assert [table.caption for table in tables(figure + tabular(r"x & y \\ z & 1"))] == ["Table 1: Results."]


def test_what_is_commented_out_is_not_there():
    text = (
        "\\begin{comment}"
        + tabular(r"a & b \\ c & 1")
        + "\\end{comment}\\iffalse "
        + tabular(r"a & b \\ c & 2")
        + "\\fi\n% "
        + tabular(r"a & b \\ c & 3")
    )
    found = tables(text + "\n" + tabular("a & b \\\\\nc & 4\\% % \\\\ d & 5\n\\\\ e & 6"))
    assert len(found) == 1
    assert texts(found[0]) == [["a", "b"], ["c", "4%"], ["e", "6"]]
    assert found[0].rows[1][1].line == 5


def test_the_main_file_is_the_one_that_brings_most():
    document = "\\documentclass{article}\n\\begin{document}"
    files = {
        "supp.tex": f"{document} short",
        "ms.tex": f"{document}\\input{{part}}",
        "part.tex": "long " * 50,
        "old.tex": "% \\documentclass{article}",
    }
    assert main_file(files) == "ms.tex"
    assert main_file({"a.tex": "no class"}) is None
    with pytest.raises(FormatError, match="holds no LaTeX document"):
        read({"a.tex": "no class"})


def test_inputs_are_found_beside_the_main_file_and_nowhere_else():
    files = {
        "src/main.tex": "\\documentclass{a}\\begin{document}[\\input{a}|\\include{sub/b}|\\input ../../etc/passwd |\\subfile{/abs}|\\import{sub/}{c}]",
        "src/a.tex": "A",
        "src/sub/b.tex": "B\\input{c}",
        "src/sub/c.tex": "C",
    }
    flat = flattened(files, "src/main.tex")
    assert [word in flat.text for word in ("A", "B", "C")] == [True] * 3
    assert "passwd" in flat.text, "what is not in the archive stays as it is written"
    assert flat.place(flat.text.index("B")) == ("src/sub/b.tex", 1)


def test_lines_of_windows():
    outlines = read({name: text.replace("\n", "\r\n") for name, text in SOURCE.items()})
    assert outlines[1].tables[0].rows[-1][0].line == read(SOURCE)[1].tables[0].rows[-1][0].line
