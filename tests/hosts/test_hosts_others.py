"""The Hub, GitHub, plain servers, places that cannot be read, and the local disk."""

from __future__ import annotations

import json
import os

import pytest
import requests
from fake_drive import FOLDER, HTML, entry, folder_page, folders, key, network
from net_fakes import FakeInternet, Reply

from auditor.errors import NetworkError
from auditor.facts import Status
from auditor.hosts import HOSTS, LocalFiles, host_for
from auditor.hosts.github_places import github_place
from auditor.hosts.hub_places import hub_place
from auditor.hosts.interface import RemoteFile

DATA = bytes(range(256)) * 2000
FILE = Reply(200, DATA, {"Content-Type": "application/octet-stream"}, ranges=True)
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"ab" * 32 + b"\nsize 512000\n"


def reply(record, status=200, **headers) -> Reply:
    return Reply(status, json.dumps(record).encode(), {"Content-Type": "application/json", **headers})


def resolve(url, routes):
    return host_for(url).resolve(url, network(FakeInternet(routes)))


# ---------------------------------------------------------------------------------------------------- every host

LINKS = {
    "https://huggingface.co/o/n/resolve/main/m.bin": "huggingface.co/",
    "https://huggingface.co/o/n": "huggingface.co/",
    "https://github.com/o/n/releases/download/v1/m.pth": "github.com/",
    "https://github.com/o/n/releases/tag/v1": "api.github.com/",
    "https://github.com/o/n/blob/main/m.pth": "raw.githubusercontent.com/",
    "https://github.com/o/n/tree/main/weights": "api.github.com/",
    "https://example.org/m.pth": "example.org/",
    "https://zenodo.org/records/1/files/m.pth?download=1": "zenodo.org/",
}
FAULTS = [
    (Reply(401), "denied"),
    (Reply(403), "denied"),
    (Reply(404), "missing"),
    (Reply(410), "missing"),
    (Reply(429), "quota"),
    (Reply(403, b"API rate limit exceeded"), "quota"),
    (Reply(500), "error"),
    (Reply(503), "error"),
    (Reply(200, b"<!DOCTYPE html><html><body>Welcome</body></html>", HTML), "error"),
    (Reply(302, headers={"Location": "http://10.0.0.1/"}), "blocked"),
    (requests.ConnectionError("refused"), "error"),
    (requests.Timeout("slow"), "error"),
    (requests.exceptions.SSLError("no trust"), "error"),
    (requests.exceptions.ProxyError("no way"), "error"),
]


@pytest.mark.parametrize("url", LINKS)
@pytest.mark.parametrize(("fault", "status"), FAULTS, ids=range(len(FAULTS)))
def test_every_fault_of_every_host_has_its_word(url, fault, status):
    listing = resolve(url, {LINKS[url]: fault})
    assert (listing.status, listing.files) == (status, ())
    assert listing.detail
    assert isinstance(listing.status, Status)


@pytest.mark.parametrize(
    "url", [*LINKS, f"https://drive.google.com/drive/folders/{FOLDER}", "https://pan.baidu.com/s/1x", "https://bit.ly/x"]
)
def test_a_network_that_may_not_be_used_is_said_and_not_an_absence(url):
    for settings in ({"offline": True}, {"max_requests": 0}):
        site = FakeInternet({"": FILE})
        listing = host_for(url).resolve(url, network(site, **settings))
        assert listing.status in ("skipped", "blocked")
        assert site.log == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://",
        "https://[",
        "mailto:a@b",
        "file:///etc/passwd",
        "/etc/passwd",
        "../x.pth",
        "data:,x",
        "https://drive.google.com/\x00",
        "http://\udcff/",
        "ftp://a.org/m.pth",
    ],
)
def test_strange_addresses_end_in_a_listing(url):
    site = FakeInternet({"": FILE})
    listing = host_for(url).resolve(url, network(site))
    assert listing.status not in ("ok", "missing", "partial")
    assert listing.detail
    assert site.log == []


