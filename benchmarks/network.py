"""An audit of 200 checkpoints on eight hosts, 100 ms away: at once and one at a time, killed and resumed, and beside what people use.

    python -m benchmarks.network                                  # about six minutes
    python -m benchmarks.network --hub-python VENV/bin/python     # with huggingface_hub, which is no dependency of ours
    python -m benchmarks.network --files 80 --only speed          # speed, killed, rivals or doubtful

One replica, real sockets, the real hostnames through a loopback proxy that waits 100 ms before every answer and counts what it is asked.
The files are 40 small networks in five runs each (see tests/internet/many_hosts.py). What matters are the ratios of one run: Python's own
work is on both sides, and counts for more the slower the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from internet.killing import killed_and_resumed, told  # noqa: E402
from internet.many_hosts import FOLDER, TARGET, many_hosts  # noqa: E402
from internet.proxy import Authority, Load, serve  # noqa: E402

from auditor.net import NetworkSettings  # noqa: E402
from auditor.net.pacing import ORDINARY, PACES  # noqa: E402
from benchmarks.network_rivals import (  # noqa: E402
    CHECKER,
    GDOWN_FOLDER,
    HUB_SETTINGS,
    SNAPSHOT,
    Cost,
    cost,
    doubtful,
    doubtful_world,
    links_in,
    lychee,
    lychee_run,
    row,
)

LATENCY_SECONDS = 0.1
KILLS = 10
AUDIT = [sys.executable, "-m", "auditor"]

# `audit run` with one request at one time in all; the same command, settings and report otherwise.
ONE_AT_A_TIME = """
import sys
from dataclasses import replace
from pathlib import Path
import typer
from auditor.cli.auditing import audit
from auditor.command_line import typed_by_user
from auditor.net import Network
from auditor.options import AuditOptions
try:
    audit(sys.argv[1], AuditOptions(), Network(replace(typed_by_user(()), requests_at_once=1)), Path(sys.argv[2]), True, True)
except typer.Exit as left:
    sys.exit(left.exit_code)
