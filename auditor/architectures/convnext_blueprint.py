"""ConvNeXt's blueprint, in every spelling that is known.

Liu et al., "A ConvNet for the 2020s" (2022), and Woo et al., "ConvNeXt V2" (2023), which replaces layer scale by global
response normalization (GRN). A block is: depthwise convolution, norm, 1x1 to four times the channels, activation, (GRN,)
1x1 back, (layer scale,) added to the input.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.architectures.blueprint import (
    NOTHING,
    Activation,
    BatchNorm,
    Branches,
    Conv2d,
    GlobalResponseNorm,
    LayerNorm,
    Linear,
    Node,
    Residual,
    Scale,
    Sequence,
)


@dataclass(frozen=True, slots=True)
class ConvNeXtSpelling:
    """How one code base names the parts; `{s}` is the stage, `{t}` the stage + 1, `{o}` 2 s + 1, `{e}` 2 s, `{b}` the block."""

    name: str
    stem_conv: str
    stem_norm: str
    down_norm: str
    down_conv: str
    block: str
    depthwise: str
    norm: str
    expand: str
    project: str
    layer_scale: str
    grn: str = "grn"
    grn_scale: str = "gamma"
    grn_shift: str = "beta"
    overlap_norm: str = ""  # where a stem of two overlapping convolutions stands: its norm; the second one has the stem norm's name
    final_norms: tuple[str, ...] = ("norm",)
    stage_norm: str = "norm{s}"
    roots: tuple[str, ...] = ("stages.", "downsample_layers.")  # what the backbone alone may have under its prefix

    def part(self, template: str, stage: int, block: int = 0) -> str:
        """Return a name of this spelling for a stage and a block."""
        return template.format(s=stage, t=stage + 1, o=2 * stage + 1, e=2 * stage, b=block)

    @property
    def anchor(self) -> str:
        """Return the name that every file of this spelling has: the first depthwise weight."""
        return f"{self.part(self.block, 0)}.{self.depthwise}.weight"


OFFICIAL = ConvNeXtSpelling(
    "official",
    stem_conv="downsample_layers.0.0",
    stem_norm="downsample_layers.0.1",
    down_norm="downsample_layers.{s}.0",
    down_conv="downsample_layers.{s}.1",
    block="stages.{s}.{b}",
    depthwise="dwconv",
    norm="norm",
    expand="pwconv1",
    project="pwconv2",
    layer_scale="gamma",
)
TIMM = ConvNeXtSpelling(
    "timm",
    stem_conv="stem.0",
    stem_norm="stem.1",
    down_norm="stages.{s}.downsample.0",
    down_conv="stages.{s}.downsample.1",
    block="stages.{s}.blocks.{b}",
    depthwise="conv_dw",
    norm="norm",
    expand="mlp.fc1",
    project="mlp.fc2",
    layer_scale="gamma",
    grn="mlp.grn",
    grn_scale="weight",
    grn_shift="bias",
    overlap_norm="stem.2",
    final_norms=("head.norm", "norm_pre", "norm"),
    roots=("stages.", "stem."),
)
TIMM_FEATURES = ConvNeXtSpelling(
    "timm",
    stem_conv="stem_0",
    stem_norm="stem_1",
    down_norm="stages_{s}.downsample.0",
    down_conv="stages_{s}.downsample.1",
    block="stages_{s}.blocks.{b}",
    depthwise="conv_dw",
    norm="norm",
    expand="mlp.fc1",
    project="mlp.fc2",
    layer_scale="gamma",
    grn="mlp.grn",
    grn_scale="weight",
    grn_shift="bias",
    overlap_norm="stem_2",
    roots=("stages_", "stem_"),
)
TRANSFORMERS = ConvNeXtSpelling(
    "transformers",
    stem_conv="embeddings.patch_embeddings",
    stem_norm="embeddings.layernorm",
    down_norm="encoder.stages.{s}.downsampling_layer.0",
    down_conv="encoder.stages.{s}.downsampling_layer.1",
    block="encoder.stages.{s}.layers.{b}",
    depthwise="dwconv",
    norm="layernorm",
    expand="pwconv1",
    project="pwconv2",
    layer_scale="layer_scale_parameter",
    grn_scale="weight",
    grn_shift="bias",
    final_norms=("layernorm",),
    stage_norm="hidden_states_norms.stage{t}",
    roots=("encoder.stages.", "embeddings."),
)
TORCHVISION = ConvNeXtSpelling(
    "torchvision",
    stem_conv="features.0.0",
    stem_norm="features.0.1",
    down_norm="features.{e}.0",
    down_conv="features.{e}.1",
    block="features.{o}.{b}",
    depthwise="block.0",
    norm="block.2",
    expand="block.3",
    project="block.5",
    layer_scale="layer_scale",
    final_norms=("classifier.0",),
    roots=("features.",),
)
MMPRETRAIN = ConvNeXtSpelling(
    "mmpretrain",
    stem_conv="downsample_layers.0.0",
    stem_norm="downsample_layers.0.1",
    down_norm="downsample_layers.{s}.0",
    down_conv="downsample_layers.{s}.1",
    block="stages.{s}.{b}",
    depthwise="depthwise_conv",
    norm="norm",
    expand="pointwise_conv1",
    project="pointwise_conv2",
    layer_scale="gamma",
)
ISOTROPIC = ConvNeXtSpelling(
    "official",
    stem_conv="stem",
    stem_norm="stem_norm",
    down_norm="downsample.{s}.0",
    down_conv="downsample.{s}.1",
    block="blocks.{b}",
    depthwise="dwconv",
    norm="norm",
    expand="pwconv1",
    project="pwconv2",
    layer_scale="gamma",
    roots=("blocks.", "stem."),
)
CONVNEXT_SPELLINGS = (OFFICIAL, TIMM, TIMM_FEATURES, TRANSFORMERS, TORCHVISION, MMPRETRAIN, ISOTROPIC)


@dataclass(frozen=True, slots=True)
class ConvNeXtPlan:
    """All that tells one ConvNeXt backbone from another."""

    depths: tuple[int, ...]
    dims: tuple[int, ...]
    spelling: ConvNeXtSpelling = OFFICIAL
    prefix: str = ""
    norm: str = "layer"  # layer, batch, or layer_no_bias
    counters: bool = True  # batch norm's num_batches_tracked
    pointwise: str = "linear"  # linear or conv
    layer_scale: tuple[int, ...] | None = (-1,)  # its shape, -1 for the channels; None for none
    grn: tuple[int, ...] | None = None  # its shape, -1 for the widened channels; None for none
    kernel: int = 7
    patch: int = 4  # the stem's kernel, and its stride unless it overlaps
    overlap: int = 0  # channels between the two convolutions of an overlapping stem, 0 for the usual one
    in_channels: int = 3
    expansion: int = 4
    bias: bool = True
    stem_norm: bool = True
    final_norm: str | None = "norm"
    stage_norms: tuple[int, ...] = ()  # stages whose output has a norm of its own

    @property
    def roots(self) -> tuple[str, ...]:
        """Return the beginnings of names that belong to the backbone alone."""
        return tuple(self.prefix + root for root in self.spelling.roots)


def convnext_blueprint(plan: ConvNeXtPlan) -> Node:
    """Return the backbone, from the picture to the last feature map (norms of single stages are side branches)."""
    spelling, prefix = plan.spelling, plan.prefix
    parts: list[Node] = _stem(plan)
    for stage, (depth, dim) in enumerate(zip(plan.depths, plan.dims, strict=True)):
        if stage:
            before = plan.dims[stage - 1]
            parts.append(_norm(plan, prefix + spelling.part(spelling.down_norm, stage), before))
            parts.append(Conv2d(prefix + spelling.part(spelling.down_conv, stage), before, dim, 2, stride=2, bias=plan.bias))
        parts.extend(_block(plan, prefix + spelling.part(spelling.block, stage, block) + ".", dim) for block in range(depth))
        if stage in plan.stage_norms:
            side = _norm(plan, prefix + spelling.part(spelling.stage_norm, stage), dim)
            parts.append(Branches((NOTHING, side)))
    if plan.final_norm is not None:
        parts.append(_norm(plan, prefix + plan.final_norm, plan.dims[-1]))
    return Sequence(tuple(parts))


def _stem(plan: ConvNeXtPlan) -> list[Node]:
    spelling, prefix, width = plan.spelling, plan.prefix, plan.dims[0]
    if plan.overlap:
        first = Conv2d(prefix + spelling.stem_conv, plan.in_channels, plan.overlap, plan.patch, 2, plan.patch // 2, bias=plan.bias)
        second = Conv2d(prefix + spelling.stem_norm, plan.overlap, width, plan.patch, 2, plan.patch // 2, bias=plan.bias)
        return [first, second, _norm(plan, prefix + spelling.overlap_norm, width)]
    patches = Conv2d(prefix + spelling.stem_conv, plan.in_channels, width, plan.patch, stride=plan.patch, bias=plan.bias)
    return [patches, _norm(plan, prefix + spelling.stem_norm, width) if plan.stem_norm else NOTHING]


def _block(plan: ConvNeXtPlan, path: str, dim: int) -> Node:
    spelling, wide = plan.spelling, plan.expansion * dim
    parts: list[Node] = [
        Conv2d(path + spelling.depthwise, dim, dim, plan.kernel, padding=plan.kernel // 2, groups=dim, bias=plan.bias),
        _norm(plan, path + spelling.norm, dim),
        _pointwise(plan, path + spelling.expand, dim, wide),
        Activation("gelu"),
    ]
    if plan.grn is not None:
        shape = tuple(wide if size == -1 else size for size in plan.grn)
        parts.append(GlobalResponseNorm(path + spelling.grn, shape, spelling.grn_scale, spelling.grn_shift))
    parts.append(_pointwise(plan, path + spelling.project, wide, dim))
    if plan.layer_scale is not None:
        parts.append(Scale(path + spelling.layer_scale, tuple(dim if size == -1 else size for size in plan.layer_scale)))
    return Residual(Sequence(tuple(parts)))


def _pointwise(plan: ConvNeXtPlan, name: str, inputs: int, outputs: int) -> Node:
    if plan.pointwise == "conv":
        return Conv2d(name, inputs, outputs, 1, bias=plan.bias)
    return Linear(name, inputs, outputs, bias=plan.bias)


def _norm(plan: ConvNeXtPlan, name: str, channels: int) -> Node:
    if plan.norm == "batch":
        return BatchNorm(name, channels, plan.counters)
    return LayerNorm(name, channels, bias=plan.norm == "layer")
