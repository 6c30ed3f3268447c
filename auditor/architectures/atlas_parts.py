"""The parts of a checkpoint that may be a network of their own: the whole, and what stands under one prefix.

No word of a name is read for its meaning. Names only say which tensors belong together: `img_backbone.*` of a detector, the student
beside its moving average, the picture half of a two-headed model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.facts import Tensor

DEEPEST = 4  # words of a prefix
LONGEST_PREFIX = 200  # characters of a name that are looked at
MOST_PARTS = 8
LEAST_SHARE = 0.15  # of the weights; a smaller part does not say what the checkpoint is
LEAST_WEIGHTS = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A prefix, with the final dot, and the tensors under it; "" for the whole checkpoint."""

    prefix: str
    tensors: tuple[Tensor, ...]


def parts_of(tensors: tuple[Tensor, ...]) -> tuple[Part, ...]:
    """Return the whole checkpoint and its larger parts, largest first; of prefixes with equal contents the longest is left out."""
    counts: Counter[str] = Counter()
    for tensor in tensors:
        if len(tensor.shape) >= 2:
            counts.update(_prefixes(tensor.name))
    whole = sum(len(tensor.shape) >= 2 for tensor in tensors)
    least = max(LEAST_WEIGHTS, LEAST_SHARE * whole)
    chosen: list[str] = []
    for prefix, count in sorted(counts.items(), key=lambda pair: (-pair[1], len(pair[0]), pair[0])):
        if count < least or len(chosen) == MOST_PARTS:
            break
        parent = next((counts[one] for one in reversed(chosen) if prefix.startswith(one)), whole)
        if count < parent:
            chosen.append(prefix)
    return (Part("", tensors), *(Part(prefix, tuple(_under(tensors, prefix))) for prefix in chosen))


def _prefixes(name: str) -> Iterable[str]:
    """Return the prefixes of a name, each with its final separator, the shortest first."""
    start = 0
    for _ in range(DEEPEST):
        dot = name.find(".", start, LONGEST_PREFIX)
        if dot < 0:
            return
        start = dot + 1
        yield name[:start]


def _under(tensors: tuple[Tensor, ...], prefix: str) -> Iterable[Tensor]:
    return (tensor for tensor in tensors if tensor.name.startswith(prefix))
