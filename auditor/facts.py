"""What was seen: every observation of an audit, with where it was made, the failures included.

Frozen records without behavior beyond trivial lookups. Everything that is concluded stands in `findings.py`. The `id`
fields are given by `numbered()` once, when the pipeline has gathered everything; extractors leave them empty.
Sizes are bytes, counts integers, times RFC 3339 UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of no bytes at all: nothing was read


class Status(StrEnum):
    """What became of looking at a source. Only `MISSING` says that something is not there."""

    OK = "ok"  # seen whole
    PARTIAL = "partial"  # seen in part
    DENIED = "denied"  # not shared, sign-in needed, paywall, 401, 403
    QUOTA = "quota"  # rate limit or download quota: try later
    MISSING = "missing"  # the host says that it does not exist: 404, 410, deleted
    BLOCKED = "blocked"  # we refused to go there: private address, unsupported scheme, budget used up
    ERROR = "error"  # no answer, 5xx, broken bytes
    SKIPPED = "skipped"  # not looked at, on purpose; `detail` says why


class State(StrEnum):
    """What exactly a host said, finer than `Status`: what a person would do next differs for each."""

    UNKNOWN = ""  # nobody said more than the status does
    OK = "ok"
    EMPTY = "empty"  # a folder or repository without files
    TOO_MANY = "too_many"  # listed in part: more than a listing may have, or than the host shows
    NOT_SHARED = "not_shared"  # the owner has to share it
    SIGN_IN = "sign_in"  # only people with an account see it
    GATED = "gated"  # terms have to be accepted first
    QUOTA = "quota"  # downloaded too often by everybody: try again tomorrow
    RATE_LIMITED = "rate_limited"  # we asked too often: try again soon
    DELETED = "deleted"  # it was there, and is gone
    TAKEN_DOWN = "taken_down"  # the host keeps it from everybody: a virus, its terms, the law
    NOT_FOUND = "not_found"  # the host knows nothing of it
    MOVED = "moved"  # it is somewhere else, and the host does not lead there
    NOT_A_FILE = "not_a_file"  # a page came where a file was expected
    CHANGED = "changed"  # the file changed while it was read
    BROKEN_RANGE = "broken_range"  # the answer was not the bytes that were asked for
    SERVER_ERROR = "server_error"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"  # no such name, refused, reset, or no trust in its certificate
    BLOCKED = "blocked"  # we refused to go there
    OFFLINE = "offline"  # `--offline`, and the cache does not have it
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Source:
    """Something that was consulted, or could not be.

    `required` is True where a verdict could rest on it: the repository, its documents, hosts of checkpoint links,
    checkpoints. An audit is complete when every required source is `OK`.
    """

    id: str  # stable and readable: "document:README.md", "listing:https://...", "file:https://..."
    kind: str  # repository, tree, document, picture, release, issues, forks, listing, file, paper, claims, log
    url: str
    status: Status
    detail: str = ""
    required: bool = False
    seen_at: str = ""
    quote: str = ""  # what was read there, cut short: names of a listing, an error's own words
    sha256: str = EMPTY_SHA256  # of the bytes that were read
    state: State = State.UNKNOWN

    def as_evidence(self) -> Evidence:
        """Return the evidence that this source is what it is."""
        return Evidence(self.id, self.url or self.id, self.quote or self.detail or self.status.value, self.sha256, self.kind)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The atom: one place that anybody can look at again, and what stands there.

    `locator` is "README.md#L120", "assets/a.png#xywh=x,y,w,h" (pixels), "main/config.py#L46", "data.pkl!backbone.norm.weight",
    "listing#3 files"; `quote` the text there (or the shape, for a tensor); `sha256` of the bytes that were read (the whole
    document, page or picture; for a checkpoint the header bytes); `seen_by` the reader, with a version where it matters.
    """

    source: str
    locator: str
    quote: str
    sha256: str
    seen_by: str = ""


