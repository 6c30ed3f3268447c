from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.errors import UsageError
from auditor.repositories.github import GitHubSource
from auditor.repositories.interface import Target
from auditor.repositories.local import LocalFolder
from auditor.repositories.target import parse_target


@pytest.mark.parametrize(
    ("text", "name", "ref"),
    [
        ("lab/Paper", "lab/Paper", None),
        ("  lab/Paper.git ", "lab/Paper", None),
        ("github.com/lab/Paper", "lab/Paper", None),
        ("www.github.com/lab/Paper/", "lab/Paper", None),
        ("https://github.com/lab/Paper.git", "lab/Paper", None),
        ("http://github.com/lab/deep-high.pytorch", "lab/deep-high.pytorch", None),
        ("HTTPS://GitHub.com/lab/Paper", "lab/Paper", None),
        ("https://user:secret@github.com/lab/Paper", "lab/Paper", None),
        ("https://github.com/lab/Paper?tab=readme-ov-file#models", "lab/Paper", None),
        ("https://github.com/lab/Paper/tree/v1.0", "lab/Paper", "v1.0"),
        ("https://github.com/lab/Paper/tree/feature/x/docs", "lab/Paper", "feature/x/docs"),
        ("https://github.com/lab/Paper/tree/caf%C3%A9", "lab/Paper", "café"),
        ("https://github.com/lab/Paper/blob/main/README.md#L3", "lab/Paper", "main/README.md"),
        ("https://github.com/lab/Paper/commit/08352ee", "lab/Paper", "08352ee"),
        ("https://github.com/lab/Paper/commits/dev", "lab/Paper", "dev"),
        ("https://github.com/lab/Paper/releases/tag/v2", "lab/Paper", "v2"),
        ("https://github.com/lab/Paper/releases", "lab/Paper", None),
        ("https://github.com/lab/Paper/issues/3", "lab/Paper", None),
        ("https://github.com/lab/Paper/tree", "lab/Paper", None),
        ("git@github.com:lab/Paper.git", "lab/Paper", None),
        ("ssh://git@github.com/lab/Paper.git", "lab/Paper", None),
        ("git+https://github.com/lab/Paper", "lab/Paper", None),
        ("lab_corp/Paper", "lab_corp/Paper", None),
    ],
)
def test_every_spelling_of_a_github_repository(text: str, name: str, ref: str | None) -> None:
    target = parse_target(text)
    assert target == Target(name, ref)
    assert GitHubSource().accepts(target)
    assert not LocalFolder().accepts(target)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "Paper",
        "lab/Paper/extra",
        "https://gitlab.com/lab/Paper",
        "https://github.com/lab",
        "https://github.com/",
        "https://github.com/lab/..",
        "git@gitlab.com:lab/Paper.git",
        "-lab/Paper",
        "lab/..",
        "lab/.git",
        "la b/Paper",
        "lab/Pa\x00per",
        "./nowhere-to-be-found",
        "/nowhere/to/be/found",
        "https://[::1/lab/Paper",
        "ftp://github.com/lab/Paper",
        "lab/" + "x" * 3000,
    ],
)
def test_anything_else_is_a_usage_error_with_an_example(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_target(text)
    assert "audit run" in caught.value.help


def test_a_password_in_an_address_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        parse_target("https://me:hunter2@gitlab.com/lab/Paper")
    assert "hunter2" not in str(caught.value)


def test_owner_name_is_githubs_even_where_a_folder_has_that_name(tmp_path, monkeypatch) -> None:
    (tmp_path / "lab" / "Paper").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert parse_target("lab/Paper") == Target("lab/Paper")
    for written in ("./lab/Paper", str(tmp_path / "lab" / "Paper"), "lab/Paper/"):
        target = parse_target(written)
        assert LocalFolder().accepts(target), written
        assert target.text.rstrip("/") == str(tmp_path / "lab" / "Paper")


def test_a_folder_that_is_no_owner_name_is_itself(tmp_path, monkeypatch) -> None:
    (tmp_path / "paper").mkdir()
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert parse_target("paper").text == str(tmp_path / "paper")
    assert parse_target("a/b/c").text == str(tmp_path / "a" / "b" / "c")
    assert parse_target(".").text == str(tmp_path)


def test_the_server_of_the_api_is_github_too(monkeypatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "https://git.lab.example/api/v3")
    assert parse_target("https://git.lab.example/lab/Paper/tree/dev") == Target("lab/Paper", "dev")


@given(st.text(max_size=80))
def test_words_of_any_kind_give_a_target_or_a_usage_error(text: str) -> None:
    try:
        target = parse_target(text)
    except UsageError:
        return
    assert GitHubSource().accepts(target) or LocalFolder().accepts(target)


@given(st.sampled_from(["https://github.com/", "git@github.com:", "github.com/"]), st.text(max_size=60))
def test_addresses_of_any_kind_give_a_target_or_a_usage_error(start: str, rest: str) -> None:
    try:
        target = parse_target(start + rest)
    except UsageError:
        return
    assert GitHubSource().accepts(target)
