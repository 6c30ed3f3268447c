"""SharePoint, and OneDrive of organizations: files and folders that are shared with anyone who has the link.

A link (https://TENANT.sharepoint.com/:u:/g/..., `:f:` for folders) hands out a cookie for a stranger, with which `download=1`
leads to the bytes (`_layouts/15/download.aspx`, by ranges) and a folder's page names its path. The folder is then listed by
SharePoint's REST interface with the same cookie
(https://learn.microsoft.com/sharepoint/dev/sp-add-ins/working-with-folders-and-files-with-rest:
`GetFolderByServerRelativePath`, `Files` with `Length`, `ETag` and `UniqueId`, `Folders`). Microsoft documents that interface for
signed-in programs; whether every tenant answers a stranger's cookie could not be checked from where this was written: one that
does not is `denied`, with what to do. Links for an organization's own people lead to login.microsoftonline.com: sign-in.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, failed, file_name, plain_name
from auditor.hosts.file_marks import marks_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.hosts.json_api import mapping, rows, text, whole_number
from auditor.hosts.microsoft_links import BY_HAND, Redeemed, not_the_bytes, redeem, refused, with_download
from auditor.hosts.walk import Walk
from auditor.net import Network, RemoteBlob, refusal

MAX_DEPTH = 8
MAX_FOLDERS = 100
MAX_PAGES = 40
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class SharedFolder:
    """A folder behind a link: its server, the site in front of its path, and the way in."""

    server: str  # "https://tenant-my.sharepoint.com"
    site: str  # "/personal/somebody"
    path: str  # "/personal/somebody/Documents/models"
    redeemed: Redeemed

    def asked(self, path: str, what: str) -> str:
        """Return the address of a folder's list."""
        literal = quote(path.replace("'", "''"), safe="/")
        chosen = "Name,Length,UniqueId,ETag" if what == "Files" else "Name,ServerRelativeUrl"
        interface = f"{self.server}{quote(self.site)}/_api/web"
        return f"{interface}/GetFolderByServerRelativePath(decodedurl='{literal}')/{what}?$select={chosen}&$top=1000"


class SharePoint:
    """Lists folders and reads files that are shared with anyone."""

    name = "sharepoint"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of SharePoint."""
        return locate(url).host == "onedrive" and _is_home(url)

    def resolve(self, url: str, network: Network) -> Listing:
        """List a file, or a folder with all that is below it."""
        with network.tally() as cost:
            walk = Walk()
            try:
                if locate(url).target == "file":
                    return self._one(url, network)
                self._walk(_folder(url, _way_in(url, network)), url, network, walk)
            except NetworkError as error:
                if not walk.files:
                    return failed(url, self.name, error, cost)
                walk.troubles.append(error)
        return walk.listing(url, self.name, "shared folder", cost)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. Raises `NetworkError`."""
        kept = self._kept.take(network, file.key or file.url)
        if kept is not None:
            return kept
        address, _, link = file.key.partition("\n")
        if not link:
            return self._opened(redeem(with_download(file.url), network), file.name, network)
        return network.blob(address, name=file.name, headers=_way_in(link, network).headers, classify=not_the_bytes)

    def _one(self, url: str, network: Network) -> Listing:
        with network.tally() as cost:
            redeemed = redeem(with_download(url), network)
            name = file_name(redeemed.answer.headers, url)
            blob = self._opened(redeemed, name, network)
        self._kept.keep(network, url, blob)
        marks = marks_of(redeemed.answer)
        file = RemoteFile(name, url, url, blob.size, marks.sha256, marks.md5, marks.revision)
        said = f"{name}, {blob.size} bytes"
        return Listing(url, self.name, Status.OK, "one file", (file,), "", said, cost.requests, cost.bytes_read, State.OK)

    def _opened(self, redeemed: Redeemed, name: str, network: Network) -> RemoteBlob:
        error = not_the_bytes(redeemed.answer)
        if error is not None:
            raise error
        return network.blob(redeemed.answer.final_url, name=name, headers=redeemed.headers, classify=not_the_bytes)

    def _walk(self, folder: SharedFolder, url: str, network: Network, walk: Walk) -> None:
        waiting, entered = [(folder.path, "", 0)], 1
        while waiting:
            path, inside, depth = waiting.pop(0)
            try:
                for entry in _listed(folder, path, "Files", network, walk):
                    walk.add(_file(entry, inside, folder, url))
                for entry in _listed(folder, path, "Folders", network, walk):
                    name = plain_name(text(entry.get("Name")))
                    if not name or depth >= MAX_DEPTH or entered > MAX_FOLDERS or walk.is_full:
                        walk.add(None)
                        continue
                    entered += 1
                    waiting.append((f"{path}/{name}", f"{inside}{name}/", depth + 1))
            except NetworkError as error:
                walk.troubles.append(error)


