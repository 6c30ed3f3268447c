"""The unit of a printed number: from its cell, else from its header, else from the words above its table."""

from __future__ import annotations

import re

from auditor.claims.headers import Header
from auditor.claims.numbers import Reading
from auditor.claims.vocabulary import MILLIMETER_METRICS, SCALES, UNITS, Kind
from auditor.facts import Table

SPOKEN = re.compile(
    r"[(\[,.:;]\s*(?:unit:?\s*|in\s+)?(mm|cm|m|mil+im[ei]t[ei]rs?|centimeters?|meters?|percentage|percent|%|seconds?|ms)\s*[)\]]",
    re.IGNORECASE,
)


def unit_of(some: Reading, header: Header, attribute: str, table: Table) -> str | None:
    """Return the unit: "M" or "G" for counts, "mm", "%", "ms" ... for metrics, None where nothing says it.

    A number of parameters with decimals and no scale anywhere is in millions: there are no fractions of a parameter.
    """
    if header.kind is Kind.PARAMS:
        return count_unit(some, header) or ("M" if some.decimals else None)
    if header.kind is Kind.GFLOPS:
        return count_unit(some, header)
    if header.kind is Kind.SIZE:
        return (some.unit or header.unit or "MB").upper().replace("I", "")
    if some.unit:
        return some.unit if some.unit in ("K", "M", "G", "T", "B") else UNITS.get(some.unit.lower(), some.unit)
    if header.unit:
        return header.unit
    if spoken := SPOKEN.search(table.sections[-1] if table.sections else "") or SPOKEN.search(table.caption):
        word = spoken[1].lower()
        return "mm" if word.startswith("mil") else UNITS.get(word)
    if MILLIMETER_METRICS.search(attribute.lower()) and abs(some.value) > 5:
        return "mm"
    return None


def count_unit(some: Reading, header: Header) -> str | None:
    """Return the scale of a count: K, M, G, T; billions of parameters stay "B"."""
    if some.unit:
        first = some.unit[0].upper()
        if first == "B" and header.kind is Kind.PARAMS:
            return "B"
        scaled = re.fullmatch(r"[KMGBT](?:FLOPS|MACS|MADDS|OPS)?", some.unit, re.IGNORECASE)
        return SCALES.get(some.unit.lower()) or (SCALES.get(first.lower()) if scaled else None)
    return header.unit
