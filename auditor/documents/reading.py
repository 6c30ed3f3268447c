"""Which documents of a repository are read, and reading them: README first, then what it links, then configuration and scripts."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from auditor.documents.decoding import decoded
from auditor.documents.identity import is_full_name, known_full_name
from auditor.documents.outline import outline
from auditor.documents.places import path_in_repository, resolved_path
from auditor.documents.selection import (
    config_paths,
    is_document,
    is_vendored,
    named_files,
    pictures_to_read,
    readme_of_folder,
    root_readmes,
)
from auditor.errors import AuditError, NetworkError
from auditor.facts import Document, Outline, Picture, RawLink, Source, Status

MAX_DOCUMENTS = 40
MAX_DEPTH = 2
MAX_SYMLINKS = 5


@dataclass(frozen=True, slots=True)
class Collected:
    """The documents of a repository, in the order in which they were found, with a source for each, the failures included."""

    outlines: tuple[Outline, ...]
    sources: tuple[Source, ...]
    pictures_to_read: tuple[Picture, ...]
    full_name: str = ""  # as given, or as the README tells it where a local folder has no name of its own


def read_documents(
    read: Callable[[str], bytes], paths: Sequence[str], full_name: str, ref: str = "", *, symlinks: Mapping[str, str] | None = None
) -> Collected:
    """Return the outlines of README, the documents that it links, configuration in Python and the scripts that it names.

    `read` gives the bytes of a path and raises an `AuditError` (or `OSError`) where it cannot: that becomes the status of the source, and
    the rest is read all the same. `paths` are the files of the tree, `symlinks` those of them that are links, with their targets.
    """
    return _Reading(read, paths, full_name, ref, dict(symlinks or {})).run()


@dataclass(slots=True)
class _Reading:
    """One reading of one repository."""

    read: Callable[[str], bytes]
    paths: Sequence[str]
    full_name: str
    ref: str
    symlinks: dict[str, str]
    outlines: list[Outline] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    is_named: bool = False  # the caller knew the repository; a name told from the README makes no addresses of sources

    def run(self) -> Collected:
        """Read everything."""
        self.files = frozenset(self.paths)
        self.is_named = is_full_name(self.full_name)
        self.folders = frozenset(parent for path in self.paths for parent in _parents(path))
        self._documents()
        texts = [block.text for found in self.outlines for block in found.blocks]
        links = [link for found in self.outlines for link in self._inner_paths(found)]
        for path in named_files(texts, links, self.files, (".sh", ".bash")):
            self._take(path, "script", required=False)
        for path in (*named_files(texts, links, self.files, (".yaml", ".yml")), *config_paths(self.paths, texts)):
            self._take(path, "config", required=False)
        return Collected(
            tuple(self.outlines), tuple(self.sources), pictures_to_read(self.outlines, self.files, self.full_name), self.full_name
        )

    def _documents(self) -> None:
        """Read README and, breadth first, what it links."""
        roots = root_readmes(self.paths)
        if not roots:
            self.sources.append(Source("document:README", "document", self._url(""), Status.MISSING, "the repository has no README"))
        queue = deque((path, 0) for path in roots)
        while queue and len(self.outlines) < MAX_DOCUMENTS:
            path, depth = queue.popleft()
            found = self._take(path, "readme" if depth == 0 else "document", required=True)
            if found is not None and depth == 0:
                self.full_name = known_full_name(self.full_name, found.document.text, self.files)
            if found is None or depth >= MAX_DEPTH:
                continue
            for linked in self._linked(found):
                queue.append((linked, depth + 1))
        left = {path for path, _ in queue} - self.seen
        if left:
            detail = f"{len(left)} more documents are linked than the {MAX_DOCUMENTS} that are read: {', '.join(sorted(left)[:5])}"
            self.sources.append(Source("document:beyond the limit", "document", self._url(""), Status.SKIPPED, detail))

    def _inner_paths(self, found: Outline) -> list[str]:
        """Return the paths of the repository that a document links."""
        resolved = (resolved_path(found.document.path, link.url) or path_in_repository(link.url, self.full_name) for link in found.links)
        return [path for path in resolved if path]

    def _linked(self, found: Outline) -> list[str]:
        """Return the documents that a document links: files, and the README of folders."""
        paths = []
        for link in found.links:
            path = self._target(found, link)
            if path and not is_vendored(path) and path not in paths:
                paths.append(path)
        return paths

    def _target(self, found: Outline, link: RawLink) -> str | None:
        """Return the document that a link leads to inside the repository."""
        path = resolved_path(found.document.path, link.url)
        if path is None:
            path = path_in_repository(link.url, self.full_name)
            path = path and self._without_branch(path)
        if path is None:
            return None
        path = self._followed(path)
        if path in self.files:
            return path if is_document(path) else None
        return readme_of_folder(path, self.files) if path in self.folders else None

    def _without_branch(self, path: str) -> str:
        """Return the path without what may still be the rest of a branch name with slashes: the first tail that exists."""
        tail = path
        for _ in range(4):
            if tail in self.files or tail in self.folders or "/" not in tail:
                return tail if tail in self.files or tail in self.folders else path
            tail = tail.partition("/")[2]
        return path

    def _followed(self, path: str) -> str:
        """Return where a symbolic link leads, through several and through linked folders, within the repository."""
        for _ in range(MAX_SYMLINKS):
            head = next((parent for parent in (path, *_parents(path)) if parent in self.symlinks), None)
            if head is None:
                break
            target = posixpath.normpath(posixpath.join(posixpath.dirname(head), self.symlinks[head]))
            if target.startswith(("../", "/")):
                break
            path = target + path[len(head) :]
        return path

    def _take(self, path: str, role: str, *, required: bool) -> Outline | None:
        """Read one file into an outline and a source, once."""
        path = self._followed(path)
        if path in self.seen:
            return None
        self.seen.add(path)
        source_id = f"document:{path}"
        try:
            data = self.read(path)
            inner = self._symlink_text(path, data)
            if inner:
                return self._take(inner, role, required=required)
        except (AuditError, OSError) as problem:
            self.sources.append(Source(source_id, "document", self._url(path), _status(problem), str(problem)[:300], required))
            return None
        text, note = decoded(data)
        digest = hashlib.sha256(data).hexdigest()
        found = outline(Document(path, text, digest, source_id, role))
        cut = [note for note in (*found.notes, note) if "cut" in note or "left out" in note or "only the first" in note]
        detail = "; ".join([*([note] if note else []), *found.notes])[:300]
        status = Status.PARTIAL if cut else Status.OK
        self.sources.append(
            replace(Source(source_id, "document", self._url(path), status, detail, required), sha256=digest, quote=found.title[:200])
        )
        self.outlines.append(found)
        return found

    def _symlink_text(self, path: str, data: bytes) -> str | None:
        """Return the target of a symbolic link that came as its own text, as git stores it."""
        if len(data) > 300 or b"\n" in data.strip() or not data or path in self.symlinks:
            return None
        target = resolved_path(path, data.decode("utf-8", "replace").strip())
        return target if target in self.files and target != path and target not in self.seen else None

    def _url(self, path: str) -> str:
        if not self.is_named or not self.ref:
            return path
        return f"https://github.com/{self.full_name}/blob/{self.ref}/{quote(path)}"


def _status(problem: Exception) -> Status:
    """Return what a failure to read says of the source."""
    if isinstance(problem, NetworkError) and problem.status in {status.value for status in Status}:
        return Status(problem.status)
    if isinstance(problem, FileNotFoundError):
        return Status.MISSING
    return Status.DENIED if isinstance(problem, PermissionError) else Status.ERROR


def _parents(path: str) -> list[str]:
    """Return the folders above a path, the nearest first."""
    found = []
    while "/" in path:
        path = path.rpartition("/")[0]
        found.append(path)
    return found


def symlinks_of(entries: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Return the symbolic links among (path, target or None), for `read_documents`."""
    return {path: target for path, target in entries if target and re.match(r"^[^\0]{1,1000}$", target)}