# ---------------------------------------------------------------------------------------------------------- repository


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One file of the audited commit."""

    path: str
    size: int | None
    sha: str = ""  # git's blob id
    symlink_to: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseAsset:
    """A file attached to a GitHub release."""

    tag: str
    name: str
    url: str
    size: int
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """An issue of the repository, open or closed, that speaks of checkpoints."""

    number: int
    title: str
    state: str
    url: str
    body: str = ""  # cut to a few kB


@dataclass(frozen=True, slots=True)
class Fork:
    """A fork: listed, never trusted."""

    full_name: str
    url: str
    pushed_at: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """The audited repository at one commit."""

    full_name: str
    ref: str
    commit: str
    url: str
    archived: bool = False
    has_issues: bool = True
    fork_of: str | None = None
    description: str = ""
    tree: tuple[TreeEntry, ...] = ()
    releases: tuple[ReleaseAsset, ...] = ()
    threads: tuple[Thread, ...] = ()
    forks: tuple[Fork, ...] = ()
    local: bool = False

    def permalink(self, path: str, line: int | None = None) -> str:
        """Return a link to a file (and line) at the audited commit, or the bare path for a local folder."""
        anchor = f"#L{line}" if line else ""
        if self.local or not self.url:
            return path + anchor
        from urllib.parse import quote

        return f"{self.url}/blob/{self.commit}/{quote(path)}{anchor}"


# ----------------------------------------------------------------------------------------------------------- documents


@dataclass(frozen=True, slots=True)
class Document:
    """A text of the repository, as it was read."""

    path: str
    text: str
    sha256: str
    source: str  # id of its Source
    role: str = "readme"  # readme, document (linked from the README), config (Python), script


@dataclass(frozen=True, slots=True)
class RawLink:
    """A link as it stands in a document, with all that surrounds it."""

    url: str  # exactly as written, entities decoded
    label: str  # visible text, alt text of a badge, or the command it stands in
    line: int  # 1-based
    form: str  # inline, reference, autolink, bare, html, image, command, code
    sections: tuple[str, ...] = ()  # headings above it, outermost first
    context: str = ""  # the paragraph, list item or command it stands in, links shown by their labels
    row: tuple[str, ...] = ()  # texts of the table row, if it stands in a table
    column: str = ""  # header of its column


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a document shows."""

    url: str  # as written
    path: str | None  # path in the repository, where it is one
    alt: str
    line: int
    sections: tuple[str, ...] = ()
    caption: str = ""  # text right before or after it


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table, of text or of a picture. Spans are already expanded: a spanned cell is repeated."""

    text: str  # visible text, markup removed
    line: int = 0
    links: tuple[str, ...] = ()  # urls in the cell
    region: tuple[int, int, int, int] | None = None  # x, y, width, height in pixels, for a picture
    confidence: float = 1.0
    emphasized: bool = False  # bold in the document
    spanned: bool = False  # a repetition of a cell that spans rows or columns
    raw: str = ""  # the cell's text exactly as it stands in the document's line (markup included); quotes are taken from it


@dataclass(frozen=True, slots=True)
class Table:
    """A rectangular grid, whether it was Markdown, HTML, reStructuredText or a picture."""

    rows: tuple[tuple[Cell, ...], ...]  # header rows first
    header_rows: int
    line: int
    origin: str  # "table" or "picture"
    sections: tuple[str, ...] = ()
    caption: str = ""  # caption, or the paragraph before
    picture: str | None = None  # path of the picture, where it is one
    sha256: str = ""  # of the picture's bytes, where it is one


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item or code block."""

    text: str
    line: int
    kind: str  # paragraph, item, code
    sections: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Literal:
    """An assignment of a literal in source code, read from the syntax tree and never run."""

    name: str  # dotted: "Config.backbone_cfg", "MODEL_CONFIGS"
    value: Any  # numbers, strings, tuples, lists, dicts
    line: int
    quote: str  # the source line, stripped
    commented: bool = False  # found in a comment: the authors' alternative, not what runs
    end: int = 0  # last line of the statement, 0 where it has only one


