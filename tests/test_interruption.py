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
from renderers import sample_reports

from auditor.demo.internet import DriveFile, DriveFolder, Fault, HostedRepository, Mishap, Page, World
from auditor.demo.world import pose_checkpoint
from auditor.errors import UsageError
from auditor.gathering.writing import remove_leftovers, write_report
from auditor.kit import default_kit

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


def begin(running, cwd: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    env = running.over(dict(os.environ)) | {"PYTHONPATH": str(Path(__file__).parents[1]), "TMPDIR": str(cwd / "tmp"), **environment}
    (cwd / "tmp").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "auditor", "run", "lab/net", "--out", "out", *arguments]
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
            return {
                k: plain(v) for k, v in value.items() if k not in ("requests", "bytes_read", "seen_at", "started_at", "seconds", "stats")
            }
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


@needs_proc
def test_killed_at_random_moments_and_resumed_the_same_facts(internet, tmp_path):
    running = internet(world())
    whole = begin(running, tmp_path, "--out", "undisturbed", "--no-cache")
    whole.communicate(timeout=120)
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    for _ in range(3):
        before, wanted = len(running.seen), chance.randrange(1, 20)
        audit = begin(running, tmp_path)
        try:
            wait_for(lambda at=before + wanted, audit=audit: len(running.seen) >= at or audit.poll() is not None)
            time.sleep(chance.random() * 0.3)
        finally:
            started = children(audit.pid)
            audit.kill()
            audit.communicate()
        wait_for(lambda pids=started: not any(is_alive(pid) for pid in pids), 20)
    last = begin(running, tmp_path)
    _, errors = last.communicate(timeout=120)
    assert "Traceback" not in errors
    assert told(tmp_path / "out") == told(tmp_path / "undisturbed"), f"seed {seed}"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {path.name for path in (tmp_path / "undisturbed").iterdir()}
    for name in ("report.md",):
        lines = [[line for line in (tmp_path / out / name).read_text().splitlines() if "UTC" not in line] for out in ("out", "undisturbed")]
        assert len(lines[0]) == len(lines[1])


DISK = """
import resource, signal, sys
from auditor.cli import main
if sys.argv.pop(1) == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))
main()
"""


def test_a_full_disk_leaves_the_old_report_whole(tmp_path):
    pytest.importorskip("resource")
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}

    def judged(disk: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", DISK, disk, "judge", "out"]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False)

    write_report(sample_reports.missing(), default_kit().renderers, tmp_path / "out")
    judged("wide")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert any(len(data) > 4000 for data in before.values())
    (tmp_path / "out" / "report.md").write_bytes(b"the old report")
    full = judged("full")
    assert full.returncode == 2
    assert full.stderr.startswith("audit: cannot write to out: ")
    assert "unchanged" in full.stderr
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before | {"report.md": b"the old report"}
    judged("wide")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_what_dead_programs_left_is_removed_and_what_living_ones_write_is_not(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead, living, strange = (tmp_path / f".audit-{who}-x.part" for who in (gone.pid, os.getpid(), "me"))
    old = tmp_path / f".audit-{os.getpid()}-old.part"
    for path in (dead, living, strange, old):
        path.write_text("half")
    os.utime(old, (0, 0))
    remove_leftovers(tmp_path)
    assert set(tmp_path.iterdir()) == {living, strange}


@pytest.mark.parametrize("broken", ["fsync", "chmod"])
def test_whatever_fails_while_files_are_written_changes_nothing(tmp_path, monkeypatch, broken):
    report = sample_reports.consistent()
    write_report(report, default_kit().renderers, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    calls = [0]

    def fail_late(*_: object) -> None:
        calls[0] += 1
        if calls[0] == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"os.{broken}", fail_late)
    with pytest.raises(UsageError, match="No space left"):
        write_report(replace(report, exit_status=3), default_kit().renderers, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_signal_waits_until_all_files_are_in_their_place(tmp_path, monkeypatch):
    report = sample_reports.consistent()
    replaced = []
    really = os.replace

    def replace_and_interrupt(old, new):
        really(old, new)
        replaced.append(Path(new).name)
        if len(replaced) == 1:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("os.replace", replace_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_report(report, default_kit().renderers, tmp_path)
    assert replaced[-2:] == ["audit.json", "facts.json"]
    assert {path.name for path in tmp_path.iterdir()} == set(replaced)
