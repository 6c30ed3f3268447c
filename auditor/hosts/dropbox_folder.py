"""The zip in which Dropbox sends a shared folder, as far as its beginning tells.

It is made while it is sent: no length, no ranges, no list in front. What can be had lightly is its beginning: each file's local
header with its name (APPNOTE 4.3.7, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), and the next one where the
header says how long the file is. A small folder ends within the beginning and is known whole; of a large one the first names are.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

from auditor.errors import NetworkError
from auditor.facts import State

FRONT_BYTES = 1 << 20
MAX_MEMBERS = 5000
MAX_INFLATED = 64 << 20  # of one member of a small folder
_LOCAL = struct.Struct("<4s5H3I2H")
_STREAMED = 0x08  # sizes come after the data (APPNOTE 4.4.4, bit 3)
_UTF8 = 0x800
_LARGE = 0xFFFFFFFF  # the size is elsewhere (ZIP64)


@dataclass(frozen=True, slots=True)
class FolderMember:
    """A file of the folder. `offset` is where its data begin, if all of them are in the beginning."""

    name: str
    size: int | None = None
    offset: int | None = None
    packed: int = 0
    is_deflated: bool = False


@dataclass(frozen=True, slots=True)
class FolderFront:
    """What the beginning of the zip tells."""

    front: bytes
    members: tuple[FolderMember, ...]
    is_whole: bool
    strange: int = 0  # names that no path could have

    def content(self, name: str) -> bytes | None:
        """Return the bytes of a file, None where they are not here or are more than they are said to be."""
        for member in self.members:
            if member.name == name and member.offset is not None:
                data = self.front[member.offset : member.offset + member.packed]
                data = _inflated(data, member.size or 0) if member.is_deflated else data
                return data if len(data) == member.size else None
        return None


def read_front(front: bytes, *, is_whole: bool) -> FolderFront:
    """Return the files in the beginning of a folder's zip. Raises `NetworkError` where it is no zip."""
    if not front.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        words = f"it begins with {front[:20]!r}"
        raise NetworkError("Dropbox did not send a folder", words, "open the link in a browser", state=State.NOT_A_FILE)
    found = _from_directory(front) if is_whole else None
    files = [member for member in (_from_headers(front) if found is None else found) if not member.name.endswith("/")]
    named = [member for member in files if _is_plain(member.name)]
    whole = found is not None and len(named) <= MAX_MEMBERS
    return FolderFront(front, tuple(named[:MAX_MEMBERS]), whole, len(files) - len(named))


def _from_directory(whole: bytes) -> list[FolderMember] | None:
    """Read a zip that is all there by its own directory, None where that is broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            entries = archive.infolist()[: MAX_MEMBERS + 1]
    except (zipfile.BadZipFile, ValueError, struct.error, OSError, NotImplementedError, IndexError):
        return None
    return [_from_entry(whole, entry) for entry in entries if entry.filename.strip("/")]


def _from_entry(whole: bytes, entry: zipfile.ZipInfo) -> FolderMember:
    name, place = entry.filename.removeprefix("/"), entry.header_offset
    if not 0 <= place <= len(whole) - _LOCAL.size or entry.flag_bits & 1 or entry.compress_type not in (0, 8):
        return FolderMember(name, entry.file_size)
    *_, name_length, extra_length = _LOCAL.unpack_from(whole, place)
    start = place + _LOCAL.size + name_length + extra_length
    here = whole[place : place + 4] == b"PK\x03\x04" and start + entry.compress_size <= len(whole) and entry.file_size <= MAX_INFLATED
    return FolderMember(name, entry.file_size, start if here else None, entry.compress_size, entry.compress_type == 8)


def _from_headers(front: bytes) -> list[FolderMember]:
    """Go from local header to local header as far as they lead."""
    members: list[FolderMember] = []
    place: int | None = 0
    while place is not None and place + _LOCAL.size <= len(front) and len(members) <= MAX_MEMBERS:
        magic, _, flags, method, _, _, _, packed, size, name_length, extra_length = _LOCAL.unpack_from(front, place)
        start = place + _LOCAL.size + name_length + extra_length
        if magic != b"PK\x03\x04" or start > len(front):
            break
        raw = front[place + _LOCAL.size :][:name_length]
        name = raw.decode("utf-8" if flags & _UTF8 else "cp437", "replace").removeprefix("/")
        unsized = bool(flags & _STREAMED and not packed) or _LARGE in (packed, size)
        if not name or name.endswith("/"):
            packed, unsized = (0, False) if unsized else (packed, False)
        elif unsized:
            members.append(FolderMember(name))
        else:
            here = start + packed <= len(front) and not flags & 1 and method in (0, 8) and size <= MAX_INFLATED
            members.append(FolderMember(name, size, start if here else None, packed, method == 8))
        end = start + packed if not unsized else _end_of_deflated(front, start) if method == 8 else None
        place = _after_sizes(front, end) if end is not None and flags & _STREAMED else end
    return members


def _end_of_deflated(front: bytes, start: int) -> int | None:
    """Return where deflated data end, which they say themselves; None where that is past the beginning."""
    inflater, rest, seen = zlib.decompressobj(-15), front[start:], 0
    try:
        while rest and not inflater.eof and seen <= MAX_INFLATED:
            seen += len(inflater.decompress(rest, 1 << 20))
            rest = inflater.unconsumed_tail
    except zlib.error:
        return None
    return len(front) - len(inflater.unused_data) if inflater.eof else None


def _after_sizes(front: bytes, place: int) -> int | None:
    """Return the place after the sizes that follow streamed data (APPNOTE 4.3.9): with or without a mark, of 4 or 8 bytes each."""
    lengths = (16, 24, 12, 20, 0)
    return next((place + length for length in lengths if front[place + length : place + length + 4] == b"PK\x03\x04"), None)


def _inflated(data: bytes, size: int) -> bytes:
    """Return what deflated data hold, one byte more than they should at most, nothing where they are broken."""
    try:
        return zlib.decompressobj(-15).decompress(data, size + 1)
    except zlib.error:
        return b""


def _is_plain(name: str) -> bool:
    return name.isprintable() and "\\" not in name and not any(part in ("", ".", "..") for part in name.split("/"))
