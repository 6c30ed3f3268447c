"""Whole pages, ranges and files from the network: what the rest of the auditor calls."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from requests import PreparedRequest, Request, RequestException, Response, Session
from requests.adapters import BaseAdapter

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.net.bodies import pieces, read_as_far_as_it_goes, read_up_to
from auditor.net.cache import Cache
from auditor.net.connections import CheckedAdapter
from auditor.net.content_range import parse_content_range, range_header, unsatisfied_total
from auditor.net.door import Door, too_large
from auditor.net.failures import InterruptedBodyError, broken_range, explain, host_of
from auditor.net.guard import Guard
from auditor.net.kept_answers import KeptAnswers
from auditor.net.kept_ranges import KeptRanges
from auditor.net.meter import Meter
from auditor.net.pacing import Timer
from auditor.net.records import Fetched, NetworkSettings, RangeAnswer, Tally
from auditor.net.remote_blob import Classifier, RemoteBlob
from auditor.net.sessions import GuardedSession
from auditor.net.tokens import Tokens, origin_of

REDIRECT_BYTES = 4 << 10  # of its body, which nobody reads
PEEK_BYTES = 64 << 10  # of an answer that is not the range: enough to see what it is
PRIVATE_HEADERS = ("authorization", "cookie")
TOLD_ON_THE_WAY = ("x-linked-etag", "x-linked-size", "x-repo-commit")  # of a file, by a server that redirects to where its bytes are

Answer = tuple[Response, str]
T = TypeVar("T")


class Network:
    """The one door to the network. Thread-safe.

    `transport` replaces the real network by an in-process adapter; `sleep` is called between attempts.
    """

    def __init__(
        self,
        settings: NetworkSettings = NetworkSettings(),  # noqa: B008 - frozen
        transport: BaseAdapter | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        guard = Guard(settings.allowed_private_hosts | _api_place())
        inner = transport or CheckedAdapter(guard.check_resolved, 2 * settings.timeout_seconds)
        timer = Timer(sleep)
        self._meter = Meter(settings, timer.now)
        tokens = Tokens()
        self.cache = Cache(settings.cache_folder, settings.cache_bytes) if settings.cache_folder else None
        self._kept = KeptRanges(self.cache, tokens.authorization, settings.offline) if self.cache else None
        kept_answers = KeptAnswers(self.cache, tokens.authorization, settings.offline)
        self._door = Door(settings, inner, guard, tokens, self._meter, timer, kept_answers)
        self._session = self.session()
        self._memory: dict[str, Any] = {}
        self._memory_lock = threading.Lock()

    @property
    def requests(self) -> int:
        """Return the number of requests so far, every hop and attempt counted."""
        return self._meter.requests

    @property
    def bytes_read(self) -> int:
        """Return the bytes of bodies so far, as they are after decompression."""
        return self._meter.bytes_read

    @property
    def kept_at(self) -> tuple[float, ...]:
        """Return when the oldest and the newest answer that came out of the cache were seen, as seconds since 1970; nothing for none."""
        return self._meter.kept_at

    def tally(self) -> AbstractContextManager[Tally]:
        """Count what this thread asks for while the block runs, sessions and blobs included."""
        return self._meter.tally()

    def session(self) -> Session:
        """Return a session for code that wants one: guarded, counted, retried and within the budget.

        Closing it closes no connection. What goes wrong on the way is a `NetworkError`, never an exception of requests.
        Unless `stream=True`, a body past `max_page_bytes` is refused. gdown takes the session as it is. PyGithub makes
        its own; give it connection classes that swap it, before the `Github` object is made, and leave them in place:

            class Https(github.Requester.HTTPSRequestsConnectionClass):
                def __init__(self, *args, **options):
                    super().__init__(*args, **options)
                    self.session = network.session()
            class Http(github.Requester.HTTPRequestsConnectionClass): ...  # the same
            github.Requester.Requester.injectConnectionClasses(Http, Https)

        Then `retry` of `Github` has no effect (the door retries GET and HEAD), the token of the environment is added to
        requests without one, and `seconds_between_requests=0` saves a quarter of a second for each request.
        """
        return GuardedSession(self._door, self.settings.max_redirects)

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int | None = None,
        follow: bool = True,
        pinned: bool = False,
    ) -> Fetched:
        """Return a whole answer, whatever its HTTP status.

        What an address that is `pinned` leads to cannot change, as a file of a commit cannot: where it is in the cache, nobody is asked.
        Raises `NetworkError`: `blocked` for a refused address, a spent budget, a body past `max_bytes` or what the cache does not
        have while offline, else `error`.
        """
        limit = self.settings.max_page_bytes if max_bytes is None else max_bytes
        return self._retried(lambda: self._get(url, headers, limit, follow, pinned))

    def get_range(
        self,
        url: str,
        offset: int,
        length: int,
        *,
        headers: Mapping[str, str] | None = None,
        retries: int | None = None,
        known_as: str = "",
        revision: str = "",
    ) -> RangeAnswer:
        """Return the answer to a request for `length` bytes from `offset`; a negative offset means the last bytes.

        A 206 answer is checked: its Content-Range is what was asked for (it may end early), its body no longer than it says.
        A 206 that lies, and a 416 for bytes that must be there, are asked for once more without a range. Any other answer
        comes with its first bytes. Raises `NetworkError` as `get` does, with state `broken_range` where that too is no answer.
        `known_as` is the address that once led to this one, and `revision` what changes whenever the bytes do, as a listing gave it:
        with one that the cache knows, nobody is asked.
        """
        if length <= 0:
            raise ValueError("a range has at least one byte")
        with self.tally() as tally:

            def ask(first: int, count: int, more: Mapping[str, str]) -> RangeAnswer:
                return self._range_or_whole(url, first, count, {**(headers or {}), **more}, retries)

            if self._kept is None:
                answer = ask(offset, length, {})
            else:
                request, moved = self._prepared(known_as or url, dict(headers or {}))[0], known_as not in ("", url)
                answer = self._kept.answer(request, offset, length, revision, ask, moved=moved)
            if answer.kept_at:
                self._meter.kept(answer.kept_at)
        return replace(answer, requests=tally.requests)

    def keep_front(
        self, url: str, headers: Mapping[str, str], revision: str, answer: RangeAnswer, parts: Iterable[tuple[int, bytes]]
    ) -> None:
        """Keep what was read of a file from its front, where the server knows no ranges; `answer` is what it said of the file."""
        if self._kept is not None:
            self._kept.keep_front(self._prepared(url, dict(headers))[0], revision, answer, parts)

    def blob(
        self,
        url: str,
        *,
        name: str,
        size: int | None = None,
        headers: Mapping[str, str] | None = None,
        first: RangeAnswer | None = None,
        classify: Classifier | None = None,
        revision: str = "",
    ) -> RemoteBlob:
        """Return random access to a remote file; without `size` and `first` its head is read at once to learn its size.

        `first` is an answer of `get_range` that was already had, `classify` turns an answer that is not the bytes into
        the host's own error, `revision` is as for `get_range`. Raises `NetworkError`.
        """
        return RemoteBlob(self, url, name=name, size=size, headers=headers, first=first, classify=classify, revision=revision)

    @contextmanager
    def stream(self, url: str, *, headers: Mapping[str, str] | None = None) -> Iterator[tuple[Response, Iterator[bytes]]]:
        """Open a whole body to be read piece by piece, within the budget."""
        with self._answer(url, headers, True, hold=False) as (response, _):
            yield response, pieces(response, self._meter, 10 * self.settings.exchange_seconds)

    def remembered(self, key: str, make: Callable[[], T]) -> T:
        """Return what a host remembers under a key for as long as this network lives, made at the first call."""
        with self._memory_lock:
            if key not in self._memory:
                self._memory[key] = make()
            found: T = self._memory[key]
            return found

    def close(self) -> None:
        """Close all connections, and the cache."""
        self._door.shut()
        if self.cache is not None:
            self.cache.close()

    def _get(self, url: str, headers: Mapping[str, str] | None, limit: int, follow: bool, pinned: bool) -> Fetched:
        with self._answer(url, headers, follow, pinned=pinned) as (response, final_url):
            if _length(response) > limit:
                raise too_large(final_url, limit)
            body, whole = read_up_to(self._pieces(response), limit)
            if not whole:
                raise too_large(final_url, limit)
            self._door.kept.keep(response, body)
        return Fetched(url, final_url, response.status_code, response.headers, body, hashlib.sha256(body).hexdigest())

    def _range_or_whole(self, url: str, offset: int, length: int, headers: Mapping[str, str], retries: int | None) -> RangeAnswer:
        """Ask for a range, and for the whole file where the server does not know what a range is."""
        wanted = {**headers, "Accept-Encoding": "identity"}
        try:
            answer = self._retried(lambda: self._range(url, offset, length, wanted, retries), retries)
            if answer.status != 416 or offset < 0 or (answer.total is not None and offset >= answer.total):
                return answer
        except NetworkError as error:
            if error.state != State.BROKEN_RANGE:
                raise
        return self._retried(lambda: self._range(url, offset, length, wanted, retries, plain=True), retries)

    def _range(
        self, url: str, offset: int, length: int, headers: Mapping[str, str], retries: int | None, *, plain: bool = False
    ) -> RangeAnswer:
        wanted = headers if plain else {**headers, "Range": range_header(offset, length)}
        with self._answer(url, wanted, True, retries=retries) as (response, final_url):
            if response.status_code == 206 and plain:
                raise broken_range(f"{host_of(final_url)} gave a part of a file", "the whole was asked for")
            if response.status_code == 206:
                return self._partial(response, url, final_url, offset, length)
            total = unsatisfied_total(response.headers.get("content-range", "")) if response.status_code == 416 else _length(response)
            limit = max(PEEK_BYTES, length if offset == 0 and response.status_code == 200 else 0)
            body, whole = read_up_to(self._pieces(response), limit)
            if whole and response.status_code == 200:
                total = len(body)
            known = None if total is None or total < 0 else total
            return RangeAnswer(url, final_url, response.status_code, response.headers, body, 0, known, whole)

    def _partial(self, response: Response, url: str, final_url: str, offset: int, length: int) -> RangeAnswer:
        """Read a 206 answer, believing nothing that it does not prove."""
        what = f"{host_of(final_url)} gave a wrong answer to a range request"
        if response.headers.get("content-type", "").lower().startswith("multipart/"):
            raise broken_range(what, "several parts where one was asked for")
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
            raise broken_range(what, "the bytes are compressed")
        stated = response.headers.get("content-range", "")
        found = parse_content_range(stated)
        if found is None:
            raise broken_range(what, f"Content-Range {stated[:80]!r} is no range")
        expected = found.last - found.first + 1
        begins = found.first == offset if offset >= 0 else found.total is None or found.first >= found.total + offset
        if not begins or expected > (length if offset >= 0 else -offset):
            raise broken_range(what, f"asked for {range_header(offset, length)}, got {stated[:80]}")
        body, whole = read_as_far_as_it_goes(self._pieces(response), expected)
        if not body:
            raise InterruptedBodyError(what, f"no bytes where {expected} were announced")
        if not whole:
            raise broken_range(what, f"more than the {expected} bytes that were announced")
        return RangeAnswer(url, final_url, 206, response.headers, body, found.first, found.total)

    def _pieces(self, response: Response) -> Iterator[bytes]:
        return pieces(response, self._meter, self.settings.exchange_seconds)

    def _retried(self, ask: Callable[[], T], retries: int | None = None) -> T:
        """Ask again where a body broke off."""
        for attempt in range(self.settings.retries if retries is None else retries):
            try:
                return ask()
            except InterruptedBodyError:
                self._door.pause(attempt)
        return ask()

    @contextmanager
    def _answer(
        self,
        url: str,
        headers: Mapping[str, str] | None,
        follow: bool,
        *,
        hold: bool = True,
        retries: int | None = None,
        pinned: bool = False,
    ) -> Iterator[Answer]:
        """Follow redirects one by one, each through the guard, and give the last answer with its body unread."""
        current, sent, told = url, dict(headers or {}), dict[str, str]()
        for _ in range(self.settings.max_redirects + 1):
            request, options = self._prepared(current, sent)
            current = request.url or current
            with self._door.slot(current) if hold else nullcontext():
                response = self._door.exchange(request, retries=retries, pinned=pinned, **options)
                try:
                    target = self._target(response, current) if follow else None
                    if target is None:
                        response.headers.update(told)
                        yield response, current
                        return
                    self._drain(response)
                    told |= {name: response.headers[name] for name in TOLD_ON_THE_WAY if name in response.headers}
                finally:
                    response.close()
            if origin_of(target) != origin_of(current):
                sent = {name: value for name, value in sent.items() if name.lower() not in PRIVATE_HEADERS}
            current = target
        why = f"more than {self.settings.max_redirects} redirects from {url}"
        raise NetworkError(f"{host_of(url)} redirects in circles", why, "open the link in a browser", state=State.MOVED)

    def _drain(self, response: Response) -> None:
        """Read the few words of a redirect, so that its connection can be used again: a new one takes two ways there and back."""
        if 0 <= _length(response) <= REDIRECT_BYTES:
            with suppress(NetworkError):
                read_up_to(self._pieces(response), REDIRECT_BYTES)

    def _target(self, response: Response, current: str) -> str | None:
        target: str | None = self._session.get_redirect_target(response)
        if not target:
            return None
        try:
            joined = urljoin(current, target)
            return joined if urlsplit(joined).fragment else joined.rstrip("#")
        except ValueError as error:
            raise explain(error, current) from error

    def _prepared(self, url: str, headers: dict[str, str]) -> tuple[PreparedRequest, dict[str, object]]:
        if scheme_of(url) not in ("http", "https"):
            raise NetworkError(
                f"refused to visit {url[:200]}", "only http and https addresses are visited", status="blocked", state=State.BLOCKED
            )
        try:
            request = self._session.prepare_request(Request("GET", url, headers=headers))
            settings = self._session.merge_environment_settings(request.url or url, {}, True, None, None)
        except (RequestException, ValueError) as error:
            raise explain(error, url) from error
        return request, dict(settings)


def scheme_of(url: str) -> str:
    """Return the scheme of an address in lower case, or nothing where it has none."""
    return url.split(":", 1)[0].strip().lower() if ":" in url else ""


def _length(response: Response) -> int:
    """Return the length that an answer states for its content, -1 where it states none; that of compressed bytes says nothing."""
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
        return -1
    text = response.headers.get("content-length", "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _api_place() -> frozenset[str]:
    """Return the place of GITHUB_API_URL: the user named it, so it may be inside their network."""
    origin = origin_of(os.environ.get("GITHUB_API_URL", ""))
    return frozenset({f"{origin[1]}:{origin[2]}"}) if origin else frozenset()
