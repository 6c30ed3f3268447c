"""What went wrong, in the words of `facts.Status`: from exceptions of the HTTP library and from HTTP statuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import requests
import urllib3

from auditor.errors import NetworkError
from auditor.facts import State

QUOTA_WORDS = re.compile(
    rb"rate.?limit|quota|too many requests|secondary limit|abuse detection|bandwidth limit|download limit", re.IGNORECASE
)
DOWNLOAD_WORDS = re.compile(rb"(?:download|bandwidth|traffic|egress)\s*(?:quota|limit)|quota exceeded", re.IGNORECASE)

STATES: dict[int, State] = {
    401: State.SIGN_IN,
    403: State.NOT_SHARED,
    404: State.NOT_FOUND,
    407: State.UNREACHABLE,  # the proxy's word, not the host's
    408: State.TIMED_OUT,
    410: State.DELETED,
    416: State.BROKEN_RANGE,
    429: State.RATE_LIMITED,
    451: State.TAKEN_DOWN,
}
"""What an HTTP status means for a person (RFC 9110, section 15; RFC 6585, section 4; RFC 7725). 402 means several things."""


class InterruptedBodyError(NetworkError):
    """An answer that began and did not end: worth another attempt."""

    def __init__(self, what: str, why: str = "", help: str = "try again later", *, state: str = State.UNREACHABLE) -> None:
        super().__init__(what, why, help, state=state)


def broken_range(what: str, why: str) -> NetworkError:
    """Return the error for an answer to a range request that is not the bytes that were asked for."""
    return NetworkError(what, why, "download the file by hand and give it as a path", state=State.BROKEN_RANGE)


def status_word(status: int, headers: Mapping[str, str], body: bytes = b"") -> str:
    """Return the word of `facts.Status` for an HTTP status; 403 with the words or headers of a rate limit is `quota`."""
    if status == 429 or (status in (403, 503) and _speaks_of_quota(headers, body)):
        return "quota"
    if status in (401, 402, 403, 407, 451):
        return "denied"
    if status in (404, 410):
        return "missing"
    return "ok" if 200 <= status < 300 else "error"


def state_word(status: int, headers: Mapping[str, str], body: bytes = b"") -> State:
    """Return the word of `facts.State` for an HTTP status: a quota of the file is told from a limit on who asks."""
    if status_word(status, headers, body) == "quota":
        return State.QUOTA if status != 429 and DOWNLOAD_WORDS.search(body[:65536]) else State.RATE_LIMITED
    if status in STATES:
        return STATES[status]
    if 300 <= status < 400:
        return State.MOVED
    return State.SERVER_ERROR if status >= 500 else State.UNKNOWN


def refusal(url: str, status: int, headers: Mapping[str, str], body: bytes = b"") -> NetworkError:
    """Return the error for an answer with an HTTP status that is not a success (RFC 9110, section 15)."""
    word, state = status_word(status, headers, body), state_word(status, headers, body)
    words = {
        "quota": ("limits how often it is asked", "try again later"),
        "denied": ("does not let us in", "the owner has to share it, or a token is needed"),
        "missing": ("says that it does not exist", "check the address in a browser"),
    }.get(word, ("answered with an error", "try again later"))
    return NetworkError(f"{host_of(url)} {words[0]}", f"HTTP {status} for {url}", words[1], status=word, state=state, http_status=status)


def explain(error: Exception, url: str) -> NetworkError:
    """Return the error for an exception of requests, urllib3 or the socket below them."""
    gone, host, text = State.UNREACHABLE, host_of(url), re.sub(r"^\[Errno -?\d+\] ", "", _innermost(error))
    if "CA certificate bundle" in text:
        return NetworkError(
            "the certificates for TLS cannot be read", text, "check REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and SSL_CERT_FILE", state=gone
        )
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return NetworkError(f"no trust in the certificate of {host}", text, "set REQUESTS_CA_BUNDLE if a proxy re-signs TLS", state=gone)
    if isinstance(error, requests.exceptions.ProxyError | urllib3.exceptions.ProxyError):
        return NetworkError(f"the proxy does not lead to {host}", text, "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY", state=gone)
    if isinstance(error, requests.exceptions.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return NetworkError(f"{host} did not answer in time", text, "try again later", state=State.TIMED_OUT)
    if is_name_failure(error):
        return NetworkError(f"the name {host} could not be resolved", text, "check the spelling and the network connection", state=gone)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | requests.exceptions.MissingSchema):
        return NetworkError(f"{url!r} is not an address that can be fetched", text)
    return NetworkError(f"no answer from {host}", text, "check the network connection and try again", state=gone)


def is_name_failure(error: Exception) -> bool:
    """Tell whether an exception means that a name was not resolved."""
    return "NameResolutionError" in repr(error) or "getaddrinfo" in repr(error)


def host_of(url: str) -> str:
    """Return the host of an address, or the address itself where it has none."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def _speaks_of_quota(headers: Mapping[str, str], body: bytes) -> bool:
    remaining = headers.get("x-ratelimit-remaining", headers.get("ratelimit-remaining", ""))
    return remaining.strip() == "0" or bool(QUOTA_WORDS.search(body[:65536]))


def _innermost(error: BaseException) -> str:
    reason = error
    while (below := reason.__cause__ or reason.__context__) is not None and below is not reason:
        reason = below
    return " ".join(str(reason).split())[:300] or type(reason).__name__
