"""The Hugging Face Hub: every form of an address, one commit for what is listed and read, and what its refusals mean."""

from __future__ import annotations

import hashlib
import json
import random

import pytest
from fake_drive import HTML, network
from net_fakes import FakeInternet, Reply

from auditor.errors import NetworkError
from auditor.hosts import host_for, hugging_face
from auditor.hosts.hub_places import HubPlace, hub_place

DATA = random.Random(4).randbytes(300_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
OID = "c0ffee" + "0" * 34
COMMIT = "1f" * 20
FILE = Reply(200, DATA, {"Content-Type": "application/octet-stream"}, ranges=True)
API = "huggingface.co/api"
LFS = {"rfilename": "w/m.pth", "size": 300_000, "blobId": OID, "lfs": {"size": 300_000, "sha256": SHA256, "pointerSize": 131}}
CONFIG = {"rfilename": "config.json", "size": 20, "blobId": OID}


def reply(record, status=200, **headers) -> Reply:
    return Reply(status, json.dumps(record).encode(), {"Content-Type": "application/json; charset=utf-8", **headers})


def record(*siblings, **more) -> Reply:
    return reply({"id": "lab/net", "sha": COMMIT, "siblings": list(siblings), **more})


def resolve(url, routes):
    return host_for(url).resolve(url, network(FakeInternet(routes)))


PLACES = [
    ("https://huggingface.co/lab/net", HubPlace("models", "lab/net")),
    ("https://www.huggingface.co/lab/net/tree/main", HubPlace("models", "lab/net", "main")),
    ("https://hf.co/lab/net/tree/v1.0/w/x", HubPlace("models", "lab/net", "v1.0", "w/x")),
    ("https://hf-mirror.com/lab/net/resolve/main/m.pth?download=true", HubPlace("models", "lab/net", "main", "m.pth", True)),
    (f"https://huggingface.co/lab/net/blob/{COMMIT}/w/m.pth", HubPlace("models", "lab/net", COMMIT, "w/m.pth", True)),
    ("https://huggingface.co/lab/net/raw/main/m.pth", HubPlace("models", "lab/net", "main", "m.pth", True)),
    ("https://huggingface.co/lab/net/resolve/refs%2Fpr%2F3/m.pth", HubPlace("models", "lab/net", "refs/pr/3", "m.pth", True)),
    ("https://huggingface.co/lab/net/tree/refs/pr/3/w", HubPlace("models", "lab/net", "refs/pr/3", "w")),
    ("https://huggingface.co/lab/net/tree/feature%2Fx", HubPlace("models", "lab/net", "feature/x")),
    ("https://huggingface.co/datasets/lab/poses/blob/main/a.zip", HubPlace("datasets", "lab/poses", "main", "a.zip", True)),
    ("https://huggingface.co/spaces/lab/demo/resolve/main/m.pth", HubPlace("spaces", "lab/demo", "main", "m.pth", True)),
    ("https://huggingface.co/spaces/lab/demo", HubPlace("spaces", "lab/demo")),
    ("https://huggingface.co/bert-base/resolve/main/m.bin", HubPlace("models", "bert-base", "main", "m.bin", True)),
    ("https://huggingface.co/bert-base/tree/main", HubPlace("models", "bert-base", "main")),
    ("https://huggingface.co/lab/net/discussions/3", HubPlace("models", "lab/net")),
    ("hf://lab/net", HubPlace("models", "lab/net")),
    ("hf://models/lab/net@v1", HubPlace("models", "lab/net", "v1")),
    ("hf://lab/net@refs/pr/3/w/m.pth", HubPlace("models", "lab/net", "refs/pr/3", "w/m.pth", True)),
    ("hf://datasets/lab/poses/train", HubPlace("datasets", "lab/poses", "main", "train")),
    ("https://huggingface.co/docs/hub/index", None),
    ("https://huggingface.co/buckets/lab/net", None),
    ("hf://buckets/lab/net/x", None),
    ("https://huggingface.co/../../etc", None),
]


@pytest.mark.parametrize(("url", "place"), PLACES, ids=[url for url, _ in PLACES])
def test_every_form_of_an_address_is_understood(url, place):
    assert hub_place(url) == place
    assert host_for(url).name == "hugging_face"


@pytest.mark.parametrize("url", ["https://cdn-lfs.huggingface.co/lab/net/0123", "https://discuss.huggingface.co/t/how-to/5"])
def test_other_servers_of_the_hub_are_no_repositories(url):
    assert host_for(url).name != "hugging_face"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://huggingface.co/lab/net", "models/lab/net"),
        ("https://huggingface.co/lab/net/tree/v1", "models/lab/net/revision/v1"),
        ("hf://lab/net@refs/pr/3", "models/lab/net/revision/refs%2Fpr%2F3"),
        ("https://huggingface.co/datasets/lab/net", "datasets/lab/net"),
        ("https://huggingface.co/spaces/lab/net", "spaces/lab/net"),
    ],
)
def test_a_repository_is_listed_at_one_commit_with_hashes(url, path):
    site = FakeInternet({API: Reply(500), f"{API}/{path}": record(CONFIG, LFS)})
    listing = host_for(url).resolve(url, network(site))
    assert site.urls == [f"https://{API}/{path}?blobs=true"]
    assert (listing.status, listing.state) == ("ok", "ok")
    assert f"at commit {COMMIT}" in listing.detail
    config, weights = listing.files
    assert (weights.name, weights.size, weights.sha256, weights.revision) == ("w/m.pth", 300_000, SHA256, SHA256)
    assert (config.size, config.sha256, config.revision) == (20, None, OID)
    kind = "" if path.startswith("models") else path.split("/")[0] + "/"
    assert weights.key == f"https://huggingface.co/{kind}lab/net/resolve/{COMMIT}/w/m.pth"
    assert weights.url == f"https://huggingface.co/{kind}lab/net/blob/{COMMIT}/w/m.pth"


