"""What the values of a checkpoint say: whether they are finite, and whether they are those of a network that was never trained.

Only with a full download; where it was asked for and the values were not read, the answer is UNKNOWN and the reason.
"""

from __future__ import annotations

from auditor.checks.evidence import of_checkpoint, shortened
from auditor.checks.initial_signs import SPREAD, Sign, signs_of
from auditor.checks.matching import Candidate, match
from auditor.facts import Evidence, Facts, Inspected, TensorValues
from auditor.findings import Confidence, Finding, Outcome, Severity

_MASKS = "Attention masks hold infinities on purpose."
_DIVERGED = "Training diverged, or the file was damaged or cut in precision."
_SHOWN = 6
_LEAST_SIGNS = 2  # that a question needs
_SURE_SIGNS = 3  # among them the spread of the weights


def _made(check: str, candidate: Candidate, evidence: tuple[Evidence, ...], outcome: Outcome, severity: Severity, **words: str) -> Finding:
    return Finding(
        id="",
        check=check,
        subject=_name(candidate),
        outcome=outcome,
        severity=severity,
        confidence=Confidence(words.pop("confidence", "high")),
        title=words["title"],
        detail=words.get("detail", ""),
        expected=words.get("expected", ""),
        observed=words.get("observed", ""),
        evidence=evidence,
        remedy=words.get("remedy", ""),
        checkpoints=(candidate.id,),
    )


def _name(candidate: Candidate) -> str:
    member = candidate.inspected.checkpoint.member
    return f"{candidate.artifact.name} > {member}" if member else candidate.artifact.name


def _of_tensor(candidate: Candidate, name: str, words: str) -> Evidence:
    """Return the evidence of one tensor's values: its shape, what was seen, and the digest of its bytes."""
    values = candidate.inspected.values
    found = next((t for t in values.tensors if t.name == name), None) if values else None
    place = of_checkpoint(candidate.artifact, candidate.inspected, name)
    digest = found.sha256 if found else place.sha256
    return Evidence(place.source, place.locator, f"{place.quote}; {words}", digest, place.seen_by)


def _described(values: TensorValues) -> str:
    if values.minimum is None or values.maximum is None or values.mean is None or values.std is None:
        return "no finite values"
    return f"from {values.minimum:.6g} to {values.maximum:.6g}, mean {values.mean:.6g}, deviation {values.std:.6g}"


def _constant(tensors: tuple[TensorValues, ...]) -> bool:
    """Tell whether every tensor is one number repeated, where there are several that could be anything else."""
    several = [t for t in tensors if t.elements > 1]
    return len(several) >= _LEAST_SIGNS and all(t.minimum is not None and t.minimum == t.maximum and not t.nan for t in tensors)


