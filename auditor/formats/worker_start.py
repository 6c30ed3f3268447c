"""The command line and environment of a worker, and its start: imports almost nothing, so that a worker can be had before the rest.

start_ahead()       # returns at once; the first `start()` of the same command takes this process
"""

from __future__ import annotations

import os
import subprocess  # the worker is this interpreter with a fixed command line
import sys

_FOLDERS = ("site-packages", "dist-packages")
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))  # noqa: PTH120 - pathlib takes longer to be imported
KEPT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")  # what the interpreter itself may need
SETTINGS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "HDF5_PLUGIN_PATH": os.devnull, "HDF5_USE_FILE_LOCKING": "FALSE"}
MODULE, NAME = "auditor.formats.reading", "READERS"

_ahead: list[tuple[list[str], subprocess.Popen[bytes]]] = []


def command_of(module: str = MODULE, name: str = NAME, folder: str = "") -> list[str]:
    """Return the command line of a worker: the interpreter without site packages, environment and current directory."""
    code = (
        "import sys; sys.path += sys.argv[1:]; from auditor.formats.isolated_worker import work; "
        f"from {module} import {name} as readers; work(readers)"
    )
    places = [_ROOT, *(path for path in sys.path if os.path.basename(path) in _FOLDERS), folder]  # noqa: PTH119 - as above
    return [sys.executable, "-I", "-S", "-E", "-c", code, *dict.fromkeys(filter(None, places))]


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """Return a new process, or the one that was started ahead with the same command. Raises `OSError` and `ValueError`."""
    while _ahead:
        known, process = _ahead.pop()
        if known == command and process.poll() is None:
            return process
        _end(process)
    environment = {name: os.environ[name] for name in KEPT if name in os.environ} | SETTINGS
    return subprocess.Popen(  # noqa: S603 - a fixed command, nothing of it comes from outside
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd=os.sep
    )


def start_ahead() -> None:
    """Start a worker that the first pool will take; say nothing where none can be had, since the pool will."""
    if not _ahead:
        command = command_of()
        try:
            _ahead.append((command, start(command)))
        except (OSError, ValueError):
            return


def end_ahead() -> None:
    """End what was started ahead and taken by nobody."""
    while _ahead:
        _end(_ahead.pop()[1])


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
