"""The record of an audit as it is written to audit.json: schema version "1", see `audit schema`.

Its models stand in `record_models`, saved facts in `saved_facts`. This module imports pydantic: import it inside the
function that needs it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel

from auditor.facts import AgentRun, Architecture, Artifact, Checkpoint, Claim, Evidence, Inspected, Link, Source, Unreadable
from auditor.findings import AuditReport, Comparison, Finding, VariantVerdict
from auditor.record_models import (
    ArchitectureRecord,
    ArtifactRecord,
    AuditRecord,
    CheckpointRecord,
    ClaimRecord,
    ComparisonRecord,
    EvidenceRecord,
    FindingRecord,
    ForkRecord,
    IssueRecord,
    LinkRecord,
    RepositoryRecord,
    SourceRecord,
    StatsRecord,
    TensorValuesRecord,
    ThreadRecord,
    TrainingRecord,
    UnreadableRecord,
    ValuesRecord,
    VariantRecord,
)
from auditor.record_models.agent import AgentRecord, CorrespondenceRecord, NoteRecord, RefusalRecord
from auditor.saved_facts import facts_from_json, facts_to_json, plain
from auditor.telling.evidence import Numbering, numbering, numbering_of

__all__ = ["AuditRecord", "dump", "facts_from_json", "facts_to_json", "record_of", "schema", "stage_record", "write_json"]

SCHEMA_VERSION = "1"
TENSORS_LISTED = 64  # tensors of one checkpoint whose statistics are written out
TENSOR = {"name", "shape", "dtype"}

Json = Any

_HEX = re.compile(r"[0-9a-f]{64}")
_flat = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def record_of(report: AuditReport) -> AuditRecord:
    """Return the record of a report. Raises nothing for anything that a stranger wrote."""
    facts, numbers = report.facts, numbering_of(report)
    repository = facts.repository
    evidence = _evidence(numbers)
    return AuditRecord.model_validate(
        {
            "tool": {"name": "auditor", "version": facts.tool_version},
            "started_at": facts.started_at,
            "seconds": facts.seconds if math.isfinite(facts.seconds) else 0.0,
            "complete": report.complete,
            "exit_status": report.exit_status,
            "repository": plain(
                {name: getattr(repository, name) for name in RepositoryRecord.model_fields if name not in ("threads", "forks")}
                | {"threads": [_fields(thread, ThreadRecord) for thread in repository.threads]}
                | {"forks": [_fields(fork, ForkRecord) for fork in repository.forks]}
            ),
            "sources": _sources(facts.sources, evidence),
            "evidence": evidence,
            "links": [_link(link, numbers) for link in facts.links],
            "claims": [_claim(claim, numbers) for claim in facts.claims],
            "artifacts": [_artifact(artifact) for artifact in facts.artifacts],
            "variants": [_variant(variant) for variant in report.variants],
            "findings": [_finding(finding, numbers) for finding in report.findings],
            "issue": _issue(report),
            "stats": _fields(facts.stats, StatsRecord),
            "agent": _agent(facts.agent, numbers),
        }
    )


def dump(record: BaseModel) -> str:
    """Return a record as JSON: keys as documented, two spaces, lists of numbers on one line, a newline at the end."""
    return write_json(record.model_dump(mode="json"))


def write_json(value: Json) -> str:
    """Return plain data as the JSON of every file and every `--json`: two spaces, no NaN, a newline at the end.

    Lists of numbers stand on one line, and so does each tensor: a large checkpoint has a thousand of them.
    """
    return _written(value, "\n") + "\n"


def _written(value: Json, line: str) -> str:
    """Return a value as JSON whose lines begin with `line`."""
    if isinstance(value, dict) and value and value.keys() != TENSOR:
        inner = line + "  "
        return "{" + ",".join(f"{inner}{_flat(key)}: {_written(item, inner)}" for key, item in value.items()) + line + "}"
    if isinstance(value, list) and any(isinstance(item, (dict, list, str)) for item in value):
        inner = line + "  "
        return "[" + ",".join(inner + _written(item, inner) for item in value) + line + "]"
    return _flat(value)


def schema() -> dict[str, Json]:
    """Return the JSON Schema of audit.json."""
    made = AuditRecord.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def stage_record(
    kind: Literal["links", "claims", "artifacts"],
    *,
    links: Iterable[Link] = (),
    claims: Iterable[Claim] = (),
    artifacts: Iterable[Artifact] = (),
    sources: Iterable[Source] = (),
    findings: Iterable[Finding] | None = None,
) -> dict[str, Json]:
    """Return what `audit links`, `claims` and `inspect` print with `--json`: one kind of record, with evidence and sources.

    Artifacts have those where there are `findings` about their values, which only `inspect --download full` has.
    """
    links, claims, asked = tuple(links), tuple(claims), tuple(findings or ())
    numbers = numbering(links, claims, asked)
    made: dict[str, Json] = {"schema_version": SCHEMA_VERSION}
    if kind == "artifacts":
        made["artifacts"] = [ArtifactRecord.model_validate(_artifact(item)).model_dump(mode="json") for item in artifacts]
        if findings is None:
            return made
        made["findings"] = [FindingRecord.model_validate(_finding(item, numbers)).model_dump(mode="json") for item in asked]
    elif kind == "links":
        made["links"] = [LinkRecord.model_validate(_link(link, numbers)).model_dump(mode="json") for link in links]
    else:
        made["claims"] = [ClaimRecord.model_validate(_claim(claim, numbers)).model_dump(mode="json") for claim in claims]
    evidence = _evidence(numbers)
    made["evidence"] = [EvidenceRecord.model_validate(piece).model_dump(mode="json") for piece in evidence]
    made["sources"] = [SourceRecord.model_validate(source).model_dump(mode="json") for source in _sources(sources, evidence)]
    return made


# ---------------------------------------------------------------------------------------------------- parts of a record


def _fields(value: object, model: type[BaseModel], *, without: tuple[str, ...] = ()) -> dict[str, Json]:
    """Return the fields of a fact that its record has under the same names."""
    return {name: plain(getattr(value, name)) for name in model.model_fields if name not in without and hasattr(value, name)}


def _evidence(numbers: Numbering) -> list[dict[str, Json]]:
    """Return the evidence, each piece with a hash in the form that the contract wants."""
    return [_fields(piece, EvidenceRecord) | {"id": number, "sha256": _sha256(piece)} for number, piece in numbers.items()]


def _sha256(piece: Evidence) -> str:
    """Return the hash of the bytes that were read; of the quote, where none was kept."""
    from hashlib import sha256

    given = piece.sha256.lower()
    return given if _HEX.fullmatch(given) else sha256(piece.quote.encode("utf-8", "replace")).hexdigest()


def _sources(sources: Iterable[Source], evidence: list[dict[str, Json]]) -> list[dict[str, Json]]:
    """Return the sources by id, one for each; a source that only evidence names is listed as seen."""
    made: dict[str, dict[str, Json]] = {}
    for source in sources:
        made.setdefault(source.id, _fields(source, SourceRecord))
    for piece in evidence:
        name = piece["source"]
        made.setdefault(
            name,
            {"id": name, "kind": name.partition(":")[0] or "other", "url": "", "status": "ok", "detail": "known from evidence alone"},
        )
    return [made[name] for name in sorted(made)]


def _link(link: Link, numbers: Numbering) -> dict[str, Json]:
    """Return a link's record."""
    return _fields(link, LinkRecord) | {"evidence": [numbers.id_of(link.evidence)]}


