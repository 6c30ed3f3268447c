"""Situations that an agent is asked about, with the truth known by construction: tables and sentences are written from it, not read."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field, replace

from checks.making_facts import L, M, S, facts, network
from paper_files import SOURCE, paper_pdf

from auditor.agent.proposals import ClaimProposal, Place
from auditor.claims.extraction import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.demo.world import DEMO_TARGET, demo_transport
from auditor.documents.latex import read_latex
from auditor.documents.links import classify_links
from auditor.documents.outline import outline
from auditor.documents.pdf import read_pdf
from auditor.facts import Document, Outline, numbered
from auditor.findings import AuditReport
from auditor.kit import default_kit
from auditor.net import Network
from auditor.options import AuditOptions
from auditor.pipeline import Seen, conclude, look
from auditor.progress import Silent

NAME = "heron-lab/HeronNet"


@dataclass(frozen=True)
class Column:
    """A column: its header as printed, and the attribute and unit that a reader would give."""

    header: str
    attribute: str
    unit: str | None = None
    setting: str = ""
    scale: str = ""  # printed behind each number


@dataclass(frozen=True)
class Truth:
    """One true claim, with its quote and line, and what else stands beside it for lies to take."""

    world: str
    variant: str
    attribute: str
    value: object
    unit: str | None
    setting: str
    document: str
    line: int | None
    quote: str
    printed: str
    siblings: tuple[tuple[str, object], ...] = ()  # other own variants with their values of the attribute
    others: tuple[tuple[str, object], ...] = ()  # other attributes of the same row with their values

    def proposal(self, **changes: object) -> ClaimProposal:
        """Return the proposal, or one with changes; `document`, `line` and `quote` are the place's."""
        given = {**{name: getattr(self, name) for name in ("variant", "attribute", "value", "unit", "setting")}, **changes}
        place = {name: given.pop(name, getattr(self, name)) for name in ("document", "line", "quote")}
        return ClaimProposal(**given, place=Place(**place))


@dataclass
class Writer:
    """Writes a document line by line and remembers what is true in it."""

    world: str
    path: str = "README.md"
    lines: list[str] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)

    def add(self, *lines: str) -> int:
        """Add lines and return the number of the last."""
        for line in lines:
            self.lines += line.split("\n")
        return len(self.lines)

    def table(
        self, columns: list[Column], rows: list[tuple[str, list[str]]], own: set[str], name: str = "Model", *, html: bool = False
    ) -> None:
        """Add a table; `own` are the names whose numbers are claims of the authors."""
        if html:
            self.add("<table>", "<tr><th>" + "</th><th>".join([name, *(c.header for c in columns)]) + "</th></tr>")
        else:
            self.add("| " + " | ".join([name, *(c.header for c in columns)]) + " |", "|" + " --- |" * (len(columns) + 1))
        places = {}
        for label, cells in rows:
            text = (
                f"<tr><td>{label}</td><td>" + "</td><td>".join(cells) + "</td></tr>" if html else f"| {label} | " + " | ".join(cells) + " |"
            )
            places[label] = (self.add(text), text)
        self.add("</table>", "") if html else self.add("")
        for label, cells in rows:
            if label not in own:
                continue
            line, text = places[label]
            for n, column in enumerate(columns):
                if not column.attribute:
                    continue
                quote = text if n % 2 else " ".join([label, *cells])
                self.truths.append(
                    Truth(
                        self.world, label.strip("*"), column.attribute, value(cells[n]), column.unit, column.setting if n % 2 else "", self.path, line, quote,
                        cells[n], tuple((o.strip("*"), value(c[n])) for o, c in rows if o != label and o in own and value(c[n]) != value(cells[n])),
                        tuple((c.attribute, value(cells[m])) for m, c in enumerate(columns) if m != n and c.attribute and value(cells[m]) != value(cells[n])),
                    )
                )  # fmt: skip

    def said(self, sentence: str, *claims: tuple[str, str, object, str | None], before: str = "") -> None:
        """Add a paragraph of a sentence with what it says."""
        line = self.add(before + sentence if before else sentence)
        self.add("")
        for variant, attribute, number, unit in claims:
            rest = tuple((a, v) for _, a, v, _ in claims if a != attribute)
            self.truths.append(Truth(self.world, variant, attribute, number, unit, "", self.path, line, sentence, str(number), (), rest))

    def outline(self, role: str = "readme") -> Outline:
        """Return the document as the readers see it."""
        text = "\n".join(self.lines) + "\n"
        return outline(Document(self.path, text, hashlib.sha256(text.encode()).hexdigest(), f"document:{self.path}", role))


