"""What stands beside the audit in `benchmarks.network`: gdown's and the Hub's own functions, and a checker of statuses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from internet.many_hosts import drive_id, many_hosts  # noqa: E402
from internet.proxy import RunningInternet  # noqa: E402

from auditor.demo.internet import DriveFile, DriveFolder, HostedRepository, Page, Sharing, World  # noqa: E402
from benchmarks.main_job import measure  # noqa: E402

GDOWN_FOLDER = """
import sys, gdown
gdown.download_folder(url=sys.argv[1], output=sys.argv[2], quiet=True, use_cookies=False)
"""
SNAPSHOT = """
import sys
from huggingface_hub import snapshot_download
snapshot_download(sys.argv[1], local_dir=sys.argv[2])
"""
HUB_SETTINGS = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_XET": "1"}

# What a checker of links does: HEAD, GET where that is refused, and the status decides. It is no lychee.
CHECKER = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
import requests

def status(url):
    try:
        answer = requests.head(url, allow_redirects=True, timeout=20)
        if answer.status_code >= 400:
            answer = requests.get(url, allow_redirects=True, timeout=20, stream=True)
        return answer.status_code
    except requests.RequestException as error:
        return type(error).__name__

urls = json.loads(sys.argv[1])
with ThreadPoolExecutor(16) as pool:
    print(json.dumps(dict(zip(urls, pool.map(status, urls)))))
"""
GDOWN_ONE = """
import os, sys, gdown
url, output = sys.argv[1:]
try:
    if "/folders/" in url:
        got = gdown.download_folder(url=url, output=output, quiet=True, use_cookies=False)
        print(f"{len(got)} files saved")
    else:
        got = gdown.download(url, output, quiet=True, use_cookies=False)
        print(f"{os.path.getsize(got)} bytes saved")
except Exception as error:
    print(f"refused ({type(error).__name__})")
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one program took: seconds, and what servers counted."""

    seconds: float
    requests: int
    bytes_sent: int
    output: str = ""


def cost(running: RunningInternet, command: list[str], folder: Path, more: dict[str, str] | None = None) -> Cost:
    """Run a command in a served world. Raises `SystemExit` where it fails."""
    since = len(running.seen)
    done = measure(command, running.over(dict(os.environ)) | (more or {}), folder)
    seen = running.seen[since:]
    return Cost(done.seconds, len(seen), sum(one.bytes_sent for one in seen), done.output)


def row(name: str, one: Cost, other: Cost) -> str:
    """Return a line of the table of downloads: the audit beside a program that takes the files whole."""
    return (
        f"| {name} | {one.bytes_sent / 1e6:,.1f} MB | {other.bytes_sent / 1e6:,.1f} MB | {other.bytes_sent / one.bytes_sent:,.0f} x "
        f"| {one.seconds:.1f} s | {other.seconds:.1f} s | {other.seconds / one.seconds:.1f} x | {one.requests} | {other.requests} |"
    )


def links_in(readme: str) -> list[str]:
    """Return the addresses of a README that a browser could open."""
    return list(dict.fromkeys(re.findall(r"\]\((https?://[^)\s]+)\)", readme)))


def doubtful_world() -> tuple[World, dict[str, str]]:
    """Return a world whose links all answer, and the links by what is wrong with them."""
    _, files = many_hosts(8)
    good = files["drive"][0].file
    page = Page(b"<!DOCTYPE html><html><title>Login</title><body><h1>Please sign in to our file server</h1></body></html>")
    ids = {name: drive_id(name) for name in ("good", "quota", "private", "empty", "gone")}
    drive = (
        DriveFile(ids["good"], "pose_good.pth", good),
        DriveFile(ids["quota"], "pose_quota.pth", good, Sharing.QUOTA),
        DriveFolder(ids["private"], "private", (DriveFile(drive_id("inside"), "pose_inside.pth", good),), Sharing.PRIVATE),
        DriveFolder(ids["empty"], "empty"),
    )
    links = {
        "a good file (control)": f"https://drive.google.com/file/d/{ids['good']}/view",
        "file over its quota: a page with 200": f"https://drive.google.com/file/d/{ids['quota']}/view",
        "folder not shared: the sign-in page with 200": f"https://drive.google.com/drive/folders/{ids['private']}",
        "empty folder: a page with 200": f"https://drive.google.com/drive/folders/{ids['empty']}",
        "HTML in place of a file, with 200": "https://files.example.edu/models/pose_page.pth",
        "deleted file: 404 (control)": f"https://drive.google.com/file/d/{ids['gone']}/view",
    }
    rows = "\n".join(f"| pose_{n} | 1.2M | [checkpoint]({url}) |" for n, url in enumerate(links.values()))
    readme = f"# Doubtful\n\n## Model zoo\n\n| Model | Params | Weights |\n| --- | --- | --- |\n{rows}\n"
    repository = HostedRepository("lab/doubtful", {"README.md": readme.encode()})
    return World((repository,), drive, {"https://files.example.edu/models/pose_page.pth": page}), links


def doubtful(running: RunningInternet, links: dict[str, str], folder: Path) -> list[str]:
    """Return the table of what each program concludes of links that answer and lead to nothing."""
    env = running.over(dict(os.environ))
    measure(
        [sys.executable, "-m", "auditor", "run", "lab/doubtful", "--out", "doubtful", "--quiet", "--fail-on", "never"], env, folder, (0, 4)
    )
    record = json.loads((folder / "doubtful" / "audit.json").read_text())
    statuses = json.loads(measure([sys.executable, "-c", CHECKER, json.dumps(list(links.values()))], env, folder).output)
    lines = ["| link | a checker of statuses | `gdown` | the audit |", "| --- | --- | --- | --- |"]
    for number, (name, url) in enumerate(links.items()):
        status = statuses[url]
        checked = f"{'fine' if isinstance(status, int) and status < 400 else 'broken'} ({status})"
        saved = measure([sys.executable, "-c", GDOWN_ONE, url, f"got{number}/"], env, folder).output.strip()
        lines.append(f"| {name} | {checked} | {saved} | {_said(record, url)} |")
    return lines


def _said(record: dict[str, object], url: str) -> str:
    """Return what an audit says of a link: of its file where it was opened, else of its listing."""
    sources: list[dict[str, str]] = record["sources"]  # type: ignore[assignment]
    found = [one for one in sources if url in (one["url"], one["id"].partition(":")[2]) and one["kind"] in ("listing", "file")]
    worst = next((one for one in found if one["status"] != "ok"), found[-1] if found else None)
    return "nothing" if worst is None else f"{worst['status']}: {worst.get('state') or ''} {worst['detail']}".replace("|", "/")[:140]


def lychee() -> str:
    """Return the version of the lychee that is installed here, empty without one."""
    try:
        return subprocess.run(["lychee", "--version"], capture_output=True, text=True, timeout=20, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def lychee_run(urls: list[str], folder: Path) -> list[str]:
    """Return the command with which lychee checks these addresses."""
    page = folder / f"links-{time.monotonic_ns()}.md"
    page.write_text("\n".join(f"<{url}>" for url in urls))
    return ["lychee", "--no-progress", "--format", "json", str(page)]
