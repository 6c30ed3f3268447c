"""Where a token may go: to its own host over TLS, and nowhere else."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

from requests import PreparedRequest
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from auditor.net.guard import DEFAULT_PORTS, blocked

GITHUB_API = "https://api.github.com"
HUB = "https://huggingface.co"

Origin = tuple[str, str, int | None]


class Tokens:
    """Adds a token to requests for its own host, and takes it off all others, whoever put it there."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        github = environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN") or ""
        pairs = [(origin_of(environment.get("GITHUB_API_URL") or GITHUB_API), github), (origin_of(HUB), environment.get("HF_TOKEN") or "")]
        self._by_origin = {origin: token.strip() for origin, token in pairs if origin and token.strip()}

    def dress(self, request: PreparedRequest) -> PreparedRequest:
        """Return a copy of a request as it may leave this machine; the original never carries our token."""
        outgoing = request.copy()
        origin = origin_of(outgoing.url or "")
        own = self._by_origin.get(origin) if origin else None
        foreign = [token for token in self._by_origin.values() if token != own]
        for name in [name for name, value in outgoing.headers.items() if any(_carries(value, token) for token in foreign)]:
            del outgoing.headers[name]
        if any(token in (outgoing.url or "") for token in foreign):
            raise blocked("an address with a token in it", "a token goes to its own host and nowhere else")
        if own and not _text(outgoing.headers.get("Authorization")):
            outgoing.headers["Authorization"] = f"Bearer {own}"
        return outgoing

    def authorization(self, request: PreparedRequest) -> str:
        """Return the Authorization with which a request leaves this machine, "" for none."""
        return _text(self.dress(request).headers.get("Authorization"))


def origin_of(url: str) -> Origin | None:
    """Return scheme, host and port of an address as the HTTP library reads them, or None where it has no host."""
    try:
        place = parse_url(url)
    except (LocationParseError, ValueError):
        return None
    if not place.host:
        return None
    scheme = (place.scheme or "").lower()
    return scheme, place.host.lower(), place.port or DEFAULT_PORTS.get(scheme)


def _text(value: str | bytes | None) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value or ""


def _carries(value: str | bytes | None, token: str) -> bool:
    """Tell whether a header holds a token, plainly or as a password of basic authentication (RFC 7617)."""
    text = _text(value)
    if token in text:
        return True
    scheme, _, rest = text.partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        return token.encode() in base64.b64decode(rest, validate=False)
    except ValueError:
        return False
