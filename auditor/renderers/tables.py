"""The rows of the report's tables, computed: claimed against found, checkpoints, comparisons, missing, labels, foreign."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from statistics import median

from auditor.escaping import Trusted, clip, code, text
from auditor.facts import Artifact, Claim, Inspected
from auditor.findings import Comparison, VariantVerdict, Verdict
from auditor.renderers.terminal_files import network_name
from auditor.renderers.words import Sentence, sentence
from auditor.telling.figures import count_text, list_text, macs_text, percent_text, printed_count, shape_text, size_text
from auditor.telling.lookup import Lookup

STRUCTURE = ("params", "gflops", "depths", "dims", "first_layer", "input", "head_depth")
METRICS_SHOWN = 2
_COSTS = re.compile(r"time|speed|latency|\bfps\b|size|memory|\bmem\b|\bmb\b|epoch|schedule|throughput|batch|\blr\b|date", re.IGNORECASE)
BYTES_PER_VALUE = 4  # float32


@dataclass(frozen=True, slots=True)
class VariantRow:
    """One line of "claimed against found"."""

    name: Trusted
    verdict: str
    claimed: tuple[Sentence, ...]
    found: tuple[Sentence, ...]
    agreement: Sentence


@dataclass(frozen=True, slots=True)
class CheckpointRow:
    """Everything that is shown of one checkpoint; None where the file does not say."""

    id: str
    file: Trusted
    size: str
    format: str
    saved_as: Trusted
    state_key: Trusted
    network: str
    summary: str
    first_layer: Trusted
    depths: str
    dims: str
    head: str
    learnable: str
    total: str
    explained: str
    macs: str
    input: str
    assumption: str
    alternatives: tuple[tuple[str, str], ...]
    epoch: str
    optimizer: str
    safety: str
    safety_reasons: tuple[str, ...]
    cannot_know: tuple[str, ...]
    warnings: tuple[str, ...]
    metrics: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One claimed value held against one checkpoint."""

    file: Trusted
    attribute: Sentence
    claimed: str
    measured: str
    agrees: str  # yes, no, undecided
    how: tuple[str, ...]
    rank: str
    evidence: tuple[Trusted, ...]


@dataclass(frozen=True, slots=True)
class ComparisonGroup:
    """The comparisons of one variant."""

    name: Trusted
    verdict: str
    reason: str
    rows: tuple[ComparisonRow, ...]


@dataclass(frozen=True, slots=True)
class MissingRow:
    """What is known of a variant that nobody can download."""

    name: Trusted
    parameters: str
    bare_size: str
    saved_size: str
    ratio: str
    metrics: tuple[Sentence, ...]
    evidence: tuple[Trusted, ...]


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A file whose name says another thing than its tensors."""

    file: Trusted
    claimed_name: Trusted
    is_like: Trusted
    proposed: Trusted
    learnable: str
    network: str
    reason: str
    verdict: str


def variant_row(lookup: Lookup, variant: VariantVerdict) -> VariantRow:
    """Return the line of one variant."""
    found = tuple(
        sentence("row.found", file=lookup.file_link(artifact, item), learnable=item.parameters.learnable)
        for artifact, item in lookup.checkpoints(variant.checkpoints)
    )
    return VariantRow(
        code(clip(variant.name, 60)),
        variant.verdict.value,
        short_claims(lookup, variant),
        found or (sentence("row.nothing"),),
        agreement(variant),
    )


def short_claims(lookup: Lookup, variant: VariantVerdict) -> tuple[Sentence, ...]:
    """Return parameters, GFLOPS and a few metrics as the authors print them; a secondary source's where they say nothing."""
    claims = lookup.claims(variant)
    own = [claim for claim in claims if claim.rank == "primary"] or list(claims)
    structural = [claim for name in ("params", "gflops") for claim in own if claim.attribute == name]
    rest = [claim for name in ("depths", "dims", "first_layer") for claim in own if claim.attribute == name and not structural]
    metrics = metrics_of(own)
    shown = _distinct([*structural[:4], *rest, *metrics[:METRICS_SHOWN]])
    more = len(metrics) - METRICS_SHOWN
    return shown + ((sentence("row.more", count=more),) if more > 0 else ()) or (sentence("list.none"),)


def metrics_of(claims: list[Claim]) -> list[Claim]:
    """Return the claims that are measurements of quality: not of structure, time, memory or training."""
    return [claim for claim in claims if claim.attribute not in STRUCTURE and not _COSTS.search(claim.attribute)]


def claim_sentence(claim: Claim) -> Sentence:
    """Return one claim as it is shown in a table: value, attribute, setting."""
    value = clip(claim_value(claim), 60)
    if claim.attribute in STRUCTURE:
        return sentence(f"claim.{claim.attribute}", value=value)
    key = "claim.metric_in" if claim.setting else "claim.metric"
    return sentence(key, name=clip(claim.attribute, 40), value=value, setting=clip(claim.setting, 48))


