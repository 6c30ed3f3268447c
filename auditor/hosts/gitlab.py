"""GitLab, gitlab.com and others: files and folders of repositories, and the files of a release.

Listing: https://docs.gitlab.com/api/repositories/#list-repository-tree (`id` of a blob, `type`, `path`; 100 a page, `Link` with
rel="next" or `X-Next-Page`; no sizes). Releases: https://docs.gitlab.com/api/releases/ (`assets.links`). Bytes come from
`/-/raw/`, Git LFS included; where a pointer comes instead, from https://docs.gitlab.com/api/repository_files/ with `lfs=true`.
GitLab tells strangers the same for private projects and for projects that do not exist: "404 Project Not Found" in the API, its
sign-in page elsewhere. Neither means missing; "404 Tree Not Found" of a project that is public does. An address is GitLab's
where it is gitlab.com, or has the `/-/` that GitLab puts between project and place, on any server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, failed, plain_name, skipped
from auditor.hosts.file_marks import marks_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.hosts.json_api import Api, mapping, rows, text
from auditor.hosts.pages import page_error
from auditor.hosts.walk import Walk
from auditor.net import Fetched, Network, RangeAnswer, RemoteBlob, first_range, is_page

MAX_PAGES = 60
_NO_SUCH_PATH = re.compile(r"404 (?:invalid )?(?:tree|revision|file|commit|branch|tag)", re.IGNORECASE)  # said of public projects only
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_PLACE = re.compile(
    r"/(?P<project>[^/?#]+(?:/[^/?#]+)+?)/(?:-/)?(?P<kind>raw|blob|tree|releases|jobs|package_files|archive|uploads)/(?P<rest>.*)"
)


@dataclass(frozen=True, slots=True)
class GitLabPlace:
    """What an address of a GitLab names."""

    server: str  # "https://gitlab.com"
    project: str  # "group/subgroup/name"
    kind: str  # file, folder, release, download, repo
    ref: str = ""
    path: str = ""

    def api(self, more: str) -> str:
        """Return an address of the project in the interface."""
        return f"{self.server}/api/v4/projects/{quote(self.project, safe='')}/{more}"

    def raw(self, path: str) -> str:
        """Return the address of a file's bytes."""
        return f"{self.server}/{quote(self.project)}/-/raw/{quote(self.ref)}/{quote(path)}"


class GitLab:
    """Lists folders and releases through the interface, and reads files by ranges."""

    name = "gitlab"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of a GitLab."""
        return locate(url).host == "gitlab"

    def resolve(self, url: str, network: Network) -> Listing:
        """List a folder with all that is below it, a release, or one file. Another whole repository is not walked."""
        place = gitlab_place(url)
        if place is None or place.kind == "repo":
            what = f"{place.project} is a repository, and is not walked" if place else "a page of GitLab, not a file"
            return skipped(url, self.name, f"{what}: clone it or look by hand")
        if place.kind in ("file", "download"):
            return self._one(url, place, network)
        walk = Walk()
        with network.tally() as cost:
            try:
                self._walk(place, network, walk)
            except NetworkError as error:
                walk.troubles.append(error)
        return walk.listing(url, self.name, place.kind, cost)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file; behind a Git LFS pointer, to the file that it means. Raises `NetworkError`."""
        place = gitlab_place(file.url)
        address = file.key or (place.raw(place.path) if place is not None and place.kind == "file" else file.url)
        return self._kept.take(network, address) or self._opened(address, file.name, network)[0]

    def _one(self, url: str, place: GitLabPlace, network: Network) -> Listing:
        address = place.raw(place.path) if place.kind == "file" else url
        with network.tally() as cost:
            try:
                blob, answer = self._opened(address, plain_name(place.path) or "unnamed", network)
            except NetworkError as error:
                return failed(url, self.name, error, cost)
        self._kept.keep(network, address, blob)
        marks = marks_of(answer)
        file = RemoteFile(blob.name, url, address, blob.size, marks.sha256, marks.md5, marks.revision)
        found = f"{blob.name}, {blob.size} bytes"
        return Listing(url, self.name, Status.OK, "one file", (file,), "", found, cost.requests, cost.bytes_read, State.OK)

    def _opened(self, address: str, name: str, network: Network) -> tuple[RemoteBlob, RangeAnswer]:
        answer = first_range(network, address, name)
        blob = network.blob(address, name=name, first=answer, classify=not_the_bytes)
        place = gitlab_place(address)
        if blob.size >= 1024 or place is None or place.kind != "file" or not blob.read(0, 64).startswith(LFS_POINTER):
            return blob, answer
        blob.close()
        meant = place.api(f"repository/files/{quote(place.path, safe='')}/raw?ref={quote(place.ref, safe='')}&lfs=true")
        answer = first_range(network, meant, name)
        return network.blob(meant, name=name, first=answer, classify=not_the_bytes), answer

    def _walk(self, place: GitLabPlace, network: Network, walk: Walk) -> None:
        api = Api("GitLab", frozenset({urlsplit(place.server).hostname or ""}))
        if place.kind == "release":
            self._release(place, network, walk, api)
            return
        splits = list(_splits(place))
        for place in splits:
            try:
                self._tree(place, network, walk, api)
            except NetworkError as error:
                if error.status != "missing" or place == splits[-1]:
                    raise
            else:
                return

    def _tree(self, place: GitLabPlace, network: Network, walk: Walk, api: Api) -> None:
        path, ref = quote(place.path, safe=""), quote(place.ref, safe="")
        following = place.api(f"repository/tree?path={path}&ref={ref}&recursive=true&per_page=100&pagination=keyset")
        asked: set[str] = set()
        while following:
            if following in asked or len(asked) >= MAX_PAGES:
                why = f"more than {MAX_PAGES} pages" if following not in asked else "from page to page"
                raise NetworkError("GitLab has more than is listed", why, status="partial", state=State.TOO_MANY)
            asked.add(following)
            record, answer = _answer(following, network, api)
            walk.saw(answer.sha256)
            if not isinstance(record, list):
                raise NetworkError("GitLab's answer is not a listing", str(record)[:200], "try again later", state=State.SERVER_ERROR)
            for entry in record:
                self._take(mapping(entry), place, walk)
            following = _next_page(answer, following)

    def _take(self, entry: dict[str, Any], place: GitLabPlace, walk: Walk) -> None:
        """Add one entry of a tree; folders come again as the files in them, other repositories (submodules) are named."""
        kind, path = entry.get("type"), text(entry.get("path"), 4096)
        folder = f"{place.path}/" if place.path else ""
        if kind == "tree":
            return
        if kind == "commit":
            walk.notes.append(f"not entered: the submodule {plain_name(path)}")
        elif kind != "blob" or not path.startswith(folder) or any(part in ("", ".", "..") for part in path.split("/")):
            walk.add(None)
        else:
            address = place.raw(path)
            page = address.replace("/-/raw/", "/-/blob/", 1)
            walk.add(RemoteFile(path.removeprefix(folder), page, address, revision=text(entry.get("id"), 64)))

    def _release(self, place: GitLabPlace, network: Network, walk: Walk, api: Api) -> None:
        record, answer = _answer(place.api(f"releases/{quote(place.ref, safe='')}"), network, api)
        walk.saw(answer.sha256)
        for entry in rows(mapping(mapping(record).get("assets")).get("links")):
            link = mapping(entry)
            address = text(link.get("direct_asset_url"), 4096) or text(link.get("url"), 4096)
            name = text(link.get("name")) or plain_name(urlsplit(address).path)
            walk.add(RemoteFile(name, address, address) if address.startswith("https://") else None)


