"""How long work says where it is: one protocol, several front ends. Library code reports and never prints."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of every stage and every item; must not raise and must return quickly. Called from several threads."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a stage: "listing hosts", with the number of items where it is known."""
        ...

    def item(self, text: str) -> None:
        """Say that one item of the stage is done, or what is being done now."""
        ...

    def warn(self, text: str) -> None:
        """Say one line that the user should see: what could not be looked at."""
        ...


class Silent:
    """Says nothing: for pipes, tests and --quiet."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Say nothing."""

    def item(self, text: str) -> None:
        """Say nothing."""

    def warn(self, text: str) -> None:
        """Say nothing."""
