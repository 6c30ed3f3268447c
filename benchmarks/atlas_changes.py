"""Changes to a network's names and shapes: a foreign head and prefix, other widths, other depths. All from a seed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from random import Random

from auditor.facts import Tensor

PREFIXES = ("net.", "a.b.backbone.", "x_", "m0.q.", "")
FACTORS = (0.5, 0.625, 0.75, 0.875, 1.125, 1.25, 1.5, 1.75, 2.0)
LEAST_WIDTH = 12  # smaller numbers are kernels, colors and the like
Tensors = tuple[Tensor, ...]


def with_foreign_head(body: Tensors, chance: Random) -> Tensors:
    """Return a backbone under some prefix, with a deconvolution, a 3x3 convolution and a last layer after it."""
    prefix = chance.choice(PREFIXES)
    renamed = tuple(Tensor(prefix + one.name, one.shape, one.dtype, one.storage) for one in body)
    width, outputs = max(one.shape[0] for one in body if one.shape), chance.choice((7, 17, 37, 200))
    head = {"up.weight": (width, 256, 4, 4), "mix.weight": (256, 256, 3, 3), "last.weight": (outputs, 256, 1, 1), "last.bias": (outputs,)}
    return (*renamed, *(Tensor(f"dec.{name}", shape, "float32") for name, shape in head.items()))


def with_other_widths(tensors: Tensors, chance: Random) -> Tensors:
    """Return the network with every width of it replaced by another, the same one everywhere."""
    factor = chance.choice((*FACTORS, chance.uniform(0.4, 2.0)))
    widths: dict[int, int] = {}

    def width(size: int) -> int:
        return size if size < LEAST_WIDTH else widths.setdefault(size, max(4, round(size * factor / 4) * 4))

    return tuple(Tensor(one.name, tuple(map(width, one.shape)), one.dtype, one.storage) for one in tensors)


def with_other_depth(tensors: Tensors, chance: Random) -> Tensors | None:
    """Return the network with some of the numbered blocks of one list left out or doubled; None where it has no such list."""
    lists: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for one in tensors:
        for match in re.finditer(r"\.(\d+)\.", one.name):
            lists[one.name[: match.start()]][int(match.group(1))] += 1
    names = sorted(name for name, numbers in lists.items() if len(numbers) >= 3)
    if not names:
        return None
    name = chance.choice(names)
    numbers = sorted(lists[name])
    chosen = numbers[1 : 1 + chance.randint(1, max(1, len(numbers) // 2))]
    inside = {f"{name}.{number}.": f"{name}.{1000 + number}." for number in chosen}
    if chance.random() < 0.5:
        return tuple(one for one in tensors if not one.name.startswith(tuple(inside)))
    doubled = (
        Tensor(new + one.name[len(old) :], one.shape, one.dtype)
        for old, new in inside.items()
        for one in tensors
        if one.name.startswith(old)
    )
    return (*tensors, *doubled)
