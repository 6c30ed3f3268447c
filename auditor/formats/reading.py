"""From bytes to checkpoints: recognize, open containers, read, and turn every failure into a result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from auditor.blob import Blob, BytesBlob
from auditor.errors import FormatError, LimitError, MissingExtra, NetworkError
from auditor.facts import Checkpoint, State, Status, Unreadable
from auditor.formats.caffe import Caffe
from auditor.formats.containers import Member, open_tar_members, open_zip_member, promises_weights, worth_looking
from auditor.formats.coreml import CoreMl
from auditor.formats.coreml_values import CoreMlValues
from auditor.formats.decompressors import compression_of
from auditor.formats.extents import HEAD_BYTES, NoTensorsError, OtherFormatError, RememberedBlob, RunsCodeError, TruncatedError
from auditor.formats.flax_msgpack import FlaxMsgpack
from auditor.formats.gguf import Gguf
from auditor.formats.grouping import split_part
from auditor.formats.hdf5 import Hdf5
from auditor.formats.inflated import UNKNOWN_SIZE, Allowance, InflatedBlob, is_sequential
from auditor.formats.interface import HeaderReader, Limits
from auditor.formats.joblib_pickle import Joblib
from auditor.formats.keras_archive import KerasArchive
from auditor.formats.mxnet import MxNet
from auditor.formats.named_formats import Darknet, Orbax
from auditor.formats.ncnn import Ncnn
from auditor.formats.npy import Npy
from auditor.formats.npz import Npz
from auditor.formats.onnx import Onnx
from auditor.formats.openvino import OpenVino
from auditor.formats.plain_pickle import PlainPickle
from auditor.formats.safetensors import Safetensors
from auditor.formats.safetensors_index import SafetensorsIndex
from auditor.formats.seven_zip import MAGIC as SEVEN_ZIP
from auditor.formats.seven_zip import seven_zip_members
from auditor.formats.tar_members import is_tar
from auditor.formats.tensorflow_checkpoint import TensorFlowCheckpoint, lacks_index, part_without_header
from auditor.formats.tensorflow_graph import FrozenGraph, MetaGraph, SavedModel
from auditor.formats.tflite import TfLite
from auditor.formats.torch_distributed import TorchDistributed
from auditor.formats.torch_export import TorchExport
from auditor.formats.torch_legacy import TorchLegacy
from auditor.formats.torch_tar import TorchTar
from auditor.formats.torch_zip import TorchRoot, TorchZip, is_junk, loose_members, read_front, read_root, torch_roots
from auditor.formats.unsupported import recognize
from auditor.formats.zip_directory import ZipDirectory, ZipEntry, read_directory
from auditor.formats.zip_front import ZipFormat

READERS: tuple[HeaderReader, ...] = (
    TorchZip(),
    TorchLegacy(),
    TorchTar(),
    Safetensors(),
    TorchDistributed(),
    Joblib(),
    PlainPickle(),
    Npz(),
    Npy(),
    Hdf5(),
    KerasArchive(),
    Gguf(),
    FlaxMsgpack(),
    TorchExport(),
    SafetensorsIndex(),
    OpenVino(),
    Ncnn(),
    Orbax(),
    Darknet(),
    MxNet(),
    TfLite(),
    TensorFlowCheckpoint(),
    Onnx(),
    CoreMl(),
    CoreMlValues(),
    SavedModel(),
    MetaGraph(),
    FrozenGraph(),
    Caffe(),
)
"""Every format that can be read, in the order in which they are asked."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_UNPACKED_WHOLE = 4 << 20  # compressed members up to this size are unpacked whole
_REWINDS = 3  # how often a compressed member that is read back and forth may have to be unpacked
_FRUITLESS_READS = 128  # requests for members in a row that were no checkpoints
_SLOW = 10  # a whole container may take this many times `Limits.seconds`
_NAMES_SHOWN = 4
_LONGEST_NAME = 300

Content = Checkpoint | Unreadable


def read_contents(blob: Blob, limits: Limits = Limits(), readers: tuple[HeaderReader, ...] = READERS) -> tuple[Content, ...]:  # noqa: B008
    """Return every checkpoint in a file, and an `Unreadable` for whatever could not be read; at least one of the two.

    Bytes alone decide what a file is. Containers (zip, tar, gzip, bzip2, xz, zstd) are opened to `limits.depth`; members that are
    no checkpoints are passed over, and a container of nothing else is one `Unreadable` of kind "not_a_checkpoint". Nothing
    that bytes or a host can do raises: broken bytes have kind "broken" or "truncated", a host's failure "network".
    """
    remembered = RememberedBlob(blob)
    return tuple(_told_of_parts(content, blob.name) for content in _Visit(remembered, limits, readers).contents(remembered, None, 0))


