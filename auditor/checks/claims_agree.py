"""Does each variant's checkpoint agree with what the authors claim of it?"""

from __future__ import annotations

import re
from dataclasses import replace

from auditor.checks.comparing import Compared, compare_all
from auditor.checks.evidence import of_checkpoint, of_claims
from auditor.checks.matching import Claimed, Match, match
from auditor.facts import Facts
from auditor.findings import Confidence, Finding, Outcome, Severity

# Of detection, segmentation, poses, depth and tracking: the row's count may be of the whole, and the file its backbone.
DENSE_METRICS = re.compile(
    r"(?i)(?<![a-z])(?:m?ap(?![a-z])|box|mask|m?iou|pq|mpjpe|pckh?|epe|psnr|abs_?rel|rmse|mota|hota|idf1|auc|nds|dice|j&f)|oks|mpvpe"
)


class ClaimsAgree:
    """One finding for each variant and each of its checkpoints, with every comparison."""

    name = "claims-agree"
    question = "Does each variant's checkpoint agree with what the authors claim of it?"
    why = "A checkpoint with another structure cannot have produced the published numbers."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return HOLDS, FAILS or UNKNOWN for each pair of a claimed variant and a checkpoint of it."""
        claimed = (variant for variant in match(facts).variants if variant.primary or variant.pointed)
        return tuple(self._finding(variant, pair) for variant in claimed for pair in variant.matches)

    def _finding(self, variant: Claimed, pair: Match) -> Finding:
        inspected, artifact = pair.candidate.inspected, pair.candidate.artifact
        compared = compare_all(pair.claims, inspected)
        told = compare_all(variant.pointed, inspected)
        outcome, reason = settle_told(*settle(compared, pair), compared, told)
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
            evidence=(*of_claims((*pair.claims, *variant.pointed)), of_checkpoint(artifact, inspected)),
            variant=variant.name,
            checkpoints=(inspected.id,),
            claims=tuple(claim.id for claim in (*pair.claims, *variant.pointed)),
            comparisons=(*(c.comparison for c in compared), *(replace(c.comparison, rank="secondary") for c in told)),
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
    sure = sorted({c.claim.attribute for c in decisive if c.comparison.agrees})
    if charges and sure:
        words = "; ".join(f"{c.claim.attribute}: {c.comparison.claimed} claimed, {c.comparison.measured} measured" for c in charges)
        return Outcome.UNKNOWN, f"the authors' own sources disagree: {', '.join(sure)} agree with the file, and not {words}"
    task = beyond_a_classifier(pair)
    if charges and task and all(c.claim.attribute == "params" and c.below for c in charges):
        return Outcome.UNKNOWN, f"params: the file ends in a classifier; a count beside {task} may be of a network built upon it"
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


def beyond_a_classifier(pair: Match) -> str:
    """Return the metric of the claims that no classifier has, where the file is one: it may be the backbone of what is claimed."""
    head = pair.candidate.inspected.architecture.head
    if head is None or head.kind not in ("linear", "none"):
        return ""
    return next((claim.attribute for claim in pair.claims if DENSE_METRICS.search(claim.attribute)), "")


def settle_told(outcome: Outcome, reason: str, compared: tuple[Compared, ...], told: tuple[Compared, ...]) -> tuple[Outcome, str]:
    """Return an outcome as claims change it that only a language model's reading made: they may agree or raise a doubt, never accuse.

    A doubt makes HOLDS and FAILS unknown: FAILS where the file agrees with what the model read of the same attribute.
    """
    good = {c.claim.attribute for c in compared if c.comparison.agrees}
    against = [c for c in told if c.decisive and c.comparison.agrees is False and c.claim.attribute not in good]
    agreed = sorted({c.claim.attribute for c in told if c.comparison.agrees})
    if outcome is Outcome.FAILS:
        charged = {c.claim.attribute for c in compared if c.contradicts}
        if charged & set(agreed):
            words = ", ".join(sorted(charged & set(agreed)))
            return (
                Outcome.UNKNOWN,
                f"{reason}; another {words} agrees, which only a language model read in the documents",
            )
        return outcome, reason
    if against:
        one = against[0].comparison
        doubt = f"{one.attribute}: {one.claimed} as only a language model read it, {one.measured} measured; no rule reads that place so"
        return Outcome.UNKNOWN, doubt if outcome is Outcome.HOLDS or not compared else f"{reason}; {doubt}"
    if agreed and not any(c.comparison.agrees is not None for c in compared):
        return Outcome.HOLDS, f"{', '.join(agreed)} agree with what a language model read at the authors' own place"
    return outcome, reason
