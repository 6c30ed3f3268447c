"""Plain files and index pages on any web server, and short links that lead to a host that we know."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, failed, file_name
from auditor.hosts.file_marks import marks_of
from auditor.hosts.http_index import MAX_PAGE_BYTES, walk_index
from auditor.hosts.interface import FileHost, Listing, OpenBlob, RemoteFile
from auditor.hosts.pages import page_error
from auditor.net import Network, RangeAnswer, Tally, first_range, is_page, refusal


class Direct:
    """Reads a file at an address by ranges; HEAD is not asked, since servers answer it with untruths."""

    name = "direct"

    def __init__(self, elsewhere: tuple[FileHost, ...] = ()) -> None:
        """Take the hosts to which a short link may turn out to lead."""
        self._elsewhere = elsewhere
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is a file of a web server, or an address of which nothing is known."""
        if scheme_of(url) not in ("http", "https"):
            return False
        return locate(url).host in ("other", "direct")

    def resolve(self, url: str, network: Network) -> Listing:
        """Ask for the first bytes: they show whether it is a file, and how large."""
        host = locate(url).host
        with network.tally() as cost:
            try:
                answer = first_range(network, url, PurePosixPath(urlsplit(url).path).name)
                owner = self._owner(answer, url)
                if owner is not None:
                    return owner.resolve(answer.final_url, network)
                error = not_the_bytes(answer)
                if error is not None:
                    return self._index(url, host, answer, network, cost) or failed(url, host, error, cost)
                name = file_name(answer.headers, answer.final_url if "content-disposition" not in answer.headers else url)
                blob = network.blob(url, name=name, first=answer, classify=not_the_bytes)
            except NetworkError as error:
                return failed(url, host, error, cost)
        self._kept.keep(network, url, blob)
        marks = marks_of(answer)
        file = RemoteFile(name, url, url, blob.size, marks.sha256, marks.md5, marks.revision)
        said = f"{name}, {blob.size} bytes"
        return Listing(url, host, Status.OK, _what(url, answer), (file,), "", said, cost.requests, cost.bytes_read, State.OK)

    def open(self, file: RemoteFile, network: Network) -> OpenBlob:
        """Return random access to a file. Raises `NetworkError`."""
        for host in self._elsewhere:
            if host.accepts(file.url):
                return host.open(file, network)
        kept = self._kept.take(network, file.key or file.url)
        if kept is not None:
            return kept
        # The size is not believed: an index page may have rounded it, or lie.
        first = first_range(network, file.url, file.name)
        return network.blob(file.url, name=file.name, first=first, classify=not_the_bytes)

    def _index(self, url: str, host: str, answer: RangeAnswer, network: Network, cost: Tally) -> Listing | None:
        """Return all files below an index page, None where an answer is no such page."""
        if answer.status not in (200, 206) or answer.offset or not answer.is_page:
            return None
        page, digest = answer.body, hashlib.sha256(answer.body).hexdigest()
        if not answer.whole and answer.total != len(answer.body):
            whole = network.get(answer.final_url, max_bytes=MAX_PAGE_BYTES)
            page, digest = whole.body, whole.sha256
        walk = walk_index(answer.final_url, page.decode("utf-8", "replace"), network)
        if walk is None:
            return None
        walk.saw(digest)
        return walk.listing(url, host, "index page", cost)

    def _owner(self, answer: RangeAnswer, url: str) -> FileHost | None:
        """Return the host that an address of nobody in particular led to."""
        if locate(url).host != "other" or answer.final_url == url:
            return None
        return next((host for host in self._elsewhere if host.accepts(answer.final_url)), None)


def _what(url: str, answer: RangeAnswer) -> str:
    """Return what was found, and where, if another server than the link's has it."""
    there = urlsplit(answer.final_url).hostname
    return "one file" if there == urlsplit(url).hostname else f"one file, at {there}"


def not_the_bytes(answer: RangeAnswer) -> NetworkError | None:
    """Return what a server says instead of sending bytes, or None where it sends them."""
    if answer.status == 416 and answer.total == 0:
        return None
    if answer.status not in (200, 206):
        return refusal(answer.final_url, answer.status, answer.headers, answer.body)
    if answer.offset == 0 and is_page(answer.headers.get("content-type", ""), answer.body):
        return page_error(answer)
    return None


def scheme_of(url: str) -> str:
    """Return the scheme of an address in lower case, or nothing where it has none."""
    try:
        return urlsplit(url.strip()).scheme.lower()
    except ValueError:
        return ""
