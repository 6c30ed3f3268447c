from __future__ import annotations

import pytest
import requests
from fake_github import API, COMMIT, FakeGitHub, FakeRepository, as_json, commit_id, error, issue, rate_limited
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import TargetError, UsageError
from auditor.facts import Source, Status
from auditor.repositories.interface import OpenedRepository, Target
from auditor.repositories.registry import open_repository

FEATURE, RELEASED, OLD, IMPOSTER = (commit_id(text) for text in ("feature", "released", "old", "imposter"))


def opened(github: FakeGitHub, name: str = "lab/Paper", ref: str | None = None) -> OpenedRepository:
    return open_repository(Target(name, ref), github.network())


def source(repository: OpenedRepository, id: str) -> Source:
    return next(source for source in repository.sources if source.id == id)


def paper(**more: object) -> FakeRepository:
    return FakeRepository(
        files={"README.md": b"# Paper\n", "main/config.py": b"depth = 128\n", "assets/é t.png": b"\x89PNG"},
        releases=[
            {
                "tag_name": "v1",
                "assets": [
                    {
                        "name": "s.pth",
                        "browser_download_url": "https://github.com/lab/Paper/releases/download/v1/s.pth",
                        "size": 7,
                        "digest": "sha256:ab",
                    },
                    {"name": "half.pth", "browser_download_url": "https://github.com/x", "size": 7, "state": "starter"},
                ],
            }
        ],
        issues=[
            issue(4, "Pretrained weights?", "The Drive link is dead"),
            issue(3, "Typo in README"),
            issue(2, "Add weights", pull_request={"url": "x"}),
            issue(1, "Where is the L checkpoint", "x" * 9000, state="closed"),
        ],
        forks=[
            {"full_name": "a/Paper", "html_url": "https://github.com/a/Paper", "pushed_at": "2024-01-01T00:00:00Z"},
            {"full_name": "b/Paper", "html_url": "https://github.com/b/Paper", "pushed_at": "2025-01-01T00:00:00Z"},
        ],
        **more,
    )


def test_everything_is_read_in_six_requests() -> None:
    github = FakeGitHub(paper())
    it = opened(github).repository
    assert (it.full_name, it.ref, it.commit, it.url) == ("lab/Paper", "main", COMMIT, "https://github.com/lab/Paper")
    assert [entry.path for entry in it.tree] == ["README.md", "assets/é t.png", "main/config.py"]
    assert [(asset.tag, asset.name, asset.size, asset.digest) for asset in it.releases] == [("v1", "s.pth", 7, "sha256:ab")]
    assert [(thread.number, thread.state) for thread in it.threads] == [(4, "open"), (1, "closed")]
    assert len(it.threads[1].body) == 4000
    assert [fork.full_name for fork in it.forks] == ["b/Paper", "a/Paper"]
    assert len(github.seen) == 6


def test_the_commit_is_pinned_before_anything_else_of_it_is_read() -> None:
    github = FakeGitHub(paper())
    opened(github)
    assert github.paths()[:2] == ["/repos/lab/Paper", "/repos/lab/Paper/commits/main"]
    assert f"/repos/lab/Paper/git/trees/{COMMIT}" in github.paths()


def test_sources_say_what_was_seen_and_which_are_required() -> None:
    sources = {source.id: source for source in opened(FakeGitHub(paper(about={"archived": True}))).sources}
    assert list(sources) == ["repository", "tree", "releases", "issues", "forks"]
    assert all(source.status is Status.OK and source.seen_at for source in sources.values())
    assert {id for id, source in sources.items() if source.required} == {"repository", "tree", "releases"}
    assert "archived" in sources["repository"].detail
    assert sources["issues"].detail == "2 of 3 issues speak of checkpoints"


def test_metadata_of_a_fork_without_issues() -> None:
    about = {"fork": True, "parent": {"full_name": "up/Paper"}, "has_issues": False, "archived": True}
    github = FakeGitHub(FakeRepository(about=about))
    repository = opened(github)
    it = repository.repository
    assert (it.fork_of, it.has_issues, it.archived) == ("up/Paper", False, True)
    assert source(repository, "issues").status is Status.SKIPPED
    assert "/repos/lab/Paper/issues" not in github.paths()