def value(cell: str) -> object:
    """Return the number of a cell as its author means it: without marks, deviation and parentheses."""
    digits = cell.strip("*~ ").split("±")[0].split("(")[0].split(" ")[0].strip().rstrip("%MGKm*")
    number = float(digits.replace(",", "").replace("−", "-"))
    return int(number) if number.is_integer() and "." not in digits else number


def readme() -> Writer:
    """Return a README with a zoo, a comparison with baselines, a transposed table, data sets over columns, HTML, and sentences."""
    w = Writer("heron")
    w.add("# HeronNet: counting herons from above", "", "Code of HeronNet.", "", "## Model zoo on ImageNet-1K", "")
    zoo = [
        Column("#Params", "params", "M"),
        Column("FLOPs", "gflops", "G"),
        Column("Top-1", "top-1", None, "ImageNet-1K"),
        Column("Input", ""),
    ]
    rows = [
        ("HeronNet-XS", ["3.53M", "0.82G", "70.4", "224x224"]), ("HeronNet-S", ["7.44M", "1.75G", "74.9", "224x224"]),
        ("HeronNet-M", ["12.59M", "2.82G", "77.1", "224x224"]), ("HeronNet-L", ["28.38M", "4.30G", "79.8", "224x224"]),
        ("HeronNet-XL", ["1,234.5M", "15.40G", "80.3", "384x384"]),
    ]  # fmt: skip
    w.table(zoo, rows, {r[0] for r in rows})
    w.add("## Comparison on WaterBird", "", "Errors in mm; MPJPE after alignment.", "")
    against = [Column("MPJPE (mm)", "MPJPE", "mm"), Column("PCK (%)", "PCK", "%"), Column("Param", "params", "M"), Column("FPS", "FPS")]
    rows = [
        ("Egret et al. [12]", ["47.3", "86.5", "34.00M", "12"]), ("Stork (CVPR 2021)", ["44.1", "88.0", "25.10M", "31"]),
        ("ResNet-50", ["52.9", "80.2", "25.56M", "44"]), ("Ours-S", ["41.6 ± 0.3", "91.2 (25.4%)", "7.44M", "60"]),
        ("Ours-M", ["38.2 ± 0.4", "92.7 (20.1%)", "12.59M", "48"]), ("**Ours-L**", ["35.9 ± 0.2", "93.9 (18.8%)", "28.38M", "33"]),
    ]  # fmt: skip
    w.table(against, rows, {"Ours-S", "Ours-M", "**Ours-L**"}, "Method")
    w.add("## Detection", "")
    sets = [
        Column("COCO AP", "AP", None, "COCO"),
        Column("LVIS AP", "AP", None, "LVIS"),
        Column("COCO AP50", "AP50", None, "COCO"),
        Column("Δ", ""),
    ]
    rows = [
        ("HeronNet-S", ["40.1", "30.2", "60.3", "−1.2"]), ("HeronNet-M", ["42.4", "32.5", "62.6", "−0.7"]),
        ("HeronNet-L", ["44.7", "34.8", "64.9", "0.0"]),
    ]  # fmt: skip
    w.table(sets, rows, {r[0] for r in rows}, "Backbone")
    w.add("## Segmentation", "")
    segmentation = [Column("mIoU", "mIoU"), Column("Params (M)", "params", "M"), Column("GFLOPs", "gflops", "G")]
    rows = [("HeronNet-B0", ["37.4", "3.8", "8.4"]), ("HeronNet-B1", ["42.2", "13.7", "15.9"]), ("HeronNet-B2", ["46.5", "27.5", "62.4"])]
    w.table(segmentation, rows, {r[0] for r in rows}, "Method", html=True)
    w.add("## Across", "")
    start = w.add("| | HeronNet-S | HeronNet-M | HeronNet-L |", "| --- | --- | --- | --- |")
    names = ("HeronNet-S", "HeronNet-M", "HeronNet-L")
    for attribute, unit, cells in (
        ("Params", "M", ("7.44M", "12.59M", "28.38M")),
        ("AUC", None, ("0.811", "0.832", "0.853")),
        ("Recall", None, ("66.1", "68.2", "70.3")),
    ):
        text = f"| {attribute} | " + " | ".join(cells) + " |"
        line = w.add(text)
        for name, cell in zip(names, cells, strict=True):
            siblings = tuple((o, value(c)) for o, c in zip(names, cells, strict=True) if o != name)
            w.truths.append(Truth("heron", name, attribute, value(cell), unit, "", w.path, line, text, cell, siblings))
    assert start
    w.add("", "## What to expect", "")
    sentences(w)
    w.add("## Links", "")
    for n, host in enumerate(("zoo.heron.example", "drive.google.com/file/d", "huggingface.co/heron-lab", "files.heron-lab.org"), 1):
        w.add(f"- page of run {n}: https://{host}/run{n}/index", "")
    w.add("Mirror (slow): [old weights](http://mirror.heron-lab.org/old/weights.tar).", "")
    w.add("<!-- formerly https://old.heron-lab.org/heron_old.pth -->", "")
    w.add("```", "wget https://files.heron-lab.org/heron_large.pth -P weights", "```")
    return w


