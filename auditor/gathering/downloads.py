"""Reading files whole, with `--download full`: what their values are, and the SHA-256 of all their bytes, in one pass."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from auditor.blob import Blob
from auditor.errors import AuditError
from auditor.facts import Checkpoint, Unreadable
from auditor.formats.interface import Limits
from auditor.formats.isolation import read_isolated
from auditor.formats.passing import WholeFile

LARGEST_FILE = 4 << 30
"""Larger files are read by their headers alone, and say so."""

SECONDS = 300.0  # of processor time for one file; hashing and counting take some two seconds a gigabyte

Content = Checkpoint | Unreadable


def read_whole(blob: Blob) -> tuple[tuple[Content, ...], str | None]:
    """Return the contents of a file with their values, and its SHA-256 where all of it was read.

    A file without a checkpoint is not read on. What cannot be had beyond the headers becomes a `values_note`, never an
    error: the headers were read. Raises what `read_isolated` raises.
    """
    if blob.size > LARGEST_FILE:
        why = f"the file is larger than what is read whole: {blob.size} bytes, at most {LARGEST_FILE}"
        return _noted(read_isolated(blob), why), None
    file = WholeFile(blob)
    found = read_isolated(file, Limits(seconds=SECONDS, values_bytes=LARGEST_FILE))
    if not any(isinstance(item, Checkpoint) for item in found):
        return found, None
    try:
        digest = file.sha256()
    except AuditError as error:
        return _noted(found, f"the file could not be read to its end: {error}"[:300]), None
    return _noted(found, "values of this format are not read"), digest


def _noted(contents: Iterable[Content], why: str) -> tuple[Content, ...]:
    """Return the contents with the reason why there are no values, where there is neither yet."""
    return tuple(
        replace(item, values_note=why) if isinstance(item, Checkpoint) and item.values is None and not item.values_note else item
        for item in contents
    )
