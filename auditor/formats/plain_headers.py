"""From a plain list of names, shapes and types to the `Checkpoint` record: the step that formats without a pickle share."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Tensor, Training
from auditor.formats.dtypes import item_bytes
from auditor.formats.extents import NoTensorsError
from auditor.formats.interface import Limits
from auditor.formats.pickle_values import Storage, TensorRecord, clean_text
from auditor.formats.state_dicts import strip_wrappers

_MOST_WARNINGS = 20
_MOST_METADATA = 100
_LONGEST_TEXT = 200
_LONGEST_NAME = 1000
_MOST_DIMENSIONS = 64
_MOST_ELEMENTS = 1 << 62


@dataclass(frozen=True, slots=True)
class Described:
    """One tensor as a header describes it."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    is_parameter: bool | None = None
    size_bytes: int | None = None  # where it is not what shape and type say, as of quantized blocks
    storage: str = ""  # equal for tensors that share their values


def checked_shape(sizes: Iterable[object], name: str) -> tuple[int, ...]:
    """Return a shape. Raises `FormatError` where an entry is no size or all together are impossibly many."""
    shape: list[int] = []
    count = 1
    for size in sizes:
        if not isinstance(size, int) or isinstance(size, bool) or size < 0 or len(shape) >= _MOST_DIMENSIONS:
            raise FormatError(f"the shape of {name[:120]!r} is no short list of sizes")
        count *= max(size, 1)
        if count > _MOST_ELEMENTS:
            raise FormatError(f"the shape of {name[:120]!r} is impossibly large")
        shape.append(size)
    return tuple(shape)


def size_of(tensor: Described) -> int:
    """Return the bytes of a tensor's values, 0 where its type is not known."""
    if tensor.size_bytes is not None:
        return tensor.size_bytes
    count = 1
    for size in tensor.shape:
        count *= size
    return count * item_bytes(tensor.dtype)


def make_plain_checkpoint(
    described: Sequence[Described],
    limits: Limits,
    *,
    format: str,
    header: bytes | str,
    header_name: str,
    size: int,
    state_key: str | None = None,
    training: Training = Training(),  # noqa: B008 - frozen
    warnings: Iterable[str] = (),
    storage_bytes: int | None = None,
) -> Checkpoint:
    """Return the record of a file; `header` are the deciding bytes, or their SHA-256 in hexadecimal.

    Raises `NoTensorsError` where nothing is described and `LimitError` where too much is.
    """
    if not described:
        raise NoTensorsError("no tensors in the file")
    if len(described) > limits.tensors:
        raise LimitError("more tensors than are allowed", f"at most {limits.tensors}")
    prefix, named = strip_wrappers(tuple((clean_text(item.name[:_LONGEST_NAME]), _record(item)) for item in described))
    notes = [clean_text(note) for note in warnings]
    if len({name for name, _ in named}) < len(named):
        notes.append("two tensors have the same name")
    return Checkpoint(
        member=None,
        format=format,
        saved_as=None,
        state_key=state_key,
        prefix=prefix,
        tensors=tuple(
            Tensor(name, record.shape, record.dtype, record.storage.key if record.storage else "", record.is_parameter)
            for name, record in named
        ),
        sha256=header if isinstance(header, str) else hashlib.sha256(header).hexdigest(),
        header_name=header_name,
        training=replace(training, metadata=short_entries(training.metadata)),
        warnings=tuple(notes[:_MOST_WARNINGS]),
        storage_bytes=sum(size_of(item) for item in described) if storage_bytes is None else storage_bytes,
        size=size,
    )


def _record(item: Described) -> TensorRecord:
    storage = Storage(item.storage, item.dtype, 0) if item.storage else None
    return TensorRecord(item.shape, item.dtype, storage, is_parameter=item.is_parameter)


def short_entries(entries: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return metadata cut to a hundred entries of a line each."""
    kept = [(clean_text(key[:_LONGEST_TEXT]), clean_text(value[:_LONGEST_TEXT])) for key, value in entries]
    return tuple(kept[:_MOST_METADATA])


class Clock:
    """Tells when reading a file has taken too long."""

    def __init__(self, limits: Limits) -> None:
        self._seconds = limits.seconds
        self._deadline = time.monotonic() + limits.seconds

    def check(self) -> None:
        """Raise `LimitError` where the time is over."""
        if time.monotonic() > self._deadline:
            raise LimitError("reading the file takes too long", f"more than {self._seconds:g} s")
