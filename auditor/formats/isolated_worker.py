"""The worker's side of isolated reading: takes a file's name and size, asks for its bytes, answers with what it read.

It is started with a fixed command line by `worker_process`; nothing else imports it. It ends when its input does.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Any

from auditor.blob import check_range
from auditor.errors import LimitError
from auditor.formats.confinement import CPU_SECONDS, confine, held_bytes, limit_cpu
from auditor.formats.interface import HeaderReader, Limits
from auditor.formats.messages import HELD, RANGE, receive, send, unpack_failure
from auditor.formats.reading import read_contents
from auditor.formats.transport import encode

_TICK_SECONDS = 2.0  # once a file is over time, each of its further members gets so long
_LONGEST_MESSAGE = 1 << 32  # of the parent, which is trusted


class PipedBlob:
    """A blob whose bytes the parent reads."""

    def __init__(self, asked: Mapping[str, Any], incoming: IO[bytes], outgoing: IO[bytes]) -> None:
        self.name: str = asked["name"]
        self.size: int = asked["size"]
        self.begins_at_its_end: bool = asked["begins_at_its_end"]
        self._incoming = incoming
        self._outgoing = outgoing

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end. Raises what the parent's blob raised."""
        check_range(offset, length)
        if offset >= self.size or length == 0:
            return b""
        with _undisturbed():
            send(self._outgoing, b"R", RANGE.pack(offset, min(length, self.size - offset)))
            letter, body = receive(self._incoming, _LONGEST_MESSAGE)
        if letter == b"B":
            return body
        raise unpack_failure(body)


def work(readers: Sequence[HeaderReader]) -> None:
    """Answer one file after another with what the readers find in it: the worker's whole life."""
    incoming, outgoing = _pipes()
    with suppress(ValueError, OSError, AttributeError):
        signal.signal(signal.SIGPROF, _over_time)
    send(outgoing, b"H", json.dumps(confine()).encode())
    with suppress(EOFError, OSError):
        while True:
            _, body = receive(incoming, _LONGEST_MESSAGE)
            asked = json.loads(body)
            blob = PipedBlob(asked, incoming, outgoing)
            _answer(blob, Limits(**asked["limits"]), tuple(readers), outgoing)


def _answer(blob: PipedBlob, limits: Limits, readers: tuple[HeaderReader, ...], outgoing: IO[bytes]) -> None:
    """Read one file and send the result, or the words of a reader that fell over."""
    limit_cpu(max(CPU_SECONDS, limits.seconds * 1.5))
    letter = b"D"
    try:
        _set_timer(limits.seconds)
        result = encode(read_contents(blob, limits, readers))
        _set_timer(0)
        body = HELD.pack(held_bytes()) + result
    except (EOFError, BrokenPipeError):
        raise
    except Exception as error:  # a defect of a reader is a status of the file; so are memory and time where they end outside of one
        letter, body = b"X", f"{type(error).__name__}: {error}"[:300].encode("utf-8", "replace")
    finally:
        _set_timer(0)
    send(outgoing, letter, body)


def _set_timer(seconds: float) -> None:
    with suppress(AttributeError, ValueError, OSError):
        signal.setitimer(signal.ITIMER_PROF, seconds, _TICK_SECONDS if seconds else 0)


class _undisturbed:  # noqa: N801 - a context manager, used as a function
    """Puts the end of the time off while a message is under way: half a message would be the end of all further ones."""

    def __enter__(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPROF})

    def __exit__(self, *error: object) -> None:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGPROF})


def _over_time(number: int, frame: Any) -> None:
    """End what takes too long from within, so that what was already found in the file is kept."""
    raise LimitError("reading takes too long", "the processor time for one file is used up")


def _pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Return the ways from and to the parent, and put the standard streams where nothing that a library does can disturb them."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    return incoming, outgoing
