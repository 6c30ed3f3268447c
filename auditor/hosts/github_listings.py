"""Lists of files on GitHub through its API: releases, folders of repositories, gists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote

from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.github_api import Answer, GitHubApi, github_token, quoted
from auditor.hosts.answers import MAX_FILES, quoted_names
from auditor.hosts.github_bytes import not_the_bytes
from auditor.hosts.github_places import GitHubPlace, raw_address
from auditor.hosts.interface import RemoteFile
from auditor.lfs import parse_pointer
from auditor.net import Network

PER_PAGE = 100
MAX_PAGES = 10  # of releases
MAX_SPLITS = 3  # ways to part "feature/x/weights" into a branch and a folder
MAX_POINTERS = 32  # of one folder, that are read to learn what they stand for
POINTER_BYTES = range(120, 200)
_TEXTS = re.compile(r"\.(?:md|txt|rst|py|sh|json|ya?ml|toml|cfg|ini|html?|js|c|cc|cpp|cu|h|csv|gitignore|gitattributes)$", re.IGNORECASE)


@dataclass
class Found:
    """What a list of GitHub's holds."""

    files: list[RemoteFile] = field(default_factory=list)
    detail: str = ""
    sha256: str = ""  # of the last answer
    state: State = State.OK  # anything else: this is not all

    def add(self, file: RemoteFile | None) -> None:
        """Take a file; None stands for an entry that could not be read, after which these are not all."""
        if file is not None:
            self.files.append(file)
        elif self.state is State.OK:
            self.state = State.UNKNOWN

    @property
    def is_whole(self) -> bool:
        """Tell whether these are all files that there are."""
        return self.state in (State.OK, State.EMPTY)


def github_api(network: Network) -> GitHubApi:
    """Return the API for this network, made once. Raises `UsageError` for a token or an address that cannot be used."""
    return network.remembered("github api of the hosts", lambda: GitHubApi(network, token=github_token()))


def releases(place: GitHubPlace, network: Network) -> Found:
    """List the files of one release, or of all. Raises `NetworkError`."""
    found, base = Found(), f"/repos/{place.repo}/releases"
    if place.kind == "releases":
        shown = []
        for page in range(1, MAX_PAGES + 1):
            answer = github_api(network).get(base, per_page=PER_PAGE, page=page)
            shown += _list(answer)
            if not answer.has_next:
                break
        else:
            found.state = State.TOO_MANY
    else:
        answer = github_api(network).get(base + ("/latest" if place.kind == "latest" else f"/tags/{quoted(unquote(place.ref))}"))
        shown = [_mapping(answer)]
        _with_list(shown[0], "assets")
    found.sha256 = answer.sha256
    for release in shown:
        if not isinstance(release, dict) or not isinstance(release.get("assets"), list):
            found.add(None)
            continue
        prefix = f"{release.get('tag_name', '')}/" if place.kind == "releases" and len(shown) > 1 else ""
        for asset in release["assets"]:
            found.add(_asset(asset, prefix))
    what = f"{len(shown)} releases" if place.kind == "releases" else "release"
    found.detail = f"{what} of {len(found.files)} files" + _renamed(place, found.files)
    return found


def folder(place: GitHubPlace, network: Network) -> Found:
    """List a folder of a repository with all that is within, at any ref. Raises `NetworkError`."""
    ref, path, answer = _tree(place, network)
    entries, cut, unread = _entries(answer)
    here = next((entry for entry in entries if entry["path"] == path and entry.get("type") == "tree"), None)
    base = path + "/"
    if cut and here is not None:  # too many files in the repository for one answer, but not in the folder
        answer = github_api(network).get(f"/repos/{place.repo}/git/trees/{quoted(str(here.get('sha')))}", recursive=1)
        entries, cut, unread = _entries(answer)
        entries = [{**entry, "path": base + entry["path"]} for entry in entries]
    inside = [entry for entry in entries if entry["path"].startswith(base)]
    if not inside and not cut and here is None:
        what = f"GitHub has no folder {path} in {place.repo} at {ref}"
        raise NetworkError(what, "", "check the address in a browser", status=Status.MISSING, state=State.NOT_FOUND)
    files = [_blob(entry, place.repo, ref, base) for entry in inside if entry.get("type") == "blob" and entry.get("mode") != "120000"]
    other = [entry["path"] for entry in inside if entry.get("type") == "commit" or entry.get("mode") == "120000"]
    detail = f"folder of {len(files)} files" + (f"; links and submodules that are no files: {quoted_names(other)}" if other else "")
    found = Found(files, detail, answer.sha256, State.TOO_MANY if cut else State.UNKNOWN if unread else State.OK)
    if cut:
        found.detail += "; GitHub cut its list short"
    found.files = list(_with_pointers(found.files, network))
    return found


