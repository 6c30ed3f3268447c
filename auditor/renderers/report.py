"""report.md: the audit for people, understood in 30 seconds and complete for whoever reads on."""

from __future__ import annotations

import re

from auditor.findings import AuditReport
from auditor.renderers.view import view_of
from auditor.renderers.words import LANGUAGES, Words


class MarkdownReport:
    """Writes report.md in the language that the audit was asked for."""

    name = "report"
    file_name = "report.md"

    def render(self, report: AuditReport) -> str:
        """Return the report as Markdown; equal reports give equal bytes."""
        language = dict(report.facts.options).get("language", "en")
        return render_report(report, language if language in LANGUAGES else "en")


def render_report(report: AuditReport, language: str) -> str:
    """Return the report as Markdown in one language. Raises `UsageError` for a language that it does not speak."""
    from auditor.escaping import environment

    words = Words(language)
    template = environment().get_template("report.md.j2")
    made = template.render(view=view_of(report), say=words.say, tell=words.tell)
    return re.sub(r"\n{3,}", "\n\n", made).strip() + "\n"
