"""torch's zip format (torch 1.6 and later), saved by `torch.save` or `torch.jit.save`, also when it was unpacked and zipped again.

Layout: `<root>/data.pkl` (the object), `<root>/data/<key>` (one storage each, not compressed), `<root>/version`,
`<root>/byteorder`; TorchScript adds `constants.pkl` and `code/`. The root is the file's first name, or "archive".
See torch/serialization.py and caffe2/serialize/inline_container.h. Reads the end, the front and `data.pkl`, never a storage.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from auditor.blob import Blob, BytesBlob
from auditor.errors import AuditError, FormatError, LimitError
from auditor.facts import Checkpoint, Safety
from auditor.formats.assembly import make_checkpoint
from auditor.formats.dtypes import item_bytes
from auditor.formats.extents import HEAD_BYTES, ByteStream, RememberedBlob
from auditor.formats.interface import Limits
from auditor.formats.pickle_values import Storage
from auditor.formats.pickle_walker import Walked, walk
from auditor.formats.state_dicts import NamedTensor
from auditor.formats.storage_places import zip_places
from auditor.formats.values import with_values
from auditor.formats.zip_directory import LOCAL, STORED, ZipDirectory, ZipEntry, read_directory, read_member

_FRONT_MEMBERS = 64

JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini", "._")
"""Beginnings of names that operating systems leave in archives."""


@dataclass(frozen=True, slots=True)
class TorchRoot:
    """One checkpoint inside a zip: the folder that holds `data.pkl`, and the members below it."""

    folder: str  # with its slash; "" where data.pkl lies at the top
    pickle: ZipEntry
    members: dict[str, ZipEntry]  # by name below the folder

    @property
    def saved_as(self) -> str | None:
        """Return the folder's own name, under which the file was first saved."""
        return self.folder.rstrip("/").rsplit("/", 1)[-1] or None

    @property
    def is_script(self) -> bool:
        """Tell whether this is TorchScript."""
        return "constants.pkl" in self.members and any(name.startswith("code/") for name in self.members)


def is_junk(name: str) -> bool:
    """Tell whether a member was left by an operating system and is nobody's data."""
    last = name.rstrip("/").rsplit("/", 1)[-1]
    return name.startswith(JUNK) or "/__MACOSX/" in name or last.startswith(JUNK)


def torch_roots(directory: ZipDirectory) -> tuple[TorchRoot, ...]:
    """Return every folder that is a checkpoint of torch: `data.pkl` beside `version`, `.data` or storages."""
    pickles: dict[str, ZipEntry] = {}
    for entry in directory.entries:
        if entry.name.rsplit("/", 1)[-1] == "data.pkl" and not is_junk(entry.name):
            pickles.setdefault(entry.name[: -len("data.pkl")], entry)
    members: dict[str, dict[str, ZipEntry]] = {folder: {} for folder in pickles}
    for entry in directory.entries:
        folder = _folder_of(entry.name, pickles)
        if folder is not None and not entry.is_folder:
            members[folder].setdefault(entry.name[len(folder) :], entry)
    return tuple(TorchRoot(folder, entry, members[folder]) for folder, entry in pickles.items() if _is_torch(members[folder]))


def _folder_of(name: str, folders: dict[str, ZipEntry]) -> str | None:
    """Return the innermost known folder above a name."""
    at = len(name)
    for _ in range(32):
        at = name.rfind("/", 0, at)
        folder = name[: at + 1]
        if folder in folders:
            return folder
        if at < 0:
            return None
    return None


def _is_torch(members: dict[str, ZipEntry]) -> bool:
    return "version" in members or any(name.startswith(("data/", ".data/")) for name in members)


def loose_members(directory: ZipDirectory, roots: tuple[TorchRoot, ...]) -> tuple[ZipEntry, ...]:
    """Return the files of a zip that belong to no checkpoint folder and are no junk."""
    folders = {root.folder: root.pickle for root in roots}
    return tuple(
        entry for entry in directory.entries if not entry.is_folder and not is_junk(entry.name) and _folder_of(entry.name, folders) is None
    )


