"""What lies in front of an agent: the facts, the documents, what it may ask of hosts, and what became of its proposals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from auditor.agent.proposals import Proposal
from auditor.agent.transcript import Transcript
from auditor.agent.verify import Fact, Refused, verify
from auditor.facts import AgentNote, Artifact, Claim, Correspondence, Facts, Link, Outline, Refusal
from auditor.findings import AuditReport
from auditor.hosts.interface import FileHost, Listing
from auditor.net import Network
from auditor.pipeline import Seen
from auditor.progress import Progress

MOST_PROPOSALS = 400  # of one audit, accepted or not
MOST_REFUSALS_KEPT = 100  # in the facts; the transcript has them all


@dataclass(slots=True)
class Workbench:
    """One audit, as its agent sees it. `report` is there once the findings are."""

    seen: Seen
    network: Network
    hosts: Sequence[FileHost]
    progress: Progress
    transcript: Transcript
    report: AuditReport | None = None
    claims: list[Claim] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    correspondences: list[Correspondence] = field(default_factory=list)
    notes: list[AgentNote] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    accepted: dict[str, int] = field(default_factory=dict)
    known_urls: set[str] = field(default_factory=set)  # of the documents, and of what hosts listed since
    judged: dict[str, str] = field(default_factory=dict)  # proposals by their text, with the answer they got
    listings: dict[str, Listing] = field(default_factory=dict)
    inspected: dict[str, Artifact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Collect the addresses that the repository itself names."""
        self.known_urls.update(link.url for outline in self.seen.outlines for link in outline.links)
        self.known_urls.update(link.url for link in self.seen.facts.links)

    @property
    def facts(self) -> Facts:
        """Return the facts of the audit."""
        return self.seen.facts

    def outline(self, path: str) -> Outline | None:
        """Return a document by its path."""
        return next((outline for outline in self.seen.outlines if outline.document.path == path), None)

    def may_ask(self, url: str) -> bool:
        """Tell whether an address is one that the repository names, or a host that it named has listed."""
        return urlsplit(url).scheme in ("http", "https") and url in self.known_urls

    def propose(self, proposal: Proposal) -> str:
        """Verify one proposal, keep what it gives, write the verdict down, and return what the model is told."""
        text = proposal.model_dump_json()
        if text in self.judged:  # told once
            return "already judged"
        if len(self.judged) >= MOST_PROPOSALS:
            return f"not looked at: this audit takes {MOST_PROPOSALS} proposals"
        verdict = verify(proposal, self.seen, self.report)
        if isinstance(verdict, Refused):
            accepted, reason = False, verdict.reason
            self.refused.append(Refusal(proposal.kind, _in_one_line(proposal), reason))
        else:
            accepted, reason = True, f"known already as {verdict.known}" if verdict.known else ""
            if not verdict.known and self._keep(verdict.fact):
                self.accepted[proposal.kind] = self.accepted.get(proposal.kind, 0) + 1
        self.transcript.add("verdict", proposal=proposal.model_dump(mode="json"), accepted=accepted, reason=reason)
        self.judged[text] = answer = f"{'accepted' if accepted else 'refused'}{f': {reason}' if reason else ''}"
        return answer

    def _keep(self, fact: Fact) -> bool:
        """Keep a fact. Returns whether it is new: one claim may be proposed in many words."""
        match fact:
            case Claim():
                kept: list[Any] = self.claims
            case Link():
                kept = self.links
                self.known_urls.add(fact.url)
            case Correspondence():
                kept = self.correspondences
            case AgentNote():
                kept = self.notes
        if fact in kept:
            return False
        kept.append(fact)
        return True


def with_facts(bench: Workbench, facts: Facts) -> None:
    """Put other facts on the bench: those with what the agent found."""
    bench.seen = replace(bench.seen, facts=facts)


def _in_one_line(proposal: Proposal) -> str:
    fields = proposal.model_dump(exclude={"kind", "place", "reason"}, exclude_none=True)
    text = ", ".join(f"{key} {value}" for key, value in fields.items() if value not in ("", []))
    return text if len(text) <= 300 else text[:299] + "…"
