"""Do the sources agree with each other, and does a secondary source agree with the checkpoints?"""

from __future__ import annotations

import re

from auditor.checks.comparing import STRUCTURAL, compare
from auditor.checks.evidence import of_checkpoint
from auditor.checks.matching import Claimed, match
from auditor.checks.precision import read_printed
from auditor.facts import Claim, Evidence, Facts
from auditor.findings import Confidence, Finding, Outcome, Severity

_NOISE = re.compile(r"[^0-9a-z]+")
_SETTING = re.compile(r"protocol\s*#?\s*(\d)", re.IGNORECASE)


class ClaimConflict:
    """A secondary claim that disagrees with a primary one or with a checkpoint is a finding about the secondary source."""

    name = "claim-conflict"
    question = "Do the sources agree with each other?"
    why = "Expected numbers that came from nowhere have led to false accusations."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one FAILS for each claim that disagrees with a better source."""
        found: list[Finding] = []
        for variant in match(facts).variants:
            for claim in variant.secondary:
                found.extend(self._against_primary(variant, claim))
                found.extend(self._against_checkpoints(variant, claim))
            found.extend(self._among_primary(variant))
        return tuple(found)

    def _against_primary(self, variant: Claimed, claim: Claim) -> tuple[Finding, ...]:
        rivals = [other for other in variant.primary if same_question(claim, other)]
        if not rivals or any(same_answer(claim, other) for other in rivals):
            return ()
        other = rivals[0]
        detail = (
            f"{claim.evidence.source} says {show(claim)}; the authors say {show(other)} ({other.evidence.locator}). "
            "The authors' own number stands; the difference says nothing against them."
        )
        return (
            self._made(
                variant, claim, f"{variant.name}: a secondary claim contradicts the authors' table", detail, show(other), other.evidence
            ),
        )

    def _against_checkpoints(self, variant: Claimed, claim: Claim) -> tuple[Finding, ...]:
        for pair in variant.matches:
            compared = compare(claim, pair.candidate.inspected)
            if compared is not None and compared.comparison.agrees is False:
                evidence = of_checkpoint(pair.candidate.artifact, pair.candidate.inspected)
                detail = f"{claim.evidence.source} says {show(claim)}; {pair.candidate.artifact.name} has {compared.comparison.measured}."
                title = f"{variant.name}: a secondary claim contradicts the checkpoint"
                return (self._made(variant, claim, title, detail, compared.comparison.measured, evidence),)
        return ()

    def _among_primary(self, variant: Claimed) -> tuple[Finding, ...]:
        """Return a finding where the authors give two values for one structural attribute in the same setting.

        Two rows of one table are meant to differ: in a column or a mark that was not read as what tells them apart, and not by
        mistake. So two tables disagree where they have no value in common.
        """
        found = []
        for attribute in STRUCTURAL:
            claims = [c for c in variant.primary if c.attribute == attribute]
            for n, claim in enumerate(claims):
                here = [c for c in claims if c.setting == claim.setting and _place(c) == _place(claim)]
                others = [c for c in claims[:n] if c.setting == claim.setting and _place(c) != _place(claim)]
                agreeing = {_place(c) for c in others if any(same_print(c, own) for own in here)}
                rival = next((c for c in others if _place(c) not in agreeing), None)
                if rival is not None:
                    detail = f"{rival.evidence.locator} says {show(rival)}, {claim.evidence.locator} says {show(claim)}."
                    title = f"{variant.name}: two places of the repository give different {attribute}"
                    found.append(self._made(variant, claim, title, detail, show(rival), rival.evidence, Severity.LOW))
                    break
        return tuple(found)

    def _made(
        self, variant: Claimed, claim: Claim, title: str, detail: str, expected: str, other: Evidence, severity: Severity = Severity.MEDIUM
    ) -> Finding:
        return Finding(
            id="",
            check=self.name,
            subject=claim.evidence.source,
            outcome=Outcome.FAILS,
            severity=severity,
            confidence=Confidence.HIGH,
            title=title,
            detail=detail,
            expected=expected,
            observed=show(claim),
            evidence=(claim.evidence, other),
            remedy="Look at both places; a number without a source is not evidence.",
            variant=variant.name,
            claims=(claim.id,),
        )


def _place(claim: Claim) -> str:
    """Return the table of a claim, or its own place where it stands in none."""
    return claim.table or claim.evidence.locator


def same_question(one: Claim, two: Claim) -> bool:
    """Tell whether two claims give the same quantity in the same setting, as far as both say which."""
    if one.attribute in STRUCTURAL or two.attribute in STRUCTURAL:
        return one.attribute == two.attribute
    if _bare(one.attribute) != _bare(two.attribute):
        return False
    settings = [_protocol(claim) for claim in (one, two)]
    return settings[0] == settings[1] or "" in settings


def _bare(attribute: str) -> str:
    """Return a metric's name without its setting: "MPJPE (protocol 2)" is mpjpe."""
    return _NOISE.sub("", re.sub(r"\([^)]*\)", "", attribute).lower())


def _protocol(claim: Claim) -> str:
    """Return the protocol that a claim speaks of, "" where it says none."""
    found = _SETTING.search(f"{claim.attribute} {claim.setting}")
    return found.group(1) if found else ""


def same_answer(one: Claim, two: Claim) -> bool:
    """Tell whether two claims agree at the precision of the coarser one."""
    if isinstance(one.value, list | tuple) or isinstance(two.value, list | tuple):
        return list(one.value) == list(two.value) if isinstance(one.value, list | tuple) and isinstance(two.value, list | tuple) else False
    left = read_printed(one.printed or str(one.value), unit=one.unit)
    right = read_printed(two.printed or str(two.value), unit=two.unit)
    if left is None or right is None:
        return str(one.value).strip() == str(two.value).strip()
    if left.scale != right.scale and 1 in (left.scale, right.scale) and one.unit is None:
        return float(one.value) == float(two.value)
    return abs(left.value - right.value) <= max(left.half, right.half) * 2


def same_print(one: Claim, two: Claim) -> bool:
    """Tell whether one number can have been printed as both: 7.6M and 7.59M can, 7.60M and 7.59M cannot."""
    if not same_answer(one, two):
        return False
    left, right = (read_printed(claim.printed or str(claim.value), unit=claim.unit) for claim in (one, two))
    if left is None or right is None or left.scale != right.scale:
        return True
    return abs(left.value - right.value) < left.half + right.half


def show(claim: Claim) -> str:
    """Return a claim as "params 8.38M"."""
    value = claim.printed or (
        ", ".join(map(str, claim.value)) if isinstance(claim.value, list | tuple) else f"{claim.value}{claim.unit or ''}"
    )
    return f"{claim.attribute} {value}"
