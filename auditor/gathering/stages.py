"""One stage alone: `audit links` and `audit claims`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from auditor.claims.extraction import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.documents.elsewhere import said_elsewhere
from auditor.documents.links import classify_links
from auditor.facts import Claim, Evidence, Link, Repository, Source, Status
from auditor.gathering.documents import Documents, gather_documents
from auditor.gathering.papers import Papers, papers_asked_for
from auditor.gathering.pictures import picture_bytes, with_pictures
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
    """The claims of a repository and the sources that they stand in; with what is needed to open their places again."""

    claims: tuple[Claim, ...]
    sources: tuple[Source, ...]
    full_name: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)  # of documents and papers, by path
    read_picture: Callable[[str], bytes] | None = None  # by path or address; raises AuditError


def open_target(target: str, ref: str | None, network: Network) -> OpenedRepository:
    """Open what the user named. Raises `TargetError` and `UsageError`."""
    wanted = parse_target(target)
    return open_repository(replace(wanted, ref=ref or wanted.ref), network)


def links_of(documents: Documents, repository: Repository) -> tuple[Link, ...]:
    """Return the links of documents, classified."""
    return classify_links(documents.outlines, repository.full_name, frozenset(entry.path for entry in repository.tree))


def elsewhere_of(documents: Documents, links: Sequence[Link], repository: Repository) -> tuple[Evidence, ...]:
    """Return where the authors speak of checkpoints that no listing shows."""
    return said_elsewhere(documents.outlines, links, repository.full_name, [entry.path for entry in repository.tree])


def distinct(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """Return sources with one entry for each id; where one id was looked at twice, the worse outcome stays."""
    kept: dict[str, Source] = {}
    for source in sources:
        if source.id not in kept or kept[source.id].status is Status.OK:
            kept[source.id] = source
    return tuple(kept.values())


def see_links(target: str, ref: str | None, network: Network, progress: Progress) -> SeenLinks:
    """Return the links of a repository with their purpose."""
    opened = open_target(target, ref, network)
    documents = gather_documents(opened, progress)
    return SeenLinks(links_of(documents, opened.repository), (*opened.sources, *documents.sources))


def see_claims(target: str, ref: str | None, network: Network, progress: Progress, papers: Sequence[str] = ()) -> SeenClaims:
    """Return the claims of a repository, those of its pictures and of the `papers` that are asked for included."""
    opened = open_target(target, ref, network)
    repository = opened.repository
    documents = gather_documents(opened, progress)
    links = links_of(documents, repository) if papers else ()
    outlines, pictures = with_pictures(documents.outlines, documents.pictures, opened.read, network, progress)
    read = Papers()
    if papers:
        read = papers_asked_for(papers, links, network, progress, title=documents.title, full_name=repository.full_name)
    found = (*outlines, *read.outlines)
    return SeenClaims(
        extract_claims(found, ClaimContext(repository.full_name, documents.title)),
        (*opened.sources, *documents.sources, *pictures, *read.sources),
        repository.full_name,
        {outline.document.path: outline.document.text for outline in reversed(found)},
        partial(picture_bytes, documents.pictures, opened.read, network),
    )
