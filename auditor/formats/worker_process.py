"""One worker process as its parent sees it: started bare, asked file by file, believed nothing, killed without regret."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO

from auditor.blob import Blob
from auditor.errors import FormatError, NetworkError
from auditor.facts import Checkpoint, Status, Unreadable
from auditor.formats.interface import Limits
from auditor.formats.messages import HELD, RANGE, pack_failure, receive, send
from auditor.formats.transport import RESULT_BYTES, decode
from auditor.formats.worker_start import MODULE, NAME, command_of, start

START_SECONDS = 60.0
"""How long a worker may take to start; a tenth of a second is usual."""

WALL_SECONDS = 120.0
"""How long a worker may work on one file; the time in which its bytes are fetched does not count."""

READ_BYTES = 256 << 20
"""The most that a worker may ask for at once."""

FILE_BYTES = 2 << 30
"""The most of one file that a worker is given, all its reads together; where values are read, these come on top."""

FILE_READS = 100_000
"""How often a worker may ask for bytes of one file."""

FILES = 300
"""After so many files a worker is replaced."""

WORKER_BYTES = 128 << 20
"""A worker whose memory grew beyond this is replaced."""

_CRASHES = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGABRT", "SIGFPE", "SIGTRAP", "SIGSYS")

Content = Checkpoint | Unreadable


class WorkerNotStartedError(Exception):
    """No worker can be had on this machine; the text says why."""


@dataclass(frozen=True, slots=True)
class ReaderSource:
    """Where a worker gets its readers: the name of a tuple in a module of the program's own, never anything from a file."""

    module: str = MODULE
    name: str = NAME
    folder: str = ""  # further place of modules

    def command(self) -> list[str]:
        """Return the command line of a worker."""
        return command_of(self.module, self.name, self.folder)


