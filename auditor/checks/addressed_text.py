"""Does any text of the repository address an automated reader?"""

from __future__ import annotations

from auditor.facts import Evidence, Facts
from auditor.findings import Confidence, Finding, Outcome, Severity

HIDDEN = ("comment", "invisible characters", "hidden element", "base64", "about the audit")


class AddressedText:
    """FAILS, at a low severity, for each document or file with text that speaks to a program; of checkpoints it says nothing."""

    name = "addressed-text"
    question = "Does any text of the repository address an automated reader?"
    why = "A reader who uses a language model should know that a text gives such a program orders. This audit follows none."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one finding for each source that holds such text."""
        by_source: dict[str, list[Evidence]] = {}
        for evidence in facts.addressed:
            by_source.setdefault(evidence.source, []).append(evidence)
        return tuple(self._finding(source, found) for source, found in by_source.items())

    def _finding(self, source: str, found: list[Evidence]) -> Finding:
        ways = tuple(dict.fromkeys(evidence.seen_by.partition(": ")[2] for evidence in found))
        subject = found[0].locator.partition("#")[0]
        hidden = any(way in HIDDEN for way in ways)
        return Finding(
            id="",
            check=self.name,
            subject=subject,
            outcome=Outcome.FAILS,
            severity=Severity.LOW if hidden else Severity.INFO,
            confidence=Confidence.MEDIUM,
            title=f"{subject} holds text that addresses an automated reader",
            detail=f"Found {len(found)} such passages ({', '.join(ways)}). They were read as text and changed nothing.",
            expected="text for people",
            observed="; ".join(ways),
            evidence=tuple(found[:10]),
            remedy="Look at the passage before giving this text to a language model.",
        )
