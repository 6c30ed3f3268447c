"""The closed replica of the internet: the real hostnames, answered from a `World`, with no socket.

`Replica.answer` is the server; `ReplicaAdapter` puts it behind the one seam of `requests`, so PyGithub, gdown and our own
code run unchanged. Whatever goes wrong follows from the world's faults; an unknown host fails as a name that does not
resolve.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.message import Message
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPHeaderDict, HTTPResponse

from auditor.demo import drive_replica, github_replica
from auditor.demo.answers import Answer, Request, as_html, cut_short, parse_request, ranged, redirect, whole, without_body
from auditor.demo.github_shapes import API
from auditor.demo.internet import Fault, Mishap, World


class NoAnswer(Exception):  # noqa: N818 - it is an event of the replica, not an error of the auditor
    """The server does not answer; `mishap` says in which way."""

    def __init__(self, mishap: Mishap, request: Request) -> None:
        super().__init__(f"{mishap} at {request.host}")
        self.mishap = mishap


@dataclass(slots=True)
class Seen:
    """One request that reached the replica, and how it was answered."""

    method: str
    url: str
    host: str
    path: str
    range: str  # value of the Range header, empty without one
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    status: int = 0  # 0: it was not answered
    bytes_sent: int = 0  # of the body, as far as the client took it


class Replica:
    """Answers requests from a world, and remembers them. Threads may share it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seen: list[Seen] = []
        self._github = github_replica.GitHubReplica(world.repositories, accepts_issues=world.accepts_issues, api_limit=world.api_limit)
        self._drive = drive_replica.DriveReplica(world.drive)
        self._pages = {url.rstrip("/"): page for url, page in world.pages.items()}
        self._page_hosts = {urlsplit(url).hostname for url in (*world.pages, world.api_base)}
        self._used = dict.fromkeys(range(len(world.faults)), 0)
        self._lock = threading.Lock()

    @property
    def filed(self) -> list[dict[str, Any]]:
        """Return the issues that were sent: full_name, title, body."""
        return self._github.filed

    def knows(self, host: str) -> bool:
        """Tell whether a host exists in this world; one that a fault takes away for good does not."""
        if any(fault.host == host and fault.mishap == Mishap.UNKNOWN_HOST and not fault.times for fault in self.world.faults):
            return False
        return host in github_replica.HOSTS or host in drive_replica.HOSTS or host in self._page_hosts

    def answer(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
        """Answer a request as its host would. Raises `NoAnswer` where no answer comes."""
        return self.answer_seen(method, url, headers, body)[0]

    def answer_seen(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> tuple[Answer, Seen]:
        """Answer a request, and return its record too, in which a server counts the bytes that it sends."""
        request = parse_request(method, url, headers or {}, body)
        seen = Seen(request.method, url, request.host, request.path, request.headers.get("range", ""), request.headers)
        with self._lock:
            self.seen.append(seen)
            fault = self._fault(request)
            answer = self._answer(request, fault)
        seen.status = answer.status
        return (without_body(answer) if request.method == "HEAD" else answer), seen

    def _answer(self, request: Request, fault: Fault | None) -> Answer:
        """Answer as the fault says, or as the host does."""
        if not self.knows(request.host):
            raise NoAnswer(Mishap.UNKNOWN_HOST, request)
        if fault is not None and fault.mishap in (Mishap.TIMEOUT, Mishap.RESET, Mishap.UNKNOWN_HOST):
            raise NoAnswer(fault.mishap, request)
        if fault is not None and fault.mishap == Mishap.STATUS:
            content = fault.content or f"{fault.status} {_phrase(fault.status)}".encode()
            return whole(fault.status, content, "text/html; charset=utf-8", fault.headers)
        if fault is not None and fault.mishap == Mishap.IGNORES_RANGE:
            kept = {name: value for name, value in request.headers.items() if name != "range"}
            answer = self._by_host(replace(request, headers=kept))
            return replace(answer, headers={name: value for name, value in answer.headers.items() if name != "Accept-Ranges"})
        answer = self._by_host(request)
        return cut_short(answer) if fault is not None else answer

    def _by_host(self, request: Request) -> Answer:
        """Ask the host."""
        address = request.url.replace(":443/", "/", 1)
        base = self.world.api_base.rstrip("/")
        if base and address.startswith(f"{base}/"):
            return self._at_other_address(request, address, base)
        page = self._pages.get(address.rstrip("/")) or self._pages.get(address.partition("?")[0].rstrip("/"))
        if page is not None:
            if page.location:
                sent_on = redirect(page.location, page.status if page.status != HTTPStatus.OK else HTTPStatus.FOUND)
                return replace(sent_on, headers={**sent_on.headers, **page.headers})
            fields = {"Content-Type": page.content_type, **page.headers}
            if page.status != HTTPStatus.OK:
                return whole(page.status, page.content, page.content_type, page.headers)
            return ranged(request, page.content, fields)
        if request.host in github_replica.HOSTS:
            return self._github.answer(request)
        if request.host in drive_replica.HOSTS:
            return self._drive.answer(request)
        return as_html("404 Not Found", "<h1>Not Found</h1>", 404)

    def _at_other_address(self, request: Request, address: str, base: str) -> Answer:
        """Answer from GitHub's API under the address that the world gives it."""
        same = parse_request(request.method, address.replace(base, API, 1), request.headers, request.body)
        answer = self._github.answer(same)
        fields = {
            name: value.replace(API, base) for name, value in answer.headers.items() if name not in ("Content-Type", "Content-Length")
        }
        return whole(answer.status, answer.body.replace(API.encode(), base.encode()), answer.headers["Content-Type"], fields)

    def _fault(self, request: Request) -> Fault | None:
        """Return the first fault that fits and is not used up, and count it."""
        for number, fault in enumerate(self.world.faults):
            if fault.host != request.host or not fnmatchcase(request.target, fault.path):
                continue
            if fault.times and self._used[number] >= fault.times:
                continue
            self._used[number] += 1
            return fault
        return None


def _phrase(status: int) -> str:
    """Return the words that go with a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


class _Stream(io.RawIOBase):
    """An answer's body as a file that is read forward; counts what is taken."""

    def __init__(self, chunks: Iterator[bytes], seen: Seen) -> None:
        super().__init__()
        self._chunks = chunks
        self._rest = b""
        self._seen = seen

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the next piece goes."""
        self._rest = self._rest or next(self._chunks, b"")
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        self._seen.bytes_sent += count
        return count


class ReplicaAdapter(BaseAdapter):
    """A transport of `requests` that leads into the replica. Reads a body only as far as the client does."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.replica = Replica(world)

    @property
    def seen(self) -> list[Seen]:
        """Return all requests so far."""
        return self.replica.seen

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Answer a prepared request; raises what `requests` raises where a real server would not answer."""
        body = request.body or b""
        sent = body.encode() if isinstance(body, str) else bytes(body)
        try:
            answer, seen = self.replica.answer_seen(request.method or "GET", request.url or "", dict(request.headers), sent)
        except NoAnswer as error:
            raise _as_requests_error(error, request) from error
        response = _response(request, answer, seen)
        response.connection = self  # type: ignore[assignment] # every transport does so; the stub knows only HTTPAdapter
        if not stream:
            _ = response.content
        return response

    def close(self) -> None:
        """Do nothing: there is nothing open."""


def _as_requests_error(error: NoAnswer, request: requests.PreparedRequest) -> requests.RequestException:
    """Return what `requests` would raise."""
    host = urlsplit(request.url or "").hostname
    if error.mishap == Mishap.TIMEOUT:
        return requests.ReadTimeout(f"{host}: read timed out", request=request)
    if error.mishap == Mishap.RESET:
        return requests.ConnectionError(f"{host}: connection reset by peer", request=request)
    return requests.ConnectionError(f"Failed to resolve '{host}' (Name or service not known)", request=request)


def _response(request: requests.PreparedRequest, answer: Answer, seen: Seen) -> requests.Response:
    """Return an answer as `requests` hands it out, its body behind urllib3's own reader."""
    fields = HTTPHeaderDict(answer.headers)
    raw = HTTPResponse(
        body=io.BufferedReader(_Stream(answer.chunks(), seen), 64 << 10),
        headers=fields,
        status=answer.status,
        version=11,
        reason=_phrase(answer.status),
        preload_content=False,
        enforce_content_length=True,
        request_method=request.method,
        request_url=request.url,
        original_response=_OriginalResponse(fields),  # type: ignore[arg-type]
    )
    response = requests.Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(answer.headers)
    response.encoding = get_encoding_from_headers(response.headers)
    response.raw = raw
    response.reason = _phrase(answer.status)
    response.url = request.url or ""
    response.request = request
    extract_cookies_to_jar(response.cookies, request, raw)  # type: ignore[no-untyped-call]
    return response


class _OriginalResponse:
    """The part of `http.client.HTTPResponse` from which `requests` takes cookies."""

    def __init__(self, fields: HTTPHeaderDict) -> None:
        self.msg = Message()
        for name, value in fields.items():
            self.msg[name] = value

    def isclosed(self) -> bool:
        """Tell that nothing is left to close."""
        return True

    def close(self) -> None:
        """Do nothing."""
