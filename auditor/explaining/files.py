"""Error logs from files: what `audit explain LOG...` and `audit run --log LOG` read."""

from __future__ import annotations

import codecs
import hashlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from auditor.documents.decoding import MAX_BYTES as SMALL
from auditor.documents.decoding import decoded
from auditor.documents.error_logs import ErrorLog, read_error_log
from auditor.errors import UsageError
from auditor.explaining.explanation import Explanation, explain
from auditor.explaining.log_claims import log_claims
from auditor.facts import Claim, Source

MAX_BYTES = 64 << 20
HELP = "give text files: terminal output, notebooks, pages that quote a load_state_dict error"


@dataclass(frozen=True, slots=True)
class ExplainedLog:
    """One log with the explanations of its errors, none where it holds no error."""

    log: ErrorLog
    explanations: tuple[Explanation, ...]


def explain_paths(paths: Sequence[str]) -> tuple[ExplainedLog, ...]:
    """Return every log explained, in order; "-" is the standard input. Raises `UsageError` for a file that cannot be read."""
    logs = (read_log_file(path) for path in paths)
    return tuple(ExplainedLog(log, explain(log)) for log in logs)


def claims_of_logs(paths: Iterable[str]) -> tuple[tuple[Claim, ...], tuple[Source, ...]]:
    """Return the secondary claims and the sources of logs, for `run --log`. Raises `UsageError` for a file that cannot be read."""
    claims: list[Claim] = []
    sources: list[Source] = []
    for path in paths:
        found, source = log_claims(read_log_file(path))
        claims.extend(found)
        sources.append(source)
    return tuple(claims), tuple(sources)


def read_log_file(path: str) -> ErrorLog:
    """Return the loading errors of one file, of which 64 MiB are read at most. Raises `UsageError` where it cannot be read."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}", getattr(error, "strerror", None) or str(error), HELP) from error
    cut = len(data) > MAX_BYTES
    data = data[:MAX_BYTES]
    log = read_error_log(_text(data), "stdin" if path == "-" else Path(path).name, hashlib.sha256(data).hexdigest())
    return ErrorLog(log.errors, log.path, log.sha256, log.cut or cut)


def _text(data: bytes) -> str:
    """Return the text of a log; what is no valid UTF-8 in a large one is replaced, which touches no word of a message."""
    if len(data) <= SMALL:
        return decoded(data)[0]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")
