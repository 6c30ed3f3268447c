"""Vision transformers' names, code base by code base.

Dosovitskiy et al. 2021 (ViT), Touvron et al. 2021 (DeiT), He et al. 2022 (MAE), Radford et al. 2021 (CLIP), Bao et al. 2022
(BEiT), Oquab et al. 2023 (DINOv2). Symbols: D width, Q attention's width, F its packed projections, X and H the two sides of
the perceptron's middle (X is 2 H where it is gated), h channels of a head, A heads, P patch, C input channels, N positions.
The decoder of masked pre-training and the text tower have symbols of their own, with "2" behind.
"""

from __future__ import annotations

from auditor.architectures.grammar import Grammar, Layers, Part, buffer, embedding, linear, norm, parameter


def patches(path: str) -> Part:
    """Return the convolution that makes a token of every patch."""
    return Part(path, "conv", ("D", "C", "P", "P"), "patches")


def packed(path: str, row: str = "") -> tuple[Part, Part]:
    """Return the two projections of `torch.nn.MultiheadAttention`."""
    return (
        Part(path, "packed", (f"F{row}", f"D{row}"), "fused"),
        linear(f"{path}.out_proj", f"D{row}", f"Q{row}", "output"),
    )


def separate(path: str, names: tuple[str, str, str], output: str, row: str = "") -> tuple[Part, ...]:
    """Return projections to queries, keys and values, and the one of what comes out."""
    wide, width = f"Q{row}", f"D{row}"
    roles = zip(names, (f"Q{row}", f"K{row}", f"K{row}"), ("query", "key", "value"), strict=True)
    return (*(linear(path + name, size, width, role) for name, size, role in roles), linear(output, width, wide, "output"))


def perceptron(first: str, second: str, row: str = "") -> tuple[Part, Part]:
    """Return the two layers of a block's perceptron."""
    return linear(first, f"X{row}", f"D{row}", "expand"), linear(second, f"D{row}", f"H{row}", "project")


def norms(*paths: str, row: str = "") -> tuple[Part, ...]:
    """Return norms over the width."""
    return tuple(norm(path, f"D{row}") for path in paths)


def timm_block(row: str = "") -> tuple[Part, ...]:
    """Return the parts of a block in timm's names, which DeiT, MAE, BEiT, DINO and DINOv2 share."""
    width = f"D{row}"
    return (
        linear("attn.qkv", f"F{row}", width, "fused"),
        linear("attn.proj", width, f"Q{row}", "output"),
        *norms("norm1", "norm2", row=row),
        *perceptron("mlp.fc1", "mlp.fc2", row),
        *perceptron("mlp.w12", "mlp.w3", row),
        linear("mlp.fc1_g", f"X{row}", width, "gate"),
        linear("mlp.fc1_x", f"X{row}", width, "expand"),
        norm("mlp.norm", f"H{row}"),
        norm("attn.norm", f"Q{row}"),
        norm("attn.q_norm", f"h{row}"),
        norm("attn.k_norm", f"h{row}"),
        parameter("attn.q_bias", f"Q{row}"),
        parameter("attn.v_bias", f"Q{row}"),
        *(parameter(path, width) for path in ("ls1.gamma", "ls2.gamma", "gamma_1", "gamma_2")),
        parameter("attn.relative_position_bias_table", f"R{row}", f"A{row}"),
        buffer("attn.relative_position_index", f"I{row}", f"I{row}"),
        parameter("attn.rel_pos_h", f"RH{row}", f"h{row}"),
        parameter("attn.rel_pos_w", f"RW{row}", f"h{row}"),
    )


def separate_timm_block() -> tuple[Part, ...]:
    """Return timm's block with queries, keys and values apart (EVA-02)."""
    return (
        *separate("attn.", ("q_proj", "k_proj", "v_proj"), "attn.proj"),
        parameter("attn.q_bias", "Q"),
        parameter("attn.v_bias", "Q"),
        *timm_block()[2:],
    )


