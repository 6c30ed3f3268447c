"""Zenodo: records, versions, single files, and every way in which it says no."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fake_drive import network
from hypothesis import given
from hypothesis import strategies as st
from internet.shapes import digest
from internet.zenodo import API, ZenodoRecord
from net_fakes import FakeInternet, Reply

from auditor.addresses import locate
from auditor.demo.internet import Fault, Mishap, Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.errors import NetworkError
from auditor.facts import Checkpoint, State, Status
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.hosts.zenodo import zenodo_place
from auditor.net import Network

RECORD = ZenodoRecord({"pose_S.pth": pose_checkpoint("pose_S.pth", "S"), "lab/pose-v1.zip": b"PK" + bytes(5000), "README.md": b"# weights"})


def resolve(url, record=RECORD, *, pages=None, faults=()):
    net = Network(transport=ReplicaAdapter(World(pages={**record.pages, **(pages or {})}, faults=faults)), sleep=lambda _: None)
    return host_for(url).resolve(url, net), net


@pytest.mark.parametrize(
    "url",
    [
        RECORD.url,
        f"https://zenodo.org/record/{RECORD.number}#.Y9",
        f"https://www.zenodo.org/records/{RECORD.number}?download=1",
        f"https://zenodo.org/api/records/{RECORD.number}",
        f"https://zenodo.org/records/{RECORD.number}/files-archive",
        f"https://doi.org/10.5281/zenodo.{RECORD.number}",
        f"http://dx.doi.org/10.5281/ZENODO.{RECORD.number}",
        f"https://zenodo.org/doi/10.5281/zenodo.{RECORD.number}",
    ],
)
def test_every_form_of_address_lists_the_record_whole(url):
    listing, _ = resolve(url)
    assert (listing.status, listing.state, listing.host) == ("ok", State.OK, "zenodo")
    assert [file.name for file in listing.files] == list(RECORD.files)
    assert (listing.requests, listing.detail) == (1, f"record {RECORD.number} of 3 files")
    weights = listing.files[0]
    assert weights.size == RECORD.files["pose_S.pth"].size
    assert weights.md5 == digest(RECORD.files["pose_S.pth"], "md5")
    assert weights.revision == str(RECORD.number)
    assert locate(weights.url).host == "zenodo"


def test_a_checkpoint_of_a_record_is_read_by_ranges():
    listing, net = resolve(RECORD.url)
    before = net.requests, net.bytes_read
    blob = host_for(RECORD.url).open(listing.files[0], net)
    contents = list(read_contents(blob))
    assert isinstance(contents[0], Checkpoint)
    assert net.requests - before[0] <= 3
    assert net.bytes_read - before[1] < 0.01 * blob.size
    assert host_for(RECORD.url).open(listing.files[1], net).read(0, 2) == b"PK"


def test_one_file_is_told_with_its_digest_and_a_name_that_is_not_there_is_missing():
    listing, net = resolve(f"{RECORD.url}/files/lab/pose-v1.zip?download=1")
    assert listing.status is Status.OK
    assert [(file.name, file.size) for file in listing.files] == [("lab/pose-v1.zip", 5002)]
    assert host_for(RECORD.url).open(listing.files[0], net).read(0, 2) == b"PK"
    listing, _ = resolve(f"{RECORD.url}/files/pose_L.pth")
    assert (listing.status, listing.state) == ("missing", State.NOT_FOUND)
    assert "pose_S.pth" in listing.detail


def test_a_file_that_may_be_an_entry_of_unknown_shape_is_not_called_missing():
    record = json.loads(RECORD.pages[f"{API}/{RECORD.number}"].content)
    record["files"][0]["key"] = None
    strange = {f"{API}/{RECORD.number}": Page(json.dumps(record).encode(), "application/json")}
    listing, _ = resolve(f"{RECORD.url}/files/pose_S.pth", pages=strange)
    assert (listing.status, listing.files) == ("partial", ())
    listing, _ = resolve(RECORD.url, pages=strange)
    assert (listing.status, len(listing.files)) == ("partial", 2)


def test_the_version_at_the_link_counts_and_a_newer_one_is_mentioned():
    listing, _ = resolve(RECORD.url, replace(RECORD, is_last=False))
    assert listing.status is Status.OK
    assert "newer version" in listing.detail
    for url in (f"https://doi.org/10.5281/zenodo.{RECORD.concept}", f"https://zenodo.org/records/{RECORD.concept}"):
        listing, _ = resolve(url)
        assert listing.status is Status.OK
        assert f"{RECORD.concept} stands for all versions" in listing.detail
        assert listing.files[0].revision == str(RECORD.number)
    listing, _ = resolve(f"{RECORD.url}/latest")
    assert listing.status is Status.OK
    moved = {f"{API}/55": Page(status=301, location=f"/api/records/{RECORD.number}")}
    listing, _ = resolve("https://zenodo.org/records/55", pages=moved)
    assert (listing.status, f"55 has moved to {RECORD.number}" in listing.detail) == ("ok", True)


def test_the_badge_of_a_repository_leads_to_its_record():
    badge = "https://zenodo.org/badge/latestdoi/12345"
    hops = {badge: Page(status=302, location=f"https://doi.org/10.5281/zenodo.{RECORD.number}")}
    listing, _ = resolve(badge, pages=hops)
    assert (listing.status, len(listing.files)) == ("ok", 3)
    listing, _ = resolve(badge, pages={badge: Page(status=302, location="https://example.org/x")})
    assert (listing.status, listing.files) == ("skipped", ())


def test_a_record_of_many_files_is_asked_for_all_of_them():
    many = ZenodoRecord({f"{n:03}.pth": b"x" for n in range(130)})
    cut = json.loads(many.pages[f"{API}/{many.number}"].content)
    cut["files"] = cut["files"][:100]
    listing, _ = resolve(many.url, many, pages={f"{API}/{many.number}": Page(json.dumps(cut).encode(), "application/json")})
    assert (listing.status, len(listing.files)) == ("ok", 130)


STATES = [
    (replace(RECORD, access="restricted"), "denied", State.NOT_SHARED, "restricted"),
    (replace(RECORD, access="embargoed", embargo_date="2031-01-01"), "denied", State.NOT_SHARED, "2031-01-01"),
    (replace(RECORD, hidden=True), "denied", State.NOT_SHARED, "Permission denied"),
    (replace(RECORD, deleted=True), "missing", State.DELETED, "Withdrawn by the owner"),
    (replace(RECORD, files={}), "ok", State.EMPTY, "no files"),
    (replace(RECORD, number=99), "missing", State.NOT_FOUND, "knows no such record"),
]


@pytest.mark.parametrize(("record", "status", "state", "words"), STATES, ids=lambda value: str(value)[:20])
def test_every_state_has_its_word(record, status, state, words):
    listing, _ = resolve(RECORD.url, record)
    assert (listing.status, listing.state, listing.files) == (status, state, ())
    assert words in listing.detail


@pytest.mark.parametrize(
    ("url", "status", "state"),
    [
        ("https://zenodo.org/deposit/123", "denied", State.NOT_SHARED),
        ("https://zenodo.org/uploads/123", "denied", State.NOT_SHARED),
        ("https://zenodo.org/communities/x", "skipped", State.SKIPPED),
        ("https://sandbox.zenodo.org/records/12", "skipped", State.SKIPPED),
    ],
)
def test_what_is_no_record_is_not_asked_for(url, status, state):
    listing, net = resolve(url)
    assert (listing.status, listing.state, net.requests) == (status, state, 0)
    assert listing.detail


@pytest.mark.parametrize(
    ("fault", "status", "state"),
    [
        (Fault("zenodo.org", status=429), "quota", State.RATE_LIMITED),
        (Fault("zenodo.org", status=500), "error", State.SERVER_ERROR),
        (Fault("zenodo.org", status=200, content=b"<!DOCTYPE html><html>Maintenance</html>"), "error", State.SERVER_ERROR),
        (Fault("zenodo.org", status=301, headers={"Location": "https://evil.example.org/"}), "error", None),
        (Fault("zenodo.org", mishap=Mishap.RESET), "error", None),
    ],
)
def test_faults_are_no_absence(fault, status, state):
    listing, net = resolve(RECORD.url, faults=[fault])
    assert (listing.status, listing.files) == (status, ())
    assert state is None or listing.state == state
    file = resolve(RECORD.url)[0].files[0]
    with pytest.raises(NetworkError) as caught:
        host_for(RECORD.url).open(file, net).read(0, 8)
    assert caught.value.status == status


def test_an_answer_of_another_server_is_refused():
    listing, _ = resolve(
        RECORD.url,
        pages={f"{API}/{RECORD.number}": Page(status=301, location="https://example.org/api"), "https://example.org/api": Page(b"{}")},
    )
    assert (listing.status, listing.state) == ("blocked", State.BLOCKED)


def test_a_secret_link_keeps_its_token():
    site = FakeInternet({"zenodo.org/": Reply(200, RECORD.pages[f"{API}/{RECORD.number}"].content)})
    listing = host_for(RECORD.url).resolve(f"{RECORD.url}?token=ab.cd", network(site))
    assert site.urls == [f"{API}/{RECORD.number}?token=ab.cd"]
    assert all(file.key.endswith("/content?token=ab.cd") for file in listing.files)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["files", "entries", "key", "size", "checksum", "metadata", "relations", "version", "id"]), inner)
    ),
    max_leaves=20,
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "key": st.sampled_from(["a.pth", "../../x", "/etc/passwd", "a\x00b", "", "é" * 2000, "..", "a?b#c", "\ud800.pth"]) | JSON,
        "size": st.sampled_from([-1, 0, 10**30, True, "12", 1.5]) | JSON,
        "checksum": st.sampled_from(["md5:" + "0" * 32, "md5:zz", "sha256:1"]) | JSON,
    },
)


@given(JSON | st.fixed_dictionaries({"id": st.just(7) | JSON, "metadata": JSON, "files": st.lists(ENTRY | JSON, max_size=4)}))
def test_no_answer_raises_and_what_is_not_understood_is_said(record):
    site = FakeInternet({"zenodo.org/": Reply(200, json.dumps(record).encode())})
    listing = host_for(RECORD.url).resolve("https://zenodo.org/records/7", network(site))
    entries = record.get("files") if isinstance(record, dict) else None
    if isinstance(entries, list) and listing.status is Status.OK:
        assert len(listing.files) == len(entries)
    for file in listing.files:
        assert file.name
        assert len(file.name) <= 1024
        assert file.size is None or 0 <= file.size < 2**63
        assert file.key.startswith("https://zenodo.org/api/records/")


@given(st.text(max_size=60).map(lambda rest: f"https://zenodo.org/{rest}"))
def test_no_address_raises(url):
    assert zenodo_place(url).kind
