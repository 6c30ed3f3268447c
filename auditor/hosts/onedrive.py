"""OneDrive of persons: what an anonymous client is told about a shared file or folder.

Interface: https://learn.microsoft.com/onedrive/developer/rest-api/api/shares_get (`/shares/u!` and the link in base64url without
padding, `driveItem`, `children` with `@odata.nextLink`), items with `size`, `file.hashes` and `@content.downloadUrl`
(https://learn.microsoft.com/onedrive/developer/rest-api/resources/driveitem). Older links name an item and a key (`resid`, `authkey`).

What Microsoft changed, as users report it (felixrieseberg/onedrive-link#1, 2025): for many links the interface now answers 401 unless a
program first gets a token as Microsoft's own web page does. Such a token is asked by POST and is meant for that page; it is not
asked for here. Then a file is tried as a download (`download=1`), and a folder is `denied` although anybody may open it in a
browser; the words say so. 404 itemNotFound comes for items that exist and are closed too (OneDrive/onedrive-api-docs#259), so nothing here
is ever taken for missing. None of this could be checked live from where it was written.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, failed, file_name, plain_name, skipped
from auditor.hosts.file_marks import marks_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.hosts.json_api import Api, Refusal, digest_of, mapping, rows, text, whole_number
from auditor.hosts.microsoft_links import BY_HAND, not_the_bytes, redeem, with_download
from auditor.hosts.walk import Walk
from auditor.net import Network, RemoteBlob, first_range

ONEDRIVE = "https://api.onedrive.com/v1.0"
MAX_DEPTH = 8
MAX_REQUESTS = 200  # of one listing
_ITEM = re.compile(r"[0-9A-Za-z]{4,40}(?:!|%21)[0-9A-Za-z]{1,80}")
_HELP = f"{BY_HAND}; folders can be downloaded whole there"
API = Api(
    "OneDrive",
    frozenset({"api.onedrive.com"}),
    {
        401: Refusal("tells programs without an account nothing of this link, even if it is shared with everyone", State.SIGN_IN, _HELP),
        403: Refusal("does not show it to everybody", State.NOT_SHARED, "ask the owner to share it with anyone who has the link"),
    },
)


@dataclass(frozen=True, slots=True)
class OneDrivePlace:
    """Where the interface knows a link: the address of its item, and what to add to each request."""

    item: str
    inner: str  # address of another item of the same share, with {id}
    query: str = ""

    def asked(self, more: str = "", item: str = "") -> str:
        """Return an address of the item, or of another one in it."""
        base = self.inner.replace("{id}", quote(item, safe="!")) if item else self.item
        query = "&".join(part for part in (self.query, "$top=200" if more else "") if part)
        return f"{base}{more}" + (f"?{query}" if query else "")


class OneDrive:
    """Lists what is shared by persons, where Microsoft tells strangers, and reads it by ranges."""

    name = "onedrive"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of a person's OneDrive."""
        return locate(url).host == "onedrive" and _host(url) in ("1drv.ms", "1drv.ws", "onedrive.live.com")

    def resolve(self, url: str, network: Network) -> Listing:
        """List a file, or a folder with all that is below it."""
        place = onedrive_place(url)
        if place is None:
            return skipped(url, self.name, f"a page of OneDrive, not a shared link: {BY_HAND}")
        walk = Walk()
        with network.tally() as cost:
            try:
                what = self._walk(place, url, network, walk)
            except NetworkError as error:
                walk.troubles.append(_closed(error))
                what = "shared folder"
        listing = walk.listing(url, self.name, what, cost)
        if listing.state is State.SIGN_IN and not listing.files and locate(url).target != "folder":
            return self._downloaded(url, listing, network)
        return listing

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. An address that ran out is asked for again. Raises `NetworkError`."""
        address, _, item = file.key.partition("\n")
        kept = self._kept.take(network, address or file.url)
        if kept is not None:
            return kept
        try:
            return _opened(address or with_download(file.url), file.name, network)
        except NetworkError as error:
            if not item or error.http_status not in (401, 403, 404, 410):
                raise
            record, _digest = API.json(network, item)
            return _opened(_download_address(mapping(record)), file.name, network)

    def _downloaded(self, url: str, listing: Listing, network: Network) -> Listing:
        """Try a link as a download, and return what the interface said if that leads nowhere."""
        with network.tally() as cost:
            try:
                answer = redeem(with_download(url), network).answer
                if not_the_bytes(answer) is not None:
                    return listing
                name = file_name(answer.headers, answer.final_url)
                blob = _opened(answer.final_url, name, network)
            except NetworkError as error:
                return listing if error.status != "quota" else failed(url, self.name, error, cost)
        self._kept.keep(network, answer.final_url, blob)
        marks = marks_of(answer)
        file = RemoteFile(name, url, answer.final_url, blob.size, marks.sha256, marks.md5, marks.revision)
        requests, read = cost.requests + listing.requests, cost.bytes_read + listing.bytes_read
        return Listing(url, self.name, Status.OK, "one file", (file,), "", f"{name}, {blob.size} bytes", requests, read, State.OK)

    def _walk(self, place: OneDrivePlace, url: str, network: Network, walk: Walk) -> str:
        record, digest = API.json(network, place.asked())
        walk.saw(digest)
        item = mapping(record)
        if not isinstance(item.get("folder"), dict):
            walk.add(_file(item, "", url, place))
            return "shared link"
        waiting, entered, asked = [("", "", 0)], {text(item.get("id"))}, set[str]()
        while waiting:
            item_id, path, depth = waiting.pop(0)
            for entry in self._children(place, item_id, network, walk, asked):
                if not isinstance(entry.get("folder"), dict):
                    walk.add(_file(entry, path, url, place))
                    continue
                inner, name = text(entry.get("id")), plain_name(text(entry.get("name")))
                if not inner or not name or inner in entered or depth >= MAX_DEPTH:
                    walk.add(None)
                    continue
                entered.add(inner)
                waiting.append((inner, f"{path}{name}/", depth + 1))
        return "shared folder"

    def _children(self, place: OneDrivePlace, item: str, network: Network, walk: Walk, asked: set[str]) -> Iterator[dict[str, Any]]:
        """Yield the entries of a folder; a page that fails is noted, and what was found stays."""
        following = place.asked("/children", item)
        while following:
            if following in asked or len(asked) > MAX_REQUESTS or walk.is_full:
                walk.troubles.append(NetworkError("OneDrive has more than is listed", "", status="partial", state=State.TOO_MANY))
                return
            asked.add(following)
            try:
                record, digest = API.json(network, following)
            except NetworkError as error:
                walk.troubles.append(_closed(error))
                return
            walk.saw(digest)
            page = mapping(record)
            if not isinstance(page.get("value"), list):
                walk.troubles.append(NetworkError("OneDrive's answer is not a listing", "", state=State.SERVER_ERROR))
                return
            yield from (mapping(entry) for entry in rows(page.get("value")))
            following = text(page.get("@odata.nextLink"), 8192)


def onedrive_place(url: str) -> OneDrivePlace | None:
    """Return where the interface knows a link, None for pages that share nothing."""
    try:
        parts = urlsplit(url.strip())
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    except ValueError:
        return None
    item, key = query.get("resid") or query.get("id") or "", query.get("authkey", "")
    if _host(url) == "onedrive.live.com" and query.get("redeem"):
        return _share(query["redeem"].rstrip("="))
    if _host(url) == "onedrive.live.com" and _ITEM.fullmatch(item):
        drive = re.split(r"!|%21", item)[0]
        base = f"{ONEDRIVE}/drives/{drive.lower()}/items/"
        return OneDrivePlace(
            base + quote(item.replace("%21", "!"), safe="!"), base + "{id}", f"authkey={quote(key, safe='')}" if key else ""
        )
    if parts.path.strip("/"):
        return _share(base64.urlsafe_b64encode(url.strip().encode("utf-8", "replace")).decode().rstrip("="))
    return None


def _share(encoded: str) -> OneDrivePlace | None:
    if not re.fullmatch(r"[\w-]{8,4000}", encoded, re.ASCII):
        return None
    base = f"{ONEDRIVE}/shares/u!{encoded}"
    return OneDrivePlace(f"{base}/driveItem", f"{base}/items/{{id}}")


def _file(entry: dict[str, Any], path: str, url: str, place: OneDrivePlace) -> RemoteFile | None:
    """Return an item as a file, None for what has no name or no bytes (a notebook, a bundle)."""
    name, address, item = plain_name(text(entry.get("name"))), _download_address(entry), text(entry.get("id"))
    if not name or not address:
        return None
    hashes = mapping(mapping(entry.get("file")).get("hashes"))
    told = [f"{kind} {value}" for kind in ("quickXorHash", "sha1Hash") if (value := text(hashes.get(kind), 64))]
    revision = text(entry.get("cTag"), 200) or text(entry.get("eTag"), 200)
    again = place.asked(item=item) if item else place.asked()
    size, digest = whole_number(entry.get("size")), digest_of(hashes.get("sha256Hash"), 64)
    return RemoteFile(
        path + name, text(entry.get("webUrl"), 4096) or url, f"{address}\n{again}", size, digest, None, revision, ", ".join(told)
    )


def _download_address(entry: dict[str, Any]) -> str:
    address = text(entry.get("@content.downloadUrl"), 8192) or text(entry.get("@microsoft.graph.downloadUrl"), 8192)
    return address if address.startswith("https://") and address.isprintable() and " " not in address else ""


def _opened(address: str, name: str, network: Network) -> RemoteBlob:
    first = first_range(network, address, name)
    return network.blob(address, name=name, first=first, classify=not_the_bytes)


def _closed(error: NetworkError) -> NetworkError:
    """Return an error of the interface; "not found" is what it says of closed items too, and never missing."""
    if error.status != "missing":
        return error
    what, help = "OneDrive: it is gone or not shared with everyone, which strangers cannot tell", f"ask the owner; or {BY_HAND}"
    return NetworkError(what, error.why, help, status="denied", state=State.NOT_SHARED, http_status=error.http_status)


def _host(url: str) -> str:
    try:
        return (urlsplit(url.strip()).hostname or "").lower().removeprefix("www.")
    except ValueError:
        return ""
