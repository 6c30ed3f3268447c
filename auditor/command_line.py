"""What the commands share and does not print: exit statuses, the console, progress, words of options."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from auditor.facts import Artifact, Inspected, Source
    from auditor.net import Network, NetworkSettings
    from auditor.progress import Progress

OK, FOUND, USAGE, UNREADABLE, INCOMPLETE = 0, 1, 2, 3, 4
DEFECT = 70  # EX_SOFTWARE of sysexits.h


def typed_by_user(addresses: Sequence[str], *, offline: bool = False, no_cache: bool = False) -> NetworkSettings:
    """Return settings that let the user's own addresses be private ones; addresses of documents never get here."""
    from urllib.parse import urlsplit

    from auditor.net import NetworkSettings

    private = frozenset(urlsplit(a).hostname or "" for a in addresses if "://" in a) - {""}
    folder, most_bytes = cache_settings()
    if offline and (no_cache or folder is None):
        raise UsageError("--offline works from the cache alone, and there is none", "", "leave out --no-cache, unset AUDITOR_CACHE")
    return NetworkSettings(
        allowed_private_hosts=private, offline=offline, cache_folder=None if no_cache else folder, cache_bytes=most_bytes
    )


def cache_settings() -> tuple[Path | None, int]:
    """Return where the cache lies (XDG Base Directory Specification) and how large it may be; no place for AUDITOR_CACHE=off."""
    size = os.environ.get("AUDITOR_CACHE_BYTES", "").strip()
    if size and not (size.isascii() and size.isdigit() and len(size) < 16):
        raise UsageError("AUDITOR_CACHE_BYTES is not a number of bytes", size, "for example AUDITOR_CACHE_BYTES=536870912")
    most_bytes = int(size) if size else 512 << 20
    home = os.environ.get("XDG_CACHE_HOME", "")
    if os.environ.get("AUDITOR_CACHE", "").strip().lower() in ("off", "no", "false", "0") or most_bytes == 0:
        return None, most_bytes
    try:
        return (Path(home) if Path(home).is_absolute() else Path.home() / ".cache") / "auditor", most_bytes
    except RuntimeError:  # nobody's home
        return None, most_bytes


def tell_of_cache(network: Network, progress: Progress) -> None:
    """Say, once, what is wrong with the cache."""
    for words in network.cache.warnings if network is not None and network.cache is not None else ():
        progress.warn(words)


def leave_if_offline(network: Network, sources: Sequence[Source]) -> None:
    """Leave with exit status 4 where the cache did not have all that a stage needs."""
    import typer

    from auditor.facts import State, Status

    if network.settings.offline and any(s.state is State.OFFLINE or (s.required and s.status is not Status.OK) for s in sources):
        raise typer.Exit(INCOMPLETE)


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