class TorchZip:
    """Reads the zip format of `torch.save` and `torch.jit.save`."""

    name = "torch_zip"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the bytes begin a zip whose first member could be torch's."""
        if not head.startswith(b"PK\x03\x04"):
            return False
        return any(word in head for word in (b"data.pkl", b"/.data/", b"/data/", b"/version", b"/byteorder", b"/.format_version"))

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint of a zip that holds one and nothing else. Raises `FormatError` and `NetworkError`."""
        blob = blob if isinstance(blob, RememberedBlob) else RememberedBlob(blob)
        blob.read(0, HEAD_BYTES)
        directory = read_directory(blob, limits)
        roots = torch_roots(directory)
        if len(roots) != 1:
            raise FormatError("not one checkpoint of torch", f"the zip has {len(roots)} folders with a data.pkl")
        return read_root(blob, directory, roots[0], limits, blob.size)


def read_root(blob: Blob, directory: ZipDirectory, root: TorchRoot, limits: Limits, size: int) -> Checkpoint:
    """Return the checkpoint in one folder of a zip. Reads `data.pkl` and nothing else."""
    data = read_member(blob, root.pickle, limits.header_bytes)
    warnings = [*directory.warnings]
    walked = walk(ByteStream(BytesBlob(data), 0, limits.header_bytes), limits)
    warnings += _missing_storages(walked, root)
    byteorder = _byteorder(blob, root, limits.values_bytes > 0)

    def valued(checkpoint: Checkpoint, tensors: tuple[NamedTensor, ...]) -> Checkpoint:
        used = {record.storage.key: record.storage for _, record in tensors if record.storage is not None}
        big = ("byteorder", "big") in byteorder
        return with_values(checkpoint, tensors, lambda: zip_places(root.members, used.values()), blob, limits, big_endian=big)

    return make_checkpoint(
        walked.value,
        walked.storages,
        limits,
        format="torchscript" if root.is_script else "torch_zip",
        saved_as=root.saved_as,
        sha256=hashlib.sha256(data).hexdigest(),
        header_name="data.pkl",
        safety=_safety(walked, root, directory),
        size=size,
        warnings=tuple(warnings),
        metadata=byteorder,
        valued=valued,
    )


def read_front(blob: Blob, limits: Limits) -> Checkpoint:
    """Return the checkpoint of a zip whose end is out of reach, from local headers alone. Raises `FormatError`.

    `torch.save` writes `data.pkl` first, so the front of a compressed member is enough for every name and shape.
    """
    offset = 0
    for _ in range(_FRONT_MEMBERS):
        header = blob.read(offset, LOCAL.size)
        if len(header) < LOCAL.size or header[:4] != b"PK\x03\x04":
            break
        _, _, flags, method, _, _, _, packed, _, name_length, extra_length = LOCAL.unpack(header)
        name = blob.read(offset + LOCAL.size, name_length).decode("utf-8", "replace")
        start = offset + LOCAL.size + name_length + extra_length
        if name.rsplit("/", 1)[-1] == "data.pkl" and method == STORED:
            return _from_front(blob, start, name[: -len("data.pkl")].rstrip("/").rsplit("/", 1)[-1] or None, limits)
        if flags & 8 and packed == 0:
            break
        offset = start + packed
    raise LimitError(
        "the compressed archive is too large to be unpacked", "its directory stands at the end", "unpack it and inspect the files"
    )


def _from_front(blob: Blob, start: int, saved_as: str | None, limits: Limits) -> Checkpoint:
    stream = ByteStream(blob, start, limits.header_bytes)
    walked = walk(stream, limits)
    return make_checkpoint(
        walked.value,
        walked.storages,
        limits,
        format="torch_zip",
        saved_as=saved_as,
        sha256=stream.sha256(),
        header_name="data.pkl",
        safety=walked.safety,
        size=blob.size,
        warnings=("compressed inside an archive: only its front was unpacked, its storages were not looked for",),
    )


def _safety(walked: Walked, root: TorchRoot, directory: ZipDirectory) -> Safety:
    """Return the verdict on the pickle, and on what lies around it: code, and a second pickle under the same name.

    Programs differ in which of two members they take, and torch's own looks names up without regard to case.
    """
    found = walked.safety
    reasons = found.reasons
    name = root.pickle.name.lower()
    if sum(entry.name.lower() == name for entry in directory.entries) > 1:
        reasons += ("two members have the name of the pickle: which of them is loaded is not known",)
    if root.is_script:
        reasons = (*(reason for reason in reasons if "__torch__." not in reason), "carries TorchScript code")
    if reasons == found.reasons:
        return found
    return Safety("dangerous" if found.verdict == "dangerous" else "suspicious", reasons)


def _missing_storages(walked: Walked, root: TorchRoot) -> list[str]:
    """Return warnings for storages that the archive lacks or that have another size than the pickle says."""
    warnings = []
    for key, storage in walked.storages.items():
        entry = root.members.get(f"data/{key}")
        if entry is None:
            warnings.append(f"storage {key[:40]!r} is not in the archive")
        elif entry.size != _bytes(storage):
            warnings.append(f"storage {key[:40]!r} has {entry.size} bytes, the pickle says {_bytes(storage)}")
    return warnings if len(warnings) <= 5 else [*warnings[:5], f"and {len(warnings) - 5} more storages that are missing or of another size"]


def _bytes(storage: Storage) -> int:
    return storage.numel * item_bytes(storage.dtype)


def _byteorder(blob: Blob, root: TorchRoot, matters: bool) -> tuple[tuple[str, str], ...]:
    """Return the byte order where its few bytes came along with what was read, or where values are read; else it is not worth a request."""
    entry = root.members.get("byteorder")
    if entry is None or entry.size > 16:
        return ()
    if not matters and not (isinstance(blob, RememberedBlob) and blob.holds(entry.offset, 640)):
        return ()
    try:
        return (("byteorder", read_member(blob, entry, 16).decode("ascii", "replace")),)
    except AuditError:  # names and shapes do not hang on it
        if matters:
            return ()
        raise
