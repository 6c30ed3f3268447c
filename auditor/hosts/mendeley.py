"""Mendeley Data: data sets and their files, by its public interface.

https://data.mendeley.com/api-docs/ and the addresses that open clients use, below `/public-api/datasets/ID`: itself with the latest
`version` and its `files`, `/folders/V` (`id`, `name`, `parent_id`), `/files?folder_id=&version=V` for one folder (`root` for the
outermost). Files have `filename`, `size`, `folder_id` and `content_details` with `sha256_hash` and `download_url`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, file_name, skipped, version_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.hosts.json_api import Api, Refusal, digest_of, mapping, rows, text, whole_number
from auditor.hosts.walk import Walk
from auditor.net import Network, RemoteBlob, first_range

SITE = "https://data.mendeley.com"
MAX_FOLDERS = 200
MAX_DEPTH = 30
API = Api(
    "Mendeley Data",
    frozenset({"data.mendeley.com"}),
    {
        403: Refusal("does not show this data set to everybody", State.NOT_SHARED, "ask the authors to publish it"),
        404: Refusal("knows no such public data set or version", State.NOT_FOUND, "check the address in a browser; drafts are hidden too"),
        410: Refusal("has withdrawn this data set", State.DELETED, "ask the authors where it is now"),
    },
)


@dataclass(frozen=True, slots=True)
class MendeleyPlace:
    """What an address of Mendeley Data names."""

    kind: str  # dataset, file, draft, page
    id: str = ""
    version: str = ""

    def api_url(self, path: str = "") -> str:
        """Return an address of the interface."""
        return f"{SITE}/public-api/datasets/{self.id}{path}"


class Mendeley:
    """Lists data sets with all their folders, sizes and SHA-256, and reads files by ranges."""

    name = "mendeley"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of Mendeley Data, or one of its DOIs."""
        return locate(url).host == "mendeley"

    def resolve(self, url: str, network: Network) -> Listing:
        """List a data set at the linked version, or one file."""
        place = mendeley_place(url)
        if place.kind == "draft":
            words = "Mendeley Data: a draft, which only its owner sees; ask the authors to publish it"
            return Listing(url, self.name, Status.DENIED, words, state=State.NOT_SHARED)
        if place.kind == "page":
            return skipped(url, self.name, "a page of Mendeley Data, not a data set: open it in a browser")
        walk, what = Walk(), "what could be seen"
        with network.tally() as cost:
            try:
                what = self._file(url, walk, network) if place.kind == "file" else _dataset(place, walk, network)
            except NetworkError as error:
                walk.troubles.append(error)
        return walk.listing(url, self.name, what, cost)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. Raises `NetworkError`, also where its address is not the host's own."""
        address = file.key or file.url
        API.check_place(address)
        kept = self._kept.take(network, address)
        return kept or network.blob(address, name=file.name, size=file.size, classify=API.not_the_bytes, revision=version_of(file))

    def _file(self, url: str, walk: Walk, network: Network) -> str:
        answer = first_range(network, url, "")
        if (error := API.not_the_bytes(answer)) is not None:
            raise error
        blob = network.blob(url, name=file_name(answer.headers, answer.final_url), first=answer, classify=API.not_the_bytes)
        self._kept.keep(network, url, blob)
        walk.add(RemoteFile(blob.name, url, url, blob.size))
        return "an address"


def mendeley_place(url: str) -> MendeleyPlace:
    """Return what an address of Mendeley Data names; a page where it names nothing that can be read."""
    try:
        path = unquote(urlsplit(url.strip()).path)
    except ValueError:
        return MendeleyPlace("page")
    doi = re.search(r"10\.17632/([a-z0-9]{8,12})(?:\.(\d{1,4}))?", path, re.IGNORECASE)
    if doi:
        return MendeleyPlace("dataset", doi[1].lower(), doi[2] or "")
    if re.search(r"/datasets/[a-z0-9]{8,12}/draft", path):
        return MendeleyPlace("draft")
    if re.match(r"/public-files/datasets/[a-z0-9]+/files/", path):
        return MendeleyPlace("file")
    found = re.match(r"/(?:public-api/)?(?:datasets|zip)/([a-z0-9]{8,12})(?:/(?:download/|folders/)?(\d{1,4}))?(?:/|$)", path)
    return MendeleyPlace("dataset", found[1], found[2] or "") if found else MendeleyPlace("page")


def _dataset(place: MendeleyPlace, walk: Walk, network: Network) -> str:
    """Add all files of a data set. Raises `NetworkError`."""
    record, digest = API.json(network, place.api_url())
    walk.saw(digest)
    latest = whole_number(mapping(record).get("version"))
    version = place.version or (str(latest) if latest else "")
    if not version:
        raise NetworkError("Mendeley Data does not say which version it shows", "", "open it in a browser", state=State.SERVER_ERROR)
    folders = _folders(place.api_url(f"/folders/{version}"), walk, network)
    paths = {folder: _path(folder, folders) for folder in folders}
    if latest and version == str(latest) and rows(mapping(record).get("files")):
        for entry in mapping(record)["files"]:
            walk.add(_remote_file(entry, place, version, paths.get(text(mapping(entry).get("folder_id")), "")))
        return f"version {version} of {place.id}"
    for folder, path in [("root", ""), *paths.items()][: MAX_FOLDERS + 1]:
        listed, digest = API.json(network, place.api_url(f"/files?folder_id={folder}&version={version}"))
        walk.saw(digest)
        if not isinstance(listed, list):
            raise NetworkError("Mendeley Data's answer is no list", str(listed)[:200], "try again later", state=State.SERVER_ERROR)
        for entry in listed:
            walk.add(_remote_file(entry, place, version, path))
    if len(paths) > MAX_FOLDERS:
        walk.troubles.append(NetworkError(f"it has more than {MAX_FOLDERS} folders", status="partial", state=State.TOO_MANY))
    if latest and int(version) < latest:
        walk.notes.append(f"version {latest} exists, and was not looked at")
    return f"version {version} of {place.id}"


def _folders(url: str, walk: Walk, network: Network) -> dict[str, dict[str, Any]]:
    """Return the folders by their ids; one without a plain id cannot be entered, and counts as not understood."""
    listed, digest = API.json(network, url)
    walk.saw(digest)
    found = {}
    for entry in rows(listed):
        number = text(mapping(entry).get("id"), 64)
        if re.fullmatch(r"[\w-]+", number):
            found[number] = mapping(entry)
        else:
            walk.add(None)
    return found


def _path(folder: str, folders: dict[str, dict[str, Any]]) -> str:
    """Return the path of a folder with a slash at its end; circles of parents are cut."""
    parts: list[str] = []
    while folder in folders and len(parts) < MAX_DEPTH:
        parts.append(text(folders[folder].get("name"), 200).replace("/", "_") or folder)
        folder = text(folders[folder].get("parent_id"), 64)
    return "".join(f"{part}/" for part in reversed(parts))


def _remote_file(entry: Any, place: MendeleyPlace, version: str, path: str) -> RemoteFile | None:
    record = mapping(entry)
    details = mapping(record.get("content_details"))
    name, address = text(record.get("filename")), text(details.get("download_url"), 2000)
    if not name or not address:
        return None
    size = whole_number(record.get("size"))
    page = f"{SITE}/datasets/{place.id}/{version}"
    sha256 = digest_of(details.get("sha256_hash"), 64)
    return RemoteFile(path + name, f"{page}#{text(record.get('id'), 64)}", address, size, sha256, revision=text(record.get("id"), 64))