def _way_in(link: str, network: Network) -> Redeemed:
    """Return what a link leads to, asked once in a run. Raises `NetworkError`."""
    ways: dict[str, Redeemed] = network.remembered("sharepoint links", dict)
    if link not in ways:
        ways[link] = redeem(link, network)
    return ways[link]


def _folder(url: str, redeemed: Redeemed) -> SharedFolder:
    """Return the folder that a link led to. Raises `NetworkError` where it led to no folder's page."""
    answer = redeemed.answer
    parts = urlsplit(answer.final_url)
    path = parse_qs(parts.query).get("id", parse_qs(parts.query).get("RootFolder", [""]))[0]
    site = re.match(r"(.*?)/(?:_layouts/|Forms/|[^/]+/Forms/)", parts.path, re.IGNORECASE)
    if answer.status not in (200, 206) or not _is_home(answer.final_url) or site is None or not path.startswith(site[1] + "/"):
        raise refused(answer)
    return SharedFolder(f"https://{parts.hostname}", site[1], path.rstrip("/"), redeemed)


def _listed(folder: SharedFolder, path: str, what: str, network: Network, walk: Walk) -> list[dict[str, Any]]:
    """Return the files or the folders of a folder, page by page. Raises `NetworkError`."""
    found: list[dict[str, Any]] = []
    following, asked = folder.asked(path, what), set[str]()
    headers = {"Accept": "application/json;odata=nometadata", **folder.redeemed.headers}
    while following:
        if following in asked or len(asked) >= MAX_PAGES or not following.startswith(folder.server + "/"):
            raise NetworkError("SharePoint has more than is listed", following[:200], status="partial", state=State.TOO_MANY)
        asked.add(following)
        answer = network.get(following, headers=headers)
        if answer.status in (401, 403) or not _is_home(answer.final_url):
            what = "SharePoint shows this folder in a browser, and tells programs without an account nothing of it"
            raise NetworkError(what, f"HTTP {answer.status}", BY_HAND, status="denied", state=State.SIGN_IN, http_status=answer.status)
        if answer.status != 200:
            raise refusal(answer.final_url, answer.status, answer.headers, answer.body)
        try:
            record = mapping(json.loads(answer.body))
        except (ValueError, RecursionError) as error:
            raise NetworkError("SharePoint's answer is not JSON", str(error)[:200], BY_HAND, state=State.SERVER_ERROR) from error
        if not isinstance(record.get("value"), list):
            raise NetworkError("SharePoint's answer is not a listing", "", BY_HAND, state=State.SERVER_ERROR)
        walk.saw(answer.sha256)
        found += [mapping(entry) for entry in rows(record.get("value"))]
        following = text(record.get("odata.nextLink"), 8192)
    return found


def _file(entry: dict[str, Any], inside: str, folder: SharedFolder, url: str) -> RemoteFile | None:
    """Return an entry as a file, None for one without a name or an id."""
    name, key = plain_name(text(entry.get("Name"))), text(entry.get("UniqueId"))
    if not name or not _GUID.fullmatch(key):
        return None
    address = f"{folder.server}{quote(folder.site)}/_layouts/15/download.aspx?UniqueId={key}"
    page, revision = f"{folder.server}{quote(f'{folder.path}/{inside}{name}')}", text(entry.get("ETag"), 200).strip('"')
    return RemoteFile(inside + name, page, f"{address}\n{url}", whole_number(entry.get("Length")), revision=revision)


def _is_home(url: str) -> bool:
    try:
        return re.search(r"\.sharepoint\.(?:com|cn|us|de)$", (urlsplit(url.strip()).hostname or "").lower()) is not None
    except ValueError:
        return False