def test_a_renamed_repository_is_followed_and_said() -> None:
    github = FakeGitHub(paper())
    github.renamed["old/name"] = "lab/Paper"
    repository = opened(github, "old/name")
    assert repository.repository.full_name == "lab/Paper"
    assert "old/name is now called lab/Paper" in source(repository, "repository").detail
    assert all(not path.startswith("/repos/old/name/") for path in github.paths())


def test_an_api_that_redirects_elsewhere_or_in_circles_is_refused() -> None:
    for location in ("https://evil.example/repos/lab/Paper", f"{API}/repos/lab/Paper", "http://api.github.com/repos/lab/Paper"):
        github = FakeGitHub(paper())
        github.faults = lambda method, url, location=location: error(301, "Moved", location=location)
        with pytest.raises(TargetError):
            opened(github)
        assert {seen.host for seen in github.seen} == {"api.github.com"}
        assert len(github.seen) < 6


# --------------------------------------------------------------------------------------------------------------- the ref


@pytest.mark.parametrize(
    ("asked", "ref", "commit"),
    [
        (None, "main", COMMIT),
        ("v1.0", "v1.0", RELEASED),
        ("feature/x", "feature/x", FEATURE),
        ("feature/x/docs/models", "feature/x", FEATURE),
        ("release/1/README.md", "release/1", RELEASED),
        ("main/README.md", "main", COMMIT),
        (OLD, OLD, OLD),
        (f"{OLD}/docs", OLD, OLD),
        (OLD[:8], OLD[:8], OLD),
    ],
)
def test_refs_of_every_kind(asked: str | None, ref: str, commit: str) -> None:
    branches = {"main": COMMIT, "feature/x": FEATURE, "feature": commit_id("other")} | {}
    branches.pop("feature")  # git cannot hold feature beside feature/x
    github = FakeGitHub(paper(branches=branches, tags={"v1.0": RELEASED, "release/1": RELEASED}, commits={OLD}))
    repository = opened(github, ref=asked)
    assert (repository.repository.ref, repository.repository.commit) == (ref, commit)
    assert source(repository, "repository").status is Status.OK


def test_no_such_ref_is_said() -> None:
    for ref in ("v9", "v9/docs", "0" * 40):
        with pytest.raises(TargetError) as caught:
            opened(FakeGitHub(paper()), ref=ref)
        assert "no branch, tag or commit" in str(caught.value)


def test_a_commit_that_may_be_a_forks_is_doubted() -> None:
    github = FakeGitHub(paper(foreign_commits={IMPOSTER}))
    found = source(opened(github, ref=IMPOSTER), "repository")
    assert found.status is Status.PARTIAL
    assert "may be a fork's" in found.detail


def test_a_commit_of_an_unrelated_history_is_doubted_and_a_server_that_cannot_compare_doubts_nothing() -> None:
    for reply, status in (
        (error(404, "No common ancestor between main and x."), Status.PARTIAL),
        (error(404, "Not Found"), Status.OK),
        (rate_limited(), Status.OK),
    ):
        github = FakeGitHub(paper(foreign_commits={IMPOSTER}))
        github.faults = lambda method, url, reply=reply: reply if "/compare/" in url else None
        assert source(opened(github, ref=IMPOSTER), "repository").status is status


def test_the_head_of_another_branch_is_the_authors_own() -> None:
    github = FakeGitHub(paper(branches={"main": COMMIT, "dev": FEATURE}, foreign_commits={FEATURE}))
    assert source(opened(github, ref=FEATURE), "repository").status is Status.OK


def test_hostile_refs_stay_within_the_path() -> None:
    github = FakeGitHub(paper())
    with pytest.raises(TargetError):
        opened(github, ref="../../../user?x=1#y")
    assert all(seen.url.startswith(f"{API}/repos/lab/Paper") for seen in github.seen)


# ------------------------------------------------------------------------------------------------------- listing details


def test_submodules_are_named_and_not_taken_for_files() -> None:
    repository = opened(FakeGitHub(FakeRepository(submodules=("third_party/x",))))
    assert [entry.path for entry in repository.repository.tree] == ["README.md"]
    assert "submodules not read: third_party/x" in source(repository, "tree").detail


