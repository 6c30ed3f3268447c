"""What buckets of Amazon, Google and Microsoft have in common: keys instead of folders, pages of a listing, single objects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import quote, unquote, urlsplit

from auditor.addresses import has_file_name
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, failed, plain_name, skipped
from auditor.hosts.file_marks import FileMarks, marks_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.hosts.pages import page_error
from auditor.hosts.walk import Walk
from auditor.net import Fetched, Network, RangeAnswer, RemoteBlob, first_range, is_page

MAX_PAGES = 60  # of a listing; each has 1000 keys or more


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """What an address of a bucket names."""

    bucket: str
    base: str  # the address in front of every key, without the slash
    key: str = ""  # of an object, or what the keys of a folder begin with
    query: str = ""  # what a signed link carries
    listed_at: str = ""  # where the bucket is listed, if not at `base`

    @property
    def is_file(self) -> bool:
        """Tell whether the address alone says that it is one object."""
        return has_file_name("/" + quote(self.key)) and not self.key.endswith("/")

    def address(self, key: str) -> str:
        """Return the address of an object's bytes."""
        return f"{self.base}/{quote(key, safe='/~')}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of a listing."""

    key: str
    size: int | None = None
    md5: str | None = None
    revision: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """One page of a listing. `following` is what to ask for the next one, empty at the end."""

    objects: tuple[StoredObject, ...]
    following: str
    sha256: str
    unread: int = 0  # entries without a key


@dataclass(slots=True)
class _Below:
    """The part of a bucket that a link means: one key, or all keys in a folder."""

    place: BucketPlace
    unnamed: int = 0  # keys that no address can name
    keys: set[str] = field(default_factory=set)

    def file(self, found: StoredObject) -> RemoteFile | None:
        """Return an object as a file, None for what lies elsewhere or is a folder's own mark."""
        key, wanted = found.key, self.place.key
        folder = wanted if not wanted or wanted.endswith("/") else wanted + "/"
        if not (key == wanted or key.startswith(folder)) or key.endswith("/") or key in self.keys:
            return None
        self.keys.add(key)
        if any(part in ("", ".", "..") for part in key.split("/")):
            self.unnamed += 1
            return None
        address = self.place.address(key)
        name = key.removeprefix(folder) if key != wanted else plain_name(key)
        return RemoteFile(name, address, address, found.size, None, found.md5, found.revision, found.detail)


