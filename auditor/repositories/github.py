"""Repositories on GitHub: one commit is pinned, then its tree, releases, issues and forks are read at the same time."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from auditor.errors import AuditError, NetworkError, TargetError
from auditor.facts import EMPTY_SHA256, Repository, Source, Status
from auditor.github_api import GitHubApi, github_token
from auditor.net import Network
from auditor.repositories.github_content import GitHubRepository
from auditor.repositories.github_listing import Seen, read_forks, read_issues, read_releases, read_tree
from auditor.repositories.github_pin import Pin, pin_commit
from auditor.repositories.interface import Target
from auditor.repositories.target import is_full_name

T = TypeVar("T")
AT_ONCE = 4


class GitHubSource:
    """Opens `owner/name` with GitHub's API: six requests for most repositories."""

    name = "github"

    def accepts(self, target: Target) -> bool:
        """Tell whether the words are `owner/name`."""
        return is_full_name(target.text)

    def open(self, target: Target, network: Network) -> GitHubRepository:
        """Pin a commit and read all that is listed there. Raises `TargetError` where the repository itself cannot be read."""
        api = GitHubApi(network, token=github_token())
        try:
            about = read_about(api, target.text)
            pin = pin_commit(api, about.full_name, about.default_branch, target.ref)
        except NetworkError as error:
            raise _target_error(error, target, api.token_given) from error
        return _read_listings(api, network, about, pin)


@dataclass(frozen=True, slots=True)
class About:
    """GitHub's metadata of a repository."""

    full_name: str  # as it is called now, after renames
    default_branch: str
    url: str
    archived: bool
    disabled: bool
    private: bool
    has_issues: bool
    fork_of: str | None
    forks: int
    description: str
    asked_for: str
    sha256: str  # of the answer


def read_about(api: GitHubApi, full_name: str) -> About:
    """Return the metadata of a repository, following renames. Raises `NetworkError`."""
    answer = api.get(f"/repos/{full_name}")
    data = answer.data
    if not isinstance(data, dict) or not is_full_name(str(data.get("full_name"))):
        raise NetworkError(f"GitHub's answer for {full_name} describes no repository")
    now = str(data["full_name"])
    parent = data.get("parent") if data.get("fork") else None
    fork_of = str(parent.get("full_name")) if isinstance(parent, dict) else None
    return About(
        full_name=now,
        default_branch=str(data.get("default_branch") or "HEAD"),
        url=_page(data.get("html_url"), now),
        archived=data.get("archived") is True,
        disabled=data.get("disabled") is True,
        private=data.get("private") is True,
        has_issues=data.get("has_issues") is not False,
        fork_of=(fork_of or "a repository that GitHub does not name") if data.get("fork") is True else None,
        forks=data["forks_count"] if isinstance(data.get("forks_count"), int) else 1,
        description=str(data.get("description") or "")[:1000],
        asked_for=full_name,
        sha256=answer.sha256,
    )


def _page(url: object, full_name: str) -> str:
    """Return the repository's page as GitHub gives it, where it looks like one."""
    text = url if isinstance(url, str) else ""
    plausible = re.fullmatch(r"https?://[A-Za-z0-9.:-]+/" + re.escape(full_name), text)
    return text if plausible else f"https://github.com/{full_name}"


def _read_listings(api: GitHubApi, network: Network, about: About, pin: Pin) -> GitHubRepository:
    """Read tree, releases, issues and forks at the same time; what fails becomes a source with its status."""
    name, url = about.full_name, about.url
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="github") as pool:
        tree = pool.submit(_look, "tree", f"{url}/tree/{pin.commit}", True, (), lambda: read_tree(api, name, pin.commit))
        releases = pool.submit(_look, "releases", f"{url}/releases", True, (), lambda: read_releases(api, name))
        issues = pool.submit(_look, "issues", f"{url}/issues", False, (), lambda: read_issues(api, name, about.has_issues))
        forks = pool.submit(_look, "forks", f"{url}/forks", False, (), lambda: read_forks(api, name, about.forks))
    entries, tree_source = tree.result()
    repository = Repository(
        full_name=name,
        ref=pin.ref,
        commit=pin.commit,
        url=url,
        archived=about.archived,
        has_issues=about.has_issues,
        fork_of=about.fork_of,
        description=about.description,
        tree=entries,
        releases=releases.result()[0],
        threads=issues.result()[0],
        forks=forks.result()[0],
    )
    sources = (_repository_source(about, pin), tree_source, releases.result()[1], issues.result()[1], forks.result()[1])
    return GitHubRepository(repository, sources, api, network, is_private=about.private, tree_is_whole=tree_source.status is Status.OK)


def _look(kind: str, url: str, required: bool, nothing: T, read: Callable[[], Seen[T]]) -> tuple[T, Source]:
    """Return what was seen with its source; nothing, and a source that says why, where it could not be seen."""
    try:
        seen = read()
    except NetworkError as error:
        status, detail, value, sha256 = Status(error.status), str(error), nothing, EMPTY_SHA256
    except AuditError as error:
        status, detail, value, sha256 = Status.ERROR, str(error), nothing, EMPTY_SHA256
    else:
        status, detail, value, sha256 = seen.status, seen.detail, seen.value, seen.sha256
    if kind == "releases" and status is Status.MISSING:
        required = False  # the server says that there is no such thing as a release: nothing is hidden there
    return value, Source(kind, kind, url, status, detail, required, _now(), sha256=sha256)


def _repository_source(about: About, pin: Pin) -> Source:
    """Return the source for the metadata, with everything of it that a reader should know."""
    words = [f"{pin.ref} is commit {pin.commit}"]
    if about.asked_for.lower() != about.full_name.lower():
        words.append(f"{about.asked_for} is now called {about.full_name}")
    if about.fork_of:
        words.append(f"fork of {about.fork_of}")
    if about.archived:
        words.append("archived")
    if about.disabled:
        words.append("disabled by GitHub")
    if pin.doubt:
        words.append(pin.doubt)
    status = Status.PARTIAL if pin.doubt else Status.OK
    return Source("repository", "repository", about.url, status, "; ".join(words), True, _now(), sha256=about.sha256)


def _target_error(error: NetworkError, target: Target, token_given: bool) -> TargetError:
    """Return the words for a repository that cannot be read at all."""
    name = target.text
    if error.http_status == 404 and error.what.endswith(f"/repos/{name}"):
        hidden = "or it is private and the token may not read it" if token_given else "or it is private (then set GITHUB_TOKEN)"
        folder = f"; a folder of that name is here: write ./{name} for it" if Path(name).is_dir() else ""
        return TargetError(f"GitHub knows no repository {name}", hidden, f"check the spelling of owner/name{folder}")
    if error.status == Status.QUOTA:
        return TargetError(f"{name} could not be read", error.why or error.what, error.help)
    if error.http_status is None:
        return TargetError(f"{name} could not be read", str(error), error.help or "check the network and try again")
    return TargetError(f"{name} could not be read: {error.what}", error.why, error.help)


def _now() -> str:
    """Return the time in RFC 3339 UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
