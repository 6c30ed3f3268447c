"""What a claim extractor must be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from auditor.facts import Claim, Outline


@dataclass(frozen=True, slots=True)
class ClaimContext:
    """What an extractor may know beyond the one document."""

    full_name: str  # of the repository, "owner/name": tells own model names from baselines
    title: str = ""  # first heading of the README
    names: tuple[str, ...] = ()  # that the README gives what it presents
    offered: frozenset[str] = frozenset()  # names, squashed, of models whose weights the documents link in a table


class ClaimExtractor(Protocol):
    """Turns one document's structure into claims. Pure."""

    name: str

    def accepts(self, outline: Outline) -> bool:
        """Tell cheaply whether there is anything to extract."""
        ...

    def extract(self, outline: Outline, context: ClaimContext) -> tuple[Claim, ...]:
        """Return the claims about the authors' own variants, each with evidence that can be re-read."""
        ...
