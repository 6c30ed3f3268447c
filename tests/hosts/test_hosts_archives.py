"""What all hosts with an open interface have in common, held to each of them: faults at the list, at the files, at the store."""

from __future__ import annotations

import pytest
from internet.archives import ARCHIVES

from auditor.demo.internet import Fault, Mishap, World
from auditor.demo.replica import ReplicaAdapter
from auditor.errors import NetworkError
from auditor.facts import State
from auditor.hosts import host_for
from auditor.net import Network

DATA = bytes(range(256)) * 1500
FILES = {"m.pth": DATA, "n.pth": b"", "o.bin": b"abc"}
SIGN_IN = b"<!doctype html><title>Sign in</title><form><input type='password'></form>"
FAULTS = [
    ({"status": 401}, "denied", None),
    ({"status": 403}, "denied", None),
    ({"status": 404}, "missing", State.NOT_FOUND),
    ({"status": 410}, "missing", State.DELETED),
    ({"status": 429}, "quota", State.RATE_LIMITED),
    ({"status": 403, "content": b'{"message": "rate limit exceeded"}'}, "quota", State.RATE_LIMITED),
    ({"status": 500}, "error", State.SERVER_ERROR),
    ({"status": 200, "content": b"<!DOCTYPE html><html><body>Maintenance</body></html>"}, "error", None),
    ({"status": 200, "content": SIGN_IN}, "denied", State.SIGN_IN),
    ({"status": 302, "headers": {"Location": "http://169.254.169.254/latest/meta-data"}}, "blocked", State.BLOCKED),
    ({"mishap": Mishap.TIMEOUT}, "error", None),
    ({"mishap": Mishap.RESET}, "error", None),
    ({"mishap": Mishap.UNKNOWN_HOST}, "error", None),
]


def world(archive, *faults, files=FILES):
    deposit = archive.make(files)
    network = Network(transport=ReplicaAdapter(World(pages=deposit.pages, faults=faults)), sleep=lambda _: None)
    return host_for(deposit.url), host_for(deposit.url).resolve(deposit.url, network), network


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name)
def test_files_are_listed_and_read_byte_for_byte(archive):
    host, listing, network = world(archive)
    assert (listing.host, listing.status, listing.state) == (archive.name, "ok", State.OK)
    assert {file.name: file.size for file in listing.files} == {name: len(data) for name, data in FILES.items()}
    assert all(file.md5 or file.sha256 for file in listing.files)
    assert all(file.revision for file in listing.files)
    for file in listing.files:
        blob = host.open(file, network)
        assert blob.read(0, 1 << 20) == FILES[file.name]
        assert blob.read(1000, 5) == FILES[file.name][1000:1005]
        blob.close()


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name)
@pytest.mark.parametrize(("fault", "status", "state"), FAULTS, ids=range(len(FAULTS)))
def test_every_fault_of_the_list_has_its_word(archive, fault, status, state):
    _, listing, network = world(archive, Fault(archive.interface, **fault))
    assert (listing.status, listing.files) == (status, ())
    assert state is None or listing.state == state
    assert listing.detail
    assert network.requests <= 4


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name)
@pytest.mark.parametrize("where", ["files", "store"])
@pytest.mark.parametrize(("fault", "status", "state"), FAULTS, ids=range(len(FAULTS)))
def test_every_fault_of_a_file_has_its_word(archive, where, fault, status, state):
    host, listing, _ = world(archive)
    broken = World(pages=archive.make(FILES).pages, faults=[Fault(getattr(archive, where), **fault)])
    network = Network(transport=ReplicaAdapter(broken), sleep=lambda _: None)
    with pytest.raises(NetworkError) as caught:
        host.open(listing.files[0], network).read(0, 8)
    assert caught.value.status == status
    assert state is None or caught.value.state == state


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name)
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503, "times": 1},
        {"mishap": Mishap.RESET, "times": 1},
        {"mishap": Mishap.CUT, "times": 1},
        {"mishap": Mishap.IGNORES_RANGE},
    ],
)
def test_what_goes_wrong_once_is_asked_again(archive, fault):
    host, listing, network = world(archive, *(Fault(server, **fault) for server in {archive.interface, archive.files, archive.store}))
    assert listing.status == "ok"
    assert host.open(listing.files[0], network).read(0, len(DATA)) == DATA


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name)
def test_a_file_that_is_not_of_the_size_that_was_listed_is_not_believed(archive):
    deposit = archive.make(FILES)
    shorter = {url: page for url, page in deposit.pages.items() if page.content is not DATA}
    assert len(shorter) < len(deposit.pages)
    host, listing, _ = world(archive)
    changed = {url: page if url in shorter else type(page)(DATA[:-7], page.content_type) for url, page in deposit.pages.items()}
    network = Network(transport=ReplicaAdapter(World(pages=changed)), sleep=lambda _: None)
    with pytest.raises(NetworkError):
        host.open(listing.files[0], network).read(0, len(DATA))


@pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name)
def test_a_network_that_may_not_be_used_is_said_and_not_an_absence(archive):
    from auditor.net import NetworkSettings

    deposit = archive.make(FILES)
    for settings in (NetworkSettings(offline=True), NetworkSettings(max_requests=0)):
        network = Network(settings, ReplicaAdapter(World(pages=deposit.pages)), sleep=lambda _: None)
        listing = host_for(deposit.url).resolve(deposit.url, network)
        assert (listing.status in ("skipped", "blocked"), listing.files) == (True, ())
