"""Sorted string tables, the form of LevelDB's files and of TensorFlow's checkpoints.

See https://github.com/google/leveldb/blob/main/doc/table_format.md: blocks of keys and values, each block with a byte that says
how it is packed and a checksum; an index block with the last key and the place of each block; 48 bytes of footer.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditor.errors import FormatError, LimitError
from auditor.formats.block_reader import BlockReader
from auditor.formats.extents import TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.protobuf import varint
from auditor.formats.snappy import unpack

MAGIC = bytes.fromhex("57fb808b247547db")
"""The last eight bytes of every table."""

_FOOTER = 48
_TAIL = 32 << 10  # read with the footer: the index of most tables lies there
_TRAILER = 5  # how the block is packed, and a checksum
_PLAIN, _SNAPPY = 0, 1
_LONGEST_KEY = 64 << 10
_MOST_KEY_BYTES = 64 << 20  # built out of shared prefixes by one table

Place = tuple[int, int]


class SortedTable:
    """Keys and values of one table, in order. Raises `FormatError` and `LimitError` where it lies."""

    def __init__(self, blocks: BlockReader, limits: Limits) -> None:
        self._blocks = blocks
        self._limits = limits
        self._entries = 0
        self._unpacked = 0
        self._key_bytes = 0
        self._end = blocks.size - _FOOTER

    def open(self) -> list[Place]:
        """Return the places of the data blocks, in order. Raises `FormatError` where there is no footer."""
        size = self._blocks.size
        if size < _FOOTER:
            raise TruncatedError("the table is shorter than its footer")
        self._blocks.plan(max(0, size - _TAIL), min(_TAIL, size))
        footer = self._blocks.take(size - _FOOTER, _FOOTER)
        if not footer.endswith(MAGIC):
            raise TruncatedError("the table does not end with its footer", help="the file was cut short, or is another")
        at = 0
        numbers = []
        for _ in range(4):
            number, at = varint(footer, at, _FOOTER - len(MAGIC), "table's footer")
            numbers.append(number)
        places = [self._place(value) for _, value in self._block((numbers[2], numbers[3]))]
        last = 0
        for offset, length in places:
            if offset < last:
                raise FormatError("two blocks of the table overlap")
            last = offset + length
        return places

    def entries(self, place: Place) -> Iterator[tuple[bytes, bytes]]:
        """Yield the keys and values of one data block."""
        return self._block(place)

    def _place(self, value: bytes) -> Place:
        offset, at = varint(value, 0, len(value), "table's index")
        length, _ = varint(value, at, len(value), "table's index")
        return offset, length

    def _block(self, place: Place) -> Iterator[tuple[bytes, bytes]]:
        offset, length = place
        if offset + length + _TRAILER > self._end:
            raise TruncatedError("a block of the table ends past the end of the file")
        raw = self._blocks.take(offset, length + _TRAILER)
        kind = raw[length]
        if kind not in (_PLAIN, _SNAPPY):
            raise FormatError("a block of the table is packed in a way that is not known", str(kind))
        data = raw[:length]
        if kind == _SNAPPY:
            data = unpack(data, self._limits.inflated_bytes - self._unpacked)
            self._unpacked += len(data)
        return self._parsed(data)

    def _parsed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the entries of an unpacked block: shared length, own length, value's length, the rest of the key, the value."""
        if len(data) < 4:
            raise FormatError("a block of the table is too short")
        restarts = int.from_bytes(data[-4:], "little")
        stop = len(data) - 4 * (restarts + 1)
        if stop < 0:
            raise FormatError("a block of the table has more restarts than room")
        key, at = b"", 0
        while at < stop:
            shared, at = varint(data, at, stop, "table")
            own, at = varint(data, at, stop, "table")
            length, at = varint(data, at, stop, "table")
            if shared > len(key) or at + own + length > stop:
                raise FormatError("an entry of the table does not fit into its block")
            key = key[:shared] + data[at : at + own]
            self._count(len(key))
            at += own
            yield key, data[at : at + length]
            at += length

    def _count(self, length: int) -> None:
        self._entries += 1
        self._key_bytes += length
        if self._entries > 2 * self._limits.tensors or length > _LONGEST_KEY or self._key_bytes > _MOST_KEY_BYTES:
            raise LimitError("the table has more or longer keys than are allowed")
        if self._entries % 4096 == 0:
            self._blocks.check_time()
