"""Does each variant's checkpoint agree with what the authors claim of it?"""

from __future__ import annotations

from auditor.checks.comparing import Compared, compare_all
from auditor.checks.evidence import of_checkpoint, of_claims
from auditor.checks.matching import Claimed, Match, match
from auditor.facts import Facts
from auditor.findings import Confidence, Finding, Outcome, Severity


class ClaimsAgree:
    """One finding for each variant and each of its checkpoints, with every comparison."""

    name = "claims-agree"
    question = "Does each variant's checkpoint agree with what the authors claim of it?"
    why = "A checkpoint with another structure cannot have produced the published numbers."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return HOLDS, FAILS or UNKNOWN for each pair of a claimed variant and a checkpoint of it."""
        return tuple(self._finding(variant, pair) for variant in match(facts).variants if variant.primary for pair in variant.matches)

    def _finding(self, variant: Claimed, pair: Match) -> Finding:
        inspected, artifact = pair.candidate.inspected, pair.candidate.artifact
        compared = compare_all(pair.claims, inspected)
        outcome, reason = settle(compared, pair)
        wrong = [c for c in compared if c.comparison.agrees is False]
        shown = wrong or [c for c in compared if c.comparison.agrees] or list(compared)
        claimed = "; ".join(f"{c.comparison.attribute} {c.comparison.claimed}" for c in shown) or "no structural claim"
        measured = (
            "; ".join(f"{c.comparison.attribute} {c.comparison.measured}" for c in shown) or f"{inspected.parameters.learnable:,} learnable"
        )
        words = {Outcome.HOLDS: "agrees with", Outcome.FAILS: "does not agree with", Outcome.UNKNOWN: "cannot be held against"}
        return Finding(
            id="",
            check=self.name,
            subject=artifact.name,
            outcome=outcome,
            severity=Severity.HIGH if outcome is Outcome.FAILS else Severity.INFO,
            confidence=Confidence.HIGH if pair.strong else Confidence.MEDIUM,
            title=f"{artifact.name} {words[outcome]} what is claimed of {variant.name}",
            detail=reason,
            expected=claimed,
            observed=measured,
            evidence=(*of_claims(pair.claims), of_checkpoint(artifact, inspected)),
            variant=variant.name,
            checkpoints=(inspected.id,),
            claims=tuple(claim.id for claim in pair.claims),
            comparisons=tuple(c.comparison for c in compared),
        )


def settle(compared: tuple[Compared, ...], pair: Match) -> tuple[Outcome, str]:
    """Return the outcome of all comparisons of one checkpoint, with the reason.

    An attribute that is claimed with several values agrees where one of them does. FAILS needs an unexplained, decisive
    disagreement and a match by row or by exact name.
    """
    decisive = [c for c in compared if c.decisive and c.comparison.agrees is not None]
    if not compared:
        return Outcome.UNKNOWN, "nothing structural is claimed of it"
    good = {c.claim.attribute for c in compared if c.comparison.agrees}
    bad = [c for c in decisive if c.comparison.agrees is False and c.claim.attribute not in good]
    charges = [c for c in bad if c.contradicts]
    if charges and pair.strong:
        return Outcome.FAILS, "; ".join(
            f"{c.claim.attribute}: {c.comparison.claimed} claimed, {c.comparison.measured} measured" for c in charges
        )
    if charges:
        return Outcome.UNKNOWN, f"the file was matched by {pair.how} only, so a difference says nothing against it"
    if bad:
        return Outcome.UNKNOWN, "; ".join(f"{c.claim.attribute}: {c.explained}" for c in bad)
    minor = [c for c in compared if c.comparison.agrees is False and c.claim.attribute not in good]
    if minor and good:
        return Outcome.UNKNOWN, "; ".join(f"{', '.join(sorted(good))} agree; {c.claim.attribute}: {c.comparison.note}" for c in minor)
    if not good:
        return Outcome.UNKNOWN, "; ".join(
            dict.fromkeys(c.comparison.note for c in compared if c.comparison.note)
        ) or "nothing could be compared"
    return Outcome.HOLDS, f"{', '.join(sorted(good))} agree"
