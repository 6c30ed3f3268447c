"""The bytes of files on GitHub: refusals in GitHub's words, and what stands behind a pointer of Git LFS."""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.file_marks import marks_of
from auditor.hosts.interface import RemoteFile
from auditor.hosts.pages import page_error
from auditor.lfs import LARGEST_POINTER, Pointer, parse_pointer
from auditor.net import Network, RangeAnswer, RemoteBlob, first_range, is_page, refusal

# "This repository is over its data quota", "This repository exceeded its LFS budget": the owner's month is used up.
_BUDGET = re.compile(rb"data quota|lfs budget|lfs bandwidth", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was opened, and what is known of it without its bytes."""

    blob: RemoteBlob
    sha256: str | None = None
    md5: str | None = None
    revision: str = ""

    def described(self, name: str, url: str, key: str) -> RemoteFile:
        """Return the file of a listing."""
        return RemoteFile(name, url, key, self.blob.size, self.sha256, self.md5, self.revision)


def opened(address: str, name: str, network: Network, size: int | None = None, version: str = "") -> Opened:
    """Open a file; behind a pointer of Git LFS, the file that it stands for. Raises `NetworkError`.

    A size that is known spares the request that would ask for it; a version (as `version_of` gives it) spares bytes that are kept.
    """
    answer = None if size is not None and size >= LARGEST_POINTER else first_range(network, address, name)
    if answer is not None and (error := not_the_bytes(answer)) is not None:
        raise error
    blob = network.blob(address, name=name, size=size if answer is None else None, first=answer, classify=not_the_bytes, revision=version)
    if answer is None:
        return Opened(blob)
    pointer = parse_pointer(blob.read(0, blob.size)) if blob.size <= LARGEST_POINTER and lfs_address(address) else None
    if pointer is None:
        marks = marks_of(answer)
        return Opened(blob, marks.sha256, marks.md5, marks.revision)
    meant = stored(address, name, pointer, network)
    meant.requests, meant.bytes_read = meant.requests + blob.requests, meant.bytes_read + blob.bytes_read
    blob.close()
    return Opened(meant, pointer.sha256, None, pointer.sha256)


def stored(address: str, name: str, pointer: Pointer, network: Network) -> RemoteBlob:
    """Return the file that the pointer at a raw address stands for. Raises `NetworkError` where Git LFS does not give it."""
    place = lfs_address(address) or address
    try:
        blob = network.blob(place, name=name, classify=not_the_object, revision=f"sha256:{pointer.sha256}")
    except NetworkError as error:
        what = f"{name!r} is a Git LFS pointer, and the file that it means cannot be had"
        raise NetworkError(what, str(error), error.help, status=error.status, state=error.state, http_status=error.http_status) from error
    if blob.size != pointer.size:
        blob.close()
        why = f"its pointer says {pointer.size} bytes, Git LFS has {blob.size}"
        raise NetworkError(f"{name!r} is not the file that its pointer means", why, "ask the owner", state=State.CHANGED)
    return blob


def lfs_address(address: str) -> str | None:
    """Return where the file lies that a Git LFS pointer at a raw address stands for, or None for other addresses."""
    found = re.match(r"https://raw\.githubusercontent\.com/([^?#]+)", address)
    return f"https://media.githubusercontent.com/media/{found[1]}" if found else None


def not_the_bytes(answer: RangeAnswer) -> NetworkError | None:
    """Return what GitHub says instead of sending bytes, or None where it sends them."""
    if answer.status == 416 and answer.total == 0:
        return None
    if answer.status == 451:
        why = f"HTTP 451 for {answer.url}"
        help = "open it in a browser: GitHub shows the notice"
        return NetworkError("GitHub blocks it for legal reasons", why, help, status=Status.DENIED, state=State.TAKEN_DOWN, http_status=451)
    if answer.status not in (200, 206):
        return refusal(answer.final_url, answer.status, answer.headers, answer.body)
    is_attachment = "attachment" in answer.headers.get("content-disposition", "").lower()
    if answer.offset == 0 and not is_attachment and is_page(answer.headers.get("content-type", ""), answer.body):
        plain = answer.headers.get("content-type", "").startswith("text/plain")  # as raw files are sent, pages too
        return None if plain else page_error(answer)
    return None


def not_the_object(answer: RangeAnswer) -> NetworkError | None:
    """Return what Git LFS says instead of sending a file: that the owner's budget is used up, that it has none, or the pointer again."""
    if answer.status >= 400 and _BUDGET.search(answer.body[:4096]):
        words = " ".join(answer.body[:300].decode("utf-8", "replace").split())
        help = "try again next month, or ask the owner for a copy elsewhere"
        what = "the Git LFS budget of its owner is used up"
        return NetworkError(what, words, help, status=Status.QUOTA, state=State.QUOTA, http_status=answer.status)
    if answer.status in (200, 206) and answer.offset == 0 and parse_pointer(answer.body) is not None:
        return NetworkError(
            "Git LFS sends the pointer again", "it has no such object", "ask the owner", status=Status.MISSING, state=State.NOT_FOUND
        )
    return not_the_bytes(answer)
