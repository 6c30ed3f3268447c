"""Formats that are zips with members of certain names, and what the very front of a zip hints at."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, runtime_checkable

from auditor.blob import Blob
from auditor.facts import Checkpoint
from auditor.formats.interface import Limits
from auditor.formats.zip_directory import LOCAL, ZipEntry


@runtime_checkable
class ZipFormat(Protocol):
    """What a reader can do beside its own verbs where its format is a zip with members of certain names.

    Whether a zip is of this kind is seen in its directory, so that such a file is found before members are looked at one by one.
    """

    def fits(self, names: Collection[str]) -> bool:
        """Tell whether a zip with these members is of this format."""
        ...

    def read_entries(self, blob: Blob, entries: tuple[ZipEntry, ...], limits: Limits) -> Checkpoint:
        """Return the checkpoint of these members. Raises `FormatError`, `MissingExtra` and `NetworkError`."""
        ...


def first_member(head: bytes) -> str:
    """Return the name of a zip's first member, "" where the bytes begin no zip."""
    if len(head) < LOCAL.size or not head.startswith(b"PK\x03\x04"):
        return ""
    length = int.from_bytes(head[26:28], "little")
    return head[LOCAL.size : LOCAL.size + length].decode("utf-8", "replace")
