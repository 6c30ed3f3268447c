"""What an agent may propose: five shapes, each bound to a place or to findings. None of them is a fact."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Words = Annotated[str, Field(max_length=2000)]
Name = Annotated[str, Field(max_length=200)]


class _Proposal(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Place(_Proposal):
    """Where something stands, and the text there, letter for letter."""

    document: Name = Field(description="Path of the document as the tools list it, or of a picture.")
    line: int | None = Field(default=None, ge=1, description="Line of a text document or the page of a paper; none for a picture.")
    quote: Words = Field(min_length=1, description="The text at that place, copied exactly. For a picture: the cells of one row.")


class ClaimProposal(_Proposal):
    """The documents say that a variant has a value."""

    kind: Literal["claim"] = "claim"
    variant: Name = Field(min_length=1, description="The variant's name as printed there.")
    attribute: Name = Field(min_length=1, description="params, gflops, depths, dims, input, or the metric as printed.")
    value: float | int | str | list[int] = Field(description="The value as a number, in the unit given.")
    unit: Name | None = Field(default=None, description="The unit as printed: M, G, mm, %; none where there is none.")
    setting: Name = Field(default="", description="Dataset, protocol, input size: what tells two values of one metric apart.")
    place: Place


class CorrespondenceProposal(_Proposal):
    """A file is the checkpoint of a variant."""

    kind: Literal["correspondence"] = "correspondence"
    variant: Name = Field(min_length=1)
    artifact: Name = Field(min_length=1, description="Id of the file: a1, a2, ...")
    reason: Words = Field(min_length=1, description="Why, in one sentence; numbers and names only from the facts.")
    place: Place | None = Field(default=None, description="A place that says so, where there is one.")


class HypothesisProposal(_Proposal):
    """A possible explanation of findings, marked as such."""

    kind: Literal["hypothesis"] = "hypothesis"
    text: Words = Field(min_length=1, description="One or two sentences; numbers and names only from the findings cited.")
    findings: list[Name] = Field(min_length=1, max_length=20, description="Ids of the findings that it rests on: f1, f2, ...")


class SummaryProposal(_Proposal):
    """One sentence of a summary."""

    kind: Literal["summary"] = "summary"
    text: Words = Field(min_length=1)
    findings: list[Name] = Field(min_length=1, max_length=20)


class LinkProposal(_Proposal):
    """A link of a document that may lead to checkpoints and was not followed."""

    kind: Literal["link"] = "link"
    url: Name | Words = Field(min_length=1, description="The address exactly as it stands in the document.")
    reason: Words = ""
    place: Place


Proposal = ClaimProposal | CorrespondenceProposal | HypothesisProposal | SummaryProposal | LinkProposal
AnyProposal = Annotated[Proposal, Field(discriminator="kind")]