class _Visit:
    """One file being read, with what may still be spent on it."""

    def __init__(self, blob: RememberedBlob, limits: Limits, readers: tuple[HeaderReader, ...]) -> None:
        self.limits = limits
        self.readers = readers
        self.allowance = Allowance(limits.inflated_bytes)
        self.blob = blob
        self.fruitful = 0  # reads of the blob when a checkpoint was last found
        self.deadline = time.monotonic() + limits.seconds * _SLOW

    def contents(self, blob: Blob, member: str | None, depth: int) -> list[Content]:
        """Return what a blob holds; every failure becomes a result."""
        return self.guarded(member, lambda: self.opened(blob, member, depth))

    def guarded(self, member: str | None, read: Callable[[], list[Content]]) -> list[Content]:
        try:
            return read()
        except NetworkError as error:
            status = Status(error.status) if error.status in list(Status) else Status.ERROR
            state = State(error.state) if error.state in list(State) else State.UNKNOWN
            return [Unreadable(member, str(error), "network", status, state)]
        except MissingExtra as error:
            return [Unreadable(member, f"{error}: {error.help}", "unsupported", Status.SKIPPED)]
        except (FormatError, RecursionError, MemoryError) as error:
            return [_failure(member, error)]

    def opened(self, blob: Blob, member: str | None, depth: int) -> list[Content]:
        if blob.size == 0:
            return [Unreadable(member, "the file is empty", "empty")]
        head = blob.read(0, HEAD_BYTES)
        if not head:
            return [Unreadable(member, "the file is empty", "empty")]
        for reader in self.readers:
            if not isinstance(reader, (TorchZip, ZipFormat)) and reader.accepts(head, blob.size) and (not member or reader.name != "npy"):
                return [_placed(reader.read(blob, self.limits), member)]
        if head.startswith(_ZIP):
            return self.zip(blob, member, depth)
        if is_tar(head):
            return self.walked(blob, "tar", lambda: open_tar_members(blob, self.limits), member, depth)
        if head.startswith(SEVEN_ZIP):
            return self.walked(blob, "7z archive", lambda: seven_zip_members(blob, self.limits, self.allowance), member, depth)
        if compression_of(head):
            return self.compressed(blob, head, member, depth)
        found = recognize(head, blob.size)
        part = part_without_header(member or blob.name) if found.kind == "unsupported" and not found.weights else ""
        if part:
            return [Unreadable(member, part, "not_a_checkpoint", Status.OK)]
        telling = found.weights or not member or (found.kind == "unsupported" and promises_weights(member))
        return [Unreadable(member, found.reason, found.kind if telling else "not_a_checkpoint", found.status)]

    def zip(self, blob: Blob, member: str | None, depth: int) -> list[Content]:
        """Read a zip: a checkpoint of torch, or a container of files and of unpacked checkpoints."""
        if is_sequential(blob) and blob.size > _UNPACKED_WHOLE:
            try:
                return [_placed(read_front(blob, self.limits), member)]
            except LimitError:
                if blob.size > self.allowance.left // _REWINDS:
                    raise
        directory = read_directory(blob, self.limits)
        roots = torch_roots(directory)
        loose = loose_members(directory, roots)
        if len(roots) == 1 and not loose:
            return [_placed(read_root(blob, directory, roots[0], self.limits, blob.size), member)]
        if not roots:
            names = [entry.name for entry in loose]
            for reader in self.readers:
                if isinstance(reader, ZipFormat) and reader.fits(names):
                    return [_placed(reader.read_entries(blob, loose, self.limits), member)]
        self.check_depth(depth)
        found: list[Content] = []
        for root in roots:
            found += self.root(blob, directory, root, member)
        members = (self.zip_member(blob, entry) for entry in worth_looking(loose))
        found += self.guarded(member, lambda: self.members(members, member, depth, found))
        return found or [_nothing(member, "zip", [entry.name for entry in loose])]

    def root(self, blob: Blob, directory: ZipDirectory, root: TorchRoot, member: str | None) -> list[Content]:
        name = _joined(member, root.folder.rstrip("/") or "data.pkl")
        size = sum(entry.size for entry in root.members.values())
        return self.guarded(name, lambda: [_placed(read_root(blob, directory, root, self.limits, size), name)])

    def zip_member(self, blob: Blob, entry: ZipEntry) -> Member:
        try:
            return open_zip_member(blob, entry, self.allowance)
        except FormatError as error:
            return Member(entry.name, None, str(error))

    def walked(self, blob: Blob, kind: str, members: Callable[[], Iterable[Member]], member: str | None, depth: int) -> list[Content]:
        """Read a tar or a 7z archive as a container; what stands before a damaged header is kept."""
        self.check_depth(depth)
        names: list[str] = []
        found: list[Content] = []

        def walk() -> list[Content]:
            for item in members():
                names.append(item.name[:_LONGEST_NAME])
                if not is_junk(item.name):
                    self.members([item], member, depth, found)
            return []

        found.extend(self.guarded(member, walk))
        return found or [_nothing(member, kind, names)]

    def compressed(self, blob: Blob, head: bytes, member: str | None, depth: int) -> list[Content]:
        """Read a compressed stream: the one file in it, or the tar."""
        self.check_depth(depth)
        method = compression_of(head) or "gzip"
        inner: Blob = InflatedBlob(blob, 0, blob.size, UNKNOWN_SIZE, blob.name, method, self.allowance)
        front = inner.read(0, _UNPACKED_WHOLE)
        if len(front) < _UNPACKED_WHOLE:
            inner = BytesBlob(front, blob.name)
        return self.contents(inner, member, depth + 1)

    def members(self, members: Iterable[Member], container: str | None, depth: int, found: list[Content]) -> list[Content]:
        """Add the checkpoints among the members, and the failures that matter, to what was found, so that nothing is lost.

        Returns nothing further. Raises `LimitError` after too many reads that found nothing.
        """
        for item in members:
            name = _joined(container, item.name)
            if self.blob.reads - self.fruitful > _FRUITLESS_READS or time.monotonic() > self.deadline:
                raise LimitError("not all members of the container were looked at", f"{name[:80]!r} and what follows")
            if item.blob is None:
                status = Status.SKIPPED if item.kind == "unsupported" else Status.ERROR
                found.append(Unreadable(name, f"the member {item.fault}", item.kind, status))
                continue
            seen = [content for content in self.contents(item.blob, name, depth + 1) if _matters(content)]
            if any(isinstance(content, Checkpoint) for content in seen):
                self.fruitful = self.blob.reads
            found += seen
        return []

    def check_depth(self, depth: int) -> None:
        if depth >= self.limits.depth:
            raise LimitError(
                "containers within containers", f"nested more than {self.limits.depth} deep", "unpack it and inspect the files"
            )


