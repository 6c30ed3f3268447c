"""The listing of a place that is asked in several steps: what was found stays, whatever goes wrong on the way."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import MAX_FILES, failed, quoted_names
from auditor.hosts.interface import Listing, RemoteFile

if TYPE_CHECKING:
    from auditor.net import Tally


class Walk:
    """Files as they are found, and why it may not be all of them."""

    def __init__(self) -> None:
        self.files: list[RemoteFile] = []
        self.notes: list[str] = []  # for a person, in order
        self.troubles: list[NetworkError] = []
        self.unread = 0  # entries that are of no known shape
        self._digests: list[str] = []

    @property
    def is_full(self) -> bool:
        """Tell whether a listing may have no more files."""
        return len(self.files) > MAX_FILES

    def saw(self, digest: str) -> None:
        """Note the hash of an answer."""
        self._digests.append(digest)

    def add(self, file: RemoteFile | None) -> None:
        """Take a file; None stands for an entry that could not be read."""
        if file is None:
            self.unread += 1
        else:
            self.files.append(file)

    def listing(self, url: str, host: str, what: str, cost: Tally) -> Listing:
        """Return what was found: OK where nothing went wrong, PARTIAL with the first trouble's state where something did."""
        if self.troubles and not self.files:
            first = replace(failed(url, host, self.troubles[0], cost, self._digest()), detail=told(self.troubles[0]))
            return first if first.status is not Status.PARTIAL else self._listing(url, host, what, cost, first.state)
        return self._listing(url, host, what, cost, self._state())

    def _listing(self, url: str, host: str, what: str, cost: Tally, state: State) -> Listing:
        whole = state in (State.OK, State.EMPTY)
        details = [f"{what} of {_counted(len(self.files))}", *self.notes, *(f"not all of it: {told(error)}" for error in self.troubles[:3])]
        if self.unread:
            details.append(f"not all of it: {self.unread} entries could not be understood")
        if self.is_full:
            details.append(f"only {MAX_FILES} are looked at")
        files = tuple(self.files[:MAX_FILES])
        status = Status.OK if whole else Status.PARTIAL
        names = quoted_names([file.name for file in files[:200]])
        return Listing(url, host, status, "; ".join(details), files, self._digest(), names, cost.requests, cost.bytes_read, state)

    def _state(self) -> State:
        if self.is_full:
            return State.TOO_MANY
        if self.troubles:
            return State(self.troubles[0].state)
        if self.unread:
            return State.UNKNOWN
        return State.OK if self.files else State.EMPTY

    def _digest(self) -> str:
        if len(self._digests) <= 1:
            return "".join(self._digests)
        return hashlib.sha256("".join(self._digests).encode()).hexdigest()


def told(error: NetworkError) -> str:
    """Return what went wrong, why, and what to do about it."""
    return f"{error}; {error.help}" if error.help else str(error)


def _counted(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files" if files else "no files"
