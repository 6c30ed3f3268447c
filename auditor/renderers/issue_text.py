"""issue.md: the drafted issue as it would be sent, where there is something to ask."""

from __future__ import annotations

from auditor.escaping import printable
from auditor.findings import AuditReport


class IssueText:
    """Writes issue.md: the title as a heading, then the body."""

    name = "issue"
    file_name = "issue.md"

    def render(self, report: AuditReport) -> str | None:
        """Return the drafted issue, or None where nothing is asked of anybody."""
        if report.issue is None:
            return None
        return f"# {printable(report.issue.title)}\n\n{report.issue.body.strip()}\n"
