"""MXNet's `.params`: a list of arrays, each with its shape before its values, and the names of all at the end.

See src/ndarray/ndarray.cc (NDArray::Save, NDArray::Load): u64 magic 0x112, u64 reserved, u64 count, the arrays, u64 count,
then each name with its length as u64. Four forms of an array exist, told by its first four bytes. Little endian throughout.
"""

from __future__ import annotations

import math
import struct

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Training
from auditor.formats.block_reader import BlockReader
from auditor.formats.dtypes import item_bytes
from auditor.formats.exported import is_statistic
from auditor.formats.extents import TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.pickle_values import clean_text
from auditor.formats.plain_headers import Described, checked_shape, make_plain_checkpoint

_MAGIC = (0x112).to_bytes(8, "little")
_FORM_1, _FORM_2, _FORM_3 = 0xF993FAC8, 0xF993FAC9, 0xF993FACA
_MOST_DIMENSIONS = 64
_LONGEST_NAME = 4096
_INDICES = {0: 0, 1: 1, 2: 2}  # storage type (dense, rows, compressed rows) and how many index arrays it has
_DTYPES = {
    0: "float32",
    1: "float64",
    2: "float16",
    3: "uint8",
    4: "int32",
    5: "int8",
    6: "int64",
    7: "bool",
    8: "int16",
    9: "uint16",
    10: "uint32",
    11: "uint64",
    12: "bfloat16",
}


class MxNet:
    """Reads the shapes and names of a list of arrays."""

    name = "mxnet"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the magic number of a list of arrays stands at the front."""
        return head.startswith(_MAGIC) and size >= 24

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        stream = _Stream(blob, limits)
        stream.take(16)
        count = stream.number("<Q")
        if count > limits.tensors:
            raise LimitError("more tensors than are allowed", f"at most {limits.tensors}")
        arrays = [_read_array(stream, n) for n in range(count)]
        names = _read_names(stream, count)
        return make_plain_checkpoint(
            [_named(array, name) for array, name in zip(arrays, names, strict=True)],
            limits,
            format=self.name,
            header=stream.blocks.sha256(),
            header_name="arrays",
            size=blob.size,
            training=Training(metadata=_kinds(names)),
        )


class _Stream:
    """A place in the file from which numbers are taken."""

    def __init__(self, blob: Blob, limits: Limits) -> None:
        self.blocks = BlockReader(blob, limits, "MXNet file")
        self.position = 0

    def take(self, length: int) -> bytes:
        data = self.blocks.take(self.position, length)
        self.position += length
        return data

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def skip(self, length: int) -> None:
        """Pass over values without reading them."""
        if self.position + length > self.blocks.size:
            raise TruncatedError("the MXNet file ends in the middle", f"{length} bytes announced, {self.blocks.size - self.position} left")
        self.position += length


def _read_array(stream: _Stream, index: int) -> Described:
    """Return one array, its values passed over."""
    form = stream.number("<I")
    if form == _FORM_1:
        shape = _read_shape(stream, "q", index)
        return _dense(stream, shape, index) if shape else _empty()
    if form not in (_FORM_2, _FORM_3):
        if form > _MOST_DIMENSIONS:
            raise FormatError(f"array {index} of the MXNet file begins with no form that is known", hex(form))
        shape = checked_shape(struct.unpack(f"<{form}I", stream.take(4 * form)), f"array {index}")
        return _dense(stream, shape, index) if shape else _empty()
    return _read_typed(stream, form, index)


def _read_typed(stream: _Stream, form: int, index: int) -> Described:
    """Return an array of the second or third form, which may be sparse."""
    kind = stream.number("<i")
    if kind not in _INDICES:
        raise FormatError(f"array {index} of the MXNet file is stored in a way that is not known", str(kind))
    stored = _read_shape(stream, "q", index) if _INDICES[kind] else None
    dimensions = stream.number("<i")
    if dimensions < 0 or (dimensions == 0 and form == _FORM_2):
        return _empty()
    shape = _sizes(stream, dimensions, "q", index)
    if not _INDICES[kind]:
        return _dense(stream, shape, index)
    dtype = _read_type(stream)
    lengths = [_length(stored or (), dtype)]
    for _ in range(_INDICES[kind]):
        index_type = _DTYPES.get(stream.number("<i"), "")
        lengths.append(_length(_read_shape(stream, "q", index), index_type))
    for length in lengths:
        stream.skip(length)
    return Described("", shape, dtype, None, sum(lengths))


def _dense(stream: _Stream, shape: tuple[int, ...], index: int) -> Described:
    dtype = _read_type(stream)
    if not item_bytes(dtype):
        raise FormatError(f"the type of array {index} of the MXNet file is not known", dtype)
    length = _length(shape, dtype)
    stream.skip(length)
    return Described("", shape, dtype, None, length)


def _empty() -> Described:
    """Return an array without a shape: nothing follows it."""
    return Described("", (0,), "float32", None, 0)


def _read_type(stream: _Stream) -> str:
    """Return the type that follows the device (two numbers)."""
    stream.take(8)
    code = stream.number("<i")
    return _DTYPES.get(code, f"unknown ({code})")


def _read_shape(stream: _Stream, width: str, index: int) -> tuple[int, ...]:
    return _sizes(stream, stream.number("<i"), width, index)


def _sizes(stream: _Stream, dimensions: int, width: str, index: int) -> tuple[int, ...]:
    if not 0 <= dimensions <= _MOST_DIMENSIONS:
        raise FormatError(f"array {index} of the MXNet file has an impossible number of dimensions", str(dimensions))
    raw = stream.take(struct.calcsize(f"<{dimensions}{width}"))
    return checked_shape(struct.unpack(f"<{dimensions}{width}", raw), f"array {index}")


def _length(shape: tuple[int, ...], dtype: str) -> int:
    return math.prod(shape) * item_bytes(dtype)


def _read_names(stream: _Stream, count: int) -> list[str]:
    """Return the names, or numbers where the list was saved without any."""
    held = stream.number("<Q")
    if held == 0:
        return [str(n) for n in range(count)]
    if held != count:
        raise FormatError("the MXNet file has another number of names than of arrays", f"{held} names, {count} arrays")
    names = []
    for _ in range(count):
        length = stream.number("<Q")
        if length > _LONGEST_NAME:
            raise LimitError("a name of the MXNet file is longer than is allowed", f"{length} bytes")
        names.append(clean_text(stream.take(length).decode("utf-8", "replace")))
    return names


def _named(array: Described, name: str) -> Described:
    """Return the array under its name; `aux:` marks what no optimizer sees."""
    bare = name.removeprefix("arg:").removeprefix("aux:")
    role = False if name.startswith("aux:") or is_statistic(bare) else None
    return Described(bare, array.shape, array.dtype, role, array.size_bytes)


def _kinds(names: list[str]) -> tuple[tuple[str, str], ...]:
    """Return how many names carried which mark."""
    marks = [(mark, sum(name.startswith(f"{mark}:") for name in names)) for mark in ("arg", "aux")]
    return tuple((f"names with {mark}:", str(count)) for mark, count in marks if count)
