"""What goes wrong, one entry for each fault: which answer comes in place of the true one, and what an audit may say of it."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter

from auditor.demo.replica import ReplicaAdapter
from faults.wires import Wires

SIGN_IN = "https://login.example.org/signin"
PAGES = {
    "page": b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><p>We have moved to a new design.</p></body></html>",
    "quota": b"<!DOCTYPE html><html><head><title>Quota exceeded</title></head><body><p>Download quota exceeded for this file. "
    b"Too many users have viewed or downloaded this file recently.</p></body></html>",
    "sign in": b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in to continue</h1>"
    b'<form action="/login" method="post"><input type="email" name="user"><input type="password" name="password"></form></body></html>',
}

Outcome = tuple[str, str]  # status, state


@dataclass
class Asked:
    """One request at a broken host: how often it was asked before, and what the true answer is."""

    request: requests.PreparedRequest
    options: dict[str, Any]
    inner: ReplicaAdapter
    wires: Wires
    count: int  # of requests before this one, at this host
    before: int  # of requests before this one, at this address

    def true(self) -> requests.Response:
        """Return what the host would answer."""
        return self.inner.send(self.request, stream=True)

    def reply(self, status: int, body: bytes = b"", length: int | None = None, **headers: str) -> requests.Response:
        """Return another answer."""
        fields = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body) if length is None else length)}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        raw = urllib3.HTTPResponse(
            io.BytesIO(body),
            headers=fields,
            status=status,
            preload_content=False,
            enforce_content_length=True,
            request_method=self.request.method,
        )
        response = HTTPAdapter().build_response(self.request, raw)
        response.connection = self.inner
        return response

    def broken(self, way: str, *, head: bool = False) -> requests.Response:
        """Ask the loopback interface, which breaks the connection; with the header of the true answer, where it has one."""
        lines = b""
        if head:
            true = self.true()
            fields = "".join(f"{name}: {value}\r\n" for name, value in true.headers.items())
            lines = f"HTTP/1.1 {true.status_code} OK\r\n{fields}\r\n".encode("latin-1")
            true.close()
        return self.wires.send(way, self.request, self.options, lines)


Answer = Callable[[Asked], requests.Response]


@dataclass(frozen=True)
class Fault:
    """A fault, and every outcome that is true of it, for what is broken first. "ok" is one where the fault can be survived."""

    name: str
    answer: Answer
    outcomes: frozenset[Outcome]
    waits: bool = False  # nothing comes, or too slowly


def status(code: int, body: bytes = b"no", **headers: str) -> Answer:
    """Answer every request with an HTTP status."""
    return lambda asked: asked.reply(code, body, **headers)


def page(which: str, code: int = 200) -> Answer:
    """Answer every request with a page."""
    return lambda asked: asked.reply(code, PAGES[which])


def sign_in(asked: Asked) -> requests.Response:
    """Lead to a page that asks to sign in."""
    return asked.reply(302, Location=SIGN_IN)


def bad_gateway_then_fine(asked: Asked) -> requests.Response:
    return asked.reply(502) if asked.before == 0 else asked.true()


def no_ranges(asked: Asked) -> requests.Response:
    return asked.reply(416) if "Range" in asked.request.headers else asked.true()


def wrong_length(asked: Asked) -> requests.Response:
    """Promise more bytes than come, in every header that states a length."""
    true = asked.true()
    body, fields = true.content, {name: value for name, value in true.headers.items() if name.lower() != "content-length"}
    stated = fields.pop("Content-Range", None)
    if stated:
        begins, _, total = stated.partition("/")
        fields["Content-Range"] = f"{begins}/{int(total) + 4096}"
        return asked.reply(true.status_code, body, **fields)
    return asked.reply(true.status_code, body, length=len(body) + 4096, **fields)


def changed_etag(asked: Asked) -> requests.Response:
    true = asked.true()
    true.headers["ETag"] = f'"{asked.count}"'
    return true


def reset_once(asked: Asked) -> requests.Response:
    return asked.broken("reset", head=True) if asked.before == 0 else asked.true()


def _is(*outcomes: str) -> frozenset[Outcome]:
    return frozenset((first, second) for first, _, second in (outcome.partition("/") for outcome in outcomes))


GONE = _is("error/unreachable")
LATE = _is("error/timed_out")
FINE = _is("ok/ok", "ok/")

NOT_THE_BYTES = _is("error/not_a_file", "error/server_error")  # a page, or an answer of an interface that cannot be understood

FAULTS: tuple[Fault, ...] = (
    Fault("no such name", lambda asked: asked.broken("dns"), GONE),
    Fault("refused", lambda asked: asked.broken("refused"), GONE),
    Fault("TLS not trusted", lambda asked: asked.broken("tls"), GONE),
    Fault("timeout", lambda asked: asked.broken("timeout"), LATE, waits=True),
    Fault("reset in mid-body", lambda asked: asked.broken("reset", head=True), GONE),
    Fault("reset once, then fine", reset_once, FINE),
    Fault("slow drip", lambda asked: asked.broken("drip", head=True), LATE, waits=True),
    Fault("301 loop", lambda asked: asked.reply(301, Location=asked.request.url or ""), _is("error/moved")),
    Fault("401", status(401), _is("denied/sign_in", "denied/not_shared")),  # some say so of what is not shared
    Fault("403", status(403), _is("denied/not_shared", "denied/gated")),
    Fault("404", status(404), _is("missing/not_found", "denied/not_shared")),  # Azure and Dropbox say so of what is not shared
    Fault("410", status(410), _is("missing/deleted", "missing/not_found", "denied/not_shared")),
    Fault("416 always", status(416), _is("error/broken_range", "error/server_error")),
    Fault("416 for ranges", no_ranges, FINE),
    Fault("429", status(429), _is("quota/rate_limited")),
    Fault("429, Retry-After 7", status(429, Retry_After="7"), _is("quota/rate_limited")),
    Fault("429, Retry-After 3600", status(429, Retry_After="3600"), _is("quota/rate_limited")),
    Fault("500", status(500), _is("error/server_error")),
    Fault("502, then fine", bad_gateway_then_fine, FINE),
    Fault("HTML for a file", page("page"), NOT_THE_BYTES),
    Fault("wrong length", wrong_length, _is("error/changed", "error/unreachable", "error/broken_range", "partial/too_many")),
    Fault("changed ETag", changed_etag, _is("error/changed") | FINE),  # fine where one answer brings all
    Fault("quota page, 403", page("quota", 403), _is("quota/quota", "denied/not_shared")),
    Fault("quota page, 200", page("quota"), _is("quota/quota") | NOT_THE_BYTES),
    Fault("sign-in page", sign_in, _is("denied/sign_in", "blocked/blocked", "error/moved") | NOT_THE_BYTES),
)


@dataclass
class Broken(BaseAdapter):
    """A transport to a world in which some requests meet a fault; what a sign-in redirect leads to is a sign-in page."""

    inner: ReplicaAdapter
    fault: Fault
    is_met: Callable[[str], bool]  # by the address of a request
    wires: Wires
    asked: int = 0
    by_url: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, **options: Any) -> requests.Response:  # type: ignore[override]
        url = request.url or ""
        meets = self.is_met(url)
        with self.lock:
            count, before = self.asked, self.by_url.get(url, 0)
            self.asked += meets
            self.by_url[url] = before + 1
        asked = Asked(request, {"timeout": timeout}, self.inner, self.wires, count, before)
        if url.startswith(SIGN_IN):
            return asked.reply(200, PAGES["sign in"])
        return self.fault.answer(asked) if meets else asked.true()

    def close(self) -> None:
        """Do nothing."""
