"""Every family in every spelling: structure comes back, and the two interpreters of a blueprint agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.architectures.blueprint import Conv2d, leaves, tensors_of
from auditor.architectures.builders import blueprint_resnet_classifier, classifier_head
from auditor.architectures.convnext_blueprint import CONVNEXT_SPELLINGS, ISOTROPIC, OFFICIAL, TIMM, ConvNeXtPlan, convnext_blueprint
from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost
from auditor.architectures.network import Network
from auditor.architectures.published import CONVNEXT_SIZES, CONVNEXT_V2
from auditor.architectures.rebuild import Rebuilt
from auditor.architectures.resnet_blueprint import RESNET_SPELLINGS, plan_resnet, resnet_blueprint
from auditor.facts import Checkpoint, Tensor

PREFIXES = ["", "backbone.", "model.backbone.", "encoder.", "convnext.", "a.b.c.d.", "train.", "..", "{0}.%d."]
SMALL = {"depths": (1, 1, 2, 1), "dims": (8, 16, 32, 64)}


def checkpoint(tensors):
    return Checkpoint(None, "torch_zip", None, None, "", tuple(replace(tensor, is_parameter=None) for tensor in tensors), "")


def both_agree(network: Network) -> None:
    """Hold torch's own state dict against the pure list of names and shapes."""
    expected = network.tensors()
    rebuilt = Rebuilt(network.blueprint())
    assert sorted(map(repr, rebuilt.tensors())) == sorted(map(repr, expected))
    fit = rebuilt.hold(expected)
    assert fit.explained == 1.0
    assert not fit.missing


def variants():
    layer_scales = {"torchvision": (-1, 1, 1)}
    for spelling in CONVNEXT_SPELLINGS:
        shape = SMALL if spelling is not ISOTROPIC else {"depths": (3,), "dims": (16,)}
        usual = layer_scales.get(spelling.name, (-1,))
        final = spelling.final_norms[0]
        for norm in ("layer", "batch", "layer_no_bias"):
            for scale in (usual, None):
                for pointwise in ("linear", "conv"):
                    yield ConvNeXtPlan(**shape, spelling=spelling, norm=norm, layer_scale=scale, pointwise=pointwise, final_norm=final)
        yield ConvNeXtPlan(**shape, spelling=spelling, layer_scale=None, grn=(1, 1, 1, -1), final_norm=final)


@pytest.mark.parametrize("plan", tuple(variants()), ids=lambda p: f"{p.spelling.block}-{p.norm}-{p.pointwise}-{p.layer_scale}-{p.grn}")
def test_convnext_comes_back(plan):
    network = Network(convnext_blueprint(plan), classifier_head("head.fc", plan.dims[-1], 10))
    file = checkpoint(network.tensors())
    architecture = inspect_checkpoint(file)[1]
    assert architecture.family == ("convnextv2" if plan.grn else "convnext")
    assert (architecture.depths, architecture.dims) == (plan.depths, plan.dims)
    assert architecture.variant_of == plan.spelling.name
    assert architecture.explained == 1.0
    assert architecture.name is None
    assert architecture.head is not None
    assert (architecture.head.kind, architecture.head.outputs) == ("linear", (10,))
    assert ("layer scale" in architecture.traits) == (plan.layer_scale is not None)
    assert ("batch norm" in architecture.traits) == (plan.norm == "batch")
    both_agree(network)
    assert prove_and_cost(file, architecture, None) == (1.0, None)


def test_the_spellings_of_one_network_cost_the_same():
    costs = set()
    for spelling in CONVNEXT_SPELLINGS[:6]:
        for pointwise in ("linear", "conv"):
            plan = ConvNeXtPlan(**SMALL, spelling=spelling, pointwise=pointwise, final_norm=spelling.final_norms[0])
            file = checkpoint(tensors_of(convnext_blueprint(plan)))
            cost = prove_and_cost(file, inspect_checkpoint(file)[1], (64, 96))[1]
            assert cost is not None
            costs.add(cost.macs)
    assert len(costs) == 1


