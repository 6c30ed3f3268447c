"""Dataverse (Harvard's and others): data sets and their files, by the native interface of the software.

https://guides.dataverse.org/en/latest/api/native-api.html: `/api/datasets/:persistentId/?persistentId=doi:...` gives `data.latestVersion`,
`/api/datasets/:persistentId/versions/V/?...` one version, with `files`: `label`, `directoryLabel`, `restricted` and `dataFile` (`id`,
`filename`, `filesize`, `md5`, `checksum`). Bytes: https://guides.dataverse.org/en/latest/api/dataaccess.html, `/api/access/datafile/ID`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State
from auditor.hosts.answers import KeptBlobs, file_name, skipped, version_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.hosts.json_api import Api, Refusal, digest_of, mapping, said, text, whole_number
from auditor.hosts.walk import Walk
from auditor.net import Network, RangeAnswer, RemoteBlob, first_range

HARVARD = "dataverse.harvard.edu"  # whose DOIs begin with 10.7910/DVN
REFUSALS = {
    400: Refusal(
        "asks for terms to be accepted first", State.GATED, "accept them on the data set's page, then give the file with --artifact"
    ),
    401: Refusal("does not show this to everybody", State.NOT_SHARED, "ask the authors to publish it or for access"),
    403: Refusal("restricts this", State.NOT_SHARED, "ask the authors for access on the data set's page"),
    404: Refusal("knows no such published data set, version or file", State.NOT_FOUND, "check the address in a browser"),
    410: Refusal("has withdrawn this", State.DELETED, "ask the authors where it is now"),
}


GUESTBOOK = Refusal("asks for its guestbook first", State.GATED, "sign it on the data set's page, then give the file with --artifact")


@dataclass(frozen=True, slots=True)
class DataversePlace:
    """What an address of a Dataverse names."""

    site: str  # name of the server
    persistent: str = ""  # "doi:10.7910/DVN/ABCDEF" of a data set
    version: str = ""  # "1.0"
    file: str = ""  # number of one file, or its persistent id

    def dataset_url(self) -> str:
        """Return the address of the data set in the interface."""
        version = f"versions/{self.version}/" if self.version else ""
        return f"https://{self.site}/api/datasets/:persistentId/{version}?persistentId={quote(self.persistent, safe=':/')}"

    def file_url(self, number: str) -> str:
        """Return the address of a file's bytes."""
        if number.isdigit():
            return f"https://{self.site}/api/access/datafile/{number}"
        return f"https://{self.site}/api/access/datafile/:persistentId/?persistentId={quote(number, safe=':/')}"

    def api(self) -> Api:
        """Return the interface of this server."""
        return Api("Dataverse", frozenset({self.site}), REFUSALS)

    def refusal(self, answer: RangeAnswer) -> NetworkError | None:
        """Return what the server says instead of sending a file, or None; 400 is its word for terms and guestbooks."""
        if answer.status != 400:
            return self.api().not_the_bytes(answer)
        words = said(answer.body) or f"HTTP 400 for {answer.final_url}"
        return NetworkError(f"Dataverse {GUESTBOOK.what}", words, GUESTBOOK.help, status="denied", state=GUESTBOOK.state, http_status=400)


