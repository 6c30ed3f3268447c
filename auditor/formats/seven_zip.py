"""The directory of a 7z archive and its members, read with the standard library: no extra is needed.

Structures as in 7zFormat.txt of the LZMA SDK: a start header that leads to the directory at the end, itself compressed as a rule;
packed streams, folders (runs of members compressed together) with their coders, names. Read are copies, LZMA, LZMA2, Deflate and
BZip2; members behind other coders (AES, PPMd, BCJ2) are named with the reason. Nothing is believed: counts and sizes are checked first.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from auditor.blob import Blob, WindowBlob
from auditor.errors import FormatError, LimitError
from auditor.formats.containers import Member
from auditor.formats.decompressors import Inflater, inflater, raw_lzma
from auditor.formats.extents import OtherFormatError, TruncatedError
from auditor.formats.inflated import Allowance, InflatedBlob, window
from auditor.formats.interface import Limits

MAGIC = b"7z\xbc\xaf\x27\x1c"
_START = 32
_COPY, _LZMA, _LZMA2, _DEFLATE, _BZIP2 = b"\x00", b"\x03\x01\x01", b"\x21", b"\x04\x01\x08", b"\x04\x02\x02"
_NAMED = {b"\x06\xf1\x07\x01": "needs a password", b"\x03\x04\x01": "is compressed with PPMd, which is not read"}
_X86 = b"\x03\x03\x01\x03"
_MOST_CODERS = 4
_NAMES_SHOWN = 4
_SIZES, _DIGESTS, _FOLDERS, _UNPACK_SIZES, _STREAM_COUNTS, _EMPTY, _NAMES, _ENCODED = 9, 10, 11, 12, 13, 14, 17, 23


@dataclass(frozen=True, slots=True)
class _Coder:
    method: bytes
    properties: bytes
    streams: int  # in and out together: 2 for a plain one


@dataclass(frozen=True, slots=True)
class _Folder:
    """A run of members that are compressed together."""

    coders: tuple[_Coder, ...]
    size: int  # unpacked
    packed: tuple[tuple[int, int], ...]  # offset and length of its packed streams


def seven_zip_members(blob: Blob, limits: Limits, allowance: Allowance) -> Iterator[Member]:
    """Yield the files of an archive in its order, each ready to be read from its front. Raises `FormatError`."""
    directory = _directory(blob, limits, allowance)
    folders, sizes = _streams(directory, limits) if directory.enter(4) else ([], [])
    names, empty = _files(directory, limits)
    places = [(number, size) for number, held in enumerate(sizes) for size in held]
    if len(places) != len(names) - sum(empty):
        raise FormatError("the directory of the 7z archive is broken", "names and contents differ in number")
    opened: dict[int, Blob | str] = {}
    offsets = dict.fromkeys(range(len(folders)), 0)
    following = iter(places)
    for name, is_empty in zip(names, empty, strict=True):
        if is_empty:
            continue
        number, size = next(following)
        if number not in opened:
            opened.clear()  # one run at a time: each keeps what it has unpacked
            opened[number] = _opened(blob, folders[number], allowance)
        held = opened[number]
        offset, offsets[number] = offsets[number], offsets[number] + size
        if isinstance(held, str):
            shown = ", ".join(name[:60] for name in names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
            raise OtherFormatError(f"a 7z archive of {len(names)} files that {held}", shown)
        if size:
            yield Member(name, window(held, offset, min(size, max(0, held.size - offset)), name))


def _opened(blob: Blob, folder: _Folder, allowance: Allowance) -> Blob | str:
    """Return the unpacked run, or why it is not read."""
    for coder in folder.coders:
        if coder.method in _NAMED:
            return _NAMED[coder.method]
    coders = [coder for coder in folder.coders if coder.method != _X86 or coder.properties]
    before = [lzma.FILTER_X86] * (len(folder.coders) - len(coders))
    if len(coders) != 1 or len(before) > 1 or len(folder.packed) != 1 or any(coder.streams != 2 for coder in folder.coders):
        return "is compressed in several steps, which is not read"
    start, length = folder.packed[0]
    if start + length > blob.size:
        raise TruncatedError("the 7z archive ends before its members do", help="the file was cut short")
    coder = coders[0]
    if coder.method == _COPY and not before:
        return WindowBlob(blob, start, length, blob.name)
    make = _maker(coder, folder.size, [{"id": number} for number in before])
    if make is None:
        return f"is compressed in a way that is not read (method {coder.method.hex()})"
    return InflatedBlob(blob, start, length, folder.size, blob.name, make, allowance)


def _maker(coder: _Coder, size: int, before: list[dict[str, int]]) -> Callable[[], Inflater] | None:
    """Return what makes a decompressor for a coder; a dictionary larger than the contents is of no use and not allocated."""
    if coder.method == _LZMA and len(coder.properties) == 5 and coder.properties[0] < 225:
        packed = coder.properties[0]
        lc, lp, pb = packed % 9, packed // 9 % 5, packed // 45
        room = min(int.from_bytes(coder.properties[1:], "little"), size)
        return partial(raw_lzma, [*before, {"id": lzma.FILTER_LZMA1, "dict_size": max(room, 4096), "lc": lc, "lp": lp, "pb": pb}])
    if coder.method == _LZMA2 and len(coder.properties) == 1 and coder.properties[0] <= 40:
        bits = coder.properties[0]
        room = min((2 | bits & 1) << (bits // 2 + 11), size)
        return partial(raw_lzma, [*before, {"id": lzma.FILTER_LZMA2, "dict_size": max(room, 4096)}])
    plain = {_DEFLATE: "deflate", _BZIP2: "bzip2"}.get(coder.method)
    return partial(inflater, plain) if plain and not before else None


class _Reader:
    """Numbers, bits and marks of a directory, in order. Raises `TruncatedError` at its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, length: int) -> bytes:
        if length > len(self._data) - self.at:
            raise TruncatedError("the directory of the 7z archive ends in the middle")
        self.at += length
        return self._data[self.at - length : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """Return a number of 1 to 9 bytes: the leading ones of the first say how many follow."""
        first = self.byte()
        value = 0
        for count in range(8):
            mask = 0x80 >> count
            if not first & mask:
                return value | (first & (mask - 1)) << (8 * count)
            value |= self.byte() << (8 * count)
        return value

    def count(self, limits: Limits) -> int:
        value = self.number()
        if value > limits.members:
            raise LimitError("the 7z archive has more members than is allowed", f"{value}, at most {limits.members}")
        return value

    def bits(self, count: int) -> list[bool]:
        raw = self.take((count + 7) // 8)
        return [bool(raw[n // 8] & 0x80 >> n % 8) for n in range(count)]

    def enter(self, mark: int) -> bool:
        """Take a mark where it stands here, and tell whether it did."""
        found = self.at < len(self._data) and self._data[self.at] == mark
        self.at += found
        return found

    def expect(self, mark: int) -> None:
        if not self.enter(mark):
            raise FormatError("the directory of the 7z archive is broken", f"mark {mark} is missing at byte {self.at}")

    def pass_digests(self, count: int) -> None:
        defined = count if self.byte() else sum(self.bits(count))
        self.take(4 * defined)


def _directory(blob: Blob, limits: Limits, allowance: Allowance) -> _Reader:
    """Return the directory behind its first mark, unpacked where it is packed."""
    head = blob.read(0, _START)
    if len(head) < _START or not head.startswith(MAGIC):
        raise TruncatedError("the 7z archive ends in its first bytes")
    offset, length = int.from_bytes(head[12:20], "little"), int.from_bytes(head[20:28], "little")
    if zlib.crc32(head[12:32]) != int.from_bytes(head[8:12], "little"):
        raise FormatError("the start of the 7z archive is damaged", "its checksum differs")
    if length > limits.header_bytes:
        raise LimitError("the directory of the 7z archive is larger than is allowed", f"{length} bytes")
    if _START + offset + length > blob.size:
        raise TruncatedError("the 7z archive ends before its directory does", help="the file was cut short, or is one of several parts")
    data = blob.read(_START + offset, length)
    for _ in range(4):
        reader = _Reader(data)
        if reader.enter(1):
            if reader.enter(2):
                raise FormatError("the directory of the 7z archive is of a kind that is not read", "it has properties of its own")
            return reader
        if not data:
            return _Reader(b"")
        reader.expect(_ENCODED)
        folders, _ = _streams(reader, limits)
        if len(folders) != 1 or folders[0].size > limits.header_bytes:
            raise LimitError("the directory of the 7z archive is larger than is allowed or in several pieces")
        held = _opened(blob, folders[0], allowance)
        if isinstance(held, str):
            raise FormatError("the directory of the 7z archive cannot be read", f"it {held}")
        data = held.read(0, folders[0].size)
    raise FormatError("the directory of the 7z archive is packed again and again")


def _streams(reader: _Reader, limits: Limits) -> tuple[list[_Folder], list[list[int]]]:
    """Return the folders, and for each the sizes of the members in it."""
    packed: list[tuple[int, int]] = []
    folders: list[_Folder] = []
    sizes: list[list[int]] = []
    if reader.enter(6):
        packed = _packed(reader, limits)
    if reader.enter(7):
        folders = _folders(reader, limits, packed)
        sizes = [[folder.size] for folder in folders]
    if reader.enter(8):
        sizes = _substreams(reader, limits, folders)
    reader.expect(0)
    return folders, sizes


def _packed(reader: _Reader, limits: Limits) -> list[tuple[int, int]]:
    at, count = _START + reader.number(), reader.count(limits)
    lengths = [0] * count
    while not reader.enter(0):
        if reader.enter(_SIZES):
            lengths = [reader.number() for _ in range(count)]
        else:
            reader.expect(_DIGESTS)
            reader.pass_digests(count)
    places = []
    for length in lengths:
        places.append((at, length))
        at += length
    return places


def _folders(reader: _Reader, limits: Limits, packed: list[tuple[int, int]]) -> list[_Folder]:
    reader.expect(_FOLDERS)
    count = reader.count(limits)
    reader.expect(0)  # an "external" directory would lie elsewhere
    described = [_coders(reader) for _ in range(count)]
    reader.expect(_UNPACK_SIZES)
    folders, used = [], 0
    for coders, outputs, main, inputs in described:
        sizes = [reader.number() for _ in range(outputs)]
        folders.append(_Folder(coders, sizes[main], tuple(packed[used : used + inputs])))
        used += inputs
    if reader.enter(_DIGESTS):
        reader.pass_digests(count)
    reader.expect(0)
    if used > len(packed):
        raise FormatError("the directory of the 7z archive is broken", "it has fewer packed streams than it uses")
    return folders


def _coders(reader: _Reader) -> tuple[tuple[_Coder, ...], int, int, int]:
    """Return the coders of a folder, the number of outputs, which of them is the contents, and the number of packed streams."""
    count = reader.number()
    if not 1 <= count <= _MOST_CODERS:
        raise FormatError("the directory of the 7z archive is broken", f"a folder with {count} coders")
    coders, inputs, outputs = [], 0, 0
    for _ in range(count):
        flags = reader.byte()
        method = reader.take(flags & 15)
        taken, given = (reader.number(), reader.number()) if flags & 16 else (1, 1)
        if taken > 8 or given > 8:
            raise FormatError("the directory of the 7z archive is broken", "a coder with too many streams")
        length = reader.number() if flags & 32 else 0
        coders.append(_Coder(method, reader.take(length), taken + given))
        inputs, outputs = inputs + taken, outputs + given
    bound = [(reader.number(), reader.number()) for _ in range(max(0, outputs - 1))]
    free = [n for n in range(outputs) if n not in {output for _, output in bound}]
    streams = inputs - len(bound)
    if streams > 1:
        for _ in range(streams):
            reader.number()
    if not free or streams < 1:
        raise FormatError("the directory of the 7z archive is broken", "the coders of a folder go round in a circle")
    return tuple(coders), outputs, free[0], streams


def _substreams(reader: _Reader, limits: Limits, folders: list[_Folder]) -> list[list[int]]:
    counts = [1] * len(folders)
    if reader.enter(_STREAM_COUNTS):
        counts = [reader.count(limits) for _ in folders]
        if sum(counts) > limits.members:
            raise LimitError("the 7z archive has more members than is allowed", f"at most {limits.members}")
    listed = reader.enter(_SIZES)
    sizes = []
    for folder, count in zip(folders, counts, strict=True):
        held = [reader.number() for _ in range(count - 1)] if listed else [0] * (count - 1)
        rest = folder.size - sum(held)
        if rest < 0 or (count > 1 and not listed):
            raise FormatError("the directory of the 7z archive is broken", "members are larger than the run that holds them")
        sizes.append([*held, rest] if count else [])
    while not reader.enter(0):
        reader.expect(_DIGESTS)
        known = sum(count for count in counts if count != 1)
        _pass_rest_of_digests(reader, known, sum(counts))
    return sizes


def _pass_rest_of_digests(reader: _Reader, least: int, most: int) -> None:
    """Pass over checksums whose number depends on those that were given before: whichever fits up to the end mark."""
    before = reader.at
    for count in (least, most):
        reader.at = before
        try:
            reader.pass_digests(count)
        except TruncatedError:
            continue
        after = reader.at
        if reader.enter(0):
            reader.at = after
            return
    raise FormatError("the directory of the 7z archive is broken", "its checksums do not end")


def _files(reader: _Reader, limits: Limits) -> tuple[list[str], list[bool]]:
    """Return the names, and for each whether it has no contents."""
    if not reader.enter(5):
        return [], []
    count = reader.count(limits)
    names, empty = [""] * count, [False] * count
    while not reader.enter(0):
        kind, length = reader.byte(), reader.number()
        inner = _Reader(reader.take(length))
        if kind == _EMPTY:
            empty = inner.bits(count)
        elif kind == _NAMES:
            inner.expect(0)
            parts = inner.take(length - 1).decode("utf-16-le", "replace").split("\0")
            names = [part[:1024] for part in [*parts, *([""] * count)][:count]]
    return names, empty