@pytest.mark.parametrize("size", CONVNEXT_SIZES)
def test_published_convnexts_have_their_names(size):
    structure = CONVNEXT_SIZES[size]
    for grn in (None, (1, 1, 1, -1)):
        plan = ConvNeXtPlan(
            structure.depths, structure.dims, spelling=TIMM, grn=grn, layer_scale=None if grn else (-1,), final_norm="head.norm"
        )
        architecture = inspect_checkpoint(checkpoint(tensors_of(convnext_blueprint(plan))))[1]
        expected = f"convnextv2_{size}" if grn else f"convnext_{size}"
        unpublished = expected == "convnext_huge" or (grn and expected not in CONVNEXT_V2)
        assert architecture.name == (None if unpublished else expected)
        assert architecture.closest[0][1] == 1.0 or unpublished


def test_overlapping_stem():
    plan = ConvNeXtPlan((2, 2, 6, 2), (40, 80, 160, 320), spelling=TIMM, patch=3, overlap=20, final_norm="head.norm")
    network = Network(convnext_blueprint(plan))
    architecture = inspect_checkpoint(checkpoint(network.tensors()))[1]
    assert architecture.name == "convnext_atto_ols"
    assert architecture.first_layer == ("stem.0.weight", (20, 3, 3, 3))
    both_agree(network)


def test_norms_of_single_stages_are_part_of_the_backbone():
    plan = ConvNeXtPlan(**SMALL, prefix="backbone.", final_norm=None, stage_norms=(0, 1, 2, 3))
    network = Network(convnext_blueprint(plan))
    assert inspect_checkpoint(checkpoint(network.tensors()))[1].explained == 1.0
    both_agree(network)


RESNETS = {
    "18": ((2, 2, 2, 2), False),
    "34": ((3, 4, 6, 3), False),
    "50": ((3, 4, 6, 3), True),
    "101": ((3, 4, 23, 3), True),
    "152": ((3, 8, 36, 3), True),
}


@pytest.mark.parametrize("spelling", RESNET_SPELLINGS, ids=lambda s: s.block)
@pytest.mark.parametrize("size", RESNETS)
def test_resnet_comes_back(size, spelling):
    depths, bottleneck = RESNETS[size]
    network = blueprint_resnet_classifier(depths, bottleneck, spelling, classes=7)
    architecture = inspect_checkpoint(checkpoint(network.tensors()))[1]
    assert (architecture.family, architecture.name) == ("resnet", f"resnet{size}")
    assert (architecture.depths, architecture.variant_of) == (depths, spelling.name)
    assert architecture.dims == ((256, 512, 1024, 2048) if bottleneck else (64, 128, 256, 512))
    assert architecture.explained == 1.0
    assert architecture.head is not None
    assert architecture.head.outputs == (7,)
    if size in ("18", "50"):
        both_agree(network)


@pytest.mark.parametrize(
    ("widths", "groups", "name"),
    [((128, 256, 512, 1024), 32, "resnext50_32x4d"), ((128, 256, 512, 1024), 1, "wide_resnet50_2"), ((96, 192, 384, 768), 3, None)],
)
def test_wider_bottlenecks(widths, groups, name):
    plan = replace(plan_resnet((3, 4, 6, 3), True), widths=widths, groups=(groups,) * 4)
    network = Network(resnet_blueprint(plan))
    architecture = inspect_checkpoint(checkpoint(network.tensors()))[1]
    assert (architecture.name, architecture.explained) == (name, 1.0)
    both_agree(network)


@pytest.mark.parametrize("stem", [1, 2])
def test_variant_d(stem):
    plan = replace(
        plan_resnet((3, 4, 6, 3), True), stem=stem, stem_kernel=3, stem_widths=(32, 32, 64), shortcut=("downsample.1", "downsample.2")
    )
    network = Network(resnet_blueprint(plan))
    architecture = inspect_checkpoint(checkpoint(network.tensors()))[1]
    assert (architecture.name, architecture.explained) == ("resnet50d", 1.0)
    assert "deep stem" in architecture.traits
    both_agree(network)


