"""What follows a backbone, told by shapes alone."""

from __future__ import annotations

import pytest

from auditor.architectures.blueprint import BatchNorm, Conv2d, ConvTranspose2d, Linear, Sequence, tensors_of
from auditor.architectures.builders import classifier_head, deconvolution_head, separable_head
from auditor.architectures.fit import compare
from auditor.architectures.heads import plan_head
from auditor.architectures.inspection import inspect_checkpoint
from auditor.architectures.network import Network
from auditor.architectures.resnet_blueprint import plan_resnet, resnet_blueprint
from auditor.facts import Checkpoint, Tensor

BACKBONE = resnet_blueprint(plan_resnet((3, 4, 6, 3), True, prefix="backbone."))


def tensors(*layers):
    return tensors_of(Sequence(layers))


def fits(rest, channels):
    plan = plan_head(rest, channels)
    return plan, compare(tensors_of(plan.blueprint()), rest)


def weight(name, *shape):
    return Tensor(name, shape, "float32")


def test_nothing_follows():
    assert plan_head((), 2048).head.kind == "none"


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_separable_blocks_under_any_name(kernel):
    rest = separable_head("zebra.", 320, (128, 64), 576, kernel).blueprint()
    renamed = tuple(
        Tensor(t.name.replace("deconv_layers_", "q").replace("dwconv", "1").replace("pwconv", "3").replace("norm", "2"), t.shape, t.dtype)
        for t in tensors_of(rest)
    )
    plan, fit = fits(renamed, 320)
    assert plan.head.kind == "depthwise_separable"
    assert (plan.head.kernels, plan.head.channels, plan.head.outputs) == ((kernel, kernel), (128, 64), (576,))
    assert fit.explained == 1.0
    assert list(plan.choices) == [0, 1, 2]


def test_norm_after_the_pointwise_convolution_and_none_before():
    block = (Conv2d("a.0", 32, 32, 3, padding=1, groups=32, bias=False), Conv2d("a.1", 32, 16, 1, bias=False), BatchNorm("a.2", 16))
    plan, fit = fits(tensors(*block, Conv2d("out", 16, 5, 1)), 32)
    assert (plan.head.kind, plan.head.channels, plan.head.outputs) == ("depthwise_separable", (16,), (5,))
    assert fit.explained == 1.0


