"""The constants of a Core ML program: operations `const` and `constexpr_*` of its functions' blocks.

See mlmodel/format/MIL.proto of apple/coremltools. Only the types are read; values lie inline or in a blob file.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import LimitError
from auditor.formats.plain_headers import Described, checked_shape
from auditor.formats.protobuf import BYTES, Field, Wire

_DTYPES = {
    1: "bool",
    2: "string",
    10: "float16",
    11: "float32",
    12: "float64",
    13: "bfloat16",
    21: "int8",
    22: "int16",
    23: "int32",
    24: "int64",
    31: "uint8",
    32: "uint16",
    33: "uint32",
    34: "uint64",
}
_DEEPEST_BLOCK = 8
_MOST_FILES = 8

Type = tuple[str, tuple[int, ...]]


class _Program:
    """What was gathered from a program."""

    def __init__(self) -> None:
        self.tensors: list[Described] = []
        self.files: list[str] = []


def read_program(wire: Wire, program: Field, prefix: str) -> tuple[list[Described], list[str]]:
    """Return the constant tensors of a Program, and the files in which their values lie."""
    found = _Program()
    for function in _values_of_map(wire, program, 2):
        for block in _values_of_map(wire, function, 3):
            _read_block(wire, block, found, prefix, 0)
    return found.tensors, found.files


def _values_of_map(wire: Wire, message: Field, number: int) -> Iterator[Field]:
    """Yield the values of a map, each an entry with key and value."""
    for item in wire.inside(message):
        if item.number == number:
            yield from (part for part in wire.inside(item) if part.number == 2)


def _read_block(wire: Wire, block: Field, found: _Program, prefix: str, depth: int) -> None:
    if depth > _DEEPEST_BLOCK:
        raise LimitError("blocks within blocks of the Core ML program", f"nested more than {_DEEPEST_BLOCK} deep")
    for item in wire.inside(block):
        if item.number == 3:
            _read_operation(wire, item, found, prefix, depth)


def _read_operation(wire: Wire, operation: Field, found: _Program, prefix: str, depth: int) -> None:
    """Read one operation: a constant's name and type, or the blocks of a branch or loop."""
    kind, name = "", ""
    output: Type | None = None
    outside = False
    for item in wire.inside(operation):
        if item.number == 1:
            kind = wire.text(item, 64)
        elif item.number == 3 and kind.startswith("const") and not name:
            name, output = _read_output(wire, item)
        elif item.number == 4:
            _read_block(wire, item, found, prefix, depth + 1)
        elif item.number == 5 and kind.startswith("const"):
            outside |= _read_attribute(wire, item, found)
    if not kind.startswith("const") or output is None:
        return
    dtype, shape = output
    if shape and (dtype.startswith(("float", "bfloat")) or (outside and dtype != "string")):
        found.tensors.append(Described(prefix + name, shape, dtype, True if kind != "const" else None))
        if len(found.tensors) > wire.limits.tensors:
            raise LimitError("more tensors than are allowed", f"at most {wire.limits.tensors}")


def _read_output(wire: Wire, output: Field) -> tuple[str, Type | None]:
    """Return name and type of a NamedValueType."""
    name, kind = "", None
    for item in wire.inside(output):
        if item.number == 1:
            name = wire.text(item, 1000)
        elif item.number == 2:
            kind = _read_type(wire, item, name)
    return name, kind


def _read_type(wire: Wire, kind: Field, name: str) -> Type | None:
    """Return the TensorType of a ValueType; None for lists and for sizes that are not known."""
    for item in wire.inside(kind):
        if item.number == 1:
            return _read_tensor_type(wire, item, name)
    return None


def _read_tensor_type(wire: Wire, tensor: Field, name: str) -> Type | None:
    dtype, sizes = "", []
    for item in wire.inside(tensor):
        if item.number == 1:
            dtype = _DTYPES.get(item.value, f"unknown ({item.value % 1000})")
        elif item.number == 3:
            dimension = list(wire.inside(item))
            if not dimension or dimension[0].number != 1:
                return None
            sizes.append(next((part.value for part in wire.inside(dimension[0]) if part.number == 1), 0))
    return dtype, checked_shape(sizes, name)


def _read_attribute(wire: Wire, entry: Field, found: _Program) -> bool:
    """Tell whether an attribute's value lies in another file, and note the file's name."""
    for item in wire.inside(entry):
        if item.number != 2 or item.wire != BYTES:
            continue
        for part in wire.inside(item):
            if part.number == 5:
                name = next((wire.text(text, 200) for text in wire.inside(part) if text.number == 1), "")
                if name not in found.files and len(found.files) < _MOST_FILES:
                    found.files.append(name)
                return True
    return False
