"""A bounded walk over protobuf's wire format, which tells fields from one another without knowing their message.

See https://protobuf.dev/programming-guides/encoding: a field is a varint key (number << 3 | wire type) and a varint, eight
bytes, a length with so many bytes, or four bytes. Large fields are passed over by their length and never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.formats.block_reader import BlockReader
from auditor.formats.extents import TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.pickle_values import clean_text

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_LONGEST_KEY = 20  # bytes of a key and a length, or a key and a number, at most
_LARGEST_NUMBER = 1 << 29
_DEEPEST = 64
_LONGEST_TEXT = 4096
_CHECKED_EVERY = 4096
_LARGEST_PACK = 1 << 20
_WORD = 1 << 64


class Field(NamedTuple):
    """One field: its number and wire type, its value (a number, or a length), and where its content lies."""

    number: int
    wire: int
    value: int
    start: int
    end: int


class Wire:
    """The fields of the messages in one blob."""

    def __init__(self, blob: Blob, limits: Limits, what: str) -> None:
        self.blocks = BlockReader(blob, limits, what)
        self.limits = limits
        self.what = what
        self._fields = 0
        self._depth = 0

    def root(self) -> Iterator[Field]:
        """Yield the fields of the whole blob."""
        return self.fields(0, self.blocks.size)

    def inside(self, field: Field) -> Iterator[Field]:
        """Yield the fields of a message in a field. Raises `FormatError` where the field is a number."""
        if field.wire != BYTES:
            raise FormatError(f"a field of the {self.what} is a number where a message belongs", f"field {field.number}")
        return self.fields(field.start, field.end)

    def fields(self, start: int, end: int) -> Iterator[Field]:
        """Yield the fields between two offsets, in order. Raises `TruncatedError`, `LimitError`, `FormatError`."""
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                raise LimitError(f"the messages of the {self.what} are nested too deep", f"more than {_DEEPEST}")
            position = start
            while position < end:
                field = self._field(position, end)
                yield field
                position = field.end
        finally:
            self._depth -= 1

    def text(self, field: Field, longest: int = _LONGEST_TEXT) -> str:
        """Return a text, cut to `longest` bytes, without characters that cannot be written."""
        return clean_text(self.data(field, longest).decode("utf-8", "replace"))

    def data(self, field: Field, longest: int = _LONGEST_TEXT) -> bytes:
        """Return the bytes of a field, cut to `longest`."""
        if field.wire != BYTES:
            raise FormatError(f"a field of the {self.what} is a number where a text belongs", f"field {field.number}")
        return self.blocks.take(field.start, min(longest, field.end - field.start))

    def numbers(self, field: Field) -> tuple[int, ...]:
        """Return the signed numbers of a repeated varint field, packed or one at a time."""
        if field.wire == VARINT:
            return (signed(field.value),)
        if field.wire != BYTES or field.value > _LARGEST_PACK:
            raise FormatError(f"a list of numbers of the {self.what} cannot be one", f"field {field.number}")
        raw = self.blocks.take(field.start, field.value)
        found, at = [], 0
        while at < len(raw):
            number, at = varint(raw, at, len(raw), self.what)
            found.append(signed(number))
        return tuple(found)

    def _field(self, position: int, end: int) -> Field:
        self._fields += 1
        if self._fields > self.limits.objects:
            raise LimitError(f"the {self.what} has more fields than are allowed", f"at most {self.limits.objects}")
        if self._fields % _CHECKED_EVERY == 0:
            self.blocks.check_time()
        buffer, at = self.blocks.window(position, _LONGEST_KEY)
        stop = min(len(buffer), at + end - position)
        field, used = _short(buffer, at, stop, position) or _parsed(buffer, at, stop, position, self.what)
        if field.end > end:
            raise TruncatedError(
                f"the {self.what} ends in the middle", f"{field.end - field.start} bytes announced, {end - field.start} left"
            )
        self.blocks.note(buffer[at:used])
        return field


def _short(buffer: bytes, at: int, stop: int, position: int) -> tuple[Field, int] | None:
    """Return the field that begins at `at` where key and number are of one byte each, as nearly all are; None for others."""
    if at + 2 > stop:
        return None
    key, value = buffer[at], buffer[at + 1]
    if not 8 <= key < 0x80 or value >= 0x80:
        return None
    if key & 7 == BYTES:
        return Field(key >> 3, BYTES, value, position + 2, position + 2 + value), at + 2
    return (Field(key >> 3, VARINT, value, position + 2, position + 2), at + 2) if key & 7 == VARINT else None


def _parsed(buffer: bytes, at: int, stop: int, position: int, what: str) -> tuple[Field, int]:
    """Return the field that begins at `at`, which is `position` in the file, and where its key and number end."""
    key, used = varint(buffer, at, stop, what)
    number, wire = key >> 3, key & 7
    if not 0 < number < _LARGEST_NUMBER:
        raise FormatError(f"a field of the {what} has an impossible number", str(number))
    if wire == VARINT:
        value, used = varint(buffer, used, stop, what)
        return Field(number, wire, value, position + used - at, position + used - at), used
    if wire == BYTES:
        value, used = varint(buffer, used, stop, what)
        start = position + used - at
        return Field(number, wire, value, start, start + value), used
    if wire not in (FIXED64, FIXED32):
        raise FormatError(f"a field of the {what} is of a kind that does not exist", f"wire type {wire}")
    width = 8 if wire == FIXED64 else 4
    start = position + used - at
    if used + width > stop:
        raise TruncatedError(f"the {what} ends in the middle of a number")
    return Field(number, wire, int.from_bytes(buffer[used : used + width], "little"), start, start + width), used + width


def varint(buffer: bytes, at: int, stop: int, what: str) -> tuple[int, int]:
    """Return an unsigned number of at most 64 bits and where it ends."""
    number = shift = 0
    while at < stop:
        byte = buffer[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number % _WORD, at
        shift += 7
        if shift >= 70:
            raise FormatError(f"a number of the {what} is longer than 64 bits")
    raise TruncatedError(f"the {what} ends in the middle of a number")


def signed(number: int) -> int:
    """Return the two's complement of a 64-bit number, as int32 and int64 fields are written."""
    return number - _WORD if number >= _WORD >> 1 else number


def outline(head: bytes, size: int, at: int = 0, end: int | None = None, most: int = 32) -> list[Field] | None:
    """Return the first fields between two offsets as far as they begin in `head`, or None where these are no fields.

    The last field may go on past `head`, never past `end` (or `size`): that tells a message from other bytes.
    """
    end = size if end is None else end
    found: list[Field] = []
    while at < min(end, len(head)) and len(found) < most:
        try:
            field, _ = _parsed(head, at, min(len(head), end), at, "bytes")
        except TruncatedError:
            return found if end > len(head) and at + _LONGEST_KEY > len(head) else None
        except FormatError:
            return None
        if field.end > end:
            return None
        found.append(field)
        at = field.end
    return found