def test_names_are_unique_and_the_last_host_accepts_everything():
    names = [host.name for host in HOSTS]
    assert len(set(names)) == len(names)
    assert "local" not in names
    assert names[-1] == "unsupported"
    assert HOSTS[-1].accepts("")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://drive.google.com/drive/folders/1x", "google_drive"),
        ("https://huggingface.co/a/b", "hugging_face"),
        ("https://github.com/a/b/releases", "github"),
        ("https://dl.fbaipublicfiles.com/x/m.pth", "direct"),
        ("https://example.org/models", "direct"),
        ("https://bucket.s3.amazonaws.com/m.pth", "s3"),
        ("https://www.dropbox.com/s/abc/m.pth?dl=0", "dropbox"),
        ("https://www.dropbox.com/sh/abc/def", "dropbox"),
        ("https://pan.baidu.com/s/1abc", "closed"),
        ("https://1drv.ms/u/s!abc", "onedrive"),
        ("https://x.sharepoint.com/:u:/g/abc", "sharepoint"),
        ("https://www.kaggle.com/datasets/a/b", "closed"),
        ("https://mega.nz/file/abc#key", "closed"),
        ("file:///etc/passwd", "unsupported"),
    ],
)
def test_each_address_has_its_host(url, name):
    assert host_for(url).name == name


@pytest.mark.parametrize(
    "url",
    [
        "https://pan.baidu.com/s/1abc",
        "https://mega.nz/file/abcd",
        "https://www.kaggle.com/datasets/a/b",
        "https://pan.quark.cn/s/abcdef",
    ],
)
def test_unsupported_places_say_their_name_and_what_to_do(url):
    site = FakeInternet({"": FILE})
    listing = host_for(url).resolve(url, network(site))
    assert listing.status == "skipped"
    assert url.split("/")[2].removeprefix("www.") in listing.detail
    assert "--artifact" in listing.detail
    assert site.log == []
    with pytest.raises(NetworkError) as caught:
        host_for(url).open(RemoteFile("m", url), network(site))
    assert caught.value.status == "skipped"


# ------------------------------------------------------------------------------------------------------- the Hub

MODEL = {
    "id": "o/n",
    "siblings": [
        {"rfilename": "README.md", "size": 10},
        {"rfilename": "w/m.safetensors", "size": 134, "lfs": {"size": 512000, "sha256": "ab" * 32}},
        {"rfilename": "w2/x y.bin"},
        {"rfilename": "bad", "size": -1, "lfs": {"size": True, "sha256": "zz"}},
    ],
}


def test_the_hub_lists_sizes_and_hashes_and_reads_behind_its_redirect():
    cdn = Reply(302, headers={"Location": "https://cdn-lfs.hf.co/x?signature=1", "X-Linked-Etag": '"ab"'})
    site = FakeInternet(
        {"huggingface.co/api/models/o/n": reply(MODEL), "huggingface.co/o/n/resolve/main/w/m.safetensors": cdn, "cdn-lfs.hf.co/": FILE}
    )
    net, host = network(site), host_for("https://huggingface.co/o/n")
    listing = host.resolve("https://huggingface.co/o/n", net)
    assert listing.status == "ok"
    assert [file.name for file in listing.files] == ["README.md", "w/m.safetensors", "w2/x y.bin", "bad"]
    assert [file.size for file in listing.files] == [10, 512000, None, None]
    assert listing.files[1].sha256 == "ab" * 32
    assert listing.files[2].key.endswith("/resolve/main/w2/x%20y.bin")
    blob = host.open(listing.files[1], net)
    for offset in (0, 300_000, 500_000):
        assert blob.read(offset, 1000) == DATA[offset : offset + 1000]
    assert blob.requests == 4  # the redirect once


def test_an_expired_signed_address_is_asked_for_again():
    state = {"signature": 1}

    def cdn(request):
        return FILE if f"s={state['signature']}" in request.url else Reply(403, b"expired")

    site = FakeInternet(
        {"huggingface.co/": lambda _: Reply(302, headers={"Location": f"https://cdn.hf.co/x?s={state['signature']}"}), "cdn.hf.co/": cdn}
    )
    url = "https://huggingface.co/o/n/resolve/main/m.bin"
    net = network(site)
    blob = host_for(url).open(host_for(url).resolve(url, net).files[0], net)
    state["signature"] = 2
    assert blob.read(400_000, 10) == DATA[400_000:400_010]
    assert net.requests == 2 + 1 + 2