def gist(place: GitHubPlace, network: Network) -> Found:
    """List the files of a gist. Raises `NetworkError`."""
    answer = github_api(network).get(f"/gists/{place.repo}" + (f"/{place.ref}" if place.ref else ""))
    record = _mapping(answer)
    if not isinstance(record.get("files"), dict):
        _with_list(record, "files")
    found = Found([], "", answer.sha256, State.TOO_MANY if record.get("truncated") else State.OK)
    for name, entry in record["files"].items():
        raw = entry.get("raw_url") if isinstance(entry, dict) else None
        own = isinstance(raw, str) and raw.startswith("https://gist.githubusercontent.com/")
        found.add(RemoteFile(str(name), f"https://gist.github.com/{place.repo}", str(raw), _size(entry)) if own else None)
    found.detail = f"gist of {len(found.files)} files"
    return found


def _tree(place: GitHubPlace, network: Network) -> tuple[str, str, Answer]:
    """Return ref, path and tree of a folder's repository; a ref may have slashes, so more than one parting is tried."""
    parts = unquote(f"{place.ref}/{place.path}").strip("/").split("/")
    first: NetworkError | None = None
    for count in range(1, min(len(parts) - 1, MAX_SPLITS) + 1):
        ref = "/".join(parts[:count])
        try:
            answer = github_api(network).get(f"/repos/{place.repo}/git/trees/{quote(ref, safe='')}", recursive=1)
        except NetworkError as error:
            if error.state != State.NOT_FOUND:
                raise
            first = first or error
        else:
            return ref, "/".join(parts[count:]), answer
    raise first or NetworkError(f"{place.repo}: no folder is named")


def _entries(answer: Answer) -> tuple[list[dict[str, Any]], bool, int]:
    """Return the entries of a tree that have a path, whether GitHub left some out, and how many were not understood."""
    record = _with_list(_mapping(answer), "tree")
    entries = [entry for entry in record["tree"] if isinstance(entry, dict) and isinstance(entry.get("path"), str)]
    return entries, record.get("truncated") is not False, len(record["tree"]) - len(entries)


def _blob(entry: dict[str, Any], repo: str, ref: str, base: str) -> RemoteFile:
    path = entry["path"]
    page = f"https://github.com/{repo}/blob/{quote(ref)}/{quote(path)}"
    raw = raw_address(GitHubPlace(repo, "file", quote(ref), quote(path)))
    return RemoteFile(path.removeprefix(base), page, raw, _size(entry), revision=str(entry.get("sha", ""))[:64])


def _with_pointers(files: list[RemoteFile], network: Network) -> Iterator[RemoteFile]:
    """Yield the files with the sizes and digests that pointers of Git LFS state, as far as that costs little."""
    asked = 0
    for file in files:
        if file.size not in POINTER_BYTES or _TEXTS.search(file.name) or asked >= MAX_POINTERS:
            yield file
            continue
        asked += 1
        try:
            answer = network.get_range(file.key, 0, file.size or 1)
        except NetworkError:
            yield file  # its reader will be told the same
            continue
        pointer = parse_pointer(answer.body) if not_the_bytes(answer) is None else None
        yield file if pointer is None else replace(file, size=pointer.size, sha256=pointer.sha256, revision=pointer.sha256)


def _asset(asset: Any, prefix: str) -> RemoteFile | None:
    if not isinstance(asset, dict) or not isinstance(asset.get("browser_download_url"), str):
        return None
    url, digest = asset["browser_download_url"], asset.get("digest")
    found = re.fullmatch(r"sha256:([0-9a-f]{64})", digest) if isinstance(digest, str) else None
    revision = f"asset {asset['id']} of {asset['updated_at']}" if asset.get("id") and isinstance(asset.get("updated_at"), str) else ""
    return RemoteFile(prefix + str(asset.get("name", "")), url, url, _size(asset), found[1] if found else None, revision=revision)


def _renamed(place: GitHubPlace, files: list[RemoteFile]) -> str:
    """Return the words for a repository whose files lie under another name than the linked one."""
    now = re.match(r"https://github\.com/([^/]+/[^/]+)/", files[0].url) if files else None
    return f"; the repository is {now[1]} now" if now and now[1].lower() != place.repo.lower() else ""


def _size(entry: dict[str, Any]) -> int | None:
    size = entry.get("size")
    return size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 62 else None


def _list(answer: Answer) -> list[Any]:
    if not isinstance(answer.data, list):
        raise NetworkError("GitHub's answer is no list", str(answer.data)[:200], "try again later", state=State.SERVER_ERROR)
    return answer.data


def _mapping(answer: Answer) -> dict[str, Any]:
    if not isinstance(answer.data, dict):
        raise NetworkError("GitHub's answer is no record", str(answer.data)[:200], "try again later", state=State.SERVER_ERROR)
    return answer.data


def _with_list(record: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a record that has a list of files, which a page in GitHub's place has not. Raises `NetworkError`."""
    if not isinstance(record.get(name), list):
        raise NetworkError("GitHub's answer names no files", str(record)[:200], "try again later", state=State.SERVER_ERROR)
    return record


def limited(found: Found) -> Found:
    """Return at most as many files as a listing may have, with the words for entries that were not understood."""
    if found.state is State.UNKNOWN:
        found.detail += "; not all of it: entries could not be understood"
    if len(found.files) <= MAX_FILES:
        return found
    return Found(found.files[:MAX_FILES], f"{found.detail}; only {MAX_FILES} are looked at", found.sha256, State.TOO_MANY)