class BucketHost(ABC):
    """Lists a bucket or the part of it below a prefix, and reads objects by ranges.

    A closed listing says nothing of what is in the bucket: it is `denied`, and a single object may still be readable.
    """

    name: str
    title: str  # as people know it
    headers: ClassVar[Mapping[str, str]] = {}  # of requests for objects

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    @abstractmethod
    def place(self, url: str) -> BucketPlace | None:
        """Return what an address names, None where it is of another host or names no bucket."""

    @abstractmethod
    def page(self, place: BucketPlace, following: str, network: Network) -> ListedPage:
        """Return one page of the keys that begin with the place's. Raises `NetworkError`."""

    @abstractmethod
    def refused(self, answer: Fetched | RangeAnswer) -> NetworkError:
        """Return what an answer means that is neither a listing nor an object."""

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of a bucket."""
        return self.place(url) is not None

    def resolve(self, url: str, network: Network) -> Listing:
        """List one object, or all objects of a folder or bucket."""
        place = self.place(url)
        if place is None:
            return skipped(url, self.name, f"an address of {self.title} that names no bucket")
        if place.is_file:
            return self._one(url, place, network)
        listing = self._folder(url, place, network)
        if listing.status is not Status.OK and not listing.files and place.key and not place.key.endswith("/"):
            one = self._one(url, place, network)  # a key without a suffix looks like a folder
            return one if one.status is Status.OK else listing
        return listing

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to an object. Raises `NetworkError`."""
        address = file.key or file.url
        if not file.key and (place := self.place(file.url)) is not None:
            address = place.address(place.key)
        return self._kept.take(network, address) or self._opened(address, file.name, network)[0]

    def listed(self, network: Network, url: str) -> Fetched:
        """Return the answer to a request for a listing. Raises `NetworkError` where another server gave it."""
        answer = network.get(url, headers=self.headers)
        home = urlsplit(answer.final_url).hostname
        if home != urlsplit(url).hostname and self.place(answer.final_url) is None:
            what = f"{self.title} leads elsewhere"
            raise NetworkError(what, f"to {home}", "open the link in a browser", state=State.MOVED)
        return answer

    def not_the_bytes(self, answer: RangeAnswer) -> NetworkError | None:
        """Return what a bucket says instead of sending bytes, or None where it sends them."""
        if answer.status == 416 and answer.total == 0:
            return None
        if answer.status not in (200, 206):
            return self.refused(answer)
        if answer.offset == 0 and is_page(answer.headers.get("content-type", ""), answer.body):
            return page_error(answer)
        return None

    def first(self, address: str, name: str, network: Network) -> RangeAnswer:
        """Return the part of an object that is wanted first."""
        return first_range(network, address, name, headers=self.headers)

    def _opened(self, address: str, name: str, network: Network) -> tuple[RemoteBlob, FileMarks]:
        """Return an object and what its headers tell. The size that a listing gave is not needed for it, nor believed."""
        answer = self.first(address, name, network)
        error = self.not_the_bytes(answer)
        if error is not None:
            raise error
        blob = network.blob(address, name=name, headers=self.headers, first=answer, classify=self.not_the_bytes)
        return blob, marks_of(answer)

    def _one(self, url: str, place: BucketPlace, network: Network) -> Listing:
        address, name = place.address(place.key), plain_name(place.key) or "unnamed"
        with network.tally() as cost:
            try:
                blob, marks = self._opened(address, name, network)
            except NetworkError as error:
                return failed(url, self.name, error, cost)
        self._kept.keep(network, address, blob)
        file = RemoteFile(name, url if _is_web(url) else address, address, blob.size, marks.sha256, marks.md5, marks.revision)
        said = f"{name}, {blob.size} bytes"
        return Listing(url, self.name, Status.OK, "one file", (file,), "", said, cost.requests, cost.bytes_read, State.OK)

    def _folder(self, url: str, place: BucketPlace, network: Network) -> Listing:
        walk, below = Walk(), _Below(place)
        with network.tally() as cost:
            try:
                self._walk(place, walk, below, network)
            except NetworkError as error:
                walk.troubles.append(error)
        if below.unnamed:
            walk.unread += below.unnamed
        return walk.listing(url, self.name, "folder of a bucket" if place.key else "bucket", cost)

    def _walk(self, place: BucketPlace, walk: Walk, below: _Below, network: Network) -> None:
        asked: set[str] = set()
        following = ""
        while len(asked) < MAX_PAGES:
            asked.add(following)
            page = self.page(place, following, network)
            walk.saw(page.sha256)
            walk.unread += page.unread
            for found in page.objects:
                file = below.file(found)
                if file is not None:
                    walk.add(file)
            following = page.following
            if not following or walk.is_full:
                return
            if following in asked:
                raise NetworkError(f"{self.title} leads in circles", f"from page to page: {following[:100]}", status="partial")
        what = f"{self.title} has more than is listed"
        raise NetworkError(what, f"more than {MAX_PAGES} pages", status="partial", state=State.TOO_MANY)


def refused_as(answer: Fetched | RangeAnswer, what: str, why: str, status: Status, state: State, help: str) -> NetworkError:
    """Return the error for an answer, in the host's own words."""
    return NetworkError(what, f"{why} (HTTP {answer.status})", help, status=status.value, state=state.value, http_status=answer.status)


def split_key(url: str) -> tuple[str, str]:
    """Return host and decoded path without the first slash; empty for an address that is broken."""
    try:
        parts = urlsplit(url.strip())
        return (parts.hostname or "").lower(), unquote(parts.path).removeprefix("/")
    except ValueError:
        return "", ""


def _is_web(url: str) -> bool:
    return url.lower().startswith(("http://", "https://"))
