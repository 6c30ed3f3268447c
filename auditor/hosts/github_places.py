"""What an address of GitHub names, told from the address alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

GIST_HOSTS = ("gist.github.com", "gist.githubusercontent.com")
RAW_HOSTS = ("raw.githubusercontent.com", "media.githubusercontent.com", "raw.github.com")
ARCHIVES = {"zip": ".zip", "legacy.zip": ".zip", "tar.gz": ".tar.gz", "legacy.tar.gz": ".tar.gz", "zipball": ".zip", "tarball": ".tar.gz"}


@dataclass(frozen=True, slots=True)
class GitHubPlace:
    """What an address of GitHub names."""

    repo: str  # "owner/name"; the id of a gist
    kind: str  # file, asset, tag, latest, releases, folder, archive, attachment, gist, gist_file, repo
    ref: str = ""  # branch, tag or commit; the tag of a release
    path: str = ""


def github_place(url: str) -> GitHubPlace | None:
    """Return what an address of GitHub names, or None for its other pages.

    >>> github_place("https://github.com/lab/paper/releases/download/v1/m.pth").kind
    'asset'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    name = (parts.hostname or "").lower().removeprefix("www.")
    segments = [part for part in parts.path.split("/") if part]
    if name in GIST_HOSTS:
        return _gist(segments)
    if name == "codeload.github.com":
        return _codeload(segments)
    if len(segments) < 2:
        return None
    repo, rest = "/".join(segments[:2]), segments[2:]
    if name in RAW_HOSTS:
        if name == "media.githubusercontent.com":
            repo, rest = "/".join(segments[1:3]), segments[3:]
        rest = rest[2:] if rest[:2] == ["refs", "heads"] else rest
        return GitHubPlace(repo, "file", rest[0], "/".join(rest[1:])) if len(rest) >= 2 else None
    if repo == "user-attachments/files" and len(rest) == 2:
        return GitHubPlace(repo, "attachment", "", "/".join(rest))
    return _page(repo.removesuffix(".git"), rest) if name == "github.com" else None


def raw_address(place: GitHubPlace) -> str:
    """Return the address of a file's bytes; a ref with slashes comes out right, since GitHub splits it there again."""
    return f"https://raw.githubusercontent.com/{place.repo}/{place.ref}/{place.path}"


def file_of(place: GitHubPlace) -> str:
    """Return the name of the file that a place means."""
    return unquote(place.path.rsplit("/", 1)[-1])


def _page(repo: str, rest: list[str]) -> GitHubPlace | None:
    match rest:
        case []:
            return GitHubPlace(repo, "repo")
        case ["releases", "download", tag, *path] if path:
            return GitHubPlace(repo, "asset", tag, "/".join(path))
        case ["releases", "latest", "download", *path] if path:
            return GitHubPlace(repo, "asset", "latest", "/".join(path))
        case ["releases", "latest"]:
            return GitHubPlace(repo, "latest")
        case ["releases", "tag" | "expanded_assets", *tag] if tag:
            return GitHubPlace(repo, "tag", "/".join(tag))
        case ["releases"]:
            return GitHubPlace(repo, "releases")
        case ["blob" | "raw" | "blame", ref, *path] if path:
            return GitHubPlace(repo, "file", ref, "/".join(path))
        case ["tree", ref, *path]:
            return GitHubPlace(repo, "folder", ref, "/".join(path)) if path else GitHubPlace(repo, "repo", ref)
        case ["archive", *path] if path:
            return GitHubPlace(repo, "archive", "", "/".join(path))
        case ["zipball" | "tarball" as form, *ref] if ref:
            return GitHubPlace(repo, "archive", "/".join(ref), ref[-1] + ARCHIVES[form])
        case ["files", *path] if path:
            return GitHubPlace(repo, "attachment", "", "/".join(path))
        case _:
            return None


def _codeload(segments: list[str]) -> GitHubPlace | None:
    """Return the place of an archive's own server: /owner/name/zip/refs/heads/main."""
    if len(segments) < 4 or segments[2] not in ARCHIVES:
        return None
    return GitHubPlace("/".join(segments[:2]), "archive", "/".join(segments[3:]), segments[-1] + ARCHIVES[segments[2]])


def _gist(segments: list[str]) -> GitHubPlace | None:
    """Return the place of a gist, /[user/]id[/revision], or of one of its files, /user/id/raw/[revision/]name."""
    ids = [number for number, part in enumerate(segments[:2]) if re.fullmatch(r"[0-9a-f]{5,40}", part)]
    if not ids:
        return None
    gist, rest = segments[ids[-1]], segments[ids[-1] + 1 :]
    if rest[:1] == ["raw"]:
        return GitHubPlace(gist, "gist_file", rest[1] if len(rest) > 2 else "", rest[-1]) if len(rest) > 1 else None
    return GitHubPlace(gist, "gist", rest[0] if rest and re.fullmatch(r"[0-9a-f]{40}", rest[0]) else "")
