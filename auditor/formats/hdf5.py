"""HDF5, and Keras's `.h5` in it: groups are walked, datasets described, values never read. Needs h5py (extra "hdf5").

The signature stands at 0, 512, 1024, 2048, ... (HDF5 File Format Specification, "Superblock"). What leads out of the file is
refused: external links, external storage, virtual datasets. Soft links are not followed. Keras's layout as in
keras/src/legacy/saving/legacy_h5_format.py (`model_weights`, `layer_names`, `weight_names`) and saving_lib.py (`layers/.../vars`).
"""

from __future__ import annotations

from typing import Any

from auditor.blob import Blob
from auditor.errors import AuditError, FormatError, LimitError, MissingExtra
from auditor.facts import Checkpoint
from auditor.formats.blob_file import BlobFile
from auditor.formats.extents import HEAD_BYTES, NoTensorsError, OtherFormatError
from auditor.formats.hdf5_attributes import h5_lists, h5_values
from auditor.formats.hdf5_heaps import check_heap, check_superblock
from auditor.formats.hdf5_types import h5_dtype
from auditor.formats.interface import Limits
from auditor.formats.keras_layout import KerasFile, arranged
from auditor.formats.plain_headers import Clock, Described, checked_shape, make_plain_checkpoint, size_of

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_PLACES = (0, *(512 << n for n in range(7)))
_DEEPEST = 32
_MOST_GROUPS = 200_000
_LIBRARY_ERRORS = (OSError, KeyError, RuntimeError, ValueError, TypeError, OverflowError, AttributeError, NotImplementedError, SystemError)


class Hdf5:
    """Reads names, shapes and types of all datasets of an HDF5 file."""

    name = "hdf5"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the signature stands at the front, or at 512 times a power of two."""
        return any(head[at : at + 8] == SIGNATURE for at in _PLACES)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError`, `MissingExtra` where h5py is not installed, and `NetworkError`."""
        return read_hdf5(blob, limits, self.name)


def read_hdf5(blob: Blob, limits: Limits, format: str, entries: tuple[tuple[str, str], ...] = ()) -> Checkpoint:
    """Return the checkpoint of an HDF5 file; `entries` are metadata that were found around it."""
    try:
        import h5py
    except ImportError as error:
        raise MissingExtra("reading HDF5 (Keras .h5 and .keras)", "hdf5") from error
    front = blob.read(0, HEAD_BYTES)
    start = next((at for at in _PLACES if front[at : at + 8] == SIGNATURE), None)
    if start is None:
        raise FormatError("not an HDF5 file", "its signature is missing")
    check_superblock(front[start : start + 64])
    source = BlobFile(blob, limits, check_heap)
    walk = _Walk(h5py, limits, source)
    try:
        with h5py.File(source, "r") as file:
            walk.groups(file)
    except AuditError:
        raise
    except MemoryError as error:
        raise LimitError("the HDF5 file asks for more memory than there is") from error
    except _LIBRARY_ERRORS as error:
        if source.fault is not None:
            raise source.fault from error
        raise FormatError("the HDF5 file is damaged", " ".join(str(error).split())[:200]) from error
    if source.fault is not None:
        raise source.fault
    return _checkpoint(walk, source.sha256(), blob.size, limits, format, entries)


def _checkpoint(walk: _Walk, sha256: str, size: int, limits: Limits, format: str, entries: tuple[tuple[str, str], ...]) -> Checkpoint:
    keras = arranged(KerasFile(tuple(walk.datasets), walk.attributes))
    if not keras.weights:
        raise NoTensorsError("an HDF5 file without datasets of numbers", "; ".join(walk.passed[:3]))
    named = "keras_h5" if format == "hdf5" and keras.is_keras else format
    training = keras.training(entries)
    return make_plain_checkpoint(
        keras.weights,
        limits,
        format=named,
        header=sha256,
        header_name="groups",
        size=size,
        state_key=keras.state_key,
        training=training,
        warnings=[*keras.warnings, *walk.passed[:8]],
        storage_bytes=sum(size_of(item) for item in walk.datasets),
    )


