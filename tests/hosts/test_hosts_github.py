"""GitHub: releases of any number, folders at any ref, Git LFS, gists, archives, and what its refusals mean."""

from __future__ import annotations

import hashlib
import json
import random
from urllib.parse import parse_qs, urlsplit

import pytest
from fake_drive import HTML, network
from net_fakes import FakeInternet, Reply

from auditor.errors import NetworkError
from auditor.hosts import host_for
from auditor.hosts.github_places import github_place

DATA = random.Random(3).randbytes(300_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
FILE = Reply(200, DATA, {"Content-Type": "application/octet-stream", "ETag": '"e1"'}, ranges=True)
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{SHA256}\nsize {len(DATA)}\n".encode()
API = "api.github.com/repos/o/n"
MEDIA = "media.githubusercontent.com/media/o/n/main/w/m.pth"
RAW = "raw.githubusercontent.com/o/n/main/w/m.pth"


def reply(record, status=200, **headers) -> Reply:
    return Reply(status, json.dumps(record).encode(), {"Content-Type": "application/json; charset=utf-8", **headers})


def resolve(url, routes, **settings):
    return host_for(url).resolve(url, network(FakeInternet(routes), **settings))


def asset(tag, name, repo="o/n", **more):
    return {"name": name, "size": 9, "browser_download_url": f"https://github.com/{repo}/releases/download/{tag}/{name}", **more}


def blob(path, size=9, **more):
    return {"path": path, "type": "blob", "mode": "100644", "size": size, "sha": hashlib.sha1(path.encode()).hexdigest(), **more}


# -------------------------------------------------------------------------------------------------------- releases


def release_pages(count: int):
    def answer(request):
        query = parse_qs(urlsplit(request.url).query)
        page, size = int(query["page"][0]), int(query["per_page"][0])
        shown = [{"tag_name": f"v{n}", "assets": [asset(f"v{n}", "m.pth")]} for n in range(count)][(page - 1) * size : page * size]
        link = {"Link": f'<https://api.github.com/x?page={page + 1}>; rel="next"'} if page * size < count else {}
        return reply(shown, **link)

    return {f"{API}/releases": answer}


def test_all_pages_of_releases_are_listed():
    listing = resolve("https://github.com/o/n/releases", release_pages(250))
    assert (listing.status, listing.state, len(listing.files), listing.requests) == ("ok", "ok", 250, 3)
    assert (listing.files[0].name, listing.files[249].name) == ("v0/m.pth", "v249/m.pth")


def test_more_releases_than_are_asked_for_is_partial():
    listing = resolve("https://github.com/o/n/releases", release_pages(1100))
    assert (listing.status, listing.state, len(listing.files), listing.requests) == ("partial", "too_many", 1000, 10)


def test_a_release_without_files_is_empty_and_a_renamed_repository_says_so():
    listing = resolve("https://github.com/o/n/releases/tag/v1", {f"{API}/releases/tags/v1": reply({"tag_name": "v1", "assets": []})})
    assert (listing.status, listing.state) == ("ok", "empty")
    new = {"tag_name": "v1", "assets": [asset("v1", "m.pth", "lab/new", id=7, updated_at="2025-01-01T00:00:00Z")]}
    moved = {
        f"{API}/releases/tags/v1": Reply(301, headers={"Location": "https://api.github.com/repositories/1/releases/tags/v1"}),
        "api.github.com/repositories/1/releases/tags/v1": reply(new),
    }
    listing = resolve("https://github.com/o/n/releases/tag/v1", moved)
    assert (listing.status, listing.requests) == ("ok", 2)
    assert "lab/new now" in listing.detail
    assert listing.files[0].revision == "asset 7 of 2025-01-01T00:00:00Z"


@pytest.mark.parametrize("record", [{"tag_name": "v1"}, {"tag_name": "v1", "assets": None}, [], "x", {"message": "hello"}, None])
def test_an_answer_that_is_no_release_is_an_error_and_not_an_empty_one(record):
    listing = resolve("https://github.com/o/n/releases/tag/v1", {f"{API}/releases/tags/v1": reply(record)})
    assert (listing.status, listing.state) == ("error", "server_error")


def test_a_release_in_a_list_that_is_not_understood_makes_it_partial():
    listing = resolve("https://github.com/o/n/releases", {f"{API}/releases": reply([{"assets": [asset("v1", "m.pth")]}, 5, {}])})
    assert (listing.status, len(listing.files)) == ("partial", 1)


@pytest.mark.parametrize("odd", [7, {"name": "broken"}])
def test_an_entry_that_is_not_understood_makes_a_list_partial(odd):
    listing = resolve("https://github.com/o/n/releases/latest", {f"{API}/releases/latest": reply({"assets": [asset("v1", "m.pth"), odd]})})
    assert (listing.status, len(listing.files)) == ("partial", 1)
    assert "could not be understood" in listing.detail
    listing = resolve("https://github.com/o/n/tree/main/w", {f"{API}/git/trees/main": tree(blob("w/m.pth"), odd)})
    assert (listing.status, len(listing.files)) == ("partial", 1)


def test_tags_with_odd_characters_reach_the_api():
    site = FakeInternet({f"{API}/releases/tags/": reply({"assets": []})})
    host_for("https://github.com/o/n/releases").resolve("https://github.com/o/n/releases/tag/a%2Bb%20c/d", network(site))
    assert site.urls == ["https://api.github.com/repos/o/n/releases/tags/a%2Bb%20c/d"]


def test_an_asset_has_size_and_version_from_the_answer_behind_its_redirect():
    site = {
        "github.com/o/n/releases/latest/download/m.pth": Reply(
            302, headers={"Location": "https://github.com/o/n/releases/download/v1/m.pth"}
        ),
        "github.com/o/n/releases/download/v1/m.pth": Reply(302, headers={"Location": "https://release-assets.githubusercontent.com/x"}),
        "release-assets.githubusercontent.com/": FILE,
    }
    listing = resolve("https://github.com/o/n/releases/latest/download/m.pth", site)
    (file,) = listing.files
    assert (listing.state, file.name, file.size, file.revision) == ("ok", "m.pth", len(DATA), '"e1"')


# --------------------------------------------------------------------------------------------------------- folders


def tree(*entries, truncated=False):
    return reply({"sha": "t", "tree": list(entries), "truncated": truncated})


def test_a_folder_is_listed_with_all_that_is_within_in_one_request():
    entries = [
        blob("README.md"),
        {"path": "w", "type": "tree", "sha": "w"},
        blob("w/m.pth", 5_000_000),
        blob("w/more/n o.pth", 7),
        {"path": "w/sub", "type": "commit", "mode": "160000", "sha": "s"},
        blob("w/link.pth", mode="120000"),
        blob("w2/x.pth"),
    ]
    listing = resolve("https://github.com/o/n/tree/main/w", {f"{API}/git/trees/main": tree(*entries)})
    assert (listing.status, listing.state, listing.requests) == ("ok", "ok", 1)
    assert [(file.name, file.size) for file in listing.files] == [("m.pth", 5_000_000), ("more/n o.pth", 7)]
    assert listing.files[1].key == "https://raw.githubusercontent.com/o/n/main/w/more/n%20o.pth"
    assert listing.files[0].revision == blob("w/m.pth")["sha"]
    assert "w/sub; w/link.pth" in listing.detail


def test_a_branch_with_slashes_is_found():
    site = FakeInternet(
        {f"{API}/git/trees/feature?": reply({"message": "Not Found"}, 404), f"{API}/git/trees/feature%2Fx?": tree(blob("w/m.pth"))}
    )
    url = "https://github.com/o/n/tree/feature/x/w"
    listing = host_for(url).resolve(url, network(site))
    assert [file.key for file in listing.files] == ["https://raw.githubusercontent.com/o/n/feature/x/w/m.pth"]
    assert listing.requests == 2


def test_a_folder_of_a_huge_repository_is_asked_for_on_its_own():
    cut = tree({"path": "w", "type": "tree", "sha": "abc"}, blob("w/a.pth"), truncated=True)
    site = {f"{API}/git/trees/main": cut, f"{API}/git/trees/abc": tree(blob("a.pth"), blob("b.pth"))}
    listing = resolve("https://github.com/o/n/tree/main/w", site)
    assert (listing.status, [file.name for file in listing.files]) == ("ok", ["a.pth", "b.pth"])
    site[f"{API}/git/trees/abc"] = tree(blob("a.pth"), truncated=True)
    listing = resolve("https://github.com/o/n/tree/main/w", site)
    assert (listing.status, listing.state, len(listing.files)) == ("partial", "too_many", 1)
    site[f"{API}/git/trees/main"] = tree(blob("a.pth"), truncated=True)  # not even the folder is in it
    listing = resolve("https://github.com/o/n/tree/main/w", site)
    assert (listing.status, listing.state, len(listing.files)) == ("partial", "too_many", 0)


def test_a_folder_that_is_not_there_is_missing_and_an_answer_without_files_is_not():
    listing = resolve("https://github.com/o/n/tree/main/w", {f"{API}/git/trees/main": tree(blob("x.pth"))})
    assert (listing.status, listing.state) == ("missing", "not_found")
    listing = resolve("https://github.com/o/n/tree/main/w", {f"{API}/git/trees/main": reply({"tree": None})})
    assert (listing.status, listing.state) == ("error", "server_error")
    listing = resolve("https://github.com/o/n/tree/main/w", {API: reply({"message": "Not Found"}, 404)})
    assert (listing.status, listing.state, listing.requests) == ("missing", "not_found", 1)


# ---------------------------------------------------------------------------------------------------------- Git LFS


def test_pointers_in_a_folder_are_told_from_what_they_stand_for():
    entries = [blob("w/m.pth", len(POINTER)), blob("w/notes.md", len(POINTER)), blob("w/small.pth", 150)]
    site = FakeInternet(
        {
            f"{API}/git/trees/main": tree(*entries),
            RAW: Reply(200, POINTER, ranges=True),
            RAW.replace("m.pth", "small.pth"): Reply(200, b"x" * 150, ranges=True),
            MEDIA: FILE,
        }
    )
    url, net = "https://github.com/o/n/tree/main/w", network(site)
    host = host_for(url)
    listing = host.resolve(url, net)
    assert [(file.name, file.size, file.sha256) for file in listing.files] == [
        ("m.pth", len(DATA), SHA256),
        ("notes.md", len(POINTER), None),
        ("small.pth", 150, None),
    ]
    assert listing.requests == 3
    opened = host.open(listing.files[0], net)
    assert (opened.read(5, 5), opened.requests) == (DATA[5:10], 1)  # the pointer is not asked for again
    assert host.open(listing.files[2], net).read(0, 3) == b"xxx"


BUDGET = (
    b'{"message":"This repository exceeded its LFS budget. The account responsible for the budget should increase it to restore access."}'
)
QUOTA = b"This repository is over its data quota. Account responsible for LFS bandwidth should purchase more data packs to restore access."


@pytest.mark.parametrize(
    ("media", "status", "state", "words"),
    [
        (Reply(403, BUDGET), "quota", "quota", "budget"),
        (Reply(429, QUOTA), "quota", "quota", "budget"),
        (Reply(404, b"404: Not Found"), "missing", "not_found", "LFS pointer"),
        (Reply(200, POINTER, ranges=True), "missing", "not_found", "sends the pointer again"),
        (Reply(200, DATA[:-1], ranges=True), "error", "changed", "its pointer says 300000 bytes"),
        (Reply(500), "error", "server_error", "LFS pointer"),
    ],
)
def test_what_stands_behind_a_pointer_cannot_be_had(media, status, state, words):
    routes = {RAW: Reply(200, POINTER, ranges=True), MEDIA: media, f"{API}/git/trees/main": tree(blob("w/m.pth", len(POINTER)))}
    listing = resolve("https://github.com/o/n/blob/main/w/m.pth", routes)
    assert (listing.status, listing.state, listing.files) == (status, state, ())
    assert words in listing.detail
    url, net = "https://github.com/o/n/tree/main/w", network(FakeInternet(routes))
    (file,) = host_for(url).resolve(url, net).files
    with pytest.raises(NetworkError) as caught:
        host_for(url).open(file, net)
    assert (caught.value.status, caught.value.state) == (status, state)


def test_a_single_pointer_costs_two_requests_and_brings_the_hash():
    net = network(FakeInternet({RAW: Reply(200, POINTER, ranges=True), MEDIA: FILE}))
    url = "https://github.com/o/n/raw/main/w/m.pth"
    listing = host_for(url).resolve(url, net)
    assert (listing.files[0].size, listing.files[0].sha256, listing.requests) == (len(DATA), SHA256, 2)
    assert host_for(url).open(listing.files[0], net).requests == net.requests == 2


# ------------------------------------------------------------------------------------------------ gists and archives


def test_a_gist_is_listed_and_its_files_are_read():
    raw = "https://gist.githubusercontent.com/lab/abc123/raw/1f/m.pth"
    record = {"files": {"m.pth": {"filename": "m.pth", "size": len(DATA), "raw_url": raw}}}
    site = {"api.github.com/gists/abc123": reply(record), "gist.githubusercontent.com/lab/abc123/raw/1f/m.pth": FILE}
    for url in ("https://gist.github.com/lab/abc123", "https://gist.github.com/abc123", "https://gist.github.com/lab/abc123#file-m-pth"):
        net = network(FakeInternet(site))
        listing = host_for(url).resolve(url, net)
        assert (listing.status, [file.name for file in listing.files]) == ("ok", ["m.pth"])
        assert host_for(url).open(listing.files[0], net).read(7, 7) == DATA[7:14]
    assert resolve(raw, site).files[0].size == len(DATA)
    for odd in ({"raw_url": "https://evil.example.org/"}, 5):
        listing = resolve("https://gist.github.com/lab/abc123", {"api.github.com/": reply({"files": {**record["files"], "x": odd}})})
        assert (listing.status, [file.name for file in listing.files]) == ("partial", ["m.pth"])
    assert resolve("https://gist.github.com/lab/abc123", {"api.github.com/": reply({**record, "truncated": True})}).state == "too_many"
    assert resolve("https://gist.github.com/lab", {}).status == "skipped"


ARCHIVE = Reply(200, DATA, {"Content-Type": "application/zip", "Content-Disposition": "attachment; filename=n-main.zip"})


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/o/n/archive/refs/heads/main.zip",
        "https://github.com/o/n/zipball/main",
        "https://codeload.github.com/o/n/zip/refs/heads/main",
    ],
)
def test_archives_are_read_where_they_can_be(url):
    parts = urlsplit(url)
    listing = resolve(url, {parts.netloc + parts.path: Reply(200, DATA, ARCHIVE.headers, ranges=True)})
    assert (listing.status, listing.files[0].name, listing.files[0].size) == ("ok", "n-main.zip", len(DATA))

    endless = Reply(200, DATA, {**ARCHIVE.headers, "Content-Length": str(1 << 30)})  # as GitHub makes it: no ranges
    listing = resolve(url, {parts.netloc + parts.path: endless})
    assert (listing.status, listing.state, listing.files) == ("partial", "broken_range", ())
    assert "n-main.zip" in listing.detail
    assert listing.bytes_read <= 1 << 17


