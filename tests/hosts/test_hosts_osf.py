"""OSF: projects with folders, providers and components, single files, and every way in which it says no."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fake_drive import network
from hypothesis import given
from hypothesis import strategies as st
from internet.osf import API, OsfFolder, OsfProject
from internet.shapes import digest, file_page, json_page
from net_fakes import FakeInternet, Reply

from auditor.demo.internet import Fault, Mishap, Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.errors import NetworkError
from auditor.facts import Checkpoint, State, Status
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.hosts.osf import MAX_REQUESTS, osf_place
from auditor.net import Network

WEIGHTS = pose_checkpoint("pose_S.pth", "S")
FOLDER = OsfFolder({"pose_S.pth": WEIGHTS, "old": OsfFolder({"inner": OsfFolder({"a.pth": b"A"}), "b.pth": b"B"})})
PART = OsfProject(OsfFolder({"c.pth": b"C"}), id="part1", title="Part one")
PROJECT = OsfProject(FOLDER, others={"github": OsfFolder({"d.pth": b"D"})}, children=(PART,))
NAMES = ["pose_S.pth", "old/inner/a.pth", "old/b.pth", "github/d.pth", "Part one/c.pth"]


def resolve(url, project=PROJECT, *, pages=None, faults=()):
    net = Network(transport=ReplicaAdapter(World(pages={**project.pages, **(pages or {})}, faults=faults)), sleep=lambda _: None)
    return host_for(url).resolve(url, net), net


@pytest.mark.parametrize(
    "url",
    [
        PROJECT.url,
        f"https://osf.io/{PROJECT.id}",
        f"https://osf.io/{PROJECT.id}/files/",
        f"https://osf.io/{PROJECT.id.upper()}/wiki/home/",
        f"https://doi.org/10.17605/OSF.IO/{PROJECT.id.upper()}",
        f"https://api.osf.io/v2/nodes/{PROJECT.id}/files/",
    ],
)
def test_a_project_is_listed_with_its_folders_providers_and_components(url):
    listing, _ = resolve(url)
    assert (listing.status, listing.state, listing.host) == ("ok", State.OK, "osf")
    assert [file.name for file in listing.files] == NAMES
    weights, *_, foreign, _ = listing.files
    assert (weights.size, weights.revision) == (WEIGHTS.size, "2")
    assert (weights.md5, weights.sha256) == (digest(WEIGHTS, "md5"), digest(WEIGHTS, "sha256"))
    assert (foreign.md5, foreign.sha256) == (None, None)


def test_a_checkpoint_is_read_by_ranges():
    listing, net = resolve(PROJECT.url)
    blob = host_for(PROJECT.url).open(listing.files[0], net)
    assert isinstance(next(iter(read_contents(blob))), Checkpoint)
    assert blob.requests <= 4  # one of them the redirect to the store
    assert blob.bytes_read < 0.01 * blob.size
    assert host_for(PROJECT.url).open(listing.files[3], net).read(0, 5) == b"D"


@pytest.mark.parametrize(
    "form",
    [
        "https://osf.io/download/{id}/",
        "https://osf.io/ab3cd/files/osfstorage/{id}",
        "https://files.osf.io/v1/resources/ab3cd/providers/osfstorage/{id}",
        "https://files.de-1.osf.io/v1/resources/ab3cd/providers/osfstorage/{id}?direct",
        "https://api.osf.io/v2/files/{id}/",
    ],
)
def test_one_file(form):
    url = form.format(id=PROJECT.file_id("osfstorage", "/pose_S.pth"))
    listing, net = resolve(url)
    assert [(file.name, file.size, file.sha256) for file in listing.files] == [("pose_S.pth", WEIGHTS.size, digest(WEIGHTS, "sha256"))]
    assert host_for(url).open(listing.files[0], net).read(0, 2) == b"PK"


def test_an_identifier_of_five_characters_may_be_a_file():
    number = PROJECT.file_id("osfstorage", "/pose_S.pth")
    pages = {f"{API}/guids/xy9zw": Page(status=302, location=f"{API}/files/{number}/")}
    for url in ("https://osf.io/xy9zw", "https://osf.io/xy9zw/download", "https://osf.io/download/xy9zw/"):
        listing, _ = resolve(url, pages=pages)
        assert [file.name for file in listing.files] == ["pose_S.pth"]
    listing, _ = resolve("https://osf.io/xy9zw/download?version=1", pages=pages)
    file = listing.files[0]
    assert (file.size, file.md5, file.sha256, file.revision) == (None, None, None, "1")
    assert file.key.endswith("/?version=1")
    listing, _ = resolve("https://osf.io/xy9zw", pages={f"{API}/guids/xy9zw": json_page({"data": {"type": "users", "id": "xy9zw"}})})
    assert (listing.status, listing.files) == ("skipped", ())


def test_a_folder_and_a_file_of_another_provider():
    inner = PROJECT.file_id("osfstorage", "/old/")
    listing, _ = resolve(f"https://files.osf.io/v1/resources/ab3cd/providers/osfstorage/{inner}/?zip=")
    assert [file.name for file in listing.files] == ["old/inner/a.pth", "old/b.pth"]
    listing, _ = resolve("https://osf.io/ab3cd/files/github")
    assert [file.name for file in listing.files] == ["d.pth"]
    url = "https://files.osf.io/v1/resources/ab3cd/providers/github/sub/x.pth"
    listing, _ = resolve(url, pages={url: file_page(b"XX", "x.pth")})
    assert [(file.name, file.size) for file in listing.files] == [("x.pth", 2)]


def test_lists_are_followed_to_the_end():
    many = OsfProject(OsfFolder({f"{n:03}.pth": b"x" for n in range(95)}))
    listing, _ = resolve(many.url, many)
    assert (listing.status, len(listing.files)) == ("ok", 95)


STATES = [
    (replace(PROJECT, private=True), "denied", State.NOT_SHARED, "Authentication credentials"),
    (replace(PROJECT, deleted=True), "missing", State.DELETED, "no longer available"),
    (replace(PROJECT, id="zz9zz"), "missing", State.NOT_FOUND, "nothing"),
    (OsfProject(), "ok", State.EMPTY, "no files"),
]


@pytest.mark.parametrize(("project", "status", "state", "words"), STATES, ids=["private", "deleted", "unknown", "empty"])
def test_every_state_has_its_word(project, status, state, words):
    listing, _ = resolve(PROJECT.url, project)
    assert (listing.status, listing.state, listing.files) == (status, state, ())
    assert words in listing.detail


def test_a_part_that_is_closed_leaves_the_rest_and_nothing_is_called_whole():
    listing, _ = resolve(PROJECT.url, replace(PROJECT, children=(replace(PART, private=True),)))
    assert (listing.status, listing.state) == ("partial", State.NOT_SHARED)
    assert [file.name for file in listing.files] == NAMES[:4]
    refused = {f"{API}/nodes/ab3cd/files/github": json_page({"errors": [{"detail": "no"}]}, 503)}
    listing, _ = resolve(PROJECT.url, pages=refused)
    assert (listing.status, listing.state) == ("partial", State.SERVER_ERROR)
    assert [file.name for file in listing.files] == [*NAMES[:3], NAMES[4]]


def test_what_came_before_a_page_that_fails_stays():
    many = OsfProject(OsfFolder({f"{n:03}.pth": b"x" for n in range(35)}))
    listing, _ = resolve(many.url, many, faults=[Fault("api.osf.io", "*page=3", status=500)])
    assert (listing.status, listing.state, len(listing.files)) == ("partial", State.SERVER_ERROR, 20)


@pytest.mark.parametrize("following", ["https://evil.example.org/v2/", "http://api.osf.io/v2/x", "https://api.osf.io@evil.org/", 7, ["x"]])
def test_a_next_page_elsewhere_is_refused(following):
    listed = f"{API}/nodes/ab3cd/files/osfstorage"
    page = json.loads(PROJECT.pages[listed].content)
    page["links"]["next"] = following
    adapter = ReplicaAdapter(
        World(pages={**PROJECT.pages, listed: json_page(page), "https://evil.example.org/v2": json_page({"data": []})})
    )
    listing = host_for(PROJECT.url).resolve(PROJECT.url, Network(transport=adapter, sleep=lambda _: None))
    assert (listing.status, len(listing.files)) == ("partial", 5)
    assert {seen.host for seen in adapter.seen} == {"api.osf.io"}
    assert all(seen.url.startswith("https://api.osf.io/") for seen in adapter.seen)


def test_circles_end():
    listed = f"{API}/nodes/ab3cd/files/osfstorage"
    page = json.loads(PROJECT.pages[listed].content)
    page["links"]["next"] = f"{listed}/?page=2"
    again = {f"{listed}/?page=2": json_page(page)}
    listing, _ = resolve(PROJECT.url, pages={listed: json_page(page), **again})
    assert listing.status is Status.PARTIAL
    own = dict(page, links={"next": None})
    own["data"] = [row for row in own["data"] if row["attributes"]["kind"] == "folder"]
    own["data"][0]["relationships"]["files"]["links"]["related"]["href"] = f"{listed}/"
    listing, net = resolve(PROJECT.url, pages={listed: json_page(own)})
    assert listing.status is Status.PARTIAL
    assert net.requests < 20
    parent = {f"{API}/nodes/part1/children": json_page({"data": [{"id": "ab3cd", "attributes": {"title": "up"}}], "links": {}})}
    listing, net = resolve(PROJECT.url, pages=parent)
    assert (listing.status, [file.name for file in listing.files]) == ("partial", NAMES)
    assert net.requests < MAX_REQUESTS


def test_the_key_of_a_view_only_link_goes_with_every_question():
    key = "0123456789abcdef0123456789abcdef"
    asked = []

    def answer(request):
        asked.append(request.url)
        pages = {f"{address.rstrip('/')}": page for address, page in PROJECT.pages.items()}
        page = pages.get(request.url.partition("?")[0].rstrip("/"), Page(status=404))
        location = {"Location": f"{page.location}?view_only={key}"} if page.location else {}
        return Reply(page.status, page.content, location)

    listing = host_for(PROJECT.url).resolve(f"{PROJECT.url}?view_only={key}", network(FakeInternet({"api.osf.io/": answer})))
    assert (listing.status, len(listing.files)) == ("ok", 5)
    assert all(f"view_only={key}" in url for url in asked)
    assert all(f"view_only={key}" in file.key for file in listing.files)


@pytest.mark.parametrize(
    ("fault", "status", "state"),
    [
        (Fault("api.osf.io", status=429, headers={"Retry-After": "3600"}), "quota", State.RATE_LIMITED),
        (Fault("api.osf.io", status=500), "error", State.SERVER_ERROR),
        (Fault("api.osf.io", status=403), "denied", State.NOT_SHARED),
        (Fault("api.osf.io", status=200, content=b"<html>"), "error", State.SERVER_ERROR),
        (Fault("api.osf.io", mishap=Mishap.TIMEOUT), "error", None),
    ],
)
def test_faults_are_no_absence(fault, status, state):
    listing, _ = resolve(PROJECT.url, faults=[fault])
    assert (listing.status, listing.files) == (status, ())
    assert state is None or listing.state == state


def test_a_file_that_was_taken_away_after_it_was_listed():
    number = PROJECT.file_id("osfstorage", "/pose_S.pth")
    listing, net = resolve(PROJECT.url, pages={f"https://osf.io/download/{number}": Page(b"{}", "application/json", 410)})
    with pytest.raises(NetworkError) as caught:
        host_for(PROJECT.url).open(listing.files[0], net).read(0, 8)
    assert (caught.value.status, caught.value.state) == ("missing", State.DELETED)


@pytest.mark.parametrize(
    "url", ["https://osf.io/", "https://osf.io/preprints/psyarxiv/abcde", "https://osf.io/login", "https://osf.io/search/?q=x"]
)
def test_pages_are_not_asked_for(url):
    listing, net = resolve(url)
    assert (listing.status, net.requests) == ("skipped", 0)


KEYS = ["data", "links", "next", "id", "type", "attributes", "relationships", "files", "kind", "name", "related", "href"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(["nodes", "files", "folder", "file", "ab3cd", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=20,
)
ENTRY = st.fixed_dictionaries(
    {"id": st.just("0123456789abcdef01234567") | JSON},
    optional={
        "attributes": JSON
        | st.fixed_dictionaries(
            {
                "kind": st.sampled_from(["file", "folder", "link"]),
                "materialized_path": st.sampled_from(["/../../x", "/a", "\ud800"]) | JSON,
            },
            optional={"size": JSON, "extra": JSON, "provider": JSON, "current_version": JSON, "guid": JSON},
        ),
        "relationships": st.just({"files": {"links": {"related": {"href": f"{API}/nodes/ab3cd/files/x/"}}}}) | JSON,
    },
)


@given(st.lists(st.fixed_dictionaries({"data": st.lists(ENTRY | JSON, max_size=3) | JSON, "links": JSON}) | JSON, min_size=1, max_size=5))
def test_no_answer_raises(answers):
    left = list(answers)

    def answer(request):
        if "/guids/" in request.url:
            return Reply(200, b'{"data": {"type": "nodes", "id": "ab3cd"}}')
        return Reply(200, json.dumps(left.pop(0) if left else {"data": [], "links": {}}).encode())

    site = FakeInternet({"api.osf.io/": answer})
    listing = host_for(PROJECT.url).resolve(PROJECT.url, network(site))
    assert len(site.urls) < 40
    for file in listing.files:
        assert file.name
        assert file.size is None or 0 <= file.size < 2**63
        assert file.key.startswith("https://osf.io/download/")


@given(st.text(max_size=60).map(lambda rest: f"https://osf.io/{rest}"))
def test_no_address_raises(url):
    assert osf_place(url).kind
