"""State dicts of torch modules written here, by hand, from the papers' descriptions: nothing of the package's blueprints."""

from __future__ import annotations

import itertools
from collections import OrderedDict

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from auditor.architectures.inspection import inspect_checkpoint, prove_and_cost
from auditor.facts import Checkpoint, Tensor


def checkpoint(module: nn.Module) -> Checkpoint:
    tensors = tuple(
        Tensor(name, tuple(t.shape), str(t.dtype).removeprefix("torch."), storage=name) for name, t in module.state_dict().items()
    )
    return Checkpoint(None, "torch_zip", None, None, "", tensors, "")


def learnable(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


class PoseBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm = nn.BatchNorm2d(dim)
        self.pwconv1 = nn.Conv2d(dim, 4 * dim, 1)
        self.pwconv2 = nn.Conv2d(4 * dim, dim, 1)

    def forward(self, x):
        return x + self.pwconv2(self.pwconv1(self.norm(self.dwconv(x))).relu())


class PoseBackbone(nn.Module):
    def __init__(self, depths, dims):
        super().__init__()
        downs = [nn.Sequential(nn.Conv2d(3, dims[0], 4, 4), nn.BatchNorm2d(dims[0]))]
        downs += [nn.Sequential(nn.BatchNorm2d(a), nn.Conv2d(a, b, 2, 2)) for a, b in itertools.pairwise(dims)]
        self.downsample_layers = nn.ModuleList(downs)
        self.stages = nn.ModuleList(
            [nn.Sequential(*[PoseBlock(dim) for _ in range(depth)]) for depth, dim in zip(depths, dims, strict=True)]
        )
        self.norm = nn.BatchNorm2d(dims[-1])

    def forward(self, x):
        for down, stage in zip(self.downsample_layers, self.stages, strict=True):
            x = stage(down(x))
        return self.norm(x)


def pose_head(width, channels, outputs, ups):
    def block(inputs, up):
        layers = OrderedDict(dwconv=nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs), norm=nn.BatchNorm2d(inputs))
        layers.update(pwconv=nn.Conv2d(inputs, channels, 1), act=nn.ReLU())
        if up:
            layers.update(up=nn.UpsamplingBilinear2d(scale_factor=2))
        return nn.Sequential(layers)

    parts = OrderedDict((f"deconv_layers_{n + 1}", block(width if n == 0 else channels, n < ups)) for n in range(3))
    return nn.Sequential(OrderedDict(parts, final_layer=nn.Conv2d(channels, outputs, 1)))


def pose_network(depths, dims, channels, outputs, ups):
    return nn.Sequential(OrderedDict(backbone=PoseBackbone(depths, dims), head=pose_head(dims[-1], channels, outputs, ups)))


SMALL, DEEP = ((2, 2, 6, 2), (40, 80, 160, 320)), ((3, 3, 9, 3), (48, 96, 192, 384))


@pytest.mark.parametrize(
    ("backbone", "channels", "outputs", "ups", "count"),
    [(SMALL, 128, 576, 2, 3_528_008), (DEEP, 256, 576, 2, 7_438_976), (DEEP, 256, 1152, 3, 7_587_008), (DEEP, 512, 1152, 3, 8_380_352)],
)
def test_pose_networks(backbone, channels, outputs, ups, count):
    with torch.device("meta"):
        module = pose_network(*backbone, channels, outputs, ups).eval()
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            module(torch.empty(1, 3, 256, 256))
    parameters, architecture, _ = inspect_checkpoint(checkpoint(module))
    assert parameters.learnable == learnable(module) == count
    assert parameters.buffers == sum(buffer.numel() for buffer in module.buffers())
    assert architecture.explained == 1.0
    explained, cost = prove_and_cost(checkpoint(module), architecture, (256, 256))
    assert explained == 1.0
    assert cost is not None
    assert dict(cost.alternatives)[f"{ups} of 3 head blocks upsample"] == counter.get_total_flops() // 2


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.downsample = None
        if stride > 1 or inputs != 4 * width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = self.bn3(self.conv3(self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu()))
        return (y + (x if self.downsample is None else self.downsample(x))).relu()


