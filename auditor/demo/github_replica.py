"""GitHub as a stranger sees it: the API with its limit and its one way to write, raw files, and the pages of github.com."""

from __future__ import annotations

import hashlib
import json
import mimetypes
import re
from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import quote

from auditor.demo.answers import Answer, Request, as_blob, as_html, as_json, ranged, redirect, whole
from auditor.demo.git_objects import Node
from auditor.demo.github_api import ROUTES, missing, paged
from auditor.demo.github_shapes import API, INLINE_BYTES, RAW, Opened, open_repository, person, shown_issue, stored_bytes
from auditor.demo.internet import Content, HostedIssue, HostedRepository, Symlink

ASSETS = "https://release-assets.githubusercontent.com"
HOSTS = (
    "api.github.com",
    "github.com",
    "www.github.com",
    "raw.githubusercontent.com",
    "media.githubusercontent.com",
    "release-assets.githubusercontent.com",
)
RESET_AT = "1900000000"
USUAL_LIMIT = {True: 5000, False: 60}  # with and without a token


class GitHubReplica:
    """Answers for every host of GitHub."""

    def __init__(self, repositories: Iterable[HostedRepository], *, accepts_issues: bool = False, api_limit: int | None = None) -> None:
        opened = [open_repository(repository, 1000 + number) for number, repository in enumerate(repositories)]
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
        if request.method == "GET" and answer.status == 200:
            tag = f'W/"{hashlib.sha256(answer.body).hexdigest()}"'
            fields["ETag"] = tag
            if request.headers.get("if-none-match") == tag:
                return Answer(304, fields)
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
            return as_json(person(match[1] or "someone"))
        if match := re.fullmatch(r"/repositories/(\d+)(/.*)?", path):
            found = next((one for one in self._by_name.values() if one.number == int(match[1])), None)
            return self._repository(found, request, match[2] or "") if found else missing()
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(/.*)?", path)
        if match is None:
            return missing()
        if moved := self._renamed.get(match[1].lower()):
            location = f"{API}/repositories/{moved.number}{match[2] or ''}"
            return as_json({"message": "Moved Permanently", "url": location}, 301, {"Location": location})
        return self._repository(self._by_name.get(match[1].lower()), request, match[2] or "")

    def _repository(self, found: Opened | None, request: Request, rest: str) -> Answer:
        """Answer for one repository; `rest` is the path behind its name."""
        if found is None or found.hosted.private:
            return missing()
        if request.method == "POST":
            return self._file_issue(found, request) if rest == "/issues" else missing()
        if not found.hosted.files and rest.startswith(("/commits", "/git/")):
            return as_json({"message": "Git Repository is empty.", "status": "409"}, 409)
        for pattern, handler in ROUTES:
            if match := re.fullmatch(pattern, rest):
                return handler(found, request, match[1] if match.groups() else "")
        return missing()

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
        return as_json(shown_issue(found, HostedIssue(number, sent.get("title", ""), sent.get("body", ""))), 201)

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
        page, headers = paged(request, [{**shown_issue(found, issue), "score": 1.0} for issue in issues])
        about = {"total_count": len(issues), "incomplete_results": False, "search_type": "lexical"}
        return as_json({**about, "items": page}, 200, headers)

    # ----------------------------------------------------------------------------------------------------- files, pages

    def _raw(self, request: Request) -> Answer:
        """Answer with a file of a commit; media.githubusercontent.com answers with what an LFS pointer stands for."""
        is_media = request.host.startswith("media.")
        match = re.fullmatch(r"/([^/]+/[^/]+)/(.+)", request.path.removeprefix("/media") if is_media else request.path)
        found = self._by_name.get(match[1].lower()) if match else None
        if match is None or found is None or found.hosted.private:
            return whole(404, b"404: Not Found", "text/plain; charset=utf-8")
        node = node_of(found, match[2])
        if node is None or node.kind == "tree":
            return whole(404, b"404: Not Found", "text/plain; charset=utf-8")
        content: Content | Symlink | None = found.hosted.lfs.get(node.path, node.content) if is_media else node.content
        return ranged(request, stored_bytes(content), {"Content-Type": _raw_type(node)})

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
        return site_page(found, request, rest)


def _raw_type(node: Node) -> str:
    """Return the type that raw.githubusercontent.com gives: pictures as such, text as plain text."""
    guessed = mimetypes.guess_type(node.path)[0] or ""
    if guessed.startswith("image/") and not guessed.endswith("svg+xml"):
        return guessed
    head = as_blob(stored_bytes(node.content)).read(0, 1024)
    return "application/octet-stream" if b"\0" in head else "text/plain; charset=utf-8"


def node_of(one: Opened, ref_and_path: str) -> Node | None:
    """Return the file behind `ref/path`, where a ref may hold slashes itself."""
    parts = ref_and_path.removeprefix("refs/heads/").removeprefix("refs/tags/").split("/")
    for cut in range(1, len(parts)):
        found = one.find("/".join(parts[:cut]))
        if found is not None:
            return found.nodes.get("/".join(parts[cut:]).rstrip("/"))
    return None


def site_page(one: Opened, request: Request, rest: str) -> Answer:
    """Return a page of one repository."""
    if match := re.fullmatch(r"/releases/download/([^/]+)/(.+)", rest):
        return redirect(f"{ASSETS}/{one.hosted.full_name}/{quote(match[1])}/{quote(match[2])}")
    match = re.fullmatch(r"/(blob|raw|tree)/(.+)", rest)
    if match and (match[1] == "raw" or "raw" in request.query):
        return redirect(f"{RAW}/{one.hosted.full_name}/{quote(match[2])}")
    if match and match[1] == "blob":
        node = node_of(one, match[2])
        if node is None or node.kind == "tree":
            return as_html("File not found", "<h1>404 - page not found</h1>", 404)
        text = as_blob(stored_bytes(node.content)).read(0, INLINE_BYTES).decode("utf-8", "replace")
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
