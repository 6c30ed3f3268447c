"""Work on many things of many hosts at once, each host in a lane of its own: a slow one holds up nobody else's files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 6
"""Of one lane, as many as the network asks of one host."""

BESIDE = 4
"""So many more are begun, whose bytes are read and recognized while the network asks for those of others. Together they are fewer than
there are reading processes, so one host never has them all."""


class Lanes:
    """Threads for each host, made when they are needed; a context manager that ends when all are done."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._open = ExitStack()
        self._begun: list[Future[Any]] = []

    def __enter__(self) -> Lanes:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            for future in self._begun:
                future.cancel()
        self._open.close()

    def submit(self, work: Callable[[T], R], item: T, lane: str) -> Future[R]:
        """Begin the work on one item as soon as its lane has room; where the block is left by an error, what has not begun never does."""
        future = self._lane(lane).submit(work, item)
        self._begun.append(future)
        return future

    def map(self, work: Callable[[T], R], items: Iterable[T], lane_of: Callable[[T], str]) -> list[R]:
        """Return what the work makes of each item, in the order of the items. What it raises is raised here, and nothing more is begun."""
        waiting = [self._lane(lane_of(item)).submit(work, item) for item in items]
        try:
            return [future.result() for future in waiting]
        finally:
            for future in waiting:
                future.cancel()

    def _lane(self, name: str) -> ThreadPoolExecutor:
        if name not in self._pools:
            self._pools[name] = self._open.enter_context(ThreadPoolExecutor(self._at_once))
        return self._pools[name]


def lane_of(url: str) -> str:
    """Return the host of an address, an empty string for what lies on this machine or is no address."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
