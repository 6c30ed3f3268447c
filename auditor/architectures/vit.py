"""Recognizes vision transformers of one width: ViT, DeiT, MAE, BEiT, DINO and DINOv2, the image towers of CLIP and SigLIP."""

from __future__ import annotations

import math

from auditor.architectures.blueprint import Aside, Leaf, Node, Sequence, Tokens
from auditor.architectures.grammar import Reading
from auditor.architectures.grammar_search import GrammarRecognizer, transformer_block
from auditor.architectures.published import Structure, closest
from auditor.architectures.search import Found
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.vit_names import VIT_STRUCTURES, VitTraits, vit_name
from auditor.architectures.vit_spellings import VIT_GRAMMARS
from auditor.architectures.words import head_unknowns, head_words, place_words
from auditor.facts import Architecture

CLASS_TOKENS = ("cls_token", "embeddings.cls_token", "class_embedding", "embeddings.class_embedding", "class_token")
DISTILLATION_TOKENS = ("dist_token", "embeddings.distillation_token")
REGISTERS = ("reg_token", "register_tokens", "embeddings.register_tokens")
PRE_NORMS = ("norm_pre", "ln_pre", "pre_layrnorm", "pre_norm")
ATTENTION_POOLS = ("attn_pool.latent", "head.probe")
LAYER_SCALES = ("ls1.gamma", "gamma_1", "lambda_1", "layer_scale1.lambda1", "ls_1.gamma", "attn.gamma1.weight")
RELATIVE = ("attn.relative_position_bias_table", "attention.attention.relative_position_bias.relative_position_bias_table")


class VisionTransformer(GrammarRecognizer):
    """Finds a vision transformer under any prefix."""

    name = "vit"
    grammars = VIT_GRAMMARS

    def fits(self, reading: Reading) -> bool:
        """Ask for square patches of a picture, attention of the blocks' own width, and a perceptron."""
        size = reading.size
        packed = bool(reading.role("fused"))
        attention = size("F") == 3 * size("Q") if packed else size("K") == size("Q") and len(reading.role("key")) == 1
        middle = size("X") in (size("H"), 2 * size("H"))
        return attention and middle and bool(reading.role("expand")) and any(placed.part.role == "patches" for placed in reading.outer)

    def blueprint(self, reading: Reading) -> Node:
        """Return patches, blocks and, beside them, the decoder or text tower."""
        patches = reading.outer_leaves("patches")
        blocks = tuple(transformer_block(reading, 0, block) for block in range(reading.depths[0]))
        second = tuple(transformer_block(reading, row, b) for row in range(1, len(reading.depths)) for b in range(reading.depths[row]))
        silent: tuple[Leaf, ...] = reading.outer_leaves("", "head")
        return Sequence((Aside((*silent, *second)), *patches, Tokens(extra_tokens(reading), Sequence(blocks))))

    def assumption(self, reading: Reading) -> str:
        """Return what the cost leaves out."""
        notes = []
        if decoder_depth(reading) or text_depth(reading):
            what = "the decoder of pre-training" if decoder_depth(reading) else "the text tower"
            notes.append(f"the cost is the image encoder's alone, without {what}")
        grid = position_grid(reading)
        if grid:
            side = grid * reading.size("P")
            notes.append(f"positions are saved for pictures of {side} x {side}; other sizes need them interpolated")
        return "; ".join(notes)

    def describe(self, found: Found[Reading], shapes: Shapes) -> Architecture:
        """Return width, depth, patch and tokens in words and fields."""
        reading, head = found.plan, found.network.plan
        structure = Structure((reading.depths[0],), reading.dims)
        patch = reading.size("P")
        stem = next(placed.part.path for placed in reading.outer if placed.part.role == "patches")
        words = f"vit of {structure.depths[0]} blocks, width {structure.dims[0]}, patch {patch}x{patch}"
        return Architecture(
            family="vit",
            name=vit_name(traits_of(reading)) if found.whole else None,
            depths=structure.depths,
            dims=structure.dims,
            head=reading.head() or head.head,
            closest=closest(structure, VIT_STRUCTURES),
            summary=f"{words}, {head_words(head)}",
            first_layer=first_layer(shapes, f"{reading.prefix}{stem}.weight", f"{reading.prefix}{reading.grammar.anchor}"),
            variant_of=reading.grammar.spelling,
            traits=_words(reading),
            cannot_know=(*head_unknowns(head), *_unknowns(reading)),
        )


