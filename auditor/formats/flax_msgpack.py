"""Flax's msgpack: nested maps whose leaves are extensions of type 1, each a packed (shape, type, bytes).

See flax/serialization.py (`msgpack_serialize`, `_ndarray_to_bytes`, `_chunk`) and the msgpack specification. Values are passed
over by their lengths. Arrays of 2^30 bytes and more lie in chunks under a map with the key `__msgpack_chunked_array__`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from auditor.blob import Blob, BytesBlob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Training
from auditor.formats.block_reader import BlockReader
from auditor.formats.dtypes import torch_dtype
from auditor.formats.extents import TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Described, checked_shape, make_plain_checkpoint, size_of
from auditor.formats.state_dicts import is_optimizer, role_of

_DEEPEST = 64
_LONGEST_TEXT = 1 << 12
_CHUNKED = "__msgpack_chunked_array__"
_BUFFERS = ("batch_stats", "model_state", "state", "extra_vars", "cache")
_STEPS = ("step", "epoch", "global_step")


@dataclass(frozen=True, slots=True)
class _Array:
    """A leaf: its shape and type; the bytes were passed over."""

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class _Begin:
    """The beginning of a map or list, with how many entries follow."""

    count: int
    is_map: bool


class FlaxMsgpack:
    """Reads names, shapes and types of Flax's own checkpoint files."""

    name = "flax_msgpack"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the front is a msgpack map with an array or a chunked array in it."""
        if not head or not (0x81 <= head[0] <= 0x8F or head[0] in (0xDE, 0xDF)):
            return False
        walk = _Walk(BytesBlob(head), Limits(header_bytes=len(head), objects=100_000, seconds=1.0), size)
        try:
            return next((True for _, value in walk.leaves() if isinstance(value, _Array)), False) or walk.saw_chunks
        except FormatError:
            return walk.saw_chunks

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint; the optimizer's arrays are counted apart. Raises `FormatError` and `NetworkError`."""
        walk = _Walk(blob, limits, blob.size)
        arrays: list[tuple[tuple[str, ...], _Array]] = []
        plain: list[tuple[str, str]] = []
        for path, value in walk.leaves():
            if isinstance(value, _Array):
                arrays.append((path, value))
                if len(arrays) > limits.tensors * 4:
                    raise LimitError("more arrays than are allowed", f"at most {limits.tensors}")
            elif value is not None and len(plain) < 1000:
                plain.append((".".join(path), str(value)))
        state = [(path, item) for path, item in arrays if any(is_optimizer(part, None) or part == "opt_state" for part in path[:2])]
        rest = [(path, item) for path, item in arrays if not any(is_optimizer(part, None) or part == "opt_state" for part in path[:2])]
        weights = [(path, item) for path, item in rest if role_of(path[:1]) == "weights"] or rest
        others = sorted({path[0] for path, _ in rest} - {path[0] for path, _ in weights})
        key, described = _named(weights)
        return make_plain_checkpoint(
            described,
            limits,
            format=self.name,
            header=walk.reader.sha256(),
            header_name="msgpack",
            size=blob.size,
            state_key=key,
            training=Training(
                epoch=_step(plain),
                optimizer="present" if state else None,
                optimizer_bytes=_bytes(state),
                metadata=tuple(plain[:100]),
            ),
            warnings=[f"also holds arrays under {name[:120]!r}" for name in others],
            storage_bytes=_bytes(arrays),
        )


def _bytes(arrays: list[tuple[tuple[str, ...], _Array]]) -> int:
    return sum(size_of(Described("", item.shape, item.dtype)) for _, item in arrays)


def _step(plain: list[tuple[str, str]]) -> int | None:
    for wanted in _STEPS:
        for name, value in plain:
            if name == wanted and value.isdigit() and len(value) < 16:
                return int(value)
    return None