def test_a_folder_that_the_repository_does_not_have_is_missing():
    routes = {f"{API}/models/lab/net/revision/main": record(CONFIG, LFS)}
    assert [file.name for file in resolve("https://huggingface.co/lab/net/tree/main/w", routes).files] == ["w/m.pth"]
    listing = resolve("https://huggingface.co/lab/net/tree/main/weights", routes)
    assert (listing.status, listing.state) == ("missing", "not_found")


def test_a_renamed_repository_is_followed_and_says_so():
    routes = {
        f"{API}/models/old/net": Reply(307, headers={"Location": "/api/models/lab/net?blobs=true"}),
        f"{API}/models/lab/net": record(LFS),
    }
    listing = resolve("https://huggingface.co/old/net", routes)
    assert (listing.status, listing.requests) == ("ok", 2)
    assert "lab/net now" in listing.detail
    assert listing.files[0].key == f"https://huggingface.co/lab/net/resolve/{COMMIT}/w/m.pth"


def test_an_entry_that_is_not_understood_makes_the_listing_partial():
    listing = resolve("https://huggingface.co/lab/net", {f"{API}/models/lab/net": record(LFS, {"rfilename": 5}, "nonsense")})
    assert (listing.status, len(listing.files)) == ("partial", 1)
    assert "2 entries" in listing.detail


# ------------------------------------------------------------------------------------------------ pages of the tree


def tree_pages(count: int, size: int = 1000):
    """A tree in pages, with the cursor of the Hub in its Link header."""

    def answer(request):
        start = int(request.url.partition("cursor=")[2] or 0)
        entries = [
            {"type": "file", "path": f"w/{n}.pth", "size": 130, "oid": OID, "lfs": {"oid": SHA256, "size": 7, "pointerSize": 130}}
            for n in range(start, min(count, start + size))
        ]
        more = start + size
        link = f'<https://{API}/models/lab/net/tree/{COMMIT}/w?recursive=true&cursor={more}>; rel="next"'
        return reply([{"type": "directory", "path": "w"}, *entries], **({"Link": link} if more < count else {}))

    return answer


