"""What a source of repositories must be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from auditor.blob import Blob
from auditor.facts import Repository, Source
from auditor.net import Network


class OpenedRepository(Protocol):
    """A repository at one pinned commit, from which files can be read."""

    repository: Repository
    sources: tuple[Source, ...]  # what was consulted while opening: metadata, tree, releases, issues, forks

    def read(self, path: str, max_bytes: int = 8 << 20) -> bytes:
        """Return the bytes of a file of the tree. Raises `NetworkError`, or `LimitError` where the file is larger."""
        ...

    def blob(self, path: str) -> Blob:
        """Return random access to a file of the tree (checkpoints that lie in the repository)."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """What the user asked to audit: a place and, where given, a branch, tag or commit."""

    text: str
    ref: str | None = None


class RepositorySource(Protocol):
    """One kind of place where repositories come from."""

    name: str

    def accepts(self, target: Target) -> bool:
        """Tell from the words alone (and the local disk) whether this source can open the target; no network."""
        ...

    def open(self, target: Target, network: Network) -> OpenedRepository:
        """Pin a commit and read metadata and tree. Raises `TargetError` where the repository cannot be read at all."""
        ...
