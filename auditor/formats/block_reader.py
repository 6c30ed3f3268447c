"""Reading small pieces that lie between large values: in blocks, over short gaps, and with a jump where the gap is long.

A jump costs a request of a remote file, reading through a gap costs its bytes. Gaps up to 256 kB are read through (about what
a request's delay is worth), longer ones are once a file has taken many jumps, and none when 8 MB were spent on gaps.
"""

from __future__ import annotations

import hashlib
import time
from bisect import bisect_right, insort

from auditor.blob import Blob
from auditor.errors import LimitError
from auditor.formats.extents import HEAD_BYTES, TruncatedError
from auditor.formats.interface import Limits

_AFTER_JUMP = 8 << 10
_LARGEST_BLOCK = 1 << 20
_GAP = 256 << 10
_WIDEST_GAP = 1 << 20
_JUMPS_A_GAP = 12  # after so many jumps, gaps twice as long are read through
_SPENT_ON_GAPS = 8 << 20
_MOST_JUMPS = 4096
_MOST_AT_ONCE = 16 << 20
_OLD_KEPT = 64 << 10
_NOTED_TOGETHER = 64 << 10
_BLOCKS_KEPT = 1024  # read after jumps, for those who come back


class BlockReader:
    """Pieces of a blob, mostly in rising order, read in blocks, with a digest of those that were taken.

    `limits.header_bytes` bounds what is read together, `limits.seconds` the time. `what` names the file in errors; `ahead` bytes
    before the place of a jump are read with it, for formats whose pieces point back.
    """

    def __init__(self, blob: Blob, limits: Limits, what: str, ahead: int = 0) -> None:
        self.size = blob.size
        self.what = what
        self._blob = blob
        self._limits = limits
        self._ahead = ahead
        self._base = 0
        self._buffer = b""
        self._kept: list[tuple[int, bytes]] = []
        self._block = HEAD_BYTES
        self._gap = _GAP
        self._jumps = 0
        self._spent = 0
        self._read = 0
        self._digest = hashlib.sha256()
        self._noted = bytearray()  # taken and not yet in the digest
        self._deadline = time.monotonic() + limits.seconds

    def window(self, offset: int, length: int) -> tuple[bytes, int]:
        """Return bytes and the place of `offset` in them, so that `length` bytes follow, fewer only at the end of the blob."""
        length = min(length, max(0, self.size - offset))
        at = offset - self._base
        if at < 0 or at + length > len(self._buffer):
            self._load(offset, length)
            at = offset - self._base
        return self._buffer, at

    def take(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset` and add them to the digest. Raises `TruncatedError` past the end."""
        if offset < 0 or length < 0 or offset + length > self.size:
            raise TruncatedError(f"the {self.what} ends in the middle", f"{length} bytes announced at {offset} of {self.size}")
        if length > _MOST_AT_ONCE:
            raise LimitError(f"a piece of the {self.what} is larger than is allowed", f"{length} bytes")
        buffer, at = self.window(offset, length)
        data = buffer[at : at + length]
        self.note(data)
        return data

    def note(self, data: bytes) -> None:
        """Add bytes to the digest that were taken from a window."""
        self._noted += data
        if len(self._noted) > _NOTED_TOGETHER:
            self._digest.update(self._noted)
            self._noted.clear()

    def plan(self, offset: int, length: int) -> None:
        """Read a stretch that is going to be needed with one request."""
        self.window(offset, min(length, _MOST_AT_ONCE))

    def check_time(self) -> None:
        """Raise `LimitError` when the time is up."""
        if time.monotonic() > self._deadline:
            raise LimitError(f"reading the {self.what} takes too long", f"more than {self._limits.seconds:g} seconds")

    def sha256(self) -> str:
        """Return the digest of everything that was taken, in hexadecimal."""
        self._digest.update(self._noted)
        self._noted.clear()
        return self._digest.hexdigest()

    def _load(self, offset: int, length: int) -> None:
        """Make the buffer hold a stretch: go on from its end where the gap is short, jump where it is long."""
        known = self._known(offset, length)
        if known is not None:
            self._base, self._buffer = known
            return
        end = self._base + len(self._buffer)
        gap = offset - end
        follows = self._base <= offset and gap <= self._gap and (gap <= 0 or self._spent + gap <= _SPENT_ON_GAPS)
        if follows:
            self._spent += max(0, gap)
            self._extend(end, max(offset + length, end + self._block))
            self._block = min(self._block * 2, _LARGEST_BLOCK)
        else:
            self._jump(offset, length)
        cut = offset - self._base - _OLD_KEPT
        if cut > _OLD_KEPT:
            self._base, self._buffer = self._base + cut, self._buffer[cut:]

    def _extend(self, end: int, stop: int) -> None:
        self._buffer += self._fetched(end, min(stop, self.size) - end)

    def _jump(self, offset: int, length: int) -> None:
        self._jumps += 1
        if self._jumps > _MOST_JUMPS:
            raise LimitError(f"the values of the {self.what} lie between the names", f"more than {_MOST_JUMPS} to pass over")
        self._gap = min(_GAP << (self._jumps // _JUMPS_A_GAP), _WIDEST_GAP)
        self._block = _AFTER_JUMP
        stop = min(offset + max(length, _AFTER_JUMP - self._ahead), self.size)
        offset = max(0, offset - self._ahead)
        self._base, self._buffer = offset, self._fetched(offset, stop - offset)
        if len(self._kept) < _BLOCKS_KEPT and stop - offset <= 2 * _AFTER_JUMP:
            insort(self._kept, (offset, self._buffer))

    def _known(self, offset: int, length: int) -> tuple[int, bytes] | None:
        """Return a block of an earlier jump that holds a stretch."""
        index = bisect_right(self._kept, offset, key=lambda block: block[0]) - 1
        if index < 0:
            return None
        base, data = self._kept[index]
        return (base, data) if offset + length <= base + len(data) else None

    def _fetched(self, offset: int, length: int) -> bytes:
        self.check_time()
        if self._read + length > self._limits.header_bytes:
            raise LimitError(f"the names of the {self.what} take more than is allowed", f"{self._limits.header_bytes} bytes")
        self._read += length
        data = self._blob.read(offset, length)
        if len(data) < length:
            raise TruncatedError(f"the {self.what} ends in the middle", f"{len(data)} of {length} bytes at {offset}")
        return data
