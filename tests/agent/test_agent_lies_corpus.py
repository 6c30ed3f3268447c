"""Real READMEs: what the rules read there is accepted as known, and the same claims with one thing wrong are refused. Skipped without them."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

import pytest
from checks.making_facts import facts

from auditor.agent.proposals import ClaimProposal, Place
from auditor.agent.verify import Accepted, Refused, verify
from auditor.claims.extraction import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.documents.outline import outline
from auditor.facts import Document, Facts, Outline

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
FOLDERS = sorted(path.parent for path in CORPUS.glob("*/labels.json"))
MOST = 6  # claims of one repository


@dataclass(frozen=True)
class Read:
    """A repository of the corpus, read without pictures."""

    facts: Facts
    outlines: tuple[Outline, ...]
    title: str


def read(folder: Path) -> Read:
    documents = []
    for path in sorted((folder / "repo").rglob("*.md"), key=lambda path: (len(path.parts), str(path))):
        name, text = str(path.relative_to(folder / "repo")), path.read_text(encoding="utf-8")
        documents.append(outline(Document(name, text, hashlib.sha256(text.encode()).hexdigest(), f"document:{name}")))
    name = json.loads((folder / "labels.json").read_text(encoding="utf-8"))["repo"]
    claims = extract_claims(documents, ClaimContext(name, documents[0].title))
    return Read(facts({}, claims, full_name=name), tuple(documents), documents[0].title)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_claims_of_tables_are_known_and_their_twins_are_refused(folder):
    seen = read(folder)
    claims = [c for c in seen.facts.claims if c.origin == "table" and isinstance(c.value, (int, float))]
    for claim in random.Random(7).sample(claims, min(MOST, len(claims))):
        path, _, line = claim.evidence.locator.partition("#L")
        place = Place(document=path, line=int(line), quote=claim.evidence.quote)
        true = ClaimProposal(variant=claim.variant, attribute=claim.attribute, value=claim.value, unit=claim.unit, place=place)
        verdict = verify(true, seen)
        assert isinstance(verdict, Accepted), (true, verdict)
        assert verdict.known
        changed = [{"value": claim.value * 10 + 1}, {"attribute": "BLEURT"}, {"variant": "ConvNeXt-Z99"}, {"setting": "protocol 7"}]
        moved = {"place": place.model_copy(update={"quote": place.quote + " 0"})}
        for change in (*changed, moved):
            assert isinstance(verify(true.model_copy(update=change), seen), Refused), change
