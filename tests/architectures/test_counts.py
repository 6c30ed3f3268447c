"""Learnable values and buffers, tied weights, and digests of a structure."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.architectures.counts import count_parameters, elements, is_buffer
from auditor.architectures.fingerprint import fingerprint, shape_fingerprint
from auditor.facts import Parameters, Tensor


@pytest.mark.parametrize(
    ("tensor", "buffer"),
    [
        (Tensor("bn.running_mean", (64,), "float32"), True),
        (Tensor("bn.num_batches_tracked", (), "int64"), True),
        (Tensor("attn.relative_position_index", (49, 49), "int64"), True),
        (Tensor("layers.0.blocks.1.attn_mask", (64, 49, 49), "float32"), True),
        (Tensor("embeddings.position_ids", (1, 512), "int64"), True),
        (Tensor("model.24.anchors", (3, 3, 2), "float16"), True),
        (Tensor("h.0.attn.bias", (1, 1, 1024, 1024), "float32"), True),  # GPT-2's mask
        (Tensor("h.0.attn.bias", (768,), "float32"), False),
        (Tensor("mask", (4, 4), "bool"), True),
        (Tensor("weight", (4, 4), "float32"), False),
        (Tensor("weight", (4, 4), "bfloat16"), False),
        (Tensor("weight", (4, 4), "complex64"), False),
        (Tensor("weight", (4, 4), ""), False),
        (Tensor("running_mean_head.weight", (4, 4), "float32"), False),
        (Tensor("bn.running_mean", (64,), "float32", is_parameter=True), False),
        (Tensor("weight", (4, 4), "float32", is_parameter=False), True),
        (Tensor("ups.0.weight_v", (512, 256, 16), "float32"), False),  # weight normalization's
        (Tensor("discriminator.0.weight_v", (27,), "float32"), True),  # spectral normalization's
        (Tensor("rope.freqs", (64,), "float32"), True),
        (Tensor("rope.freqs", (2, 12, 12, 32), "float32"), False),  # learned for each layer
        (Tensor("blocks.0.attn.mask", (1, 1, 128, 128), "float32"), True),
        (Tensor("mask", (64,), "float32"), False),
        (Tensor("anchor_generator.cell_anchors.0", (3, 4), "float32"), True),
        (Tensor("normalize.mean", (1, 3, 1, 1), "float32"), True),
        (Tensor("layer.mean", (64,), "float32"), False),
        (Tensor("blocks.0.attn.q_proj.input_min", (), "float32"), True),
    ],
)
def test_buffers(tensor, buffer):
    assert is_buffer(tensor) is buffer
    assert count_parameters([tensor]) == (Parameters(0, tensor.numel) if buffer else Parameters(tensor.numel, 0))


def test_tied_weights_count_once():
    tied = [Tensor("encoder.weight", (10, 4), "float32", storage="7"), Tensor("decoder.weight", (10, 4), "float32", storage="7")]
    assert count_parameters(tied).learnable == 40
    assert count_parameters([tied[0], Tensor("decoder.weight", (10, 4), "float32", storage="8")]).learnable == 80
    assert count_parameters([Tensor("a", (10, 4), "float32"), Tensor("b", (10, 4), "float32")]).learnable == 80


def test_views_into_one_flat_storage_are_not_tied():
    flat = [Tensor("a", (4,), "float32", storage="0"), Tensor("b", (4,), "float32", storage="0"), Tensor("c", (9,), "float32", storage="0")]
    assert count_parameters(flat).learnable == 17


@pytest.mark.parametrize(("shape", "count"), [((), 1), ((0, 5), 0), ((10**12, 10**12), 10**24), ((-1, 4), 0), ((2,) * 65, 0)])
def test_elements(shape, count):
    assert elements(shape) == count


SHAPES = st.lists(st.integers(0, 9), max_size=4).map(tuple)
TENSORS = st.lists(st.builds(Tensor, st.text(max_size=8), SHAPES, st.just("float32")), max_size=12)


@given(TENSORS, st.randoms())
def test_fingerprints_know_no_order(tensors, shuffler: random.Random):
    shuffled = list(tensors)
    shuffler.shuffle(shuffled)
    assert fingerprint(tensors) == fingerprint(shuffled)
    renamed = [Tensor(f"x{n}", tensor.shape, tensor.dtype) for n, tensor in enumerate(shuffled)]
    assert shape_fingerprint(tensors) == shape_fingerprint(renamed)


@given(TENSORS, TENSORS)
def test_fingerprints_tell_structures_apart(ours, theirs):
    same = sorted((t.name, t.shape) for t in ours) == sorted((t.name, t.shape) for t in theirs)
    assert (fingerprint(ours) == fingerprint(theirs)) is same


def test_names_cannot_forge_a_fingerprint():
    assert fingerprint([Tensor("a' (1,)\n'b", (2,), "")]) != fingerprint([Tensor("a", (1,), ""), Tensor("b", (2,), "")])
    assert len(fingerprint([Tensor("\ud800", (1,), "")])) == 64
