"""figshare: articles at their versions, collections, single files, and every way in which it says no."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from fake_drive import network
from hypothesis import given
from hypothesis import strategies as st
from internet.figshare import API, DOWNLOADS, FigshareArticle, collection_pages
from internet.shapes import digest, json_page
from net_fakes import FakeInternet, Reply

from auditor.demo.internet import Fault, Mishap, Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.errors import NetworkError
from auditor.facts import Checkpoint, State, Status
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.hosts.figshare import figshare_place
from auditor.net import Network

ARTICLE = FigshareArticle(
    {"pose_S.pth": pose_checkpoint("pose_S.pth", "S"), "log.txt": b"epoch 1"}, version=3, older={1: {"old.pth": b"x"}}
)
NUMBER = ARTICLE.number


def resolve(url, article=ARTICLE, *, pages=None, faults=()):
    net = Network(transport=ReplicaAdapter(World(pages={**article.pages, **(pages or {})}, faults=faults)), sleep=lambda _: None)
    return host_for(url).resolve(url, net), net


@pytest.mark.parametrize(
    "url",
    [
        ARTICLE.url,
        f"{ARTICLE.url}/3",
        f"https://figshare.com/articles/Trained_networks/{NUMBER}",
        f"https://figshare.com/articles/_/{NUMBER}",
        f"https://university.figshare.com/articles/dataset/Trained_networks/{NUMBER}",
        f"https://figshare.com/ndownloader/articles/{NUMBER}/versions/3",
        f"https://doi.org/10.6084/m9.figshare.{NUMBER}.v3",
        f"https://doi.org/10.6084/m9.figshare.{NUMBER}",
        f"https://api.figshare.com/v2/articles/{NUMBER}",
    ],
)
def test_every_form_of_address_lists_the_article_whole(url):
    listing, _ = resolve(url)
    assert (listing.status, listing.state, listing.host) == ("ok", State.OK, "figshare")
    assert [file.name for file in listing.files] == ["pose_S.pth", "log.txt"]
    weights = listing.files[0]
    assert weights.size == ARTICLE.files["pose_S.pth"].size
    assert weights.md5 == digest(ARTICLE.files["pose_S.pth"], "md5")
    assert weights.revision == str(ARTICLE.file_number("pose_S.pth"))
    assert figshare_place(weights.url).file == weights.revision


def test_a_checkpoint_of_an_article_is_read_by_ranges():
    listing, net = resolve(ARTICLE.url)
    blob = host_for(ARTICLE.url).open(listing.files[0], net)
    before = net.bytes_read
    assert isinstance(next(iter(read_contents(blob))), Checkpoint)
    assert blob.requests <= 4  # one of them the redirect to the store
    assert net.bytes_read - before < 0.01 * blob.size


def test_the_version_at_the_link_counts():
    listing, net = resolve(f"{ARTICLE.url}/1")
    assert [file.name for file in listing.files] == ["old.pth"]
    assert "version 3 exists" in listing.detail
    assert host_for(ARTICLE.url).open(listing.files[0], net).read(0, 9) == b"x"


@pytest.mark.parametrize("form", ["https://ndownloader.figshare.com/files/{}", "https://figshare.com/ndownloader/files/{}"])
def test_a_file_by_its_number(form):
    listing, net = resolve(form.format(ARTICLE.file_number("pose_S.pth")))
    assert [(file.name, file.size) for file in listing.files] == [("pose_S.pth", ARTICLE.files["pose_S.pth"].size)]
    assert host_for(ARTICLE.url).open(listing.files[0], net).read(0, 2) == b"PK"


def test_one_file_of_an_article():
    listing, _ = resolve(f"{ARTICLE.url}?file={ARTICLE.file_number('log.txt')}")
    assert [file.name for file in listing.files] == ["log.txt"]
    listing, _ = resolve(f"{ARTICLE.url}?file=1")
    assert (listing.status, listing.state) == ("missing", State.NOT_FOUND)


def test_more_files_than_the_article_shows_are_asked_for_to_the_end():
    many = FigshareArticle({f"{n:04}.pth": b"x" for n in range(1001)})
    files = json.loads(many.pages[f"{API}/articles/{many.number}/files"].content)
    paged = {
        f"{API}/articles/{many.number}/files?page=1&page_size=1000": json_page(files[:1000]),
        f"{API}/articles/{many.number}/files?page=2&page_size=1000": json_page(files[1000:]),
    }
    listing, _ = resolve(many.url, many, pages=paged)
    assert (listing.status, len(listing.files)) == ("ok", 1001)
    listing, _ = resolve(many.url, many, pages={f"{API}/articles/{many.number}/files": json_page(files[:1000])})
    assert (listing.status, len(listing.files)) == ("partial", 1000)  # the same page for ever


def test_what_an_older_version_does_not_show_is_partial_and_no_absence():
    older = {1: {f"{n:04}.pth": b"x" for n in range(12)}, 2: {f"{n:04}.pth": b"x" for n in range(10)}}
    many = FigshareArticle({f"{n:04}.pth": b"x" for n in range(12)}, version=3, older=older)
    found = {}
    for version in (1, 2, 3):
        listing, _ = resolve(f"{many.url}/{version}", many)
        found[version] = (listing.status, listing.state, len(listing.files))
    listing, _ = resolve(f"{many.url}/1?file={many.file_number('0011.pth', 1)}", many)
    assert (listing.status, listing.files) == ("partial", ())
    assert found == {1: ("partial", State.TOO_MANY, 10), 2: ("ok", State.OK, 10), 3: ("ok", State.OK, 12)}


def test_a_collection_and_a_project_are_walked():
    other = replace(ARTICLE, number=777000)
    for kind in ("collections", "projects"):
        pages = collection_pages(5555, [ARTICLE, other], kind)
        listing, _ = resolve(f"https://figshare.com/{kind}/Networks/5555", pages=pages)
        assert listing.status is Status.OK
        assert [file.name for file in listing.files] == [
            f"{NUMBER}/pose_S.pth",
            f"{NUMBER}/log.txt",
            "777000/pose_S.pth",
            "777000/log.txt",
        ]
        pages = collection_pages(5555, [ARTICLE, replace(other, draft=True)], kind)
        listing, _ = resolve(f"https://figshare.com/{kind}/Networks/5555", pages=pages)
        assert (listing.status, listing.state, len(listing.files)) == ("partial", State.NOT_FOUND, 2)


def test_a_link_to_elsewhere_is_named_and_not_followed():
    listing, net = resolve(ARTICLE.url, replace(ARTICLE, files={}, links={"weights": "https://evil.example.org/x"}))
    assert [(file.name, file.url) for file in listing.files] == [("weights", "https://evil.example.org/x")]
    with pytest.raises(NetworkError) as caught:
        host_for(ARTICLE.url).open(listing.files[0], net)
    assert caught.value.status == "skipped"


STATES = [
    (replace(ARTICLE, embargo_date="2031-01-01"), "denied", State.NOT_SHARED, "2031-01-01"),
    (replace(ARTICLE, confidential=True), "denied", State.NOT_SHARED, "under review"),
    (replace(ARTICLE, draft=True), "missing", State.NOT_FOUND, "drafts"),
    (replace(ARTICLE, description_only=True), "ok", State.EMPTY, "hosted elsewhere"),
    (FigshareArticle(), "ok", State.EMPTY, "no files"),
]


@pytest.mark.parametrize(("article", "status", "state", "words"), STATES, ids=["embargo", "confidential", "draft", "description", "empty"])
def test_every_state_has_its_word(article, status, state, words):
    listing, _ = resolve(ARTICLE.url, replace(article, number=NUMBER))
    assert (listing.status, listing.state, listing.files) == (status, state, ())
    assert words in listing.detail or words == "drafts"


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://figshare.com/s/0a1b2c3d4e", "skipped"),
        (f"{ARTICLE.url}?private_link=0a1b2c", "skipped"),
        ("https://figshare.com/account/articles/1234", "denied"),
        ("https://figshare.com/authors/x/9", "skipped"),
    ],
)
def test_what_has_no_public_interface_is_named_and_not_asked_for(url, status):
    listing, net = resolve(url)
    assert (listing.status, net.requests) == (status, 0)
    assert listing.detail


@pytest.mark.parametrize(
    ("fault", "status", "state"),
    [
        (Fault("api.figshare.com", status=403, content=b'{"message": "Forbidden"}'), "denied", State.NOT_SHARED),
        (Fault("api.figshare.com", status=429), "quota", State.RATE_LIMITED),
        (Fault("api.figshare.com", status=500), "error", State.SERVER_ERROR),
        (Fault("api.figshare.com", status=410), "missing", State.DELETED),
        (Fault("api.figshare.com", status=200, content=b"<html>"), "error", State.SERVER_ERROR),
        (Fault("api.figshare.com", mishap=Mishap.RESET), "error", None),
    ],
)
def test_faults_are_no_absence(fault, status, state):
    listing, _ = resolve(ARTICLE.url, faults=[fault])
    assert (listing.status, listing.files) == (status, ())
    assert state is None or listing.state == state


def test_a_private_file_and_a_page_in_its_place():
    place = f"{DOWNLOADS}/{ARTICLE.file_number('pose_S.pth')}"
    listing, net = resolve(ARTICLE.url, pages={place: Page(b'{"message": "Forbidden"}', "application/json", 403)})
    with pytest.raises(NetworkError) as caught:
        host_for(ARTICLE.url).open(listing.files[0], net).read(0, 8)
    assert (caught.value.status, caught.value.state) == ("denied", State.NOT_SHARED)
    listing, net = resolve(ARTICLE.url, pages={place: Page(b"<!doctype html><title>Verify</title>")})
    with pytest.raises(NetworkError) as caught:
        host_for(ARTICLE.url).open(listing.files[0], net).read(0, 8)
    assert caught.value.state == State.NOT_A_FILE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["files", "id", "name", "size", "version", "is_link_only", "is_embargoed"]), inner)
    ),
    max_leaves=20,
)
ENTRY = st.fixed_dictionaries(
    {"id": st.integers(-1, 2**70) | JSON, "name": st.sampled_from(["a.pth", "../../x", "\ud800", ""]) | JSON},
    optional={
        "size": JSON,
        "computed_md5": JSON,
        "download_url": st.just("https://evil.example.org/x") | JSON,
        "is_link_only": st.booleans(),
    },
)


@given(
    JSON | st.fixed_dictionaries({"version": JSON, "files": st.lists(ENTRY | JSON, max_size=12)}), st.lists(ENTRY | JSON, max_size=4) | JSON
)
def test_no_answer_raises_and_what_is_not_understood_is_said(record, files):
    site = FakeInternet(
        {
            "api.figshare.com/v2/articles/7000": Reply(200, json.dumps(record).encode()),
            "api.figshare.com/v2/articles/7000/files": Reply(200, json.dumps(files).encode()),
        }
    )
    listing = host_for(ARTICLE.url).resolve("https://figshare.com/articles/x/y/7000", network(site))
    assert all(url.startswith("https://api.figshare.com/v2/articles/7000") for url in site.urls)
    for file in listing.files:
        assert file.name
        assert file.size is None or 0 <= file.size < 2**63
        assert file.key == "" or file.key.startswith("https://ndownloader.figshare.com/files/")


@given(st.text(max_size=60).map(lambda rest: f"https://figshare.com/{rest}"))
def test_no_address_raises(url):
    assert figshare_place(url).kind
