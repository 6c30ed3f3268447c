"""GitHub as a stranger sees it: the API in the shapes that PyGithub 2.10 reads, raw files, and the pages of github.com."""

from __future__ import annotations

import base64
import json
import mimetypes
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from auditor.demo.answers import Answer, Request, as_blob, as_html, as_json, ranged, redirect, whole
from auditor.demo.git_objects import Node, Snapshot, snapshot
from auditor.demo.internet import Content, HostedIssue, HostedRelease, HostedRepository, Symlink

API = "https://api.github.com"
RAW = "https://raw.githubusercontent.com"
SITE = "https://github.com"
ASSETS = "https://release-assets.githubusercontent.com"
HOSTS = (
    "api.github.com",
    "github.com",
    "www.github.com",
    "raw.githubusercontent.com",
    "media.githubusercontent.com",
    "release-assets.githubusercontent.com",
)
WHEN = "2025-03-01T12:00:00Z"
RESET_AT = "1900000000"
USUAL_LIMIT = {True: 5000, False: 60}  # with and without a token
INLINE_BYTES = 1 << 20  # larger files come without content from the contents endpoint
Handler = Callable[["Opened", Request, str], Answer]


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository with the commits that its branches and tags name."""

    hosted: HostedRepository
    number: int
    commits: Mapping[str, Snapshot]  # by branch or tag

    @property
    def url(self) -> str:
        """Return its address in the API."""
        return f"{API}/repos/{self.hosted.full_name}"

    @property
    def page(self) -> str:
        """Return its address for people."""
        return f"{SITE}/{self.hosted.full_name}"

    def find(self, ref: str) -> Snapshot | None:
        """Return the commit that a branch, tag, id or part of an id names."""
        ref = re.sub(r"^(refs/)?(heads|tags)/", "", ref)
        if ref in ("", "HEAD"):
            ref = self.hosted.default_branch
        if ref in self.commits:
            return self.commits[ref]
        if len(ref) < 7:
            return None
        return next((commit for commit in self.commits.values() if commit.commit.startswith(ref)), None)


class GitHubReplica:
    """Answers for every host of GitHub."""

    def __init__(self, repositories: Iterable[HostedRepository], *, accepts_issues: bool = False, api_limit: int | None = None) -> None:
        opened = [_opened(repository, 1000 + number) for number, repository in enumerate(repositories)]
        self._by_name = {one.hosted.full_name.lower(): one for one in opened}
        self._renamed = {old.lower(): one for one in opened for old in one.hosted.renamed_from}
        self._accepts_issues = accepts_issues
        self._api_limit = api_limit
        self._api_requests = 0
        self.filed: list[dict[str, Any]] = []  # issues that were sent: full_name, title, body

    def answer(self, request: Request) -> Answer:
        """Answer a request to one of `HOSTS`."""
        if request.host == "api.github.com":
            return self._limited(request)
        if request.host == "release-assets.githubusercontent.com":
            return self._asset(request)
        if request.host in ("raw.githubusercontent.com", "media.githubusercontent.com"):
            return self._raw(request)
        return self._site(request)

    # ------------------------------------------------------------------------------------------------------------- api

    def _limited(self, request: Request) -> Answer:
        """Answer from the API with the headers of the hourly limit, or refuse where it is used up."""
        signed_in = "authorization" in request.headers
        limit = USUAL_LIMIT[signed_in] if self._api_limit is None else self._api_limit
        used = self._api_requests = self._api_requests + 1
        fields = {"x-ratelimit-limit": str(limit), "x-ratelimit-remaining": str(max(0, limit - used)), "x-ratelimit-reset": RESET_AT}
        fields |= {"x-ratelimit-used": str(used), "x-ratelimit-resource": "core", "x-github-api-version-selected": "2022-11-28"}
        if self._api_limit is not None and used > limit:
            return as_json(
                {"message": "API rate limit exceeded for 192.0.2.1.", "documentation_url": "https://docs.github.com/rest"}, 403, fields
            )
        answer = self._api(request)
        return Answer(answer.status, {**answer.headers, **fields}, answer.blob, answer.offset, answer.length)

    def _api(self, request: Request) -> Answer:
        """Route a request to the API."""
        path = request.path.rstrip("/")
        if path == "/rate_limit":
            core = {"limit": 5000, "remaining": 4999, "reset": int(RESET_AT), "used": 1}
            return as_json({"resources": {"core": core, "search": {**core, "limit": 30, "remaining": 29}}, "rate": core})
        if path == "/search/issues":
            return self._search(request)
        if match := re.fullmatch(r"/users/([^/]+)|/user", path):
            return as_json(_person(match[1] or "someone"))
        if match := re.fullmatch(r"/repositories/(\d+)(/.*)?", path):
            found = next((one for one in self._by_name.values() if one.number == int(match[1])), None)
            return self._repository(found, request, match[2] or "") if found else _missing()
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
        if match is None:
            return _missing()
        if moved := self._renamed.get(match[1].lower()):
            location = f"{API}/repositories/{moved.number}{match[2] or ''}"
            return as_json({"message": "Moved Permanently", "url": location}, 301, {"Location": location})
        return self._repository(self._by_name.get(match[1].lower()), request, match[2] or "")

    def _repository(self, found: Opened | None, request: Request, rest: str) -> Answer:
        """Answer for one repository; `rest` is the path behind its name."""
        if found is None or found.hosted.private:
            return _missing()
        if request.method == "POST":
            return self._file_issue(found, request) if rest == "/issues" else _missing()
        for pattern, handler in ROUTES:
            if match := re.fullmatch(pattern, rest):
                return handler(found, request, match[1] if match.groups() else "")
        return _missing()

    def _file_issue(self, found: Opened, request: Request) -> Answer:
        """Take an issue where the world accepts them; otherwise answer as GitHub does to who may not write."""
        if found.hosted.archived:
            return as_json({"message": "Repository was archived so is read-only."}, 403)
        if not found.hosted.has_issues:
            return as_json({"message": "Issues are disabled for this repo"}, 410)
        if "authorization" not in request.headers:
            return as_json({"message": "Requires authentication"}, 401)
        if not self._accepts_issues:
            return as_json({"message": "Resource not accessible by personal access token"}, 403)
        sent = json.loads(request.body or b"{}")
        number = max((issue.number for issue in found.hosted.issues), default=0) + len(self.filed) + 1
        self.filed.append({"full_name": found.hosted.full_name, "title": sent.get("title", ""), "body": sent.get("body", "")})
        return as_json(_issue(found, HostedIssue(number, sent.get("title", ""), sent.get("body", ""))), 201)

    def _search(self, request: Request) -> Answer:
        """Search issues: every plain word must occur in title or body."""
        query = request.query.get("q", "")
        qualifiers = dict(re.findall(r"(\w+):(\S+)", query))
        words = re.sub(r"\w+:\S+|\b(?:OR|AND|NOT)\b", " ", query).replace('"', " ").lower().split()
        found = self._by_name.get(qualifiers.get("repo", "").lower())
        if found is None or found.hosted.private:
            return as_json({"message": "Validation Failed", "errors": [{"message": "The listed repositories cannot be searched"}]}, 422)
        issues = [issue for issue in found.hosted.issues if all(word in f"{issue.title} {issue.body}".lower() for word in words)]
        if "state" in qualifiers:
            issues = [issue for issue in issues if issue.state == qualifiers["state"]]
        if qualifiers.get("is") in ("issue", "pr") or qualifiers.get("type") in ("issue", "pr"):
            wants_pull = "pr" in (qualifiers.get("is"), qualifiers.get("type"))
            issues = [issue for issue in issues if issue.is_pull_request == wants_pull]
        page, headers = _paged(request, [_issue(found, issue) for issue in issues])
        return as_json({"total_count": len(issues), "incomplete_results": False, "items": page}, 200, headers)

    # ----------------------------------------------------------------------------------------------------- files, pages

    def _raw(self, request: Request) -> Answer:
        """Answer with a file of a commit; media.githubusercontent.com answers with what an LFS pointer stands for."""
        is_media = request.host.startswith("media.")
        match = re.fullmatch(r"/([^/]+/[^/]+)/(.+)", request.path.removeprefix("/media") if is_media else request.path)
        found = self._by_name.get(match[1].lower()) if match else None
        if match is None or found is None or found.hosted.private:
            return whole(404, b"404: Not Found", "text/plain; charset=utf-8")
        node = _node_of(found, match[2])
        if node is None or node.kind == "tree":
            return whole(404, b"404: Not Found", "text/plain; charset=utf-8")
        content: Content | Symlink | None = found.hosted.lfs.get(node.path, node.content) if is_media else node.content
        return ranged(request, _bytes_of(content), {"Content-Type": _raw_type(node)})

    def _asset(self, request: Request) -> Answer:
        """Answer with the bytes of a release's file."""
        match = re.fullmatch(r"/([^/]+/[^/]+)/([^/]+)/(.+)", request.path)
        found = self._by_name.get(match[1].lower()) if match else None
        if match is None or found is None:
            return whole(404, b"Not Found", "text/plain")
        for release in found.hosted.releases:
            if release.tag == match[2] and match[3] in release.files:
                headers = {"Content-Type": "application/octet-stream", "Content-Disposition": f"attachment; filename={match[3]}"}
                return ranged(request, release.files[match[3]], headers)
        return whole(404, b"Not Found", "text/plain")

    def _site(self, request: Request) -> Answer:
        """Answer with a page of github.com, or send on to where the bytes are."""
        match = re.fullmatch(r"/([^/]+/[^/]+?)(?:\.git)?(/.*)?", request.path.rstrip("/"))
        name, rest = (match[1].lower(), match[2] or "") if match else ("", "")
        if moved := self._renamed.get(name):
            return redirect(moved.page + rest, 301)
        found = self._by_name.get(name)
        if found is None or found.hosted.private:
            return as_html("Page not found", "<h1>404</h1><p>This is not the web page you are looking for.</p>", 404)
        return _page(found, request, rest)


