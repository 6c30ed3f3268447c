"""Documents into claims: what the authors say of their variants, each with evidence that can be re-read."""

from auditor.claims.extraction import EXTRACTORS, extract_claims

__all__ = ["EXTRACTORS", "extract_claims"]
