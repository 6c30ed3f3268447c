"""Connections that look where a name leads before they connect, and that do not wait for a slow header forever."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

ResolvedCheck = Callable[[str, str, int | None, list[str]], None]


class CheckedAdapter(HTTPAdapter):
    """The real network: direct connections check the resolved addresses and connect to just those.

    Behind a proxy nothing is resolved here; the proxy itself may stand anywhere.
    """

    def __init__(self, check: ResolvedCheck, header_seconds: float, pool_size: int = 16) -> None:
        self._direct = _pool_classes(check, header_seconds)
        self._proxied = _pool_classes(None, header_seconds)
        super().__init__(pool_connections=pool_size, pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._direct

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return the pools for connections through a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._proxied
        return manager


def _pool_classes(check: ResolvedCheck | None, header_seconds: float) -> dict[str, type[HTTPConnectionPool]]:
    """Return pool classes by scheme; a class each, since urllib3 hands its connections no arguments of ours."""

    class Plain(_Checked, HTTPConnection):
        scheme = "http"

    class Secure(_Checked, HTTPSConnection):
        scheme = "https"

    for kind in (Plain, Secure):
        kind.check_resolved = staticmethod(check) if check else None
        kind.header_seconds = header_seconds

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


class _Checked:
    """What both kinds of connection do otherwise than urllib3's own."""

    scheme: str
    check_resolved: Any = None
    header_seconds: float = 60.0
    sock: Any

    def _new_conn(self: Any) -> socket.socket:
        """Connect to one of the addresses that were checked: nobody can change the name's answer in between."""
        if self.check_resolved is None:
            connection: socket.socket = super()._new_conn()  # type: ignore[misc]
            return connection
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NewConnectionError(self, f"getaddrinfo failed: {error}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        self.check_resolved(self.scheme, self.host, self.port, addresses)
        return _connect(self, addresses)

    def getresponse(self: Any) -> Any:
        """Read the header of an answer, and cut the line where it does not end in time."""
        late = threading.Event()
        timer = threading.Timer(self.header_seconds, _cut, (self.sock, late))
        timer.daemon = True
        timer.start()
        try:
            response = super().getresponse()  # type: ignore[misc]
        finally:
            timer.cancel()
        if late.is_set():  # the parser takes the end of the line for the end of the header
            raise TimeoutError("the header of the answer did not end in time")
        return response


def _connect(connection: Any, addresses: list[str]) -> socket.socket:
    failure: OSError | None = None
    for address in addresses:
        try:
            return create_connection(
                (address, connection.port),
                connection.timeout,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except OSError as error:
            failure = error
    raise NewConnectionError(connection, f"no connection: {failure}") from failure


def _cut(sock: socket.socket | None, late: threading.Event) -> None:
    late.set()
    try:
        if sock is not None:
            sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
