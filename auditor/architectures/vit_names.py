"""Published vision transformers: sizes, patches and what tells one recipe's structure from another's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.architectures.published import Structure


@dataclass(frozen=True, slots=True)
class VitTraits:
    """All that a published name depends on."""

    depth: int
    width: int
    hidden: int
    patch: int
    picture: int  # pixels along a side that the table of positions is for, 0 where it does not tell
    class_token: bool
    position_for_class: bool
    distillation: bool
    registers: int
    layer_scale: bool
    pre_norm: bool
    pooled: bool
    plain: bool
    decoder: tuple[int, int] | None  # depth and width
    text: bool


# (depth, width, perceptron): Touvron 2021 (tiny, small), Dosovitskiy 2021 (base to huge), Zhai 2022 (giant, gigantic), timm.
VIT_SIZES: Mapping[str, tuple[int, int, int]] = {
    "tiny": (12, 192, 768),
    "small": (12, 384, 1536),
    "base": (12, 768, 3072),
    "large": (24, 1024, 4096),
    "huge": (32, 1280, 5120),
    "giant": (40, 1408, 6144),
    "gigantic": (48, 1664, 8192),
    "so400m": (27, 1152, 4304),
}
VIT_STRUCTURES = {f"vit_{size}": Structure((depth,), (width,)) for size, (depth, width, _) in VIT_SIZES.items()}
PATCHES: Mapping[str, tuple[int, ...]] = {
    "tiny": (16,),
    "small": (8, 14, 16, 32),
    "base": (8, 14, 16, 32),
    "large": (14, 16, 32),
    "huge": (14, 16),
    "giant": (14,),
    "gigantic": (14,),
    "so400m": (14, 16),
}


def vit_name(traits: VitTraits) -> str | None:
    """Return the published name (timm's spelling, the official one for MAE), None for a structure that nobody published."""
    sizes = (name for name, sizes in VIT_SIZES.items() if sizes == (traits.depth, traits.width, traits.hidden))
    size = next(sizes, None)
    if size is None or not traits.plain or traits.patch not in PATCHES[size]:
        return None
    base = f"vit_{size}_patch{traits.patch}"
    if traits.decoder is not None:
        return f"mae_{base}" if traits.decoder == (8, 512) and size in ("base", "large", "huge") else None
    if not traits.picture:
        return None
    ending = f"_{traits.picture}"
    if traits.distillation:
        return f"deit_{size}_distilled_patch{traits.patch}{ending}" if _is_plain_recipe(traits) else None
    if traits.pooled:
        return f"{base}_siglip{ending}" if not (traits.class_token or traits.layer_scale or traits.registers) else None
    if not traits.class_token:
        return None
    if traits.pre_norm:
        return f"{base}_clip{ending}" if not (traits.layer_scale or traits.registers) else None
    if traits.layer_scale:
        return _scaled(traits, size, ending)
    return f"{base}{ending}" if _is_plain_recipe(traits) and traits.position_for_class else None


def _is_plain_recipe(traits: VitTraits) -> bool:
    return traits.class_token and not (traits.layer_scale or traits.registers or traits.pre_norm or traits.pooled or traits.text)


def _scaled(traits: VitTraits, size: str, ending: str) -> str | None:
    """Return the name of a structure with layer scale: DINOv2 (patches of 14) or DeiT III (positions for the patches alone)."""
    if traits.patch == 14 and size in ("small", "base", "large") and traits.registers in (0, 4):
        return f"vit_{size}_patch14{'_reg4' if traits.registers else ''}_dinov2"
    if not traits.position_for_class and not traits.registers and size in ("small", "base", "large", "huge"):
        return f"deit3_{size}_patch{traits.patch}{ending}"
    return None
