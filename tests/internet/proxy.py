"""A proxy on the loopback interface that is the whole internet of a test.

It ends TLS itself, with certificates of an authority made for the run, and answers every request from a `World`. A
program that honors HTTPS_PROXY and REQUESTS_CA_BUNDLE (or SSL_CERT_FILE) reaches nothing else.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trustme

from auditor.demo.internet import Mishap, World
from auditor.demo.replica import NoAnswer, Replica, Seen

SILENCE_SECONDS = 60.0  # how long a server that never answers holds a connection; the end of the test ends it sooner
PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE")
UNSET_VARIABLES = ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "GITHUB_TOKEN", "GH_TOKEN", "HF_TOKEN", "GITHUB_API_URL")


class Authority:
    """Certificates for any hostname."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self.bundle = folder / "authority.pem"
        self._ca.cert_pem.write_to_path(str(self.bundle))

    def context_for(self, host: str) -> ssl.SSLContext:
        """Return a server's side of TLS for a host."""
        with self._lock:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._ca.issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]


@dataclass(slots=True)
class Load:
    """How much was asked of each host at one time, and when; what is counted is under way until its last piece is about to go."""

    at_once: dict[str, int] = field(default_factory=dict)  # the most of each host; "" is of all together
    moments: dict[str, list[float]] = field(default_factory=dict)  # when the requests of each host came, by the monotonic clock
    connections: dict[str, int] = field(default_factory=dict)  # that were made to each host
    _now: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def connected(self, host: str) -> None:
        """Count a connection."""
        with self._lock:
            self.connections[host] = self.connections.get(host, 0) + 1

    @contextmanager
    def under_way(self, host: str) -> Iterator[None]:
        """Count a request while the block runs."""
        with self._lock:
            self.moments.setdefault(host, []).append(time.monotonic())
            for name in (host, ""):
                self._now[name] = self._now.get(name, 0) + 1
                self.at_once[name] = max(self.at_once.get(name, 0), self._now[name])
        try:
            yield
        finally:
            with self._lock:
                for name in (host, ""):
                    self._now[name] -= 1


@dataclass(frozen=True, slots=True)
class RunningInternet:
    """A world that is being served."""

    replica: Replica
    env: dict[str, str]  # a variable set to "" is to be unset
    bundle: Path
    address: str
    load: Load

    @property
    def seen(self) -> list[Seen]:
        """Return all requests so far."""
        return self.replica.seen

    def seen_at(self, host: str) -> list[Seen]:
        """Return the requests to one host."""
        return [seen for seen in self.seen if seen.host == host]

    def over(self, environment: dict[str, str]) -> dict[str, str]:
        """Return an environment for a subprocess: the given one, with ours on top."""
        return {name: value for name, value in {**environment, **self.env}.items() if value}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    replica: Replica
    authority: Authority
    closing: threading.Event
    load: Load
    latency_seconds: float
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


def _told_which_is_last(pieces: Iterable[bytes | None]) -> Iterator[tuple[bytes | None, bool]]:
    rest = iter(pieces)
    piece = next(rest)
    for following in rest:
        yield piece, False
        piece = following
    yield piece, True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    inside = ""  # https://host of the tunnel, once there is one

    def do_CONNECT(self) -> None:
        host = self.path.rpartition(":")[0]
        if not self.server.replica.knows(host):
            self.server.replica.seen.append(Seen("CONNECT", f"https://{host}/", host, "", ""))
            self.send_error(502, f"Cannot resolve {host}")
            self.close_connection = True
            return
        self.wait()
        self.send_response(200, "Connection established")
        self.end_headers()
        self.wait()  # a connection takes one way there and back, and TLS another
        try:
            secure = self.server.authority.context_for(host).wrap_socket(self.connection, server_side=True)
        except (ssl.SSLError, OSError):
            self.close_connection = True
            return
        self.connection = self.request = secure
        self.rfile = secure.makefile("rb", -1)
        self.wfile = secure.makefile("wb", 0)
        self.server.load.connected(host.lower())
        self.inside = f"https://{self.path.removesuffix(':443')}"
        self.close_connection = False

    def answer(self) -> None:
        url = self.inside + self.path if self.path.startswith("/") else self.path
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with ExitStack() as counted:
            counted.enter_context(self.server.load.under_way((urlsplit(url).hostname or "").lower()))
            self.wait()
            self.answer_to(url, body, counted)

    def wait(self) -> None:
        """Let pass what the way there and back takes."""
        if self.server.latency_seconds:
            self.server.closing.wait(self.server.latency_seconds)

    def answer_to(self, url: str, body: bytes, counted: ExitStack) -> None:
        try:
            answer, seen = self.server.replica.answer_seen(self.command, url, dict(self.headers.items()), body)
        except NoAnswer as silence:
            self.give_no_answer(silence.mishap)
            return
        promised = answer.length if answer.sent_length is None or self.command == "HEAD" else answer.sent_length
        self.close_connection = self.close_connection or promised < answer.length
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        try:
            for chunk, last in _told_which_is_last(chain([None], answer.chunks())):
                if last:
                    counted.close()  # whoever has it may ask again before our next line runs
                if chunk is None:
                    self.end_headers()
                else:
                    self.wfile.write(chunk)
                    seen.bytes_sent += len(chunk)
        except OSError:
            self.close_connection = True  # the client has what it wanted

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = answer

    def give_no_answer(self, mishap: Mishap) -> None:
        self.close_connection = True
        if mishap == Mishap.TIMEOUT:
            self.server.closing.wait(SILENCE_SECONDS)
        elif mishap == Mishap.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            self.send_error(502)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serve(world: World, authority: Authority, home: Path, *, latency_seconds: float = 0.0) -> Iterator[RunningInternet]:
    """Serve a world until the block ends; connections and answers begin so much later. `home` is HOME and XDG_CACHE_HOME of programs in it."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.replica, server.authority, server.closing = Replica(world), authority, threading.Event()
    server.load, server.latency_seconds = Load(), latency_seconds
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    env = dict.fromkeys(PROXY_VARIABLES, address) | dict.fromkeys(CA_VARIABLES, str(authority.bundle)) | dict.fromkeys(UNSET_VARIABLES, "")
    env |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    try:
        yield RunningInternet(server.replica, env, authority.bundle, address, server.load)
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
