"""The flow: see, ask, judge, tell. Reads like the diagram, one line a stage."""

#   repository -> documents -> links -> artifacts -> checkpoints -> architectures
#                          \-> claims ------------------------------------------\
#                                    Facts -> findings -> verdicts -> report -> issue

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from auditor import __version__
from auditor.facts import Facts, Outline, Stats, Status, numbered
from auditor.findings import AuditReport, Finding
from auditor.kit import Kit
from auditor.net import Network
from auditor.options import AuditOptions
from auditor.progress import Progress
from auditor.verdict import exit_status, judge


@dataclass(frozen=True, slots=True)
class Seen:
    """Facts, and the documents that they were drawn from: what an agent may read. Only the facts go on."""

    facts: Facts
    outlines: tuple[Outline, ...]  # documents with the tables of their pictures, then papers
    title: str
    read: Callable[[str], bytes]  # a file of the audited commit by its path; raises `AuditError`


def see(
    target: str, options: AuditOptions, kit: Kit, network: Network, progress: Progress, clock: Callable[[], float] = time.time
) -> Facts:
    """Return everything observed about one repository. Raises `TargetError` where it cannot be read, `UsageError` for bad input."""
    return look(target, options, kit, network, progress, clock).facts


def look(
    target: str, options: AuditOptions, kit: Kit, network: Network, progress: Progress, clock: Callable[[], float] = time.time
) -> Seen:
    """Return what `see` does, with the documents. Raises as it does."""
    from concurrent.futures import ThreadPoolExecutor

    from auditor.claims.extraction import extract_claims
    from auditor.claims.interface import ClaimContext
    from auditor.gathering.artifacts import gather_artifacts
    from auditor.gathering.costs import with_costs
    from auditor.gathering.documents import gather_documents
    from auditor.gathering.given import read_given
    from auditor.gathering.instructions import addressed_in
    from auditor.gathering.memory import peak_rss_bytes
    from auditor.gathering.papers import papers_asked_for
    from auditor.gathering.pictures import with_pictures
    from auditor.gathering.second_look import before_accusing
    from auditor.gathering.stages import distinct, elsewhere_of, links_of, open_target
    from auditor.gathering.staleness import staleness
    from auditor.gathering.tree_files import tree_of

    begun, given = clock(), read_given(options.claims_files, options.logs)
    repository = (opened := open_target(target, options.ref, network)).repository
    documents = gather_documents(opened, progress)
    links = links_of(documents, repository)
    with ThreadPoolExecutor(1) as beside:  # pictures are read by another process while hosts are waited for
        reading = beside.submit(with_pictures, documents.outlines, documents.pictures, opened.read, network, progress)
        files = gather_artifacts(
            links, network, kit.hosts, progress, prove=True,
            assets=repository.releases, tree=tree_of(opened), given=options.artifacts, download=options.download, follow=options.follow,
        )  # fmt: skip
        outlines, pictures = reading.result()
    papers = papers_asked_for(options.papers, links, network, progress, title=documents.title, full_name=repository.full_name)
    texts, context = (*outlines, *papers.outlines), ClaimContext(repository.full_name, documents.title)
    claims = extract_claims(texts, context, kit.extractors) + given.claims
    artifacts = with_costs(files.artifacts, claims, progress)
    sources = (*opened.sources, *documents.sources, *pictures, *papers.sources, *given.sources, *files.sources, *staleness(network))
    facts = numbered(
        Facts(
            tool_version=__version__,
            started_at=datetime.fromtimestamp(begun, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            seconds=0.0,
            repository=repository,
            sources=distinct(sources),
            links=links,
            claims=claims,
            artifacts=artifacts,
            options=(("fail_on", options.fail_on), ("language", options.language)),
            addressed=addressed_in(texts, repository, artifacts, sources),
            elsewhere=elsewhere_of(documents, links, repository),
        )
    )
    facts = before_accusing(facts, opened, documents, network, kit.hosts, progress)
    stats = Stats(network.bytes_read, sum(artifact.size or 0 for artifact in facts.artifacts), network.requests, peak_rss_bytes())
    return Seen(replace(facts, seconds=round(clock() - begun, 2), stats=stats), texts, documents.title, opened.read)


def ask(facts: Facts, kit: Kit) -> tuple[Finding, ...]:
    """Return the findings of every check, numbered f1.. in order. Pure."""
    found = (finding for check in kit.checks for finding in check.check(facts))
    return tuple(replace(finding, id=f"f{n}") for n, finding in enumerate(found, 1))


def conclude(facts: Facts, kit: Kit) -> AuditReport:
    """Return findings, verdicts, exit status and the drafted issue. Pure: equal facts give an equal report."""
    from auditor.issues.draft import draft
    from auditor.issues.similar import duplicates

    variants = judge(findings := ask(facts, kit))
    complete = all(source.status is Status.OK for source in facts.sources if source.required)
    status = exit_status(variants, complete, dict(facts.options).get("fail_on", "missing"))
    report = AuditReport(facts, findings, variants, complete, status)
    return replace(report, issue=draft(report, similar=duplicates))
