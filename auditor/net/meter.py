"""Counts requests and bytes, and says when a budget is used up. Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from auditor.errors import NetworkError
from auditor.net.records import Tally


class Meter:
    """The counters of one audit, with a budget, and tallies for what single threads do meanwhile."""

    def __init__(self, max_requests: int, max_bytes: int) -> None:
        self.requests = 0
        self.bytes_read = 0
        self._max_requests = max_requests
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._open = threading.local()

    def request(self) -> None:
        """Count one request. Raises `NetworkError` with status `blocked` where the budget has none left."""
        with self._lock:
            if self.requests >= self._max_requests or self.bytes_read >= self._max_bytes:
                raise NetworkError(
                    "the audit's network budget is used up",
                    f"{self.requests} requests and {self.bytes_read} bytes so far",
                    "audit fewer links at a time, or raise the limits",
                    status="blocked",
                )
            self.requests += 1
        for tally in self._tallies():
            tally.requests += 1

    def received(self, count: int) -> None:
        """Count bytes of a body. Raises `NetworkError` with status `blocked` where they pass the budget."""
        with self._lock:
            self.bytes_read += count
            over = self.bytes_read > self._max_bytes
        for tally in self._tallies():
            tally.bytes_read += count
        if over:
            raise NetworkError(
                "the audit's network budget is used up", f"{self._max_bytes} bytes", "audit fewer links at a time", status="blocked"
            )

    @contextmanager
    def tally(self) -> Iterator[Tally]:
        """Count what this thread asks for while the block runs."""
        tally, tallies = Tally(), self._tallies()
        tallies.append(tally)
        try:
            yield tally
        finally:
            tallies[:] = [other for other in tallies if other is not tally]

    def _tallies(self) -> list[Tally]:
        if not hasattr(self._open, "tallies"):
            self._open.tallies = []
        tallies: list[Tally] = self._open.tallies
        return tallies
