"""Names of BERT-like text encoders.

Devlin et al. 2019 (BERT), Liu et al. 2019 (RoBERTa), Clark et al. 2020 (ELECTRA), Sanh et al. 2019 (DistilBERT). Symbols: D
width, Q attention's width, X perceptron, E width of the embeddings, V vocabulary, N positions, T kinds of segments.
"""

from __future__ import annotations

from auditor.architectures.grammar import Grammar, Layers, Part, buffer, embedding, linear, norm, parameter


def _attention(path: str, row_norm: str, keys_from: str = "D") -> tuple[Part, ...]:
    return (
        linear(f"{path}.self.query", "Q", "D", "query"),
        linear(f"{path}.self.key", "Q", keys_from, "key"),
        linear(f"{path}.self.value", "Q", keys_from, "value"),
        linear(f"{path}.output.dense", "D", "Q", "output"),
        norm(f"{path}.output.{row_norm}"),
    )


BLOCK = (
    *_attention("attention", "LayerNorm"),
    linear("intermediate.dense", "X", "D", "expand"),
    linear("output.dense", "D", "X", "project"),
    norm("output.LayerNorm"),
    *(Part(part.path, part.kind, part.shape) for part in _attention("crossattention", "LayerNorm", "DC")),
)
EMBEDDINGS = (
    embedding("embeddings.word_embeddings", "V", "E"),
    embedding("embeddings.position_embeddings", "N", "E"),
    embedding("embeddings.token_type_embeddings", "T", "E"),
    norm("embeddings.LayerNorm", "E"),
    buffer("embeddings.position_ids", 1, "N"),
    buffer("embeddings.token_type_ids", 1, "N"),
    linear("embeddings_project", "D", "E"),
    linear("pooler.dense", "D", "D"),
)


def heads(up: str) -> tuple[Part, ...]:
    """Return the heads that transformers and the official conversions put beside the encoder, or (`up` empty) below its prefix."""
    return (
        parameter(f"{up}cls.predictions.bias", "V"),
        linear(f"{up}cls.predictions.transform.dense", "E", "D"),
        norm(f"{up}cls.predictions.transform.LayerNorm", "E"),
        linear(f"{up}cls.predictions.decoder", "V", "E", "head"),
        linear(f"{up}cls.seq_relationship", 2, "D", "head"),
        linear(f"{up}discriminator_predictions.dense", "D", "D"),
        linear(f"{up}discriminator_predictions.dense_prediction", 1, "D", "head"),
        linear(f"{up}generator_predictions.dense", "E", "D"),
        norm(f"{up}generator_predictions.LayerNorm", "E"),
        linear(f"{up}generator_lm_head", "V", "E", "head"),
        parameter(f"{up}lm_head.bias", "V"),
        linear(f"{up}lm_head.dense", "D", "D"),
        norm(f"{up}lm_head.layer_norm"),
        linear(f"{up}lm_head.decoder", "V", "D", "head"),
        linear(f"{up}classifier.dense", "D", "D"),
        linear(f"{up}classifier.out_proj", "O", "D", "head"),
        linear(f"{up}classifier", "O", "D", "head"),
        linear(f"{up}pre_classifier", "D", "D"),
        linear(f"{up}qa_outputs", "S", "D", "head"),
        linear(f"{up}vocab_transform", "D", "D"),
        norm(f"{up}vocab_layer_norm"),
        linear(f"{up}vocab_projector", "V", "D", "head"),
    )


BERT_ROOTS = ("encoder.layer.", "embeddings.")
BERT = Grammar("transformers", (Layers("encoder.layer.{b}.", BLOCK),), (*EMBEDDINGS, *heads("^")), BERT_ROOTS)
DISTILBERT = Grammar(
    "transformers",
    (
        Layers(
            "transformer.layer.{b}.",
            (
                linear("attention.q_lin", "Q", "D", "query"),
                linear("attention.k_lin", "Q", "D", "key"),
                linear("attention.v_lin", "Q", "D", "value"),
                linear("attention.out_lin", "D", "Q", "output"),
                norm("sa_layer_norm"),
                linear("ffn.lin1", "X", "D", "expand"),
                linear("ffn.lin2", "D", "X", "project"),
                norm("output_layer_norm"),
            ),
        ),
    ),
    (*EMBEDDINGS[:5], *heads("^")),
    ("transformer.layer.", "embeddings."),
    "distilbert",
)
FAIRSEQ = Grammar(
    "fairseq",
    (
        Layers(
            "layers.{b}.",
            (
                linear("self_attn.q_proj", "Q", "D", "query"),
                linear("self_attn.k_proj", "Q", "D", "key"),
                linear("self_attn.v_proj", "Q", "D", "value"),
                linear("self_attn.out_proj", "D", "Q", "output"),
                linear("fc1", "X", "D", "expand"),
                linear("fc2", "D", "X", "project"),
                norm("self_attn_layer_norm"),
                norm("final_layer_norm"),
            ),
        ),
    ),
    (
        embedding("embed_tokens", "V", "E"),
        embedding("embed_positions", "N", "E"),
        norm("emb_layer_norm"),
        norm("layernorm_embedding"),
        linear("^lm_head.dense", "D", "D"),
        norm("^lm_head.layer_norm"),
        parameter("^lm_head.weight", "V", "D"),
        parameter("^lm_head.bias", "V"),
    ),
    ("layers.", "embed_tokens."),
    "roberta",
)
BERT_GRAMMARS = (BERT, DISTILBERT, FAIRSEQ)
