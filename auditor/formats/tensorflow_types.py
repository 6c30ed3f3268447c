"""TensorFlow's type numbers and shapes, as its graphs and checkpoints write them.

See tensorflow/core/framework/types.proto and tensor_shape.proto.
"""

from __future__ import annotations

import math

from auditor.errors import FormatError
from auditor.formats.dtypes import item_bytes
from auditor.formats.plain_headers import checked_shape
from auditor.formats.protobuf import Field, Wire, signed

_DTYPES = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    8: "complex64",
    9: "int64",
    10: "bool",
    11: "qint8",
    12: "quint8",
    13: "qint32",
    14: "bfloat16",
    15: "qint16",
    16: "quint16",
    17: "uint16",
    18: "complex128",
    19: "float16",
    20: "resource",
    21: "variant",
    22: "uint32",
    23: "uint64",
    24: "float8_e5m2",
    25: "float8_e4m3fn",
    29: "int4",
    30: "uint4",
}
_REFERENCE = 100  # added to the type of a variable of the first version

NO_NUMBERS = ("string", "resource", "variant")
"""Types of entries that are no tensors of numbers: texts and handles."""


def tensorflow_dtype(code: int) -> str:
    """Return torch's name of a type number."""
    return _DTYPES.get(code - _REFERENCE if code > _REFERENCE else code, f"unknown ({code})")


def read_shape(wire: Wire, shape: Field, name: str) -> tuple[int, ...] | None:
    """Return a TensorShapeProto, None where the rank or a size is not known. Raises `FormatError`."""
    sizes: list[int] = []
    for item in wire.inside(shape):
        if item.number == 3 and item.value:
            return None
        if item.number == 2:
            sizes.append(next((signed(part.value) for part in wire.inside(item) if part.number == 1), 0))
    return None if -1 in sizes else checked_shape(sizes, name)


def check_bytes(name: str, shape: tuple[int, ...], dtype: str, length: int) -> None:
    """Raise `FormatError` where the length of the values is not what shape and type say."""
    needed = math.prod(shape) * item_bytes(dtype)
    if item_bytes(dtype) and length != needed:
        raise FormatError(f"shape and values of {name[:120]!r} do not fit", f"{needed} bytes by its shape, {length} in the file")