def test_a_folder_and_a_revision_of_a_model_and_a_dataset():
    site = {"huggingface.co/api/models/o/n/revision/v1": reply(MODEL), "huggingface.co/api/datasets/o/n": reply(MODEL)}
    assert [file.name for file in resolve("https://huggingface.co/o/n/tree/v1/w", site).files] == ["w/m.safetensors"]
    assert "/datasets/o/n/resolve/" in resolve("https://huggingface.co/datasets/o/n", site).files[0].key


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (Reply(401, headers={"X-Error-Message": "Invalid username or password."}), "denied", "private or not there"),
        (Reply(403, headers={"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to model o/n is restricted"}), "denied", "gated"),
        (Reply(401, headers={"X-Error-Code": "GatedRepo"}), "denied", "gated"),
        (Reply(403, headers={"X-Error-Code": "DisabledRepo"}), "denied", "disabled"),
        (Reply(404, headers={"X-Error-Code": "RepoNotFound"}), "denied", "private or not there"),
        (Reply(404, headers={"X-Error-Code": "EntryNotFound"}), "missing", "does not exist"),
        (Reply(200, b"{"), "error", "JSON"),
        (Reply(200, b"[]"), "error", "no files"),
        (Reply(200, b"[" * 100_000), "error", "JSON"),
        (Reply(200, b'{"siblings": null}'), "error", "no files"),
    ],
)
def test_the_hub_tells_gated_private_and_missing_apart(answer, status, words):
    listing = resolve("https://huggingface.co/o/n", {"huggingface.co/": answer})
    assert listing.status == status
    assert words in listing.detail


def test_a_gated_repository_is_listed_and_its_files_are_denied():
    site = FakeInternet(
        {
            "huggingface.co/api/models/o/n": reply({**MODEL, "gated": "auto"}),
            "huggingface.co/o/n/": Reply(401, headers={"X-Error-Code": "GatedRepo"}),
        }
    )
    net, host = network(site), host_for("https://huggingface.co/o/n")
    listing = host.resolve("https://huggingface.co/o/n", net)
    assert listing.status == "ok"
    assert "gated" in listing.detail
    for file in listing.files[1:3]:
        with pytest.raises(NetworkError) as caught:
            host.open(file, net).read(0, 10)
        assert caught.value.status == "denied"


@pytest.mark.parametrize(
    "url",
    [
        "https://huggingface.co/",
        "https://huggingface.co/collections/a/b",
        "https://huggingface.co/papers/1",
        "https://huggingface.co/someorg",
    ],
)
def test_pages_of_the_hub_are_skipped(url):
    assert resolve(url, {"huggingface.co/": Reply(401)}).status == "skipped"


@pytest.mark.parametrize(
    "url",
    [
        "https://huggingface.co/../../x",
        "https://huggingface.co/a/b?x=1#y",
        "https://huggingface.co/a b/c",
        "https://huggingface.co/a/b/resolve/main/../../../x",
    ],
)
def test_places_of_the_hub_stay_on_the_hub(url):
    place = hub_place(url)
    assert place is None or place.file_url("x").startswith("https://huggingface.co/")


# ---------------------------------------------------------------------------------------------------------- GitHub


def asset(name, size=512000, digest=None):
    return {"name": name, "size": size, "digest": digest, "browser_download_url": f"https://github.com/o/n/releases/download/v1/{name}"}


def test_releases_are_listed_through_the_api():
    one = {"tag_name": "v1", "assets": [asset("m.pth", digest="sha256:" + "ab" * 32), asset("n.pth")]}
    site = {"api.github.com/repos/o/n/releases": reply([one, {"tag_name": "v0", "assets": [asset("old.pth")]}])}
    site |= {"api.github.com/repos/o/n/releases/tags/v1": reply(one), "api.github.com/repos/o/n/releases/latest": reply(one)}
    for end in ("/tag/v1", "/latest"):
        listing = resolve(f"https://github.com/o/n/releases{end}", site)
        assert (listing.status, [file.name for file in listing.files]) == ("ok", ["m.pth", "n.pth"])
        assert listing.files[0].sha256 == "ab" * 32
    assert [file.name for file in resolve("https://github.com/o/n/releases", site).files] == ["v1/m.pth", "v1/n.pth", "v0/old.pth"]


