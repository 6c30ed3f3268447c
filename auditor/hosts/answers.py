"""What hosts have in common: failures as listings, names of files out of headers, blobs kept between listing and opening."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from auditor.errors import AuditError, NetworkError
from auditor.facts import State, Status
from auditor.hosts.interface import Listing, RemoteFile

if TYPE_CHECKING:
    from auditor.net import Network, RemoteBlob, Tally

MAX_FILES = 5000  # of one listing
MAX_KEPT = 64  # blobs that were opened by a listing and wait for their reader
QUOTE_CHARACTERS = 300


def failed(url: str, host: str, error: AuditError, cost: Tally | None = None, sha256: str = "") -> Listing:
    """Return the listing of a link that led nowhere, with the error's own words."""
    status = Status(error.status) if isinstance(error, NetworkError) else Status.ERROR
    state = State(error.state) if isinstance(error, NetworkError) else State.UNKNOWN
    return Listing(
        url,
        host,
        status,
        str(error),
        quote=short(error.why),
        sha256=sha256,
        requests=cost.requests if cost else 0,
        bytes_read=cost.bytes_read if cost else 0,
        state=state,
    )


def skipped(url: str, host: str, detail: str) -> Listing:
    """Return the listing of a link that is not followed, on purpose."""
    return Listing(url, host, Status.SKIPPED, detail, state=State.SKIPPED)


def file_name(headers: Mapping[str, str], url: str) -> str:
    """Return the name of a file: from Content-Disposition (RFC 6266), else the end of the address. Untrusted."""
    stated = headers.get("content-disposition", "")
    name = ""
    if stated:
        try:
            name = _disposition_name(stated.encode("latin-1").decode("utf-8"))
        except (UnicodeError, ValueError):
            name = _disposition_name(stated)
    return plain_name(name or PurePosixPath(unquote(urlsplit(url).path)).name) or "unnamed"


def version_of(file: RemoteFile) -> str:
    """Return what a listing gave that changes whenever the bytes of a file do, "" where it gave nothing: for `Network.blob`."""
    if file.sha256 or file.md5:
        return f"sha256:{file.sha256}" if file.sha256 else f"md5:{file.md5}"
    return f"revision:{file.revision}" if file.revision else ""


def plain_name(text: str) -> str:
    """Return a name without directories and control characters, of at most 255 characters."""
    last = re.split(r"[/\\]", text)[-1]
    name = "".join(character for character in last if character.isprintable()).strip()[:255]
    return "" if name in (".", "..") else name


def short(text: str) -> str:
    """Return the beginning of a text on one line."""
    line = " ".join(text[: 4 * QUOTE_CHARACTERS].split())
    return line if len(line) <= QUOTE_CHARACTERS else line[: QUOTE_CHARACTERS - 1] + "…"


def quoted_names(names: list[str]) -> str:
    """Return the names of files as a quote of their listing."""
    return short("; ".join(names))


class KeptBlobs:
    """Blobs that a listing had to open anyway (to learn a size) and that their reader takes over: nothing is asked twice."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._lock = threading.Lock()

    def keep(self, network: Network, key: str, blob: RemoteBlob) -> None:
        """Keep a blob for whoever opens the file of this key."""
        kept = self._of(network)
        with self._lock:
            older = kept.pop(key, None) or (kept.pop(next(iter(kept))) if len(kept) >= MAX_KEPT else None)
            kept[key] = blob
        if older is not None:
            older.close()

    def take(self, network: Network, key: str) -> RemoteBlob | None:
        """Hand a kept blob out, once."""
        with self._lock:
            return self._of(network).pop(key, None)

    def _of(self, network: Network) -> dict[str, RemoteBlob]:
        kept: dict[str, RemoteBlob] = network.remembered(f"{self._owner} blobs", dict)
        return kept


def _disposition_name(stated: str) -> str:
    extended = re.search(r"filename\*\s*=\s*\"?utf-8'[^']*'([^;\"]+)", stated, re.IGNORECASE)
    if extended:  # RFC 6266, section 4.3: it wins over the plain form
        return unquote(extended[1].strip(), errors="replace")
    from email.message import Message  # takes longer to be imported than a local file to be listed

    message = Message()
    message["content-disposition"] = re.sub(r"[\r\n]", " ", stated)
    return message.get_filename("") or ""
