"""EfficientNet and MobileNet against lists of names and shapes written here from the papers' tables."""

from __future__ import annotations

import pytest
from state_shapes import batch_norm, conv, dense, file_of

from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost
from auditor.architectures.mobile import MobileNetwork

B0 = ((1, 16, 1, 3), (2, 24, 6, 3), (2, 40, 6, 5), (3, 80, 6, 3), (3, 112, 6, 5), (4, 192, 6, 5), (1, 320, 6, 3))
V2 = ((1, 16, 1, 3), (2, 24, 6, 3), (3, 32, 6, 3), (4, 64, 6, 3), (3, 96, 6, 3), (3, 160, 6, 3), (1, 320, 6, 3))


def depthwise(name, channels, kernel):
    return conv(name, channels, 1, kernel, bias=False)


def lukemelas(stages=B0, ratio=0.25):
    shapes = conv("_conv_stem", 32, 3, 3, bias=False) | batch_norm("_bn0", 32)
    channels, number = 32, 0
    for depth, width, times, kernel in stages:
        for _ in range(depth):
            path, wide, inner = f"_blocks.{number}", channels * times, int(channels * ratio)
            if times > 1:
                shapes |= conv(f"{path}._expand_conv", wide, channels, 1, bias=False) | batch_norm(f"{path}._bn0", wide)
            shapes |= depthwise(f"{path}._depthwise_conv", wide, kernel) | batch_norm(f"{path}._bn1", wide)
            shapes |= conv(f"{path}._se_reduce", inner, wide, 1) | conv(f"{path}._se_expand", wide, inner, 1)
            shapes |= conv(f"{path}._project_conv", width, wide, 1, bias=False) | batch_norm(f"{path}._bn2", width)
            channels, number = width, number + 1
    return shapes | conv("_conv_head", 1280, channels, 1, bias=False) | batch_norm("_bn1", 1280) | dense("_fc", 1000, 1280)


def timm(stages=B0, squeeze=True):
    shapes = conv("conv_stem", 32, 3, 3, bias=False) | batch_norm("bn1", 32)
    channels = 32
    for stage, (depth, width, times, kernel) in enumerate(stages):
        for number in range(depth):
            path, wide, inner = f"blocks.{stage}.{number}", channels * times, channels // 4
            names = ("conv_pw", "conv_dw", "conv_pwl") if times > 1 else ("", "conv_dw", "conv_pw")
            first = int(times > 1)
            if times > 1:
                shapes |= conv(f"{path}.conv_pw", wide, channels, 1, bias=False) | batch_norm(f"{path}.bn1", wide)
            shapes |= depthwise(f"{path}.conv_dw", wide, kernel) | batch_norm(f"{path}.bn{1 + first}", wide)
            if squeeze:
                shapes |= conv(f"{path}.se.conv_reduce", inner, wide, 1) | conv(f"{path}.se.conv_expand", wide, inner, 1)
            shapes |= conv(f"{path}.{names[2]}", width, wide, 1, bias=False) | batch_norm(f"{path}.bn{2 + first}", width)
            channels = width
    return shapes | conv("conv_head", 1280, channels, 1, bias=False) | batch_norm("bn2", 1280) | dense("classifier", 1000, 1280)


def torchvision_v2(flat=False):
    shapes = conv("features.0.0", 32, 3, 3, bias=False) | batch_norm("features.0.1", 32)
    channels, number = 32, 1
    for depth, width, times, kernel in V2:
        for _ in range(depth):
            path, wide, at = f"features.{number}.conv", channels * times, 0
            if times > 1:
                shapes |= conv(f"{path}.0" if flat else f"{path}.0.0", wide, channels, 1, bias=False)
                shapes |= batch_norm(f"{path}.1" if flat else f"{path}.0.1", wide)
                at = 1
            shapes |= depthwise(f"{path}.{3 * at}" if flat else f"{path}.{at}.0", wide, kernel)
            shapes |= batch_norm(f"{path}.{3 * at + 1}" if flat else f"{path}.{at}.1", wide)
            last = 3 * (at + 1) if flat else at + 1
            shapes |= conv(f"{path}.{last}", width, wide, 1, bias=False) | batch_norm(f"{path}.{last + 1}", width)
            channels, number = width, number + 1
    shapes |= conv(f"features.{number}.0", 1280, channels, 1, bias=False) | batch_norm(f"features.{number}.1", 1280)
    return shapes | dense("classifier.1", 1000, 1280)


