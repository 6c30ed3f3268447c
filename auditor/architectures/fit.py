"""The strict comparison of a checkpoint with a blueprint: names and shapes, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from auditor.facts import Tensor


@dataclass(frozen=True, slots=True)
class Fit:
    """What became of every tensor, on both sides; names in the order of the file and of the blueprint."""

    matched: tuple[str, ...]
    mismatched: tuple[str, ...]  # right name, other shape
    unexpected: tuple[str, ...]  # in the file only
    missing: tuple[str, ...]  # in the blueprint only

    @property
    def explained(self) -> float:
        """Return the share of the checkpoint's tensors whose name and shape fit, 0 for an empty one."""
        total = len(self.matched) + len(self.mismatched) + len(self.unexpected)
        return len(self.matched) / total if total else 0.0


def compare(expected: Iterable[Tensor], tensors: Iterable[Tensor]) -> Fit:
    """Return how the file's tensors fit the expected ones. A name that the file repeats fits once."""
    shapes = {tensor.name: tensor.shape for tensor in expected}
    matched: list[str] = []
    mismatched: list[str] = []
    unexpected: list[str] = []
    seen: set[str] = set()
    for tensor in tensors:
        shape = None if tensor.name in seen else shapes.get(tensor.name)
        seen.add(tensor.name)
        if shape is None:
            unexpected.append(tensor.name)
        elif shape == tensor.shape:
            matched.append(tensor.name)
        else:
            mismatched.append(tensor.name)
    missing = tuple(name for name in shapes if name not in seen)
    return Fit(tuple(matched), tuple(mismatched), tuple(unexpected), missing)