def sentences(w: Writer) -> None:
    """Add sentences that say what no table does."""
    w.said("HeronNet-T has 1.26M parameters.", ("HeronNet-T", "params", 1.26, "M"))
    w.said("HeronNet-T needs 0.21 GFLOPs.", ("HeronNet-T", "gflops", 0.21, "G"))
    w.said(
        "HeronNet-N contains 0.63M trainable parameters and 0.11 GFLOPs.",
        ("HeronNet-N", "params", 0.63, "M"),
        ("HeronNet-N", "gflops", 0.11, "G"),
    )
    w.said("On WaterBird, HeronNet-N reaches an MPJPE of 49.5 mm.", ("HeronNet-N", "MPJPE", 49.5, "mm"))
    w.said("HeronNet-T achieves 68.3% top-1 accuracy on ImageNet.", ("HeronNet-T", "top-1 accuracy", 68.3, "%"))
    w.said(
        "HeronNet-H uses 88.6M parameters, and its mIoU is 51.2.", ("HeronNet-H", "params", 88.6, "M"), ("HeronNet-H", "mIoU", 51.2, None)
    )
    w.said("Our HeronNet-H obtains 55.4 AP50.", ("HeronNet-H", "AP50", 55.4, None))
    w.said("**HeronNet-G** has *197.8M* parameters.", ("HeronNet-G", "params", 197.8, "M"))
    w.said("HeronNet-G: 34.4 GFLOPs", ("HeronNet-G", "gflops", 34.4, "G"), before="* ")
    w.said("The depths of HeronNet-T are 2, 2, 6, 2.", ("HeronNet-T", "depths", [2, 2, 6, 2], None))
    w.said("HeronNet-T has dims (24, 48, 96, 192).", ("HeronNet-T", "dims", [24, 48, 96, 192], None))
    w.said("HeronNet-G has depths [3, 3, 27, 3].", ("HeronNet-G", "depths", [3, 3, 27, 3], None))
    w.add("### HeronNet-Q", "")
    w.said("It has 0.41M parameters.", ("HeronNet-Q", "params", 0.41, "M"))
    w.said("The mAP is 33.7 on COCO.", ("HeronNet-Q", "mAP", 33.7, None))
    w.add("### More", "")
    w.said("HeronNet-P scores 71.9 F1.", ("HeronNet-P", "F1", 71.9, None))
    w.said("HeronNet-P yields a PSNR of 31.02.", ("HeronNet-P", "PSNR", 31.02, None))
    w.said("With HeronNet-R we get an accuracy of 88.1%.", ("HeronNet-R", "accuracy", 88.1, "%"))
    w.said("We obtain 2.31 WER with HeronNet-R.", ("HeronNet-R", "WER", 2.31, None))
    w.said("HeronNet-U reaches FID 3.27.", ("HeronNet-U", "FID", 3.27, None))
    w.said("HeronNet-U has 1.02B parameters.", ("HeronNet-U", "params", 1.02, "B"))
    w.said("HeronNet-V has 640K parameters.", ("HeronNet-V", "params", 640, "K"))
    w.said("HeronNet-V gets 45.6 mIoU.", ("HeronNet-V", "mIoU", 45.6, None))
    w.said("HeronNet-W has 3.1 million parameters.", ("HeronNet-W", "params", 3.1, "M"))


