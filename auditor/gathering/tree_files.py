"""What a relative link of a document leads to: files of the repository itself, at the audited commit."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.blob import Blob
from auditor.documents.places import resolved_path
from auditor.facts import Link, State, Status, TreeEntry
from auditor.hosts.answers import quoted_names
from auditor.hosts.interface import Listing, RemoteFile

if TYPE_CHECKING:
    from auditor.net import Network
    from auditor.repositories.interface import OpenedRepository

MOST_SYMLINKS = 5


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of a repository at one commit, and how their bytes are had."""

    entries: Sequence[TreeEntry]
    blob: Callable[[str], Blob]
    url: Callable[[str], str]
    is_whole: bool = True  # False where the host did not list everything: then nothing is known to be absent

    def remote(self, entry: TreeEntry) -> RemoteFile:
        """Return a file of the tree as a host lists it."""
        return RemoteFile(entry.path, self.url(entry.path), size=entry.size)


class TreeFiles:
    """The host of the relative links of one document: it asks nobody, and an absolute address is none of its own."""

    name = "repository"

    def __init__(self, tree: Tree, document: str) -> None:
        self._tree = tree
        self._document = document

    def accepts(self, url: str) -> bool:
        """Tell whether this is a relative link that stays within the repository."""
        return resolved_path(self._document, url) is not None

    def resolve(self, url: str, network: Network) -> Listing:
        """List the file, or the files of the folder, that a relative link means; `MISSING` where the commit has neither."""
        path = self._followed((resolved_path(self._document, url) or "").rstrip("/"))
        files = tuple(entry for entry in self._tree.entries if entry.path == path and entry.symlink_to is None)
        detail = "a file of the repository"
        if not files:
            files = tuple(e for e in self._tree.entries if e.path.startswith(f"{path}/") and e.symlink_to is None)
            detail = f"a folder of the repository with {len(files)} files"
        if files:
            status = Status.OK if self._tree.is_whole else Status.PARTIAL
            listed = tuple(self._tree.remote(entry) for entry in files)
            return Listing(url, self.name, status, detail, listed, quote=quoted_names([file.name for file in listed]), state=State.OK)
        if not self._tree.is_whole:
            return Listing(url, self.name, Status.PARTIAL, f"{path} is not among the files that were listed", state=State.TOO_MANY)
        return Listing(url, self.name, Status.MISSING, f"the repository has no {path} at this commit", state=State.NOT_FOUND)

    def open(self, file: RemoteFile, network: Network) -> Blob:
        """Return random access to a listed file."""
        return self._tree.blob(file.name)

    def _followed(self, path: str) -> str:
        """Return where a symbolic link leads within the repository."""
        links = {entry.path: entry.symlink_to for entry in self._tree.entries if entry.symlink_to}
        for _ in range(MOST_SYMLINKS):
            head = next((known for known in links if path == known or path.startswith(f"{known}/")), None)
            if head is None:
                break
            path = posixpath.normpath(posixpath.join(posixpath.dirname(head), links[head])) + path[len(head) :]
        return path


def tree_of(opened: OpenedRepository) -> Tree:
    """Return the tree of an opened repository."""
    whole = all(source.status is Status.OK for source in opened.sources if source.kind == "tree")
    return Tree(opened.repository.tree, opened.blob, opened.repository.permalink, whole)


def hosts_of_tree(tree: Tree | None, link: Link) -> tuple[TreeFiles, ...]:
    """Return the host of a link's document, none where there is no tree."""
    return (TreeFiles(tree, link.evidence.locator.rpartition("#")[0]),) if tree is not None else ()
