"""Names and shapes of networks as papers publish them, and the training checkpoints that hold them.

Two families that a pose repository releases: a ConvNeXt whose norms are BatchNorm with a head of depthwise-separable
blocks, and a ResNet-50 with three deconvolutions and RootNet's two output layers. Plain data: a state dict is a list of
(name, shape, learnable).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from auditor.demo.torch_pickles import TensorSpec

RESNET50_BLOCKS = (3, 4, 6, 3)


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor of a state dict."""

    name: str
    shape: tuple[int, ...]
    learnable: bool = True
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class PoseShape:
    """What tells the variants of the pose network apart."""

    depths: tuple[int, ...]
    dims: tuple[int, ...]
    head: int  # channels of the head's three blocks
    outputs: int  # rows of the final layer: joints times depth bins


POSE_VARIANTS = {
    "XS": PoseShape((2, 2, 6, 2), (40, 80, 160, 320), 128, 18 * 32),
    "S": PoseShape((3, 3, 9, 3), (48, 96, 192, 384), 256, 18 * 32),
    "M": PoseShape((3, 3, 9, 3), (48, 96, 192, 384), 256, 18 * 64),
    "L": PoseShape((3, 3, 9, 3), (48, 96, 192, 384), 512, 18 * 64),
}


def convolution(name: str, outputs: int, inputs: int, kernel: int, *, bias: bool = True) -> list[Entry]:
    """Return a convolution's weight, and its bias where it has one."""
    weight = Entry(f"{name}.weight", (outputs, inputs, kernel, kernel))
    return [weight, Entry(f"{name}.bias", (outputs,))] if bias else [weight]


def batch_norm(name: str, channels: int) -> list[Entry]:
    """Return the five tensors of a BatchNorm, two of them learnable."""
    learnable = [Entry(f"{name}.{part}", (channels,)) for part in ("weight", "bias")]
    running = [Entry(f"{name}.{part}", (channels,), learnable=False) for part in ("running_mean", "running_var")]
    return [*learnable, *running, Entry(f"{name}.num_batches_tracked", (), learnable=False, dtype="int64")]


def convnext_pose(shape: PoseShape) -> list[Entry]:
    """Return the pose network: backbone with BatchNorm, three depthwise-separable blocks, one 1x1 convolution."""
    dims, entries = shape.dims, []
    entries += convolution("backbone.downsample_layers.0.0", dims[0], 3, 4) + batch_norm("backbone.downsample_layers.0.1", dims[0])
    for stage in range(1, len(dims)):
        layer = f"backbone.downsample_layers.{stage}"
        entries += batch_norm(f"{layer}.0", dims[stage - 1]) + convolution(f"{layer}.1", dims[stage], dims[stage - 1], 2)
    for stage, (depth, width) in enumerate(zip(shape.depths, dims, strict=True)):
        for number in range(depth):
            block = f"backbone.stages.{stage}.{number}"
            entries += convolution(f"{block}.dwconv", width, 1, 7) + batch_norm(f"{block}.norm", width)
            entries += convolution(f"{block}.pwconv1", 4 * width, width, 1) + convolution(f"{block}.pwconv2", width, 4 * width, 1)
    entries += batch_norm("backbone.norm", dims[-1])
    inputs = dims[-1]
    for number in (1, 2, 3):
        block = f"head.deconv_layers_{number}"
        entries += convolution(f"{block}.dwconv", inputs, 1, 3) + batch_norm(f"{block}.norm", inputs)
        entries += convolution(f"{block}.pwconv", shape.head, inputs, 1)
        inputs = shape.head
    return entries + convolution("head.final_layer", shape.outputs, shape.head, 1)


def resnet50_root() -> list[Entry]:
    """Return RootNet's shape: a ResNet-50 without its classifier, three deconvolutions, `xy_layer` and `depth_layer`."""
    entries = convolution("backbone.conv1", 64, 3, 7, bias=False) + batch_norm("backbone.bn1", 64)
    inputs = 64
    for stage, blocks in enumerate(RESNET50_BLOCKS):
        width = 64 << stage
        for number in range(blocks):
            entries += _bottleneck(f"backbone.layer{stage + 1}.{number}", inputs, width, projected=number == 0)
            inputs = 4 * width
    for number in (0, 3, 6):
        entries.append(Entry(f"root.deconv_layers.{number}.weight", (inputs if number == 0 else 256, 256, 4, 4)))
        entries += batch_norm(f"root.deconv_layers.{number + 1}", 256)
    return entries + convolution("root.xy_layer", 1, 256, 1) + convolution("root.depth_layer", 1, inputs, 1)


def _bottleneck(name: str, inputs: int, width: int, *, projected: bool) -> list[Entry]:
    """Return one bottleneck block of a ResNet."""
    entries = convolution(f"{name}.conv1", width, inputs, 1, bias=False) + batch_norm(f"{name}.bn1", width)
    entries += convolution(f"{name}.conv2", width, width, 3, bias=False) + batch_norm(f"{name}.bn2", width)
    entries += convolution(f"{name}.conv3", 4 * width, width, 1, bias=False) + batch_norm(f"{name}.bn3", 4 * width)
    if projected:
        entries += convolution(f"{name}.downsample.0", 4 * width, inputs, 1, bias=False) + batch_norm(f"{name}.downsample.1", 4 * width)
    return entries


def learnable_count(entries: Sequence[Entry]) -> int:
    """Return the number of learnable values."""
    return sum(prod(entry.shape) for entry in entries if entry.learnable)


def state_dict(entries: Sequence[Entry], prefix: str = "module.") -> OrderedDict[str, TensorSpec]:
    """Return the entries as `Module.state_dict()` gives them, the `_metadata` attribute included."""
    state = OrderedDict((prefix + entry.name, TensorSpec(entry.shape, entry.dtype)) for entry in entries)
    versions: OrderedDict[str, dict[str, int]] = OrderedDict({"": {"version": 1}})
    normed = {name.rpartition(".")[0] for name in state if name.endswith("num_batches_tracked")}
    for name in state:
        parts = name.split(".")[:-1]
        for length in range(1, len(parts) + 1):
            path = ".".join(parts[:length])
            versions.setdefault(path, {"version": 2 if path in normed else 1})
    state._metadata = versions  # type: ignore[attr-defined]
    return state


def adam_state(entries: Sequence[Entry], learning_rate: float = 1e-3) -> dict[str, Any]:
    """Return the state dict of AdamW after some steps: two moments and a step counter for each learnable tensor."""
    learnable = [entry for entry in entries if entry.learnable]
    state = {
        number: {"step": TensorSpec(()), "exp_avg": TensorSpec(entry.shape), "exp_avg_sq": TensorSpec(entry.shape)}
        for number, entry in enumerate(learnable)
    }
    group = {"lr": learning_rate, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0.01, "amsgrad": False, "maximize": False}
    return {"state": state, "param_groups": [{**group, "params": list(range(len(learnable)))}]}


def training_checkpoint(entries: Sequence[Entry], epoch: int) -> dict[str, Any]:
    """Return what the training script saves after an epoch: its number, the network under DataParallel, the optimizer."""
    return {"epoch": epoch, "network": state_dict(entries), "optimizer": adam_state(entries)}