TRAPS = """
HeronNet-Z outperforms Egret by 2.1 mAP.
HeronNet-Z could reach 60.1 mIoU with more data.
HeronNet-Z has up to 9.9M parameters.
HeronNet-Z has 30-40M parameters.
HeronNet-Z has not 5.5M parameters.
Egret et al. have 34.2M parameters.
ResNet-50 has 25.6M parameters.
HeronNet-Y and HeronNet-Z have 4.4M and 5.1M parameters, respectively.
HeronNet-Y has fewer than 6.6M parameters.
In contrast to HeronNet-Y, ConvNeXt-L has 197.7M parameters.
HeronNet-Y improves the baseline to 81.9 mAP.
HeronNet-Y runs on an RTX 3090 with 24 GB.
HeronNet-Z (not released) needs an MPJPE < 40.4 mm.
"""

CONFIG = """
class Config:
    backbone = "heron"
    depths = [2, 2, 6, 2]
    dims = [40, 80, 160, 320]
    # depths = [3, 3, 9, 3]
    input_size = (256, 192)
    epochs = 70


VARIANTS = {
    "heron_s": {"depths": [3, 3, 9, 3], "dims": [48, 96, 192, 384]},
    "heron_l": {"depths": [3, 3, 27, 3], "dims": [192, 384, 768, 1536]},
}
"""


@functools.cache
def heron() -> tuple[Seen, AuditReport, tuple[Truth, ...]]:
    """Return the world of the README and its settings, with what is true in it."""
    w = readme()
    w.add("", "## Notes", "", *TRAPS.strip().replace("\n", "\n\n").split("\n"))
    lines = CONFIG.split("\n")
    truths = list(w.truths)
    for variant, attribute, number, quote in (
        ("(unnamed)", "depths", [2, 2, 6, 2], "depths = [2, 2, 6, 2]"),
        ("(unnamed)", "dims", [40, 80, 160, 320], "dims = [40, 80, 160, 320]"),
        ("(unnamed)", "input", [256, 192], "input_size = (256, 192)"),
        ("(unnamed)", "epochs", 70, "epochs = 70"),
        ("heron_s", "depths", [3, 3, 9, 3], '"heron_s": {"depths": [3, 3, 9, 3], "dims": [48, 96, 192, 384]},'),
        ("heron_s", "dims", [48, 96, 192, 384], '"heron_s": {"depths": [3, 3, 9, 3], "dims": [48, 96, 192, 384]},'),
        ("heron_l", "depths", [3, 3, 27, 3], '"heron_l": {"depths": [3, 3, 27, 3], "dims": [192, 384, 768, 1536]},'),
    ):
        line = next(n for n, text in enumerate(lines, 1) if quote in text and "#" not in text)
        truths.append(Truth("heron", variant, attribute, number, None, "", "main/config.py", line, quote, str(number)))
    config = outline(Document("main/config.py", CONFIG, hashlib.sha256(CONFIG.encode()).hexdigest(), "document:main/config.py", "config"))
    outlines = (w.outline(), config)
    context = ClaimContext(NAME, w.lines[0].removeprefix("# "))
    tiny = network(12_590_000, depths=(2, 2, 6, 2))
    files = {"heron_S.pth": S, "heron_M.pth": tiny, "best.pth": replace(L, fingerprint="x"), "random.pth": M}
    links = classify_links(outlines[:1], NAME)
    made = facts(files, extract_claims(outlines, context), full_name=NAME)
    made = numbered(replace(made, links=(*made.links, *(replace(link, id=f"L{n}") for n, link in enumerate(links, 2)))))
    seen = Seen(made, outlines, context.title, lambda path: b"")
    return seen, conclude(made, default_kit()), tuple(truths)


