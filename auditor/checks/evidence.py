"""Evidence for findings, taken from facts that are already there."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.facts import Artifact, Claim, Evidence, Facts, Inspected, Source, Status

MAX_NAMES = 12


def of_checkpoint(artifact: Artifact, inspected: Inspected, tensor: str | None = None) -> Evidence:
    """Return the evidence of one tensor of a checkpoint; without a name, of its first weight."""
    checkpoint = inspected.checkpoint
    names = {t.name: t for t in checkpoint.tensors}
    first = inspected.architecture.first_layer
    chosen = names.get(tensor or (first[0] if first else "")) or next(iter(checkpoint.tensors), None)
    place = f"{checkpoint.member}!" if checkpoint.member else ""
    if chosen is None:
        return Evidence(artifact.source, f"{place}{checkpoint.header_name}", "no tensors", checkpoint.sha256, checkpoint.format)
    quote = f"{checkpoint.prefix}{chosen.name}: {list(chosen.shape)} {chosen.dtype}"
    locator = f"{place}{checkpoint.header_name}!{checkpoint.prefix}{chosen.name}"
    return Evidence(artifact.source, locator, quote, checkpoint.sha256, checkpoint.format)


def of_artifact(facts: Facts, artifact: Artifact) -> Evidence:
    """Return the evidence that a file is in the state that the audit says."""
    source = facts.source(artifact.source)
    if source is not None:
        return source.as_evidence()
    return Evidence(artifact.source, artifact.url, artifact.detail or artifact.name, "0" * 64)


def of_listings(facts: Facts) -> tuple[Evidence, ...]:
    """Return the evidence of every place where the authors' checkpoints were looked for."""
    return tuple(source.as_evidence() for source in places(facts))


def of_claims(claims: Iterable[Claim]) -> tuple[Evidence, ...]:
    """Return the distinct evidence of claims, in order."""
    return tuple(dict.fromkeys(claim.evidence for claim in claims))


def places(facts: Facts) -> tuple[Source, ...]:
    """Return the sources that say which checkpoints exist: listings of links, releases, the tree, the rest of the text."""
    return tuple(source for source in facts.sources if source.kind in ("listing", "releases", "tree", "code"))


def unseen(facts: Facts) -> tuple[str, ...]:
    """Return what a verdict could rest on and was not seen whole, one line each; empty where everything was."""
    lines = [f"{s.url or s.id}: {s.detail or s.status.value}" for s in facts.sources if s.required and s.status is not Status.OK]
    return tuple(dict.fromkeys(lines))


def shortened(names: Iterable[str]) -> str:
    """Return names joined by commas, cut after a dozen."""
    listed = list(names)
    more = f" and {len(listed) - MAX_NAMES} more" if len(listed) > MAX_NAMES else ""
    return ", ".join(listed[:MAX_NAMES]) + more
