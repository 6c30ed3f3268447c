"""Names and item sizes of tensor types, and the storage classes of torch that imply them."""

from __future__ import annotations

ITEM_BYTES: dict[str, int] = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float8_e4m3fn": 1,
    "float8_e5m2": 1,
    "float8_e4m3fnuz": 1,
    "float8_e5m2fnuz": 1,
    "float8_e8m0fnu": 1,
    "complex32": 4,
    "complex64": 8,
    "complex128": 16,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint64": 8,
    "uint32": 4,
    "uint16": 2,
    "uint8": 1,
    "bool": 1,
    "qint8": 1,
    "quint8": 1,
    "qint32": 4,
    "quint4x2": 1,
    "quint2x4": 1,
}
"""Bytes of one element, under torch's own names."""

DTYPE_ALIASES: dict[str, str] = {
    "float": "float32",
    "double": "float64",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "cfloat": "complex64",
    "cdouble": "complex128",
    "chalf": "complex32",
}
"""Second names that torch has for its types."""

STORAGE_DTYPES: dict[str, str] = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
    "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
    "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
    "UntypedStorage": "uint8",
    "UntypedStorageBase": "uint8",
}
"""What `torch.serialization` means by the class that a persistent id names. Untyped storages count bytes."""


def torch_dtype(name: str) -> str | None:
    """Return torch's own name of a type ("float32" for "float"), or None where it is none."""
    name = DTYPE_ALIASES.get(name, name)
    return name if name in ITEM_BYTES else None


_NUMPY_KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex"}


def numpy_dtype(code: str) -> str:
    """Return the name of a numpy type code such as "<f4" or "b1"; the code itself where torch has no such type."""
    code = code.lstrip("<>=|")
    if code in ("b1", "?"):
        return "bool"
    kind, size = _NUMPY_KINDS.get(code[:1]), code[1:]
    if kind and size.isdigit() and len(size) <= 2:
        return f"{kind}{int(size) * 8}"
    return torch_dtype(code) or code[:40]


def item_bytes(dtype: str) -> int:
    """Return the bytes of one element, 0 where the type is not known."""
    return ITEM_BYTES.get(dtype, 0)
