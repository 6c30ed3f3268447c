"""The members of a tar file, found by walking its headers: old, ustar, GNU and pax.

Structures as in POSIX.1-1988/2001 (`ustar`, `pax`) and GNU tar's manual. Links, devices and sparse files are passed over;
names are only ever shown. Each header is read together with the beginning of its member.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.formats.extents import HEAD_BYTES, RememberedBlob, TruncatedError
from auditor.formats.interface import Limits

_BLOCK = 512
_LARGEST_NOTE = 1 << 20  # a long name or a pax header
_FILES = (b"0", b"\x00", b"7")


@dataclass(frozen=True, slots=True)
class TarMember:
    """One regular file in a tar."""

    name: str
    offset: int  # of its data
    size: int


def is_tar(head: bytes) -> bool:
    """Tell from the first block whether this is a tar: its checksum is right and it has a name."""
    return len(head) >= _BLOCK and head[0] != 0 and _checksum_fits(head[:_BLOCK])


def _checksum_fits(block: bytes) -> bool:
    said = _octal(block[148:156])
    rest = block[:148] + b" " * 8 + block[156:]
    return said in (sum(rest), sum(byte - 256 if byte > 127 else byte for byte in rest))


def tar_members(blob: Blob, limits: Limits) -> Iterator[TarMember]:
    """Yield the regular files in order. Raises `TruncatedError`, `LimitError` or `FormatError` where the walk has to end."""
    offset, count = 0, 0
    name: str | None = None
    size: int | None = None
    while True:
        known = isinstance(blob, RememberedBlob) and blob.holds(offset, _BLOCK)
        block = blob.read(offset, _BLOCK if known else _BLOCK + HEAD_BYTES)[:_BLOCK]
        if len(block) < _BLOCK or not block.strip(b"\x00"):
            if offset == 0 or (block and len(block) < _BLOCK):
                raise TruncatedError("the tar ends in the middle of a header")
            return
        if not _checksum_fits(block):
            raise FormatError("a header of the tar is damaged", f"at byte {offset}")
        count += 1
        if count > limits.members:
            raise LimitError("the tar has more members than is allowed", f"at most {limits.members}")
        kind, stated = block[156:157], _number(block[124:136])
        start = offset + _BLOCK
        if kind in (b"x", b"g", b"L", b"K"):
            notes = _notes(blob, start, stated, kind)
            name, size = notes.get("path", name), _size(notes.get("size"), size)
            offset = start + _padded(stated)
            continue
        length = stated if size is None else size
        if kind in (b"1", b"2", b"3", b"4", b"5", b"6"):
            length = 0
        if kind in _FILES:
            if start + length > blob.size:
                raise TruncatedError(f"member {(name or _name(block))[:80]!r} ends past the end of the tar", help="the file was cut short")
            yield TarMember(name or _name(block), start, length)
        name, size = None, None
        offset = start + _padded(length)


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _number(field: bytes) -> int:
    """Return an octal number, or a binary one where its first bit is set."""
    if field[:1] in (b"\x80", b"\xff"):
        value = int.from_bytes(field[1:], "big")
        if field[:1] == b"\xff" or value > 1 << 60:
            raise FormatError("a size in the tar is impossible")
        return value
    found = _octal(field) if field.strip(b"\x00 ") else 0
    if found is None:
        raise FormatError("a size in the tar is no number")
    return found


def _octal(field: bytes) -> int | None:
    """Return an octal number of digits alone, None where it is none."""
    digits = field.strip(b"\x00 ")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else None


def _name(block: bytes) -> str:
    name = block[:100].split(b"\x00")[0].decode("utf-8", "replace")
    prefix = block[345:500].split(b"\x00")[0].decode("utf-8", "replace") if block[257:263] == b"ustar\x00" else ""
    return f"{prefix}/{name}" if prefix else name


def _size(text: str | None, otherwise: int | None) -> int | None:
    if text is None:
        return otherwise
    if not text.isdigit() or len(text) > 18:
        raise FormatError("a size in the tar is no number")
    return int(text)


def _notes(blob: Blob, start: int, size: int, kind: bytes) -> dict[str, str]:
    """Return what an extended header says of the next member: its path and size."""
    if size > _LARGEST_NOTE:
        raise LimitError("an extended header of the tar is too large", f"{size} bytes")
    data = blob.read(start, size)
    if kind == b"L":
        return {"path": data.split(b"\x00")[0].decode("utf-8", "replace")}
    notes: dict[str, str] = {}
    while kind == b"x" and data:
        length, _, rest = data.partition(b" ")
        if not length.isdigit() or len(length) > 8 or not len(length) + 1 < int(length) <= len(data):
            break
        key, _, value = rest[: int(length) - len(length) - 2].partition(b"=")
        notes[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        data = data[int(length) :]
    return notes
