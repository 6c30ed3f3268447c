"""A checkpoint held against a claimed network gives, word for word, what torch's `load_state_dict` prints."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from explain_builders import checkpoint, saved, torch_says
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.architectures.blueprint import BatchNorm, Conv2d, LayerNorm, Linear, Scale, Sequence
from auditor.architectures.builders import (
    blueprint_convnext_pose,
    blueprint_resnet_classifier,
    blueprint_resnet_root,
    classifier_head,
    deconvolution_head,
)
from auditor.architectures.convnext_blueprint import CONVNEXT_SPELLINGS, ISOTROPIC, ConvNeXtPlan, convnext_blueprint
from auditor.architectures.network import Network
from auditor.architectures.published import CONVNEXT
from auditor.architectures.resnet_blueprint import RESNET_SPELLINGS, ResNetPlan, plan_resnet, resnet_blueprint
from auditor.documents.error_logs import read_error_log
from auditor.errors import LimitError, UsageError
from auditor.explaining.against import against, hold_against
from auditor.explaining.torch_messages import messages
from auditor.facts import Tensor

LARGE = "convnext:depths=3,3,27,3,dims=192,384,768,1536"


def body(text: str) -> str:
    """The message without the class's name, which no checkpoint tells."""
    return text.partition("\n")[2]


def assert_like_torch(spec: str, tensors: tuple[Tensor, ...], claimed: Network) -> None:
    said = torch_says(claimed, tensors)
    assert body("\n".join(against(spec, checkpoint(tensors)))) == body(said)
    assert said == body(said) or "Error(s)" in said


def convnext(spelling, name: str, **options) -> Network:
    plan = ConvNeXtPlan(CONVNEXT[name].depths, CONVNEXT[name].dims, spelling, "backbone.", **options)
    return Network(convnext_blueprint(plan), classifier_head("classify", plan.dims[-1], 17))


@pytest.mark.parametrize("spelling", [s for s in CONVNEXT_SPELLINGS if s is not ISOTROPIC], ids=lambda s: f"{s.name} {s.stem_conv}")
def test_convnexts_in_every_spelling(spelling):
    final = spelling.final_norms[0]
    atto = saved(convnext(spelling, "convnext_atto", final_norm=final))
    assert_like_torch("convnext_large", atto, convnext(spelling, "convnext_large", final_norm=final))
    assert_like_torch("convnext-nano", atto, convnext(spelling, "convnext_nano", final_norm=final))
    assert against("convnext_atto", checkpoint(atto)) == ()


@pytest.mark.parametrize("spelling", RESNET_SPELLINGS, ids=lambda s: f"{s.name} {s.block}")
def test_resnets_in_every_spelling(spelling):
    eighteen, fifty = (blueprint_resnet_classifier(d, b, spelling) for d, b in (((2, 2, 2, 2), False), ((3, 4, 6, 3), True)))
    assert_like_torch("resnet50", saved(eighteen), fifty)
    assert_like_torch("ResNet-18", saved(fifty), eighteen)
    assert_like_torch("resnet:depths=3,4,6,3,block=bottleneck", saved(eighteen), fifty)
    assert against("resnet18", checkpoint(saved(eighteen))) == ()


def test_wider_resnets():
    wide = replace(plan_resnet((3, 4, 6, 3), True), widths=(128, 256, 512, 1024), groups=(32,) * 4)
    fifty = blueprint_resnet_root()
    claimed = Network(resnet_blueprint(replace(wide, prefix="backbone.")), fifty.plan)
    assert isinstance(wide, ResNetPlan)
    assert_like_torch("resnext50_32x4d", saved(fifty), claimed)


def test_heads_follow_the_width_of_the_backbone():
    femto = saved(blueprint_convnext_pose((3, 3, 9, 3), (48, 96, 192, 384), 256, 576))
    assert_like_torch(LARGE, femto, blueprint_convnext_pose((3, 3, 27, 3), (192, 384, 768, 1536), 256, 576))
    assert_like_torch(
        "convnext:depths=3,3,9,3,dims=48,96,192,384,head_depth=512",
        femto,
        blueprint_convnext_pose((3, 3, 9, 3), (48, 96, 192, 384), 512, 576),
    )
    root18 = saved(blueprint_resnet_root((2, 2, 2, 2), bottleneck=False))
    assert_like_torch("resnet152", root18, blueprint_resnet_root((3, 8, 36, 3)))


def test_sizes_that_a_claim_leaves_out_stay():
    tensors = saved(blueprint_convnext_pose((3, 3, 9, 3), (48, 96, 192, 384), 256, 576))
    assert_like_torch("convnext:depths=3,3,27,3", tensors, blueprint_convnext_pose((3, 3, 27, 3), (48, 96, 192, 384), 256, 576))
    held = hold_against("convnext:dims=40,80,160,320", checkpoint(tensors))
    assert (held.depths, held.dims) == ((3, 3, 9, 3), (40, 80, 160, 320))
    assert any("depths as in the checkpoint" in note for note in held.notes)