def _claim(claim: Claim, numbers: Numbering) -> dict[str, Json]:
    """Return a claim's record."""
    return _fields(claim, ClaimRecord) | {"evidence": [numbers.id_of(claim.evidence)]}


def _agent(run: AgentRun | None, numbers: Numbering) -> dict[str, Json] | None:
    """Return the record of what a language model did, or None where none was asked."""
    if run is None:
        return None
    return _fields(run, AgentRecord) | {
        "accepted": dict(run.accepted),
        "notes": [_fields(note, NoteRecord) for note in run.notes],
        "refused": [_fields(one, RefusalRecord) for one in run.refused],
        "correspondences": [
            _fields(one, CorrespondenceRecord) | {"evidence": [numbers.id_of(one.evidence)] if one.evidence else []}
            for one in run.correspondences
        ],
    }


def _artifact(artifact: Artifact) -> dict[str, Json]:
    """Return an artifact's record: readable and unreadable contents apart."""
    return _fields(artifact, ArtifactRecord) | {
        "checkpoints": [_checkpoint(item) for item in artifact.contents if isinstance(item, Inspected)],
        "unreadable": [_fields(item, UnreadableRecord) for item in artifact.contents if isinstance(item, Unreadable)],
    }


def _checkpoint(item: Inspected) -> dict[str, Json]:
    """Return a checkpoint's record."""
    checkpoint, cost = item.checkpoint, item.cost
    return _fields(checkpoint, CheckpointRecord, without=("tensors", "training", "values")) | {
        "id": item.id,
        "tensors": [{"name": plain(t.name), "shape": list(t.shape), "dtype": plain(t.dtype)} for t in checkpoint.tensors],
        "parameters": {"learnable": item.parameters.learnable, "buffers": item.parameters.buffers, "total": item.parameters.total},
        "dtypes": _dtypes(checkpoint),
        "architecture": _architecture(item.architecture),
        "cost": None
        if cost is None
        else {
            "macs": cost.macs,
            "input": list(cost.input),
            "assumption": plain(cost.assumption),
            "alternatives": [{"assumption": plain(name), "macs": macs} for name, macs in cost.alternatives],
        },
        "training": _training(checkpoint),
        "fingerprint": plain(item.fingerprint),
        "values": _values(item),
    }