def _opened(repository: HostedRepository, number: int) -> Opened:
    """Compute the commits of a repository's branches and tags."""
    commits = {repository.default_branch: snapshot(repository.files, repository.commit)}
    commits |= {name: snapshot(files) for name, files in repository.refs.items()}
    for release in repository.releases:
        commits.setdefault(release.tag, commits[repository.default_branch])
    return Opened(repository, number, commits)


def _missing(message: str = "Not Found") -> Answer:
    """Return the API's 404."""
    return as_json({"message": message, "documentation_url": "https://docs.github.com/rest", "status": "404"}, 404)


def _person(login: str) -> dict[str, Any]:
    """Return a user as the API shows one."""
    url = f"{API}/users/{login}"
    return {"login": login, "id": sum(map(ord, login)), "type": "User", "url": url, "html_url": f"{SITE}/{login}"}


def _described(one: Opened) -> dict[str, Any]:
    """Return a repository as the API shows it."""
    hosted = one.hosted
    owner, name = hosted.full_name.split("/")
    about: dict[str, Any] = {
        "id": one.number,
        "name": name,
        "full_name": hosted.full_name,
        "owner": _person(owner),
        "private": False,
        "html_url": one.page,
        "url": one.url,
        "description": hosted.description or None,
        "fork": bool(hosted.fork_of),
        "archived": hosted.archived,
        "disabled": False,
        "has_issues": hosted.has_issues,
        "has_discussions": False,
        "default_branch": hosted.default_branch,
        "visibility": "public",
        "forks_count": len(hosted.forks),
        "open_issues_count": sum(issue.state == "open" for issue in hosted.issues),
        "stargazers_count": 0,
        "size": sum(node.size or 0 for node in one.commits[hosted.default_branch].nodes.values()) >> 10,
        "created_at": WHEN,
        "updated_at": WHEN,
        "pushed_at": WHEN,
        "license": None,
        "topics": [],
    }
    if hosted.fork_of:
        about["parent"] = about["source"] = _stranger(hosted.fork_of)
    return about


