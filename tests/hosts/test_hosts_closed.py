"""Places without a public interface: named, with what the address tells and what a person can do, and never asked."""

from __future__ import annotations

import pytest
from fake_drive import network
from hypothesis import given
from hypothesis import strategies as st
from net_fakes import FakeInternet

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.hosts import host_for
from auditor.hosts.interface import RemoteFile

LINKS = [
    ("https://pan.baidu.com/s/1_abC-d?pwd=qfh8", "baidu", State.SIGN_IN, ["share 1_abC-d", "extraction code qfh8"]),
    ("https://pan.baidu.com/s/1_abC-d", "baidu", State.SIGN_IN, ["share 1_abC-d", "beside the link"]),
    ("https://pan.baidu.com/share/init?surl=abC&pwd=1234", "baidu", State.SIGN_IN, ["share abC", "extraction code 1234"]),
    ("https://pan.baidu.com/s/1x#qfh8", "baidu", State.SIGN_IN, ["extraction code qfh8"]),
    ("https://www.kaggle.com/datasets/lab/pose", "kaggle", State.SIGN_IN, ["dataset lab/pose", "kaggle datasets download lab/pose"]),
    ("https://www.kaggle.com/datasets/lab/pose?select=m.pth", "kaggle", State.SIGN_IN, ["(m.pth)"]),
    (
        "https://www.kaggle.com/models/google/bert/tensorFlow2/base/3",
        "kaggle",
        State.SIGN_IN,
        ["download google/bert/tensorFlow2/base/3"],
    ),
    ("https://www.kaggle.com/models/google/bert", "kaggle", State.SIGN_IN, ["model google/bert"]),
    ("https://www.kaggle.com/code/lab/train/output", "kaggle", State.SIGN_IN, ["kernels output lab/train"]),
    ("https://www.kaggle.com/api/v1/datasets/download/lab/pose", "kaggle", State.SIGN_IN, ["dataset lab/pose"]),
    ("https://www.kaggle.com/c/some-challenge", "kaggle", State.SIGN_IN, ["competitions download some-challenge"]),
    ("https://mega.nz/file/Ab1#key", "mega", State.SKIPPED, ["file Ab1"]),
    ("https://mega.nz/file/Ab1", "mega", State.SKIPPED, ["lacks the key"]),
    ("https://mega.nz/#F!Ab1!key", "mega", State.SKIPPED, ["folder Ab1"]),
    ("https://www.mediafire.com/file/k3y/model+v1.pth/file", "mediafire", State.SKIPPED, ["file k3y", "(model v1.pth)"]),
    ("https://www.mediafire.com/folder/k3y/weights", "mediafire", State.SKIPPED, ["folder k3y"]),
    ("https://www.mediafire.com/?k3y", "mediafire", State.SKIPPED, ["file k3y"]),
]


@pytest.mark.parametrize(("url", "host", "state", "words"), LINKS)
def test_the_place_is_named_with_what_its_address_tells(url, host, state, words):
    site = FakeInternet()
    listing = host_for(url).resolve(url, network(site))
    assert (listing.host, listing.status, listing.state, listing.files, site.log) == (host, "skipped", state, (), [])
    for word in [*words, "--artifact"]:
        assert word in listing.detail
    with pytest.raises(NetworkError) as caught:
        host_for(url).open(RemoteFile("m", url), network(site))
    assert caught.value.status == "skipped"


def test_no_name_of_an_address_gets_into_a_command():
    listing = host_for("https://kaggle.com").resolve("https://www.kaggle.com/datasets/a$(id)/b;rm", network(FakeInternet()))
    assert "kaggle datasets" not in listing.detail


@given(
    st.sampled_from(["pan.baidu.com", "www.kaggle.com", "mega.nz", "www.mediafire.com"]),
    st.text(max_size=60) | st.lists(st.sampled_from(["datasets", "models", "s", "file", "..", "%00", "a"]), max_size=7).map("/".join),
)
def test_no_address_raises(host, rest):
    url = f"https://{host}/{rest}"
    listing = host_for(url).resolve(url, network(FakeInternet()))
    assert listing.status in ("skipped", "error", "blocked")
    assert listing.detail
