"""One description of a network, made of plain records, that two interpreters read.

`tensors_of` (here, pure) lists the names and shapes that a state dict of the network has; `rebuild.py` makes torch modules
of the same description. Every record carries the full dotted path of its module, in the checkpoint's own spelling, so the
order of computation and the tree of names stay apart: a backbone and a head may stand under unrelated prefixes.

Shapes follow torch: convolutions (outputs, inputs / groups, k, k), transposed ones (inputs, outputs, k, k), linear layers
(outputs, inputs). Feature maps are (batch, channels, height, width).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from auditor.facts import Tensor


@dataclass(frozen=True, slots=True)
class Conv2d:
    """A square two-dimensional convolution."""

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    padding: int = 0
    groups: int = 1
    bias: bool = True


@dataclass(frozen=True, slots=True)
class ConvTranspose2d:
    """A square transposed convolution."""

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int = 2
    padding: int = 1
    output_padding: int = 0
    bias: bool = False


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear layer; on a feature map it works on the channels of every pixel."""

    name: str
    inputs: int
    outputs: int
    bias: bool = True


@dataclass(frozen=True, slots=True)
class BatchNorm:
    """Batch normalization of channels; `counter` is False in files from before torch 0.4.1 and for frozen layers."""

    name: str
    channels: int
    counter: bool = True


@dataclass(frozen=True, slots=True)
class LayerNorm:
    """Layer normalization over channels, of a feature map or of a vector."""

    name: str
    channels: int
    bias: bool = True


@dataclass(frozen=True, slots=True)
class GroupNorm:
    """Group normalization; the number of groups leaves no trace in the tensors."""

    name: str
    channels: int


@dataclass(frozen=True, slots=True)
class GlobalResponseNorm:
    """ConvNeXt V2's global response normalization; `scale` and `shift` are the last words of its tensors' names."""

    name: str
    shape: tuple[int, ...]
    scale: str = "gamma"
    shift: str = "beta"


@dataclass(frozen=True, slots=True)
class Scale:
    """A learnable factor per channel (layer scale); `name` is the tensor's own name."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Activation:
    """A function without tensors: relu or gelu."""

    kind: str = "relu"


@dataclass(frozen=True, slots=True)
class Pool:
    """Pooling: "max" (kernel, stride, padding), "average" (the same) or "global", which leaves one vector."""

    kind: str = "global"
    kernel: int = 3
    stride: int = 2
    padding: int = 1


@dataclass(frozen=True, slots=True)
class Upsample:
    """Bilinear upsampling by two."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Parts that work one after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Residual:
    """The sum of a body and a shortcut (the input itself where there is none)."""

    body: Node
    shortcut: Node | None = None


@dataclass(frozen=True, slots=True)
class Branches:
    """Parts that all work on the same input; the first one's output goes on."""

    parts: tuple[Node, ...] = field(default_factory=tuple)


Leaf = Conv2d | ConvTranspose2d | Linear | BatchNorm | LayerNorm | GroupNorm | GlobalResponseNorm | Scale
Node = Leaf | Activation | Pool | Upsample | Sequence | Residual | Branches
NOTHING = Sequence(())


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield the records that own tensors, in the order in which they compute."""
    match node:
        case Sequence(parts) | Branches(parts):
            for part in parts:
                yield from leaves(part)
        case Residual(body, shortcut):
            yield from leaves(body)
            if shortcut is not None:
                yield from leaves(shortcut)
        case Activation() | Pool() | Upsample():
            return
        case _:
            yield node


def tensors_of(node: Node) -> tuple[Tensor, ...]:
    """Return the tensors of the network's state dict, parameters and buffers, as a checkpoint's header would show them."""
    return tuple(tensor for leaf in leaves(node) for tensor in _tensors(leaf))


def _tensors(leaf: Leaf) -> Iterator[Tensor]:
    match leaf:
        case Conv2d():
            yield from _weight_and_bias(
                leaf.name, (leaf.outputs, leaf.inputs // leaf.groups, leaf.kernel, leaf.kernel), leaf.outputs, leaf.bias
            )
        case ConvTranspose2d():
            yield from _weight_and_bias(leaf.name, (leaf.inputs, leaf.outputs, leaf.kernel, leaf.kernel), leaf.outputs, leaf.bias)
        case Linear():
            yield from _weight_and_bias(leaf.name, (leaf.outputs, leaf.inputs), leaf.outputs, leaf.bias)
        case LayerNorm():
            yield from _weight_and_bias(leaf.name, (leaf.channels,), leaf.channels, leaf.bias)
        case GroupNorm():
            yield from _weight_and_bias(leaf.name, (leaf.channels,), leaf.channels, True)
        case BatchNorm():
            yield from _weight_and_bias(leaf.name, (leaf.channels,), leaf.channels, True)
            yield _buffer(leaf.name, "running_mean", (leaf.channels,), "float32")
            yield _buffer(leaf.name, "running_var", (leaf.channels,), "float32")
            if leaf.counter:
                yield _buffer(leaf.name, "num_batches_tracked", (), "int64")
        case GlobalResponseNorm():
            yield _parameter(f"{leaf.name}.{leaf.scale}", leaf.shape)
            yield _parameter(f"{leaf.name}.{leaf.shift}", leaf.shape)
        case Scale():
            yield _parameter(leaf.name, leaf.shape)


def _weight_and_bias(name: str, shape: tuple[int, ...], outputs: int, bias: bool) -> Iterator[Tensor]:
    yield _parameter(f"{name}.weight", shape)
    if bias:
        yield _parameter(f"{name}.bias", (outputs,))


def _parameter(name: str, shape: tuple[int, ...]) -> Tensor:
    return Tensor(name, shape, "float32", is_parameter=True)


def _buffer(module: str, name: str, shape: tuple[int, ...], dtype: str) -> Tensor:
    return Tensor(f"{module}.{name}", shape, dtype, is_parameter=False)
