"""Where a token may go: to its own host over TLS, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from requests import PreparedRequest

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
        given = _text(outgoing.headers.get("Authorization"))
        if any(token in given for token in self._by_origin.values() if token != own):
            del outgoing.headers["Authorization"]
            given = ""
        if own and not given:
            outgoing.headers["Authorization"] = f"Bearer {own}"
        return outgoing


def origin_of(url: str) -> Origin | None:
    """Return scheme, host and port of an address, or None where it has no host."""
    try:
        place = urlsplit(url)
        port = place.port
    except ValueError:
        return None
    if not place.hostname:
        return None
    return place.scheme.lower(), place.hostname.lower(), port or {"http": 80, "https": 443}.get(place.scheme.lower())


def _text(value: str | bytes | None) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value or ""
