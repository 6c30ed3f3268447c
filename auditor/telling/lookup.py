"""Finding one's way in a report: claims, checkpoints, evidence and sources by their ids, and links to the places."""

from __future__ import annotations

import re

from auditor.escaping import Trusted, clip, code, link
from auditor.facts import Artifact, Claim, Evidence, Inspected, Source
from auditor.findings import AuditReport, VariantVerdict
from auditor.telling.evidence import numbering_of

LONGEST_NAME = 80

_IN_REPOSITORY = ("document", "picture", "config", "script", "tree")


class Lookup:
    """A report with everything at hand by id."""

    def __init__(self, report: AuditReport) -> None:
        self.report = report
        self.repository = report.facts.repository
        self.numbers = numbering_of(report)
        self._claims = {claim.id: claim for claim in report.facts.claims}
        self._checkpoints = {item.id: (artifact, item) for artifact, item in report.facts.inspected()}
        self._sources = {source.id: source for source in report.facts.sources}
        self._paths = frozenset(entry.path for entry in self.repository.tree)

    def claims(self, variant: VariantVerdict) -> tuple[Claim, ...]:
        """Return a variant's claims, those of the authors first."""
        known = [self._claims[id] for id in variant.claims if id in self._claims]
        return tuple(sorted(known, key=lambda claim: claim.rank != "primary"))

    def claim(self, id: str) -> Claim | None:
        """Return a claim by id."""
        return self._claims.get(id)

    def checkpoints(self, ids: tuple[str, ...]) -> tuple[tuple[Artifact, Inspected], ...]:
        """Return checkpoints with their artifacts, by id."""
        return tuple(self._checkpoints[id] for id in ids if id in self._checkpoints)

    def source(self, id: str) -> Source | None:
        """Return a source by id."""
        return self._sources.get(id)

    def file_name(self, artifact: Artifact, item: Inspected | None = None) -> Trusted:
        """Return a file's name as code, with the member inside it where the checkpoint is one."""
        name = clip(artifact.name, LONGEST_NAME)
        member = item.checkpoint.member if item is not None else None
        return code(f"{name} > {clip(member, LONGEST_NAME)}" if member else name)

    def file_link(self, artifact: Artifact, item: Inspected | None = None) -> Trusted:
        """Return a file's name as code, linked where it has an address."""
        name = self.file_name(artifact, item)
        return link(name, artifact.url) if artifact.url.startswith(("http://", "https://")) else name

    def evidence_link(self, piece: Evidence) -> Trusted:
        """Return the number of a piece of evidence, linked to the list at the end of the report."""
        number = self.numbers.id_of(piece)
        return Trusted(f"[{number}](#{number})")

    def place(self, piece: Evidence) -> Trusted:
        """Return where a piece of evidence stands, as a permalink where it has one."""
        shown = code(clip(piece.locator, 120))
        source = self.source(piece.source)
        path, _, anchor = piece.locator.partition("#")
        if self._in_repository(path, source, piece):
            line = re.match(r"L(\d+)", anchor)
            target = self.repository.permalink(path, int(line.group(1)) if line else None)
        else:
            target = source.url if source is not None else ""
        return link(shown, target) if target.startswith(("http://", "https://")) else shown

    def holder(self, piece: Evidence) -> Trusted:
        """Return the file or page that a place lies in, as code; nothing where the place itself names it."""
        artifact = next((artifact for artifact in self.report.facts.artifacts if artifact.source == piece.source), None)
        if artifact is not None:
            return self.file_name(artifact)
        path = piece.locator.partition("#")[0]
        return Trusted("") if path and path in piece.source else code(clip(piece.source, 80))

    def _in_repository(self, path: str, source: Source | None, piece: Evidence) -> bool:
        """Tell whether a place is a file of the audited repository: known from its tree, else from the kind of its source."""
        kind = source.kind if source is not None else piece.source.partition(":")[0]
        return kind in _IN_REPOSITORY and (not self._paths or path in self._paths)
