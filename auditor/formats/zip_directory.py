"""The directory of a zip file, read from its end with one request in the usual case.

Structures as in PKWARE's APPNOTE.TXT: end record (PK 5 6), zip64 end record (PK 6 6) and its locator (PK 6 7), directory
entries (PK 1 2), local headers (PK 3 4). Nothing is believed: offsets and sizes are held against the file before use.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from auditor.blob import END_BYTES, Blob, WindowBlob
from auditor.errors import FormatError, LimitError
from auditor.formats.extents import TAIL_BYTES, RememberedBlob, TruncatedError
from auditor.formats.interface import Limits

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
_LOCAL_SLACK = 512  # room for the padding that torch puts before data; more costs one further request

STORED, DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """One member as the directory describes it; all of it untrusted."""

    name: str
    method: int
    flags: int
    crc32: int
    packed_size: int
    size: int
    offset: int  # of the local header, from the beginning of the blob
    mode: int  # Unix file mode, 0 where there is none

    @property
    def is_folder(self) -> bool:
        """Tell whether the name is that of a folder."""
        return self.name.endswith(("/", "\\"))

    @property
    def is_link(self) -> bool:
        """Tell whether the member is a symbolic link."""
        return self.mode & 0o170000 == 0o120000

    @property
    def is_encrypted(self) -> bool:
        """Tell whether a password would be needed."""
        return bool(self.flags & 1)


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """All members of a zip, in the order of the directory."""

    entries: tuple[ZipEntry, ...]
    start: int  # offset of the directory itself
    warnings: tuple[str, ...] = ()


def read_directory(blob: Blob, limits: Limits) -> ZipDirectory:
    """Read the directory. Raises `TruncatedError` where there is no end record, `LimitError`, `FormatError` where it lies."""
    tail_start, tail, end_at = _find_end(blob)
    _, _, _, _, count, length, start, _ = _END.unpack_from(tail, end_at)
    stop = tail_start + end_at
    record64 = _zip64(blob, tail, tail_start, end_at)
    if record64 is not None:
        count, length, start, stop = record64
    shift = stop - length - start  # bytes that were put before the zip, as self-extracting files have
    if shift < 0 or length > stop:
        raise FormatError("the zip's directory lies about its place", help="the file is broken or was cut at its beginning")
    if length > limits.header_bytes:
        raise LimitError("the zip's directory is larger than is allowed", f"{length} bytes, at most {limits.header_bytes}")
    if count > limits.members:
        raise LimitError("the zip has more members than is allowed", f"{count}, at most {limits.members}")
    data = blob.read(start + shift, length)
    entries = _entries(data, count, shift, limits)
    return ZipDirectory(entries, start + shift, _overlaps(entries, start + shift))


def _find_end(blob: Blob) -> tuple[int, bytes, int]:
    """Return the tail's offset, the tail, and where in it the end record stands."""
    for most in (END_BYTES, TAIL_BYTES):  # the second only for a comment of 60 kB and more
        length = min(most, blob.size)
        tail = blob.read(blob.size - length, length)
        at = tail.rfind(b"PK\x05\x06")
        while at >= 0:
            if len(tail) - at >= _END.size and at + _END.size + _END.unpack_from(tail, at)[7] <= len(tail):
                return blob.size - length, tail, at
            at = tail.rfind(b"PK\x05\x06", 0, at)
    raise TruncatedError("the zip has no end record", "its directory is missing", "the file was cut short: download or upload it again")


def _zip64(blob: Blob, tail: bytes, tail_start: int, end_at: int) -> tuple[int, int, int, int] | None:
    """Return count, length, start and end of the directory from the zip64 record, None where there is none."""
    at = end_at - _LOCATOR.size
    if tail_start + at < 0 or at < 0 or tail[at : at + 4] != b"PK\x06\x07":
        return None
    _, _, where, _ = _LOCATOR.unpack_from(tail, at)
    usual = tail_start + at - _END64.size
    for offset in (usual, where):
        if 0 <= offset <= blob.size - _END64.size:
            record = blob.read(offset, _END64.size)
            if record[:4] == b"PK\x06\x06":
                _, _, _, _, _, _, _, count, length, start = _END64.unpack(record)
                return count, length, start, offset
    raise FormatError("the zip's 64-bit end record is not where its locator says")


def _entries(data: bytes, count: int, shift: int, limits: Limits) -> tuple[ZipEntry, ...]:
    entries = []
    at = 0
    while at + _ENTRY.size <= len(data) and data[at : at + 4] == b"PK\x01\x02":
        fields = _ENTRY.unpack_from(data, at)
        flags, method, crc, packed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
        name_length, extra_length, comment_length, mode, offset = fields[10], fields[11], fields[12], fields[15], fields[16]
        at += _ENTRY.size
        name = _decoded(data[at : at + name_length], flags)
        extra = data[at + name_length : at + name_length + extra_length]
        size, packed, offset = _wide(extra, size, packed, offset)
        at += name_length + extra_length + comment_length
        entries.append(ZipEntry(name.replace("\x00", ""), method, flags, crc, packed, size, offset + shift, mode >> 16))
        if len(entries) > limits.members:
            raise LimitError("the zip has more members than is allowed", f"at most {limits.members}")
    if at > len(data) or (count != len(entries) and count & 0xFFFF != len(entries) & 0xFFFF):
        raise FormatError("the zip's directory lies about its length", f"{count} entries announced, {len(entries)} found")
    return tuple(entries)


