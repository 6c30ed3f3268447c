"""What two files have in common: the same bytes, the same weights, a running average beside the network itself.

Equal files may be meant to be equal (one network for two resolutions or numbers of iterations): each answer here is a question
to the authors or a plain fact, never a charge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from auditor.checks.evidence import of_artifact, of_checkpoint, shortened
from auditor.checks.matching import Candidate, match
from auditor.checks.names import Key, file_key, project_words
from auditor.facts import Artifact, Evidence, Facts, Inspected
from auditor.findings import Confidence, Finding, Outcome, Severity

AVERAGE_WORDS = re.compile(r"(?<![a-z])(?:ema|swa|ewa|polyak|avg|averaged?|teacher|shadow)(?![a-z])", re.IGNORECASE)
"""Words of file names that say "running average"."""

_MEANT = "Two variants may share weights on purpose, and a file may have been uploaded twice: the authors know."
_ASK = "Ask whether they are meant to be the same."


class SameBytes:
    """Asks about files of different names with the same bytes; files of one name are mirrors."""

    name = "same-bytes"
    question = "Which files are the same, byte for byte?"
    why = "Two variants under two names with one file: one of them may have been uploaded in place of the other."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one UNKNOWN for each group of equal files of different variants, one HOLDS for each group of mirrors.

        FAILS only where a host states another SHA-256 of a file than its bytes have.
        """
        project = project_words(facts.repository.full_name)
        groups: dict[str, list[Artifact]] = {}
        found = [_other_digest(facts, artifact) for artifact in facts.artifacts if _disagrees(artifact)]
        for artifact in facts.artifacts:
            digest = file_digest(artifact)
            if digest and artifact.owner == "own" and artifact.size:
                groups.setdefault(digest, []).append(artifact)
        for digest, group in groups.items():
            if len(group) > 1:
                keys = {file_key(artifact.name, project) for artifact in group}
                found.append(_equal_files(facts, digest, group, len(keys) > 1))
        return tuple(found)


def file_digest(artifact: Artifact) -> str:
    """Return the SHA-256 of a file: of the bytes that were read, else as its host states it; "" where neither is known."""
    return (artifact.read_sha256 or artifact.sha256 or "").lower()


def _disagrees(artifact: Artifact) -> bool:
    return bool(artifact.sha256 and artifact.read_sha256 and artifact.sha256.lower() != artifact.read_sha256.lower())


def _place(facts: Facts, artifact: Artifact) -> Evidence:
    """Return the evidence of a file's digest: the file as a whole."""
    seen = of_artifact(facts, artifact)
    digest = file_digest(artifact)
    by = "sha256 of the file as read" if artifact.read_sha256 else "sha256 as the host states it"
    return Evidence(seen.source, seen.locator, f"{artifact.name}: {artifact.size or 0} bytes, {by}: {digest}", digest or seen.sha256, by)


def _ids(artifacts: Iterable[Artifact]) -> tuple[str, ...]:
    return tuple(item.id for artifact in artifacts for item in artifact.contents if isinstance(item, Inspected))


def _equal_files(facts: Facts, digest: str, group: list[Artifact], asks: bool) -> Finding:
    names = shortened(artifact.name for artifact in group)
    title = f"{len(group)} files of different names are the same, byte for byte: {names}"
    return Finding(
        id="",
        check=SameBytes.name,
        subject=names,
        outcome=Outcome.UNKNOWN if asks else Outcome.HOLDS,
        severity=Severity.MEDIUM if asks else Severity.INFO,
        confidence=Confidence.HIGH,
        title=title if asks else f"{len(group)} copies of one file: {names}",
        detail=_MEANT if asks else "They go by the name of one variant: copies or mirrors of each other.",
        expected="files of their own for variants of different names" if asks else "",
        observed=f"sha256 {digest}",
        evidence=tuple(_place(facts, artifact) for artifact in group),
        remedy=_ASK if asks else "",
        checkpoints=_ids(group),
    )


def _other_digest(facts: Facts, artifact: Artifact) -> Finding:
    return Finding(
        id="",
        check=SameBytes.name,
        subject=artifact.name,
        outcome=Outcome.FAILS,
        severity=Severity.MEDIUM,
        confidence=Confidence.HIGH,
        title=f"{artifact.name} has another SHA-256 than its host states",
        detail="The file was replaced after its digest was recorded, or it did not arrive as it was sent.",
        expected=f"sha256 {artifact.sha256}",
        observed=f"sha256 {artifact.read_sha256}",
        evidence=(_place(facts, artifact),),
        remedy="Download it again, or ask for the digest of the file that is meant.",
        checkpoints=_ids((artifact,)),
    )


