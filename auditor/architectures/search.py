"""What every recognizer does with the plans that it read: hold them against the file, keep the best, see what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from auditor.architectures.blueprint import Node, tensors_of
from auditor.architectures.fit import Fit, compare
from auditor.architectures.heads import plan_head
from auditor.architectures.network import Network
from auditor.facts import Tensor

LEAST_FIT = 0.75  # of the tensors inside the backbone; below it the names are borrowed and the network is another one


class BackbonePlan(Protocol):
    """What a plan must tell for the search."""

    @property
    def prefix(self) -> str:
        """Return what stands before every name of the backbone."""
        ...

    @property
    def roots(self) -> tuple[str, ...]:
        """Return the beginnings of names, prefix included, that belong to the backbone alone."""
        ...

    @property
    def dims(self) -> tuple[int, ...]:
        """Return the channels of the stages."""
        ...


Plan = TypeVar("Plan", bound=BackbonePlan)


@dataclass(frozen=True, slots=True)
class Found(Generic[Plan]):
    """The plan that explains most, with its network."""

    plan: Plan
    network: Network
    whole: bool  # every tensor inside the backbone fits and none is missing: only then may it have a published name
    others: tuple[Plan, ...]  # further plans that fit well enough


def find(tensors: tuple[Tensor, ...], plans: Iterable[Plan], blueprint: Callable[[Plan], Node]) -> Found[Plan] | None:
    """Return the plan that matches most tensors among those that fit inside their backbone, or None where none does."""
    fitting: list[tuple[Fit, Plan, Node]] = []
    for plan in plans:
        node = blueprint(plan)
        fit = compare(tensors_of(node), tensors)
        if _inside(plan, fit) >= LEAST_FIT:
            fitting.append((fit, plan, node))
    if not fitting:
        return None
    fit, best, node = max(fitting, key=lambda found: len(found[0].matched))
    placed = {*fit.matched, *fit.mismatched}
    rest = tuple(tensor for tensor in tensors if tensor.name not in placed)
    network = Network(node, plan_head(rest, best.dims[-1]))
    whole = _inside(best, fit) == 1.0 and not fit.missing
    return Found(best, network, whole, tuple(plan for _, plan, _ in fitting if plan is not best))


def _inside(plan: BackbonePlan, fit: Fit) -> float:
    """Return the share of the tensors inside the backbone's own modules that fit."""
    roots = plan.roots
    good = sum(name.startswith(roots) for name in fit.matched)
    bad = sum(name.startswith(roots) for name in fit.mismatched + fit.unexpected)
    return good / (good + bad) if good else 0.0
