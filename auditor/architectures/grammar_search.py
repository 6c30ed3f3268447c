"""The search that all recognizers of tabled networks share, and the computing order of their blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from auditor.architectures.anchored import AnchoredRecognizer
from auditor.architectures.blueprint import Activation, Aside, Attention, Branches, Half, Leaf, Node, Residual, Sequence
from auditor.architectures.counts import elements
from auditor.architectures.grammar import LEAST_KNOWN, Grammar, Reading, read_grammar
from auditor.architectures.network import Network, Recognized, held, with_twins
from auditor.architectures.search import Found, find
from auditor.architectures.shapes import Shapes
from auditor.facts import Architecture, Tensor


class GrammarRecognizer(AnchoredRecognizer):
    """What recognizers of tabled networks have in common; a family gives its grammars, its conditions and its words."""

    name: str
    grammars: tuple[Grammar, ...]
    least_tensors = 0.3  # share of the file's tensors that the network must account for
    least_values = 0.3  # and of its values: a detector's or segmenter's backbone is that much of it
    least_named = 0.0  # share of the tensors below which the network has no name of its own

    @property
    def endings(self) -> tuple[str, ...]:
        """Return the name of the first weight in every spelling."""
        return tuple(grammar.anchor for grammar in self.grammars)

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the best fitting network of the family."""
        shapes = Shapes(tensors)
        found = find(tensors, self.readings(shapes), self.blueprint)
        if found is None:
            return None
        network = replace(found.network, assumption=self.assumption(found.plan))
        twins = tuple(other.prefix for other in found.others if replace(other, prefix=found.plan.prefix) == found.plan)
        architecture = held(with_twins(self.describe(found, shapes), twins), network, tensors)
        if architecture.explained < self.least_tensors or _share_of_values(network, tensors) < self.least_values:
            return None  # a tower of something larger, which is not of its family
        if architecture.explained < self.least_named:
            architecture = replace(architecture, name=None)
        return Recognized(architecture, network)

    def readings(self, shapes: Shapes) -> Iterable[Reading]:
        """Yield what the file says in every spelling, where it fits the family."""
        for grammar in self.grammars:
            for prefix in shapes.prefixes(grammar.anchor):
                reading = read_grammar(shapes, grammar, prefix)
                if reading is not None and reading.known >= LEAST_KNOWN and self.fits(reading):
                    yield reading

    def fits(self, reading: Reading) -> bool:
        """Tell whether the family's own evidence is there and its sizes agree."""
        raise NotImplementedError

    def blueprint(self, reading: Reading) -> Node:
        """Return the network."""
        raise NotImplementedError

    def describe(self, found: Found[Reading], shapes: Shapes) -> Architecture:
        """Return the architecture, before it is held against the file."""
        raise NotImplementedError

    def assumption(self, reading: Reading) -> str:
        """Return what the cost takes for granted."""
        return ""


def _share_of_values(network: Network, tensors: tuple[Tensor, ...]) -> float:
    """Return the share of the file's values that lie in tensors of the network."""
    expected = {tensor.name: tensor.shape for tensor in network.tensors()}
    sizes = [(elements(tensor.shape), expected.get(tensor.name) == tensor.shape) for tensor in tensors]
    total = sum(size for size, _ in sizes)
    return sum(size for size, own in sizes if own) / total if total else 0.0


def every_leaf(reading: Reading) -> Node:
    """Return a network's tensors without an order of computation."""
    parts: list[Node] = list(reading.outer_leaves(*{placed.part.role for placed in reading.outer}))
    for row, depth in enumerate(reading.depths):
        parts.extend(leaf for block in range(depth) for _, leaf in reading.block_leaves(row, block))
    return Aside(tuple(parts))


def transformer_block(reading: Reading, row: int, block: int, around: Callable[[Node], Node] = lambda node: node) -> Node:
    """Return one block: attention and perceptron, each added to its input; `around` wraps the attention (into windows)."""
    leaves = reading.block_leaves(row, block)
    made: dict[str, Leaf] = {role: leaf for role, leaf in leaves if role}
    silent = tuple(leaf for role, leaf in leaves if not role)
    projections = tuple(made[role] for role in ("fused", "query", "key", "value") if role in made)
    parts: list[Node] = [Aside(silent)]
    if projections and "output" in made:
        parts.append(Residual(around(Attention(projections, made["output"]))))
    if "expand" in made and "project" in made:
        parts.append(Residual(Sequence((*_widening(reading, made, row), made["project"]))))
    return Sequence(tuple(parts))


def _widening(reading: Reading, made: dict[str, Leaf], row: int) -> tuple[Node, ...]:
    expand: Node = made["expand"]
    if "gate" in made:
        return (Branches((expand, made["gate"])), Activation("gelu"))
    placed = {one.part.role: one.part for one in reading.blocks[row]}
    wide, inner = reading.size(placed["expand"].shape[0]), reading.size(placed["project"].shape[1])
    return (expand, Half()) if wide == 2 * inner else (expand, Activation("gelu"))