def test_a_truncated_tree_is_partial_and_has_its_root() -> None:
    repository = opened(FakeGitHub(FakeRepository(files={"README.md": b"#", "a/b.txt": b"1", "z/last.txt": b"2"}, truncated=True)))
    assert source(repository, "tree").status is Status.PARTIAL
    assert "README.md" in {entry.path for entry in repository.repository.tree}


def test_paths_that_git_would_not_allow_are_dropped() -> None:
    github = FakeGitHub(paper())
    bad = [{"path": path, "type": "blob", "sha": "1" * 40, "size": 1} for path in ("../x", "/etc/passwd", "a//b", "a\0b", "", "ok")]
    github.faults = lambda method, url: as_json({"tree": [*bad, "text", None]}) if "/git/trees/" in url else None
    assert [entry.path for entry in opened(github).repository.tree] == ["ok"]


def test_no_releases_no_forks_no_issues() -> None:
    github = FakeGitHub(FakeRepository())
    repository = opened(github)
    assert source(repository, "releases").detail == "no releases"
    assert source(repository, "forks").status is Status.OK
    assert "/repos/lab/Paper/forks" not in github.paths()


def test_issues_that_were_disabled_meanwhile() -> None:
    github = FakeGitHub(paper())
    github.faults = lambda method, url: error(410, "Issues has been disabled in this repository.") if "/issues" in url else None
    found = source(opened(github), "issues")
    assert (found.status, found.detail) == (Status.MISSING, "issues are disabled in this repository")


def test_at_most_three_pages_of_issues_are_read_and_that_is_said() -> None:
    github = FakeGitHub(FakeRepository(issues=[issue(n, "missing checkpoint") for n in range(450, 0, -1)]))
    repository = opened(github)
    assert [len(repository.repository.threads), repository.repository.threads[0].number] == [300, 450]
    assert source(repository, "issues").status is Status.PARTIAL
    assert len(github.seen) <= 8


# -------------------------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("reply", "status", "words"),
    [
        (rate_limited(), Status.QUOTA, "2027-01-15 08:00 UTC"),
        (error(403, "You have exceeded a secondary rate limit. Please wait.", retry_after="60"), Status.QUOTA, "60 seconds"),
        (error(429, "Too many requests", retry_after="900"), Status.QUOTA, "900 seconds"),
        (error(403, "Resource not accessible by personal access token"), Status.DENIED, "not accessible"),
        (error(404, "Not Found"), Status.MISSING, ""),
        (error(451, "Repository access blocked"), Status.DENIED, "legal"),
        (error(500, "Server Error"), Status.ERROR, "500"),
        (error(502, "Server Error"), Status.ERROR, "502"),
        ((200, {"content-type": "text/html"}, b"<html>proxy login</html>"), Status.ERROR, "answer"),
        ((200, {}, b'{"tree": [['), Status.ERROR, "understood"),
        ((200, {}, b"[" * 100_000), Status.ERROR, "understood"),
        (as_json(["not", "an", "object"], 404), Status.ERROR, "understood"),
        (as_json({"message": ["odd"]}, 403), Status.ERROR, "understood"),
        (as_json({}, 202), Status.ERROR, "preparing"),
    ],
)
@pytest.mark.parametrize(("part", "id"), [("/git/trees", "tree"), ("/releases", "releases"), ("/issues", "issues"), ("/forks", "forks")])
def test_a_part_that_fails_is_a_source_and_the_rest_goes_on(reply, status: Status, words: str, part: str, id: str) -> None:
    github = FakeGitHub(paper())
    github.faults = lambda method, url: reply if part in url else None
    repository = opened(github)
    found = source(repository, id)
    if reply[2].startswith(b'["not"'):
        assert found.status is not Status.OK
    else:
        assert found.status is status
        assert words in found.detail
    assert all(other.status is Status.OK for other in repository.sources if other.id != id)


@pytest.mark.parametrize(
    ("reply", "words", "help"),
    [
        (error(404, "Not Found"), "knows no repository lab/Paper", "owner/name"),
        (rate_limited(), "60 requests an hour is used up; it is reset at 2027-01-15 08:00 UTC", "GITHUB_TOKEN"),
        (error(401, "Bad credentials"), "does not accept the token", "GITHUB_TOKEN"),
        (error(403, "Must have admin rights"), "refuses", ""),
        (error(451, "Repository access blocked"), "legal reasons", ""),
        (error(503, "Unicorn"), "503", "later"),
        (as_json({"full_name": "../.."}), "describes no repository", ""),
        (as_json([]), "describes no repository", ""),
    ],
)
def test_only_the_repository_itself_stops_the_audit(reply, words: str, help: str) -> None:
    github = FakeGitHub(paper())
    github.faults = lambda method, url: reply
    with pytest.raises(TargetError) as caught:
        opened(github)
    assert words in str(caught.value)
    assert help in caught.value.help


