"""TensorFlow's frozen graphs (GraphDef `.pb`) and the graph of a SavedModel (`saved_model.pb`).

See tensorflow/core/framework/graph.proto, node_def.proto, tensor.proto and core/protobuf/saved_model.proto, meta_graph.proto.
A frozen graph holds its weights as Const nodes; a SavedModel keeps its variables in `variables/variables.index` beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Training
from auditor.formats.exported import FOLDED, learns
from auditor.formats.extents import NoTensorsError
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Described, make_plain_checkpoint, short_entries
from auditor.formats.protobuf import BYTES, VARINT, Field, Wire, outline
from auditor.formats.tensorflow_types import NO_NUMBERS, check_bytes, read_shape, tensorflow_dtype

_GRAPH_WIRES = {1: BYTES, 2: BYTES, 3: VARINT, 4: BYTES, 5: BYTES}
_NODE_WIRES = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: BYTES}
_META_GRAPH_FIELDS = frozenset((1, 2, 3, 4, 5, 6, 7))
_ABOUT_WIRES = {1: BYTES, 2: BYTES, 3: BYTES, 4: BYTES, 5: BYTES, 6: BYTES, 7: VARINT, 8: BYTES}
_NAME_BYTES = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./\\-<>:^")
_VARIABLES = frozenset(("Variable", "VariableV2", "VarHandleOp", "TemporaryVariable", "AutoReloadVariable"))


@dataclass(slots=True)
class _Graph:
    """What was gathered from one or more graphs."""

    constants: list[Described] = field(default_factory=list)
    settings: int = 0  # constants that are no weights: scalars, sizes, axes
    variables: int = 0  # nodes whose values lie elsewhere
    functions: int = 0
    metadata: list[tuple[str, str]] = field(default_factory=list)


class FrozenGraph:
    """Reads the Const nodes of a GraphDef."""

    name = "tensorflow_graph"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the front is a GraphDef: nodes with a name and an operation."""
        fields = outline(head, size)
        if not fields or not all(_GRAPH_WIRES.get(item.number) == item.wire for item in fields):
            return False
        nodes = [item for item in fields if item.number == 1]
        return bool(nodes) and all(_is_node(head, item) for item in nodes[:4])

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `NoTensorsError` where the values are variables, `FormatError`, `NetworkError`."""
        wire = Wire(blob, limits, "TensorFlow graph")
        found = _Graph()
        _read_graph(wire, wire.root(), found)
        if not found.constants or found.variables:
            variables = (
                f"its {found.variables} variables lie in a checkpoint beside it" if found.variables else "nor does it name variables"
            )
            raise NoTensorsError("a TensorFlow graph that holds no weights itself", variables)
        return _checkpoint(self.name, wire, found, blob.size)


class SavedModel:
    """Reads the graph of a SavedModel: weights that were frozen into it, or where its variables are."""

    name = "saved_model"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the front is a SavedModel: a schema version and MetaGraphDefs up to the end, nothing else."""
        fields = outline(head, size)
        if not fields or [item.number for item in fields] != [1, *[2] * (len(fields) - 1)] or len(fields) < 2:
            return False
        if fields[0].wire != VARINT or not 1 <= fields[0].value <= 100 or any(item.wire != BYTES for item in fields[1:]):
            return False
        inner = outline(head, size, fields[1].start, fields[1].end)
        return bool(inner) and all(item.number in _META_GRAPH_FIELDS and item.wire == BYTES for item in inner or ())

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint of a frozen SavedModel. Raises `NoTensorsError` that says where the variables are otherwise."""
        wire = Wire(blob, limits, "SavedModel")
        found = _Graph()
        graphs = 0
        for item in wire.root():
            if item.number == 2 and item.wire == BYTES:
                graphs += 1
                _read_meta_graph(wire, item, found)
            elif item.number not in (1, 2):
                raise FormatError("not a SavedModel", f"field {item.number}")
        if not found.constants or found.variables:
            raise NoTensorsError(_where(found, graphs))
        return _checkpoint(self.name, wire, found, blob.size)


class MetaGraph:
    """Recognizes a MetaGraphDef, the `.meta` file of a checkpoint: how the network is computed, and no weights."""

    name = "tensorflow_meta_graph"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the front is a MetaGraphDef: what it says of itself, then a graph."""
        fields = outline(head, size)
        if not fields or [item.number for item in fields[:2]] not in ([1], [1, 2]) or fields[0].end >= size:
            return False
        if _is_node(head, fields[0]):
            return False
        if not all(item.number in _META_GRAPH_FIELDS and item.wire == BYTES for item in fields):
            return False
        about = outline(head, fields[0].end, fields[0].start, fields[0].end)
        if not about or not all(_ABOUT_WIRES.get(item.number) == item.wire for item in about):
            return False
        graph = outline(head, fields[1].end, fields[1].start, fields[1].end, 2) if len(fields) > 1 else []
        return graph is not None and all(item.number != 1 or _is_node(head, item) for item in graph)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Raise `NoTensorsError`, always: constants of a graph that is trained are first values, not weights."""
        raise NoTensorsError("the graph of a TensorFlow checkpoint (.meta), which holds no weights; names and shapes are in its .index")


def _where(found: _Graph, graphs: int) -> str:
    """Return what a SavedModel's graph without weights says."""
    about = f"the graph of a TensorFlow SavedModel ({graphs} graphs, {found.functions} functions) without weights in it"
    if found.variables:
        return f"{about}; its {found.variables} variables lie beside it, in variables/variables.index and variables/variables.data-*"
    return f"{about}; it names no variables"


