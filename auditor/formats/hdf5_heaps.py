"""Checks on the global heaps of HDF5 before the library sees them: it walks their objects by sizes that it does not doubt.

A heap with an object of size nought or beyond the heap's end would keep the library walking for ever (found by random changes).
Layout as in the HDF5 File Format Specification, "Global Heap": "GCOL", version, size; then objects of index, references, size.
"""

from __future__ import annotations

from collections.abc import Callable

from auditor.errors import FormatError, LimitError

_MAGIC = b"GCOL"
_HEADER = 16
_LARGEST = 16 << 20


def check_superblock(head: bytes) -> None:
    """Raise `FormatError` where lengths have other than 8 bytes, as no library writes unless it is told to."""
    version = head[8] if len(head) > 8 else 0
    width = head[14 if version < 2 else 10] if len(head) > 14 else 8
    if width != 8:
        raise FormatError("an HDF5 file with lengths of an unusual width", f"{width} bytes")


def check_heap(offset: int, data: bytes, fetch: Callable[[int, int], bytes]) -> None:
    """Raise `FormatError` where a piece begins a global heap whose objects do not fill it, one behind the other."""
    if data[:4] != _MAGIC or len(data) < _HEADER:
        return
    size = int.from_bytes(data[8:16], "little")
    if size > _LARGEST:
        raise LimitError("a heap of the HDF5 file is larger than is allowed", f"{size} bytes")
    heap = data if len(data) >= size else fetch(offset, size)
    if len(heap) < size:
        raise FormatError("the HDF5 file is damaged", "a heap ends past the end of the file")
    at = _HEADER
    while at + _HEADER <= size:
        index, length = int.from_bytes(heap[at : at + 2], "little"), int.from_bytes(heap[at + 8 : at + 16], "little")
        needed = _HEADER + (length + 7) // 8 * 8 if index else length
        if needed < _HEADER or at + needed > size:
            raise FormatError("the HDF5 file is damaged", "an object of a heap ends past it")
        at += needed
