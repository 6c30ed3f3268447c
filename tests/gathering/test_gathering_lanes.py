"""Hosts do not wait for each other, and a file that changed while it was read is read once more."""

from __future__ import annotations

import threading

import pytest

from auditor.blob import BytesBlob
from auditor.errors import NetworkError
from auditor.facts import Evidence, Link, State, Status
from auditor.gathering.artifacts import gather_artifacts
from auditor.gathering.lanes import Lanes, lane_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.progress import Silent


def test_a_slow_host_holds_up_nobody_else():
    gate, fast = threading.Event(), []

    def work(item):
        host, number = item
        if host == "slow":
            assert gate.wait(20)
        else:
            fast.append(number)
            if len(fast) == 30:
                gate.set()  # only when all of the fast ones are done
        return item

    items = [("slow", number) for number in range(40)] + [("fast", number) for number in range(30)]
    with Lanes() as lanes:
        assert lanes.map(work, items, lambda item: item[0]) == items
    assert sorted(fast) == list(range(30))


def test_of_one_host_only_so_many_at_one_time():
    running, most, lock = [], [], threading.Lock()

    def work(item):
        with lock:
            running.append(item)
            most.append(len(running))
        threading.Event().wait(0.005)
        with lock:
            running.remove(item)

    with Lanes(3) as lanes:
        lanes.map(work, range(30), lambda item: "a")
    assert max(most) <= 3


def test_what_work_raises_is_raised_and_nothing_more_is_begun():
    begun = []

    def work(item):
        begun.append(item)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Lanes(1) as lanes:
        lanes.map(work, range(1000), lambda item: "a")
    assert len(begun) < 1000


def test_lanes_are_hosts():
    assert lane_of("https://Example.org:81/x") == "example.org"
    assert lane_of("local.pth") == lane_of("http://[broken") == ""


class Restless:
    """A host whose file changes while it is read, the given number of times."""

    name = "restless"

    def __init__(self, changes: int) -> None:
        self.changes, self.opened = changes, 0

    def accepts(self, url):
        return True

    def resolve(self, url, network):
        return Listing(url, self.name, Status.OK, files=(RemoteFile("m.pth", url),))

    def open(self, file, network):
        self.opened += 1
        if self.opened > self.changes:
            return BytesBlob(b"no checkpoint", "m.pth")
        blob = BytesBlob(bytes(1000), "m.pth")

        def read(offset, length):
            raise NetworkError("'m.pth' changed while it was read", state=State.CHANGED)

        blob.read = read
        return blob


@pytest.mark.parametrize(("changes", "opened", "state"), [(0, 1, State.UNKNOWN), (1, 2, State.UNKNOWN), (2, 2, State.CHANGED)])
def test_a_file_that_changed_is_begun_again_once(changes, opened, state):
    host = Restless(changes)
    link = Link("l1", "https://a.org/m.pth", "direct", "file", "checkpoint", "m", Evidence("document:README.md", "README.md#L1", "m", ""))
    gathered = gather_artifacts([link], None, (host,), Silent())
    assert (host.opened, gathered.artifacts[0].state) == (opened, state)
    assert gathered.artifacts[0].status is (Status.ERROR if state else Status.OK)


def test_a_folder_without_files_is_said_to_be_empty():
    class Empty(Restless):
        def resolve(self, url, network):
            return Listing(url, self.name, Status.OK)

    link = Link("l1", "https://a.org/", "direct", "folder", "checkpoint", "m", Evidence("document:README.md", "README.md#L1", "m", ""))
    gathered = gather_artifacts([link], None, (Empty(0),), Silent())
    assert [(source.status, source.state) for source in gathered.sources] == [(Status.OK, State.EMPTY)]


@pytest.mark.parametrize("limits", [{"max_requests": 5}, {"max_bytes": 130_000}, {"max_requests_per_host": 3}])
def test_a_spent_budget_is_said_and_what_was_found_stays(limits):
    from auditor.demo.internet import Page, World
    from auditor.demo.replica import ReplicaAdapter
    from auditor.demo.torch_pickles import TensorSpec
    from auditor.demo.virtual_files import torch_zip
    from auditor.facts import Inspected
    from auditor.hosts import HOSTS
    from auditor.net import Network, NetworkSettings

    name = "m.pth"
    content = torch_zip(name, "m", {"state_dict": {"fc.weight": TensorSpec((400, 400))}})
    urls = [f"https://files.example.org/{number}/{name}" for number in range(8)]
    evidence = Evidence("document:README.md", "README.md#L1", "m", "")
    links = [Link(f"l{n}", url, "direct", "file", "checkpoint", "m", evidence) for n, url in enumerate(urls)]
    world = World(pages={url: Page(content, "application/octet-stream") for url in urls})
    # The first file is read whole before the others are asked for.
    network = Network(NetworkSettings(requests_per_host=1, **limits), ReplicaAdapter(world), sleep=lambda _: None)
    found = gather_artifacts(links[:1], network, HOSTS, Silent())
    assert [artifact.status for artifact in found.artifacts] == [Status.OK]
    gathered = gather_artifacts(links, network, HOSTS, Silent())
    blocked = [source for source in gathered.sources if source.status is Status.BLOCKED]
    assert blocked
    assert all(source.state is State.BLOCKED and "budget" in source.detail for source in blocked)
    assert {source.status for source in gathered.sources} <= {Status.OK, Status.BLOCKED}
    for artifact in gathered.artifacts:
        assert (artifact.status is Status.OK) == any(isinstance(item, Inspected) for item in artifact.contents)
