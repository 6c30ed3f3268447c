"""Pages that come with HTTP 200 where a file was expected: what they say, as far as it can be told."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.hosts.answers import short
from auditor.net import Fetched, RangeAnswer

PAGE_BYTES = 64 << 10  # of a page that are looked at
_SIGN_IN = re.compile(
    r"<input[^<>]{0,300}\btype\s*=\s*[\"']?password|<title>[^<]{0,100}\b(?:sign|log)[ -]?in\b|<title>[^<]{0,60}\bauthentication required",
    re.IGNORECASE,
)
_SIGN_IN_PLACE = re.compile(r"^(?:login|signin|sso|idp|auth|accounts|shibboleth|cas)\.|(?:^|\.)login\.", re.IGNORECASE)
_SIGN_IN_PATH = re.compile(r"/(?:login|log-in|signin|sign-in|sign_in|idp|cas/login|saml2?|oauth2?)(?:[/.?]|$)", re.IGNORECASE)


def page_error(answer: RangeAnswer | Fetched) -> NetworkError:
    """Return the error for a page in place of a file: one that asks to sign in is told from others."""
    host = urlsplit(answer.final_url).hostname
    if asks_to_sign_in(answer):
        help = "ask the owner to share it with everyone, or download it by hand and give it with --artifact"
        return NetworkError(f"{host} asks to sign in", seen(answer.body), help, status="denied", state=State.SIGN_IN)
    return NetworkError(f"{host} answered with a page, not a file", seen(answer.body), "open the link in a browser", state=State.NOT_A_FILE)


def asks_to_sign_in(answer: RangeAnswer | Fetched) -> bool:
    """Tell whether a page wants a password, or lies where a redirect led to sign in."""
    parts = urlsplit(answer.final_url)
    led_away = answer.final_url != answer.url
    if led_away and (_SIGN_IN_PLACE.search(parts.hostname or "") or _SIGN_IN_PATH.search(parts.path)):
        return True
    return _SIGN_IN.search(answer.body[:PAGE_BYTES].decode("utf-8", "replace")) is not None


def seen(page: bytes) -> str:
    """Return the beginning of what a person would see of a page, on one line."""
    text = page[:PAGE_BYTES].decode("utf-8", "replace")
    text = re.sub(r"(?is)<(script|style|noscript)\b.*?(</\1\s*>|\Z)", " ", text)
    return short(html.unescape(re.sub(r"<[^<>]{0,2000}>", " ", text)))
