"""A folder on this machine, audited in place: nothing of it is run, copied or left."""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from auditor.blob import Blob, LocalBlob
from auditor.errors import LimitError, NetworkError, TargetError, UsageError
from auditor.facts import Repository, Source, Status, TreeEntry
from auditor.lfs import parse_pointer
from auditor.net import Network
from auditor.repositories.git_folder import read_git_folder
from auditor.repositories.interface import Target
from auditor.repositories.paths import inside
from auditor.repositories.target import is_written_as_path

MAX_ENTRIES = 200_000
MAX_DEPTH = 64
WORKING_TREE = "working tree"
NAMED = 3


class LocalFolder:
    """Opens a folder as it stands, whether git knows it or not."""

    name = "local"

    def accepts(self, target: Target) -> bool:
        """Tell whether the words are a path."""
        return is_written_as_path(target.text)

    def open(self, target: Target, network: Network) -> OpenedFolder:
        """List the folder. Raises `TargetError` where it cannot be, `UsageError` where a ref was asked for. No network."""
        if target.ref:
            raise UsageError(
                "a local folder is audited as it stands", f"ref {target.ref!r} was asked for", "check the ref out, or leave it out"
            )
        folder = Path(target.text).expanduser()
        try:
            root = folder.resolve(strict=True)
            walk = _walk(root)
        except (OSError, RuntimeError, ValueError) as error:
            raise TargetError(f"the folder {target.text} could not be read", str(error), "check the path and its permissions") from error
        return OpenedFolder(root, walk)


@dataclass(slots=True)
class _Walk:
    """What was found in a folder, and what was not looked at."""

    entries: list[TreeEntry] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # links out of the folder, devices: not part of a repository
    unread: list[str] = field(default_factory=list)  # folders without permission
    cut: bool = False


class OpenedFolder:
    """A folder with its files on demand, and nothing outside it."""

    def __init__(self, root: Path, walk: _Walk) -> None:
        self._root = root
        git = read_git_folder(root)
        self.repository = Repository(
            full_name=git.full_name or f"local/{_safe_name(root.name)}",
            ref=WORKING_TREE,
            commit=git.commit,
            url=f"https://github.com/{git.full_name}" if git.full_name else "",
            tree=tuple(sorted(walk.entries, key=lambda entry: entry.path)),
            local=True,
        )
        self.sources: tuple[Source, ...] = (_folder_source(root, git.commit), _tree_source(root, walk))

    def read(self, path: str, max_bytes: int = 8 << 20) -> bytes:
        """Return the bytes of a file of the folder.

        Raises `NetworkError` (missing, blocked for a way out of the folder, skipped for a Git LFS pointer) and `LimitError`.
        """
        place = self._place(path)
        try:
            with place.open("rb") as file:
                data = file.read(max_bytes + 1)
        except OSError as error:
            raise NetworkError(f"{path} could not be read", error.strerror or str(error), status=Status.DENIED) from error
        if len(data) > max_bytes:
            raise LimitError(f"{path} is too large to be read whole", f"more than {max_bytes} bytes")
        pointer = parse_pointer(data)
        if pointer is not None:
            raise NetworkError(
                f"{path} is a Git LFS pointer", f"its {pointer.size} bytes are not here", "run git lfs pull", status=Status.SKIPPED
            )
        return data

    def blob(self, path: str) -> Blob:
        """Return random access to a file of the folder. Raises `NetworkError` as `read` does."""
        place = self._place(path)
        try:
            return LocalBlob(place)
        except OSError as error:
            raise NetworkError(f"{path} could not be read", error.strerror or str(error), status=Status.DENIED) from error

    def _place(self, path: str) -> Path:
        """Return the regular file at a path, symbolic links followed within the folder only."""
        try:
            place = (self._root / inside(path)).resolve(strict=True)
        except FileNotFoundError as error:
            raise NetworkError(f"{path} is not in the folder", status=Status.MISSING) from error
        except (OSError, RuntimeError, ValueError) as error:
            raise NetworkError(f"{path} could not be read", str(error)) from error
        if not place.is_relative_to(self._root):
            raise NetworkError(f"{path} leads out of the folder", status=Status.BLOCKED)
        if not place.is_file():
            raise NetworkError(f"{path} is no file", status=Status.MISSING)
        return place


def _walk(root: Path) -> _Walk:
    """Return every file below `root`, without `.git`, without following links to folders, within the limits."""
    walk, waiting = _Walk(), [("", 0)]
    with os.scandir(root):
        pass  # the root itself must be readable; a folder below it may fail
    while waiting:
        folder, depth = waiting.pop()
        for name, item in _children(root, folder, walk):
            path = posixpath.join(folder, name)
            if len(walk.entries) >= MAX_ENTRIES or depth >= MAX_DEPTH:
                walk.cut = True
                return walk
            if _is_folder(item):
                waiting.append((path, depth + 1))
            else:
                _take(root, path, item, walk)
    return walk


def _is_folder(item: os.DirEntry[str]) -> bool:
    """Tell whether this is a folder itself, not a link to one; what vanished meanwhile is none."""
    try:
        return item.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _children(root: Path, folder: str, walk: _Walk) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield what lies in a folder, `.git` left out; a folder without permission is noted."""
    try:
        with os.scandir(root / folder) as items:
            for item in items:
                if item.name != ".git":
                    yield item.name, item
    except OSError:
        walk.unread.append(folder)


def _take(root: Path, path: str, item: os.DirEntry[str], walk: _Walk) -> None:
    """Note one file or link; what leads out of the folder or is no file is left out and said."""
    try:
        path.encode()
        link = str(Path(item.path).readlink()) if item.is_symlink() else None
        real = Path(item.path).resolve(strict=True) if link is not None else Path(item.path)
        found = real.stat()
    except (OSError, RuntimeError, ValueError):
        walk.left_out.append(ascii(path)[1:-1])
        return
    if not real.is_relative_to(root) or not stat.S_ISREG(found.st_mode):
        walk.left_out.append(path)
        return
    walk.entries.append(TreeEntry(path, found.st_size, "", link))


def _folder_source(root: Path, commit: str) -> Source:
    """Return the source for the folder itself."""
    words = f"local folder, checked out at {commit}; changes since are part of what was read" if commit else "local folder, no commit known"
    return Source("repository", "repository", str(root), Status.OK, words, required=True, seen_at=_now())


def _tree_source(root: Path, walk: _Walk) -> Source:
    """Return the source for the listing, with what was not looked at."""
    words = [f"{len(walk.entries)} files"]
    if walk.cut:
        words.append(f"cut off at {MAX_ENTRIES} files or {MAX_DEPTH} levels")
    for paths, what in ((walk.unread, "not readable"), (walk.left_out, "left out (links out of the folder, broken links, no files)")):
        if paths:
            words.append(f"{len(paths)} {what}: {', '.join(sorted(paths)[:NAMED])}")
    status = Status.PARTIAL if walk.cut or walk.unread else Status.OK
    listed = "\n".join(f"{entry.size} {entry.path}" for entry in walk.entries)
    digest = hashlib.sha256(listed.encode("utf-8", "surrogatepass")).hexdigest()
    return Source("tree", "tree", str(root), status, "; ".join(words), required=True, seen_at=_now(), sha256=digest)


def _safe_name(name: str) -> str:
    """Return a folder's name as it may stand in `local/<name>`: a report's folder is named after it."""
    plain = "".join(character if character.isascii() and (character.isalnum() or character in "._-") else "-" for character in name)
    return plain.strip(".")[:100] or "folder"


def _now() -> str:
    """Return the time in RFC 3339 UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
