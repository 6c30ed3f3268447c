"""The one way to GitHub's REST API: PyGithub's requester, with every byte through `auditor.net`.

PyGithub brings its own network code: a session of its own, ten retries, and a wait of up to an hour for a rate limit to
reset. Here its connection class is replaced (on a subclass of its `Requester`, so that nothing is changed for others in the
process) by one that uses the audit's guarded session, never waits, follows redirects on the same host only, and bounds what
it reads. A refusal is a `NetworkError` with words for a person.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin, urlsplit

from auditor import __version__
from auditor.errors import AuditError, FilingError, NetworkError, UsageError
from auditor.facts import State, Status

if TYPE_CHECKING:
    from github.Repository import Repository as WritableRepository
    from github.Requester import Requester

    from auditor.net import Network

PUBLIC_API = "https://api.github.com"
MAX_ANSWER_BYTES = 48 << 20  # GitHub's largest answers are recursive trees (7 MB) and blobs of 32 MB in base64
ANSWER_SECONDS = 90.0
MAX_REDIRECTS = 3
GET_ATTEMPTS = 2  # after a 500; the network itself asks again after 502, 503, 504 and broken connections
RETRY_PAUSE_SECONDS = 0.5
REDIRECTS = (301, 302, 307, 308)


@dataclass(frozen=True, slots=True)
class Answer:
    """The parsed JSON of one request with its headers (names in lower case)."""

    data: Any
    headers: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """Return the digest of the answer as canonical JSON: sorted keys, no blanks, UTF-8."""
        text = json.dumps(self.data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def has_next(self) -> bool:
        """Tell whether GitHub says that there is another page."""
        return 'rel="next"' in self.headers.get("link", "")


class GitHubApi:
    """GitHub's REST API as one user (or nobody); thread-safe. Only the writer may send anything but GET."""

    def __init__(self, network: Network, *, token: str = "", base_url: str = "", writing: bool = False) -> None:
        self.base_url = base_url or api_base_url()
        self.token_given = bool(token)
        self.is_public_api = self.base_url == PUBLIC_API
        self._requester = _requester(network, self.base_url, token, writing)

    def get(self, path: str, accept: str = "", **parameters: str | int) -> Answer:
        """Return the answer to GET `path` ("/repos/o/n"), asked a second time after a server error.

        Raises `NetworkError` with a status of `facts.Status` and the HTTP status where there is one.
        """
        headers = {"Accept": accept or "application/vnd.github+json"}
        for attempt in range(1, GET_ATTEMPTS + 1):
            try:
                return self._ask(path, headers, parameters)
            except NetworkError as error:
                if error.http_status != 500 or attempt == GET_ATTEMPTS:
                    raise
                time.sleep(RETRY_PAUSE_SECONDS)
        raise NetworkError(f"no answer from {path}")  # pragma: no cover - the loop always returns or raises

    def _ask(self, path: str, headers: dict[str, str], parameters: Mapping[str, str | int]) -> Answer:
        with translated(path, self.token_given):
            answer_headers, data = self._requester.requestJsonAndCheck("GET", path, parameters=dict(parameters), headers=dict(headers))
            return Answer(data, answer_headers)

    def writable(self, full_name: str) -> WritableRepository:
        """Return PyGithub's repository, for creating an issue. No request is made. Calls on it belong into `translated`."""
        from github.Repository import Repository as WritableRepository

        url = f"{self.base_url}/repos/{full_name}"
        return WritableRepository(self._requester, {}, {"url": url, "full_name": full_name}, completed=True)