TIMM_OUTER = (
    patches("patch_embed.proj"),
    parameter("cls_token", 1, 1, "D"),
    parameter("dist_token", 1, 1, "D"),
    parameter("reg_token", 1, "T", "D"),
    parameter("register_tokens", 1, "T", "D"),
    parameter("pos_embed", 1, "N", "D"),
    parameter("pos_embed", 1, "NH", "NW", "D"),
    norm("norm"),
    norm("fc_norm"),
    norm("norm_pre"),
    norm("last_norm"),
    parameter("rel_pos_bias.relative_position_bias_table", "R", "A"),
    buffer("rel_pos_bias.relative_position_index", "I", "I"),
    parameter("attn_pool.latent", 1, 1, "D"),
    linear("attn_pool.q", "D", "D"),
    linear("attn_pool.kv", "2*D", "D"),
    linear("attn_pool.proj", "D", "D"),
    norm("attn_pool.norm"),
    linear("attn_pool.mlp.fc1", "PX", "D"),
    linear("attn_pool.mlp.fc2", "D", "PX"),
    linear("decoder_embed", "D2", "D"),
    parameter("decoder_pos_embed", 1, "N2", "D2"),
    norm("decoder_norm", "D2"),
    linear("decoder_pred", "M2", "D2"),
    parameter("mask_token", 1, 1, "DM"),
    parameter("mask_token", 1, "DM"),
    linear("pre_logits.fc", "D", "D"),
    linear("linear_head", "O", "2*D", "head"),  # DINOv2's, on the class token and the mean side by side
    linear("linear_head", "O", "5*D", "head"),
)
DECODER = Layers("decoder_blocks.{b}.", timm_block("2"))
TIMM_ROOTS = ("blocks.", "patch_embed.proj.", "rope.")
TIMM = Grammar("timm", (Layers("blocks.{b}.", timm_block()), DECODER), TIMM_OUTER, TIMM_ROOTS)
TIMM_SEPARATE = Grammar("timm", (Layers("blocks.{b}.", separate_timm_block()),), TIMM_OUTER, TIMM_ROOTS)


def hf_block(row: str = "") -> tuple[Part, ...]:
    """Return the parts of a block in transformers' names, as its files hold them."""
    inner = "attention.attention."
    return (
        *separate(inner, ("query", "key", "value"), "attention.output.dense", row),
        *norms("layernorm_before", "layernorm_after", "norm1", "norm2", row=row),
        *perceptron("intermediate.dense", "output.dense", row),
        *perceptron("mlp.fc1", "mlp.fc2", row),
        *perceptron("mlp.weights_in", "mlp.weights_out", row),
        *(parameter(path, f"D{row}") for path in ("lambda_1", "lambda_2", "layer_scale1.lambda1", "layer_scale2.lambda1")),
        parameter("attention.attention.relative_position_bias.relative_position_bias_table", "R", "A"),
        buffer("attention.attention.relative_position_bias.relative_position_index", "I", "I"),
    )


def hf_new_block(row: str = "") -> tuple[Part, ...]:
    """Return the same in the names of transformers 5."""
    attention = separate("attention.", ("q_proj", "k_proj", "v_proj"), "attention.o_proj", row)
    return (*attention, *hf_block(row)[4:])


HF_OUTER = (
    patches("embeddings.patch_embeddings.projection"),
    parameter("embeddings.cls_token", 1, 1, "D"),
    parameter("embeddings.distillation_token", 1, 1, "D"),
    parameter("embeddings.register_tokens", 1, "T", "D"),
    parameter("embeddings.position_embeddings", 1, "N", "D"),
    parameter("embeddings.mask_token", 1, 1, "DM"),
    parameter("embeddings.mask_token", 1, "DM"),
    norm("layernorm"),
    norm("pooler.layernorm"),
    linear("pooler.dense", "D", "D"),
    parameter("encoder.relative_position_bias.relative_position_bias_table", "R", "A"),
    parameter("relative_position_bias.relative_position_bias_table", "R", "A"),
    linear("^decoder.decoder_embed", "D2", "D"),
    parameter("^decoder.mask_token", 1, 1, "D2"),
    parameter("^decoder.decoder_pos_embed", 1, "N2", "D2"),
    norm("^decoder.decoder_norm", "D2"),
    linear("^decoder.decoder_pred", "M2", "D2"),
    linear("^classifier", "O", "2*D", "head"),  # on the class token and the mean side by side
)


def _hf(template: str, block: tuple[Part, ...], decoder: tuple[Part, ...]) -> Grammar:
    decoders = (
        f"^decoder.{words}.{{b}}." for words in ("decoder_layers", "decoder_encoder.layer")
    )  # the second: as transformers 5 saves it
    rows = (Layers(template, block), *(Layers(path, decoder) for path in decoders))
    return Grammar("transformers", rows, HF_OUTER, (template.partition("{")[0], "embeddings."))


TRANSFORMERS = (
    _hf("encoder.layer.{b}.", hf_block(), hf_block("2")),
    _hf("layers.{b}.", hf_new_block(), hf_new_block("2")),
    _hf("encoder.layer.{b}.", hf_new_block(), hf_new_block("2")),
)


def clip_block(row: str = "") -> tuple[Part, ...]:
    """Return the parts of a block as OpenAI's CLIP and open_clip name them."""
    scales = (parameter(path, f"D{row}") for path in ("ls_1.gamma", "ls_2.gamma"))
    return (*packed("attn", row), *norms("ln_1", "ln_2", row=row), *perceptron("mlp.c_fc", "mlp.c_proj", row), *scales)


