"""Reading with few and large requests: a blob that remembers what it has read, and a stream over its front."""

from __future__ import annotations

import hashlib
from bisect import bisect_right

from auditor.blob import END_BYTES, Blob, check_range
from auditor.errors import FormatError, LimitError
from auditor.facts import Safety

HEAD_BYTES = 64 << 10
"""What the first request for a file asks for; enough to recognize every format and to hold most headers."""

TAIL_BYTES = (64 << 10) + 21
"""The end of a zip with the longest comment that its end record can have."""

WHOLE_BYTES = 256 << 10
"""Files up to this size are read whole with the first request."""

_LEAST_BYTES = 8 << 10
"""No request asks for less, unless the file ends: the next small read is likely to lie there."""

_KEPT_BYTES = 16 << 20
_LARGEST_FRONT = 8 << 20
_FRONT_SLACK = 1280  # the few small members that torch writes behind the pickle, "byteorder" among them
_FIRST_GROWTH = 128 << 10
_AFTER_JUMP = 8 << 10
_MOST_JUMPS = 4096
_LAST_GROWTH = 4 << 20


class TruncatedError(FormatError):
    """The bytes end before the structure that they began does."""


class NoTensorsError(FormatError):
    """The file was read to its end and holds no tensors; `safety` says what loading it would have called."""

    def __init__(self, what: str, why: str = "", help: str = "", safety: Safety | None = None) -> None:
        super().__init__(what, why, help)
        self.safety = safety


class OtherFormatError(FormatError):
    """The bytes begin like a format that is read and go on as another: not known, which is not the same as damaged."""


class RunsCodeError(FormatError):
    """The pickle is broken or too large, and loading it would have run code before that was noticed."""

    def __init__(self, error: FormatError, safety: Safety) -> None:
        super().__init__("; ".join(safety.reasons[:5]), f"and {error}", "do not load this file")
        self.safety = safety


def first_wanted(size: int, from_end: bool) -> tuple[int, int]:
    """Return offset and length of what a `RememberedBlob` over a file of this size asks for first."""
    if size <= WHOLE_BYTES:
        return 0, size
    return (size - END_BYTES, END_BYTES) if from_end else (0, HEAD_BYTES)


class RememberedBlob:
    """A blob over another one that never asks twice for the same bytes.

    The first read of a large file's head begins at its end where the blob below says so (`begins_at_its_end`): two requests
    then bring the directory and the pickle of torch's format, and the head is no longer than that pickle.
    Every miss is one contiguous read of the blob below, cut to what is not known yet; `reads` and `bytes_read` count them.
    Adjacent extents are joined; the first are dropped when more than 16 MiB are held. Raises `TruncatedError` where
    the blob below gives fewer bytes than its size promises.
    """

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self.name = blob.name
        self.size = blob.size
        self.reads = 0
        self.bytes_read = 0
        self._starts: list[int] = []
        self._extents: list[bytes] = []
        self._front = 0  # length of the front that was read by its plan

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end."""
        check_range(offset, length)
        length = min(length, max(0, self.size - offset))
        if length == 0:
            return b""
        if not self._extents:
            if self.size <= WHOLE_BYTES:
                self._fetch(0, self.size)
            elif offset == 0 and length == HEAD_BYTES and getattr(self._blob, "begins_at_its_end", False):
                self._begin_at_the_end()
        if self._front and offset == 0 and length == HEAD_BYTES:
            length = min(length, self._front)
        known = self._known(offset, length)
        if known is not None:
            return known
        start, end = self._gap(offset, offset + length)
        if end == offset + length:
            end = min(self.size, max(end, start + _LEAST_BYTES))
        self._fetch(start, end - start)
        known = self._known(offset, length)
        return known if known is not None else self._direct(offset, length)

    def read_past(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset` as `read` does, without keeping them: for whoever passes over a whole file."""
        check_range(offset, length)
        length = min(length, max(0, self.size - offset))
        known = self._known(offset, length)
        return known if known is not None else self._direct(offset, length)

    def _begin_at_the_end(self) -> None:
        """Read the end first; where it is the directory of a zip as torch writes it, its pickle with the second request and no more."""
        from auditor.formats.interface import Limits
        from auditor.formats.zip_directory import front_end, read_directory

        self._fetch(self.size - END_BYTES, END_BYTES)
        if b"PK\x05\x06" not in self._extents[0]:
            return
        try:
            end = front_end(read_directory(self, Limits()), "data.pkl")
        except FormatError:
            return
        if 0 < end <= _LARGEST_FRONT:
            self._front = max(end + _FRONT_SLACK, _LEAST_BYTES)
            self._fetch(0, self._front)

    def holds(self, offset: int, length: int) -> bool:
        """Tell whether these bytes can be had without asking the blob below."""
        index = bisect_right(self._starts, offset) - 1
        return index >= 0 and offset + length <= self._starts[index] + len(self._extents[index])

    def _known(self, offset: int, length: int) -> bytes | None:
        index = bisect_right(self._starts, offset) - 1
        if index < 0:
            return None
        begin = offset - self._starts[index]
        extent = self._extents[index]
        return extent[begin : begin + length] if begin + length <= len(extent) else None

    def _gap(self, start: int, end: int) -> tuple[int, int]:
        """Return the range without the known bytes at its beginning and at its end."""
        for begin, extent in zip(self._starts, self._extents, strict=True):
            stop = begin + len(extent)
            if begin <= start < stop:
                start = stop
            if begin < end <= stop:
                end = begin
        return start, end

    def _direct(self, offset: int, length: int) -> bytes:
        self.reads += 1
        data = self._blob.read(offset, length)
        self.bytes_read += len(data)
        if len(data) != length:
            raise TruncatedError(
                f"{self.name!r} gave {len(data)} of {length} bytes at {offset}", help="the file is shorter than its host says"
            )
        return data

    def _fetch(self, start: int, length: int) -> None:
        self._add(start, self._direct(start, length))

    def _add(self, start: int, data: bytes) -> None:
        """Keep one extent, joined with its neighbours and without what it covers."""
        end = start + len(data)
        kept: list[tuple[int, bytes]] = []
        for begin, extent in zip(self._starts, self._extents, strict=True):
            stop = begin + len(extent)
            if stop < start or begin > end:
                kept.append((begin, extent))
                continue
            if begin < start:
                data, start = extent[: start - begin] + data, begin
            if stop > end:
                data, end = data + extent[end - begin :], stop
        while kept and len(data) + sum(len(extent) for _, extent in kept) > _KEPT_BYTES:
            kept.pop(0)
        kept.append((start, data))
        kept.sort(key=lambda item: item[0])
        self._starts = [begin for begin, _ in kept]
        self._extents = [extent for _, extent in kept]


