"""Recognizes Swin and Swin V2 transformers of four stages."""

from __future__ import annotations

import math
from functools import partial

from auditor.architectures.blueprint import Aside, Node, PatchMerge, Sequence, Windows
from auditor.architectures.grammar import Reading
from auditor.architectures.grammar_search import GrammarRecognizer, transformer_block
from auditor.architectures.published import Structure, closest, doubling, exact_name
from auditor.architectures.search import Found
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.swin_spellings import STAGES, SWIN_GRAMMARS
from auditor.architectures.words import head_unknowns, head_words, listed, place_words
from auditor.facts import Architecture

SIZES = {
    "tiny": doubling((2, 2, 6, 2), 96),
    "small": doubling((2, 2, 18, 2), 96),
    "base": doubling((2, 2, 18, 2), 128),
    "large": doubling((2, 2, 18, 2), 192),
}
SWIN = {f"swin_{size}": structure for size, structure in SIZES.items()}
SWIN_V2 = {f"swinv2_{size}": structure for size, structure in SIZES.items()}
PICTURES = {7: 224, 12: 384}  # pixels that the published windows of V1 were made for
PICTURES_V2 = {8: 256, 12: 192, 16: 256, 24: 384}
HEAD_WIDTH = 32  # channels per head in every published size


class Swin(GrammarRecognizer):
    """Finds a Swin transformer under any prefix."""

    name = "swin"
    grammars = SWIN_GRAMMARS

    def fits(self, reading: Reading) -> bool:
        """Ask for four stages that double, packed projections of their width, and relative positions."""
        size = reading.size
        stages = range(STAGES)
        doubles = all(reading.depths) and all(size(f"D{s}") == size("D0") << s for s in stages)
        packed = all(size(f"F{s}") == 3 * size(f"Q{s}") for s in stages) if reading.role("fused") else bool(reading.role("key"))
        positions = all(size(f"A{s}") for s in stages) and (size("R0") > 0 or size("B0") > 0)
        patches = any(placed.part.role == "patches" for placed in reading.outer)
        return doubles and packed and positions and patches

    def blueprint(self, reading: Reading) -> Node:
        """Return patches, stages of windowed blocks, and the merging of patches between them."""
        parts: list[Node] = [Aside(reading.outer_leaves("")), *reading.outer_leaves("patches")]
        for stage in range(STAGES):
            around = partial(Windows, window(reading, stage))
            parts.extend(transformer_block(reading, stage, block, around) for block in range(reading.depths[stage]))
            merge = reading.outer_leaves(f"merge{stage}")
            parts += [PatchMerge(), *merge] if merge else []
        return Sequence(tuple(parts))

    def assumption(self, reading: Reading) -> str:
        """Return what the cost leaves out."""
        return "the small network of position biases is not counted" if is_v2(reading) else ""

    def describe(self, found: Found[Reading], shapes: Shapes) -> Architecture:
        """Return depths, widths, heads and windows."""
        reading, head = found.plan, found.network.plan
        family = "swinv2" if is_v2(reading) else "swin"
        published = SWIN_V2 if is_v2(reading) else SWIN
        structure = Structure(reading.depths, reading.dims)
        stem = next(placed.part.path for placed in reading.outer if placed.part.role == "patches")
        return Architecture(
            family=family,
            name=_name(reading, exact_name(structure, published)) if found.whole else None,
            depths=structure.depths,
            dims=structure.dims,
            head=head.head,
            closest=closest(structure, published),
            summary=f"{family}, depths {listed(structure.depths)}, dims {listed(structure.dims)}, {head_words(head)}",
            first_layer=first_layer(shapes, f"{reading.prefix}{stem}.weight", f"{reading.prefix}{reading.grammar.anchor}"),
            variant_of=reading.grammar.spelling,
            traits=_traits(reading),
            cannot_know=(*head_unknowns(head), *(() if window(reading, 0) else ("the size of the windows",))),
        )


def is_v2(reading: Reading) -> bool:
    """Tell whether attention has V2's temperature."""
    return any(placed.part.path.endswith("logit_scale") for placed in reading.blocks[0])


def window(reading: Reading, stage: int) -> int:
    """Return the side of a stage's windows: a table for windows of w has 2w - 1 squared entries; 0 where nothing tells."""
    side = reading.size(f"L{stage}") or math.isqrt(reading.size(f"R{stage}"))
    return (side + 1) // 2 if side else math.isqrt(reading.size(f"W{stage}")) or math.isqrt(math.isqrt(reading.size(f"WW{stage}")))


def _name(reading: Reading, size: str | None) -> str | None:
    heads = all(reading.size(f"A{s}") * HEAD_WIDTH == reading.size(f"D{s}") for s in range(STAGES))
    plain = heads and reading.size("P") == 4 and reading.size("C") == 3 and not reading.has("absolute_pos_embed")
    if size is None or not plain:
        return None
    first = window(reading, 0)
    if is_v2(reading):
        return f"{size}_window{first}_{PICTURES_V2[first]}" if first in PICTURES_V2 else None if first else size
    windows = {window(reading, s) for s in range(STAGES)}
    return f"{size}_patch4_window{first}_{PICTURES[first]}" if first in PICTURES and len(windows) == 1 else None


def _traits(reading: Reading) -> tuple[str, ...]:
    windows = tuple(window(reading, s) for s in range(STAGES))
    traits = [f"patch {reading.size('P')}x{reading.size('P')}", f"heads {listed(tuple(reading.size(f'A{s}') for s in range(STAGES)))}"]
    if windows[0]:
        traits.append(f"windows of {windows[0]}" if len(set(windows)) == 1 else f"windows of {listed(windows)}")
    if reading.has("absolute_pos_embed"):
        traits.append("absolute positions")
    if reading.has("mask_token"):
        traits.append("mask token of pre-training")
    return (*traits, *place_words(reading.prefix, reading.size("C")))
