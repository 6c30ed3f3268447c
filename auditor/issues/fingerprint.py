"""The mark by which an issue of ours is known again: a hidden comment made of what it asks, not of when or how it is worded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_COMMENT = re.compile(r"<!--\s*audit-fp:([0-9a-f]{16,64})\s*-->")


def fingerprint(full_name: str, asks: Iterable[str], files: Iterable[str] = ()) -> str:
    """Return 32 hexadecimal digits for a repository, the variants that are asked about and the files that are spoken of.

    Order and repetition make no difference, nor does the case of the repository's name.
    """
    parts = ["audit-fp 1", full_name.lower(), *sorted(set(asks)), "", *sorted(set(files))]
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def comment(mark: str) -> str:
    """Return the hidden comment that carries a fingerprint."""
    return f"<!-- audit-fp:{mark} -->"


def fingerprints_in(body: str) -> tuple[str, ...]:
    """Return the fingerprints that stand in an issue's text."""
    return tuple(_COMMENT.findall(body))


def marked(body: str, mark: str) -> str:
    """Return the text with this fingerprint and no other, at its end."""
    return f"{_COMMENT.sub('', body).strip()}\n\n{comment(mark)}\n"


def unmarked(body: str) -> str:
    """Return the text without any fingerprint."""
    return _COMMENT.sub("", body).strip()