# --------------------------------------------------------------------------------------------------------- refusals

BLOCKED = {"message": "Repository access blocked", "block": {"reason": "dmca", "html_url": "https://github.com/github/dmca"}}


@pytest.mark.parametrize(
    ("answer", "status", "state", "words"),
    [
        (reply(BLOCKED, 451), "denied", "taken_down", "legal reasons"),
        (reply({**BLOCKED, "block": {"reason": "tos"}}, 403), "denied", "taken_down", "taken down"),
        (reply({"message": "Not Found"}, 404), "missing", "not_found", ""),
        (reply({"message": "Gone"}, 410), "missing", "deleted", ""),
        (reply({"message": "Bad credentials"}, 401), "denied", "sign_in", "token"),
        (reply({"message": "Resource protected by organization SAML enforcement."}, 403), "denied", "not_shared", "SAML"),
        (
            reply({"message": "API rate limit exceeded for 192.0.2.1."}, 403, **{"x-ratelimit-limit": "60", "x-ratelimit-remaining": "0"}),
            "quota",
            "rate_limited",
            "60 requests an hour",
        ),
        (
            reply({"message": "You have exceeded a secondary rate limit."}, 403, **{"Retry-After": "60"}),
            "quota",
            "rate_limited",
            "60 seconds",
        ),
        (reply({"message": "You have triggered an abuse detection mechanism."}, 403), "quota", "rate_limited", "abuse"),
        (Reply(403, b"API rate limit exceeded", {"Content-Type": "text/plain"}), "quota", "rate_limited", ""),
        (reply({"message": "Server Error"}, 500), "error", "server_error", ""),
        (Reply(200, b"<!DOCTYPE html><html>proxy</html>", HTML), "error", "server_error", ""),
    ],
)
def test_refusals_of_the_api_have_their_words(answer, status, state, words):
    for url in ("https://github.com/o/n/releases", "https://github.com/o/n/tree/main/w", "https://gist.github.com/lab/abc123"):
        listing = resolve(url, {"api.github.com/": answer})
        assert (listing.status, listing.state, listing.files) == (status, state, ())
        assert words in listing.detail


