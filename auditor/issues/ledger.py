"""What was sent, remembered twice: in the report's folder and for the user, so that no second run asks the same again."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.errors import FilingError

RECORD = "filed.json"
PENDING, FILED = "pending", "filed"
LARGEST_RECORD = 1 << 16
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class Record:
    """One issue that was sent, or is being sent and the answer not yet known."""

    fingerprint: str
    full_name: str
    title: str
    status: str  # pending, filed
    at: str  # RFC 3339 UTC
    url: str = ""

    @property
    def age(self) -> timedelta:
        """Return how long ago it was written; nothing where the time cannot be read."""
        try:
            then = datetime.strptime(self.at, TIME_FORMAT).replace(tzinfo=UTC)
        except ValueError:
            return timedelta(0)
        return datetime.now(UTC) - then


class Ledger:
    """The records of one report's issue: `filed.json` in the report's folder and `<fingerprint>.json` among the user's."""

    def __init__(self, report_dir: Path, fingerprint: str) -> None:
        self._state = state_folder()
        self._own = report_dir / RECORD
        self._users = self._state / f"{fingerprint}.json"
        self._lock = self._state / f"{fingerprint}.lock"
        self._fingerprint = fingerprint

    def record(self) -> Record | None:
        """Return what is known of this very issue: that it was filed, else that it is pending, else nothing."""
        found = [record for path in (self._own, self._users) if (record := _read(path)) and record.fingerprint == self._fingerprint]
        return next((record for record in found if record.status == FILED), found[0] if found else None)

    def sent_since(self, span: timedelta) -> int:
        """Return how many issues this user sent within a span, this one not counted."""
        records = [_read(path) for path in self._state.glob("*.json") if path != self._users]
        return sum(record is not None and record.age < span for record in records)

    def write(self, record: Record) -> None:
        """Write a record in both places, each whole or not at all. Raises `FilingError`."""
        try:
            for path in (self._users, self._own):
                _write(path, json.dumps(asdict(record), indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            if record.status == PENDING:  # nothing is sent without both records
                self.forget()
            raise FilingError("what is sent cannot be remembered", str(error), "make the report's folder writable") from error

    def forget(self) -> None:
        """Take the records away: GitHub refused, nothing was created."""
        for path in (self._users, self._own):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the only right to send this issue on this machine. Raises `FilingError` where another process holds it."""
        try:
            self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = self._lock.open("a")
        except OSError as error:
            raise FilingError("what is sent cannot be remembered", str(error), "set XDG_STATE_HOME to a writable folder") from error
        with file:
            if not _lock(file.fileno()):
                raise FilingError("this issue is being sent by another process", help="wait for it, then look at the repository's issues")
            yield


def state_folder() -> Path:
    """Return where a user's records lie: below XDG_STATE_HOME, else XDG_CACHE_HOME, else ~/.local/state."""
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        place = os.environ.get(name, "")
        if Path(place).is_absolute():
            return Path(place) / "auditor" / "filed"
    try:
        return Path.home() / ".local" / "state" / "auditor" / "filed"
    except RuntimeError as error:
        raise FilingError("this user has no home folder", help="set XDG_STATE_HOME to a writable folder") from error


def now() -> str:
    """Return the time in RFC 3339 UTC."""
    return datetime.now(UTC).strftime(TIME_FORMAT)


def _read(path: Path) -> Record | None:
    """Return a record, or None where there is none. One that is broken counts as pending: something was being sent."""
    try:
        if not path.is_file():
            return None
        data = json.loads(path.read_bytes()[:LARGEST_RECORD])
        return Record(**{name: str(data.get(name) or "") for name in Record.__dataclass_fields__})
    except (OSError, ValueError, AttributeError, RecursionError):
        return Record(path.stem, "", "", PENDING, now())


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".filed-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _lock(handle: int) -> bool:
    """Take an advisory lock that ends with the process; tell whether it was free."""
    try:
        import fcntl
    except ImportError:  # no such locks on Windows; the records still hold a second run back
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
