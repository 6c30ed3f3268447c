"""What the auditor writes, in the order in which it is written."""

from __future__ import annotations

from auditor.renderers.interface import Renderer
from auditor.renderers.issue_text import IssueText
from auditor.renderers.record_json import JsonRecord
from auditor.renderers.report import MarkdownReport

RENDERERS: tuple[Renderer, ...] = (MarkdownReport(), JsonRecord(), IssueText())
