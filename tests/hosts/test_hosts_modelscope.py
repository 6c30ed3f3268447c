"""ModelScope: repositories at their revisions, datasets page by page, single files, and every way in which it says no."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fake_drive import network
from hypothesis import given
from hypothesis import strategies as st
from internet.modelscope import NOT_THERE, SITE, ModelScopeRepository
from internet.shapes import digest, json_page
from net_fakes import FakeInternet, Reply

from auditor.demo.internet import Fault, Mishap, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.errors import NetworkError
from auditor.facts import Checkpoint, State, Status
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.hosts.modelscope import modelscope_place
from auditor.net import Network

WEIGHTS = pose_checkpoint("pose_S.pth", "S")
FILES = {"README.md": b"# pose", "weights/pose_S.pth": WEIGHTS, "weights/ä b.bin": b"B"}
REPOSITORY = ModelScopeRepository(FILES, revisions={"v1.0": {"old.pth": b"x"}})
LIST = f"{SITE}/api/v1/models/lab/pose/repo/files"


def resolve(url, repository=REPOSITORY, *, pages=None, faults=()):
    net = Network(transport=ReplicaAdapter(World(pages={**repository.pages, **(pages or {})}, faults=faults)), sleep=lambda _: None)
    return host_for(url).resolve(url, net), net


@pytest.mark.parametrize(
    "url",
    [
        REPOSITORY.url,
        "https://modelscope.cn/models/lab/pose",
        "https://www.modelscope.cn/models/lab/pose/files",
        "https://modelscope.cn/models/lab/pose/tree/master",
        "https://www.modelscope.cn/api/v1/models/lab/pose/repo/files?Revision=master",
    ],
)
def test_every_form_of_address_lists_the_repository_whole(url):
    listing, _ = resolve(url)
    assert (listing.status, listing.state, listing.host, listing.requests) == ("ok", State.OK, "modelscope", 1)
    assert [file.name for file in listing.files] == list(FILES)
    weights = listing.files[1]
    assert (weights.size, weights.sha256) == (WEIGHTS.size, digest(WEIGHTS, "sha256"))
    assert len(weights.revision) == 40
    place = modelscope_place(weights.url)
    assert (place.path, place.is_file) == (weights.name, True)


def test_a_checkpoint_is_read_by_ranges_through_the_store():
    listing, net = resolve(REPOSITORY.url)
    blob = host_for(REPOSITORY.url).open(listing.files[1], net)
    assert isinstance(next(iter(read_contents(blob))), Checkpoint)
    assert blob.requests <= 4
    assert blob.bytes_read < 0.01 * blob.size
    assert host_for(REPOSITORY.url).open(listing.files[2], net).read(0, 9) == b"B"


@pytest.mark.parametrize(
    "url",
    [
        f"{SITE}/models/lab/pose/resolve/master/weights/pose_S.pth",
        f"{SITE}/models/lab/pose/file/view/master/weights/pose_S.pth?status=2",
        f"{SITE}/models/lab/pose/file/view/master?fileName=weights%2Fpose_S.pth&status=2",
        f"{SITE}/api/v1/models/lab/pose/repo?Revision=master&FilePath=weights/pose_S.pth",
    ],
)
def test_one_file(url):
    listing, net = resolve(url)
    assert [(file.name, file.sha256) for file in listing.files] == [("weights/pose_S.pth", digest(WEIGHTS, "sha256"))]
    assert host_for(url).open(listing.files[0], net).read(0, 2) == b"PK"
    listing, _ = resolve(url.replace("pose_S", "pose_L"))
    assert (listing.status, listing.state) == ("missing", State.NOT_FOUND)


def test_the_revision_at_the_link_counts_and_a_folder_is_a_part():
    listing, _ = resolve(f"{SITE}/models/lab/pose/tree/v1.0")
    assert [file.name for file in listing.files] == ["old.pth"]
    listing, _ = resolve(f"{SITE}/models/lab/pose/files?revision=v1.0")
    assert [file.name for file in listing.files] == ["old.pth"]
    listing, _ = resolve(f"{SITE}/models/lab/pose/tree/master/weights")
    assert [file.name for file in listing.files] == ["weights/pose_S.pth", "weights/ä b.bin"]
    listing, _ = resolve(f"{SITE}/models/lab/pose/tree/v9")
    assert (listing.status, listing.state) == ("missing", State.NOT_FOUND)


def test_datasets_are_listed_page_by_page():
    data = ModelScopeRepository({f"{n:03}.pth": b"x" for n in range(450)}, kind="datasets")
    listing, net = resolve(data.url, data)
    assert (listing.status, len(listing.files), net.requests) == ("ok", 450, 3)
    listing, _ = resolve(data.url, data, faults=[Fault("www.modelscope.cn", "*PageNumber=2*", status=500)])
    assert (listing.status, listing.state, len(listing.files)) == ("partial", State.SERVER_ERROR, 200)
    page = next(page for url, page in data.pages.items() if "PageNumber=1&" in url)
    again = {url: page for url in data.pages if "PageNumber=2&" in url}
    listing, _ = resolve(data.url, data, pages=again)
    assert (listing.status, len(listing.files)) == ("partial", 200)


@pytest.mark.parametrize(
    ("repository", "pages", "status", "state"),
    [
        (replace(REPOSITORY, there=False), {}, "missing", State.NOT_FOUND),
        (REPOSITORY, {f"{LIST}?Revision=master&Recursive=True": json_page(NOT_THERE)}, "missing", State.NOT_FOUND),
        (
            REPOSITORY,
            {f"{LIST}?Revision=master&Recursive=True": json_page({"Success": False, "Message": "busy"})},
            "error",
            State.SERVER_ERROR,
        ),
        (ModelScopeRepository(), {}, "ok", State.EMPTY),
    ],
    ids=["404", "200 with an error", "200 with another", "empty"],
)
def test_every_state_has_its_word(repository, pages, status, state):
    listing, _ = resolve(REPOSITORY.url, repository, pages=pages)
    assert (listing.status, listing.state, listing.files) == (status, state, ())


def test_a_gated_file_says_what_to_do():
    listing, net = resolve(REPOSITORY.url, replace(REPOSITORY, gated=True))
    assert listing.status is Status.OK
    with pytest.raises(NetworkError) as caught:
        host_for(REPOSITORY.url).open(listing.files[1], net).read(0, 8)
    assert (caught.value.status, caught.value.state) == ("denied", State.GATED)
    assert "terms" in caught.value.help


@pytest.mark.parametrize(
    ("fault", "status", "state"),
    [
        (Fault("www.modelscope.cn", status=401), "denied", State.SIGN_IN),
        (Fault("www.modelscope.cn", status=429), "quota", State.RATE_LIMITED),
        (Fault("www.modelscope.cn", status=502), "error", State.SERVER_ERROR),
        (Fault("www.modelscope.cn", status=200, content=b"<!doctype html>"), "error", State.SERVER_ERROR),
        (Fault("www.modelscope.cn", mishap=Mishap.RESET), "error", None),
    ],
)
def test_faults_are_no_absence(fault, status, state):
    listing, _ = resolve(REPOSITORY.url, faults=[fault])
    assert (listing.status, listing.files) == (status, ())
    assert state is None or listing.state == state


@pytest.mark.parametrize("url", [f"{SITE}/home", f"{SITE}/studios/a/b", f"{SITE}/models", f"{SITE}/models/../x/y", f"{SITE}/docs/x/y"])
def test_pages_are_not_asked_for(url):
    listing, net = resolve(url)
    assert (listing.status, net.requests) == ("skipped", 0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["Data", "Files", "Path", "Size", "Sha256", "Type", "Success", "Message", "Revision"]), inner)
    ),
    max_leaves=20,
)
ENTRY = st.fixed_dictionaries(
    {"Path": st.sampled_from(["a.pth", "../../../x", "\ud800", "", "/"]) | JSON},
    optional={"Size": JSON, "Sha256": JSON, "Type": JSON, "Revision": JSON},
)


@given(JSON | st.fixed_dictionaries({"Data": st.fixed_dictionaries({"Files": st.lists(ENTRY | JSON, max_size=5)}) | JSON, "Success": JSON}))
def test_no_answer_raises(record):
    site = FakeInternet({"www.modelscope.cn/": Reply(200, json.dumps(record).encode())})
    listing = host_for(REPOSITORY.url).resolve(REPOSITORY.url, network(site))
    assert len(site.urls) == 1
    for file in listing.files:
        assert file.name
        assert file.size is None or 0 <= file.size < 2**63
        assert file.key.startswith(f"{SITE}/api/v1/models/lab/pose/repo?Revision=master&FilePath=")
        assert "/../" not in file.key


@given(st.text(max_size=60).map(lambda rest: f"{SITE}/models/{rest}"))
def test_no_address_raises(url):
    modelscope_place(url)
