"""Judge: findings into verdicts. The whole policy is the table in `judge`."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.findings import ACCUSATIONS, Comparison, Finding, Outcome, VariantVerdict, Verdict

# From best to worst: a variant with several checkpoints has the worst of their verdicts.
_ORDER = (Verdict.CONSISTENT, Verdict.UNVERIFIABLE, Verdict.MISLABELLED, Verdict.CONTRADICTED)


def judge(findings: Iterable[Finding]) -> tuple[VariantVerdict, ...]:
    """Return one verdict for each variant that is claimed, and one for each checkpoint that nobody claims.

    For a claimed variant:

    | variant-released | claims-agree | label-matches-network | verdict |
    | --- | --- | --- | --- |
    | FAILS | | | missing |
    | UNKNOWN | | | unverifiable |
    | HOLDS | FAILS | FAILS: another's network | mislabelled |
    | HOLDS | FAILS | UNKNOWN: nobody's network | contradicted |
    | HOLDS | UNKNOWN | | unverifiable |
    | HOLDS | HOLDS | | consistent |

    For a checkpoint that no claimed variant owns, by `same-family`: FAILS foreign, HOLDS or UNKNOWN unclaimed.
    No other check has a say. What each of these three outcomes needs before it may be FAILS stands in the check itself.
    """
    listed = tuple(findings)
    released = [f for f in listed if f.check == "variant-released"]
    claimed = tuple(_judge_claimed(finding, listed) for finding in released)
    return claimed + tuple(_judge_unclaimed(f) for f in listed if f.check == "same-family")


def _judge_claimed(released: Finding, findings: tuple[Finding, ...]) -> VariantVerdict:
    """Return the verdict on one claimed variant."""
    agreements = [f for f in findings if f.check == "claims-agree" and f.variant == released.variant]
    labels = {f.checkpoints: f for f in findings if f.check == "label-matches-network" and f.variant == released.variant}
    comparisons: tuple[Comparison, ...] = tuple(c for f in agreements for c in f.comparisons)
    if released.outcome is not Outcome.HOLDS or not agreements:
        verdict = Verdict.MISSING if released.outcome is Outcome.FAILS else Verdict.UNVERIFIABLE
        return VariantVerdict(released.variant, verdict, released.checkpoints, released.claims, comparisons, released.detail)
    judged = [(_judge_pair(agreement, labels.get(agreement.checkpoints)), agreement) for agreement in agreements]
    verdict, agreement = max(judged, key=lambda pair: _ORDER.index(pair[0]))
    accused = tuple(one for word, finding in judged if word.accuses for one in finding.checkpoints)
    label = labels.get(agreement.checkpoints)
    is_like = label.observed if label is not None and label.outcome is Outcome.FAILS else ""
    reason = f"{agreement.subject}: {agreement.detail}"
    if is_like:
        reason += f"; it holds the network of {is_like}"
    return VariantVerdict(released.variant, verdict, released.checkpoints, released.claims, comparisons, reason, is_like, is_like, accused)


def _judge_pair(agreement: Finding, label: Finding | None) -> Verdict:
    """Return the verdict on one variant and one of its checkpoints."""
    if agreement.outcome is Outcome.HOLDS:
        return Verdict.CONSISTENT
    if agreement.outcome is Outcome.UNKNOWN:
        return Verdict.UNVERIFIABLE
    return Verdict.MISLABELLED if label is not None and label.outcome is Outcome.FAILS else Verdict.CONTRADICTED


def _judge_unclaimed(finding: Finding) -> VariantVerdict:
    """Return the verdict on a checkpoint that no claimed variant owns."""
    verdict = Verdict.FOREIGN if finding.outcome is Outcome.FAILS else Verdict.UNCLAIMED
    proposed = finding.observed if verdict is Verdict.FOREIGN else ""
    return VariantVerdict(
        finding.variant, verdict, finding.checkpoints, finding.claims, finding.comparisons, finding.detail, proposed_name=proposed
    )


def exit_status(verdicts: Iterable[VariantVerdict], complete: bool, fail_on: str) -> int:
    """Return the exit status: 1 where a verdict at or above `fail_on` was found, else 0, or 4 where the audit is incomplete.

    `fail_on` is a word of the accusing verdicts in rising order (missing, mislabelled, contradicted) or "never".
    """
    if fail_on != "never":
        threshold = ACCUSATIONS.index(Verdict(fail_on))
        if any(v.verdict in ACCUSATIONS[threshold:] for v in verdicts):
            return 1
    return 0 if complete else 4
