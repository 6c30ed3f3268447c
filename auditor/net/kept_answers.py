"""Whole answers out of the cache: asked anew with their validator (RFC 9110, section 13), never believed without.

One hop of one GET is one entry. A 304 brings the kept body; an answer without a validator is kept for `--offline` alone, and so
is "it does not exist", the only failure that is kept. `pinned` addresses name bytes that cannot change, such as the file of a
commit: what is kept of them is not asked for again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.net.cache import Cache, Entry
from auditor.net.failures import host_of

MOST_BYTES = 48 << 20  # of one answer
GONE = (404, 410)
REDIRECTS = (301, 302, 303, 307, 308)
UNKEPT_HEADERS = frozenset(
    """
    age alt-svc authorization connection content-encoding content-length content-security-policy date expires keep-alive nel p3p
    permissions-policy proxy-authenticate proxy-authorization report-to retry-after server-timing set-cookie set-cookie2
    strict-transport-security transfer-encoding www-authenticate
    """.split()
)
UNKEPT_BEGINNINGS = ("x-ratelimit", "ratelimit", "cross-origin-", "access-control-", "sec-")


class KeptResponse(requests.Response):
    """An answer out of the cache: no byte of its body came over the network."""

    seen_at: float = 0.0  # when the server last gave it


class KeptAnswers:
    """What the door asks before it asks a server, and tells what a server said."""

    def __init__(self, cache: Cache | None, authorization: Callable[[requests.PreparedRequest], str], offline: bool) -> None:
        self._cache = cache
        self._authorization = authorization
        self._offline = offline
        self._pending: WeakKeyDictionary[requests.Response, str] = WeakKeyDictionary()

    def ready(self, request: requests.PreparedRequest, pinned: bool = False) -> KeptResponse | None:
        """Return an answer for which no server is asked, or None. Raises `NetworkError` offline where there is none."""
        entry = self._entry(request) if self._offline or pinned else None
        if entry is not None and (self._offline or entry.about["status"] == 200):
            return _response(request, entry)
        if self._offline:
            raise not_in_the_cache(request.url or "")
        return None

    def conditional(self, request: requests.PreparedRequest) -> tuple[requests.PreparedRequest, Entry | None]:
        """Return the request as it is to be sent, with the validator of what is kept, and that entry."""
        entry = self._entry(request)
        headers = entry.about["headers"] if entry is not None and entry.about["status"] == 200 else {}
        validators = {"If-None-Match": headers.get("etag"), "If-Modified-Since": headers.get("last-modified")}
        if not any(validators.values()) or any(name in request.headers for name in validators):
            return request, None
        asking = request.copy()
        asking.headers.update({name: value for name, value in validators.items() if value})
        return asking, entry

    def settled(self, request: requests.PreparedRequest, response: requests.Response, entry: Entry | None) -> requests.Response:
        """Return the kept answer where the server says that it still holds; else the server's, to be kept when it was read."""
        if entry is not None and response.status_code == 304 and self._cache is not None:
            response.close()
            self._cache.seen(entry)
            return _response(request, entry)
        key = self._key(request)
        if key and response.status_code in (200, *GONE, *REDIRECTS):
            self._pending[response] = key
            if response.status_code in REDIRECTS:
                self.keep(response, b"")
        return response

    def keep(self, response: requests.Response, body: bytes) -> None:
        """Keep an answer whose body was read to its end."""
        key = self._pending.pop(response, "")
        if not key or self._cache is None or len(body) > MOST_BYTES:
            return
        url = response.url or ""
        about = {"url": url, "status": response.status_code, "reason": response.reason or "", "headers": kept_headers(response.headers)}
        self._cache.put(key, "answer", host_of(url), about, body)

    def _entry(self, request: requests.PreparedRequest) -> Entry | None:
        key = self._key(request)
        return self._cache.get(key) if key and self._cache is not None else None

    def _key(self, request: requests.PreparedRequest) -> str:
        """Return the key of a request, "" for one whose answer is not kept."""
        headers = request.headers
        if self._cache is None or request.method != "GET" or "Range" in headers or "Cookie" in headers:
            return ""
        accepted = [str(headers.get(name, "")) for name in ("Accept", "Accept-Language")]
        return key_of("answer", request.url or "", *accepted, self._cache.hashed(self._authorization(request)))


def key_of(*parts: str) -> str:
    """Return one key for several words."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that are kept, names in lower case: none that names a person, a session or the moment."""
    lowered = {name.lower(): value for name, value in headers.items()}
    return {n: v for n, v in lowered.items() if n not in UNKEPT_HEADERS and not n.startswith(UNKEPT_BEGINNINGS) and "cookie" not in n}


def not_in_the_cache(url: str) -> NetworkError:
    """Return the refusal to ask a server while offline."""
    help = "run again without --offline"  # not `skipped`: what was not looked at may hide what is looked for
    return NetworkError(f"{host_of(url)} was not asked", "offline, and not in the cache", help, status="blocked", state=State.OFFLINE)


def _response(request: requests.PreparedRequest, entry: Entry) -> KeptResponse:
    about: dict[str, Any] = entry.about
    response = KeptResponse()
    response.status_code, response.reason = about["status"], about["reason"]
    response.url, response.request = request.url or "", request
    response.headers = CaseInsensitiveDict({**about["headers"], "content-length": str(len(entry.body))})
    response.encoding = get_encoding_from_headers(response.headers)
    response._content = entry.body
    response._content_consumed = True  # type: ignore[attr-defined]
    response.seen_at = entry.seen_at
    return response
