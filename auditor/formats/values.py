"""Digests and statistics of a checkpoint's values, taken in one pass over its storages: nothing is unpickled, nothing kept.

Of each tensor of the chosen state dict the SHA-256 of its bytes and the statistics of `value_statistics`. A tensor whose elements do
not lie one behind the other (a transposed, expanded or stepping view) has those of the slice of storage that it spans, and
says so. Tied tensors are read once. The digest of all is that of one line for each tensor, sorted by name: name, type,
shape, steps (of such views) and digest; the stripped prefix is no part of it, so copies with and without `module.` are equal.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from auditor.blob import Blob
from auditor.errors import AuditError, FormatError, LimitError
from auditor.facts import Checkpoint, TensorValues, Values
from auditor.formats.dtypes import item_bytes
from auditor.formats.inflated import is_sequential
from auditor.formats.interface import Limits
from auditor.formats.passing import PassingBlob
from auditor.formats.pickle_values import TensorRecord, clean_text
from auditor.formats.storage_places import StoragePlace
from auditor.formats.value_statistics import RunningValues

MOST_TENSORS = 50_000
_MOST_AT_ONCE = 4096  # views that a piece of storage belongs to
_SPARE_BYTES = 64 << 20  # of headers, paddings and pieces read ahead beside the storages
_MOST_SHOWN = 20

NamedTensor = tuple[str, TensorRecord]
Places = Callable[[], dict[str, StoragePlace]]


@dataclass(frozen=True, slots=True)
class _View:
    """A tensor as a slice of a storage, in bytes."""

    storage: str
    begin: int
    end: int
    dtype: str
    strided: bool


def with_values(
    checkpoint: Checkpoint, tensors: Sequence[NamedTensor], places: Places, blob: Blob, limits: Limits, *, big_endian: bool = False
) -> Checkpoint:
    """Return the checkpoint with its values, or with the reason why there are none, where `limits` ask for them.

    `tensors` are the checkpoint's, under the same names in the same order; `places` says where their storages lie in `blob`.
    """
    if not limits.values_bytes:
        return checkpoint
    if is_sequential(blob):
        return replace(checkpoint, values_note="the file is compressed inside an archive: its values were not read")
    try:
        return replace(checkpoint, values=measure(tensors, places(), blob, limits.values_bytes, big_endian))
    except (AuditError, MemoryError, ImportError) as error:
        return replace(checkpoint, values_note=f"the values were not read: {error or type(error).__name__}"[:300])


def measure(
    tensors: Sequence[NamedTensor], places: dict[str, StoragePlace], blob: Blob, most_bytes: int, big_endian: bool = False
) -> Values:
    """Return the values of tensors.

    Raises `LimitError` where storages are larger than `most_bytes`, `FormatError` where they are not what the header says,
    and `NetworkError`.
    """
    if len(tensors) > MOST_TENSORS:
        raise LimitError("more tensors than values are taken of", f"at most {MOST_TENSORS}")
    views = [_view(name, record, places) for name, record in tensors]
    distinct = sorted({view for view in views if view is not None}, key=lambda view: (view.storage, view.begin, view.end))
    wanted = [places[key] for key in {view.storage for view in distinct}]
    for size in (sum(place.size for place in wanted), sum(view.end - view.begin for view in distinct)):
        if size > most_bytes:
            raise LimitError("the values are more than is read", f"{size} bytes, at most {most_bytes}")
    passing = PassingBlob(blob, most_bytes + _SPARE_BYTES)
    by_storage: dict[str, list[_View]] = {}
    for view in distinct:
        by_storage.setdefault(view.storage, []).append(view)
    found: dict[_View, RunningValues] = {}
    for place in sorted(wanted, key=lambda place: place.offset):
        found.update(_read(place, by_storage[place.key], passing, big_endian))
    summaries = [
        (found[view].result(name, _elements(record), view.strided) if view is not None else None, name, record)
        for view, (name, record) in zip(views, tensors, strict=True)
    ]
    taken = tuple(summary for summary, _, _ in summaries if summary is not None)
    unread = tuple(clean_text(name)[:200] for summary, name, _ in summaries if summary is None)
    return Values(
        digest="" if unread else _digest((summary, record) for summary, _, record in summaries if summary is not None),
        tensors=taken,
        nonfinite=sum(summary.nan + summary.infinite for summary in taken),
        bytes_read=sum(place.size for place in wanted),
        unread=unread[:_MOST_SHOWN],
    )


def _elements(record: TensorRecord) -> int:
    count = 1
    for size in record.shape:
        count *= size
    return count


def _view(name: str, record: TensorRecord, places: dict[str, StoragePlace]) -> _View | None:
    """Return which bytes a tensor looks at, None where it has no storage. Raises `FormatError` for bytes that are not there."""
    if record.storage is None or record.storage.key not in places:
        return None
    size = item_bytes(record.dtype)
    if not size or record.dtype.startswith("quint"):
        raise FormatError(f"the elements of {name[:120]!r} have no known size", record.dtype[:40])
    if len(record.stride) != len(record.shape) or any(step < 0 for step in record.stride):
        raise FormatError(f"the steps of {name[:120]!r} make no sense")
    place = places[record.storage.key]
    if 0 in record.shape:
        return _View(place.key, 0, 0, record.dtype, False)
    last = record.offset + sum((length - 1) * step for length, step in zip(record.shape, record.stride, strict=True))
    if (last + 1) * size > place.size:
        raise FormatError(f"tensor {name[:120]!r} looks past the end of its storage")
    return _View(place.key, record.offset * size, (last + 1) * size, record.dtype, not _contiguous(record))


def _contiguous(record: TensorRecord) -> bool:
    """Tell whether the elements lie one behind the other in the order of the shape."""
    expected = 1
    for length, step in zip(reversed(record.shape), reversed(record.stride), strict=True):
        if length != 1 and step != expected:
            return False
        expected *= length
    return True


def _read(place: StoragePlace, views: Sequence[_View], blob: PassingBlob, big_endian: bool) -> dict[_View, RunningValues]:
    """Return the values of the views into one storage; they are sorted by where they begin."""
    found = {view: RunningValues(view.dtype, big_endian) for view in views if view.begin == view.end}
    waiting = [view for view in reversed(views) if view.begin < view.end]
    active: list[_View] = []
    at = 0
    for piece in place.pieces(blob):
        stop = at + len(piece)
        while waiting and waiting[-1].begin < stop:
            active.append(waiting.pop())
            found[active[-1]] = RunningValues(active[-1].dtype, big_endian)
        if len(active) > _MOST_AT_ONCE + len(piece) // 4:
            raise LimitError("too many tensors overlap", f"in storage {place.key[:40]!r}")
        window = memoryview(piece)
        for view in active:
            found[view].add(window[max(0, view.begin - at) : view.end - at])
        active = [view for view in active if view.end > stop]
        if len(active) > _MOST_AT_ONCE:
            raise LimitError("too many tensors overlap", f"in storage {place.key[:40]!r}")
        at = stop
        if not waiting and not active:
            break
    return found


def _digest(summaries: Iterable[tuple[TensorValues, TensorRecord]]) -> str:
    lines = sorted(
        f"{summary.name!r} {record.dtype} {list(record.shape)} {list(record.stride) if summary.strided else ''} {summary.sha256}\n"
        for summary, record in summaries
    )
    digest = hashlib.sha256()
    for line in lines:
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