def _stranger(full_name: str) -> dict[str, Any]:
    """Return what is shown of a repository elsewhere: a fork, or what this is a fork of."""
    owner, _, name = full_name.partition("/")
    url = f"{API}/repos/{full_name}"
    base = {"id": 5000 + sum(map(ord, full_name)), "name": name, "full_name": full_name, "owner": _person(owner), "private": False}
    return {
        **base,
        "html_url": f"{SITE}/{full_name}",
        "url": url,
        "fork": True,
        "default_branch": "main",
        "pushed_at": WHEN,
        "created_at": WHEN,
    }


def _issue(one: Opened, issue: HostedIssue) -> dict[str, Any]:
    """Return an issue or pull request as the API shows it."""
    kind = "pull" if issue.is_pull_request else "issues"
    shown: dict[str, Any] = {
        "id": 9000 + issue.number,
        "number": issue.number,
        "title": issue.title,
        "body": issue.body or None,
        "state": issue.state,
        "state_reason": "completed" if issue.state == "closed" else None,
        "user": _person("reader"),
        "labels": [],
        "assignees": [],
        "comments": 0,
        "locked": False,
        "url": f"{one.url}/issues/{issue.number}",
        "html_url": f"{one.page}/{kind}/{issue.number}",
        "repository_url": one.url,
        "created_at": WHEN,
        "updated_at": WHEN,
        "closed_at": WHEN if issue.state == "closed" else None,
    }
    if issue.is_pull_request:
        shown["pull_request"] = {"url": f"{one.url}/pulls/{issue.number}", "html_url": shown["html_url"]}
    return shown


