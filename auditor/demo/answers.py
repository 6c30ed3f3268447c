"""Requests and answers of the replica, and the rules of HTTP that every host of it keeps: ranges, validators, HEAD."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from urllib.parse import parse_qsl, unquote, urlsplit

from auditor.blob import Blob, BytesBlob
from auditor.demo.internet import Content

LAST_MODIFIED = "Sat, 01 Mar 2025 12:00:00 GMT"
CHUNK_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Request:
    """A request, taken apart. Header names are lower case; the path is decoded."""

    method: str
    url: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        """Return path and query as they came."""
        parts = urlsplit(self.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, headers and a window of a blob as the body, which is only read when it is sent."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    blob: Blob = field(default_factory=lambda: BytesBlob(b""))
    offset: int = 0
    length: int = 0
    sent_length: int | None = None  # where fewer bytes come than the headers promise

    def chunks(self) -> Iterator[bytes]:
        """Yield the body in pieces of at most 64 kB."""
        end = self.offset + (self.length if self.sent_length is None else self.sent_length)
        for place in range(self.offset, end, CHUNK_BYTES):
            yield self.blob.read(place, min(CHUNK_BYTES, end - place))

    @property
    def body(self) -> bytes:
        """Return the whole body: for small answers, in tests."""
        return b"".join(self.chunks())


def parse_request(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Request:
    """Take a request apart."""
    parts = urlsplit(url)
    lowered = {name.lower(): value for name, value in headers.items()}
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    return Request(method.upper(), url, (parts.hostname or "").lower(), unquote(parts.path) or "/", query, lowered, body)


def as_blob(content: Content) -> Blob:
    """Return content as a blob."""
    return BytesBlob(content) if isinstance(content, bytes) else content


def whole(status: int, content: Content, content_type: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer with all of some content."""
    blob = as_blob(content)
    fields = {"Content-Type": content_type, "Content-Length": str(blob.size), **(headers or {})}
    return Answer(status, fields, blob, 0, blob.size)


def as_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an answer in JSON."""
    return whole(status, json.dumps(value).encode(), "application/json; charset=utf-8", headers)


def as_html(title: str, body: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Return a small page; `title` is escaped, `body` is markup."""
    page = f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{escape(title)}</title></head><body>{body}</body></html>'
    return whole(status, page.encode(), "text/html; charset=utf-8", headers)


def redirect(location: str, status: int = 302) -> Answer:
    """Return a redirect."""
    return whole(status, b"", "text/html; charset=utf-8", {"Location": location})


def etag_of(content: Content, name: str = "") -> str:
    """Return a validator: a digest of the content's head, size and name, so that large files need not be read."""
    blob = as_blob(content)
    return f'"{hashlib.sha256(f"{name}:{blob.size}:".encode() + blob.read(0, CHUNK_BYTES)).hexdigest()[:32]}"'


def ranged(request: Request, content: Content, headers: Mapping[str, str]) -> Answer:
    """Answer with a file or the one range of it that was asked for (RFC 9110, section 14)."""
    blob = as_blob(content)
    etag = headers.get("ETag") or etag_of(content)
    fields = {"Accept-Ranges": "bytes", "ETag": etag, "Last-Modified": LAST_MODIFIED, **headers}
    if request.headers.get("if-none-match") == etag:
        return Answer(304, fields)
    asked = request.headers.get("range", "") if request.headers.get("if-range", etag) in (etag, LAST_MODIFIED) else ""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.replace(" ", ""))
    if match is None or not any(match.groups()):
        return Answer(200, {**fields, "Content-Length": str(blob.size)}, blob, 0, blob.size)
    if match[1]:
        start, end = int(match[1]), min(int(match[2] or blob.size), blob.size - 1)
    else:
        start, end = max(0, blob.size - int(match[2])), blob.size - 1
    if start > end:
        return Answer(416, {**fields, "Content-Range": f"bytes */{blob.size}", "Content-Length": "0"})
    length = end - start + 1
    fields |= {"Content-Range": f"bytes {start}-{end}/{blob.size}", "Content-Length": str(length)}
    return Answer(206, fields, blob, start, length)


def without_body(answer: Answer) -> Answer:
    """Return what HEAD gets: the same headers and nothing behind them."""
    return replace(answer, sent_length=0)


def cut_short(answer: Answer) -> Answer:
    """Return the answer with half of the body that it promises."""
    return replace(answer, sent_length=answer.length // 2)
