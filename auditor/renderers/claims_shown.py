"""The places of claims for the terminal: the claims that rest on a place, and what stands there. Plain text, every line made printable."""

from __future__ import annotations

from collections.abc import Sequence

from auditor.escaping import clip
from auditor.facts import Claim, Evidence
from auditor.renderers.tables import claim_value
from auditor.telling.opened import place_of

MAX_CLAIMS = 12  # of one place
LONGEST_LINE = 400


def shown_text(
    evidence: Evidence, claims: Sequence[Claim], lines: Sequence[tuple[int, str]], picture: str, problem: str
) -> str:  # the parts of one place, which a higher floor put together
    """Return a place as text: `README.md, line 12` with its claims, then the numbered lines, the picture's file or the problem."""
    told = [f"{where(evidence)}{'' if all(claim.active for claim in claims) else ' (commented out)'}"]
    told += [f"  {said(claim)}" for claim in claims[:MAX_CLAIMS]]
    told += [f"  and {len(claims) - MAX_CLAIMS} more"] if len(claims) > MAX_CLAIMS else []
    width = max((len(str(number)) for number, _ in lines), default=0)
    told += [f"  {number:>{width}} | {clip(line, LONGEST_LINE)}" for number, line in lines]
    told += [f"  cut out: {clip(picture, LONGEST_LINE)}", f"  read as: {clip(evidence.quote, LONGEST_LINE)}"] if picture else []
    if problem:
        told += [f"  not shown: {clip(problem, LONGEST_LINE)}", f"  quoted: {clip(evidence.quote, LONGEST_LINE)}"]
    return "\n".join(told) + "\n"


def where(evidence: Evidence) -> str:
    """Return a place in words: `README.md, line 12`, `paper.pdf, page 5, table 3`, `a.png at 10,20, 60 x 20 pixels`."""
    place = place_of(evidence.locator)
    path = clip(place.path, 200)
    if place.region is not None:
        x, y, width, height = place.region
        return f"{path} at {x},{y}, {width} x {height} pixels"
    if place.page is not None:
        return f"{path}, page {place.page}" + (f", table {clip(place.table, 40)}" if place.table else "")
    return path if place.line is None else f"{path}, line {place.line}"


def said(claim: Claim) -> str:
    """Return what a claim says, on one line."""
    setting = f" ({clip(claim.setting, 120)})" if claim.setting else ""
    return f"{clip(claim.variant, 80)}: {clip(claim.attribute, 60)} {clip(claim_value(claim), 80)}{setting}"
