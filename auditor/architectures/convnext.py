"""Recognizes ConvNeXt and ConvNeXt V2 backbones in every spelling of `convnext_blueprint`."""

from __future__ import annotations

from dataclasses import replace

from auditor.architectures.anchored import AnchoredRecognizer
from auditor.architectures.convnext_blueprint import CONVNEXT_SPELLINGS, ISOTROPIC, ConvNeXtPlan, convnext_blueprint
from auditor.architectures.convnext_reading import read_convnext
from auditor.architectures.network import Recognized, held, with_twins
from auditor.architectures.published import CONVNEXT, CONVNEXT_ISOTROPIC, CONVNEXT_V2, Structure, closest, exact_name
from auditor.architectures.search import Found, find
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.words import head_unknowns, head_words, listed, place_words
from auditor.facts import Architecture, Tensor


class ConvNeXt(AnchoredRecognizer):
    """Finds a ConvNeXt under any prefix."""

    name = "convnext"
    endings = tuple(spelling.anchor for spelling in CONVNEXT_SPELLINGS)

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the best fitting backbone with what follows it."""
        shapes = Shapes(tensors)
        plans = [
            plan
            for spelling in CONVNEXT_SPELLINGS
            for prefix in shapes.prefixes(spelling.anchor)
            if (plan := read_convnext(shapes, spelling, prefix)) is not None
        ]
        found = find(tensors, plans, convnext_blueprint)
        if found is None:
            return None
        twins = tuple(other.prefix for other in found.others if replace(other, prefix=found.plan.prefix) == found.plan)
        return Recognized(held(with_twins(_describe(found, shapes), twins), found.network, tensors), found.network)


def _describe(found: Found[ConvNeXtPlan], shapes: Shapes) -> Architecture:
    plan, head = found.plan, found.network.plan
    family = "convnextv2" if plan.grn is not None else "convnext"
    published = CONVNEXT_V2 if plan.grn is not None else CONVNEXT_ISOTROPIC if plan.spelling is ISOTROPIC else CONVNEXT
    structure = Structure(plan.depths, plan.dims)
    name = exact_name(structure, published) if found.whole else None
    return Architecture(
        family=family,
        name=f"{name}_ols" if name and plan.overlap else name,  # timm's word for an overlapping stem
        depths=plan.depths,
        dims=plan.dims,
        head=head.head,
        closest=closest(structure, published),
        summary=f"{family}, depths {listed(plan.depths)}, dims {listed(plan.dims)}, {head_words(head)}",
        first_layer=first_layer(shapes, f"{plan.prefix}{plan.spelling.stem_conv}.weight", f"{plan.prefix}{plan.spelling.anchor}"),
        variant_of=plan.spelling.name,
        traits=_traits(plan),
        cannot_know=head_unknowns(head),
    )


def _traits(plan: ConvNeXtPlan) -> tuple[str, ...]:
    traits = [
        {"batch": "batch norm", "layer": "layer norm", "layer_no_bias": "norms without bias"}[plan.norm],
        "layer scale" if plan.layer_scale is not None else "no layer scale",
        "1x1 convolutions" if plan.pointwise == "conv" else "linear pointwise layers",
    ]
    if plan.grn is not None:
        traits.append("global response normalization")
    if plan.overlap:
        traits.append("overlapping stem")
    if plan.kernel != 7:
        traits.append(f"{plan.kernel}x{plan.kernel} depthwise kernels")
    return (*traits, *place_words(plan.prefix, plan.in_channels))
