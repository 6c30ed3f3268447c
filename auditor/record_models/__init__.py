"""The models of audit.json, schema version "1": every field, described where it is declared.

`audit schema` is made from here. This module imports pydantic: import it (or `record`) inside the function that needs it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from auditor.record_models.agent import AgentRecord
from auditor.record_models.base import Count, Json, Status
from auditor.record_models.base import Part as _Model


class ToolRecord(_Model):
    """The program that made the record."""

    name: str = Field(description="Always `auditor`.")
    version: str = Field(description="Its version.")


class ForkRecord(_Model):
    """A fork of the repository: listed, never trusted."""

    full_name: str = Field(description="`owner/name`.")
    url: str = Field(description="Its page.")
    pushed_at: str = Field(description="When it last changed, RFC 3339; empty where unknown.")


class ThreadRecord(_Model):
    """An issue of the repository that speaks of checkpoints."""

    number: int = Field(description="Its number.")
    title: str = Field(description="Its title.")
    state: str = Field(description="`open` or `closed`.")
    url: str = Field(description="Its page.")


class RepositoryRecord(_Model):
    """The audited repository at one commit."""

    full_name: str = Field(description="`owner/name`, or the folder's name for a local one.")
    ref: str = Field(description="The branch, tag or commit that was asked for.")
    commit: str = Field(description="The commit that was read.")
    url: str = Field(description="Its page; empty for a local folder.")
    archived: bool = Field(description="Whether GitHub says that it is archived (read-only).")
    has_issues: bool = Field(description="Whether issues can be opened.")
    fork_of: str | None = Field(default=None, description="The repository that it was forked from.")
    description: str = Field(default="", description="GitHub's one-line description.")
    threads: list[ThreadRecord] = Field(default_factory=list, description="Issues, open and closed, that speak of checkpoints.")
    forks: list[ForkRecord] = Field(default_factory=list, description="Forks that were seen; none of their claims is primary.")


class SourceRecord(_Model):
    """Something that was consulted, or could not be."""

    id: str = Field(description="Stable and readable: `document:README.md`, `listing:https://...`.")
    kind: str = Field(description="repository, tree, document, picture, release, issues, forks, listing, file, paper, claims, log, ...")
    url: str = Field(description="Where it is.")
    status: Status = Field(description="What became of looking at it. Only `missing` says that it is not there.")
    detail: str = Field(description="What was seen, or why not, in words.")
    required: bool = Field(default=False, description="Whether a verdict could rest on it. A complete audit saw all of these.")
    seen_at: str = Field(default="", description="When it was looked at, RFC 3339 UTC; empty where not recorded.")
    state: str = Field(
        default="",
        description="What exactly was met, finer than `status`: not_shared, sign_in, gated, deleted, not_found, timed_out, ...",
    )


class EvidenceRecord(_Model):
    """One place that anybody can look at again, and what stands there."""

    id: str = Field(description="e1, e2, ... in order of first use.")
    source: str = Field(description="Id of its source.")
    locator: str = Field(description="`README.md#L120`, `assets/a.png#xywh=x,y,w,h` (pixels), `data.pkl!backbone.norm.weight`, ...")
    quote: str = Field(description="The text there; a tensor's shape.")
    sha256: str = Field(
        pattern="^[0-9a-f]{64}$",
        description="Of the bytes that were read there (file, page, picture, header); of the quote where the reader kept none.",
    )
    seen_by: str = Field(default="", description="The reader, with a version where it matters.")


class LinkRecord(_Model):
    """A link of a document to something that the audit cares about."""

    id: str = Field(description="l1, l2, ...")
    url: str = Field(description="The address, as the document has it.")
    host: str = Field(description="google_drive, hugging_face, github, zenodo, ..., other.")
    target: Literal["file", "folder", "repo", "page"] = Field(description="What it leads to.")
    purpose: Literal["checkpoint", "dataset", "results", "paper", "other"] = Field(description="What it is there for.")
    label: str = Field(description="The visible text, or the command it stands in.")
    evidence: list[str] = Field(description="Ids of evidence.")
    section: str = Field(default="", description="The headings above it.")
    row: str = Field(default="", description="The table row that it stands in.")
    line: int = Field(default=0, description="Its line, counted from 1; 0 where there is none.")
    owner: str = Field(default="own", description="own, baseline, initialization or other: whose checkpoint it is.")
    reason: str = Field(default="", description="The words that decided the purpose.")
    found_by: str = Field(default="", description="As for claims.")


class ClaimRecord(_Model):
    """What somebody says of a variant."""

    id: str = Field(description="c1, c2, ...")
    variant: str = Field(description="The variant, as printed.")
    attribute: str = Field(description="params, gflops, depths, dims, first_layer, input, ..., or the metric as printed.")
    value: Json = Field(description="Number, text, or list of numbers.")
    unit: str | None = Field(description="M, G, mm, %, ...")
    setting: str = Field(description="Dataset, protocol, input size: what tells two values of one metric apart.")
    rank: Literal["primary", "secondary"] = Field(description="`primary`: the authors. Only these can accuse anybody.")
    origin: Literal["table", "picture", "text", "code", "paper", "file", "log", "agent"] = Field(description="What it was read from.")
    evidence: list[str] = Field(min_length=1, description="Ids of evidence.")
    printed: str = Field(default="", description="The value as printed, with its unit.")
    confidence: float = Field(default=1.0, description="Of the reading, below 1 for pictures.")
    active: bool = Field(default=True, description="False for commented-out code.")
    row: str = Field(default="", description="The row that it stands in.")
    found_by: str = Field(default="", description="`agent` where a language model pointed at the place; empty where the rules found it.")
    reread: bool = Field(default=True, description="False where no rule reads the same at that place: such a claim accuses nobody.")


class TensorRecord(_Model):
    """Name, shape and type of one tensor."""

    name: str = Field(description="Its name, without the stripped prefix.")
    shape: list[int] = Field(description="Its shape.")
    dtype: str = Field(description="torch's name of its type.")


class ParametersRecord(_Model):
    """Element counts of a checkpoint's network."""

    learnable: Count = Field(description="What an optimizer would see.")
    buffers: Count = Field(description="The rest: running statistics, counters, fixed tables and masks.")
    total: Count = Field(description="Both together.")


