"""A repository whose checkpoints lie on eight hosts at once: `many_hosts(200)` is a world with so many of them.

    world, files = many_hosts(24)
    World of `lab/many`, and the 24 files by host and name

Files are small networks in the true shape of a torch zip or of safetensors: so many networks, each in as many `runs` (as a model zoo has
seeds and epochs), no two networks with the same number of parameters. The README says how many each file should have; the last but
one row of the first table is wrong, and the last has no file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from auditor.demo.internet import DriveFile, DriveFolder, HostedRelease, HostedRepository, Page, World
from auditor.demo.published_shapes import Entry, PoseShape, convnext_pose, learnable_count, state_dict
from auditor.demo.virtual_files import VirtualFile, torch_zip
from internet.buckets import S3Bucket
from internet.figshare import FigshareArticle
from internet.hub import HubRepository
from internet.osf import OsfFolder, OsfProject
from internet.shapes import BYTES
from internet.zenodo import ZenodoRecord

TARGET = "lab/many"
FOLDER = "1ManyHostsFolder0000000000000001"
SITE = "https://files.example.edu/many"
RELEASES = f"https://github.com/{TARGET}/releases/download/v1.0"
# Of 200 files so many on each host. Zenodo lets guests ask 60 times a minute, so nobody could audit it fast if more were there.
SHARES = {"drive": 60, "hub": 40, "github": 30, "s3": 20, "figshare": 15, "osf": 13, "site": 12, "zenodo": 10}
HOSTS: dict[str, tuple[str, ...]] = {
    "drive": ("drive.google.com", "drive.usercontent.google.com"),
    "hub": ("huggingface.co", "cdn-lfs.hf.co"),
    "github": ("github.com", "release-assets.githubusercontent.com"),
    "s3": ("many-models.s3.amazonaws.com",),
    "figshare": ("api.figshare.com", "ndownloader.figshare.com", "s3-eu-west-1.amazonaws.com"),
    "osf": ("api.osf.io", "osf.io", "storage.googleapis.com"),
    "site": ("files.example.edu",),
    "zenodo": ("zenodo.org",),
}
"""The servers that are asked for each host's listing and files."""

WORDS = {
    "drive": "Google Drive",
    "hub": "Hugging Face",
    "github": "release",
    "s3": "our bucket",
    "figshare": "figshare",
    "osf": "OSF",
    "site": "our server",
    "zenodo": "Zenodo",
}


@dataclass(frozen=True, slots=True)
class SmallNetwork:
    """One checkpoint with what it holds."""

    name: str  # of the variant
    file: VirtualFile
    learnable: int


Files = Mapping[str, tuple[SmallNetwork, ...]]


def many_hosts(count: int = 200, runs: int = 5) -> tuple[World, Files]:
    """Return a world with `count` checkpoints on eight hosts, at least eight of them, and the checkpoints by host."""
    files, begun = {}, 0
    for host, number in shares(count).items():
        files[host] = tuple(_small(host, n, (begun + n) // runs) for n in range(number))
        begun += number
    by_name = {host: {one.file.name: one.file for one in some} for host, some in files.items()}
    deposits = {
        "hub": HubRepository(by_name["hub"], "lab/many"),
        "s3": S3Bucket("many-models", by_name["s3"]),
        "figshare": FigshareArticle(by_name["figshare"]),
        "osf": OsfProject(OsfFolder({"weights": OsfFolder(by_name["osf"])})),
        "zenodo": ZenodoRecord(by_name["zenodo"]),
    }
    pages = {url: page for deposit in deposits.values() for url, page in deposit.pages.items()}
    pages |= {f"{SITE}/{name}": Page(file, BYTES) for name, file in by_name["site"].items()}
    folder = DriveFolder(FOLDER, "many", tuple(DriveFile(drive_id(name), name, file) for name, file in by_name["drive"].items()))
    places = {"drive": f"https://drive.google.com/drive/folders/{FOLDER}", **{host: deposit.url for host, deposit in deposits.items()}}
    release = HostedRelease("v1.0", by_name["github"])
    repository = HostedRepository(TARGET, {"README.md": readme(files, places).encode()}, releases=(release,))
    return World((repository,), (folder,), pages), files


def shares(count: int) -> dict[str, int]:
    """Return how many of so many files lie on each host: as in `SHARES`, and one at least."""
    whole = sum(SHARES.values())
    found = {host: max(1, share * count // whole) for host, share in SHARES.items()}
    found["drive"] += count - sum(found.values())
    return found


def readme(files: Files, places: Mapping[str, str]) -> str:
    """Return the README: a table for each host, with a link to the folder above it or to each file in it."""
    lines = ["# Many small networks", "", "## Model zoo", ""]
    for number, (host, some) in enumerate(files.items()):
        linked = host in places
        lines += [f"### On {WORDS[host]}", ""]
        lines += [f"All checkpoints of this table: [{WORDS[host]}]({places[host]})", ""] if linked else []
        lines += ["| Model | Params | Weights |", "| --- | --- | --- |"]
        for one in some:
            wrong = number == 0 and one is some[-1]
            claimed = some[0].learnable if wrong else one.learnable
            at = "see above" if linked else f"[checkpoint]({RELEASES if host == 'github' else SITE}/{one.file.name})"
            lines.append(f"| {one.name} | {claimed / 1e6:.4f}M | {at} |")
        if number == 0:
            lines.append(f"| pose_{host}_{len(some):02} | 9.8765M | see above |")
        lines.append("")
    return "\n".join(lines)


def drive_id(name: str) -> str:
    """Return an id of Drive for a file's name."""
    return f"1{name.replace('.', '-'):0>32}"


def safetensors(name: str, entries: list[Entry], epoch: int) -> VirtualFile:
    """Return a safetensors file with these tensors, every value zero."""
    header: dict[str, object] = {"__metadata__": {"format": "pt", "epoch": str(epoch)}}
    at = 0
    for entry in entries:
        kind, width = ("I64", 8) if entry.dtype == "int64" else ("F32", 4)
        end = at + prod(entry.shape) * width
        header[entry.name] = {"dtype": kind, "shape": list(entry.shape), "data_offsets": [at, end]}
        at = end
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    return VirtualFile(name, [len(raw).to_bytes(8, "little") + raw, at])


def _small(host: str, number: int, structure: int) -> SmallNetwork:
    """Return the file of a host with this number, which holds the network with that number."""
    width = 16 + 2 * (structure % 40)
    shape = PoseShape((1, 1, 2, 1), (width, 2 * width, 3 * width, 4 * width), 64 + 8 * (structure // 40), 18 * 8)
    entries, name = convnext_pose(shape), f"pose_{host}_{number:02}"
    if host == "hub" and number % 2 == 0:
        file = safetensors(f"{name}.safetensors", entries, number)
    else:
        file = torch_zip(f"{name}.pth", "archive", {"epoch": number, "network": state_dict(entries)})
    return SmallNetwork(name, file, learnable_count(entries))
