"""Which checkpoints have some of their tensors in common, value by value: a backbone that was taken over, or not trained further."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations

from auditor.checks.across_files import file_digest
from auditor.checks.evidence import of_checkpoint, shortened
from auditor.checks.matching import Candidate, match
from auditor.facts import Facts
from auditor.findings import Confidence, Finding, Outcome, Severity

LEAST_ELEMENTS = 64  # of a tensor whose values are nobody's by chance
MOST_PAIRS = 200


class SharedTensors:
    """Says which checkpoints of different weights hold some tensors of equal values."""

    name = "shared-tensors"
    question = "Which checkpoints have tensors with the same values?"
    why = "Equal tensors say which network was made from which: a frozen or taken-over backbone, or one training saved twice."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one HOLDS for each pair with tensors in common; nothing without a full download. Equal weights are `same-weights`'."""
        seen = [(candidate, weights_of(candidate)) for candidate in match(facts).candidates]
        pairs = ((one, other) for one, other in combinations(((c, w) for c, w in seen if w), 2))
        found = (_shared(one, other) for one, other in pairs if not _same(one[0], other[0]))
        return tuple(finding for _, finding in zip(range(MOST_PAIRS), filter(None, found), strict=False))


def weights_of(candidate: Candidate) -> dict[str, str]:
    """Return a tensor's name for each digest of values that say something: several elements, not one number repeated."""
    values = candidate.inspected.values
    tensors = values.tensors if values else ()
    return {t.sha256: t.name for t in tensors if t.elements >= LEAST_ELEMENTS and t.minimum is not None and t.minimum != t.maximum}


def _same(one: Candidate, other: Candidate) -> bool:
    """Tell whether two checkpoints are equal as a whole, which other checks say."""
    first, second = one.inspected.values, other.inspected.values
    if first and second and first.digest and first.digest == second.digest:
        return True
    return bool(file_digest(one.artifact)) and file_digest(one.artifact) == file_digest(other.artifact)


def _shared(one: tuple[Candidate, Mapping[str, str]], other: tuple[Candidate, Mapping[str, str]]) -> Finding | None:
    (first, weights), (second, others) = one, other
    common = [weights[digest] for digest in weights.keys() & others.keys()]
    if not common:
        return None
    order = [t.name for t in first.inspected.checkpoint.tensors]
    common.sort(key=order.index)
    names = _names((first, second))
    counts = f"{len(common)} of {len(weights)} and {len(others)} weights"
    return Finding(
        id="",
        check=SharedTensors.name,
        subject=names,
        outcome=Outcome.HOLDS,
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        title=f"{names} have {len(common)} tensors of equal values in common",
        detail="One was made from the other, or both from the same weights, and these were not trained further.",
        expected="",
        observed=f"{counts}: {shortened(common)}",
        evidence=(
            of_checkpoint(first.artifact, first.inspected, common[0]),
            of_checkpoint(second.artifact, second.inspected, next(name for digest, name in others.items() if digest in weights)),
        ),
        checkpoints=(first.id, second.id),
    )


def _names(group: Iterable[Candidate]) -> str:
    places = ((c.artifact.name, c.inspected.checkpoint.member) for c in group)
    return " and ".join(f"{name} > {member}" if member else name for name, member in places)
