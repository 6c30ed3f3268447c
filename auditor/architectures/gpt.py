"""Recognizes text decoders: GPT-2-like, LLaMA-like and GPT-NeoX-like language models."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.architectures.blueprint import Node
from auditor.architectures.gpt_spellings import GPT_GRAMMARS
from auditor.architectures.grammar import Reading
from auditor.architectures.grammar_search import GrammarRecognizer, every_leaf
from auditor.architectures.published import Structure, closest
from auditor.architectures.search import Found
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.words import head_unknowns, place_words
from auditor.facts import Architecture

# (depth, width, perceptron, keys' width, vocabulary): Radford et al. 2019, Touvron et al. 2023, Biderman et al. 2023.
GPT_SIZES: Mapping[str, Mapping[str, tuple[int, int, int, int, int]]] = {
    "gpt2": {
        "gpt2": (12, 768, 3072, 768, 50257),
        "gpt2_medium": (24, 1024, 4096, 1024, 50257),
        "gpt2_large": (36, 1280, 5120, 1280, 50257),
        "gpt2_xl": (48, 1600, 6400, 1600, 50257),
    },
    "llama": {
        "llama_7b": (32, 4096, 11008, 4096, 32000),
        "llama_13b": (40, 5120, 13824, 5120, 32000),
        "llama_33b": (60, 6656, 17920, 6656, 32000),
        "llama_65b": (80, 8192, 22016, 8192, 32000),
        "llama2_70b": (80, 8192, 28672, 1024, 32000),
        "llama3_8b": (32, 4096, 14336, 1024, 128256),
        "llama3_70b": (80, 8192, 28672, 1024, 128256),
        "mistral_7b": (32, 4096, 14336, 1024, 32000),
        "tinyllama_1.1b": (22, 2048, 5632, 256, 32000),
    },
    "gpt_neox": {"gpt_neox_20b": (44, 6144, 24576, 6144, 50432)},
}
MARKS = {"gpt2": ("wte", "wpe"), "llama": ("embed_tokens", "tok_embeddings"), "gpt_neox": ("embed_in",)}


class LanguageModel(GrammarRecognizer):
    """Finds a decoder of text under any prefix."""

    name = "gpt"
    least_values = 0.5  # one tower of a model of pictures and text is not the model
    least_named = 0.9
    grammars = GPT_GRAMMARS

    def fits(self, reading: Reading) -> bool:
        """Ask for the word embeddings, whole blocks, and packed projections three times the attention's width."""
        size = reading.size
        marks = any(reading.has(path) for path in MARKS[reading.grammar.flavor])
        packed = bool(reading.role("fused"))
        attention = size("F") == 3 * size("Q") if packed else bool(reading.role("key")) and size("Q") % max(1, size("K")) == 0
        return marks and attention and all(reading.role(role) for role in ("output", "expand", "project"))

    def blueprint(self, reading: Reading) -> Node:
        """Return the tensors; there is no picture to measure a cost with."""
        return every_leaf(reading)

    def describe(self, found: Found[Reading], shapes: Shapes) -> Architecture:
        """Return family, depth, width and vocabulary."""
        reading, family = found.plan, found.plan.grammar.flavor
        size = reading.size
        sizes = GPT_SIZES[family]
        structure = Structure((reading.depths[0],), reading.dims)
        own = (reading.depths[0], size("D"), size("X"), size("K") or size("Q"), size("V"))
        plain = not (reading.block_has("self_attn.q_norm") or any(placed.bias for placed in reading.role("key")))
        name = next((name for name, other in sizes.items() if other == own), None)
        published = {name: Structure((depth,), (width,)) for name, (depth, width, *_) in sizes.items()}
        mark = next(path for path in MARKS[family] if reading.has(path))
        return Architecture(
            family=family,
            name=name if found.whole and plain else None,
            depths=structure.depths,
            dims=structure.dims,
            head=reading.head() or found.network.plan.head,
            closest=closest(structure, published),
            summary=f"{family}-like decoder of {own[0]} blocks, width {own[1]}, vocabulary of {own[4]}",
            first_layer=first_layer(shapes, f"{reading.prefix}{mark}.weight"),
            variant_of=reading.grammar.spelling,
            traits=_traits(reading),
            cannot_know=(*head_unknowns(found.network.plan), *_unknowns(reading)),
        )


def _traits(reading: Reading) -> tuple[str, ...]:
    size = reading.size
    traits = [f"perceptron of {size('X')}" + (", gated" if reading.role("gate") else "")]
    if size("K") and size("K") != size("Q"):
        traits.append(f"keys and values shared by {size('Q') // size('K')} queries each")
    if size("N"):
        traits.append(f"{size('N')} learned positions")
    if reading.head() is None:
        traits.append("no output layer in the file: it may be tied to the embeddings")
    if reading.block_has("self_attn.q_norm"):
        traits.append("norms of queries and keys")
    return (*traits, *place_words(reading.prefix, 3))


def _unknowns(reading: Reading) -> tuple[str, ...]:
    heads = () if reading.size("h") and reading.size("h") < reading.size("Q") else ("the number of attention heads",)
    positions = () if reading.size("N") else ("the longest text it was trained for", "the base of the rotary positions")
    return (*heads, *positions, "the activation")
