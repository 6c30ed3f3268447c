"""Files on GitHub: assets of releases, files and folders of repositories, Git LFS."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import Status
from auditor.hosts.answers import MAX_FILES, KeptBlobs, failed, quoted_names, skipped
from auditor.hosts.interface import Listing, RemoteFile
from auditor.net import Network, RemoteBlob, refusal

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class GitHubPlace:
    """What an address of GitHub names."""

    repo: str  # "owner/name"
    kind: str  # file, asset, tag, latest, releases, folder, attachment, repo
    ref: str = ""  # branch, tag or commit; the tag of a release
    path: str = ""


class GitHubFiles:
    """Lists releases and folders through the API and reads files by ranges."""

    name = "github"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of GitHub or of its raw files."""
        return locate(url).host in ("github", "github_release")

    def resolve(self, url: str, network: Network) -> Listing:
        """List a release, a folder or one file. Another whole repository is not walked."""
        place = github_place(url)
        if place is None or place.kind == "repo":
            what = f"{place.repo} is a repository, and is not walked" if place else "a page of GitHub, not a file"
            return skipped(url, self.name, f"{what}: audit it on its own or look by hand")
        with network.tally() as cost:
            try:
                files, digest, detail, whole = self._list(url, place, network)
            except NetworkError as error:
                return failed(url, self.name, error, cost)
        status = Status.OK if whole and len(files) <= MAX_FILES else Status.PARTIAL
        names = quoted_names([file.name for file in files])
        return Listing(url, self.name, status, detail, files[:MAX_FILES], digest, names, cost.requests, cost.bytes_read)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file; behind a Git LFS pointer, to the file that it means. Raises `NetworkError`."""
        address = file.key or file.url
        return self._kept.take(network, address) or self._opened(address, file.name, file.size, network)

    def _opened(self, address: str, name: str, size: int | None, network: Network) -> RemoteBlob:
        blob = network.blob(address, name=name, size=None if size is not None and size < 1024 else size)
        behind = lfs_address(address)
        if blob.size >= 1024 or behind is None or not blob.read(0, 64).startswith(LFS_POINTER):
            return blob
        cost = blob.requests, blob.bytes_read
        blob.close()
        try:
            meant = network.blob(behind, name=name)
        except NetworkError as error:
            what = f"{name!r} is a Git LFS pointer, and the file that it means cannot be had"
            raise NetworkError(what, str(error), error.help, status=error.status, http_status=error.http_status) from error
        meant.requests, meant.bytes_read = meant.requests + cost[0], meant.bytes_read + cost[1]
        return meant

    def _list(self, url: str, place: GitHubPlace, network: Network) -> tuple[tuple[RemoteFile, ...], str, str, bool]:
        if place.kind in ("file", "asset", "attachment"):
            return (self._one(url, place, network),), "", "one file", True
        if place.kind == "folder":
            return _folder(place, network)
        return _releases(place, network)

    def _one(self, url: str, place: GitHubPlace, network: Network) -> RemoteFile:
        address = raw_address(place) if place.kind == "file" else url
        name = unquote(place.path.rsplit("/", 1)[-1])
        blob = self._opened(address, name, None, network)
        self._kept.keep(network, address, blob)
        return RemoteFile(name, url, address, blob.size)


def github_place(url: str) -> GitHubPlace | None:
    """Return what an address of GitHub names, or None for its other pages."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    segments = [part for part in parts.path.split("/") if part]
    if len(segments) < 2:
        return None
    repo, rest = "/".join(segments[:2]), segments[2:]
    if (parts.hostname or "").endswith("githubusercontent.com"):
        if parts.hostname == "media.githubusercontent.com":
            repo, rest = "/".join(segments[1:3]), segments[3:]
        rest = rest[2:] if rest[:2] == ["refs", "heads"] else rest
        return GitHubPlace(repo, "file", rest[0], "/".join(rest[1:])) if len(rest) >= 2 else None
    return _web_place(repo.removesuffix(".git"), rest)