class _Walk:
    """A bounded walk over the groups of an open file."""

    def __init__(self, h5py: Any, limits: Limits, source: BlobFile) -> None:
        self.h5py = h5py
        self.source = source
        self.limits = limits
        self.clock = Clock(limits)
        self.datasets: list[Described] = []
        self.attributes: dict[str, dict[str, Any]] = {}
        self.passed: list[str] = []

    def groups(self, file: Any) -> None:
        """Visit every group once, the outer ones first in their order."""
        seen: set[Any] = set()
        waiting: list[tuple[str, Any]] = [("", self.h5py.h5g.open(file.id, b"/"))]
        while waiting:
            path, group = waiting.pop()
            if len(seen) > _MOST_GROUPS or path.count("/") > _DEEPEST:
                raise LimitError("the HDF5 file has more groups than is allowed", f"at most {_MOST_GROUPS}, {_DEEPEST} deep")
            if path.count("/") <= 3:
                self.attributes[path] = h5_lists(self.h5py, group, self.source)
            inner = [found for name in self.names(group) if (found := self.member(path, group, name, seen)) is not None]
            waiting.extend(reversed(inner))
        root = self.h5py.h5g.open(file.id, b"/")
        self.attributes[""] = {**self.attributes[""], **h5_values(self.h5py, root)}

    def names(self, group: Any) -> list[bytes]:
        """Return the names of a group's members, in the order in which they were made where the file keeps it."""
        if group.get_num_objs() > self.limits.tensors:
            raise LimitError("a group of the HDF5 file has more members than is allowed", f"at most {self.limits.tensors}")
        h5 = self.h5py.h5
        tracked = group.get_create_plist().get_link_creation_order() & self.h5py.h5p.CRT_ORDER_TRACKED
        found: list[bytes] = []
        group.links.iterate(found.append, idx_type=h5.INDEX_CRT_ORDER if tracked else h5.INDEX_NAME, order=h5.ITER_INC)
        return found

    def member(self, path: str, group: Any, name: bytes, seen: set[Any]) -> tuple[str, Any] | None:
        """Note a dataset, or return a group that is still to be visited."""
        self.clock.check()
        h5py = self.h5py
        full = f"{path}/{name.decode('utf-8', 'replace')[:300]}".lstrip("/")
        kind = group.links.get_info(name).type
        if kind == h5py.h5l.TYPE_EXTERNAL:
            raise OtherFormatError("an HDF5 file that leads to other files", f"external link {full[:120]!r}, which is not followed")
        if kind != h5py.h5l.TYPE_HARD:
            self.passed.append(f"link {full[:120]!r} was not followed")
            return None
        info = h5py.h5o.get_info(group, name)
        if info.type == h5py.h5o.TYPE_DATASET:
            self.dataset(full, group, name, str(info.addr) if info.rc > 1 else "")
        elif info.type == h5py.h5o.TYPE_GROUP and info.addr not in seen:
            seen.add(info.addr)
            return full, h5py.h5g.open(group, name)
        return None

    def dataset(self, full: str, group: Any, name: bytes, storage: str) -> None:
        """Describe one dataset. Raises `OtherFormatError` where its values lie in other files."""
        h5py = self.h5py
        found = h5py.h5d.open(group, name)
        plan = found.get_create_plist()  # before anything else: the space of a virtual dataset would open other files
        if plan.get_layout() == h5py.h5d.VIRTUAL or plan.get_external_count() > 0:
            raise OtherFormatError("an HDF5 file that leads to other files", f"the values of {full[:120]!r} lie elsewhere")
        dtype, fault = h5_dtype(h5py, found.get_type())
        space = found.get_space()
        if space.get_simple_extent_type() == h5py.h5s.NULL:
            fault = "is empty"
        if fault:
            self.passed.append(f"dataset {full[:120]!r} {fault}: not counted")
            return
        shape = checked_shape([int(size) for size in space.get_simple_extent_dims()], full)
        if len(self.datasets) >= self.limits.tensors:
            raise LimitError("more tensors than are allowed", f"at most {self.limits.tensors}")
        self.datasets.append(Described(full, shape, dtype, None, None, storage))
