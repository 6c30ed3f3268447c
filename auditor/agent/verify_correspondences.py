"""Whether a file may be a variant's: both are known, the file was opened, and neither structure nor name says otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.agent.proposals import CorrespondenceProposal
from auditor.agent.prose_facts import of_artifact, of_claim
from auditor.agent.verify_places import spots_of
from auditor.agent.verify_prose import prose_problem
from auditor.checks.comparing import compare_all
from auditor.checks.families import foreign
from auditor.checks.matching import Candidate, Claimed, Matching, excluded, fits, match
from auditor.checks.names import project_words, variant_key
from auditor.facts import Artifact, Correspondence, Evidence, Facts, Outline


def verified_correspondence(proposal: CorrespondenceProposal, outlines: Sequence[Outline], facts: Facts) -> Correspondence | str:
    """Return the correspondence, or what speaks against it. It never accuses: it can only take an accusation away."""
    matching = match(facts)
    variant = _variant(proposal.variant, facts, matching)
    if variant is None:
        return f"No claim of the authors speaks of a variant {proposal.variant[:60]!r}; name one that the claims have."
    artifact = next((a for a in facts.artifacts if a.id == proposal.artifact), None)
    if artifact is None:
        return f"There is no file {proposal.artifact[:40]!r}; name one by its id, such as a1."
    candidates = [candidate for candidate in matching.candidates if candidate.artifact.id == artifact.id]
    if not candidates:
        return f"{artifact.name} was not opened, or is not the authors' own, so nothing is known of its network."
    problems = [_against(candidate, variant, facts, matching) for candidate in candidates]
    if all(problems):
        return problems[0]
    evidence = _evidence(proposal, outlines, variant, artifact)
    if isinstance(evidence, str):
        return evidence
    held = [c.comparison for candidate in candidates for c in compare_all(variant.primary, candidate.inspected) if c.comparison.agrees]
    atoms = [*map(of_claim, variant.primary), *of_artifact(artifact), *((evidence.quote,) if evidence else ())]
    atoms += [f"{artifact.name} {variant.name} {one.attribute} {one.claimed} {one.measured} {one.convention}" for one in held]
    problem = prose_problem(proposal.reason, atoms)
    if problem:
        return f"The reason cannot stand: {problem}"
    return Correspondence(variant.name, artifact.id, proposal.reason.strip(), evidence)


def _variant(name: str, facts: Facts, matching: Matching) -> Claimed | None:
    """Return the variant of a primary claim that the name means."""
    claimed = [variant for variant in matching.variants if variant.primary]
    exact = next((v for v in claimed if v.name.lower() == name.strip().lower()), None)
    key = variant_key(name, project_words(facts.repository.full_name))
    return exact or next((v for v in claimed if key and v.key == key), None)


def _against(candidate: Candidate, variant: Claimed, facts: Facts, matching: Matching) -> str:
    """Return what speaks against a checkpoint being the variant's, "" where nothing does."""
    name, inspected = candidate.artifact.name, candidate.inspected
    wrong = [c for c in compare_all(variant.primary, inspected) if c.decisive and c.comparison.agrees is False]
    if wrong:
        one = wrong[0].comparison
        return f"{name} has {one.attribute} {one.measured}; {variant.name} is claimed with {one.claimed}."
    strange = foreign(facts, matching, candidate.artifact, inspected)
    if strange:
        return f"{name} cannot be it: {strange}."
    reason = excluded(candidate, variant, matching)
    if reason:
        return f"{name} cannot be it: {reason}."
    if not fits(variant.primary, inspected):
        other = next((v for v in matching.variants if v is not variant and v.primary and fits(v.primary, inspected)), None)
        if other is not None:
            return f"{name} has the structure that is claimed of {other.name}."
    return ""


def _evidence(proposal: CorrespondenceProposal, outlines: Sequence[Outline], variant: Claimed, artifact: Artifact) -> Evidence | str | None:
    """Return the place that the proposal names, None where it names none, or why it does not hold."""
    if proposal.place is None:
        return None
    spots = spots_of(proposal.place, outlines)
    if isinstance(spots, str):
        return spots
    spot = spots[0]
    quote = " ".join(proposal.place.quote.split())[:400]
    if spot.picture is not None:
        table = spot.picture
        return Evidence(f"picture:{table.picture}", f"{table.picture}", quote, table.sha256, "rapidocr")
    document = spot.outline.document
    page = "page=" if document.role == "paper" and "\f" in document.text else "L"
    return Evidence(document.source, f"{document.path}#{page}{proposal.place.line}", quote, document.sha256, "documents")
