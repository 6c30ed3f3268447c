"""Recognizes text encoders: BERT, RoBERTa, ELECTRA, DistilBERT, with any of their heads."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.architectures.bert_spellings import BERT_GRAMMARS
from auditor.architectures.blueprint import Node
from auditor.architectures.grammar import Reading
from auditor.architectures.grammar_search import GrammarRecognizer, every_leaf
from auditor.architectures.published import Structure, closest
from auditor.architectures.search import Found
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.words import head_unknowns, head_words, place_words
from auditor.facts import Architecture

# (depth, width, perceptron, width of embeddings) of the published sizes; Turc et al. 2019 has the four small BERTs.
BERT_SIZES: Mapping[str, Mapping[str, tuple[int, int, int, int]]] = {
    "bert": {
        "bert_tiny": (2, 128, 512, 128),
        "bert_mini": (4, 256, 1024, 256),
        "bert_small": (4, 512, 2048, 512),
        "bert_medium": (8, 512, 2048, 512),
        "bert_base": (12, 768, 3072, 768),
        "bert_large": (24, 1024, 4096, 1024),
    },
    "roberta": {"roberta_base": (12, 768, 3072, 768), "roberta_large": (24, 1024, 4096, 1024)},
    "electra": {
        "electra_small": (12, 256, 1024, 128),
        "electra_base": (12, 768, 3072, 768),
        "electra_large": (24, 1024, 4096, 1024),
    },
    "distilbert": {"distilbert_base": (6, 768, 3072, 768)},
}
ROBERTA_OFFSET = 2  # RoBERTa's first position is the third row of its table, so 514 rows serve 512 tokens
USUAL_POSITIONS = 512
XLM_WORDS = 250002  # Conneau et al. 2020


class TextEncoder(GrammarRecognizer):
    """Finds a BERT-like encoder under any prefix."""

    name = "bert"
    least_values = 0.5  # one tower of a model of pictures and text is not the model
    least_named = 0.9
    grammars = BERT_GRAMMARS

    def fits(self, reading: Reading) -> bool:
        """Ask for word embeddings, and blocks whose parts agree in width."""
        size = reading.size
        words = reading.has("embeddings.word_embeddings") or reading.has("embed_tokens")
        joined = size("E") == size("D") or reading.has("embeddings_project")
        whole = all(reading.role(role) for role in ("key", "value", "output", "expand", "project"))
        # fairseq calls the layers of every translation model so; only RoBERTa's stand in a sentence encoder.
        alone = reading.grammar.flavor != "roberta" or reading.prefix.endswith("sentence_encoder.")
        return words and joined and whole and alone

    def blueprint(self, reading: Reading) -> Node:
        """Return the tensors; there is no picture to measure a cost with."""
        return every_leaf(reading)

    def describe(self, found: Found[Reading], shapes: Shapes) -> Architecture:
        """Return family, depth, width, vocabulary and heads."""
        reading, head = found.plan, found.network.plan
        family = _family(reading)
        sizes = BERT_SIZES[family]
        structure = Structure((reading.depths[0],), reading.dims)
        own = (reading.depths[0], reading.size("D"), reading.size("X"), reading.size("E"))
        name = next((name for name, other in sizes.items() if other == own), None)
        published = {name: Structure((depth,), (width,)) for name, (depth, width, _, _) in sizes.items()}
        words = f"{family} of {own[0]} blocks, width {own[1]}, {reading.size('V')} words"
        embeddings = "embed_tokens" if reading.grammar.flavor == "roberta" else "embeddings.word_embeddings"
        read = reading.head()
        return Architecture(
            family=family,
            name=_full_name(name, reading) if found.whole else None,
            depths=structure.depths,
            dims=structure.dims,
            head=read or head.head,
            closest=closest(structure, published),
            summary=f"{words}, " + (f"outputs {', '.join(map(str, read.outputs))}" if read else head_words(head)),
            first_layer=first_layer(shapes, f"{reading.prefix}{embeddings}.weight"),
            variant_of=reading.grammar.spelling,
            traits=_traits(reading),
            cannot_know=(*head_unknowns(head), "the number of attention heads", "the activation"),
        )


def _family(reading: Reading) -> str:
    """Return the family: by the spelling, the name before the encoder, the heads and embeddings that only one family has."""
    last = reading.prefix.rstrip(".").rpartition(".")[2]
    if reading.grammar.flavor:
        return reading.grammar.flavor
    heads = {"electra": "^discriminator_predictions.dense", "roberta": "^lm_head.dense", "bert": "^cls.predictions.transform.dense"}
    if last in BERT_SIZES:
        return last
    if reading.has("embeddings_project"):
        return "electra"
    told = next((family for family, path in heads.items() if reading.has(path)), None)
    offset = reading.size("N") == USUAL_POSITIONS + ROBERTA_OFFSET and reading.size("T") <= 1
    return told or ("roberta" if offset else "bert")


def _full_name(name: str | None, reading: Reading) -> str | None:
    """Return the name, or another one for the vocabulary of XLM-RoBERTa; None for a decoder, which no published one is."""
    if name is None or reading.block_has("crossattention.self.query"):
        return None
    return f"xlm_{name}" if reading.size("V") == XLM_WORDS and name.startswith("roberta") else name


def _traits(reading: Reading) -> tuple[str, ...]:
    traits = [f"vocabulary of {reading.size('V')}", f"{reading.size('N')} positions", f"perceptron of {reading.size('X')}"]
    if reading.size("E") != reading.size("D"):
        traits.append(f"embeddings of {reading.size('E')}")
    if reading.block_has("crossattention.self.query"):
        traits.append("cross attention")
    if any(placed.old_names for placed in reading.blocks[0]):
        traits.append("norms with gamma and beta, as before 2019")
    place = place_words(reading.prefix, 3)
    return (*traits, *place)