def _named(weights: list[tuple[tuple[str, ...], _Array]]) -> tuple[str | None, list[Described]]:
    """Return the keys that all names share, and the tensors without them; collections tell parameters from statistics."""
    tops = {path[0] for path, _ in weights if path}
    common = 0
    if len(tops) == 1 and "params" in tops:
        common = 2 if all(path[:2] == ("params", "params") for path, _ in weights) else 1
    learns: Callable[[str], bool | None] = (
        (lambda top: True if top == "params" else False if top in _BUFFERS else None) if "params" in tops else lambda top: None
    )
    described = [
        Described(".".join(path[common:]) or "array", item.shape, item.dtype, learns(path[0] if path else "")) for path, item in weights
    ]
    return (".".join(["params"] * common) or None), described


class _Walk:
    """One pass over a msgpack object; nothing recurses."""

    def __init__(self, blob: Blob, limits: Limits, size: int) -> None:
        self.reader = BlockReader(blob, limits, "msgpack file")
        self.limits = limits
        self.size = size
        self.at = 0
        self.saw_chunks = False
        self.objects = 0

    def leaves(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        """Yield the path and value of every leaf: arrays, texts, numbers; chunked arrays as one."""
        first = self.item()
        if not isinstance(first, _Begin) or not first.is_map:
            raise FormatError("not a checkpoint of Flax", "it is no map")
        levels: list[tuple[_Begin, int]] = [(first, 0)]  # with how many entries were read
        path: list[str] = []
        while levels:
            begin, done = levels[-1]
            if done == begin.count:
                levels.pop()
                if path:
                    path.pop()
                continue
            levels[-1] = (begin, done + 1)
            key = self.key() if begin.is_map else str(done)
            if key == _CHUNKED and done == 0:
                self.saw_chunks = True
                yield tuple(path), self.chunked(begin.count)
                levels.pop()
                if path:
                    path.pop()
                continue
            value = self.item()
            if isinstance(value, _Begin):
                if len(levels) >= _DEEPEST:
                    raise LimitError("the msgpack file is nested more deeply than is allowed", f"more than {_DEEPEST} levels")
                levels.append((value, 0))
                path.append(key)
            else:
                yield (*path, key), value

    def key(self) -> str:
        value = self.item()
        if isinstance(value, (_Begin, _Array)):
            raise FormatError("not a checkpoint of Flax", "a key is no text")
        return str(value)[:_LONGEST_TEXT]

    def chunked(self, count: int) -> _Array:
        """Read a chunked array after its first key: `True`, then shape and chunks, each a map by "0", "1", ..."""
        self.item()
        shape: list[Any] = []
        dtype = "unknown"
        for _ in range(count - 1):
            key, value = self.key(), self.item()
            if not isinstance(value, _Begin):
                continue
            for _ in range(value.count):
                if value.is_map:
                    self.key()
                inner = self.item()
                if key == "shape":
                    shape.append(inner)
                elif isinstance(inner, _Array):
                    dtype = inner.dtype
                elif isinstance(inner, _Begin):
                    raise FormatError("a chunked array holds something else than arrays")
        return _Array(checked_shape(shape, "chunked array"), dtype)

    def take(self, length: int) -> bytes:
        data = self.reader.take(self.at, length)
        self.at += length
        return data

    def number(self, width: int, signed: bool = False) -> int:
        return int.from_bytes(self.take(width), "big", signed=signed)

    def skip(self, length: int) -> None:
        if self.at + length > self.size:
            raise TruncatedError("the msgpack file ends in the middle", f"{length} bytes announced, {self.size - self.at} left")
        self.at += length

    def item(self) -> Any:
        """Return the next object: a number, a short text, None for what is passed over, an array, or how a container begins."""
        self.objects += 1
        if self.objects > self.limits.objects:
            raise LimitError("the msgpack file holds more objects than is allowed", f"more than {self.limits.objects}")
        code = self.take(1)[0]
        if code <= 0x7F:
            return code
        if code >= 0xE0:
            return code - 256
        if code <= 0x8F:
            return self.begin(code & 15, True)
        if code <= 0x9F:
            return self.begin(code & 15, False)
        if code <= 0xBF:
            return self.text(code & 31)
        reading = _CODES.get(code)
        if reading is None:
            raise FormatError("not msgpack, or broken", f"unknown type 0x{code:02x} at byte {self.at - 1}")
        return reading(self)

    def begin(self, count: int, is_map: bool) -> _Begin:
        if count * (2 if is_map else 1) > self.size - self.at:
            raise TruncatedError("the msgpack file ends in the middle", f"{count} entries announced")
        return _Begin(count, is_map)

    def text(self, length: int) -> str:
        data = self.take(min(length, _LONGEST_TEXT))
        self.skip(length - len(data))
        return data.decode("utf-8", "replace")

    def passed(self, length: int) -> None:
        self.skip(length)

    def extension(self, length: int) -> Any:
        """Read an extension: type 1 is an array, 3 a numpy scalar, both (shape, type, bytes); others are passed over."""
        kind = self.number(1)
        end = self.at + length
        if end > self.size:
            raise TruncatedError("the msgpack file ends in the middle", f"{length} bytes announced, {self.size - self.at} left")
        if kind not in (1, 3):
            self.skip(length)
            return None
        outer = self.item()
        if not isinstance(outer, _Begin) or outer.is_map or outer.count != 3:
            raise FormatError("an array of the msgpack file is not (shape, type, bytes)")
        sizes = self.item()
        if not isinstance(sizes, _Begin) or sizes.is_map:
            raise FormatError("an array of the msgpack file has no shape")
        shape = checked_shape([self.item() for _ in range(min(sizes.count, 65))], "array")
        dtype = self.item()
        if not isinstance(dtype, str):
            raise FormatError("an array of the msgpack file has no type")
        array = _Array(shape, torch_dtype(dtype) or dtype[:40])
        self.check_length(array, end)
        self.skip(end - self.at)
        return array if kind == 1 else None

    def check_length(self, array: _Array, end: int) -> None:
        """Raise `FormatError` where the bytes that follow are not as many as shape and type say."""
        code = self.take(1)[0]
        width = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}.get(code)
        length = self.number(width) if width else code & 31
        needed = size_of(Described("", array.shape, array.dtype))
        if self.at + length != end or (needed and needed != length):
            raise FormatError("an array of the msgpack file lies about its length", f"{length} bytes for {list(array.shape)[:8]}")