class HeadRecord(_Model):
    """What follows the backbone."""

    kind: str = Field(description="depthwise_separable, deconvolution, linear, rootnet, none, unknown, ...")
    kernels: list[int] = Field(description="Kernel sizes, in order.")
    channels: list[int] = Field(description="Output channels of the blocks, in order.")
    outputs: list[int] = Field(description="Output channels of the final layers, in order.")
    final_layers: list[str] = Field(default_factory=list, description="Names of the final layers.")


class ScoreRecord(_Model):
    """A known network and how near it is."""

    name: str = Field(description="Its published name.")
    score: float = Field(description="0 to 1.")


class LayerRecord(_Model):
    """A tensor named for orientation."""

    name: str = Field(description="Its name.")
    shape: list[int] = Field(description="Its shape.")


class ArchitectureRecord(_Model):
    """The network that names and shapes describe."""

    family: str = Field(description="convnext, resnet, ..., unknown.")
    name: str | None = Field(description="The published name, where the structure has one.")
    depths: list[int] = Field(description="Blocks of each stage.")
    dims: list[int] = Field(description="Channels of each stage.")
    head: HeadRecord | None = Field(description="What follows the backbone.")
    joints: int | None = Field(default=None, description="Number of joints, for pose networks.")
    explained: float = Field(ge=0, le=1, description="Share of tensors that the rebuilt network accounts for.")
    closest: list[ScoreRecord] = Field(description="The nearest known networks.")
    summary: str = Field(default="", description="One line for a person.")
    first_layer: LayerRecord | None = Field(default=None, description="The first weight.")
    spelling: str = Field(default="", description="Whose names its tensors have: official, timm, transformers, torchvision.")
    traits: list[str] = Field(default_factory=list, description="Batch norm, no layer scale, ...")
    cannot_know: list[str] = Field(default_factory=list, description="What the tensors do not tell.")
    unexplained: list[str] = Field(default_factory=list, description="A few names that did not fit.")


