"""The places where repositories come from, in the order in which they are asked."""

from __future__ import annotations

from auditor.errors import UsageError
from auditor.net import Network
from auditor.repositories.github import GitHubSource
from auditor.repositories.interface import OpenedRepository, RepositorySource, Target
from auditor.repositories.local import LocalFolder
from auditor.repositories.target import EXAMPLE

SOURCES: tuple[RepositorySource, ...] = (GitHubSource(), LocalFolder())


def open_repository(target: Target, network: Network, sources: tuple[RepositorySource, ...] = SOURCES) -> OpenedRepository:
    """Open the target with the first source that accepts it.

    Raises `TargetError` where it cannot be read at all and `UsageError` where no source knows such a target.
    """
    for source in sources:
        if source.accepts(target):
            return source.open(target, network)
    raise UsageError(f"nothing can open {target.text!r}", help=EXAMPLE)
