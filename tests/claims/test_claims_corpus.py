"""The hand-labelled repositories beside the checkout: figures that must not fall. Skipped where the corpus is absent."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.claims import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.documents.outline import outline
from auditor.documents.pictures import PictureFile, read_pictures
from auditor.facts import Claim, Document, Table

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FOLDERS = sorted(path.parent for path in CORPUS.glob("*/labels.json"))
needs_corpus = pytest.mark.skipif(not FOLDERS, reason="the labelled repositories are not here")


def squash(text: str) -> str:
    return re.sub(r"[^0-9a-z+*]+", "", re.sub(r"\bours\b|\bmodel\b", " ", text.lower()))


def claims_of(folder: Path) -> tuple[tuple[Claim, ...], dict[str, str]]:
    texts, outlines = {}, []
    for path in sorted((folder / "repo").rglob("*.md"), key=lambda path: (len(path.parts), str(path))):
        name = str(path.relative_to(folder / "repo"))
        texts[name] = path.read_text(encoding="utf-8")
        digest = hashlib.sha256(texts[name].encode()).hexdigest()
        outlines.append(outline(Document(name, texts[name], digest, f"document:{name}")))
    shown = [(n, p) for n, o in enumerate(outlines) for p in o.pictures if p.path and (folder / "repo" / p.path).is_file()]
    files = [PictureFile(p.path or "", (folder / "repo" / (p.path or "")).read_bytes(), p.sections, p.caption, p.line) for _, p in shown]
    for (n, _), table in zip(shown, read_pictures(files, 120) if files else [], strict=True):
        if isinstance(table, Table):
            outlines[n] = replace(outlines[n], tables=(*outlines[n].tables, table))
    name = json.loads((folder / "labels.json").read_text(encoding="utf-8"))["repo"]
    return extract_claims(outlines, ClaimContext(name, outlines[0].title)), texts


def share_found(folder: Path, claims: tuple[Claim, ...]) -> tuple[int, int]:
    labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    wanted = [label for label in labels["claims"] if isinstance(label["value"], (int, float))]
    found = 0
    left = [c for c in claims if isinstance(c.value, (int, float))]
    for label in wanted:
        name = squash(label["variant"])
        hit = next(
            (c for c in left if abs(c.value - label["value"]) < 1e-6 and (squash(c.variant) in name or name in squash(c.variant))), None
        )
        if hit is not None:
            left.remove(hit)
            found += 1
    return found, len(wanted)


@needs_corpus
@pytest.mark.parametrize("folder", [f for f in FOLDERS if not list(f.glob("repo/**/*.png"))], ids=lambda folder: folder.name)
def test_labelled_claims_are_found_and_every_quote_is_where_it_says(folder):
    claims, texts = claims_of(folder)
    found, wanted = share_found(folder, claims)
    assert found >= 0.75 * wanted
    for claim in claims:
        path, _, line = claim.evidence.locator.partition("#L")
        assert claim.evidence.quote
        assert claim.evidence.quote in texts[path].split("\n")[int(line) - 1]


@needs_corpus
def test_all_twelve_numbers_of_the_two_pictures_and_no_baseline():
    (folder,) = [f for f in FOLDERS if f.name == "medialab-ku__ConvNeXtPose"]
    claims, _ = claims_of(folder)
    assert sorted((c.variant, c.attribute, c.printed) for c in claims) == sorted(
        [
            ("Ours-M", "PA MPJPE", "34.5"),
            ("Ours-L", "PA MPJPE", "32.8"),
            ("Ours-M", "MPJPE", "51.05"),
            ("Ours-L", "MPJPE", "49.75"),
            *[("Ours-M", "gflops", "2.82"), ("Ours-L", "gflops", "4.30"), ("Ours-M", "params", "7.59M"), ("Ours-L", "params", "8.38M")] * 2,
        ]
    )
    assert {c.unit for c in claims if "MPJPE" in c.attribute} == {"mm"}
    assert all("protocol" in c.setting.lower() for c in claims)


@needs_corpus
def test_a_table_inside_a_plot_is_read_without_the_plot():
    (folder,) = [f for f in FOLDERS if f.name == "NVlabs__SegFormer"]
    claims, _ = claims_of(folder)
    assert share_found(folder, claims) == (12, 12)
    assert len(claims) == 12