NETWORKS = {
    "lukemelas": (lukemelas(), "efficientnet", "efficientnet_b0", "efficientnet_pytorch", 5_288_548, 0.386e9),
    "timm": (timm(), "efficientnet", "efficientnet_b0", "timm", 5_288_548, 0.386e9),
    "lite": (timm(squeeze=False), "efficientnet", "efficientnet_lite0", "timm", 4_652_008, 0.385e9),
    "mobilenet": (torchvision_v2(), "mobilenetv2", "mobilenetv2_100", "torchvision", 3_504_872, 0.301e9),
    "mobilenet, counted through": (torchvision_v2(flat=True), "mobilenetv2", "mobilenetv2_100", "torchvision", 3_504_872, 0.301e9),
    "mobilenet in timm": (timm(V2, squeeze=False), "mobilenetv2", "mobilenetv2_100", "timm", 3_504_872, 0.301e9),
}


@pytest.mark.parametrize("prefix", ["", "net.backbone."])
@pytest.mark.parametrize("kind", NETWORKS)
def test_published(kind, prefix):
    shapes, family, name, spelling, count, macs = NETWORKS[kind]
    file = file_of(shapes, prefix)
    parameters, architecture, _ = inspect_checkpoint(file)
    assert (architecture.family, architecture.name, architecture.variant_of, architecture.explained) == (family, name, spelling, 1.0)
    assert architecture.depths == ((1, 2, 2, 3, 3, 4, 1) if family == "efficientnet" else (1, 2, 3, 4, 3, 3, 1))
    assert architecture.head.outputs == (1000,)
    assert parameters.learnable == count
    explained, cost = prove_and_cost(file, architecture, (224, 224))
    assert explained == 1.0
    assert cost.macs == pytest.approx(macs, rel=0.01)
    assert "strides" in cost.assumption


def test_scaled_structures():
    wider = tuple((depth, width * 2, times, kernel) for depth, width, times, kernel in B0)
    architecture = inspect_checkpoint(file_of(timm(wider)))[1]
    assert (architecture.family, architecture.name, architecture.explained) == ("efficientnet", None, 1.0)
    assert architecture.dims == (32, 48, 80, 160, 224, 384, 640)


def test_other_squeezes_have_no_name():
    assert inspect_checkpoint(file_of(lukemelas(ratio=0.5)))[1].name is None


def test_other_designs_are_not_taken():
    mnasnet = ((1, 16, 1, 3), (3, 24, 3, 3), (3, 40, 3, 5), (3, 80, 6, 5), (2, 96, 6, 3), (4, 192, 6, 5), (1, 320, 6, 3))
    broken = timm() | {"blocks.3.0.conv_pw.weight": (240, 41, 1, 1)}
    for shapes in (timm(mnasnet, squeeze=False), broken):
        assert MobileNetwork().recognize(file_of(shapes).tensors) is None


SMALL_V3 = (  # kernel, widened, outputs, squeezed to
    (3, 16, 16, 8),
    (3, 72, 24, 0),
    (3, 88, 24, 0),
    (5, 96, 40, 24),
    (5, 240, 40, 64),
    (5, 240, 40, 64),
    (5, 120, 48, 32),
    (5, 144, 48, 40),
    (5, 288, 96, 72),
    (5, 576, 96, 144),
    (5, 576, 96, 144),
)


def test_mobilenet_v3():
    shapes = conv("features.0.0", 16, 3, 3, bias=False) | batch_norm("features.0.1", 16)
    channels = 16
    for number, (kernel, wide, width, inner) in enumerate(SMALL_V3, 1):
        at = 0
        if wide != channels:
            shapes |= conv(f"features.{number}.block.0.0", wide, channels, 1, bias=False) | batch_norm(f"features.{number}.block.0.1", wide)
            at = 1
        path = f"features.{number}.block"
        shapes |= depthwise(f"{path}.{at}.0", wide, kernel) | batch_norm(f"{path}.{at}.1", wide)
        if inner:
            shapes |= conv(f"{path}.{at + 1}.fc1", inner, wide, 1) | conv(f"{path}.{at + 1}.fc2", wide, inner, 1)
            at += 1
        shapes |= conv(f"{path}.{at + 1}.0", width, wide, 1, bias=False) | batch_norm(f"{path}.{at + 1}.1", width)
        channels = width
    shapes |= conv("features.12.0", 576, 96, 1, bias=False) | batch_norm("features.12.1", 576)
    shapes |= dense("classifier.0", 1024, 576) | dense("classifier.3", 1000, 1024)
    file = file_of(shapes)
    parameters, architecture, _ = inspect_checkpoint(file)
    assert (architecture.family, architecture.name, architecture.explained) == ("mobilenetv3", "mobilenetv3_small_100", 1.0)
    assert parameters.learnable == 2_542_856
    assert prove_and_cost(file, architecture, (224, 224))[1].macs == pytest.approx(56.5e6, rel=0.01)