def _passed(width: int) -> Callable[[_Walk], Any]:
    return lambda w: w.passed(w.number(width))


def _extension(width: int) -> Callable[[_Walk], Any]:
    return lambda w: w.extension(w.number(width))


def _fixed_extension(length: int) -> Callable[[_Walk], Any]:
    return lambda w: w.extension(length)


def _number(width: int, signed: bool) -> Callable[[_Walk], Any]:
    return lambda w: w.number(width, signed)


def _text(width: int) -> Callable[[_Walk], Any]:
    return lambda w: w.text(w.number(width))


_CODES: dict[int, Callable[[_Walk], Any]] = {
    0xC0: lambda w: None,
    0xC2: lambda w: False,
    0xC3: lambda w: True,
    **{0xC4 + n: _passed(1 << n) for n in range(3)},
    **{0xC7 + n: _extension(1 << n) for n in range(3)},
    0xCA: lambda w: w.passed(4),
    0xCB: lambda w: w.passed(8),
    **{0xCC + n: _number(1 << n, False) for n in range(4)},
    **{0xD0 + n: _number(1 << n, True) for n in range(4)},
    **{0xD4 + n: _fixed_extension(1 << n) for n in range(5)},
    **{0xD9 + n: _text(1 << n) for n in range(3)},
    0xDC: lambda w: w.begin(w.number(2), False),
    0xDD: lambda w: w.begin(w.number(4), False),
    0xDE: lambda w: w.begin(w.number(2), True),
    0xDF: lambda w: w.begin(w.number(4), True),
}
"""What follows each type byte that has no length in itself."""