def _decoded(raw: bytes, flags: int) -> str:
    """Return a name: UTF-8 where the flag says so or where it fits, as many programs write it unsaid, else the old code page."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8" if flags & 0x800 else "cp437", "replace")


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Return the three values with those of the zip64 extra field where the directory has only 32 bits of ones."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            held = extra[at + 4 : at + 4 + length]
            wide = [value for (value,) in struct.iter_unpack("<Q", held[: len(held) // 8 * 8])]
            values = []
            for value in (size, packed, offset):
                values.append(wide.pop(0) if value == 0xFFFFFFFF and wide else value)
            return values[0], values[1], values[2]
        at += 4 + length
    return size, packed, offset


def _overlaps(entries: tuple[ZipEntry, ...], start: int) -> tuple[str, ...]:
    """Return a warning where members share bytes or reach into the directory, as overlapping zip bombs do."""
    warnings = []
    ordered = sorted(entries, key=lambda entry: entry.offset)
    for entry, following in zip(ordered, [*(e.offset for e in ordered[1:]), start], strict=False):
        if entry.offset + LOCAL.size + entry.packed_size > following:
            warnings.append(f"member {entry.name[:80]!r} overlaps the next one")
    names = [entry.name for entry in entries]
    if len(set(names)) < len(names):
        warnings.append("two members have the same name")
    return tuple(warnings[:5])


def front_end(directory: ZipDirectory, name: str) -> int:
    """Return where the first member ends if it is called `name` (without its folder) and begins the file; 0 otherwise."""
    ordered = sorted(entry.offset for entry in directory.entries)
    first = next((entry for entry in directory.entries if entry.offset == 0), None)
    if first is None or first.name.rsplit("/", 1)[-1] != name:
        return 0
    return next((offset for offset in ordered if offset > 0), directory.start)


def member_start(blob: Blob, entry: ZipEntry, ahead: int = 0) -> int:
    """Return where a member's data begin. Reads the local header and `ahead` bytes of the data with the same request."""
    if entry.offset + LOCAL.size > blob.size:
        raise FormatError(f"member {entry.name[:80]!r} begins past the end of the file", help="the file is truncated or its directory lies")
    known = isinstance(blob, RememberedBlob) and blob.holds(entry.offset, LOCAL.size)
    header = blob.read(entry.offset, LOCAL.size + (0 if known else len(entry.name) + _LOCAL_SLACK + ahead))
    if header[:4] != b"PK\x03\x04":
        raise FormatError(f"member {entry.name[:80]!r} is not where the directory says")
    name_length, extra_length = LOCAL.unpack_from(header)[9:]
    return entry.offset + LOCAL.size + int(name_length) + int(extra_length)


def stored_blob(blob: Blob, entry: ZipEntry, ahead: int = 0) -> WindowBlob:
    """Return a window on a member that is not compressed."""
    start = member_start(blob, entry, min(ahead, entry.size))
    if entry.packed_size != entry.size:
        raise FormatError(f"member {entry.name[:80]!r} has two sizes though it is not compressed")
    return WindowBlob(blob, start, entry.size, entry.name)


def read_member(blob: Blob, entry: ZipEntry, limit: int) -> bytes:
    """Return the bytes of a small member, inflated where need be. Raises `LimitError` above `limit` bytes."""
    if entry.is_encrypted:
        raise FormatError(f"member {entry.name[:80]!r} needs a password")
    if entry.size > limit or entry.packed_size > limit:
        raise LimitError(f"member {entry.name[:80]!r} is larger than is allowed", f"{entry.size} bytes, at most {limit}")
    if entry.method == STORED:
        window = stored_blob(blob, entry, entry.size)
        return window.read(0, window.size)
    if entry.method != DEFLATED:
        raise FormatError(f"member {entry.name[:80]!r} is compressed in a way that is not read", f"method {entry.method}")
    start = member_start(blob, entry, entry.packed_size)
    inflater = zlib.decompressobj(-15)
    try:
        data = inflater.decompress(blob.read(start, entry.packed_size), entry.size + 1)
    except zlib.error as error:
        raise FormatError(f"member {entry.name[:80]!r} is damaged", str(error)) from error
    if len(data) != entry.size or zlib.crc32(data) != entry.crc32:
        raise FormatError(f"member {entry.name[:80]!r} is damaged", "its size or checksum differs from the directory's")
    return data
