"""What is sent to GitHub's API, and what the replica answers, held against GitHub's own published description."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from requests.adapters import BaseAdapter

sys.path.append(str(Path(__file__).parent))
pytest.importorskip("jsonschema")

from github_contract import Recorded, answer_problems, description, operation_of, problems, request_problems

from auditor.demo.internet import HostedIssue, HostedRelease, HostedRepository, Symlink, World
from auditor.demo.replica import ReplicaAdapter
from auditor.errors import AuditError
from auditor.github_api import GitHubApi
from auditor.hosts import host_for
from auditor.issues.draft import IssueDraft
from auditor.issues.filing import file_issue, find_similar
from auditor.net import Network
from auditor.repositories.interface import Target
from auditor.repositories.registry import open_repository

API = "https://api.github.com"
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 7\n".encode()
REPOSITORY = HostedRepository(
    "lab/paper",
    {"README.md": b"# Paper", "w/m.pth": b"x" * 300, "w/lfs.pth": POINTER, "w/link": Symlink("m.pth"), "big.bin": b"x" * (2 << 20)},
    description="A paper",
    refs={"feature/x": {"README.md": b"# Other"}},
    fork_of="other/paper",
    forks=("reader1/paper", "reader2/paper"),
    releases=(HostedRelease("v1", {"m.pth": b"weights"}), HostedRelease("v0", prerelease=True)),
    issues=(
        HostedIssue(1, "Checkpoints of L?", "the folder is empty", "closed"),
        HostedIssue(2, "Fix", "Words", is_pull_request=True),
        *(HostedIssue(number, f"Question {number}", "How?") for number in range(3, 330)),
    ),
)
OWN = HostedRepository("lab/own", {"README.md": b"# Own"}, renamed_from=("lab/old",))
OTHERS = (
    HostedRepository("lab/closed", {"README.md": b"x"}, has_issues=False),
    HostedRepository("lab/empty", {}),
    HostedRepository("lab/archived", {"README.md": b"x"}, archived=True),
)
GIST = {
    "id": "abc123",
    "files": {
        "m.pth": {
            "filename": "m.pth",
            "type": "text/plain",
            "language": "Text",
            "size": 3,
            "raw_url": "https://gist.githubusercontent.com/l/abc123/raw/m.pth",
        }
    },
    "truncated": False,
}


class WithGist(BaseAdapter):
    """The replica, with one gist beside it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._replica = ReplicaAdapter(world)

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:
        response = self._replica.send(request, **options)
        if request.url == f"{API}/gists/abc123":
            response.status_code, response._content = 200, json.dumps(GIST).encode()
        return response

    def close(self) -> None:
        """Do nothing."""


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A world of GitHub, the network that leads there, and all that went over it."""
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    recorded = Recorded(WithGist(World(repositories=(REPOSITORY, OWN, *OTHERS), accepts_issues=True)))
    return SimpleNamespace(network=Network(transport=recorded, sleep=lambda _: None), recorded=recorded)


def held(recorded: Recorded) -> set[tuple[str, str]]:
    """Hold all that was recorded against the description, and return the operations that were used."""
    used = set()
    for request, response in recorded.exchanges:
        if not str(request.url).startswith(API):
            continue
        found = operation_of(str(request.method), requests.compat.unquote(requests.compat.urlsplit(request.url).path))
        moved = "/repositories/" in str(request.url)  # where GitHub itself leads to after a rename: not in its description
        assert moved or request_problems(request) == [], request.url
        assert moved or answer_problems(request, response) == [], (request.url, response.status_code)
        if found:
            used.add((str(request.method).lower(), found[0]))
    return used


def read_everything(network: Network) -> None:
    commit = open_repository(Target("lab/paper"), network).repository.commit
    other = open_repository(Target("lab/paper", "feature/x"), network).repository.commit
    for ref in (other, "v1", commit, commit[:10], "no-such-branch"):
        try:
            repository = open_repository(Target("lab/paper", ref), network)
        except AuditError:
            assert ref == "no-such-branch"
    for path in ("README.md", "w/m.pth"):
        repository.read(path)
    for url in (
        "https://github.com/lab/paper/releases",
        "https://github.com/lab/paper/releases/latest",
        "https://github.com/lab/paper/releases/tag/v1",
        "https://github.com/lab/paper/releases/tag/none",
        "https://github.com/lab/own/releases/latest",
        "https://github.com/lab/paper/tree/main/w",
        "https://github.com/lab/paper/tree/feature/x/w",
        "https://github.com/lab/none/releases",
        "https://gist.github.com/lab/abc123",
    ):
        host_for(url).resolve(url, network)
    for name in ("lab/old", "lab/empty", "lab/closed"):
        try:
            open_repository(Target(name), network)
        except AuditError:
            assert name == "lab/empty"


def read_from_the_api_alone(network: Network) -> None:
    """Where the raw host does not answer, files come from the API."""
    api = GitHubApi(network)
    tree = api.get("/repos/lab/paper/git/trees/main", recursive=1).data["tree"]
    for entry in tree:
        if entry["type"] == "blob":
            api.get(f"/repos/lab/paper/git/blobs/{entry['sha']}")
    for path in ("README.md", "w", "w/link", "big.bin"):
        api.get(f"/repos/lab/paper/contents/{path}", ref="main")
    api.get("/repos/lab/paper/branches/feature/x")


def a_report(folder: Path) -> Path:
    (folder / "issue.md").write_text("# Net_L.tar?\n\nIs it meant to be?\n")
    data = {
        "complete": True,
        "repository": {"full_name": "lab/own", "ref": "main", "url": "https://github.com/lab/own"},
        "variants": [{"name": "Ours-L", "verdict": "missing", "checkpoints": []}],
        "issue": {"title": "x", "asks": ["Ours-L"]},
    }
    (folder / "audit.json").write_text(json.dumps(data))
    return folder


def test_every_request_and_every_answer_is_one_that_github_describes(github, tmp_path):
    read_everything(github.network)
    read_from_the_api_alone(github.network)
    draft = IssueDraft("Where are M and L?", "The folder holds S.", ("M", "L"), fingerprint="0123456789abcdef")
    find_similar("lab/paper", draft, github.network)
    url = file_issue(a_report(tmp_path), github.network, token="secret", confirm=lambda _: True)
    assert url == "https://github.com/lab/own/issues/1"
    described = {(method, path) for path, item in description()["paths"].items() for method in item}
    assert held(github.recorded) == described  # all that is kept of the description is used, and nothing else is


def test_the_issue_that_is_sent_is_one_that_github_takes(github, tmp_path):
    file_issue(a_report(tmp_path), github.network, token="secret", confirm=lambda _: True)
    sent = [(request, response) for request, response in github.recorded.exchanges if request.method == "POST"]
    assert len(sent) == 1
    request, response = sent[0]
    assert request.url == f"{API}/repos/lab/own/issues"
    assert (request_problems(request), answer_problems(request, response)) == ([], [])
    assert set(json.loads(request.body)) == {"title", "body"}
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Authorization"] == "token secret"
    assert response.status_code == 201


@pytest.mark.parametrize("name", ["lab/paper", "lab/closed", "lab/archived", "lab/none"])
def test_refusals_of_the_replica_are_ones_that_github_describes(github, name):
    api = GitHubApi(github.network, token="secret", writing=True)
    for path in (
        "",
        "/commits/none",
        "/git/trees/none",
        "/contents/none",
        "/releases/latest",
        "/releases/tags/none",
        "/git/blobs/" + "0" * 40,
    ):
        with pytest.raises(AuditError) if path or name == "lab/none" else _nothing():
            api.get(f"/repos/{name}{path}")
            if path == "/releases/latest":
                raise AuditError("it has one")
    for request, response in github.recorded.exchanges:
        assert answer_problems(request, response) == [], (request.url, response.status_code)


class _nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


# ---------------------------------------------------------------------------------------------- the judge is no yes-man


def sent(method: str, path: str, **options: object) -> requests.PreparedRequest:
    return requests.Request(method, API + path, **options).prepare()


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (sent("GET", "/repos/o/n/nothing"), "no operation"),
        (sent("PATCH", "/repos/o/n"), "no operation"),
        (sent("GET", "/repos/o/n/issues", params={"state": "everything"}), "everything"),
        (sent("GET", "/repos/o/n/issues", params={"per_page": "many"}), "per_page"),
        (sent("GET", "/repos/o/n/issues", params={"labelled": "x"}), "not declared"),
        (sent("GET", "/search/issues"), "'q' is required"),
        (sent("GET", "/repos/o/n", data=b"x"), "a body"),
        (sent("POST", "/repos/o/n/issues", json={"body": "x"}), "title"),
        (sent("POST", "/repos/o/n/issues", json={"title": "x", "text": "x"}), "'text' is not declared"),
        (sent("POST", "/repos/o/n/issues", json={"title": ["x"]}), "title"),
        (sent("POST", "/repos/o/n/issues", data={"title": "x"}), "type"),
    ],
)
def test_a_wrong_request_is_found(request_, words):
    assert words in " ".join(request_problems(request_))


def test_a_wrong_answer_is_found(github):
    open_repository(Target("lab/paper"), github.network)
    repository = next(response.json() for request, response in github.recorded.exchanges if request.url.endswith("/repos/lab/paper"))
    schema = {"$ref": "#/components/schemas/full-repository"}
    assert problems(schema, repository) == []
    for change in ({"id": "7"}, {"owner": None}, {"html_url": "nowhere"}, {"created_at": "yesterday"}, {"archived": None}):
        assert problems(schema, {**repository, **change}), change
    for name in ("full_name", "default_branch", "has_issues", "archived", "forks_count", "owner"):
        assert problems(schema, {key: value for key, value in repository.items() if key != name}), name


def test_the_description_says_where_it_is_from():
    info = description()["info"]
    assert info["license"]["name"] == "MIT"
    assert "@octokit/openapi" in info["x-source"]
    assert "tools/cut_github_api.py" in info["x-source"]
