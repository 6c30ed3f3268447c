"""The blueprint of a network of inverted residual blocks, and its reading: every convolution must take what the last one gave."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.architectures.blueprint import (
    NOTHING,
    Activation,
    Aside,
    BatchNorm,
    Branches,
    Conv2d,
    Node,
    Pool,
    Sequence,
)
from auditor.architectures.mobile_spellings import MobileSpelling, Step
from auditor.architectures.shapes import Shapes

MOST_STAGES = 12
MOST_BLOCKS = 200  # of a network; EfficientNet-L2 has 88


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with its norm, or a squeeze-and-excitation of `outputs` channels with `inner` ones between."""

    step: Step
    inputs: int
    outputs: int
    kernel: int = 1
    groups: int = 1
    bias: bool = False
    norm: bool = True
    inner: int = 0

    @property
    def depthwise(self) -> bool:
        """Tell whether every channel is convolved by itself."""
        return self.groups > 1 and self.groups == self.inputs


@dataclass(frozen=True, slots=True)
class Block:
    """One block: its number in the names, and its layers."""

    stage: int
    number: int
    layers: tuple[Layer, ...]

    @property
    def outputs(self) -> int:
        """Return the channels that come out."""
        return self.layers[-1].outputs

    @property
    def kernel(self) -> int:
        """Return the largest kernel."""
        return max(layer.kernel for layer in self.layers)

    @property
    def squeezes(self) -> bool:
        """Tell whether it has a squeeze-and-excitation."""
        return any(layer.inner for layer in self.layers)

    @property
    def depthwise(self) -> bool:
        """Tell whether it has a depthwise convolution."""
        return any(layer.depthwise for layer in self.layers)

    @property
    def expansion(self) -> float:
        """Return how many times the channels are widened inside."""
        inside = self.layers[:-1]
        return max(layer.outputs for layer in inside) / max(1, self.layers[0].inputs) if inside else 1.0


@dataclass(frozen=True, slots=True)
class MobilePlan:
    """All that tells one such network from another."""

    spelling: MobileSpelling
    prefix: str
    stem: Layer
    stages: tuple[tuple[Block, ...], ...]
    head: Layer | None
    counters: bool
    strides: tuple[int, ...] | None = None  # of the stages; None where no published layout tells them

    @property
    def roots(self) -> tuple[str, ...]:
        """Return the beginnings of names that belong to the backbone alone."""
        return tuple(self.prefix + root for root in self.spelling.roots)

    @property
    def depths(self) -> tuple[int, ...]:
        """Return the blocks per stage."""
        return tuple(len(stage) for stage in self.stages)

    @property
    def widths(self) -> tuple[int, ...]:
        """Return the channels of the stages."""
        return tuple(stage[-1].outputs for stage in self.stages)

    @property
    def dims(self) -> tuple[int, ...]:
        """Return the channels of the stages and of what the classifier sees."""
        return (*self.widths, self.head.outputs) if self.head else self.widths


def mobile_blueprint(plan: MobilePlan) -> Node:
    """Return the backbone; without an order of computation where its strides are not known."""
    parts: list[Node] = [_conv(plan, plan.prefix, plan.stem, 2)]
    for stage, blocks in enumerate(plan.stages):
        stride = plan.strides[stage] if plan.strides else 1
        parts += [_block(plan, block, stride if index == 0 else 1) for index, block in enumerate(blocks)]
    if plan.head:
        parts += [NOTHING if plan.head.norm else Pool("global"), _conv(plan, plan.prefix, plan.head, 1)]
    return Sequence(tuple(parts)) if plan.strides else Aside(tuple(parts))


def _block(plan: MobilePlan, block: Block, stride: int) -> Node:
    path = plan.prefix + plan.spelling.block.format(s=block.stage, b=block.number)
    parts: list[Node] = []
    for layer in block.layers:
        if layer.inner:
            squeeze = Conv2d(path + layer.step.first, layer.outputs, layer.inner, 1, bias=layer.bias)
            excite = Conv2d(path + layer.step.second, layer.inner, layer.outputs, 1, bias=layer.bias)
            parts.append(Branches((NOTHING, Sequence((Pool("global"), squeeze, Activation(), excite)))))
        else:
            parts.append(_conv(plan, path, layer, stride if layer.kernel > 1 else 1))
            stride = 1 if layer.kernel > 1 else stride
    return Sequence(tuple(parts))


