"""ModelScope: model and dataset repositories and their files, by its HTTP interface.

https://www.modelscope.cn/docs (the open client, modelscope/modelscope_hub on GitHub, names the addresses):
`/api/v1/models/OWNER/NAME/repo/files?Revision=&Recursive=True` gives `Data.Files` with `Path`, `Type` (blob or tree), `Size`, `Sha256`,
`Revision`; datasets have `/repo/tree` with `PageNumber` and `PageSize` instead. Bytes are at `/repo?Revision=&FilePath=` of both.
Errors are `{"Code": ..., "Success": false, "Message": ...}`, at times under HTTP 200.
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
from auditor.hosts.answers import short, skipped, version_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.hosts.json_api import MAX_PAGES, Api, Refusal, digest_of, mapping, text, whole_number
from auditor.hosts.walk import Walk
from auditor.net import Network, RemoteBlob

PLACES = {"modelscope.cn": "https://www.modelscope.cn", "modelscope.ai": "https://www.modelscope.ai"}
BRANCH = "master"  # where repositories begin
PAGE_SIZE = 200
CLOSED = "accept its terms or ask its owner on the model's page, then give the file with --artifact"
API = Api(
    "ModelScope",
    frozenset({"www.modelscope.cn", "modelscope.cn", "www.modelscope.ai", "modelscope.ai"}),
    {
        401: Refusal("shows this only to people with an account", State.SIGN_IN, CLOSED),
        403: Refusal("gives this only to people who were let in", State.GATED, CLOSED),
        404: Refusal("knows no such public repository, revision or file", State.NOT_FOUND, "check the address in a browser"),
        410: Refusal("has deleted this", State.DELETED, "ask the authors where it is now"),
    },
)


@dataclass(frozen=True, slots=True)
class ModelScopePlace:
    """What an address of ModelScope names."""

    site: str  # https://www.modelscope.cn or .ai
    kind: str  # models or datasets
    repo: str  # "owner/name"
    revision: str = BRANCH
    path: str = ""  # of a file or folder
    is_file: bool = False

    def files_url(self, page: int) -> str:
        """Return the address of a page of the list of files."""
        end = "files" if self.kind == "models" else "tree"
        query = {"Revision": self.revision, "Recursive": "True"}
        if self.kind == "datasets":
            query |= {"PageNumber": str(page), "PageSize": str(PAGE_SIZE)}
        return f"{self.site}/api/v1/{self.kind}/{self.repo}/repo/{end}?{urlencode(query, quote_via=quote)}"

    def file_url(self, path: str) -> str:
        """Return the address of a file's bytes."""
        query = urlencode({"Revision": self.revision, "FilePath": path}, quote_via=quote)
        return f"{self.site}/api/v1/{self.kind}/{self.repo}/repo?{query}"

    def page_url(self, path: str) -> str:
        """Return where a person sees a file."""
        return f"{self.site}/{self.kind}/{self.repo}/file/view/{quote(self.revision, safe='')}/{quote(path)}"


class ModelScope:
    """Lists a repository's files with sizes and SHA-256, and reads them by ranges."""

    name = "modelscope"

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of ModelScope."""
        return locate(url).host == "modelscope"

    def resolve(self, url: str, network: Network) -> Listing:
        """List a repository, a folder of one, or one file, at the linked revision."""
        place = modelscope_place(url)
        if place is None:
            return skipped(url, self.name, "a page of ModelScope, not a repository: open it in a browser")
        walk = Walk()
        with network.tally() as cost:
            try:
                for entry, digest in _entries(place, network):
                    if digest:
                        walk.saw(digest)
                    elif mapping(entry).get("Type") != "tree" and _is_inside(entry, place):
                        walk.add(_file(entry, place))
            except NetworkError as error:
                walk.troubles.append(error)
            if place.is_file and not (walk.files or walk.troubles or walk.unread):
                what, why = f"the repository on ModelScope has no file {place.path[:200]!r}", f"at {place.revision}"
                absent = NetworkError(what, why, "check the file's name on its page", status="missing", state=State.NOT_FOUND)
                walk.troubles.append(absent)
        what = f"a file of {place.repo}" if place.is_file else f"repository {place.repo} at {place.revision}"
        return walk.listing(url, self.name, what, cost)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. Raises `NetworkError`."""
        return network.blob(file.key or file.url, name=file.name, size=file.size, classify=API.not_the_bytes, revision=version_of(file))


