"""Hand-labelled real repositories: links of checkpoints, their lines, and evidence that can be found again."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from auditor.documents.links import classify_links
from auditor.documents.reading import Collected, read_documents
from auditor.facts import Link

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
LABELS = sorted(CORPUS.glob("*/labels.json"))
pytestmark = pytest.mark.skipif(not LABELS, reason="the labelled corpus is not here")


@cache
def audited(labels: Path) -> tuple[dict[str, Any], Collected, tuple[Link, ...]]:
    gold = json.loads(labels.read_text())
    root = labels.parent / "repo"
    paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    collected = read_documents(lambda path: (root / path).read_bytes(), paths, "repo", "")
    return gold, collected, classify_links(collected.outlines, "repo", paths)


def test_checkpoint_links_are_found_and_others_left() -> None:
    hits = wanted = named = 0
    for labels in LABELS:
        gold, _, links = audited(labels)
        want = {link["url"] for link in gold["links"] if link["purpose"] == "checkpoint"}
        got = {link.url for link in links if link.purpose == "checkpoint"}
        hits, wanted, named = hits + len(want & got), wanted + len(want), named + len(got)
    assert hits / wanted >= 0.98
    assert hits / named >= 0.97


@pytest.mark.parametrize("labels", LABELS, ids=lambda path: path.parent.name)
def test_every_labelled_link_stands_on_its_line(labels: Path) -> None:
    gold, collected, _ = audited(labels)
    places = {(outline.document.path, link.url, link.line) for outline in collected.outlines for link in outline.links}
    assert {(link["file"], link["url"], link["line"]) for link in gold["links"]} <= places


@pytest.mark.parametrize("labels", LABELS, ids=lambda path: path.parent.name)
def test_evidence_can_be_found_again(labels: Path) -> None:
    _, collected, links = audited(labels)
    root = labels.parent / "repo"
    assert links
    for link in links:
        path, _, line = link.evidence.locator.partition("#L")
        data = (root / path).read_bytes()
        assert link.evidence.sha256 == hashlib.sha256(data).hexdigest()
        assert link.evidence.quote in data.decode().split("\n")[int(line) - 1]
        assert link.evidence.source in {source.id for source in collected.sources}
    assert len({link.url for link in links}) == len(links)


@pytest.mark.parametrize("labels", LABELS, ids=lambda path: path.parent.name)
def test_cells_can_be_found_again(labels: Path) -> None:
    _, collected, _ = audited(labels)
    for outline in collected.outlines:
        lines = outline.document.text.split("\n")
        for table in outline.tables:
            for row in table.rows:
                for cell in row:
                    assert cell.raw in lines[cell.line - 1]
                    assert cell.raw or not cell.text


@pytest.mark.parametrize("labels", LABELS, ids=lambda path: path.parent.name)
def test_the_labelled_documents_are_read(labels: Path) -> None:
    gold, collected, _ = audited(labels)
    assert set(gold["files"]) <= {outline.document.path for outline in collected.outlines}


def test_pictures_of_results_are_chosen() -> None:
    chosen = {picture.path for labels in LABELS for picture in audited(labels)[1].pictures_to_read}
    assert {"assets/H36M_P1.png", "assets/H36M_P2.png", "resources/image.png"} <= chosen
