"""The fields that every record of GitHub's API has and that nobody here reads: addresses, mostly, so that records have the published shape.

Names are those of GitHub's OpenAPI description, against which tests hold the replica's answers; the addresses follow one rule.
"""

from __future__ import annotations

import base64
from typing import Any

_PERSON = "followers following gists starred subscriptions organizations repos events received_events".split()
_REPOSITORY = (
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events forks "
    "git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones notifications pulls "
    "releases stargazers statuses subscribers subscription tags teams trees"
).split()


def node_id(kind: str, number: int) -> str:
    """Return an id as GitHub's other API has it: opaque, and the same for the same record."""
    return f"{kind}_{base64.urlsafe_b64encode(number.to_bytes(8, 'big')).decode().rstrip('=')}"


def of_person(url: str, number: int) -> dict[str, Any]:
    """Return the further fields of a user."""
    about = {"node_id": node_id("U", number), "avatar_url": f"https://avatars.githubusercontent.com/u/{number}", "gravatar_id": ""}
    return {**about, "site_admin": False, **_links(url, _PERSON)}


def of_repository(url: str, number: int) -> dict[str, Any]:
    """Return the further fields of a repository that is named in another record, or listed."""
    return {"node_id": node_id("R", number), "description": None, **_links(url, _REPOSITORY)}


def of_whole_repository(url: str, page: str, number: int) -> dict[str, Any]:
    """Return the further fields of a repository's own record, or of the one that it was forked from."""
    place = page.removeprefix("https://")
    counted = ("forks", "forks_count", "open_issues", "open_issues_count", "watchers", "watchers_count", "stargazers_count", "size")
    return {
        **of_repository(url, number),
        **dict.fromkeys(counted, 0),
        **dict.fromkeys(("has_projects", "has_wiki", "has_downloads"), True),
        **dict.fromkeys(("has_issues", "has_pages", "has_discussions", "archived", "disabled"), False),
        **dict.fromkeys(("homepage", "language", "mirror_url", "license")),
        "clone_url": f"{page}.git",
        "git_url": f"git://{place}.git",
        "ssh_url": f"git@{place.replace('/', ':', 1)}.git",
        "svn_url": page,
    }


def of_issue(url: str, number: int) -> dict[str, Any]:
    """Return the further fields of an issue."""
    return {
        "node_id": node_id("I", number),
        "assignee": None,
        "milestone": None,
        "author_association": "NONE",
        "labels_url": f"{url}/labels{{/name}}",
        **_links(url, ["comments", "events"]),
    }


def of_release(url: str, api: str, page: str, tag: str, number: int) -> dict[str, Any]:
    """Return the further fields of a release."""
    return {
        "node_id": node_id("RE", number),
        "upload_url": f"{url.replace('https://api.', 'https://uploads.', 1)}/assets{{?name,label}}",
        "tarball_url": f"{api}/tarball/{tag}",
        "zipball_url": f"{api}/zipball/{tag}",
        "html_url": f"{page}/releases/tag/{tag}",
    }


def of_branch(url: str, page: str, name: str) -> dict[str, Any]:
    """Return the further fields of a branch."""
    return {
        "protected": False,
        "protection": {"enabled": False},
        "protection_url": f"{url}/branches/{name}/protection",
        "_links": {"self": f"{url}/branches/{name}", "html": f"{page}/tree/{name}"},
    }


def _links(url: str, names: list[str]) -> dict[str, str]:
    return {f"{name}_url": f"{url}/{name}" for name in names}