class AlternativeRecord(_Model):
    """Another possibility for what the tensors cannot tell."""

    assumption: str = Field(description="What is assumed instead.")
    macs: Count = Field(description="Multiply-accumulates in that case.")


class CostRecord(_Model):
    """Multiply-accumulates of one forward pass."""

    macs: Count = Field(description="Multiply-accumulates.")
    input: list[int] = Field(description="Height and width of the picture.")
    assumption: str = Field(default="", description="What the tensors cannot tell and was assumed.")
    alternatives: list[AlternativeRecord] = Field(default_factory=list, description="The other possibilities.")


class TrainingRecord(_Model):
    """What the file says of its training."""

    epoch: int | float | str | None = Field(description="Epoch; text where the file has no plain number.")
    optimizer: str | None = Field(description="What the optimizer's state looks like.")
    recorded_metrics: dict[str, float | str | None] = Field(description="Metrics that the file records.")
    metadata: dict[str, str] = Field(default_factory=dict, description="Other plain entries, cut short.")


class SafetyRecord(_Model):
    """What loading the file with pickle would call. No file is ever called safe."""

    verdict: Literal["plain", "suspicious", "dangerous"] = Field(description="`plain`: nothing but tensors and plain data is needed.")
    reasons: list[str] = Field(description="What it would call.")


class TensorValuesRecord(_Model):
    """What the values of one tensor are; statistics are over the finite ones, null where there are none."""

    name: str = Field(description="Its name, as in `tensors`.")
    sha256: str = Field(description="Of its bytes.")
    elements: Count = Field(description="Number of elements.")
    minimum: float | None = Field(description="Smallest value.")
    maximum: float | None = Field(description="Largest value.")
    mean: float | None = Field(description="Mean.")
    std: float | None = Field(description="Standard deviation of the population.")
    zeros: float | None = Field(description="Share of elements that are zero.")
    nan: Count = Field(description="Elements that are not a number.")
    infinite: Count = Field(description="Elements that are infinite.")
    strided: bool = Field(description="True for a view with steps: digest and statistics are those of the slice that it spans.")


class ValuesRecord(_Model):
    """Digests and statistics of a checkpoint's values; only with `--download full`."""

    digest: str = Field(description="Of all tensors: equal for equal weights; empty where a tensor could not be read.")
    nonfinite: Count = Field(description="Elements that are NaN or infinite.")
    bytes_read: Count = Field(description="Bytes of storages that were digested.")
    unread: list[str] = Field(default_factory=list, description="Tensors whose values do not lie in a storage of the file.")
    tensors: list[TensorValuesRecord] = Field(default_factory=list, description="Each tensor; empty for large checkpoints.")


