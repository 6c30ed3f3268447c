"""Google Drive: folders and files, without an account."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urljoin, urlsplit

from auditor.addresses import Address, google_drive_id, locate
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, failed, skipped
from auditor.hosts.file_marks import marks_of
from auditor.hosts.google_drive_files import DriveFiles, revision_of
from auditor.hosts.google_drive_folders import list_folder
from auditor.hosts.google_drive_pages import HEADERS
from auditor.hosts.interface import Listing, RemoteFile
from auditor.net import Network, RangeAnswer, RemoteBlob

OPEN = "https://drive.google.com/open"


class GoogleDrive:
    """Lists shared folders by gdown and reads shared files by ranges."""

    name = "google_drive"

    def __init__(self) -> None:
        self._files = DriveFiles()
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of Drive, or of a Google document."""
        return locate(url).host in ("google_drive", "google_docs")

    def resolve(self, url: str, network: Network) -> Listing:
        """List a folder with all that is within, or the one file."""
        address, drive_id, key = locate(url), google_drive_id(url), resource_key(url)
        if address.host == "google_docs" and address.target == "page":
            return skipped(url, self.name, "a Google document, form or sheet: no file to read")
        if drive_id is None:
            why = (
                "an address that only its owner can open (my-drive)"
                if "my-drive" in url or "/drive" in url
                else "no id of a file or folder"
            )
            detail = f"Google Drive: {why}; ask the owner for a link to share"
            return Listing(url, self.name, Status.DENIED, detail, quote=url[:300], state=State.NOT_SHARED)
        if address.target == "folder":
            return list_folder(url, drive_id, key, network)
        if re.search(r"/open\b", urlsplit(url).path):
            return self._resolve_open(url, drive_id, key, network)
        return self._resolve_file(url, drive_id, key, network)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. Raises `NetworkError`: denied, quota, missing or error."""
        file_id = file.key or google_drive_id(file.url)
        if not file_id:
            raise NetworkError("Google Drive: this file has no id", file.url)
        kept = self._kept.take(network, file_id)
        return kept or self._opened(file_id, resource_key(file.url), file.name, network)[0]

    def _opened(self, file_id: str, key: str, name: str, network: Network) -> tuple[RemoteBlob, RangeAnswer]:
        """Open a file, or the one that a shortcut stands for."""
        try:
            return self._files.opened(file_id, key, name, network)
        except NetworkError as error:
            target = _led_to(f"{OPEN}?id={file_id}", network) if error.state == State.NOT_FOUND else ""
            other = google_drive_id(target)
            if other in (None, file_id) or locate(target).target != "file":
                raise
            return self._files.opened(str(other), resource_key(target), name, network)

    def _resolve_file(self, url: str, file_id: str, key: str, network: Network) -> Listing:
        with network.tally() as cost:
            try:
                blob, answer = self._opened(file_id, key, "", network)
            except NetworkError as error:
                return failed(url, self.name, error, cost)
        self._kept.keep(network, file_id, blob)
        where = f"https://drive.google.com/file/d/{file_id}/view" + (f"?resourcekey={key}" if key else "")
        file = RemoteFile(blob.name, where, file_id, blob.size, md5=marks_of(answer).md5, revision=revision_of(answer))
        said = f"{blob.name}, {blob.size} bytes"
        return Listing(url, self.name, Status.OK, "one file", (file,), "", said, cost.requests, cost.bytes_read, State.OK)

    def _resolve_open(self, url: str, drive_id: str, key: str, network: Network) -> Listing:
        """Follow an `open?id=` link, which does not say whether it means a file or a folder, or a shortcut to one."""
        try:
            target = _led_to(url, network)
        except NetworkError as error:
            return failed(url, self.name, error)
        if locate(target) == Address("google_docs", "page"):
            return skipped(url, self.name, "a Google document, form or sheet: no file to read")
        led_to = google_drive_id(target) or drive_id
        if locate(target).target == "folder" and google_drive_id(target):
            return list_folder(url, led_to, resource_key(target) or key, network)
        listing = self._resolve_file(url, led_to, resource_key(target) or key, network)
        if listing.status in (Status.MISSING, Status.ERROR):
            folder = list_folder(url, drive_id, key, network)
            return folder if folder.status in (Status.OK, Status.PARTIAL) and folder.files else listing
        return listing


def _led_to(url: str, network: Network) -> str:
    """Return where Drive leads to from an `open?id=` address, itself where nowhere. Raises `NetworkError` where we may not ask."""
    try:
        answer = network.get(url, headers=HEADERS, follow=False)
    except NetworkError as error:
        if error.status in ("blocked", "skipped") and error.state != State.OFFLINE:
            raise
        return url
    return urljoin(url, answer.headers.get("location", ""))


def resource_key(url: str) -> str:
    """Return the resource key of an older shared link, without which it opens nothing, or an empty string."""
    try:
        found = parse_qs(urlsplit(url).query).get("resourcekey", [""])[0]
    except ValueError:
        return ""
    return found if re.fullmatch(r"[\w-]{1,100}", found) else ""
