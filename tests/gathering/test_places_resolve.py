"""Every locator of every claim resolves: the file's own bytes are opened again, without the readers, and the quote is where it says.

Pictures are cut at the cell's pixels and recognized once more; pages of papers are read by another library than the one that found
the table. The corpus is skipped where it is absent.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import queue
import re
import tarfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from paper_files import SOURCE, packed, paper_pdf
from PIL import Image

from auditor.claims.extraction import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.demo.internet import World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import DEMO_TARGET, demo_transport, demo_world
from auditor.documents.pictures import ask, ended, listen, start_worker
from auditor.facts import Claim
from auditor.gathering.given import read_given
from auditor.gathering.papers import gather_papers
from auditor.gathering.stages import see_claims
from auditor.net import Network
from auditor.progress import Silent

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FOLDERS = sorted(path.parent for path in CORPUS.glob("*/labels.json"))
LOGS = sorted((CORPUS.parent / "seeds").glob("*.md"))

Cells = list[tuple[Claim, Image.Image]]


def digits(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", text.replace(",", ""))


def lines_of(data: bytes) -> list[str]:
    return re.split(r"\r\n?|\n", data.decode("utf-8-sig"))


def reopened(claims: Iterable[Claim], read: Callable[[str], bytes], cells: Cells) -> int:
    """Hold claims of documents, code and pictures against the bytes; cells of pictures are collected to be recognized. Return the number."""
    count = 0
    for claim in claims:
        evidence = claim.evidence
        path, _, anchor = evidence.locator.rpartition("#")
        data = read(path)
        assert hashlib.sha256(data).hexdigest() == evidence.sha256, evidence
        assert evidence.quote, claim
        computed = claim.origin == "code" and re.search(r"[*/]|\w\[", evidence.quote)  # `input_shape[0] // 8`
        assert computed or set(digits(claim.printed)) <= set(digits(evidence.quote)), claim
        if anchor.startswith("xywh="):
            x, y, width, height = map(int, anchor.removeprefix("xywh=").split(","))
            with Image.open(io.BytesIO(data)) as picture:
                assert x + width <= picture.width, claim
                assert y + height <= picture.height, claim
                cells.append((claim, picture.convert("RGB").crop((x, y, x + width, y + height))))
        else:
            line = lines_of(data)[int(anchor.removeprefix("L")) - 1]
            assert evidence.quote in line, (evidence, line)
        count += 1
    return count


def recognized(cells: Cells) -> None:
    """Hold the recognized text of every cut cell against what the claim says was printed there; twelve cells to a sheet."""
    process, answers = start_worker(), queue.Queue()
    threading.Thread(target=listen, args=(process.stdout, answers), daemon=True).start()
    try:
        for start in range(0, len(cells), 12):
            group = cells[start : start + 12]
            sheet = Image.new("RGB", (max(cell.width for _, cell in group) + 60, sum(cell.height + 40 for _, cell in group)), "white")
            tops = []
            for _, cell in group:
                tops.append(sum(cut.height + 40 for _, cut in group[: len(tops)]))
                sheet.paste(cell, (30, tops[-1] + 20))
            out = io.BytesIO()
            sheet.save(out, "PNG")
            boxes = (ask(process, answers, out.getvalue(), time.monotonic() + 60) or {}).get("boxes", ())
            for (claim, cell), top in zip(group, tops, strict=True):
                text = " ".join(box[4] for box in boxes if top <= box[1] + box[3] / 2 < top + cell.height + 40)
                assert set(digits(claim.printed)) & set(digits(text)), (claim, text)
    finally:
        ended(process)


def test_every_claim_of_the_demo_stands_where_it_says():
    files = demo_world().repositories[0].files
    seen = see_claims(DEMO_TARGET, None, Network(transport=demo_transport()), Silent())
    cells: Cells = []
    assert reopened(seen.claims, lambda path: bytes(files[path]), cells) == len(seen.claims)
    assert {claim.origin for claim in seen.claims} >= {"picture", "code"}
    assert cells
    recognized(cells)


@pytest.mark.skipif(not FOLDERS, reason="the labelled repositories are not here")
def test_every_claim_of_the_corpus_stands_where_it_says():
    cells: Cells = []
    total = 0
    for folder in FOLDERS:
        root = folder / "repo"
        seen = see_claims(str(root), None, Network(transport=ReplicaAdapter(World())), Silent())
        total += reopened(seen.claims, lambda path, root=root: (root / path).read_bytes(), cells)
    assert total > 550
    assert len(cells) >= 12
    recognized(cells)


FORMS = {
    "README.md": "# Wader\r\n\r\n| Model | Params | Top-1 |\r\n|---|---|---|\r\n| wader-s | **7.4M** | 80.1<br>[w](x.pth) |\r\n\r\n"
    "[more](docs/zoo.rst), [page](docs/page.md)\x0c\r\nWader-s achieves 80.1% accuracy\u2028on ImageNet.\r\n",
    "docs/zoo.rst": "Zoo\n===\n\n======== ====== =====\nModel    Params mAP\n======== ====== =====\nwader-m  7.6M   41.5\nwader-l  8.4M   42.5\n"
    "======== ====== =====\n\n.. list-table::\n   :header-rows: 1\n\n   * - Model\n     - Params\n   * - wader-x\n     - 9.1M\n",
    "docs/page.md": "<table>\n<tr><th>Model</th>\n<th>Params</th><th rowspan=1>AP</th></tr>\n<tr><td><a\nhref='w.pth'>wader-t</a></td><td>3.1M</td>\n"
    "<td>\n  <b>39.5</b>\n</td></tr>\n<tr><td>wader-n</td><td colspan=1>\n1.1M\n</td><td>37.4</td></tr></table>\n",
    "config.py": "class Config:\n    variant = 'wader-s'\n    backbone_cfg = (\n        [3, 3, 9, 3],\n        [96, 192, 384, 768],\n    )\n"
    "    # backbone_cfg = ([2, 2, 6, 2], [40, 80, 160, 320])\n    \x0c\n    input_shape = (256, 256)\n",
    "models/config.py": "SIZES = {\n    'wader_s': dict(depths=[3, 3, 9, 3], dims=[96, 192, 384, 768]),\n    'wader_m': {\n"
    "        'depths': [3, 3, 9, 3],\n        'params': 7.6,\n    },\n}\n",
}


def test_every_form_of_document_and_code_is_quoted_where_it_stands(tmp_path):
    for path, text in FORMS.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(text.encode())
    seen = see_claims(str(tmp_path), None, Network(transport=ReplicaAdapter(World())), Silent())
    places = {claim.evidence.locator.partition("#")[0] for claim in seen.claims}
    assert places == set(FORMS), places
    assert reopened(seen.claims, lambda path: (tmp_path / path).read_bytes(), []) >= 14


def test_every_claim_of_papers_stands_on_its_page_and_in_its_row(tmp_path):
    import pypdfium2

    (tmp_path / "p.pdf").write_bytes(paper_pdf())
    (tmp_path / "p.tar.gz").write_bytes(packed(SOURCE))
    papers = gather_papers([str(tmp_path / "p.pdf"), str(tmp_path / "p.tar.gz")], (), Network(transport=ReplicaAdapter(World())), Silent())
    claims = extract_claims(papers.outlines, ClaimContext("lab/WaderPose", "WaderPose"))
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed(SOURCE)))) as archive:
        sources = {f"p.tar.gz/{name}": archive.extractfile(name).read() for name in archive.getnames()}
    pages = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(tmp_path / "p.pdf")]
    kinds = set()
    for claim in claims:
        path, _, anchor = claim.evidence.locator.partition("#")
        kinds.add(path)
        if match := re.fullmatch(r"page=(\d+)&table=(\d+)", anchor):
            page = pages[int(match[1]) - 1]
            assert f"Table {match[2]}" in page
            assert all(word in page for word in claim.evidence.quote.split()), claim
        else:
            assert claim.evidence.quote in lines_of(sources[path])[int(anchor.removeprefix("L")) - 1]
        assert claim.printed.rstrip("M") in claim.evidence.quote
    assert kinds == {"p.pdf", "p.tar.gz/sections/experiments.tex", "p.tar.gz/tables/second.tex"}
    assert len(claims) >= 16


def test_every_claim_of_the_investigator_stands_on_its_line(tmp_path):
    text = "source: 'a \x85 thesis'\nquote: 'one \u2028 two'\nvariants:\n  L: {params: 197.8M,\n    dims: [192, 384, 768]}\n  M:\n    metrics:\n      MPJPE: 42.3 mm\n"
    for ending in ("\n", "\r\n"):
        (tmp_path / "own.yaml").write_bytes(text.replace("\n", ending).encode())
        given = read_given([str(tmp_path / "own.yaml")], [])
        assert len(given.claims) == 3
        assert reopened(given.claims, lambda path: (tmp_path / path).read_bytes(), []) == 3


@pytest.mark.skipif(not LOGS, reason="the seeds are not here")
def test_every_claim_of_a_log_stands_on_its_line():
    for log in LOGS:
        given = read_given([], [str(log)])
        for claim in given.claims:
            path, _, line = claim.evidence.locator.rpartition("#L")
            assert path == log.name
            assert claim.evidence.sha256 == hashlib.sha256(log.read_bytes()).hexdigest()
            assert claim.evidence.quote in lines_of(log.read_bytes())[int(line) - 1]