def gitlab_place(url: str) -> GitLabPlace | None:
    """Return what an address of a GitLab names, None for its other pages."""
    try:
        parts = urlsplit(url.strip())
        server = f"https://{parts.hostname}" + (f":{parts.port}" if parts.port not in (None, 80, 443) else "")
        query = parse_qs(parts.query)
    except ValueError:
        return None
    path = unquote(parts.path)
    found = _PLACE.fullmatch(path)
    if found is None:
        segments = [part for part in path.split("/") if part]
        return GitLabPlace(server, "/".join(segments), "repo") if len(segments) == 2 else None
    project, kind, rest = found["project"].strip("/"), found["kind"], found["rest"]
    if kind in ("raw", "blob", "tree"):
        ref, _, inner = rest.partition("/")
        ref = query["ref"][0] if kind == "tree" and "ref" in query else ref
        is_file = kind != "tree"
        if is_file and not inner:
            return None
        return GitLabPlace(server, project, "file" if is_file else "folder", ref, inner.strip("/"))
    if kind == "releases" and "/downloads/" not in rest:
        return GitLabPlace(server, project, "release", rest.strip("/"))
    return GitLabPlace(server, project, "download", path=rest)


def not_the_bytes(answer: RangeAnswer) -> NetworkError | None:
    """Return what GitLab says instead of sending bytes, or None where it sends them."""
    if answer.status == 416 and answer.total == 0:
        return None
    if answer.status not in (200, 206):
        return Api("GitLab", frozenset()).error(answer)
    if answer.offset == 0 and is_page(answer.headers.get("content-type", ""), answer.body):
        error = page_error(answer)
        if error.state == State.SIGN_IN:
            error.what = "the project is private or not there: GitLab asks strangers to sign in either way"
        return error
    return None


def _splits(place: GitLabPlace) -> Iterator[GitLabPlace]:
    """Yield the ways to part an address into branch and folder: names of branches may have slashes."""
    parts = place.path.split("/") if place.path else []
    for count in range(min(len(parts), 3) + 1):
        yield replace(place, ref="/".join([place.ref, *parts[:count]]), path="/".join(parts[count:]))


def _answer(url: str, network: Network, api: Api) -> tuple[Any, Fetched]:
    """Return a record of the interface. Raises `NetworkError`: denied where nobody can tell whether a project exists."""
    try:
        return api.answer(network, url)
    except NetworkError as error:
        if error.http_status == 404 and not _NO_SUCH_PATH.search(error.why):
            what = "the project is private or not there: GitLab tells strangers the same for both"
            raise NetworkError(what, error.why, "ask the authors to make it public", status="denied", state=State.NOT_SHARED) from error
        raise


def _next_page(answer: Fetched, url: str) -> str:
    """Return the address of the next page, an empty one at the end. `Api.check_place` refuses one on another server."""
    for part in answer.headers.get("link", "").split(","):
        target, _, relation = part.partition(";")
        if re.search(r"\brel\s*=\s*\"?next\b", relation):
            return target.strip().strip("<>")
    number = answer.headers.get("x-next-page", "").strip()
    if not number.isascii() or not number.isdigit():
        return ""
    return re.sub(r"&page=\d+$", "", url) + f"&page={number[:9]}"
