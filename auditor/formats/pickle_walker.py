"""The one pickle reader: a restricted virtual machine for protocols 0 to 5 that imports, resolves and calls nothing.

Opcodes as CPython's `pickle.py` and `pickletools.py` define them. Globals become `GlobalName`, calls become inert records
(see `pickle_constructors` for the few that are understood), persistent ids become storages. All costs are bounded by
`Limits`: bytes by the stream, objects, nesting and time here. Cycles, shared objects and deep nesting are tolerated, since
nothing recurses and nothing but text is ever hashed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.errors import FormatError, LimitError
from auditor.facts import Safety
from auditor.formats.extents import ByteStream, RunsCodeError
from auditor.formats.interface import Limits
from auditor.formats.pickle_machine import CONTAINER_COST, DEEPEST_MARKS, LONGEST_NAME, LONGEST_TEXT, Machine
from auditor.formats.pickle_safety import judge
from auditor.formats.pickle_values import GlobalName, LongBytes, LongNumber, PickledDict, PickledSet, Storage, clean_text


@dataclass(frozen=True, slots=True)
class Walked:
    """One pickle as it was read."""

    value: Any
    names: dict[tuple[str, str], bool]  # every global that was named, with whether it would be called
    storages: dict[str, Storage]  # by key; of equal keys the one with most elements
    unknown_ids: int  # persistent ids that are no storage of torch

    @property
    def safety(self) -> Safety:
        """Return the verdict on what loading this pickle would have called."""
        extra = (f"{self.unknown_ids} persistent ids that are no storage",) if self.unknown_ids else ()
        return judge(self.names, extra)


def walk(stream: ByteStream, limits: Limits, known: Mapping[str, Any] | None = None, machine: type[Machine] = Machine) -> Walked:
    """Read one pickle from the stream, up to and with its STOP; `known` are records that its persistent ids may name.

    `machine` may be one that knows what follows certain objects in the stream, as raw arrays do in joblib's files.

    Raises `TruncatedError` where the bytes end first, `LimitError` past a limit, `FormatError` where it is no pickle, and
    `RunsCodeError` instead of these where what came before the fault would have run code.
    """
    running = machine(stream, limits, known or {})
    try:
        value = running.run(_OPERATIONS)
    except FormatError as error:
        seen = judge(running.names)
        if seen.verdict == "dangerous":
            raise RunsCodeError(error, seen) from error
        raise
    return Walked(value, running.names, running.storages, running.unknown_ids)


def _op(action: Callable[[Machine], Any]) -> Callable[[Machine], None]:
    """Return an operation that pushes what the action returns."""

    def operation(machine: Machine) -> None:
        value = action(machine)  # first: the action may put another stack in place
        machine.stack.append(value)

    return operation


def _mark(m: Machine) -> None:
    if len(m.marks) > DEEPEST_MARKS:
        raise LimitError("the pickle is nested more deeply than is allowed", f"more than {DEEPEST_MARKS} marks")
    m.marks.append(m.stack)
    m.stack = []


def _pop(m: Machine) -> None:
    if m.stack:
        m.stack.pop()
    else:
        m.mark_items()


def _pop_mark(m: Machine) -> None:
    m.mark_items()


def _text_int(m: Machine) -> Any:
    line = m.line()
    if line in (b"00", b"01"):
        return line == b"01"
    return _parse_int(line)


def _parse_int(line: bytes) -> Any:
    digits = line.rstrip(b"L")
    if len(digits) > 19:
        return LongNumber(len(digits))
    try:
        return int(digits)
    except ValueError as error:
        raise FormatError("not a pickle, or a broken one", "a number is none") from error


def _text_float(m: Machine) -> float:
    try:
        return float(m.line(100))
    except ValueError as error:
        raise FormatError("not a pickle, or a broken one", "a number is none") from error


def _text_index(m: Machine) -> int:
    index = _parse_int(m.line(40))
    if not isinstance(index, int) or not 0 <= index < 1 << 32:
        raise FormatError("not a pickle, or a broken one", "a memo index is none")
    return index


def _quoted(m: Machine) -> Any:
    """Read a quoted string of protocol 0: its escapes decoded, text where it is text."""
    line = m.line().strip()
    if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
        raise FormatError("not a pickle, or a broken one", "a quoted string has no quotes")
    try:
        return clean_text(line[1:-1].decode("unicode_escape"))
    except UnicodeDecodeError:
        return line[1:-1]


def _raw_unicode(m: Machine) -> Any:
    return clean_text(m.line(LONGEST_TEXT).decode("raw_unicode_escape", "replace"))


def _memoize(m: Machine, index: int) -> None:
    m.memo[index] = m.stack[-1]


def _dict_of(m: Machine) -> PickledDict:
    items = m.mark_items()
    m.cost += CONTAINER_COST
    return PickledDict(list(zip(items[::2], items[1::2], strict=False)))


def _counted(m: Machine, make: Callable[[list[Any]], Any]) -> Any:
    m.cost += CONTAINER_COST
    return make(m.mark_items())


def _tuple_of(count: int) -> Callable[[Machine], None]:
    def operation(m: Machine) -> None:
        if len(m.stack) < count:
            raise FormatError("not a pickle, or a broken one", "a tuple has too few items")
        items = tuple(m.stack[-count:])
        m.cost += 1
        m.stack[-count:] = [items]

    return operation


def _append(m: Machine) -> None:
    value = m.stack.pop()
    m.append_to(m.stack[-1], [value])


def _appends(m: Machine) -> None:
    items = m.mark_items()
    m.append_to(m.stack[-1], items)


def _set_item(m: Machine) -> None:
    value, key = m.stack.pop(), m.stack.pop()
    m.set_items(m.stack[-1], [key, value])


def _set_items(m: Machine) -> None:
    items = m.mark_items()
    m.set_items(m.stack[-1], items)


def _global(m: Machine) -> GlobalName:
    module, name = m.line(LONGEST_NAME), m.line(LONGEST_NAME)
    return m.name(module.decode("utf-8", "replace"), name.decode("utf-8", "replace"))


def _stack_global(m: Machine) -> GlobalName:
    name, module = m.stack.pop(), m.stack.pop()
    return m.name(module, name)


def _extension(width: int) -> Callable[[Machine], GlobalName]:
    return lambda m: m.name("copyreg", f"extension {int.from_bytes(m.take(width), 'little')}")


def _reduce(m: Machine) -> Any:
    args, function = m.stack.pop(), m.stack.pop()
    return m.call(function, args)


def _new_with_keywords(m: Machine) -> Any:
    kwargs, args, cls = m.stack.pop(), m.stack.pop(), m.stack.pop()
    return m.call(cls, args, kwargs)


def _inst(m: Machine) -> Any:
    cls = _global(m)
    return m.call(cls, tuple(m.mark_items()))


def _obj(m: Machine) -> Any:
    items = m.mark_items()
    return m.call(items[0], tuple(items[1:]))


def _text_persistent(m: Machine) -> None:
    m.persistent(m.line().decode("utf-8", "replace"))


def _protocol(m: Machine) -> None:
    version = m.take(1)[0]
    if version > 5:
        raise FormatError("not a pickle, or a broken one", f"protocol {version}")


_OPERATIONS: dict[int, Callable[[Machine], None]] = {
    0x28: _mark,
    0x30: _pop,
    0x31: _pop_mark,
    0x32: _op(lambda m: m.stack[-1]),
    0x46: _op(_text_float),
    0x49: _op(_text_int),
    0x4A: _op(lambda m: int.from_bytes(m.take(4), "little", signed=True)),
    0x4B: _op(lambda m: m.take(1)[0]),
    0x4C: _op(lambda m: _parse_int(m.line(1 << 20))),
    0x4D: _op(lambda m: int.from_bytes(m.take(2), "little")),
    0x4E: _op(lambda m: None),
    0x50: _text_persistent,
    0x51: lambda m: m.persistent(m.stack.pop()),
    0x52: _op(_reduce),
    0x53: _op(_quoted),
    0x54: lambda m: m.old_text(4),
    0x55: lambda m: m.old_text(1),
    0x56: _op(_raw_unicode),
    0x58: lambda m: m.text(4),
    0x61: _append,
    0x62: lambda m: m.build(),
    0x63: _op(_global),
    0x64: _op(_dict_of),
    0x7D: lambda m: m.push_container(PickledDict()),
    0x65: _appends,
    0x67: _op(lambda m: m.memo[_text_index(m)]),
    0x68: _op(lambda m: m.memo[m.take(1)[0]]),
    0x69: _op(_inst),
    0x6A: _op(lambda m: m.memo[int.from_bytes(m.take(4), "little")]),
    0x6C: _op(lambda m: _counted(m, list)),
    0x5D: lambda m: m.push_container([]),
    0x6F: _op(_obj),
    0x70: lambda m: _memoize(m, _text_index(m)),
    0x71: lambda m: _memoize(m, m.take(1)[0]),
    0x72: lambda m: _memoize(m, int.from_bytes(m.take(4), "little")),
    0x73: _set_item,
    0x74: _op(lambda m: _counted(m, tuple)),
    0x29: _op(lambda m: ()),
    0x75: _set_items,
    0x47: _op(lambda m: struct.unpack(">d", m.take(8))[0]),
    0x42: lambda m: m.data(4),
    0x43: lambda m: m.data(1),
    0x80: _protocol,
    0x81: _op(_reduce),
    0x82: _op(_extension(1)),
    0x83: _op(_extension(2)),
    0x84: _op(_extension(4)),
    0x85: _tuple_of(1),
    0x86: _tuple_of(2),
    0x87: _tuple_of(3),
    0x88: _op(lambda m: True),
    0x89: _op(lambda m: False),
    0x8A: lambda m: m.long(1),
    0x8B: lambda m: m.long(4),
    0x8C: lambda m: m.text(1),
    0x8D: lambda m: m.text(8),
    0x8E: lambda m: m.data(8),
    0x8F: lambda m: m.push_container(PickledSet()),
    0x90: _appends,
    0x91: _op(lambda m: _counted(m, PickledSet)),
    0x92: _op(_new_with_keywords),
    0x93: _op(_stack_global),
    0x94: lambda m: _memoize(m, len(m.memo)),
    0x95: lambda m: m.skip(8),
    0x96: lambda m: m.data(8),
    0x97: _op(lambda m: LongBytes(0)),
    0x98: lambda m: None,
}
"""What each opcode does, by its byte. STOP (0x2e) ends the loop and stands nowhere here."""
