"""Is each checkpoint of the paper's kind of network, and does the paper claim it?"""

from __future__ import annotations

from auditor.checks.comparing import compare_all
from auditor.checks.evidence import of_checkpoint
from auditor.checks.families import UNKNOWN, foreign, paper_family
from auditor.checks.matching import Candidate, Matching, match
from auditor.facts import Facts
from auditor.findings import Confidence, Finding, Outcome, Severity


class SameFamily:
    """One finding for each checkpoint that no claimed variant owns: foreign, unclaimed, or not to be told."""

    name = "same-family"
    question = "What are the checkpoints that belong to no claimed variant?"
    why = "A baseline or another project's file in the folder is easily taken for the paper's model."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return FAILS for a foreign network, HOLDS for one of the paper's family, UNKNOWN otherwise."""
        matching = match(facts)
        return tuple(self._finding(facts, matching, candidate) for candidate in matching.unclaimed)

    def _finding(self, facts: Facts, matching: Matching, candidate: Candidate) -> Finding:
        inspected, architecture = candidate.inspected, candidate.inspected.architecture
        family = paper_family(facts, matching)
        reason = foreign(facts, matching, candidate.artifact, inspected)
        comparisons = tuple(c.comparison for c in compare_all(matching.unnamed, inspected) if c.comparison.agrees)
        if reason:
            outcome, title = Outcome.FAILS, f"{candidate.artifact.name} is not the paper's kind of network"
        elif architecture.family == UNKNOWN or family == UNKNOWN:
            outcome, title = Outcome.UNKNOWN, f"{candidate.artifact.name} is claimed by nobody"
            reason = "no primary source claims anything of it"
        else:
            outcome, title = Outcome.HOLDS, f"{candidate.artifact.name} is of the paper's family; no primary source claims anything of it"
            reason = "no primary source claims anything of it"
        if comparisons and architecture.family != UNKNOWN:
            same = ", ".join(dict.fromkeys(c.attribute for c in comparisons))
            reason += f"; the repository's active configuration has the same {same}"
        speaking = matching.owner_of(candidate)  # only a secondary source: it does not make the checkpoint claimed
        return Finding(
            id="",
            check=self.name,
            subject=candidate.artifact.name,
            outcome=outcome,
            severity=Severity.INFO,
            confidence=Confidence.HIGH,
            title=title,
            detail=reason,
            expected=family,
            observed=architecture.name or architecture.family,
            evidence=(of_checkpoint(candidate.artifact, inspected),),
            variant=candidate.name,
            checkpoints=(candidate.id,),
            claims=tuple(claim.id for claim in speaking.secondary) if speaking else (),
            comparisons=comparisons,
        )
