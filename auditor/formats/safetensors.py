"""The safetensors format: a u64 length, a JSON header with every tensor's type, shape and place, then the data.

See https://github.com/huggingface/safetensors (README, "Format"). Offsets are relative to the end of the header; the whole
rest of the file must be covered by tensors that do not overlap.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, TypeGuard

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Tensor, Training
from auditor.formats.extents import NoTensorsError, TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.pickle_values import Storage, TensorRecord, clean_text
from auditor.formats.state_dicts import strip_wrappers
from auditor.formats.storage_places import place_at
from auditor.formats.values import with_values

_LARGEST_HEADER = 32 << 20  # as JSON text; the format itself allows 100 MB
_MOST_METADATA = 100

_DTYPES: dict[str, tuple[str, int]] = {
    "F64": ("float64", 64),
    "F32": ("float32", 32),
    "F16": ("float16", 16),
    "BF16": ("bfloat16", 16),
    "I64": ("int64", 64),
    "I32": ("int32", 32),
    "I16": ("int16", 16),
    "I8": ("int8", 8),
    "U64": ("uint64", 64),
    "U32": ("uint32", 32),
    "U16": ("uint16", 16),
    "U8": ("uint8", 8),
    "BOOL": ("bool", 8),
    "C64": ("complex64", 64),
    "F8_E4M3": ("float8_e4m3fn", 8),
    "F8_E5M2": ("float8_e5m2", 8),
    "F8_E8M0": ("float8_e8m0fnu", 8),
    "F6_E2M3": ("float6_e2m3fn", 6),
    "F6_E3M2": ("float6_e3m2fn", 6),
    "F4": ("float4_e2m1fn_x2", 4),
}
"""Types by the format's names: torch's name and the bits of one element."""


class Safetensors:
    """Reads the JSON header of a safetensors file."""

    name = "safetensors"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether a length and the beginning of a JSON object stand at the front."""
        length = int.from_bytes(head[:8], "little")
        return len(head) > 9 and head[8:9] == b"{" and 2 <= length <= 1 << 40 and head[9:64].lstrip()[:1] in (b'"', b"}")

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` where the header lies, and `NetworkError`."""
        length = int.from_bytes(blob.read(0, 8), "little")
        if length > min(limits.header_bytes, _LARGEST_HEADER):
            raise LimitError("the safetensors header is larger than is allowed", f"{length} bytes")
        if 8 + length > blob.size:
            raise TruncatedError("the safetensors header ends past the end of the file", help="the file was cut short")
        raw = blob.read(8, length)
        header = _parse(raw)
        notes = header.pop("__metadata__", {})
        if len(header) > limits.tensors:
            raise LimitError("more tensors than are allowed", f"at most {limits.tensors}")
        described = [_described(name, entry, blob.size - 8 - length) for name, entry in header.items()]
        if not described:
            raise NoTensorsError("no tensors in the file")
        warnings = _check_places([place for _, place in described], blob.size - 8 - length)
        prefix, named = strip_wrappers(tuple((name, record) for (name, record), _ in described))
        checkpoint = Checkpoint(
            member=None,
            format="safetensors",
            saved_as=None,
            state_key=None,
            prefix=prefix,
            tensors=tuple(Tensor(clean_text(name), record.shape, record.dtype) for name, record in named),
            sha256=hashlib.sha256(raw).hexdigest(),
            header_name="header",
            training=Training(metadata=_metadata(notes)),
            warnings=warnings,
            storage_bytes=sum(end - begin for _, (begin, end) in described),
            size=blob.size,
        )
        if not limits.values_bytes:
            return checkpoint
        places = {str(n): place_at(str(n), 8 + length + begin, end - begin) for n, (_, (begin, end)) in enumerate(described)}
        tensors = [(name, _in_storage(record, str(n))) for n, (name, record) in enumerate(named)]
        return with_values(checkpoint, tensors, lambda: places, blob, limits)


def _in_storage(record: TensorRecord, key: str) -> TensorRecord:
    """Return a tensor as a view of all of a storage of its own."""
    stride = tuple(math.prod(record.shape[n + 1 :]) for n in range(len(record.shape)))
    return TensorRecord(record.shape, record.dtype, Storage(key, record.dtype, math.prod(record.shape)), 0, stride)


def _parse(raw: bytes) -> dict[str, Any]:
    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=_unique, parse_int=_short_int)
    except (ValueError, RecursionError) as error:
        raise FormatError("the safetensors header is no JSON", str(error)[:200]) from error
    if not isinstance(header, dict):
        raise FormatError("the safetensors header is no JSON object")
    return header


def _short_int(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError("a number of more than 20 digits")
    return int(digits)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _described(name: str, entry: Any, room: int) -> tuple[tuple[str, TensorRecord], tuple[int, int]]:
    """Return one tensor with its place. Raises `FormatError` where type, shape and place do not fit together."""
    if not isinstance(entry, dict):
        raise FormatError(f"the entry of {name[:120]!r} is no JSON object")
    dtype, bits = _DTYPES.get(str(entry.get("dtype")), (None, 0))
    if dtype is None:
        raise FormatError(f"the type of {name[:120]!r} is not known", str(entry.get("dtype"))[:40])
    shape, place = entry.get("shape"), entry.get("data_offsets")
    if not (_are_sizes(shape) and _are_sizes(place)) or len(place) != 2 or len(shape) > 64:
        raise FormatError(f"the shape or place of {name[:120]!r} is no list of sizes")
    begin, end = place
    if (end - begin) * 8 != math.prod(shape) * bits:
        raise FormatError(f"the place of {name[:120]!r} does not fit its shape", f"{end - begin} bytes for {shape[:8]} of {dtype}")
    if end > room:
        raise TruncatedError(f"{name[:120]!r} ends past the end of the file", f"{end - room} bytes are missing")
    return (name, TensorRecord(tuple(shape), dtype)), (begin, end)


def _are_sizes(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 1 << 48 for item in value)


def _check_places(places: list[tuple[int, int]], room: int) -> tuple[str, ...]:
    """Raise `FormatError` where tensors overlap; return a warning where bytes belong to none."""
    position, gaps = 0, 0
    for begin, end in sorted(places):
        if begin < position:
            raise FormatError("two tensors overlap in the safetensors file")
        gaps += begin - position
        position = end
    gaps += room - position
    return (f"{gaps} bytes of the file belong to no tensor",) if gaps else ()


def _metadata(notes: Any) -> tuple[tuple[str, str], ...]:
    items = list(notes.items())[:_MOST_METADATA] if isinstance(notes, dict) else []
    return tuple((clean_text(key[:200]), clean_text(value[:200])) for key, value in items if isinstance(value, str))
