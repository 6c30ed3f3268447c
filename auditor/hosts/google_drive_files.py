"""Opens Google Drive files for range reads, by the shortest way that works in this run."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, urljoin

from auditor.errors import NetworkError
from auditor.hosts.answers import file_name
from auditor.hosts.google_drive_pages import HEADERS, is_virus_scan, page_error, said
from auditor.net import Network, RangeAnswer, RemoteBlob, refusal

HEAD_BYTES = 64 << 10
MOST_WAYS = 2  # short ways that are tried and given up in one run
SHORT_WAY = "https://drive.usercontent.google.com/download?id={id}&export=download&confirm=t"  # where a confirmed download ends up
LONG_WAY = "https://drive.google.com/uc"  # where gdown begins


@dataclass(slots=True)
class Ways:
    """What this run has learned of the ways to a file."""

    short: str = SHORT_WAY  # an address with {id}; empty where none is known that works
    failed: set[str] = field(default_factory=set)


class DriveFiles:
    """Opens files, and remembers for each network whether the short way led anywhere."""

    def open(self, file_id: str, resource_key: str, name: str, network: Network) -> RemoteBlob:
        """Return random access to a file. One request in the usual case, which brings the file's head and size too.

        Raises `NetworkError` with status denied, quota, missing or error.
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
        return blob

    def _find(self, file_id: str, resource_key: str, network: Network) -> tuple[str, RangeAnswer]:
        key = f"&resourcekey={resource_key}" if resource_key else ""
        ways = network.remembered("google_drive ways", Ways)
        short = ways.short
        if short:
            address = short.replace("{id}", quote(file_id)) + key
            answer = self._try_short(address, network)
            if answer is not None:
                return address, answer
        address, answer = self._long(f"{LONG_WAY}?id={quote(file_id)}{key}", network)
        # Only now is it known that the way failed and not the file.
        ways.failed.add(short)
        pattern = address.replace(f"id={quote(file_id)}", "id={id}").removesuffix(key)
        is_new = pattern not in ways.failed and len(ways.failed) < MOST_WAYS
        ways.short = pattern if "confirm" in pattern and "{id}" in pattern and is_new else ""
        return address, answer

    def _try_short(self, address: str, network: Network) -> RangeAnswer | None:
        """Return the file's head, or None where this way leads nowhere. Raises `NetworkError` where no other could."""
        try:
            answer = network.get_range(address, 0, HEAD_BYTES, headers=HEADERS, retries=0)
        except NetworkError as error:
            if error.status in ("blocked", "skipped"):
                raise
            return None
        refused = not_the_bytes(answer)
        if refused is not None and refused.status == "quota":
            raise refused
        return answer if refused is None else None

    def _long(self, address: str, network: Network) -> tuple[str, RangeAnswer]:
        """Go gdown's way: the plain address, and through the virus-scan page where there is one."""
        answer = network.get_range(address, 0, HEAD_BYTES, headers=HEADERS)
        if answer.status == 200 and answer.is_page:
            page = answer.body.decode("utf-8", "replace")
            if is_virus_scan(page):
                address = urljoin(answer.final_url, confirmed_address(page))
                answer = network.get_range(address, 0, HEAD_BYTES, headers={**HEADERS, **_cookies(answer)})
        error = not_the_bytes(answer)
        if error is not None:
            raise error
        return address, answer


def not_the_bytes(answer: RangeAnswer) -> NetworkError | None:
    """Return what Drive says instead of sending bytes, or None where it sends them."""
    is_attachment = answer.headers.get("content-disposition", "").lower().startswith("attachment")
    is_page = answer.is_page and not is_attachment and answer.offset == 0
    if answer.status in (200, 206) and not is_page:
        return None
    if answer.status == 416 and answer.total == 0:
        return None
    page = answer.body.decode("utf-8", "replace")
    known = page_error(page, answer.final_url, answer.status)
    if answer.status not in (200, 206):
        plain = refusal(answer.final_url, answer.status, answer.headers, answer.body)
        return known if known is not None and plain.status != "quota" else plain  # the page says why, the status only that
    return known or NetworkError("Google Drive: answered with a page, not a file", said(page), "open the link in a browser")


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
