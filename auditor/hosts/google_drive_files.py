"""Opens Google Drive files for range reads, by the shortest way that works in this run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.hosts.answers import file_name
from auditor.hosts.google_drive_pages import HEADERS, is_virus_scan, no_file, page_error
from auditor.net import Network, RangeAnswer, RemoteBlob, refusal

HEAD_BYTES = 64 << 10
MOST_WAYS = 2  # ways that are tried and given up in one run
DIRECT_WAY = "https://drive.usercontent.google.com/download?id={id}&export=download&confirm=t"  # where a confirmed download ends up
OLD_WAY = "https://drive.google.com/uc"  # where gdown begins
FINAL = (State.QUOTA, State.RATE_LIMITED, State.SIGN_IN, State.NOT_SHARED, State.TAKEN_DOWN)  # no other way would be told anything else


@dataclass(slots=True)
class Ways:
    """What this run has learned of the ways to a file."""

    first: str = DIRECT_WAY  # an address with {id}; empty where the direct one leads nowhere
    learned: set[str] = field(default_factory=set)  # addresses behind the button of a warning page
    failures: int = 0  # of the direct way, for files that the old one had


class DriveFiles:
    """Opens files, and remembers for each network which way led to them."""

    def opened(self, file_id: str, resource_key: str, name: str, network: Network) -> tuple[RemoteBlob, RangeAnswer]:
        """Return random access to a file, and the answer that it began with, whose headers say more.

        One request in the usual case, which brings the file's head and size too. Raises `NetworkError` with status denied,
        quota, missing or error.
        """
        with network.tally() as cost:
            address, answer = self._find(file_id, resource_key, network)
            blob = network.blob(
                address,
                name=name or file_name(answer.headers, address),
                headers=HEADERS,
                first=answer,
                classify=not_the_bytes,
            )
        blob.requests, blob.bytes_read = cost.requests, cost.bytes_read
        return blob, answer

    def _find(self, file_id: str, resource_key: str, network: Network) -> tuple[str, RangeAnswer]:
        key = f"&resourcekey={resource_key}" if resource_key else ""
        ways = network.remembered("google_drive ways", Ways)
        if ways.first:
            address = ways.first.replace("{id}", quote(file_id)) + key
            answer = self._asked(address, network)
            if answer is not None:
                found = self._confirmed(address, answer, network)
                _learn(ways, found[0], file_id, resource_key)
                return found
        address = f"{OLD_WAY}?id={quote(file_id)}{key}"
        found = self._confirmed(address, network.get_range(address, 0, HEAD_BYTES, headers=HEADERS), network)
        # Only now is it known that the way failed and not the file.
        ways.failures += 1
        if ways.failures >= MOST_WAYS:
            ways.first = ""
        return found

    def _asked(self, address: str, network: Network) -> RangeAnswer | None:
        """Return the file's head or its warning page, None where another way may be better. Raises `NetworkError` where none is."""
        try:
            answer = network.get_range(address, 0, HEAD_BYTES, headers=HEADERS, retries=0)
        except NetworkError as error:
            if error.status in ("blocked", "skipped") and error.state != State.OFFLINE:
                raise
            return None
        refused = not_the_bytes(answer)
        if refused is None or _warning(answer):
            return answer
        if refused.status == "quota" or (refused.state in FINAL and page_error(_text(answer), answer.final_url, 200) is not None):
            raise refused
        return None

    def _confirmed(self, address: str, answer: RangeAnswer, network: Network) -> tuple[str, RangeAnswer]:
        """Return a file's address and head: of this answer, or of where its warning page leads. Raises `NetworkError`."""
        if _warning(answer):
            address = urljoin(answer.final_url, confirmed_address(_text(answer)))
            answer = network.get_range(address, 0, HEAD_BYTES, headers={**HEADERS, **_cookies(answer)})
        error = not_the_bytes(answer)
        if error is not None:
            raise error
        return address, answer


def _learn(ways: Ways, address: str, file_id: str, resource_key: str) -> None:
    """Begin at the address that had a file, unless it is one of a single file: then at the page that names those."""
    pattern = address.replace(f"id={quote(file_id)}", "id={id}")
    if resource_key or pattern == ways.first:
        return
    is_new = "confirm" in pattern and "{id}" in pattern and pattern not in ways.learned and len(ways.learned) < MOST_WAYS
    ways.learned.add(pattern)
    ways.first = pattern if is_new else DIRECT_WAY


def not_the_bytes(answer: RangeAnswer) -> NetworkError | None:
    """Return what Drive says instead of sending bytes, or None where it sends them."""
    is_attachment = answer.headers.get("content-disposition", "").lower().startswith("attachment")
    is_page = answer.is_page and not is_attachment and answer.offset == 0
    if answer.status in (200, 206) and not is_page:
        return None
    if answer.status == 416 and answer.total == 0:
        return None
    page = _text(answer)
    known = page_error(page, answer.final_url, answer.status)
    if answer.status not in (200, 206):
        plain = refusal(answer.final_url, answer.status, answer.headers, answer.body)
        if known is not None and (plain.status != "quota" or known.status == "quota"):
            return known  # the page says why, the status only that
        return plain
    return known or no_file(page)


def revision_of(answer: RangeAnswer) -> str:
    """Return what changes when a file's bytes do: its ETag, else a checksum of its bytes, else when it was changed; "" for none."""
    found = re.search(r"\bcrc32c=[A-Za-z0-9+/]{6}==", answer.headers.get("x-goog-hash", ""))
    return answer.headers.get("etag", "") or (found[0] if found else answer.headers.get("last-modified", ""))


def _warning(answer: RangeAnswer) -> bool:
    return answer.status == 200 and answer.is_page and is_virus_scan(_text(answer))


def _text(answer: RangeAnswer) -> str:
    return answer.body.decode("utf-8", "replace")


def confirmed_address(page: str) -> str:
    """Return the address behind the button of a virus-scan page, read by gdown. Raises `NetworkError`."""
    try:
        from gdown.download import get_url_from_gdrive_confirmation

        return str(get_url_from_gdrive_confirmation(page))
    except Exception as error:  # gdown's own errors, and KeyErrors and assertions on pages that it does not foresee
        words = " ".join(str(error).split())[:200]
        raise NetworkError("Google Drive: the virus-scan page could not be read", words, "open the link in a browser") from error


def _cookies(answer: RangeAnswer) -> dict[str, str]:
    """Return the Cookie header for what a page set; the older form of the confirmation needs it."""
    from http.cookies import CookieError, SimpleCookie

    try:
        jar = SimpleCookie(answer.headers.get("set-cookie", ""))
    except CookieError:
        return {}
    pairs = [f"{name}={morsel.coded_value}" for name, morsel in jar.items()]
    return {"Cookie": "; ".join(pairs)} if pairs else {}
