"""The state of one walk through a pickle: a stack with marks, a memo, and what was seen on the way.

What each opcode does stands in `pickle_walker`; what it does it to stands here. All costs are bounded before they arise.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from auditor.errors import FormatError, LimitError
from auditor.formats.extents import ByteStream, TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.pickle_constructors import build_array, construct, storage_from_id
from auditor.formats.pickle_safety import COMPUTED
from auditor.formats.pickle_values import (
    ArrayRecord,
    Call,
    DtypeRecord,
    GlobalName,
    LongBytes,
    LongNumber,
    PickledDict,
    PickledSet,
    Storage,
    TensorRecord,
)

LONGEST_TEXT = 1 << 16  # longer texts are cut: no name is that long, and of metadata only a line is shown
_LONGEST_BYTES = 4096  # longer byte strings are values, which are never kept
LONGEST_NAME = 1024
_LONGEST_NUMBER = 16  # bytes; torch's magic number has 10
_MOST_NAMES = 10_000
DEEPEST_MARKS = 10_000
CONTAINER_COST = 4  # in objects: an empty dict takes the room of a few numbers
_CLOCK_STEPS = 8192


class Machine:
    """The state of one walk: a stack with marks, a memo, and what was seen on the way."""

    def __init__(self, stream: ByteStream, limits: Limits, known: Mapping[str, Any]) -> None:
        self.take = stream.take
        self.line = stream.line
        self.skip = stream.skip
        self.stream = stream
        self.limits = limits
        self.known = known
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.names: dict[tuple[str, str], bool] = {}
        self.storages: dict[str, Storage] = {}
        self.unknown_ids = 0
        self.cost = 0

    def run(self, operations: Mapping[int, Callable[[Machine], None]]) -> Any:
        """Run opcodes up to STOP and return what it leaves. Raises `FormatError`, `LimitError`, `TruncatedError`."""
        deadline = time.monotonic() + self.limits.seconds
        steps = 0
        try:
            while True:
                code = self.take(1)[0]
                if code == 0x2E:
                    break
                operation = operations.get(code)
                if operation is None:
                    raise FormatError("not a pickle, or a broken one", f"unknown opcode 0x{code:02x} at byte {self.stream.position - 1}")
                operation(self)
                steps += 1
                if steps + self.cost > self.limits.objects:
                    raise LimitError("the pickle builds more objects than is allowed", f"more than {self.limits.objects}")
                if steps % _CLOCK_STEPS == 0 and time.monotonic() > deadline:
                    raise LimitError("reading the pickle takes too long", f"more than {self.limits.seconds:g} s")
            return self.stack.pop()
        except (IndexError, KeyError) as error:
            raise FormatError("not a pickle, or a broken one", "it takes something from an empty stack or memo") from error

    # -- numbers and bytes of the opcodes themselves

    def length(self, width: int) -> int:
        """Return a little-endian length of 1, 2, 4 or 8 bytes, at most what is left of the stream."""
        length = int.from_bytes(self.take(width), "little")
        if length > self.stream.remaining:
            raise TruncatedError("the pickle ends in the middle", f"{length} bytes announced, {self.stream.remaining} left")
        return length

    def text(self, width: int) -> None:
        """Push a text after its length of `width` bytes."""
        length = self.length(width)
        data = self.take(min(length, LONGEST_TEXT))
        if length > LONGEST_TEXT:
            self.skip(length - LONGEST_TEXT)
        self.stack.append(data.decode("utf-8", "replace"))

    def data(self, width: int) -> None:
        """Push bytes after their length; long ones are passed over unread."""
        length = self.length(width)
        if length > _LONGEST_BYTES:
            self.skip(length)
            self.stack.append(LongBytes(length))
        else:
            self.stack.append(self.take(length))

    def old_text(self, width: int) -> None:
        """Push a string of Python 2: text where it decodes, bytes otherwise."""
        self.data(width)
        value = self.stack[-1]
        if isinstance(value, bytes):
            try:
                self.stack[-1] = value.decode("utf-8")
            except UnicodeDecodeError:
                self.stack[-1] = value

    def long(self, width: int) -> None:
        """Push a signed integer after its length; one of more than 16 bytes is only noted."""
        length = self.length(width)
        if length > _LONGEST_NUMBER:
            self.skip(length)
            self.stack.append(LongNumber(length))
        else:
            self.stack.append(int.from_bytes(self.take(length), "little", signed=True))

    # -- names and calls

    def name(self, module: Any, name: Any) -> GlobalName:
        """Return the inert record of a global and note that it was named."""
        if not isinstance(module, str) or not isinstance(name, str):
            module, name = COMPUTED, "name that is computed"
        if len(module) > LONGEST_NAME or len(name) > LONGEST_NAME:
            raise LimitError("a name in the pickle is too long", f"more than {LONGEST_NAME} characters")
        self.names.setdefault((module, name), False)
        if len(self.names) > _MOST_NAMES:
            raise LimitError("the pickle names more classes than is allowed", f"more than {_MOST_NAMES}")
        return GlobalName(module, name)

    def call(self, function: Any, args: Any, kwargs: Any = None) -> Any:
        """Return the record of a call; note the callee, and every name among the arguments of an unknown one."""
        if isinstance(function, GlobalName):
            self.names[function.module, function.name] = True
        if not isinstance(args, tuple):
            args = (args,)
        made = construct(function, args)
        if isinstance(made, Call):
            made.kwargs = kwargs
            if isinstance(made.function, GlobalName):  # what `copyreg._reconstructor` would call in its turn
                self.names[made.function.module, made.function.name] = True
        self.cost += CONTAINER_COST + _room(made)
        return made

    def persistent(self, identifier: Any) -> None:
        """Push what a persistent id stands for: a storage, or an inert record."""
        key = str(identifier) if isinstance(identifier, (str, int)) else ""
        found = self.known.get(key) or storage_from_id(identifier)
        if isinstance(found, Storage):
            known = self.storages.get(found.key)
            if known is None or known.numel < found.numel:
                self.storages[found.key] = found
            elif known.numel == found.numel and known.dtype == found.dtype:
                found = known
        elif found is None:
            self.unknown_ids += 1
            found = Call(None, (identifier,))
        self.stack.append(found)

    def mark_items(self) -> list[Any]:
        """Return what was pushed since the last mark and forget the mark."""
        items = self.stack
        self.stack = self.marks.pop()
        return items

    def push_container(self, value: Any) -> None:
        """Push an empty container and count its room."""
        self.cost += CONTAINER_COST
        self.stack.append(value)

    def append_to(self, target: Any, items: list[Any]) -> None:
        """Do what APPENDS and ADDITEMS do."""
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, (Call, PickledSet)):
            target.items.extend(items)
        elif not isinstance(target, (PickledDict, TensorRecord, ArrayRecord)):
            raise FormatError("not a pickle, or a broken one", "it appends to something that is no list")

    def set_items(self, target: Any, items: list[Any]) -> None:
        """Do what SETITEMS does, keys unhashed."""
        pairs = list(zip(items[::2], items[1::2], strict=False))
        if isinstance(target, (PickledDict, Call)):
            target.pairs.extend(pairs)
        elif not isinstance(target, (list, TensorRecord, ArrayRecord)):
            raise FormatError("not a pickle, or a broken one", "it sets items of something that is no dict")

    def build(self) -> None:
        """Do what BUILD does: keep the state beside its object; set it where the object is understood."""
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, ArrayRecord):
            build_array(target, state)
        elif isinstance(target, DtypeRecord):
            if isinstance(state, tuple) and len(state) > 1 and isinstance(state[1], str):
                target.order = state[1][:1]
        elif isinstance(target, (Call, PickledDict)):
            target.state = state if target.state is None else (target.state, state)
        elif isinstance(target, GlobalName):
            self.names.setdefault((target.module, target.name), False)
            self.names[COMPUTED, f"change to attributes of {target.full[:200]}"] = True


def _room(made: Any) -> int:
    """Return what a built value costs beyond its own record: a copy of a long list or text must not come for nothing."""
    if isinstance(made, (str, bytes)):
        return len(made) // 16
    if isinstance(made, (list, tuple)):
        return len(made)
    if isinstance(made, PickledDict):
        return len(made.pairs)
    return len(made.items) if isinstance(made, PickledSet) else 0
