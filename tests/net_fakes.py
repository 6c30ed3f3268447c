"""An Internet in memory for tests: real hostnames, real requests code, answers by address."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter


@dataclass
class Reply:
    """What a fake server sends. `ranges=True` lets it honor Range requests."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = False


Handler = Callable[[requests.PreparedRequest], Reply]


class FakeInternet(BaseAdapter):
    """Answers by "host/path" (longest prefix wins); what is not there cannot be connected to."""

    def __init__(self, routes: dict[str, Reply | Handler | Exception] | None = None) -> None:
        super().__init__()
        self.routes: dict[str, Reply | Handler | Exception] = dict(routes or {})
        self.log: list[requests.PreparedRequest] = []

    def send(self, request, stream=False, timeout=None, verify=True, cert=None, proxies=None):
        self.log.append(request)
        place = re.sub(r"^https?://([^/@]*@)?", "", request.url)
        keys = [key for key in self.routes if place.startswith(key)]
        if not keys:
            raise requests.exceptions.ConnectionError(f"NameResolutionError: {place}", request=request)
        found = self.routes[max(keys, key=len)]
        if isinstance(found, Exception):
            raise found
        reply = found if isinstance(found, Reply) else found(request)
        return answer(request, reply)

    def close(self) -> None:
        pass

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.log]


def answer(request: requests.PreparedRequest, reply: Reply) -> requests.Response:
    status, body, headers = reply.status, reply.body, dict(reply.headers)
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("Range", ""))
    if reply.ranges and status == 200 and wanted:
        size = len(body)
        first = int(wanted[1]) if wanted[1] else max(0, size - int(wanted[2]))
        last = min(int(wanted[2]), size - 1) if wanted[1] and wanted[2] else size - 1
        if first >= size:
            status, body, headers = 416, b"", {**headers, "Content-Range": f"bytes */{size}"}
        else:
            status, body = 206, body[first : last + 1]
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers.setdefault("Content-Length", str(len(body)))
    raw = urllib3.HTTPResponse(io.BytesIO(body), headers=headers, status=status, preload_content=False, request_method=request.method)
    return HTTPAdapter().build_response(request, raw)
