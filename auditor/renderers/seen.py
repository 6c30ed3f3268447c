"""What was looked at and what could not be seen, computed for the report."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.escaping import Trusted, clip, code, link
from auditor.facts import Source, Status, Unreadable
from auditor.telling.lookup import Lookup

PAGES = ("view", "edit", "preview", "download", "content", "files", "main", "master", "tree", "blob")  # of a file, never its name


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One line of the list of sources."""

    kind: str
    place: Trusted
    short: Trusted  # the place in a few words
    status: str
    detail: str
    required: bool


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A file, or a part of one, that could not be read as a checkpoint."""

    file: Trusted
    status: str
    reason: str


def source_rows(lookup: Lookup) -> tuple[SourceRow, ...]:
    """Return every source: what could not be seen first, then by kind and address."""
    ordered = sorted(lookup.report.facts.sources, key=lambda s: (s.status is Status.OK, not s.required, s.kind, s.url, s.id))
    return tuple(_row(source) for source in ordered)


def unseen_rows(lookup: Lookup) -> tuple[SourceRow, ...]:
    """Return the sources that a verdict could rest on and that were not seen whole."""
    return tuple(row for row in source_rows(lookup) if row.required and row.status != Status.OK.value)


def unreadable_rows(lookup: Lookup) -> tuple[UnreadableRow, ...]:
    """Return the files that could not be reached or read."""
    rows = []
    for artifact in lookup.report.facts.artifacts:
        broken = [item for item in artifact.contents if isinstance(item, Unreadable)]
        name = lookup.file_link(artifact)
        if not broken and artifact.status not in (Status.OK, Status.SKIPPED):
            rows.append(UnreadableRow(name, artifact.status.value, clip(artifact.detail, 200)))
        for item in broken:
            member = Trusted(f"{name} > {code(clip(item.member, 80))}") if item.member else name
            rows.append(UnreadableRow(member, item.status.value, clip(item.reason, 200)))
    return tuple(rows)


def _row(source: Source) -> SourceRow:
    """Return one source's line."""
    path = source.id.partition(":")[2]
    shown = code(clip(path if path and source.url.endswith("/" + path) else source.url or source.id, 90))
    place = link(shown, source.url) if source.url.startswith(("http://", "https://")) else shown
    name = code(clip(short_name(source.url) or path or source.id, 40))
    short = link(name, source.url) if source.url.startswith(("http://", "https://")) else name
    return SourceRow(clip(source.kind, 30), place, short, source.status.value, clip(source.detail, 200), source.required)


def short_name(url: str) -> str:
    """Return the part of an address that names its file: the last, but for what hosts append to it, as in `/file/d/ID/view`."""
    parts = [part for part in url.partition("://")[2].partition("?")[0].split("/")[1:] if part]
    while len(parts) > 1 and parts[-1].lower() in PAGES:
        parts.pop()
    return parts[-1] if parts else ""
