"""TELL, written down: the files of a report folder, all of them or none.

Every file is written whole beside the old one before the first old one is replaced, so a full disk or a killed program leaves
the old report as it was. Replacing them takes as many steps as there are files; a signal waits until the last is done, and
facts.json, from which the others can be made again, comes last.
"""

from __future__ import annotations

import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from auditor.errors import UsageError
from auditor.findings import AuditReport
from auditor.renderers.interface import Renderer
from auditor.saved_facts import facts_to_json

LAST = ("audit.json", "facts.json")  # what programs read: whole as soon as all else is
LEFTOVER = re.compile(r"\.audit-([0-9]+)-.+\.part")
FORGOTTEN_SECONDS = 24 * 3600.0  # a file that no living process here has begun may be of another machine


def write_report(report: AuditReport, renderers: Sequence[Renderer], folder: Path) -> tuple[Path, ...]:
    """Write every renderer's file and facts.json; a file that there is no reason for any more is removed.

    Everything is rendered before anything is written. Raises `UsageError` where the folder cannot be written; then nothing has changed.
    """
    texts = {renderer.file_name: renderer.render(report) for renderer in renderers}
    texts["facts.json"] = facts_to_json(report.facts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_leftovers(folder)
        with _parts(folder, {name: text for name, text in texts.items() if text is not None}) as parts, _undisturbed():
            for name in sorted(texts, key=lambda name: name in LAST and 1 + LAST.index(name)):
                if name in parts:
                    os.replace(parts[name], folder / name)  # noqa: PTH105
                else:
                    (folder / name).unlink(missing_ok=True)
    except OSError as error:
        what = f"cannot write to {folder}"
        help = "the report that was there is unchanged; make room, or give another place with --out"
        raise UsageError(what, error.strerror or str(error), help) from error
    return tuple(folder / name for name, text in texts.items() if text is not None)


def remove_leftovers(folder: Path) -> None:
    """Remove the unfinished files of programs that were killed in this folder."""
    for path in folder.glob(".audit-*.part"):
        found = LEFTOVER.fullmatch(path.name)
        with suppress(OSError):
            if found and (not _is_running(int(found[1])) or time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS):
                path.unlink()


@contextmanager
def _parts(folder: Path, texts: Mapping[str, str]) -> Iterator[dict[str, Path]]:
    """Write texts into files beside those that they will replace, and remove what was not put in its place."""
    parts: dict[str, Path] = {}
    try:
        for name, text in texts.items():
            handle, place = tempfile.mkstemp(dir=folder, prefix=f".audit-{os.getpid()}-", suffix=".part")
            parts[name] = Path(place)
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())  # a full disk may say so only here
            os.chmod(place, 0o644)  # noqa: PTH101  # mkstemp gives 0600, and a report is meant to be read
        yield parts
    finally:
        for path in parts.values():
            with suppress(OSError):
                path.unlink(missing_ok=True)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put Ctrl-C and SIGTERM off to the end of the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    before: dict[int, Any] = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda number, _: caught.append(number))
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
        if caught:
            signal.raise_signal(caught[0])


def _is_running(process: int) -> bool:
    if os.name == "nt":  # where signal 0 is no question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
