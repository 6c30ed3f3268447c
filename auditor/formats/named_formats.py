"""Formats that are recognized for sure and whose names or shapes lie elsewhere: parts of Orbax and zarr folders, Darknet's weights."""

from __future__ import annotations

import json
import math
import struct

from auditor.blob import Blob
from auditor.errors import LimitError
from auditor.facts import Checkpoint
from auditor.formats.extents import HEAD_BYTES, OtherFormatError
from auditor.formats.interface import Limits

_MANIFEST = b"\x0c\xdb\x3a\x2a"
_LARGEST = 32 << 20
_NAMES_SHOWN = 4


class Orbax:
    """Names the single files of an Orbax checkpoint, which is a folder: `_METADATA`, `manifest.ocdbt`, an array's `.zarray`."""

    name = "orbax"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether this is Orbax's tree, tensorstore's manifest or zarr's description of one array."""
        if head.startswith(_MANIFEST):
            return True
        return head[:64].lstrip()[:1] == b"{" and (b'"tree_metadata"' in head[:4096] or _is_zarr(head))

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Raise `OtherFormatError` with what the file says: names alone are no checkpoint."""
        head = blob.read(0, HEAD_BYTES)
        if head.startswith(_MANIFEST):
            raise OtherFormatError("the manifest of an Orbax checkpoint (OCDBT)", "the names lie in the other files of its folder")
        if blob.size > min(_LARGEST, limits.header_bytes):
            raise LimitError("the JSON is larger than is allowed", f"{blob.size} bytes")
        try:
            value = json.loads(blob.read(0, blob.size))
        except (ValueError, RecursionError) as error:
            raise OtherFormatError("a part of an Orbax checkpoint that is broken or cut", str(error)[:100]) from error
        tree = value.get("tree_metadata") if isinstance(value, dict) else None
        if isinstance(tree, dict):
            names = [_key(key) for key in tree]
            shown = ", ".join(name[:80] for name in names[:_NAMES_SHOWN]) + (", ..." if len(names) > _NAMES_SHOWN else "")
            raise OtherFormatError(f"the tree of an Orbax checkpoint with {len(names)} entries", f"names without shapes: {shown}")
        shape, dtype = (value.get("shape"), value.get("dtype", value.get("data_type"))) if isinstance(value, dict) else (None, None)
        raise OtherFormatError(
            "the description of one array of an Orbax or zarr folder", f"shape {str(shape)[:80]}, type {str(dtype)[:40]}"
        )


def _is_zarr(head: bytes) -> bool:
    return b'"zarr_format"' in head[:4096] and b'"shape"' in head[:4096]


def _key(key: object) -> str:
    """Return the dotted form of Orbax's key, which is a Python tuple as text: "('params', 'kernel')"."""
    text = str(key)[:400]
    return ".".join(part.strip(" '\"") for part in text.strip("()").split(",") if part.strip(" '\""))


class Darknet:
    """Names Darknet's `.weights`: version numbers and a row of floats. Without the network's `.cfg` there are no names or shapes."""

    name = "darknet"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the version is one of Darknet's, the rest whole floats, and the first of them believable as weights."""
        if len(head) < 64 or size < 64:
            return False
        major, minor, revision = struct.unpack_from("<3i", head)
        if major != 0 or minor not in (1, 2) or not 0 <= revision <= 9:
            return False
        start = _start(minor)
        if (size - start) % 4:
            return False
        count = min(256, (len(head) - start) // 4)
        values = struct.unpack_from(f"<{count}f", head, start)
        plausible = [value for value in values if math.isfinite(value) and (value == 0 or 1e-12 < abs(value) < 1e5)]
        return len(plausible) == count and sum(value != 0 for value in values) * 2 > count

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Raise `OtherFormatError` with the count of values."""
        _, minor, revision = struct.unpack("<3i", blob.read(0, 12).ljust(12, b"\0"))
        values = max(0, blob.size - _start(minor)) // 4
        raise OtherFormatError(
            f"Darknet weights (version 0.{minor}.{revision}) of {values} float32 values",
            "names and shapes stand in the network's .cfg alone",
        )


def _start(minor: int) -> int:
    """Return where the values begin: the count of pictures seen has 8 bytes from version 0.2 on, 4 before."""
    return 20 if minor >= 2 else 16