def test_no_network_is_said() -> None:
    def down(method: str, url: str) -> None:
        raise requests.ConnectionError("no route to host")

    github = FakeGitHub()
    github.faults = down
    with pytest.raises(TargetError) as caught:
        opened(github)
    assert caught.value.help


def test_an_empty_repository_is_said() -> None:
    with pytest.raises(TargetError) as caught:
        opened(FakeGitHub(FakeRepository(branches={}, files={})))
    assert "empty" in str(caught.value)


def test_a_server_error_is_asked_again() -> None:
    failed: list[str] = []

    def once(method: str, url: str):
        path = url.split("?")[0]
        if path in failed:
            return None
        failed.append(path)
        return error(500, "Server Error")

    github = FakeGitHub(paper())
    github.faults = once
    assert all(source.status is Status.OK for source in opened(github).sources)
    assert len(failed) == 6
    assert len(github.seen) == 12


def test_a_folder_of_the_same_name_is_pointed_at(tmp_path, monkeypatch) -> None:
    (tmp_path / "lab" / "Gone").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TargetError) as caught:
        opened(FakeGitHub(), "lab/Gone")
    assert "./lab/Gone" in caught.value.help


# ---------------------------------------------------------------------------------------------------- tokens and servers


def test_the_token_goes_to_the_api_and_nowhere_else(monkeypatch) -> None:
    monkeypatch.setenv("GH_TOKEN", "ghp_secret")
    github = FakeGitHub(paper())
    repository = opened(github)
    repository.read("README.md")
    repository.blob("main/config.py").read(0, 5)
    assert {seen.host for seen in github.seen} == {"api.github.com", "raw.githubusercontent.com"}
    for seen in github.seen:
        assert ("ghp_secret" in seen.authorization) == (seen.host == "api.github.com")


@pytest.mark.parametrize("token", ["ghp with space", "ghp\x07bell", "gé"])
def test_a_token_that_is_none_is_a_usage_error_that_does_not_show_it(monkeypatch, token: str) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", token)
    with pytest.raises(UsageError) as caught:
        opened(FakeGitHub(paper()))
    assert token not in str(caught.value)


@pytest.mark.parametrize("api", ["https://git.lab.example/api/v3", "http://127.0.0.1:8123"])
def test_another_api_is_honored(monkeypatch, api: str) -> None:
    monkeypatch.setenv("GITHUB_API_URL", api + "/")
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    html = "https://git.lab.example"
    github = FakeGitHub(paper(html=html), api=api)
    repository = opened(github)
    assert repository.repository.url == f"{html}/lab/Paper"
    assert repository.read("README.md") == b"# Paper\n"
    assert repository.read("assets/é t.png") == b"\x89PNG"
    assert all(seen.url.startswith(api) and "ghp_secret" in seen.authorization for seen in github.seen)


@pytest.mark.parametrize("api", ["http://api.example.org", "ftp://x", "https://", "https://me:pw@x.org", "nonsense", "https://x:99999"])
def test_an_unusable_api_address_is_a_usage_error(monkeypatch, api: str) -> None:
    monkeypatch.setenv("GITHUB_API_URL", api)
    with pytest.raises(UsageError):
        opened(FakeGitHub(paper()))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.sampled_from(["tree", "path", "sha", "type", "full_name", "assets", "number"]), children)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(JSON, st.sampled_from(["/git/trees", "/releases", "/issues", "/forks", "/commits/", "lab/Paper"]))
def test_answers_of_any_shape_end_in_a_source_or_a_target_error(data: object, part: str) -> None:
    github = FakeGitHub(paper())
    github.faults = lambda method, url: as_json(data) if part in url and (part != "lab/Paper" or url.endswith(part)) else None
    try:
        sources = opened(github).sources
    except TargetError:
        return
    assert len(sources) == 5
