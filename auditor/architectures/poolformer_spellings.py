"""PoolFormer's and MetaFormer's names, code base by code base (Yu et al. 2022 and 2023).

Every stage has symbols of its own, with its number behind: D width, X perceptron, M width of the mixing convolutions, F and Q
attention. The perceptron's layers are 1x1 convolutions, or linear layers where the map is kept channels last.
"""

from __future__ import annotations

from auditor.architectures.grammar import Grammar, Layers, Part, linear, norm, parameter

STAGES = 4
WIDTHS = tuple(f"D{stage}" for stage in range(STAGES))


def _pointwise(path: str, outputs: str, inputs: str, role: str) -> tuple[Part, Part]:
    return Part(path, "conv", (outputs, inputs, 1, 1), role), linear(path, outputs, inputs, role)


def _block(s: int, norms: tuple[str, str], first: str, second: str, scales: tuple[str, ...]) -> tuple[Part, ...]:
    return (
        *(norm(path, f"D{s}") for path in norms),
        *_pointwise(first, f"X{s}", f"D{s}", "expand"),
        *_pointwise(second, f"D{s}", f"X{s}", "project"),
        *(parameter(path, f"D{s}") for path in scales),
    )


def _timm_block(s: int) -> tuple[Part, ...]:
    scales = ("layer_scale1.scale", "layer_scale2.scale", "res_scale1.scale", "res_scale2.scale")
    stars = tuple(
        parameter(f"{path}.{word}", 1)
        for path in ("mlp.act", "token_mixer.act1", "token_mixer.act2", "token_mixer.act")
        for word in ("scale", "bias")
    )
    return (
        *_block(s, ("norm1", "norm2"), "mlp.fc1", "mlp.fc2", scales),
        *stars,
        *_pointwise("token_mixer.pwconv1", f"M{s}", f"D{s}", "mix_in"),
        Part("token_mixer.dwconv", "depthwise", (f"M{s}", 1, f"k{s}", f"k{s}"), "mix_depth"),
        *_pointwise("token_mixer.pwconv2", f"D{s}", f"M{s}", "mix_out"),
        linear("token_mixer.qkv", f"F{s}", f"D{s}", "fused"),
        linear("token_mixer.proj", f"D{s}", f"Q{s}", "output"),
    )


def _stem(path: str) -> Part:
    return Part(path, "conv", ("D0", "C", "P", "P"), "stem", stride=4)


def _merge(path: str, s: int) -> Part:
    return Part(path, "conv", (f"D{s + 1}", f"D{s}", "m", "m"), f"merge{s}", stride=2)


OFFICIAL = Grammar(
    "official",
    tuple(
        Layers(f"network.{2 * s}.{{b}}.", _block(s, ("norm1", "norm2"), "mlp.fc1", "mlp.fc2", ("layer_scale_1", "layer_scale_2")))
        for s in range(STAGES)
    ),
    (
        _stem("patch_embed.proj"),
        *(_merge(f"network.{2 * s + 1}.proj", s) for s in range(STAGES - 1)),
        norm("norm", "D3"),
        *(norm(f"norm{2 * s}", f"D{s}") for s in range(STAGES)),
    ),
    ("network.", "patch_embed."),
    widths=WIDTHS,
)
TIMM = Grammar(
    "timm",
    tuple(Layers(f"stages.{s}.blocks.{{b}}.", _timm_block(s)) for s in range(STAGES)),
    (
        _stem("stem.conv"),
        norm("stem.norm", "D0"),
        *(_merge(f"stages.{s + 1}.downsample.conv", s) for s in range(STAGES - 1)),
        *(norm(f"stages.{s + 1}.downsample.norm", f"D{s}") for s in range(STAGES - 1)),
        norm("head.norm", "D3"),
        linear("head.fc.fc1", "HX", "D3"),
        norm("head.fc.norm", "HX"),
        linear("head.fc.fc2", "O", "HX", "head"),
    ),
    ("stages.", "stem."),
    widths=WIDTHS,
)
TRANSFORMERS = Grammar(
    "transformers",
    tuple(
        Layers(
            f"encoder.block.{s}.{{b}}.",
            _block(s, ("before_norm", "after_norm"), "output.conv1", "output.conv2", ("layer_scale_1", "layer_scale_2")),
        )
        for s in range(STAGES)
    ),
    (
        _stem("encoder.patch_embeddings.0.projection"),
        *(_merge(f"encoder.patch_embeddings.{s + 1}.projection", s) for s in range(STAGES - 1)),
        norm("^norm", "D3"),
    ),
    ("encoder.block.", "encoder.patch_embeddings."),
    widths=WIDTHS,
)
POOLFORMER_GRAMMARS = (OFFICIAL, TIMM, TRANSFORMERS)
