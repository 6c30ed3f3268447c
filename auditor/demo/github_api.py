"""The endpoints of GitHub's API below `/repos/owner/name` that only read, one function each, and the table of them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from auditor.demo import github_fields
from auditor.demo.answers import Answer, Request, as_blob, as_json, whole
from auditor.demo.git_objects import Node, Snapshot
from auditor.demo.github_shapes import (
    API,
    WHEN,
    Opened,
    described,
    shown_content,
    shown_issue,
    shown_release,
    stored_bytes,
    stranger,
    tree_entry,
)
from auditor.demo.internet import Symlink

Handler = Callable[[Opened, Request, str], Answer]


def missing(message: str = "Not Found") -> Answer:
    """Return the API's 404."""
    return as_json({"message": message, "documentation_url": "https://docs.github.com/rest", "status": "404"}, 404)


def paged(request: Request, items: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
    """Return one page of a list, with the header that points to the next and last."""
    size = min(100, int(_digits(request.query.get("per_page", ""), 30)))
    page = int(_digits(request.query.get("page", ""), 1))
    last = max(1, -(-len(items) // size))
    base = f"{API}{quote(request.path)}"

    def link(number: int, rel: str) -> str:
        return f'<{base}?{urlencode({**request.query, "page": number})}>; rel="{rel}"'

    links = [link(page + 1, "next"), link(last, "last")] if page < last else []
    links += [link(1, "first"), link(page - 1, "prev")] if page > 1 else []
    return items[(page - 1) * size : page * size], {"Link": ", ".join(links)} if links else {}


def _digits(text: str, otherwise: int) -> int:
    """Return a positive number, or what stands in for it."""
    return int(text) if text.isdecimal() and int(text) > 0 else otherwise


def listed(request: Request, items: Sequence[Any]) -> Answer:
    """Return one page of a list."""
    page, headers = paged(request, items)
    return as_json(list(page), 200, headers)


def _about(one: Opened, _request: Request, _rest: str) -> Answer:
    return as_json(described(one))


def _branches(one: Opened, request: Request, name: str) -> Answer:
    def shown(branch: str) -> dict[str, Any]:
        sha = one.commits[branch].commit
        commit = {"sha": sha, "url": f"{one.url}/commits/{sha}"}
        return {"name": branch, "commit": commit, **github_fields.of_branch(one.url, one.page, branch)}

    if not name:
        return listed(request, [shown(branch) for branch in one.commits])
    if name not in one.commits:
        return missing("Branch not found")
    return as_json({**shown(name), "commit": json.loads(_commit(one, request, name).body)})


def _tags(one: Opened, request: Request, _rest: str) -> Answer:
    names = [name for name in one.commits if name != one.hosted.default_branch]
    return listed(request, [{"name": name, "commit": {"sha": one.commits[name].commit, "url": one.url}} for name in names])


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
    url = f"{one.url}/commits/{found.commit}"
    urls = {"url": url, "html_url": f"{one.page}/commit/{found.commit}", "comments_url": f"{url}/comments", "node_id": f"C_{found.commit}"}
    return as_json({"sha": found.commit, **urls, "commit": inner, "author": None, "committer": None, "parents": [], "files": []})


def _where_head(one: Opened, _request: Request, sha: str) -> Answer:
    heads = [(name, found.commit) for name, found in one.commits.items() if found.commit.startswith(sha)]
    return as_json([{"name": name, "commit": {"sha": id, "url": f"{one.url}/commits/{id}"}, "protected": False} for name, id in heads])


def _compare(one: Opened, request: Request, base_and_head: str) -> Answer:
    """Answer whether two refs are one commit: here no commit has another in its past."""
    base, _, head = base_and_head.partition("...")
    first, second = one.find(base), one.find(head)
    if first is None or second is None or first.commit != second.commit:
        return missing(f"No common ancestor between {base} and {head}.")
    commit = json.loads(_commit(one, request, base).body)
    url, page = f"{one.url}/compare/{base_and_head}", f"{one.page}/compare/{base_and_head}"
    links = {"url": url, "html_url": page, "permalink_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
    counts = {"status": "identical", "ahead_by": 0, "behind_by": 0, "total_commits": 0}
    return as_json({**links, **counts, "base_commit": commit, "merge_base_commit": commit, "commits": [], "files": []})


def _commits(one: Opened, request: Request, _rest: str) -> Answer:
    answer = _commit(one, request, request.query.get("sha", ""))
    return as_json([json.loads(answer.body)]) if answer.status == 200 else missing()


def _git_commit(one: Opened, request: Request, sha: str) -> Answer:
    answer = _commit(one, request, sha)
    if answer.status != 200:
        return missing()
    shown = json.loads(answer.body)
    return as_json({**shown["commit"], "sha": shown["sha"], "html_url": shown["html_url"], "parents": []})


def _ref(one: Opened, _request: Request, ref: str) -> Answer:
    name = re.sub(r"^(heads|tags)/", "", ref)
    if name not in one.commits:
        return missing()
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
        return missing()
    prefix = f"{root}/" if root else ""
    recursive = "recursive" in request.query
    inside = (
        [commit.nodes[path] for path in sorted(commit.nodes) if path.startswith(prefix) and path not in ("", root)]
        if recursive
        else commit.children(root)
    )
    if one.hosted.truncated_tree:
        inside = inside[: len(inside) // 2]
    entries = [tree_entry(one, node, prefix) for node in inside]
    about = {"sha": commit.nodes[root].sha, "url": f"{one.url}/git/trees/{commit.nodes[root].sha}"}
    return as_json({**about, "tree": entries, "truncated": one.hosted.truncated_tree})


def _blob(one: Opened, request: Request, sha: str) -> Answer:
    node = next((node for found in one.commits.values() for node in found.nodes.values() if node.sha == sha and node.kind != "tree"), None)
    if node is None:
        return missing()
    content = stored_bytes(node.content)
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
        return missing(f"No commit found for the ref {request.query.get('ref', '')}")
    if node is None:
        return missing()
    if node.kind == "tree":
        return as_json([shown_content(one, child, found, inline=False) for child in found.children(node.path)])
    if isinstance(node.content, Symlink) and (target := _followed(node, found)) is not None:
        node = Node(node.path, "file", target.sha, target.size, target.content)
    if "raw" in request.headers.get("accept", ""):
        return whole(200, stored_bytes(node.content), "application/vnd.github.raw; charset=utf-8")
    return as_json(shown_content(one, node, found, inline=True))


def _followed(node: Node, found: Snapshot) -> Node | None:
    """Return the file of the same commit that a link points to."""
    assert isinstance(node.content, Symlink)
    parts = node.path.split("/")[:-1]
    for step in node.content.target.split("/"):
        parts = parts[:-1] if step == ".." else [*parts, step] if step not in ("", ".") else parts
    target = found.nodes.get("/".join(parts))
    return target if target is not None and target.kind == "file" else None


def _readme(one: Opened, request: Request, folder: str) -> Answer:
    found = one.find(request.query.get("ref", ""))
    for place in (folder.strip("/"),) if folder else (".github", "", "docs"):
        for node in found.children(place) if found else ():
            if node.kind != "tree" and re.fullmatch(r"(?i)readme(\.(md|markdown|rst|txt))?", node.path.rpartition("/")[2]):
                return _contents(one, request, node.path)
    return missing()


def _releases(one: Opened, request: Request, _rest: str) -> Answer:
    return listed(request, [shown_release(one, number, release) for number, release in enumerate(one.hosted.releases)])


def _assets(one: Opened, request: Request, number: str) -> Answer:
    place = int(number) - 300
    releases = one.hosted.releases
    return listed(request, shown_release(one, place, releases[place])["assets"]) if 0 <= place < len(releases) else missing()


def _one_release(one: Opened, _request: Request, which: str) -> Answer:
    for number, release in enumerate(one.hosted.releases):
        if which in ("latest", f"tags/{release.tag}", str(300 + number)):
            return as_json(shown_release(one, number, release))
    return missing()


def _issues(one: Opened, request: Request, _rest: str) -> Answer:
    if not one.hosted.has_issues:
        return as_json({"message": "Issues are disabled for this repo"}, 410)
    state = request.query.get("state", "open")
    issues = sorted(one.hosted.issues, key=lambda issue: -issue.number)
    return listed(request, [shown_issue(one, issue) for issue in issues if state in ("all", issue.state)])


def _one_issue(one: Opened, _request: Request, number: str) -> Answer:
    return next((as_json(shown_issue(one, issue)) for issue in one.hosted.issues if str(issue.number) == number), missing())


def _comments(_one: Opened, request: Request, _rest: str) -> Answer:
    return listed(request, [])


def _forks(one: Opened, request: Request, _rest: str) -> Answer:
    return listed(request, [stranger(full_name) for full_name in one.hosted.forks])


ROUTES: tuple[tuple[str, Handler], ...] = (
    (r"", _about),
    (r"/branches(?:/(.+))?", lambda one, request, name: _branches(one, request, name or "")),
    (r"/tags", _tags),
    (r"/commits", _commits),
    (r"/commits/([0-9a-f]+)/branches-where-head", _where_head),
    (r"/commits/(.+)", _commit),
    (r"/compare/(.+)", _compare),
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
