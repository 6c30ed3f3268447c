"""Zenodo: records and their files, by its records interface.

https://developers.zenodo.org/#records: `/api/records/ID` gives `files` with `key`, `size`, `checksum` ("md5:..."), which are empty
where `metadata.access_right` is restricted or embargoed; `metadata.relations.version[].is_last` tells whether there is a newer version.
Ids that stand for all versions redirect to the latest. InvenioRDM below it: https://inveniordm.docs.cern.ch/reference/rest_api_drafts_records/
(`/files` with `entries`, 403 for restricted records, 410 with a `tombstone` for deleted ones). Files of a published version never change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urljoin, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, plain_name, quoted_names, skipped, version_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.hosts.json_api import Api, Refusal, digest_of, mapping, rows, text, whole_number
from auditor.hosts.walk import Walk
from auditor.net import Network, RemoteBlob

ZENODO = "https://zenodo.org"
FILES_OF_A_RECORD = 100  # as many as Zenodo takes without asking; the record's own list may end there
DRAFT = "only its owner sees a record that is not published: ask the authors to publish it"
API = Api(
    "Zenodo",
    frozenset({"zenodo.org", "www.zenodo.org"}),
    {
        401: Refusal(
            "shows this record only to people with an account", State.NOT_SHARED, "ask the authors for access on the record's page"
        ),
        403: Refusal("does not show this record to everybody", State.NOT_SHARED, "ask the authors for access on the record's page"),
        404: Refusal("knows no such record", State.NOT_FOUND, "check the record's number in a browser"),
        410: Refusal("has deleted this record", State.DELETED, "ask the authors where it is now"),
    },
)


@dataclass(frozen=True, slots=True)
class ZenodoPlace:
    """What an address of Zenodo names."""

    kind: str  # record, file, bucket, badge, draft, sandbox, page
    record: str = ""  # number of a version, or of all versions
    name: str = ""  # of one file
    token: str = ""  # of a link that shares a restricted record
    latest: bool = False  # the address asks for the latest version

    def record_url(self, more: str = "") -> str:
        """Return the address of the record in the interface."""
        end = "/versions/latest" if self.latest and not more else more
        return f"{ZENODO}/api/records/{self.record}{end}{self._query()}"

    def _query(self) -> str:
        return f"?token={quote(self.token, safe='')}" if self.token else ""


class Zenodo:
    """Lists records with sizes and MD5, and reads their files by ranges."""

    name = "zenodo"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of Zenodo, or one of its DOIs."""
        return locate(url).host == "zenodo"

    def resolve(self, url: str, network: Network) -> Listing:
        """List the record at the linked version, or the one file."""
        place = zenodo_place(url)
        if place.kind == "draft":
            return Listing(url, self.name, Status.DENIED, f"Zenodo: {DRAFT}", state=State.NOT_SHARED)
        if place.kind in ("page", "sandbox"):
            what = "a page of Zenodo, not a record" if place.kind == "page" else "Zenodo's sandbox, a place for tests that is emptied"
            return skipped(url, self.name, f"{what}: open it in a browser")
        walk, what = Walk(), "what could be seen"
        with network.tally() as cost:
            try:
                place = _behind_badge(url, network) if place.kind == "badge" else place
                what = self._bucket(url, place, walk, network) if place.kind == "bucket" else _record(place, walk, network)
            except NetworkError as error:
                walk.troubles.append(error)
        return walk.listing(url, self.name, what, cost)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. Raises `NetworkError`."""
        address = file.key or file.url
        kept = self._kept.take(network, address)
        return kept or network.blob(address, name=file.name, size=file.size, classify=API.not_the_bytes, revision=version_of(file))

    def _bucket(self, url: str, place: ZenodoPlace, walk: Walk, network: Network) -> str:
        """Read a file at the addresses that Zenodo had before 2023, which name a bucket and no record."""
        blob = network.blob(url, name=plain_name(place.name), classify=API.not_the_bytes)
        self._kept.keep(network, url, blob)
        walk.add(RemoteFile(blob.name, url, url, blob.size))
        return "a bucket's address"


def zenodo_place(url: str) -> ZenodoPlace:
    """Return what an address of Zenodo names; a page where it names nothing that can be read."""
    try:
        parts = urlsplit(url.strip())
        segments = [unquote(part) for part in parts.path.split("/") if part]
        token = parse_qs(parts.query).get("token", [""])[0][:2000]
    except ValueError:
        return ZenodoPlace("page")
    if (parts.hostname or "").lower().startswith("sandbox."):
        return ZenodoPlace("sandbox")
    doi = re.search(r"10\.5281/zenodo\.(\d{1,12})", unquote(parts.path), re.IGNORECASE)
    if doi:
        return ZenodoPlace("record", doi[1], token=token)
    match segments[1:] if segments[:1] == ["api"] else segments:
        case ["badge" | "latestdoi", *_]:
            return ZenodoPlace("badge")
        case ["deposit" | "uploads" | "me", *_]:
            return ZenodoPlace("draft")
        case ["files", _, *path] if path and segments[0] == "api":
            return ZenodoPlace("bucket", name="/".join(path))
        case ["record" | "records", number, *rest] if re.fullmatch(r"\d{1,12}", number):
            return _record_place(number, rest, token)
        case _:
            return ZenodoPlace("page")


def _record_place(number: str, rest: list[str], token: str) -> ZenodoPlace:
    match rest:
        case ["files" | "preview", *path] if path and path != ["archive"]:
            name = "/".join(path[:-1] if len(path) > 1 and path[-1] == "content" else path)
            return ZenodoPlace("file", number, name, token)
        case ["latest"] | ["versions", "latest"]:
            return ZenodoPlace("record", number, token=token, latest=True)
        case ["draft", *_]:
            return ZenodoPlace("draft", number)
        case _:
            return ZenodoPlace("record", number, token=token)


def _record(place: ZenodoPlace, walk: Walk, network: Network) -> str:
    """Add the files of a record, or the one that is named. Raises `NetworkError`, also where they are not public."""
    found, digest = API.json(network, place.record_url())
    walk.saw(digest)
    record = mapping(found)
    number = str(whole_number(record.get("id")) or place.record)
    entries = rows(record.get("files"))
    if not _is_closed(record) and (not entries or len(entries) >= FILES_OF_A_RECORD):
        listed, digest = API.json(network, ZenodoPlace("record", number, token=place.token).record_url("/files"))
        walk.saw(digest)
        entries = rows(mapping(listed).get("entries")) or entries
    if not entries and _is_closed(record):
        raise _closed(record)
    files = [_file(entry, number, place.token) for entry in entries]
    for file in [_the_one(files, place.name)] if place.kind == "file" else files:
        walk.add(file)
    walk.notes += _versions(record, place, number)
    return f"record {number}" if place.kind == "record" else f"one file of record {number}"


def _behind_badge(url: str, network: Network) -> ZenodoPlace:
    """Follow the badge of a GitHub repository to the record of its latest release. Raises `NetworkError`."""
    here = url
    for _ in range(4):
        answer = network.get(here, follow=False)
        location = answer.headers.get("location", "")
        if not location or answer.status not in (301, 302, 303, 307, 308):
            raise (
                API.error(answer) if answer.status != 200 else NetworkError("a badge of Zenodo, which leads to no record", status="skipped")
            )
        here = urljoin(here, location)
        place = zenodo_place(here)
        if locate(here).host == "zenodo" and place.kind == "record":
            return place
        if not re.match(r"https://(zenodo\.org|(dx\.)?doi\.org)/", here):
            break
    raise NetworkError("a badge of Zenodo leads elsewhere", here[:200], "open it in a browser", status="skipped", state=State.MOVED)


def _file(entry: Any, number: str, token: str) -> RemoteFile | None:
    key = text(mapping(entry).get("key"))
    if not key:
        return None
    checksum = text(entry.get("checksum"))
    query = f"?token={quote(token, safe='')}" if token else ""
    return RemoteFile(
        key,
        f"{ZENODO}/records/{number}/files/{quote(key)}{query}",
        f"{ZENODO}/api/records/{number}/files/{quote(key)}/content{query}",
        whole_number(entry.get("size")),
        md5=digest_of(checksum.removeprefix("md5:"), 32) if checksum.startswith("md5:") else None,
        revision=number,
    )


def _the_one(files: list[RemoteFile | None], name: str) -> RemoteFile | None:
    """Return the file of a name, None where it may be an entry that could not be read. Raises `NetworkError` where it is not there."""
    found = next((file for file in files if file is not None and file.name == name), None)
    if found is None and None not in files:
        what = f"the record on Zenodo has no file {name[:200]!r}"
        why = f"it has {quoted_names([file.name for file in files if file is not None])}"
        raise NetworkError(what, why, "check the file's name on the record's page", status="missing", state=State.NOT_FOUND)
    return found


def _is_closed(record: dict[str, Any]) -> bool:
    return mapping(record.get("metadata")).get("access_right") in ("restricted", "embargoed", "closed")


def _closed(record: dict[str, Any]) -> NetworkError:
    """Return what a record means whose files are not shown."""
    right = mapping(record.get("metadata")).get("access_right")
    until = text(mapping(record.get("metadata")).get("embargo_date"), 40)
    why = f"they are {right}" + (f" until {until}" if until and right == "embargoed" else "")
    way = f"wait until {until}, or ask the authors" if until and right == "embargoed" else "ask the authors for access on the record's page"
    return NetworkError("the files of this record on Zenodo are not public", why, way, status="denied", state=State.NOT_SHARED)


def _versions(record: dict[str, Any], place: ZenodoPlace, number: str) -> list[str]:
    """Return what is to say about other versions: the one at the link is the one that counts."""
    if number != place.record and place.latest:
        return [f"{number} is the latest version"]
    if number != place.record:
        if str(record.get("conceptrecid")) != place.record:
            return [f"{place.record} has moved to {number}"]
        return [f"{place.record} stands for all versions, and {number} is the latest"]
    relations = mapping(mapping(record.get("metadata")).get("relations"))
    if any(mapping(version).get("is_last") is False for version in rows(relations.get("version"))):
        return ["a newer version of the record exists, and was not looked at"]
    return []
