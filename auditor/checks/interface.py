"""What a check must be able to do."""

from __future__ import annotations

from typing import Protocol

from auditor.facts import Facts
from auditor.findings import Finding


class Check(Protocol):
    """One question about Facts. Pure."""

    name: str  # id of its answer, kebab-case
    question: str  # what it asks, for the documentation
    why: str  # why anybody should care

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one finding for each subject; HOLDS, FAILS or UNKNOWN with a reason."""
        ...