def agreement(variant: VariantVerdict) -> Sentence:
    """Return how many of the comparisons that decide something agree; the authors' claims alone are counted."""
    primary = [comparison for comparison in variant.comparisons if comparison.agrees is not None and comparison.rank == "primary"]
    decided = {(one.checkpoint, one.attribute, one.claimed): one.agrees for one in primary}  # one claim may stand in several tables
    if not decided:
        return sentence("row.undecided" if variant.comparisons else "list.none")
    return sentence("row.agree", agreeing=sum(1 for agrees in decided.values() if agrees), total=len(decided))


def checkpoint_row(lookup: Lookup, artifact: Artifact, item: Inspected) -> CheckpointRow:
    """Return everything that is shown of one checkpoint."""
    checkpoint, architecture, cost = item.checkpoint, item.architecture, item.cost
    training, first = checkpoint.training, item.architecture.first_layer
    return CheckpointRow(
        id=item.id,
        file=lookup.file_link(artifact, item),
        size=size_text(checkpoint.size if checkpoint.size is not None else artifact.size),
        format=checkpoint.format,
        saved_as=code(clip(checkpoint.saved_as or "", 80)),
        state_key=code(clip(checkpoint.state_key or "", 60)),
        network=network_name(item),
        summary=network_line(item),
        first_layer=code(f"{clip(first[0], 80)} {shape_text(first[1])}") if first else Trusted(""),
        depths=list_text(architecture.depths),
        dims=list_text(architecture.dims),
        head=head_text(item),
        learnable=count_text(item.parameters.learnable),
        total=count_text(item.parameters.total),
        explained=percent_text(architecture.explained),
        macs=macs_text(cost.macs) if cost else "",
        input=f"{cost.input[0]} x {cost.input[1]}" if cost else "",
        assumption=clip(cost.assumption, 200) if cost else "",
        alternatives=tuple((clip(name, 80), macs_text(macs)) for name, macs in cost.alternatives[:5] if macs != cost.macs) if cost else (),
        epoch="" if training.epoch is None else str(training.epoch),
        optimizer=clip(training.optimizer or "", 80),
        safety=checkpoint.safety.verdict,
        safety_reasons=tuple(clip(reason, 120) for reason in checkpoint.safety.reasons[:5]),
        cannot_know=tuple(clip(words, 120) for words in architecture.cannot_know[:5]),
        warnings=tuple(clip(warning, 160) for warning in checkpoint.warnings[:5]),
        metrics=tuple((clip(name, 40), f"{value:g}") for name, value in training.recorded_metrics[:6]),
    )


def network_line(item: Inspected) -> str:
    """Return the network in one line: its published name, and what it is made of."""
    name, summary = network_name(item), clip(item.architecture.summary, 200)
    return f"{name}: {summary}" if summary and not summary.startswith(name) else summary or name


def head_text(item: Inspected) -> str:
    """Return the head in one line: kind, block channels, outputs."""
    head = item.architecture.head
    if head is None:
        return ""
    parts = [head.kind.replace("_", " ")]
    if head.kernels:
        parts.append("kernels " + list_text(head.kernels))
    if head.channels:
        parts.append("channels " + list_text(head.channels))
    if head.outputs:
        parts.append("outputs " + list_text(head.outputs))
    return clip("; ".join(parts), 160)


def comparison_group(lookup: Lookup, variant: VariantVerdict) -> ComparisonGroup:
    """Return the comparisons of one variant, those of the authors' claims first."""
    ordered: dict[Comparison, list[Claim]] = {}
    for one in sorted(variant.comparisons, key=lambda comparison: comparison.rank != "primary"):
        claim = lookup.claim(one.claim)
        ordered.setdefault(replace(one, claim=""), []).extend([claim] if claim else [])
    return ComparisonGroup(
        code(clip(variant.name, 60)),
        variant.verdict.value,
        clip(variant.reason, 400),
        tuple(_comparison_row(lookup, one, claims) for one, claims in ordered.items()),
    )


def _comparison_row(lookup: Lookup, comparison: Comparison, claims: list[Claim]) -> ComparisonRow:
    """Return one line of the comparison matrix, for all claims that say the same."""
    files = lookup.checkpoints((comparison.checkpoint,))
    known = comparison.attribute in STRUCTURE
    return ComparisonRow(
        file=lookup.file_name(*files[0]) if files else Trusted(""),
        attribute=sentence(f"attribute.{comparison.attribute}")
        if known
        else sentence("attribute.other", name=clip(comparison.attribute, 40)),
        claimed=clip(comparison.claimed, 60),
        measured=clip(comparison.measured, 60),
        agrees={True: "yes", False: "no", None: "undecided"}[comparison.agrees],
        how=tuple(clip(part, 160) for part in (comparison.convention, comparison.tolerance, comparison.note) if part),
        rank=comparison.rank,
        evidence=tuple(dict.fromkeys(lookup.evidence_link(claim.evidence) for claim in claims))[:6],
    )


