"""From a walked pickle to the `Checkpoint` record: the step that all pickle formats share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from auditor.errors import FormatError
from auditor.facts import Checkpoint, Safety, Tensor, Training
from auditor.formats.deepspeed import with_parameter_shapes
from auditor.formats.dtypes import item_bytes
from auditor.formats.extents import NoTensorsError, RunsCodeError
from auditor.formats.interface import Limits
from auditor.formats.pickle_values import Storage
from auditor.formats.state_dicts import NamedTensor, TensorGroup, find_weights
from auditor.formats.training import read_training

_MOST_WARNINGS = 20

Valued = Callable[[Checkpoint, tuple[NamedTensor, ...]], Checkpoint]


def storage_bytes(storages: dict[str, Storage]) -> int:
    """Return the bytes of all storages, each counted once."""
    return sum(storage.numel * item_bytes(storage.dtype) for storage in storages.values())


def make_checkpoint(
    root: Any,
    storages: dict[str, Storage],
    limits: Limits,
    *,
    format: str,
    saved_as: str | None,
    sha256: str,
    header_name: str,
    safety: Safety,
    size: int,
    warnings: tuple[str, ...] = (),
    metadata: tuple[tuple[str, str], ...] = (),
    valued: Valued | None = None,
) -> Checkpoint:
    """Find the weights in a pickle's root and describe them. Raises `NoTensorsError` where there are none.

    `valued` adds the values of the tensors that were found to the checkpoint, where they are asked for.
    """
    try:
        found = find_weights(with_parameter_shapes(root), limits)
    except NoTensorsError as error:
        raise NoTensorsError(error.what, error.why, error.help, safety) from error
    except FormatError as error:
        if safety.verdict == "dangerous":
            raise RunsCodeError(error, safety) from error
        raise
    training = read_training(root)
    training = Training(
        training.epoch, training.optimizer, training.optimizer_bytes, training.recorded_metrics, (*training.metadata, *metadata)
    )
    notes = (
        *warnings,
        *_past_storage(found.tensors),
        *(_also(group) for group in found.others[:8]),
        *_repeated(found.tensors),
        *_unread(found.unread),
    )
    checkpoint = Checkpoint(
        member=None,
        format=format,
        saved_as=saved_as,
        state_key=found.state_key,
        prefix=found.prefix,
        tensors=tuple(_tensor(name, record) for name, record in found.tensors),
        sha256=sha256,
        header_name=header_name,
        training=training,
        safety=safety,
        warnings=notes[:_MOST_WARNINGS],
        storage_bytes=storage_bytes(storages),
        size=size,
    )
    if valued is None or not limits.values_bytes:
        return checkpoint
    if found.unread:
        return replace(checkpoint, values_note="entries of the state dict are not understood: the values were not read")
    return valued(checkpoint, found.tensors)


def _tensor(name: str, record: Any) -> Tensor:
    return Tensor(name, record.shape, record.dtype, record.storage.key if record.storage else "", record.is_parameter)


def _also(group: TensorGroup) -> str:
    role = {"average": " (an average or teacher)", "opponent": " (a discriminator or loss)"}.get(group.role, "")
    return f"also holds {len(group.tensors)} tensors under {(group.key or 'the root')[:120]!r}{role}"


def _unread(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        return ()
    shown = ", ".join(name[:80] for name in names[:3]) + (", ..." if len(names) > 3 else "")
    return (f"{len(names)} entries of the state dict are of classes that are not understood and were not counted: {shown}",)


def _repeated(tensors: tuple[NamedTensor, ...]) -> tuple[str, ...]:
    return () if len({name for name, _ in tensors}) == len(tensors) else ("two tensors have the same name",)


def _past_storage(tensors: tuple[NamedTensor, ...]) -> tuple[str, ...]:
    """Return a warning for tensors whose last element lies past the end of their storage."""
    found = []
    for name, record in tensors:
        storage = record.storage
        if storage is None or 0 in record.shape:
            continue
        last = record.offset
        if len(record.stride) == len(record.shape):
            last += sum((size - 1) * max(step, 0) for size, step in zip(record.shape, record.stride, strict=True))
        wide = item_bytes(record.dtype) // max(1, item_bytes(storage.dtype)) or 1
        packed = 4 if record.dtype == "quint2x4" else 2 if record.dtype == "quint4x2" else 1
        if (last // packed + 1) * wide > storage.numel:
            found.append(f"tensor {name[:120]!r} looks past the end of its storage {storage.key[:40]!r}")
    return tuple(found[:5])