class ByteStream:
    """Bytes of a blob taken in order from an offset, read in growing pieces, with a digest of all that was taken.

    `limit` bounds how many bytes may be taken together; `skip` passes over bytes without reading them.
    """

    def __init__(self, blob: Blob, start: int, limit: int, end: int | None = None) -> None:
        self._blob = blob
        self._end = blob.size if end is None else min(end, blob.size)
        self._base = start  # offset of the buffer's first byte
        self._buffer = b""
        self._at = 0  # position within the buffer
        self._growth = HEAD_BYTES
        self._limit = limit
        self._jumps = 0
        self._taken = 0
        self._digest = hashlib.sha256()

    @property
    def position(self) -> int:
        """Return the offset in the blob of the next byte."""
        return self._base + self._at

    @property
    def remaining(self) -> int:
        """Return how many bytes are left."""
        return self._end - self.position

    def take(self, length: int) -> bytes:
        """Return the next `length` bytes. Raises `TruncatedError` at the end and `LimitError` past the limit."""
        stop = self._at + length
        if stop > len(self._buffer):
            self._grow(length)
            stop = self._at + length
        data = self._buffer[self._at : stop]
        self._at = stop
        return data

    def line(self, longest: int = 1 << 16) -> bytes:
        """Return the bytes up to the next line feed, without it."""
        found = self._buffer.find(b"\n", self._at)
        while found < 0:
            have = len(self._buffer) - self._at
            if have > longest:
                raise LimitError("a line of the pickle is too long", f"more than {longest} bytes")
            self._grow(have + 1)
            found = self._buffer.find(b"\n", self._at)
        if found - self._at > longest:
            raise LimitError("a line of the pickle is too long", f"more than {longest} bytes")
        return self.take(found + 1 - self._at)[:-1]

    def skip(self, length: int) -> None:
        """Pass over bytes without reading them. Raises `TruncatedError` past the end."""
        if length > self.remaining:
            raise TruncatedError("the pickle ends in the middle", f"{length} bytes announced, {self.remaining} left")
        if self._at + length <= len(self._buffer):
            self.take(length)
            return
        position = self.position
        self._drop()
        self._jumps += 1
        if self._jumps > _MOST_JUMPS:
            raise LimitError("the values lie between the names", f"more than {_MOST_JUMPS} arrays to pass over")
        self._growth = _AFTER_JUMP
        self._base, self._buffer, self._at = position + length, b"", 0

    def sha256(self) -> str:
        """Return the digest of everything that was taken so far, in hexadecimal."""
        self._drop()
        return self._digest.hexdigest()

    def _drop(self) -> None:
        used = self._buffer[: self._at]
        self._digest.update(used)
        self._taken += len(used)
        self._base, self._buffer, self._at = self._base + len(used), self._buffer[self._at :], 0

    def _grow(self, length: int) -> None:
        if length > self.remaining:
            raise TruncatedError("the pickle ends in the middle", f"{length} bytes announced, {max(0, self.remaining)} left")
        self._drop()
        if self._taken + length > self._limit:
            raise LimitError("the header is larger than is allowed", f"more than {self._limit} bytes")
        wanted = max(length, min(self._growth, self._limit - self._taken))
        self._growth = min(max(_FIRST_GROWTH if not self._jumps else 0, self._growth * 2), _LAST_GROWTH)
        have = len(self._buffer)
        offset = self._base + have
        self._buffer += self._blob.read(offset, min(wanted - have if wanted > have else 0, self._end - offset))
        if len(self._buffer) < length:
            raise TruncatedError("the pickle ends in the middle", f"{length} bytes announced, {len(self._buffer)} left")
