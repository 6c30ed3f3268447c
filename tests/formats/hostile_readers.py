"""Readers that do to their process what a hostile file might make a library do. Only workers of tests ever run them."""

from __future__ import annotations

import ctypes
import gc
import io
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Tensor
from auditor.formats.interface import Limits
from auditor.formats.messages import send


class Ruins:
    """Does what the file says: `!segfault`, `!loop`, ..."""

    name = "ruins"

    def accepts(self, head: bytes, size: int) -> bool:
        return head.startswith(b"!")

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        word, _, rest = blob.read(1, 1000).partition(b" ")
        return getattr(self, word.decode())(rest.decode(), blob) or described(word.decode())

    def good(self, rest: str, blob: Blob) -> None:
        pass

    def segfault(self, rest: str, blob: Blob) -> None:
        ctypes.string_at(1)

    def abort(self, rest: str, blob: Blob) -> None:
        os.abort()

    def leave(self, rest: str, blob: Blob) -> None:
        os._exit(3)

    def loop(self, rest: str, blob: Blob) -> None:
        while True:
            pass

    def deaf(self, rest: str, blob: Blob) -> None:
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        time.sleep(1000)

    def swallow(self, rest: str, blob: Blob) -> None:
        """Spend processor time where no Python code sees the alarm, as a loop in a C library does."""
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        pow(3, 1 << 40)

    def allocate(self, rest: str, blob: Blob) -> None:
        kept = []
        while True:
            kept.append(bytearray(64 << 20))
            if len(kept) > 160:
                raise AssertionError("ten gigabytes were to be had")

    def allocate_in_c(self, rest: str, blob: Blob) -> None:
        malloc = ctypes.CDLL(None).malloc
        malloc.restype, malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
        for _ in range(160):
            place = malloc(64 << 20)
            ctypes.memset(place, 1, 64 << 20)  # crashes at the first refusal, as careless libraries do

    def descriptors(self, rest: str, blob: Blob) -> None:
        kept = []
        while len(kept) < 1000:
            kept.append(os.open(os.devnull, os.O_RDONLY))

    def write_file(self, rest: str, blob: Blob) -> None:
        Path(rest).write_bytes(b"written")

    def remove_file(self, rest: str, blob: Blob) -> None:
        Path(rest).unlink()

    def fork(self, rest: str, blob: Blob) -> None:
        if os.fork() == 0:
            time.sleep(1000)

    def program(self, rest: str, blob: Blob) -> None:
        subprocess.run([sys.executable, "-c", f"open({rest!r}, 'w')"], check=True)

    def connect(self, rest: str, blob: Blob) -> None:
        socket.create_connection(("127.0.0.1", int(rest)), 2).sendall(b"stolen")

    def kill_parent(self, rest: str, blob: Blob) -> None:
        os.kill(os.getppid(), signal.SIGTERM)

    def environment(self, rest: str, blob: Blob) -> Checkpoint:
        return described(*sorted(os.environ))

    def chatter(self, rest: str, blob: Blob) -> None:
        print("D" + "\0" * 100)  # noqa: T201
        os.write(1, b"D" + bytes(100))
        os.write(2, b"trouble" * 10_000)

    def defect(self, rest: str, blob: Blob) -> None:
        raise ZeroDivisionError("a defect of ours")

    def refuse(self, rest: str, blob: Blob) -> None:
        raise (LimitError if rest == "limit" else FormatError)("it said so", "this is why")

    def greedy(self, rest: str, blob: Blob) -> None:
        while True:
            say(b"R", struct.pack("<QQ", 0, 200 << 20))

    def huge_read(self, rest: str, blob: Blob) -> None:
        say(b"R", struct.pack("<QQ", 0, 1 << 50))
        time.sleep(1000)

    def lie(self, rest: str, blob: Blob) -> None:
        """Answer with bytes of the attacker's choice, as a worker does that was taken over."""
        say(rest[:1].encode(), bytes.fromhex(rest[1:]))
        time.sleep(1000)


def say(letter: bytes, body: bytes) -> None:
    """Write to the parent past everything that the worker's own code would check."""
    pipe = next(o for o in gc.get_objects() if isinstance(o, io.BufferedWriter) and o.fileno() > 2)
    send(pipe, letter, body)


def described(*names: str) -> Checkpoint:
    tensors = tuple(Tensor(name, (1,), "float32") for name in names)
    return Checkpoint(None, "ruins", None, None, "", tensors, "0" * 64)


READERS = (Ruins(),)
