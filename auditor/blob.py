"""Bytes that can be read at any offset: the one shape in which files reach the format readers.

A reader never knows whether its bytes come from a disk, from ranges of a remote file or from a member of an archive.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol, runtime_checkable

from auditor.errors import FormatError

END_BYTES = 60 << 10
"""What is asked of the end of a file that may be a zip: in practice its end record and the entries of 800 tensors."""

_ENDS_FIRST = (".pth", ".pt", ".ckpt", ".tar", ".bin", ".zip")


def read_from_its_end(name: str) -> bool:
    """Tell whether a name promises a zip, whose directory stands at its end and says how long its first member is.

    The name decides where reading begins and nothing else: a wrong promise costs one request.
    """
    return name.lower().endswith(_ENDS_FIRST)


@runtime_checkable
class Blob(Protocol):
    """Random access to a sequence of bytes."""

    @property
    def name(self) -> str:
        """Return the file name as its host gives it; untrusted, only ever shown."""
        ...

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes from `offset`, fewer only where the blob ends.

        Raises `NetworkError` where the bytes cannot be had and `FormatError` for a negative offset or length.
        """
        ...


class BytesBlob:
    """A blob over bytes in memory."""

    def __init__(self, data: bytes, name: str = "") -> None:
        self._data = data
        self.name = name
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end."""
        check_range(offset, length)
        return self._data[offset : offset + length]


class LocalBlob:
    """A blob over a regular file on this machine; counts the bytes that were read."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self.name = path.name
        self.size = os.fstat(self._file.fileno()).st_size
        self.bytes_read = 0

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end."""
        check_range(offset, length)
        data = os.pread(self._file.fileno(), min(length, max(0, self.size - offset)), offset)
        self.bytes_read += len(data)
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class WindowBlob:
    """A part of another blob, as a stored (uncompressed) member of an archive is."""

    def __init__(self, parent: Blob, offset: int, size: int, name: str) -> None:
        check_range(offset, size)
        if offset + size > parent.size:
            raise FormatError(f"member {name!r} ends past the end of {parent.name!r}", help="the file is truncated or its directory lies")
        self._parent = parent
        self._offset = offset
        self.name = name
        self.size = size

    @property
    def place(self) -> tuple[Blob, int]:
        """Return the blob that this is a part of, and the offset there."""
        return self._parent, self._offset

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end."""
        check_range(offset, length)
        return self._parent.read(self._offset + offset, min(length, max(0, self.size - offset)))


def check_range(offset: int, length: int) -> None:
    """Raise `FormatError` where an offset or a length is negative."""
    if offset < 0 or length < 0:
        raise FormatError(f"asked for {length} bytes at {offset}", help="an offset in the file lies")
