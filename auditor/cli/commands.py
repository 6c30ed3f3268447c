"""The program with all its commands. Each module registers its own when it is imported: this is the order of the help."""

from __future__ import annotations

# isort: off
from auditor.cli.application import app
from auditor.cli import auditing, inspecting, stages, explaining, issuing, records, caching, agents  # noqa: F401

# isort: on
__all__ = ["app"]
