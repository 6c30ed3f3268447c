"""What disposes of an agent's proposals: each becomes a fact that its place or its findings carry, or is refused with the reason.

Pure: it reads the documents and facts that the audit has already, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from auditor.agent.proposals import ClaimProposal, CorrespondenceProposal, LinkProposal, Proposal
from auditor.claims.interface import ClaimContext
from auditor.facts import AgentNote, Claim, Correspondence, Facts, Link, Outline
from auditor.findings import AuditReport

Fact = Claim | Correspondence | AgentNote | Link
MAX_SHOWN = 300


class Seen(Protocol):
    """What the pipeline saw: facts, and the documents that they were drawn from."""

    @property
    def facts(self) -> Facts:
        """Return the facts."""
        ...

    @property
    def outlines(self) -> tuple[Outline, ...]:
        """Return the documents."""
        ...

    @property
    def title(self) -> str:
        """Return the title of the README."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """A proposal that became a fact."""

    kind: str
    fact: Fact
    known: str = ""  # id of the equal claim that the rules found already: then nothing is added
    reason: str = ""  # what there is to say all the same, such as that it is known


@dataclass(frozen=True, slots=True)
class Refused:
    """A proposal that did not, and why: one sentence, told back to the model."""

    kind: str
    reason: str


def verify(proposal: Proposal, seen: Seen, report: AuditReport | None = None) -> Accepted | Refused:
    """Return the fact that a proposal makes, or why it makes none. Never raises for what stands in a proposal or document.

    `report` is what the checks made of the facts; sentences are held against its findings.
    """
    made, known = _made(proposal, seen, report)
    if isinstance(made, str):
        return Refused(proposal.kind, made[:MAX_SHOWN])
    return Accepted(proposal.kind, made, known, f"already known as {known}; nothing is added" if known else "")


def _made(proposal: Proposal, seen: Seen, report: AuditReport | None) -> tuple[Fact | str, str]:
    """Return the fact or the reason, and the id of an equal claim that is known."""
    from auditor.agent.verify_claims import Material, verified_claim
    from auditor.agent.verify_correspondences import verified_correspondence
    from auditor.agent.verify_links import verified_link
    from auditor.agent.verify_prose import verified_note

    if isinstance(proposal, ClaimProposal):
        found = verified_claim(proposal, Material(seen.outlines, context_of(seen), seen.facts))
        return (found, "") if isinstance(found, str) else (found[0], found[1] or "")
    if isinstance(proposal, CorrespondenceProposal):
        return verified_correspondence(proposal, seen.outlines, seen.facts), ""
    if isinstance(proposal, LinkProposal):
        return verified_link(proposal, seen.outlines, seen.facts), ""
    return verified_note(proposal, report), ""


def context_of(seen: Seen) -> ClaimContext:
    """Return what the rules know beyond one document, as they know it."""
    from auditor.claims.own_words import named

    outlines: Sequence[Outline] = seen.outlines
    return named(ClaimContext(seen.facts.repository.full_name, seen.title), outlines)
