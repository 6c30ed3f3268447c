"""One SQLite file that keeps what was read: for the next audit, for the one that was interrupted, and for `--offline`.

Several threads and processes use it at once. Whatever is wrong with the file or the disk, the audit goes on without it and
says so once (`warnings`). What may be believed of the entries, and for how long, is not decided here.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

SCHEMA = 1  # of the tables below; a file with another number is set aside
FILE_NAME = "answers.sqlite3"
BUSY_SECONDS = 2.0  # how long a write waits for another process before it is given up
TOUCH_SECONDS = 60.0  # the moment of last use need not be more exact
BROKEN = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
ROW_BYTES = 256  # what an entry takes beside its body
TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE entries (
    key TEXT PRIMARY KEY, kind TEXT NOT NULL, host TEXT NOT NULL, parent TEXT NOT NULL, first INTEGER NOT NULL, about TEXT NOT NULL,
    body BLOB NOT NULL, packed INTEGER NOT NULL, bytes INTEGER NOT NULL, seen_at REAL NOT NULL, used_at REAL NOT NULL
);
CREATE INDEX by_use ON entries (used_at, bytes);
CREATE INDEX by_parent ON entries (parent, first) WHERE parent <> '';
"""
EVICT = """
DELETE FROM entries WHERE rowid IN (
    SELECT rowid FROM (SELECT rowid, SUM(bytes) OVER (ORDER BY used_at DESC, rowid DESC) AS so_far FROM entries) WHERE so_far > ?
)
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is kept."""

    key: str
    about: dict[str, Any]
    body: bytes
    seen_at: float  # when a server last said so; seconds since 1970
    first: int = 0  # where it begins, for a part of a file


@dataclass(frozen=True, slots=True)
class HostShare:
    """What the cache keeps of one host."""

    host: str
    entries: int
    bytes: int
    oldest: float  # when the oldest of it was seen


