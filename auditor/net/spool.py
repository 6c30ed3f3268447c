"""A file on a server that ignores ranges: read from the front as far as needed, kept on disk, never in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.net.failures import InterruptedBodyError, host_of, refusal

if TYPE_CHECKING:
    from auditor.net.network import Network


class Spool:
    """The bytes of one address, read in order into a temporary file that nobody else can see."""

    def __init__(self, network: Network, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._limit = network.settings.max_spool_bytes
        self._context = network.stream(url, headers={**headers, "Accept-Encoding": "identity"})
        response, self._pieces = self._context.__enter__()
        self._file = tempfile.TemporaryFile(prefix="auditor-")  # noqa: SIM115 - closed in close()
        self._have = 0
        self._done = False
        self.size = self._announced(response.headers, response.status_code)
        self.headers: Mapping[str, str] = response.headers

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes, reading on where they are not here yet. Raises `NetworkError`."""
        self._reach(offset + length)
        self._file.seek(offset)
        return self._file.read(max(0, min(length, self._have - offset)))

    def whole_size(self) -> int:
        """Return the length, reading to the end where the server did not announce it."""
        if self.size is None:
            self._reach(None)
            self.size = self._have
        return self.size

    def close(self) -> None:
        """Delete the file and leave the server alone."""
        self._context.__exit__(None, None, None)
        self._file.close()

    def _announced(self, headers: Mapping[str, str], status: int) -> int | None:
        if status != 200:
            self.close()
            raise refusal(self._url, status, headers)
        if headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
            self.close()
            raise NetworkError(f"{host_of(self._url)} sends this file only compressed", "its bytes cannot be addressed")
        text = headers.get("content-length", "").strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

    def _reach(self, end: int | None) -> None:
        while not self._done and (end is None or self._have < end):
            piece = next(self._pieces, b"")
            if not piece:
                self._done = True
                break
            if self._have + len(piece) > self._limit:
                raise NetworkError(
                    f"{host_of(self._url)} ignores range requests",
                    f"and what is asked for lies past the first {self._limit} bytes",
                    "download the file by hand and give it as a path",
                    status="blocked",
                    state=State.BLOCKED,
                )
            self._file.seek(self._have)
            self._file.write(piece)
            self._have += len(piece)
        if self._done and self.size is not None and self._have < self.size:
            raise InterruptedBodyError(f"the answer of {host_of(self._url)} broke off", f"{self._have} of {self.size} bytes")
