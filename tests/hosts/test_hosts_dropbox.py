"""Dropbox: files, folders as far as their beginning tells, and every page that means no."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import pytest
from fake_drive import network
from hypothesis import given
from hypothesis import strategies as st
from internet.dropbox import DropboxFile, DropboxFolder, folder_zip
from net_fakes import FakeInternet, Reply

from auditor.addresses import locate
from auditor.demo.internet import Fault, Mishap, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.errors import NetworkError
from auditor.facts import Checkpoint, State
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.hosts.dropbox import download_address
from auditor.hosts.dropbox_folder import FRONT_BYTES, MAX_INFLATED, read_front
from auditor.net import Network

FILE = DropboxFile("pose_S.pth", pose_checkpoint("pose_S.pth", "S"))
SMALL = DropboxFolder({"w/a.bin": b"a" * 500, "b é.txt": b"b" * 20})
LARGE = DropboxFolder({"a.bin": b"a" * 500, "b.bin": bytes(3 * FRONT_BYTES), "c.bin": b"c"})


def resolve(url, made, *, faults=()):
    host = "www.dropbox.com"
    none = Fault(host, path="/s*", mishap=Mishap.IGNORES_RANGE) if isinstance(made, DropboxFolder) else None
    net = Network(transport=ReplicaAdapter(World(pages=made.pages, faults=(*faults, *([none] if none else [])))), sleep=lambda _: None)
    return host_for(url).resolve(url, net), net


def test_a_file_is_read_by_ranges_behind_its_redirect():
    listing, net = resolve(FILE.url, FILE)
    assert (listing.status, listing.state, listing.host) == ("ok", State.OK, "dropbox")
    assert [(file.name, file.size) for file in listing.files] == [("pose_S.pth", FILE.content.size)]
    assert listing.files[0].revision
    blob = host_for(FILE.url).open(listing.files[0], net)
    assert isinstance(next(iter(read_contents(blob))), Checkpoint)
    assert net.bytes_read < 0.01 * blob.size


def test_a_small_folder_is_known_whole_and_its_files_are_read():
    for sized in (True, False):
        made = replace(SMALL, sized=sized)
        listing, net = resolve(made.url, made)
        assert (listing.status, listing.state) == ("ok", State.OK)
        assert [(file.name, file.size) for file in listing.files] == [("w/a.bin", 500), ("b é.txt", 20)]
        for file in listing.files:
            assert host_for(made.url).open(file, net).read(0, 600) == made.files[file.name]
        assert net.requests == 1
        assert len({file.url for file in listing.files}) == 2
        assert all(host_for(file.url).name == "dropbox" for file in listing.files)


@pytest.mark.parametrize(("sized", "names"), [(True, ["a.bin", "b.bin"]), (False, ["a.bin"])])
def test_of_a_large_folder_the_beginning_is_told_and_nothing_is_missing(sized, names):
    made = replace(LARGE, sized=sized)
    listing, net = resolve(made.url, made)
    assert (listing.status, listing.state) == ("partial", State.TOO_MANY)
    assert [file.name for file in listing.files] == names
    assert "--artifact" in listing.detail
    assert net.bytes_read <= FRONT_BYTES + (128 << 10)
    with pytest.raises(NetworkError) as caught:
        host_for(made.url).open(listing.files[-1], net)
    assert caught.value.status == "skipped"
    if sized:
        assert host_for(made.url).open(listing.files[0], net).read(0, 600) == b"a" * 500


def test_a_folder_without_files_is_empty():
    listing, _ = resolve(SMALL.url, DropboxFolder())
    assert (listing.status, listing.state, listing.files) == ("ok", State.EMPTY, ())


@pytest.mark.parametrize("made", [FILE, SMALL], ids=["file", "folder"])
@pytest.mark.parametrize(
    ("refusal", "status", "state"),
    [
        ("disabled", "quota", State.QUOTA),
        ("restricted", "denied", State.NOT_SHARED),
        ("deleted", "missing", State.DELETED),
        ("expired", "denied", State.NOT_SHARED),
        ("password", "denied", State.SIGN_IN),
        ("closed", "denied", State.NOT_SHARED),
        ("sign-in", "denied", State.SIGN_IN),
        ("gone", "missing", State.NOT_FOUND),
        ("page", "error", State.NOT_A_FILE),
    ],
)
def test_every_refusal_has_its_word(made, refusal, status, state):
    listing, _ = resolve(made.url, replace(made, refusal=refusal))
    assert (listing.status, listing.state, listing.files) == (status, state, ())
    assert listing.detail


def test_a_link_without_its_key_is_denied_and_not_missing():
    url = "https://www.dropbox.com/scl/fi/abc123/m.pth?dl=0"
    listing, _ = resolve(url, replace(FILE, url=url, refusal="gone"))
    assert (listing.status, listing.state) == ("denied", State.NOT_SHARED)


@pytest.mark.parametrize("made", [FILE, SMALL], ids=["file", "folder"])
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault("www.dropbox.com", status=429), "quota"),
        (Fault("www.dropbox.com", status=509), "quota"),
        (Fault("www.dropbox.com", status=404), "missing"),
        (Fault("www.dropbox.com", status=500), "error"),
        (Fault("www.dropbox.com", mishap=Mishap.TIMEOUT), "error"),
        (Fault("www.dropbox.com", mishap=Mishap.UNKNOWN_HOST), "error"),
    ],
)
def test_faults_have_their_word(made, fault, status):
    listing, _ = resolve(made.url, made, faults=[fault])
    assert (listing.status, listing.files) == (status, ())


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://www.dropbox.com/s/abc/m.pth?dl=0", "file"),
        ("https://www.dropbox.com/scl/fi/abc/m.pth?rlkey=x&st=y&dl=0", "file"),
        ("https://www.dropbox.com/e/scl/fi/abc/m.pth?rlkey=x", "file"),
        ("https://www.dropbox.com/sh/abc/AAB?dl=0", "folder"),
        ("https://www.dropbox.com/sh/abc/AAB/m.pth?dl=0", "file"),
        ("https://www.dropbox.com/scl/fo/abc/h?rlkey=x&dl=0", "folder"),
        ("https://www.dropbox.com/scl/fo/abc/h/m.pth?rlkey=x&dl=0", "file"),
        ("https://dl.dropboxusercontent.com/s/abc/m.pth", "file"),
        ("https://dl.dropbox.com/u/123/m.pth", "file"),
        ("https://www.dropbox.com/home", "page"),
    ],
)
def test_an_address_is_a_file_or_a_folder(url, target):
    assert (locate(url).host, locate(url).target) == ("dropbox", target)
    assert host_for(url).name == "dropbox"
    asked = download_address(url)
    assert asked.count("dl=1") == (0 if "usercontent" in url else 1)
    assert ("rlkey=x" in asked) == ("rlkey=x" in url)


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return made.getvalue()


def test_names_that_no_path_could_have_are_not_passed_over_in_silence():
    body = zipped(("../../etc/passwd", b"x"), ("a/../b", b"x"), ("/abs.bin", b"x"), ("c\\d", b"x"), ("ok.bin", b"x" * 50))
    site = FakeInternet({"www.dropbox.com/": Reply(200, body)})
    listing = host_for(SMALL.url).resolve(SMALL.url, network(site))
    assert {file.name for file in listing.files} == {"abs.bin", "ok.bin"}
    assert listing.status == "partial"


def test_a_member_that_grows_is_not_inflated():
    front = read_front(zipped(("bomb.bin", bytes(MAX_INFLATED + 1))), is_whole=True)
    assert front.content("bomb.bin") is None
    lying = zipped(("m.bin", bytes(1 << 20)))
    lying = lying.replace((1 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    front = read_front(lying, is_whole=True)
    assert front.members[0].size == 10
    assert front.content("m.bin") is None


def test_a_beginning_cut_anywhere_is_read_without_error():
    for body in (folder_zip(SMALL.files), folder_zip(SMALL.files, sized=True), zipped(("a", b"a" * 300), ("b", b"b" * 300))):
        for end in range(4, len(body)):
            for is_whole in (True, False):
                front = read_front(body[:end], is_whole=is_whole)
                assert not front.is_whole
                assert len(front.members) <= 2


@given(st.binary(max_size=200), st.integers(0, 400), st.booleans())
def test_no_beginning_raises_anything_else(noise, place, is_whole):
    body = folder_zip(SMALL.files, sized=True)
    body = body[:4] + (body[4:place] + noise + body[place + len(noise) :])
    front = read_front(body, is_whole=is_whole)
    for member in front.members:
        data = front.content(member.name)
        assert data is None or len(data) == member.size
        assert ".." not in member.name.split("/")
