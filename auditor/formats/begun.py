"""A blob whose first bytes are here before a reader asks for them: no worker process waits for a server meanwhile."""

from __future__ import annotations

from contextlib import suppress

from auditor.blob import Blob
from auditor.errors import FormatError, NetworkError
from auditor.formats.extents import first_wanted


class BegunBlob:
    """A remote file as a worker reads it, whose beginning was asked for; what went wrong then is raised at the first read.

    It asks for what `RememberedBlob` asks for first, so no request comes on top.
    """

    def __init__(self, blob: Blob) -> None:
        self.name = blob.name
        self.size = blob.size
        self.begins_at_its_end = bool(getattr(blob, "begins_at_its_end", False))
        self._blob = blob
        self._error: NetworkError | FormatError | None = None
        try:
            self._blob.read(*first_wanted(self.size, self.begins_at_its_end))
        except (NetworkError, FormatError) as error:
            self._error = error

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end. Raises what the blob below raises."""
        error, self._error = self._error, None
        if error is not None:
            raise error
        data = self._blob.read(offset, length)
        self.size = self._blob.size
        return data


def begun(blob: Blob) -> Blob:
    """Return a blob with its beginning at hand, where to fetch it takes long: of a file that lies on this machine, the blob itself."""
    with suppress(AttributeError, TypeError):
        if blob.size > 0 and blob.requests >= 0:  # type: ignore[attr-defined] # one that counts what it costs is remote
            return BegunBlob(blob)
    return blob