def missing_row(lookup: Lookup, variant: VariantVerdict) -> MissingRow:
    """Return what is known of a missing variant, with file sizes estimated from its claimed parameters."""
    claims = [claim for claim in lookup.claims(variant) if claim.rank == "primary"]
    claim = next((claim for claim in claims if claim.attribute == "params"), None)
    count = claimed_count(claim) if claim else None
    ratio = bytes_per_parameter(lookup)
    return MissingRow(
        name=code(clip(variant.name, 60)),
        parameters=clip(claim_value(claim), 40) if claim else "",
        bare_size=size_text(count * BYTES_PER_VALUE) if count else "",
        saved_size=size_text(round(count * ratio)) if count and ratio else "",
        ratio=f"{ratio:.1f}" if ratio else "",
        metrics=_distinct(metrics_of(claims)[:8]),
        evidence=tuple(dict.fromkeys(lookup.evidence_link(claim.evidence) for claim in claims[:6])),
    )


def claimed_count(claim: Claim) -> int | None:
    """Return the number of parameters that a claim means."""
    if claim.printed:
        count = printed_count(claim.printed if any(c in claim.printed.lower() for c in "kmgb") else f"{claim.printed}{claim.unit or ''}")
        if count:
            return count
    factor = {"k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}.get((claim.unit or "").lower()[:1], 1)
    number = isinstance(claim.value, (int, float)) and not isinstance(claim.value, bool) and 0 < claim.value < 1e15
    return int(claim.value * factor) if number else None


def bytes_per_parameter(lookup: Lookup) -> float | None:
    """Return how many bytes the siblings' files have for each learnable value: 4 bare, 12 with AdamW's two moments.

    The siblings are the authors' readable files that hold one checkpoint of the commonest family.
    """
    whole = [
        (artifact.size, item)
        for artifact, item in lookup.report.facts.inspected()
        if artifact.size and artifact.owner == "own" and len(artifact.contents) == 1 and item.parameters.learnable
    ]
    families = Counter(item.architecture.family for _, item in whole).most_common(1)
    ratios = [size / item.parameters.learnable for size, item in whole if item.architecture.family == families[0][0]]
    return median(ratios) if ratios else None


def label_rows(lookup: Lookup, variant: VariantVerdict) -> tuple[LabelRow, ...]:
    """Return the files of a mislabelled, contradicted or foreign verdict: what each is, and what it should be called."""
    accused = set(variant.accused) or {c.checkpoint for c in variant.comparisons if c.agrees is False and c.rank == "primary"}
    pairs = lookup.checkpoints(variant.checkpoints)
    shown = [pair for pair in pairs if pair[1].id in accused] if variant.verdict is not Verdict.FOREIGN else []
    return tuple(
        LabelRow(
            file=lookup.file_link(artifact, item),
            claimed_name=code(clip(variant.name, 60)),
            is_like=code(clip(variant.is_like, 80)),
            proposed=code(clip(variant.proposed_name, 80)),
            learnable=count_text(item.parameters.learnable),
            network=network_line(item),
            reason=clip(variant.reason, 300),
            verdict=variant.verdict.value,
        )
        for artifact, item in (shown or pairs)
    )


def _distinct(claims: list[Claim]) -> tuple[Sentence, ...]:
    """Return the sentences of claims, each once."""
    return tuple(dict.fromkeys(claim_sentence(claim) for claim in claims))


_OPERATIONS = re.compile(r"(?i)(\d+(?:\.\d+)?)\s?([KMGT])\s?(?:FLOPs?|MACs?|M?Adds?)?")  # the words after it say GFLOPs
_GIGAS = {"K": 1e-6, "M": 1e-3, "T": 1e3}


def claim_value(claim: Claim) -> str:
    """Return a claim's value as it is printed, with its unit where that stands elsewhere (in a column's head)."""
    if claim.attribute == "gflops" and (operations := _OPERATIONS.fullmatch(claim.printed)):
        number, letter = operations.groups()
        return str(number) if letter in ("G", "g") else f"{float(number) * _GIGAS[letter.upper()]:g}"
    if claim.printed:
        bare = claim.unit and claim.attribute != "gflops" and not re.search("[A-Za-z%]", claim.printed)
        return f"{claim.printed}{'' if claim.attribute == 'params' else ' '}{claim.unit}" if bare else claim.printed
    if isinstance(claim.value, (list, tuple)):
        return ", ".join(str(item) for item in claim.value)
    return f"{claim.value} {claim.unit or ''}".strip()


def joined(names: list[str]) -> Trusted:
    """Return names as code, separated by commas; the rest is counted after twelve."""
    shown = ", ".join(code(clip(name, 60)) for name in names[:12])
    return Trusted(shown + (text(f" + {len(names) - 12}") if len(names) > 12 else ""))
