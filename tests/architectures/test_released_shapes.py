"""The shapes that the issue names: counts, structure, head and cost, from the package's own builders."""

from __future__ import annotations

import pytest

from auditor.architectures.builders import blueprint_convnext_pose, blueprint_resnet_root
from auditor.architectures.cost import CostHints
from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost
from auditor.facts import Checkpoint, Tensor

ATTO = ((2, 2, 6, 2), (40, 80, 160, 320))
DEEP_FEMTO = ((3, 3, 9, 3), (48, 96, 192, 384))
POSE = {  # head channels, outputs, learnable, total, MACs, upsampling blocks
    "XS": (ATTO, 128, 576, 3_528_008, 3_534_140, 0.815e9, 2),
    "S": (DEEP_FEMTO, 256, 576, 7_438_976, 7_448_954, 1.738e9, 2),
    "M": (DEEP_FEMTO, 256, 1152, 7_587_008, 7_596_986, 2.795e9, 3),
    "L": (DEEP_FEMTO, 512, 1152, 8_380_352, 8_391_354, 4.264e9, 3),
}


def checkpoint(tensors: tuple[Tensor, ...]) -> Checkpoint:
    """Return a checkpoint as a reader of torch's pickles gives it: without word on what is a parameter."""
    plain = tuple(Tensor(t.name, t.shape, t.dtype, storage=str(n)) for n, t in enumerate(tensors))
    return Checkpoint(None, "torch_zip", None, None, "", plain, "")


@pytest.mark.parametrize("variant", POSE)
def test_pose_network(variant):
    (depths, dims), channels, outputs, learnable, total, macs, upsampling = POSE[variant]
    file = checkpoint(blueprint_convnext_pose(depths, dims, channels, outputs).tensors())
    parameters, architecture, _ = inspect_checkpoint(file)
    assert (parameters.learnable, parameters.total) == (learnable, total)
    assert (architecture.family, architecture.depths, architecture.dims) == ("convnext", depths, dims)
    assert architecture.explained == 1.0
    assert architecture.unexplained == ()
    assert architecture.variant_of == "official"
    assert architecture.first_layer == ("backbone.downsample_layers.0.0.weight", (dims[0], 3, 4, 4))
    assert {"batch norm", "no layer scale"} <= set(architecture.traits)
    assert architecture.head is not None
    assert architecture.head.kind == "depthwise_separable"
    assert (architecture.head.kernels, architecture.head.channels) == ((3, 3, 3), (channels,) * 3)
    assert (architecture.head.outputs, architecture.head.final_layers) == ((outputs,), ("head.final_layer",))
    assert "whether each head block upsamples" in architecture.cannot_know
    explained, cost = prove_and_cost(file, architecture, (256, 256), CostHints((32, 32), 32, 18))
    assert explained == 1.0
    assert cost is not None
    assert cost.macs == pytest.approx(macs, rel=0.01)
    assert f"{upsampling} of 3 head blocks upsample" in cost.assumption
    assert dict(cost.alternatives)[f"{upsampling} of 3 head blocks upsample"] == cost.macs
    assert len(cost.alternatives) == 4


def test_names_are_given_to_exact_structures_only():
    small = inspect_checkpoint(checkpoint(blueprint_convnext_pose(*ATTO, 128, 576).tensors()))[1]
    assert small.name == "convnext_atto"
    assert small.closest[0] == ("convnext_atto", 1.0)
    deep = inspect_checkpoint(checkpoint(blueprint_convnext_pose(*DEEP_FEMTO, 256, 576).tensors()))[1]
    assert deep.name is None
    assert deep.closest[0][0] == "convnext_femto"
    scores = dict(deep.closest)
    assert scores["convnext_femto"] > scores["convnext_tiny"]  # equal dims above equal depths
    assert all(0 <= score < 1 for score in scores.values())


@pytest.mark.parametrize("prefix", ["root.", "root_net.", ""])
def test_rootnet(prefix):
    file = checkpoint(blueprint_resnet_root(head_prefix=prefix).tensors())
    parameters, architecture, _ = inspect_checkpoint(file)
    assert parameters.learnable == pytest.approx(34_005_570, rel=0.001)
    assert (architecture.family, architecture.name, architecture.joints) == ("resnet", "resnet50", 1)
    assert architecture.dims == (256, 512, 1024, 2048)
    assert architecture.head is not None
    assert architecture.head.kind == "rootnet"
    assert (architecture.head.kernels, architecture.head.channels, architecture.head.outputs) == ((4, 4, 4), (256, 256, 256), (1, 1))
    assert architecture.head.final_layers == (f"{prefix}xy_layer", f"{prefix}depth_layer")
    assert architecture.explained == 1.0
    explained, cost = prove_and_cost(file, architecture, (256, 256))
    assert explained == 1.0
    assert cost is not None
    assert cost.macs > 5e9
    assert "stride" in cost.assumption
