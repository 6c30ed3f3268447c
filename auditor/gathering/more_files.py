"""links found later -> artifacts: the files at their ends, beside those that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from auditor.facts import Facts, Link
from auditor.gathering.artifacts import gather_artifacts
from auditor.gathering.costs import with_costs
from auditor.hosts.interface import FileHost
from auditor.net import Network
from auditor.progress import Progress


def with_more_files(facts: Facts, links: Sequence[Link], network: Network, hosts: Sequence[FileHost], progress: Progress) -> Facts:
    """Return the facts with these links, what is at their ends, and the sources that were consulted for it."""
    gathered = gather_artifacts(links, network, hosts, progress, prove=True)
    known = {artifact.url for artifact in facts.artifacts}
    new = [artifact for artifact in gathered.artifacts if artifact.url not in known]
    artifacts = facts.artifacts + tuple(replace(artifact, id=f"a{len(facts.artifacts) + n}") for n, artifact in enumerate(new, 1))
    kept = {source.id for source in facts.sources}
    sources = facts.sources + tuple(source for source in gathered.sources if source.id not in kept)
    return replace(facts, links=(*facts.links, *links), artifacts=with_costs(artifacts, facts.claims, progress), sources=sources)
