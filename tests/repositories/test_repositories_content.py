from __future__ import annotations

import hashlib

import pytest
import requests
from fake_github import COMMIT, FakeGitHub, FakeRepository, error
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import AuditError, LimitError, NetworkError
from auditor.facts import Status
from auditor.lfs import parse_pointer
from auditor.repositories.github_content import git_blob_id
from auditor.repositories.interface import OpenedRepository, Target
from auditor.repositories.paths import inside, is_plain, link_target
from auditor.repositories.registry import open_repository

WEIGHTS = bytes(range(256)) * 40
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n" % (
    hashlib.sha256(WEIGHTS).hexdigest().encode(),
    len(WEIGHTS),
)


def opened(github: FakeGitHub) -> OpenedRepository:
    return open_repository(Target("lab/Paper"), github.network())


def files(**more: object) -> FakeRepository:
    contents = {"README.md": b"# Paper\n", "docs/ZOO.md": b"zoo", "a b/\xe9#?%.md": b"odd name", "model.pth": WEIGHTS, "lfs.pth": POINTER}
    return FakeRepository(files=contents, **more)


def test_files_come_from_the_raw_host_and_cost_no_quota() -> None:
    github = FakeGitHub(files())
    repository = opened(github)
    before = len(github.seen)
    assert repository.read("README.md") == b"# Paper\n"
    assert repository.read("docs/../docs/./ZOO.md") == b"zoo"
    assert repository.read("a b/\xe9#?%.md") == b"odd name"
    assert {seen.host for seen in github.seen[before:]} == {"raw.githubusercontent.com"}


def test_where_the_raw_host_fails_the_api_helps() -> None:
    github = FakeGitHub(files())
    repository = opened(github)
    for reply in (lambda: (404, {}, b""), lambda: (429, {"retry-after": "99"}, b"slow down"), lambda: (500, {}, b"")):
        github.faults = lambda method, url, reply=reply: reply() if "raw." in url else None
        assert repository.read("README.md") == b"# Paper\n"

    def unreachable(method: str, url: str) -> None:
        if "raw." in url:
            raise requests.ConnectionError("blocked by a firewall")

    github.faults = unreachable
    assert repository.read("docs/ZOO.md") == b"zoo"
    assert repository.blob("docs/ZOO.md").read(1, 2) == b"oo"


def test_bytes_that_are_not_the_commits_are_refused() -> None:
    github = FakeGitHub(files())
    repository = opened(github)
    github.tampered["README.md"] = b"# Pwned\n"
    assert repository.read("README.md") == b"# Paper\n", "the API has the right ones"
    github.faults = lambda method, url: error(403, "no") if "git/blobs" in url else None
    with pytest.raises(NetworkError, match="not the file of the audited commit"):
        repository.read("README.md")


def test_a_missing_file_costs_no_request() -> None:
    github = FakeGitHub(files())
    repository = opened(github)
    before = len(github.seen)
    with pytest.raises(NetworkError) as caught:
        repository.read("nowhere.md")
    assert caught.value.status == Status.MISSING
    assert len(github.seen) == before


def test_without_a_whole_tree_a_file_is_asked_for_all_the_same() -> None:
    github = FakeGitHub(files())
    github.faults = lambda method, url: error(500, "x") if "/git/trees" in url else None
    repository = opened(github)
    assert repository.repository.tree == ()
    assert repository.read("docs/ZOO.md") == b"zoo"
    assert repository.blob("docs/ZOO.md").read(0, 9) == b"zoo"
    assert repository.blob("model.pth").read(9000, 9) == WEIGHTS[9000:9009]
    github.raw_has_nothing = True
    assert repository.read("docs/ZOO.md") == b"zoo"
    with pytest.raises(NetworkError) as caught:
        repository.read("nowhere.md")
    assert caught.value.status == Status.MISSING


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    github = FakeGitHub(files())
    repository = opened(github)
    before = len(github.seen)
    with pytest.raises(LimitError):
        repository.read("model.pth", max_bytes=1000)
    with pytest.raises(LimitError):
        repository.read("lfs.pth", max_bytes=1000)
    assert len(github.seen) == before + 1, "the pointer alone was read"


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "", ".", "..", "a\0b", "x" * 5000])
def test_ways_out_of_the_repository_are_blocked(path: str) -> None:
    with pytest.raises(NetworkError) as caught:
        opened(FakeGitHub(files())).read(path)
    assert caught.value.status == Status.BLOCKED


def test_symbolic_links_are_followed_within_the_repository() -> None:
    links = {"ZOO.md": "docs/ZOO.md", "doc": "docs", "docs/up.md": "../README.md", "twice": "ZOO.md"}
    repository = opened(FakeGitHub(files(links=links)))
    assert {entry.path for entry in repository.repository.tree if entry.symlink_to is not None} == set(links)
    assert repository.read("ZOO.md") == b"zoo"
    assert repository.read("doc/ZOO.md") == b"zoo"
    assert repository.read("docs/up.md") == b"# Paper\n"
    assert repository.read("twice") == b"zoo"
    assert repository.blob("twice").name == "ZOO.md"


