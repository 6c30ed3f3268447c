"""The part of audit.json that a language model had in an audit."""

from __future__ import annotations

from pydantic import Field

from auditor.record_models.base import Count, Part


class CorrespondenceRecord(Part):
    """A file that the model takes for a variant's. It accuses nobody."""

    variant: str = Field(description="The variant.")
    artifact: str = Field(description="Id of the artifact.")
    reason: str = Field(description="Why; every number and name in it stands in the facts.")
    evidence: list[str] = Field(default_factory=list, description="Ids of evidence.")


class NoteRecord(Part):
    """A verified sentence."""

    kind: str = Field(description="hypothesis or summary.")
    text: str = Field(description="The sentence.")
    findings: list[str] = Field(description="Ids of the findings that it rests on.")


class RefusalRecord(Part):
    """A proposal that was not accepted."""

    kind: str = Field(description="claim, correspondence, hypothesis, summary or link.")
    proposal: str = Field(description="In one line.")
    reason: str = Field(description="Why not.")


class AgentRecord(Part):
    """What a language model did, and what it cost. Its accepted claims and links stand among the others, marked `found_by`."""

    model: str = Field(description="PROVIDER:MODEL.")
    ended: str = Field(description="`finished`, `budget: ...` or `stopped: ...`.")
    requests: Count = Field(description="Answers that were asked for.")
    input_tokens: Count = Field(description="Tokens read.")
    output_tokens: Count = Field(description="Tokens written.")
    seconds: float = Field(description="Time that the answers took.")
    cost_usd: float | None = Field(default=None, description="By the price list of genai-prices; null where it has no such model.")
    accepted: dict[str, int] = Field(default_factory=dict, description="Accepted proposals by kind.")
    refused_count: Count = Field(default=0, description="Refused proposals.")
    correspondences: list[CorrespondenceRecord] = Field(default_factory=list, description="Files that it takes for variants'.")
    notes: list[NoteRecord] = Field(default_factory=list, description="Its sentences.")
    refused: list[RefusalRecord] = Field(default_factory=list, description="The first refused proposals; agent.jsonl has all.")
    transcript_sha256: str = Field(default="", description="Of agent.jsonl.")