class ResNet50(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        inputs = 64
        for number, (depth, width) in enumerate(zip((3, 4, 6, 3), (64, 128, 256, 512), strict=True), 1):
            blocks = []
            for block in range(depth):
                blocks.append(Bottleneck(inputs, width, 2 if number > 1 and block == 0 else 1))
                inputs = 4 * width
            setattr(self, f"layer{number}", nn.Sequential(*blocks))

    def forward(self, x):
        x = self.maxpool(self.bn1(self.conv1(x)).relu())
        return self.layer4(self.layer3(self.layer2(self.layer1(x))))


class Root(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for inputs in (2048, 256, 256):
            layers += [nn.ConvTranspose2d(inputs, 256, 4, 2, 1, bias=False), nn.BatchNorm2d(256), nn.ReLU()]
        self.deconv_layers = nn.Sequential(*layers)
        self.xy_layer = nn.Conv2d(256, 1, 1)
        self.depth_layer = nn.Conv2d(2048, 1, 1)

    def forward(self, x):
        return self.xy_layer(self.deconv_layers(x)), self.depth_layer(x.mean((2, 3), keepdim=True))


def test_root_network():
    with torch.device("meta"):
        module = nn.Sequential(OrderedDict(backbone=ResNet50(), root=Root())).eval()
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            module(torch.empty(1, 3, 256, 256))
    parameters, architecture, _ = inspect_checkpoint(checkpoint(module))
    assert parameters.learnable == learnable(module)
    assert parameters.learnable == pytest.approx(34_005_570, rel=0.001)
    assert (architecture.name, architecture.joints, architecture.explained) == ("resnet50", 1, 1.0)
    assert architecture.head is not None
    assert architecture.head.outputs == (1, 1)
    cost = prove_and_cost(checkpoint(module), architecture, (256, 256))[1]
    assert cost is not None
    assert cost.macs == counter.get_total_flops() // 2


class ChannelsFirstNorm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))


class OfficialBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim)
        self.pwconv1 = nn.Linear(dim, 4 * dim)
        self.pwconv2 = nn.Linear(4 * dim, dim)
        self.gamma = nn.Parameter(torch.ones(dim))


def test_official_convnext_tiny():
    dims, depths = (96, 192, 384, 768), (3, 3, 9, 3)
    with torch.device("meta"):
        module = nn.Module()
        downs = [nn.Sequential(nn.Conv2d(3, 96, 4, 4), ChannelsFirstNorm(96))]
        downs += [nn.Sequential(ChannelsFirstNorm(a), nn.Conv2d(a, b, 2, 2)) for a, b in itertools.pairwise(dims)]
        module.downsample_layers = nn.ModuleList(downs)
        module.stages = nn.ModuleList([nn.Sequential(*[OfficialBlock(dim) for _ in range(n)]) for n, dim in zip(depths, dims, strict=True)])
        module.norm = nn.LayerNorm(768)
        module.head = nn.Linear(768, 1000)
    parameters, architecture, _ = inspect_checkpoint(checkpoint(module))
    assert parameters.learnable == learnable(module) == 28_589_128  # the paper prints 29M
    assert (architecture.family, architecture.name, architecture.explained) == ("convnext", "convnext_tiny", 1.0)
    cost = prove_and_cost(checkpoint(module), architecture, (224, 224))[1]
    assert cost is not None
    assert cost.macs == pytest.approx(4.46e9, rel=0.01)
    assert cost.assumption == ""


def test_published_cost_of_resnet50():
    with torch.device("meta"):
        module = ResNet50()
        module.fc = nn.Linear(2048, 1000)
    file = checkpoint(module)
    parameters, architecture, _ = inspect_checkpoint(file)
    assert parameters.learnable == 25_557_032
    cost = prove_and_cost(file, architecture, (224, 224))[1]
    assert cost is not None
    assert cost.macs == pytest.approx(4.09e9, rel=0.01)
