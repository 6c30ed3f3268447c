"""What a file host must be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from auditor.blob import Blob
from auditor.facts import State, Status

if TYPE_CHECKING:
    from auditor.net import Network


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that a host says it has."""

    name: str  # path within the listing, as the host gives it; untrusted
    url: str  # where a person would open it
    key: str = ""  # the host's own id
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None  # where the host gives that one
    revision: str = ""  # what changes when the bytes change, as the host names it: ETag, commit, version id
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """What stands at the end of a link. `OK` means: this is all of it."""

    url: str
    host: str
    status: Status
    detail: str = ""  # what was seen, in words: "folder of 3 files", "not shared: ..."
    files: tuple[RemoteFile, ...] = ()
    sha256: str = ""  # of the page or answer that was read
    quote: str = ""  # what it said: names, or the error's own words
    requests: int = 0
    bytes_read: int = 0
    state: State = State.UNKNOWN


class OpenBlob(Blob, Protocol):
    """A blob that counts what it costs."""

    requests: int
    bytes_read: int

    def close(self) -> None:
        """Give connections and file handles back."""
        ...


class FileHost(Protocol):
    """One kind of place where checkpoints lie."""

    name: str

    def accepts(self, url: str) -> bool:
        """Tell from the address alone whether it is this host's."""
        ...

    def resolve(self, url: str, network: Network) -> Listing:
        """List what a link leads to. Never raises for what a server does: that is the listing's status."""
        ...

    def open(self, file: RemoteFile, network: Network) -> OpenBlob:
        """Return random access to a listed file. Raises `NetworkError` with a status of `facts.Status`."""
        ...
