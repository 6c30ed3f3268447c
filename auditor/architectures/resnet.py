"""Recognizes ResNet, ResNeXt and Wide ResNet backbones in every spelling of `resnet_blueprint`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from auditor.architectures.anchored import AnchoredRecognizer
from auditor.architectures.network import Recognized, held, with_twins
from auditor.architectures.published import RESNET_BASIC, RESNET_BOTTLENECK, RESNET_WIDER, Structure, closest, exact_name
from auditor.architectures.resnet_blueprint import POOLED_SHORTCUT, RESNET_SPELLINGS, ResNetPlan, resnet_blueprint
from auditor.architectures.resnet_reading import read_resnet
from auditor.architectures.search import Found, find
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.words import head_unknowns, head_words, listed, place_words
from auditor.facts import Architecture, Tensor

STRIDE_NOTE = "strides are taken as in torchvision: in a bottleneck's 3x3 convolution, and never replaced by dilation"
STRIDE_UNKNOWN = "which convolution of a block carries the stride, and whether dilation replaces it"


class ResNet(AnchoredRecognizer):
    """Finds a ResNet of four stages under any prefix."""

    name = "resnet"
    endings = tuple(spelling.anchor for spelling in RESNET_SPELLINGS)

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the best fitting backbone with what follows it."""
        shapes = Shapes(tensors)
        plans = [
            plan
            for spelling in RESNET_SPELLINGS
            for prefix in shapes.prefixes(spelling.anchor)
            if (plan := read_resnet(shapes, spelling, prefix)) is not None
        ]
        found = find(tensors, plans, resnet_blueprint)
        if found is None:
            return None
        twins = tuple(other.prefix for other in found.others if replace(other, prefix=found.plan.prefix) == found.plan)
        network = replace(found.network, assumption=STRIDE_NOTE)
        return Recognized(held(with_twins(_describe(found, shapes), twins), network, tensors), network)


def _describe(found: Found[ResNetPlan], shapes: Shapes) -> Architecture:
    plan, head = found.plan, found.network.plan
    published, suffix = _published(plan), _suffix(plan)
    structure = Structure(plan.depths, plan.dims)
    name = exact_name(structure, published) if found.whole else None
    stem = plan.spelling.stems[plan.stem][0][0]
    return Architecture(
        family="resnet",
        name=f"{name}{suffix}" if name and suffix is not None else None,
        depths=plan.depths,
        dims=plan.dims,
        head=head.head,
        joints=1 if head.head.kind == "rootnet" else None,
        closest=closest(structure, published),
        summary=f"resnet of {_block(plan)} blocks, depths {listed(plan.depths)}, dims {listed(plan.dims)}, {head_words(head)}",
        first_layer=first_layer(shapes, f"{plan.prefix}{stem}.weight", f"{plan.prefix}{plan.spelling.anchor}"),
        variant_of=_spelling(plan),
        traits=_traits(plan),
        cannot_know=(*head_unknowns(head), STRIDE_UNKNOWN),
    )


def _block(plan: ResNetPlan) -> str:
    return "bottleneck" if plan.bottleneck else "basic"


def _published(plan: ResNetPlan) -> Mapping[str, Structure]:
    """Return the published structures that have this block, width and number of groups."""
    if not plan.bottleneck:
        return RESNET_BASIC
    if set(plan.groups) == {1} and plan.widths[0] * 4 == plan.dims[0]:
        return RESNET_BOTTLENECK
    return RESNET_WIDER.get((plan.widths[0], plan.groups[0]), {}) if len(set(plan.groups)) == 1 else {}


def _suffix(plan: ResNetPlan) -> str | None:
    """Return what timm adds to the name for this stem and shortcut, None for a combination without a name."""
    pooled = plan.shortcut == POOLED_SHORTCUT
    if len(plan.stem_widths) == 1:
        return "" if plan.stem_kernel == 7 and plan.stem_widths == (64,) and not pooled else None
    return "d" if pooled and plan.stem_widths == (32, 32, 64) else None


def _spelling(plan: ResNetPlan) -> str:
    """Return the code base; timm writes as torchvision does, except for what only timm has."""
    timm = plan.shortcut == POOLED_SHORTCUT or plan.spelling.stems[plan.stem][0][0] == "conv1.0"
    return "timm" if timm else plan.spelling.name


def _traits(plan: ResNetPlan) -> tuple[str, ...]:
    traits = [f"{_block(plan)} blocks"]
    traits.append({"batch": "batch norm", "group": "group norm", "none": "norms fused into the convolutions"}[plan.norm])
    if set(plan.groups) != {1}:
        traits.append(f"{plan.groups[0]} groups of {plan.widths[0] // plan.groups[0]} channels")
    if len(plan.stem_widths) > 1:
        traits.append("deep stem")
    elif plan.stem_kernel != 7:
        traits.append(f"{plan.stem_kernel}x{plan.stem_kernel} stem")
    return (*traits, *place_words(plan.prefix, plan.in_channels))