def _placed(checkpoint: Checkpoint, member: str | None) -> Checkpoint:
    size = checkpoint.size if checkpoint.size is not None and checkpoint.size < UNKNOWN_SIZE else None
    return replace(checkpoint, member=member, size=size)


def _failure(member: str | None, error: BaseException) -> Unreadable:
    """Return the result that stands for an error."""
    safety = error.safety if isinstance(error, (NoTensorsError, RunsCodeError)) else None
    if safety is not None and safety.verdict == "dangerous":
        return Unreadable(member, f"loading this file with pickle would run code: {'; '.join(safety.reasons[:5])}", "dangerous")
    if isinstance(error, NoTensorsError):
        return Unreadable(member, str(error), "not_a_checkpoint", Status.OK)
    if isinstance(error, OtherFormatError):
        return Unreadable(member, str(error), "unsupported", Status.SKIPPED)
    if isinstance(error, TruncatedError):
        return Unreadable(member, str(error), "truncated")
    if isinstance(error, LimitError):
        return Unreadable(member, str(error), "limit", Status.BLOCKED)
    if isinstance(error, (RecursionError, MemoryError)):
        return Unreadable(member, f"too deep or too large to be read ({type(error).__name__})", "limit", Status.BLOCKED)
    return Unreadable(member, str(error), "broken")


def _told_of_parts(content: Content, name: str) -> Content:
    """Return a failure with what the name says of it: a part of a split archive is no damaged file."""
    if isinstance(content, Checkpoint) or content.kind not in ("truncated", "unsupported", "broken"):
        return content
    part = split_part(content.member or name)
    if not part:
        return content
    reason = f"{part} by its name: all parts have to be joined before they can be read ({content.reason})"
    return replace(content, reason=reason, kind="unsupported", status=Status.SKIPPED)


def _matters(content: Content) -> bool:
    """Tell whether a member's result is worth telling: no pages, texts and pictures that lie beside checkpoints."""
    return isinstance(content, Checkpoint) or content.kind not in ("not_a_checkpoint", "html", "empty")


def _joined(container: str | None, name: str) -> str:
    name = name[-_LONGEST_NAME:]
    return f"{container}/{name}" if container else name


def _nothing(member: str | None, kind: str, names: list[str]) -> Unreadable:
    shown = ", ".join(name[:60] for name in names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
    detail = f": {shown}" if names else ""
    if lacks_index(names):
        return Unreadable(member, f"a {kind} of a TensorFlow checkpoint's values without .index{detail}", "unsupported", Status.SKIPPED)
    return Unreadable(member, f"a {kind} of {len(names)} files, none of them a checkpoint{detail}", "not_a_checkpoint", Status.OK)
