"""Recognizes what follows a backbone from shapes and their order alone, whatever the modules are called.

Three shapes of a head are known: blocks of depthwise and 1x1 convolutions, blocks of transposed convolutions (both with final
layers side by side, and final layers on the pooled features of the backbone), and linear classifiers. Modules that fit none
of them stay out of the plan, so the comparison counts their tensors as unexplained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from auditor.architectures.blueprint import BatchNorm, Conv2d, ConvTranspose2d, GroupNorm, Linear, Node, Sequence
from auditor.architectures.counts import BUFFER_NAMES
from auditor.architectures.network import NO_HEAD, HeadPlan
from auditor.architectures.shapes import Module, modules_of, natural_order
from auditor.facts import Head, Tensor

CLASSIFIER_NAMES = frozenset(("fc", "head", "classifier", "linear", "last_linear", "logits"))
FINAL_KERNELS = (1, 3)
MOST_FINALS = 32


@dataclass(slots=True)
class _Chain:
    """Blocks read so far: where the chain stands and how many channels it carries."""

    at: int
    channels: int
    blocks: list[Node] = field(default_factory=list)
    kernels: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)

    def add(self, block: Node, kernel: int, width: int) -> None:
        self.blocks.append(block)
        self.kernels.append(kernel)
        self.widths.append(width)
        self.channels = width


def plan_head(rest: tuple[Tensor, ...], channels: int) -> HeadPlan:
    """Return the head that the tensors after a backbone of `channels` output channels describe.

    The order of the file is tried first, then the natural order of names (some formats sort their tensors as text).
    """
    # A profiler's counters or an anchor table alone are no head, and must not hide one.
    modules = tuple(module for module in modules_of(rest) if not BUFFER_NAMES.issuperset(module.tensors))
    if not modules:
        return NO_HEAD
    ordered = tuple(sorted(modules, key=lambda module: natural_order(module.path)))
    readers: tuple[Callable[[tuple[Module, ...], int], HeadPlan | None], ...] = (_separable, _deconvolution, _linear)
    for reader in readers:
        for view in (modules, ordered):
            plan = reader(view, channels)
            if plan is not None:
                return plan
    return HeadPlan(Head("unknown"))


def _separable(modules: tuple[Module, ...], channels: int) -> HeadPlan | None:
    chain, finals, _ = _longest(modules, channels, _separable_block)
    if not finals:
        return None
    return HeadPlan(_head("depthwise_separable", chain, finals, []), tuple(chain.blocks), tuple(finals), open_upsampling=True)


def _longest(
    modules: tuple[Module, ...], channels: int, read_block: Callable[[tuple[Module, ...], _Chain], bool]
) -> tuple[_Chain, list[Conv2d], list[Conv2d | Linear]]:
    """Return the first chain of blocks that ends in final layers, with those and the layers on pooled features beside them."""
    start = 0
    while start < len(modules):
        chain = _Chain(start, channels)
        while read_block(modules, chain):
            pass
        if chain.blocks:
            finals, pooled = _finals(modules, chain.at, chain.channels, channels)
            if finals:
                return chain, finals, pooled
        start = max(start + 1, chain.at)  # blocks are read once, so a hostile file costs linear time
    return _Chain(start, channels), [], []


def _separable_block(modules: tuple[Module, ...], chain: _Chain) -> bool:
    at = chain.at
    if at >= len(modules) or not _is_depthwise(modules[at], chain.channels):
        return False
    depthwise, kernel = modules[at], modules[at].weight[2]
    parts: list[Node] = [Conv2d(depthwise.path, chain.channels, chain.channels, kernel, 1, kernel // 2, chain.channels, depthwise.bias)]
    at = _take_norm(modules, at + 1, chain.channels, parts)
    if at >= len(modules) or not _is_conv(modules[at], chain.channels, (1,)):
        return False
    pointwise = modules[at]
    width = pointwise.weight[0]
    parts.append(Conv2d(pointwise.path, chain.channels, width, 1, bias=pointwise.bias))
    chain.at = _take_norm(modules, at + 1, width, parts)
    chain.add(Sequence(tuple(parts)), kernel, width)
    return True


def _deconvolution(modules: tuple[Module, ...], channels: int) -> HeadPlan | None:
    chain, finals, pooled = _longest(modules, channels, _deconvolution_block)
    if not finals:
        return None
    kind = "rootnet" if pooled else "deconvolution"
    return HeadPlan(_head(kind, chain, finals, pooled), tuple(chain.blocks), tuple(finals), tuple(pooled))


def _deconvolution_block(modules: tuple[Module, ...], chain: _Chain) -> bool:
    if chain.at >= len(modules):
        return False
    module = modules[chain.at]
    shape = module.weight
    if len(shape) != 4 or shape[0] != chain.channels or shape[2] != shape[3] or not 2 <= shape[2] <= 8:
        return False
    width, kernel = shape[1], shape[2]
    norm = modules[chain.at + 1] if chain.at + 1 < len(modules) else None
    outputs = module.tensors["bias"] if module.bias else norm.weight if norm is not None and len(norm.weight) == 1 else ()
    # (256, 256, 3, 3) may be an ordinary convolution; an even kernel, other channels, or a block before it say that it is not.
    transposed = shape[0] != width or kernel % 2 == 0 or bool(chain.blocks)
    if outputs != (width,) or not transposed:
        return False
    # The usual parameters that double the map exactly: 4 (padding 1), 3 (padding 1, output padding 1), 2 (none).
    padding = max(0, (kernel - 1) // 2)
    parts: list[Node] = [ConvTranspose2d(module.path, chain.channels, width, kernel, 2, padding, kernel % 2, module.bias)]
    chain.at = _take_norm(modules, chain.at + 1, width, parts)
    chain.add(Sequence(tuple(parts)), kernel, width)
    return True


def _linear(modules: tuple[Module, ...], channels: int) -> HeadPlan | None:
    """Read linear layers on pooled features: side by side, or one after the other."""
    norms: list[Node] = []
    branches: list[list[Linear | Conv2d]] = []
    used = _take_norm(modules, 0, channels, norms) if len(modules) > 1 else 0
    norm_count = used
    for module in modules[used:]:
        layer = _classifier_layer(module)
        if layer is None or len(branches) >= MOST_FINALS:
            continue
        if layer.inputs == channels:
            branches.append([layer])
        elif branches and layer.inputs == branches[-1][-1].outputs:
            branches[-1].append(layer)
        else:
            continue
        used += 1
    if used < len(modules):  # other things stand there too: only a layer that says what it is may be taken out of them
        norms, norm_count = [], 0
        branches = [branch[:1] for branch in branches if branch[0].name.rpartition(".")[2] in CLASSIFIER_NAMES]
    if not branches:
        return None
    hidden = tuple(layer.outputs for branch in branches for layer in branch[:-1])
    finals = tuple(branch[-1] for branch in branches)
    kernels = tuple(1 for final in finals if isinstance(final, Conv2d))
    head = Head("linear", kernels, hidden, tuple(final.outputs for final in finals), tuple(final.name for final in finals))
    pooled = tuple(
        Sequence((*norms[:norm_count], *branch)) if index == 0 else Sequence(tuple(branch)) for index, branch in enumerate(branches)
    )
    return HeadPlan(head, pooled=pooled)


def _classifier_layer(module: Module) -> Linear | Conv2d | None:
    shape = module.weight
    if len(shape) == 2:
        return Linear(module.path, shape[1], shape[0], module.bias)
    if len(shape) == 4 and shape[2:] == (1, 1):
        return Conv2d(module.path, shape[1], shape[0], 1, bias=module.bias)
    return None


def _finals(modules: tuple[Module, ...], at: int, channels: int, features: int) -> tuple[list[Conv2d], list[Conv2d | Linear]]:
    """Return the layers side by side from here on: convolutions on the blocks' output, and layers on pooled features.

    The second kind, RootNet's depth layer, works on the backbone's own `features` channels.
    """
    finals: list[Conv2d] = []
    pooled: list[Conv2d | Linear] = []
    for module in modules[at : at + MOST_FINALS]:
        layer = _classifier_layer(module)
        if _is_conv(module, channels, FINAL_KERNELS):
            kernel = module.weight[2]
            finals.append(Conv2d(module.path, channels, module.weight[0], kernel, padding=kernel // 2, bias=module.bias))
        elif layer is not None and layer.inputs == features:
            pooled.append(layer)
        else:
            break
    return finals, pooled


def _head(kind: str, chain: _Chain, finals: list[Conv2d], pooled: list[Conv2d | Linear]) -> Head:
    layers = (*finals, *pooled)
    return Head(
        kind,
        kernels=tuple(chain.kernels),
        channels=tuple(chain.widths),
        outputs=tuple(layer.outputs for layer in layers),
        final_layers=tuple(layer.name for layer in layers),
    )


def _take_norm(modules: tuple[Module, ...], at: int, channels: int, parts: list[Node]) -> int:
    """Append the norm that stands here, if one does, and return the next position."""
    if at >= len(modules) or modules[at].weight != (channels,):
        return at
    norm = modules[at]
    if "running_mean" in norm.tensors:
        parts.append(BatchNorm(norm.path, channels, "num_batches_tracked" in norm.tensors))
    else:
        parts.append(GroupNorm(norm.path, channels))
    return at + 1


def _is_depthwise(module: Module, channels: int) -> bool:
    shape = module.weight
    return len(shape) == 4 and channels > 1 and shape[:2] == (channels, 1) and shape[2] == shape[3] and shape[2] % 2 == 1


def _is_conv(module: Module, channels: int, kernels: tuple[int, ...]) -> bool:
    shape = module.weight
    return len(shape) == 4 and shape[1] == channels and shape[2] == shape[3] and shape[2] in kernels
