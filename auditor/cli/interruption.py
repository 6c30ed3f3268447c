"""Ctrl-C: one line, exit status 130, and within a second nothing of the program runs any more.

The first signal is a KeyboardInterrupt, so that everything may end in order. Threads that wait for a server would hold that up
for as long as a server likes; after a moment, or at the second signal, the processes that read files are killed and the
program ends where it stands. Nothing is lost by that: what was read is in the cache, and reports are replaced whole or not at all.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any, NoReturn

PATIENCE_SECONDS = 0.7
SIGNALS = (signal.SIGINT, signal.SIGTERM)

_caught: list[int] = []
_words = ["audit: interrupted"]


def listen() -> None:
    """Take Ctrl-C and SIGTERM from now on; what is ignored, as in the background of a shell, stays ignored."""
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _take)


def promise(words: str) -> None:
    """Set what is said of an interruption from now on: what is kept, and what to do."""
    _words.append(f"audit: interrupted: {words}")


def happened() -> bool:
    """Tell whether the program was interrupted."""
    return bool(_caught)


def leave() -> NoReturn:
    """Kill the processes that read files, say the one line and end, whatever else is still going on."""
    number = _caught[0] if _caught else signal.SIGINT
    _end_workers()
    end_of_bar = "\r\x1b[2K\x1b[?25h" if sys.stderr is not None and sys.stderr.isatty() else ""
    try:
        os.write(2, f"{end_of_bar}{_words[-1]}\n".encode())
    finally:
        os._exit(128 + number)


def _take(number: int, frame: FrameType | None) -> None:
    if _caught:
        leave()
    _caught.append(number)
    last = threading.Timer(PATIENCE_SECONDS, leave)
    last.daemon = True
    last.start()
    raise KeyboardInterrupt


def _end_workers() -> None:
    """Kill what was started by modules that were imported; nothing is imported for it."""
    loaded: dict[str, Any] = sys.modules
    try:
        if (isolation := loaded.get("auditor.formats.isolation")) is not None:
            isolation.close_workers()
        if (pictures := loaded.get("auditor.documents.pictures")) is not None:
            for process in list(pictures.RUNNING):
                process.kill()
    except Exception:  # half imported, half ended: they end by themselves when their input does
        return
