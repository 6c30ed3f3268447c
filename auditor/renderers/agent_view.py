"""What a language model added to an audit, and what of it was refused, as the template sees it."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.escaping import Trusted, clip, code
from auditor.facts import AgentRun
from auditor.renderers.tables import claim_sentence
from auditor.renderers.words import Sentence, sentence
from auditor.telling.figures import count_text
from auditor.telling.lookup import Lookup

MOST_CLAIMS = 40
MOST_REFUSED = 12


@dataclass(frozen=True, slots=True)
class AddedClaim:
    """A claim at a place that the model pointed at."""

    variant: Trusted
    claim: Sentence
    evidence: Trusted


@dataclass(frozen=True, slots=True)
class AddedMatch:
    """A file that the model takes for a variant's."""

    file: Trusted
    variant: Trusted
    reason: str
    evidence: Trusted | None


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A verified sentence with the findings that it rests on."""

    text: str
    findings: str


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A proposal that was not accepted."""

    kind: str
    proposal: str
    reason: str


@dataclass(frozen=True, slots=True)
class AgentView:
    """Everything that the report says of the agent."""

    lead: Sentence
    ended: Sentence
    claims: tuple[AddedClaim, ...]
    claims_hidden: int
    links: tuple[tuple[Trusted, Trusted], ...]  # address, evidence
    matches: tuple[AddedMatch, ...]
    hypotheses: tuple[NoteRow, ...]
    summary: tuple[NoteRow, ...]
    refused: tuple[RefusedRow, ...]
    refused_count: int

    @property
    def added(self) -> bool:
        """Tell whether it added anything."""
        return bool(self.claims or self.links or self.matches or self.hypotheses or self.summary)


def agent_view(lookup: Lookup) -> AgentView | None:
    """Return what the report says of the agent, or None where no model was asked."""
    facts = lookup.report.facts
    run = facts.agent
    if run is None or not run.model:
        return None
    claims = [claim for claim in facts.claims if claim.found_by == "agent"]
    known = {finding.id for finding in lookup.report.findings}
    notes = [note for note in run.notes if known.issuperset(note.findings)]
    names = {artifact.id: artifact for artifact in facts.artifacts}
    return AgentView(
        lead=_lead(run),
        ended=sentence("agent.finished") if run.ended == "finished" else sentence("agent.ended", reason=clip(run.ended, 200)),
        claims=tuple(
            AddedClaim(code(clip(claim.variant, 60)), claim_sentence(claim), lookup.evidence_link(claim.evidence))
            for claim in claims[:MOST_CLAIMS]
        ),
        claims_hidden=max(0, len(claims) - MOST_CLAIMS),
        links=tuple((code(clip(link.url, 120)), lookup.evidence_link(link.evidence)) for link in facts.links if link.found_by == "agent"),
        matches=tuple(
            AddedMatch(
                lookup.file_link(names[match.artifact]),
                code(clip(match.variant, 60)),
                clip(match.reason, 300),
                lookup.evidence_link(match.evidence) if match.evidence else None,
            )
            for match in run.correspondences
            if match.artifact in names
        ),
        hypotheses=tuple(NoteRow(clip(note.text, 600), ", ".join(note.findings)) for note in notes if note.kind == "hypothesis"),
        summary=tuple(NoteRow(clip(note.text, 600), ", ".join(note.findings)) for note in notes if note.kind == "summary"),
        refused=tuple(RefusedRow(one.kind, clip(one.proposal, 160), clip(one.reason, 240)) for one in run.refused[:MOST_REFUSED]),
        refused_count=run.refused_count or len(run.refused),
    )


def _lead(run: AgentRun) -> Sentence:
    """Return who was asked, and what it cost."""
    told = {
        "model": code(clip(run.model, 80)),
        "requests": count_text(run.requests),
        "tokens": count_text(run.input_tokens + run.output_tokens),
        "seconds": f"{run.seconds:.1f}",
    }
    if run.cost_usd is None:
        return sentence("agent.lead", **told)
    return sentence("agent.lead_priced", cost=f"{run.cost_usd:.4f}", **told)
