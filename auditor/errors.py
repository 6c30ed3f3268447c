"""The exception tree.

    AuditError                    anything that a user, a server or a file can cause; one clear line
    |-- UsageError                the command line or a file given on it is wrong          (exit status 2)
    |-- TargetError               the target could not be read at all                      (exit status 3)
    |-- NetworkError              one request did not give what was asked; has a `status`
    |-- FormatError               these bytes are not what the reader reads, or are broken
    |   `-- LimitError            reading on would cost more memory, bytes or depth than is allowed
    |-- MissingExtra              an optional library is not installed; has the pip command
    `-- FilingError               the issue was not sent, and why

Each carries `what` happened, `why` (as far as it is known) and `help`, one thing to do about it. Nothing else is ever
raised on purpose; a traceback is a defect of the auditor.
"""

from __future__ import annotations


class AuditError(Exception):
    """A failure with words for a person: what happened, why, and what to do about it."""

    def __init__(self, what: str, why: str = "", help: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.help = help

    def __str__(self) -> str:
        """Return `what: why` on one line."""
        line = f"{self.what}: {self.why}" if self.why else self.what
        return " ".join(line.split())


class UsageError(AuditError):
    """The command line, or a file that was given on it, cannot be used as it is."""


class TargetError(AuditError):
    """The target itself could not be read: no such repository, no network, no permission."""


class NetworkError(AuditError):
    """A request did not give what was asked; `status` is a word of `facts.Status`, `state` one of `facts.State`."""

    def __init__(
        self, what: str, why: str = "", help: str = "", *, status: str = "error", state: str = "", http_status: int | None = None
    ) -> None:
        super().__init__(what, why, help)
        self.status = status
        self.state = state
        self.http_status = http_status


class FormatError(AuditError):
    """The bytes are not what the reader reads, or they are broken."""


class LimitError(FormatError):
    """Reading on would pass a limit on bytes, memory, depth or time."""


class MissingExtra(AuditError):  # noqa: N818 - it says what is missing
    """An optional library is needed and not installed."""

    def __init__(self, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} needs an optional library", help=f"pip install 'auditor[{extra}]'")
        self.extra = extra


class FilingError(AuditError):
    """The issue was not sent."""
