"""Digests of a structure: two checkpoints with equal fingerprints have the same tensors, whatever their values are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from auditor.facts import Tensor


def fingerprint(tensors: Iterable[Tensor]) -> str:
    """Return the SHA-256 of the multiset of (name, shape), as hex digits; the order of the file does not matter."""
    return _digest(f"{tensor.name!r} {tensor.shape}" for tensor in tensors)


def shape_fingerprint(tensors: Iterable[Tensor]) -> str:
    """Return the SHA-256 of the multiset of shapes alone: equal for one network under two spellings."""
    return _digest(str(tensor.shape) for tensor in tensors)


def _digest(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in sorted(lines):
        # repr() may hold lone surrogates of hostile names, which strict UTF-8 refuses.
        digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