def many(count: int) -> dict:
    filler = [{"rfilename": f"data/{n}.bin"} for n in range(hugging_face.MANY + 1)]
    return {f"{API}/models/lab/net/revision/main": record(*filler), f"{API}/models/lab/net/tree/{COMMIT}/w": tree_pages(count)}


def test_a_folder_of_a_very_large_repository_is_listed_page_by_page():
    listing = resolve("https://huggingface.co/lab/net/tree/main/w", many(2500))
    assert (listing.status, listing.state, len(listing.files), listing.requests) == ("ok", "ok", 2500, 4)
    assert (listing.files[0].size, listing.files[0].sha256) == (7, SHA256)
    listing = resolve("https://huggingface.co/lab/net/tree/main/w", many(8000))
    assert (listing.status, listing.state, len(listing.files)) == ("partial", "too_many", 5000)


def test_a_repository_of_more_files_than_a_listing_may_have_is_partial():
    listing = resolve(
        "https://huggingface.co/lab/net", {f"{API}/models/lab/net": record(*({"rfilename": f"{n}.pth"} for n in range(5001)))}
    )
    assert (listing.status, listing.state, len(listing.files)) == ("partial", "too_many", 5000)


@pytest.mark.parametrize(
    "link", ["https://evil.example.org/x", "https://huggingface.co.evil.example.org/api/x", "https://huggingface.co/x"]
)
def test_a_next_page_elsewhere_is_not_followed(link):
    routes = many(1) | {f"{API}/models/lab/net/tree/{COMMIT}/w": reply([], Link=f'<{link}>; rel="next"')}
    listing = resolve("https://huggingface.co/lab/net/tree/main/w", routes)
    assert (listing.status, listing.state) == ("blocked", "blocked")


def test_a_repository_without_files_is_empty_only_where_its_tree_is_too():
    empty = {f"{API}/models/lab/net": record(), f"{API}/models/lab/net/tree/{COMMIT}": reply([])}
    listing = resolve("https://huggingface.co/lab/net", empty)
    assert (listing.status, listing.state) == ("ok", "empty")
    cut_short = {f"{API}/models/lab/net": record(), f"{API}/models/lab/net/tree/{COMMIT}": tree_pages(3)}
    assert len(resolve("https://huggingface.co/lab/net", cut_short).files) == 3


# ---------------------------------------------------------------------------------------------------------- one file

TOLD = {"X-Linked-Size": "300000", "X-Linked-Etag": f'"{SHA256}"', "X-Repo-Commit": COMMIT}


def cdn(**told) -> dict:
    return {
        "huggingface.co/lab/net/resolve/": Reply(302, headers={"Location": "https://cas-bridge.xethub.hf.co/x?signature=1", **told}),
        "cas-bridge.xethub.hf.co/x": FILE,
    }


def test_a_file_brings_its_hash_and_commit_with_the_redirect_to_its_bytes():
    site = FakeInternet(cdn(**TOLD))
    net, url = network(site), "https://huggingface.co/lab/net/blob/main/w/m.pth"
    host = host_for(url)
    listing = host.resolve(url, net)
    (file,) = listing.files
    assert (file.size, file.sha256, file.revision, listing.requests) == (300_000, SHA256, SHA256, 2)
    assert file.key == f"https://huggingface.co/lab/net/resolve/{COMMIT}/w/m.pth"
    assert host.open(file, net).read(299_000, 1000) == DATA[299_000:]
    assert net.requests == 2


def test_a_small_file_has_gits_hash():
    routes = {"huggingface.co/lab/net/resolve/": Reply(200, b"{}", {"ETag": f'"{OID}"', "X-Repo-Commit": COMMIT}, ranges=True)}
    (file,) = resolve("https://huggingface.co/lab/net/blob/main/config.pth", routes).files
    assert (file.size, file.sha256, file.revision) == (2, None, OID)


