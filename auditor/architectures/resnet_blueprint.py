"""ResNet's blueprint, in every spelling that is known.

He et al., "Deep Residual Learning for Image Recognition" (2016). A basic block has two 3x3 convolutions, a bottleneck a 1x1,
a 3x3 (which carries the stride, as in torchvision) and a 1x1. ResNeXt divides the 3x3 into groups, Wide ResNet widens it,
variant D has three 3x3 convolutions for a stem and pools before the shortcut's convolution.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.architectures.blueprint import Activation, BatchNorm, Conv2d, GroupNorm, Node, Pool, Residual, Sequence


@dataclass(frozen=True, slots=True)
class ResNetSpelling:
    """How one code base names the parts; `{s}` is the stage from 0, `{b}` the block, `{n}` the convolution from 1, `{m}` from 0."""

    name: str
    stems: tuple[tuple[tuple[str, str], ...], ...]  # alternatives, each the stem's convolutions with their norms
    block: str
    first_stage: int  # what the names of stages count from
    conv: str
    norm: str
    shortcuts: tuple[tuple[str, str], ...]  # alternatives: convolution and norm
    roots: tuple[str, ...]  # what the backbone alone may have under its prefix

    def block_path(self, stage: int, block: int) -> str:
        """Return the path of a block; stages count from 0 here."""
        return self.block.format(s=stage + self.first_stage, b=block)

    def conv_path(self, number: int) -> str:
        """Return the path of a block's convolution, counted from 1, within the block."""
        return self.conv.format(n=number, m=number - 1)

    def norm_path(self, number: int) -> str:
        """Return the path of the norm after it."""
        return self.norm.format(n=number, m=number - 1)

    @property
    def anchor(self) -> str:
        """Return the name that every file of this spelling has: the first block's first weight."""
        return f"{self.block_path(0, 0)}.{self.conv_path(1)}.weight"


POOLED_SHORTCUT = ("downsample.1", "downsample.2")  # variant D: an average pool stands first and has no tensors
TORCHVISION = ResNetSpelling(
    "torchvision",
    stems=(
        (("conv1", "bn1"),),
        (("conv1.0", "conv1.1"), ("conv1.3", "conv1.4"), ("conv1.6", "bn1")),
        (("stem.0", "stem.1"), ("stem.3", "stem.4"), ("stem.6", "stem.7")),
    ),
    block="layer{s}.{b}",
    first_stage=1,
    conv="conv{n}",
    norm="bn{n}",
    shortcuts=(("downsample.0", "downsample.1"), POOLED_SHORTCUT, ("shortcut.0", "shortcut.1")),
    roots=("layer1.", "layer2.", "layer3.", "layer4.", "conv1.", "bn1."),
)
UNROLLED = ResNetSpelling(  # nn.Sequential(*list(resnet.children())[:-2])
    "torchvision",
    stems=((("0", "1"),),),
    block="{s}.{b}",
    first_stage=4,
    conv="conv{n}",
    norm="bn{n}",
    shortcuts=(("downsample.0", "downsample.1"),),
    roots=("4.", "5.", "6.", "7."),
)
TRANSFORMERS = ResNetSpelling(
    "transformers",
    stems=((("embedder.embedder.convolution", "embedder.embedder.normalization"),),),
    block="encoder.stages.{s}.layers.{b}",
    first_stage=0,
    conv="layer.{m}.convolution",
    norm="layer.{m}.normalization",
    shortcuts=(("shortcut.convolution", "shortcut.normalization"),),
    roots=("encoder.stages.", "embedder."),
)
DETECTRON2 = ResNetSpelling(
    "detectron2",
    stems=((("stem.conv1", "stem.conv1.norm"),),),
    block="res{s}.{b}",
    first_stage=2,
    conv="conv{n}",
    norm="conv{n}.norm",
    shortcuts=(("shortcut", "shortcut.norm"),),
    roots=("res2.", "res3.", "res4.", "res5.", "stem."),
)
RESNET_SPELLINGS = (TORCHVISION, TRANSFORMERS, UNROLLED, DETECTRON2)