class Cache:
    """Entries by key, the least recently used given up first. Thread-safe; no method raises for what a disk does."""

    def __init__(self, folder: Path, max_bytes: int, clock: Callable[[], float] = time.time) -> None:
        self.path = folder / FILE_NAME
        self.warnings: list[str] = []
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._reads = self._writes = True
        self._since_check = max_bytes  # the first write looks at the size
        self._salt = b""

    def get(self, key: str) -> Entry | None:
        """Return what is kept under a key."""
        return self._do(lambda database: self._get(database, key), None)

    def parts(self, parent: str, first: int, end: int) -> list[Entry]:
        """Return the parts of a file that may hold bytes of a range, in order."""
        return self._do(lambda database: self._parts(database, parent, first, end), [])

    def put(self, key: str, kind: str, host: str, about: dict[str, Any], body: bytes = b"", *, parent: str = "", first: int = 0) -> None:
        """Keep an entry, in place of an older one with its key."""
        packed, text = packed_if_text(body), json.dumps(about)
        size = len(packed[0]) + len(text) + ROW_BYTES
        if size > self._max_bytes // 4:
            return
        now = self._clock()
        row = (key, kind, host, parent, first, text, packed[0], packed[1], size, now, now)
        self._do(lambda database: self._put(database, row, size), None, writes=True)

    def seen(self, entry: Entry, about: dict[str, Any] | None = None) -> None:
        """Note that a server said just now that an entry still holds."""
        row = (self._clock(), self._clock(), json.dumps(about or entry.about), entry.key)
        order = "UPDATE entries SET seen_at = ?, used_at = ?, about = ? WHERE key = ?"
        self._do(lambda database: database.execute(order, row), None, writes=True)

    def hashed(self, secret: str) -> str:
        """Return a digest of a secret that says nothing outside of this cache, or nothing for none."""
        if not secret:
            return ""
        self._do(self._read_salt, None)
        self._salt = self._salt or secrets.token_bytes(16)
        return hashlib.blake2b(secret.encode("utf-8", "replace"), key=self._salt, digest_size=16).hexdigest()

    def shares(self) -> list[HostShare]:
        """Return what is kept, by host, the largest first."""
        order = "SELECT host, COUNT(*), SUM(bytes), MIN(seen_at) FROM entries GROUP BY host ORDER BY SUM(bytes) DESC, host"
        return self._do(lambda database: [HostShare(*row) for row in database.execute(order)], [])

    def clear(self, host: str | None = None) -> int:
        """Give up everything, or everything of one host, and return the number of entries."""

        def work(database: sqlite3.Connection) -> int:
            order, values = ("DELETE FROM entries", ()) if host is None else ("DELETE FROM entries WHERE host = ?", (host,))
            count = database.execute(order, values).rowcount
            database.execute("PRAGMA incremental_vacuum").fetchall()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return count

        if host is None:
            with suppress(OSError):
                self._aside().unlink(missing_ok=True)
        return self._do(work, 0, writes=True)

    def size(self) -> int:
        """Return the bytes that the cache takes on the disk."""
        total = 0
        for path in self._files():
            with suppress(OSError):
                total += path.stat().st_size
        return total

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._database is not None:
                with suppress(sqlite3.Error):
                    self._database.close()
            self._database = None

    # ------------------------------------------------------------------------------------------------- one use of the file

    def _do(self, work: Callable[[sqlite3.Connection], T], otherwise: T, *, writes: bool = False) -> T:
        with self._lock:
            if not self._reads or (writes and not self._writes):
                return otherwise
            try:
                if self._database is None:
                    self._database = self._opened()
                return work(self._database)
            except (sqlite3.Error, zlib.error, OSError, ValueError, TypeError) as error:
                self._failed(error)
                return otherwise

    def _get(self, database: sqlite3.Connection, key: str) -> Entry | None:
        found = database.execute("SELECT key, about, body, packed, seen_at, first, used_at FROM entries WHERE key = ?", (key,)).fetchone()
        return None if found is None else self._taken(database, found)

    def _parts(self, database: sqlite3.Connection, parent: str, first: int, end: int) -> list[Entry]:
        order = """SELECT key, about, body, packed, seen_at, first, used_at FROM entries WHERE parent = ? AND first < ? AND first >= IFNULL(
            (SELECT MAX(first) FROM entries WHERE parent = ? AND first <= ?), ?) ORDER BY first"""
        return [self._taken(database, row) for row in database.execute(order, (parent, end, parent, first, first)).fetchall()]

    def _taken(self, database: sqlite3.Connection, row: Any) -> Entry:
        key, about, body, packed, seen_at, first, used_at = row
        now = self._clock()
        if self._writes and not 0 <= now - used_at < TOUCH_SECONDS:
            database.execute("UPDATE entries SET used_at = ? WHERE key = ?", (now, key))
        return Entry(key, json.loads(about), zlib.decompress(body) if packed else body, seen_at, first)

    def _put(self, database: sqlite3.Connection, row: tuple[Any, ...], size: int) -> None:
        database.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        self._since_check += size
        if self._since_check > self._max_bytes // 32:
            self._since_check = 0
            total = database.execute("SELECT SUM(bytes) FROM entries").fetchone()[0] or 0
            if total > self._max_bytes * 15 // 16:
                database.execute(EVICT, (self._max_bytes * 7 // 8,))
                database.execute("PRAGMA incremental_vacuum").fetchall()

    def _read_salt(self, database: sqlite3.Connection) -> None:
        if not self._salt:
            self._salt = database.execute("SELECT value FROM meta WHERE name = 'salt'").fetchone()[0]

    # ------------------------------------------------------------------------------------------------------------ the file

    def _opened(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid") and self.path.parent.stat().st_uid != os.getuid():
            raise PermissionError(1, "it belongs to somebody else")
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))  # private answers may lie in it
        database = sqlite3.connect(self.path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None)
        try:
            self._prepare(database)
        except BaseException:
            database.close()
            raise
        return database

    def _prepare(self, database: sqlite3.Connection) -> None:
        if _version(database) == 0:
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")
        database.execute("PRAGMA journal_mode = WAL").fetchall()
        database.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing, a power cut the last seconds at most
        database.execute("PRAGMA journal_size_limit = 4194304").fetchall()
        if _version(database) == 0:
            database.execute("BEGIN IMMEDIATE")
            if _version(database) == 0:
                for order in filter(str.strip, TABLES.split(";")):
                    database.execute(order)
                database.execute("INSERT INTO meta VALUES ('salt', ?)", (secrets.token_bytes(16),))
                database.execute(f"PRAGMA user_version = {SCHEMA}")
            database.execute("COMMIT")
        if _version(database) != SCHEMA:
            raise sqlite3.NotSupportedError(f"its format {_version(database)} is not the one of this program, {SCHEMA}")

    def _failed(self, error: Exception) -> None:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return  # another process writes: this one entry is not kept
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()
        if code in BROKEN or not isinstance(error, (sqlite3.OperationalError, OSError)):
            self._set_aside(error)
        elif code == sqlite3.SQLITE_FULL:
            self._writes = False
            self._warn(f"nothing more is kept in the cache: {error} ({self.path})")
        else:
            self._reads = self._writes = False
            self._warn(f"the audit works without its cache: {error} ({self.path})")

    def _set_aside(self, error: Exception) -> None:
        """Put a file that cannot be used out of the way, so that the next use begins a new one."""
        first_time = not self.warnings
        try:
            os.replace(self.path, self._aside())  # noqa: PTH105 - not refused where it exists
            for path in self._files()[1:]:
                path.unlink(missing_ok=True)
        except OSError:
            first_time = False
        self._reads = self._writes = first_time
        self._warn(f"the cache could not be read and was set aside as {self._aside().name}: {error} ({self.path})")

    def _warn(self, words: str) -> None:
        if not self.warnings:
            self.warnings.append(words)

    def _files(self) -> list[Path]:
        return [self.path, *(self.path.with_name(FILE_NAME + end) for end in ("-wal", "-shm"))]

    def _aside(self) -> Path:
        return self.path.with_name(FILE_NAME + ".aside")


def packed_if_text(body: bytes) -> tuple[bytes, int]:
    """Return bytes deflated, and 1, where that makes them much smaller; else as they are, and 0."""
    if len(body) < 512 or len(zlib.compress(body[:4096], 1)) > 3000 * min(len(body), 4096) // 4096:
        return body, 0
    return zlib.compress(body, 3), 1


def _version(database: sqlite3.Connection) -> int:
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if version == 0 and database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
        return -1  # a database of somebody else
    return version