def test_a_rate_limit_with_a_token_does_not_ask_for_one(monkeypatch):
    limit = reply({"message": "API rate limit exceeded"}, 403, **{"x-ratelimit-limit": "5000", "x-ratelimit-remaining": "0"})
    site = FakeInternet({"api.github.com/": limit})
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    listing = host_for("https://github.com/o/n/releases").resolve("https://github.com/o/n/releases", network(site))
    assert "5000 requests an hour" in listing.detail
    assert all("secret" in request.headers["Authorization"] for request in site.log)


def test_a_token_that_cannot_be_sent_is_said_and_not_a_traceback(monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "sé cret")
    listing = resolve("https://github.com/o/n/releases", {})
    assert listing.status == "error"
    assert "GITHUB_TOKEN" in listing.detail


@pytest.mark.parametrize(
    ("answer", "status", "state"),
    [
        (Reply(451), "denied", "taken_down"),
        (Reply(404), "missing", "not_found"),
        (Reply(429), "quota", "rate_limited"),
        (Reply(200, b"<!DOCTYPE html><html><body>Unicorn!</body></html>", HTML), "error", "not_a_file"),
        (Reply(502), "error", "server_error"),
    ],
)
def test_refusals_of_files_have_their_words(answer, status, state):
    for url in ("https://github.com/o/n/releases/download/v1/m.pth", "https://github.com/o/n/blob/main/w/m.pth"):
        listing = resolve(url, {"github.com/": answer, "raw.githubusercontent.com/": answer})
        assert (listing.status, listing.state, listing.files) == (status, state, ())