@pytest.mark.parametrize("to", ["../../etc/passwd", "/etc/passwd", "..", "loop"])
def test_symbolic_links_out_of_the_repository_or_in_circles_are_refused(to: str) -> None:
    repository = opened(FakeGitHub(files(links={"loop": to})))
    with pytest.raises(NetworkError):
        repository.read("loop")


def test_a_large_file_is_read_by_ranges() -> None:
    github = FakeGitHub(files())
    blob = opened(github).blob("model.pth")
    assert (blob.name, blob.size) == ("model.pth", len(WEIGHTS))
    assert blob.read(1000, 50) == WEIGHTS[1000:1050]
    assert github.seen[-1].url == f"https://raw.githubusercontent.com/lab/Paper/{COMMIT}/model.pth"


def test_a_large_file_comes_by_ranges_from_another_api_too_and_whole_where_the_raw_host_fails(monkeypatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:8123")
    github = FakeGitHub(files(), api="http://127.0.0.1:8123")
    repository = opened(github)
    assert repository.blob("model.pth").read(1000, 50) == WEIGHTS[1000:1050]
    assert github.seen[-1].host == "raw.githubusercontent.com"
    assert github.seen[-1].authorization == ""
    github.raw_has_nothing = True
    assert repository.blob("model.pth").read(1000, 50) == WEIGHTS[1000:1050]
    assert "/git/blobs/" in github.seen[-1].path


def test_a_file_that_is_too_large_for_the_api_keeps_the_reason_of_the_raw_host(monkeypatch) -> None:
    monkeypatch.setattr("auditor.repositories.github_content.LARGEST_API_BLOB", 1000)
    github = FakeGitHub(files())
    repository = opened(github)
    github.faults = lambda method, url: (451, {}, b"blocked") if "raw." in url else None
    with pytest.raises(NetworkError) as caught:
        repository.blob("model.pth")
    assert caught.value.http_status == 451


def test_an_lfs_pointer_leads_to_the_file() -> None:
    github = FakeGitHub(files())
    github.large_files["lfs.pth"] = WEIGHTS
    repository = opened(github)
    assert repository.read("lfs.pth") == WEIGHTS
    blob = repository.blob("lfs.pth")
    assert (blob.size, blob.read(300, 10)) == (len(WEIGHTS), WEIGHTS[300:310])
    github.large_files["lfs.pth"] = WEIGHTS[:-1] + b"!"
    with pytest.raises(NetworkError, match="SHA-256"):
        repository.read("lfs.pth")
    del github.large_files["lfs.pth"]
    with pytest.raises(NetworkError) as caught:
        repository.read("lfs.pth")
    assert caught.value.status == Status.MISSING


def test_a_private_repository_is_read_by_the_api_alone(monkeypatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    github = FakeGitHub(files(about={"private": True}))
    repository = opened(github)
    assert repository.read("README.md") == b"# Paper\n"
    assert repository.blob("model.pth").read(5, 5) == WEIGHTS[5:10]
    with pytest.raises(NetworkError) as caught:
        repository.read("lfs.pth")
    assert caught.value.status == Status.SKIPPED
    assert repository.blob("lfs.pth").read(0, 7) == b"version", "the format readers say that it is a pointer"
    assert {seen.host for seen in github.seen} == {"api.github.com"}


def test_gits_own_ids() -> None:
    assert git_blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert git_blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert len(git_blob_id(b"hello\n", 64)) == 64


def test_pointers() -> None:
    found = parse_pointer(POINTER)
    assert found is not None
    assert found.size == len(WEIGHTS)
    assert parse_pointer(POINTER.replace(b"\n", b"\r\n")) == found
    for cut in range(len(POINTER) - 8):
        assert parse_pointer(POINTER[:cut]) is None
    assert parse_pointer(POINTER + b"x" * 2000) is None


@given(st.text(alphabet="ab./\0", max_size=12), st.text(alphabet="ab./\0", max_size=12))
def test_no_path_and_no_link_leaves_the_repository(path: str, words: str) -> None:
    for attempt in (lambda: inside(path), lambda: link_target(inside(path), words)):
        try:
            plain = attempt()
        except AuditError:
            continue
        assert is_plain(plain)
        assert not plain.startswith(("/", "../"))


def test_a_server_that_makes_ids_up_is_read_all_the_same() -> None:
    github = FakeGitHub(files())
    repository = opened(github)
    github.tampered["README.md"] = b"# Paper\n\n"  # what the raw host gives has another id, and the API knows no such id
    entry = next(e for e in repository.repository.tree if e.path == "README.md")
    repository._entries["README.md"] = type(entry)(entry.path, len(b"# Paper\n\n"), entry.sha, entry.symlink_to)
    github.faults = lambda method, url: error(404, "Not Found") if "git/blobs" in url or "/contents/" in url else None
    assert repository.read("README.md") == b"# Paper\n\n"