def test_another_family_has_no_key_in_common():
    tensors = saved(blueprint_resnet_root())
    lines = against("convnext_tiny", checkpoint(tensors))
    tiny = Network(convnext_blueprint(ConvNeXtPlan(CONVNEXT["convnext_tiny"].depths, CONVNEXT["convnext_tiny"].dims)))
    assert "\n".join(lines[1:]) == body(torch_says(tiny, tensors))
    assert len(lines) == 3


def test_the_prefix_of_the_file_comes_back():
    tensors = saved(blueprint_convnext_pose((2, 2, 6, 2), (40, 80, 160, 320), 128, 576))
    lines = against(LARGE, checkpoint(tensors, "module."))
    assert lines[0] == "Error(s) in loading state_dict for DataParallel:"
    assert lines[1].startswith('\tMissing key(s) in state_dict: "module.backbone.stages.0.2.dwconv.weight", ')
    assert lines[2].startswith(
        "\tsize mismatch for module.backbone.downsample_layers.0.0.weight: copying a param with shape torch.Size([40, 3, 4, 4]) "
    )


def test_names_sorted_as_text_still_give_torchs_order_of_modules():
    net = blueprint_convnext_pose((2, 2, 6, 2), (40, 80, 160, 320), 128, 576)
    ordered = tuple(sorted(saved(net), key=lambda tensor: tensor.name))
    assert_like_torch("convnext_femto", ordered, blueprint_convnext_pose((2, 2, 6, 2), (48, 96, 192, 384), 128, 576))


def test_what_is_not_understood_is_said_and_not_counted_against_anybody():
    net = blueprint_convnext_pose((2, 2, 6, 2), (40, 80, 160, 320), 128, 576)
    odd = (*saved(net), Tensor("strange.thing", (3, 5, 7), "float32"))
    held = hold_against("convnext_femto", checkpoint(odd))
    assert not any("strange" in line for line in held.lines)
    assert any("1 tensors" in note for note in held.notes)


def test_the_message_is_read_back_as_the_same_two_networks():
    from auditor.explaining.explanation import explain

    tensors = saved(blueprint_convnext_pose((3, 3, 9, 3), (48, 96, 192, 384), 256, 576))
    (one,) = explain(read_error_log("\n".join(against(LARGE, checkpoint(tensors)))))
    assert dict(one.checkpoint.dims) == {0: 48, 1: 96, 2: 192, 3: 384}
    assert one.model.fits == ("convnext_large",)


PARTS = re.compile(r'"[^"]+"|size mismatch.*|\w+ key')
LEAVES = st.sampled_from(
    [
        Conv2d("a.conv", 3, 4, 3), Conv2d("a.conv", 3, 8, 3), BatchNorm("a.bn", 4), LayerNorm("b.10.ln", 4), LayerNorm("b.9.ln", 4),
        LayerNorm("b.9.ln", 8), Linear("fc", 4, 2), Linear("fc", 4, 3, bias=False), Scale("b.9.gamma", (4,)), Scale("b.9.gamma", (1, 4)),
        Linear("b.9.mlp.fc1", 4, 8), Scale("t", ()), Scale("t", (1,)), Linear("deep.er.still.x", 1, 1),
    ]
)  # fmt: skip


@given(st.lists(LEAVES, max_size=8, unique_by=lambda leaf: leaf.name), st.lists(LEAVES, max_size=8, unique_by=lambda leaf: leaf.name))
@settings(max_examples=120, deadline=None)
def test_any_two_small_networks(ours, theirs):
    tensors = saved(Network(Sequence(tuple(ours))))
    claimed = Network(Sequence(tuple(theirs)))
    said = torch_says(claimed, tensors)
    lines = messages(saved(claimed), tensors, "Module")
    # What both have stands in the file's order, which need not be the claimed network's; so names are compared, not their order.
    assert sorted(sorted(PARTS.findall(line)) for line in lines[1:]) == sorted(sorted(PARTS.findall(line)) for line in said.split("\n")[1:])


def test_hostile_names_end_in_an_error():
    with pytest.raises(LimitError):
        messages((Tensor("a." * 200 + "w", (1,), "float32"),), (), "X")
    deep = "a." * 200 + "w"
    lines = messages((Tensor("a.b", (1,), "float32"),), (Tensor(deep, (1,), "float32"), Tensor("a", (1,), "float32")), "X")
    assert lines[2] == f'\tUnexpected key(s) in state_dict: "a", "{deep}". '


