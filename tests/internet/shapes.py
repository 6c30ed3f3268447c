"""What the replicas of hosts with an interface of JSON have in common: pages of a world, and digests of what they serve."""

from __future__ import annotations

import functools
import hashlib
import json
from typing import Any

from auditor.demo.answers import as_blob
from auditor.demo.internet import Content, Page

BYTES = "application/octet-stream"


def json_page(record: Any, status: int = 200, **headers: str) -> Page:
    """Return a page that holds a record."""
    return Page(json.dumps(record).encode(), "application/json", status, headers)


def file_page(content: Content, name: str) -> Page:
    """Return a page that hands out a file, by ranges, under its name."""
    return Page(content, BYTES, headers={"Content-Disposition": f'attachment; filename="{name.rsplit("/", 1)[-1]}"'})


@functools.lru_cache(maxsize=512)
def digest(content: Content, algorithm: str) -> str:
    """Return the digest of some content; the same object is digested once."""
    blob, state = as_blob(content), hashlib.new(algorithm, usedforsecurity=False)
    for place in range(0, blob.size, 1 << 20):
        state.update(blob.read(place, min(1 << 20, blob.size - place)))
    return state.hexdigest()


def size(content: Content) -> int:
    """Return the number of bytes of some content."""
    return as_blob(content).size
