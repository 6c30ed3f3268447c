"""OneDrive and SharePoint: what a stranger is shown, and every way in which Microsoft says no."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fake_drive import network
from hypothesis import given
from hypothesis import strategies as st
from internet.microsoft import OneDriveShare, SharePointShare
from net_fakes import FakeInternet, Reply

from auditor.addresses import locate
from auditor.demo.internet import Fault, Mishap, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.facts import Checkpoint, State, Status
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.hosts.onedrive import onedrive_place
from auditor.net import Network

FILES = {"pose_S.pth": pose_checkpoint("pose_S.pth", "S"), "v1/x é.bin": b"x" * 500, "v1/deep/y.bin": b"y"}
ONE = {"pose_S.pth": FILES["pose_S.pth"]}
DRIVE, POINT = OneDriveShare(FILES), SharePointShare(FILES)
DRIVE_FILE = OneDriveShare(ONE, url="https://1drv.ms/u/s!AimBgYV7JjTlgcc?e=iT", single=True)
POINT_FILE = SharePointShare(ONE, single=True)


def resolve(made, *, url="", faults=()):
    net = Network(transport=ReplicaAdapter(World(pages=made.pages, faults=faults)), sleep=lambda _: None)
    return host_for(url or made.url).resolve(url or made.url, net), net


@pytest.mark.parametrize("made", [DRIVE, POINT], ids=["onedrive", "sharepoint"])
def test_a_folder_is_listed_with_what_is_below_it(made):
    listing, net = resolve(made)
    assert (listing.status, listing.state, listing.host) == ("ok", State.OK, host_for(made.url).name)
    assert {file.name for file in listing.files} == set(FILES)
    assert all(file.revision and file.size for file in listing.files)
    assert listing.requests == net.requests
    assert len({file.url for file in listing.files}) == len(FILES)
    for file in listing.files:
        blob = host_for(made.url).open(file, net)
        assert blob.size == file.size
    file = next(file for file in listing.files if file.name == "pose_S.pth")
    before = net.bytes_read
    assert isinstance(next(iter(read_contents(host_for(made.url).open(file, net)))), Checkpoint)
    assert net.bytes_read - before < 0.01 * file.size


@pytest.mark.parametrize("made", [DRIVE_FILE, POINT_FILE], ids=["onedrive", "sharepoint"])
def test_a_file_is_read_by_ranges(made):
    listing, net = resolve(made)
    assert (listing.status, [file.name for file in listing.files]) == ("ok", ["pose_S.pth"])
    blob = host_for(made.url).open(listing.files[0], net)
    assert isinstance(next(iter(read_contents(blob))), Checkpoint)
    assert host_for(made.url).open(listing.files[0], net).size == blob.size


def test_hashes_of_onedrive_are_taken():
    listing, _ = resolve(replace(DRIVE, files={"a.bin": b"abc"}))
    assert listing.files[0].sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert "quickXorHash" in listing.files[0].detail


def test_the_cookie_of_a_link_goes_to_its_own_server_alone():
    listing, net = resolve(POINT)
    transport = net._door._inner
    host_for(POINT.url).open(listing.files[0], net)
    later = [seen for seen in transport.seen if "/_api/" in seen.path or "download.aspx" in seen.path]
    assert later
    assert all(seen.headers.get("cookie") == "FedAuth=abc123" for seen in later)
    away = FakeInternet(
        {
            "lab-my.sharepoint.com/:u:": Reply(302, headers={"Location": "https://evil.org/x", "Set-Cookie": "FedAuth=abc; secure"}),
            "evil.org/": Reply(200, b"x" * 9, ranges=True),
        }
    )
    listing = host_for(POINT_FILE.url).resolve(POINT_FILE.url, network(away))
    assert not [request for request in away.log if "evil.org" in request.url and request.headers.get("Cookie")]


def test_a_listing_of_many_pages_is_read_to_its_end():
    many = OneDriveShare({f"{n:03}.bin": b"x" for n in range(25)}, page_size=10)
    listing, _ = resolve(many)
    assert (listing.status, len(listing.files)) == ("ok", 25)
    listing, _ = resolve(many, faults=[Fault("api.onedrive.com", path="*skiptoken=20*", mishap=Mishap.RESET)])
    assert (listing.status, len(listing.files)) == ("partial", 20)


@pytest.mark.parametrize(
    ("made", "status", "state"),
    [
        (replace(DRIVE, files={}), "ok", State.EMPTY),
        (replace(POINT, files={}), "ok", State.EMPTY),
        (replace(DRIVE, refusal="unauthenticated"), "denied", State.SIGN_IN),
        (replace(DRIVE, refusal="closed"), "denied", State.NOT_SHARED),
        (replace(DRIVE, refusal="gone"), "denied", State.NOT_SHARED),
        (replace(DRIVE, refusal="busy"), "quota", State.RATE_LIMITED),
        (replace(DRIVE_FILE, refusal="unauthenticated"), "denied", State.SIGN_IN),
        (replace(DRIVE_FILE, refusal="gone"), "denied", State.NOT_SHARED),
        (replace(POINT, refusal="login"), "denied", State.SIGN_IN),
        (replace(POINT, refusal="denied"), "denied", State.NOT_SHARED),
        (replace(POINT, refusal="gone"), "missing", State.NOT_FOUND),
        (replace(POINT, refusal="expired"), "denied", State.NOT_SHARED),
        (replace(POINT, refusal="closed-list"), "denied", State.SIGN_IN),
        (replace(POINT_FILE, refusal="login"), "denied", State.SIGN_IN),
        (replace(POINT_FILE, refusal="denied"), "denied", State.NOT_SHARED),
        (replace(POINT_FILE, refusal="gone"), "missing", State.NOT_FOUND),
        (replace(POINT_FILE, refusal="removed"), "denied", State.NOT_SHARED),
        (replace(POINT_FILE, refusal="password"), "denied", State.SIGN_IN),
        (replace(POINT_FILE, refusal="people"), "denied", State.SIGN_IN),
    ],
    ids=lambda value: getattr(value, "refusal", None),
)  # fmt: skip
def test_every_state_has_its_word(made, status, state):
    listing, _ = resolve(made)
    assert (listing.status, listing.state, listing.files) == (status, state, ())
    assert listing.detail


def test_a_file_that_the_interface_hides_is_tried_as_a_download():
    made = replace(DRIVE_FILE, refusal="unauthenticated", downloads=True)
    listing, net = resolve(made)
    assert (listing.status, [file.size for file in listing.files]) == ("ok", [ONE["pose_S.pth"].size])
    assert host_for(made.url).open(listing.files[0], net).read(0, 2) == b"PK"


def test_an_address_that_ran_out_is_asked_for_again():
    listing, net = resolve(DRIVE_FILE)
    host_for(DRIVE_FILE.url).open(listing.files[0], net)
    stale = replace(listing.files[0], key="https://public.dm.files.1drv.com/old\n" + listing.files[0].key.split("\n")[1])
    assert host_for(DRIVE_FILE.url).open(stale, net).size == listing.files[0].size


@pytest.mark.parametrize("made", [DRIVE, DRIVE_FILE, POINT, POINT_FILE], ids=["drive", "drive-file", "point", "point-file"])
@pytest.mark.parametrize(
    ("status", "mishap", "word"),
    [
        (429, Mishap.STATUS, "quota"),
        (500, Mishap.STATUS, "error"),
        (0, Mishap.TIMEOUT, "error"),
        (0, Mishap.RESET, "error"),
        (0, Mishap.UNKNOWN_HOST, "error"),
    ],
)
def test_faults_are_no_absence(made, status, mishap, word):
    hosts = ("api.onedrive.com", "1drv.ms") if isinstance(made, OneDriveShare) else ("lab-my.sharepoint.com",)
    listing, _ = resolve(made, faults=[Fault(host, mishap=mishap, status=status) for host in hosts])
    assert (listing.status, listing.files) == (word, ())


@pytest.mark.parametrize(
    ("url", "item"),
    [
        ("https://onedrive.live.com/?authkey=%21AB&id=B8E63FDC932EEE36%21193&cid=B8E63FDC932EEE36", "/drives/b8e63fdc932eee36/items/B8E63FDC932EEE36!193"),
        ("https://onedrive.live.com/download?cid=25E&resid=25EBB683889A2B9!1396&authkey=AJx", "/drives/25ebb683889a2b9/items/25EBB683889A2B9!1396"),
        ("https://onedrive.live.com/redir?resid=25EBB683889A2B9!1396&authkey=!AJx", "/drives/25ebb683889a2b9/items/25EBB683889A2B9!1396"),
        ("https://onedrive.live.com/?redeem=aHR0cHM6Ly8xZHJ2Lm1z&cid=1", "/shares/u!aHR0cHM6Ly8xZHJ2Lm1z/driveItem"),
        ("https://1drv.ms/f/s!AA", "/shares/u!aHR0cHM6Ly8xZHJ2Lm1zL2YvcyFBQQ/driveItem"),
        ("https://1drv.ms/u/c/49e1/IQA0?e=3", "/shares/u!aHR0cHM6Ly8xZHJ2Lm1zL3UvYy80OWUxL0lRQTA_ZT0z/driveItem"),
        ("https://onedrive.live.com/", None),
        ("https://onedrive.live.com/?id=root", None),
    ],
)  # fmt: skip
def test_an_address_names_an_item(url, item):
    place = onedrive_place(url)
    assert (place.item.removeprefix("https://api.onedrive.com/v1.0") if place else None) == item
    assert locate(url).host == "onedrive"


def test_next_pages_elsewhere_and_in_circles_are_refused():
    entry = {"name": "m.pth", "size": 3, "id": "A!2", "@content.downloadUrl": "https://x.1drv.com/m"}
    for following, state in (("https://evil.org/next", State.BLOCKED), ("https://api.onedrive.com/again", State.TOO_MANY)):
        answer = Reply(200, json.dumps({"id": "A!1", "folder": {}, "value": [entry], "@odata.nextLink": following}).encode())
        site = FakeInternet({"api.onedrive.com/": answer, "evil.org/": answer})
        listing = host_for(DRIVE.url).resolve(DRIVE.url, network(site))
        assert (listing.status, listing.state) == ("partial", state)
        assert not any("evil.org" in url for url in site.urls)
        assert len(site.log) <= 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["value", "folder", "file", "hashes", "name", "id"]), inner)
    ),
    max_leaves=12,
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a.pth", "../../x", "/etc/passwd", "a\x00b", "", "..", "é" * 2000]) | JSON,
        "Name": st.sampled_from(["a.pth", "../../x", ".."]) | JSON,
        "UniqueId": st.sampled_from(["00000000-0000-0000-0000-000000000000", "../x"]) | JSON,
        "size": st.sampled_from([-1, 10**30, "12"]) | JSON,
        "folder": st.just({}) | JSON,
        "id": st.sampled_from(["A!1", "../x", "A!2"]) | JSON,
        "@content.downloadUrl": st.sampled_from(["https://x.1drv.com/a", "http://10.0.0.1/", "file:///etc/passwd"]) | JSON,
    },
)


@given(
    JSON | st.fixed_dictionaries({"folder": st.just({}), "value": st.lists(ENTRY | JSON, max_size=4)}) | ENTRY,
    st.sampled_from([DRIVE.url, POINT.url]),
)
def test_no_answer_raises_and_no_name_leaves_the_folder(record, url):
    page = "https://lab-my.sharepoint.com/personal/a/_layouts/15/onedrive.aspx?id=%2Fpersonal%2Fa%2FDocuments%2Fm"
    answer = Reply(200, json.dumps(record).encode())
    site = FakeInternet(
        {"": answer, "lab-my.sharepoint.com/:f:": Reply(302, headers={"Location": page}), page[8:]: Reply(200, b"<html></html>")}
    )
    listing = host_for(url).resolve(url, network(site))
    assert isinstance(listing.status, Status)
    for file in listing.files:
        assert ".." not in file.name.split("/")
        assert not file.name.startswith("/")
        assert file.key.startswith("https://")


def test_a_link_that_redirects_in_circles_ends():
    site = FakeInternet({"lab-my.sharepoint.com/": Reply(302, headers={"Location": POINT_FILE.url, "Set-Cookie": "FedAuth=a; secure"})})
    listing = host_for(POINT_FILE.url).resolve(POINT_FILE.url, network(site))
    assert (listing.status, listing.files) == ("error", ())
    assert len(site.log) <= 12


def test_a_server_that_ignores_ranges_and_several_cookies_do_no_harm():
    cookies = "rtFa=x1; expires=Wed, 01-Jan-2031 00:00:00 GMT; path=/, FedAuth=abc; secure; HttpOnly"
    away = Reply(302, headers={"Location": "/personal/a/_layouts/15/download.aspx?UniqueId=1", "Set-Cookie": cookies})
    large = Reply(200, b"x" * (5 << 20), {"Content-Type": "application/octet-stream"})
    site = FakeInternet({"lab-my.sharepoint.com/:u:": away, "lab-my.sharepoint.com/personal/": large})
    listing = host_for(POINT_FILE.url).resolve(POINT_FILE.url, network(site))
    assert (listing.status, [file.size for file in listing.files]) == ("ok", [5 << 20])
    assert site.log[-1].headers["Cookie"] == "rtFa=x1; FedAuth=abc"
