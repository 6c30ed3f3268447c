"""Was everything seen that a verdict could rest on?"""

from __future__ import annotations

from auditor.facts import Facts, Source, State, Status
from auditor.findings import Confidence, Finding, Outcome, Severity

REMEDIES = {
    Status.DENIED: "Ask for access, or open it in a browser while signed out to see what others see.",
    Status.QUOTA: "Run the audit again later, or set a token where the host takes one.",
    Status.MISSING: "Ask the authors where it went.",
    Status.BLOCKED: "The auditor does not go there; look by hand.",
    Status.SKIPPED: "Look by hand; a file that you have can be given with --artifact.",
}
OFFLINE = "Run the audit again without --offline."


class SourcesSeen:
    """One finding for each source that could not be seen whole, and one that holds where all were."""

    name = "sources-seen"
    question = "Was everything seen that a verdict could rest on?"
    why = "A file that could not be looked at is not a file that is not there."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return UNKNOWN for each required source that was not seen, or one HOLDS."""
        required = [source for source in facts.sources if source.required]
        failed = [source for source in required if source.status is not Status.OK]
        if failed:
            return tuple(self._unseen(source) for source in failed)
        if not required:
            return ()
        return (
            Finding(
                id="",
                check=self.name,
                subject="the audit",
                outcome=Outcome.HOLDS,
                severity=Severity.INFO,
                confidence=Confidence.HIGH,
                title="Everything that a verdict could rest on was seen",
                detail=f"{len(required)} sources were read whole.",
                expected="every source read",
                observed=f"{len(required)} of {len(required)}",
                evidence=tuple(source.as_evidence() for source in required),
            ),
        )

    def _unseen(self, source: Source) -> Finding:
        return Finding(
            id="",
            check=self.name,
            subject=source.url or source.id,
            outcome=Outcome.UNKNOWN,
            severity=Severity.MEDIUM,
            confidence=Confidence.HIGH,
            title=f"Could not see the {source.kind} {source.url or source.id} whole",
            detail=source.detail,
            expected="readable",
            observed=source.status.value,
            evidence=(source.as_evidence(),),
            remedy=OFFLINE if source.state is State.OFFLINE else REMEDIES.get(source.status, "Run the audit again later."),
        )
