"""The main job beside what people do without it: `audit run` against `gdown` and `torch.load`, in one run, on one replica.

    python -m benchmarks.main_job

Both sides reach the same closed internet through the same loopback proxy and read the same files (the bundled demo: XS, S and a
ResNet-50 snapshot, 515 MiB). Each is a process of its own: wall time, peak memory of its largest process, bytes of files and
requests as the server counted them. What matters are the ratios; a real network makes the difference in bytes a difference in minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from internet.proxy import Authority, RunningInternet, serve  # noqa: E402

from auditor.demo.virtual_files import VirtualFile  # noqa: E402
from auditor.demo.world import DEMO_TARGET, MODELS_FOLDER, demo_world, pose_checkpoint  # noqa: E402

FILE_HOSTS = ("drive.google.com", "drive.usercontent.google.com", "docs.google.com")

BY_HAND = """
import sys, pathlib, gdown, torch
gdown.download_folder(id=sys.argv[1], output=sys.argv[2], quiet=True, use_cookies=False)
for path in sorted(pathlib.Path(sys.argv[2]).rglob("*")):
    if path.is_file():
        state = torch.load(path, map_location="cpu", weights_only=True)["network"]
        buffers = ("running_mean", "running_var", "num_batches_tracked")
        print(path.name, sum(v.numel() for k, v in state.items() if not k.endswith(buffers)))
"""
LOAD = """
import sys, torch
state = torch.load(sys.argv[1], map_location="cpu", mmap=True, weights_only=True)["network"]
print(sum(v.numel() for v in state.values()))
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One process: seconds of wall time, peak MB of it and its children, and what it printed."""

    seconds: float
    megabytes: float
    output: str


# A process of its own, so that each peak is its own: the largest of the program and of everything that it started.
MEASURE = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps([time.perf_counter() - begun, peak, done.returncode, done.stdout[-4000:], done.stderr[-2000:]]))
"""


def measure(command: Sequence[str], env: dict[str, str], cwd: Path, well: tuple[int, ...] = (0, 1)) -> Measured:
    """Run a command and return what it took. Raises `SystemExit` where its exit status is not among those that mean well."""
    import json

    done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, env=env, cwd=cwd, check=True)
    seconds, peak, status, output, errors = json.loads(done.stdout)
    if status not in well:
        raise SystemExit(f"{' '.join(command)} ended with {status}:\n{output}\n{errors}")
    return Measured(seconds, peak, output)


def best(command: Sequence[str], env: dict[str, str], cwd: Path, times: int) -> Measured:
    """Return the fastest of several runs."""
    return min((measure(command, env, cwd) for _ in range(times)), key=lambda one: one.seconds)


def traffic(running: RunningInternet, since: int) -> tuple[int, int]:
    """Return (requests, bytes) that file hosts answered since a point of the log."""
    seen = [one for one in running.seen[since:] if one.host in FILE_HOSTS]
    return len(seen), sum(one.bytes_sent for one in seen)


def written(file: VirtualFile, path: Path) -> Path:
    """Write a virtual checkpoint to disk."""
    with path.open("wb") as out:
        for offset in range(0, file.size, 1 << 20):
            out.write(file.read(offset, 1 << 20))
    return path


def row(name: str, ours: float, theirs: float, unit: str) -> str:
    """Return one line of the table, with the ratio."""
    return f"| {name} | {ours:,.2f} {unit} | {theirs:,.2f} {unit} | {theirs / ours:,.0f} x |" if ours else f"| {name} | 0 | {theirs} | |"


def main() -> None:
    """Measure and print."""
    audit = [sys.executable, "-m", "auditor"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serve(demo_world(), Authority(folder), folder / "home") as running:
            env = running.over(dict(os.environ))
            warming, first = env | {"XDG_CACHE_HOME": str(folder / "warming")}, env | {"XDG_CACHE_HOME": str(folder / "first")}
            measure([*audit, "run", DEMO_TARGET, "--out", "out", "--quiet"], warming, folder)  # warms the disk's cache
            begun = len(running.seen)
            ours = measure([*audit, "run", DEMO_TARGET, "--out", "out", "--quiet"], first, folder)
            our_requests, our_bytes = traffic(running, begun)
            begun = len(running.seen)
            again = measure([*audit, "run", DEMO_TARGET, "--out", "out", "--quiet"], first, folder)
            again_requests, again_bytes = traffic(running, begun)
            begun = len(running.seen)
            theirs = measure([sys.executable, "-c", BY_HAND, MODELS_FOLDER, "downloads"], env, folder)
            their_requests, their_bytes = traffic(running, begun)
            listed = sum(path.stat().st_size for path in (folder / "downloads").rglob("*") if path.is_file())
        file = written(pose_checkpoint("S.tar", "S"), folder / "S.tar")
        plain = dict(os.environ)
        inspect = best([*audit, "inspect", str(file), "--json"], plain, folder, 5)
        load = best([sys.executable, "-c", LOAD, str(file)], plain, folder, 5)
        help_ = best([*audit, "--help"], plain, folder, 5)
        nothing = best([sys.executable, "-c", "pass"], plain, folder, 5)
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    print("| whole audit of three checkpoints on Drive | `audit run` | `gdown` + `torch.load` | ratio |\n| --- | ---: | ---: | ---: |")
    print(row("bytes of files", our_bytes / 1e6, their_bytes / 1e6, "MB"))
    print(row("share of the listed bytes", 100 * our_bytes / listed, 100 * their_bytes / listed, "%"))
    print(f"| requests to file hosts | {our_requests} | {their_requests} | |")
    print(row("wall time, server on loopback", ours.seconds, theirs.seconds, "s"))
    print(row("peak memory", ours.megabytes, theirs.megabytes, "MB"))
    print(f"| a second audit | {again_requests} requests, {again_bytes / 1e6:.3f} MB, {again.seconds:.1f} s | all of it again | |")
    print("| what it says | verdicts, pictures' claims, networks, costs, report, issue | three parameter counts | |\n")
    print("| one local 85 MiB checkpoint | `audit inspect` | `torch.load(mmap=True)` | ratio |\n| --- | ---: | ---: | ---: |")
    print(row("wall time", inspect.seconds, load.seconds, "s"))
    print(row("peak memory", inspect.megabytes, load.megabytes, "MB"))
    print(f"\n`audit --help`: {help_.seconds:.2f} s (an empty Python: {nothing.seconds:.2f} s)")


if __name__ == "__main__":
    main()
