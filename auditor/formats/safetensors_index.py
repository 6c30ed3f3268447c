"""`model.safetensors.index.json`: which shard holds which tensor. It is no checkpoint; what it says can be held against its shards."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint
from auditor.formats.extents import NoTensorsError, TruncatedError
from auditor.formats.interface import Limits

_LARGEST = 32 << 20
_SHOWN = 120
_MOST_TOLD = 1000


class SafetensorsIndex:
    """Recognizes an index of shards, of safetensors or of `pytorch_model.bin`, and says of how many."""

    name = "safetensors_index"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether this is JSON with a `weight_map` near its front."""
        return head[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" and b'"weight_map"' in head

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Raise `NoTensorsError` with what the index says: it holds no tensors itself. Raises `FormatError` where it is broken."""
        if blob.size > min(_LARGEST, limits.header_bytes):
            raise LimitError("the index is larger than is allowed", f"{blob.size} bytes")
        shards = read_index(blob.read(0, blob.size))
        names = sorted(shards)
        shown = ", ".join(name[:_SHOWN] for name in names[:3]) + (", ..." if len(names) > 3 else "")
        tensors = sum(len(held) for held in shards.values())
        raise NoTensorsError(f"index of {len(names)} shards", f"{tensors} tensors in {shown}")


def read_index(index: bytes) -> dict[str, list[str]]:
    """Return the tensors of each shard, in the index's order. Raises `FormatError`."""
    try:
        value = json.loads(index)
    except (ValueError, RecursionError) as error:
        kind = TruncatedError if index.rstrip()[-1:] != b"}" else FormatError
        raise kind("the index of shards is no JSON", str(error)[:200]) from error
    entries: Any = value.get("weight_map") if isinstance(value, dict) else None
    if not isinstance(entries, dict) or not all(isinstance(shard, str) for shard in entries.values()):
        raise FormatError("the index of shards has no weight_map of names")
    shards: dict[str, list[str]] = {}
    for tensor, shard in entries.items():
        shards.setdefault(shard, []).append(tensor)
    return shards


def index_disagreements(index: bytes, shards: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return in words where an index and its shards differ; nothing where they agree.

    `shards` has, for each shard that was read completely, the names of its tensors exactly as they stand in the file. Told are
    shards that are not there, entries whose tensor is not in its shard, and tensors that the index does not list. Raises
    `FormatError` where the index is broken.

    >>> index_disagreements(b'{"weight_map": {"a": "1.safetensors", "b": "1.safetensors"}}', {"1.safetensors": ["a", "c"]})
    ("tensor 'b' is not in '1.safetensors', where the index places it", "tensor 'c' of '1.safetensors' is not in the index")
    """
    listed = read_index(index)
    found: list[str] = []
    for shard, tensors in listed.items():
        if shard not in shards:
            found.append(f"shard {shard[:_SHOWN]!r} is not there: the index places {len(tensors)} tensors in it")
            continue
        held = set(shards[shard])
        found.extend(
            f"tensor {name[:_SHOWN]!r} is not in {shard[:_SHOWN]!r}, where the index places it" for name in tensors if name not in held
        )
    for shard, held_names in shards.items():
        known = set(listed.get(shard, ()))
        found.extend(f"tensor {name[:_SHOWN]!r} of {shard[:_SHOWN]!r} is not in the index" for name in held_names if name not in known)
    return tuple(found[:_MOST_TOLD])
