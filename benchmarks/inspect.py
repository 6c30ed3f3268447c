"""`audit inspect` beside what people use today: one large local file, a thousand files, and files behind a network.

    python -m benchmarks.inspect                                  # everything, about three minutes
    python -m benchmarks.inspect --hub-python VENV/bin/python     # with huggingface_hub, which is no dependency of ours

Each side is a process of its own: wall time, and the peak memory of its largest process, its workers counted. The remote files lie on a
loopback server that counts requests and bytes; for the comparison with gdown it sends 50 Mbit/s and no more.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from auditor.blob import LocalBlob
from auditor.demo.world import pose_checkpoint, root_checkpoint
from auditor.formats.interface import Limits
from auditor.formats.zip_directory import read_directory
from benchmarks.main_job import best, measure, row, written

LINK_BYTES_PER_SECOND = 50_000_000 // 8
DISTINCT = 8

LOAD = """
import sys, torch
torch.load(sys.argv[1], mmap=True, weights_only=True)
"""
GDOWN = """
import sys, gdown, torch
gdown.download(sys.argv[1], sys.argv[2], quiet=True)
state = torch.load(sys.argv[2], map_location="cpu", weights_only=True)["network"]
print(sum(v.numel() for v in state.values()))
"""
HUB = """
import sys
from huggingface_hub import HfApi
print(sum(HfApi().parse_safetensors_file_metadata("o/n", "model.safetensors").parameter_count.values()))
"""


@dataclass
class Served:
    """What the server sent."""

    folder: Path
    bytes_per_second: float = 0.0  # 0: as fast as it goes
    requests: int = 0
    bytes_sent: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self, bytes_per_second: float = 0.0) -> None:
        """Count anew."""
        self.requests = self.bytes_sent = 0
        self.bytes_per_second = bytes_per_second


class Files(BaseHTTPRequestHandler):
    """Answers GET and HEAD with files and ranges of them, at most so fast."""

    protocol_version = "HTTP/1.1"
    served: Served

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        """Answer with headers alone."""
        self.answer(with_body=False)

    def do_GET(self) -> None:
        """Answer with the file or the range."""
        self.answer(with_body=True)

    def answer(self, with_body: bool) -> None:
        """Send what was asked for."""
        path = self.served.folder / self.path.split("?")[0].rsplit("/", 1)[-1]
        self.served.requests += 1
        if not path.is_file():
            self.send_error(404)
            return
        size = path.stat().st_size
        first, last, status = 0, size - 1, 200
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if wanted:
            status = 206
            first = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[2]))
            last = min(size - 1, int(wanted[2])) if wanted[1] and wanted[2] else size - 1
        self.send_response(status)
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"1"')
        self.send_header("X-Repo-Commit", "0" * 40)
        if wanted:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        if with_body:
            self.send_body(path, first, last + 1)

    def send_body(self, path: Path, first: int, end: int) -> None:
        """Send bytes, waiting where the link is slow."""
        with path.open("rb") as file:
            file.seek(first)
            begun, sent = time.perf_counter(), 0
            while first + sent < end:
                piece = file.read(min(64 << 10, end - first - sent))
                try:
                    self.wfile.write(piece)
                except OSError:
                    return
                sent += len(piece)
                with self.served.lock:
                    self.served.bytes_sent += len(piece)
                if self.served.bytes_per_second:
                    time.sleep(max(0.0, sent / self.served.bytes_per_second - (time.perf_counter() - begun)))


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Served, str]]:
    """Serve a folder on the loopback interface; give the counter and the address."""
    served = Served(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Files,), {"served": served}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield served, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def needed_bytes(path: Path) -> int:
    """Return the length of the pickle and of the directory of a torch zip: what nobody can do without."""
    blob = LocalBlob(path)
    directory = read_directory(blob, Limits())
    pickle = next(entry.size for entry in directory.entries if entry.name.endswith("data.pkl"))
    needed = pickle + blob.size - directory.start
    blob.close()
    return needed


def write_safetensors(path: Path) -> int:
    """Write a sparse 400 MB safetensors file with 320 tensors and return the length of its header."""
    header, at = {}, 0
    for n in range(320):
        header[f"model.layers.{n // 10}.{n % 10}.self_attn.q_proj.weight"] = {
            "dtype": "F32",
            "shape": [512, 610],
            "data_offsets": [at, at + 512 * 610 * 4],
        }
        at += 512 * 610 * 4
    raw = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        file.truncate(8 + len(raw) + at)
    return 8 + len(raw)


def thousand(folder: Path) -> tuple[Path, Path]:
    """Return folders of 100 and of 1,000 files: linked copies of a few checkpoints of different variants."""
    originals = [written(pose_checkpoint(f"{n}.pth", "XS", epoch=n), folder / f"original{n}.pth") for n in range(DISTINCT)]
    made = []
    for count in (100, 1000):
        place = folder / str(count)
        place.mkdir()
        for n in range(count):
            (place / f"{n:04}.pth").hardlink_to(originals[n % DISTINCT])
        made.append(place)
    return made[0], made[1]


def local(audit: list[str], env: dict[str, str], folder: Path, snapshot: Path) -> None:
    """Measure one large local file and a thousand small ones."""
    ours = best([*audit, "inspect", str(snapshot)], env, folder, 5)
    theirs = best([sys.executable, "-c", LOAD, str(snapshot)], env, folder, 5)
    print(f"| one local snapshot of {snapshot.stat().st_size / 1e6:.0f} MB | `audit inspect` | `torch.load(mmap, weights_only)` | ratio |")
    print("| --- | ---: | ---: | ---: |")
    print(row("wall time, whole process", ours.seconds, theirs.seconds, "s"))
    print(row("peak memory, largest process", ours.megabytes, theirs.megabytes, "MB"))
    few, many = thousand(folder)
    hundred = measure([*audit, "inspect", str(few), "--quiet"], env, folder)
    all_ = measure([*audit, "inspect", str(many), "--quiet"], env, folder)
    print("\n| files in one call | wall time | files a second | peak memory |\n| --- | ---: | ---: | ---: |")
    for count, one in ((100, hundred), (1000, all_)):
        print(f"| {count} | {one.seconds:.2f} s | {count / one.seconds:.0f} | {one.megabytes:.0f} MB |")


def remote(audit: list[str], env: dict[str, str], folder: Path, snapshot: Path, hub: str) -> None:
    """Measure files behind a loopback server."""
    header = write_safetensors(folder / "model.safetensors")
    needed = needed_bytes(snapshot)
    with serving(folder) as (served, address):
        print("\n| remote file | requests | bytes | necessary | ratio | wall time |\n| --- | ---: | ---: | ---: | ---: | ---: |")

        def told(name: str, necessary: int, command: list[str], more: dict[str, str] | None = None) -> None:
            served.reset()
            done = measure(command, env | {"XDG_CACHE_HOME": tempfile.mkdtemp(dir=folder)} | (more or {}), folder)  # a first time
            ratio = served.bytes_sent / necessary
            print(f"| {name} | {served.requests} | {served.bytes_sent:,} | {necessary:,} | {ratio:.2f} | {done.seconds:.2f} s |")

        told("torch zip, `audit inspect`", needed, [*audit, "inspect", f"{address}/{snapshot.name}"])
        told("safetensors, `audit inspect`", header, [*audit, "inspect", f"{address}/model.safetensors"])
        if hub and Path(hub).exists():
            more = {"HF_ENDPOINT": address, "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HOME": str(folder / "hub")}
            told("safetensors, `huggingface_hub`", header, [hub, "-c", HUB], more)
        else:
            print("| safetensors, `huggingface_hub` | skipped: give --hub-python | | | | |")
        served.reset(LINK_BYTES_PER_SECOND)
        first = env | {"XDG_CACHE_HOME": tempfile.mkdtemp(dir=folder)}
        ours = measure([*audit, "inspect", f"{address}/{snapshot.name}"], first, folder)
        our_bytes = served.bytes_sent
        served.reset(LINK_BYTES_PER_SECOND)
        theirs = measure([sys.executable, "-c", GDOWN, f"{address}/{snapshot.name}", str(folder / "got.pth")], env, folder)
        print("\n| the same snapshot over 50 Mbit/s | `audit inspect` | `gdown` + `torch.load` | ratio |\n| --- | ---: | ---: | ---: |")
        print(row("wall time", ours.seconds, theirs.seconds, "s"))
        print(row("bytes", our_bytes / 1e6, served.bytes_sent / 1e6, "MB"))
        print(row("peak memory", ours.megabytes, theirs.megabytes, "MB"))


def main() -> None:
    """Measure and print."""
    hub = sys.argv[sys.argv.index("--hub-python") + 1] if "--hub-python" in sys.argv else ""
    audit = [sys.executable, "-m", "auditor"]
    env = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    torch = subprocess.run([sys.executable, "-c", "import torch; print(torch.__version__)"], capture_output=True, text=True, check=True)
    print(f"Python {sys.version.split()[0]}, torch {torch.stdout.strip()}, {os.cpu_count()} cores{load}, {time.strftime('%Y-%m-%d')}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        snapshot = written(root_checkpoint("snapshot_18.pth.tar"), folder / "snapshot_18.pth.tar")
        local(audit, env, folder, snapshot)
        remote(audit, env, folder, snapshot, hub)


if __name__ == "__main__":
    main()