def _clip(text: str) -> Grammar:
    return Grammar(
        "official",
        (Layers("transformer.resblocks.{b}.", clip_block()), Layers(f"{text}transformer.resblocks.{{b}}.", clip_block("2"))),
        (
            patches("conv1"),
            parameter("class_embedding", "D"),
            parameter("positional_embedding", "N", "D"),
            norm("ln_pre"),
            norm("ln_post"),
            parameter("proj", "D", "O"),
            parameter(f"{text}positional_embedding", "N2", "D2"),
            parameter(f"{text}text_projection", "D2", "O2"),
            parameter("^logit_scale"),
            parameter("^logit_bias"),
            embedding(f"{text}token_embedding", "V2", "D2"),
            norm(f"{text}ln_final", "D2"),
            buffer("^input_resolution"),
            buffer("^context_length"),
            buffer("^vocab_size"),
            buffer(f"{text}attn_mask", "N2", "N2", dtype="float32"),
        ),
        ("transformer.resblocks.", "conv1."),
        "clip",
    )


CLIP = (_clip("^"), _clip("^text."))


def hf_clip_block(row: str = "") -> tuple[Part, ...]:
    """Return the parts of a block of transformers' CLIP and SigLIP."""
    attention = separate("self_attn.", ("q_proj", "k_proj", "v_proj"), "self_attn.out_proj", row)
    return (*attention, *norms("layer_norm1", "layer_norm2", row=row), *perceptron("mlp.fc1", "mlp.fc2", row))


HF_CLIP = Grammar(
    "transformers",
    (Layers("encoder.layers.{b}.", hf_clip_block()), Layers("^text_model.encoder.layers.{b}.", hf_clip_block("2"))),
    (
        patches("embeddings.patch_embedding"),
        parameter("embeddings.class_embedding", "D"),
        embedding("embeddings.position_embedding", "N"),
        buffer("embeddings.position_ids", 1, "N"),
        norm("pre_layrnorm"),
        norm("post_layernorm"),
        linear("^visual_projection", "O", "D"),
        linear("^text_projection", "O2", "D2"),
        parameter("^logit_scale"),
        parameter("^logit_scale", 1),
        parameter("^logit_bias"),
        parameter("^logit_bias", 1),
        embedding("^text_model.embeddings.token_embedding", "V2", "D2"),
        embedding("^text_model.embeddings.position_embedding", "N2", "D2"),
        buffer("^text_model.embeddings.position_ids", 1, "N2"),
        norm("^text_model.final_layer_norm", "D2"),
        linear("^text_model.head", "O2", "D2"),
        parameter("head.probe", 1, 1, "D"),
        Part("head.attention", "packed", ("3*D", "D")),
        linear("head.attention.out_proj", "D", "D"),
        norm("head.layernorm"),
        linear("head.mlp.fc1", "PX", "D"),
        linear("head.mlp.fc2", "D", "PX"),
    ),
    ("encoder.layers.", "embeddings."),
    "clip",
)
TORCHVISION = Grammar(
    "torchvision",
    (
        Layers(
            "encoder.layers.encoder_layer_{b}.",
            (
                *packed("self_attention"),
                *norms("ln_1", "ln_2"),
                *perceptron("mlp.0", "mlp.3"),
                *perceptron("mlp.linear_1", "mlp.linear_2"),
            ),
        ),
    ),
    (patches("conv_proj"), parameter("class_token", 1, 1, "D"), parameter("encoder.pos_embedding", 1, "N", "D"), norm("encoder.ln")),
    ("encoder.layers.encoder_layer_", "conv_proj."),
)
MMPRETRAIN = Grammar(
    "mmpretrain",
    (
        Layers(
            "layers.{b}.",
            (
                linear("attn.qkv", "F", "D", "fused"),
                linear("attn.proj", "D", "Q", "output"),
                *norms("ln1", "ln2", "norm1", "norm2"),
                *perceptron("ffn.layers.0.0", "ffn.layers.1"),
                parameter("attn.gamma1.weight", "D"),
                parameter("ffn.gamma2.weight", "D"),
            ),
        ),
    ),
    (
        patches("patch_embed.projection"),
        parameter("cls_token", 1, 1, "D"),
        parameter("pos_embed", 1, "N", "D"),
        norm("ln1"),
        norm("norm1"),
        norm("ln2"),
        norm("pre_norm"),
    ),
    ("layers.", "patch_embed."),
)
VIT_GRAMMARS = (TIMM, TIMM_SEPARATE, *TRANSFORMERS, *CLIP, HF_CLIP, TORCHVISION, MMPRETRAIN)
