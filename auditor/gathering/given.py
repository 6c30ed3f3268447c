"""What the investigator brings: own claims and error logs, read from the files given on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.claims.file import read_claims_file
from auditor.errors import UsageError
from auditor.explaining.files import claims_of_logs
from auditor.facts import Claim, Source

MAX_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Given:
    """Secondary claims with their sources."""

    claims: tuple[Claim, ...]
    sources: tuple[Source, ...]


def read_given(claims_files: Sequence[str], logs: Sequence[str]) -> Given:
    """Return the secondary claims of the investigator's files and of error logs. Raises `UsageError`."""
    given = read_claims_files(claims_files)
    claims, sources = claims_of_logs(logs)
    return Given(given.claims + claims, given.sources + sources)


def read_claims_files(paths: Sequence[str]) -> Given:
    """Return the claims of all files. Raises `UsageError` with the file, the line and a valid example."""
    claims: list[Claim] = []
    sources: list[Source] = []
    for name in paths:
        path = Path(name)
        try:
            if path.stat().st_size > MAX_BYTES:
                raise UsageError(f"{name} is larger than {MAX_BYTES >> 20} MiB", help="--claims takes a short YAML file")
            data = path.read_bytes()
        except (OSError, ValueError) as error:
            raise UsageError(
                f"cannot read {name}", getattr(error, "strerror", None) or str(error), "--claims takes a YAML file in UTF-8"
            ) from error
        found, source = read_claims_file(data, path.name)
        claims.extend(found)
        sources.append(source)
    return Given(tuple(claims), tuple(sources))
