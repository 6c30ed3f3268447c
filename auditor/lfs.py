"""Git LFS pointers: the few lines that stand in a repository in a large file's place.

Format: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LARGEST_POINTER = 1024
_SIGNATURE = b"version https://git-lfs.github.com/spec/v1"
_OID = re.compile(rb"^oid sha256:([0-9a-f]{64})\r?$", re.MULTILINE)
_SIZE = re.compile(rb"^size ([0-9]{1,18})\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a pointer says of the file itself: its SHA-256 and its size in bytes."""

    sha256: str
    size: int


def parse_pointer(data: bytes) -> Pointer | None:
    """Return what the pointer says, or None where these bytes are no pointer."""
    if len(data) > LARGEST_POINTER or not data.startswith(_SIGNATURE):
        return None
    oid, size = _OID.search(data), _SIZE.search(data)
    return Pointer(oid[1].decode(), int(size[1])) if oid and size else None
