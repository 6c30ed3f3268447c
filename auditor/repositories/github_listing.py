"""What a GitHub repository lists: files, releases, issues that speak of checkpoints, forks. Bounded, and honest about it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from auditor.errors import NetworkError
from auditor.facts import EMPTY_SHA256, Fork, ReleaseAsset, Status, Thread, TreeEntry
from auditor.github_api import Answer, GitHubApi
from auditor.repositories.paths import is_plain

T = TypeVar("T")
PAGE = 100
ISSUE_PAGES = 3
RELEASE_PAGES = 3
BODY_CHARACTERS = 4000
TITLE_CHARACTERS = 300
SUBMODULES_NAMED = 5
GIT_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
SYMLINK, SUBMODULE = "120000", "160000"

# Words with which people ask for weights, in English and in the pinyin-free Chinese of many ML repositories.
SPEAKS_OF_CHECKPOINTS = re.compile(
    r"pre-?\s?trained|weights?\b|check-?\s?points?|\bckpts?\b|snapshots?\b|model[ _-]?(?:files?|zoo|links?|downloads?)|trained models?"
    r"|\bdownload|\bmissing\b|google drive|drive\.google|baidu|onedrive|dropbox|hugging ?face|state_dict|size mismatch"
    r"|\.(?:pth|pt|ckpt|tar|pkl|safetensors|onnx|h5|npz)\b|权重|预训练|模型下载|百度",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """What was read, whether it is all, and what to say of it."""

    value: T
    status: Status
    detail: str
    sha256: str = EMPTY_SHA256  # of the answers that were read


# ------------------------------------------------------------------------------------------------------------------ tree


def read_tree(api: GitHubApi, full_name: str, commit: str) -> Seen[tuple[TreeEntry, ...]]:
    """Return every file of the commit. GitHub cuts trees of more than 100,000 entries or 7 MB: then it is partial."""
    try:
        answer = api.get(f"/repos/{full_name}/git/trees/{commit}", recursive=1)
        data = answer.data
    except NetworkError as error:
        if error.http_status == 409:  # no tree at all
            return Seen((), Status.OK, "the repository is empty")
        raise
    items = _objects(data.get("tree") if isinstance(data, dict) else None)
    if not isinstance(data, dict) or not isinstance(data.get("tree"), list):
        raise NetworkError(f"GitHub's answer for the tree of {full_name} holds no tree")
    truncated = data.get("truncated") is True
    if truncated:
        # The root is what the audit needs most (README, configuration), so it is read for itself.
        items += _objects(api.get(f"/repos/{full_name}/git/trees/{commit}").data.get("tree"))
    found = {str(item.get("path")): item for item in items}
    entries = tuple(entry for path, item in sorted(found.items()) if (entry := _entry(path, item)))
    submodules = [path for path, item in sorted(found.items()) if item.get("mode") == SUBMODULE or item.get("type") == "commit"]
    return Seen(entries, Status.PARTIAL if truncated else Status.OK, _tree_words(entries, submodules, truncated), answer.sha256)


def _entry(path: str, item: dict[str, Any]) -> TreeEntry | None:
    """Return the entry of a file or symbolic link; folders and submodules are none."""
    if item.get("type") != "blob" or not is_plain(path):
        return None
    size, sha = item.get("size"), str(item.get("sha"))
    # What a link leads to stands in its own blob; it is read when the link is.
    link = "" if item.get("mode") == SYMLINK else None
    return TreeEntry(path, size if isinstance(size, int) and size >= 0 else None, sha if GIT_ID.fullmatch(sha) else "", link)


def _tree_words(entries: tuple[TreeEntry, ...], submodules: list[str], truncated: bool) -> str:
    """Return what to say of the tree."""
    words = [counted(len(entries), "file")]
    if truncated:
        words.append("GitHub cut the listing off: there are more")
    if submodules:
        more = f" and {len(submodules) - SUBMODULES_NAMED} more" if len(submodules) > SUBMODULES_NAMED else ""
        words.append(f"submodules not read: {', '.join(submodules[:SUBMODULES_NAMED])}{more}")
    return "; ".join(words)


# -------------------------------------------------------------------------------------------------------------- releases


def read_releases(api: GitHubApi, full_name: str) -> Seen[tuple[ReleaseAsset, ...]]:
    """Return the files that are attached to the published releases, newest release first."""
    releases, is_all, sha256 = _pages(lambda page: api.get(f"/repos/{full_name}/releases", per_page=PAGE, page=page), RELEASE_PAGES)
    assets = tuple(asset for release in releases for item in _objects(release.get("assets")) if (asset := _asset(release, item)))
    detail = f"{counted(len(releases), 'release')} with {counted(len(assets), 'file')}" if releases else "no releases"
    return Seen(assets, Status.OK if is_all else Status.PARTIAL, detail if is_all else f"{detail}; there are older ones", sha256)


def _asset(release: dict[str, Any], item: dict[str, Any]) -> ReleaseAsset | None:
    """Return one attached file; one whose upload never ended is none."""
    url, size = item.get("browser_download_url"), item.get("size")
    if not isinstance(url, str) or not url or item.get("state", "uploaded") != "uploaded":
        return None
    digest = item.get("digest")
    return ReleaseAsset(
        tag=str(release.get("tag_name") or ""),
        name=str(item.get("name") or ""),
        url=url,
        size=size if isinstance(size, int) and size >= 0 else 0,
        digest=digest if isinstance(digest, str) else None,
    )


# ---------------------------------------------------------------------------------------------------------------- issues


def read_issues(api: GitHubApi, full_name: str, has_issues: bool = True) -> Seen[tuple[Thread, ...]]:
    """Return the issues, open and closed, that speak of checkpoints, among the newest 300 issues and pull requests."""
    if not has_issues:
        return Seen((), Status.SKIPPED, "issues are disabled in this repository")
    try:
        items, is_all, sha256 = _pages(
            lambda page: api.get(f"/repos/{full_name}/issues", state="all", sort="created", direction="desc", per_page=PAGE, page=page),
            ISSUE_PAGES,
        )
    except NetworkError as error:
        if error.http_status == 410:
            return Seen((), Status.MISSING, "issues are disabled in this repository")
        raise
    issues = [item for item in items if not item.get("pull_request")]
    threads = tuple(thread for item in issues if (thread := thread_of(item)) and speaks_of_checkpoints(thread))
    detail = f"{len(threads)} of {len(issues)} issues speak of checkpoints"
    return Seen(threads, Status.OK if is_all else Status.PARTIAL, detail if is_all else f"{detail}; older ones were not read", sha256)


def speaks_of_checkpoints(thread: Thread) -> bool:
    """Tell whether an issue is about weights, from its title and the beginning of its text."""
    return bool(SPEAKS_OF_CHECKPOINTS.search(thread.title) or SPEAKS_OF_CHECKPOINTS.search(thread.body))


def thread_of(item: dict[str, Any]) -> Thread | None:
    """Return an issue as GitHub's API describes it, its text cut short; None where it has no number."""
    number = item.get("number")
    if not isinstance(number, int):
        return None
    title, state, url, body = (str(item.get(key) or "") for key in ("title", "state", "html_url", "body"))
    return Thread(number, title[:TITLE_CHARACTERS], state, url, body[:BODY_CHARACTERS])


