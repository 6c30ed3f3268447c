"""What the user asked of one audit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AuditOptions:
    """The options of `audit run` that change what is seen or concluded."""

    ref: str | None = None
    claims_files: tuple[str, ...] = ()  # paths of the investigator's YAML files
    artifacts: tuple[str, ...] = ()  # paths or URLs of checkpoints that the repository does not link
    papers: tuple[str, ...] = ()  # PDFs or addresses; "linked" is the repository's own paper among its links
    logs: tuple[str, ...] = ()  # paths of error logs
    download: str = "header"  # or "full": values too
    follow: bool = True  # open what the checkpoint links lead to
    fail_on: str = "missing"
    language: str = "en"
