"""Recognizes ConvNeXt and ConvNeXt V2 backbones in every spelling of `convnext_blueprint`."""

from __future__ import annotations

from functools import partial

from auditor.architectures.blueprint import tensors_of
from auditor.architectures.convnext_blueprint import CONVNEXT_SPELLINGS, ISOTROPIC, ConvNeXtPlan, ConvNeXtSpelling, convnext_blueprint
from auditor.architectures.fit import compare
from auditor.architectures.heads import plan_head
from auditor.architectures.network import Network, Recognized, held
from auditor.architectures.published import CONVNEXT, CONVNEXT_ISOTROPIC, CONVNEXT_V2, Structure, closest, exact_name
from auditor.architectures.shapes import Shapes, first_layer, most_common
from auditor.facts import Architecture, Tensor

LEAST_FIT = 0.75  # of the tensors inside the backbone; below it the names are borrowed and the network is another one
MOST_STAGES = 8


class ConvNeXt:
    """Finds a ConvNeXt under any prefix."""

    name = "convnext"

    def accepts(self, tensors: tuple[Tensor, ...]) -> bool:
        """Tell whether a first depthwise weight of any spelling is there."""
        endings = tuple(spelling.anchor for spelling in CONVNEXT_SPELLINGS)
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
            for spelling in CONVNEXT_SPELLINGS
            for prefix in shapes.prefixes(spelling.anchor)
            if (plan := read_plan(shapes, spelling, prefix)) is not None
        ]
        fits = [(compare(tensors_of(convnext_blueprint(plan)), tensors), plan) for plan in plans]
        fits = [(fit, plan) for fit, plan in fits if _inside(plan, tensors, set(fit.matched)) >= LEAST_FIT]
        if not fits:
            return None
        fit, plan = max(fits, key=lambda pair: len(pair[0].matched))
        matched = set(fit.matched) | set(fit.mismatched)
        rest = tuple(tensor for tensor in tensors if tensor.name not in matched)
        network = Network(convnext_blueprint(plan), plan_head(rest, plan.dims[-1]))
        whole = _inside(plan, tensors, set(fit.matched)) == 1.0 and not fit.missing
        return Recognized(held(_describe(plan, network, shapes, whole), network, tensors), network)


