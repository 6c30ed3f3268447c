"""Counts requests, bytes and seconds, and says when a budget is used up. Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.net.records import NetworkSettings, Tally


@dataclass(slots=True)
class Spent:
    """What one host has cost so far."""

    requests: int = 0
    bytes_read: int = 0
    seconds: float = 0.0  # of all its requests together: those at one time count each


class Meter:
    """The counters of one audit, with budgets for it and for each host, and tallies for what single threads do meanwhile."""

    def __init__(self, settings: NetworkSettings, now: Callable[[], float]) -> None:
        self.requests = 0
        self.bytes_read = 0
        self.kept_at: tuple[float, ...] = ()  # when the oldest and the newest answer of the cache were seen
        self._settings = settings
        self._now = now
        self._begun = now()
        self._hosts: dict[str, Spent] = {}
        self._lock = threading.Lock()
        self._open = threading.local()

    def request(self, host: str = "") -> None:
        """Count one request. Raises `NetworkError` with status `blocked` where a budget has none left."""
        with self._lock:
            spent = self._hosts.setdefault(host, Spent())
            limits, seconds = self._settings, self._now() - self._begun
            used = f"{self.requests} requests, {self.bytes_read} bytes and {seconds:.0f} seconds so far"
            if self.requests >= limits.max_requests or self.bytes_read >= limits.max_bytes or seconds > limits.max_seconds:
                raise used_up("the audit's network budget is used up", used)
            if (
                spent.requests >= limits.max_requests_per_host
                or spent.bytes_read >= limits.max_bytes_per_host
                or spent.seconds > limits.max_seconds_per_host
            ):
                used = f"{spent.requests} requests, {spent.bytes_read} bytes and {spent.seconds:.0f} seconds so far"
                raise used_up(f"the budget for {host} is used up", used)
            self.requests += 1
            spent.requests += 1
        for tally in self._tallies():
            tally.requests += 1

    def received(self, count: int, host: str = "") -> None:
        """Count bytes of a body. Raises `NetworkError` with status `blocked` where they, or the time, pass a budget."""
        with self._lock:
            spent = self._hosts.setdefault(host, Spent())
            self.bytes_read += count
            spent.bytes_read += count
            limits = self._settings
            over = self.bytes_read > limits.max_bytes or self._now() - self._begun > limits.max_seconds
            host_over = spent.bytes_read > limits.max_bytes_per_host
        for tally in self._tallies():
            tally.bytes_read += count
        if over:
            raise used_up("the audit's network budget is used up", f"{limits.max_bytes} bytes, {limits.max_seconds:.0f} seconds")
        if host_over:
            raise used_up(f"the budget for {host} is used up", f"{limits.max_bytes_per_host} bytes")

    def kept(self, seen_at: float) -> None:
        """Note that an answer came out of the cache, and when a server last said so."""
        with self._lock:
            self.kept_at = (*self.kept_at, seen_at) if len(self.kept_at) < 2 else (min(*self.kept_at, seen_at), max(*self.kept_at, seen_at))
        for tally in self._tallies():
            tally.kept_at = min(tally.kept_at or seen_at, seen_at)

    def took(self, seconds: float, host: str) -> None:
        """Count how long a request to a host was under way."""
        with self._lock:
            self._hosts.setdefault(host, Spent()).seconds += seconds

    def seconds_left(self) -> float:
        """Return how long the audit may still take."""
        return self._settings.max_seconds - (self._now() - self._begun)

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


def used_up(what: str, why: str) -> NetworkError:
    """Return the refusal to spend more."""
    help = "raise --max-bytes or --max-seconds, or audit fewer links at a time"
    return NetworkError(what, why, help, status="blocked", state=State.BLOCKED)
