"""Networks that nobody here knows, and files made to hurt: honest, bounded, never an exception."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from auditor.architectures.blueprint import tensors_of
from auditor.architectures.convnext_blueprint import CONVNEXT_SPELLINGS, ConvNeXtPlan, convnext_blueprint
from auditor.architectures.inspection import RECOGNIZERS, inspect_checkpoint, prove_and_cost
from auditor.architectures.resnet_blueprint import RESNET_SPELLINGS, plan_resnet, resnet_blueprint
from auditor.facts import Checkpoint, Tensor


def checkpoint(tensors):
    return Checkpoint(None, "torch_zip", None, None, "", tuple(tensors), "")


def of_module(module):
    return checkpoint(Tensor(n, tuple(t.shape), str(t.dtype).removeprefix("torch.")) for n, t in module.state_dict().items())


def gan():
    layers = [
        nn.ConvTranspose2d(100, 512, 4),
        nn.BatchNorm2d(512),
        nn.ConvTranspose2d(512, 256, 4, 2, 1),
        nn.BatchNorm2d(256),
        nn.Conv2d(256, 3, 3),
    ]
    return nn.Sequential(*layers)


NETWORKS = {
    "gan": (gan, ("3 convolutions", "2 batch norms")),
    "lstm": (lambda: nn.LSTM(64, 128, 2), ("recurrent layers",)),
    "transformer": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4, 128), 3, enable_nested_tensor=False),
        ("3 attention modules",),
    ),
    "3-D network": (lambda: nn.Conv3d(3, 8, 3), ("1 3-D convolutions",)),
    "embedding": (lambda: nn.Embedding(1000, 16), ("1 linear or embedding layers",)),
}


@pytest.mark.parametrize("kind", NETWORKS)
def test_unknown_networks(kind):
    make, words = NETWORKS[kind]
    with torch.device("meta"):
        file = of_module(make())
    parameters, architecture, digest = inspect_checkpoint(file)
    assert (architecture.family, architecture.name, architecture.explained) == ("unknown", None, 0.0)
    assert (architecture.depths, architecture.head, architecture.closest) == ((), None, ())
    assert f"{len(file.tensors)} tensors" in architecture.summary
    for word in words:
        assert word in architecture.summary
    assert architecture.first_layer is not None
    assert architecture.first_layer[0] in {tensor.name for tensor in file.tensors}
    assert parameters.total == sum(tensor.numel for tensor in file.tensors)
    assert len(digest) == 64
    assert prove_and_cost(file, architecture, (224, 224)) == (0.0, None)


def test_no_tensors():
    parameters, architecture, _ = inspect_checkpoint(checkpoint(()))
    assert parameters.total == 0
    assert (architecture.family, architecture.summary, architecture.first_layer) == ("unknown", "no tensors", None)


def test_borrowed_names_are_not_a_family():
    # RAFT's encoders call their parts as a ResNet does, with three stages of 64, 96 and 128 channels; HRNet has a layer1 only.
    raft = [
        Tensor(f"fnet.layer{n}.{b}.conv{c}.weight", (w, w, 3, 3), "float32")
        for n, w in ((1, 64), (2, 96), (3, 128))
        for b in (0, 1)
        for c in (1, 2)
    ]
    assert inspect_checkpoint(checkpoint(raft))[1].family == "unknown"
    hrnet = [
        tensor
        for tensor in tensors_of(resnet_blueprint(plan_resnet((4, 1, 1, 1), True)))
        if not tensor.name.startswith(("layer2", "layer3", "layer4"))
    ]
    assert inspect_checkpoint(checkpoint(hrnet))[1].family == "unknown"


def test_stages_that_do_not_double_are_no_resnet():
    # transformers spells RegNet's blocks exactly as ResNet's; only the channels tell them apart.
    plan = replace(plan_resnet((1, 2, 2, 1), True, RESNET_SPELLINGS[1]), dims=(96, 192, 432, 1008), widths=(96, 192, 432, 1008))
    assert inspect_checkpoint(checkpoint(tensors_of(resnet_blueprint(plan))))[1].family == "unknown"


def test_a_prefix_ends_with_a_dot():
    tensors = tensors_of(convnext_blueprint(ConvNeXtPlan((1, 1, 1, 1), (8, 16, 32, 64), prefix="my")))
    assert inspect_checkpoint(checkpoint(tensors))[1].family == "unknown"


def test_other_blocks_between_a_convnexts_own_are_another_network():
    backbone = tensors_of(convnext_blueprint(ConvNeXtPlan((2, 2, 2, 2), (8, 16, 32, 64))))
    foreign = [Tensor(f"stages.{s}.{b}.attention.{n}.weight", (8, 8), "float32") for s in range(4) for b in (2, 3) for n in range(6)]
    assert inspect_checkpoint(checkpoint(backbone))[1].family == "convnext"
    assert inspect_checkpoint(checkpoint((*backbone, *foreign)))[1].family == "unknown"


def test_inspection_imports_no_torch():
    code = (
        "import sys\nfrom auditor.architectures.inspection import inspect_checkpoint\nfrom auditor.architectures.builders import blueprint_resnet_root\n"
        "from auditor.facts import Checkpoint\nfile = Checkpoint(None, '', None, None, '', blueprint_resnet_root().tensors(), '')\n"
        "assert inspect_checkpoint(file)[1].name == 'resnet50'\nassert not {'torch', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


ANCHORS = [spelling.anchor for spelling in (*CONVNEXT_SPELLINGS, *RESNET_SPELLINGS)]
SIZES = st.one_of(st.integers(-2, 9), st.sampled_from([64, 256, 10**12, 2**63, 2**70]))
SHAPES = st.lists(SIZES, max_size=6).map(tuple)
WORDS = st.sampled_from(
    ["", "stages", "layer1", "0", "1", "weight", "bias", "conv1", "dwconv", "gamma", "running_mean", "%s", "{s}", "\ud800", "é"]
)
NAMES = st.one_of(
    st.text(max_size=20), st.lists(WORDS, max_size=5).map(".".join), st.sampled_from(ANCHORS), st.sampled_from([f"x.{a}" for a in ANCHORS])
)
TENSOR_SETS = st.lists(st.builds(Tensor, NAMES, SHAPES, st.sampled_from(["float32", "int64", ""]), st.sampled_from(["", "0"])), max_size=25)


@settings(max_examples=300, deadline=None)
@given(TENSOR_SETS)
def test_random_tensors_never_raise_and_are_never_a_family(tensors):
    file = checkpoint(tensors)
    parameters, architecture, _ = inspect_checkpoint(file)
    assert architecture.family == "unknown"
    assert architecture.name is None
    assert parameters.total >= 0
    assert prove_and_cost(file, replace(architecture, family="convnext"), (64, 64)) == (0.0, None)


REAL = [
    *tensors_of(convnext_blueprint(ConvNeXtPlan((1, 1, 2, 1), (8, 16, 32, 64), prefix="b."))),
    *tensors_of(resnet_blueprint(plan_resnet((1, 1, 1, 1), True, prefix="r."))),
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(REAL) - 1), SHAPES), max_size=12),
    st.lists(st.integers(0, len(REAL) - 1), max_size=30),
    TENSOR_SETS,
)
def test_damaged_networks_never_raise(changes, dropped, added):
    tensors = list(REAL)
    for index, shape in changes:
        tensors[index] = replace(tensors[index], shape=shape)
    file = checkpoint([tensor for index, tensor in enumerate(tensors) if index not in dropped] + added)
    architecture = inspect_checkpoint(file)[1]
    assert 0.0 <= architecture.explained <= 1.0
    assert architecture.family in ("unknown", "convnext", "resnet")
    explained, _ = prove_and_cost(file, architecture, (32, 32))
    assert explained in (0.0, architecture.explained)


def test_a_hundred_thousand_tensors():
    tensors = [Tensor(f"a.{n}.conv{n % 3}.weight", (10**12, 3, 3, 3), "float32") for n in range(100_000)]
    architecture = inspect_checkpoint(checkpoint(tensors))[1]
    assert architecture.family == "unknown"
    assert len(architecture.summary) < 500


def test_a_hundred_thousand_copies_of_an_anchor():
    tensors = [Tensor(f"p{n}.{ANCHORS[n % len(ANCHORS)]}", (8, 1, 7, 7), "float32") for n in range(100_000)]
    assert inspect_checkpoint(checkpoint(tensors))[1].family == "unknown"


def test_endless_head_chains_take_linear_time():
    backbone = tensors_of(resnet_blueprint(plan_resnet((1, 1, 1, 1), True)))
    chain = [Tensor(f"up.{n}.weight", (2048, 2048, 4, 4) if n % 2 == 0 else (2048,), "float32") for n in range(40_000)]
    architecture = inspect_checkpoint(checkpoint((*backbone, *chain)))[1]
    assert architecture.family == "resnet"
    assert len(architecture.unexplained) == 12


def test_very_deep_backbones_are_not_rebuilt():
    file = checkpoint(tensors_of(convnext_blueprint(ConvNeXtPlan((900, 900), (8, 16)))))
    architecture = inspect_checkpoint(file)[1]
    assert architecture.depths == (900, 900)
    assert architecture.name is None
    assert prove_and_cost(file, architecture, (64, 64)) == (0.0, None)


def test_long_names_are_shortened_in_the_summary():
    architecture = inspect_checkpoint(checkpoint([Tensor("x" * 10**6 + ".weight", (3, 3), "float32")]))[1]
    assert len(architecture.summary) < 400


def test_recognizer_names_are_unique_and_match_the_protocol():
    names = [recognizer.name for recognizer in RECOGNIZERS]
    assert len(names) == len(set(names))
    for recognizer in RECOGNIZERS:
        assert recognizer.accepts(()) is False
        assert recognizer.recognize(()) is None


def test_no_recognizer_is_left_out_for_how_names_end():
    from auditor.architectures.convnext import CONVNEXT_SPELLINGS
    from auditor.architectures.detr import DETR_GRAMMARS
    from auditor.architectures.hifigan import FIRST, WEIGHTS
    from auditor.architectures.hrnet import ANCHOR
    from auditor.architectures.mobile import MOBILE_SPELLINGS
    from auditor.architectures.resnet import RESNET_SPELLINGS

    anchors = {
        "convnext": [one.anchor for one in CONVNEXT_SPELLINGS],
        "resnet": [one.anchor for one in RESNET_SPELLINGS],
        "mobile": [one.anchor for one in MOBILE_SPELLINGS],
        "detr": [one.anchor for one in DETR_GRAMMARS],
        "hrnet": [ANCHOR],
        "hifigan": [f"{FIRST}.{weight}" for weight in WEIGHTS.values()],
        "unet": ["anything"],
    }
    for late in RECOGNIZERS:
        known = anchors.get(late.name) or [grammar.anchor for grammar in late.load().grammars]
        assert known
        assert late.name == late.load().name
        for anchor in known:
            assert anchor.endswith(late.endings), (late.name, anchor)
