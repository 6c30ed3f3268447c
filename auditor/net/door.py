"""The adapter through which every request of the auditor leaves: guarded, counted, retried, within a budget."""

from __future__ import annotations

import email.utils
import http.client
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.net.bodies import BREAKS, CountedRaw, pieces
from auditor.net.failures import InterruptedBodyError, explain, host_of, is_name_failure
from auditor.net.guard import Guard
from auditor.net.kept_answers import KeptAnswers
from auditor.net.meter import Meter, used_up
from auditor.net.pacing import ORDINARY, PACES, Lane, Timer, asked_to_wait
from auditor.net.records import NetworkSettings
from auditor.net.tokens import Tokens

RETRIED = (429, 502, 503, 504)
DEAD_AFTER = 2  # times that all attempts at a host failed; from then on it gets one attempt
GIVEN_UP_AFTER = 6  # such times without an answer between them; from then on it is left alone for a while
LEFT_ALONE_SECONDS = 60.0
LONG_WAITS = 2  # answers in a row with a long Retry-After until all of a host is left alone: one may be about one path only


class Door(BaseAdapter):
    """A requests adapter in front of the real one (or of an in-process one)."""

    def __init__(
        self, settings: NetworkSettings, inner: BaseAdapter, guard: Guard, tokens: Tokens, meter: Meter, timer: Timer, kept: KeptAnswers
    ) -> None:
        super().__init__()
        self.meter = meter
        self.kept = kept
        self._settings = settings
        self._inner = inner
        self._guard = guard
        self._tokens = tokens
        self._timer = timer
        self._all = threading.BoundedSemaphore(settings.requests_at_once)
        self._lanes: dict[str, Lane] = {}
        self._failures: dict[str, int] = {}
        self._long_waits: dict[str, int] = {}
        self._lock = threading.Lock()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send for a session that is not ours (gdown, PyGithub); unless streamed, the body is read here and bounded."""
        asked = {"timeout": timeout, "verify": verify, "cert": cert, "proxies": proxies}
        with self.slot(request.url or ""):
            for attempt in range(self._settings.retries if request.method == "GET" and not stream else 0):
                try:
                    return self._load(self.exchange(request, **asked))
                except InterruptedBodyError:
                    self.pause(attempt)
            response = self.exchange(request, **asked)
            if not stream:
                return self._load(response)
            if response.raw is not None and getattr(response, "_content", False) is False:
                keep, seconds = partial(self.kept.keep, response), self._settings.exchange_seconds
                response.raw = CountedRaw(response.raw, self.meter, host_of(request.url or ""), keep, seconds)
        return response

    def close(self) -> None:
        """Do nothing: sessions come and go, the connections belong to the network."""

    def shut(self) -> None:
        """Close all connections."""
        self._inner.close()

    @contextmanager
    def slot(self, url: str) -> Iterator[None]:
        """Wait until one more request to the host of this address is polite."""
        lane = self._lane(host_of(url))
        with lane.slot(), self._all:
            begun = self._timer.now()
            try:
                yield
            finally:
                self.meter.took(self._timer.now() - begun, lane.host)

    def pause(self, attempt: int) -> None:
        """Wait a little before another attempt, longer each time and never twice the same, so that threads spread."""
        jitter = random.uniform(0.5, 1.0) * 0.5 * 2**attempt  # noqa: S311 - spreads requests, keeps no secret
        self._wait(min(self._settings.retry_wait_seconds, jitter))

    def exchange(
        self,
        request: requests.PreparedRequest,
        *,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
        retries: int | None = None,
        pinned: bool = False,
        **_: Any,
    ) -> requests.Response:
        """Send one request, with more attempts where that may help, and return the answer with its body unread.

        No redirect is followed. Raises `NetworkError`; any HTTP status is an answer.
        """
        url = request.url or ""
        host = self._guard.check_url(url)
        if (ready := self.kept.ready(request, pinned)) is not None:
            return ready
        asking, entry = self.kept.conditional(request)
        options = {"timeout": timeout or self._settings.timeout_seconds, "verify": verify, "cert": cert, "proxies": proxies}
        more = self._settings.retries if retries is None else retries
        attempts = 1 + (more if request.method in ("GET", "HEAD") and not self._is_dead(host) else 0)
        for attempt in range(attempts):
            last = attempt == attempts - 1
            self._turn(host)
            self.meter.request(host)
            try:
                response = self._attempt(request, asking, options)
            except NetworkError:
                raise
            except Exception as error:
                if last or not _is_worth_another(error, attempt):
                    raise self._failed(host, _explained(error, url)) from error
                self.pause(attempt)
                continue
            self._answered(host, response.status_code)
            if not self._is_passing(response, host) or last:
                return self.kept.settled(request, response, entry)
            response.close()
            self.pause(attempt)
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, request: requests.PreparedRequest, asking: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        response = self._inner.send(self._tokens.dress(asking), stream=True, **options)
        response.request = request  # the one without our token and our conditions
        response.url = response.url or request.url or ""
        return response

    def _load(self, response: requests.Response) -> requests.Response:
        limit, data = self._settings.max_page_bytes, bytearray()
        try:
            for piece in pieces(response, self.meter, self._settings.exchange_seconds):
                data += piece
                if len(data) > limit:
                    raise too_large(response.url, limit)
        finally:
            response.close()
        response._content = bytes(data)
        response._content_consumed = True  # type: ignore[attr-defined]
        self.kept.keep(response, bytes(data))
        return response

    def _is_passing(self, response: requests.Response, host: str) -> bool:
        """Tell whether another attempt may help; where the host says when to come back, all of its lane waits."""
        if response.status_code not in RETRIED or response.headers.get("x-ratelimit-remaining", "").strip() == "0":
            return False
        wait = retry_after(response.headers.get("retry-after", ""))
        is_long = wait > self._settings.retry_wait_seconds
        with self._lock:
            self._long_waits[host] = self._long_waits.get(host, 0) + is_long
            is_meant_for_all = not is_long or self._long_waits[host] >= LONG_WAITS
        if wait > 0 and is_meant_for_all:
            self._lane(host).close(wait, asked_to_wait(host, wait, response.status_code))
        return not is_long

    def _turn(self, host: str) -> None:
        left = self.meter.seconds_left()
        try:
            self._lane(host).turn(min(self._settings.retry_wait_seconds, left))
        except NetworkError:
            if left < self._settings.retry_wait_seconds:
                raise used_up("the audit's network budget is used up", f"{self._settings.max_seconds:.0f} seconds") from None
            raise

    def _wait(self, seconds: float) -> None:
        if seconds > self.meter.seconds_left():
            raise used_up("the audit's network budget is used up", f"{self._settings.max_seconds:.0f} seconds")
        self._timer.wait(seconds)

    def _lane(self, host: str) -> Lane:
        with self._lock:
            if host not in self._lanes:
                self._lanes[host] = Lane(host, self._settings.requests_per_host, PACES.get(host, ORDINARY), self._timer)
            return self._lanes[host]

    def _is_dead(self, host: str) -> bool:
        with self._lock:
            return self._failures.get(host, 0) >= DEAD_AFTER

    def _answered(self, host: str, status: int) -> None:
        with self._lock:
            self._failures.pop(host, None)
            if status not in RETRIED:
                self._long_waits.pop(host, None)

    def _failed(self, host: str, error: NetworkError) -> NetworkError:
        """Remember that no attempt at a host was answered, and leave it alone where that goes on."""
        with self._lock:
            self._failures[host] = self._failures.get(host, 0) + 1
            gone = self._failures[host] >= GIVEN_UP_AFTER
        if gone:
            self._lane(host).close(LEFT_ALONE_SECONDS, error)
        return error


def retry_after(text: str, now: Callable[[], float] = time.time) -> float:
    """Return the seconds of a Retry-After header, which holds seconds or a date; 0 where it says nothing."""
    if text.strip().isascii() and text.strip().isdigit():
        return float(text.strip()[:12])
    try:
        moment = email.utils.parsedate_to_datetime(text)
        return max(0.0, moment.timestamp() - now())
    except (TypeError, ValueError, OverflowError):
        return 0.0


def too_large(url: str, limit: int) -> NetworkError:
    """Return the refusal to read on."""
    return NetworkError(
        f"the answer of {host_of(url)} is too large", f"more than {limit} bytes at {url}", "", status="blocked", state=State.BLOCKED
    )


def _is_worth_another(error: Exception, attempt: int) -> bool:
    if isinstance(error, InterruptedBodyError):
        return True
    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError | urllib3.exceptions.SSLError):
        return False
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema | urllib3.exceptions.LocationParseError):
        return False
    if "CA certificate bundle" in str(error):
        return False
    return isinstance(error, BREAKS) and not (is_name_failure(error) and attempt >= 1)


def _explained(error: Exception, url: str) -> NetworkError:
    if isinstance(error, (*BREAKS, http.client.HTTPException, ValueError)):
        return explain(error, url)
    raise error