class CheckpointRecord(_Model):
    """One set of weights with all that was derived from its header."""

    id: str = Field(description="k1, k2, ...")
    member: str | None = Field(description="Path inside containers; null for the file itself.")
    format: str = Field(description="torch_zip, torch_legacy, safetensors, ...")
    saved_as: str | None = Field(description="The name under which it was first saved, where the file tells.")
    state_key: str | None = Field(description="Where the state dict was found; null for the root.")
    prefix: str = Field(default="", description="What was stripped from all names.")
    tensors: list[TensorRecord] = Field(description="Of the state dict, in the order of the file.")
    parameters: ParametersRecord = Field(description="Element counts.")
    dtypes: dict[str, int] = Field(description="Number of tensors of each type.")
    architecture: ArchitectureRecord = Field(description="The network.")
    cost: CostRecord | None = Field(description="Multiply-accumulates, where they could be counted.")
    training: TrainingRecord = Field(description="What the file says of its training.")
    safety: SafetyRecord = Field(description="What loading it would call.")
    warnings: list[str] = Field(description="What is odd about the file.")
    sha256: str = Field(default="", description="Of the header bytes that were read.")
    fingerprint: str = Field(default="", description="Digest of names and shapes: equal for the same structure.")
    size: int | None = Field(default=None, description="Bytes of the file or member.")
    storage_bytes: int = Field(default=0, description="Bytes of all storages in the file, optimizer included.")
    values: ValuesRecord | None = Field(default=None, description="Digests and statistics of the values, with `--download full`.")
    values_note: str = Field(default="", description="Why there are none, where they were asked for.")


class UnreadableRecord(_Model):
    """Contents that could not be read as a checkpoint: a result, not an absence."""

    member: str | None = Field(description="Path inside containers; null for the file itself.")
    kind: str = Field(description="not_a_checkpoint, html, empty, truncated, unsupported, limit, network, lfs_pointer, dangerous, ...")
    reason: str = Field(description="Why, in words.")
    status: Status = Field(description="As the status of a source.")


class ArtifactRecord(_Model):
    """A file at the end of a checkpoint link, and what is inside."""

    id: str = Field(description="a1, a2, ...")
    link: str | None = Field(description="Id of the link; null for release assets, files of the tree and --artifact.")
    name: str = Field(description="Its name as the host gives it; untrusted.")
    url: str = Field(description="Where a person would open it.")
    host: str = Field(description="The host.")
    size: int | None = Field(description="Bytes; null where the host does not say.")
    status: Status = Field(description="What became of reading it.")
    detail: str = Field(default="", description="Why, in words.")
    bytes_read: Count = Field(description="Bytes that reading it cost.")
    requests: Count = Field(description="Requests that reading it cost.")
    sha256: str | None = Field(default=None, description="Of the whole file, where it is known without a download.")
    owner: str = Field(default="own", description="own, baseline, initialization or other.")
    md5: str | None = Field(default=None, description="Of the whole file, where the host gives that one.")
    revision: str = Field(default="", description="What changes when the bytes change, as the host names it: ETag, commit, version id.")
    state: str = Field(default="", description="What exactly was met, as for sources.")
    read_sha256: str | None = Field(default=None, description="Of the whole file as it was read, with `--download full`.")
    checkpoints: list[CheckpointRecord] = Field(description="The checkpoints in it.")
    unreadable: list[UnreadableRecord] = Field(default_factory=list, description="Contents that could not be read.")


class ComparisonRecord(_Model):
    """One claimed value held against one checkpoint."""

    checkpoint: str = Field(description="Id of the checkpoint.")
    attribute: str = Field(description="What is compared.")
    claimed: str = Field(description="As printed.")
    measured: str = Field(description="As measured.")
    agrees: bool | None = Field(description="null where the comparison decides nothing.")
    convention: str = Field(description="Which way of counting fits.")
    tolerance: str = Field(description="How exact the comparison is.")
    claim: str = Field(default="", description="Id of the claim.")
    rank: str = Field(default="primary", description="Rank of the claim.")
    note: str = Field(default="", description="What explains a difference, or which assumption the agreement needs.")


class VariantRecord(_Model):
    """What the audit says of one variant."""

    name: str = Field(description="The variant.")
    verdict: Literal["consistent", "mislabelled", "contradicted", "missing", "unverifiable", "unclaimed", "foreign"] = Field(
        description="The verdict; `missing`, `mislabelled` and `contradicted` rest on primary claims alone."
    )
    checkpoints: list[str] = Field(description="Ids of its checkpoints.")
    claims: list[str] = Field(description="Ids of its claims.")
    comparisons: list[ComparisonRecord] = Field(description="Claimed values held against checkpoints.")
    reason: str = Field(description="Why this verdict.")
    is_like: str = Field(default="", description="For mislabelled: what the file is.")
    proposed_name: str = Field(default="", description="For mislabelled and foreign: what the file should be called.")


