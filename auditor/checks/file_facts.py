"""What the files say of themselves: the name they were first saved under, pickles that would run code, sizes, twins."""

from __future__ import annotations

import re

from auditor.checks.evidence import of_artifact, of_checkpoint
from auditor.checks.matching import Candidate, match
from auditor.checks.names import file_key, project_words
from auditor.facts import Artifact, Facts, Inspected
from auditor.findings import Confidence, Finding, Outcome, Severity

GENERIC_ROOTS = frozenset({"archive", "model", "checkpoint", "data"})


def _made(
    check: str, artifact: Artifact, inspected: Inspected, outcome: Outcome, severity: Severity, title: str, detail: str, **more: str
) -> Finding:
    return Finding(
        id="",
        check=check,
        subject=artifact.name,
        outcome=outcome,
        severity=severity,
        confidence=Confidence.HIGH,
        title=title,
        detail=detail,
        expected=more.get("expected", ""),
        observed=more.get("observed", ""),
        evidence=(of_checkpoint(artifact, inspected),),
        remedy=more.get("remedy", ""),
        checkpoints=(inspected.id,),
    )


class SavedName:
    """Says where a file was renamed after it was saved; never more than that."""

    name = "saved-name"
    question = "Under which name was each checkpoint first saved?"
    why = "It tells which training snapshot was published, and that a file's name was given by hand."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one HOLDS for each checkpoint whose archive root is another name than the file's."""
        found = []
        for artifact, inspected in facts.inspected():
            saved = inspected.checkpoint.saved_as
            if saved and saved not in GENERIC_ROOTS and not artifact.name.rpartition("/")[2].startswith(saved):
                title = f"{artifact.name} was first saved as {saved}"
                detail = "The root of the archive keeps the name that it was saved under; renaming a file for release is usual."
                found.append(_made(self.name, artifact, inspected, Outcome.HOLDS, Severity.INFO, title, detail, observed=saved))
        return tuple(found)


