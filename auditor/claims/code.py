"""Claims of prose and console output, modestly: only numbers that stand beside a metric's own name or unit."""

from __future__ import annotations

from auditor.claims.interface import ClaimContext
from auditor.facts import Claim, Outline


class CodeClaims:
    name = "code"

    def accepts(self, outline: Outline) -> bool:
        return False

    def extract(self, outline: Outline, context: ClaimContext) -> tuple[Claim, ...]:
        return ()