def modelscope_place(url: str) -> ModelScopePlace | None:
    """Return what an address of ModelScope names, or None for its pages."""
    try:
        parts = urlsplit(url.strip())
        segments = [unquote(part) for part in parts.path.split("/") if part]
        query = {key.lower(): values[0] for key, values in parse_qs(parts.query).items()}
    except ValueError:
        return None
    site = next((site for end, site in PLACES.items() if f".{(parts.hostname or '').lower()}".endswith(f".{end}")), "")
    segments = segments[2:] if segments[:2] == ["api", "v1"] else segments
    if not site or len(segments) < 3 or segments[0] not in ("models", "datasets"):
        return None
    if not all(re.fullmatch(r"[\w.\-]{1,128}", part) and part.strip(".") for part in segments[1:3]):
        return None
    kind, repo = segments[0], "/".join(segments[1:3])
    revision = query.get("revision") or BRANCH
    match segments[3:]:
        case ["resolve", revision, *path] if path:
            return ModelScopePlace(site, kind, repo, revision, "/".join(path), True)
        case ["file", "view", revision, *path]:
            name = "/".join(path) or query.get("filename", "")
            return ModelScopePlace(site, kind, repo, revision, name, bool(name))
        case ["tree", revision, *path]:
            return ModelScopePlace(site, kind, repo, revision, "/".join(path))
        case ["repo"] if query.get("filepath"):
            return ModelScopePlace(site, kind, repo, revision, query["filepath"], True)
        case _:
            return ModelScopePlace(site, kind, repo, revision)


def _entries(place: ModelScopePlace, network: Network) -> Iterator[tuple[Any, str]]:
    """Yield the hash of each page, then its entries with no hash. Raises `NetworkError`."""
    before = ""
    for page in range(1, MAX_PAGES + 1):
        record, digest = API.json(network, place.files_url(page))
        record = mapping(record)
        data = record.get("Data")
        if record.get("Success") is False or not isinstance(data, dict | list):
            raise _failure(record)
        entries = data if isinstance(data, list) else data.get("Files")
        if entries is not None and not isinstance(entries, list):
            raise NetworkError("ModelScope's answer is no list", short(str(entries)), "try again later", state=State.SERVER_ERROR)
        if entries and digest == before:
            raise NetworkError("ModelScope gives the same page twice", f"page {page}", "try again later", state=State.SERVER_ERROR)
        yield None, digest
        yield from ((entry, "") for entry in entries or [])
        if place.kind == "models" or len(entries or []) < PAGE_SIZE:
            return
        before = digest
    raise NetworkError("ModelScope has more than is listed", f"{MAX_PAGES} pages", status="partial", state=State.TOO_MANY)


def _failure(record: dict[str, Any]) -> NetworkError:
    """Return what an answer without files says; its words are all that tells why."""
    words = short(text(record.get("Message"), 4000)) or "it names no files"
    if re.search(r"not (?:exist|found)|不存在|record not found", words, re.IGNORECASE):
        known = API.refusals[404]
        return NetworkError(f"ModelScope {known.what}", words, known.help, status="missing", state=known.state)
    return NetworkError("ModelScope does not list the repository", words, "open it in a browser", state=State.SERVER_ERROR)


def _is_inside(entry: Any, place: ModelScopePlace) -> bool:
    """Tell whether an entry is what the link means; one that cannot be read may be."""
    path = text(mapping(entry).get("Path"))
    if not path or not place.path:
        return True
    return path == place.path if place.is_file else path.startswith(place.path.rstrip("/") + "/")


def _file(entry: Any, place: ModelScopePlace) -> RemoteFile | None:
    path = text(mapping(entry).get("Path"))
    if not path:
        return None
    return RemoteFile(
        path,
        place.page_url(path),
        place.file_url(path),
        whole_number(entry.get("Size")),
        digest_of(entry.get("Sha256"), 64),
        revision=text(entry.get("Revision"), 64),
    )
