"""Interrupted at any moment: one line, nothing left running, the old report whole, and the next run goes on where this one stood."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.demo.internet import DriveFile, DriveFolder, Fault, HostedRepository, Mishap, Page, World
from auditor.demo.world import demo_world, pose_checkpoint
from internet import program

FOLDER = "1" + "f" * 32
README = f"""# Net

Pretrained models: [weights](https://drive.google.com/drive/folders/{FOLDER}) and [more](https://files.example.org/Net_S.pth)
""".encode()
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the processes of others are told by /proc")


def world(*faults: Fault) -> World:
    files = tuple(DriveFile(f"1{number:032d}", f"Net_{number}.pth", pose_checkpoint(f"Net_{number}.pth", "XS")) for number in range(4))
    page = Page(pose_checkpoint("Net_S.pth", "S"), "application/octet-stream")
    repository = HostedRepository("lab/net", {"README.md": README})
    return World((repository,), (DriveFolder(FOLDER, "weights", files),), {"https://files.example.org/Net_S.pth": page}, faults)


SILENT = Fault("files.example.org", mishap=Mishap.TIMEOUT)


def begin(running, cwd: Path, *arguments: str, target: str = "lab/net", **environment: str) -> subprocess.Popen[str]:
    env = running.over(dict(os.environ)) | {"PYTHONPATH": str(Path(__file__).parents[1]), "TMPDIR": str(cwd / "tmp"), **environment}
    (cwd / "tmp").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "auditor", "run", target, "--out", "out", *arguments]
    return subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def children(pid: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if parent == pid:
            found |= {int(stat.parent.name)} | children(int(stat.parent.name))
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(what, seconds: float = 60.0):
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)
    return found


def told(folder: Path) -> dict:
    """Return the facts of a report without what differs from run to run: times, and what reading cost."""

    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items() if k not in ("requests", "bytes_read", "seen_at", "started_at", "seconds", "stats")}
        return [plain(item) for item in value] if isinstance(value, list) else value

    return plain(json.loads((folder / "facts.json").read_text()))


@needs_proc
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_at_once_while_a_server_is_silent(internet, tmp_path, number):
    running = internet(world(SILENT))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.md").write_text("the old report")
    audit = begin(running, tmp_path)
    wait_for(lambda: running.seen_at("files.example.org") and children(audit.pid))
    wait_for(lambda: running.seen_at("drive.google.com"))
    started = children(audit.pid)
    audit.send_signal(number)
    sent = time.monotonic()
    _, errors = audit.communicate(timeout=30)
    assert time.monotonic() - sent < 10  # a second where nothing else is going on; the server would have been silent for a minute
    assert audit.returncode == 128 + number
    assert errors.splitlines()[-1] == "audit: interrupted: what was read is kept; run the same command to continue"
    assert "Traceback" not in errors
    wait_for(lambda: not any(is_alive(pid) for pid in started), 10)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert [(path.name, path.read_text()) for path in (tmp_path / "out").iterdir()] == [("report.md", "the old report")]
