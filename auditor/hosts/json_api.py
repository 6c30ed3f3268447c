"""What hosts with an interface of JSON have in common: answers that are not believed, and refusals in the host's own words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.hosts.answers import short
from auditor.hosts.pages import asks_to_sign_in, page_error
from auditor.net import Fetched, Network, RangeAnswer, is_page, refusal

MAX_PAGES = 250  # of one listing
NAME_CHARACTERS = 1024
WORDS = ("message", "Message", "detail", "title", "error", "msg")  # where hosts write what is wrong


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an HTTP status of a host means to a person."""

    what: str
    state: State
    help: str


PLAIN = {
    401: Refusal("shows it only to people with an account", State.SIGN_IN, "ask the authors to make it public"),
    403: Refusal("does not show it to everybody", State.NOT_SHARED, "ask the authors to make it public"),
    404: Refusal("knows nothing of it", State.NOT_FOUND, "check the address in a browser"),
    410: Refusal("says that it was deleted", State.DELETED, "ask the authors where it is now"),
    451: Refusal("may not show it, for legal reasons", State.NOT_SHARED, "open it in a browser"),
}


@dataclass(frozen=True, slots=True)
class Api:
    """The interface of one host: where answers may come from, and what its refusals mean."""

    name: str  # as people know it
    places: frozenset[str]  # names of servers; an answer of any other is not the host's
    refusals: Mapping[int, Refusal] = field(default_factory=dict)  # on top of `PLAIN`

    def json(self, network: Network, url: str) -> tuple[Any, str]:
        """Return a record of the interface and the hash of the answer. Raises `NetworkError`."""
        record, answer = self.answer(network, url)
        return record, answer.sha256

    def answer(self, network: Network, url: str) -> tuple[Any, Fetched]:
        """Return a record and the answer that it came in. Raises `NetworkError`, for another server's answer too."""
        self.check_place(url)
        answer = network.get(url)
        self.check_place(answer.final_url)
        if answer.status != 200:
            raise self.error(answer)
        if is_page("", answer.body) and asks_to_sign_in(answer):
            raise page_error(answer)
        try:
            return json.loads(answer.body), answer
        except (ValueError, RecursionError) as error:
            what = f"{self.name} answered with {'a page' if is_page('', answer.body) else 'something'} that is not JSON"
            raise NetworkError(what, short(str(error)), "try again later", state=State.SERVER_ERROR) from error

    def check_place(self, url: str) -> None:
        """Raise `NetworkError` (blocked) where an address is not the host's own: answers may name any."""
        try:
            parts = urlsplit(url)
            own = parts.scheme == "https" and parts.hostname in self.places and parts.port in (None, 443) and not parts.username
        except ValueError:
            own = False
        if not own:
            why = f"an answer led to {url[:200]}"
            raise NetworkError(f"{self.name} leads elsewhere", why, "open the link in a browser", status="blocked", state=State.BLOCKED)

    def error(self, answer: Fetched | RangeAnswer) -> NetworkError:
        """Return what an answer with an HTTP status that is not 200 means."""
        plain = refusal(answer.final_url, answer.status, answer.headers, answer.body)
        words = said(answer.body)
        if plain.status == "quota":
            plain.state = plain.state or State.RATE_LIMITED
            plain.why = f"{words} ({plain.why})" if words else plain.why
            return plain
        known = self.refusals.get(answer.status) or PLAIN.get(answer.status)
        if known is None:
            plain.state = plain.state or (State.SERVER_ERROR if answer.status >= 500 else State.UNKNOWN)
            return plain
        why = f"{words} (HTTP {answer.status})" if words else plain.why
        return NetworkError(f"{self.name} {known.what}", why, known.help, status=plain.status, state=known.state, http_status=answer.status)

    def not_the_bytes(self, answer: RangeAnswer) -> NetworkError | None:
        """Return what the host says instead of sending a file, or None where it sends it."""
        if answer.status == 416 and answer.total == 0:
            return None
        if answer.status not in (200, 206):
            return self.error(answer)
        if answer.offset == 0 and is_page(answer.headers.get("content-type", ""), answer.body):
            return page_error(answer)
        return None

    def linked_pages(self, network: Network, url: str) -> Iterator[tuple[dict[str, Any], str]]:
        """Yield the pages of a list that names its next page (JSON:API's `links.next`), to the end.

        Raises `NetworkError`: for a page that cannot be had, one on another server, a circle, and past `MAX_PAGES`.
        """
        seen: set[str] = set()
        following: Any = url
        while following:
            if not isinstance(following, str) or following in seen:
                raise NetworkError(f"{self.name} leads in circles", f"from page to page: {str(following)[:200]}", "open it in a browser")
            if len(seen) >= MAX_PAGES:
                why = f"more than {MAX_PAGES} pages"
                raise NetworkError(f"{self.name} has more than is listed", why, status="partial", state=State.TOO_MANY)
            seen.add(following)
            record, digest = self.json(network, following)
            page = mapping(record)
            yield page, digest
            following = mapping(page.get("links")).get("next")


def said(body: bytes) -> str:
    """Return the host's own words in the JSON of a refusal, or nothing."""
    try:
        record = json.loads(body[: 64 << 10])
    except (ValueError, RecursionError):
        return ""
    if isinstance(record, dict) and isinstance(record.get("errors"), list) and record["errors"]:
        record = record["errors"][0]
    found = [text for word in WORDS if isinstance(text := mapping(record).get(word), str) and text]
    reasons = [text for text in mapping(mapping(record).get("tombstone")).values() if isinstance(text, str) and text]
    return short("; ".join(found[:1] + reasons[:1]))


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Any]:
    """Return a list, an empty one for anything else."""
    return value if isinstance(value, list) else []


def text(value: Any, most: int = NAME_CHARACTERS) -> str:
    """Return a text of a sane length without halves of characters (which JSON can hold), an empty one for anything else."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) and len(value) <= most else ""


def whole_number(value: Any) -> int | None:
    """Return a whole number from 0 to 2^63, None for anything else; some hosts write it as a text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63 else None


def digest_of(value: Any, characters: int) -> str | None:
    """Return a digest in lower case (32 hexadecimal characters for MD5, 64 for SHA-256), None for anything else."""
    found = value.lower() if isinstance(value, str) else ""
    return found if re.fullmatch(rf"[0-9a-f]{{{characters}}}", found) else None
