"""Writes the pickles of torch's checkpoints without torch.

A `TensorSpec` stands where a tensor would: the pickler puts torch's own names (`torch._utils._rebuild_tensor_v2`,
`torch.FloatStorage`, `collections.OrderedDict`) into the stream by hand, so nothing of torch is imported. Protocol 2 and
the order of memo entries are those of `torch.save`. Source: torch/serialization.py, `_save` and `_legacy_save`.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from dataclasses import dataclass, field
from math import prod
from typing import Any

PROTOCOL = 2
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_VERSION = 1001
FIRST_LEGACY_KEY = 94_000_000_000_000  # keys were addresses in the saving process

# torch's name of the type: name of its storage class, bytes of one element
DTYPES = {
    "float64": ("DoubleStorage", 8),
    "float32": ("FloatStorage", 4),
    "float16": ("HalfStorage", 2),
    "bfloat16": ("BFloat16Storage", 2),
    "int64": ("LongStorage", 8),
    "int32": ("IntStorage", 4),
    "int16": ("ShortStorage", 2),
    "int8": ("CharStorage", 1),
    "uint8": ("ByteStorage", 1),
    "bool": ("BoolStorage", 1),
}


@dataclass(frozen=True, slots=True, eq=False)
class TensorSpec:
    """A tensor as a checkpoint describes it. The same object twice is the same tensor twice."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    requires_grad: bool = False

    @property
    def numel(self) -> int:
        """Return the number of elements."""
        return prod(self.shape)

    @property
    def strides(self) -> tuple[int, ...]:
        """Return the strides of a contiguous tensor of this shape, in elements."""
        strides: list[int] = []
        step = 1
        for size in reversed(self.shape):
            strides.append(step)
            step *= max(size, 1)
        return tuple(reversed(strides))


@dataclass(frozen=True, slots=True)
class StorageRecord:
    """One storage of the file: its key in the pickle and what it takes."""

    key: str
    numel: int
    dtype: str

    @property
    def size_bytes(self) -> int:
        """Return the bytes of the storage."""
        return self.numel * DTYPES[self.dtype][1]


@dataclass(frozen=True, slots=True)
class Global:
    """A name of a module that the stream mentions; calling it here is a mistake."""

    module: str
    name: str

    def __call__(self, *_: object) -> None:
        """Refuse: a global is only ever written."""
        raise TypeError(f"{self.module}.{self.name} is written, never called")


@dataclass(frozen=True, slots=True)
class Call:
    """A value that the reading program would get by calling a global: for streams that no honest program writes."""

    target: Global
    arguments: tuple[Any, ...]


@dataclass(slots=True, eq=False)
class _StorageSpec:
    """Stands for a storage in the stream, where it becomes a persistent id."""

    record: StorageRecord = field()


REBUILD_TENSOR = Global("torch._utils", "_rebuild_tensor_v2")
STORAGE_CLASSES = {dtype: Global("torch", name) for dtype, (name, _) in DTYPES.items()}


class _TorchPickler(pickle._Pickler):
    """The pickler of the standard library's Python half, which can be told how to write a global."""

    def __init__(self, file: io.BytesIO, *, legacy: bool) -> None:
        super().__init__(file, protocol=PROTOCOL)
        self._legacy = legacy
        self.storages: list[StorageRecord] = []

    def persistent_id(self, obj: object) -> tuple[object, ...] | None:
        """Return what stands for a storage; None for everything else."""
        if not isinstance(obj, _StorageSpec):
            return None
        record = obj.record
        reference = ("storage", STORAGE_CLASSES[record.dtype], record.key, "cpu", record.numel)
        return (*reference, None) if self._legacy else reference

    def reducer_override(self, obj: object) -> Any:
        """Say how a tensor, a call and a global are written; everything else as always."""
        if isinstance(obj, TensorSpec):
            storage = _StorageSpec(self._new_storage(obj))
            shape = (*obj.shape,)  # a new tuple each time, as torch makes one: a known one would become a memo reference
            return REBUILD_TENSOR, (storage, 0, shape, obj.strides, obj.requires_grad, OrderedDict())
        if isinstance(obj, Call):
            return obj.target, obj.arguments
        return obj.name if isinstance(obj, Global) else NotImplemented

    def save_global(self, obj: object, name: str | None = None) -> None:
        """Write a global by name, without importing its module."""
        if not isinstance(obj, Global):
            super().save_global(obj, name)  # type: ignore[misc]
            return
        self.write(b"c" + f"{obj.module}\n{obj.name}\n".encode())  # type: ignore[attr-defined]
        self.memoize(obj)  # type: ignore[attr-defined]

    def _new_storage(self, tensor: TensorSpec) -> StorageRecord:
        """Give a tensor's storage the next key."""
        number = len(self.storages)
        key = str(FIRST_LEGACY_KEY + 256 * number) if self._legacy else str(number)
        self.storages.append(StorageRecord(key, tensor.numel, tensor.dtype))
        return self.storages[-1]


def zip_pickle(value: object) -> tuple[bytes, tuple[StorageRecord, ...]]:
    """Return `data.pkl` of torch's zip format and the storages that it names, in order."""
    return _dump(value, legacy=False)


def legacy_pickles(value: object) -> tuple[bytes, tuple[StorageRecord, ...]]:
    """Return the five pickles that open a file of torch before 1.6, and the storages in the order they follow."""
    system = {"protocol_version": LEGACY_VERSION, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    pickled, storages = _dump(value, legacy=True)
    ordered = tuple(sorted(storages, key=lambda storage: storage.key))
    opening = b"".join(pickle.dumps(part, protocol=PROTOCOL) for part in (LEGACY_MAGIC, LEGACY_VERSION, system))
    return opening + pickled + pickle.dumps([storage.key for storage in ordered], protocol=PROTOCOL), ordered


def _dump(value: object, *, legacy: bool) -> tuple[bytes, tuple[StorageRecord, ...]]:
    """Write one pickle."""
    stream = io.BytesIO()
    pickler = _TorchPickler(stream, legacy=legacy)
    pickler.dump(value)
    return stream.getvalue(), tuple(pickler.storages)