class SameWeights:
    """Asks about checkpoints of different names whose tensors have the same values, whatever else their files hold."""

    name = "same-weights"
    question = "Which checkpoints of different names hold the same weights?"
    why = "A file that was saved again under another name has other bytes and is still the same network."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one UNKNOWN for each group; nothing without a full download. Groups of equal files are left to `same-bytes`."""
        groups: dict[str, list[Candidate]] = {}
        for candidate in match(facts).candidates:
            values = candidate.inspected.values
            if values is not None and values.digest:
                groups.setdefault(values.digest, []).append(candidate)
        return tuple(
            _equal_weights(digest, group)
            for digest, group in groups.items()
            if len({candidate.key for candidate in group}) > 1 and not _one_file(group)
        )


def _one_file(group: list[Candidate]) -> bool:
    """Tell whether the checkpoints are the same member of files that are equal byte for byte."""
    digests = {file_digest(candidate.artifact) for candidate in group}
    places = {(candidate.artifact.id, candidate.inspected.checkpoint.member) for candidate in group}
    return len(digests) == 1 and "" not in digests and len({member for _, member in places}) == 1


def _names(group: Iterable[Candidate]) -> str:
    members = ((c.artifact.name, c.inspected.checkpoint.member) for c in group)
    return shortened(f"{name} > {member}" if member else name for name, member in members)


def _equal_weights(digest: str, group: list[Candidate]) -> Finding:
    names = _names(group)
    twins = all(AVERAGE_WORDS.search(candidate.artifact.name) for candidate in group[1:])
    return Finding(
        id="",
        check=SameWeights.name,
        subject=names,
        outcome=Outcome.UNKNOWN,
        severity=Severity.LOW if twins else Severity.MEDIUM,
        confidence=Confidence.HIGH,
        title=f"{len(group)} checkpoints of different names hold the same weights: {names}",
        detail=f"Names, types, shapes and values of all tensors are equal. {_MEANT}",
        expected="weights of their own for variants of different names",
        observed=f"digest of all values {digest}",
        evidence=tuple(of_checkpoint(candidate.artifact, candidate.inspected) for candidate in group),
        remedy=_ASK,
        checkpoints=tuple(candidate.id for candidate in group),
    )


class AverageTwin:
    """Says where a running average or a teacher lies beside the network, in one file or in a file of its own."""

    name = "average-twin"
    question = "Which checkpoints have a running average (EMA, SWA) or a teacher beside them?"
    why = "Published numbers often come from the average, and loading the other copy gives other numbers."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one HOLDS for each file with a copy inside, and for each pair of files of which one is the other's average."""
        candidates = match(facts).candidates
        return (*self._inside(candidates), *self._beside(facts, candidates))

    def _inside(self, candidates: Iterable[Candidate]) -> Iterable[Finding]:
        for candidate in candidates:
            warnings = candidate.inspected.checkpoint.warnings
            copies = [warning for warning in warnings if warning.endswith("(an average or teacher)")]
            if copies:
                counted = candidate.inspected.checkpoint.state_key or "the root"
                detail = (
                    f"Counted here are the tensors under {counted}. Which of the two gives the published numbers, the file does not say."
                )
                yield self._finding((candidate,), f"{_names((candidate,))} {copies[0]}", detail, "; ".join(copies))

    def _beside(self, facts: Facts, candidates: Iterable[Candidate]) -> Iterable[Finding]:
        project = project_words(facts.repository.full_name)
        groups: dict[tuple[str, Key], list[Candidate]] = {}
        for candidate in candidates:
            key = file_key(AVERAGE_WORDS.sub("", candidate.artifact.name), project)
            if candidate.inspected.fingerprint:
                groups.setdefault((candidate.inspected.fingerprint, key), []).append(candidate)
        for group in groups.values():
            averages = [c for c in group if AVERAGE_WORDS.search(c.artifact.name.rpartition("/")[2])]
            others = [c for c in group if c not in averages]
            for average in averages if others else ():
                other = others[0]
                title = f"{_names((average,))} is, by its name, a running average of {_names((other,))}"
                yield self._finding((other, average), title, "Names and shapes of all tensors are equal.", _compared(other, average))

    def _finding(self, group: tuple[Candidate, ...], title: str, detail: str, observed: str) -> Finding:
        return Finding(
            id="",
            check=self.name,
            subject=_names(group),
            outcome=Outcome.HOLDS,
            severity=Severity.INFO,
            confidence=Confidence.MEDIUM,
            title=title,
            detail=detail,
            expected="",
            observed=observed,
            evidence=tuple(of_checkpoint(candidate.artifact, candidate.inspected) for candidate in group),
            checkpoints=tuple(candidate.id for candidate in group),
        )


def _compared(one: Candidate, other: Candidate) -> str:
    """Return what is known of the values of two checkpoints of one structure."""
    first, second = one.inspected.values, other.inspected.values
    if first is None or second is None or not first.digest or not second.digest:
        return "the values were not compared"
    if first.digest == second.digest:
        return "their values are equal: no average was taken, or nothing was trained on"
    equal = len({(t.name, t.sha256) for t in first.tensors} & {(t.name, t.sha256) for t in second.tensors})
    return f"their values differ; {equal} of {len(first.tensors)} tensors are equal"
