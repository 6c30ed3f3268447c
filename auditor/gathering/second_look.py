"""facts -> facts: before anybody is said to lack a checkpoint, the rest of the repository's text is searched for where it may lie.

It costs requests, so it is done only where a verdict would accuse.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from auditor.checks.variant_released import VariantReleased
from auditor.documents.decoding import decoded
from auditor.documents.outline import outline
from auditor.documents.selection import is_document
from auditor.documents.unread import MOST_BYTES_OF_ONE, elsewhere_in_unread, links_of_unread, unread_texts
from auditor.errors import AuditError
from auditor.facts import Document, Facts, Outline, Source, State, Status, numbered
from auditor.findings import Outcome
from auditor.gathering.documents import Documents
from auditor.gathering.more_files import with_more_files
from auditor.hosts.interface import FileHost
from auditor.net import Network
from auditor.progress import Progress
from auditor.repositories.interface import OpenedRepository

AT_ONCE = 6
SOURCE = "code:beside the documents"


def before_accusing(
    facts: Facts, opened: OpenedRepository, documents: Documents, network: Network, hosts: Sequence[FileHost], progress: Progress
) -> Facts:
    """Return the facts with what the rest of the repository's text adds where a variant would be called missing; else as they are.

    Addresses of checkpoints are followed, places that no host lists are kept as `elsewhere`. A file that could not be read makes the
    search incomplete, and an incomplete search accuses nobody; files beyond the limits are told and do not.
    """
    if all(finding.outcome is not Outcome.FAILS for finding in VariantReleased().check(facts)):
        return facts
    tree, full_name = [entry.path for entry in facts.repository.tree], facts.repository.full_name
    paths, more = unread_texts(facts.repository.tree, {found.document.path for found in documents.outlines})
    if not paths:
        return facts
    progress.stage("searching the code for addresses", len(paths))
    outlines, failed = _read(paths, opened, progress)
    links = links_of_unread(outlines, facts.links, full_name, frozenset(tree))
    elsewhere = elsewhere_in_unread(outlines, (*facts.links, *links), full_name, frozenset(tree))
    if links:
        facts = with_more_files(facts, links, network, hosts, progress)
    source = _source(facts, outlines, failed, more)
    return numbered(replace(facts, sources=(*facts.sources, source), elsewhere=(*facts.elsewhere, *elsewhere)))


def _read(paths: Sequence[str], opened: OpenedRepository, progress: Progress) -> tuple[list[Outline], list[tuple[str, AuditError]]]:
    """Return the outlines of these files and those that could not be read, in their order."""

    def one(path: str) -> Outline | AuditError:
        try:
            data = opened.read(path, MOST_BYTES_OF_ONE)
        except AuditError as error:
            return error
        role = "document" if is_document(path) else "config"
        return outline(Document(path, decoded(data)[0], hashlib.sha256(data).hexdigest(), SOURCE, role))

    outlines, failed = [], []
    with ThreadPoolExecutor(AT_ONCE, "auditor-code") as pool:
        for path, found in zip(paths, pool.map(one, paths), strict=True):
            progress.item(path)
            if isinstance(found, Outline):
                outlines.append(found)
            else:
                failed.append((path, found))
    return outlines, failed


def _source(facts: Facts, outlines: Sequence[Outline], failed: Sequence[tuple[str, AuditError]], more: int) -> Source:
    """Return what was searched. It is required: an address in a file that could not be read may be the one that was looked for."""
    detail = f"further text files of the repository that were searched for addresses of checkpoints: {len(outlines)}"
    if failed:
        detail = f"{len(failed)} of {len(failed) + len(outlines)} files could not be searched, such as {failed[0][0]}: {failed[0][1]}"[:400]
    if more:
        detail += f"; {more} further files are beyond what one audit searches"
    url = f"https://github.com/{facts.repository.full_name}/tree/{facts.repository.commit}" if facts.repository.url else ""
    status, state = (Status.PARTIAL, State.UNKNOWN) if failed else (Status.OK, State.OK)
    return Source(SOURCE, "code", url, status, detail, required=True, sha256=_digest(outlines), state=state)


def _digest(outlines: Sequence[Outline]) -> str:
    return hashlib.sha256("".join(found.document.sha256 for found in outlines).encode()).hexdigest()
