"""When the next request to a host may leave: so many at one time, so far apart, and not before the host said.

Every host has a lane of its own, so a slow or strict host holds up nobody else. Times are seconds of a clock that
advances with every wait of ours, also where a test replaces the sleep by one that takes no time.
"""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from auditor.errors import NetworkError
from auditor.facts import State


@dataclass(frozen=True, slots=True)
class Pace:
    """So many requests at once (`burst`), and from then on one every `interval` seconds."""

    interval: float
    burst: int


ORDINARY = Pace(0.02, 20)

PACES: dict[str, Pace] = {
    "api.github.com": Pace(1 / 14, 40),  # 900 points a minute, the burst counted in, docs.github.com/rest: rate limits for the REST API
    "zenodo.org": Pace(2.0, 30),  # 60 a minute for guests, developers.zenodo.org: rate limiting
    "api.figshare.com": Pace(1.0, 5),  # one a second is what figshare asks for, docs.figshare.com
    "export.arxiv.org": Pace(3.0, 1),  # one in three seconds, info.arxiv.org: API terms of use
}
"""What hosts publish of how often a stranger may ask; a limit per hour is not paced, since its 429 says when to come back."""


class Timer:
    """A clock that counts our own waits, real or not."""

    def __init__(self, sleep: Callable[[float], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._sleep = sleep
        self._clock = clock
        self._ahead = 0.0
        self._lock = threading.Lock()

    def now(self) -> float:
        """Return the seconds since some moment."""
        return self._clock() + self._ahead

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        if seconds <= 0:
            return
        begun = self._clock()
        self._sleep(seconds)
        missing = seconds - (self._clock() - begun)
        if missing > 0.001:
            with self._lock:
                self._ahead += missing


class Lane:
    """The way to one host."""

    def __init__(self, host: str, at_once: int, pace: Pace, timer: Timer) -> None:
        self.host = host
        self._pace = pace
        self._timer = timer
        self._slots = threading.BoundedSemaphore(at_once)
        self._lock = threading.Lock()
        self._due = float("-inf")  # when the next request were due, had there been no burst
        self._closed_until = float("-inf")
        self._why: NetworkError | None = None

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait until one more request at one time is polite, and hold its place."""
        with self._slots:
            yield

    def turn(self, patience: float) -> None:
        """Wait until a request may leave. Raises `NetworkError` where the host asked for more than `patience` seconds."""
        with self._lock:
            now, pace = self._timer.now(), self._pace
            if self._why is not None and self._closed_until - now > patience:
                raise copy.copy(self._why)  # each thread gets one of its own
            earliest = self._due - pace.interval * (pace.burst - 1)  # the generic cell rate algorithm (ITU-T I.371)
            start = max(now, earliest, self._closed_until)
            self._due = max(self._due, start) + pace.interval
        self._timer.wait(start - now)

    def close(self, seconds: float, why: NetworkError) -> None:
        """Let nobody ask this host for so long; who would not wait is told `why`."""
        with self._lock:
            until = self._timer.now() + seconds
            if until > self._closed_until:
                self._closed_until, self._why = until, why


def asked_to_wait(host: str, seconds: float, status: int) -> NetworkError:
    """Return the error for requests to a host that said when to come back, which is not soon."""
    limited = status == 429
    return NetworkError(
        f"{host} was not asked again",
        f"it answered HTTP {status} and wants to be left alone for {seconds:.0f} seconds",
        "try again later",
        status="quota" if limited else "error",
        state=State.RATE_LIMITED if limited else State.SERVER_ERROR,
        http_status=status,
    )
