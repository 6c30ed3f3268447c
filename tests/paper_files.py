"""Papers made for tests: LaTeX sources, packed as arXiv packs them, and PDFs with tables between rules or in a grid."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Sequence

from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

TITLE = "WaderPose: Fast Pose Estimation at the Waterline"
PROTOCOL_1 = (
    ("Chen et al. [56]", "10.91", "34.00M", "47.3"),
    ("Moon et al. [30]", "9.90", "34.30M", "35.2"),
    ("Sun et al. [4]", "8.80", "33.00M", "40.6"),
    ("Ours-M", "2.82", "7.59M", "34.5"),
    ("Ours-L", "4.30", "8.38M", "32.8"),
)
PROTOCOL_2 = (
    ("Chen et al. [56]", "10.91", "34.00M", "58.3"),
    ("Moon et al. [30]", "9.90", "34.30M", "54.4"),
    ("Sun et al. [4]", "8.80", "33.00M", "49.6"),
    ("Ours-M", "2.82", "7.59M", "51.05"),
    ("Ours-L", "4.30", "8.38M", "49.75"),
)
NUMBERS = {
    ("Ours-M", "gflops", 2.82), ("Ours-M", "params", 7.59), ("Ours-M", "PA MPJPE", 34.5), ("Ours-M", "MPJPE", 51.05),
    ("Ours-L", "gflops", 4.30), ("Ours-L", "params", 8.38), ("Ours-L", "PA MPJPE", 32.8), ("Ours-L", "MPJPE", 49.75),
}  # fmt: skip

MAIN_TEX = r"""\documentclass[10pt]{article}
\usepackage{booktabs,multirow}
\newcommand{\method}{WaderPose\xspace}
\def\own{Ours}
\title{\method: Fast Pose Estimation \\ at the Waterline}
\begin{document}
\maketitle
\begin{abstract}
We present \method, a small network. % 99.9 mm, says nobody
Others reach 20.0 mm PA-MPJPE \cite{chen}.
\end{abstract}
\section{Introduction}
Waders walk along the shore, and we follow them~\cite{moon}.

\input{sections/experiments}
\bibliography{refs}
\end{document}
"""
EXPERIMENTS_TEX = r"""\section{Experiments}
\begin{table}[t]
  \centering
  \caption{PA MPJPE on Human3.6M under protocol 1, in mm.}\label{tab:p1}
  \resizebox{\linewidth}{!}{%
  \begin{tabular}{l|cc|c}
    \toprule
    \multirow{2}{*}{Method} & \multicolumn{2}{c|}{Cost} & \multirow{2}{*}{PA MPJPE $\downarrow$} \\ \cmidrule(lr){2-3}
    & GFLOPS & Param & \\
    \midrule
    Chen \etal~\cite{chen} & 10.91 & 34.00M & 47.3 \\
    Moon \etal~\citep[Table 2]{moon} & 9.90 & 34.30M & 35.2 \\
    Sun~\cite{sun} & 8.80 & 33.00M & 40.6 \\
    % \own-XL & 1.00 & 1.00M & 1.0 \\
    \own-M & 2.82 & 7.59M & \underline{34.5} \\
    \textbf{\own-L} & \textbf{4.30} & 8.38M
      & $\mathbf{32.8}$ \\[2pt]
    \bottomrule
  \end{tabular}}
\end{table}
\include{tables/second.tex}
"""
SECOND_TEX = r"""\begin{table*}
  \begin{tabular}{@{}lrrr@{}}
    \hline
    Method & GFLOPS & Param & MPJPE \\ \hline
    Chen~\cite{chen} & 10.91 & 34.00M & 58.3 \\
    Moon~\cite{moon} & 9.90 & 34.30M & 54.4 \\
    Sun~\cite{sun} & 8.80 & 33.00M & 49.6 \\
    \own-M & 2.82 & 7.59M & 51.05 \\
    \own-L & 4.30 & 8.38M & 49.75 \\ \hline
  \end{tabular}
  \caption{MPJPE on Human3.6M under protocol 2, in mm.}
\end{table*}
"""
SOURCE = {"main.tex": MAIN_TEX, "sections/experiments.tex": EXPERIMENTS_TEX, "tables/second.tex": SECOND_TEX}


def packed(files: dict[str, str | bytes]) -> bytes:
    """Return files as arXiv packs them: a tar in gzip."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def single(text: str) -> bytes:
    """Return one file as arXiv packs it: gzip without a tar."""
    return gzip.compress(text.encode())


def table(
    canvas: Canvas, x: float, y: float, widths: Sequence[int], rows: Sequence[Sequence[str]], *, headers: int = 1, ruled: bool = False
) -> float:
    """Draw a table, between three rules or in a grid, and return the y below it."""
    total, size, top = sum(widths), 9, y
    canvas.line(x, y, x + total, y)
    for number, row in enumerate(rows):
        y -= 13
        left = x
        for column, (width, text) in enumerate(zip(widths, row, strict=True)):
            canvas.setFont("Times-Roman", size)
            if column == 0:
                canvas.drawString(left + 4, y + 2, text)
            else:
                canvas.drawCentredString(left + width / 2, y + 2, text)
            left += width
        if ruled or number in (headers - 1, len(rows) - 1):
            canvas.line(x, y - 2, x + total, y - 2)
            y -= 2
    edges = [x + sum(widths[:n]) for n in range(len(widths) + 1)] if ruled else []
    for edge in edges:
        canvas.line(edge, top, edge, y)
    return y - 14


def lines(canvas: Canvas, x: float, y: float, texts: Sequence[str], size: int = 9) -> float:
    """Draw lines of text and return the y below them."""
    canvas.setFont("Times-Roman", size)
    for text in texts:
        canvas.drawString(x, y, text)
        y -= 1.25 * size
    return y


def paper_pdf(pages: int = 3, *, title: str = TITLE, encrypt: str = "") -> bytes:
    """Return a paper of two columns: a booktabs table on page 2, one in a grid on page 3, prose on all others."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=letter, invariant=True, encrypt=encrypt or None)
    prose = ["We walk along the shore and measure poses", "of waders with a small network, slowly.", "Nothing here is a table or a number."]
    for number in range(1, pages + 1):
        if number == 1:
            canvas.setFont("Times-Bold", 16)
            canvas.drawCentredString(306, 740, title)
            lines(canvas, 54, 700, ["Abstract"], 12)
        for column in (54, 318):
            y = 660.0
            while y > 420:
                y = lines(canvas, column, y, prose) - 4
        header = ("Method", "GFLOPS", "Param")
        if number == 2:
            y = lines(canvas, 318, 400, ["Table 1: PA MPJPE on Human3.6M under", "protocol 1, in mm."])
            table(canvas, 318, y, (90, 50, 50, 50), ((*header, "PA MPJPE"), *PROTOCOL_1))
        if number == 3:
            y = table(canvas, 54, 400, (90, 50, 50, 50), ((*header, "MPJPE"), *PROTOCOL_2), ruled=True)
            lines(canvas, 54, y, ["Table 2. MPJPE on Human3.6M under protocol 2,", "in mm."])
        canvas.showPage()
    canvas.save()
    return out.getvalue()