class FiniteValues:
    """Looks for NaN and infinity among the weights."""

    name = "finite-values"
    question = "Are all values of each checkpoint finite numbers?"
    why = "One NaN in a weight makes every output NaN; masks may hold infinities on purpose."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return HOLDS or FAILS for each checkpoint whose values were read, UNKNOWN where they could not be."""
        found = []
        for candidate in match(facts).candidates:
            if candidate.inspected.values is not None:
                found.append(self._finding(candidate, candidate.inspected))
            elif candidate.inspected.checkpoint.values_note:
                found.append(self._unread(candidate))
        return tuple(found)

    def _unread(self, candidate: Candidate) -> Finding:
        note = candidate.inspected.checkpoint.values_note
        evidence = (of_checkpoint(candidate.artifact, candidate.inspected),)
        title = f"{_name(candidate)}: the values were asked for and not read"
        return _made(self.name, candidate, evidence, Outcome.UNKNOWN, Severity.INFO, title=title, detail=note)

    def _finding(self, candidate: Candidate, inspected: Inspected) -> Finding:
        tensors = inspected.values.tensors if inspected.values else ()
        strange = [t for t in tensors if t.nan or t.infinite]
        if not strange:
            title = f"{_name(candidate)}: all values are finite"
            evidence = (of_checkpoint(candidate.artifact, inspected),)
            observed = f"{len(tensors)} tensors, digest {inspected.values.digest or 'not of all'}" if inspected.values else ""
            return _made(self.name, candidate, evidence, Outcome.HOLDS, Severity.INFO, title=title, observed=observed)
        masks = all("mask" in t.name.lower() and not t.nan for t in strange)
        listed = [f"{t.name}: {t.nan} NaN, {t.infinite} infinite of {t.elements}" for t in strange]
        return _made(
            self.name,
            candidate,
            tuple(_of_tensor(candidate, t.name, words) for t, words in zip(strange[:_SHOWN], listed, strict=False)),
            Outcome.FAILS,
            Severity.INFO if masks else Severity.MEDIUM,
            title=f"{_name(candidate)} holds values that are not finite, in {len(strange)} of {len(tensors)} tensors",
            detail=_MASKS if masks else _DIVERGED,
            expected="finite numbers",
            observed=shortened(listed),
            remedy="" if masks else "Ask for the checkpoint that the published numbers come from.",
        )


class InitialWeights:
    """Asks about checkpoints whose values look like those of a network before its training."""

    name = "initial-weights"
    question = "Could a checkpoint hold initial weights instead of trained ones?"
    why = "A file that was saved before training has the right names and shapes and cannot give the published numbers."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return HOLDS ("looks trained"), or UNKNOWN where several independent signs agree; FAILS where these leave nothing else."""
        found = []
        for candidate in match(facts).candidates:
            values = candidate.inspected.values
            if values is None:
                continue
            if _constant(values.tensors):
                found.append(self._repeated(candidate, values.tensors))
            elif signs := signs_of(candidate.inspected.checkpoint.tensors, values):
                found.append(self._finding(candidate, signs))
        return tuple(found)

    def _repeated(self, candidate: Candidate, tensors: tuple[TensorValues, ...]) -> Finding:
        return _made(
            self.name,
            candidate,
            tuple(_of_tensor(candidate, t.name, _described(t)) for t in tensors[:_SHOWN]),
            Outcome.FAILS,
            Severity.MEDIUM,
            title=f"{_name(candidate)} holds no trained weights: each of its {len(tensors)} tensors is one number repeated",
            detail="No training leaves a network like this; the file may be a placeholder.",
            observed=f"zeros in {sum(1 for t in tensors if t.zeros == 1.0)} of {len(tensors)} tensors",
            remedy="Ask for the trained checkpoint.",
        )

    def _finding(self, candidate: Candidate, signs: tuple[Sign, ...]) -> Finding:
        fitting = [sign for sign in signs if sign.fits]
        contrary = [sign for sign in signs if not sign.fits and sign.trained]
        asks = len(fitting) >= _LEAST_SIGNS and not any(sign.against for sign in contrary)
        sure = asks and len(fitting) >= _SURE_SIGNS and any(sign.name == SPREAD for sign in fitting)
        shown = (fitting if asks else contrary) or list(signs)
        measured = {t.name: t for t in candidate.inspected.values.tensors} if candidate.inspected.values else {}
        decisive = [name for sign in shown for name in sign.tensors[:2]][:_SHOWN]
        outcome, title = Outcome.UNKNOWN, "the values do not tell whether it was trained"
        if sure:
            outcome, title = Outcome.FAILS, f"{len(fitting)} independent signs say that it holds initial weights"
        elif asks:
            title = f"{len(fitting)} signs that it holds initial weights"
        elif contrary:
            outcome, title = Outcome.HOLDS, "the values are not those of a fresh network"
        return _made(
            self.name,
            candidate,
            tuple(_of_tensor(candidate, name, _described(measured[name])) for name in decisive),
            outcome,
            Severity.MEDIUM if asks else Severity.INFO,
            title=f"{_name(candidate)}: {title}",
            detail="; ".join(sign.words for sign in (fitting if asks else shown)),
            observed=f"{len(fitting)} of {len(signs)} signs fit a fresh network" + (f"; {contrary[0].words}" if contrary else ""),
            remedy="Ask whether the trained checkpoint was meant." if asks else "",
            confidence="medium",
        )