def _release(one: Opened, number: int, release: HostedRelease) -> dict[str, Any]:
    """Return a release as the API shows it, with its files."""
    assets = [
        {
            "id": 700 * (number + 1) + place,
            "name": name,
            "label": None,
            "size": as_blob(content).size,
            "state": "uploaded",
            "digest": None,
            "content_type": "application/octet-stream",
            "download_count": 0,
            "url": f"{one.url}/releases/assets/{700 * (number + 1) + place}",
            "browser_download_url": f"{one.page}/releases/download/{quote(release.tag)}/{quote(name)}",
            "created_at": WHEN,
            "updated_at": WHEN,
            "uploader": _person(one.hosted.full_name.partition("/")[0]),
        }
        for place, (name, content) in enumerate(release.files.items())
    ]
    return {
        "id": 300 + number,
        "tag_name": release.tag,
        "name": release.name or release.tag,
        "body": release.body or None,
        "draft": False,
        "prerelease": release.prerelease,
        "target_commitish": one.hosted.default_branch,
        "url": f"{one.url}/releases/{300 + number}",
        "assets_url": f"{one.url}/releases/{300 + number}/assets",
        "html_url": f"{one.page}/releases/tag/{quote(release.tag)}",
        "author": _person(one.hosted.full_name.partition("/")[0]),
        "created_at": WHEN,
        "published_at": WHEN,
        "assets": assets,
    }