def test_an_asset_is_read_behind_its_redirect():
    site = FakeInternet(
        {
            "github.com/o/n/releases/download/v1/m.pth": Reply(302, headers={"Location": "https://release-assets.githubusercontent.com/x"}),
            "release-assets.githubusercontent.com/": FILE,
        }
    )
    net, url = network(site), "https://github.com/o/n/releases/download/v1/m.pth"
    listing = host_for(url).resolve(url, net)
    assert (listing.files[0].name, listing.files[0].size) == ("m.pth", 512000)
    assert host_for(url).open(listing.files[0], net).read(200_000, 10) == DATA[200_000:200_010]
    assert net.requests == 3


def test_a_git_lfs_pointer_leads_to_the_file():
    url = "https://github.com/o/n/blob/main/w/m.pth"
    site = FakeInternet(
        {
            "raw.githubusercontent.com/o/n/main/w/m.pth": Reply(200, POINTER, ranges=True),
            "media.githubusercontent.com/media/o/n/main/w/m.pth": FILE,
        }
    )
    net = network(site)
    listing = host_for(url).resolve(url, net)
    assert listing.files[0].size == 512000
    blob = host_for(url).open(listing.files[0], net)
    assert blob.read(100, 10) == DATA[100:110]
    assert blob.requests == net.requests == 2
    site.routes["media.githubusercontent.com/"] = Reply(404)
    del site.routes["media.githubusercontent.com/media/o/n/main/w/m.pth"]
    listing = host_for(url).resolve(url, net)
    assert listing.status == "missing"
    assert "Git LFS pointer" in listing.detail


def test_another_repository_is_not_walked():
    site = FakeInternet({"": FILE})
    for url in ("https://github.com/o/n", "https://github.com/o/n/tree/main", "https://github.com/o/n/issues", "https://github.com/o"):
        assert host_for(url).resolve(url, network(site)).status == "skipped"
    assert site.log == []


def test_the_api_of_github_api_url_is_asked(monkeypatch):
    monkeypatch.setenv("GITHUB_API_URL", "https://ghe.example.org/api/v3/")
    site = {"ghe.example.org/api/v3/repos/o/n/releases/latest": reply({"assets": [asset("m.pth")]})}
    assert resolve("https://github.com/o/n/releases/latest", site).status == "ok"


@pytest.mark.parametrize(
    ("url", "kind", "ref", "path"),
    [
        ("https://raw.githubusercontent.com/o/n/main/a/b.pth", "file", "main", "a/b.pth"),
        ("https://raw.githubusercontent.com/o/n/refs/heads/main/b.pth", "file", "main", "b.pth"),
        ("https://media.githubusercontent.com/media/o/n/main/b.pth", "file", "main", "b.pth"),
        ("https://github.com/o/n/raw/v1/b.pth?raw=true", "file", "v1", "b.pth"),
        ("https://github.com/o/n/releases/latest/download/b.pth", "asset", "latest", "b.pth"),
        ("https://github.com/o/n/files/123/b.zip", "attachment", "", "123/b.zip"),
        ("https://github.com/o/n.git", "repo", "", ""),
    ],
)
def test_addresses_of_github(url, kind, ref, path):
    place = github_place(url)
    assert (place.kind, place.ref, place.path, place.repo) == (kind, ref, path, "o/n")


# ---------------------------------------------------------------------------------------------------- plain servers


def test_a_plain_file_costs_one_request_for_head_and_size():
    site = FakeInternet({"example.org/": FILE})
    net, url = network(site), "https://example.org/dir/my%20model.h5?v=1"
    listing = host_for(url).resolve(url, net)
    assert (listing.status, listing.host, listing.files[0].name, listing.files[0].size) == ("ok", "direct", "my model.h5", 512000)
    assert host_for(url).open(listing.files[0], net).read(0, 65536) == DATA[:65536]
    assert net.requests == 1


