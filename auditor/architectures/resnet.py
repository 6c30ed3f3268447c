"""Recognizes ResNet, ResNeXt and Wide ResNet backbones in every spelling of `resnet_blueprint`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from auditor.architectures.blueprint import tensors_of
from auditor.architectures.convnext import cannot_know, head_words
from auditor.architectures.fit import compare
from auditor.architectures.heads import plan_head
from auditor.architectures.network import Network, Recognized, held
from auditor.architectures.published import RESNET_BASIC, RESNET_BOTTLENECK, RESNET_WIDER, Structure, closest, exact_name
from auditor.architectures.resnet_blueprint import POOLED_SHORTCUT, RESNET_SPELLINGS, ResNetPlan, ResNetSpelling, resnet_blueprint
from auditor.architectures.shapes import Shapes, first_layer, most_common
from auditor.facts import Architecture, Tensor

LEAST_FIT = 0.75
STAGES = 4
STRIDE_NOTE = "the stride of a bottleneck is taken to stand in its 3x3 convolution, as in torchvision"


class ResNet:
    """Finds a ResNet of four stages under any prefix."""

    name = "resnet"

    def accepts(self, tensors: tuple[Tensor, ...]) -> bool:
        """Tell whether the first block's first weight of any spelling is there."""
        endings = tuple(spelling.anchor for spelling in RESNET_SPELLINGS)
        return any(tensor.name.endswith(endings) for tensor in tensors)

    def recognize(self, tensors: tuple[Tensor, ...]) -> Architecture | None:
        """Return the architecture, or None where too little inside the backbone fits."""
        match = self.match(tensors)
        return match.architecture if match else None

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the best fitting backbone with what follows it."""
        shapes = Shapes(tensors)
        plans = [
            plan
            for spelling in RESNET_SPELLINGS
            for prefix in shapes.prefixes(spelling.anchor)
            if (plan := read_plan(shapes, spelling, prefix)) is not None
        ]
        fits = [(compare(tensors_of(resnet_blueprint(plan)), tensors), plan) for plan in plans]
        fits = [(fit, plan) for fit, plan in fits if _inside(plan, tensors, set(fit.matched)) >= LEAST_FIT]
        if not fits:
            return None
        fit, plan = max(fits, key=lambda pair: len(pair[0].matched))
        placed = set(fit.matched) | set(fit.mismatched)
        rest = tuple(tensor for tensor in tensors if tensor.name not in placed)
        network = Network(resnet_blueprint(plan), plan_head(rest, plan.dims[-1]), STRIDE_NOTE if plan.bottleneck else "")
        whole = _inside(plan, tensors, set(fit.matched)) == 1.0 and not fit.missing
        return Recognized(held(_describe(plan, network, shapes, whole), network, tensors), network)


def read_plan(shapes: Shapes, spelling: ResNetSpelling, prefix: str) -> ResNetPlan | None:
    """Return what the tensors under a prefix say of a ResNet, or None where they are no such thing."""

    def path(stage: int, block: int, part: str) -> str:
        return f"{prefix}{spelling.block_path(stage, block)}.{part}"

    def weight(stage: int, block: int, number: int) -> tuple[int, ...]:
        return shapes.shape(path(stage, block, f"{spelling.conv_path(number)}.weight"))

    def named(stage: int, block: int) -> str:
        return path(stage, block, f"{spelling.conv_path(1)}.weight")

    depths = tuple(shapes.count(partial(named, stage)) for stage in range(STAGES))
    blocks = [(stage, block) for stage, depth in enumerate(depths) for block in range(depth)]
    bottleneck = sum(len(weight(s, b, 3)) == 4 for s, b in blocks) * 2 > len(blocks)
    last = 3 if bottleneck else 2
    dims = tuple(most_common((weight(s, b, last)[0] for b in range(depths[s]) if len(weight(s, b, last)) == 4), 0) for s in range(STAGES))
    widths = tuple(most_common((weight(s, b, 1)[0] for b in range(depths[s]) if len(weight(s, b, 1)) == 4), 0) for s in range(STAGES))
    if not dims[0] or not widths[0] or any(dims[s] != dims[0] << s or widths[s] != widths[0] << s for s in range(STAGES)):
        return None
    inner = [most_common((weight(s, b, 2)[1] for b in range(depths[s]) if len(weight(s, b, 2)) == 4), 0) for s in range(STAGES)]
    if not all(inner) or (not bottleneck and widths != dims):
        return None
    stem = _stem(shapes, spelling, prefix)
    norm = spelling.norm_path(1)
    batch = path(0, 0, f"{norm}.running_mean") in shapes
    shortcut = next((pair for pair in spelling.shortcuts if path(1, 0, f"{pair[0]}.weight") in shapes), spelling.shortcuts[0])
    stem_weights = [shapes.shape(f"{prefix}{conv}.weight") for conv, _ in spelling.stems[stem]]
    whole_stem = all(len(shape) == 4 for shape in stem_weights)
    return ResNetPlan(
        depths=depths,
        dims=dims,
        widths=widths,
        bottleneck=bottleneck,
        groups=tuple(max(1, widths[s] // inner[s]) for s in range(STAGES)) if bottleneck else (1,) * STAGES,
        spelling=spelling,
        prefix=prefix,
        norm="batch" if batch else "group" if path(0, 0, f"{norm}.weight") in shapes else "none",
        counters=path(0, 0, f"{norm}.num_batches_tracked") in shapes,
        conv_bias=path(0, 0, f"{spelling.conv_path(1)}.bias") in shapes,
        stem=stem,
        stem_widths=tuple(shape[0] for shape in stem_weights) if whole_stem else (64,) * len(stem_weights),
        stem_kernel=stem_weights[0][2] if whole_stem else 7,
        in_channels=stem_weights[0][1] if whole_stem else 3,
        shortcut=shortcut,
        projected=tuple(path(s, 0, f"{shortcut[0]}.weight") in shapes for s in range(STAGES)),
    )


def _stem(shapes: Shapes, spelling: ResNetSpelling, prefix: str) -> int:
    """Return the index of the stem whose convolutions are all there, 0 where none is whole."""
    whole = (all(f"{prefix}{conv}.weight" in shapes for conv, _ in stem) for stem in spelling.stems)
    return next((index for index, there in enumerate(whole) if there), 0)


def _inside(plan: ResNetPlan, tensors: tuple[Tensor, ...], matched: set[str]) -> float:
    """Return the share of the tensors inside the backbone's own modules that fit."""
    roots = tuple(plan.prefix + root for root in plan.spelling.roots)
    names = [tensor.name for tensor in tensors if tensor.name.startswith(roots)]
    return sum(name in matched for name in names) / len(names) if names else 0.0


