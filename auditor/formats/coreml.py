"""Core ML's `.mlmodel`: neural networks layer by layer, ML programs by their constants, and pipelines of both.

See mlmodel/format/Model.proto, NeuralNetwork.proto and MIL.proto of apple/coremltools. A program's values lie in another file
(`weights/weight.bin` of an `.mlpackage`); names and shapes are in the model itself. Trees and other models have no tensors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from auditor.blob import Blob
from auditor.errors import LimitError
from auditor.facts import Checkpoint, Training
from auditor.formats.coreml_program import read_program
from auditor.formats.coreml_weights import LAYERS, Weight, shape_by_sizes, size_fields
from auditor.formats.exported import FOLDED
from auditor.formats.extents import NoTensorsError, OtherFormatError
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Described, checked_shape, make_plain_checkpoint, short_entries
from auditor.formats.protobuf import BYTES, FIXED32, VARINT, Field, Wire, outline

_NETWORKS = {303: "neuralNetworkRegressor", 403: "neuralNetworkClassifier", 500: "neuralNetwork"}
_PIPELINES = {200: "pipelineClassifier", 201: "pipelineRegressor"}
_PIPELINE, _PROGRAM, _FIRST_KIND = 202, 502, 200
_OTHER_KINDS = {
    300: "a linear regression",
    301: "a support vector machine",
    302: "an ensemble of trees",
    304: "a probit regression",
    400: "a linear classifier",
    401: "a support vector machine",
    402: "an ensemble of trees",
    404: "a nearest-neighbors classifier",
    501: "a recommender",
    555: "a custom model",
    556: "a link to another model",
    610: "a suppression of boxes",
}
_DESCRIPTION_FIELDS = frozenset((1, 10, 11, 12, 13, 20, 21, 50, 100))
_METADATA = {1: "description", 2: "version", 3: "author", 4: "license"}
_DEEPEST_PIPELINE = 4
_PROGRAM_NAME = "mlProgram"


@dataclass(slots=True)
class _Found:
    """What was gathered from a model."""

    tensors: list[Described] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)  # kinds of models that hold no tensors
    metadata: list[tuple[str, str]] = field(default_factory=list)


class CoreMl:
    """Reads the layers of a Core ML model."""

    name = "coreml"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the front is a Model: a specification's version, a description, one kind of model."""
        fields = outline(head, size)
        if not fields or fields[0].number != 1 or fields[0].wire != VARINT or not 1 <= fields[0].value <= 1000:
            return False
        if not all(item.number in (1, 2, 10) or _FIRST_KIND <= item.number <= 3000 for item in fields):
            return False
        described = [item for item in fields if item.number == 2]
        if any(not _is_description(head, item) for item in described):
            return False
        return any(item.number >= _FIRST_KIND and item.wire == BYTES for item in fields)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `OtherFormatError` for models without tensors, `FormatError` and `NetworkError`."""
        wire = Wire(blob, limits, "Core ML model")
        found = _Found()
        _read_model(wire, wire.root(), found, "", 0)
        if not found.tensors and found.others:
            raise OtherFormatError(f"a Core ML model of another kind ({', '.join(found.others[:4])})", "it holds no named tensors")
        if not found.tensors:
            raise NoTensorsError("a Core ML model without weights")
        return make_plain_checkpoint(
            found.tensors,
            limits,
            format=self.name,
            header=wire.blocks.sha256(),
            header_name="layers" if _PROGRAM_NAME not in found.kinds else "program",
            size=blob.size,
            training=Training(metadata=short_entries((*found.metadata, ("kind", ", ".join(found.kinds[:8]))))),
            warnings=(FOLDED,),
        )


def _is_description(head: bytes, item: Field) -> bool:
    inner = outline(head, item.end, item.start, item.end, 4)
    return item.wire == BYTES and inner is not None and all(part.number in _DESCRIPTION_FIELDS and part.wire == BYTES for part in inner)


def _read_model(wire: Wire, fields: Iterator[Field], found: _Found, prefix: str, depth: int) -> None:
    """Read one model; those of a pipeline have their number as prefix of all names."""
    if depth > _DEEPEST_PIPELINE:
        raise LimitError("pipelines within pipelines of the Core ML model", f"nested more than {_DEEPEST_PIPELINE} deep")
    for item in fields:
        if item.number == 1 and not depth:
            found.metadata.append(("specification version", str(item.value)))
        elif item.number == 2 and not depth:
            _read_description(wire, item, found)
        elif item.number in _NETWORKS:
            found.kinds.append(_NETWORKS[item.number])
            _read_network(wire, item, found, prefix)
        elif item.number == _PROGRAM:
            found.kinds.append(_PROGRAM_NAME)
            tensors, files = read_program(wire, item, prefix)
            _extend(found, tensors, wire)
            found.metadata += [("values in", name) for name in files]
        elif item.number == _PIPELINE:
            _read_pipeline(wire, item, found, prefix, depth)
        elif item.number in _PIPELINES:
            for part in wire.inside(item):
                if part.number == 1:
                    _read_pipeline(wire, part, found, prefix, depth)
        elif item.number > _FIRST_KIND:
            found.others.append(_OTHER_KINDS.get(item.number, f"kind {item.number}"))


def _read_pipeline(wire: Wire, pipeline: Field, found: _Found, prefix: str, depth: int) -> None:
    models = (item for item in wire.inside(pipeline) if item.number == 1)
    for index, item in enumerate(models):
        _read_model(wire, wire.inside(item), found, f"{prefix}{index}.", depth + 1)


def _read_description(wire: Wire, description: Field, found: _Found) -> None:
    """Read the metadata of a ModelDescription."""
    for item in wire.inside(description):
        if item.number == 100:
            for part in wire.inside(item):
                if part.number in _METADATA and part.value:
                    found.metadata.append((_METADATA[part.number], wire.text(part, 200)))
                elif part.number == 100:
                    pair = {entry.number: wire.text(entry, 200) for entry in wire.inside(part)}
                    found.metadata.append((pair.get(1, ""), pair.get(2, "")))


def _extend(found: _Found, tensors: list[Described], wire: Wire) -> None:
    found.tensors += tensors
    if len(found.tensors) > wire.limits.tensors:
        raise LimitError("more tensors than are allowed", f"at most {wire.limits.tensors}")


def _read_network(wire: Wire, network: Field, found: _Found, prefix: str) -> None:
    for item in wire.inside(network):
        if item.number != 1:
            continue
        name = ""
        for part in wire.inside(item):
            if part.number == 1:
                name = prefix + wire.text(part, 1000)
            elif part.number in LAYERS:
                _extend(found, _read_layer(wire, part, name), wire)


@dataclass(frozen=True, slots=True)
class _Values:
    """The values of one weight: their type, how many, how many bytes; `count` is None where bits are packed."""

    dtype: str
    count: int | None
    length: int


def _read_layer(wire: Wire, layer: Field, name: str) -> list[Described]:
    """Return the weights of one layer. Sizes and weights are gathered first, since either may come first."""
    spec = LAYERS[layer.number]
    sizes: dict[int, list[int]] = {}
    held: list[tuple[str, Weight, _Values]] = []
    wanted = {weight.number: weight for weight in spec.weights}
    named = size_fields(layer.number)
    for item in wire.inside(layer):
        if spec.inner and item.number == spec.inner:
            side = "backward." if any(name.startswith("forward.") for name, _, _ in held) else "forward."
            held += _read_inner(wire, item, wanted, side if layer.number == 430 else "")
        elif not spec.inner and item.number in wanted and item.wire == BYTES:
            held += _read_weight(wire, item, wanted[item.number], "")
        elif item.number in named:
            sizes.setdefault(item.number, []).extend(wire.numbers(item))
    return [_described(f"{name}.{label}", layer.number, weight, sizes, values) for label, weight, values in _numbered(held)]


def _numbered(held: list[tuple[str, Weight, _Values]]) -> list[tuple[str, Weight, _Values]]:
    """Return the weights with a number behind names that repeat, as those of custom layers do."""
    names = [label for label, _, _ in held]
    return [
        (f"{label}.{n}" if names.count(label) > 1 and len(names) < 1000 else label, weight, values)
        for n, (label, weight, values) in enumerate(held)
    ]


def _read_inner(wire: Wire, item: Field, wanted: dict[int, Weight], side: str) -> list[tuple[str, Weight, _Values]]:
    found: list[tuple[str, Weight, _Values]] = []
    for part in wire.inside(item):
        if part.number in wanted:
            found += _read_weight(wire, part, wanted[part.number], side)
    return found


def _read_weight(wire: Wire, item: Field, weight: Weight, side: str) -> list[tuple[str, Weight, _Values]]:
    values = _read_values(wire, item)
    return [(side + weight.name, weight, values)] if values is not None else []


def _read_values(wire: Wire, weights: Field) -> _Values | None:
    """Return what a WeightParams holds; None where it is empty."""
    dtype, length, count, bits, singles = "", 0, None, 8, 0
    for item in wire.inside(weights):
        if item.number == 1 and item.wire == FIXED32:
            singles += 1
        elif item.number in (1, 2, 30, 31) and item.wire == BYTES and item.value:
            dtype, length = {1: "float32", 2: "float16", 30: "uint8", 31: "int8"}[item.number], item.value
        elif item.number == 40:
            bits = next((part.value for part in wire.inside(item) if part.number == 1), 8)
    if singles:
        return _Values("float32", singles, 4 * singles)
    if not dtype:
        return None
    if dtype == "uint8" and bits != 8:
        return _Values(f"uint{bits % 100}", None, length)
    count = length // {"float32": 4, "float16": 2}.get(dtype, 1)
    return _Values(dtype, count, length)


def _described(name: str, number: int, weight: Weight, sizes: dict[int, list[int]], values: _Values) -> Described:
    """Return one weight: in the shape of its layer's sizes where the values are as many, else as a list of that many."""
    dims = shape_by_sizes(number, weight, sizes)
    fits = dims is not None and values.count in (None, math.prod(checked_shape(dims, name)))
    shape = checked_shape(dims if dims is not None and fits else [values.length if values.count is None else values.count], name)
    role = False if weight.statistic else True if "int" in values.dtype else None
    return Described(name, shape, values.dtype, role, values.length)