@dataclass(frozen=True, slots=True)
class ResNetPlan:
    """All that tells one ResNet backbone from another."""

    depths: tuple[int, ...]
    dims: tuple[int, ...]  # output channels of the stages
    widths: tuple[int, ...]  # channels of the inner convolutions of the stages
    bottleneck: bool
    groups: tuple[int, ...] = (1, 1, 1, 1)
    spelling: ResNetSpelling = TORCHVISION
    prefix: str = ""
    norm: str = "batch"  # batch, group or none
    counters: bool = True
    conv_bias: bool = False
    stem: int = 0  # index into the spelling's stems
    stem_widths: tuple[int, ...] = (64,)
    stem_kernel: int = 7
    in_channels: int = 3
    shortcut: tuple[str, str] = ("downsample.0", "downsample.1")
    projected: tuple[bool, ...] = (True, True, True, True)  # stages whose first block's shortcut has a convolution

    @property
    def roots(self) -> tuple[str, ...]:
        """Return the beginnings of names that belong to the backbone alone."""
        return tuple(self.prefix + root for root in self.spelling.roots)


def plan_resnet(depths: tuple[int, ...], bottleneck: bool, spelling: ResNetSpelling = TORCHVISION, prefix: str = "") -> ResNetPlan:
    """Return the plan of a published ResNet: widths 64, 128, 256, 512."""
    widths = (64, 128, 256, 512)
    dims = tuple(width * 4 for width in widths) if bottleneck else widths
    projected = (bottleneck, True, True, True)
    return ResNetPlan(
        depths, dims, widths, bottleneck, spelling=spelling, prefix=prefix, shortcut=spelling.shortcuts[0], projected=projected
    )


def resnet_blueprint(plan: ResNetPlan) -> Node:
    """Return the backbone, from the picture to the last feature map."""
    parts: list[Node] = list(_stem(plan))
    before = plan.stem_widths[-1]
    for stage, depth in enumerate(plan.depths):
        for block in range(depth):
            parts.append(_block(plan, stage, block, before))
            parts.append(Activation())
            before = plan.dims[stage]
    return Sequence(tuple(parts))


def _stem(plan: ResNetPlan) -> list[Node]:
    parts: list[Node] = []
    before = plan.in_channels
    small = plan.stem_kernel == 3 and len(plan.stem_widths) == 1  # the stem for 32x32 pictures keeps their size
    for number, ((conv, norm), width) in enumerate(zip(plan.spelling.stems[plan.stem], plan.stem_widths, strict=True)):
        stride = 2 if number == 0 and not small else 1
        parts += _conv(plan, plan.prefix + conv, plan.prefix + norm, before, width, plan.stem_kernel, stride)
        parts.append(Activation())
        before = width
    return parts if small else [*parts, Pool("max", 3, 2, 1)]


def _block(plan: ResNetPlan, stage: int, block: int, before: int) -> Node:
    path = f"{plan.prefix}{plan.spelling.block_path(stage, block)}."
    width, output, groups = plan.widths[stage], plan.dims[stage], plan.groups[stage]
    stride = 2 if stage and not block else 1
    steps = [(before, width, 1, 1, 1), (width, width, 3, stride, groups), (width, output, 1, 1, 1)]
    if not plan.bottleneck:
        steps = [(before, width, 3, stride, 1), (width, output, 3, 1, 1)]
    parts: list[Node] = []
    for number, (inputs, outputs, kernel, step, parted) in enumerate(steps, 1):
        names = path + plan.spelling.conv_path(number), path + plan.spelling.norm_path(number)
        parts += _conv(plan, *names, inputs, outputs, kernel, step, parted)
        if number < len(steps):
            parts.append(Activation())
    return Residual(Sequence(tuple(parts)), _shortcut(plan, stage, path, before, stride) if not block and plan.projected[stage] else None)


def _shortcut(plan: ResNetPlan, stage: int, path: str, before: int, stride: int) -> Node:
    conv, norm = plan.shortcut
    if plan.shortcut == POOLED_SHORTCUT:
        pool: list[Node] = [Pool("average", 2, 2, 0)] if stride > 1 else []
        return Sequence((*pool, *_conv(plan, path + conv, path + norm, before, plan.dims[stage], 1, 1)))
    return Sequence(tuple(_conv(plan, path + conv, path + norm, before, plan.dims[stage], 1, stride)))


def _conv(plan: ResNetPlan, conv: str, norm: str, inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> list[Node]:
    parts: list[Node] = [Conv2d(conv, inputs, outputs, kernel, stride, kernel // 2, groups, plan.conv_bias)]
    if plan.norm == "batch":
        parts.append(BatchNorm(norm, outputs, plan.counters))
    elif plan.norm == "group":
        parts.append(GroupNorm(norm, outputs))
    return parts
