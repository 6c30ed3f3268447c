"""What the cache holds, told on a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from auditor.escaping import printable
from auditor.telling.figures import size_text

Row = tuple[str, int, int, float]  # host, entries, bytes, when the oldest was seen (seconds since 1970)


def cache_text(place: str, size: int, most: int, rows: Sequence[Row], cleared: int | None) -> str:
    """Return the table of what is kept, after a line that says what was cleared, where something was."""
    lines = [] if cleared is None else [f"{cleared} entries cleared."]
    lines.append(f"{place}: {size_text(size)} of at most {size_text(most)}")
    if not rows:
        return "\n".join([*lines, "Nothing is kept."])
    wide = max(len("host"), *(len(name_of(host)) for host, *_ in rows))
    lines.append(f"{'host':<{wide}}  {'entries':>8}  {'size':>10}  oldest")
    for host, entries, count, oldest in rows:
        lines.append(f"{name_of(host):<{wide}}  {entries:>8,}  {size_text(count):>10}  {_day(oldest)}")
    return "\n".join(lines)


def cache_record(place: str, size: int, most: int, rows: Sequence[Row], cleared: int | None) -> dict[str, Any]:
    """Return the same as a record."""
    hosts = [{"host": host, "entries": entries, "bytes": count, "oldest": _day(oldest)} for host, entries, count, oldest in rows]
    oldest = min((row[3] for row in rows), default=None)
    return {
        "path": place,
        "bytes": size,
        "max_bytes": most,
        "entries": sum(row[1] for row in rows),
        "oldest": None if oldest is None else _day(oldest),
        "cleared": cleared,
        "hosts": hosts,
    }


def name_of(host: str) -> str:
    """Return a host as it is shown, what a picture was read into among them."""
    return printable(host)[:60]


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
