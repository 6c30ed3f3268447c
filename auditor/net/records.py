"""What goes into and comes out of the network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What the network may cost, and where it may go."""

    timeout_seconds: float = 20.0  # to connect, and between bytes
    exchange_seconds: float = 120.0  # one request from its first byte to its last: a server that drips does not hold us
    retries: int = 2  # more attempts on 429, 502, 503, 504 and connection errors
    retry_wait_seconds: float = 10.0  # the longest wait between attempts; a longer Retry-After ends the attempts
    max_redirects: int = 10
    max_page_bytes: int = 20 << 20  # one whole page or document
    max_spool_bytes: int = 512 << 20  # of one file on a server that ignores ranges
    max_requests: int = 5000  # of the whole audit
    max_bytes: int = 2 << 30  # of the whole audit
    max_seconds: float = 3600.0  # of the whole audit, from when the network was made
    max_requests_per_host: int = 4000
    max_bytes_per_host: int = 2 << 30
    max_seconds_per_host: float = 3 * 3600.0  # of all its requests together, those at one time each
    requests_per_host: int = 6  # at one time
    requests_at_once: int = 64  # of all hosts together
    allowed_private_hosts: frozenset[str] = frozenset()  # "host" or "host:port"; the place of GITHUB_API_URL is always in
    offline: bool = False  # the cache alone
    cache_folder: Path | None = None  # None: nothing is kept
    cache_bytes: int = 512 << 20


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole answer, whatever its HTTP status."""

    url: str
    final_url: str  # after redirects
    status: int
    headers: Mapping[str, str]  # any case
    body: bytes
    sha256: str  # of the body

    def text(self) -> str:
        """Return the body as text: in the charset that the server names, else UTF-8; what does not decode is replaced."""
        charset = re.search(r"charset=[\"']?([\w.:-]+)", self.headers.get("content-type", ""), re.IGNORECASE)
        try:
            return self.body.decode(charset[1] if charset else "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class RangeAnswer:
    """What a server said when it was asked for a range, whatever its HTTP status.

    `ranged` answers (206) hold bytes `offset` to `offset + len(body)` of `total`. Others hold the first bytes of whatever
    was sent, and `whole` tells whether that was all of it; `total` is its length where the server says so.
    """

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    offset: int = 0
    total: int | None = None
    whole: bool = False
    requests: int = 1  # hops and attempts together
    kept_at: float = 0.0  # when a server said so, for an answer of the cache; 0 for one that came just now

    @property
    def ranged(self) -> bool:
        """Tell whether these are the bytes that were asked for."""
        return self.status == 206

    @property
    def is_page(self) -> bool:
        """Tell whether this is an HTML page."""
        return is_page(self.headers.get("content-type", ""), self.body)


@dataclass(slots=True)
class Tally:
    """What one thread asked for while the tally was open."""

    requests: int = 0
    bytes_read: int = field(default=0)
    kept_at: float = 0.0  # when the oldest answer of the cache among these was seen; 0 for none


def is_page(content_type: str, head: bytes) -> bool:
    """Tell whether an answer is an HTML page, from its bytes first: servers call checkpoints text/html and pages octets."""
    start = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<!--")):
        return True
    return content_type.split(";")[0].strip().lower() in ("text/html", "application/xhtml+xml") and start[:1] in (b"<", b"")
