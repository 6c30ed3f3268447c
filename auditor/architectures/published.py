"""Published structures by name, and how close an unpublished one comes to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_CLOSEST = 3


@dataclass(frozen=True, slots=True)
class Structure:
    """Depths (blocks per stage) and dims (channels per stage)."""

    depths: tuple[int, ...]
    dims: tuple[int, ...]


def doubling(depths: tuple[int, ...], first: int) -> Structure:
    """Return the structure whose channels double from stage to stage."""
    return Structure(depths, tuple(first << stage for stage in range(len(depths))))


# Liu et al. 2022 (tiny to xlarge), Woo et al. 2023 and timm (atto to nano, huge), timm (zepto, xxlarge).
CONVNEXT_SIZES: Mapping[str, Structure] = {
    "zepto": doubling((2, 2, 4, 2), 32),
    "atto": doubling((2, 2, 6, 2), 40),
    "femto": doubling((2, 2, 6, 2), 48),
    "pico": doubling((2, 2, 6, 2), 64),
    "nano": doubling((2, 2, 8, 2), 80),
    "tiny": doubling((3, 3, 9, 3), 96),
    "small": doubling((3, 3, 27, 3), 96),
    "base": doubling((3, 3, 27, 3), 128),
    "large": doubling((3, 3, 27, 3), 192),
    "xlarge": doubling((3, 3, 27, 3), 256),
    "huge": doubling((3, 3, 27, 3), 352),
    "xxlarge": doubling((3, 4, 30, 3), 384),
}
CONVNEXT = {f"convnext_{size}": structure for size, structure in CONVNEXT_SIZES.items() if size != "huge"}
CONVNEXT_V2 = {f"convnextv2_{size}": structure for size, structure in CONVNEXT_SIZES.items() if size not in ("zepto", "xlarge", "xxlarge")}
CONVNEXT_ISOTROPIC = {
    "convnext_isotropic_small": Structure((18,), (384,)),
    "convnext_isotropic_base": Structure((18,), (768,)),
    "convnext_isotropic_large": Structure((36,), (1024,)),
}

# He et al. 2016; 26 and 200 from timm. The width of the first stage's 3x3 convolution and its groups tell the others apart.
RESNET_BASIC = {"resnet18": doubling((2, 2, 2, 2), 64), "resnet34": doubling((3, 4, 6, 3), 64)}
RESNET_BOTTLENECK = {
    "resnet26": doubling((2, 2, 2, 2), 256),
    "resnet50": doubling((3, 4, 6, 3), 256),
    "resnet101": doubling((3, 4, 23, 3), 256),
    "resnet152": doubling((3, 8, 36, 3), 256),
    "resnet200": doubling((3, 24, 36, 3), 256),
}
# (width of the first stage, groups) -> names by depths; Xie et al. 2017, Zagoruyko and Komodakis 2016.
RESNET_WIDER: Mapping[tuple[int, int], Mapping[str, Structure]] = {
    (128, 32): {
        "resnext50_32x4d": doubling((3, 4, 6, 3), 256),
        "resnext101_32x4d": doubling((3, 4, 23, 3), 256),
        "resnext152_32x4d": doubling((3, 8, 36, 3), 256),
    },
    (256, 32): {"resnext101_32x8d": doubling((3, 4, 23, 3), 256)},
    (256, 64): {"resnext50_64x4d": doubling((3, 4, 6, 3), 256), "resnext101_64x4d": doubling((3, 4, 23, 3), 256)},
    (512, 32): {"resnext101_32x16d": doubling((3, 4, 23, 3), 256)},
    (128, 1): {"wide_resnet50_2": doubling((3, 4, 6, 3), 256), "wide_resnet101_2": doubling((3, 4, 23, 3), 256)},
}


def exact_name(structure: Structure, published: Mapping[str, Structure]) -> str | None:
    """Return the published name whose depths and dims are exactly these, or None."""
    return next((name for name, other in published.items() if other == structure), None)


def closest(structure: Structure, published: Mapping[str, Structure]) -> tuple[tuple[str, float], ...]:
    """Return the nearest published names with scores in 0..1, best first; 1 is an exact match.

    Half of the score is for equal dims, a fifth for equal depths, and the rest for how near both are: the channels decide
    every tensor's shape, the depths only how often it comes. So equal dims always rank above equal depths.
    """
    scores = [(name, round(_score(structure, other), 3)) for name, other in published.items()]
    scores.sort(key=lambda pair: -pair[1])
    return tuple(scores[:MOST_CLOSEST])


def _score(ours: Structure, other: Structure) -> float:
    near = 0.15 * _nearness(ours.dims, other.dims) + 0.15 * _nearness(ours.depths, other.depths)
    return 0.5 * (ours.dims == other.dims) + 0.2 * (ours.depths == other.depths) + near


def _nearness(ours: Sequence[int], other: Sequence[int]) -> float:
    """Return the mean ratio of smaller to larger, stage by stage; 0 for another number of stages."""
    if len(ours) != len(other) or not ours:
        return 0.0
    return sum(min(a, b) / max(a, b, 1) for a, b in zip(ours, other, strict=True)) / len(ours)
