"""Ranges of files out of the cache: what was read of a file is not read again while the file is provably the same.

A file is known by the address at which its reading begins, never by the signed address that it is redirected to. What is kept
of it is believed in this run where

* the listing gave its revision or hash, and that is the one which the bytes were kept with: no request at all; or
* one request for its first 16 bytes showed the same strong ETag (If-None-Match; RFC 9110, 8.8.1), or, where there is none, the
  same length and the same Last-Modified, which lay a minute or more back when the bytes were read (8.8.2.2).

Anything else is read anew, and what was kept before is given up. Offline, what was kept last is shown with its date.
"""

from __future__ import annotations

import email.utils
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from requests import PreparedRequest
from requests.structures import CaseInsensitiveDict

from auditor.net.cache import Cache, Entry
from auditor.net.failures import host_of
from auditor.net.kept_answers import GONE, kept_headers, key_of, not_in_the_cache
from auditor.net.records import RangeAnswer

PROBE_BYTES = 16  # of a request that only asks whether the file is the same
MOST_BYTES = 8 << 20  # of one range; larger ones are whole downloads, which would drive everything else out
MOST_FILE_BYTES = 64 << 20  # of one file
SETTLED_SECONDS = 60.0  # a file that changed less long ago may change again within the same second

Ask = Callable[[int, int, Mapping[str, str]], RangeAnswer]


@dataclass(slots=True)
class Known:
    """What is kept of one file, believed in this run."""

    key: str
    about: dict[str, Any]  # status, etag, modified, total, headers, final_url, revision, generation, url
    seen_at: float
    kept_bytes: int = 0  # in this run

    @property
    def parent(self) -> str:
        """Return what the parts are kept under: a new one whenever the file was another, so that no two are mixed."""
        return f"{self.key}:{self.about['generation']}"

    @property
    def is_provable(self) -> bool:
        """Tell whether the server can be asked if the file is still the same."""
        return self.about["status"] in (200, 206) and bool(self.about["etag"] or self.about["modified"])


