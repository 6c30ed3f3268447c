"""links -> artifacts -> checkpoints: list what each link leads to, open every file, read its header."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from auditor.blob import Blob
from auditor.errors import AuditError, NetworkError
from auditor.facts import EMPTY_SHA256, Artifact, Inspected, Link, ReleaseAsset, Source, State, Status, Unreadable
from auditor.formats.begun import begun
from auditor.formats.isolation import read_isolated, shared_pool, workers_killed_on_interrupt
from auditor.gathering.deriving import Structures
from auditor.gathering.downloads import read_whole
from auditor.gathering.groups import INDEX, INDEX_BYTES, index_notes, joined
from auditor.gathering.held_back import HeldBack
from auditor.gathering.lanes import AT_ONCE, BESIDE, Lanes, lane_of
from auditor.gathering.staleness import listed_when, read_when
from auditor.gathering.tree_files import Tree, TreeFiles, hosts_of_tree
from auditor.hosts.interface import FileHost, Listing, OpenBlob, RemoteFile
from auditor.hosts.local import LocalFiles
from auditor.progress import Progress

if TYPE_CHECKING:
    from auditor.net import Network

MAX_FILES = 500  # of one audit; more are recorded as skipped
MAX_GIVEN_FILES = 5000  # where the user named them and nothing else is looked at
# Names of files that nobody keeps weights in. Everything else is opened and judged by its bytes.
DOCUMENTS = frozenset(
    """
    .txt .md .rst .pdf .doc .docx .ppt .pptx .xls .xlsx .csv .tsv .json .yaml .yml .xml .html .htm .log .py .ipynb .sh .m .mat .c .cpp .h
    .cu .png .jpg .jpeg .gif .svg .bmp .webp .mp4 .avi .mov .mkv .wav .mp3 .ply .obj .bvh .npy
    """.split()
)
WEIGHTS = frozenset(
    """
    .pth .pt .ckpt .safetensors .bin .tar .pkl .h5 .onnx .pdparams .npz .msgpack .gguf .weights .th .t7 .caffemodel
    """.split()
)
FILE_HOSTS = frozenset(
    """
    google_drive dropbox onedrive sharepoint baidu hugging_face zenodo figshare osf s3 gcs azure github_release modelscope kaggle direct
    dataverse mendeley
    """.split()
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Artifacts with the sources that were consulted for them."""

    artifacts: tuple[Artifact, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class _Address:
    """Something to be listed, and who may list it."""

    url: str
    link: Link | None  # None: given on the command line
    hosts: tuple[FileHost | TreeFiles, ...]


@dataclass(frozen=True, slots=True)
class _Task:
    """One file to be opened."""

    file: RemoteFile
    host: str
    link: str | None
    owner: str
    required: bool
    open: Callable[[], OpenBlob | Blob]


def local_only(given: Sequence[str]) -> bool:
    """Tell whether all these are paths of this machine, so that neither a network nor a host is needed."""
    return all(LocalFiles().accepts(url) for url in given)


def gather_artifacts(
    links: Sequence[Link],
    network: Network,
    hosts: Sequence[FileHost],
    progress: Progress,
    *,
    assets: Sequence[ReleaseAsset] = (),
    tree: Tree | None = None,
    given: Sequence[str] = (),
    download: str = "header",
    follow: bool = True,
    prove: bool = False,
) -> Gathered:
    """Return every file at the end of the checkpoint links, of the releases, of the tree and of the command line, read.

    `download` is "header", or "full" to read the authors' checkpoints whole: digests of files, digests and statistics of values.
    `prove` says that known networks will be proved with torch, which is then imported while hosts are waited for.
    """
    if not follow:
        return Gathered((), tuple(_unfollowed(link) for link in links if is_wanted(link)))
    wanted = [_Address(link.url, link, (*hosts_of_tree(tree, link), *hosts)) for link in links if is_wanted(link)]
    wanted += [_Address(url, None, (LocalFiles(), *hosts)) for url in given]  # only the command line may name a local path
    if wanted:
        shared_pool().start()  # its interpreter starts while the hosts are asked
    progress.stage("listing hosts", len(wanted))
    at_once = AT_ONCE if network is None else network.settings.requests_per_host
    with Lanes(at_once + BESIDE) as lanes, workers_killed_on_interrupt():
        held, structures, full = HeldBack(progress), Structures(prove), download == "full"
        most = MAX_FILES if links else MAX_GIVEN_FILES
        sources: list[Source] = []
        tasks: dict[tuple[str, str], _Task] = {}
        reading: list[Future[tuple[Artifact, Source]]] = []

        def read(task: _Task) -> tuple[Artifact, Source]:
            return read_when(network, lambda: _read(task, held, structures, full and task.owner == "own"))

        def begin(found: Iterable[_Task]) -> None:
            for task in found:
                if tasks.setdefault((task.file.url, task.file.key), task) is task and len(tasks) <= most:
                    reading.append(lanes.submit(read, task, lane_of(task.file.url)))

        listings = [
            lanes.submit(lambda address: listed_when(network, lambda: _list(address, network, progress)), address, lane_of(address.url))
            for address in wanted
        ]
        for address, listed in zip(wanted, listings, strict=True):  # in the order of the links, which the report keeps
            listing = listed.result()
            owner, required = _stakes(listing, address.link)
            sources.append(_listing_source(listing, owner, required))
            begin(_tasks_of(address, listing, network))
        linked = {task.file.url for task in tasks.values()}
        begin(_asset_tasks([asset for asset in assets if asset.url not in linked], hosts, network))
        if tree is not None:
            begin(_tree_tasks(tree))
        progress.stage("reading checkpoints", len(tasks))
        held.release()
        done = [future.result() for future in reading]
    if done and shared_pool().failure:
        progress.warn(f"files are read without a process of their own: {shared_pool().failure}")
    artifacts, opened = [artifact for artifact, _ in done], tuple(tasks.values())
    for place, notes in index_notes(artifacts, lambda place: _whole(opened[place])).items():
        artifacts[place] = replace(artifacts[place], disagreements=notes)
    artifacts = list(joined(artifacts))
    sources += [source for _, source in done]
    if len(tasks) > most:
        detail = f"{len(tasks) - most} further files were not opened: one audit opens {most}"
        sources.append(Source("file:beyond-limit", "file", "", Status.PARTIAL, detail, required=True))
    numbered = tuple(replace(artifact, id=f"a{n}") for n, artifact in enumerate(artifacts, 1))
    return Gathered(numbered, tuple(sources))


def _unfollowed(link: Link) -> Source:
    """Return the source of a link that was not to be followed."""
    return Source(f"listing:{link.url}", "listing", link.url, Status.SKIPPED, "not followed, as asked", required=link.owner == "own")


def is_wanted(link: Link) -> bool:
    """Tell whether a link is followed: checkpoints, and what lies on a file host without the document saying what it is."""
    if link.purpose == "checkpoint":
        return True
    return link.purpose == "other" and link.host in FILE_HOSTS and link.target in ("file", "folder") and not _is_document(link.url)


def _stakes(listing: Listing, link: Link | None) -> tuple[str, bool]:
    """Return whose checkpoints a listing holds, and whether a verdict could rest on it."""
    if link is None:
        return "own", True
    if link.purpose == "checkpoint":
        return link.owner, link.owner == "own"
    # Of a link with no stated purpose only what looks like weights matters; where it cannot be listed, it may hide some.
    return link.owner, listing.status in (Status.OK, Status.PARTIAL) and any(_is_weights(file.name) for file in listing.files)


def _list(address: _Address, network: Network, progress: Progress) -> Listing:
    host = _host_for(address.url, address.hosts)
    try:
        listing = host.resolve(address.url, network)
    except AuditError as error:  # a host that raises instead of answering loses one link, not the audit
        status, state = Status(getattr(error, "status", Status.ERROR)), State(getattr(error, "state", State.UNKNOWN))
        listing = Listing(address.url, host.name, status, str(error), state=state)
    if listing.status is Status.OK and not listing.files and listing.state is State.UNKNOWN:
        listing = replace(listing, state=State.EMPTY)
    progress.item(f"{listing.host}: {listing.detail or listing.status.value}")
    if listing.status is not Status.OK:
        progress.warn(f"{address.url}: {listing.status.value}: {listing.detail}")
    return listing


def _host_for(url: str, hosts: Sequence[FileHost | TreeFiles]) -> FileHost | TreeFiles:
    return next(host for host in hosts if host.accepts(url))


def _listing_source(listing: Listing, owner: str, required: bool) -> Source:
    names = ", ".join(file.name for file in listing.files[:50])
    return Source(
        id=f"listing:{listing.url}",
        kind="listing" if owner == "own" else "other listing",
        url=listing.url,
        status=listing.status,
        detail=listing.detail,
        required=required,
        quote=(listing.quote or names)[:2000],
        sha256=listing.sha256 or EMPTY_SHA256,
        state=listing.state,
    )


def _tasks_of(address: _Address, listing: Listing, network: Network) -> Iterable[_Task]:
    host, link = _host_for(address.url, address.hosts), address.link
    owner, required = _stakes(listing, link)
    for file in listing.files:
        if link is not None and link.purpose != "checkpoint" and not _is_weights(file.name):
            continue
        yield _Task(file, listing.host, link.id if link else None, owner, required, partial(host.open, file, network))


def _asset_tasks(assets: Sequence[ReleaseAsset], hosts: Sequence[FileHost], network: Network) -> Iterable[_Task]:
    for asset in assets:
        if not _is_weights(asset.name):
            continue
        host = _host_for(asset.url, hosts)
        digest = asset.digest.removeprefix("sha256:") if asset.digest and asset.digest.startswith("sha256:") else None
        file = RemoteFile(asset.name, asset.url, size=asset.size, sha256=digest)
        yield _Task(file, "github_release", None, "own", True, partial(host.open, file, network))


def _tree_tasks(tree: Tree) -> Iterable[_Task]:
    for entry in tree.entries:
        if entry.symlink_to is None and PurePosixPath(entry.path).suffix.lower() in WEIGHTS:
            yield _Task(tree.remote(entry), "repository", None, "own", True, partial(tree.blob, entry.path))


def _whole(task: _Task) -> bytes:
    """Return the bytes of a small file. Raises what its host raises."""
    blob = task.open()
    try:
        return blob.read(0, min(blob.size, INDEX_BYTES))
    finally:
        close = getattr(blob, "close", None)
        if close is not None:
            close()


def _is_document(name: str) -> bool:
    if name.endswith(INDEX):
        return False
    return PurePosixPath(name.split("?")[0]).suffix.lower() in DOCUMENTS


def _is_weights(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in WEIGHTS or ".pth." in name.lower()


def _read(task: _Task, progress: Progress, structures: Structures, whole: bool = False) -> tuple[Artifact, Source]:
    """Open one file, read its header (or all of it) and derive its network; whatever goes wrong is a status."""
    file = task.file
    source = Source(f"file:{file.url or file.name}", "file", file.url, Status.OK, required=task.required)
    artifact = Artifact(
        id="",
        link=task.link,
        name=file.name,
        url=file.url,
        host=task.host,
        size=file.size,
        status=Status.OK,
        source=source.id,
        sha256=file.sha256,
        md5=file.md5,
        revision=file.revision,
        owner=task.owner,
    )
    if _is_document(file.name):
        detail = "not opened: by its name no checkpoint"
        return replace(artifact, status=Status.SKIPPED, detail=detail), replace(
            source, status=Status.SKIPPED, detail=detail, required=False
        )
    artifact = _opened(artifact, task, structures, whole)
    if artifact.state is State.CHANGED:  # once more from the beginning; what changes again is left alone
        cost = artifact.bytes_read, artifact.requests
        fresh = replace(artifact, status=Status.OK, state=State.UNKNOWN, detail="", contents=())
        artifact = _opened(fresh, task, structures, whole)
        artifact = replace(artifact, bytes_read=artifact.bytes_read + cost[0], requests=artifact.requests + cost[1])
    progress.item(f"{file.name}: {artifact.status.value}")
    if artifact.status is not Status.OK:
        progress.warn(f"{file.name}: {artifact.status.value}: {artifact.detail}")
    headers = [item.checkpoint.sha256 for item in artifact.contents if isinstance(item, Inspected)] or [EMPTY_SHA256]
    return artifact, replace(
        source, status=artifact.status, state=artifact.state, detail=artifact.detail, quote=_described(artifact), sha256=headers[0]
    )


def _opened(artifact: Artifact, task: _Task, structures: Structures, whole: bool) -> Artifact:
    """Return the artifact with what is in its file, or with what went wrong."""
    file, blob = task.file, None
    try:
        blob = task.open()
        found, digest = read_whole(blob) if whole else (read_isolated(begun(blob)), None)
        contents = tuple(map(structures.derived, found))
        size = blob.size
        artifact = replace(artifact, read_sha256=digest)
    except NetworkError as error:
        contents, size = (), file.size or 0
        artifact = replace(artifact, status=Status(error.status), detail=str(error), state=State(error.state))
    except AuditError as error:
        contents, size = (), file.size or 0
        artifact = replace(artifact, status=Status.ERROR, detail=str(error))
    except Exception as error:  # a defect of ours on one strange file must not lose the others
        contents, size = (), file.size or 0
        artifact = replace(artifact, status=Status.ERROR, detail=f"the auditor failed on this file: {type(error).__name__}: {error}")
    finally:
        close = getattr(blob, "close", None)
        if close is not None:
            close()
    artifact = replace(
        artifact,
        contents=contents,
        size=size or file.size,
        bytes_read=getattr(blob, "bytes_read", 0),
        requests=getattr(blob, "requests", 0),
        revision=artifact.revision or getattr(blob, "mark", ""),
    )
    return _with_status(artifact)


def _with_status(artifact: Artifact) -> Artifact:
    """Return the artifact with the status that its contents give it: OK, PARTIAL where some members failed, else what failed."""
    broken = [item for item in artifact.contents if isinstance(item, Unreadable) and item.kind != "not_a_checkpoint"]
    if artifact.status is not Status.OK or not broken:
        others = [item.reason for item in artifact.contents if isinstance(item, Unreadable)]
        return replace(artifact, detail=artifact.detail or (others[0] if others else ""))
    some = any(isinstance(item, Inspected) for item in artifact.contents)
    first = broken[0]
    detail = f"{first.kind.replace('_', ' ')}: {first.reason}"
    return replace(artifact, status=Status.PARTIAL if some else first.status, state=first.state, detail=detail)


def _described(artifact: Artifact) -> str:
    found = [i for i in artifact.contents if isinstance(i, Inspected)]
    return (
        "; ".join(f"{i.checkpoint.format}, {len(i.checkpoint.tensors)} tensors, {i.parameters.learnable} learnable" for i in found)
        or artifact.detail
    )