def test_a_web_page_that_is_a_file_of_the_repository_is_a_file():
    page = Reply(200, b"<!DOCTYPE html><html></html>", {"Content-Type": "text/plain; charset=utf-8"}, ranges=True)
    listing = resolve("https://raw.githubusercontent.com/o/n/main/page.pth", {"raw.githubusercontent.com/": page})
    assert listing.status == "ok"


# -------------------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("url", "kind", "repo", "ref", "path"),
    [
        ("https://raw.githubusercontent.com/o/n/refs/tags/v1/a/b.pth", "file", "o/n", "refs", "tags/v1/a/b.pth"),
        ("https://www.github.com/o/n/raw/main/b.pth", "file", "o/n", "main", "b.pth"),
        ("https://github.com/o/n/tree/main/w", "folder", "o/n", "main", "w"),
        ("https://github.com/o/n/archive/v1.0.tar.gz", "archive", "o/n", "", "v1.0.tar.gz"),
        ("https://codeload.github.com/o/n/tar.gz/refs/tags/v1", "archive", "o/n", "refs/tags/v1", "v1.tar.gz"),
        ("https://github.com/user-attachments/files/123/w.zip", "attachment", "user-attachments/files", "", "123/w.zip"),
        ("https://gist.github.com/u/abcde12345/raw/m.pth", "gist_file", "abcde12345", "", "m.pth"),
        ("https://gist.githubusercontent.com/u/abcde12345/raw/ff/m.pth", "gist_file", "abcde12345", "ff", "m.pth"),
        (f"https://gist.github.com/u/abcde12345/{'a' * 40}", "gist", "abcde12345", "a" * 40, ""),
    ],
)
def test_more_addresses_of_github(url, kind, repo, ref, path):
    place = github_place(url)
    assert (place.kind, place.repo, place.ref, place.path) == (kind, repo, ref, path)
    assert host_for(url).name == "github"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/o/n/wiki/Models",
        "https://github.com/o/n/issues/3",
        "https://docs.github.com/en/rest",
        "https://github.com/o",
        "https://codeload.github.com/o/n",
        "https://github.com/o/n/releases/download/v1",
    ],
)
def test_pages_of_github_are_skipped_and_ask_nobody(url):
    listing = resolve(url, {})
    assert (listing.status, listing.state, listing.requests) == ("skipped", "skipped", 0)
