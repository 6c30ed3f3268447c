"""Which head blocks are taken to upsample, when a cost is given at all, and the words for it."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from auditor.architectures.builders import blueprint_convnext_pose, blueprint_resnet_classifier, separable_head
from auditor.architectures.cost import CostHints, choose_upsampling
from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost
from auditor.architectures.unknown import unknown
from auditor.errors import MissingExtra
from auditor.facts import Checkpoint, Tensor

PLAN = separable_head("head.", 320, (128, 128, 128), 576)


def checkpoint(tensors):
    return Checkpoint(None, "torch_zip", None, None, "", tuple(tensors), "")


@pytest.mark.parametrize(
    ("hints", "upsampling", "word"),
    [
        (CostHints(joints=18), 2, "18 joints of 32 depth bins"),  # 8 pixels doubled twice are 32
        (CostHints(joints=36), 1, "36 joints of 16 depth bins"),
        (CostHints(joints=9), 3, "9 joints of 64 depth bins"),
        (CostHints(joints=18, output_size=(64, 64), depth_bins=32), 2, "cubes"),  # joints speak before the output size
        (CostHints(output_size=(32, 32)), 2, "config states heat maps of 32 x 32"),
        (CostHints(output_size=(32, 32), depth_bins=32), 2, "config states"),
        (CostHints(output_size=(8, 8), depth_bins=1, joints=576), 0, "config states"),
        (CostHints(output_size=(32, 32), depth_bins=7), 3, "fit this file"),  # 7 bins do not divide 576 outputs
        (CostHints(output_size=(32, 32), depth_bins=64, joints=18), 2, "cubes"),
        (CostHints(output_size=(48, 48)), 3, "fit this file"),
        (CostHints(joints=17), 3, "fit this file"),
        (CostHints(joints=-18), 3, "fit this file"),
        (CostHints(), 3, "nothing was stated"),
    ],
)
def test_choice_of_upsampling(hints, upsampling, word):
    choice = choose_upsampling(PLAN, (8, 8), hints)
    assert choice.upsampling == upsampling
    assert word in choice.reason
    assert f"{upsampling} of 3 head blocks upsample" in choice.reason


def test_the_configs_output_size_is_not_for_another_variants_file():
    wide = replace(PLAN, head=replace(PLAN.head, outputs=(1152,)))
    hints = CostHints(output_size=(32, 32), depth_bins=32, joints=18)
    assert choose_upsampling(wide, (8, 8), hints).upsampling == 3


def test_alternatives_rise_and_hold_the_choice():
    file = checkpoint(blueprint_convnext_pose((1, 1, 1, 1), (8, 16, 32, 64), 16, 36).tensors())
    cost = prove_and_cost(file, inspect_checkpoint(file)[1], (64, 128), CostHints(joints=18))[1]
    assert cost is not None
    macs = [macs for _, macs in cost.alternatives]
    assert macs == sorted(set(macs))
    assert len(macs) == 4
    assert cost.macs in macs
    assert cost.input == (64, 128)


@pytest.mark.parametrize("size", [None, (0, 0), (-5, 224), (1, 1), (10**12, 10**12), (224, 10**9)])
def test_impossible_input_sizes_have_no_cost(size):
    file = checkpoint(blueprint_convnext_pose((1, 1, 1, 1), (8, 16, 32, 64), 16, 36).tensors())
    explained, cost = prove_and_cost(file, inspect_checkpoint(file)[1], size)
    assert explained == 1.0
    assert cost is None


@pytest.mark.parametrize(
    ("extra", "measured"),
    [
        (Tensor("neck.conv.weight", (99, 512, 3, 3), "float32"), False),  # it computes, and nobody knows on what
        (Tensor("neck.project", (99, 512), "float32"), False),
        (Tensor("loss.log_vars", (3,), "float32"), True),
        (Tensor("neck.total_ops", (1,), "float64"), True),
        (Tensor("anchors", (9, 4), "float32"), True),
        (Tensor("table", (9, 4), "int64"), True),
    ],
)
def test_half_a_network_has_no_cost(extra, measured):
    network = blueprint_resnet_classifier((2, 2, 2, 2), False)
    file = checkpoint((*network.tensors(), extra))
    architecture = inspect_checkpoint(file)[1]
    explained, cost = prove_and_cost(file, architecture, (224, 224))
    assert explained == architecture.explained < 1.0
    assert architecture.unexplained == (extra.name,)
    assert (cost is not None) is measured


def test_a_cost_needs_every_weight():
    tensors = blueprint_resnet_classifier((2, 2, 2, 2), False).tensors()
    file = checkpoint(tensors[:50] + tensors[51:])
    assert prove_and_cost(file, inspect_checkpoint(file)[1], (224, 224))[1] is None
    no_statistics = checkpoint(tensor for tensor in tensors if not tensor.name.endswith("running_var"))
    assert prove_and_cost(no_statistics, inspect_checkpoint(no_statistics)[1], (224, 224))[1] is not None


def test_sizes_that_torch_refuses_end_in_no_proof():
    network = blueprint_convnext_pose((1, 1, 1, 1), tuple(10**12 << stage for stage in range(4)), 16, 36)
    file = checkpoint(network.tensors())
    architecture = inspect_checkpoint(file)[1]
    assert architecture.explained == 1.0
    assert prove_and_cost(file, architecture, (224, 224)) == (0.0, None)


def test_unknown_costs_nothing_and_needs_no_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    file = checkpoint((Tensor("a.weight", (3, 3), "float32"),))
    assert prove_and_cost(file, unknown(file.tensors), (224, 224)) == (0.0, None)


def test_without_torch_the_proof_says_what_to_install(monkeypatch):
    file = checkpoint(blueprint_resnet_classifier((2, 2, 2, 2), False).tensors())
    architecture = inspect_checkpoint(file)[1]
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match="optional library"):
        prove_and_cost(file, architecture, (224, 224))


def test_an_architecture_of_another_file_is_not_proved():
    resnet = checkpoint(blueprint_resnet_classifier((2, 2, 2, 2), False).tensors())
    other = checkpoint((Tensor("conv.weight", (8, 3, 3, 3), "float32"),))
    assert prove_and_cost(other, inspect_checkpoint(resnet)[1], (224, 224)) == (0.0, None)
