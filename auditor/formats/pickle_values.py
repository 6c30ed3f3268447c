"""The inert records that a pickle is read into. Nothing here is ever called, hashed or compared by what a file says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from auditor.errors import LimitError


@dataclass(frozen=True, slots=True, eq=False)
class GlobalName:
    """A class or function that a pickle names: two strings, never resolved."""

    module: str
    name: str

    @property
    def full(self) -> str:
        """Return "module.name"."""
        return f"{self.module}.{self.name}"


@dataclass(slots=True, eq=False)
class Call:
    """What a pickle would have built by calling something: the callee, its arguments and the state that was to be set."""

    function: Any
    args: tuple[Any, ...] = ()
    kwargs: Any = None
    state: Any = None
    items: list[Any] = field(default_factory=list)  # what APPEND would have added
    pairs: list[tuple[Any, Any]] = field(default_factory=list)  # what SETITEM would have set

    @property
    def full(self) -> str:
        """Return the callee's dotted name, or "" where the callee is no plain name."""
        return self.function.full if isinstance(self.function, GlobalName) else ""


@dataclass(slots=True, eq=False)
class PickledDict:
    """A dict as a list of pairs: keys of hostile files are never hashed, except text."""

    pairs: list[tuple[Any, Any]] = field(default_factory=list)
    state: Any = None  # attributes of an OrderedDict: torch keeps `_metadata` there

    def entries(self) -> dict[str, Any]:
        """Return the entries whose keys are text (the last of equal keys), integers as text, in the file's order."""
        found: dict[str, Any] = {}
        for key, value in self.pairs:
            if isinstance(key, str):
                found[key] = value
            elif isinstance(key, int) and not isinstance(key, bool):
                found[str(key)] = value
        return found

    def get(self, wanted: str) -> Any:
        """Return the last value under a text key, or None."""
        for key, value in reversed(self.pairs):
            if isinstance(key, str) and key == wanted:
                return value
        return None


@dataclass(slots=True, eq=False)
class PickledSet:
    """A set or frozenset as a list: its items are never hashed."""

    items: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class LongBytes:
    """A byte string that was passed over: only its length is known."""

    length: int


@dataclass(frozen=True, slots=True, eq=False)
class LongNumber:
    """An integer of more than 64 bits: only its length in bytes is known."""

    length: int


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """A run of elements that tensors look into; `numel` elements of `dtype` (bytes, for untyped storages)."""

    key: str
    dtype: str
    numel: int
    location: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TensorRecord:
    """A tensor as its header describes it: a view with offset and stride (in elements) into a storage."""

    shape: tuple[int, ...]
    dtype: str
    storage: Storage | None = None
    offset: int = 0
    stride: tuple[int, ...] = ()
    is_parameter: bool | None = None


@dataclass(slots=True, eq=False)
class ArrayRecord:
    """A numpy array while its state is being set."""

    shape: tuple[int, ...] = ()
    dtype: str = ""


@dataclass(slots=True, eq=False)
class DtypeRecord:
    """A numpy type: its code ("f4"), and its byte order once the state is set."""

    code: str
    order: str = "<"


def attributes(value: Any) -> PickledDict | None:
    """Return what an object holds by name: a dict's entries, an inert object's state and items; None for the rest."""
    if isinstance(value, PickledDict):
        return value
    if not isinstance(value, Call):
        return None
    pairs = list(value.pairs)
    states = value.state if isinstance(value.state, tuple) else (value.state,)
    for state in states[:4]:
        if isinstance(state, PickledDict):
            pairs.extend(state.pairs)
    if isinstance(value.kwargs, PickledDict):
        pairs.extend(value.kwargs.pairs)
    for argument in value.args[:4]:
        if isinstance(argument, PickledDict):
            pairs.extend(argument.pairs)
    return PickledDict(pairs) if pairs else None


def children(value: Any) -> Iterator[Any]:
    """Yield everything that a record holds directly."""
    if isinstance(value, PickledDict):
        for key, item in value.pairs:
            yield key
            yield item
    elif isinstance(value, (list, tuple)):
        yield from value
    elif isinstance(value, PickledSet):
        yield from value.items
    elif isinstance(value, Call):
        yield from value.args
        yield value.kwargs
        yield value.state
        yield from value.items
        for key, item in value.pairs:
            yield key
            yield item


def everything(value: Any, most: int = 4_000_000) -> Iterator[Any]:
    """Yield every record reachable from one, each once, cycles included; stops after `most`."""
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < most:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        if isinstance(item, (PickledDict, PickledSet, Call, list, tuple)):
            waiting.extend(islice(children(item), most))


def clean_text(text: str) -> str:
    """Return text that can be written as UTF-8: lone surrogates become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


class Effort:
    """How many entries a search may still look at: shared and repeated structures must not make it endless."""

    def __init__(self, entries: int) -> None:
        self.left = entries

    def spend(self, entries: int) -> None:
        """Take from what is left. Raises `LimitError` where nothing is."""
        self.left -= entries
        if self.left < 0:
            raise LimitError("the file's structure is too tangled to be searched", help="the same parts are repeated too often")


def entry_count(value: Any) -> int:
    """Return how many entries `attributes` would have to look at."""
    if isinstance(value, PickledDict):
        return len(value.pairs)
    if not isinstance(value, Call):
        return 1
    states = value.state if isinstance(value.state, tuple) else (value.state,)
    held = (*states[:4], value.kwargs, *value.args[:4])
    return len(value.pairs) + sum(len(item.pairs) for item in held if isinstance(item, PickledDict))


def plain_text(value: Any, longest: int = 200) -> str | None:
    """Return a plain value (text, number, truth value, short list of those) as short text, None for anything else."""
    if isinstance(value, str):
        return value[:longest]
    if value is None or isinstance(value, (bool, int, float)):
        return str(value)[:longest]
    if isinstance(value, (list, tuple)) and len(value) <= 16:
        parts = [plain_text(item, longest) if not isinstance(item, (list, tuple)) else None for item in value]
        if all(part is not None for part in parts):
            return ("[" + ", ".join(str(part) for part in parts) + "]")[:longest]
    return None