# ----------------------------------------------------------------------------------------------------------------- forks


def read_forks(api: GitHubApi, full_name: str, count: int) -> Seen[tuple[Fork, ...]]:
    """Return up to 100 of the newest forks, the one that was pushed to last first."""
    if count == 0:
        return Seen((), Status.OK, "no forks")
    answer = api.get(f"/repos/{full_name}/forks", sort="newest", per_page=PAGE)
    if not isinstance(answer.data, list):
        raise NetworkError("GitHub's answer is not the list that was asked for")
    forks = [
        Fork(str(item["full_name"]), str(item.get("html_url") or ""), str(item.get("pushed_at") or ""))
        for item in _objects(answer.data)
        if item.get("full_name")
    ]
    forks.sort(key=lambda fork: fork.pushed_at, reverse=True)
    words = f"{counted(len(forks), 'fork')}, not read"
    status = Status.PARTIAL if answer.has_next else Status.OK
    return Seen(tuple(forks), status, f"{words}; there are older ones" if answer.has_next else words, answer.sha256)


def _pages(ask: Callable[[int], Answer], limit: int) -> tuple[list[dict[str, Any]], bool, str]:
    """Return the items of up to `limit` pages, whether they are all, and the digest of what was read."""
    items: list[dict[str, Any]] = []
    digest = hashlib.sha256()
    is_all = False
    for page in range(1, limit + 1):
        answer = ask(page)
        if not isinstance(answer.data, list):
            raise NetworkError("GitHub's answer is not the list that was asked for")
        items += _objects(answer.data)
        digest.update(bytes.fromhex(answer.sha256))
        if not answer.has_next:
            is_all = True
            break
    return items, is_all, digest.hexdigest()


def counted(number: int, noun: str) -> str:
    """Return a number with its noun: "1 fork", "2 forks"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a JSON list; anything else in it is dropped."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
