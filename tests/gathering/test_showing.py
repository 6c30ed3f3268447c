"""`audit claims --show`: every claim's place opened again, for documents, pictures and papers; hostile text stays text."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from paper_files import SOURCE, packed, paper_pdf
from PIL import Image

from auditor.demo.world import DEMO_TARGET, demo_transport
from auditor.documents.picture_crops import MAX_REGIONS, cropped, strip
from auditor.documents.pictures import PictureFile
from auditor.errors import AuditError, FormatError, LimitError
from auditor.facts import Claim, Evidence
from auditor.gathering.showing import show_places
from auditor.gathering.stages import see_claims
from auditor.net import Network
from auditor.progress import Silent
from auditor.renderers.claims_shown import shown_text

README = "# Wader\n\n| Model | Params | Top-1 |\n|---|---|---|\n| wader-s | 7.4M | 80.1 |\n| wader-\x1b[31mm\x1b]0;x\x07 | 7.6M | 81.5 |\n"


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "auditor", "claims", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "wader"
    root.mkdir()
    (root / "README.md").write_text(README)
    (root / "paper.pdf").write_bytes(paper_pdf())
    (root / "paper.tar.gz").write_bytes(packed(SOURCE))
    return root


def picture(width=200, height=100, kind="PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (0, 0, 255)).save(out, kind)
    return out.getvalue()


def claim(locator, quote="M | 7.6M", digest="a" * 64, **values):
    evidence = Evidence("picture:a.png", locator, quote, digest)
    return Claim("", "M", "params", 7.6, "M", "", "primary", "picture", evidence, "7.6M", **values)


def test_the_demo_shows_every_place_of_every_claim(tmp_path):
    seen = see_claims(DEMO_TARGET, None, Network(transport=demo_transport()), Silent())
    assert seen.read_picture is not None
    shown = show_places(seen.claims, seen.texts, seen.read_picture, tmp_path / "out")
    assert sum(len(place.claims) for place in shown.places) == len(seen.claims)
    assert not [place for place in shown.places if place.problem]
    parts = [place.picture for place in shown.places if place.picture]
    assert len(parts) == len(set(parts)) >= 8
    assert sorted(parts) == sorted((tmp_path / "out").iterdir())
    assert {place.picture is None for place in shown.places} == {True, False}
    for place in shown.places:
        assert place.picture or any(place.evidence.quote in line for _, line in place.lines)


def test_lines_of_documents_pages_and_rows_of_papers_are_printed(folder):
    done = run(".", "--show", "--quiet", "--paper", "paper.pdf", "--paper", "paper.tar.gz", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "README.md, line 5\n  wader-s: params 7.4M" in done.stdout
    assert "  5 | | wader-s | 7.4M | 80.1 |\n" in done.stdout
    assert "\x1b" not in done.stdout
    assert "paper.pdf, page 2, table 1\n" in done.stdout
    assert "| Ours-M 2.82 7.59M 34.5\n" in done.stdout
    assert "paper.tar.gz/sections/experiments.tex, line 17\n" in done.stdout
    assert "  16 | \\textbf{\\own-L} & \\textbf{4.30} & 8.38M\n  17 | & $\\mathbf{32.8}$ \\\\[2pt]\n" in done.stdout
    assert not list(folder.glob("claims-*"))  # no picture, no folder


@pytest.mark.parametrize("options", [("--show", "--json"), ("--out", "x")])
def test_options_that_do_not_go_together_are_refused(folder, options):
    done = run(".", *options, cwd=folder)
    assert done.returncode == 2
    assert "help:" in done.stderr


def test_a_picture_is_cut_in_a_process_of_its_own_and_framed():
    (part,) = cropped(PictureFile("a.png", picture()), [(50, 40, 30, 10)])
    image = Image.open(io.BytesIO(part))
    assert (image.format, image.size) == ("PNG", (200, 20))
    assert image.getpixel((65, 10)) == (0, 0, 255)
    assert image.getpixel((48, 10)) == (220, 30, 30)
    assert len(cropped(PictureFile("a.jpg", picture(kind="JPEG")), [(0, 0, 200, 100), (199, 99, 1, 1)])) == 2


@pytest.mark.parametrize("region", [(0, 0, 201, 1), (0, 95, 1, 6), (-1, 0, 5, 5), (0, 0, 0, 5), (10**9, 0, 5, 5)])
def test_a_region_that_is_not_in_the_picture_is_an_error(region):
    with pytest.raises(FormatError):
        strip((200, 100), region)
    with pytest.raises(FormatError):
        cropped(PictureFile("a.png", picture()), [region])


def test_broken_and_oversized_pictures_are_errors():
    for data in (b"", b"<html>", picture()[:60], b"\x89PNG\r\n\x1a\n" + b"x" * 100):
        with pytest.raises(AuditError):
            cropped(PictureFile("a.png", data), [(0, 0, 1, 1)])
    with pytest.raises(LimitError):
        cropped(PictureFile("a.png", picture()), [(0, 0, 1, 1)] * (MAX_REGIONS + 1))
    header = bytearray(picture())
    header[16:24] = (60_000).to_bytes(4, "big") * 2  # the size that the header claims
    with pytest.raises(FormatError):
        cropped(PictureFile("a.png", bytes(header)), [(0, 0, 1, 1)])


def test_what_cannot_be_opened_again_is_said_and_quoted(tmp_path):
    def gone(path):
        raise FormatError(f"{path} cannot be had")

    claims = [claim("a.png#xywh=1,1,5,5"), claim("README.md#L2"), claim("other.md#L1"), claim("a.png#xywh=1,1,5,5")]
    shown = show_places(claims, {"README.md": "one\ntwo"}, gone, tmp_path / "x")
    assert [len(place.claims) for place in shown.places] == [2, 1, 1]
    assert all(place.problem for place in shown.places)
    text = shown_text(shown.places[1].evidence, shown.places[1].claims, shown.places[1].lines, "", shown.places[1].problem)
    assert text == "README.md, line 2\n  M: params 7.6M\n  2 | two\n  not shown: the quote was not found there again\n  quoted: M | 7.6M\n"
    changed = show_places([claim("a.png#xywh=1,1,5,5")], {}, lambda path: picture(), tmp_path / "x")
    assert "another picture now" in changed.places[0].problem
    assert not (tmp_path / "x").exists()


def test_a_hostile_name_of_a_picture_stays_within_the_folder(tmp_path):
    import hashlib

    data = picture()
    name = "https://x.org/../..\\..//é\x00?a=/../b.png"
    locator = f"{name}#xywh=1,1,5,5"
    shown = show_places([claim(locator, digest=hashlib.sha256(data).hexdigest())], {}, lambda path: data, tmp_path / "out")
    (part,) = (place.picture for place in shown.places)
    assert part is not None
    assert part.resolve().parent == (tmp_path / "out").resolve()
    assert part.is_file()
