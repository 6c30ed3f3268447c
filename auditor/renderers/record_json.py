"""audit.json: the audit for programs."""

from __future__ import annotations

from auditor.findings import AuditReport


class JsonRecord:
    """Writes audit.json."""

    name = "record"
    file_name = "audit.json"

    def render(self, report: AuditReport) -> str:
        """Return the record as JSON; equal reports give equal bytes."""
        from auditor.record import dump, record_of

        return dump(record_of(report))
