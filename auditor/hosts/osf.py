"""OSF: projects, components, registrations and their files, of every storage provider, by its JSON:API.

https://developer.osf.io: `/v2/guids/ID/` redirects to what an identifier means (`/v2/nodes/`, `/v2/registrations/`, `/v2/files/`);
`/v2/nodes/ID/files/` names the storage providers, `/v2/nodes/ID/files/PROVIDER/` their entries, page by page (`links.next`), folders with
`relationships.files.links.related.href`; files have `attributes` with `name`, `kind`, `size`, `materialized_path`, `current_version`,
`extra.hashes.md5` and `.sha256`. `/v2/nodes/ID/children/` names the components, which have files of their own. Strangers get 401 for
what is private, 410 for what was deleted; `view_only` is the key of a link that shares a private project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State
from auditor.hosts.answers import KeptBlobs, file_name, skipped, version_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.hosts.json_api import Api, Refusal, digest_of, mapping, text, whole_number
from auditor.hosts.walk import Walk
from auditor.net import Network, RemoteBlob, first_range

OSF = "https://api.osf.io/v2"
PAGE_SIZE = 100  # the most that the interface gives
MAX_DEPTH = 20  # folders within folders, components within components
MAX_REQUESTS = 300  # of one listing; strangers have few an hour
PRIVATE = "ask the authors to make the project public, or for a view-only link"
API = Api(
    "OSF",
    frozenset({"api.osf.io"}),
    {
        401: Refusal("keeps this private", State.NOT_SHARED, PRIVATE),
        403: Refusal("does not show this to everybody", State.NOT_SHARED, PRIVATE),
        404: Refusal("knows nothing of this", State.NOT_FOUND, "check the address in a browser"),
        410: Refusal("says that this was deleted", State.DELETED, "ask the authors where it is now"),
    },
)
_PAGES = frozenset("login about goals terms".split())  # of five letters, as identifiers are
_ID = re.compile(r"[a-z0-9]{5,24}(?:_v\d+)?")


@dataclass(frozen=True, slots=True)
class OsfPlace:
    """What an address of OSF names."""

    kind: str  # guid, file, folder, bytes, page
    id: str = ""  # identifier of five characters, or the 24 of a file
    node: str = ""
    path: str = ""  # "provider/" or "provider/folder/", in a folder's address
    version: str = ""  # of one file
    key: str = ""  # view_only

    def api_url(self, path: str) -> str:
        """Return an address of the interface, with the key of the link."""
        return self.keyed(f"{OSF}/{path}")

    def keyed(self, url: str) -> str:
        """Return an address with the key of the link, where it lacks it."""
        if not self.key or "view_only=" in url:
            return url
        return f"{url}{'&' if '?' in url else '?'}{urlencode({'view_only': self.key})}"


class Osf:
    """Lists projects with their components, folders and storage providers, and reads files by ranges."""

    name = "osf"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of OSF, or one of its DOIs."""
        return locate(url).host == "osf"

    def resolve(self, url: str, network: Network) -> Listing:
        """List a project, a folder of one, or one file."""
        place = osf_place(url)
        if place.kind == "page":
            return skipped(url, self.name, "a page of OSF, not a project or file: open it in a browser")
        walk, what = Walk(), "what could be seen"
        with network.tally() as cost:
            try:
                what = self._bytes(url, walk, network) if place.kind == "bytes" else _Visit(place, walk, network).begin()
            except NetworkError as error:
                walk.troubles.append(error)
        return walk.listing(url, self.name, what, cost)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. Raises `NetworkError`."""
        address = file.key or file.url
        kept = self._kept.take(network, address)
        return kept or network.blob(address, name=file.name, size=file.size, classify=API.not_the_bytes, revision=version_of(file))

    def _bytes(self, url: str, walk: Walk, network: Network) -> str:
        """Read a file at an address that the interface does not know: by its path at a storage provider of others."""
        answer = first_range(network, url, urlsplit(url).path.rsplit("/", 1)[-1])
        if (error := API.not_the_bytes(answer)) is not None:
            raise error
        blob = network.blob(url, name=file_name(answer.headers, url), first=answer, classify=API.not_the_bytes)
        self._kept.keep(network, url, blob)
        walk.add(RemoteFile(blob.name, url, url, blob.size))
        return "an address"


class _Visit:
    """One walk through what an address names: every page, folder, provider and component once, within limits."""

    def __init__(self, place: OsfPlace, walk: Walk, network: Network) -> None:
        self._place = place
        self._walk = walk
        self._network = network
        self._seen: set[str] = set()  # addresses of lists, so that nothing is walked in circles
        self._asked = 0

    def begin(self) -> str:
        """List all and return what it is. Raises `NetworkError` where nothing can be said."""
        place = self._place
        if place.kind == "folder":
            self._folder(place.api_url(f"nodes/{place.node}/files/{place.path}"), "", 0)
            return f"folder {place.path.rstrip('/')} of {place.node}"
        record, digest = API.json(self._network, place.api_url(f"{'files' if place.kind == 'file' else 'guids'}/{place.id}/"))
        self._walk.saw(digest)
        data = mapping(mapping(record).get("data"))
        kind, number = text(data.get("type")), text(data.get("id"), 64)
        if kind == "files" and mapping(data.get("attributes")).get("kind") == "file":
            self._walk.add(self._file(data, ""))
            return "a file"
        if kind == "files":
            href = _related(data, "files")
            self._folder(place.keyed(href), "", 0)
            return "a folder"
        if kind not in ("nodes", "registrations") or not _ID.fullmatch(number):
            what = f"OSF has {kind[:40] or 'something unknown'} there, no project or file"
            raise NetworkError(what, "", "open it in a browser", status="skipped", state=State.SKIPPED)
        self._node(kind, number, "", 0)
        return f"{kind.removesuffix('s')} {number}"

    def _node(self, kind: str, number: str, prefix: str, depth: int) -> None:
        """Add the files of a project, of its storage providers first, then of its components."""
        for provider in self._entries(self._place.api_url(f"{kind}/{number}/files/")):
            name = text(mapping(provider.get("attributes")).get("provider"), 100)
            if not name:
                self._walk.add(None)
                continue
            inside = prefix if name == "osfstorage" else f"{prefix}{name}/"
            self._tried(_related(provider, "files") or f"{OSF}/{kind}/{number}/files/{quote(name, safe='')}/", inside, 0)
        try:
            for child in self._entries(self._place.api_url(f"{kind}/{number}/children/")):
                found = text(child.get("id"), 64)
                title = text(mapping(child.get("attributes")).get("title"), 200) or found
                if _ID.fullmatch(found) and depth < MAX_DEPTH:
                    self._node(kind, found, f"{prefix}{title.replace('/', '_')}/", depth + 1)
                else:
                    self._walk.add(None)
        except NetworkError as error:
            self._walk.troubles.append(error)

    def _tried(self, href: str, prefix: str, depth: int) -> None:
        """List a folder; where it cannot be, the others stay."""
        try:
            self._folder(self._place.keyed(href), prefix, depth)
        except NetworkError as error:
            self._walk.troubles.append(error)

    def _folder(self, url: str, prefix: str, depth: int) -> None:
        for entry in self._entries(url):
            kind = mapping(entry.get("attributes")).get("kind")
            if kind == "file":
                self._walk.add(self._file(entry, prefix))
            elif kind == "folder" and depth < MAX_DEPTH and _related(entry, "files"):
                self._tried(_related(entry, "files"), prefix, depth + 1)
            else:
                self._walk.add(None)

    def _entries(self, url: str) -> Iterator[dict[str, Any]]:
        """Yield the entries of a list, page by page. Raises `NetworkError`, for a list that was walked already too."""
        if url in self._seen:
            raise NetworkError("OSF leads in circles", url[:200], "open it in a browser", state=State.SERVER_ERROR)
        self._seen.add(url)
        if self._asked >= MAX_REQUESTS or self._walk.is_full:
            raise NetworkError("OSF has more than is listed", f"after {self._asked} pages", status="partial", state=State.TOO_MANY)
        for page, digest in API.linked_pages(self._network, f"{url}{'&' if '?' in url else '?'}page%5Bsize%5D={PAGE_SIZE}"):
            self._asked += 1
            self._walk.saw(digest)
            if not isinstance(page.get("data"), list):
                raise NetworkError("OSF's answer is no list", str(page)[:200], "try again later", state=State.SERVER_ERROR)
            yield from (mapping(entry) for entry in page["data"])

    def _file(self, entry: dict[str, Any], prefix: str) -> RemoteFile | None:
        said, number = mapping(entry.get("attributes")), text(entry.get("id"), 64)
        name = (text(said.get("materialized_path")) or text(said.get("name"))).lstrip("/")
        if not name or not _ID.fullmatch(number):
            return None
        current = whole_number(said.get("current_version"))
        older = self._place.version and self._place.version != str(current)
        address = f"https://osf.io/download/{number}/" + (f"?version={quote(self._place.version)}" if self._place.version else "")
        hashes = {} if older else mapping(mapping(said.get("extra")).get("hashes"))
        guid = text(said.get("guid"), 24)
        if older:
            self._walk.notes.append(f"version {self._place.version} of the file, of which {current} exist")
        return RemoteFile(
            prefix + name,
            self._place.keyed(f"https://osf.io/{guid}/" if _ID.fullmatch(guid) else address),
            self._place.keyed(address),
            None if older else whole_number(said.get("size")),
            digest_of(hashes.get("sha256"), 64),
            digest_of(hashes.get("md5"), 32),
            self._place.version or (str(current) if current else ""),
        )


def osf_place(url: str) -> OsfPlace:
    """Return what an address of OSF names; a page where it names nothing that can be read."""
    try:
        parts = urlsplit(url.strip())
        segments = [unquote(part) for part in parts.path.split("/") if part]
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    except ValueError:
        return OsfPlace("page")
    key = query.get("view_only", "")[:100]
    version = query.get("version", query.get("revision", ""))
    version = version if re.fullmatch(r"\d{1,6}", version) else ""
    host = (parts.hostname or "").lower()
    doi = re.search(r"10\.17605/osf\.io/([a-z0-9]{5})", unquote(parts.path), re.IGNORECASE)
    if doi:
        return OsfPlace("guid", doi[1].lower(), key=key)
    match segments:
        case ["v1", "resources", node, "providers", provider, *path] if host.startswith("files.") and _ID.fullmatch(node):
            return _provided(node, provider, path, parts.path.endswith("/") or "zip" in query, version, key)
        case ["v2", "nodes" | "registrations" | "guids", node, *_] if host == "api.osf.io" and _ID.fullmatch(node):
            return OsfPlace("guid", node, key=key)
        case ["v2", "files", number, *_] if host == "api.osf.io" and _ID.fullmatch(number):
            return OsfPlace("file", number, version=version, key=key)
        case ["download", number, *_] if _ID.fullmatch(number):
            return OsfPlace("file" if len(number) == 24 else "guid", number, version=version, key=key)
        case [node, "files", provider, *path] if host.removeprefix("www.") == "osf.io" and _ID.fullmatch(node):
            return _provided(node, provider, path, False, version, key)
        case [guid, *_] if (
            host.removeprefix("www.") == "osf.io" and guid not in _PAGES and re.fullmatch(r"[a-z0-9]{5}(?:_v\d+)?", guid.lower())
        ):
            return OsfPlace("guid", guid.lower(), version=version, key=key)
        case _:
            return OsfPlace("page")


def _provided(node: str, provider: str, path: list[str], is_folder: bool, version: str, key: str) -> OsfPlace:
    """Return the place of an address that names a storage provider: its root, a folder, or a file."""
    if not path:
        return OsfPlace("folder", node=node, path=f"{quote(provider, safe='')}/", key=key)
    if is_folder:
        inner = "/".join(quote(part, safe="") for part in path)
        return OsfPlace("folder", node=node, path=f"{quote(provider, safe='')}/{inner}/", key=key)
    if len(path) == 1 and _ID.fullmatch(path[0]):
        return OsfPlace("file" if len(path[0]) == 24 else "guid", path[0], version=version, key=key)
    return OsfPlace("bytes", node=node, key=key)


def _related(entry: dict[str, Any], name: str) -> str:
    """Return the address of something that belongs to an entry; the caller holds it against the host's own servers."""
    relation = mapping(mapping(entry.get("relationships")).get(name))
    return text(mapping(mapping(relation.get("links")).get("related")).get("href"), 2000)
