"""Could every linked file be opened and read as a checkpoint?"""

from __future__ import annotations

from auditor.checks.evidence import of_artifact
from auditor.facts import Artifact, Facts, Inspected, Status, Unreadable
from auditor.findings import Confidence, Finding, Outcome, Severity


class CheckpointReadable:
    """One finding for each file that could not be read, or in part only."""

    name = "checkpoint-readable"
    question = "Could every linked file be opened and read as a checkpoint?"
    why = "An error page saved as .pth, a truncated upload or a quota page looks like a checkpoint until it is opened."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return UNKNOWN for what could not be reached, FAILS for what was reached and is broken."""
        return tuple(finding for artifact in facts.artifacts for finding in self._findings(facts, artifact))

    def _findings(self, facts: Facts, artifact: Artifact) -> tuple[Finding, ...]:
        broken = [item for item in artifact.contents if isinstance(item, Unreadable)]
        if artifact.status is Status.SKIPPED or (artifact.status is Status.OK and not broken):
            return ()
        if not broken:
            return (self._made(facts, artifact, Outcome.UNKNOWN, f"{artifact.name} could not be reached", artifact.detail),)
        some = any(isinstance(item, Inspected) for item in artifact.contents)
        found = []
        for item in broken:
            name = f"{artifact.name}/{item.member}" if item.member else artifact.name
            outcome = Outcome.UNKNOWN if item.kind in ("network", "unsupported", "limit", "not_a_checkpoint") else Outcome.FAILS
            if item.kind == "not_a_checkpoint" and some:
                continue
            found.append(self._made(facts, artifact, outcome, f"{name} could not be read as a checkpoint", item.reason))
        return tuple(found)

    def _made(self, facts: Facts, artifact: Artifact, outcome: Outcome, title: str, detail: str) -> Finding:
        return Finding(
            id="",
            check=self.name,
            subject=artifact.name,
            outcome=outcome,
            severity=Severity.MEDIUM,
            confidence=Confidence.HIGH,
            title=title,
            detail=detail,
            expected="a checkpoint",
            observed=artifact.status.value if artifact.status is not Status.OK else "other bytes",
            evidence=(of_artifact(facts, artifact),),
            remedy="Open the link in a browser while signed out; if it is the same there, tell the authors which link.",
        )
