"""Networks of equal blocks as tables: which parts a block and what surrounds it may have, with shapes written in symbols.

A spelling is a `Grammar`. Sizes are read from what most blocks say; then the grammar fixes every shape, so the comparison
with the file stays strict: a part that most blocks have must be in all of them, and one symbol has one value everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from auditor.architectures.blueprint import (
    Buffer,
    Conv2d,
    Embedding,
    GroupNorm,
    LayerNorm,
    Leaf,
    Linear,
    PackedProjection,
    Parameter,
)
from auditor.architectures.shapes import MOST_BLOCKS, Shapes, most_common
from auditor.facts import Head

LARGEST_SIZE = 1 << 40  # a size beyond it is a lie
LEAST_KNOWN = 0.9  # share of a block's tensors that the grammar must know; below it the names are borrowed
BARE_KINDS = ("parameter", "buffer")
Symbol = str | int


@dataclass(frozen=True, slots=True)
class Part:
    """One module or bare tensor, by its path below the block (or below the prefix; "^" leads to the prefix's parent).

    `shape` is the weight's, in numbers, symbols ("D") and multiples of symbols ("4*D"); `role` says what the part computes.
    """

    path: str
    kind: str  # linear, conv, depthwise, norm, group_norm, parameter, buffer, embedding, packed, transposed
    shape: tuple[Symbol, ...]
    role: str = ""  # query, key, value, fused, output, expand, gate, project, patches, head
    dtype: str = "int64"  # of a buffer
    stride: int = 1  # of a convolution that does not cut patches
    every: int = 1  # 2 for what only the second, fourth, ... block has

    def stands_in(self, block: int) -> bool:
        """Tell whether the block of that number may have the part."""
        return block % self.every == self.every - 1


def linear(path: str, outputs: Symbol, inputs: Symbol, role: str = "") -> Part:
    """Return a linear layer, with a bias or without."""
    return Part(path, "linear", (outputs, inputs), role)


def norm(path: str, width: Symbol = "D") -> Part:
    """Return a layer normalization (or one by root mean square, without a bias)."""
    return Part(path, "norm", (width,))


def parameter(path: str, *shape: Symbol) -> Part:
    """Return a bare learnable tensor."""
    return Part(path, "parameter", shape)


def buffer(path: str, *shape: Symbol, dtype: str = "int64") -> Part:
    """Return a fixed tensor."""
    return Part(path, "buffer", shape, dtype=dtype)


def embedding(path: str, count: Symbol, width: Symbol = "D") -> Part:
    """Return a table of learned vectors."""
    return Part(path, "embedding", (count, width))


@dataclass(frozen=True, slots=True)
class Layers:
    """Blocks in a row: `template` is the path of block `{b}`, with a final dot; the first part is in every block of the family."""

    template: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Grammar:
    """One code base's names for one family. The first row of layers is the one that must be there."""

    spelling: str
    layers: tuple[Layers, ...]
    outer: tuple[Part, ...]
    roots: tuple[str, ...]  # beginnings of names, below the prefix, that belong to the network alone
    flavor: str = ""  # the family's own word for a kind of network
    widths: tuple[str, ...] = ("D",)  # the symbols of the stages' channels

    @property
    def anchor(self) -> str:
        """Return the name that every file of this spelling has."""
        first = self.layers[0]
        return first.template.format(b=0) + weight_name(first.parts[0])


@dataclass(frozen=True, slots=True)
class Placed:
    """A part that the file has, with whether it has a bias."""

    part: Part
    bias: bool
    old_names: bool = False  # a norm's gamma and beta, as files from before 2019 have them


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file says of one grammar: a plan for `search.find`."""

    prefix: str
    grammar: Grammar
    depths: tuple[int, ...]  # one per row of layers
    blocks: tuple[tuple[Placed, ...], ...]  # parts of a block, one per row of layers
    outer: tuple[Placed, ...]
    sizes: tuple[tuple[str, int], ...]
    known: float  # share of the first row's tensors per block that the grammar knows

    @property
    def roots(self) -> tuple[str, ...]:
        """Return the beginnings of names that belong to the network alone."""
        return tuple(full_path(self.prefix, root) for root in self.grammar.roots)

    @property
    def dims(self) -> tuple[int, ...]:
        """Return the channels of the stages."""
        return tuple(size for width in self.grammar.widths if (size := self.size(width)))

    def size(self, symbol: Symbol) -> int:
        """Return the value of a number, a symbol or a multiple of one; 0 for a symbol without a value."""
        return value_of(symbol, dict(self.sizes))

    def has(self, path: str) -> bool:
        """Tell whether an outer part is there."""
        return any(placed.part.path == path for placed in self.outer)

    def block_has(self, path: str, row: int = 0) -> bool:
        """Tell whether most blocks of a row have the part."""
        return any(placed.part.path == path for placed in self.blocks[row])

    def role(self, role: str, row: int = 0) -> tuple[Placed, ...]:
        """Return the parts of a row's blocks with that role."""
        return tuple(placed for placed in self.blocks[row] if placed.part.role == role)

    def block_path(self, row: int, block: int) -> str:
        """Return the path of a block, with a final dot."""
        return full_path(self.prefix, self.grammar.layers[row].template.format(b=block))

    def head(self) -> Head | None:
        """Return the outer parts whose role is to be a head, or None."""
        heads = [placed for placed in self.outer if placed.part.role == "head"]
        outputs = tuple(self.size(placed.part.shape[0]) for placed in heads)
        names = tuple(full_path(self.prefix, placed.part.path) for placed in heads)
        return Head("linear", outputs=outputs, final_layers=names) if heads else None

    def leaf(self, placed: Placed, path: str) -> Leaf:
        """Return the record of a part that stands below a path."""
        return leaf_of(placed, full_path(path, placed.part.path), dict(self.sizes))

    def block_leaves(self, row: int, block: int) -> tuple[tuple[str, Leaf], ...]:
        """Return the roles and records of a block's parts."""
        path = self.block_path(row, block)
        return tuple((placed.part.role, self.leaf(placed, path)) for placed in self.blocks[row] if placed.part.stands_in(block))

    def outer_leaves(self, *roles: str) -> tuple[Leaf, ...]:
        """Return the records of the outer parts that have one of the roles ("" for none)."""
        return tuple(self.leaf(placed, self.prefix) for placed in self.outer if placed.part.role in roles)


def full_path(prefix: str, path: str) -> str:
    """Return the path below a prefix; each leading "^" drops the prefix's last word."""
    while path.startswith("^"):
        parent = prefix[:-1].rpartition(".")[0]
        prefix, path = f"{parent}." if parent else "", path[1:]
    return prefix + path


def weight_name(part: Part, old_names: bool = False) -> str:
    """Return the name of the part's main tensor, below its block."""
    if part.kind in BARE_KINDS:
        return part.path
    if part.kind == "packed":
        return f"{part.path}.in_proj_weight"
    return f"{part.path}.{'gamma' if old_names else 'weight'}"


def bias_name(part: Part, old_names: bool = False) -> str:
    """Return the name of the part's bias, below its block; "" for a part that cannot have one."""
    if part.kind in (*BARE_KINDS, "embedding"):
        return ""
    if part.kind == "packed":
        return f"{part.path}.in_proj_bias"
    return f"{part.path}.{'beta' if old_names else 'bias'}"


def read_grammar(shapes: Shapes, grammar: Grammar, prefix: str) -> Reading | None:
    """Return what stands under a prefix, or None where a size that the blocks need is not there or cannot be."""
    reader = _Reader(shapes, prefix)
    depths, blocks = [], []
    for row in grammar.layers:
        paths = reader.paths(row)
        depths.append(len(paths))
        blocks.append(reader.placed(row.parts, paths))
    outer = reader.placed(grammar.outer, [prefix])
    sizes = reader.sizes
    if not depths[0] or not all(0 < size < LARGEST_SIZE for size in sizes.values()):
        return None
    known = reader.known_share([full_path(prefix, grammar.layers[0].template.format(b=b)) for b in range(depths[0])], blocks[0])
    return Reading(prefix, grammar, tuple(depths), tuple(blocks), outer, tuple(sizes.items()), known)


class _Reader:
    """The tensors under one prefix, and the sizes read so far."""

    def __init__(self, shapes: Shapes, prefix: str) -> None:
        self._shapes = shapes
        self._prefix = prefix
        self.sizes: dict[str, int] = {}

    def paths(self, row: Layers) -> list[str]:
        """Return the paths of the blocks of a row that follow each other without a gap."""
        first = weight_name(row.parts[0])
        count = self._shapes.count(lambda b: full_path(self._prefix, row.template.format(b=b)) + first, MOST_BLOCKS)
        return [full_path(self._prefix, row.template.format(b=b)) for b in range(count)]

    def placed(self, parts: Iterable[Part], paths: list[str]) -> tuple[Placed, ...]:
        """Return the parts that most blocks have, and take their sizes down."""
        found: list[Placed] = []
        taken: set[str] = set()
        for part in parts if paths else ():
            if part.path in taken:
                continue
            own = paths[part.every - 1 :: part.every]
            old = part.kind == "norm" and self._has(own, weight_name(part, True))
            shape = self._shape(own, weight_name(part, old))
            if shape is None or not self._may_be(part.shape, shape):
                continue
            self._solve(part.shape, shape)
            taken.add(part.path)
            last = bias_name(part, old)
            found.append(Placed(part, bool(last) and self._has(own, last), old))
        return tuple(found)

    def _has(self, paths: list[str], name: str) -> bool:
        return sum(full_path(path, name) in self._shapes for path in paths) * 2 > len(paths)

    def _shape(self, paths: list[str], name: str) -> tuple[int, ...] | None:
        names = [full for path in paths if (full := full_path(path, name)) in self._shapes]
        if len(names) * 2 <= len(paths):
            return None
        return most_common((self._shapes.shape(full) for full in names), ())

    def _may_be(self, symbols: tuple[Symbol, ...], shape: tuple[int, ...]) -> bool:
        """Tell whether the shape has as many sizes and every multiple of a known symbol its value; else another part is meant."""
        if len(symbols) != len(shape):
            return False
        pairs = [(symbol, size) for symbol, size in zip(symbols, shape, strict=True) if isinstance(symbol, str) and "*" in symbol]
        return all(value_of(symbol, self.sizes) in (0, size) for symbol, size in pairs)

    def _solve(self, symbols: tuple[Symbol, ...], shape: tuple[int, ...]) -> None:
        for symbol, size in zip(symbols, shape, strict=True):
            if isinstance(symbol, str) and "*" not in symbol:
                self.sizes.setdefault(symbol, size)

    def known_share(self, paths: list[str], placed: tuple[Placed, ...]) -> float:
        """Return the share of the tensors in most blocks that the placed parts account for."""
        known = {name for one in placed for name in (weight_name(one.part, one.old_names), bias_name(one.part, one.old_names)) if name}
        counts: Counter[str] = Counter(name for path in paths for name in self._shapes.below(path))
        usual = [name for name, count in counts.items() if count * 2 > len(paths)]
        return sum(name in known for name in usual) / len(usual) if usual else 0.0


def value_of(symbol: Symbol, sizes: Mapping[str, int]) -> int:
    """Return the value of a number, a symbol or a multiple of one; 0 for a symbol without a value."""
    if isinstance(symbol, int):
        return symbol
    factor, star, name = symbol.partition("*")
    return int(factor) * sizes.get(name, 0) if star else sizes.get(symbol, 0)


def leaf_of(placed: Placed, name: str, sizes: Mapping[str, int]) -> Leaf:
    """Return the record of a part under its full name."""
    part, shape = placed.part, tuple(value_of(symbol, sizes) for symbol in placed.part.shape)
    match part.kind:
        case "linear":
            return Linear(name, shape[1], shape[0], placed.bias)
        case "transposed":
            return Linear(name, shape[0], shape[1], placed.bias, transposed=True)
        case "conv" if part.role == "patches":
            return Conv2d(name, shape[1], shape[0], shape[2], shape[2], bias=placed.bias)
        case "conv":
            return Conv2d(name, shape[1], shape[0], shape[2], part.stride, shape[2] // 2, bias=placed.bias)
        case "depthwise":
            return Conv2d(name, shape[0], shape[0], shape[2], part.stride, shape[2] // 2, groups=shape[0], bias=placed.bias)
        case "norm":
            return LayerNorm(name, shape[0], placed.bias, *(("gamma", "beta") if placed.old_names else ("weight", "bias")))
        case "group_norm":
            return GroupNorm(name, shape[0])
        case "packed":
            return PackedProjection(name, shape[1], shape[0], placed.bias)
        case "embedding":
            return Embedding(name, shape[0], shape[1])
        case "buffer":
            return Buffer(name, shape, part.dtype)
        case _:
            return Parameter(name, shape)
