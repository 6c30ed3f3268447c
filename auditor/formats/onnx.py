"""ONNX: a protobuf ModelProto whose graph lists its weights as initializers.

See onnx/onnx.proto3. Read are `graph.initializer` and `graph.sparse_initializer` (name, dims, data_type) and, where a graph
has none, the tensors of its Constant nodes; values are passed over, external data is named and never opened.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Safety, Training
from auditor.formats.dtypes import item_bytes
from auditor.formats.exported import FOLDED, learns
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Described, checked_shape, make_plain_checkpoint, short_entries
from auditor.formats.protobuf import BYTES, VARINT, Field, Wire, outline

_DTYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
    17: "float8_e4m3fn",
    18: "float8_e4m3fnuz",
    19: "float8_e5m2",
    20: "float8_e5m2fnuz",
    21: "uint4",
    22: "int4",
    23: "float4_e2m1fn_x2",
    24: "float8_e8m0fnu",
}
_MODEL_WIRES = {1: VARINT, 2: BYTES, 3: BYTES, 4: BYTES, 5: VARINT, 6: BYTES, 7: BYTES, 8: BYTES, 14: BYTES, 20: BYTES, 25: BYTES}
_GRAPH_FIELDS = frozenset((1, 2, 5, 10, 11, 12, 13, 14, 15, 16))
_PLAIN_VALUES = {4: ("float32", 4), 10: ("float64", 8)}  # packed fields of fixed width: the type that they hold and its bytes
_DEEPEST_GRAPH = 8
_MOST_LOCATIONS = 8


@dataclass(slots=True)
class _Graph:
    """What was gathered from a model."""

    initializers: list[Described] = field(default_factory=list)
    constants: list[Described] = field(default_factory=list)
    statistics: set[str] = field(default_factory=set)  # names that normalizations take as running mean and variance
    locations: dict[str, int] = field(default_factory=dict)  # external files and how many tensors lie there
    metadata: list[tuple[str, str]] = field(default_factory=list)


class Onnx:
    """Reads the initializers of an ONNX model."""

    name = "onnx"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the front is a ModelProto: an IR version, only fields that it has, and a graph among them."""
        fields = outline(head, size)
        if not fields or not all(_MODEL_WIRES.get(item.number) == item.wire for item in fields):
            return False
        if fields[0].number != 1 or not 1 <= fields[0].value <= 1000:
            return False
        return any(_holds_graph(head, item) for item in fields if item.number == 7) and all(
            _is_text(head, item) for item in fields if item.number in (2, 3, 4)
        )

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        wire = Wire(blob, limits, "ONNX model")
        found = _Graph()
        for item in wire.root():
            if item.number == 7:
                _read_graph(wire, item, found, "", 0)
            else:
                _read_about(wire, item, found)
        described = found.initializers or found.constants
        marked = [_marked(item, found.statistics) for item in described]
        checkpoint = make_plain_checkpoint(
            marked,
            limits,
            format=self.name,
            header=wire.blocks.sha256(),
            header_name="graph.initializer" if found.initializers else "graph.node",
            size=blob.size,
            training=Training(metadata=short_entries(found.metadata)),
            warnings=(FOLDED, *_external(found.locations)),
        )
        return _with_safety(checkpoint, tuple(found.locations))


def _holds_graph(head: bytes, item: Field) -> bool:
    inner = outline(head, item.end, item.start, item.end, 4)
    return bool(inner) and all(part.number in _GRAPH_FIELDS and part.wire == BYTES for part in inner or ())


def _is_text(head: bytes, item: Field) -> bool:
    return all(byte >= 32 for byte in head[item.start : item.end])


def _read_about(wire: Wire, item: Field, found: _Graph) -> None:
    """Read what a model says of itself: versions, producer, operator sets, metadata."""
    if item.number == 1:
        found.metadata.append(("ir_version", str(item.value)))
    elif item.number in (2, 3, 4):
        key = {2: "producer_name", 3: "producer_version", 4: "domain"}[item.number]
        if item.value:
            found.metadata.append((key, wire.text(item)))
    elif item.number == 8:
        parts = {part.number: part for part in wire.inside(item)}
        domain = wire.text(parts[1]) if 1 in parts and parts[1].value else "ai.onnx"
        found.metadata.append((f"opset {domain}", str(parts[2].value) if 2 in parts else "1"))
    elif item.number == 14:
        key, value = _pair(wire, item)
        found.metadata.append((key, value))


def _pair(wire: Wire, item: Field) -> tuple[str, str]:
    """Return key and value of a StringStringEntryProto."""
    parts = {part.number: wire.text(part) for part in wire.inside(item) if part.number in (1, 2)}
    return parts.get(1, ""), parts.get(2, "")


def _read_graph(wire: Wire, graph: Field, found: _Graph, prefix: str, depth: int) -> None:
    if depth > _DEEPEST_GRAPH:
        raise LimitError("graphs within graphs of the ONNX model", f"nested more than {_DEEPEST_GRAPH} deep")
    for item in wire.inside(graph):
        if item.number == 1:
            _read_node(wire, item, found, prefix, depth)
        elif item.number == 2 and not depth and item.value:
            found.metadata.append(("graph", wire.text(item)))
        elif item.number == 5:
            _add(found.initializers, _read_tensor(wire, item, found, prefix), wire)
        elif item.number == 15:
            _add(found.initializers, _read_sparse(wire, item, found, prefix), wire)


