"""Dropbox: shared files, read by ranges, and shared folders, as far as the beginning of their zip tells.

A link shows a page, and its bytes with `dl=1` (https://help.dropbox.com/share/force-download): a file is then served by
dropboxusercontent.com with ranges and an ETag; a folder as a zip that is made on the way (https://help.dropbox.com/share/download:
at most 20 GB and 10,000 files), without a length or ranges. A folder's real list, and each file's own link in it, come only through
the signed-in interface or the page's scripts, so a folder that does not fit into a few megabytes is listed in part.
Old links (/s/, /sh/) hold their key in the path, newer ones (/scl/fi/, /scl/fo/) in `rlkey`; without it nobody may look
(https://www.dropbox.com/developers/documentation/http/documentation#sharing-create_shared_link_with_settings). Links that were
taken too often answer 429 or 509 for a day, "temporarily disabled" (https://help.dropbox.com/share/banned-links). What Dropbox
answers today could not be checked from where this was written: words and statuses are those of its help pages and of clients.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from auditor.addresses import locate
from auditor.blob import BytesBlob
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, failed, file_name, plain_name, skipped
from auditor.hosts.dropbox_folder import FRONT_BYTES, FolderFront, read_front
from auditor.hosts.file_marks import marks_of
from auditor.hosts.interface import Listing, OpenBlob, RemoteFile
from auditor.hosts.pages import page_error, seen
from auditor.hosts.walk import Walk
from auditor.net import Fetched, Network, RangeAnswer, first_range, is_page, refusal

KEPT_FOLDERS = 8
BY_HAND = "download the folder by hand and give its files with --artifact"
_WORDS: tuple[tuple[str, Status, State, str, str], ...] = (
    (
        r"temporarily disabled|generating too much traffic|too many (?:people|requests)|bandwidth",
        Status.QUOTA,
        State.QUOTA,
        "the link was taken too often, and is disabled for a day",
        "try again tomorrow, or ask the owner for another link",
    ),
    (
        r"link has expired|link (?:has been|was) (?:removed|disabled|deleted|turned off)|link isn.t (?:active|working)",
        Status.DENIED,
        State.NOT_SHARED,
        "the link was withdrawn or has expired",
        "ask the owner for a new link",
    ),
    (
        r"(?:file|folder|item|content)[^.]{0,60}(?:has been|was|been) (?:deleted|removed)|has been deleted|isn.t here anymore",
        Status.MISSING,
        State.DELETED,
        "it was deleted",
        "ask the owner where it is now",
    ),
    (
        r"restricted content|is no longer available|violat|copyright|DMCA",
        Status.DENIED,
        State.NOT_SHARED,
        "Dropbox does not hand it out",
        "ask the owner for another link",
    ),
    (
        r"(?:protected by|enter) (?:a |the )?password|password (?:required|protected)",
        Status.DENIED,
        State.SIGN_IN,
        "it is protected by a password",
        "ask the owner for a link without one",
    ),
    (
        r"request access|don.t have access|no access|don.t have permission|you need (?:access|permission)",
        Status.DENIED,
        State.NOT_SHARED,
        "it is not shared with everyone",
        "ask the owner to share it with anyone who has the link",
    ),
)


class MemberBlob(BytesBlob):
    """A file out of the beginning of a folder's zip, in memory: it makes no request."""

    requests = 0
    bytes_read = 0

    def close(self) -> None:
        """Do nothing."""


