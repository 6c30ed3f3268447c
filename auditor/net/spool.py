"""A file on a server that ignores ranges: read from the front as far as needed, kept on disk, never in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.net.failures import InterruptedBodyError, broken_range, host_of, refusal

if TYPE_CHECKING:
    from auditor.net.network import Network


PIECE_BYTES = 1 << 20
RESTARTS = 2  # after a break; the server cannot go on in the middle, so what is here comes once more and is passed over


class Spool:
    """The bytes of one address, read in order into a temporary file that nobody else can see."""

    def __init__(self, network: Network, url: str, headers: Mapping[str, str]) -> None:
        self._network = network
        self._url = url
        self._sent = {**headers, "Accept-Encoding": "identity"}
        self._limit = network.settings.max_spool_bytes
        self._context, self._pieces, self.headers, self.size = self._begin()
        self._announced = self.size
        self._file = tempfile.TemporaryFile(prefix="auditor-")  # noqa: SIM115 - closed in close()
        self._have = 0
        self._passed_over = 0
        self._restarts = 0
        self._done = False

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

    def front(self) -> Iterator[tuple[int, bytes]]:
        """Yield what is here, in pieces with their offsets."""
        for offset in range(0, self._have, PIECE_BYTES):
            self._file.seek(offset)
            yield offset, self._file.read(min(PIECE_BYTES, self._have - offset))

    def close(self) -> None:
        """Delete the file and leave the server alone."""
        self._context.__exit__(None, None, None)
        self._file.close()

    def _begin(self) -> tuple[AbstractContextManager[Any], Iterator[bytes], Mapping[str, str], int | None]:
        """Open the stream. Returns it with its headers and the length that they announce, None where they do not."""
        context = self._network.stream(self._url, headers=self._sent)
        response, stream = context.__enter__()
        status, headers = response.status_code, response.headers
        if status != 200:
            context.__exit__(None, None, None)
            if status == 206:
                raise broken_range(f"{host_of(self._url)} gave a part of a file", "the whole was asked for")
            raise refusal(self._url, status, headers)
        encoded = headers.get("content-encoding", "identity").strip().lower() not in ("identity", "")
        text = headers.get("content-length", "").strip()
        known = text.isascii() and text.isdigit() and len(text) < 19 and not encoded  # of what is sent, not of the file
        return context, stream, headers, int(text) if known else None

    def _reach(self, end: int | None) -> None:
        while not self._done and (end is None or self._have < end):
            try:
                piece = next(self._pieces, b"")
            except InterruptedBodyError:
                self._restart_after_break()
                continue
            if piece:
                self._keep(piece)
            elif self._announced is not None and self._have < self._announced:
                self._restart_after_break()
            else:
                self._done = True

    def _keep(self, piece: bytes) -> None:
        known = min(len(piece), self._have - self._passed_over)  # after a restart: bytes that are here already
        self._passed_over += len(piece)
        piece = piece[known:]
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

    def _restart_after_break(self) -> None:
        """Begin again at the front. Raises `InterruptedBodyError` after some times, `NetworkError` where it is another file now."""
        self._context.__exit__(None, None, None)
        if self._restarts >= RESTARTS:
            what = f"the answer of {host_of(self._url)} broke off"
            raise InterruptedBodyError(what, f"{self._have} of {self._announced or 'its'} bytes came, {RESTARTS + 1} times")
        self._restarts += 1
        self._context, self._pieces, headers, size = self._begin()
        if size != self._announced or headers.get("etag") != self.headers.get("etag"):
            what = f"the file at {host_of(self._url)} changed while it was read"
            raise NetworkError(what, "its length or its ETag is another now", "run the audit again", state=State.CHANGED)
        self._passed_over = 0
