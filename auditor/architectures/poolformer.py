"""Recognizes PoolFormer and the MetaFormers: blocks of a token mixer, often without any tensor, and a perceptron."""

from __future__ import annotations

from auditor.architectures.blueprint import Aside, Node, Residual, Sequence
from auditor.architectures.grammar import Reading
from auditor.architectures.grammar_search import GrammarRecognizer, transformer_block
from auditor.architectures.poolformer_spellings import POOLFORMER_GRAMMARS, STAGES
from auditor.architectures.published import Structure, closest, exact_name
from auditor.architectures.search import Found
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.words import head_unknowns, head_words, listed, place_words
from auditor.facts import Architecture

NARROW, WIDE = (64, 128, 320, 512), (96, 192, 384, 768)
# Yu et al. 2022 (PoolFormer) and 2023 (the baselines of MetaFormer).
SIZES = {
    "s12": Structure((2, 2, 6, 2), NARROW),
    "s24": Structure((4, 4, 12, 4), NARROW),
    "s36": Structure((6, 6, 18, 6), NARROW),
    "m36": Structure((6, 6, 18, 6), WIDE),
    "m48": Structure((8, 8, 24, 8), WIDE),
}
MIXED_SIZES = {
    "s18": Structure((3, 3, 9, 3), NARROW),
    "s36": Structure((3, 12, 18, 3), NARROW),
    "m36": Structure((3, 12, 18, 3), (96, 192, 384, 576)),
    "b36": Structure((3, 12, 18, 3), (128, 256, 512, 768)),
}
PUBLISHED = {
    "pooling": {f"poolformer_{size}": structure for size, structure in SIZES.items()},
    "pooling of MetaFormer": {f"poolformerv2_{size}": structure for size, structure in SIZES.items()},
    "convolutions": {f"convformer_{size}": structure for size, structure in MIXED_SIZES.items()},
    "convolutions, then attention": {f"caformer_{size}": structure for size, structure in MIXED_SIZES.items()},
}
MIXER = ("mix_in", "mix_depth", "mix_out")


class PoolFormer(GrammarRecognizer):
    """Finds a PoolFormer or another MetaFormer of four stages."""

    name = "poolformer"
    grammars = POOLFORMER_GRAMMARS

    def fits(self, reading: Reading) -> bool:
        """Ask for four stages of norms and perceptrons, a stem on a picture, and a token mixer that is whole or has no tensors."""
        size = reading.size
        whole = all(len(reading.role("expand", row)) == 1 and len(reading.role("project", row)) == 1 for row in range(STAGES))
        mixers = all(_mixer_is_whole(reading, row) for row in range(STAGES))
        attention = all(size(f"F{s}") == 3 * size(f"Q{s}") for s in range(STAGES) if size(f"F{s}"))
        stem = any(placed.part.role == "stem" for placed in reading.outer)
        merges = all(any(placed.part.role == f"merge{s}" for placed in reading.outer) for s in range(STAGES - 1))
        return all(reading.depths) and whole and mixers and attention and stem and merges

    def blueprint(self, reading: Reading) -> Node:
        """Return stem, stages and the convolutions between them."""
        parts: list[Node] = [Aside(reading.outer_leaves("", "head")), *reading.outer_leaves("stem")]
        for stage in range(STAGES):
            for block in range(reading.depths[stage]):
                parts += [_mixer(reading, stage, block), transformer_block(reading, stage, block)]
            parts.extend(reading.outer_leaves(f"merge{stage}"))
        return Sequence(tuple(parts))

    def assumption(self, reading: Reading) -> str:
        """Return the strides that no tensor tells."""
        return "the stem is taken to divide the picture by 4 and every stage by 2, as published"

    def describe(self, found: Found[Reading], shapes: Shapes) -> Architecture:
        """Return depths, widths and the token mixer."""
        reading, head = found.plan, found.network.plan
        mixer = _mixer_words(reading)
        published = PUBLISHED[mixer]
        structure = Structure(reading.depths, reading.dims)
        family = "poolformer" if mixer == "pooling" else "metaformer"
        plain = reading.size("P") == 7 and reading.size("C") == 3
        stem = next(placed.part.path for placed in reading.outer if placed.part.role == "stem")
        silent = mixer.startswith("pooling")
        return Architecture(
            family=family,
            name=exact_name(structure, published) if found.whole and plain else None,
            depths=structure.depths,
            dims=structure.dims,
            head=reading.head() or head.head,
            closest=closest(structure, published),
            summary=f"{family}, depths {listed(structure.depths)}, dims {listed(structure.dims)}, {head_words(head)}",
            first_layer=first_layer(shapes, f"{reading.prefix}{stem}.weight", f"{reading.prefix}{reading.grammar.anchor}"),
            variant_of=reading.grammar.spelling,
            traits=("token mixer without tensors" if silent else f"token mixer: {mixer}", *place_words(reading.prefix, reading.size("C"))),
            cannot_know=(*head_unknowns(head), "strides", *(("whether tokens are pooled or not mixed at all",) if silent else ())),
        )


def _mixer_is_whole(reading: Reading, row: int) -> bool:
    convolutions = sum(bool(reading.role(role, row)) for role in MIXER)
    attention = sum(bool(reading.role(role, row)) for role in ("fused", "output"))
    return (convolutions, attention) in ((0, 0), (3, 0), (0, 2))


def _mixer(reading: Reading, row: int, block: int) -> Node:
    leaves = tuple(leaf for role, leaf in reading.block_leaves(row, block) if role in MIXER)
    return Residual(Sequence(leaves))


def _mixer_words(reading: Reading) -> str:
    if any(reading.role("fused", row) for row in range(STAGES)):
        return "convolutions, then attention"
    if reading.role("mix_depth"):
        return "convolutions"
    return "pooling of MetaFormer" if reading.block_has("mlp.act.scale") else "pooling"
