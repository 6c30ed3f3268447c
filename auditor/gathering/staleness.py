"""How old is what an offline audit tells: every source that comes out of the cache says when it was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from auditor.facts import Artifact, Source, Status

if TYPE_CHECKING:
    from auditor.hosts.interface import Listing
    from auditor.net import Network


def listed_when(network: Network | None, look: Callable[[], Listing]) -> Listing:
    """Return a listing that, offline, says when it was seen."""
    if network is None or not network.settings.offline:
        return look()
    with network.tally() as tally:
        listing = look()
    return replace(listing, detail=_with_date(listing.detail, tally.kept_at)) if tally.kept_at else listing


def read_when(network: Network | None, read: Callable[[], tuple[Artifact, Source]]) -> tuple[Artifact, Source]:
    """Return a file whose source, offline, says when it was seen."""
    if network is None or not network.settings.offline:
        return read()
    with network.tally() as tally:
        artifact, source = read()
    if tally.kept_at:
        source = replace(source, seen_at=stamp(tally.kept_at), detail=_with_date(source.detail, tally.kept_at))
    return artifact, source


def staleness(network: Network) -> tuple[Source, ...]:
    """Return the source that says that nobody was asked, and between when and when everything was seen; none for an audit online."""
    if not network.settings.offline:
        return ()
    moments = [day(moment) for moment in network.kept_at]
    when = " and ".join(dict.fromkeys(moments)) or "at no time"
    detail = f"offline: nobody was asked; what stands here was seen {'between ' if len(set(moments)) > 1 else ''}{when}, from the cache"
    return (Source("cache", "cache", "", Status.OK, detail, seen_at=stamp(network.kept_at[0]) if network.kept_at else ""),)


def stamp(moment: float) -> str:
    """Return a moment in RFC 3339 UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(moment: float) -> str:
    """Return a moment for a person."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _with_date(detail: str, moment: float) -> str:
    return "; ".join(filter(None, (detail, f"seen {day(moment)}, from the cache")))