def test_bytes_of_another_length_than_the_hub_says_are_not_its_file():
    listing = resolve("https://huggingface.co/lab/net/blob/main/m.pth", cdn(**{**TOLD, "X-Linked-Size": "299999"}))
    assert (listing.status, listing.state) == ("error", "changed")
    assert "299999" in listing.detail


def test_the_token_goes_to_the_hub_alone(monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    site = FakeInternet({**cdn(**TOLD), API: record(LFS), "hf-mirror.com/": FILE})
    net = network(site)
    for url in (
        "https://huggingface.co/lab/net/blob/main/m.pth",
        "https://hf-mirror.com/lab/net",
        "https://hf-mirror.com/lab/net/blob/main/m.pth",
    ):
        assert host_for(url).resolve(url, net).status == "ok"
    with_token = {request.url.split("/")[2] for request in site.log if "hf_secret" in str(request.headers)}
    assert with_token == {"huggingface.co"}
    assert any("cas-bridge" in url for url in site.urls)
    assert not any("hf-mirror" in url for url in site.urls)  # what a mirror shows is asked of the Hub itself


# ---------------------------------------------------------------------------------------------------------- refusals

REFUSALS = [
    (401, "", "Invalid username or password.", "denied", "not_shared"),
    (401, "RepoNotFound", "Repository not found", "denied", "not_shared"),
    (404, "RepoNotFound", "Repository not found", "denied", "not_shared"),
    (401, "", "Invalid credentials in Authorization header", "denied", "sign_in"),
    (401, "GatedRepo", "Access to model lab/net is restricted. You must be authenticated.", "denied", "gated"),
    (403, "GatedRepo", "Access to model lab/net is restricted and you are not in the authorized list.", "denied", "gated"),
    (403, "", "Access to this resource is disabled.", "denied", "taken_down"),
    (451, "", "", "denied", "taken_down"),
    (404, "RevisionNotFound", "Invalid rev id: v9", "missing", "not_found"),
    (404, "EntryNotFound", "Entry not found", "missing", "not_found"),
    (404, "", "", "missing", "not_found"),
    (429, "", "", "quota", "rate_limited"),
    (500, "", "", "error", "server_error"),
]


@pytest.mark.parametrize(("status", "code", "message", "word", "state"), REFUSALS)
def test_refusals_have_their_words(status, code, message, word, state):
    answer = Reply(status, b"", {"X-Error-Code": code, "X-Error-Message": message})
    for url in (
        "https://huggingface.co/lab/net",
        "https://huggingface.co/lab/net/blob/main/m.pth",
        "https://huggingface.co/lab/net/tree/main/w",
    ):
        listing = resolve(url, {"huggingface.co/": answer})
        assert (listing.status, listing.state, listing.files) == (word, state, ())
        assert listing.detail


def test_a_gated_repository_is_listed_and_says_so_and_its_files_are_gated():
    site = FakeInternet({API: record(LFS, gated="manual"), "huggingface.co/lab/": Reply(401, headers={"X-Error-Code": "GatedRepo"})})
    net, url = network(site), "https://huggingface.co/lab/net"
    listing = host_for(url).resolve(url, net)
    assert (listing.status, listing.state, listing.files[0].sha256) == ("ok", "gated", SHA256)
    with pytest.raises(NetworkError) as caught:
        host_for(url).open(listing.files[0], net).read(0, 10)
    assert (caught.value.status, caught.value.state) == ("denied", "gated")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"siblings": {}}', b"[" * 100_000, b"<!DOCTYPE html><html></html>"])
def test_an_answer_that_is_no_record_is_an_error_and_not_an_empty_repository(body):
    listing = resolve("https://huggingface.co/lab/net", {API: Reply(200, body, HTML)})
    assert (listing.status, listing.state) == ("error", "server_error")
