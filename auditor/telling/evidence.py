"""The numbers of the evidence: e1, e2, ... in the order in which links, claims and findings first use it.

The record, the report and the issue number from here, so that e7 is the same place in all three.
"""

from __future__ import annotations

from collections.abc import Iterable

from auditor.facts import Claim, Evidence, Link
from auditor.findings import AuditReport, Finding

Key = tuple[str, str, str, str]


class Numbering:
    """Evidence without repetitions, each piece with its number."""

    def __init__(self, pieces: Iterable[Evidence] = ()) -> None:
        self._ids: dict[Key, str] = {}
        self._pieces: list[Evidence] = []
        for piece in pieces:
            self.id_of(piece)

    def id_of(self, piece: Evidence) -> str:
        """Return the number of a piece of evidence; a new one where it was not seen before."""
        key = (piece.source, piece.locator, piece.quote, piece.sha256)
        if key not in self._ids:
            self._pieces.append(piece)
            self._ids[key] = f"e{len(self._pieces)}"
        return self._ids[key]

    def items(self) -> tuple[tuple[str, Evidence], ...]:
        """Return every piece with its number, in order."""
        return tuple((f"e{n}", piece) for n, piece in enumerate(self._pieces, 1))


def numbering(links: Iterable[Link], claims: Iterable[Claim], findings: Iterable[Finding] = ()) -> Numbering:
    """Return the numbers of all evidence of one audit or of one stage."""
    made = Numbering(link.evidence for link in links)
    for claim in claims:
        made.id_of(claim.evidence)
    for finding in findings:
        for piece in finding.evidence:
            made.id_of(piece)
    return made


def numbering_of(report: AuditReport) -> Numbering:
    """Return the numbers of all evidence of a report."""
    made = numbering(report.facts.links, report.facts.claims, report.findings)
    for one in report.facts.agent.correspondences if report.facts.agent else ():
        if one.evidence is not None:
            made.id_of(one.evidence)
    return made
