"""Names of detection transformers: DETR (Carion et al. 2020) and Deformable DETR (Zhu et al. 2021).

Symbols: D width, F packed projections, X perceptron, Q queries, C channels of the backbone, K classes (with "no object"), L
levels, O and W what deformable attention samples.
"""

from __future__ import annotations

from auditor.architectures.grammar import Grammar, Layers, Part, embedding, linear, norm, parameter

MOST_LEVELS = 6
MOST_HEADS = 8  # a head per decoder layer, and one for the encoder's proposals


def _packed(path: str) -> tuple[Part, ...]:
    return Part(path, "packed", ("3*D", "D")), linear(f"{path}.out_proj", "D", "D")


def _separate(path: str, output: str) -> tuple[Part, ...]:
    return (linear(f"{path}.{output}", "D", "D"), *(linear(f"{path}.{name}_proj", "D", "D") for name in "qkv"))


def _deformable(path: str, scope: str) -> tuple[Part, ...]:
    return (
        linear(f"{path}.sampling_offsets", f"O{scope}", "D"),
        linear(f"{path}.attention_weights", f"W{scope}", "D"),
        linear(f"{path}.value_proj", "D", "D"),
        linear(f"{path}.output_proj", "D", "D"),
    )


def _perceptron(first: str, second: str) -> tuple[Part, ...]:
    return linear(first, "X", "D"), linear(second, "D", "X")


def _norms(*paths: str) -> tuple[Part, ...]:
    return tuple(norm(path) for path in paths)


def _box(path: str) -> tuple[Part, ...]:
    return linear(f"{path}.layers.0", "D", "D"), linear(f"{path}.layers.1", "D", "D"), linear(f"{path}.layers.2", 4, "D", "boxes")


def _levels(path: str) -> tuple[Part, ...]:
    parts: list[Part] = []
    for level in range(MOST_LEVELS):
        parts.append(Part(f"{path}.{level}.0", "conv", ("D", f"C{level}", f"k{level}", f"k{level}"), "projection"))
        parts.append(Part(f"{path}.{level}.1", "group_norm", ("D",)))
    return tuple(parts)


def _heads(up: str) -> tuple[Part, ...]:
    return tuple(
        part for n in range(MOST_HEADS) for part in (linear(f"{up}class_embed.{n}", "K", "D", "classes"), *_box(f"{up}bbox_embed.{n}"))
    )


_TWO_STAGE = (
    linear("enc_output", "D", "D"),
    norm("enc_output_norm"),
    linear("pos_trans", "2*D", "2*D"),
    norm("pos_trans_norm", "2*D"),
    parameter("level_embed", "L", "D"),
    linear("reference_points", 2, "D"),
)
OFFICIAL = Grammar(
    "official",
    (
        Layers("transformer.encoder.layers.{b}.", (*_packed("self_attn"), *_perceptron("linear1", "linear2"), *_norms("norm1", "norm2"))),
        Layers(
            "transformer.decoder.layers.{b}.",
            (
                *_packed("self_attn"),
                *_packed("multihead_attn"),
                *_perceptron("linear1", "linear2"),
                *_norms("norm1", "norm2", "norm3"),
            ),
        ),
    ),
    (
        *_norms("transformer.encoder.norm", "transformer.decoder.norm"),
        linear("class_embed", "K", "D", "classes"),
        *_box("bbox_embed"),
        embedding("query_embed", "Q"),
        Part("input_proj", "conv", ("D", "C", 1, 1), "projection"),
    ),
    ("transformer.encoder.", "transformer.decoder."),
    "detr",
)
DEFORMABLE = Grammar(
    "official",
    (
        Layers(
            "transformer.encoder.layers.{b}.",
            (*_deformable("self_attn", ""), *_perceptron("linear1", "linear2"), *_norms("norm1", "norm2")),
        ),
        Layers(
            "transformer.decoder.layers.{b}.",
            (
                *_packed("self_attn"),
                *_deformable("cross_attn", "2"),
                *_perceptron("linear1", "linear2"),
                *_norms("norm1", "norm2", "norm3"),
            ),
        ),
    ),
    (
        *(Part(f"transformer.{part.path}", part.kind, part.shape) for part in _TWO_STAGE),
        *_heads(""),
        *(
            Part(f"transformer.decoder.{part.path}", part.kind, part.shape, part.role and f"shared {part.role}")
            for part in _heads("")  # saved a second time where boxes are refined layer by layer
        ),
        embedding("query_embed", "Q", "2*D"),
        *_levels("input_proj"),
    ),
    ("transformer.encoder.", "transformer.decoder."),
    "deformable_detr",
)


def _hf(output: str, first: str, second: str) -> tuple[Grammar, Grammar]:
    perceptron = _perceptron(first, second)
    norms = _norms("self_attn_layer_norm", "final_layer_norm")
    cross = norm("encoder_attn_layer_norm")
    roots = ("encoder.layers.", "decoder.layers.")
    plain = Grammar(
        "transformers",
        (
            Layers("encoder.layers.{b}.", (*_separate("self_attn", output), *perceptron, *norms)),
            Layers(
                "decoder.layers.{b}.",
                (*_separate("self_attn", output), *_separate("encoder_attn", output), *perceptron, *norms, cross),
            ),
        ),
        (
            norm("encoder.layernorm"),
            norm("decoder.layernorm"),
            linear("^class_labels_classifier", "K", "D", "classes"),
            *_box("^bbox_predictor"),
            embedding("query_position_embeddings", "Q"),
            Part("input_projection", "conv", ("D", "C", 1, 1), "projection"),
        ),
        roots,
        "detr",
    )
    deformable = Grammar(
        "transformers",
        (
            Layers("encoder.layers.{b}.", (*_deformable("self_attn", ""), *perceptron, *norms)),
            Layers(
                "decoder.layers.{b}.",
                (*_separate("self_attn", output), *_deformable("encoder_attn", "2"), *perceptron, *norms, cross),
            ),
        ),
        (*_TWO_STAGE, *_heads("^"), *_heads("decoder."), embedding("query_position_embeddings", "Q", "2*D"), *_levels("input_proj")),
        roots,
        "deformable_detr",
    )
    return plain, deformable


DETR_GRAMMARS = (OFFICIAL, DEFORMABLE, *_hf("out_proj", "fc1", "fc2"), *_hf("o_proj", "mlp.fc1", "mlp.fc2"))
