"""numpy's `.npy`: a magic, a version, the length of a header, and the header: a Python dict of type, order and shape.

See numpy/lib/format.py ("Format Version 1.0" to "3.0"). The header is matched, never evaluated. The array's values are not
read; an array of Python objects is a pickle, which is named and not opened.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint
from auditor.formats.dtypes import numpy_dtype
from auditor.formats.extents import OtherFormatError, TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Described, checked_shape, make_plain_checkpoint, size_of

MAGIC = b"\x93NUMPY"
PREAMBLE_BYTES = 12
_LARGEST_HEADER = 64 << 10  # a plain header has some 118 bytes; numpy itself reads 10,000 unless told otherwise

_HEADER = re.compile(r"\s*\{(.*)\}\s*", re.DOTALL)
_TYPE = re.compile(r"""['"]descr['"]\s*:\s*(?:['"]([^'"\\]{1,80})['"]|(\[))""")
_ORDER = re.compile(r"""['"]fortran_order['"]\s*:\s*(?:True|False|[01])\b""")
_SHAPE = re.compile(r"""['"]shape['"]\s*:\s*\(([\d\sL,]{0,2000})\)""")
_WIDTHS = {"float": 8, "int": 8, "uint": 8, "complex": 8}


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """What the header of one array says."""

    shape: tuple[int, ...]
    dtype: str  # torch's name, or numpy's code where torch has no such type; "" for a table of named columns
    code: str  # numpy's own: "<f4"
    length: int  # of magic, version and header: where the values begin

    @property
    def fault(self) -> str:
        """Return why this is no tensor: pickled objects, texts, tables; "" where it is one."""
        kind = self.code.lstrip("<>=|")[:1]
        if kind == "O":
            return "holds pickled Python objects, which are not opened"
        if not self.dtype:
            return "is a table with named columns"
        return {"S": "holds texts", "U": "holds texts", "a": "holds texts", "M": "holds dates", "m": "holds times"}.get(kind, "")

    @property
    def value_bytes(self) -> int:
        """Return the bytes of the values, 0 where the type is not known."""
        known = size_of(Described("", self.shape, self.dtype))
        digits = self.code.lstrip("<>=|")[1:]
        if known or not digits.isdigit() or len(digits) > 4:
            return known
        count = int(digits) * (4 if self.code.lstrip("<>=|")[0] == "U" else 1)
        for size in self.shape:
            count *= size
        return count


def header_length(front: bytes) -> int:
    """Return the length of magic, version and header together. Raises `FormatError`, `TruncatedError` or `LimitError`."""
    if front[: len(MAGIC)] != MAGIC[: len(front)]:
        raise FormatError("not a numpy array", "its magic is missing")
    if len(front) < 10 or (front[6] != 1 and len(front) < PREAMBLE_BYTES):
        raise TruncatedError("the header of the numpy array ends in the middle")
    if front[6] not in (1, 2, 3):
        raise OtherFormatError("a numpy array of an unknown version", f"version {front[6]}.{front[7]}")
    length = 10 + struct.unpack_from("<H", front, 8)[0] if front[6] == 1 else 12 + struct.unpack_from("<I", front, 8)[0]
    if length > _LARGEST_HEADER:
        raise LimitError("the header of the numpy array is larger than is allowed", f"{length} bytes")
    return int(length)


def parse_header(data: bytes) -> ArrayHeader:
    """Return what the bytes up to the values say. Raises `FormatError`."""
    length = header_length(data)
    if len(data) < length:
        raise TruncatedError("the header of the numpy array ends in the middle", f"{length} bytes announced, {len(data)} left")
    begin = 10 if data[6] == 1 else PREAMBLE_BYTES
    text = data[begin:length].decode("utf-8" if data[6] == 3 else "latin-1", "replace")
    inner = _HEADER.fullmatch(text.rstrip("\x00"))
    kind, shape = _TYPE.search(text), _SHAPE.search(text)
    if inner is None or kind is None or shape is None or not _ORDER.search(text):
        raise FormatError("the header of the numpy array is none", repr(text[:80]))
    sizes = [int(part) for part in re.findall(r"\d{1,20}", shape[1])]
    code = kind[1] or ""
    return ArrayHeader(checked_shape(sizes, "array"), numpy_dtype(code) if code else "", code, length)


def read_array_header(blob: Blob, ahead: int = 512) -> tuple[ArrayHeader, bytes]:
    """Return the header of a blob that is one array, with its bytes; one read unless the header is long."""
    front = blob.read(0, ahead)
    length = header_length(front)
    if length > len(front):
        front = blob.read(0, length)
    return parse_header(front), front[:length]


class Npy:
    """Reads the header of a single numpy array."""

    name = "npy"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether numpy's magic stands at the front."""
        return head.startswith(MAGIC)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the one tensor, named "array". Raises `FormatError` and `NetworkError`."""
        header, raw = read_array_header(blob)
        if header.fault:
            raise OtherFormatError(f"a numpy array that {header.fault}")
        if header.length + header.value_bytes > blob.size:
            raise TruncatedError("the numpy array ends before its last value", f"{header.value_bytes} bytes of {list(header.shape)[:8]}")
        described = [Described("array", header.shape, header.dtype, None, header.value_bytes)]
        return make_plain_checkpoint(described, limits, format=self.name, header=raw, header_name="header", size=blob.size)