"""


def speed(count: int, folder: Path, authority: Authority) -> None:
    """Measure an audit one request at a time, all hosts at once, again, and offline."""
    world, files = many_hosts(count)
    listed = sum(one.file.size for some in files.values() for one in some)
    hosts = ", ".join(f"{host} {len(some)}" for host, some in files.items())
    print(f"\n## {count} checkpoints, {listed / 1e6:,.0f} MB, on {len(files)} hosts ({hosts}), {1000 * LATENCY_SECONDS:.0f} ms\n")
    with serve(world, authority, folder / "home", latency_seconds=LATENCY_SECONDS) as running:
        kept, nothing = {"XDG_CACHE_HOME": str(folder / "kept")}, {"XDG_CACHE_HOME": str(folder / "one")}
        run = [*AUDIT, "run", TARGET, "--quiet", "--out"]
        loads: dict[str, Load] = {}

        def measured(name: str, command: list[str], env: dict[str, str]) -> Cost:
            running.load.at_once.clear()
            running.load.moments.clear()
            running.load.connections.clear()
            found = cost(running, command, folder, env)
            loads[name] = Load(
                dict(running.load.at_once),
                {host: list(some) for host, some in running.load.moments.items()},
                dict(running.load.connections),
            )
            return found

        measured(
            "warm the disk", [*AUDIT, "inspect", f"https://drive.google.com/drive/folders/{FOLDER}"], {**nothing, "AUDITOR_CACHE": "off"}
        )
        alone = measured("one at a time", [sys.executable, "-c", ONE_AT_A_TIME, TARGET, str(folder / "alone")], nothing)
        cold = measured("at once", [*run, "cold"], kept)
        warm = measured("again", [*run, "warm"], kept)
        offline = measured("offline", [*run, "offline", "--offline"], kept)
    same = told(folder / "alone") == told(folder / "cold") == told(folder / "warm")
    print("| `audit run` | wall time | against one at a time | requests | connections | bytes | most at one time |")
    print("| --- " + "| ---: " * 6 + "|")
    for name, one in (("one at a time", alone), ("at once", cold), ("again", warm), ("offline", offline)):
        most, made = loads[name].at_once.get("", 0), sum(loads[name].connections.values())
        ratio = alone.seconds / one.seconds
        print(f"| {name} | {one.seconds:.1f} s | {ratio:.1f} x | {one.requests} | {made} | {one.bytes_sent / 1e6:.2f} MB | {most} |")
    print(f"\nReports of the first three are {'the same' if same else 'NOT THE SAME'}, but for times and costs.")
    print_load(loads["at once"])


def print_load(load: Load) -> None:
    """Print how many requests each host had at one time, and whether its pace was kept."""
    limit = NetworkSettings().requests_per_host
    print(f"\n| host | requests | most at one time (limit {limit}) | pace |\n| --- | ---: | ---: | --- |")
    for host, moments in sorted(load.moments.items()):
        pace = PACES.get(host, ORDINARY)
        kept = "kept" if keeps_pace(moments, pace.interval, pace.burst) else "NOT KEPT"
        over = "" if load.at_once[host] <= limit else " TOO MANY"
        print(f"| {host} | {len(moments)} | {load.at_once[host]}{over} | {pace.burst}, then one in {pace.interval:.3g} s: {kept} |")


def keeps_pace(moments: list[float], interval: float, burst: int, slack: float = 0.05) -> bool:
    """Tell whether requests came as a pace says: never more in any span than its burst and one for each interval of it."""
    moments = sorted(moments)
    return all(
        last - first + 1 <= burst + (moments[last] - moments[first] + slack) / interval + 1
        for first in range(len(moments))
        for last in range(first + burst, len(moments))
    )


def killed(count: int, folder: Path, authority: Authority, seed: int) -> None:
    """Kill an audit ten times at random moments, let it finish, and compare it with one that nobody disturbed."""
    world, _ = many_hosts(count)
    folder.mkdir()
    with serve(world, authority, folder / "home", latency_seconds=LATENCY_SECONDS) as running:
        whole = killed_and_resumed(running, TARGET, folder / "whole", kills=0, chance=random.Random(seed), span=1.0)
        resumed = killed_and_resumed(running, TARGET, folder / "killed", kills=KILLS, chance=random.Random(seed), span=whole.seconds)
    print(f"\n## Killed {resumed.kills} times in {count} checkpoints and resumed (seed {seed})\n")
    print("| | undisturbed | killed and resumed |\n| --- | ---: | ---: |")
    print(f"| bytes of all runs | {whole.bytes_sent / 1e6:.2f} MB | {resumed.bytes_sent / 1e6:.2f} MB |")
    print(f"| of these, ranges of files that were read twice | {whole.read_twice / 1e6:.2f} MB | {resumed.read_twice / 1e6:.2f} MB |")
    print(f"| requests of all runs | {whole.requests} | {resumed.requests} |")
    print(f"| seconds of the last run | {whole.seconds:.1f} | {resumed.seconds:.1f} |")
    print(f"| unfinished files, orphans | {len(whole.left)}, {len(whole.orphans)} | {len(resumed.left)}, {len(resumed.orphans)} |")
    print(f"| report.md, audit.json, issue.md | | {'the same' if whole.report == resumed.report else 'NOT THE SAME'} |")


def rivals(count: int, folder: Path, authority: Authority, hub: str) -> None:
    """Measure what people use on the same files: a Drive folder, a repository of the Hub, and the links of the README."""
    world, files = many_hosts(count)
    folder.mkdir()
    readme = bytes(world.repositories[0].files["README.md"]).decode()  # type: ignore[arg-type]
    urls = links_in(readme)
    inspect = [*AUDIT, "inspect", "--json", "--quiet"]
    drive, store = f"https://drive.google.com/drive/folders/{FOLDER}", "https://huggingface.co/lab/many"
    nothing = {"AUDITOR_CACHE": "off"}
    print("\n## Beside what people use, on the same replica\n")
    print("| job | bytes: audit | theirs | ratio | seconds: audit | theirs | ratio | requests: audit | theirs |")
    print("| --- " + "| ---: " * 8 + "|")
    with serve(world, authority, folder / "home", latency_seconds=LATENCY_SECONDS) as running:
        ours = cost(running, [*inspect, drive], folder, nothing)
        theirs = cost(running, [sys.executable, "-c", GDOWN_FOLDER, drive, "gdown"], folder)
        print(row(f"{len(files['drive'])} files on Drive: `gdown --folder`", ours, theirs))
        if hub:
            ours = cost(running, [*inspect, store], folder, nothing)
            theirs = cost(running, [hub, "-c", SNAPSHOT, "lab/many", "hub"], folder, {**HUB_SETTINGS, "HF_HOME": str(folder / "hf")})
            print(row(f"{len(files['hub'])} files on the Hub: `snapshot_download`", ours, theirs))
        else:
            print("| files on the Hub: `snapshot_download` | skipped: give --hub-python | | | | | | | |")
        ours = cost(running, [*AUDIT, "run", TARGET, "--quiet", "--out", "run"], folder, nothing)
        theirs = cost(running, [sys.executable, "-c", CHECKER, json.dumps(urls)], folder)
        print(row(f"{len(urls)} links of the README: a checker of statuses (HEAD, GET), no files seen", ours, theirs))
        if lychee():
            print(row(f"{len(urls)} links of the README: `{lychee()}`", ours, cost(running, lychee_run(urls, folder), folder)))
        else:
            print("| links of the README: `lychee` | not installed here: the row above is no lychee | | | | | | | |")


def false_positives(folder: Path, authority: Authority) -> None:
    """Print what each says of links that answer 200 and lead to nothing."""
    world, links = doubtful_world()
    folder.mkdir()
    print("\n## Links that answer and lead to nothing\n")
    with serve(world, authority, folder / "home") as running:
        print("\n".join(doubtful(running, links, folder)))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--hub-python", default="", help="a Python that has huggingface_hub")
    parser.add_argument("--only", choices=("speed", "killed", "rivals", "doubtful"))
    asked = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores{load}, {time.strftime('%Y-%m-%d')}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = Authority(folder)
        if asked.only in (None, "speed"):
            speed(asked.files, folder, authority)
        if asked.only in (None, "killed"):
            killed(asked.files, folder / "k", authority, asked.seed)
        if asked.only in (None, "rivals"):
            rivals(asked.files, folder / "r", authority, str(Path(asked.hub_python).absolute()) if asked.hub_python else "")
        if asked.only in (None, "doubtful"):
            false_positives(folder / "d", authority)


if __name__ == "__main__":
    main()
