"""Azure Blob Storage: containers that anybody may list, blobs that anybody may read, and what a SAS link lets one do.

Listing: https://learn.microsoft.com/rest/api/storageservices/list-blobs (5000 blobs a page, `NextMarker`). Anonymous access
(https://learn.microsoft.com/azure/storage/blobs/anonymous-read-access-overview) is to whole containers, to single blobs only, or
closed; a listing that is not allowed answers 404 ResourceNotFound, just as a container that does not exist, or 409
PublicAccessNotPermitted: neither is taken for missing. Only `BlobNotFound` and `ContainerNotFound` are.
https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes. Requests without a version are answered as in 2009,
without `Accept-Ranges`; ranges from the end are never known (https://learn.microsoft.com/rest/api/storageservices/
specifying-the-range-header-for-blob-service-operations). A SAS signature in a link is sent to its own account alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlencode, urlsplit

from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.buckets import BucketHost, BucketPlace, ListedPage, StoredObject, refused_as, split_key
from auditor.hosts.file_marks import hex_of
from auditor.hosts.json_api import whole_number
from auditor.hosts.xml_answers import Element, read_xml
from auditor.net import Fetched, Network, RangeAnswer, refusal

_HOST = re.compile(
    r"([a-z0-9]{3,24})(?:-secondary)?(?:\.z\d+)?\.(?:blob|dfs)\.(core\.windows\.net|core\.chinacloudapi\.cn|storage\.azure\.net)"
)
_CONTAINER = re.compile(r"\$root|\$web|[a-z0-9](?:-?[a-z0-9]){2,62}")
_LISTING = ("restype", "comp", "prefix", "marker", "delimiter", "maxresults", "include")


class AzureBlobs(BucketHost):
    """Lists containers of Azure with sizes, MD5 and ETags, and reads blobs by ranges."""

    name = "azure"
    title = "Azure Blob Storage"
    headers: ClassVar[Mapping[str, str]] = {"x-ms-version": "2021-08-06"}

    def place(self, url: str) -> BucketPlace | None:
        """Return the container and the blob's name of an address, None for one that is not of Azure's blobs."""
        host, path = split_key(url)
        found = _HOST.fullmatch(host)
        if found is None:
            return None
        container, _, key = path.partition("/")
        pairs = parse_qsl(urlsplit(url.strip()).query, keep_blank_values=True)
        prefix = parse_qs(urlsplit(url.strip()).query).get("prefix", [""])[0]
        signed = urlencode([pair for pair in pairs if pair[0] not in _LISTING])
        if not _CONTAINER.fullmatch(container):
            return None
        return BucketPlace(container, f"https://{found[1]}.blob.{found[2]}/{container}", key or prefix, signed)

    def page(self, place: BucketPlace, following: str, network: Network) -> ListedPage:
        """Return one page of blobs. Raises `NetworkError`."""
        query = {"restype": "container", "comp": "list", "prefix": place.key, "marker": following}
        end = urlencode({name: value for name, value in query.items() if value}, quote_via=quote)
        answer = self.listed(network, f"{place.base}?{end}" + (f"&{place.query}" if place.query else ""))
        if answer.status == 404 and _code(answer) not in ("ContainerNotFound",):
            why = f"{_code(answer) or 'HTTP 404'}; Azure says the same of containers that may not be listed and of those that do not exist"
            help = "ask the owner for links to the files themselves"
            raise refused_as(answer, f"{self.title} does not list it for strangers", why, Status.DENIED, State.NOT_SHARED, help)
        if answer.status != 200:
            raise self.refused(answer)
        root = read_xml(answer.body)
        if root.name != "EnumerationResults":
            what = f"{self.title} did not answer with a listing"
            raise NetworkError(what, f"<{root.name[:80]}>", "open it in a browser", state=State.NOT_A_FILE)
        entries = list(root.find("Blobs").all("Blob"))
        objects = tuple(found for entry in entries if (found := _object(entry)) is not None)
        folders = sum(1 for entry in entries if _is_folder(entry))
        return ListedPage(objects, root.said("NextMarker"), answer.sha256, len(entries) - len(objects) - folders)

    def first(self, address: str, name: str, network: Network) -> RangeAnswer:
        """Return the head of a blob: Azure takes a range from the end for none at all, and would send everything."""
        return super().first(address, "", network)

    def refused(self, answer: Fetched | RangeAnswer) -> NetworkError:
        """Return what a code of Azure means."""
        code = _code(answer)
        said = code or f"HTTP {answer.status}"
        if answer.status == 404 and code in ("BlobNotFound", "ContainerNotFound"):
            what = "blob" if code == "BlobNotFound" else "container"
            return refused_as(
                answer, f"{self.title} has no such {what}", said, Status.MISSING, State.NOT_FOUND, "check the address in a browser"
            )
        if code in ("ServerBusy", "OperationTimedOut"):
            return refused_as(answer, f"{self.title} is asked too often", said, Status.QUOTA, State.RATE_LIMITED, "try again later")
        if code == "BlobArchived":
            help = "ask the owner to restore it"
            return refused_as(answer, f"{self.title} keeps it in its archive", said, Status.DENIED, State.NOT_SHARED, help)
        if answer.status in (401, 403, 404, 409) and (code or answer.status != 409):
            why = f"{said}; Azure says the same of what is not there"
            if code == "AuthenticationFailed":
                why = f"{said}; the link's signature may have expired"
            help = "ask the owner whether it is public, or for a new link"
            return refused_as(answer, f"{self.title} does not show it to strangers", why, Status.DENIED, State.NOT_SHARED, help)
        return refusal(answer.final_url, answer.status, answer.headers, answer.body)


def _code(answer: Fetched | RangeAnswer) -> str:
    """Return Azure's own word for what went wrong: a header, else the XML."""
    stated = answer.headers.get("x-ms-error-code", "").strip()
    if stated:
        return stated[:80]
    try:
        return read_xml(answer.body[: 64 << 10]).said("Code")[:80]
    except NetworkError:
        return ""


def _is_folder(entry: Element) -> bool:
    return entry.said("Properties", "ResourceType") == "directory" or entry.said("Metadata", "hdi_isfolder") == "true"


def _object(entry: Element) -> StoredObject | None:
    name, properties = entry.find("Name"), entry.find("Properties")
    key = unquote(name.text) if name.attributes.get("Encoded") == "true" else name.text
    if not key or _is_folder(entry):
        return None
    etag, packed = properties.said("Etag").strip('"')[:200], properties.said("Content-Encoding").lower() in ("gzip", "deflate", "br")
    detail = "in Azure's archive: its owner has to restore it first" if properties.said("AccessTier") == "Archive" else ""
    if packed:
        return StoredObject(key, None, None, etag, "stored compressed")
    size, md5 = whole_number(properties.said("Content-Length")), hex_of(properties.said("Content-MD5"), 16)
    return StoredObject(key, size, md5, etag, detail)
