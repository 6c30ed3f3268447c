"""Whatever the Hub, GitHub or Drive answer: a listing with a status, never an exception, and never "all of it" for a part."""

from __future__ import annotations

import contextlib
import json

import pytest
from fake_drive import FOLDER, HTML, entry, folder_page, folders, key, network
from hypothesis import given, settings
from hypothesis import strategies as st
from net_fakes import FakeInternet, Reply

from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts import host_for
from auditor.hosts.github_places import github_place
from auditor.hosts.hub_places import hub_place

COMMIT = "1f" * 20
SHA256 = "ab" * 32
RELEASE = {
    "tag_name": "v1",
    "assets": [
        {
            "name": "m.pth",
            "size": 9,
            "digest": f"sha256:{SHA256}",
            "browser_download_url": "https://github.com/o/n/releases/download/v1/m.pth",
        }
    ],
}
TREE = {
    "sha": "t",
    "truncated": False,
    "tree": [{"path": "w", "type": "tree", "sha": "w"}, {"path": "w/m.pth", "type": "blob", "size": 9, "sha": "b"}],
}
GIST = {"files": {"m.pth": {"size": 9, "raw_url": "https://gist.githubusercontent.com/o/abc123/raw/m.pth"}}, "truncated": False}
MODEL = {"id": "o/n", "sha": COMMIT, "siblings": [{"rfilename": "w/m.pth", "size": 9, "lfs": {"size": 9, "sha256": SHA256}}]}
ANSWERS = {
    "https://github.com/o/n/releases": [RELEASE],
    "https://github.com/o/n/releases/tag/v1": RELEASE,
    "https://github.com/o/n/tree/main/w": TREE,
    "https://gist.github.com/o/abc123": GIST,
    "https://huggingface.co/o/n": MODEL,
    "https://huggingface.co/o/n/tree/main/w": MODEL,
}
ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from([COMMIT, "w/m.pth", "../../x", "https://a.b/", "blob"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "assets tree files siblings path type size sha lfs rfilename id truncated name browser_download_url raw_url digest".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


def resolve(url: str, body: bytes):
    reply = Reply(200, body, {"Content-Type": "application/json"})
    return host_for(url).resolve(url, network(FakeInternet({"api.github.com/": reply, "huggingface.co/": reply}), retries=0))


@pytest.mark.parametrize("url", ANSWERS)
def test_the_answers_are_good_as_they_stand(url):
    listing = resolve(url, json.dumps(ANSWERS[url]).encode())
    assert (listing.status, listing.state, len(listing.files)) == ("ok", "ok", 1)


@pytest.mark.parametrize("url", ANSWERS)
def test_no_cut_of_an_answer_is_taken_for_the_whole(url):
    whole = json.dumps(ANSWERS[url]).encode()
    for end in range(0, len(whole), 3):
        listing = resolve(url, whole[:end])
        assert (listing.status, listing.state, listing.files) == (Status.ERROR, State.SERVER_ERROR, ()), whole[:end]


@settings(max_examples=60, deadline=None)
@given(url=st.sampled_from(list(ANSWERS)), body=ANY_JSON)
def test_any_json_ends_in_a_listing(url, body):
    listing = resolve(url, json.dumps(body).encode())
    assert isinstance(listing.status, Status)
    assert isinstance(listing.state, State)
    assert listing.detail
    for file in listing.files:
        assert file.name
        assert file.size is None or file.size >= 0
        with contextlib.suppress(NetworkError):
            host_for(url).open(file, network(FakeInternet({"": Reply(404)}), retries=0)).read(0, 1)


@settings(max_examples=60, deadline=None)
@given(body=st.binary(max_size=60))
def test_any_bytes_end_in_a_listing(body):
    for url in ANSWERS:
        assert resolve(url, body).status != Status.OK


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60).map(lambda text: f"https://huggingface.co/{text}") | st.text(max_size=60).map(lambda text: f"hf://{text}"))
def test_any_address_of_the_hub_is_a_place_or_none(url):
    place = hub_place(url)
    assert place is None or place.file_url("x").startswith("https://huggingface.co/")


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["github.com/o/n/", "gist.github.com/", "raw.githubusercontent.com/", "codeload.github.com/o/n/"]),
    st.text(max_size=60),
)
def test_any_address_of_github_is_a_place_or_none(site, text):
    github_place(f"https://{site}{text}")


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='<>"/=& abcdefghij', max_size=60), st.integers(0, 400))
def test_any_markup_in_a_folder_page_ends_in_a_listing(markup, place):
    whole = folder_page(entry(key(1), "a.pth"), entry(key(2), "b.pth"))
    page = whole[:place] + markup + whole[place:]
    url = f"https://drive.google.com/drive/folders/{FOLDER}"
    listing = host_for(url).resolve(url, network(folders({FOLDER: Reply(200, page.encode(), HTML)})))
    assert isinstance(listing.status, Status)
    assert isinstance(listing.state, State)