class FindingRecord(_Model):
    """The answer of one check about one subject."""

    id: str = Field(description="f1, f2, ...")
    check: str = Field(description="Name of the check.")
    subject: str = Field(description="Variant, file or source that it speaks of.")
    outcome: Literal["holds", "fails", "unknown"] = Field(description="The answer.")
    severity: Literal["info", "low", "medium", "high"] = Field(description="Whether it matters.")
    confidence: Literal["low", "medium", "high"] = Field(description="Whether we are right.")
    title: str = Field(description="One line.")
    detail: str = Field(description="The reasoning.")
    expected: str = Field(description="What was expected.")
    observed: str = Field(description="What was observed.")
    evidence: list[str] = Field(min_length=1, description="Ids of evidence.")
    remedy: str = Field(description="What would settle it.")
    variant: str = Field(default="", description="The variant that it bears on, if one.")
    checkpoints: list[str] = Field(default_factory=list, description="Ids of checkpoints.")
    claims: list[str] = Field(default_factory=list, description="Ids of claims.")
    comparisons: list[ComparisonRecord] = Field(default_factory=list, description="Claimed values held against checkpoints.")


class DuplicateRecord(_Model):
    """A thread of the repository that resembles the drafted issue."""

    number: int = Field(description="Its number.")
    title: str = Field(description="Its title.")
    url: str = Field(description="Its page.")


class IssueRecord(_Model):
    """The drafted issue; only ever sent by a person's own act."""

    title: str = Field(description="One line.")
    body: str = Field(description="Markdown.")
    asks: list[str] = Field(description="Names of the variants that it asks about.")
    duplicates: list[DuplicateRecord] = Field(description="Threads that resemble it.")
    filed_url: str | None = Field(description="Its page, once it was sent.")
    fingerprint: str = Field(default="", description="What tells that it was sent before.")


class StatsRecord(_Model):
    """What the audit cost."""

    bytes_read: Count = Field(description="Bytes of files, listings and repository that were read.")
    bytes_listed: Count = Field(description="Sizes of all artifacts together.")
    requests: Count = Field(description="Requests.")
    peak_rss: Count = Field(default=0, description="Most memory used, in bytes.")


class AuditRecord(_Model):
    """One audit: everything that was seen, and everything that follows from it."""

    schema_version: Literal["1"] = Field(default="1", description='Always "1".')
    tool: ToolRecord = Field(description="The program.")
    started_at: str = Field(description="When it began, RFC 3339 UTC.")
    seconds: float = Field(description="How long it took.")
    complete: bool = Field(description="Whether everything was seen that a verdict could rest on.")
    exit_status: int = Field(description="The exit status of `audit run`.")
    repository: RepositoryRecord = Field(description="The audited repository.")
    sources: list[SourceRecord] = Field(description="Everything that was consulted, the failures too.")
    evidence: list[EvidenceRecord] = Field(description="The places that links, claims and findings rest on.")
    links: list[LinkRecord] = Field(description="Links of the documents.")
    claims: list[ClaimRecord] = Field(description="What is said of the variants.")
    artifacts: list[ArtifactRecord] = Field(description="Files, and the checkpoints in them.")
    variants: list[VariantRecord] = Field(description="The verdicts.")
    findings: list[FindingRecord] = Field(description="The answers of the checks.")
    issue: IssueRecord | None = Field(description="The drafted issue, where there is something to ask.")
    stats: StatsRecord = Field(description="What the audit cost.")
    agent: AgentRecord | None = Field(default=None, description="What a language model did, where one was asked.")
