"""What the commands share and does not print: exit statuses, the console, progress, words of options."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from auditor.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.facts import Artifact, Inspected
    from auditor.net import NetworkSettings
    from auditor.progress import Progress

OK, FOUND, USAGE, UNREADABLE, INCOMPLETE = 0, 1, 2, 3, 4
DEFECT = 70  # EX_SOFTWARE of sysexits.h


def typed_by_user(addresses: Sequence[str]) -> NetworkSettings:
    """Return settings that let the user's own addresses be private ones; addresses of documents never get here."""
    from urllib.parse import urlsplit

    from auditor.net import NetworkSettings

    return NetworkSettings(allowed_private_hosts=frozenset(urlsplit(a).hostname or "" for a in addresses if "://" in a) - {""})


def folder_name(full_name: str) -> str:
    """Return the report folder's name: "owner__name", safe as one path component."""
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in full_name.replace("/", "__")).lstrip(".") or "report"


def with_ids(artifacts: tuple[Artifact, ...]) -> tuple[Artifact, ...]:
    """Return artifacts whose checkpoints are numbered k1.."""
    from auditor.facts import Facts, Repository, numbered

    return numbered(Facts("", "", 0.0, Repository("", "", "", ""), artifacts=artifacts)).artifacts


def status_of_inspect(artifacts: tuple[Artifact, ...], sources: Any) -> int:
    """Return 0 where everything was read, 4 where something was not, 3 where nothing was."""
    from auditor.facts import Inspected, Status

    read: list[Inspected] = [item for artifact in artifacts for item in artifact.contents if isinstance(item, Inspected)]
    whole = all(source.status in (Status.OK, Status.SKIPPED) for source in sources)
    if whole and read:
        return OK
    return INCOMPLETE if read else UNREADABLE


def check_words(fail_on: str, language: str, download: str = "header") -> None:
    """Refuse words that the options do not have."""
    if download not in ("header", "full"):
        raise UsageError(f"--download does not know {download!r}", help="use header or full")
    if fail_on not in ("missing", "mislabelled", "contradicted", "never"):
        raise UsageError(f"--fail-on does not know {fail_on!r}", help="use missing, mislabelled, contradicted or never")
    if language not in ("en", "es"):
        raise UsageError(f"--lang does not know {language!r}", help="use en or es")


def check_show(show: bool, out: bool, as_json: bool) -> None:
    """Refuse options of `audit claims` that do not go together."""
    if show and as_json:
        raise UsageError("--show and --json do not go together", help="--json has every claim's locator and quote in its evidence")
    if out and not show:
        raise UsageError("--out is for --show", help="audit claims TARGET --show --out DIR")


def console(no_color: bool, *, stderr: bool = False) -> Console:
    """Return a console that respects --no-color, NO_COLOR and pipes."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else 80
    return Console(stderr=stderr, no_color=no_color or None, highlight=False, width=width)


@contextmanager
def progress_for(quiet: bool, no_color: bool) -> Iterator[Progress]:
    """Give the progress front end that fits: none, lines for a pipe, bars for a terminal."""
    from auditor.progress import Lines, Live, Silent

    if quiet:
        yield Silent()
    elif sys.stderr.isatty():
        with Live(console(no_color, stderr=True)) as live:
            yield live
    else:
        yield Lines(sys.stderr)