@pytest.mark.parametrize(
    "spec",
    [
        "", "convnext", "vgg16", "resnet51", "convnext:", "convnext:depths", "convnext:depths=", "convnext:depths=a,b", "convnext:depths=3,3,dims=1",
        "convnext:depths=0,1,1,1,dims=1,2,3,4", "convnext:depths=900,900,1,1,dims=1,2,3,4", "convnext:dims=1,2,3,99999999", "resnet:depths=3,4,6",
        "resnet:depths=3,4,6,3,block=big", "convnext:block=basic", "convnext:wings=2", "swin:depths=2,2,6,2", "convnext:depths=1,1,1,1,dims=8,8,8,8,first_layer=9,3,4,4",
        "nowhere.yaml#L", "convnext:depths=9999999999", "\x00", "x" * 5000, "convnext:=3", "convnext:depths=3,3,9,3;dims=1",
    ],
)  # fmt: skip
def test_what_is_no_network_is_a_usage_error(spec):
    tensors = saved(blueprint_convnext_pose((2, 2, 6, 2), (40, 80, 160, 320), 128, 576))
    with pytest.raises(UsageError) as caught:
        against(spec, checkpoint(tensors))
    assert caught.value.help


YAML = """source: a fork
variants:
  L: {params: 197.8M, dims: [192, 384, 768, 1536], depths: [3, 3, 27, 3], first_layer: [192, 3, 4, 4]}
  M: {params: 88.6M}
"""


def test_a_variant_of_a_claims_file(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(YAML)
    tensors = saved(blueprint_convnext_pose((3, 3, 9, 3), (48, 96, 192, 384), 256, 576))
    assert against(f"{path}#L", checkpoint(tensors)) == against(f"{path}:l", checkpoint(tensors)) == against(LARGE, checkpoint(tensors))
    for spec, words in ((str(path), "several variants"), (f"{path}#XL", "no variant"), (f"{path}#M", "nothing of the structure")):
        with pytest.raises(UsageError, match=words):
            against(spec, checkpoint(tensors))
    path.write_text("variants:\n  L: {depths: [3, 3, 27, 3]}\n")
    assert against(str(path), checkpoint(tensors)) == against("convnext:depths=3,3,27,3", checkpoint(tensors))
    with pytest.raises(UsageError, match="which family"):
        against(str(path), checkpoint((Tensor("w", (3, 3), "float32"),)))


def test_resnet_sizes_that_do_not_go_together():
    tensors = saved(blueprint_resnet_root())
    for spec in ("resnet:dims=63,126,252,505,block=bottleneck",):
        with pytest.raises(UsageError):
            against(spec, checkpoint(tensors))


def test_the_deconvolution_head_by_itself():
    plan = ConvNeXtPlan((2, 2, 6, 2), (40, 80, 160, 320))
    wider = replace(plan, dims=(48, 96, 192, 384))
    nets = [
        Network(convnext_blueprint(p), deconvolution_head("", p.dims[-1], (256, 128), (Conv2d("final_layer", 128, 17, 1),)))
        for p in (plan, wider)
    ]
    assert_like_torch("convnext:dims=48,96,192,384", saved(nets[0]), nets[1])


WORDS = st.sampled_from(
    ["downsample_layers", "stages", "layer1", "layer2", "layer3", "layer4", "0", "1", "2", "3", "dwconv", "norm", "pwconv1", "conv1", "bn1", "conv2",
     "weight", "bias", "running_mean", "num_batches_tracked", "head", "", "backbone", "gamma"]
)  # fmt: skip
NAMES = st.lists(WORDS, min_size=1, max_size=6).map(".".join)
HOSTILE = st.lists(st.tuples(NAMES, st.lists(st.integers(0, 99), max_size=5)), max_size=25).map(
    lambda pairs: tuple(Tensor(name, tuple(shape), "float32") for name, shape in pairs)
)
FEMTO = blueprint_convnext_pose((1, 1, 1, 1), (4, 8, 16, 32), 8, 6).tensors()
ROOT = blueprint_resnet_root((1, 1, 1, 1)).tensors()


@given(
    st.sampled_from([(), FEMTO, ROOT]),
    HOSTILE,
    st.integers(0, 60),
    st.sampled_from(["convnext_tiny", "resnet50", "convnextv2_atto", "convnext:depths=1,2,3,4"]),
)
@settings(max_examples=80, deadline=None)
def test_any_checkpoint_ends_in_lines_or_a_clear_error(base, strange, lost, spec):
    tensors = (*base[:lost], *base[lost + 3 :], *strange)
    try:
        lines = against(spec, checkpoint(tensors))
    except UsageError:  # a claim that leaves out what the checkpoint does not tell
        return
    assert lines == () or lines[0].startswith("Error(s) in loading state_dict for ")
