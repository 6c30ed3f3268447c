"""GitLab: folders, files, releases, Git LFS, and projects of which nobody can tell whether they exist."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fake_drive import network
from hypothesis import given
from hypothesis import strategies as st
from internet.gitlab import GitLabProject
from net_fakes import FakeInternet, Reply

from auditor.addresses import locate
from auditor.demo.internet import Fault, Mishap, Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.facts import Checkpoint, State, Status
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.hosts.gitlab import gitlab_place
from auditor.net import Network

FILES = {"weights/pose_S.pth": pose_checkpoint("pose_S.pth", "S"), "weights/v 2/é.bin": b"x" * 3000, "README.md": b"# pose"}
PROJECT = GitLabProject(FILES)
GONE = Page(b'{"message":"404 Tree Not Found"}', "application/json", 404)


def resolve(url, project=PROJECT, *, pages=None, faults=()):
    net = Network(transport=ReplicaAdapter(World(pages={**project.pages, **(pages or {})}, faults=faults)), sleep=lambda _: None)
    return host_for(url).resolve(url, net), net


@pytest.mark.parametrize("server", ["https://gitlab.com", "https://git.lab.example.edu"])
def test_a_folder_is_listed_with_what_is_below_it_on_any_server(server):
    project = replace(PROJECT, server=server)
    listing, net = resolve(project.url + "/weights", project)
    assert (listing.status, listing.state, listing.host) == ("ok", State.OK, "gitlab")
    assert {file.name for file in listing.files} == {"pose_S.pth", "v 2/é.bin"}
    assert all(len(file.revision) == 40 for file in listing.files)
    assert net.requests == listing.requests == 1
    file = next(file for file in listing.files if file.name == "pose_S.pth")
    blob = host_for(project.url).open(file, net)
    assert isinstance(next(iter(read_contents(blob))), Checkpoint)
    for other in listing.files:
        assert host_for(other.url).open(replace(other, key=""), net).size > 0
    assert {file.name for file in resolve(project.url, project)[0].files} == set(FILES)


def test_a_listing_of_many_pages_is_read_to_its_end():
    many = GitLabProject({f"{n:03}.pth": b"x" for n in range(250)})
    listing, net = resolve(many.url, many)
    assert (listing.status, len(listing.files), net.requests) == ("ok", 250, 3)
    cut = Fault("gitlab.com", path="*page_token=200*", mishap=Mishap.RESET)
    listing, _ = resolve(many.url, many, faults=[cut])
    assert (listing.status, len(listing.files)) == ("partial", 200)


def test_a_file_page_means_its_bytes():
    for kind in ("blob", "raw"):
        url = f"https://gitlab.com/lab/vision/pose/-/{kind}/main/weights/pose_S.pth?ref_type=heads"
        listing, net = resolve(url)
        assert (listing.status, [file.name for file in listing.files]) == ("ok", ["pose_S.pth"])
        asked = net.requests
        assert host_for(url).open(listing.files[0], net).size == FILES["weights/pose_S.pth"].size
        assert net.requests == asked


def test_a_branch_with_a_slash_is_found():
    project = replace(PROJECT, ref="release/v1")
    wrong = {replace(PROJECT, ref="release").tree("v1/weights"): GONE}
    listing, _ = resolve(project.url + "/weights", project, pages=wrong)
    assert (listing.status, len(listing.files)) == ("ok", 2)


def test_behind_a_pointer_is_the_file():
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"ab" * 32 + b"\nsize 4000\n"
    project = GitLabProject({"m.bin": pointer}, lfs={"m.bin": b"y" * 4000})
    listing, net = resolve("https://gitlab.com/lab/vision/pose/-/blob/main/m.bin", project)
    assert [file.size for file in listing.files] == [4000]
    assert host_for(project.url).open(listing.files[0], net).read(0, 2) == b"yy"


def test_the_links_of_a_release_are_its_files():
    project = replace(PROJECT, release={"m.pth": "https://gitlab.com/lab/vision/pose/-/releases/v1/downloads/m.pth"})
    pages = {"https://gitlab.com/lab/vision/pose/-/releases/v1/downloads/m.pth": Page(b"z" * 50, "application/octet-stream")}
    listing, net = resolve("https://gitlab.com/lab/vision/pose/-/releases/v1", project, pages=pages)
    assert [(file.name, listing.status) for file in listing.files] == [("m.pth", "ok")]
    assert host_for(listing.files[0].url).open(listing.files[0], net).size == 50


@pytest.mark.parametrize(
    ("end", "change", "pages", "status", "state"),
    [
        ("tree/main", {"private": True}, {}, "denied", State.NOT_SHARED),
        ("blob/main/weights/pose_S.pth", {"private": True}, {}, "denied", State.SIGN_IN),
        ("releases/v1", {"private": True}, {}, "denied", State.NOT_SHARED),
        ("tree/gone", {}, {replace(PROJECT, ref="gone").tree(""): GONE}, "missing", State.NOT_FOUND),
        ("releases/v9", {}, {}, "denied", State.NOT_SHARED),
        ("blob/main/gone.pth", {}, {}, "missing", State.NOT_FOUND),
        ("tree/main", {"files": {}}, {}, "ok", State.EMPTY),
        ("releases/v1", {}, {}, "ok", State.EMPTY),
        ("issues/1", {}, {}, "skipped", State.SKIPPED),
    ],
)
def test_every_state_has_its_word(end, change, pages, status, state):
    url = f"https://gitlab.com/lab/vision/pose/-/{end}"
    listing, _ = resolve(url, replace(PROJECT, **change), pages=pages)
    assert (listing.status, listing.state, listing.files) == (status, state, ())
    assert listing.detail


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault("gitlab.com", status=429), "quota"),
        (Fault("gitlab.com", status=401), "denied"),
        (Fault("gitlab.com", status=500), "error"),
        (Fault("gitlab.com", status=200, content=b"<html>Maintenance</html>"), "error"),
        (Fault("gitlab.com", mishap=Mishap.TIMEOUT), "error"),
    ],
)
@pytest.mark.parametrize("end", ["tree/main", "blob/main/weights/pose_S.pth"])
def test_faults_are_no_absence(fault, status, end):
    listing, _ = resolve(f"https://gitlab.com/lab/vision/pose/-/{end}", faults=[fault])
    assert (listing.status, listing.files) == (status, ())


def test_next_pages_on_other_servers_and_in_circles_are_refused():
    entry = [{"type": "blob", "path": "m.pth", "id": "ab"}]
    evil = Reply(200, json.dumps(entry).encode(), {"Link": '<https://evil.org/api>; rel="next"'})
    site = FakeInternet({"gitlab.com/": evil, "evil.org": Reply(200, b"[]")})
    listing = host_for(PROJECT.url).resolve(PROJECT.url, network(site))
    assert (listing.status, listing.state, len(listing.files)) == ("partial", State.BLOCKED, 1)
    assert not any("evil.org" in url for url in site.urls)
    circle = Reply(200, json.dumps(entry).encode(), {"X-Next-Page": "2"})
    listing = host_for(PROJECT.url).resolve(PROJECT.url, network(FakeInternet({"gitlab.com/": circle})))
    assert (listing.status, listing.state, listing.requests) == ("partial", State.TOO_MANY, 2)


@pytest.mark.parametrize(
    ("url", "kind", "project", "ref", "path"),
    [
        ("https://gitlab.com/a/b/-/blob/v1/x/m.pth", "file", "a/b", "v1", "x/m.pth"),
        ("https://gitlab.com/a/b/raw/master/m.pth", "file", "a/b", "master", "m.pth"),
        ("https://gitlab.com/a/b/c/-/tree/main", "folder", "a/b/c", "main", ""),
        ("https://gitlab.com/a/b/-/tree/main/w?ref_type=heads", "folder", "a/b", "main", "w"),
        ("https://gitlab.com/a/b/-/releases/v1.0", "release", "a/b", "", ""),
        ("https://gitlab.com/a/b/-/releases/v1.0/downloads/m.pth", "download", "a/b", "", "v1.0/downloads/m.pth"),
        ("https://gitlab.com/a/b/uploads/0a/m.pth", "download", "a/b", "", "0a/m.pth"),
        ("https://git.x.org/a/b/-/jobs/5/artifacts/raw/m.pth", "download", "a/b", "", "5/artifacts/raw/m.pth"),
        ("https://gitlab.com/a/b", "repo", "a/b", "", ""),
    ],
)
def test_an_address_names_a_place(url, kind, project, ref, path):
    place = gitlab_place(url)
    assert (place.kind, place.project) == (kind, project)
    assert kind == "release" or (place.ref, place.path) == (ref, path)
    assert locate(url).host == "gitlab"
    assert locate(url).target == {"file": "file", "download": "file", "repo": "repo"}.get(kind, "folder")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["path", "type", "id", "assets", "links"]), inner),
    max_leaves=12,
)
ENTRY = st.fixed_dictionaries(
    {"type": st.sampled_from(["blob", "tree", "commit", "x"]) | JSON},
    optional={"path": st.sampled_from(["a.pth", "../../x", "/etc", "w/../x", "", "é" * 5000, "a?b#c", "\ud800"]) | JSON, "id": JSON},
)


@given(JSON | st.lists(ENTRY | JSON, max_size=4), st.sampled_from(["tree/main", "releases/v1"]))
def test_no_answer_raises_and_no_path_leaves_the_project(record, end):
    url = f"https://gitlab.com/a/b/-/{end}"
    listing = host_for(url).resolve(url, network(FakeInternet({"": Reply(200, json.dumps(record).encode())})))
    assert isinstance(listing.status, Status)
    for file in listing.files:
        assert ".." not in file.name.split("/")


@given(st.text(max_size=60).map(lambda text: "https://gitlab.com/" + text))
def test_no_address_raises(url):
    gitlab_place(url)
