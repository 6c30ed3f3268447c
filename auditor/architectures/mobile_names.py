"""Published networks of inverted residual blocks: their stages, kernels, strides and names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from auditor.architectures.mobile_blueprint import Block, MobilePlan
from auditor.architectures.published import Structure


@dataclass(frozen=True, slots=True)
class Layout:
    """What all sizes of one design share: the kernel and stride of each stage."""

    family: str
    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    published: Mapping[str, Structure]


def rounded(channels: float, divisor: int = 8) -> int:
    """Return the channels as MobileNet and EfficientNet round them: to a multiple of 8, never down by more than a tenth."""
    nearest = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * channels else nearest


def _scaled(depths: tuple[int, ...], widths: tuple[int, ...], width: float, depth: float, keep_ends: bool = False) -> Structure:
    last = len(depths) - 1
    deep = tuple(count if keep_ends and at in (0, last) else math.ceil(count * depth) for at, count in enumerate(depths))
    return Structure(deep, tuple(rounded(channels * width) for channels in widths))


# Tan and Le 2019: width and depth coefficients; the lite ones keep the depth of the first and last stage.
B0 = ((1, 2, 2, 3, 3, 4, 1), (16, 24, 40, 80, 112, 192, 320))
COEFFICIENTS = {
    "b0": (1.0, 1.0),
    "b1": (1.0, 1.1),
    "b2": (1.1, 1.2),
    "b3": (1.2, 1.4),
    "b4": (1.4, 1.8),
    "b5": (1.6, 2.2),
    "b6": (1.8, 2.6),
    "b7": (2.0, 3.1),
    "b8": (2.2, 3.6),
    "l2": (4.3, 5.3),
}
EFFICIENTNET = {f"efficientnet_{size}": _scaled(*B0, width, depth) for size, (width, depth) in COEFFICIENTS.items()}
EFFICIENTNET_LITE = {f"efficientnet_lite{number}": _scaled(*B0, *COEFFICIENTS[f"b{number}"], keep_ends=True) for number in range(5)}
# Tan and Le 2021.
EFFICIENTNET_V2 = {
    "efficientnetv2_s": Structure((2, 4, 4, 6, 9, 15), (24, 48, 64, 128, 160, 256)),
    "efficientnetv2_m": Structure((3, 5, 5, 7, 14, 18, 5), (24, 48, 80, 160, 176, 304, 512)),
    "efficientnetv2_l": Structure((4, 7, 7, 10, 19, 25, 7), (32, 64, 96, 192, 224, 384, 640)),
    "efficientnetv2_xl": Structure((4, 8, 8, 16, 24, 32, 8), (32, 64, 96, 192, 256, 512, 640)),
    "efficientnetv2_b0": Structure((1, 2, 2, 3, 5, 8), (16, 32, 48, 96, 112, 192)),
    "efficientnetv2_rw_s": Structure((2, 4, 4, 6, 9, 15), (24, 48, 64, 128, 160, 272)),
}
# Sandler et al. 2018 and Howard et al. 2019, with the widths that were released.
V2_STAGES = ((1, 2, 3, 4, 3, 3, 1), (16, 24, 32, 64, 96, 160, 320))
MOBILENET_V2 = {f"mobilenetv2_{percent:03d}": _scaled(*V2_STAGES, percent / 100, 1.0) for percent in (100, 35, 50, 75, 130, 140)}
LARGE, SMALL = ((1, 2, 3, 4, 2, 3), (16, 24, 40, 80, 112, 160)), ((1, 2, 3, 2, 3), (16, 24, 40, 48, 96))
MOBILENET_V3_LARGE = {f"mobilenetv3_large_{percent:03d}": _scaled(*LARGE, percent / 100, 1.0) for percent in (100, 75, 150)}
MOBILENET_V3_SMALL = {f"mobilenetv3_small_{percent:03d}": _scaled(*SMALL, percent / 100, 1.0) for percent in (100, 75, 50)}
LARGE_EXPANSIONS = (1.0, 4.0, 3.0, 3.0, 3.0, 3.0, 6.0, 2.5, 2.3, 2.3, 6.0, 6.0, 6.0, 6.0, 6.0)
SMALL_EXPANSIONS = (1.0, 4.5, 3.67, 4.0, 6.0, 6.0, 3.0, 3.0, 6.0, 6.0, 6.0)
EXPANSION_SLACK = 0.5  # the widened channels are rounded to a multiple of 8
USUAL_STRIDES = (1, 2, 2, 2, 1, 2, 1)


def layout_of(plan: MobilePlan) -> Layout | None:
    """Return the design whose kinds of blocks and kernels these are, or None for another design."""
    stages = plan.stages[:-1] if _ends_in_a_convolution(plan) else plan.stages
    blocks = [block for stage in stages for block in stage]
    kernels = tuple(stage[0].kernel for stage in stages)
    if not blocks or any(block.kernel != stage[0].kernel for stage in stages for block in stage):
        return None
    squeezing = sum(block.squeezes for block in blocks)
    fused = [not block.depthwise for block in blocks]
    if any(fused):
        start = sum(fused)
        v2 = len(stages) in (6, 7) and set(kernels) == {3} and not any(fused[start:]) and fused[:start] == [True] * start
        whole = v2 and 0 < squeezing == len(blocks) - start
        return Layout("efficientnetv2", kernels, USUAL_STRIDES[: len(stages)], EFFICIENTNET_V2) if whole else None
    return _depthwise_layout(kernels, squeezing, len(blocks), tuple(round(block.expansion) for block in blocks))


def _depthwise_layout(kernels: tuple[int, ...], squeezing: int, blocks: int, expansions: tuple[int, ...]) -> Layout | None:
    if kernels == (3, 3, 5, 3, 5, 5, 3) and squeezing in (0, blocks):
        return Layout("efficientnet", kernels, USUAL_STRIDES, EFFICIENTNET if squeezing else EFFICIENTNET_LITE)
    if kernels == (3,) * 7 and not squeezing and set(expansions[1:]) == {6}:
        return Layout("mobilenetv2", kernels, USUAL_STRIDES, MOBILENET_V2)
    if kernels == (3, 3, 5, 3, 3, 5) and 0 < squeezing < blocks:
        return Layout("mobilenetv3", kernels, USUAL_STRIDES[:6], MOBILENET_V3_LARGE)
    if kernels == (3, 3, 5, 5, 5) and 0 < squeezing < blocks:
        return Layout("mobilenetv3", kernels, (2, 2, 2, 1, 2), MOBILENET_V3_SMALL)
    return None


def mobile_name(plan: MobilePlan, layout: Layout) -> str | None:
    """Return the published name of exactly these stages, if stem, expansions and squeezes are the published ones too."""
    structure = structure_of(plan)
    name = next((name for name, other in layout.published.items() if other == structure), None)
    blocks = [(at, block) for at, stage in enumerate(plan.stages[: len(structure.depths)]) for block in stage]
    expected = _expansions(layout, [at for at, _ in blocks])
    expands = all(abs(block.expansion - times) < EXPANSION_SLACK for (_, block), times in zip(blocks, expected, strict=True))
    return name if name and expands and plan.stem.inputs == 3 and _stem_fits(plan, layout, name) and _squeezes_fit(layout, blocks) else None


def _expansions(layout: Layout, stages: list[int]) -> list[float]:
    """Return how many times each block widens its channels in the published networks."""
    if layout.family == "mobilenetv3":
        published = LARGE_EXPANSIONS if layout.published is MOBILENET_V3_LARGE else SMALL_EXPANSIONS
        return [*published, *[0.0] * len(stages)][: len(stages)]
    if layout.family == "efficientnetv2":
        return [1.0 if at == 0 else 4.0 if at < 4 else 6.0 for at in stages]
    return [1.0 if at == 0 else 6.0 for at in stages]


def _stem_fits(plan: MobilePlan, layout: Layout, name: str) -> bool:
    ending = name.rpartition("_")[2]
    if layout.published is EFFICIENTNET:
        return plan.stem.outputs == rounded(32 * COEFFICIENTS[ending][0])
    if layout.published is MOBILENET_V2:
        return plan.stem.outputs == rounded(32 * int(ending) / 100)
    return True


def _squeezes_fit(layout: Layout, blocks: list[tuple[int, Block]]) -> bool:
    """Tell whether EfficientNet's squeezes leave a quarter of the channels that come into the block."""
    if not layout.family.startswith("efficientnet"):
        return True
    inner = [(layer.inner, block.layers[0].inputs) for _, block in blocks for layer in block.layers if layer.inner]
    return all(abs(size - inputs / 4) <= 1 for size, inputs in inner)


def _ends_in_a_convolution(plan: MobilePlan) -> bool:
    """Tell whether the last stage is one 1x1 convolution, as timm has it in MobileNet V3."""
    last = plan.stages[-1]
    return len(plan.stages) > 1 and len(last) == 1 and len(last[0].layers) == 1 and last[0].kernel == 1


def structure_of(plan: MobilePlan) -> Structure:
    """Return depths and widths of the stages of blocks."""
    end = -1 if _ends_in_a_convolution(plan) else None
    return Structure(plan.depths[:end], plan.widths[:end])


def strides_of(plan: MobilePlan, layout: Layout) -> tuple[int, ...]:
    """Return the strides of all stages, the last convolution's too."""
    return (*layout.strides, 1) if _ends_in_a_convolution(plan) else layout.strides