def _checkpoint(format: str, wire: Wire, found: _Graph, size: int) -> Checkpoint:
    about = (*found.metadata, ("functions", str(found.functions)), ("constants that are no weights", str(found.settings)))
    return make_plain_checkpoint(
        found.constants,
        wire.limits,
        format=format,
        header=wire.blocks.sha256(),
        header_name="graph.node",
        size=size,
        training=Training(metadata=short_entries(about)),
        warnings=(FOLDED,),
    )


def _is_node(head: bytes, node: Field) -> bool:
    """Tell whether a message begins with a node's name and operation."""
    inner = outline(head, node.end, node.start, node.end)
    if not inner or len(inner) < 2 or not all(_NODE_WIRES.get(item.number) == item.wire for item in inner) or inner[0].number != 1:
        return False
    names = [head[item.start : item.end] for item in inner[:2]]
    return all(name and _NAME_BYTES.issuperset(name) for name in names) and inner[1].number == 2


def _read_graph(wire: Wire, fields: Iterator[Field], found: _Graph) -> None:
    """Read nodes and functions of a GraphDef."""
    for item in fields:
        if item.number == 1:
            _read_node(wire, item, found, "")
        elif item.number == 2 and item.wire == BYTES:
            _read_library(wire, item, found)
        elif item.number == 4 and item.wire == BYTES:
            producer = next((part.value for part in wire.inside(item) if part.number == 1), None)
            if producer is not None:
                found.metadata.append(("graph version", str(producer)))


def _read_library(wire: Wire, library: Field, found: _Graph) -> None:
    """Read the nodes of a FunctionDefLibrary's functions; their names begin with the function's."""
    for function in wire.inside(library):
        if function.number != 1:
            continue
        found.functions += 1
        name = ""
        for item in wire.inside(function):
            if item.number == 1:
                name = next((wire.text(part, 1000) for part in wire.inside(item) if part.number == 1), "")
            elif item.number == 3:
                _read_node(wire, item, found, f"{name}/")


def _read_node(wire: Wire, node: Field, found: _Graph, prefix: str) -> None:
    """Read one node; only the value of a Const is looked into."""
    name = kind = ""
    for item in wire.inside(node):
        if item.number == 1:
            name = prefix + wire.text(item, 1000)
        elif item.number == 2:
            kind = wire.text(item, 64)
            if kind in _VARIABLES:
                found.variables += 1
        elif item.number == 5 and kind == "Const":
            _read_value(wire, item, found, name)


def _read_value(wire: Wire, attribute: Field, found: _Graph, name: str) -> None:
    """Read the entry "value" of a Const node's attributes, and add its tensor where it is a weight."""
    key = ""
    for item in wire.inside(attribute):
        if item.number == 1:
            key = wire.text(item, 64)
        elif item.number == 2 and key == "value":
            for part in wire.inside(item):
                if part.number == 8 and part.wire == BYTES:
                    _add(_read_tensor(wire, part, name), found, wire.limits)


def _add(tensor: Described | None, found: _Graph, limits: Limits) -> None:
    if tensor is None:
        found.settings += 1
    elif len(found.constants) >= limits.tensors:
        raise LimitError("more tensors than are allowed", f"at most {limits.tensors}")
    else:
        found.constants.append(tensor)


def _read_tensor(wire: Wire, tensor: Field, name: str) -> Described | None:
    """Return a TensorProto that can be a weight; None for texts, scalars and lists of whole numbers (sizes, axes)."""
    dtype, shape = "", None
    length = None
    for item in wire.inside(tensor):
        if item.number == 1:
            dtype = tensorflow_dtype(item.value)
        elif item.number == 2:
            shape = read_shape(wire, item, name)
        elif item.number == 4 and item.wire == BYTES:
            length = item.value
    if shape is None:
        shape = ()
    if length:
        check_bytes(name, shape, dtype, length)
    if not shape or dtype in NO_NUMBERS or (dtype.startswith(("int", "uint", "bool")) and learns(name, dtype, shape) is None):
        return None
    return Described(name, shape, dtype, learns(name, dtype, shape))


def _read_meta_graph(wire: Wire, meta: Field, found: _Graph) -> None:
    """Read a MetaGraphDef: what it says of itself, and its graph."""
    for item in wire.inside(meta):
        if item.number == 1:
            for part in wire.inside(item):
                if part.number in (4, 5) and part.wire == BYTES and len(found.metadata) < 50:
                    found.metadata.append(({4: "tag", 5: "tensorflow version"}[part.number], wire.text(part, 200)))
        elif item.number == 2:
            _read_graph(wire, wire.inside(item), found)