def _values(item: Inspected) -> dict[str, Json] | None:
    """Return the record of a checkpoint's values: of each tensor, where there are few."""
    values = item.values
    if values is None:
        return None
    listed = values.tensors if len(values.tensors) <= TENSORS_LISTED else ()
    return _fields(values, ValuesRecord) | {"tensors": [_fields(tensor, TensorValuesRecord) for tensor in listed]}


def _dtypes(checkpoint: Checkpoint) -> dict[str, int]:
    """Return how many tensors have each type, by name."""
    counts: dict[str, int] = {}
    for tensor in checkpoint.tensors:
        counts[plain(tensor.dtype)] = counts.get(plain(tensor.dtype), 0) + 1
    return dict(sorted(counts.items()))


def _training(checkpoint: Checkpoint) -> dict[str, Json]:
    """Return what the file says of its training; a metric that is not finite is written as text."""
    training = checkpoint.training
    return _fields(training, TrainingRecord) | {
        "recorded_metrics": dict(sorted((plain(name), plain(value)) for name, value in dict(training.recorded_metrics).items())),
        "metadata": dict(sorted((plain(name), plain(value)) for name, value in dict(training.metadata).items())),
    }


def _architecture(architecture: Architecture) -> dict[str, Json]:
    """Return an architecture's record."""
    first = architecture.first_layer
    return _fields(architecture, ArchitectureRecord) | {
        "explained": min(1.0, max(0.0, architecture.explained)),
        "closest": [{"name": plain(name), "score": score} for name, score in architecture.closest],
        "first_layer": None if first is None else {"name": plain(first[0]), "shape": list(first[1])},
        "spelling": plain(architecture.variant_of),
    }


def _comparisons(comparisons: tuple[Comparison, ...]) -> list[dict[str, Json]]:
    """Return the records of comparisons."""
    return [_fields(comparison, ComparisonRecord) for comparison in comparisons]


def _variant(variant: VariantVerdict) -> dict[str, Json]:
    """Return a variant's record."""
    return _fields(variant, VariantRecord) | {"comparisons": _comparisons(variant.comparisons)}


def _finding(finding: Finding, numbers: Numbering) -> dict[str, Json]:
    """Return a finding's record; one place named twice is listed once."""
    return _fields(finding, FindingRecord) | {
        "evidence": list(dict.fromkeys(numbers.id_of(piece) for piece in finding.evidence)),
        "comparisons": _comparisons(finding.comparisons),
    }


def _issue(report: AuditReport) -> dict[str, Json] | None:
    """Return the drafted issue's record."""
    if report.issue is None:
        return None
    duplicates = [{"number": number, "title": plain(title), "url": plain(url)} for number, title, url in report.issue.duplicates]
    return _fields(report.issue, IssueRecord) | {"duplicates": duplicates}
