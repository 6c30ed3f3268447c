"""Recognizes HRNet: as a pose network, a classifier, a segmentation network, or a backbone alone."""

from __future__ import annotations

from dataclasses import replace

from auditor.architectures.anchored import AnchoredRecognizer
from auditor.architectures.hrnet_blueprint import ANCHOR, HRNetPlan, hrnet_blueprint, read_hrnet
from auditor.architectures.network import Recognized, held, with_twins
from auditor.architectures.published import Structure, closest
from auditor.architectures.search import Found, find
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.words import head_unknowns, head_words, listed, place_words
from auditor.facts import Architecture, Head, Tensor

PUBLISHED_WIDTHS = (18, 30, 32, 40, 44, 48, 64)
USUAL_MODULES, USUAL_BLOCKS = (1, 4, 3), (4, 4, 4)
# (blocks and planes of the first stage, modules, blocks per branch, first width) of the two small ones.
SMALL = {
    "hrnet_w18_small": (1, 32, (1, 1, 1), (2, 2, 2), 16),
    "hrnet_w18_small_v2": (2, 64, (1, 3, 2), (2, 2, 2), 18),
}


def _structure(width: int) -> Structure:
    return Structure((4, *USUAL_MODULES), tuple(width << branch for branch in range(4)))


HRNETS = {f"hrnet_w{width}": _structure(width) for width in PUBLISHED_WIDTHS}


class HRNet(AnchoredRecognizer):
    """Finds an HRNet under any prefix."""

    name = "hrnet"
    endings = (ANCHOR,)

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the best fitting network with what follows it."""
        shapes = Shapes(tensors)
        plans = [plan for prefix in shapes.prefixes(ANCHOR) if (plan := read_hrnet(shapes, prefix)) is not None]
        found = find(tensors, plans, hrnet_blueprint)
        if found is None:
            return None
        twins = tuple(
            other.prefix for other in found.others if replace(other, prefix=found.plan.prefix, final=found.plan.final) == found.plan
        )
        return Recognized(held(with_twins(_describe(found, shapes), twins), found.network, tensors), found.network)


def _describe(found: Found[HRNetPlan], shapes: Shapes) -> Architecture:
    plan, head = found.plan, found.network.plan
    structure = Structure((plan.first_blocks, *plan.modules), plan.widths)
    own = _own_head(plan) or head.head
    outputs = f"outputs {listed(own.outputs)}" if own.outputs else head_words(head)
    return Architecture(
        family="hrnet",
        name=_name(plan) if found.whole else None,
        depths=structure.depths,
        dims=structure.dims,
        head=own,
        closest=closest(structure, HRNETS),
        summary=f"hrnet, modules {listed(structure.depths)}, branches {listed(structure.dims)}, {outputs}",
        first_layer=first_layer(shapes, f"{plan.prefix}conv1.weight", f"{plan.prefix}{ANCHOR}"),
        variant_of="official",
        traits=_traits(plan),
        cannot_know=head_unknowns(head),
    )


def _own_head(plan: HRNetPlan) -> Head | None:
    if plan.final:
        return Head("convolution", (plan.final[2],), (), (plan.final[1],), (plan.final[0],))
    if plan.segments:
        return Head("segmentation", (1, plan.segments_kernel), (plan.segments[1],), (plan.segments[2],), (f"{plan.segments[0]}.3",))
    return None


def _name(plan: HRNetPlan) -> str | None:
    first = plan.widths[0]
    doubles = plan.widths == tuple(first << branch for branch in range(4))
    if not doubles or plan.stem != 64 or plan.in_channels != 3:
        return None
    own = (plan.first_blocks, plan.first_planes, plan.modules, plan.blocks, first)
    small = next((name for name, other in SMALL.items() if other == own), None)
    usual = own == (4, 64, USUAL_MODULES, USUAL_BLOCKS, first) and first in PUBLISHED_WIDTHS
    return small or (f"hrnet_w{first}" if usual else None)


def _traits(plan: HRNetPlan) -> tuple[str, ...]:
    traits = [f"{listed(plan.blocks)} blocks per branch in stages 2 to 4"]
    traits.append("all maps go on" if plan.all_maps else "the largest map alone goes on")
    if plan.classifier:
        traits.append("widened maps of a classifier")
    if plan.segments:
        traits.append("all maps joined for segmentation")
    return (*traits, *place_words(plan.prefix, plan.in_channels))
