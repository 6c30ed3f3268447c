"""Passing over a file once: its bytes in order and in pieces, none of them kept.

`PassingBlob` is for readers that take values: what the header readers remember stays, what flows by does not pile up.
`WholeFile` is for whoever holds the file: it serves reads as they come and takes the SHA-256 of the whole file beside them.
"""

from __future__ import annotations

import hashlib

from auditor.blob import Blob, WindowBlob, check_range
from auditor.errors import LimitError
from auditor.formats.extents import RememberedBlob, TruncatedError

PIECE_BYTES = 1 << 20
"""Values are read in pieces of this size; nothing larger is held."""

_AHEAD_BYTES = 8 << 20  # what is asked of the file at once while it is passed over: requests are dear
_BEHIND_BYTES = 64 << 10  # kept before the piece at hand: what is read next may begin a little earlier


class PassingBlob:
    """A blob over another one with one piece in hand, for reads whose offsets rise. Raises `LimitError` past `most_bytes`."""

    def __init__(self, blob: Blob, most_bytes: int) -> None:
        self._blob = _unremembered(blob)
        self.name = blob.name
        self.size = blob.size
        self.left = most_bytes
        self._base = 0
        self._piece = b""

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end. Raises `TruncatedError` where the blob ends before its size."""
        check_range(offset, length)
        stop = min(offset + length, self.size)
        if stop <= offset:
            return b""
        end = self._base + len(self._piece)
        if not self._base <= offset <= end:
            self._base, self._piece, end = offset, b"", offset
        if stop > end:
            cut = max(0, offset - self._base - _BEHIND_BYTES)
            self._base, self._piece = self._base + cut, self._piece[cut:] + self._fetched(end, max(stop - end, PIECE_BYTES))
        return self._piece[offset - self._base : stop - self._base]

    def _fetched(self, offset: int, length: int) -> bytes:
        length = min(length, self.size - offset)
        self.left -= length
        if self.left < 0:
            raise LimitError("reading the values takes more than is allowed", "parts of the file are listed more than once")
        data = self._blob.read(offset, length)
        if len(data) < length:
            raise TruncatedError("the file ends in the middle of its values", f"{len(data)} of {length} bytes at {offset}")
        return data


class _Unremembered:
    """A blob that remembers, read without adding to what it remembers."""

    def __init__(self, blob: RememberedBlob) -> None:
        self._blob = blob
        self.name = blob.name
        self.size = blob.size

    def read(self, offset: int, length: int) -> bytes:
        return self._blob.read_past(offset, length)


def _unremembered(blob: Blob) -> Blob:
    if isinstance(blob, RememberedBlob):
        return _Unremembered(blob)
    if isinstance(blob, WindowBlob):
        parent, offset = blob.place
        return WindowBlob(_unremembered(parent), offset, blob.size, blob.name)
    return blob


class WholeFile:
    """A blob over a file that takes the SHA-256 of all of it, with each byte read once in the usual case.

    Bytes that are read in order from the front are digested as they are served. Where a piece of values is asked for past the
    next byte, what lies between is read too, so that the digest goes on; `sha256` reads what is left. A blob with a
    method `forget` is told what will not be asked for again.
    """

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self.name = blob.name
        self.size = blob.size
        self._digest = hashlib.sha256()
        self._at = 0  # everything before is in the digest
        self._ahead_from = 0
        self._ahead = b""

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end. Raises what the file's own `read` raises."""
        check_range(offset, length)
        length = min(length, max(0, self.size - offset))
        if length >= PIECE_BYTES and offset + length > self._at:
            self._digest_to(offset)
            data = self._flowing(offset, length)
        else:
            data = self._served(offset, length)
        if offset <= self._at < offset + len(data):
            self._add(data[self._at - offset :])
        return data

    def sha256(self) -> str:
        """Return the digest of the whole file in hexadecimal, reading what is left of it. Raises `TruncatedError` where it ends early."""
        self._digest_to(self.size)
        return self._digest.hexdigest()

    def _digest_to(self, stop: int) -> None:
        while self._at < stop:
            length = min(PIECE_BYTES, stop - self._at)
            data = self._flowing(self._at, length)
            if len(data) < length:
                raise TruncatedError(f"{self.name!r} is shorter than its host says", f"{self._at + len(data)} of {self.size} bytes")
            self._add(data)

    def _add(self, data: bytes) -> None:
        self._digest.update(data)
        self._at += len(data)
        forget = getattr(self._blob, "forget", None)
        if forget is not None:
            forget(min(self._at, self._ahead_from))

    def _served(self, offset: int, length: int) -> bytes:
        """Return bytes out of what was read ahead, or from the file."""
        begin = offset - self._ahead_from
        if begin >= 0 and begin + length <= len(self._ahead):
            return self._ahead[begin : begin + length]
        return self._blob.read(offset, length)

    def _flowing(self, offset: int, length: int) -> bytes:
        """Return bytes of a stretch that goes on, reading ahead."""
        begin = offset - self._ahead_from
        if not (begin >= 0 and begin + length <= len(self._ahead)):
            rest = self._ahead[begin:] if 0 <= begin < len(self._ahead) else b""
            start = offset + len(rest)
            wanted = min(max(_AHEAD_BYTES, length) - len(rest), self.size - start)
            self._ahead_from, self._ahead, begin = offset, rest + self._blob.read(start, wanted), 0
        return self._ahead[begin : begin + length]