def read_plan(shapes: Shapes, spelling: ConvNeXtSpelling, prefix: str) -> ConvNeXtPlan | None:
    """Return what the tensors under a prefix say of a ConvNeXt, or None where depthwise weights are no such thing."""

    def weight(stage: int, block: int, part: str) -> str:
        return f"{prefix}{spelling.part(spelling.block, stage, block)}.{part}"

    def named(stage: int, block: int) -> str:
        return weight(stage, block, depthwise)

    depthwise = f"{spelling.depthwise}.weight"
    stages = 1 if spelling is ISOTROPIC else shapes.count(lambda stage: named(stage, 0), MOST_STAGES)
    depths = tuple(shapes.count(partial(named, stage)) for stage in range(stages))
    blocks = [(stage, block) for stage, depth in enumerate(depths) for block in range(depth)]
    kernels = [shapes.shape(weight(stage, block, depthwise)) for stage, block in blocks]
    dims = tuple(most_common((s[0] for (at, _), s in zip(blocks, kernels, strict=True) if at == stage and s), 0) for stage in range(stages))
    if not dims or min(dims) < 1 or any(len(shape) != 4 for shape in kernels):
        return None
    expand = [shapes.shape(weight(stage, block, f"{spelling.expand}.weight")) for stage, block in blocks]
    expansion = most_common((shape[0] // dims[stage] for (stage, _), shape in zip(blocks, expand, strict=True) if shape), 0)
    if expansion < 1 or (stages == 1 and spelling is not ISOTROPIC):
        return None

    def has(part: str) -> bool:
        return sum(weight(stage, block, part) in shapes for stage, block in blocks) * 2 > len(blocks)

    stem = shapes.shape(f"{prefix}{spelling.stem_conv}.weight")
    return ConvNeXtPlan(
        depths=depths,
        dims=dims,
        spelling=spelling,
        prefix=prefix,
        norm="batch" if has(f"{spelling.norm}.running_mean") else "layer" if has(f"{spelling.norm}.bias") else "layer_no_bias",
        counters=has(f"{spelling.norm}.num_batches_tracked"),
        pointwise="conv" if most_common((len(shape) for shape in expand if shape), 2) == 4 else "linear",
        layer_scale=_relative(
            [shapes.shape(weight(s, b, spelling.layer_scale)) for s, b in blocks] if has(spelling.layer_scale) else [],
            [dims[s] for s, _ in blocks],
        ),
        grn=_relative(
            [shapes.shape(weight(s, b, f"{spelling.grn}.{spelling.grn_scale}")) for s, b in blocks]
            if has(f"{spelling.grn}.{spelling.grn_scale}")
            else [],
            [expansion * dims[s] for s, _ in blocks],
        ),
        kernel=most_common((shape[2] for shape in kernels), 7),
        patch=stem[2] if len(stem) == 4 and stem[2] else 4,
        in_channels=stem[1] if len(stem) == 4 else 3,
        expansion=expansion,
        bias=has(f"{spelling.depthwise}.bias"),
        stem_norm=f"{prefix}{spelling.stem_norm}.weight" in shapes,
        final_norm=next((n for n in spelling.final_norms if shapes.shape(f"{prefix}{n}.weight") == (dims[-1],)), None),
        stage_norms=tuple(
            s for s in range(stages) if shapes.shape(f"{prefix}{spelling.part(spelling.stage_norm, s)}.weight") == (dims[s],)
        ),
    )


def _relative(shapes: list[tuple[int, ...]], channels: list[int]) -> tuple[int, ...] | None:
    """Return the shape most tensors have, with -1 where their channels stand; None for no tensors."""
    patterns = [tuple(-1 if size == own else size for size in shape) for shape, own in zip(shapes, channels, strict=False) if shape]
    return most_common(patterns, ()) or None


def _inside(plan: ConvNeXtPlan, tensors: tuple[Tensor, ...], matched: set[str]) -> float:
    """Return the share of the tensors inside the backbone's own modules that fit."""
    roots = tuple(plan.prefix + root for root in plan.spelling.roots)
    names = [tensor.name for tensor in tensors if tensor.name.startswith(roots)]
    return sum(name in matched for name in names) / len(names) if names else 0.0


def _describe(plan: ConvNeXtPlan, network: Network, shapes: Shapes, whole: bool) -> Architecture:
    family = "convnextv2" if plan.grn is not None else "convnext"
    published = CONVNEXT_V2 if plan.grn is not None else CONVNEXT_ISOTROPIC if plan.spelling is ISOTROPIC else CONVNEXT
    structure = Structure(plan.depths, plan.dims)
    name = exact_name(structure, published) if whole else None
    head = network.plan.head
    return Architecture(
        family=family,
        name=name,
        depths=plan.depths,
        dims=plan.dims,
        head=head,
        closest=closest(structure, published),
        summary=f"{family}, depths {_listed(plan.depths)}, dims {_listed(plan.dims)}, {head_words(network)}",
        first_layer=first_layer(shapes, f"{plan.prefix}{plan.spelling.stem_conv}.weight", f"{plan.prefix}{plan.spelling.anchor}"),
        variant_of=plan.spelling.name,
        traits=_traits(plan),
        cannot_know=cannot_know(network),
    )


def _traits(plan: ConvNeXtPlan) -> tuple[str, ...]:
    traits = [
        "batch norm" if plan.norm == "batch" else "layer norm",
        "layer scale" if plan.layer_scale is not None else "no layer scale",
        "1x1 convolutions" if plan.pointwise == "conv" else "linear pointwise layers",
    ]
    if plan.kernel != 7:
        traits.append(f"{plan.kernel}x{plan.kernel} depthwise kernels")
    if plan.in_channels != 3:
        traits.append(f"{plan.in_channels} input channels")
    if plan.prefix:
        traits.append(f"backbone under {plan.prefix!r}")
    return tuple(traits)


def head_words(network: Network) -> str:
    """Return one phrase on what follows the backbone."""
    head = network.plan.head
    if head.kind == "none":
        return "nothing after the backbone"
    words = head.kind.replace("_", " ")
    if head.channels:
        words += f" of {len(head.channels)} blocks ({_listed(head.channels)} channels)"
    return f"head: {words}" + (f", outputs {_listed(head.outputs)}" if head.outputs else "")


def cannot_know(network: Network) -> tuple[str, ...]:
    """Return what no tensor of this network tells."""
    notes = []
    if network.plan.open_upsampling:
        notes.append("whether each head block upsamples")
    if network.plan.head.kind == "deconvolution":
        notes.append("the stride of the transposed convolutions")
    if network.plan.head.kind in ("depthwise_separable", "deconvolution"):
        notes.append("how the outputs divide into joints and depth bins")
    return tuple(notes)


def _listed(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
