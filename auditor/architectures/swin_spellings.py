"""Swin transformers' names, code base by code base.

Liu et al. 2021 (Swin) and 2022 (Swin V2, whose position bias comes from a small network and whose attention has a learned
temperature). Every stage has symbols of its own, with its number behind: D width, Q attention, F packed projections, X
perceptron, A heads, R entries of the bias table, W positions in a window, L side of the table of coordinates.
"""

from __future__ import annotations

from auditor.architectures.grammar import Grammar, Layers, Part, buffer, linear, norm, parameter

STAGES = 4
WIDTHS = tuple(f"D{stage}" for stage in range(STAGES))


def _mask(path: str, s: int) -> Part:
    return Part(path, "buffer", (f"M{s}", f"W{s}", f"W{s}"), dtype="float32", every=2)


def _bias(path: str, s: int, mlp: str, index_flat: bool = False) -> tuple[Part, ...]:
    """Return what gives attention its positions: a table, or the network and the coordinates of V2."""
    return (
        parameter(f"{path}relative_position_bias_table", f"R{s}", f"A{s}"),
        buffer(f"{path}relative_position_index", *((f"WW{s}",) if index_flat else (f"W{s}", f"W{s}"))),
        parameter(f"{path}logit_scale", f"A{s}", 1, 1),
        linear(f"{path}{mlp}.0", f"B{s}", 2),
        linear(f"{path}{mlp}.2", f"A{s}", f"B{s}"),
        buffer(f"{path}relative_coords_table", 1, f"L{s}", f"L{s}", 2, dtype="float32"),
        parameter(f"{path}q_bias", f"D{s}"),
        parameter(f"{path}v_bias", f"D{s}"),
    )


def _packed(path: str, s: int) -> tuple[Part, ...]:
    return linear(f"{path}qkv", f"F{s}", f"D{s}", "fused"), linear(f"{path}proj", f"D{s}", f"Q{s}", "output")


def _separate(path: str, names: tuple[str, str, str], output: str, s: int) -> tuple[Part, ...]:
    projections = (linear(path + name, f"Q{s}", f"D{s}", role) for name, role in zip(names, ("query", "key", "value"), strict=True))
    return (*projections, linear(output, f"D{s}", f"Q{s}", "output"))


def _rest(norms: tuple[str, str], first: str, second: str, s: int) -> tuple[Part, ...]:
    perceptron = (linear(first, f"X{s}", f"D{s}", "expand"), linear(second, f"D{s}", f"X{s}", "project"))
    return (*(norm(path, f"D{s}") for path in norms), *perceptron)


def _merges(template: str) -> tuple[Part, ...]:
    """Return the layers that merge patches; those of stage s stand after it, or (timm since 0.9) before the next, under its number."""
    parts: list[Part] = []
    for s in range(STAGES):
        path = template.format(s=s)
        for source in (s, s - 1):
            parts.append(linear(f"{path}.reduction", f"2*D{source}", f"4*D{source}", f"merge{source}"))
            parts += [norm(f"{path}.norm", f"{times}*D{source}") for times in (4, 2)]
    return tuple(parts)


def _outer(patches: str, patch_norm: str, merges: str) -> tuple[Part, ...]:
    return (
        Part(patches, "conv", ("D0", "C", "P", "P"), "patches"),
        norm(patch_norm, "D0"),
        norm("norm", f"D{STAGES - 1}"),
        norm("layernorm", f"D{STAGES - 1}"),
        *(norm(f"norm{s}", f"D{s}") for s in range(STAGES)),
        *(norm(f"{up}hidden_states_norms.stage{s + 1}", f"D{s}") for s in range(STAGES) for up in ("", "^")),
        parameter("absolute_pos_embed", 1, "N", "D0"),
        parameter("embeddings.position_embeddings", 1, "N", "D0"),
        parameter("mask_token", 1, 1, "D0"),
        *_merges(merges),
    )


def _timm_block(s: int) -> tuple[Part, ...]:
    parts = _packed("attn.", s) + _bias("attn.", s, "cpb_mlp") + _rest(("norm1", "norm2"), "mlp.fc1", "mlp.fc2", s)
    return (*parts, _mask("attn_mask", s))


def _hf_block(s: int) -> tuple[Part, ...]:
    attention = _separate("attention.self.", ("query", "key", "value"), "attention.output.dense", s)
    bias = _bias("attention.self.", s, "continuous_position_bias_mlp")
    return attention + bias + _rest(("layernorm_before", "layernorm_after"), "intermediate.dense", "output.dense", s)


def _hf_new_block(s: int) -> tuple[Part, ...]:
    attention = _separate("attention.", ("q_proj", "k_proj", "v_proj"), "attention.o_proj", s)
    bias = _bias("attention.relative_position_bias.", s, "continuous_position_bias_mlp")
    return attention + bias + _rest(("layernorm_before", "layernorm_after"), "mlp.fc1", "mlp.fc2", s)


def _torchvision_block(s: int) -> tuple[Part, ...]:
    return _packed("attn.", s) + _bias("attn.", s, "cpb_mlp", True) + _rest(("norm1", "norm2"), "mlp.0", "mlp.3", s)


def _mm_block(s: int) -> tuple[Part, ...]:
    path = "attn.w_msa."
    return _packed(path, s) + _bias(path, s, "cpb_mlp") + _rest(("norm1", "norm2"), "ffn.layers.0.0", "ffn.layers.1", s)


SWIN_GRAMMARS = (
    Grammar(
        "timm",
        tuple(Layers(f"layers.{s}.blocks.{{b}}.", _timm_block(s)) for s in range(STAGES)),
        _outer("patch_embed.proj", "patch_embed.norm", "layers.{s}.downsample"),
        ("layers.", "patch_embed."),
        widths=WIDTHS,
    ),
    Grammar(
        "timm",
        tuple(Layers(f"layers_{s}.blocks.{{b}}.", _timm_block(s)) for s in range(STAGES)),
        _outer("patch_embed.proj", "patch_embed.norm", "layers_{s}.downsample"),
        ("layers_", "patch_embed."),
        widths=WIDTHS,
    ),
    *(
        Grammar(
            "transformers",
            tuple(Layers(f"encoder.layers.{s}.blocks.{{b}}.", block(s)) for s in range(STAGES)),
            _outer("embeddings.patch_embeddings.projection", "embeddings.norm", "encoder.layers.{s}.downsample"),
            ("encoder.layers.", "embeddings."),
            widths=WIDTHS,
        )
        for block in (_hf_block, _hf_new_block)
    ),
    Grammar(
        "torchvision",
        tuple(Layers(f"features.{2 * s + 1}.{{b}}.", _torchvision_block(s)) for s in range(STAGES)),
        (
            Part("features.0.0", "conv", ("D0", "C", "P", "P"), "patches"),
            norm("features.0.2", "D0"),
            norm("norm", f"D{STAGES - 1}"),
            *(part for s in range(STAGES - 1) for part in _merges(f"features.{2 * s + 2}") if part.shape[0] in (f"2*D{s}", f"4*D{s}")),
        ),
        ("features.",),
        widths=WIDTHS,
    ),
    Grammar(
        "mmdetection",
        tuple(Layers(f"stages.{s}.blocks.{{b}}.", _mm_block(s)) for s in range(STAGES)),
        _outer("patch_embed.projection", "patch_embed.norm", "stages.{s}.downsample"),
        ("stages.", "patch_embed."),
        widths=WIDTHS,
    ),
)
