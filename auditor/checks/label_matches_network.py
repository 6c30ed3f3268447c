"""Where a checkpoint contradicts its label: is it another variant's, or another file's, network?"""

from __future__ import annotations

from auditor.checks.claims_agree import settle
from auditor.checks.comparing import compare_all
from auditor.checks.evidence import of_checkpoint, of_claims
from auditor.checks.matching import Candidate, Claimed, Matching, match
from auditor.facts import Evidence, Facts
from auditor.findings import Confidence, Finding, Outcome, Severity


class LabelMatchesNetwork:
    """FAILS where the network under a variant's name is known to be another's; UNKNOWN where it is no known variant."""

    name = "label-matches-network"
    question = "Where a checkpoint contradicts its label, whose network is it?"
    why = "A mix-up of names is mended by renaming; an unknown network is not."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one finding for each checkpoint that contradicts the claims of the variant that it is named after."""
        matching = match(facts)
        found = []
        for variant in matching.variants:
            for pair in variant.matches if variant.primary else ():
                outcome, _ = settle(compare_all(pair.claims, pair.candidate.inspected), pair)
                if outcome is Outcome.FAILS:
                    found.append(self._finding(matching, variant, pair.candidate))
        return tuple(found)

    def _finding(self, matching: Matching, variant: Claimed, candidate: Candidate) -> Finding:
        whose, evidence = whose_network(matching, variant, candidate)
        outcome = Outcome.FAILS if whose else Outcome.UNKNOWN
        name = candidate.artifact.name
        title = f"{name} holds the network of {whose}" if whose else f"{name} holds a network that is no known variant's"
        own = candidate.inspected
        return Finding(
            id="",
            check=self.name,
            subject=name,
            outcome=outcome,
            severity=Severity.HIGH,
            confidence=Confidence.HIGH,
            title=title,
            detail=f"It is named after {variant.name}, whose claims it contradicts.",
            expected=f"the network of {variant.name}",
            observed=whose or own.architecture.summary,
            evidence=(of_checkpoint(candidate.artifact, own), *evidence),
            remedy="Ask the authors whether another file was meant.",
            variant=variant.name,
            checkpoints=(candidate.id,),
        )


def whose_network(matching: Matching, variant: Claimed, candidate: Candidate) -> tuple[str, tuple[Evidence, ...]]:
    """Return whose network a checkpoint is: another claimed variant's by its claims, or another file's by its structure; and evidence."""
    for other in matching.variants:
        if other is variant or not other.primary:
            continue
        compared = compare_all(other.primary, candidate.inspected)
        decisive = [c for c in compared if c.decisive]
        if any(c.comparison.agrees for c in decisive) and not any(c.comparison.agrees is False for c in decisive):
            return other.name, of_claims(other.primary)
    twins = [
        other
        for other in matching.candidates
        if other.id != candidate.id
        and not other.pointed
        and other.inspected.fingerprint == candidate.inspected.fingerprint
        and other.key != candidate.key
    ]
    # A twin that is not itself in contradiction with its own label says best whose network it is.
    twins.sort(key=lambda twin: _contradicted(matching, twin))
    if twins:
        twin = twins[0]
        return twin.artifact.name, (of_checkpoint(twin.artifact, twin.inspected),)
    return "", ()


def _contradicted(matching: Matching, candidate: Candidate) -> bool:
    """Tell whether a checkpoint contradicts the claims of the variant that it is named after."""
    owner = matching.owner_of(candidate)
    if owner is None:
        return False
    own = [m for m in owner.matches if m.candidate.id == candidate.id]
    return any(settle(compare_all(m.claims, candidate.inspected), m)[0] is Outcome.FAILS for m in own)
