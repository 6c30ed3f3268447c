"""Git's own ids for files, folders and commits, computed from a repository's files (git's object format)."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from auditor.blob import Blob
from auditor.demo.internet import Content, Symlink

SIGNATURE = "Example Lab <lab@example.org> 1740830400 +0000"  # 2025-03-01
MODES = {"tree": "040000", "file": "100644", "symlink": "120000"}
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Node:
    """A file, link or folder of one commit."""

    path: str
    kind: str  # tree, file, symlink
    sha: str
    size: int | None = None
    content: Content | Symlink | None = None

    @property
    def mode(self) -> str:
        """Return git's mode."""
        return MODES[self.kind]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All nodes of a commit by path; the root folder is the empty path."""

    commit: str
    nodes: Mapping[str, Node]

    def children(self, path: str) -> list[Node]:
        """Return what lies right inside a folder, by name."""
        prefix = f"{path}/" if path else ""
        inside = [node for key, node in self.nodes.items() if key and key.startswith(prefix) and "/" not in key[len(prefix) :]]
        return sorted(inside, key=lambda node: node.path)


def blob_sha(content: Content | Symlink) -> str:
    """Return git's id of a file, or of a link, whose content is its target."""
    if isinstance(content, Symlink):
        content = content.target.encode()
    return _blob_sha(cast(Hashable, content))


@lru_cache(maxsize=512)
def _blob_sha(content: Hashable) -> str:
    """Hash a file in pieces, so that a large one is never whole in memory."""
    assert isinstance(content, bytes | Blob)
    size = len(content) if isinstance(content, bytes) else content.size
    digest = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    if isinstance(content, bytes):
        digest.update(content)
    else:
        for offset in range(0, size, PIECE_BYTES):
            digest.update(content.read(offset, PIECE_BYTES))
    return digest.hexdigest()


def snapshot(files: Mapping[str, Content | Symlink], commit: str = "") -> Snapshot:
    """Return the commit that holds these files; its id is computed where none is given."""
    nodes: dict[str, Node] = {}
    for path, content in files.items():
        kind = "symlink" if isinstance(content, Symlink) else "file"
        size = (
            len(content.target.encode()) if isinstance(content, Symlink) else len(content) if isinstance(content, bytes) else content.size
        )
        nodes[path] = Node(path, kind, blob_sha(content), size, content)
    folders = {"", *(path[:place] for path in files for place in range(len(path)) if path[place] == "/")}
    for folder in sorted(folders, key=len, reverse=True):
        nodes[folder] = Node(folder, "tree", _tree_sha(Snapshot("", nodes).children(folder)))
    text = f"tree {nodes[''].sha}\nauthor {SIGNATURE}\ncommitter {SIGNATURE}\n\nRelease\n"
    return Snapshot(commit or _sha("commit", text.encode()), nodes)


def _tree_sha(children: list[Node]) -> str:
    """Return the id of a folder: its entries in git's order, where a folder sorts as if its name ended in a slash."""
    ordered = sorted(children, key=lambda node: node.path + ("/" if node.kind == "tree" else ""))
    entries = (f"{node.mode.lstrip('0')} {node.path.rpartition('/')[2]}\0".encode() + bytes.fromhex(node.sha) for node in ordered)
    return _sha("tree", b"".join(entries))


def _sha(kind: str, body: bytes) -> str:
    """Return git's id of an object."""
    return hashlib.sha1(f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).hexdigest()
