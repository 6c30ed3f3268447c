"""Claims read out of the literals of source code and settings that a proposal quotes."""

from __future__ import annotations

import re

from auditor.agent.verify_places import Spot
from auditor.claims.code import claim_of, said, scopes_of
from auditor.facts import Claim


def literal_claims(spot: Spot) -> tuple[Claim, ...] | None:
    """Return what the literals on the quoted lines say; None where no literal stands there. A comment's are not active."""
    outline = spot.outline
    here = [literal for literal in outline.literals if literal.line <= spot.last and spot.first <= max(literal.line, literal.end)]
    if not here:
        return () if outline.literals else None
    scopes = scopes_of(outline.literals)
    lines = re.split(r"\r\n?|\n", outline.document.text)
    found = tuple(
        claim_of(literal, variant, attribute, value, outline, lines)
        for literal in here
        if "__init__" not in literal.name
        for variant, attribute, value in said(literal, scopes)
    )
    return tuple(claim for claim in found if spot.first <= int(claim.evidence.locator.rpartition("#L")[2]) <= spot.last)
