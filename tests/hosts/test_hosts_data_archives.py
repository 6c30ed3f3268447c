"""Mendeley Data and Dataverse: data sets with folders, versions, single files, and every way in which they say no."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fake_drive import network
from hypothesis import given
from hypothesis import strategies as st
from internet.dataverse import DataverseDataset
from internet.mendeley import SITE, MendeleyDataset
from internet.shapes import digest, json_page
from net_fakes import FakeInternet, Reply

from auditor.demo.internet import Fault, Mishap, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.errors import NetworkError
from auditor.facts import Checkpoint, State, Status
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.hosts.dataverse import dataverse_place
from auditor.hosts.mendeley import mendeley_place
from auditor.net import Network

WEIGHTS = pose_checkpoint("pose_S.pth", "S")
FILES = {"pose_S.pth": WEIGHTS, "a/b/c.pth": b"C", "a/d.pth": b"D"}
MENDELEY = MendeleyDataset(FILES, version=2, older={1: {"old.pth": b"x", "sub/older.pth": b"y"}})
DATAVERSE = DataverseDataset(FILES)


def resolve(url, kept, *, pages=None, faults=()):
    net = Network(transport=ReplicaAdapter(World(pages={**kept.pages, **(pages or {})}, faults=faults)), sleep=lambda _: None)
    return host_for(url).resolve(url, net), net


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (MENDELEY.url, MENDELEY),
        (f"{SITE}/datasets/{MENDELEY.id}", MENDELEY),
        (f"https://doi.org/10.17632/{MENDELEY.id}.2", MENDELEY),
        (f"https://doi.org/10.17632/{MENDELEY.id}", MENDELEY),
        (f"{SITE}/public-api/zip/{MENDELEY.id}/download/2", MENDELEY),
        (DATAVERSE.url, DATAVERSE),
        (f"{DATAVERSE.url}&version=1.0", DATAVERSE),
        ("https://doi.org/10.7910/DVN/ABCDEF", DATAVERSE),
        ("https://dataverse.harvard.edu/citation?persistentId=doi:10.7910/DVN/ABCDEF", DATAVERSE),
    ],
)
def test_every_form_of_address_lists_the_data_set_whole(url, kept):
    listing, net = resolve(url, kept)
    assert (listing.status, listing.state) == ("ok", State.OK)
    assert [file.name for file in listing.files] == list(FILES)
    weights = listing.files[0]
    assert weights.size == WEIGHTS.size
    assert digest(WEIGHTS, "sha256") == weights.sha256 or digest(WEIGHTS, "md5") == weights.md5
    blob = host_for(url).open(weights, net)
    assert isinstance(next(iter(read_contents(blob))), Checkpoint)
    assert blob.bytes_read < 0.01 * blob.size


def test_an_older_version_is_walked_by_its_folders():
    listing, _ = resolve(f"{SITE}/datasets/{MENDELEY.id}/1", MENDELEY)
    assert [file.name for file in listing.files] == ["old.pth", "sub/older.pth"]
    assert (listing.status, "version 2 exists" in listing.detail) == ("ok", True)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (
            json.loads(MENDELEY.pages[f"{SITE}/public-api/datasets/{MENDELEY.id}"].content)["files"][0]["content_details"]["download_url"],
            MENDELEY,
        ),
        (f"https://dataverse.harvard.edu/api/access/datafile/{DATAVERSE.number('pose_S.pth')}", DATAVERSE),
        (f"https://dataverse.harvard.edu/file.xhtml?fileId={DATAVERSE.number('pose_S.pth')}&version=1.0", DATAVERSE),
    ],
)
def test_one_file(url, kept):
    listing, net = resolve(url, kept)
    assert [(file.name, file.size) for file in listing.files] == [("pose_S.pth", WEIGHTS.size)]
    assert host_for(url).open(listing.files[0], net).read(0, 2) == b"PK"


@pytest.mark.parametrize(
    ("kept", "status", "state"),
    [
        (replace(MENDELEY, there=False), "missing", State.NOT_FOUND),
        (MendeleyDataset(version=2), "ok", State.EMPTY),
        (replace(DATAVERSE, there=False), "missing", State.NOT_FOUND),
        (replace(DATAVERSE, published=False), "denied", State.NOT_SHARED),
        (DataverseDataset(), "ok", State.EMPTY),
    ],
)
def test_every_state_has_its_word(kept, status, state):
    listing, _ = resolve(kept.url, kept)
    assert (listing.status, listing.state, listing.files) == (status, state, ())
    assert listing.detail


def test_files_that_are_kept_back_say_what_to_do():
    kept = replace(DATAVERSE, restricted=frozenset({"pose_S.pth"}))
    listing, net = resolve(kept.url, kept)
    assert (listing.status, "1 of them restricted" in listing.detail) == ("ok", True)
    with pytest.raises(NetworkError) as caught:
        host_for(kept.url).open(listing.files[0], net).read(0, 8)
    assert (caught.value.status, caught.value.state) == ("denied", State.NOT_SHARED)
    kept = replace(DATAVERSE, guestbook=True)
    listing, net = resolve(kept.url, kept)
    with pytest.raises(NetworkError) as caught:
        host_for(kept.url).open(listing.files[0], net).read(0, 8)
    assert (caught.value.status, caught.value.state) == ("denied", State.GATED)


def test_an_address_of_another_server_is_not_opened():
    record = json.loads(MENDELEY.pages[f"{SITE}/public-api/datasets/{MENDELEY.id}"].content)
    record["files"][0]["content_details"]["download_url"] = "https://evil.example.org/x"
    listing, net = resolve(MENDELEY.url, MENDELEY, pages={f"{SITE}/public-api/datasets/{MENDELEY.id}": json_page(record)})
    with pytest.raises(NetworkError) as caught:
        host_for(MENDELEY.url).open(listing.files[0], net)
    assert (caught.value.status, caught.value.state) == ("blocked", State.BLOCKED)


def test_folders_that_lead_in_circles_end():
    folders = [{"id": "aa", "name": "a", "parent_id": "bb"}, {"id": "bb", "name": "b", "parent_id": "aa"}, {"id": "../x", "name": "c"}]
    listing, net = resolve(MENDELEY.url, MENDELEY, pages={f"{SITE}/public-api/datasets/{MENDELEY.id}/folders/2": json_page(folders)})
    assert (listing.status, net.requests) == ("partial", 2)


@pytest.mark.parametrize("kept", [MENDELEY, DATAVERSE], ids=["mendeley", "dataverse"])
@pytest.mark.parametrize(
    ("fault", "status", "state"),
    [
        ({"status": 403}, "denied", State.NOT_SHARED),
        ({"status": 429}, "quota", State.RATE_LIMITED),
        ({"status": 500}, "error", State.SERVER_ERROR),
        ({"status": 200, "content": b"<!doctype html>"}, "error", State.SERVER_ERROR),
        ({"mishap": Mishap.TIMEOUT}, "error", None),
    ],
)
def test_faults_are_no_absence(kept, fault, status, state):
    host = "data.mendeley.com" if kept is MENDELEY else "dataverse.harvard.edu"
    listing, _ = resolve(kept.url, kept, faults=[Fault(host, **fault)])
    assert (listing.status, listing.files) == (status, ())
    assert state is None or listing.state == state


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (f"{SITE}/datasets/{MENDELEY.id}/draft?a=b", "denied"),
        (f"{SITE}/my-data", "skipped"),
        ("https://dataverse.harvard.edu/dataverse/lab", "skipped"),
    ],
)
def test_pages_are_not_asked_for(url, status):
    listing, net = resolve(url, MENDELEY)
    assert (listing.status, net.requests) == (status, 0)


KEYS = "data latestVersion files label dataFile id filesize checksum version folder_id filename content_details download_url size name parent_id"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from(["../x", "\ud800", "https://evil.org/", "a"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=6),
    max_leaves=25,
)


@pytest.mark.parametrize("kept", [MENDELEY, DATAVERSE], ids=["mendeley", "dataverse"])
@given(first=JSON | st.fixed_dictionaries({"version": st.just(2), "files": st.lists(JSON, max_size=4)}), second=JSON)
def test_no_answer_raises(kept, first, second):
    answers = [first, second]
    site = FakeInternet({"": lambda _: Reply(200, json.dumps(answers.pop(0) if answers else []).encode())})
    listing = host_for(kept.url).resolve(kept.url, network(site))
    assert isinstance(listing.status, Status)
    assert all("evil" not in url for url in site.urls)
    for file in listing.files:
        assert file.name
        assert file.size is None or 0 <= file.size < 2**63


@given(st.text(max_size=60))
def test_no_address_raises(rest):
    assert mendeley_place(f"{SITE}/{rest}").kind
    dataverse_place(f"https://dataverse.harvard.edu/{rest}")