class Dataverse:
    """Lists data sets with folders, sizes and MD5 or SHA-256, and reads files by ranges."""

    name = "dataverse"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of a known Dataverse, or a DOI of Harvard's."""
        return locate(url).host == "dataverse"

    def resolve(self, url: str, network: Network) -> Listing:
        """List a data set at the linked version, or one file."""
        place = dataverse_place(url)
        if place is None:
            return skipped(url, self.name, "a page of a Dataverse, not a data set: open it in a browser")
        walk, what = Walk(), "what could be seen"
        with network.tally() as cost:
            try:
                what = self._file(place, walk, network) if place.file else _dataset(place, walk, network)
            except NetworkError as error:
                walk.troubles.append(error)
        return walk.listing(url, self.name, what, cost)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. Raises `NetworkError`."""
        address = file.key or file.url
        kept = self._kept.take(network, address)
        site = urlsplit(address).hostname or ""
        refuse = DataversePlace(site).refusal
        return kept or network.blob(address, name=file.name, size=file.size, classify=refuse, revision=version_of(file))

    def _file(self, place: DataversePlace, walk: Walk, network: Network) -> str:
        address = place.file_url(place.file)
        answer = first_range(network, address, "")
        if (error := place.refusal(answer)) is not None:
            raise error
        blob = network.blob(address, name=file_name(answer.headers, address), first=answer, classify=place.refusal)
        self._kept.keep(network, address, blob)
        walk.add(RemoteFile(blob.name, address, address, blob.size, revision=place.file))
        return f"file {place.file}"


def dataverse_place(url: str) -> DataversePlace | None:
    """Return what an address of a Dataverse names, or None for its pages."""
    try:
        parts = urlsplit(url.strip())
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    except ValueError:
        return None
    site, path = (parts.hostname or "").lower(), unquote(parts.path)
    doi = re.match(r"/(10\.7910/dvn/[a-z0-9]{4,12})(/[a-z0-9]{4,12})?", path, re.IGNORECASE)
    if site.endswith("doi.org") and doi:
        return DataversePlace(HARVARD, f"doi:{doi[1].upper()}", file=f"doi:{(doi[1] + doi[2]).upper()}" if doi[2] else "")
    persistent = query.get("persistentId", "")
    persistent = persistent if re.fullmatch(r"(?:doi|hdl):[\w./-]{4,200}", persistent) else ""
    number = re.search(r"/access/datafile/(\d{1,15})(?:/|$)", path)
    if number or query.get("fileId", "").isdigit():
        return DataversePlace(site, file=number[1] if number else query["fileId"][:15])
    if not persistent:
        return None
    if re.search(r"/file\.xhtml|/access/datafile/", path):
        return DataversePlace(site, file=persistent)
    version = query.get("version", "")
    inner = re.search(r"/versions/(\d{1,4}(?:\.\d{1,4})?)", path)
    version = inner[1] if inner else version if re.fullmatch(r"\d{1,4}(?:\.\d{1,4})?", version) else ""
    return DataversePlace(site, persistent, version)


def _dataset(place: DataversePlace, walk: Walk, network: Network) -> str:
    record, digest = place.api().json(network, place.dataset_url())
    walk.saw(digest)
    data = mapping(mapping(record).get("data"))
    version = data if place.version else mapping(data.get("latestVersion"))
    if not isinstance(version.get("files"), list):
        raise NetworkError("Dataverse's answer names no files", str(record)[:200], "try again later", state=State.SERVER_ERROR)
    for entry in version["files"]:
        walk.add(_remote_file(entry, place))
    closed = sum(1 for file in walk.files if file.detail)
    if closed:
        walk.notes.append(f"{closed} of them restricted: ask the authors for access on the data set's page")
    number = whole_number(version.get("versionNumber"))
    named = f"version {number}.{whole_number(version.get('versionMinorNumber')) or 0} of " if number else ""
    return f"{named}{place.persistent}"


def _remote_file(entry: Any, place: DataversePlace) -> RemoteFile | None:
    record = mapping(entry)
    data = mapping(record.get("dataFile"))
    name, number = text(record.get("label")) or text(data.get("filename")), whole_number(data.get("id"))
    if not name or number is None:
        return None
    folder = text(record.get("directoryLabel"))
    checksum = mapping(data.get("checksum"))
    kind, value = text(checksum.get("type"), 20).upper().replace("-", ""), checksum.get("value")
    return RemoteFile(
        f"{folder}/{name}" if folder else name,
        f"https://{place.site}/file.xhtml?fileId={number}",
        place.file_url(str(number)),
        whole_number(data.get("filesize")),
        digest_of(value, 64) if kind == "SHA256" else None,
        digest_of(data.get("md5"), 32) or (digest_of(value, 32) if kind == "MD5" else None),
        str(number),
        "restricted" if record.get("restricted") is True else "",
    )
