"""Numbers as people read them: counts, sizes, shapes, times. The one place where a figure becomes text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

_SIZES = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "b": 10**9, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_PRINTED = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*(thousand|million|billion|[kmgb]|)(?![a-z])", re.IGNORECASE)


def count_text(count: int) -> str:
    """Return a count with separators: "7,438,976"."""
    return f"{count:,}"


def short_text(count: int) -> str:
    """Return a count to three figures: "7.44 M", "815 k"."""
    for letter, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= factor:
            scaled = count / factor
            return f"{scaled:.2f} {letter}" if scaled < 10 else f"{scaled:.1f} {letter}" if scaled < 100 else f"{scaled:.0f} {letter}"
    return str(count)


def macs_text(macs: int) -> str:
    """Return multiply-accumulates in billions (10^9), or in millions where that reads better: "2.795 G", "41.3 M"."""
    return f"{macs / 10**9:.3f} G" if macs >= 10**8 else f"{macs / 10**6:.1f} M"


def size_text(size: int | None) -> str:
    """Return bytes in binary units: "85.41 MiB"; a question mark where the size is not known."""
    if size is None:
        return "?"
    for unit, factor in _SIZES:
        if size >= factor:
            return f"{size / factor:.2f} {unit}"
    return f"{size} bytes"


def shape_text(shape: Sequence[int]) -> str:
    """Return a shape: "[48, 3, 4, 4]"."""
    return "[" + ", ".join(str(size) for size in shape) + "]"


def list_text(numbers: Sequence[int]) -> str:
    """Return numbers in a row: "3, 3, 9, 3"; the middle is left out where there are more than twelve."""
    shown = [str(number) for number in numbers]
    return ", ".join(shown if len(shown) <= 12 else [*shown[:6], "…", *shown[-5:]])


def percent_text(share: float) -> str:
    """Return a share of 1 as a percentage that never rounds up to all: "99.9 %", "100 %"."""
    if share >= 1:
        return "100 %"
    return f"{int(share * 1000) / 10:g} %" if share >= 0.01 else f"{int(share * 100_000) / 1000:g} %"


def day_text(moment: str) -> str:
    """Return an RFC 3339 time as "2026-11-20 23:48 UTC", or the text itself where it is none."""
    found = re.match(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)", moment)
    return f"{found.group(1)} {found.group(2)} UTC" if found else moment


def printed_count(printed: str) -> int | None:
    """Return the whole number that a printed count means: 7590000 for "7.59M"; None where it is no plain number."""
    found = _PRINTED.match(printed.replace(",", "").strip())
    if found is None:
        return None
    count = Decimal(found.group(1)) * _FACTORS[found.group(2).lower()]
    return int(count) if count == int(count) else None
