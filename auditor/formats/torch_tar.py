"""torch's first format (0.1.1 and before): a tar of the members `sys_info`, `pickle`, `storages` and `tensors`.

Member `tensors`: a pickled count, then for each tensor a pickle (key, storage key, class), an int32 number of dimensions, four
bytes of padding, sizes, strides and offset as int64. Member `pickle`: the object, its tensors by persistent id. See
`legacy_load` in torch/serialization.py. The storages are passed over, so their lengths are not known.
"""

from __future__ import annotations

import hashlib
import struct

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint
from auditor.formats.assembly import make_checkpoint
from auditor.formats.dtypes import STORAGE_DTYPES
from auditor.formats.extents import ByteStream
from auditor.formats.interface import Limits
from auditor.formats.pickle_constructors import shape_of
from auditor.formats.pickle_safety import judge
from auditor.formats.pickle_values import GlobalName, Storage, TensorRecord
from auditor.formats.pickle_walker import walk
from auditor.formats.tar_members import TarMember, is_tar, tar_members

_MEMBERS = ("sys_info", "pickle", "storages", "tensors")
_MOST_DIMENSIONS = 64

Names = dict[tuple[str, str], bool]


class TorchTar:
    """Reads the tar files of the first releases of torch."""

    name = "torch_tar"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether this is a tar whose first member is one of torch's four."""
        return is_tar(head) and head[:100].split(b"\x00")[0].removeprefix(b"./").decode("latin-1") in _MEMBERS

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        members = _four_members(blob, limits)
        names: Names = {}
        stream = _stream(blob, members["tensors"], limits)
        tensors = _tensors(stream, limits, names)
        pickled = _stream(blob, members["pickle"], limits)
        found = walk(pickled, limits, tensors)
        names.update(found.names)
        return make_checkpoint(
            found.value,
            {},
            limits,
            format=self.name,
            saved_as=None,
            sha256=hashlib.sha256((stream.sha256() + pickled.sha256()).encode()).hexdigest(),
            header_name="pickle",
            safety=judge(names),
            size=blob.size,
        )


def _four_members(blob: Blob, limits: Limits) -> dict[str, TarMember]:
    found: dict[str, TarMember] = {}
    for member in tar_members(blob, limits):
        name = member.name.removeprefix("./")
        if name in _MEMBERS:
            found.setdefault(name, member)
        if len(found) == len(_MEMBERS):
            return found
    raise FormatError("not a checkpoint of torch's first format", f"members are missing: {', '.join(sorted(set(_MEMBERS) - set(found)))}")


def _stream(blob: Blob, member: TarMember, limits: Limits) -> ByteStream:
    return ByteStream(blob, member.offset, limits.header_bytes, member.offset + member.size)


def _tensors(stream: ByteStream, limits: Limits, names: Names) -> dict[str, TensorRecord]:
    """Return the tensors by their keys, and add the names that their pickles use."""
    count = walk(stream, limits).value
    if not isinstance(count, int) or not 0 <= count <= limits.tensors:
        raise LimitError("more tensors than are allowed", f"at most {limits.tensors}")
    tensors: dict[str, TensorRecord] = {}
    for _ in range(count):
        head = walk(stream, limits)
        names.update(head.names)
        key, record = _tensor(head.value, stream)
        tensors[key] = record
    return tensors


def _tensor(head: object, stream: ByteStream) -> tuple[str, TensorRecord]:
    if not isinstance(head, tuple) or len(head) != 3 or not all(isinstance(item, (str, int)) for item in head[:2]):
        raise FormatError("the description of a tensor makes no sense")
    key, storage_key, cls = head
    kind = cls.name.removesuffix("Tensor") + "Storage" if isinstance(cls, GlobalName) else ""
    dtype = STORAGE_DTYPES.get(kind, "unknown")
    dimensions = struct.unpack("<i", stream.take(8)[:4])[0]
    if not 0 <= dimensions <= _MOST_DIMENSIONS:
        raise FormatError("a tensor has an impossible number of dimensions", str(dimensions))
    numbers = struct.unpack(f"<{2 * dimensions + 1}q", stream.take(16 * dimensions + 8))
    shape, stride, offset = shape_of(numbers[:dimensions]), numbers[dimensions:-1], numbers[-1]
    if offset < 0:
        raise FormatError("a tensor begins before its storage")
    needed = offset + 1 + sum((size - 1) * max(step, 0) for size, step in zip(shape, stride, strict=True)) if 0 not in shape else 0
    return str(key), TensorRecord(shape, dtype, Storage(str(storage_key)[:200], dtype, needed), offset, stride)
