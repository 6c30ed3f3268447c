"""What a renderer must be able to do."""

from __future__ import annotations

from typing import Protocol

from auditor.findings import AuditReport


class Renderer(Protocol):
    """Turns a report into the text of one file. Pure: the same report gives the same bytes."""

    name: str
    file_name: str

    def render(self, report: AuditReport) -> str | None:
        """Return the file's text, or None where there is nothing to write."""
        ...
