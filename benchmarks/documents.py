"""What reading documents costs: seconds and memory for a long README, a picture of a table, and a paper of 40 pages.

    python -m benchmarks.documents

Each is read in a process of its own, from nothing to claims; peak memory is that of the largest process that took part, workers
included. README and papers are generated here, the picture is the demo's. "Start" is an interpreter that imports the readers and
reads nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

LINES = 2_600
PAGES = 40
RUNS = 3

READ = """
import json, sys, time
from pathlib import Path
from auditor.claims.extraction import extract_claims
from auditor.claims.interface import ClaimContext
kind, path = sys.argv[1], Path(sys.argv[2])
begun = time.perf_counter()
tables, outlines = 0, []
if kind == "readme":
    from auditor.documents.reading import read_documents
    from auditor.documents.links import classify_links
    outlines = read_documents(lambda _: path.read_bytes(), ["README.md"], "lab/WaderPose").outlines
    classify_links(outlines, "lab/WaderPose")
elif kind == "picture":
    from auditor.documents.pictures import PictureFile, read_pictures
    tables = sum(hasattr(table, "rows") for table in read_pictures([PictureFile("table.png", path.read_bytes())]))
elif kind == "pdf":
    from auditor.documents.pdf import read_pdf
    outlines = [read_pdf(path.read_bytes(), "paper.pdf", "paper:paper.pdf")]
elif kind == "latex":
    from auditor.documents.latex import read_latex
    from auditor.gathering.paper_archive import unpacked
    outlines = read_latex(unpacked(path.read_bytes(), "arxiv:1").files, "arxiv:1", "paper:arxiv:1", "0" * 64)
claims = extract_claims(outlines, ClaimContext("lab/WaderPose", "WaderPose"))
print(json.dumps([time.perf_counter() - begun, tables + sum(len(outline.tables) for outline in outlines), len(claims)]))
"""
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
print(done.stdout.strip() or done.stderr[-2000:])
"""


def readme() -> str:
    """Return a README of `LINES` lines: sections with prose, links, a table of twenty rows and a block of commands each."""
    lines = ["# WaderPose", "", "This is the official implementation of [WaderPose](https://arxiv.org/abs/2501.01234).", ""]
    while len(lines) < LINES:
        part = len(lines) // 50
        lines += [
            f"## Part {part}",
            "",
            f"We provide models of part {part} on [Drive](https://drive.google.com/file/d/{part:033}/view).",
            "",
        ]
        lines += ["| Model | Params | FLOPs | AP | Download |", "| --- | ---: | ---: | ---: | --- |"]
        for row in range(20):
            url = f"https://example.org/releases/download/v{part}/wader_{row}.pth"
            lines.append(f"| WaderPose-{part}-{row} | {row + 5}.1M | {row}.2G | 4{row % 10}.3 | [model]({url}) |")
        lines += ["", "```bash", *(f"python tools/test.py --model wader_{part}_{row} --eval AP" for row in range(8)), "```", ""]
        lines += [f"- Item {row} says that poses of waders are [measured](docs/poses.md) in pixels." for row in range(10)] + [""]
    return "\n".join(lines[:LINES]) + "\n"


def pdf() -> bytes:
    """Return a paper of `PAGES` dense pages in two columns, a table on every fourth."""
    import io

    from paper_files import PROTOCOL_1, TITLE, lines, table
    from reportlab.lib.pagesizes import letter
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=letter, invariant=True)
    for number in range(PAGES):
        if number == 0:
            lines(canvas, 54, 750, [TITLE], 16)
        for column in (54, 318):
            y = 720.0
            if number % 4 == 1 and column == 318:
                y = lines(canvas, column, y, [f"Table {number // 4 + 1}: PA MPJPE on Human3.6M, in mm."])
                y = table(
                    canvas, column, y, (90, 50, 50, 50), (("Method", "GFLOPS", "Param", "PA MPJPE"), *PROTOCOL_1), ruled=number % 8 == 1
                )
            while y > 60:
                y = lines(canvas, column, y, ["We walk along the shore and we measure how waders stand in it"], 9)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def latex() -> bytes:
    """Return the packed source of a long paper: forty sections with prose and a table each."""
    from paper_files import EXPERIMENTS_TEX, MAIN_TEX, SECOND_TEX, packed

    prose = "We walk along the shore~\\cite{a} and we measure how \\textbf{waders} stand in it.\n" * 40 + "\n"
    files: dict[str, str | bytes] = {
        f"part{n}.tex": prose + EXPERIMENTS_TEX.replace("\\include{tables/second.tex}", SECOND_TEX) for n in range(PAGES)
    }
    inputs = "".join(f"\\input{{part{n}}}\n" for n in range(PAGES))
    return packed({"main.tex": MAIN_TEX.replace("\\input{sections/experiments}", inputs), **files})


def measure(kind: str, path: Path) -> tuple[float, float, int, int]:
    """Return seconds, MB, tables and claims of reading one document: the fastest of `RUNS` runs. Raises `SystemExit` where it fails."""
    best: tuple[float, float, int, int] | None = None
    for _ in range(RUNS):
        command = [sys.executable, "-c", MEASURE, sys.executable, "-c", READ, kind, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
        peak, _, answer = done.stdout.partition("\n")
        try:
            seconds, tables, claims = json.loads(answer)
        except ValueError:
            raise SystemExit(f"{kind} failed:\n{answer}") from None
        best = min(best or (seconds, float(peak), tables, claims), (seconds, float(peak), tables, claims))
    assert best is not None
    return best


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        picture = ROOT / "auditor" / "demo" / "files" / "shorewalk_aligned.png"
        documents = {"README.md": readme().encode(), "paper.pdf": pdf(), "paper.tar.gz": latex(), "nothing": b""}
        for file, data in documents.items():
            (folder / file).write_bytes(data)
        rows = [
            ("start", "nothing", folder / "nothing"),
            (f"README of {LINES:,} lines", "readme", folder / "README.md"),
            ("picture of a table", "picture", picture),
            (f"PDF of {PAGES} pages", "pdf", folder / "paper.pdf"),
            (f"LaTeX source of {2 * PAGES} tables", "latex", folder / "paper.tar.gz"),
        ]
        print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}, fastest of {RUNS}\n")
        print("| document | bytes | seconds | peak memory | tables | claims |\n| --- | ---: | ---: | ---: | ---: | ---: |")
        for title, kind, path in rows:
            seconds, megabytes, tables, claims = measure(kind, path)
            print(f"| {title} | {path.stat().st_size:,} | {seconds:.2f} | {megabytes:.0f} MB | {tables} | {claims} |")


if __name__ == "__main__":
    main()
