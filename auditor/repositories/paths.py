"""Paths within a repository: what they may look like, and where they lead. Words alone; no disk, no network."""

from __future__ import annotations

import posixpath

from auditor.errors import NetworkError
from auditor.facts import Status

LONGEST_PATH = 4096


def is_plain(path: str) -> bool:
    """Tell whether a path of a tree is what git would allow: relative, no empty part, no `.` or `..`, no NUL."""
    return 0 < len(path) <= LONGEST_PATH and "\0" not in path and all(part not in ("", ".", "..") for part in path.split("/"))


def inside(path: str) -> str:
    """Return a path made plain ("a/../b" is "b"). Raises `NetworkError` (blocked) where it leaves the repository."""
    plain = posixpath.normpath(path)
    if path.startswith("/") or not is_plain(plain):
        raise NetworkError(f"{path[:200]!r} is no path in the repository", status=Status.BLOCKED)
    return plain


def link_target(link: str, words: str) -> str:
    """Return the path that a symbolic link at `link` leads to. Raises `NetworkError` (blocked) where it leaves the repository."""
    if words.startswith("/"):
        raise NetworkError(f"{link} is a symbolic link out of the repository", words[:200], status=Status.BLOCKED)
    return inside(posixpath.join(posixpath.dirname(link), words))