class PickleSafety:
    """Says what unpickling a file would have called. Nothing of it was called here."""

    name = "pickle-safety"
    question = "Would loading a checkpoint with pickle call anything besides tensors?"
    why = "torch.load with weights_only=False runs what a pickle names."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return FAILS for dangerous files and UNKNOWN for suspicious ones."""
        found = []
        for artifact, inspected in facts.inspected():
            safety = inspected.checkpoint.safety
            if safety.verdict != "plain":
                dangerous = safety.verdict == "dangerous"
                title = (
                    f"{artifact.name} would call code when it is unpickled"
                    if dangerous
                    else f"{artifact.name} names classes besides tensors"
                )
                outcome, severity = (Outcome.FAILS, Severity.HIGH) if dangerous else (Outcome.UNKNOWN, Severity.LOW)
                remedy = "Load it with weights_only=True, or not at all."
                finding = _made(self.name, artifact, inspected, outcome, severity, title, "; ".join(safety.reasons[:8]), remedy=remedy)
                found.append(finding)
        return tuple(found)


class SizeFits:
    """Holds the file's size against what its tensors need."""

    name = "size-fits"
    question = "Does each file's size fit its tensors?"
    why = "A file that is much smaller than its tensors was cut off."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return FAILS for files smaller than their storages, HOLDS otherwise."""
        found = []
        for artifact, inspected in facts.inspected():
            size, needed = inspected.checkpoint.size, inspected.checkpoint.storage_bytes
            if not size or not needed or inspected.checkpoint.format not in ("torch_zip", "torch_legacy", "safetensors"):
                continue
            share = inspected.parameters.learnable and size / inspected.parameters.learnable
            bare = bare_bytes(inspected)
            observed = f"{size:,} bytes, {share:.2f} per learnable parameter"
            if bare:
                observed += f", {size / bare:.2f} times the bare weights"
            outcome, title = Outcome.HOLDS, f"{artifact.name}: {share:.1f} bytes per learnable parameter"
            if size < needed:
                outcome, title = Outcome.FAILS, f"{artifact.name} is smaller than the tensors that it lists"
            severity = Severity.MEDIUM if outcome is Outcome.FAILS else Severity.INFO
            detail = f"The weights alone, by their types, take {bare:,} bytes. " if bare else ""
            detail += (
                "A file of bare weights has about their size, one with SGD's momentum twice, one with the two moments of an Adam-like "
                "optimizer three times (12 bytes per parameter of 32 bits)."
            )
            found.append(
                _made(
                    self.name,
                    artifact,
                    inspected,
                    outcome,
                    severity,
                    title,
                    detail,
                    expected=f"at least {needed:,} bytes",
                    observed=observed,
                )
            )
        return tuple(found)


def bare_bytes(inspected: Inspected) -> int:
    """Return the bytes that the tensors of the network take by their types, tied ones once; 0 where a type is not known.

    Tensors of one storage are tied where all of them have the same shape; else they are cut from one block.
    """
    shapes: dict[str, set[tuple[int, ...]]] = {}
    for tensor in inspected.checkpoint.tensors:
        shapes.setdefault(tensor.storage, set()).add(tensor.shape)
    sizes: dict[str, int] = {}
    for tensor in inspected.checkpoint.tensors:
        bits = re.search(r"\d+", tensor.dtype)
        if bits is None and tensor.dtype != "bool":
            return 0
        tied = bool(tensor.storage) and len(shapes[tensor.storage]) == 1
        sizes[f"storage {tensor.storage}" if tied else f"tensor {tensor.name}"] = tensor.numel * max(1, int(bits[0]) // 8 if bits else 1)
    return sum(sizes.values())


def _of_values(group: list[Candidate]) -> str:
    """Return what is known of the values of checkpoints with one structure."""
    digests = [candidate.inspected.values.digest if candidate.inspected.values else "" for candidate in group]
    if not all(digests):
        return "the values were not compared"
    return "their values are equal, too" if len(set(digests)) == 1 else f"their values differ ({len(set(digests))} sets of weights)"


class SharedStructure:
    """Asks about files of different names with the same network; equal networks may be meant to be equal."""

    name = "shared-structure"
    question = "Which files of different names hold the same network?"
    why = "Two variants may share weights on purpose, or one file may have been uploaded twice: a question, not a charge."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one UNKNOWN for each group of own files with equal structure and different variant names."""
        project = project_words(facts.repository.full_name)
        groups: dict[str, list[Candidate]] = {}
        matching = match(facts)
        for candidate in matching.candidates:
            if candidate.inspected.fingerprint:
                groups.setdefault(candidate.inspected.fingerprint, []).append(candidate)
        found = []
        for group in groups.values():
            keys = {file_key(candidate.artifact.name, project) for candidate in group}
            owners = {owner.name if (owner := matching.owner_of(candidate)) else candidate.id for candidate in group}
            if len(group) > 1 and len(keys) > 1 and len(owners) > 1:  # files of one variant may well share its network
                names = ", ".join(candidate.artifact.name for candidate in group)
                found.append(
                    Finding(
                        id="",
                        check=self.name,
                        subject=names,
                        outcome=Outcome.UNKNOWN,
                        severity=Severity.LOW,
                        confidence=Confidence.HIGH,
                        title=f"The same network stands in {len(group)} files of different names: {names}",
                        detail=f"Names and shapes of all tensors are equal; {_of_values(group)}.",
                        expected="",
                        observed=f"{group[0].inspected.parameters.learnable:,} learnable parameters each",
                        evidence=tuple(of_checkpoint(candidate.artifact, candidate.inspected) for candidate in group),
                        remedy="Ask whether they are meant to share a network.",
                        checkpoints=tuple(candidate.id for candidate in group),
                    )
                )
        return tuple(found)


class Warnings:
    """Passes on what the readers noticed in a file."""

    name = "reader-warnings"
    question = "What did the readers notice in the files?"
    why = "A second set of weights or a tensor past its storage changes what a count means."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one UNKNOWN for each checkpoint with warnings."""
        found = []
        for artifact, inspected in facts.inspected():
            if inspected.checkpoint.warnings:
                title = f"{artifact.name}: {inspected.checkpoint.warnings[0]}"
                detail = "; ".join(inspected.checkpoint.warnings)
                finding = _made(
                    self.name,
                    artifact,
                    inspected,
                    Outcome.UNKNOWN,
                    Severity.LOW,
                    title,
                    detail,
                    observed=of_artifact(facts, artifact).quote,
                )
                found.append(finding)
        return tuple(found)


class IndexAgrees:
    """Passes on where an index of shards and its shards disagree."""

    name = "index-agrees"
    question = "Does each index of shards name the tensors that its shards hold?"
    why = "A loader that trusts the index fails on, or silently leaves out, what is not where it says."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return FAILS for each index that disagrees with its shards."""
        return tuple(
            Finding(
                id="",
                check=self.name,
                subject=artifact.name,
                outcome=Outcome.FAILS,
                severity=Severity.MEDIUM,
                confidence=Confidence.HIGH,
                title=f"{artifact.name} disagrees with its shards",
                detail="; ".join(artifact.disagreements[:8]),
                expected="every tensor in the shard that the index names",
                observed=f"{len(artifact.disagreements)} differences",
                evidence=(of_artifact(facts, artifact),),
                remedy="Tell the authors which entries differ.",
            )
            for artifact in facts.artifacts
            if artifact.disagreements
        )
