"""The hosts against the demo's replica of the Internet: faults of Drive as they come, and what a checkpoint costs."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

import pytest
from internet import worlds

from auditor.demo.internet import DriveFile, DriveFolder, Fault, HostedRepository, Mishap, Sharing, World
from auditor.demo.replica import ReplicaAdapter
from auditor.errors import NetworkError
from auditor.facts import Checkpoint
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.net import Network

DATA = random.Random(5).randbytes(400_000)
INNER = DriveFolder("9" + "i" * 32, "inner", (DriveFile("7" + "b" * 32, "b.pth", DATA),))
FILE = DriveFile("8" + "a" * 32, "a.pth", DATA)
FOLDER = DriveFolder("1" + "o" * 32, "models", (FILE, INNER))
URL = f"https://drive.google.com/drive/folders/{FOLDER.id}"


def world(file=FILE, inner=INNER, *faults, **folder) -> tuple[World, Network]:
    made = World(drive=(replace(FOLDER, entries=(file, inner), **folder),), faults=faults)
    return made, Network(transport=ReplicaAdapter(made), sleep=lambda _: None)


def listed(network):
    return host_for(URL).resolve(URL, network)


@pytest.mark.parametrize(
    ("sharing", "status"),
    [
        (Sharing.SHARED, "ok"),
        (Sharing.PRIVATE, "denied"),
        (Sharing.FORBIDDEN, "denied"),
        (Sharing.DELETED, "missing"),
        (Sharing.CUT, "error"),
    ],
)
def test_folders_as_they_are_shared(sharing, status):
    _, network = world(sharing=sharing)
    listing = listed(network)
    assert listing.status == status
    assert len(listing.files) == (2 if status == "ok" else 0)
    _, network = world(FILE, replace(INNER, sharing=sharing))
    listing = listed(network)
    assert listing.status == ("ok" if status == "ok" else "partial")
    assert listing.files[0].name == "a.pth"


@pytest.mark.parametrize(
    ("sharing", "status"),
    [(Sharing.PRIVATE, "denied"), (Sharing.FORBIDDEN, "denied"), (Sharing.DELETED, "missing"), (Sharing.QUOTA, "quota")],
)
def test_files_as_they_are_shared(sharing, status):
    _, network = world(replace(FILE, sharing=sharing))
    closed, shared = listed(network).files
    with pytest.raises(NetworkError) as caught:
        host_for(URL).open(closed, network)
    assert caught.value.status == status
    assert host_for(URL).open(shared, network).read(5, 10) == DATA[5:15]


@pytest.mark.parametrize(
    ("fault", "most"),
    [
        (None, 1),
        (Fault("drive.usercontent.google.com", "/download*export=download&confirm=t", Mishap.STATUS, 404, times=1), 5),
        (Fault("drive.usercontent.google.com", mishap=Mishap.STATUS, status=503, times=1), 3),
        (Fault("drive.usercontent.google.com", mishap=Mishap.RESET, times=1), 3),
        (Fault("drive.usercontent.google.com", mishap=Mishap.CUT, times=1), 3),
        (Fault("drive.usercontent.google.com", mishap=Mishap.IGNORES_RANGE), 2),
    ],
)
@pytest.mark.parametrize("warned", [True, False])
def test_a_file_is_read_whatever_goes_wrong_once(fault, most, warned):
    _, network = world(replace(FILE, scan_warning=warned), INNER, *([fault] if fault else []))
    blob = host_for(URL).open(listed(network).files[0], network)
    assert blob.requests <= most + warned
    assert blob.read(0, 400_000) == DATA
    assert blob.size == 400_000
    blob.close()


@pytest.mark.parametrize("make", [worlds.all_four, worlds.two_and_a_snapshot, worlds.all_are_s])
def test_a_checkpoint_costs_at_most_four_requests_and_half_a_percent_of_its_bytes(make):
    network, url = (
        Network(transport=ReplicaAdapter(make()), sleep=lambda _: None),
        f"https://drive.google.com/drive/folders/{worlds.MODELS_FOLDER}",
    )
    host = host_for(url)
    listing = host.resolve(url, network)
    assert (listing.status, listing.requests) == ("ok", 1)
    sizes = 0
    for file in listing.files:
        blob = host.open(file, network)
        assert any(isinstance(content, Checkpoint) for content in read_contents(blob))
        assert blob.requests <= 3
        sizes += blob.size
    assert network.bytes_read < 0.0025 * sizes
    assert network.requests <= 1 + 3 * len(listing.files)


def test_files_behind_git_lfs_are_read_from_any_repository():
    digest = hashlib.sha256(DATA).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(DATA)}\n".encode()
    repository = HostedRepository("lab/weights", {"w/m.pth": pointer, "w/deep/er/n.pth": DATA}, lfs={"w/m.pth": DATA})
    network = Network(transport=ReplicaAdapter(World(repositories=(repository,))), sleep=lambda _: None)
    for url in ("https://github.com/lab/weights/tree/main/w", "https://github.com/lab/weights/blob/main/w/m.pth"):
        listing = host_for(url).resolve(url, network)
        assert (listing.status, listing.requests) == ("ok", 2)
        file = next(file for file in listing.files if file.name == "m.pth")
        assert (file.size, file.sha256) == (len(DATA), digest)
        assert host_for(url).open(file, network).read(1000, 10) == DATA[1000:1010]
