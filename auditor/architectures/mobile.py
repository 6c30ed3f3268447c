"""Recognizes EfficientNet, EfficientNet V2, MobileNet V2 and MobileNet V3."""

from __future__ import annotations

from dataclasses import replace

from auditor.architectures.anchored import AnchoredRecognizer
from auditor.architectures.mobile_blueprint import MobilePlan, mobile_blueprint, read_mobile
from auditor.architectures.mobile_names import Layout, layout_of, mobile_name, strides_of, structure_of
from auditor.architectures.mobile_spellings import MOBILE_SPELLINGS
from auditor.architectures.network import Recognized, held, with_twins
from auditor.architectures.published import closest
from auditor.architectures.search import Found, find
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.words import head_unknowns, head_words, listed, place_words
from auditor.facts import Architecture, Tensor


class MobileNetwork(AnchoredRecognizer):
    """Finds a network of inverted residual blocks under any prefix."""

    name = "mobile"
    endings = tuple(spelling.anchor for spelling in MOBILE_SPELLINGS)

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the best fitting backbone of a published design with what follows it."""
        shapes = Shapes(tensors)
        plans = [
            replace(plan, strides=strides_of(plan, layout))
            for spelling in MOBILE_SPELLINGS
            for prefix in shapes.prefixes(spelling.anchor)
            if (plan := read_mobile(shapes, spelling, prefix)) is not None and (layout := layout_of(plan)) is not None
        ]
        found = find(tensors, plans, mobile_blueprint)
        layout = layout_of(found.plan) if found else None
        if found is None or layout is None:
            return None
        twins = tuple(other.prefix for other in found.others if replace(other, prefix=found.plan.prefix) == found.plan)
        note = f"strides of the stages are taken as published: {listed(layout.strides)} after a stem of 2"
        network = replace(found.network, assumption=note)
        return Recognized(held(with_twins(_describe(found, layout, shapes), twins), network, tensors), network)


def _describe(found: Found[MobilePlan], layout: Layout, shapes: Shapes) -> Architecture:
    plan, head = found.plan, found.network.plan
    structure = structure_of(plan)
    return Architecture(
        family=layout.family,
        name=mobile_name(plan, layout) if found.whole else None,
        depths=structure.depths,
        dims=structure.dims,
        head=head.head,
        closest=closest(structure, layout.published),
        summary=f"{layout.family}, depths {listed(structure.depths)}, dims {listed(structure.dims)}, {head_words(head)}",
        first_layer=first_layer(shapes, f"{plan.prefix}{plan.spelling.anchor}"),
        variant_of=plan.spelling.name,
        traits=_traits(plan, layout),
        cannot_know=(*head_unknowns(head), "the strides of the stages", "the activation"),
    )


def _traits(plan: MobilePlan, layout: Layout) -> tuple[str, ...]:
    blocks = [block for stage in plan.stages for block in stage]
    squeezing = sum(block.squeezes for block in blocks)
    traits = [f"kernels {listed(layout.kernels)}", f"squeeze-and-excitation in {squeezing} of {len(blocks)} blocks"]
    if plan.head is not None:
        traits.append(f"last convolution of {plan.head.outputs}")
    return (*traits, *place_words(plan.prefix, plan.stem.inputs))
