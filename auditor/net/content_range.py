"""The Content-Range header (RFC 9110, section 14.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ContentRange:
    """First and last byte, both inclusive, and the length of the whole; None where the server does not know it."""

    first: int
    last: int
    total: int | None


def parse_content_range(text: str) -> ContentRange | None:
    """Return the range that a header states, or None where it states none or one that cannot be."""
    found = re.fullmatch(r"\s*bytes[ =]+([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)\s*", text, re.IGNORECASE | re.ASCII)
    if not found:
        return None
    first, last, total = int(found[1]), int(found[2]), None if found[3] == "*" else int(found[3])
    if last < first or (total is not None and last >= total):
        return None
    return ContentRange(first, last, total)


def unsatisfied_total(text: str) -> int | None:
    """Return the length that a 416 answer states ("bytes */N"), or None."""
    found = re.fullmatch(r"\s*bytes[ =]+\*/([0-9]{1,18})\s*", text, re.IGNORECASE | re.ASCII)
    return int(found[1]) if found else None


def range_header(offset: int, length: int) -> str:
    """Return the Range header for `length` bytes from `offset`; a negative offset counts from the end."""
    return f"bytes={offset}" if offset < 0 else f"bytes={offset}-{offset + length - 1}"
