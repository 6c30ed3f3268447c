"""TensorFlow's checkpoints: version 2 by its `.index` alone, and version 1, one table with the values in it.

See tensorflow/core/protobuf/tensor_bundle.proto and core/util/saved_tensor_slice.proto. Both are sorted tables whose first key
is empty: its value is the header of a bundle, or the list of all tensors. The values are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.blob import Blob, BytesBlob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint
from auditor.formats.block_reader import BlockReader
from auditor.formats.extents import NoTensorsError, OtherFormatError
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Described, make_plain_checkpoint
from auditor.formats.protobuf import BYTES, FIXED32, VARINT, Field, Wire, outline, varint
from auditor.formats.snappy import peek
from auditor.formats.sstable import MAGIC, Place, SortedTable
from auditor.formats.tensorflow_types import check_bytes, read_shape, tensorflow_dtype
from auditor.formats.tensorflow_variables import Variables

_WHAT = "TensorFlow checkpoint"
_PEEKED = 256
_HEADER_WIRES = {1: VARINT, 2: VARINT, 3: BYTES}
_ENTRY_WIRES = {1: VARINT, 2: BYTES, 3: VARINT, 4: VARINT, 5: VARINT, 6: FIXED32, 7: BYTES}
_VALUES = re.compile(r"\.data-\d{5}-of-\d{5}$")
_PARTS = (
    (_VALUES, "values of a TensorFlow checkpoint; names and shapes are in its .index"),
    (re.compile(r"(^|/)(fingerprint|keras_metadata)\.pb$"), "a part of a TensorFlow SavedModel that holds no weights"),
)
_SLICE_KEY = b"\x00"  # with what the key of a part of a partitioned tensor begins


class TensorFlowCheckpoint:
    """Reads the table of a checkpoint's names, shapes and types."""

    name = "tensorflow_checkpoint"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether a table begins here, packed or not, whose first key is empty, with a header as TensorFlow writes it."""
        if len(head) >= size >= 48 and head[size - 8 : size] == MAGIC:
            return True
        return _begins(head, size) or _begins(peek(head[: 4 * _PEEKED], _PEEKED), 1 << 62)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `NoTensorsError` where it holds no weights, `FormatError` and `NetworkError`."""
        blocks = BlockReader(blob, limits, _WHAT)
        table = SortedTable(blocks, limits)
        places = table.open()
        entries = _entries(table, places)
        key, value = next(entries, (b"?", b""))
        if key:
            raise OtherFormatError("a sorted table (LevelDB) that is no TensorFlow checkpoint", f"its first key is {key[:60]!r}")
        if value[:1] == b"\x0a":
            variables, version = _version_1(value, limits), "1"
        else:
            blocks.plan(places[0][0], places[-1][0] + places[-1][1] - places[0][0])
            variables, version = _version_2(value, entries, limits), "2"
        variables.metadata.insert(0, ("checkpoint version", version))
        weights = variables.weights()
        if not weights:
            raise NoTensorsError(variables.absence())
        return make_plain_checkpoint(
            weights,
            limits,
            format=self.name,
            header=blocks.sha256(),
            header_name="index" if version == "2" else "meta",
            size=blob.size,
            training=variables.training(),
            warnings=variables.warnings(),
            storage_bytes=variables.all_bytes,
        )


def part_without_header(name: str) -> str:
    """Return what a file is whose bytes are of no format and whose name is that of a part of a checkpoint; "" for none.

    The raw values of a checkpoint have no header of their own: nothing but the name tells them from other unknown bytes.
    """
    return next((reason for pattern, reason in _PARTS if pattern.search(name)), "")


def lacks_index(names: Iterable[str]) -> bool:
    """Tell whether files by these names are values of a checkpoint whose index is not among them."""
    names = tuple(names)
    return any(_VALUES.search(name) for name in names) and not any(name.endswith(".index") for name in names)


def _begins(data: bytes, size: int) -> bool:
    """Tell whether an unpacked table's first entry is an empty key with one of the two headers."""
    if data[:2] != b"\x00\x00":
        return False
    try:
        length, at = varint(data, 2, min(len(data), 12), "table")
    except FormatError:
        return False
    fields = outline(data, size, at, at + length)
    if not fields:
        return False
    if fields[0].number == 1 and fields[0].wire == BYTES:
        inner = outline(data, size, fields[0].start, fields[0].end, 1)
        return len(fields) == 1 and bool(inner) and all(item.number in (1, 2) and item.wire == BYTES for item in inner or ())
    return length <= 64 and all(_HEADER_WIRES.get(item.number) == item.wire for item in fields)


def _entries(table: SortedTable, places: list[Place]) -> Iterator[tuple[bytes, bytes]]:
    for place in places:
        yield from table.entries(place)


def _wire(value: bytes, limits: Limits) -> Wire:
    return Wire(BytesBlob(value), limits, _WHAT)


def _version_1(value: bytes, limits: Limits) -> Variables:
    """Return the tensors that the first entry of a version 1 checkpoint lists."""
    variables = Variables()
    wire = _wire(value, limits)
    for meta in wire.root():
        for item in wire.inside(meta) if meta.number == 1 else ():
            if item.number == 1:
                variables.add(_slice_meta(wire, item))
                _check_count(variables, limits)
    return variables


def _slice_meta(wire: Wire, meta: Field) -> Described:
    name, dtype, shape = "", "", None
    for item in wire.inside(meta):
        if item.number == 1:
            name = wire.text(item)
        elif item.number == 2:
            shape = read_shape(wire, item, name)
        elif item.number == 3:
            dtype = tensorflow_dtype(item.value)
    return Described(name, shape or (), dtype)


def _version_2(header: bytes, entries: Iterator[tuple[bytes, bytes]], limits: Limits) -> Variables:
    """Return the tensors of a bundle's index."""
    variables = Variables()
    shards = next((item.value for item in _wire(header, limits).root() if item.number == 1 and item.wire == VARINT), 0)
    variables.metadata.append(("data files", str(shards)))
    places: list[tuple[bytes, int, int]] = []
    values = bytearray()
    for key, value in entries:
        if not key.startswith(_SLICE_KEY):
            places.append((key, len(values), len(values) + len(value)))
            values += value
    wire = _wire(bytes(values), limits)
    for key, start, end in places:
        variables.add(_bundle_entry(key.decode("utf-8", "replace"), wire, wire.fields(start, end), shards))
        _check_count(variables, limits)
    return variables


def _bundle_entry(name: str, wire: Wire, fields: Iterator[Field], shards: int) -> Described:
    """Return one BundleEntryProto. Raises `FormatError` where size, shape and type do not fit."""
    dtype, shape, size, shard, parts = "", None, 0, 0, 0
    for item in fields:
        if _ENTRY_WIRES.get(item.number, item.wire) != item.wire:
            raise FormatError(f"the entry of {name[:120]!r} makes no sense")
        if item.number == 1:
            dtype = tensorflow_dtype(item.value)
        elif item.number == 2:
            shape = read_shape(wire, item, name)
        elif item.number == 3:
            shard = item.value
        elif item.number == 5:
            size = item.value
        elif item.number == 7:
            parts += 1
    if shard >= max(shards, 1):
        raise FormatError(f"the entry of {name[:120]!r} points to a data file that does not exist", f"{shard} of {shards}")
    if not parts:
        check_bytes(name, shape or (), dtype, size)
        return Described(name, shape or (), dtype, None, size)
    return Described(name, shape or (), dtype)


def _check_count(variables: Variables, limits: Limits) -> None:
    if variables.count > limits.tensors:
        raise LimitError("more tensors than are allowed", f"at most {limits.tensors}")