class KeptRanges:
    """Answers to range requests, from the cache as far as they can be. Thread-safe."""

    def __init__(self, cache: Cache, authorization: Callable[[PreparedRequest], str], offline: bool) -> None:
        self._cache = cache
        self._authorization = authorization
        self._offline = offline
        self._believed: dict[str, Known] = {}
        self._lock = threading.Lock()

    def answer(self, request: PreparedRequest, offset: int, length: int, revision: str, ask: Ask, *, moved: bool = False) -> RangeAnswer:
        """Return a range of the file at the address of a request, asking a server for what is not kept.

        `moved` is for a server that is asked at the signed address to which the file's own once led. Raises `NetworkError` as `ask`
        does, and offline.
        """
        url = request.url or ""
        key = key_of("file", url, self._cache.hashed(self._authorization(request)))
        known = self._known(key, revision)
        if known is not None:
            found = self._found(known, url, offset, length)
            if found is not None and (self._is_believed(known) or (found := self._proven(known, found, revision, ask)) is not None):
                return found
        if self._offline:
            raise not_in_the_cache(url)
        answer = ask(offset, length, {})
        if not (moved and answer.status in GONE):  # a signed address that ran out says nothing of the file
            self._keep(key, url, revision, answer)
        return answer

    def keep_front(self, request: PreparedRequest, revision: str, answer: RangeAnswer, parts: Iterable[tuple[int, bytes]]) -> None:
        """Keep what was read of a file from its front, as ranges of it."""
        url = request.url or ""
        key = key_of("file", url, self._cache.hashed(self._authorization(request)))
        for offset, data in parts:
            if offset >= MOST_FILE_BYTES:
                break
            self._keep(key, url, revision, replace(answer, offset=offset, body=data))

    def _known(self, key: str, revision: str) -> Known | None:
        with self._lock:
            believed = self._believed.get(key)
        if believed is not None:
            return believed
        entry = self._cache.get(key)
        if entry is None:
            return None
        known = Known(key, entry.about, entry.seen_at)
        same_revision = bool(revision) and known.about["revision"] == revision
        if self._offline and revision and known.about["revision"] and not same_revision:
            return None  # the listing that is kept is of another version of the file
        if same_revision or self._offline:
            self._believe(known)
        return known

    def _is_believed(self, known: Known) -> bool:
        with self._lock:
            return self._believed.get(known.key) is known

    def _believe(self, known: Known) -> None:
        with self._lock:
            self._believed[known.key] = known

    def _proven(self, known: Known, found: RangeAnswer, revision: str, ask: Ask) -> RangeAnswer | None:
        """Return the kept answer where the server shows that the file is the same; what it says where it gives no file; else None."""
        if not known.is_provable:
            return None
        etag = known.about["etag"]
        said = ask(0, PROBE_BYTES, {"If-None-Match": etag} if etag else {})
        if said.status == 304 and etag:
            same = True
        elif said.status in (200, 206):
            same = _marks(said) == (known.about["etag"], known.about["modified"], known.about["total"])
        else:
            if said.status in GONE:
                self._keep(known.key, said.url, "", said)
            return said
        if not same:
            return None
        known.about = {**known.about, "revision": revision or known.about["revision"]}
        self._cache.seen(Entry(known.key, known.about, b"", known.seen_at))
        self._believe(known)
        return replace(found, final_url=said.final_url, requests=said.requests)

    def _found(self, known: Known, url: str, offset: int, length: int) -> RangeAnswer | None:
        """Return what is kept of a range: its beginning where not all of it is, None where not even that."""
        about = known.about
        fields = CaseInsensitiveDict(about["headers"])
        answer = RangeAnswer(url, about["final_url"], about["status"], fields, b"", 0, about["total"], False, 0, known.seen_at)
        if about["status"] != 206:
            parts = self._cache.parts(known.parent, 0, 1)
            return replace(answer, body=parts[0].body, whole=True) if parts else None
        total = about["total"]
        if offset < 0 and total is None:
            return None
        start = offset if offset >= 0 else max(0, total + offset)
        end = start + length if total is None else min(total, start + length)
        body = bytearray()
        for part in self._cache.parts(known.parent, start, end):
            here = start + len(body)
            if part.first > here:
                break
            body += part.body[here - part.first : end - part.first]
        if not body or (offset < 0 and start + len(body) < end):
            return None
        return replace(answer, body=bytes(body), offset=start)

    def _keep(self, key: str, url: str, revision: str, answer: RangeAnswer) -> None:
        """Keep a range, a whole small file, or that there is none; any other answer leaves what is kept as it is."""
        is_file = answer.status == 206 or (answer.status == 200 and answer.whole)
        if not is_file and answer.status not in GONE and not (answer.status == 416 and answer.total == 0):
            return
        if answer.status == 200 and answer.is_page and (older := self._cache.get(key)) is not None and older.about["status"] == 206:
            return  # what Drive says in place of the bytes does not drive them out
        etag, modified, total = _marks(answer)
        with self._lock:
            known = self._believed.get(key)
        if known is None or (known.about["etag"], known.about["modified"], known.about["total"]) != (etag, modified, total):
            known = self._begun(key, url, revision, answer)
        known.kept_bytes += len(answer.body)
        if len(answer.body) <= MOST_BYTES and known.kept_bytes <= MOST_FILE_BYTES:
            place = f"{known.parent}:{answer.offset}"
            self._cache.put(place, "part", host_of(url), {}, answer.body, parent=known.parent, first=answer.offset)

    def _begun(self, key: str, url: str, revision: str, answer: RangeAnswer) -> Known:
        """Begin anew with a file: parts of it that were kept before are not found any more."""
        etag, modified, total = _marks(answer)
        about = {
            "url": url,
            "status": answer.status,
            "etag": etag,
            "modified": modified,
            "total": total,
            "headers": kept_headers(answer.headers),
            "final_url": answer.final_url,
            "revision": revision,
            "generation": secrets.token_hex(6),
        }
        self._cache.put(key, "file", host_of(url), about)
        known = Known(key, about, 0.0)
        self._believe(known)
        return known


def _marks(answer: RangeAnswer) -> tuple[str, str, int | None]:
    """Return what tells one version of a file from another: strong ETag, settled Last-Modified, length."""
    if answer.status == 200 and answer.is_page:
        return "", "", answer.total  # a page in place of a file says nothing of the file
    etag, modified = answer.headers.get("etag", "").strip(), answer.headers.get("last-modified", "").strip()
    when, now = _moment(modified), _moment(answer.headers.get("date", ""))
    settled = when is not None and (time.time() if now is None else now) - when >= SETTLED_SECONDS
    if etag and not etag.startswith("W/"):
        return etag, "", answer.total  # mirrors differ in their dates
    return "", modified if settled else "", answer.total


def _moment(text: str) -> float | None:
    """Return the moment of an HTTP date, or None."""
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
