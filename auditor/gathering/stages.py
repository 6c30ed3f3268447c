"""One stage alone: `audit links` and `audit claims`."""

from __future__ import annotations

from dataclasses import dataclass, replace

from auditor.claims.extraction import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.documents.links import classify_links
from auditor.facts import Claim, Link, Repository, Source
from auditor.gathering.documents import Documents, gather_documents
from auditor.gathering.pictures import with_pictures
from auditor.net import Network
from auditor.progress import Progress
from auditor.repositories.interface import OpenedRepository
from auditor.repositories.registry import open_repository
from auditor.repositories.target import parse_target


@dataclass(frozen=True, slots=True)
class SeenLinks:
    """The links of a repository and the sources that they stand in."""

    links: tuple[Link, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class SeenClaims:
    """The claims of a repository and the sources that they stand in."""

    claims: tuple[Claim, ...]
    sources: tuple[Source, ...]


def open_target(target: str, ref: str | None, network: Network) -> OpenedRepository:
    """Open what the user named. Raises `TargetError` and `UsageError`."""
    wanted = parse_target(target)
    return open_repository(replace(wanted, ref=ref or wanted.ref), network)


def links_of(documents: Documents, repository: Repository) -> tuple[Link, ...]:
    """Return the links of documents, classified."""
    return classify_links(documents.outlines, repository.full_name, frozenset(entry.path for entry in repository.tree))


def see_links(target: str, ref: str | None, network: Network, progress: Progress) -> SeenLinks:
    """Return the links of a repository with their purpose."""
    opened = open_target(target, ref, network)
    documents = gather_documents(opened, progress)
    return SeenLinks(links_of(documents, opened.repository), (*opened.sources, *documents.sources))


def see_claims(target: str, ref: str | None, network: Network, progress: Progress) -> SeenClaims:
    """Return the claims of a repository, those of its pictures included."""
    opened = open_target(target, ref, network)
    documents = gather_documents(opened, progress)
    outlines, pictures = with_pictures(documents.outlines, documents.pictures, opened.read, network, progress)
    claims = extract_claims(outlines, ClaimContext(opened.repository.full_name, documents.title))
    return SeenClaims(claims, (*opened.sources, *documents.sources, *pictures))
