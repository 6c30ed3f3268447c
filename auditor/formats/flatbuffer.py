"""A bounded reader of flatbuffers: tables, vectors and strings by their offsets, with nothing read that is not asked for.

See https://flatbuffers.dev/internals: a table begins with a signed offset back to its vtable, which lists where each field
lies; offsets to vectors, strings and tables are unsigned and forward; vectors begin with their length.
"""

from __future__ import annotations

import struct

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.formats.block_reader import BlockReader
from auditor.formats.interface import Limits
from auditor.formats.pickle_values import clean_text

_LARGEST_VTABLE = 1024
_BEFORE_TABLE = 256  # where a table's vtable lies, unless it shares that of another
_LONGEST_TEXT = 4096


class FlatBuffer:
    """Tables of one blob; a table is known by its offset."""

    def __init__(self, blob: Blob, limits: Limits, what: str) -> None:
        self.blocks = BlockReader(blob, limits, what, _BEFORE_TABLE)
        self.what = what
        self._limits = limits
        self._vtables: dict[int, tuple[int, ...]] = {}
        self._places: dict[int, tuple[int, ...]] = {}
        self._taken = 0

    def root(self) -> int:
        """Return the offset of the root table."""
        return self._forward(0)

    def place(self, table: int, field: int) -> int | None:
        """Return where a field's value lies, None where the table does not have it."""
        if table not in self._places:
            self._places[table] = self._vtable(table)
        slots = self._places[table]
        return table + slots[field] if field < len(slots) and slots[field] else None

    def number(self, table: int, field: int, form: str, default: int = 0) -> int:
        """Return a number of a table, such as `form` "I"; the default where it is not written."""
        place = self.place(table, field)
        return default if place is None else self._number(place, form)

    def child(self, table: int, field: int) -> int | None:
        """Return the offset of a table, vector or string that a field points to."""
        place = self.place(table, field)
        return None if place is None else self._forward(place)

    def length(self, vector: int) -> int:
        """Return how many elements a vector has."""
        return self._number(vector, "I")

    def tables(self, vector: int) -> list[int]:
        """Return the offsets of the tables in a vector. Raises `LimitError` where these are too many."""
        offsets = self.numbers(vector, "I")
        places = [vector + 4 + 4 * n + offset for n, offset in enumerate(offsets)]
        if any(place + 4 > self.blocks.size for place in places):
            raise FormatError(f"a table of the {self.what} lies past its end")
        return places

    def numbers(self, vector: int, form: str) -> tuple[int, ...]:
        """Return the numbers in a vector."""
        count = self.length(vector)
        self._taken += count
        if self._taken > self._limits.objects:
            raise LimitError(f"the lists of the {self.what} are longer than is allowed", f"{count} elements")
        return struct.unpack(f"<{count}{form}", self.blocks.take(vector + 4, count * struct.calcsize(f"<{form}")))

    def text(self, string: int) -> str:
        """Return a string, cut to a few kB."""
        data = self.blocks.take(string + 4, min(self.length(string), _LONGEST_TEXT))
        return clean_text(data.decode("utf-8", "replace"))

    def _number(self, place: int, form: str) -> int:
        return int(struct.unpack(f"<{form}", self.blocks.take(place, struct.calcsize(f"<{form}")))[0])

    def _forward(self, place: int) -> int:
        target = place + self._number(place, "I")
        if target == place or target + 4 > self.blocks.size:
            raise FormatError(f"an offset of the {self.what} leads past its end")
        return target

    def _vtable(self, table: int) -> tuple[int, ...]:
        """Return the field offsets of a table; tables with the same fields share them."""
        place = table - self._number(table, "i")
        if place < 0:
            raise FormatError(f"a table of the {self.what} points to before its beginning")
        if place not in self._vtables:
            size = self._number(place, "H")
            if size < 4 or size % 2 or size > _LARGEST_VTABLE:
                raise FormatError(f"a table of the {self.what} has an impossible list of fields", f"{size} bytes")
            self._vtables[place] = struct.unpack(f"<{size // 2 - 2}H", self.blocks.take(place + 4, size - 4))
        self.blocks.check_time()
        return self._vtables[place]
