from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import LimitError, NetworkError, TargetError, UsageError
from auditor.facts import Status
from auditor.net import Network, NetworkSettings
from auditor.repositories import local
from auditor.repositories.git_folder import GitFolder, read_git_folder
from auditor.repositories.interface import Target
from auditor.repositories.local import LocalFolder, OpenedFolder
from auditor.repositories.registry import open_repository

COMMIT = "08352ee" + "0" * 33


def opened(folder: Path) -> OpenedFolder:
    return LocalFolder().open(Target(str(folder)), Network(NetworkSettings(offline=True)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "My Paper"
    (root / "assets").mkdir(parents=True)
    (root / "README.md").write_text("# Paper\n")
    (root / "assets" / "table.png").write_bytes(b"\x89PNG")
    return root


def write_git(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / ".git" / name.replace("__", "/").replace("_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_a_folder_without_git(folder: Path) -> None:
    it = opened(folder)
    assert (it.repository.full_name, it.repository.local, it.repository.commit, it.repository.url) == ("local/My-Paper", True, "", "")
    assert [(entry.path, entry.size) for entry in it.repository.tree] == [("README.md", 8), ("assets/table.png", 4)]
    assert it.read("assets/../README.md") == b"# Paper\n"
    assert it.blob("assets/table.png").read(1, 3) == b"PNG"
    assert [(source.id, source.status, source.required) for source in it.sources] == [
        ("repository", Status.OK, True),
        ("tree", Status.OK, True),
    ]
    assert it.repository.permalink("README.md", 1) == "README.md#L1"


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/lab/Paper.git",
        "git@github.com:lab/Paper.git",
        "ssh://git@github.com/lab/Paper",
        "https://tok@github.com/lab/Paper",
    ],
)
def test_the_name_and_commit_of_a_clone(folder: Path, url: str) -> None:
    config = f'[core]\n\tbare = false\n[remote "up"]\n\turl = https://github.com/x/y\n[remote "origin"]\n\turl = {url}\n\tfetch = +refs\n[branch "main"]\n'
    write_git(folder, HEAD="ref: refs/heads/main\n", config=config, refs__heads__main=COMMIT + "\n")
    it = opened(folder)
    assert (it.repository.full_name, it.repository.commit) == ("lab/Paper", COMMIT)
    assert it.repository.url == "https://github.com/lab/Paper"
    assert all(not entry.path.startswith(".git") for entry in it.repository.tree)
    assert COMMIT in it.sources[0].detail


def test_packed_detached_and_broken_heads(folder: Path) -> None:
    write_git(
        folder,
        HEAD="ref: refs/heads/feature/x",
        packed_refs=f"# pack-refs with: peeled\n{'1' * 40} refs/heads/a\n{COMMIT} refs/heads/feature/x\n^{'2' * 40}\n",
    )
    assert read_git_folder(folder) == GitFolder("", "feature/x", COMMIT)
    write_git(folder, HEAD=COMMIT)
    assert read_git_folder(folder).commit == COMMIT
    for head in (
        "ref: refs/heads/gone",
        "ref: ../../../../etc/passwd",
        "ref: refs/heads/../../config",
        "",
        "junk",
        "ref: refs/heads/.invalid",
    ):
        write_git(folder, HEAD=head)
        assert read_git_folder(folder).commit == "", head


def test_symbolic_heads_in_circles_end(folder: Path) -> None:
    write_git(folder, HEAD="ref: refs/heads/a", refs__heads__a="ref: refs/heads/b", refs__heads__b="ref: refs/heads/a")
    assert read_git_folder(folder).commit == ""


def test_a_worktree_is_understood(folder: Path, tmp_path: Path) -> None:
    main = tmp_path / "main"
    write_git(main, config='[remote "origin"]\nurl = https://github.com/lab/Paper\n', refs__heads__dev=COMMIT)
    place = main / ".git" / "worktrees" / "w"
    place.mkdir(parents=True)
    (place / "HEAD").write_text("ref: refs/heads/dev\n")
    (place / "commondir").write_text("../..\n")
    (folder / ".git").write_text(f"gitdir: {place}\n")
    assert read_git_folder(folder) == GitFolder("lab/Paper", "dev", COMMIT)


@pytest.mark.parametrize("url", ["https://gitlab.com/lab/Paper", "/srv/git/lab/Paper", "../lab/Paper", "lab/Paper", "."])
def test_an_origin_elsewhere_is_no_github_name(folder: Path, url: str) -> None:
    write_git(folder, HEAD=COMMIT, config=f'[remote "origin"]\n\turl = {url}\n')
    assert opened(folder).repository.full_name == "local/My-Paper"


@given(st.binary(max_size=200))
def test_git_files_of_any_kind_are_read_or_ignored(tmp_path_factory, data: bytes) -> None:
    root = tmp_path_factory.mktemp("any")
    (root / ".git").mkdir()
    for name in ("HEAD", "config", "packed-refs", "commondir"):
        (root / ".git" / name).write_bytes(data)
    assert isinstance(read_git_folder(root), GitFolder)


def test_nothing_outside_the_folder_is_listed_or_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "out.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "up").symlink_to(tmp_path)
    (folder / "broken").symlink_to("nowhere")
    (folder / "in.md").symlink_to("README.md")
    os.mkfifo(folder / "pipe")
    it = opened(folder)
    assert [entry.path for entry in it.repository.tree] == ["README.md", "assets/table.png", "in.md"]
    assert it.repository.tree[2].symlink_to == "README.md"
    assert it.read("in.md") == b"# Paper\n"
    assert "4 left out" in it.sources[1].detail
    for path in ("out.txt", "up/secret.txt", "../secret.txt", str(tmp_path / "secret.txt"), "a/../../secret.txt"):
        with pytest.raises(NetworkError) as caught:
            it.read(path)
        assert caught.value.status == Status.BLOCKED, path
        with pytest.raises(NetworkError):
            it.blob(path)
    for path in ("pipe", "assets", "nowhere", "broken"):
        with pytest.raises(NetworkError) as caught:
            it.read(path)
        assert caught.value.status == Status.MISSING, path


def test_a_link_put_in_place_after_the_listing_is_not_followed_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    it = opened(folder)
    (folder / "README.md").unlink()
    (folder / "README.md").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(NetworkError):
        it.read("README.md")


def test_limits(folder: Path, monkeypatch) -> None:
    with pytest.raises(LimitError):
        opened(folder).read("README.md", max_bytes=7)
    assert opened(folder).read("README.md", max_bytes=8) == b"# Paper\n"
    monkeypatch.setattr(local, "MAX_ENTRIES", 1)
    it = opened(folder)
    assert len(it.repository.tree) == 1
    assert it.sources[1].status is Status.PARTIAL


def test_an_lfs_pointer_is_said(folder: Path) -> None:
    (folder / "m.pth").write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n")
    with pytest.raises(NetworkError) as caught:
        opened(folder).read("m.pth")
    assert "LFS" in str(caught.value)
    assert "12345" in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission_makes_the_listing_partial(folder: Path) -> None:
    (folder / "assets").chmod(0)
    try:
        assert opened(folder).sources[1].status is Status.PARTIAL
    finally:
        (folder / "assets").chmod(0o700)


def test_a_ref_or_a_vanished_folder_is_refused(folder: Path) -> None:
    network = Network(NetworkSettings(offline=True))
    with pytest.raises(UsageError):
        open_repository(Target(str(folder), "main"), network)
    with pytest.raises(TargetError):
        open_repository(Target(str(folder / "gone")), network)
    with pytest.raises(TargetError):
        open_repository(Target(str(folder / "README.md")), network)
    with pytest.raises(UsageError):
        open_repository(Target("what?"), network)
