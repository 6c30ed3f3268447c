"""Results as plain JSON between a worker process and its parent, checked field by field when they come back.

The worker reads strangers' bytes and is held for taken over: the parent builds nothing but the frozen records of `facts`,
from texts, numbers and lists of exactly the types that their fields declare, within limits that are checked before parsing.
A record is the list of its fields in their order, so fields that are added to `facts` need nothing here.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterable
from dataclasses import fields
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from auditor.errors import FormatError
from auditor.facts import Checkpoint, Tensor, Unreadable

RESULT_BYTES = 64 << 20
"""The longest result of one file that the parent takes."""

RESULT_VALUES = 6_000_000
"""The most values in it: a tensor of four dimensions has ten."""

_LARGEST = 1 << 128  # of a number; sums of sizes of hostile tensors pass 64 bits
_KINDS = (Checkpoint, Unreadable)
_VERDICTS = ("plain", "suspicious", "dangerous")

Content = Checkpoint | Unreadable
_Maker = Callable[[Any], Any]
_MOST_SHARED = 50_000
_shared: dict[tuple[Any, ...], Tensor] = {}


def encode(contents: Iterable[Content]) -> bytes:
    """Return what was found in a file as JSON: a list of [kind, fields]."""
    records = [[_KINDS.index(type(item)), _listed(item)] for item in contents]
    return json.dumps(records, separators=(",", ":")).encode("ascii")


def decode(data: bytes) -> tuple[Content, ...]:
    """Return what a worker says that it found. Raises `FormatError` for anything that no honest worker sends."""
    if len(data) > RESULT_BYTES or data.count(b",") + data.count(b"[") > RESULT_VALUES:
        raise FormatError("the result of reading is larger than is allowed", f"{len(data)} bytes")
    try:
        records = json.loads(data)
        found = tuple(_content(record) for record in _items(records))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, OverflowError) as error:
        raise FormatError("the result of reading makes no sense", f"{type(error).__name__}: {str(error)[:100]}") from error
    if not found:
        raise FormatError("the result of reading is empty")
    return found


def _listed(value: Any) -> Any:
    """Return a record as the list of its fields; tensors, of which there are many, by the shortest way."""
    if type(value) is Tensor:
        return [value.name, value.shape, value.dtype, value.storage, value.is_parameter]
    if isinstance(value, tuple):
        return [_listed(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return [_listed(getattr(value, field.name)) for field in fields(value)]
    return value


def _content(record: Any) -> Content:
    kind, values = record
    if type(kind) is not int or not 0 <= kind < len(_KINDS):
        raise TypeError("no kind of result")
    found: Content = _maker(_KINDS[kind])(values)
    if isinstance(found, Checkpoint):
        sizes = (found.storage_bytes, found.size or 0, found.training.optimizer_bytes)
        if found.safety.verdict not in _VERDICTS or min(sizes) < 0 or any(min(t.shape, default=0) < 0 for t in found.tensors):
            raise ValueError("a size below zero, or no verdict")
    return found


@cache
def _maker(kind: Any) -> _Maker:
    """Return what checks a parsed value against a type of a field and builds the value."""
    if get_origin(kind) in (Union, types.UnionType):
        return _union(tuple(get_args(kind)))
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind))
    if kind is int:
        return _number
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind
    if kind is Tensor and len(fields(Tensor)) == 5:
        return _tensor
    if hasattr(kind, "__dataclass_fields__"):
        return _record(kind)
    return _exactly(kind)


def _number(value: Any) -> int:
    if type(value) not in (int, bool) or not -_LARGEST < value < _LARGEST:
        raise TypeError("no whole number, or too large a one")
    return int(value)


def _exactly(kind: type) -> _Maker:
    def make(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{type(value).__name__} where {kind.__name__} is due")
        return value

    return make


def _union(kinds: tuple[Any, ...]) -> _Maker:
    makers = [(bool, _exactly(bool))] * (bool in kinds) + [(kind, _maker(kind)) for kind in kinds if kind not in (types.NoneType, bool)]
    optional = types.NoneType in kinds

    def make(value: Any) -> Any:
        if value is None and optional:
            return None
        for kind, maker in makers:
            if type(value) is kind or (kind is int and type(value) is bool) or (len(makers) == 1):
                return maker(value)
        raise TypeError(f"{type(value).__name__} is none of {len(makers)} types")

    return make


def _tuple(kinds: tuple[Any, ...]) -> _Maker:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        each = _maker(kinds[0])
        return lambda value: tuple(map(each, _items(value)))
    makers = [_maker(kind) for kind in kinds]
    return lambda value: tuple(make(item) for make, item in zip(makers, _items(value), strict=True))


def _tensor(value: Any) -> Tensor:
    """Return a tensor's record, the same one for equal tensors: variants of one network share nearly all of theirs."""
    name, shape, dtype, storage, is_parameter = _items(value)
    if {type(name), type(dtype), type(storage)} != {str} or type(is_parameter) not in (bool, types.NoneType):
        raise TypeError("no record of a tensor")
    key = (name, tuple(map(_number, _items(shape))), dtype, storage, is_parameter)
    found = _shared.get(key)
    if found is None:
        if len(_shared) >= _MOST_SHARED:
            _shared.clear()
        found = _shared[key] = Tensor(*key)
    return found


def _record(kind: type) -> _Maker:
    hints = get_type_hints(kind)
    makers = [_maker(hints[field.name]) for field in fields(kind)]

    def make(value: Any) -> Any:
        return kind(*[maker(item) for maker, item in zip(makers, _items(value), strict=True)])

    return make


def _items(value: Any) -> list[Any]:
    if type(value) is not list:
        raise TypeError(f"{type(value).__name__} where a list is due")
    return value
