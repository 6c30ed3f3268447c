"""Reading in a process of its own: what a file does to its reader, it does to a worker that can be thrown away.

    contents = read_isolated(blob)          # as `reading.read_contents`, from any thread

A worker is this interpreter started bare (no site packages, no environment, no inherited files), which gives up memory,
network, programs and writing (see `confinement`) and then reads one file after another. It never opens the file: it asks for
ranges, and `Blob.read` runs here, in the caller's thread, so budgets and tokens stay here. What it answers is checked like
a stranger's (see `transport`). A crash, a hang or a bomb ends the worker and is the `Unreadable` of that one file.
"""

from __future__ import annotations

import atexit
import os
import subprocess  # ps, for the memory of a process where the system does not limit it
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from auditor.blob import Blob
from auditor.facts import Checkpoint, Status, Unreadable
from auditor.formats.confinement import DATA_BYTES
from auditor.formats.interface import Limits
from auditor.formats.worker_process import WALL_SECONDS, ReaderSource, WorkerNotStartedError, WorkerProcess
from auditor.formats.worker_start import end_ahead

MOST_WORKERS = 12
"""As many as files are read at once: a worker whose file lies behind a network waits most of the time."""

UNISOLATED = "read without a process of its own"
"""How the warning of a checkpoint begins that was read in this process, since no worker could be had."""

_SOON_WORKERS = 2  # so many are started at once; more where none is free for a while
_PATIENCE_SECONDS = 0.05
_TICK_SECONDS = 0.2
_MOST_FAILURES = 3  # workers in a row that do not start; then none is tried any more

Content = Checkpoint | Unreadable


class WorkerPool:
    """Workers that are shared by threads, started when they are needed, watched and replaced."""

    def __init__(self, source: ReaderSource = ReaderSource(), wall_seconds: float = WALL_SECONDS) -> None:  # noqa: B008
        self._source = source
        self._wall_seconds = wall_seconds
        self._idle: list[WorkerProcess] = []
        self._all: set[WorkerProcess] = set()
        self._starting = 0
        self._failures = 0
        self._closed = False
        self._changed = threading.Condition()
        self._watcher: threading.Thread | None = None
        self.failure = ""  # why files are read in this process, where they are

    @property
    def pids(self) -> frozenset[int]:
        """Return the process ids of all workers."""
        with self._changed:
            return frozenset(worker.pid for worker in self._all)

    def read(self, blob: Blob, limits: Limits) -> tuple[Content, ...]:
        """Return what is in a file. Raises only what `blob.read` raises beyond `AuditError`."""
        while self._failures < _MOST_FAILURES and not self._closed:
            try:
                with self._worker() as worker:
                    worker.greet()
                    self._failures = 0
                    return worker.read(blob, limits, self._wall_seconds)
            except WorkerNotStartedError as error:
                self._failures += 1
                self.failure = str(error)
        if self._closed:
            return (Unreadable(None, "not read: the program was ending", "limit", Status.SKIPPED),)
        return self._read_here(blob, limits)

    def start(self) -> None:
        """Start a worker ahead of the first file, without waiting for it; do nothing where there is one."""
        if not self._all:
            with suppress(WorkerNotStartedError), self._worker():
                pass

    def close(self) -> None:
        """Kill all workers. What is being read ends as "limit"; the pool reads nothing more."""
        with self._changed:
            self._closed = True
            workers, self._all, self._idle = list(self._all), set(), []
            self._changed.notify_all()
        for worker in workers:
            worker.condemn("the program ends")
        for worker in workers:
            if worker.deadline is None:
                worker.bury()

    @contextmanager
    def _worker(self) -> Iterator[WorkerProcess]:
        """Lend a worker, and bury it afterwards where it is spent."""
        worker = self._taken()
        try:
            yield worker
        finally:
            with self._changed:
                keep = not worker.is_spent and not self._closed
                if keep:
                    self._idle.append(worker)
                else:
                    self._all.discard(worker)
                self._changed.notify()
            if not keep:
                worker.bury()

    def _taken(self) -> WorkerProcess:
        """Return an idle worker, or a new one where there are few or none gets free soon. Raises `WorkerNotStartedError`."""
        patience = time.monotonic() + _PATIENCE_SECONDS
        with self._changed:
            while True:
                if self._closed:
                    raise WorkerNotStartedError("the program ends")
                if self._idle:
                    return self._idle.pop()
                count = len(self._all) + self._starting
                waited = time.monotonic() >= patience
                if count < _SOON_WORKERS or (waited and count < MOST_WORKERS):
                    self._starting += 1
                    break
                self._changed.wait(1.0 if waited else _PATIENCE_SECONDS)
        try:
            worker = WorkerProcess(self._source)
        finally:
            with self._changed:
                self._starting -= 1
        with self._changed:
            self._all.add(worker)
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, name="auditor-workers", daemon=True)
                self._watcher.start()
        return worker

    def _watch(self) -> None:
        """Condemn workers that are over their time, or, where the system does not limit it, over their memory."""
        ticks = 0
        while not self._closed:
            with self._changed:
                self._changed.wait(_TICK_SECONDS)
                busy = [worker for worker in self._all if worker.deadline is not None]
            now, ticks = time.monotonic(), ticks + 1
            for worker in busy:
                if now > (worker.deadline or now):
                    worker.condemn(f"it took longer than {self._wall_seconds:g} s")
                elif sys.platform == "darwin" and ticks % 5 == 0 and resident_bytes(worker.pid) > DATA_BYTES:
                    worker.condemn(f"it took more than {DATA_BYTES >> 20} MiB of memory")

    def _read_here(self, blob: Blob, limits: Limits) -> tuple[Content, ...]:
        """Read in this process, and say so."""
        from auditor.formats.reading import read_contents

        warning = f"{UNISOLATED}: {self.failure}"
        return tuple(
            replace(item, warnings=(*item.warnings, warning)) if isinstance(item, Checkpoint) else item
            for item in read_contents(blob, limits)
        )


_pool: WorkerPool | None = None
_pool_lock = threading.Lock()


def read_isolated(blob: Blob, limits: Limits = Limits(), pool: WorkerPool | None = None) -> tuple[Content, ...]:  # noqa: B008
    """Return every checkpoint in a file, as `reading.read_contents` does, read by a process that a hostile file may ruin.

    Beyond what `read_contents` returns, a file that makes the reader crash has kind "broken", one that makes it hang or eat
    memory kind "limit". Where no process can be started the file is read in this one, and each checkpoint's warnings say so.
    """
    return (pool or shared_pool()).read(blob, limits)


def shared_pool() -> WorkerPool:
    """Return the pool of this process, a new one after `close_workers`."""
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = WorkerPool()
        return _pool


def close_workers() -> None:
    """Kill all workers of this process; the next file starts new ones."""
    global _pool
    with _pool_lock:
        pool, _pool = _pool, None
    if pool is not None:
        pool.close()
    end_ahead()


def _forget_workers() -> None:
    """In a forked child: the workers belong to the parent."""
    global _pool, _pool_lock
    _pool, _pool_lock = None, threading.Lock()


@contextmanager
def workers_killed_on_interrupt() -> Iterator[None]:
    """Kill the workers when the block is left by Ctrl-C or an error, so that threads that wait for them end at once."""
    try:
        yield
    except BaseException:
        close_workers()
        raise


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process; 0 where the system does not say."""
    try:
        done = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, timeout=5, check=False)  # noqa: S603, S607
        return int(done.stdout) << 10
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


atexit.register(close_workers)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_workers)