@dataclass(frozen=True, slots=True)
class Outline:
    """A document with its structure made plain."""

    document: Document
    links: tuple[RawLink, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    blocks: tuple[Block, ...] = ()
    literals: tuple[Literal, ...] = ()
    title: str = ""
    notes: tuple[str, ...] = ()  # what was cut because of a limit, or could not be parsed


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a document to something that the audit cares about."""

    id: str
    url: str  # the string of the document
    host: str  # google_drive, hugging_face, github, zenodo, ..., other
    target: str  # file, folder, repo, page
    purpose: str  # checkpoint, dataset, results, paper, other
    label: str
    evidence: Evidence
    section: str = ""
    row: str = ""
    line: int = 0
    owner: str = "own"  # own, baseline, initialization, other: whose checkpoint it is
    reason: str = ""  # the words that decided the purpose
    found_by: str = ""  # as for claims


# ---------------------------------------------------------------------------------------------------------- checkpoints


@dataclass(frozen=True, slots=True)
class Tensor:
    """Name, shape and type of one tensor; never its values."""

    name: str
    shape: tuple[int, ...]
    dtype: str  # torch's names: float32, int64, bfloat16, ...
    storage: str = ""  # key of the storage it looks into; equal keys share memory (tied weights)
    is_parameter: bool | None = None  # where the file says so (nn.Parameter)

    @property
    def numel(self) -> int:
        """Return the number of elements: the product of the shape, 1 for a scalar."""
        count = 1
        for size in self.shape:
            count *= size
        return count


@dataclass(frozen=True, slots=True)
class Safety:
    """What loading the file with pickle would have called. No file is ever called safe."""

    verdict: str  # plain, suspicious, dangerous
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Training:
    """What the file says of its own training."""

    epoch: int | float | None = None
    optimizer: str | None = None  # a guess at its kind from its state: "adam-like (exp_avg, exp_avg_sq)", "sgd with momentum", "present"
    optimizer_bytes: int = 0
    recorded_metrics: tuple[tuple[str, float], ...] = ()
    metadata: tuple[tuple[str, str], ...] = ()  # other plain entries: arch, args, versions; cut short


@dataclass(frozen=True, slots=True)
class TensorValues:
    """What the values of one tensor are, without the values. Statistics are over the finite ones."""

    name: str  # as in the checkpoint's tensors
    sha256: str  # of its bytes, as they lie in the file
    elements: int
    minimum: float | None = None  # None where nothing is finite, sums overflow, or statistics of the type are not taken
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None  # of the population: divided by the number of elements
    zeros: float | None = None  # share of elements that are zero
    nan: int = 0
    infinite: int = 0
    strided: bool = False  # a view with steps: digest and statistics are those of the slice of storage that it spans


@dataclass(frozen=True, slots=True)
class Values:
    """Digests and statistics of all tensors of a checkpoint; only where the whole file was read."""

    digest: str  # of names, types, shapes and bytes of all tensors: equal for equal weights; "" where a tensor could not be read
    tensors: tuple[TensorValues, ...]  # in the order of the file
    nonfinite: int = 0  # elements that are NaN or infinite
    bytes_read: int = 0  # of storages that were digested
    unread: tuple[str, ...] = ()  # names of tensors whose values do not lie in a storage of the file


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One set of weights, as its header describes it."""

    member: str | None  # path inside containers, "outer.zip/inner.pth"; None for the file itself
    format: str  # torch_zip, torch_legacy, safetensors, ...
    saved_as: str | None  # the name it was first saved under (root of torch's zip)
    state_key: str | None  # where the state dict was found: "network", "state_dict", "a.b"; None for the root
    prefix: str  # stripped from all names: "module."; "" for none
    tensors: tuple[Tensor, ...]  # of the state dict, names stripped, in the order of the file
    sha256: str  # of the header bytes that were read
    header_name: str = "data.pkl"  # for locators: "data.pkl!name"
    training: Training = Training()
    safety: Safety = Safety("plain")
    warnings: tuple[str, ...] = ()
    storage_bytes: int = 0  # bytes of all storages of the file, optimizer included
    size: int | None = None  # bytes of the file or member
    values: Values | None = None  # only with a full download
    values_note: str = ""  # why there are no values, where they were asked for


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that could not be read as a checkpoint: a result, not an absence."""

    member: str | None
    reason: str
    kind: str  # not_a_checkpoint, html, empty, truncated, unsupported, limit, network, lfs_pointer, dangerous
    status: Status = Status.ERROR
    state: State = State.UNKNOWN  # where the network failed: what exactly the host said


@dataclass(frozen=True, slots=True)
class Parameters:
    """Element counts. `learnable` is what an optimizer would see; `buffers` the rest."""

    learnable: int
    buffers: int

    @property
    def total(self) -> int:
        """Return all elements."""
        return self.learnable + self.buffers


@dataclass(frozen=True, slots=True)
class Head:
    """What follows the backbone."""

    kind: str  # depthwise_separable, deconvolution, linear, rootnet, none, unknown
    kernels: tuple[int, ...] = ()  # kernel sizes, in order
    channels: tuple[int, ...] = ()  # output channels of the blocks, in order
    outputs: tuple[int, ...] = ()  # output channels of the final layers, in order
    final_layers: tuple[str, ...] = ()  # their names


@dataclass(frozen=True, slots=True)
class Cost:
    """Multiply-accumulates of one forward pass of one picture."""

    macs: int
    input: tuple[int, int]  # height, width
    assumption: str = ""  # what the tensors cannot tell and was assumed
    alternatives: tuple[tuple[str, int], ...] = ()  # the other possibilities, with their MACs


@dataclass(frozen=True, slots=True)
class Architecture:
    """The network that a checkpoint's names and shapes describe."""

    family: str  # convnext, resnet, ..., unknown
    name: str | None  # published name, where the structure has one
    depths: tuple[int, ...] = ()
    dims: tuple[int, ...] = ()
    head: Head | None = None
    joints: int | None = None
    explained: float = 0.0  # share of tensors that the rebuilt network accounts for, 0..1
    closest: tuple[tuple[str, float], ...] = ()
    summary: str = ""  # one line for a person
    first_layer: tuple[str, tuple[int, ...]] | None = None  # name and shape of the first weight
    variant_of: str = ""  # spelling: official, timm, transformers, torchvision
    traits: tuple[str, ...] = ()  # "batch norm", "no layer scale", ...
    cannot_know: tuple[str, ...] = ()
    unexplained: tuple[str, ...] = ()  # names that did not fit, a few


@dataclass(frozen=True, slots=True)
class Inspected:
    """A checkpoint with all that was derived from its header."""

    id: str
    checkpoint: Checkpoint
    parameters: Parameters
    architecture: Architecture
    cost: Cost | None = None
    fingerprint: str = ""  # digest of the multiset of names and shapes: equal for the same structure
    costs: tuple[Cost, ...] = ()  # at other input sizes that claims speak of

    @property
    def values(self) -> Values | None:
        """Return what the values of the tensors are, where the whole file was read."""
        return self.checkpoint.values


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file at the end of a checkpoint link, an entry of a listed folder, a release asset or a file of the tree."""

    id: str
    link: str | None  # id of the link; None for release assets, files of the tree and --artifact
    name: str  # path within the listing; untrusted
    url: str
    host: str
    size: int | None
    status: Status
    detail: str = ""
    bytes_read: int = 0
    requests: int = 0
    source: str = ""  # id of its Source
    contents: tuple[Inspected | Unreadable, ...] = ()
    sha256: str | None = None  # of the whole file, where it is known without a download
    owner: str = "own"
    read_sha256: str | None = None  # of the whole file as it was read here, with a full download
    disagreements: tuple[str, ...] = ()  # of an index of shards with its shards
    md5: str | None = None  # of the whole file, where the host gives that one
    revision: str = ""  # what changes when the bytes change, as the host names it
    state: State = State.UNKNOWN


# --------------------------------------------------------------------------------------------------------------- claims


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says of a variant."""

    id: str
    variant: str  # as printed, cleaned: "Ours-M"
    attribute: str  # params, gflops, depths, dims, first_layer, input, head_depth, or the metric as printed
    value: Any  # number, string or list of numbers
    unit: str | None
    setting: str  # dataset, protocol, input size: whatever tells two values of one metric apart
    rank: str  # primary, secondary
    origin: str  # table, picture, text, code, paper, file, log, agent
    evidence: Evidence
    printed: str = ""  # the number as printed, with its unit: "7.59M"
    confidence: float = 1.0  # of the reading, below 1 for pictures
    active: bool = True  # False for commented-out code
    row: str = ""  # the row it stands in, for the report
    table: str = ""  # the table it stands in: its document and first line, or its picture
    found_by: str = ""  # "agent" where a language model pointed at the place; empty where the rules found it
    reread: bool = True  # False where only a language model's reading says so: no rule, pointed at the place, reads it there; never accuses


# --------------------------------------------------------------------------------------------------------------- agent


@dataclass(frozen=True, slots=True)
class Correspondence:
    """A language model's proposal that a file is a variant's, which structure does not contradict. It never accuses."""

    variant: str
    artifact: str  # id of the artifact
    reason: str  # verified prose
    evidence: Evidence | None = None  # a place that says so, where there is one


@dataclass(frozen=True, slots=True)
class AgentNote:
    """A sentence of a language model, bound to findings; every number and name in it stands in the facts that it cites."""

    kind: str  # hypothesis, summary
    text: str
    findings: tuple[str, ...]  # f1, ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """A proposal that was not accepted."""

    kind: str  # claim, correspondence, hypothesis, summary, link
    proposal: str  # in one line
    reason: str


@dataclass(frozen=True, slots=True)
class AgentRun:
    """What a language model did for this audit, and what it cost. Its accepted claims and links stand among the others."""

    model: str
    ended: str  # "finished", "budget: requests", "stopped: ..."
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost_usd: float | None = None  # None where no price of the model is known
    accepted: tuple[tuple[str, int], ...] = ()  # number of accepted proposals by kind
    correspondences: tuple[Correspondence, ...] = ()
    notes: tuple[AgentNote, ...] = ()
    refused: tuple[Refusal, ...] = ()  # the first of them; the transcript has all
    refused_count: int = 0
    transcript_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Stats:
    """What the audit cost."""

    bytes_read: int = 0  # payload bytes of files, listings and repository
    bytes_listed: int = 0  # sizes of all artifacts together
    requests: int = 0
    peak_rss: int = 0  # bytes


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one audit observed. Equal Facts give equal reports, byte for byte."""

    tool_version: str
    started_at: str
    seconds: float
    repository: Repository
    sources: tuple[Source, ...] = ()
    links: tuple[Link, ...] = ()
    claims: tuple[Claim, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    stats: Stats = Stats()
    options: tuple[tuple[str, str], ...] = ()
    agent: AgentRun | None = None
    addressed: tuple[Evidence, ...] = ()  # where the texts speak to a program that reads them
    elsewhere: tuple[Evidence, ...] = ()  # where they say that checkpoints are to come, on request, or at a place of no listing

    def source(self, id: str) -> Source | None:
        """Return the source with this id."""
        return next((source for source in self.sources if source.id == id), None)

    def inspected(self) -> tuple[tuple[Artifact, Inspected], ...]:
        """Return every readable checkpoint with its artifact, in order."""
        return tuple((artifact, item) for artifact in self.artifacts for item in artifact.contents if isinstance(item, Inspected))


def numbered(facts: Facts) -> Facts:
    """Return the same facts with ids on claims and checkpoints: c1.., k1... Links and artifacts are numbered when made."""
    count = 0
    artifacts = []
    for artifact in facts.artifacts:
        contents: list[Inspected | Unreadable] = []
        for item in artifact.contents:
            if isinstance(item, Inspected):
                count += 1
                item = replace(item, id=f"k{count}")
            contents.append(item)
        artifacts.append(replace(artifact, contents=tuple(contents)))
    claims = tuple(replace(claim, id=f"c{n}") for n, claim in enumerate(facts.claims, 1))
    return replace(facts, artifacts=tuple(artifacts), claims=claims)