def _describe(plan: ResNetPlan, network: Network, shapes: Shapes, whole: bool) -> Architecture:
    published = _published(plan)
    structure = Structure(plan.depths, plan.dims)
    exact = exact_name(structure, published) if whole else None
    name = f"{exact}{_suffix(plan)}" if exact and _suffix(plan) is not None else None
    block = "bottleneck" if plan.bottleneck else "basic"
    depths = ",".join(map(str, plan.depths))
    return Architecture(
        family="resnet",
        name=name,
        depths=plan.depths,
        dims=plan.dims,
        head=network.plan.head,
        joints=1 if network.plan.head.kind == "rootnet" else None,
        closest=closest(structure, published),
        summary=f"resnet of {block} blocks, depths {depths}, {head_words(network)}",
        first_layer=first_layer(
            shapes, f"{plan.prefix}{plan.spelling.stems[plan.stem][0][0]}.weight", f"{plan.prefix}{plan.spelling.anchor}"
        ),
        variant_of=_spelling(plan),
        traits=_traits(plan),
        cannot_know=cannot_know(network) + (("which convolution of a bottleneck carries the stride",) if plan.bottleneck else ()),
    )


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
    traits = ["bottleneck blocks" if plan.bottleneck else "basic blocks"]
    traits.append({"batch": "batch norm", "group": "group norm", "none": "norms fused into the convolutions"}[plan.norm])
    if set(plan.groups) != {1}:
        traits.append(f"{plan.groups[0]} groups of {plan.widths[0] // plan.groups[0]} channels")
    if len(plan.stem_widths) > 1:
        traits.append("deep stem")
    elif plan.stem_kernel != 7:
        traits.append(f"{plan.stem_kernel}x{plan.stem_kernel} stem")
    if plan.in_channels != 3:
        traits.append(f"{plan.in_channels} input channels")
    if plan.prefix:
        traits.append(f"backbone under {plan.prefix!r}")
    return tuple(traits)