class translated:  # noqa: N801 - used as a statement: `with translated(...):`
    """Turns everything that PyGithub, requests or a strange answer can raise into a `NetworkError`."""

    def __init__(self, what: str, token_given: bool) -> None:
        self._what = what
        self._token_given = token_given

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise a `NetworkError` in place of what was raised; let our own errors and interrupts pass."""
        from github import GithubException
        from requests import RequestException, Timeout

        if error is None or isinstance(error, AuditError):
            return
        if isinstance(error, GithubException):
            raise refusal(error.status, error.headers or {}, error.data, self._what, self._token_given) from error
        if isinstance(error, RequestException):
            late = isinstance(error, Timeout)
            state = State.TIMED_OUT if late else State.UNREACHABLE
            help = "check the network and try again"
            raise NetworkError(f"no answer from GitHub for {self._what}", _one_line(error), help, state=state) from error
        if isinstance(error, (RuntimeError, ValueError, TypeError, AttributeError, LookupError, AssertionError)):
            why = f"{type(error).__name__}: {_one_line(error)}"
            raise NetworkError(f"GitHub's answer for {self._what} was not understood", why, state=State.SERVER_ERROR) from error


def api_base_url() -> str:
    """Return the address of the API: GITHUB_API_URL, or GitHub's own. Raises `UsageError` where it is no usable address.

    Plain http is taken for this machine alone, for tests: a token must not travel in the clear.
    """
    text = os.environ.get("GITHUB_API_URL", "").strip().rstrip("/")
    if not text:
        return PUBLIC_API
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host or ""))
    if not host or not secure or parts.username is not None or parts.query or parts.fragment or port == 0:
        raise UsageError("GITHUB_API_URL is not an address of an API", help="for example GITHUB_API_URL=https://github.example.org/api/v3")
    return text


def github_token() -> str:
    """Return GITHUB_TOKEN or GH_TOKEN, or "". Raises `UsageError` where it could not stand in a header."""
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        token = os.environ.get(name, "").strip()
        if token:
            if not token.isascii() or not token.isprintable() or " " in token:
                raise UsageError(f"{name} holds characters that no token has", help=f"unset {name}: reading public repositories needs none")
            return token
    return ""


def quoted(name: str) -> str:
    """Return a branch, tag or path ready for an address: everything escaped but its slashes."""
    return quote(name, safe="/")


def refusal(status: int, headers: Mapping[str, Any], data: object, what: str, token_given: bool) -> NetworkError:
    """Return the error for an HTTP status of 400 and above, in words, with the status of `facts.Status` that it stands for."""
    message = _one_line(data.get("message") or data.get("data") or "") if isinstance(data, dict) else ""  # "data": what is no JSON
    lower = {str(key).lower(): str(value) for key, value in headers.items()}
    if is_rate_limit(status, lower, message):
        return _quota(status, lower, message, token_given)
    words = {
        401: (
            Status.DENIED,
            State.SIGN_IN,
            "GitHub does not accept the token",
            "check GITHUB_TOKEN or GH_TOKEN, or unset it: public repositories need none",
        ),
        403: (Status.DENIED, State.NOT_SHARED, f"GitHub refuses {what}", "check that the token may read this repository"),
        404: (Status.MISSING, State.NOT_FOUND, f"GitHub has no {what}", "or it is private: GitHub tells strangers the same"),
        409: (Status.ERROR, State.EMPTY, f"GitHub cannot give {what}", ""),
        410: (Status.MISSING, State.DELETED, f"GitHub says that {what} is gone", ""),
        422: (Status.ERROR, State.NOT_FOUND, f"GitHub does not understand the request for {what}", ""),
        451: (Status.DENIED, State.TAKEN_DOWN, f"GitHub blocks {what} for legal reasons", "open it in a browser: GitHub shows the notice"),
    }
    if status == 403 and "access blocked" in message.lower():  # its own terms; the law has 451
        words[403] = (Status.DENIED, State.TAKEN_DOWN, f"GitHub has taken down {what}", "open it in a browser: GitHub says why")
    unknown = (Status.ERROR, State.SERVER_ERROR, f"GitHub answered {status} for {what}", "try again later")
    kind, state, line, help = words.get(status, unknown)
    return NetworkError(line, message, help, status=kind, state=state, http_status=status)


def is_rate_limit(status: int, headers: Mapping[str, str], message: str) -> bool:
    """Tell a used-up quota from a refusal: GitHub answers 403 to both."""
    if status == 429:
        return True
    said = message.lower()
    spoken = "rate limit" in said or "abuse detection" in said or "wait a few minutes" in said
    return status == 403 and (headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers or spoken)


def _quota(status: int, headers: Mapping[str, str], message: str, token_given: bool) -> NetworkError:
    """Return the error for a primary or secondary rate limit, with the time at which it ends."""
    limit = headers.get("x-ratelimit-limit", "")
    if headers.get("x-ratelimit-remaining") == "0":
        amount = f" of {limit} requests an hour" if limit.isdigit() else ""
        reset = reset_time(headers)
        why = f"GitHub's rate limit{amount} is used up" + (f"; it is reset at {reset}" if reset else "")
    else:
        wait = headers.get("retry-after", "")
        pause = f"; it asks to wait {wait} seconds" if wait.isdigit() else ""
        why = f"GitHub's secondary rate limit was hit{pause}" + (f" ({message})" if message else "")
    help = "try again later" if token_given else "set GITHUB_TOKEN for 5,000 requests an hour, or try again later"
    return NetworkError("GitHub's quota is used up", why, help, status=Status.QUOTA, state=State.RATE_LIMITED, http_status=status)


def reset_time(headers: Mapping[str, str]) -> str:
    """Return when the rate limit is reset, "2026-11-20 14:05 UTC", or "" where GitHub does not say."""
    text = headers.get("x-ratelimit-reset", "")
    if not text.isdigit() or len(text) > 10:
        return ""
    return datetime.fromtimestamp(int(text), UTC).strftime("%Y-%m-%d %H:%M UTC")


# ------------------------------------------------------------------------------------------------------ PyGithub's seam


def _requester(network: Network, base_url: str, token: str, writing: bool) -> Requester:
    """Return a PyGithub requester whose traffic is the network's.

    `injectConnectionClasses` is PyGithub's own seam; called on a subclass it changes that subclass alone. It also makes
    PyGithub use one connection object per request, which its threads need: the objects carry the request's state.
    """
    from github.Auth import Token
    from github.Requester import Requester

    class NetworkRequester(Requester):
        """PyGithub's requester for one audit."""

    NetworkRequester.injectConnectionClasses(*_connection_classes(network, writing))
    return NetworkRequester(
        auth=Token(token) if token else None,
        base_url=base_url,
        timeout=max(1, int(network.settings.timeout_seconds)),
        user_agent=f"auditor/{__version__}",
        per_page=100,
        verify=True,
        retry=None,
        pool_size=None,
        seconds_between_requests=0,
        seconds_between_writes=1.0,
    )


