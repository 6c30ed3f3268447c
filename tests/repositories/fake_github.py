"""A GitHub in this process: a requests adapter that answers as the real API does, with faults on demand."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3.response import HTTPResponse

from auditor.net import Network, NetworkSettings
from auditor.repositories.github_content import git_blob_id

API = "https://api.github.com"
COMMIT = "08352ee" + "0" * 33
OTHER = "beef" * 10
Reply = tuple[int, dict[str, str], bytes]


def commit_id(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()


def as_json(data: object, status: int = 200, **headers: str) -> Reply:
    head = {"content-type": "application/json; charset=utf-8"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return status, head, json.dumps(data).encode()


def error(status: int, message: str, **headers: str) -> Reply:
    return as_json({"message": message, "documentation_url": "https://docs.github.com/rest"}, status, **headers)


def rate_limited(reset: int = 1_800_000_000, limit: int = 60) -> Reply:
    return error(
        403,
        "API rate limit exceeded for 203.0.113.7. (But here's the good news: Authenticated requests get a higher rate limit.)",
        x_ratelimit_limit=str(limit),
        x_ratelimit_remaining="0",
        x_ratelimit_reset=str(reset),
    )


@dataclass
class FakeRepository:
    """What one repository holds."""

    full_name: str = "lab/Paper"
    files: dict[str, bytes] = field(default_factory=lambda: {"README.md": b"# Paper\n"})
    links: dict[str, str] = field(default_factory=dict)
    submodules: tuple[str, ...] = ()
    branches: dict[str, str] = field(default_factory=lambda: {"main": COMMIT})
    tags: dict[str, str] = field(default_factory=dict)
    commits: set[str] = field(default_factory=set)
    foreign_commits: set[str] = field(default_factory=set)
    releases: list[dict[str, object]] = field(default_factory=list)
    issues: list[dict[str, object]] = field(default_factory=list)
    forks: list[dict[str, object]] = field(default_factory=list)
    about: dict[str, object] = field(default_factory=dict)
    truncated: bool = False
    html: str = "https://github.com"

    def entries(self) -> list[dict[str, object]]:
        blobs = [
            {"path": path, "mode": "100644", "type": "blob", "sha": git_blob_id(data), "size": len(data)}
            for path, data in self.files.items()
        ]
        links = [
            {"path": path, "mode": "120000", "type": "blob", "sha": git_blob_id(to.encode()), "size": len(to)}
            for path, to in self.links.items()
        ]
        folders = {"/".join(path.split("/")[:n]) for path in self.files for n in range(1, path.count("/") + 1)}
        trees = [{"path": path, "mode": "040000", "type": "tree", "sha": "1" * 40} for path in sorted(folders)]
        modules = [{"path": path, "mode": "160000", "type": "commit", "sha": "2" * 40} for path in self.submodules]
        return blobs + links + trees + modules

    def metadata(self) -> dict[str, object]:
        return {
            "full_name": self.full_name,
            "html_url": f"{self.html}/{self.full_name}",
            "default_branch": "main",
            "archived": False,
            "disabled": False,
            "private": False,
            "has_issues": True,
            "fork": False,
            "forks_count": len(self.forks),
            "description": "A paper.",
        } | self.about

    def blob(self, sha: str) -> bytes | None:
        contents = [*self.files.values(), *(to.encode() for to in self.links.values())]
        return next((data for data in contents if git_blob_id(data) == sha), None)


@dataclass
class Seen:
    """One request as it left the auditor."""

    method: str
    url: str
    authorization: str
    body: bytes

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


class FakeGitHub(BaseAdapter):
    """api.github.com, raw.githubusercontent.com and media.githubusercontent.com over some repositories.

    `faults` is asked first, with method and URL: it returns a reply, raises, or returns None for the usual answer.
    """

    def __init__(self, *repositories: FakeRepository, api: str = API) -> None:
        super().__init__()
        self.repositories = {repository.full_name.lower(): repository for repository in repositories}
        self.renamed: dict[str, str] = {}
        self.large_files: dict[str, bytes] = {}
        self.faults: Callable[[str, str], Reply | None] = lambda method, url: None
        self.after_post: Callable[[], None] = lambda: None
        self.seen: list[Seen] = []
        self.raw_has_nothing = False
        self.tampered: dict[str, bytes] = {}
        self._api = api
        self._lock = threading.Lock()

    def network(self, **settings: object) -> Network:
        return Network(NetworkSettings(**settings), transport=self, sleep=lambda seconds: None)

    def paths(self, method: str = "GET") -> list[str]:
        return [seen.path for seen in self.seen if seen.method == method]

    def close(self) -> None:
        """Nothing is open."""

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        url, method = request.url or "", request.method or ""
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        with self._lock:
            self.seen.append(Seen(method, url, request.headers.get("Authorization", ""), body))
        status, headers, answer = self.faults(method, url) or self._answer(method, url, body)
        if method == "POST" and status == 201:
            self.after_post()
        response = requests.Response()
        response.status_code = status
        response.headers.update(headers)
        response.raw = HTTPResponse(io.BytesIO(answer), headers=headers, status=status, preload_content=False)
        response.url, response.request = url, request
        return response

    # ------------------------------------------------------------------------------------------------------- routes

    def _answer(self, method: str, url: str, body: bytes) -> Reply:
        parts = urlsplit(url)
        if f"{parts.scheme}://{parts.netloc}" == "https://raw.githubusercontent.com":
            return self._raw(unquote(parts.path).lstrip("/"))
        if parts.netloc == "media.githubusercontent.com":
            data = self.large_files.get(unquote(parts.path).split("/", 5)[5])
            return (200, {}, data) if data is not None else (404, {}, b"404: Not Found")
        if not url.startswith(self._api):
            raise requests.ConnectionError(f"nobody lives at {parts.netloc}")
        prefix = urlsplit(self._api).path
        return self._route(method, unquote(parts.path.removeprefix(prefix)), dict(parse_qsl(parts.query)), body)

    def _raw(self, path: str) -> Reply:
        owner, name, commit, rest = path.split("/", 3)
        repository = self.repositories.get(f"{owner}/{name}".lower())
        if self.raw_has_nothing or repository is None or commit not in {*repository.branches.values(), *repository.tags.values()}:
            return 404, {}, b"404: Not Found"
        data = self.tampered.get(rest) or repository.files.get(rest)
        if data is None and rest in repository.links:
            data = repository.links[rest].encode()
        return (200, {"content-length": str(len(data))}, data) if data is not None else (404, {}, b"404: Not Found")

    def _route(self, method: str, path: str, query: dict[str, str], body: bytes) -> Reply:
        if path == "/search/issues":
            return self._search(query)
        parts = path.split("/")[1:]
        if parts[0] != "repos" or len(parts) < 3:
            return error(404, "Not Found")
        name, rest = "/".join(parts[1:3]), "/".join(parts[3:])
        if name.lower() in self.renamed:
            to = self.renamed[name.lower()] + (f"/{rest}" if rest else "")
            return error(301, "Moved Permanently", location=f"{self._api}/repos/{to}")
        repository = self.repositories.get(name.lower())
        if repository is None:
            return error(404, "Not Found")
        if method == "POST":
            return self._create(repository, json.loads(body))
        return self._read(repository, rest, query)

    def _read(self, repository: FakeRepository, rest: str, query: dict[str, str]) -> Reply:
        if not rest:
            return as_json(repository.metadata())
        head, _, tail = rest.partition("/")
        if head == "commits" and tail.endswith("/branches-where-head"):
            sha = tail.split("/")[0]
            return as_json([{"name": name} for name, commit in repository.branches.items() if commit == sha])
        if head == "commits":
            return self._commit(repository, tail)
        if head == "compare":
            sha = tail.split("...")[1]
            return as_json({"status": "diverged" if sha in repository.foreign_commits else "behind", "files": []})
        if rest.startswith("git/trees/"):
            entries = repository.entries()
            cut = repository.truncated
            if query.get("recursive"):
                entries = entries[-1:] if cut else entries
            else:
                entries = [entry for entry in entries if "/" not in str(entry["path"])]
            return as_json({"sha": "3" * 40, "tree": entries, "truncated": bool(query.get("recursive")) and cut})
        if rest.startswith("git/blobs/"):
            data = repository.blob(rest.rsplit("/", 1)[1])
            return error(404, "Not Found") if data is None else self._content(data)
        if head == "contents":
            data = repository.files.get(tail)
            return error(404, "Not Found") if data is None else self._content(data)
        lists = {"releases": repository.releases, "issues": repository.issues, "forks": repository.forks}
        if head in lists:
            if head == "issues" and not repository.metadata()["has_issues"]:
                return error(410, "Issues has been disabled in this repository.")
            return self._page(lists[head], query)
        return error(404, "Not Found")

    def _content(self, data: bytes) -> Reply:
        return as_json({"encoding": "base64", "size": len(data), "content": base64.encodebytes(data).decode()})

    def _commit(self, repository: FakeRepository, ref: str) -> Reply:
        known = {**repository.tags, **repository.branches}
        ids = {*known.values(), *repository.commits, *repository.foreign_commits}
        sha = known.get(ref) or next((sha for sha in sorted(ids) if len(ref) >= 7 and sha.startswith(ref)), None)
        if not known:
            return error(409, "Git Repository is empty.")
        return as_json({"sha": sha, "commit": {}}) if sha else error(422, f"No commit found for SHA: {ref}")

    def _page(self, items: list[dict[str, object]], query: dict[str, str]) -> Reply:
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        shown = items[(page - 1) * size : page * size]
        more = {"link": f'<{self._api}/x?page={page + 1}>; rel="next"'} if len(items) > page * size else {}
        return as_json(shown, **more)

    def _search(self, query: dict[str, str]) -> Reply:
        words = query.get("q", "")
        name = next((word.removeprefix("repo:") for word in words.split() if word.startswith("repo:")), "")
        repository = self.repositories.get(name.lower())
        if repository is None:
            return error(422, "Validation Failed")
        asked = [word.strip('"') for word in words.split() if ":" not in word]
        hits = [issue for issue in repository.issues if any(word.lower() in json.dumps(issue).lower() for word in asked)]
        return as_json({"total_count": len(hits), "incomplete_results": False, "items": hits})

    def _create(self, repository: FakeRepository, body: dict[str, str]) -> Reply:
        number = 1 + max((int(str(issue["number"])) for issue in repository.issues), default=0)
        created = issue(number, body["title"], body["body"], full_name=repository.full_name)
        repository.issues.insert(0, created)
        return as_json(created | {"url": f"{self._api}/repos/{repository.full_name}/issues/{number}"}, 201)


def issue(number: int, title: str, body: str = "", state: str = "open", full_name: str = "lab/Paper", **more: object) -> dict[str, object]:
    url = f"https://github.com/{full_name}/issues/{number}"
    return {"number": number, "title": title, "body": body, "state": state, "html_url": url} | more
