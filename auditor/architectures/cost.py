"""Multiply-accumulates of one forward pass, by torch's own flop counter on the meta device.

torch counts two operations per multiply-accumulate, in convolutions and matrix products; the papers' "GFLOPs" of such
networks are the multiply-accumulates (ResNet-50 at 224 x 224: 4.09 G).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.architectures.blueprint import Conv2d, Node, leaves
from auditor.architectures.counts import BUFFER_NAMES, is_buffer
from auditor.architectures.fit import Fit
from auditor.architectures.network import HeadPlan, Network
from auditor.architectures.rebuild import Rebuilt
from auditor.facts import Cost, Tensor

if TYPE_CHECKING:
    import torch

# Tools that count layers (ptflops, thop) leave these products out, and papers' numbers come from either kind of tool.
WITHOUT_ATTENTION = "the products of queries, keys and values are not counted"


@dataclass(frozen=True, slots=True)
class CostHints:
    """What the repository's config says where tensors are silent; sizes are (height, width) in pixels."""

    output_size: tuple[int, int] | None = None
    depth_bins: int | None = None
    joints: int | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """How many head blocks are taken to upsample, and why, in words."""

    upsampling: int
    reason: str


def is_whole(fit: Fit, tensors: Iterable[Tensor]) -> bool:
    """Tell whether the rebuilt network computes what the file's network does, so that its cost is a measurement.

    It does not where weights are missing or have other shapes, nor where the file has weights of two or more dimensions (which
    alone multiply-accumulate) that the rebuilt network has no place for.
    """
    if any(name.rpartition(".")[2] not in BUFFER_NAMES for name in fit.missing + fit.mismatched):
        return False
    strangers = set(fit.unexpected)
    return not any(tensor.name in strangers and len(tensor.shape) > 1 and not is_buffer(tensor) for tensor in tensors)


def measure(network: Network, rebuilt: Rebuilt, input_size: tuple[int, int], hints: CostHints) -> Cost:
    """Return the cost at an input size. Raises `ValueError` for no network of pictures, torch's errors for sizes that it cannot take."""
    import torch

    picture = torch.empty((1, _in_channels(network.backbone), *input_size), device="meta")
    before = rebuilt.attended
    base, features = count_macs(rebuilt, network.backbone, picture)
    attended = rebuilt.attended - before
    if base == 0:
        raise ValueError("a network that takes no picture, or whose order of computation is not known")
    plan = network.plan
    by_choice = {k: base + count_macs(rebuilt, plan.blueprint(k), features)[0] for k in plan.choices}
    height, width = int(features.shape[2]), int(features.shape[3])
    choice = choose_upsampling(plan, (height, width), hints) if plan.open_upsampling else Choice(0, "")
    alternatives = tuple((words(k, plan), macs) for k, macs in by_choice.items()) if plan.open_upsampling else ()
    if attended:
        alternatives += ((WITHOUT_ATTENTION, by_choice[choice.upsampling] - attended),)
    assumption = "; ".join(filter(None, (choice.reason, _deconvolution_note(plan), network.assumption)))
    return Cost(by_choice[choice.upsampling], input_size, assumption, alternatives)


def _in_channels(backbone: Node) -> int:
    """Return the channels of the picture: the inputs of the first convolution."""
    return next((leaf.inputs for leaf in leaves(backbone) if isinstance(leaf, Conv2d)), 3)


def count_macs(rebuilt: Rebuilt, node: Node, value: torch.Tensor) -> tuple[int, torch.Tensor]:
    """Return the multiply-accumulates of a part of the network on a feature map, and its output."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    _leave_the_compiler_out()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        value = rebuilt.run(node, value)
    return int(counter.get_total_flops()) // 2, value


def _leave_the_compiler_out() -> None:
    """Keep torch's flop counter from importing torch's compiler, which takes seconds and 100 MB and is never used here.

    torch wraps the counter in `torch._dynamo.disable`, made at the first call; the wrapper looks for a ready-made one under this
    attribute. Where a version of torch has no such wrapper or another attribute, nothing changes but the time it takes.
    """
    from torch.utils import flop_counter

    mode = getattr(flop_counter, "_FlopCounterMode", None)
    wrapped = getattr(getattr(mode, "__torch_dispatch__", None), "__wrapped__", None)
    if wrapped is not None and not hasattr(wrapped, "__dynamo_disable"):
        setattr(wrapped, "__dynamo_disable", wrapped)


def choose_upsampling(plan: HeadPlan, features: tuple[int, int], hints: CostHints) -> Choice:
    """Return how many leading blocks upsample: by the joints, else by the config's output size, else all of them.

    A volumetric heat map of J joints has J times D channels and is a cube, D as large as its width: with J known, D names the width.
    """
    outputs = plan.head.outputs[0] if plan.head.outputs else 0
    return _by_joints(plan, features, outputs, hints) or _by_output_size(plan, features, outputs, hints) or _all(plan, hints)


def _by_joints(plan: HeadPlan, features: tuple[int, int], outputs: int, hints: CostHints) -> Choice | None:
    if not hints.joints or hints.joints < 0 or outputs % hints.joints:
        return None
    bins = outputs // hints.joints
    for k in plan.choices:
        if bins > 1 and bins == features[1] << k:
            reason = f"{outputs} outputs are {hints.joints} joints of {bins} depth bins, and volumetric heat maps are cubes: {bins} wide"
            return Choice(k, f"assumed that {words(k, plan)}: {reason}")
    return None


def _by_output_size(plan: HeadPlan, features: tuple[int, int], outputs: int, hints: CostHints) -> Choice | None:
    if hints.output_size is None:
        return None
    if hints.depth_bins and hints.depth_bins > 0:
        own_joints, remainder = divmod(outputs, hints.depth_bins)
        if remainder or (hints.joints and own_joints != hints.joints):
            return None  # the config describes another variant than this file
    for k in plan.choices:
        if (features[0] << k, features[1] << k) == hints.output_size:
            height, width = hints.output_size
            return Choice(k, f"assumed that {words(k, plan)}: the repository's config states heat maps of {height} x {width}")
    return None


def _all(plan: HeadPlan, hints: CostHints) -> Choice:
    k = plan.choices[-1]
    why = (
        "neither joints nor output size of the repository's config fit this file"
        if hints != CostHints()
        else "nothing was stated that tells"
    )
    return Choice(k, f"assumed that {words(k, plan)}: the tensors cannot tell, and {why}")


def words(upsampling: int, plan: HeadPlan) -> str:
    """Return "2 of 3 head blocks upsample"."""
    return f"{upsampling} of {len(plan.blocks)} head blocks upsample"


def _deconvolution_note(plan: HeadPlan) -> str:
    return "transposed convolutions are taken to double the map (stride 2)" if plan.head.kind in ("deconvolution", "rootnet") else ""