@pytest.mark.parametrize(
    "change",
    [{"counters": False}, {"norm": "group"}, {"norm": "none", "conv_bias": True}, {"in_channels": 1}, {"stem_kernel": 3}],
    ids=repr,
)
def test_resnet_options(change):
    network = Network(resnet_blueprint(replace(plan_resnet((2, 2, 2, 2), False), **change)))
    architecture = inspect_checkpoint(checkpoint(network.tensors()))[1]
    assert (architecture.family, architecture.explained) == ("resnet", 1.0)
    assert architecture.name == (None if change == {"stem_kernel": 3} else "resnet18")
    both_agree(network)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_any_prefix(prefix):
    for backbone, family in (
        (convnext_blueprint(ConvNeXtPlan(**SMALL, prefix=prefix)), "convnext"),
        (resnet_blueprint(plan_resnet((2, 2, 2, 2), False, prefix=prefix)), "resnet"),
    ):
        file = checkpoint(tensors_of(backbone))
        architecture = inspect_checkpoint(file)[1]
        assert (architecture.family, architecture.explained) == (family, 1.0)
        assert architecture.first_layer is not None
        assert architecture.first_layer[0].startswith(prefix)
        assert prove_and_cost(file, architecture, None)[0] == 1.0


def test_a_second_copy_is_said():
    twins = [tensors_of(convnext_blueprint(ConvNeXtPlan(**SMALL, prefix=prefix))) for prefix in ("model.", "ema.")]
    architecture = inspect_checkpoint(checkpoint(twins[0] + twins[1]))[1]
    assert architecture.explained == 0.5
    assert "second copy of the backbone under 'ema.'" in architecture.traits


@pytest.mark.parametrize("spelling", CONVNEXT_SPELLINGS[:6], ids=lambda s: s.block)
def test_mutated_shapes_are_listed(spelling):
    tensors = list(
        tensors_of(
            convnext_blueprint(ConvNeXtPlan((2, 2, 6, 2), (40, 80, 160, 320), spelling=spelling, final_norm=spelling.final_norms[0]))
        )
    )
    broken = [3, 17, 40]
    for index in broken:
        tensors[index] = replace(tensors[index], shape=(*tensors[index].shape[:-1], tensors[index].shape[-1] + 1))
    file = checkpoint(tensors)
    architecture = inspect_checkpoint(file)[1]
    assert architecture.family == "convnext"
    assert architecture.name is None
    assert architecture.explained == pytest.approx(1 - len(broken) / len(tensors))
    assert set(architecture.unexplained) == {tensors[index].name for index in broken}
    explained, cost = prove_and_cost(file, architecture, (64, 64))
    assert (explained, cost) == (architecture.explained, None)


def test_missing_tensors_take_the_name_and_are_said():
    tensors = tensors_of(resnet_blueprint(plan_resnet((3, 4, 6, 3), True)))
    file = checkpoint(tuple(tensor for tensor in tensors if tensor.name != "layer3.2.conv2.weight"))
    architecture = inspect_checkpoint(file)[1]
    assert (architecture.family, architecture.name, architecture.explained) == ("resnet", None, 1.0)
    assert any("layer3.2.conv2.weight" in trait for trait in architecture.traits)
    assert architecture.closest[0] == ("resnet50", 1.0)


def test_order_of_the_file_does_not_matter():
    network = Network(convnext_blueprint(ConvNeXtPlan(**SMALL, spelling=OFFICIAL)), classifier_head("head", 64, 5))
    tensors = sorted(network.tensors(), key=lambda tensor: tensor.name)
    assert inspect_checkpoint(checkpoint(tensors))[1].explained == 1.0


def test_leaves_share_no_name():
    for spelling in RESNET_SPELLINGS:
        names = [leaf.name for leaf in leaves(resnet_blueprint(plan_resnet((2, 2, 2, 2), True, spelling)))]
        assert len(names) == len(set(names))


def test_tensor_shapes_follow_torch():
    depthwise = tensors_of(Conv2d("a", 6, 6, 3, groups=6))
    assert depthwise == (
        Tensor("a.weight", (6, 1, 3, 3), "float32", is_parameter=True),
        Tensor("a.bias", (6,), "float32", is_parameter=True),
    )
