"""Shapes without names: what is left of a tensor's shape when spelling, layout and fusing are taken out.

| in the file | is taken as |
| --- | --- |
| linear [o, i], 1x1 convolution [o, i, 1, 1], any order of the axes (TensorFlow, Flax, GPT-2) | (larger, smaller) |
| fused query, key and value [3 d, d] | three times (d, d) |
| class token [1, 1, d], norm weight [d], bias [d] | a vector of d |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.architectures.counts import is_buffer
from auditor.facts import Tensor

Dims = tuple[int, ...]
MOST_DIMENSIONS = 8  # of a weight that any network has; a longer shape is not looked up
LARGEST_SIDE = 1 << 40
STATISTICS = ("running_mean", "running_var")  # the buffers that tell a batch norm from other norms


@dataclass(frozen=True, slots=True)
class Multisets:
    """How often each canonical weight shape and each vector length occurs."""

    weights: Counter[Dims]
    vectors: Counter[int]


def canonical(shape: tuple[int, ...]) -> tuple[Dims, int]:
    """Return the canonical dimensions of a shape, largest first and without ones, and how many tensors of them it stands for.

    Vectors have one dimension, scalars none. A shape that no tensor has comes back as ((), 0).
    """
    if len(shape) > MOST_DIMENSIONS or any(size <= 0 or size > LARGEST_SIDE for size in shape):
        return (), 0
    dims = tuple(sorted((size for size in shape if size != 1), reverse=True))
    if len(dims) == 2 and dims[0] == 3 * dims[1]:
        return (dims[1], dims[1]), 3
    return dims, 1


def multisets(tensors: Iterable[Tensor]) -> Multisets:
    """Return the weights and vectors of the tensors; scalars, tables of indices and impossible shapes are left out."""
    weights: Counter[Dims] = Counter()
    vectors: Counter[int] = Counter()
    telling = (tensor.shape for tensor in tensors if not is_buffer(tensor) or tensor.name.endswith(STATISTICS))
    for shape, count in Counter(telling).items():
        dims, times = canonical(shape)
        if len(dims) >= 2:
            weights[dims] += count * times
        elif len(dims) == 1:
            vectors[dims[0]] += count
    return Multisets(weights, vectors)
