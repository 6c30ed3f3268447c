"""All extractors over all documents: the claims of a repository, each place once, in the order of the documents."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.claims.code import CodeClaims
from auditor.claims.interface import ClaimContext, ClaimExtractor
from auditor.claims.own_words import named
from auditor.claims.paper import PaperClaims, settled
from auditor.claims.tables import TableClaims
from auditor.claims.text import TextClaims
from auditor.facts import Claim, Outline

EXTRACTORS: tuple[ClaimExtractor, ...] = (TableClaims(), TextClaims(), CodeClaims(), PaperClaims())
MAX_CLAIMS = 20_000


def extract_claims(
    outlines: Sequence[Outline], context: ClaimContext, extractors: Sequence[ClaimExtractor] = EXTRACTORS
) -> tuple[Claim, ...]:
    """Return the claims of all documents: the same value of the same variant at the same place once, `MAX_CLAIMS` at most."""
    context = named(context, outlines)
    found: dict[tuple[str, ...], Claim] = {}
    for outline in outlines:
        for extractor in extractors:
            if extractor.accepts(outline):
                for claim in extractor.extract(outline, context):
                    found.setdefault(key_of(claim), claim)
    return tuple(settled(found.values()))[:MAX_CLAIMS]


def key_of(claim: Claim) -> tuple[str, ...]:
    """Return what makes two claims the same: variant, attribute, value, setting and place."""
    return (claim.variant, claim.attribute, repr(claim.value), claim.unit or "", claim.setting, claim.evidence.locator)