class WorkerProcess:
    """A running worker. One thread at a time reads with it; any thread may `condemn` it."""

    def __init__(self, source: ReaderSource) -> None:
        try:
            self._process = start(source.command())
        except (OSError, ValueError) as error:
            raise WorkerNotStartedError(f"no process can be started: {error}") from error
        self.deadline: float | None = None  # by the monotonic clock; None while nothing is asked of it
        self.measures: tuple[str, ...] = ()
        self._ready = False
        self._files = 0
        self._held = 0
        self._sentence = ""  # why it was condemned

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def is_spent(self) -> bool:
        """Tell whether the worker ended or has done enough."""
        return bool(self._sentence) or self._files >= FILES or self._held > WORKER_BYTES or self._process.poll() is not None

    def greet(self) -> None:
        """Wait until the worker is ready. Raises `WorkerNotStartedError`."""
        if self._ready:
            return
        self.deadline = time.monotonic() + START_SECONDS
        try:
            _, body = receive(self._out, 1000)
            self.measures = tuple(str(name) for name in json.loads(body))
            self._ready = True
        except (EOFError, OSError, ValueError, FormatError) as error:
            self.condemn("it did not start")
            raise WorkerNotStartedError(f"the reader's process ends when it starts: {self._ending().reason}") from error
        finally:
            self.deadline = None

    def read(self, blob: Blob, limits: Limits, wall_seconds: float) -> tuple[Content, ...]:
        """Return what the worker finds in a file; its own end is an `Unreadable`. Raises what `blob.read` raises beyond `AuditError`."""
        self._files += 1
        self.deadline = time.monotonic() + wall_seconds
        try:
            from_end = bool(getattr(blob, "begins_at_its_end", False))
            asked = {"name": blob.name[:1000], "size": blob.size, "begins_at_its_end": from_end, "limits": asdict(limits)}
            send(self._in, b"F", json.dumps(asked).encode())
            return self._listen(blob, FILE_BYTES + limits.values_bytes)
        except (EOFError, OSError):
            return (self._ending(),)
        except FormatError as error:
            self.condemn("it answered with nonsense")
            return (Unreadable(None, f"the reader's process gave a wrong answer: {error}", "broken"),)
        except BaseException:
            self.condemn("reading was broken off")
            raise
        finally:
            self.deadline = None

    def _listen(self, blob: Blob, most_bytes: int) -> tuple[Content, ...]:
        """Serve reads until the result comes. Raises `EOFError`, `OSError` and `FormatError` where the worker fails."""
        left, reads = most_bytes, 0
        while True:
            letter, body = receive(self._out, RESULT_BYTES + HELD.size)
            if letter == b"R" and len(body) == RANGE.size:
                offset, length = RANGE.unpack(body)
                left, reads = left - length, reads + 1
                if length > READ_BYTES or left < 0 or reads > FILE_READS:
                    self.condemn(f"it asked for more than is allowed ({FILE_READS} reads, {most_bytes >> 20} MiB)")
                    raise EOFError
                self._serve(blob, offset, length)
            elif letter == b"D" and len(body) > HELD.size:
                self._held = HELD.unpack_from(body)[0]
                return decode(body[HELD.size :])
            elif letter == b"X":
                return (_fallen(body.decode("utf-8", "replace")[:300]),)
            else:
                raise FormatError("not a message of a reader")

    def _serve(self, blob: Blob, offset: int, length: int) -> None:
        """Send the bytes that were asked for, or why they cannot be had; the clock stands still meanwhile."""
        left, self.deadline = (self.deadline or 0.0) - time.monotonic(), None
        failure = b""
        data = b""
        try:
            data = _read(blob, offset, length)
        except (NetworkError, FormatError) as error:
            failure = pack_failure(error)
        finally:
            self.deadline = time.monotonic() + left
        send(self._in, b"N" if failure else b"B", failure or data)

    def condemn(self, sentence: str) -> None:
        """Kill the worker; `sentence` says why."""
        self._sentence = self._sentence or sentence
        with suppress(OSError):
            self._process.kill()

    def bury(self) -> None:
        """Kill the worker, wait for its end and close its pipes."""
        self.condemn("it was dismissed")
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError, ValueError):
                stream.close()  # type: ignore[union-attr]

    def _ending(self) -> Unreadable:
        """Return what a worker's end says of the file that it was reading."""
        sentence = self._sentence
        self.condemn("it ended")
        try:
            status = self._process.wait(5)
        except subprocess.TimeoutExpired:
            status = 0
        if sentence:
            return Unreadable(None, f"reading it was stopped: {sentence}", "limit", Status.BLOCKED)
        name = signal.Signals(-status).name if -status in {*signal.Signals} else ""
        if name in _CRASHES:
            return Unreadable(None, f"the reader's process crashed on this file ({name})", "broken")
        if name == "SIGXCPU":
            return Unreadable(None, "reading it takes too long: the processor time for one file is used up", "limit", Status.BLOCKED)
        if name:
            why = ", as it is where memory runs out" if name == "SIGKILL" else ""
            return Unreadable(None, f"the reader's process was ended on this file ({name}{why})", "limit", Status.BLOCKED)
        return Unreadable(None, f"the reader's process ended on this file (exit status {status})", "broken")

    @property
    def _in(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _out(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout


def _read(blob: Blob, offset: int, length: int) -> bytes:
    if offset >= blob.size:
        return b""
    try:
        return blob.read(offset, length)
    except OSError as error:
        raise NetworkError(f"{blob.name!r} cannot be read", error.strerror or str(error)) from error


def _fallen(words: str) -> Unreadable:
    """Return what a reader's exception says of its file."""
    if words.startswith("MissingExtra: "):
        return Unreadable(None, words.removeprefix("MissingExtra: "), "unsupported", Status.SKIPPED)
    if words.startswith(("MemoryError", "LimitError", "RecursionError")):
        return Unreadable(None, f"too deep, too large or too slow to be read ({words})", "limit", Status.BLOCKED)
    return Unreadable(None, f"the auditor's reader failed on this file: {words}", "broken")
