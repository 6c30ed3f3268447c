"""Names of networks of inverted residual blocks: MobileNet V2 and V3, EfficientNet and EfficientNet V2.

A block is convolutions with norms, and perhaps a squeeze-and-excitation between them; which of a spelling's layouts a block
has is told by the names that are there. Depthwise and plain convolutions share names in some spellings, so shapes tell them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """Two names below the block: a convolution and its norm, or (`squeeze`) the two convolutions of a squeeze-and-excitation."""

    first: str
    second: str
    squeeze: bool = False


@dataclass(frozen=True, slots=True)
class MobileSpelling:
    """One code base's names. A template with `{s}` has stages; one without counts blocks through; both count from `first`."""

    name: str
    stem: Step
    block: str
    first: int
    layouts: tuple[tuple[Step, ...], ...]  # the longer ones first
    heads: tuple[Step, ...]  # the last convolution; `{n}` is the number after the last stage or block
    roots: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Return the name that every file of this spelling has: the stem's weight."""
        return f"{self.stem.first}.weight"

    @property
    def staged(self) -> bool:
        """Tell whether names say where a stage ends."""
        return "{s}" in self.block


def _with_and_without(squeeze: Step, *layouts: tuple[tuple[Step, ...], tuple[Step, ...]]) -> tuple[tuple[Step, ...], ...]:
    """Return each layout (before, after) with a squeeze in the middle and without."""
    return tuple(layout for before, after in layouts for layout in ((*before, squeeze, *after), (*before, *after)))


_TIMM_DEPTHWISE = (Step("conv_pw", "bn1"), Step("conv_dw", "bn2"))
TIMM = MobileSpelling(
    "timm",
    Step("conv_stem", "bn1"),
    "blocks.{s}.{b}.",
    0,
    (
        *_with_and_without(
            Step("se.conv_reduce", "se.conv_expand", squeeze=True),
            (_TIMM_DEPTHWISE, (Step("conv_pwl", "bn3"),)),
            ((Step("conv_exp", "bn1"),), (Step("conv_pwl", "bn2"),)),
            ((Step("conv_dw", "bn1"),), (Step("conv_pw", "bn2"),)),
        ),
        (Step("conv", "bn1"),),
    ),
    (Step("conv_head", "bn2"),),
    ("blocks.", "conv_stem."),
)
_LUKEMELAS_AFTER = (
    Step("_depthwise_conv", "_bn1"),
    Step("_se_reduce", "_se_expand", squeeze=True),
    Step("_project_conv", "_bn2"),
)
LUKEMELAS = MobileSpelling(
    "efficientnet_pytorch",
    Step("_conv_stem", "_bn0"),
    "_blocks.{b}.",
    0,
    ((Step("_expand_conv", "_bn0"), *_LUKEMELAS_AFTER), _LUKEMELAS_AFTER),
    (Step("_conv_head", "_bn1"),),
    ("_blocks.", "_conv_stem."),
)
_HF_AFTER = (
    Step("depthwise_conv.depthwise_conv", "depthwise_conv.depthwise_norm"),
    Step("squeeze_excite.reduce", "squeeze_excite.expand", squeeze=True),
    Step("projection.project_conv", "projection.project_bn"),
)
TRANSFORMERS = MobileSpelling(
    "transformers",
    Step("embeddings.convolution", "embeddings.batchnorm"),
    "encoder.blocks.{b}.",
    0,
    ((Step("expansion.expand_conv", "expansion.expand_bn"), *_HF_AFTER), _HF_AFTER),
    (Step("encoder.top_conv", "encoder.top_bn"),),
    ("encoder.blocks.", "embeddings."),
)


def _c(number: int) -> Step:
    return Step(f"block.{number}.0", f"block.{number}.1")


def _se(number: int) -> Step:
    return Step(f"block.{number}.fc1", f"block.{number}.fc2", squeeze=True)


_TORCHVISION_LAYOUTS = (
    (_c(0), _c(1), _se(2), _c(3)),
    (_c(0), _c(1), _c(2)),
    (_c(0), _se(1), _c(2)),
    (_c(0), _c(1)),
    (_c(0),),
)
_FEATURES = (Step("features.0.0", "features.0.1"), Step("features.{n}.0", "features.{n}.1"))
TORCHVISION = MobileSpelling("torchvision", _FEATURES[0], "features.{s}.{b}.", 1, _TORCHVISION_LAYOUTS, _FEATURES[1:], ("features.",))
TORCHVISION_FLAT = MobileSpelling("torchvision", _FEATURES[0], "features.{b}.", 1, _TORCHVISION_LAYOUTS, _FEATURES[1:], ("features.",))
TORCHVISION_V2 = MobileSpelling(
    "torchvision",
    _FEATURES[0],
    "features.{b}.",
    1,
    (
        (Step("conv.0.0", "conv.0.1"), Step("conv.1.0", "conv.1.1"), Step("conv.2", "conv.3")),
        (Step("conv.0.0", "conv.0.1"), Step("conv.1", "conv.2")),
        (Step("conv.0", "conv.1"), Step("conv.3", "conv.4"), Step("conv.6", "conv.7")),
        (Step("conv.0", "conv.1"), Step("conv.3", "conv.4")),
    ),
    (*_FEATURES[1:], Step("conv.0", "conv.1")),
    ("features.",),
)
MOBILE_SPELLINGS = (TIMM, LUKEMELAS, TRANSFORMERS, TORCHVISION, TORCHVISION_FLAT, TORCHVISION_V2)