@pytest.mark.parametrize("widths", [(256, 256, 256), (256, 128), (64,)])
@pytest.mark.parametrize("final_kernel", [1, 3])
def test_deconvolutions(widths, final_kernel):
    final = Conv2d("final_layer", widths[-1], 17, final_kernel, padding=final_kernel // 2)
    plan, fit = fits(tensors_of(deconvolution_head("", 2048, widths, (final,)).blueprint()), 2048)
    assert plan.head.kind == "deconvolution"
    assert (plan.head.kernels, plan.head.channels, plan.head.outputs) == ((4,) * len(widths), widths, (17,))
    assert plan.head.final_layers == ("final_layer",)
    assert fit.explained == 1.0


@pytest.mark.parametrize("kernel", [2, 3, 4])
def test_deconvolutions_with_bias_and_without_norms(kernel):
    layers = [ConvTranspose2d("up.0", 512, 256, kernel, bias=True), ConvTranspose2d("up.2", 256, 256, kernel, bias=True)]
    plan, fit = fits(tensors(*layers, Conv2d("out", 256, 19, 1)), 512)
    assert (plan.head.kind, plan.head.kernels) == ("deconvolution", (kernel, kernel))
    assert fit.explained == 1.0


def test_ordinary_convolutions_are_no_deconvolutions():
    layers = [Conv2d("neck.0", 512, 512, 3, bias=False), BatchNorm("neck.1", 512), Conv2d("neck.3", 512, 512, 3), Conv2d("out", 512, 19, 1)]
    assert plan_head(tensors(*layers), 512).head.kind == "unknown"


def test_rootnet_whose_file_is_sorted_by_name():
    xy, depth = Conv2d("root.xy_layer", 256, 1, 1), Conv2d("root.depth_layer", 2048, 1, 1)
    rest = tensors_of(deconvolution_head("root.", 2048, (256,) * 3, (xy,), (depth,)).blueprint())
    plan, fit = fits(tuple(sorted(rest, key=lambda tensor: tensor.name)), 2048)
    assert (plan.head.kind, plan.head.outputs, plan.head.final_layers) == ("rootnet", (1, 1), ("root.xy_layer", "root.depth_layer"))
    assert fit.explained == 1.0


def test_many_blocks_sorted_as_text():
    rest = tensors_of(deconvolution_head("", 2048, (256, 128, 64, 32, 16), (Conv2d("last", 16, 3, 1),)).blueprint())
    plan, fit = fits(tuple(sorted(rest, key=lambda tensor: tensor.name)), 2048)  # deconv_layers.12 stands before deconv_layers.3
    assert plan.head.channels == (256, 128, 64, 32, 16)
    assert fit.explained == 1.0


@pytest.mark.parametrize("name", ["fc", "head", "classifier.1", "zebra", ""])
def test_classifier(name):
    plan, fit = fits(tensors_of(classifier_head(name, 2048, 1000).blueprint()), 2048)
    assert (plan.head.kind, plan.head.outputs, plan.head.final_layers) == ("linear", (1000,), (name,))
    assert fit.explained == 1.0


def test_classifier_with_norm_and_hidden_layer():
    plan, fit = fits(tensors(BatchNorm("h.0", 64), Linear("h.1", 64, 32), Linear("h.3", 32, 10)), 64)
    assert (plan.head.channels, plan.head.outputs) == ((32,), (10,))
    assert fit.explained == 1.0


def test_classifiers_side_by_side():
    plan, fit = fits(tensors(Linear("pose", 2048, 144), Linear("shape", 2048, 10), Linear("cam", 2048, 3)), 2048)
    assert plan.head.outputs == (144, 10, 3)
    assert fit.explained == 1.0


def test_convolution_per_pixel():
    plan, fit = fits(tensors(Conv2d("conv_seg", 2048, 19, 1)), 2048)
    assert (plan.head.kind, plan.head.kernels, plan.head.outputs) == ("linear", (1,), (19,))
    assert fit.explained == 1.0


def test_a_classifier_among_strangers_is_taken_by_its_name_alone():
    strangers = (weight("lstm.weight_ih_l0", 400, 100), weight("query.weight", 300, 2048))
    plan, fit = fits((*strangers, *tensors(Linear("fc", 2048, 1000))), 2048)
    assert (plan.head.kind, plan.head.outputs) == ("linear", (1000,))
    assert fit.unexpected == ("lstm.weight_ih_l0", "query.weight")


def test_foreign_heads_stay_unexplained():
    neck = (
        weight("neck.lateral.weight", 256, 2048, 1, 1),
        weight("neck.top.weight", 256, 256, 3, 3),
        weight("query_embed.weight", 100, 256),
    )
    transformer = tuple(weight(f"transformer.layers.{n}.self_attn.in_proj_weight", 768, 256) for n in range(6))
    file = Checkpoint(None, "torch_zip", None, None, "", tensors_of(BACKBONE) + neck + transformer, "")
    architecture = inspect_checkpoint(file)[1]
    assert (architecture.family, architecture.name) == ("resnet", "resnet50")
    assert architecture.head is not None
    assert architecture.head.kind == "unknown"
    count = len(file.tensors)
    assert architecture.explained == pytest.approx(1 - 9 / count)
    assert architecture.unexplained == tuple(tensor.name for tensor in neck + transformer)


def test_counters_of_a_profiler_are_no_head_and_hide_none():
    counters = tuple(weight(f"{name}.{word}", 1) for name in ("backbone.conv1", "fc") for word in ("total_ops", "total_params"))
    assert plan_head(counters, 2048).head.kind == "none"
    plan, fit = fits((*counters, *tensors(Linear("zebra", 2048, 10))), 2048)
    assert (plan.head.kind, plan.head.outputs) == ("linear", (10,))
    assert set(fit.unexpected) == {tensor.name for tensor in counters}


def test_known_head_beside_a_foreign_one():
    known = deconvolution_head("pose.", 2048, (256,) * 3, (Conv2d("pose.final", 256, 17, 1),))
    file = Checkpoint(
        None, "x", None, None, "", (*Network(BACKBONE, known).tensors(), weight("mask.alpha", 7), weight("mask.up.weight", 2, 3, 4, 4)), ""
    )
    architecture = inspect_checkpoint(file)[1]
    assert architecture.head is not None
    assert architecture.head.kind == "deconvolution"
    assert architecture.unexplained == ("mask.alpha", "mask.up.weight")
    assert architecture.joints is None
    assert "how the outputs divide into joints and depth bins" in architecture.cannot_know


def test_a_block_with_a_strange_tensor_is_not_hidden():
    rest = (*tensors_of(separable_head("", 32, (16,), 5).blueprint()), weight("final_layer.extra", 3))
    _, fit = fits(rest, 32)
    assert fit.unexpected == ("final_layer.extra",)
