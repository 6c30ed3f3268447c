"""Caffe's `.caffemodel`: a protobuf NetParameter with the blobs of each layer.

See src/caffe/proto/caffe.proto: `layer` (100) of today, `layers` (2) of 2014, and within those the first form. A blob's shape
is a BlobShape, or num, channels, height and width. The packed values are passed over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Training
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Described, checked_shape, make_plain_checkpoint
from auditor.formats.protobuf import BYTES, FIXED32, FIXED64, VARINT, Field, Wire, outline

_NET_WIRES = {1: BYTES, 2: BYTES, 3: BYTES, 4: VARINT, 5: VARINT, 6: BYTES, 7: VARINT, 8: BYTES, 100: BYTES}
_LEGACY_SIZES = (1, 2, 3, 4)
_VALUES = {5: ("float32", 4, FIXED32), 8: ("float64", 8, FIXED64)}
_DIFFERENCES = {6: 4, 9: 8}
_INNER_PRODUCT = 14  # V1LayerParameter.LayerType
_LINEAR = ("InnerProduct", "inner_product", "innerproduct")
_STATISTICS = ("BatchNorm",)


@dataclass(slots=True)
class _Layer:
    """One layer: what its blobs are named after."""

    name: str = ""
    kind: str = ""
    blobs: list[Field] = field(default_factory=list)


class Caffe:
    """Reads the layers of a NetParameter."""

    name = "caffe"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the front is a NetParameter: a name as text, and layers with names."""
        fields = outline(head, size)
        if not fields or not all(_NET_WIRES.get(item.number) == item.wire for item in fields):
            return False
        if any(not _is_text(head[item.start : item.end]) for item in fields if item.number in (1, 3)):
            return False
        layers = [item for item in fields if item.number in (2, 100)]
        return bool(layers) and all(_is_layer(head, item) for item in layers)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        wire = Wire(blob, limits, "Caffe model")
        described: list[Described] = []
        metadata: list[tuple[str, str]] = []
        for item in wire.root():
            if item.number == 1 and item.wire == BYTES:
                metadata.append(("name", wire.text(item, 200)))
            elif item.number in (2, 100):
                described += _read_layer(wire, item)
                if len(described) > limits.tensors:
                    raise LimitError("more tensors than are allowed", f"at most {limits.tensors}")
        return make_plain_checkpoint(
            described,
            limits,
            format=self.name,
            header=wire.blocks.sha256(),
            header_name="layers",
            size=blob.size,
            training=Training(metadata=tuple(metadata)),
        )


def _is_text(data: bytes) -> bool:
    return all(byte >= 32 or byte in (9, 10, 13) for byte in data)


def _is_layer(head: bytes, item: Field) -> bool:
    """Tell whether a message begins with the texts of a layer: name and type, or bottom, top and name."""
    inner = outline(head, item.end, item.start, item.end, 4)
    if inner is None:
        return False
    texts = (1, 2) if item.number == 100 else (2, 3, 4)
    named = [part for part in inner if part.number in texts]
    if not named:
        return item.number == 2 and bool(inner) and inner[0].number == 1 and inner[0].wire == BYTES
    return all(part.wire == BYTES and part.end - part.start < 4096 and _is_text(head[part.start : part.end]) for part in named)


def _read_layer(wire: Wire, item: Field) -> list[Described]:
    """Return the blobs of one layer, which are read as they come, since the values lie between them."""
    layer = _Layer()
    today = item.number == 100
    name, kind, blobs = (1, 2, 7) if today else (4, 5, 6)
    found: list[Described] = []
    for part in wire.inside(item):
        if part.number == name:
            layer.name = wire.text(part, 1000)
        elif part.number == kind:
            layer.kind = wire.text(part, 64) if part.wire == BYTES else "InnerProduct" if part.value == _INNER_PRODUCT else ""
        elif part.number == blobs:
            found.append(_read_blob(wire, part, layer, len(found)))
        elif part.number == 1 and not today:
            found += _read_oldest(wire, part, layer)
    return [
        Described(f"{layer.name}.{index}", blob.shape, blob.dtype, False if layer.kind in _STATISTICS else None, blob.size_bytes)
        for index, blob in enumerate(found)
    ]


def _read_oldest(wire: Wire, item: Field, layer: _Layer) -> list[Described]:
    """Return the blobs of a layer in the first form (V0LayerParameter), which lies within one of the second."""
    found: list[Described] = []
    for part in wire.inside(item):
        if part.number == 1:
            layer.name = wire.text(part, 1000)
        elif part.number == 2:
            layer.kind = wire.text(part, 64)
        elif part.number == 50:
            found.append(_read_blob(wire, part, layer, len(found)))
    return found


def _read_blob(wire: Wire, blob: Field, layer: _Layer, index: int) -> Described:
    """Return one BlobProto. Raises `FormatError` where its shape and the length of its values do not fit."""
    sizes: dict[int, int] = {}
    dims: list[int] | None = None
    dtype, held, stored = "float32", 0, 0
    for item in wire.inside(blob):
        if item.number in _LEGACY_SIZES and item.wire == VARINT:
            sizes[item.number] = item.value
        elif item.number == 7:
            dims = [number for part in wire.inside(item) if part.number == 1 for number in wire.numbers(part)]
        elif item.number in _VALUES:
            dtype, width, single = _VALUES[item.number]
            held += item.value // width if item.wire == BYTES else int(item.wire == single)
            stored += item.value if item.wire == BYTES else width
        elif item.number in _DIFFERENCES:
            stored += item.value if item.wire == BYTES else _DIFFERENCES[item.number]
    if dims is None:
        dims = _legacy(sizes, layer, index)
    shape = checked_shape(dims, layer.name)
    if held and math.prod(shape) != held:
        raise FormatError(f"shape and values of {layer.name[:120]!r} do not fit", f"{math.prod(shape)} by its shape, {held} in the file")
    return Described(layer.name, shape, dtype, None, stored)


def _legacy(sizes: dict[int, int], layer: _Layer, index: int) -> list[int]:
    """Return num, channels, height and width without the ones that fill up the shapes of biases and of linear layers."""
    dims = [sizes.get(number, 1) for number in _LEGACY_SIZES]
    if index or layer.kind in _LINEAR:
        while len(dims) > 1 and dims[0] == 1:
            dims.pop(0)
    return dims
