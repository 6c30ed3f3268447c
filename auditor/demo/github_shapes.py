"""What GitHub's API shows of a repository, its commits, files, issues and releases: the fields that PyGithub 2.10 reads."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from auditor.demo import github_fields
from auditor.demo.answers import as_blob
from auditor.demo.git_objects import Node, Snapshot, snapshot
from auditor.demo.internet import Content, HostedIssue, HostedRelease, HostedRepository, Symlink

API = "https://api.github.com"
RAW = "https://raw.githubusercontent.com"
SITE = "https://github.com"
WHEN = "2025-03-01T12:00:00Z"
INLINE_BYTES = 1 << 20  # larger files come without content from the contents endpoint


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


def open_repository(repository: HostedRepository, number: int) -> Opened:
    """Compute the commits of a repository's branches and tags."""
    commits = {repository.default_branch: snapshot(repository.files, repository.commit)}
    commits |= {name: snapshot(files) for name, files in repository.refs.items()}
    for release in repository.releases:
        commits.setdefault(release.tag, commits[repository.default_branch])
    return Opened(repository, number, commits)


def person(login: str) -> dict[str, Any]:
    """Return a user as the API shows one."""
    url, number = f"{API}/users/{login}", sum(map(ord, login))
    about = {"login": login, "id": number, "type": "User", "url": url, "html_url": f"{SITE}/{login}"}
    return {**about, **github_fields.of_person(url, number)}


def described(one: Opened) -> dict[str, Any]:
    """Return a repository as the API shows it."""
    hosted = one.hosted
    owner, name = hosted.full_name.split("/")
    about: dict[str, Any] = {
        **github_fields.of_whole_repository(one.url, one.page, one.number),
        "id": one.number,
        "name": name,
        "full_name": hosted.full_name,
        "owner": person(owner),
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
        **dict.fromkeys(("forks", "forks_count", "network_count"), len(hosted.forks)),
        **dict.fromkeys(("open_issues", "open_issues_count"), sum(issue.state == "open" for issue in hosted.issues)),
        "subscribers_count": 0,
        "size": sum(node.size or 0 for node in one.commits[hosted.default_branch].nodes.values()) >> 10,
        "created_at": WHEN,
        "updated_at": WHEN,
        "pushed_at": WHEN,
        "license": None,
        "topics": [],
    }
    if hosted.fork_of:
        origin = stranger(hosted.fork_of)
        whole = github_fields.of_whole_repository(origin["url"], origin["html_url"], origin["id"])
        about["parent"] = about["source"] = {**whole, **origin, "updated_at": WHEN}
    return about


def stranger(full_name: str) -> dict[str, Any]:
    """Return what is shown of a repository elsewhere: a fork, or what this is a fork of."""
    owner, _, name = full_name.partition("/")
    url = f"{API}/repos/{full_name}"
    number = 5000 + sum(map(ord, full_name))
    base = {
        **github_fields.of_repository(url, number),
        "id": number,
        "name": name,
        "full_name": full_name,
        "owner": person(owner),
        "private": False,
    }
    return {
        **base,
        "html_url": f"{SITE}/{full_name}",
        "url": url,
        "fork": True,
        "default_branch": "main",
        "pushed_at": WHEN,
        "created_at": WHEN,
    }


def shown_issue(one: Opened, issue: HostedIssue) -> dict[str, Any]:
    """Return an issue or pull request as the API shows it."""
    kind = "pull" if issue.is_pull_request else "issues"
    url = f"{one.url}/issues/{issue.number}"
    shown: dict[str, Any] = {
        **github_fields.of_issue(url, 9000 + issue.number),
        "id": 9000 + issue.number,
        "number": issue.number,
        "title": issue.title,
        "body": issue.body or None,
        "state": issue.state,
        "state_reason": "completed" if issue.state == "closed" else None,
        "user": person("reader"),
        "labels": [],
        "assignees": [],
        "comments": 0,
        "locked": False,
        "url": url,
        "html_url": f"{one.page}/{kind}/{issue.number}",
        "repository_url": one.url,
        "created_at": WHEN,
        "updated_at": WHEN,
        "closed_at": WHEN if issue.state == "closed" else None,
    }
    if issue.is_pull_request:
        pull = {"url": f"{one.url}/pulls/{issue.number}", "html_url": shown["html_url"]}
        shown["pull_request"] = {**pull, "diff_url": f"{shown['html_url']}.diff", "patch_url": f"{shown['html_url']}.patch"}
    return shown


def shown_release(one: Opened, number: int, release: HostedRelease) -> dict[str, Any]:
    """Return a release as the API shows it, with its files."""
    assets = [
        {
            "id": 700 * (number + 1) + place,
            "node_id": github_fields.node_id("RA", 700 * (number + 1) + place),
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
            "uploader": person(one.hosted.full_name.partition("/")[0]),
        }
        for place, (name, content) in enumerate(release.files.items())
    ]
    url = f"{one.url}/releases/{300 + number}"
    return {
        **github_fields.of_release(url, one.url, one.page, quote(release.tag), 300 + number),
        "id": 300 + number,
        "tag_name": release.tag,
        "name": release.name or release.tag,
        "body": release.body or None,
        "draft": False,
        "prerelease": release.prerelease,
        "target_commitish": one.hosted.default_branch,
        "url": url,
        "assets_url": f"{url}/assets",
        "author": person(one.hosted.full_name.partition("/")[0]),
        "created_at": WHEN,
        "published_at": WHEN,
        "assets": assets,
    }


def tree_entry(one: Opened, node: Node, prefix: str) -> dict[str, Any]:
    """Return one entry of a tree's listing; `prefix` is the folder that the listing begins at."""
    kind = "tree" if node.kind == "tree" else "blob"
    entry: dict[str, Any] = {"path": node.path.removeprefix(prefix), "mode": node.mode, "type": kind, "sha": node.sha}
    entry["url"] = f"{one.url}/git/{kind}s/{node.sha}"
    return entry if node.kind == "tree" else {**entry, "size": node.size}


def shown_content(one: Opened, node: Node, found: Snapshot, *, inline: bool) -> dict[str, Any]:
    """Return a file, link or folder as the contents endpoint shows it; with its bytes where `inline` and small enough."""
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
    }
    shown["_links"] = {"self": url, "git": shown["git_url"], "html": shown["html_url"]}
    if isinstance(node.content, Symlink):
        return {**shown, "target": node.content.target}
    if inline and (node.size or 0) <= INLINE_BYTES:
        return {
            **shown,
            "encoding": "base64",
            "content": base64.encodebytes(as_blob(stored_bytes(node.content)).read(0, node.size or 0)).decode(),
        }
    return {**shown, "encoding": "none", "content": ""} if inline else shown


def stored_bytes(content: Content | Symlink | None) -> Content:
    """Return what git stores: a link is its target."""
    return content.target.encode() if isinstance(content, Symlink) else b"" if content is None else content
