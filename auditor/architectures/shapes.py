"""Looking things up in a checkpoint's names and shapes: prefixes, modules, the value that most of them agree on."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from auditor.facts import Tensor

Value = TypeVar("Value", bound=Hashable)
MOST_PREFIXES = 4  # a file with more copies of one backbone is not worth the time of trying them all
MOST_BLOCKS = 1000  # per stage; the deepest published stage has 48


class Shapes:
    """The shapes of a checkpoint by name, seen from one prefix."""

    def __init__(self, tensors: Iterable[Tensor]) -> None:
        self._shapes: dict[str, tuple[int, ...]] = {tensor.name: tensor.shape for tensor in tensors}
        self._sorted: list[str] | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._shapes

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor, () where there is none."""
        return self._shapes.get(name, ())

    def prefixes(self, anchor: str) -> tuple[str, ...]:
        """Return what stands before the anchor in the names that end in it: "" or something with a final dot."""
        found: list[str] = []
        for name in self._shapes:
            if name.endswith(anchor):
                prefix = name[: len(name) - len(anchor)]
                if not prefix or prefix.endswith("."):
                    found.append(prefix)
                    if len(found) == MOST_PREFIXES:
                        break
        return tuple(found)

    def below(self, path: str) -> tuple[str, ...]:
        """Return the names that begin with a path (which ends in a dot), without it."""
        if self._sorted is None:
            self._sorted = sorted(self._shapes)
        first = bisect_left(self._sorted, path)
        found: list[str] = []
        for name in islice(self._sorted, first, None):
            if not name.startswith(path):
                break
            found.append(name[len(path) :])
        return tuple(found)

    def count(self, name_of: Callable[[int], str], most: int = MOST_BLOCKS) -> int:
        """Return how many of `name_of(0)`, `name_of(1)`, ... are there without a gap."""
        number = 0
        while number < most and name_of(number) in self._shapes:
            number += 1
        return number


@dataclass(frozen=True, slots=True)
class Module:
    """The tensors that share a path: what one torch module would own."""

    path: str
    tensors: dict[str, tuple[int, ...]]

    @property
    def weight(self) -> tuple[int, ...]:
        """Return the shape of its weight, () where it has none."""
        return self.tensors.get("weight", ())

    @property
    def bias(self) -> bool:
        """Tell whether it has a bias."""
        return "bias" in self.tensors

    @property
    def last_word(self) -> str:
        """Return the last word of its path."""
        return self.path.rpartition(".")[2]


def modules_of(tensors: Iterable[Tensor]) -> tuple[Module, ...]:
    """Return the modules in the order in which the file first names them."""
    modules: dict[str, Module] = {}
    for tensor in tensors:
        path, _, last = tensor.name.rpartition(".")
        modules.setdefault(path, Module(path, {})).tensors[last] = tensor.shape
    return tuple(modules.values())


def natural_order(path: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sorting key that puts `layer10` after `layer9` and numbers before words."""
    key: list[tuple[int, int, str]] = []
    for word in path.split("."):
        head = word.rstrip("0123456789")
        digits = word[len(head) :]
        key.append((0 if not head else 1, 0, head))
        key.append((0, len(digits), digits))  # the longer number is the greater; int() of a hostile name would be slow
    return tuple(key)


def most_common(values: Iterable[Value], otherwise: Value) -> Value:
    """Return the value that occurs most often, the first of equals, so that one broken tensor does not decide."""
    ranked = Counter(values).most_common(1)
    return ranked[0][0] if ranked else otherwise


def first_layer(shapes: Shapes, *names: str) -> tuple[str, tuple[int, ...]] | None:
    """Return the first of the names that the file has, with its shape: the stem's weight, or the next one where it is gone."""
    return next(((name, shapes.shape(name)) for name in names if name in shapes), None)
