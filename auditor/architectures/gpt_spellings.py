"""Names of text decoders: GPT-2 (Radford et al. 2019) and LLaMA (Touvron et al. 2023) with those that copied them.

Symbols: D width, Q width of queries, K of keys and values (smaller where several queries share them), F packed projections,
X and H perceptron, h channels of a head, V vocabulary, N positions.
"""

from __future__ import annotations

from auditor.architectures.grammar import Grammar, Layers, Part, buffer, embedding, linear, norm


def _transposed(path: str, inputs: str, outputs: str, role: str) -> Part:
    return Part(path, "transposed", (inputs, outputs), role)


GPT2_SMALL_PARTS = (
    norm("ln_1"),
    norm("ln_2"),
    buffer("attn.bias", 1, 1, "M", "M", dtype="float32"),
    buffer("attn.masked_bias", dtype="float32"),
)
GPT2_BLOCK = (
    _transposed("attn.c_attn", "D", "F", "fused"),
    _transposed("attn.c_proj", "Q", "D", "output"),
    _transposed("mlp.c_fc", "D", "X", "expand"),
    _transposed("mlp.c_proj", "X", "D", "project"),
    *GPT2_SMALL_PARTS,
)
NANO_BLOCK = (  # nanoGPT writes the same names with torch's linear layers
    linear("attn.c_attn", "F", "D", "fused"),
    linear("attn.c_proj", "D", "Q", "output"),
    linear("mlp.c_fc", "X", "D", "expand"),
    linear("mlp.c_proj", "D", "X", "project"),
    *GPT2_SMALL_PARTS,
)
GPT2_OUTER = (
    embedding("wte", "V"),
    embedding("wpe", "N"),
    norm("ln_f"),
    linear("^lm_head", "V", "D", "head"),
    linear("lm_head", "V", "D", "head"),
    linear("^score", "O", "D", "head"),
    linear("^classifier", "O", "D", "head"),
)
LLAMA_BLOCK = (
    linear("self_attn.q_proj", "Q", "D", "query"),
    linear("self_attn.k_proj", "K", "D", "key"),
    linear("self_attn.v_proj", "K", "D", "value"),
    linear("self_attn.o_proj", "D", "Q", "output"),
    linear("mlp.gate_proj", "X", "D", "gate"),
    linear("mlp.up_proj", "X", "D", "expand"),
    linear("mlp.down_proj", "D", "X", "project"),
    norm("input_layernorm"),
    norm("post_attention_layernorm"),
    norm("pre_feedforward_layernorm"),
    norm("post_feedforward_layernorm"),
    norm("self_attn.q_norm", "h"),
    norm("self_attn.k_norm", "hk"),
    buffer("self_attn.rotary_emb.inv_freq", "I", dtype="float32"),
)
META_BLOCK = (
    linear("attention.wq", "Q", "D", "query"),
    linear("attention.wk", "K", "D", "key"),
    linear("attention.wv", "K", "D", "value"),
    linear("attention.wo", "D", "Q", "output"),
    linear("feed_forward.w1", "X", "D", "gate"),
    linear("feed_forward.w3", "X", "D", "expand"),
    linear("feed_forward.w2", "D", "X", "project"),
    norm("attention_norm"),
    norm("ffn_norm"),
    buffer("attention.inner_attention.rope.freqs", "I", dtype="float32"),
)
NEOX_BLOCK = (
    linear("attention.query_key_value", "F", "D", "fused"),
    linear("attention.dense", "D", "Q", "output"),
    linear("mlp.dense_h_to_4h", "X", "D", "expand"),
    linear("mlp.dense_4h_to_h", "D", "X", "project"),
    norm("input_layernorm"),
    norm("post_attention_layernorm"),
    buffer("attention.bias", 1, 1, "M", "M", dtype="float32"),
    buffer("attention.masked_bias", dtype="float32"),
    buffer("attention.rotary_emb.inv_freq", "I", dtype="float32"),
)
GPT_GRAMMARS = (
    Grammar("transformers", (Layers("h.{b}.", GPT2_BLOCK),), GPT2_OUTER, ("h.", "wte.", "wpe."), "gpt2"),
    Grammar("nanogpt", (Layers("h.{b}.", NANO_BLOCK),), GPT2_OUTER, ("h.", "wte.", "wpe."), "gpt2"),
    Grammar(
        "transformers",
        (Layers("layers.{b}.", LLAMA_BLOCK),),
        (
            embedding("embed_tokens", "V"),
            norm("norm"),
            buffer("rotary_emb.inv_freq", "I", dtype="float32"),
            linear("^lm_head", "V", "D", "head"),
            linear("^score", "O", "D", "head"),
        ),
        ("layers.", "embed_tokens."),
        "llama",
    ),
    Grammar(
        "official",
        (Layers("layers.{b}.", META_BLOCK),),
        (
            embedding("tok_embeddings", "V"),
            norm("norm"),
            linear("output", "V", "D", "head"),
            buffer("rope.freqs", "I", dtype="float32"),
        ),
        ("layers.", "tok_embeddings."),
        "llama",
    ),
    Grammar(
        "transformers",
        (Layers("layers.{b}.", NEOX_BLOCK),),
        (embedding("embed_in", "V"), norm("final_layer_norm"), linear("^embed_out", "V", "D", "head")),
        ("layers.", "embed_in."),
        "gpt_neox",
    ),
)
