"""A blob as a Python file object, for libraries that seek: read in blocks, which are kept, within limits on bytes and time."""

from __future__ import annotations

import hashlib
import io
from collections import OrderedDict
from collections.abc import Callable

from auditor.blob import Blob
from auditor.errors import AuditError, LimitError
from auditor.formats.extents import TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Clock

_BLOCK = 16 << 10
_LARGEST_RUN = 256 << 10
_KEPT_BLOCKS = 1024


class BlobFile(io.RawIOBase):
    """A file object over a blob. The first failure is kept in `fault`, since C libraries lose exceptions.

    Blocks of 16 kB are read on demand; blocks that follow one another are read ahead, twice as many each time. `sha256` is
    the digest of the bytes that were asked for, with their places. `check` sees every piece before it is given out, with a
    function that reads more, and may refuse it.
    """

    def __init__(self, blob: Blob, limits: Limits, check: Callable[[int, bytes, Callable[[int, int], bytes]], None] | None = None) -> None:
        super().__init__()
        self._check = check
        self._blob = blob
        self._limits = limits
        self._clock = Clock(limits)
        self._at = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._run = 1
        self._last = -2
        self._fetched = 0
        self._digest = hashlib.sha256()
        self.fault: AuditError | None = None
        self.largest_piece: int | None = None  # reads above this fail while it is set, without being a fault of the file

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move the position, as files do."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._blob.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the position on. Raises `AuditError` where the bytes cannot be had or cost too much."""
        view = memoryview(buffer).cast("B")
        if self.largest_piece is not None and len(view) > self.largest_piece:
            raise OSError("a piece larger than is allowed here")
        try:
            if self.fault is not None:
                raise self.fault
            data = self._bytes(self._at, len(view))
            if self._check is not None:
                self._check(self._at, data, self._bytes)
        except AuditError as error:
            self.fault = self.fault or error
            raise
        self._digest.update(self._at.to_bytes(8, "little") + data)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def sha256(self) -> str:
        """Return the digest in hexadecimal."""
        return self._digest.hexdigest()

    def _bytes(self, offset: int, length: int) -> bytes:
        self._clock.check()
        if length > self._limits.header_bytes:
            raise LimitError("a piece of the file's structure is larger than is allowed", f"{length} bytes")
        end = min(offset + length, self._blob.size)
        if end <= offset:
            return b""
        first, last = offset // _BLOCK, (end - 1) // _BLOCK
        data = b"".join(self._block(number, last) for number in range(first, last + 1))
        return data[offset - first * _BLOCK : end - first * _BLOCK]

    def _block(self, number: int, last: int) -> bytes:
        if number not in self._blocks:
            self._fetch(number, last)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _fetch(self, number: int, last: int) -> None:
        """Read a run of blocks: what is asked, and more where reading goes on from the block before."""
        self._run = min(self._run * 2, _LARGEST_RUN // _BLOCK) if number == self._last + 1 else 1
        count = max(self._run, last - number + 1)
        known = next((n for n in range(1, count) if number + n in self._blocks), count)
        start = number * _BLOCK
        length = min(known * _BLOCK, self._blob.size - start)
        self._fetched += length
        if self._fetched > self._limits.header_bytes:
            raise LimitError("the file's structure takes more than is allowed", f"{self._limits.header_bytes} bytes")
        data = self._blob.read(start, length)
        if len(data) < length:
            raise TruncatedError("the file ends in the middle", f"{len(data)} of {length} bytes at {start}")
        for n in range(known):
            self._blocks[number + n] = data[n * _BLOCK : (n + 1) * _BLOCK]
        self._last = number + known - 1
        while len(self._blocks) > max(_KEPT_BLOCKS, count):
            self._blocks.popitem(last=False)