def any_outer(reading: Reading, paths: tuple[str, ...]) -> bool:
    """Tell whether one of the outer parts is there."""
    return any(reading.has(path) for path in paths)


def extra_tokens(reading: Reading) -> int:
    """Return how many tokens join the patches: class, distillation, registers."""
    registers = reading.size("T") if any_outer(reading, REGISTERS) else 0
    return any_outer(reading, CLASS_TOKENS) + any_outer(reading, DISTILLATION_TOKENS) + registers


def decoder_depth(reading: Reading) -> int:
    """Return the blocks of the decoder of masked pre-training."""
    return sum(reading.depths[1:]) if reading.grammar.flavor != "clip" else 0


def text_depth(reading: Reading) -> int:
    """Return the blocks of the text tower."""
    return sum(reading.depths[1:]) if reading.grammar.flavor == "clip" else 0


def position_grid(reading: Reading) -> int:
    """Return how many patches wide the table of positions is, 0 where there is none or it is not square."""
    positions = reading.size("N")
    for extra in dict.fromkeys((extra_tokens(reading), any_outer(reading, CLASS_TOKENS) + any_outer(reading, DISTILLATION_TOKENS), 0)):
        side = math.isqrt(max(0, positions - extra))
        if side and side * side == positions - extra:
            return side
    return reading.size("NH") if reading.size("NH") == reading.size("NW") else 0


def traits_of(reading: Reading) -> VitTraits:
    """Return what a published name depends on."""
    grid = position_grid(reading)
    return VitTraits(
        depth=reading.depths[0],
        width=reading.dims[0],
        hidden=reading.size("H"),
        patch=reading.size("P"),
        picture=grid * reading.size("P"),
        class_token=any_outer(reading, CLASS_TOKENS),
        position_for_class=reading.size("N") > grid * grid,
        distillation=any_outer(reading, DISTILLATION_TOKENS),
        registers=reading.size("T") if any_outer(reading, REGISTERS) else 0,
        layer_scale=any(reading.block_has(path) for path in LAYER_SCALES),
        pre_norm=any_outer(reading, PRE_NORMS),
        pooled=any_outer(reading, ATTENTION_POOLS),
        plain=not any(reading.block_has(path) for path in (*RELATIVE, "attn.q_bias", "attn.rel_pos_h", "mlp.norm", "attn.q_norm"))
        and reading.size("X") == reading.size("H")
        and not reading.role("gate")
        and reading.size("Q") == reading.dims[0]
        and reading.size("C") == 3,
        decoder=(decoder_depth(reading), reading.size("D2")) if decoder_depth(reading) else None,
        text=bool(text_depth(reading)),
    )


def _words(reading: Reading) -> tuple[str, ...]:
    traits, patch = traits_of(reading), reading.size("P")
    words = [f"patch {patch}x{patch}", f"perceptron of {reading.size('H')}"]
    if traits.picture:
        words.append(f"positions of {traits.picture // patch} x {traits.picture // patch} patches")
    flags = (
        (traits.class_token, "class token"),
        (traits.distillation, "distillation token"),
        (bool(traits.registers), f"{traits.registers} register tokens"),
        (traits.layer_scale, "layer scale"),
        (traits.pre_norm, "norm before the blocks"),
        (traits.pooled, "attention pooling"),
        (any(reading.block_has(path) for path in RELATIVE), f"relative positions, {reading.size('A')} heads"),
        (reading.size("X") == 2 * reading.size("H") or bool(reading.role("gate")), "gated perceptron"),
        (traits.decoder is not None, f"pre-training decoder of {decoder_depth(reading)} blocks, width {reading.size('D2')}"),
        (traits.text, f"text tower of {text_depth(reading)} blocks, width {reading.size('D2')}"),
        (reading.size("h") > 0, f"{reading.size('Q') // max(1, reading.size('h'))} heads"),
    )
    words += [word for flag, word in flags if flag]
    return (*words, *place_words(reading.prefix, reading.size("C")))


def _unknowns(reading: Reading) -> tuple[str, ...]:
    known = reading.size("A") or reading.size("h")
    heads = () if known else ("the number of attention heads",)
    return (*heads, "the activation", "whether the class token or the mean of all tokens is used")
