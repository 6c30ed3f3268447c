"""Files and folders on this machine that the user named on the command line. No link of a document ever comes here."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.blob import LocalBlob
from auditor.errors import NetworkError
from auditor.facts import Status
from auditor.hosts.answers import MAX_FILES, quoted_names
from auditor.hosts.interface import Listing, RemoteFile

if TYPE_CHECKING:
    from auditor.net import Network

MAX_DEPTH = 16


class LocalFileBlob(LocalBlob):
    """A local file that counts as the remote ones do: it makes no request."""

    requests = 0


class LocalFiles:
    """Walks plain paths. It stands in no registry; only the command line hands it anything."""

    name = "local"

    def accepts(self, url: str) -> bool:
        """Tell whether this is a plain path; anything with a scheme is refused, file:// too."""
        return bool(url) and "\0" not in url and re.match(r"[A-Za-z][A-Za-z0-9+.\-]+:", url) is None

    def resolve(self, url: str, network: Network | None = None) -> Listing:
        """List one file, or a folder with all regular files within; links that lead out of it are not followed."""
        if not self.accepts(url):
            return Listing(url, self.name, Status.BLOCKED, "not a path of this machine")
        root = Path(url).expanduser()
        try:
            kind = root.stat().st_mode
        except FileNotFoundError:
            return Listing(url, self.name, Status.MISSING, "no such file or folder")
        except (OSError, ValueError, RuntimeError) as error:
            return Listing(url, self.name, _word(error), f"cannot be opened: {_reason(error)}")
        if stat.S_ISREG(kind):
            return self._listing(url, [_entry(root, root.name)], [], "one file")
        if not stat.S_ISDIR(kind):
            return Listing(url, self.name, Status.ERROR, "neither a file nor a folder")
        files, troubles = _walk(root)
        return self._listing(url, files, troubles, f"folder of {len(files)} files")

    def open(self, file: RemoteFile, network: Network | None = None) -> LocalFileBlob:
        """Return random access to a listed file. Raises `NetworkError`, the word for "cannot be had" on every host."""
        path = Path(file.key or file.url)
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe would hold us forever
                raise NetworkError(f"{file.name!r} is not a regular file", "", "give the path of a file")
            blob = LocalFileBlob(path)
        except FileNotFoundError as error:
            raise NetworkError(f"{file.name!r} is not there", "no such file", "check the path", status="missing") from error
        except (OSError, ValueError) as error:
            raise NetworkError(f"{file.name!r} cannot be opened", _reason(error), "check its permissions", status=_word(error)) from error
        blob.name = file.name
        return blob

    def _listing(self, url: str, files: list[RemoteFile], troubles: list[str], detail: str) -> Listing:
        status = Status.PARTIAL if troubles else Status.OK
        words = "; ".join([detail, *troubles[:5]])
        return Listing(url, self.name, status, words, tuple(files), quote=quoted_names([file.name for file in files]))


def _walk(root: Path) -> tuple[list[RemoteFile], list[str]]:
    """Return the regular files below a folder, in order of their names, and what could not be looked at."""
    files: list[RemoteFile] = []
    troubles: list[str] = []
    home = root.resolve()
    for path in _paths(root, 0, troubles):
        relative = path.relative_to(root).as_posix()
        if len(files) >= MAX_FILES:
            troubles.append(f"more than {MAX_FILES} files")
            break
        try:
            if path.is_symlink() and not path.resolve().is_relative_to(home):
                troubles.append(f"{relative} leads out of the folder and was not followed")
            elif path.is_file():
                files.append(_entry(path, relative))
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            troubles.append(f"{relative} cannot be opened: {_reason(error)}")
    return files, troubles


def _paths(folder: Path, depth: int, troubles: list[str]) -> Iterator[Path]:
    """Yield what is no folder below a folder; links to folders are not entered."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        troubles.append(f"{folder.name} cannot be listed: {_reason(error)}")
        return
    for entry in entries:
        if not entry.is_dir(follow_symlinks=False):
            yield Path(entry.path)
        elif depth + 1 >= MAX_DEPTH:
            troubles.append(f"{entry.name} lies too deep")
        else:
            yield from _paths(Path(entry.path), depth + 1, troubles)


def _entry(path: Path, name: str) -> RemoteFile:
    return RemoteFile(name, str(path), str(path), path.stat().st_size)


def _word(error: Exception) -> Status:
    return Status.DENIED if isinstance(error, PermissionError) else Status.ERROR


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