def _connection_classes(network: Network, writing: bool) -> tuple[Any, Any]:
    """Return PyGithub's two connection classes (http, https) over the network's session."""
    from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester
    from requests import RequestException

    session = network.session()

    def answer(protocol: str, connection: Any) -> _BoundedResponse:
        if connection.verb not in ("GET", "HEAD") and not writing:
            raise FilingError(f"refused to send {connection.verb}", "only `audit issue --file` writes to GitHub")
        netloc = connection.host if connection.port is None else f"{connection.host}:{connection.port}"
        url = f"{protocol}://{netloc}{connection.url}"
        broken = False
        for _ in range(MAX_REDIRECTS + 1):
            response = session.request(
                connection.verb,
                url,
                headers=connection.headers,
                data=connection.input.encode() if isinstance(connection.input, str) else connection.input,
                timeout=network.settings.timeout_seconds,
                allow_redirects=False,
                stream=True,
                auth=Requester.noopAuth,  # or requests would put a password of ~/.netrc in the token's place
            )
            if response.status_code not in REDIRECTS:
                try:
                    return _BoundedResponse(response)
                except RequestException:  # the body broke off: once more, where nothing is written
                    if broken or connection.verb not in ("GET", "HEAD"):
                        raise
                    broken = True
                    continue
            response.close()
            url = _redirected(connection.verb, url, response.headers.get("Location", ""))
        raise NetworkError("GitHub redirects without end", url, state=State.MOVED)

    class Http(HTTPRequestsConnectionClass):
        """Plain http: loopback only, see `api_base_url`."""

        def __init__(self, host: str, port: Any = None, **settings: object) -> None:
            self.host, self.port = host, port

        def getresponse(self) -> Any:
            """Send the request and return the bounded answer."""
            return answer("http", self)

        def close(self) -> None:
            """Do nothing: the session is the network's."""

    class Https(HTTPSRequestsConnectionClass):
        """Encrypted, with the network's own checks of certificates and addresses."""

        def __init__(self, host: str, port: Any = None, **settings: object) -> None:
            self.host, self.port = host, port

        def getresponse(self) -> Any:
            """Send the request and return the bounded answer."""
            return answer("https", self)

        def close(self) -> None:
            """Do nothing: the session is the network's."""

    return Http, Https


class _BoundedResponse:
    """An answer read whole within a limit of bytes and seconds, in the shape that PyGithub expects."""

    def __init__(self, response: Any) -> None:
        self.status: int = response.status_code
        if self.status == 202:
            # PyGithub would wait and ask again for as long as the server likes.
            raise NetworkError("GitHub is still preparing its answer", help="try again in a minute", http_status=202)
        self.headers = response.headers
        self._body = _read_bounded(response)

    def getheaders(self) -> Any:
        """Return the headers as pairs."""
        return self.headers.items()

    def read(self) -> str:
        """Return the body; JSON is UTF-8 (RFC 8259), whatever the header says."""
        return self._body.decode("utf-8", errors="replace")


def _read_bounded(response: Any) -> bytes:
    """Return the body of a streamed answer, or raise `NetworkError` past the limits."""
    deadline = time.monotonic() + ANSWER_SECONDS
    body = bytearray()
    with response:
        for chunk in response.iter_content(1 << 16):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES or time.monotonic() > deadline:
                raise NetworkError(
                    "GitHub's answer is too large or too slow", f"{len(body)} bytes so far", status=Status.BLOCKED, state=State.BLOCKED
                )
    return bytes(body)


def _redirected(verb: str, url: str, location: str) -> str:
    """Return where a redirect leads: the same host, and never for a request that writes."""
    if verb not in ("GET", "HEAD"):
        raise NetworkError("GitHub redirects a request that writes", "the repository was renamed or moved", http_status=307)
    target = urljoin(url, location)
    if not location or urlsplit(target)[:2] != urlsplit(url)[:2]:
        raise NetworkError("GitHub's API redirects to another host", urlsplit(target).netloc, status=Status.BLOCKED, state=State.BLOCKED)
    return target


def _is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, from its words alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _one_line(text: object) -> str:
    """Return a server's words on one line, cut short."""
    return " ".join(str(text).split())[:200]