def _conv(plan: MobilePlan, path: str, layer: Layer, stride: int) -> Node:
    name, kernel = path + layer.step.first, layer.kernel
    convolution = Conv2d(name, layer.inputs, layer.outputs, kernel, stride, kernel // 2, layer.groups, layer.bias)
    norm = BatchNorm(path + layer.step.second, layer.outputs, plan.counters) if layer.norm else NOTHING
    return Sequence((convolution, norm, Activation()))


def read_mobile(shapes: Shapes, spelling: MobileSpelling, prefix: str) -> MobilePlan | None:
    """Return what stands under a prefix, or None where the convolutions do not follow each other."""
    picture = shapes.shape(f"{prefix}{spelling.anchor}")
    if len(picture) != 4:
        return None
    stem = _read_layer(shapes, prefix, spelling.stem, picture[1])
    if stem is None or not stem.norm or stem.kernel != 3:
        return None
    blocks = _read_staged(shapes, spelling, prefix, stem.outputs) if spelling.staged else _read_flat(shapes, spelling, prefix, stem.outputs)
    if not blocks:
        return None
    last = blocks[-1].stage if spelling.staged else blocks[-1].number
    heads = (Step(head.first.format(n=last + 1), head.second.format(n=last + 1)) for head in spelling.heads)
    head = next((layer for step in heads if (layer := _read_layer(shapes, prefix, step, blocks[-1].outputs)) and layer.kernel == 1), None)
    counters = f"{prefix}{spelling.stem.second}.num_batches_tracked" in shapes
    return MobilePlan(spelling, prefix, stem, _stages(blocks), head, counters)


def _stages(blocks: list[Block]) -> tuple[tuple[Block, ...], ...]:
    stages: dict[int, list[Block]] = {}
    for block in blocks:
        stages.setdefault(block.stage, []).append(block)
    return tuple(tuple(stage) for stage in stages.values())


def _read_staged(shapes: Shapes, spelling: MobileSpelling, prefix: str, channels: int) -> list[Block]:
    blocks: list[Block] = []
    for stage in range(spelling.first, spelling.first + MOST_STAGES):
        before = len(blocks)
        for number in range(MOST_BLOCKS):
            block = _read_block(shapes, spelling, prefix, (stage, number), channels)
            if block is None:
                break
            blocks.append(block)
            channels = block.outputs
        if len(blocks) == before:
            break
    return blocks


def _read_flat(shapes: Shapes, spelling: MobileSpelling, prefix: str, channels: int) -> list[Block]:
    """Read blocks that are counted through; a stage ends where the channels change."""
    blocks: list[Block] = []
    stage, width = 0, 0
    for number in range(spelling.first, spelling.first + MOST_BLOCKS):
        block = _read_block(shapes, spelling, prefix, (0, number), channels)
        if block is None:
            break
        channels = block.outputs
        stage, width = (stage if channels == width else stage + 1), channels
        blocks.append(Block(stage, number, block.layers))
    return blocks


def _read_block(shapes: Shapes, spelling: MobileSpelling, prefix: str, place: tuple[int, int], channels: int) -> Block | None:
    path = prefix + spelling.block.format(s=place[0], b=place[1])
    for layout in spelling.layouts:
        if all(f"{path}{step.first}.weight" in shapes for step in layout):
            layers: list[Layer] = []
            for step in layout:
                layer = _read_squeeze(shapes, path, step, channels) if step.squeeze else _read_layer(shapes, path, step, channels)
                if layer is None or not layer.norm:
                    return None
                layers.append(layer)
                channels = layer.outputs
            return Block(place[0], place[1], tuple(layers))
    return None


def _read_layer(shapes: Shapes, path: str, step: Step, channels: int) -> Layer | None:
    """Return the convolution if it takes the channels that are there and its norm fits what it gives."""
    shape = shapes.shape(f"{path}{step.first}.weight")
    if len(shape) != 4 or min(shape) < 1 or shape[2] != shape[3] or channels % shape[1] or shape[0] % (channels // shape[1]):
        return None
    norm = shapes.shape(f"{path}{step.second}.running_mean")
    if norm and norm != (shape[0],):
        return None
    return Layer(step, channels, shape[0], shape[2], channels // shape[1], f"{path}{step.first}.bias" in shapes, bool(norm))


def _read_squeeze(shapes: Shapes, path: str, step: Step, channels: int) -> Layer | None:
    first, second = (shapes.shape(f"{path}{name}.weight") for name in (step.first, step.second))
    if len(first) != 4 or first[1:] != (channels, 1, 1) or first[0] < 1 or second != (channels, first[0], 1, 1):
        return None
    return Layer(step, channels, channels, inner=first[0], bias=f"{path}{step.first}.bias" in shapes)
