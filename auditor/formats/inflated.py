"""Compressed bytes as a blob: unpacked in order, only as far as is asked, within an allowance for the whole file.

A blob of this kind is cheap at its front and dear at its end; `is_sequential` tells readers which kind they hold.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Callable

from auditor.blob import Blob, WindowBlob, check_range
from auditor.errors import FormatError, LimitError
from auditor.formats.decompressors import Inflater, inflater
from auditor.formats.decompressors import compression_of as compression_of

UNKNOWN_SIZE = 1 << 40
"""The size of a blob whose end is not known, as that of a gzip stream."""

_PIECE = 256 << 10
_LARGEST_READ = 4 << 20
_KEPT = 16 << 20


class Allowance:
    """How many bytes may still be unpacked out of one file, all its members together."""

    def __init__(self, bytes_left: int) -> None:
        self.left = bytes_left

    def spend(self, count: int) -> None:
        """Take from the allowance. Raises `LimitError` where it is used up."""
        self.left -= count
        if self.left < 0:
            raise LimitError("unpacking would give more bytes than is allowed", help="unpack it and inspect the files")


class InflatedBlob:
    """A compressed range of another blob, unpacked on demand; going back beyond 16 MiB begins again.

    Raises `LimitError` where the allowance is used up and `FormatError` for damaged data. Bytes past the true end are
    simply not there, whatever size was announced.
    """

    def __init__(
        self, parent: Blob, start: int, packed_size: int, size: int, name: str, method: str | Callable[[], Inflater], allowance: Allowance
    ) -> None:
        check_range(start, packed_size)
        self._parent = parent
        self._start = start
        self._end = min(start + packed_size, parent.size)
        self.name = name
        self.size = size
        self._method = method
        self._allowance = allowance
        self._restart()

    def _restart(self) -> None:
        self._inflater = self._method() if callable(self._method) else inflater(self._method)
        self._at = self._start
        self._buffer = bytearray()
        self._base = 0
        self._done = False
        self._piece = 64 << 10

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end."""
        check_range(offset, length)
        stop = min(offset + length, self.size)
        if offset < self._base:
            self._restart()
        while self._base + len(self._buffer) < stop and not self._done:
            self._step(stop)
            surplus = min(len(self._buffer) - _KEPT, offset - self._base)
            if surplus > 0:
                del self._buffer[:surplus]
                self._base += surplus
        return bytes(self._buffer[offset - self._base : max(0, stop - self._base)])

    def _step(self, stop: int) -> None:
        """Unpack one piece."""
        data = b""
        if self._inflater.hungry():
            data = self._parent.read(self._at, min(self._piece, self._end - self._at))
            self._at += len(data)
            self._piece = min(self._piece * 2, _LARGEST_READ)
        most = min(_PIECE, max(1, stop - self._base - len(self._buffer)))
        try:
            out = self._inflater.pieces(data, most)
        except (zlib.error, OSError, EOFError, ValueError, lzma.LZMAError) as error:
            raise FormatError(f"{self.name[:80]!r} is damaged", str(error)[:200]) from error
        self._allowance.spend(len(out))
        self._buffer += out
        self._done = self._inflater.ended() or (not out and not data and self._at >= self._end)


class SequentialWindow(WindowBlob):
    """A part of a blob that can only be read in order."""


def is_sequential(blob: Blob) -> bool:
    """Tell whether the end of a blob costs as much as all that lies before it."""
    return isinstance(blob, (InflatedBlob, SequentialWindow))


def window(parent: Blob, offset: int, size: int, name: str) -> WindowBlob:
    """Return a window on a blob that keeps its kind."""
    return (SequentialWindow if is_sequential(parent) else WindowBlob)(parent, offset, size, name)
