"""TensorFlow Lite: a flatbuffer with subgraphs, their tensors, and the buffers that hold constant values.

See tensorflow/lite/schema/schema.fbs. A tensor is a weight where its buffer holds bytes; all others are activations. Tables
are visited in the order in which they lie, since in many files each lies next to its values; names keep the file's order.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Training
from auditor.formats.dtypes import item_bytes
from auditor.formats.exported import FOLDED, learns
from auditor.formats.flatbuffer import FlatBuffer
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Described, checked_shape, make_plain_checkpoint, short_entries

_DTYPES = (
    "float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128 uint64 resource variant "
    "uint32 uint16 int4 bfloat16"
).split()
_BITS = {"int4": 4, "uint4": 4}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One tensor before its buffer was looked at."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    buffer: int
    quantized: bool
    sparse: bool


class TfLite:
    """Reads the constant tensors of a TensorFlow Lite model."""

    name = "tflite"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the file's identifier stands behind the offset of the root."""
        return head[4:8] == b"TFL3" and size >= 16

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        flat = FlatBuffer(blob, limits, "TensorFlow Lite model")
        model = flat.root()
        graphs = _tables(flat, model, 2)
        entries = [entry for graph in graphs for entry in _read_entries(flat, graph, limits)]
        lengths = _buffer_lengths(flat, _tables(flat, model, 4), {entry.buffer for entry in entries})
        return make_plain_checkpoint(
            _weights(entries, lengths),
            limits,
            format=self.name,
            header=flat.blocks.sha256(),
            header_name="subgraphs",
            size=blob.size,
            training=Training(metadata=short_entries(_about(flat, model, len(graphs)))),
            warnings=(FOLDED,),
        )


def _tables(flat: FlatBuffer, table: int, field: int) -> list[int]:
    vector = flat.child(table, field)
    return [] if vector is None else flat.tables(vector)


def _about(flat: FlatBuffer, model: int, graphs: int) -> list[tuple[str, str]]:
    description = flat.child(model, 3)
    found = [("version", str(flat.number(model, 0, "I"))), ("subgraphs", str(graphs))]
    return [*found, ("description", flat.text(description))] if description is not None else found


def _read_entries(flat: FlatBuffer, graph: int, limits: Limits) -> list[_Entry]:
    """Return the tensors of a subgraph, read in the order in which they lie."""
    tables = _tables(flat, graph, 0)
    if len(tables) > limits.tensors:
        raise LimitError("more tensors than are allowed", f"at most {limits.tensors}")
    read = {table: _read_entry(flat, table) for table in sorted(set(tables))}
    return [read[table] for table in tables]


def _read_entry(flat: FlatBuffer, table: int) -> _Entry:
    shape, name = flat.child(table, 0), flat.child(table, 3)
    label = flat.text(name) if name is not None else ""
    code = flat.number(table, 1, "B")
    dtype = _DTYPES[code] if code < len(_DTYPES) else f"unknown ({code})"
    sizes = checked_shape(flat.numbers(shape, "i"), label) if shape is not None else ()
    return _Entry(label, sizes, dtype, flat.number(table, 2, "I"), _is_quantized(flat, table), flat.place(table, 6) is not None)


def _is_quantized(flat: FlatBuffer, table: int) -> bool:
    """Tell whether a tensor has scales, so that its whole numbers stand for weights."""
    quantization = flat.child(table, 4)
    scale = flat.child(quantization, 2) if quantization is not None else None
    return scale is not None and flat.length(scale) > 0


def _buffer_lengths(flat: FlatBuffer, buffers: list[int], wanted: set[int]) -> dict[int, int]:
    """Return the bytes of the wanted buffers; large models keep them behind the flatbuffer, by offset and size."""
    lengths: dict[int, int] = {}
    places = {index: table for index, table in enumerate(buffers) if index in wanted}
    for index, table in sorted(places.items(), key=lambda item: item[1]):
        data = flat.child(table, 0)
        length = flat.length(data) if data is not None else 0
        end = data + 4 + length if data is not None else 0
        offset = flat.number(table, 1, "Q")
        if not length and offset > 1:
            length = flat.number(table, 2, "Q")
            end = offset + length
        if end > flat.blocks.size:
            raise FormatError("values of the TensorFlow Lite model lie past its end", f"buffer {index}: {length} bytes")
        lengths[index] = length
    return lengths


def _weights(entries: list[_Entry], lengths: dict[int, int]) -> list[Described]:
    """Return the tensors with values, each buffer's bytes counted once."""
    found: list[Described] = []
    counted: set[int] = set()
    for entry in entries:
        length = lengths.get(entry.buffer, 0)
        if not entry.buffer or not length or entry.dtype == "string":
            continue
        needed = (math.prod(entry.shape) * _BITS.get(entry.dtype, 8 * item_bytes(entry.dtype)) + 7) // 8
        if needed and needed != length and not entry.sparse:
            raise FormatError(f"shape and values of {entry.name[:120]!r} do not fit", f"{needed} bytes by its shape, {length} in the file")
        size = 0 if entry.buffer in counted else length
        counted.add(entry.buffer)
        role = True if entry.quantized and "int" in entry.dtype else learns(entry.name, entry.dtype, entry.shape)
        found.append(Described(entry.name, entry.shape, entry.dtype, role, size))
    return found