def _paged(request: Request, items: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
    """Return one page of a list, with the header that points to the next and last."""
    size = min(100, int(_digits(request.query.get("per_page", ""), 30)))
    page = int(_digits(request.query.get("page", ""), 1))
    last = max(1, -(-len(items) // size))
    base = f"{API}{request.path}"

    def link(number: int, rel: str) -> str:
        return f'<{base}?{urlencode({**request.query, "page": number})}>; rel="{rel}"'

    links = [link(page + 1, "next"), link(last, "last")] if page < last else []
    links += [link(1, "first"), link(page - 1, "prev")] if page > 1 else []
    return items[(page - 1) * size : page * size], {"Link": ", ".join(links)} if links else {}


def _digits(text: str, otherwise: int) -> int:
    """Return a positive number, or what stands in for it."""
    return int(text) if text.isdecimal() and int(text) > 0 else otherwise


def _listed(request: Request, items: Sequence[Any]) -> Answer:
    """Return one page of a list."""
    page, headers = _paged(request, items)
    return as_json(list(page), 200, headers)


def _about(one: Opened, _request: Request, _rest: str) -> Answer:
    return as_json(_described(one))


def _branches(one: Opened, request: Request, name: str) -> Answer:
    def shown(branch: str) -> dict[str, Any]:
        sha = one.commits[branch].commit
        commit = {"sha": sha, "url": f"{one.url}/commits/{sha}"}
        return {"name": branch, "commit": commit, "protected": False, "_links": {"self": f"{one.url}/branches/{branch}"}}

    if not name:
        return _listed(request, [shown(branch) for branch in one.commits])
    return as_json(shown(name)) if name in one.commits else _missing("Branch not found")


def _tags(one: Opened, request: Request, _rest: str) -> Answer:
    names = [name for name in one.commits if name != one.hosted.default_branch]
    return _listed(request, [{"name": name, "commit": {"sha": one.commits[name].commit, "url": one.url}} for name in names])


def _commit(one: Opened, request: Request, ref: str) -> Answer:
    found = one.find(ref)
    if found is None:
        return as_json(
            {"message": f"No commit found for SHA: {ref}", "documentation_url": "https://docs.github.com/rest", "status": "422"}, 422
        )
    if "sha" in request.headers.get("accept", "").partition(";")[0].split("."):
        return whole(200, found.commit.encode(), "application/vnd.github.sha; charset=utf-8")
    who = {"name": "Example Lab", "email": "lab@example.org", "date": WHEN}
    tree = {"sha": found.nodes[""].sha, "url": f"{one.url}/git/trees/{found.nodes[''].sha}"}
    inner = {
        "message": "Release",
        "author": who,
        "committer": who,
        "tree": tree,
        "url": f"{one.url}/git/commits/{found.commit}",
        "comment_count": 0,
    }
    urls = {"url": f"{one.url}/commits/{found.commit}", "html_url": f"{one.page}/commit/{found.commit}"}
    return as_json({"sha": found.commit, **urls, "commit": inner, "author": None, "committer": None, "parents": [], "files": []})


def _commits(one: Opened, request: Request, _rest: str) -> Answer:
    answer = _commit(one, request, request.query.get("sha", ""))
    return as_json([json.loads(answer.body)]) if answer.status == 200 else _missing()


def _git_commit(one: Opened, request: Request, sha: str) -> Answer:
    answer = _commit(one, request, sha)
    if answer.status != 200:
        return _missing()
    shown = json.loads(answer.body)
    return as_json({**shown["commit"], "sha": shown["sha"], "html_url": shown["html_url"], "parents": []})


def _ref(one: Opened, _request: Request, ref: str) -> Answer:
    name = re.sub(r"^(heads|tags)/", "", ref)
    if name not in one.commits:
        return _missing()
    sha = one.commits[name].commit
    return as_json({"ref": f"refs/{ref}", "url": f"{one.url}/git/refs/{ref}", "object": {"type": "commit", "sha": sha, "url": one.url}})


def _tree(one: Opened, request: Request, sha: str) -> Answer:
    commit, root = one.find(sha), ""
    if commit is None:
        named = (
            (found, node.path) for found in one.commits.values() for node in found.nodes.values() if node.kind == "tree" and node.sha == sha
        )
        commit, root = next(named, (None, ""))
    if commit is None:
        return _missing()
    prefix = f"{root}/" if root else ""
    recursive = "recursive" in request.query
    inside = (
        [commit.nodes[path] for path in sorted(commit.nodes) if path.startswith(prefix) and path not in ("", root)]
        if recursive
        else commit.children(root)
    )
    if one.hosted.truncated_tree:
        inside = inside[: len(inside) // 2]
    entries = [_tree_entry(one, node, prefix) for node in inside]
    about = {"sha": commit.nodes[root].sha, "url": f"{one.url}/git/trees/{commit.nodes[root].sha}"}
    return as_json({**about, "tree": entries, "truncated": one.hosted.truncated_tree})


def _tree_entry(one: Opened, node: Node, prefix: str) -> dict[str, Any]:
    kind = "tree" if node.kind == "tree" else "blob"
    entry: dict[str, Any] = {"path": node.path.removeprefix(prefix), "mode": node.mode, "type": kind, "sha": node.sha}
    entry["url"] = f"{one.url}/git/{kind}s/{node.sha}"
    return entry if node.kind == "tree" else {**entry, "size": node.size}


def _blob(one: Opened, request: Request, sha: str) -> Answer:
    node = next((node for found in one.commits.values() for node in found.nodes.values() if node.sha == sha and node.kind != "tree"), None)
    if node is None:
        return _missing()
    content = _bytes_of(node.content)
    if "raw" in request.headers.get("accept", ""):
        return whole(200, content, "application/vnd.github.raw; charset=utf-8")
    encoded = base64.encodebytes(as_blob(content).read(0, node.size or 0)).decode()
    return as_json(
        {"sha": sha, "size": node.size, "url": f"{one.url}/git/blobs/{sha}", "encoding": "base64", "content": encoded, "node_id": sha}
    )


def _contents(one: Opened, request: Request, path: str) -> Answer:
    found = one.find(request.query.get("ref", ""))
    node = found.nodes.get(path.strip("/")) if found else None
    if found is None:
        return _missing(f"No commit found for the ref {request.query.get('ref', '')}")
    if node is None:
        return _missing()
    if node.kind == "tree":
        return as_json([_content(one, child, found, inline=False) for child in found.children(node.path)])
    if isinstance(node.content, Symlink) and (target := _followed(node, found)) is not None:
        node = Node(node.path, "file", target.sha, target.size, target.content)
    if "raw" in request.headers.get("accept", ""):
        return whole(200, _bytes_of(node.content), "application/vnd.github.raw; charset=utf-8")
    return as_json(_content(one, node, found, inline=True))


def _followed(node: Node, found: Snapshot) -> Node | None:
    """Return the file of the same commit that a link points to."""
    assert isinstance(node.content, Symlink)
    parts = node.path.split("/")[:-1]
    for step in node.content.target.split("/"):
        parts = parts[:-1] if step == ".." else [*parts, step] if step not in ("", ".") else parts
    target = found.nodes.get("/".join(parts))
    return target if target is not None and target.kind == "file" else None


def _content(one: Opened, node: Node, found: Snapshot, *, inline: bool) -> dict[str, Any]:
    path = quote(node.path)
    url = f"{one.url}/contents/{path}?ref={found.commit}"
    is_tree = node.kind == "tree"
    shown: dict[str, Any] = {
        "type": "dir" if is_tree else node.kind,
        "name": node.path.rpartition("/")[2],
        "path": node.path,
        "sha": node.sha,
        "size": node.size or 0,
        "url": url,
        "html_url": f"{one.page}/{'tree' if is_tree else 'blob'}/{found.commit}/{path}",
        "git_url": f"{one.url}/git/{'trees' if is_tree else 'blobs'}/{node.sha}",
        "download_url": None if is_tree else f"{RAW}/{one.hosted.full_name}/{found.commit}/{path}",
        "_links": {"self": url, "git": "", "html": ""},
    }
    if isinstance(node.content, Symlink):
        return {**shown, "target": node.content.target}
    if inline and (node.size or 0) <= INLINE_BYTES:
        return {
            **shown,
            "encoding": "base64",
            "content": base64.encodebytes(as_blob(_bytes_of(node.content)).read(0, node.size or 0)).decode(),
        }
    return {**shown, "encoding": "none", "content": ""} if inline else shown


def _readme(one: Opened, request: Request, folder: str) -> Answer:
    found = one.find(request.query.get("ref", ""))
    for place in (folder.strip("/"),) if folder else (".github", "", "docs"):
        for node in found.children(place) if found else ():
            if node.kind != "tree" and re.fullmatch(r"(?i)readme(\.(md|markdown|rst|txt))?", node.path.rpartition("/")[2]):
                return _contents(one, request, node.path)
    return _missing()


def _releases(one: Opened, request: Request, _rest: str) -> Answer:
    return _listed(request, [_release(one, number, release) for number, release in enumerate(one.hosted.releases)])


def _assets(one: Opened, request: Request, number: str) -> Answer:
    place = int(number) - 300
    releases = one.hosted.releases
    return _listed(request, _release(one, place, releases[place])["assets"]) if 0 <= place < len(releases) else _missing()


def _one_release(one: Opened, _request: Request, which: str) -> Answer:
    for number, release in enumerate(one.hosted.releases):
        if which in ("latest", f"tags/{release.tag}", str(300 + number)):
            return as_json(_release(one, number, release))
    return _missing()


def _issues(one: Opened, request: Request, _rest: str) -> Answer:
    if not one.hosted.has_issues:
        return as_json({"message": "Issues are disabled for this repo"}, 410)
    state = request.query.get("state", "open")
    issues = sorted(one.hosted.issues, key=lambda issue: -issue.number)
    return _listed(request, [_issue(one, issue) for issue in issues if state in ("all", issue.state)])


def _one_issue(one: Opened, _request: Request, number: str) -> Answer:
    return next((as_json(_issue(one, issue)) for issue in one.hosted.issues if str(issue.number) == number), _missing())


def _comments(_one: Opened, request: Request, _rest: str) -> Answer:
    return _listed(request, [])


def _forks(one: Opened, request: Request, _rest: str) -> Answer:
    return _listed(request, [_stranger(full_name) for full_name in one.hosted.forks])


ROUTES: tuple[tuple[str, Handler], ...] = (
    (r"", _about),
    (r"/branches(?:/(.+))?", lambda one, request, name: _branches(one, request, name or "")),
    (r"/tags", _tags),
    (r"/commits", _commits),
    (r"/commits/(.+)", _commit),
    (r"/git/commits/([0-9a-f]+)", _git_commit),
    (r"/git/refs?/(.+)", _ref),
    (r"/git/trees/(.+)", _tree),
    (r"/git/blobs/([0-9a-f]+)", _blob),
    (r"/contents(/.*)?", lambda one, request, path: _contents(one, request, path or "")),
    (r"/readme(/.*)?", lambda one, request, folder: _readme(one, request, folder or "")),
    (r"/releases", _releases),
    (r"/releases/(\d+)/assets", _assets),
    (r"/releases/(.+)", _one_release),
    (r"/issues", _issues),
    (r"/issues/(\d+)", _one_issue),
    (r"/issues/\d+/comments", _comments),
    (r"/forks", _forks),
)


def _bytes_of(content: Content | Symlink | None) -> Content:
    """Return what git stores: a link is its target."""
    return content.target.encode() if isinstance(content, Symlink) else b"" if content is None else content


def _raw_type(node: Node) -> str:
    """Return the type that raw.githubusercontent.com gives: pictures as such, text as plain text."""
    guessed = mimetypes.guess_type(node.path)[0] or ""
    if guessed.startswith("image/") and not guessed.endswith("svg+xml"):
        return guessed
    head = as_blob(_bytes_of(node.content)).read(0, 1024)
    return "application/octet-stream" if b"\0" in head else "text/plain; charset=utf-8"


def _node_of(one: Opened, ref_and_path: str) -> Node | None:
    """Return the file behind `ref/path`, where a ref may hold slashes itself."""
    parts = ref_and_path.removeprefix("refs/heads/").removeprefix("refs/tags/").split("/")
    for cut in range(1, len(parts)):
        found = one.find("/".join(parts[:cut]))
        if found is not None:
            return found.nodes.get("/".join(parts[cut:]).rstrip("/"))
    return None


def _page(one: Opened, request: Request, rest: str) -> Answer:
    """Return a page of one repository."""
    if match := re.fullmatch(r"/releases/download/([^/]+)/(.+)", rest):
        return redirect(f"{ASSETS}/{one.hosted.full_name}/{quote(match[1])}/{quote(match[2])}")
    match = re.fullmatch(r"/(blob|raw|tree)/(.+)", rest)
    if match and (match[1] == "raw" or "raw" in request.query):
        return redirect(f"{RAW}/{one.hosted.full_name}/{quote(match[2])}")
    if match and match[1] == "blob":
        node = _node_of(one, match[2])
        if node is None or node.kind == "tree":
            return as_html("File not found", "<h1>404 - page not found</h1>", 404)
        text = as_blob(_bytes_of(node.content)).read(0, INLINE_BYTES).decode("utf-8", "replace")
        return as_html(f"{node.path} · {one.hosted.full_name}", f"<pre>{escape(text)}</pre>")
    if match and one.find(match[2].partition("/")[0]) is None:
        return as_html("Page not found", "<h1>404</h1>", 404)
    numbers = {f"/{'pull' if issue.is_pull_request else 'issues'}/{issue.number}": issue for issue in one.hosted.issues}
    if rest in numbers:
        return as_html(
            f"{numbers[rest].title} · {one.hosted.full_name}", f"<h1>{escape(numbers[rest].title)}</h1><p>{escape(numbers[rest].body)}</p>"
        )
    if match or rest in ("", "/issues", "/issues/new", "/releases", "/forks", "/pulls"):
        return as_html(one.hosted.full_name, f"<h1>{escape(one.hosted.full_name)}</h1><p>{escape(one.hosted.description)}</p>")
    return as_html("Page not found", "<h1>404</h1>", 404)
