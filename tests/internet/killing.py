"""Kills the whole program at random moments and lets it finish: what it leaves, what it costs, and what it reports.

killed = killed_and_resumed(running, "lab/many", folder, kills=10, chance=random.Random(1), span=3.0)
killed.report == Finished(...).report, killed.left == (), killed.orphans == ()
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from internet.proxy import RunningInternet

ROOT = Path(__file__).parents[2]
FILES = ("report.md", "audit.json", "issue.md")
COSTS = ("started_at", "seconds", "seen_at", "bytes_read", "requests", "peak_rss")
"""The fields of audit.json that differ from run to run: when it was, how long it took, and what it cost."""

SPOKEN_COSTS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\dZ| UTC)"), "<moment>"),
    (re.compile(r"[\d.]+ \w+ read of ([\d.]+ \w+) listed \([^)]*\), [\d,]+ requests, [\d.]+ s\."), r"<cost> of \1 listed."),
)
"""The same in the words of report.md and issue.md."""


@dataclass(frozen=True, slots=True)
class Finished:
    """One audit that came to its end, after so many kills."""

    exit_status: int
    errors: str
    seconds: float  # of the last run
    bytes_sent: int  # by all servers, in all runs together
    requests: int  # likewise
    read_twice: int  # bytes of files that were sent whole more than once, range by range
    kills: int
    report: dict[str, str]  # what is told, without times and costs
    left: tuple[str, ...]  # unfinished files in the report folder, in TMPDIR and beside the cache
    orphans: tuple[int, ...]  # processes of killed runs that were still there ten seconds later


def killed_and_resumed(
    running: RunningInternet, target: str, folder: Path, *arguments: str, kills: int, chance: random.Random, span: float
) -> Finished:
    """Kill an audit so many times, each at a moment of the next `span` seconds, then let it finish.

    A run that ends before its moment comes is no kill: it is begun again with an earlier one.
    """
    folder.mkdir(exist_ok=True)
    (folder / "tmp").mkdir(exist_ok=True)
    before, sessions, done, within = len(running.seen), [], 0, span
    while done < kills:
        audit = _begin(running, target, folder, arguments)
        sessions.append(audit.pid)
        try:
            audit.wait(chance.uniform(0.05, 1.0) * within)
            within *= 0.8
        except subprocess.TimeoutExpired:
            done += 1
        finally:
            audit.kill()
            audit.communicate()
    orphans = _still_there(sessions)
    begun = time.perf_counter()
    last = _begin(running, target, folder, arguments)
    _, errors = last.communicate(timeout=600)
    seconds = time.perf_counter() - begun
    seen = running.seen[before:]
    ranges: dict[tuple[str, str], list[int]] = {}
    for one in seen:
        if one.status == 206:
            ranges.setdefault((one.url, one.range), []).append(one.bytes_sent)
    return Finished(
        last.returncode,
        errors,
        seconds,
        sum(one.bytes_sent for one in seen),
        len(seen),
        sum(sum(sent) - max(sent) for sent in ranges.values()),
        done,
        told(folder / "out"),
        _left(folder),
        orphans + _still_there([last.pid]),
    )


def told(folder: Path) -> dict[str, str]:
    """Return what a report says, by file, with everything of `COSTS` and `SPOKEN_COSTS` blotted out."""
    texts = {}
    for name in FILES:
        path = folder / name
        if not path.exists():
            continue
        text = path.read_text(encoding="utf-8")
        if name.endswith(".json"):
            text = json.dumps(_plain(json.loads(text)), indent=1)
        for pattern, word in SPOKEN_COSTS:
            text = pattern.sub(word, text)
        texts[name] = text
    return texts


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name not in COSTS}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _begin(running: RunningInternet, target: str, folder: Path, arguments: tuple[str, ...]) -> subprocess.Popen[str]:
    """Begin an audit in a session of its own, which all its processes belong to."""
    env = running.over(dict(os.environ)) | {
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(folder / "tmp"),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    command = [sys.executable, "-m", "auditor", "run", target, "--out", "out", "--quiet", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def _still_there(sessions: list[int], patience: float = 10.0) -> tuple[int, ...]:
    """Return the processes of these sessions that have not ended when patience has; those that are left are killed."""
    deadline = time.monotonic() + patience
    while (found := _of_sessions(set(sessions))) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    return tuple(found)


def _of_sessions(sessions: set[int]) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):
            continue
        if int(session) in sessions and state != "Z":
            found.append(int(stat.parent.name))
    return found


def _left(folder: Path) -> tuple[str, ...]:
    wanted = {*FILES, "facts.json"}
    left = [path for path in (folder / "out").rglob("*") if path.name not in wanted]
    left += (folder / "tmp").rglob("*")
    left += [path for path in (folder / "cache").rglob("*") if path.is_file() and not path.name.startswith("answers.sqlite3")]
    return tuple(str(path.relative_to(folder)) for path in left)
