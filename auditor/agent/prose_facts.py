"""What a sentence about findings may say: the facts behind them, as short texts, one for each thing that is true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditor.facts import Artifact, Claim, Inspected, Unreadable
from auditor.findings import AuditReport, Comparison, Finding


def atoms_of(findings: Iterable[Finding], report: AuditReport) -> list[str]:
    """Return the atoms of findings: their own words, evidence, comparisons, claims, and the checkpoints that they speak of."""
    claims = {claim.id: claim for claim in report.facts.claims}
    found: list[str] = []
    for finding in findings:
        found += _words(finding)
        found += [of_claim(claims[id]) for id in (*finding.claims, *(c.claim for c in finding.comparisons)) if id in claims]
        found += [_comparison(c, finding) for c in finding.comparisons]
        for artifact in report.facts.artifacts:
            kept = {item.id for item in artifact.contents if isinstance(item, Inspected)}
            if kept & set(finding.checkpoints) or artifact.source in {e.source for e in finding.evidence}:
                found += of_artifact(artifact)
    return list(dict.fromkeys(text for text in found if text))


def _words(finding: Finding) -> Iterator[str]:
    """Yield what a finding says of itself, with its subject, so that a number stays with what it is said of."""
    who = f"{finding.subject} {finding.variant}"
    yield f"{finding.id} {finding.check}"
    yield f"{who}: {finding.title}"
    for part in finding.detail.split(". "):
        yield f"{who}: {part}"
    yield f"{who}: expected {finding.expected}"
    yield f"{who}: observed {finding.observed}"
    for evidence in finding.evidence:
        yield f"{evidence.locator} {evidence.quote}"
        yield evidence.source


def of_claim(claim: Claim) -> str:
    """Return a claim as one text."""
    value = ", ".join(map(str, claim.value)) if isinstance(claim.value, list | tuple) else f"{claim.value}{claim.unit or ''}"
    return f"{claim.variant} {claim.attribute} {claim.printed} {value} {claim.unit or ''} {claim.setting} {claim.evidence.locator}"


def _comparison(comparison: Comparison, finding: Finding) -> str:
    words = (comparison.attribute, comparison.claimed, comparison.measured, comparison.convention, comparison.tolerance, comparison.note)
    return f"{finding.subject} {finding.variant} {' '.join(words)}"


def of_artifact(artifact: Artifact) -> list[str]:
    """Return what is known of a file, one text for it and one for each checkpoint in it."""
    found = [f"{artifact.name} {artifact.id} {artifact.host} {artifact.size or ''} {artifact.detail}"]
    for item in artifact.contents:
        if isinstance(item, Unreadable):
            found.append(f"{artifact.name} {item.reason}")
            continue
        made, count, training = item.architecture, item.parameters, item.checkpoint.training
        head = f"{made.head.kind} {' '.join(map(str, made.head.channels))}" if made.head else ""
        cost = f"{item.cost.macs} {item.cost.macs / 1e9:.3f} G {item.cost.input[0]}x{item.cost.input[1]}" if item.cost else ""
        shape = f"{', '.join(map(str, made.depths))} {', '.join(map(str, made.dims))} {head}"
        counts = f"{count.learnable} {count.learnable:,} {count.buffers} {count.total}"
        saved = f"{item.checkpoint.saved_as or ''} {item.checkpoint.format} {'' if training.epoch is None else training.epoch}"
        found.append(" ".join((artifact.name, item.id, made.family, made.name or "", made.summary, shape, counts, saved, cost)))
    return found
