"""How long work says where it is: one protocol, three front ends. Library code reports and never prints."""

from __future__ import annotations

import threading
from typing import IO, Any, Protocol


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
    """Says nothing: for tests and --quiet."""

    def stage(self, name: str, total: int | None = None) -> None:
        """Say nothing."""

    def item(self, text: str) -> None:
        """Say nothing."""

    def warn(self, text: str) -> None:
        """Say nothing."""


class Lines:
    """Says one plain line for each stage and each warning: for pipes and logs."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def stage(self, name: str, total: int | None = None) -> None:
        """Write the stage's name and size."""
        self._write(f"{name}" + (f" ({total})" if total is not None else ""))

    def item(self, text: str) -> None:
        """Say nothing: a log wants stages, not items."""

    def warn(self, text: str) -> None:
        """Write the warning."""
        self._write(f"  ! {plain(text)}")

    def _write(self, line: str) -> None:
        with self._lock:
            self._stream.write(line + "\n")
            self._stream.flush()


class Live:
    """A live line with a spinner, a bar and the current item, for a person at a terminal; warnings stay above it."""

    def __init__(self, console: Any) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}"),
        )
        self._bars = Bars(*columns, console=console, transient=True)
        self._console = console
        self._task: Any = None

    def __enter__(self) -> Live:
        """Begin to draw."""
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop drawing and clear the line."""
        self._bars.stop()

    def stage(self, name: str, total: int | None = None) -> None:
        """Begin a new bar."""
        if self._task is not None:
            self._bars.remove_task(self._task)
        self._task = self._bars.add_task(name, total=total, note="")

    def item(self, text: str) -> None:
        """Move the bar by one and show the item."""
        if self._task is not None:
            from rich.markup import escape

            self._bars.update(self._task, advance=1, note=escape(plain(text)[:32]))

    def warn(self, text: str) -> None:
        """Print the warning above the bar."""
        from rich.text import Text

        self._console.print(Text(f"! {plain(text)}", style="yellow"))


def plain(text: str) -> str:
    """Return one line without control characters: what servers and files say may hold terminal escapes."""
    return "".join(c if c.isprintable() else " " for c in text)[:500]
