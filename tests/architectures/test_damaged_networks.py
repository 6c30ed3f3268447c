"""Every family's files with tensors changed, dropped and added: bounded, honest, never an exception."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from state_shapes import file_of
from test_encoder_decoders import Generator, detr, milesial, shapes_of
from test_high_resolution import pose_hrnet
from test_mobile_networks import timm, torchvision_v2
from test_staged_transformers import swin
from test_text_networks import bert, gpt2
from test_vision_transformers import mae, openai_clip, timm_vit

from auditor.architectures.blueprint import (
    Aside,
    Attention,
    Buffer,
    Conv1d,
    Conv2d,
    Embedding,
    Half,
    LayerNorm,
    Linear,
    PackedProjection,
    Parameter,
    PatchMerge,
    Sequence,
    Streams,
    Tokens,
    Upsample,
    Windows,
    tensors_of,
)
from auditor.architectures.cost import count_macs
from auditor.architectures.inspection import RECOGNIZERS, inspect_checkpoint, prove_and_cost, recognized
from auditor.architectures.rebuild import Rebuilt
from auditor.facts import Tensor


def generator():
    with torch.device("meta"):
        return shapes_of(Generator(64, (4, 4), (3, 5), True, lambda module: module))


SAMPLES = {
    "vit": timm_vit(3, 64, 8, 4),
    "mae": mae(2, 64, 2, 32),
    "clip": openai_clip(64, 32, 32),
    "swin": swin((2, 2, 2, 2), 32, 7),
    "bert": bert(3, 64),
    "gpt2": gpt2(3, 64),
    "efficientnet": timm(),
    "mobilenetv2": torchvision_v2(),
    "hrnet": pose_hrnet(16, modules=(1, 1, 1)),
    "detr": detr((1, 1, 1, 1)),
    "unet": milesial((8, 16, 32, 64, 128)),
    "hifigan": generator(),
}
SIZES = st.one_of(st.integers(-2, 9), st.sampled_from([64, 10**12, 2**63, 2**70]))
SHAPES = st.lists(SIZES, max_size=6).map(tuple)


@pytest.mark.parametrize("family", SAMPLES)
@settings(max_examples=12, deadline=None)
@given(st.data())
def test_damaged_files_never_raise(family, data):
    tensors = list(file_of(SAMPLES[family]).tensors)
    places = st.integers(0, len(tensors) - 1)
    for place, shape in data.draw(st.lists(st.tuples(places, SHAPES), max_size=8)):
        tensors[place] = replace(tensors[place], shape=shape)
    dropped = set(data.draw(st.lists(places, max_size=12)))
    file = replace(file_of({}), tensors=tuple(tensor for place, tensor in enumerate(tensors) if place not in dropped))
    match = recognized(file.tensors)
    assert match is None or 0.0 <= match.architecture.explained <= 1.0
    architecture = inspect_checkpoint(file)[1]
    explained, _ = prove_and_cost(file, architecture, (32, 32))
    assert explained in (0.0, architecture.explained)


@pytest.mark.parametrize("family", SAMPLES)
def test_one_lost_tensor_takes_no_family_away_but_the_name(family):
    tensors = file_of(SAMPLES[family]).tensors
    whole = recognized(tensors)
    assert whole is not None
    assert whole.architecture.explained == 1.0
    less = recognized(tuple(tensor for place, tensor in enumerate(tensors) if place != len(tensors) // 2))
    if less is not None and family != "unet":  # a U-Net is read by structure alone, so nothing is ever missing of it
        assert less.architecture.family == whole.architecture.family
        assert less.architecture.name is None or any("not in the file" in trait for trait in less.architecture.traits)


def test_names_alone_are_no_family():
    for shapes in SAMPLES.values():
        tensors = tuple(Tensor(name, (3, 5), "float32") for name in shapes)
        assert recognized(tensors) is None


def test_shared_names_of_every_family_are_read_in_bounded_time():
    anchors = [next(iter(shapes)) for shapes in SAMPLES.values()]
    tensors = tuple(Tensor(f"p{n}.{anchors[n % len(anchors)]}", (8, 8), "float32") for n in range(40_000))
    assert recognized(tensors) is None
    deep = tuple(Tensor(f"blocks.{n}.attn.{part}", (8, 8), "float32") for n in range(5000) for part in ("qkv.weight", "proj.weight"))
    assert recognized(deep) is None


def test_families_keep_to_themselves():
    for family, shapes in SAMPLES.items():
        tensors = file_of(shapes).tensors
        answers = [match.architecture for one in RECOGNIZERS if one.accepts(tensors) and (match := one.match(tensors))]
        whole = [answer.family for answer in answers if answer.explained == 1.0]
        assert len(whole) == 1, (family, whole)


LEAVES = {
    "parameter": (Parameter("a.cls_token", (1, 1, 8)), {"a.cls_token": (1, 1, 8)}),
    "buffer": (Buffer("a.mask", (4, 4), "bool"), {"a.mask": (4, 4)}),
    "embedding": (Embedding("words", 100, 8), {"words.weight": (100, 8)}),
    "packed": (PackedProjection("attn", 8, 24), {"attn.in_proj_weight": (24, 8), "attn.in_proj_bias": (24,)}),
    "transposed linear": (Linear("c", 8, 24, transposed=True), {"c.weight": (8, 24), "c.bias": (24,)}),
    "old norm": (LayerNorm("n", 8, True, "gamma", "beta"), {"n.gamma": (8,), "n.beta": (8,)}),
    "conv1d": (Conv1d("u", 8, 4, 3, transposed=True), {"u.weight": (8, 4, 3), "u.bias": (4,)}),
    "normed": (Conv1d("u", 8, 4, 3, weight_norm="g"), {"u.weight_g": (4, 1, 1), "u.weight_v": (4, 8, 3), "u.bias": (4,)}),
    "normed anew": (
        Conv1d("u", 8, 4, 3, bias=False, weight_norm="parametrized"),
        {"u.parametrizations.weight.original0": (4, 1, 1), "u.parametrizations.weight.original1": (4, 8, 3)},
    ),
}


@pytest.mark.parametrize("kind", LEAVES)
def test_both_interpreters_agree_on_new_records(kind):
    leaf, expected = LEAVES[kind]
    assert {tensor.name: tensor.shape for tensor in tensors_of(leaf)} == expected
    rebuilt = Rebuilt(Sequence((leaf,)))
    own = {tensor.name: tensor for tensor in rebuilt.tensors()}
    assert {name: tensor.shape for name, tensor in own.items()} == expected
    assert {name: tensor.is_parameter for name, tensor in own.items()} == {t.name: t.is_parameter for t in tensors_of(leaf)}
    assert rebuilt.hold(tensors_of(leaf)).explained == 1.0


def macs(node, channels=8, side=6):
    rebuilt = Rebuilt(node)
    count, value = count_macs(rebuilt, node, torch.empty((1, channels, side, side), device="meta"))
    return count, tuple(value.shape)


def test_what_the_new_nodes_cost():
    linear, packed = Linear("o", 8, 8), PackedProjection("a", 8, 24)
    attention = Attention((packed,), linear)
    pixels = 36
    assert macs(attention) == (pixels * 8 * 24 + 2 * pixels * pixels * 8 + pixels * 64, (1, 8, 6, 6))
    apart = Attention((Linear("q", 8, 8), Linear("k", 8, 2), Linear("v", 8, 2)), linear)
    assert macs(apart) == (pixels * (64 + 16 + 16) + 2 * pixels * pixels * 8 + pixels * 64, (1, 8, 6, 6))
    assert macs(Tokens(1, linear)) == ((pixels + 1) * 64, (1, 8, 6, 6))
    assert macs(Windows(4, attention)) == (4 * (16 * 8 * 24 + 2 * 16 * 16 * 8 + 16 * 64), (1, 8, 6, 6))
    assert macs(PatchMerge(), side=5) == (0, (1, 32, 3, 3))
    assert macs(Sequence((Linear("e", 8, 32), Half()))) == (pixels * 8 * 32, (1, 16, 6, 6))
    assert macs(Aside((linear,))) == (0, (1, 8, 6, 6))
    with pytest.raises(ValueError, match="unknown size"):
        macs(Windows(0, linear))
    with pytest.raises(ValueError, match="picture"):
        macs(Conv1d("c", 8, 8, 3))


def test_streams_exchange_and_refuse_unequal_sums():
    down, same = Conv2d("d", 8, 8, 3, 2, 1), Sequence(())
    split = (((0, same),), ((0, down),))
    joined = (((0, same), (1, Upsample())),)
    assert macs(Streams((split, joined))) == (9 * 64 * 9, (1, 8, 6, 6))
    with pytest.raises(ValueError, match="a sum of"):
        macs(Streams((split, (((0, same), (1, same)),))))
