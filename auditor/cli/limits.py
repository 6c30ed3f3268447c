"""What an audit may cost, as it is typed: `--max-bytes 2GB`, `--max-seconds 30m`, `--jobs 4`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.net import NetworkSettings

FULL_BYTES = 64 * 10**9  # with --download full, unless something else is typed
FULL_SECONDS = 6 * 3600.0
FULL_SPOOL_BYTES = 4 << 30  # of one file on a server that ignores ranges: as much as is read whole of any file
MOST_JOBS = 32

_BYTES = {"": 1, "b": 1, **{unit + tail: 1000**n for n, unit in enumerate("kmgt", 1) for tail in ("", "b")}}
_BYTES |= {f"{unit}ib": 1024**n for n, unit in enumerate("kmgt", 1)}
_SECONDS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}

MaxBytes = Annotated[
    str, typer.Option("--max-bytes", metavar="SIZE", help="Read at most so much, such as 500MB. [default: 2GB; full: 64GB]")
]
MaxSeconds = Annotated[
    str, typer.Option("--max-seconds", metavar="TIME", help="Ask the network for at most so long: 90, 30m, 2h. [default: 1h; full: 6h]")
]
Jobs = Annotated[int | None, typer.Option("--jobs", metavar="N", help="Requests to one host at one time, 1 to 32. [default: 6]")]


def limited(
    settings: NetworkSettings, download: str, max_bytes: str = "", max_seconds: str = "", jobs: int | None = None
) -> NetworkSettings:
    """Return the settings with the limits that were typed, or those that go with reading files whole. Raises `UsageError`."""
    if download == "full":
        settings = replace(settings, max_bytes=FULL_BYTES, max_seconds=FULL_SECONDS, max_spool_bytes=FULL_SPOOL_BYTES)
    if max_bytes:
        settings = replace(settings, max_bytes=size_typed(max_bytes))
    if max_seconds:
        settings = replace(settings, max_seconds=time_typed(max_seconds))
    if jobs is not None:
        if not 1 <= jobs <= MOST_JOBS:
            raise UsageError(f"--jobs does not take {jobs}", help=f"use 1 to {MOST_JOBS}")
        settings = replace(settings, requests_per_host=jobs)
    most = settings.requests_per_host * settings.max_seconds
    return replace(
        settings,
        max_bytes_per_host=max(settings.max_bytes, settings.max_bytes_per_host),
        max_seconds_per_host=max(most, settings.max_seconds_per_host),
    )


def said(settings: NetworkSettings) -> str:
    """Return the limits as a person reads them: what is read whole may be a lot."""
    size, hours = f"{settings.max_bytes / 10**9:g} GB", f"{settings.max_seconds / 3600:g} hours"
    return f"files are read whole: at most {size} and {hours} (--max-bytes, --max-seconds)"


def size_typed(text: str) -> int:
    """Return the bytes that a text such as 2GB, 1.5GiB, 500M or 1000 means. Raises `UsageError`."""
    return int(_typed(text, _BYTES, "--max-bytes", "such as 500MB or 2GB"))


def time_typed(text: str) -> float:
    """Return the seconds that a text such as 90, 30m or 2h means. Raises `UsageError`."""
    return _typed(text, _SECONDS, "--max-seconds", "such as 90, 30m or 2h")


def _typed(text: str, units: dict[str, int], option: str, example: str) -> float:
    found = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([a-z]*)", text.strip(), re.IGNORECASE | re.ASCII)
    unit = units.get(found[2].lower()) if found else None
    amount = float(found[1]) * unit if found and unit else 0.0
    if amount <= 0:
        raise UsageError(f"{option} does not understand {text!r}", help=f"give an amount {example}")
    return amount