class Dropbox:
    """Reads shared files by ranges; lists small shared folders, and the first names of large ones."""

    name = "dropbox"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of Dropbox."""
        return locate(url).host == "dropbox"

    def resolve(self, url: str, network: Network) -> Listing:
        """List a file, or a folder as far as its beginning tells."""
        target = locate(url).target
        if target == "page":
            return skipped(url, self.name, "a page of Dropbox, not a shared link: ask its owner for one")
        if target == "folder":
            return self._folder(url, network)
        with network.tally() as cost:
            try:
                answer = first_range(network, download_address(url), plain_name(unquote(urlsplit(url).path)))
                if (error := not_the_bytes(answer)) is not None:
                    return failed(url, self.name, error, cost)
                name = file_name(answer.headers, url)
                blob = network.blob(download_address(url), name=name, first=answer, classify=not_the_bytes)
            except NetworkError as error:
                return failed(url, self.name, error, cost)
        self._kept.keep(network, url, blob)
        marks = marks_of(answer)
        file = RemoteFile(name, url, url, blob.size, marks.sha256, marks.md5, marks.revision)
        said = f"{name}, {blob.size} bytes"
        return Listing(url, self.name, Status.OK, "one file", (file,), "", said, cost.requests, cost.bytes_read, State.OK)

    def open(self, file: RemoteFile, network: Network) -> OpenBlob:
        """Return random access to a file. Raises `NetworkError`, for what lies deep in a folder's zip as well."""
        folder, _, inner = file.key.partition("\n")
        if inner:
            data = self._front(folder, network).content(inner)
            if data is None:
                what = f"{file.name!r} cannot be read alone"
                raise NetworkError(what, "Dropbox sends the folder only as one zip", BY_HAND, status="skipped", state=State.SKIPPED)
            return MemberBlob(data, file.name)
        kept = self._kept.take(network, file.key or file.url)
        if kept is not None:
            return kept
        address = download_address(file.url)
        first = first_range(network, address, file.name)
        return network.blob(address, name=file.name, first=first, classify=not_the_bytes)

    def _folder(self, url: str, network: Network) -> Listing:
        walk = Walk()
        with network.tally() as cost:
            try:
                front = self._front(url, network)
            except NetworkError as error:
                return failed(url, self.name, error, cost)
        walk.saw(hashlib.sha256(front.front).hexdigest())
        for member in front.members:
            walk.add(
                RemoteFile(member.name, _preview(url, member.name), f"{url}\n{member.name}", member.size, detail="in the zip of its folder")
            )
        walk.unread = front.strange
        if not front.is_whole:
            what = "Dropbox sends a folder only as one zip, and only its beginning was read"
            why = f"{BY_HAND}, or ask the authors for links to the files themselves"
            walk.troubles.append(NetworkError(what, why, BY_HAND, status="partial", state=State.TOO_MANY))
        return walk.listing(url, self.name, "shared folder", cost)

    def _front(self, url: str, network: Network) -> FolderFront:
        """Return the beginning of a folder's zip, from memory where this run has it. Raises `NetworkError`."""
        kept: dict[str, FolderFront] = network.remembered("dropbox folders", dict)
        front = kept.get(url)
        if front is None:
            front = _fetched(download_address(url), network)
            while len(kept) >= KEPT_FOLDERS:
                kept.pop(next(iter(kept)), None)
            kept[url] = front
        return front


def download_address(url: str) -> str:
    """Return where the bytes are that a link shows a page for."""
    parts = urlsplit(url.strip())
    if not (parts.hostname or "").endswith("dropbox.com"):
        return url
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key not in ("dl", "raw")]
    return urlunsplit(parts._replace(query=urlencode([*query, ("dl", "1")]), fragment=""))


def _preview(url: str, name: str) -> str:
    """Return where a person sees one file of a folder."""
    parts = urlsplit(url.strip())
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key != "preview"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("preview", name)]), fragment=""))


def not_the_bytes(answer: RangeAnswer | Fetched) -> NetworkError | None:
    """Return what Dropbox says instead of sending bytes, or None where it sends them."""
    if isinstance(answer, RangeAnswer) and (answer.offset or (answer.status == 416 and answer.total == 0)):
        return None
    page = is_page(answer.headers.get("content-type", ""), answer.body)
    if answer.status in (200, 206) and not page:
        return None
    said = seen(answer.body)
    for pattern, status, state, what, help in _WORDS:
        # A status is the host's own word; a page may only be believed where it does not take anything away.
        if re.search(pattern, said, re.IGNORECASE) and (status is not Status.MISSING or answer.status in (404, 410)):
            return NetworkError(f"Dropbox: {what}", said, help, status=status.value, state=state.value, http_status=answer.status)
    if answer.status in (460, 509):  # its own: content that it took away, and too much traffic
        status, state = (Status.QUOTA, State.QUOTA) if answer.status == 509 else (Status.DENIED, State.NOT_SHARED)
        return NetworkError(
            "Dropbox does not hand it out", f"HTTP {answer.status}: {said}", "ask the owner", status=status.value, state=state
        )
    if answer.status not in (200, 206):
        plain = refusal(answer.final_url, answer.status, answer.headers, answer.body)
        needs_key = "/scl/" in urlsplit(answer.url).path and "rlkey" not in parse_qs(urlsplit(answer.url).query)
        if needs_key and plain.status == "missing":
            what, help = "the link lacks its key (rlkey), without which nobody may look", "ask the owner for the whole link"
            return NetworkError(f"Dropbox: {what}", plain.why, help, status="denied", state=State.NOT_SHARED, http_status=answer.status)
        return plain
    return page_error(answer)


def _fetched(address: str, network: Network) -> FolderFront:
    """Return the beginning of a folder's zip, and leave the rest where it is. Raises `NetworkError`."""
    front = network.get_range(address, 0, FRONT_BYTES)
    error = not_the_bytes(front)
    if error is not None:
        raise error
    return read_front(front.body, is_whole=front.whole or front.total == len(front.body))
