"""A server on the loopback interface that breaks connections in the ways that only a real socket can, and the way to it."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
import trustme

from auditor.net.connections import CheckedAdapter

DRIP_SECONDS = 0.02
HEADER_SECONDS = 1.0


@dataclass
class Wires:
    """Ports of the loopback interface: one where nobody is, one for every way to break a connection."""

    plain: int
    secure: int
    closed: int
    ending: threading.Event = field(default_factory=threading.Event)
    adapter: CheckedAdapter = field(default_factory=lambda: CheckedAdapter(lambda *_: None, HEADER_SECONDS, 32))

    def send(self, way: str, request: requests.PreparedRequest, options: dict[str, object], head: bytes = b"") -> requests.Response:
        """Send a request to the port that breaks its connection in this way, so that the real exception is raised."""
        places = {
            "dns": "http://no-such-host.invalid",
            "refused": f"http://127.0.0.1:{self.closed}",
            "tls": f"https://127.0.0.1:{self.secure}",
        }
        outgoing = request.copy()
        outgoing.url = places.get(way, f"http://127.0.0.1:{self.plain}") + f"/{way}"
        outgoing.headers["X-Head"] = head.hex()
        response = self.adapter.send(outgoing, **{**options, "proxies": None, "verify": True, "cert": None, "stream": True})  # type: ignore[arg-type]
        response.url, response.request = request.url or "", request
        return response


@contextmanager
def wired() -> Iterator[Wires]:
    """Open the ports until the block ends; names of `.invalid` do not resolve meanwhile, without asking any server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("somebody.else.example").configure_cert(context)
    listening = [socket.create_server(("127.0.0.1", 0), backlog=256) for _ in range(2)]
    unused = socket.socket()
    unused.bind(("127.0.0.1", 0))
    wires = Wires(listening[0].getsockname()[1], listening[1].getsockname()[1], unused.getsockname()[1])
    for server, secure in zip(listening, (None, context), strict=True):
        threading.Thread(target=_accept, args=(server, secure, wires.ending), daemon=True).start()
    real = socket.getaddrinfo

    def without_invalid(host: object, *args: object, **options: object) -> object:
        if str(host).endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *args, **options)  # type: ignore[arg-type]

    socket.getaddrinfo = without_invalid  # type: ignore[assignment]
    try:
        yield wires
    finally:
        socket.getaddrinfo = real
        wires.ending.set()
        wires.adapter.close()
        for server in (*listening, unused):
            server.close()


def _accept(server: socket.socket, context: ssl.SSLContext | None, ending: threading.Event) -> None:
    while True:
        try:
            connection = server.accept()[0]
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, context, ending), daemon=True).start()


def _serve(connection: socket.socket, context: ssl.SSLContext | None, ending: threading.Event) -> None:
    with suppress(OSError), connection:
        if context is not None:
            connection = context.wrap_socket(connection, server_side=True)
        head = b""
        while b"\r\n\r\n" not in head:
            piece = connection.recv(4096)
            if not piece:
                return
            head += piece
        way = urlsplit(head.split(b" ", 2)[1].decode()).path.strip("/")
        given = next((line.split(b":", 1)[1] for line in head.split(b"\r\n") if line.lower().startswith(b"x-head:")), b"")
        BREAKS[way](connection, bytes.fromhex(given.decode().strip()), ending)


def _silent(connection: socket.socket, head: bytes, ending: threading.Event) -> None:
    ending.wait(10)


def _reset(connection: socket.socket, head: bytes, ending: threading.Event) -> None:
    """Send the header of the true answer, and reset the connection where its body should come."""
    connection.sendall(head)
    time.sleep(DRIP_SECONDS)  # a reset overtakes what was not read yet
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _drip(connection: socket.socket, head: bytes, ending: threading.Event) -> None:
    connection.sendall(head)
    while not ending.wait(DRIP_SECONDS):
        connection.sendall(b"x")


BREAKS = {"timeout": _silent, "reset": _reset, "drip": _drip, "tls": _silent}
