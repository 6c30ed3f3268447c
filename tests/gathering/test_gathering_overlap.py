"""Files are read while hosts are still listed, and the report's order is that of the links."""

from __future__ import annotations

import threading

import pytest

from auditor.demo.internet import Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.facts import Status
from auditor.gathering.artifacts import gather_artifacts
from auditor.gathering.held_back import HeldBack
from auditor.gathering.lanes import Lanes
from auditor.hosts.interface import Listing, RemoteFile
from auditor.kit import default_kit
from auditor.net import Network
from auditor.progress import Silent


class Spoken(Silent):
    def __init__(self):
        self.words = []

    def stage(self, name, total=None):
        self.words.append((name, total))

    def item(self, text):
        self.words.append(text)


def test_what_is_done_before_its_stage_is_told_in_its_stage():
    spoken = Spoken()
    held = HeldBack(spoken)
    held.item("early")
    held.stage("listing", 2)
    assert spoken.words == [("listing", 2)]
    held.release()
    held.item("late")
    assert spoken.words == [("listing", 2), "early", "late"]


def test_what_has_not_begun_when_the_block_fails_never_does():
    gate, begun = threading.Event(), []

    def work(item):
        begun.append(item)
        gate.wait(5)

    futures = []

    def fail():
        with Lanes(1) as lanes:
            futures.extend(lanes.submit(work, item, "a") for item in range(3))
            threading.Timer(0.2, gate.set).start()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert begun == [0]
    assert [future.cancelled() for future in futures] == [False, True, True]


def test_a_file_is_read_while_a_later_host_is_still_listed_and_order_stays():
    """The second listing ends only after the first link's file was read; a file of both stands once, where it came first."""
    read = threading.Event()
    urls = [f"https://{host}.example.org/{host}" for host in "ab"]

    class Slow:
        name = "slow"

        def accepts(self, url):
            return url in urls

        def resolve(self, url, network):
            if url == urls[1]:
                assert read.wait(20), "the first file waits for the second listing"
            names = ["one.pth", "two.pth"] if url == urls[1] else ["two.pth"]
            return Listing(url, self.name, Status.OK, files=tuple(RemoteFile(n, f"https://files.example.org/{n}") for n in names))

        def open(self, file, network):
            read.set()
            return network.blob(file.url, name=file.name)

    pages = {
        f"https://files.example.org/{n}.pth": Page(pose_checkpoint(f"{n}.pth", "XS"), "application/octet-stream") for n in ("one", "two")
    }
    network = Network(transport=ReplicaAdapter(World(pages=pages)))
    found = gather_artifacts((), network, (Slow(), *default_kit().hosts), Silent(), given=urls)
    assert [artifact.name for artifact in found.artifacts] == ["two.pth", "one.pth"]
    assert [source.status for source in found.sources] == [Status.OK] * 4
