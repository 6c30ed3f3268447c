"""A recognized network: a backbone and what follows it, as blueprints, with what the tensors cannot tell left open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from auditor.architectures.blueprint import Branches, Node, Pool, Sequence, Upsample, tensors_of
from auditor.architectures.fit import Fit, compare
from auditor.facts import Architecture, Head, Tensor

MOST_NAMES = 12  # listed per checkpoint; the share says how many there are
MOST_UPSAMPLING = 6  # every further doubling quadruples the map


@dataclass(frozen=True, slots=True)
class HeadPlan:
    """What follows a backbone, before it is decided which of its blocks upsample."""

    head: Head
    blocks: tuple[Node, ...] = ()
    finals: tuple[Node, ...] = ()  # after the blocks, side by side
    pooled: tuple[Node, ...] = ()  # on globally pooled features of the backbone, side by side
    open_upsampling: bool = False  # True where blocks may upsample and nothing in the tensors tells

    @property
    def choices(self) -> range:
        """Return the possible numbers of upsampling blocks."""
        return range(min(len(self.blocks), MOST_UPSAMPLING) + 1) if self.open_upsampling else range(1)

    def blueprint(self, upsampling: int = 0) -> Node:
        """Return the head with its first `upsampling` blocks doubling the map."""
        chain: list[Node] = []
        for number, block in enumerate(self.blocks):
            chain.append(block)
            if number < upsampling:
                chain.append(Upsample())
        parts: list[Node] = []
        if chain or self.finals:
            parts.append(Sequence((*chain, Branches(self.finals))))
        if self.pooled:
            parts.append(Sequence((Pool("global"), Branches(self.pooled))))
        return Branches(tuple(parts))


NO_HEAD = HeadPlan(Head("none"))


@dataclass(frozen=True, slots=True)
class Network:
    """Backbone and head together."""

    backbone: Node
    plan: HeadPlan = NO_HEAD
    assumption: str = ""  # what the cost of the backbone takes for granted

    def blueprint(self, upsampling: int = 0) -> Node:
        """Return the whole network as one blueprint."""
        return Sequence((self.backbone, self.plan.blueprint(upsampling)))

    def tensors(self) -> tuple[Tensor, ...]:
        """Return its state dict's tensors; upsampling changes none of them."""
        return tensors_of(self.blueprint())


@dataclass(frozen=True, slots=True)
class Recognized:
    """An architecture with the network that stands behind it."""

    architecture: Architecture
    network: Network


class RebuildingRecognizer(Protocol):
    """An `ArchitectureRecognizer` that can also hand out the network it saw."""

    name: str

    def accepts(self, tensors: tuple[Tensor, ...]) -> bool:
        """Tell cheaply whether it is worth asking."""
        ...

    def recognize(self, tensors: tuple[Tensor, ...]) -> Architecture | None:
        """Return the architecture, or None."""
        ...

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the architecture with its network, or None."""
        ...


def held(architecture: Architecture, network: Network, tensors: tuple[Tensor, ...]) -> Architecture:
    """Return the architecture with the outcome of comparing every tensor: share, names that do not fit, names not there."""
    fit = compare(network.tensors(), tensors)
    traits = architecture.traits
    if fit.missing:
        traits = (*traits, f"not in the file: {shortened(fit.missing)}")
    return replace(architecture, explained=fit.explained, unexplained=misfits(fit), traits=traits)


def with_twins(architecture: Architecture, prefixes: tuple[str, ...]) -> Architecture:
    """Return the architecture with a trait for each further copy of the same backbone (a moving average, a second encoder)."""
    copies = tuple(f"second copy of the backbone under {prefix!r}" for prefix in prefixes)
    return replace(architecture, traits=architecture.traits + copies)


def misfits(fit: Fit) -> tuple[str, ...]:
    """Return a few names that do not fit: wrong shapes first, then names the blueprint does not have."""
    return (fit.mismatched + fit.unexpected)[:MOST_NAMES]


def shortened(names: Iterable[str], most: int = 3) -> str:
    """Return "a, b, c and 7 more"."""
    names = tuple(names)
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