def _add(described: list[Described], item: Described, wire: Wire) -> None:
    if len(described) >= wire.limits.tensors:
        raise LimitError("more tensors than are allowed", f"at most {wire.limits.tensors}")
    described.append(item)


def _read_node(wire: Wire, node: Field, found: _Graph, prefix: str, depth: int) -> None:
    """Read one operation: the statistics of a normalization, the tensor of a constant, the graphs of a branch or loop."""
    inputs: list[Field] = []
    outputs: list[Field] = []
    kind = ""
    for item in wire.inside(node):
        if item.number == 1:
            inputs.append(item)
        elif item.number == 2:
            outputs.append(item)
        elif item.number == 4:
            kind = wire.text(item, 64)
        elif item.number == 5:
            name = prefix + wire.text(outputs[0], 1000) if outputs and kind == "Constant" else ""
            _read_attribute(wire, item, found, name, prefix, depth)
    if kind == "BatchNormalization":
        found.statistics.update(prefix + wire.text(item) for item in inputs[3:5])


def _read_attribute(wire: Wire, attribute: Field, found: _Graph, constant: str, prefix: str, depth: int) -> None:
    for item in wire.inside(attribute):
        if item.number == 5 and constant:
            tensor = _read_tensor(wire, item, found, "", constant)
            if tensor.shape and tensor.dtype.startswith(("float", "bfloat")):
                _add(found.constants, tensor, wire)
        elif item.number in (6, 11) and item.wire == BYTES:
            _read_graph(wire, item, found, prefix, depth + 1)


def _read_sparse(wire: Wire, sparse: Field, found: _Graph, prefix: str) -> Described:
    """Return a SparseTensorProto: the name of its values, and its own shape."""
    values: Described | None = None
    dims: list[int] = []
    for item in wire.inside(sparse):
        if item.number == 1:
            values = _read_tensor(wire, item, found, prefix)
        elif item.number == 3:
            dims.extend(wire.numbers(item))
    if values is None:
        raise FormatError("a sparse tensor of the ONNX model has no values")
    size = math.prod(values.shape) * item_bytes(values.dtype)
    return Described(values.name, checked_shape(dims, values.name), values.dtype, size_bytes=size)


def _read_tensor(wire: Wire, tensor: Field, found: _Graph, prefix: str, name: str = "") -> Described:
    """Return a TensorProto. Raises `FormatError` where its shape and the length of its values do not fit."""
    dims: list[int] = []
    code = 0
    held: list[tuple[int, int]] = []
    outside: dict[str, str] = {}
    for item in wire.inside(tensor):
        if item.number == 1:
            dims.extend(wire.numbers(item))
        elif item.number == 2:
            code = item.value
        elif item.number == 8 and not name:
            name = prefix + wire.text(item)
        elif item.number in (4, 9, 10) and item.wire == BYTES:
            held.append((item.number, item.value))
        elif item.number == 13:
            outside.update((_pair(wire, item),))
    dtype = _DTYPES.get(code, f"unknown ({code})")
    shape = checked_shape(dims, name)
    for number, length in held:
        _check_length(name, shape, dtype, number, length)
    if "location" in outside:
        place = outside["location"]
        if place in found.locations or len(found.locations) < _MOST_LOCATIONS:
            found.locations[place] = found.locations.get(place, 0) + 1
    return Described(name, shape, dtype, None, _size(shape, dtype))


def _size(shape: tuple[int, ...], dtype: str) -> int:
    bits = 4 if dtype in ("int4", "uint4", "float4_e2m1fn_x2") else 8 * item_bytes(dtype)
    return (math.prod(shape) * bits + 7) // 8


def _check_length(name: str, shape: tuple[int, ...], dtype: str, number: int, length: int) -> None:
    """Raise `FormatError` where values are there and are not as many as the shape says."""
    kind, width = _PLAIN_VALUES.get(number, ("", 0))
    needed = math.prod(shape) * width if kind == dtype else _size(shape, dtype) if number == 9 else 0
    if needed and length and length != needed:
        raise FormatError(f"shape and values of {name[:120]!r} do not fit", f"{needed} bytes by its shape, {length} in the file")


def _marked(item: Described, statistics: set[str]) -> Described:
    """Return the tensor with what is known of whether it learns."""
    role = False if item.name in statistics else learns(item.name, item.dtype, item.shape)
    return Described(item.name, item.shape, item.dtype, role, item.size_bytes)


def _leaves(place: str) -> bool:
    """Tell whether a location leads out of the folder of the model, on any system."""
    path = place.replace("\\", "/")
    return path.startswith("/") or ".." in path.split("/") or path[1:2] == ":" or "://" in path or "\x00" in path


def _external(locations: dict[str, int]) -> Iterator[str]:
    """Yield what is to be said of values that lie in other files; none of them is ever opened."""
    for place, count in locations.items():
        if _leaves(place):
            yield f"{count} tensors point out of the model's folder, to {place[:120]!r}: refused"
        else:
            yield f"the values of {count} tensors lie in another file, {place[:120]!r}; names and shapes are from this one"


def _with_safety(checkpoint: Checkpoint, locations: tuple[str, ...]) -> Checkpoint:
    out = [place for place in locations if _leaves(place)]
    if not out:
        return checkpoint
    reasons = tuple(f"external data outside of the model's folder: {place[:120]!r}" for place in out)
    return replace(checkpoint, safety=Safety("suspicious", reasons))
