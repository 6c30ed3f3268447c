"""Unpacking of snappy blocks, as LevelDB's tables may be packed.

See https://github.com/google/snappy/blob/main/format_description.txt: the length of the result as a varint, then literals and
copies of what was already written. The result never grows past the length that was announced and allowed.
"""

from __future__ import annotations

from auditor.errors import FormatError, LimitError


def unpack(data: bytes, most: int) -> bytes:
    """Return what a snappy block holds. Raises `LimitError` where that is more than `most` bytes, `FormatError` where it is broken."""
    length, at = _length(data)
    if length > most:
        raise LimitError("a packed block is larger than is allowed", f"{length} bytes")
    found = _unpacked(data, at, length, whole=True)
    if len(found) != length:
        raise FormatError("a packed block is broken", f"{len(found)} of {length} bytes")
    return found


def peek(data: bytes, most: int) -> bytes:
    """Return the first bytes that a snappy block holds, b"" where the front is none."""
    try:
        length, at = _length(data)
        return _unpacked(data, at, min(length, most), whole=False)
    except FormatError:
        return b""


def _length(data: bytes) -> tuple[int, int]:
    number = shift = 0
    for at, byte in enumerate(data[:5]):
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at + 1
        shift += 7
    raise FormatError("a packed block has no length")


def _unpacked(data: bytes, at: int, length: int, *, whole: bool) -> bytes:
    """Return up to `length` bytes; where the `whole` is wanted, more than that and an end in the middle are errors."""
    found = bytearray()
    size = len(data)
    while at < size and (whole or len(found) < length):
        tag = data[at]
        if tag & 3 == 0:
            count, at = _literal(data, at)
            if at + count > size and whole:
                raise FormatError("a packed block ends in the middle")
            found += data[at : at + count]
            at += count
        else:
            count, back, at = _copy(data, at)
            if not 0 < back <= len(found):
                raise FormatError("a packed block copies from before its beginning")
            _repeat(found, back, count)
        if whole and len(found) > length:
            raise FormatError("a packed block holds more than it says")
    return bytes(found[:length])


def _repeat(found: bytearray, back: int, count: int) -> None:
    """Append `count` bytes from `back` bytes before the end, which may overlap what is being written."""
    start = len(found) - back
    if back >= count:
        found += found[start : start + count]
        return
    pattern = bytes(found[start:])
    found += (pattern * (count // back + 1))[:count]


def _number(data: bytes, at: int, width: int) -> int:
    if at + width > len(data):
        raise FormatError("a packed block ends in the middle")
    return int.from_bytes(data[at : at + width], "little")


def _literal(data: bytes, at: int) -> tuple[int, int]:
    """Return how many bytes a literal has and where they begin."""
    code = data[at] >> 2
    if code < 60:
        return code + 1, at + 1
    width = code - 59
    return _number(data, at + 1, width) + 1, at + 1 + width


def _copy(data: bytes, at: int) -> tuple[int, int, int]:
    """Return the length of a copy (at most 64), how far back it lies, and what follows it."""
    tag = data[at]
    if tag & 3 == 1:
        return ((tag >> 2) & 7) + 4, (tag >> 5) << 8 | _number(data, at + 1, 1), at + 2
    width = 2 if tag & 3 == 2 else 4
    return (tag >> 2) + 1, _number(data, at + 1, width), at + 1 + width