def _web_place(repo: str, rest: list[str]) -> GitHubPlace | None:
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
        case ["files" | "archive" | "zipball" | "tarball", *path] if path:
            return GitHubPlace(repo, "attachment", "", "/".join(path))
        case _:
            return None


def raw_address(place: GitHubPlace) -> str:
    """Return the address of a file's bytes; a ref with slashes comes out right, since GitHub splits it there again."""
    return f"https://raw.githubusercontent.com/{place.repo}/{place.ref}/{place.path}"


def lfs_address(address: str) -> str | None:
    """Return where the file lies that a Git LFS pointer at a raw address stands for, or None for other addresses."""
    found = re.match(r"https://raw\.githubusercontent\.com/([^?#]+)", address)
    return f"https://media.githubusercontent.com/media/{found[1]}" if found else None


def _api(path: str, network: Network) -> tuple[Any, str]:
    """Return a record of GitHub's API and the hash of the answer. Raises `NetworkError`."""
    base = (os.environ.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/")
    answer = network.get(base + path, headers={"Accept": "application/vnd.github+json"})
    if answer.status != 200:
        raise refusal(answer.final_url, answer.status, answer.headers, answer.body)
    try:
        return json.loads(answer.body), answer.sha256
    except (ValueError, RecursionError) as error:
        raise NetworkError("GitHub's answer is not JSON", str(error)[:200], "try again later") from error


def _releases(place: GitHubPlace, network: Network) -> tuple[tuple[RemoteFile, ...], str, str, bool]:
    end = {"latest": "/latest", "tag": f"/tags/{place.ref}", "releases": f"?per_page={PER_PAGE}"}[place.kind]
    record, digest = _api(f"/repos/{place.repo}/releases{end}", network)
    releases = [entry for entry in (record if isinstance(record, list) else [record]) if isinstance(entry, dict)]
    files = []
    for release in releases:
        prefix = f"{release.get('tag_name', '')}/" if len(releases) > 1 else ""
        files += [file for asset in release.get("assets") or [] if (file := _asset(asset, prefix)) is not None]
    detail = f"{len(releases)} releases of {len(files)} files" if place.kind == "releases" else f"release of {len(files)} files"
    return tuple(files), digest, detail, len(releases) < PER_PAGE


def _asset(asset: Any, prefix: str) -> RemoteFile | None:
    if not isinstance(asset, dict) or not isinstance(asset.get("browser_download_url"), str):
        return None
    url, size, digest = asset["browser_download_url"], asset.get("size"), asset.get("digest")
    sha256 = digest.removeprefix("sha256:") if isinstance(digest, str) and digest.startswith("sha256:") else None
    return RemoteFile(prefix + str(asset.get("name", "")), url, url, size if isinstance(size, int) else None, sha256)


def _folder(place: GitHubPlace, network: Network) -> tuple[tuple[RemoteFile, ...], str, str, bool]:
    """List the files of one folder; folders within are named and not entered."""
    record, digest = _api(f"/repos/{place.repo}/contents/{place.path}?ref={quote(unquote(place.ref), safe='')}", network)
    entries = [entry for entry in record if isinstance(entry, dict)] if isinstance(record, list) else []
    files = []
    for entry in entries:
        path, size = entry.get("path"), entry.get("size")
        if entry.get("type") == "file" and isinstance(path, str):
            raw = raw_address(GitHubPlace(place.repo, "file", place.ref, quote(path)))
            page = f"https://github.com/{place.repo}/blob/{place.ref}/{quote(path)}"
            files.append(RemoteFile(path.rsplit("/", 1)[-1], page, raw, size if isinstance(size, int) else None))
    folders = [str(entry.get("name")) for entry in entries if entry.get("type") == "dir"]
    detail = f"folder of {len(files)} files" + (f"; not entered: {quoted_names(folders)}" if folders else "")
    return tuple(files), digest, detail, isinstance(record, list) and not folders and len(entries) < 1000