@functools.cache
def demo() -> tuple[Seen, AuditReport, tuple[Truth, ...]]:
    """Return the demo's world, whose results stand in pictures alone."""
    kit = default_kit()
    seen = look(DEMO_TARGET, AuditOptions(), kit, Network(transport=demo_transport()), Silent())
    truths = []
    tables = {
        "assets/shorewalk_aligned.png": ("PA MPJPE", {"XS": ("41.6", "0.82", "3.53M"), "S": ("37.4", "1.75", "7.44M"), "M": ("35.8", "2.82", "7.59M"), "L": ("34.1", "4.30", "8.38M")}),
        "assets/shorewalk_absolute.png": ("MPJPE", {"XS": ("60.35", "0.82", "3.53M"), "S": ("54.90", "1.75", "7.44M"), "M": ("52.15", "2.82", "7.59M"), "L": ("50.40", "4.30", "8.38M")}),
    }  # fmt: skip
    for picture, (metric, rows) in tables.items():
        attributes = ((metric, "mm"), ("GFLOPS", "G"), ("Param", "M"))
        for size, cells in rows.items():
            for n, (attribute, unit) in enumerate(attributes):
                siblings = tuple((f"Ours-{o}", value(c[n])) for o, c in rows.items() if o != size)
                others = tuple((a, value(cells[m])) for m, (a, _) in enumerate(attributes) if m != n)
                quote = " | ".join((f"Ours-{size}", *cells))
                truths.append(
                    Truth("demo", f"Ours-{size}", attribute, value(cells[n]), unit, "", picture, None, quote, cells[n], siblings, others)
                )
    return seen, conclude(seen.facts, kit), tuple(truths)


@functools.cache
def wader() -> tuple[Seen, AuditReport, tuple[Truth, ...]]:
    """Return the world of two papers, LaTeX sources and a PDF, with what their tables say; two files go by other names."""
    outlines = (*read_latex(SOURCE, "arxiv:1", "paper:arxiv:1", "a" * 64), read_pdf(paper_pdf(), "paper.pdf", "paper:paper.pdf"))
    claims = extract_claims(outlines, ClaimContext("wader-lab/WaderPose"))
    made = facts({"large.pth": L, "final.pth": replace(L, fingerprint="x"), "WaderPose_S.pth": S}, claims, full_name="wader-lab/WaderPose")
    truths = []
    for n, (metric, cells) in enumerate({"PA MPJPE": {"M": "34.5", "L": "32.8"}, "MPJPE": {"M": "51.05", "L": "49.75"}}.items(), 2):
        for size, counts in {"M": ("2.82", "7.59M"), "L": ("4.30", "8.38M")}.items():
            other = {"M": ("L", ("4.30", "8.38M")), "L": ("M", ("2.82", "7.59M"))}[size]
            quote = f"Ours-{size} {counts[0]} {counts[1]} {cells[size]}"
            given = (
                ("GFLOPS", counts[0], "G", other[1][0]),
                ("Param", counts[1], "M", other[1][1]),
                (metric, cells[size], "mm", cells[other[0]]),
            )
            for attribute, printed, unit, rival in given:
                rest = tuple((a, value(p)) for a, p, _, _ in given if a != attribute)
                siblings = ((f"Ours-{other[0]}", value(rival)),)
                truths.append(
                    Truth("wader", f"Ours-{size}", attribute, value(printed), unit, "", "paper.pdf", n, quote, printed, siblings, rest)
                )
    for document in (o.document for o in outlines if o.document.path.endswith(".tex")):
        for n, text in enumerate(document.text.split("\n"), 1):
            for start, metric in ((r"    \own-M & 2.82 & 7.59M & \underline", "34.5"), (r"    \own-M & 2.82 & 7.59M & 51.05", "51.05")):
                if text.startswith(start):
                    attribute = "PA MPJPE" if metric == "34.5" else "MPJPE"
                    truths.append(Truth("wader", "Ours-M", attribute, value(metric), "mm", "", document.path, n, text.strip(), metric))
                    truths.append(Truth("wader", "Ours-M", "params", 7.59, "M", "", document.path, n, text.strip(), "7.59M"))
    return Seen(made, outlines, "", lambda path: b""), conclude(made, default_kit()), tuple(truths)
