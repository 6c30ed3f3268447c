"""What a header reader must be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from auditor.blob import Blob
from auditor.facts import Checkpoint


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost. Checked before anything is allocated."""

    header_bytes: int = 64 << 20  # of one pickle, JSON header or directory
    tensors: int = 1_000_000
    depth: int = 3  # containers within containers
    members: int = 100_000  # of one archive
    inflated_bytes: int = 64 << 20  # out of compressed members, together
    objects: int = 4_000_000  # built by one pickle
    seconds: float = 60.0
    values_bytes: int = 0  # of storages that may be read for digests and statistics of values; 0: headers alone


class HeaderReader(Protocol):
    """Reads tensor names, shapes and types of one format, and never a value."""

    name: str

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell from the first bytes (up to 64 kB) and the size, never from the file's name, whether it is this format."""
        ...

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` (or `LimitError`) and `NetworkError`, nothing else."""
        ...