def test_of_a_file_that_may_be_a_zip_the_end_is_asked_first():
    site = FakeInternet({"example.org/": FILE})
    net, url = network(site), "https://example.org/dir/my%20model.pth?v=1"
    listing = host_for(url).resolve(url, net)
    assert (listing.status, listing.files[0].name, listing.files[0].size) == ("ok", "my model.pth", 512000)
    blob = host_for(url).open(listing.files[0], net)
    assert blob.begins_at_its_end
    assert blob.read(512000 - 61440, 61440) == DATA[-61440:]
    assert net.requests == 1
    assert blob.read(0, 30_000) == DATA[:30_000]
    assert net.requests == 2
    assert not blob.begins_at_its_end


def test_a_page_in_place_of_a_file_is_told():
    listing = resolve("https://example.org/m.pth", {"example.org/": Reply(200, b"<html><body>Not here any more</body></html>", HTML)})
    assert listing.status == "error"
    assert "answered with a page, not a file" in listing.detail
    assert "Not here any more" in listing.detail


def test_a_short_link_to_a_drive_folder_is_listed_as_one():
    site = folders({FOLDER: folder_page(entry(key(1), "a.pth"))})
    place = f"https://drive.google.com/drive/folders/{FOLDER}"
    site.routes |= {
        "bit.ly/x": Reply(301, headers={"Location": place}),
        "drive.google.com/drive": Reply(200, b"<html></html>", HTML),
        "drive.usercontent.google.com/": FILE,
    }
    net, host = network(site), host_for("https://bit.ly/x")
    listing = host.resolve("https://bit.ly/x", net)
    assert (listing.status, listing.host, [file.name for file in listing.files]) == ("ok", "google_drive", ["a.pth"])
    assert host.open(listing.files[0], net).size == 512000


# ------------------------------------------------------------------------------------------------------ this machine


def test_local_folders_are_walked_and_links_out_of_them_are_not(tmp_path):
    outside = tmp_path / "secret.pth"
    outside.write_bytes(b"secret")
    root = tmp_path / "models"
    (root / "b").mkdir(parents=True)
    (root / "a.pth").write_bytes(DATA)
    (root / "b" / "c.pth").write_bytes(b"12345")
    (root / "in.pth").symlink_to("a.pth")
    (root / "out.pth").symlink_to(outside)
    (root / "up").symlink_to(tmp_path)
    (root / "gone.pth").symlink_to("nothing")
    (root / "round").symlink_to("round")
    os.mkfifo(root / "pipe")
    local = LocalFiles()
    listing = local.resolve(str(root))
    assert [(file.name, file.size) for file in listing.files] == [("a.pth", 512000), ("b/c.pth", 5), ("in.pth", 512000)]
    assert listing.status == "partial"
    assert "out.pth" in listing.detail
    blob = local.open(listing.files[1])
    assert (blob.name, blob.read(1, 2), blob.requests, blob.bytes_read, blob.size) == ("b/c.pth", b"23", 0, 2, 5)
    blob.close()
    (single,) = local.resolve(str(root / "a.pth")).files
    assert single.size == 512000
    with pytest.raises(NetworkError):
        local.open(RemoteFile("pipe", str(root / "pipe")))
    with pytest.raises(NetworkError) as caught:
        local.open(RemoteFile("no", str(root / "no")))
    assert caught.value.status == "missing"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "https://a.org/x", "FILE:/etc/passwd", "s3://b/k", "", "a\0b"])
def test_the_local_disk_takes_no_addresses(url):
    assert not LocalFiles().accepts(url)
    assert LocalFiles().resolve(url).status == "blocked"


def test_local_paths_that_are_not_there_or_odd(tmp_path):
    local = LocalFiles()
    assert local.resolve(str(tmp_path / "no")).status == "missing"
    assert local.resolve("/dev/null").status == "error"
    assert local.resolve("x" * 5000).status == "error"
    assert local.resolve(str(tmp_path)).status == "ok"
    (tmp_path / "f").write_bytes(b"")
    assert local.resolve(str(tmp_path / "f" / "g")).status == "error"
