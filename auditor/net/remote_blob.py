"""A remote file as a blob: a request for each contiguous range that is not here yet, and nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from auditor.blob import END_BYTES, check_range, read_from_its_end
from auditor.errors import LimitError, NetworkError
from auditor.facts import State
from auditor.net.extents import Extents
from auditor.net.failures import broken_range, host_of, refusal
from auditor.net.records import RangeAnswer
from auditor.net.spool import Spool

if TYPE_CHECKING:
    from auditor.net.network import Network

HEAD_BYTES = 64 << 10  # what a reader wants first; one request brings it and the size
LEAST_BYTES = 16 << 10  # of one request: readers take small steps, requests are dear
MOST_BYTES = 256 << 20  # of one read: it is held in memory
ROUNDS = 16  # requests for one read, where a server gives less than it was asked for

Classifier = Callable[[RangeAnswer], NetworkError | None]


class RemoteBlob:
    """Random access to a remote file over HTTP ranges; counts what it costs. Thread-safe.

    A server that ignores ranges is read from the front into a temporary file, up to `max_spool_bytes`.
    """

    def __init__(
        self,
        network: Network,
        url: str,
        *,
        name: str,
        size: int | None = None,
        headers: Mapping[str, str] | None = None,
        first: RangeAnswer | None = None,
        classify: Classifier | None = None,
        revision: str = "",
    ) -> None:
        self.name = name
        self.url = url
        self.requests = first.requests if first else 0
        self.bytes_read = len(first.body) if first and not first.kept_at else 0
        self.content_type = ""
        self._network = network
        self._headers = dict(headers or {})
        self._classify = classify
        self._revision = revision
        self._place = url  # where redirects led last
        self._extents = Extents()
        self._spool: Spool | None = None
        self._size: int | None = None
        self._marks: tuple[str, str] = ("", "")  # ETag and Last-Modified
        self._lock = threading.RLock()
        self._expected = size
        if first is not None:
            self._take(first)
        elif size is None:
            self._counted(lambda: self._ask(0, HEAD_BYTES))
        if size is not None and self._size is None:
            self._size = size

    @property
    def size(self) -> int:
        """Return the length in bytes."""
        return self._size or 0

    @property
    def begins_at_its_end(self) -> bool:
        """Tell whether a reader had better ask for the end first: a name that promises a zip, and no head here yet."""
        return self._spool is None and read_from_its_end(self.name) and bool(self._extents.gaps(0, 1))

    @property
    def mark(self) -> str:
        """Return what changes when the bytes do, as the server names it: the ETag, else the date of the last change, "" for neither."""
        return self._marks[0] or self._marks[1]

    @property
    def ignores_ranges(self) -> bool:
        """Tell whether the server sends whole files only."""
        return self._spool is not None

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end. Raises `NetworkError`, `FormatError`."""
        check_range(offset, length)
        length = min(length, max(0, self.size - offset))
        if length > MOST_BYTES:
            raise LimitError(f"asked for {length} bytes of {self.name!r} at once", f"at most {MOST_BYTES} are read")
        with self._lock:
            return self._counted(lambda: self._read(offset, length))

    def forget(self, before: int) -> None:
        """Give up what was read before an offset: a reader that passes over the whole file does not come back."""
        with self._lock:
            self._extents.forget(before)

    def close(self) -> None:
        """Give up what was read and the temporary file."""
        with self._lock:
            self._extents = Extents()
            if self._spool is not None:
                self._network.keep_front(self.url, self._headers, self._revision, self._spooled, self._spool.front())
                self._spool.close()

    def _counted(self, work: Callable[[], bytes]) -> bytes:
        with self._network.tally() as tally:
            try:
                return work()
            finally:
                self.requests += tally.requests
                self.bytes_read += tally.bytes_read

    def _read(self, offset: int, length: int) -> bytes:
        for _ in range(ROUNDS):
            gaps = self._extents.gaps(offset, length) if self._spool is None else []
            if not gaps:
                break
            self._ask(*self._widened(*gaps[0]))
            length = min(length, max(0, self.size - offset))
        else:
            raise broken_range(f"{host_of(self.url)} gives {self.name!r} in too small pieces", f"{ROUNDS} requests were not enough")
        if self._spool is not None and self._extents.gaps(offset, length):
            return self._spool.read(offset, length)
        return self._extents.read(offset, length)

    def _widened(self, offset: int, length: int) -> tuple[int, int]:
        """Stretch a small gap forward, not past the end or into what is here."""
        after = self._extents.next_start(offset + length - 1)
        end = min(max(offset + length, offset + LEAST_BYTES), self.size if after is None else after)
        return offset, max(length, end - offset)

    def _ask(self, offset: int, length: int) -> bytes:
        answer = self._range(self._place, offset, length)
        if self._place != self.url and answer.status in (400, 401, 403, 404, 410):
            self._place = self.url  # a signed address that ran out
            answer = self._range(self.url, offset, length)
        self._take(answer)
        return b""

    def _range(self, place: str, offset: int, length: int) -> RangeAnswer:
        return self._network.get_range(place, offset, length, headers=self._headers, known_as=self.url, revision=self._revision)

    def _take(self, answer: RangeAnswer) -> None:
        """Learn from an answer and keep its bytes. Raises `NetworkError` where it is not the file."""
        if answer.status == 416 and answer.total and self._size is not None:
            self._learn_size(answer.total, answer)  # it may be shorter now
        if self._classify is not None and (error := self._classify(answer)) is not None:
            raise error
        if answer.status == 416 and answer.total == 0:
            self._learn_size(0, answer)
            return
        if answer.status not in (200, 206):
            raise refusal(answer.url, answer.status, answer.headers, answer.body)
        if self._classify is None and answer.is_page and not self.content_type.startswith("text/html"):
            self._refuse_page(answer)
        self.content_type = answer.headers.get("content-type", "")
        self._check_marks(answer.headers)
        if answer.ranged:
            self._learn_size(answer.total if answer.total is not None else self._size or self._expected, answer)
            self._extents.add(answer.offset, answer.body)
            self._place = self._place if answer.kept_at else answer.final_url  # one that is kept has run out long ago
        elif answer.whole:
            self._learn_size(len(answer.body), answer)
            self._extents.add(0, answer.body)
        else:
            self._begin_spool(answer)

    def _begin_spool(self, answer: RangeAnswer) -> None:
        if answer.total is not None:
            self._learn_size(answer.total, answer)
        self._spool = Spool(self._network, self.url, self._headers)
        self._check_marks(self._spool.headers)
        self._learn_size(self._spool.whole_size(), answer)
        self._spooled = replace(answer, status=206, body=b"", total=self._size)  # as it is kept: a file with ranges

    def _learn_size(self, size: int | None, answer: RangeAnswer) -> None:
        if size is None:
            raise broken_range(f"{host_of(self.url)} does not say how large {self.name!r} is", answer.headers.get("content-range", ""))
        if self._size is not None and self._size != size:
            raise self._changed(f"it has {size} bytes now, and had {self._size}")
        self._size = size

    def _changed(self, why: str) -> NetworkError:
        return NetworkError(f"{self.name!r} changed while it was read", why, "run the audit again", state=State.CHANGED)

    def _check_marks(self, headers: Mapping[str, str]) -> None:
        marks = headers.get("etag", "").removeprefix("W/"), headers.get("last-modified", "")
        for old, new in zip(self._marks, marks, strict=True):
            if old and new and old != new:
                raise self._changed(f"it was {old[:80]} and is {new[:80]}")
            if old and new:
                break  # the ETag decides; mirrors differ in their dates
        self._marks = marks

    def _refuse_page(self, answer: RangeAnswer) -> None:
        if not (answer.ranged and answer.offset > 0):  # in the middle of a file anything may look like a page
            words = " ".join(answer.body[:300].decode("utf-8", "replace").split())
            what = f"{host_of(answer.final_url)} answered with a page, not a file"
            raise NetworkError(what, words, "open the link in a browser", state=State.NOT_A_FILE)


def first_range(network: Network, url: str, name: str, headers: Mapping[str, str] | None = None, retries: int | None = None) -> RangeAnswer:
    """Return the part of a file that is wanted first: the end where its name promises a zip, otherwise the head.

    Not every server that knows ranges knows those from the end (RFC 9110, 14.1.2): one that sends the whole file, or finds the
    range impossible, is asked for the head. Raises `NetworkError` as `Network.get_range` does.
    """
    if read_from_its_end(name):
        answer = network.get_range(url, -END_BYTES, END_BYTES, headers=headers, retries=retries)
        ignored = answer.status == 200 and not (answer.whole or answer.is_page) and answer.headers.get("accept-ranges") == "bytes"
        if not ignored and answer.status != 416:
            return answer
    return network.get_range(url, 0, HEAD_BYTES, headers=headers, retries=retries)
