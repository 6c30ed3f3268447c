"""Reads bodies in small pieces, counted, bounded in bytes and in time."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from typing import Any

import requests
import urllib3

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.net.failures import InterruptedBodyError, host_of
from auditor.net.kept_answers import MOST_BYTES as MOST_KEPT_BYTES
from auditor.net.kept_answers import KeptResponse
from auditor.net.meter import Meter

PIECE_BYTES = 64 << 10
BREAKS = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)


def pieces(response: requests.Response, meter: Meter, seconds: float, clock: Callable[[], float] = time.monotonic) -> Iterator[bytes]:
    """Yield the body of an answer, decoded, in pieces of at most 64 kB.

    Raises `InterruptedBodyError` where it ends too early or takes longer than `seconds`, `NetworkError` past the budget.
    """
    if isinstance(response, KeptResponse):
        meter.kept(response.seen_at)
        yield response.content
        return
    url, deadline = response.url or "", clock() + seconds
    source = _reader(response)
    while True:
        try:
            piece = source(PIECE_BYTES)
        except BREAKS as error:
            late = isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError)
            state = State.TIMED_OUT if late else State.UNREACHABLE
            raise InterruptedBodyError(f"the answer of {host_of(url)} broke off", str(error)[:300], state=state) from error
        if not piece:
            return
        meter.received(len(piece), host_of(url))
        yield piece
        if clock() > deadline:
            why = f"not done after {seconds:.0f} seconds"
            raise NetworkError(f"{host_of(url)} sends too slowly", why, "try again later", state=State.TIMED_OUT)


def read_up_to(stream: Iterator[bytes], limit: int) -> tuple[bytes, bool]:
    """Return at most `limit` bytes of a stream, and whether that was all of it."""
    data = bytearray()
    for piece in stream:
        data += piece
        if len(data) > limit:
            return bytes(data[:limit]), False
    return bytes(data), True


def read_as_far_as_it_goes(stream: Iterator[bytes], limit: int) -> tuple[bytes, bool]:
    """Return at most `limit` bytes of a stream, and whether there were no more; what came before a break is kept."""
    data = bytearray()
    try:
        for piece in stream:
            data += piece
            if len(data) > limit:
                return bytes(data[:limit]), False
    except InterruptedBodyError:
        if not data:
            raise
    return bytes(data), True


class CountedRaw:
    """The raw body of an answer that somebody else reads, with every byte counted."""

    def __init__(self, raw: Any, meter: Meter, host: str, at_end: Callable[[bytes], None], seconds: float) -> None:
        self._raw = raw
        self._meter = meter
        self._host = host
        self._seconds = seconds  # for all of it: a server that drips does not hold us
        self._at_end = at_end  # told all of a body that was read to its end

    def read(self, *args: Any, **options: Any) -> bytes:
        """Read as the raw body does."""
        data: bytes = self._raw.read(*args, **options) or b""
        self._meter.received(len(data), self._host)
        return data

    def stream(self, amount: int = PIECE_BYTES, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield pieces as urllib3 does, but as soon as there is something. Raises `NetworkError` where it takes too long."""
        raw, decoded, deadline = self._raw, bool(decode_content), time.monotonic() + self._seconds
        is_real = isinstance(raw, urllib3.response.BaseHTTPResponse)
        source = iter(lambda: raw.read1(amount, decode_content=decoded) if is_real else raw.read(amount), b"")
        whole = bytearray()
        for piece in source:
            if time.monotonic() > deadline:
                why = f"not done after {self._seconds:.0f} seconds"
                raise NetworkError(f"{self._host} sends too slowly", why, "try again later", state=State.TIMED_OUT)
            self._meter.received(len(piece), self._host)
            whole += piece if len(whole) <= MOST_KEPT_BYTES else b""
            yield piece
        self._at_end(bytes(whole))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def _reader(response: requests.Response) -> Callable[[int], bytes]:
    """Return a function that reads some bytes, as soon as there are some, from a real or an in-process answer."""
    raw = response.raw
    if getattr(response, "_content", False) is not False or raw is None:  # an in-process adapter may have set the body already
        import io

        return io.BytesIO(response.content or b"").read
    if isinstance(raw, urllib3.response.BaseHTTPResponse):
        return lambda amount: raw.read1(amount, decode_content=True)
    return lambda amount: raw.read(amount)
