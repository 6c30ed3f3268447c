"""The parts of a file that are already here."""

from __future__ import annotations

from bisect import bisect_right


class Extents:
    """Byte strings at offsets; touching ones are one. The most that is kept is bounded, the oldest is given up first."""

    def __init__(self, max_bytes: int = 256 << 20) -> None:
        self._parts: list[tuple[int, bytes]] = []  # sorted, never overlapping
        self._ages: dict[int, int] = {}
        self._clock = 0
        self._max_bytes = max_bytes

    def add(self, offset: int, data: bytes) -> None:
        """Keep bytes; where some are here already the new ones only fill in what lacks."""
        for gap_offset, gap_length in self.gaps(offset, len(data)):
            start = gap_offset - offset
            self._insert(gap_offset, data[start : start + gap_length])
        self._shed(offset, len(data))

    def gaps(self, offset: int, length: int) -> list[tuple[int, int]]:
        """Return the (offset, length) pairs of what is not here of a range, in order."""
        found, here, end = [], offset, offset + length
        for start, data in self._touching(offset, length):
            if start > here:
                found.append((here, start - here))
            here = max(here, start + len(data))
        if here < end:
            found.append((here, end - here))
        return found

    def read(self, offset: int, length: int) -> bytes:
        """Return a range that has no gaps."""
        end, pieces = offset + length, []
        for start, data in self._touching(offset, length):
            self._clock += 1
            self._ages[start] = self._clock
            pieces.append(data[max(0, offset - start) : end - start])
        return b"".join(pieces)

    def next_start(self, offset: int) -> int | None:
        """Return where the next part after an offset begins."""
        place = bisect_right(self._parts, offset, key=lambda part: part[0])
        return self._parts[place][0] if place < len(self._parts) else None

    def held(self) -> int:
        """Return how many bytes are here."""
        return sum(len(data) for _, data in self._parts)

    def forget(self, before: int) -> None:
        """Give up the parts that end before an offset or at it."""
        gone = {start for start, data in self._parts if start + len(data) <= before}
        self._parts = [part for part in self._parts if part[0] not in gone]
        for start in gone:
            del self._ages[start]

    def _touching(self, offset: int, length: int) -> list[tuple[int, bytes]]:
        if length <= 0:
            return []
        first = max(0, bisect_right(self._parts, offset, key=lambda part: part[0]) - 1)
        found = []
        for start, data in self._parts[first:]:
            if start >= offset + length:
                break
            if start + len(data) > offset:
                found.append((start, data))
        return found

    def _insert(self, offset: int, data: bytes) -> None:
        self._clock += 1
        self._ages[offset] = self._clock
        self._parts.insert(bisect_right(self._parts, offset, key=lambda part: part[0]), (offset, data))

    def _shed(self, offset: int, length: int) -> None:
        needed = {start for start, _ in self._touching(offset, length)}
        while self.held() > self._max_bytes:
            old = [start for start, _ in self._parts if start not in needed]
            if not old:
                return
            oldest = min(old, key=self._ages.__getitem__)
            self._parts = [part for part in self._parts if part[0] != oldest]
            del self._ages[oldest]
