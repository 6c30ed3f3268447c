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
    """A linear layer; on a feature map it works on the channels of every pixel. GPT-2's are saved `transposed`, (inputs, outputs)."""

    name: str
    inputs: int
    outputs: int
    bias: bool = True
    transposed: bool = False


@dataclass(frozen=True, slots=True)
class BatchNorm:
    """Batch normalization of channels; `counter` is False in files from before torch 0.4.1 and for frozen layers."""

    name: str
    channels: int
    counter: bool = True


@dataclass(frozen=True, slots=True)
class LayerNorm:
    """Layer normalization over channels, of a feature map or of a vector; `scale` and `shift` are its tensors' names."""

    name: str
    channels: int
    bias: bool = True
    scale: str = "weight"
    shift: str = "bias"


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
class Parameter:
    """A bare learnable tensor, like a class token or a table of positions; `name` is the tensor's own name."""

    name: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Buffer:
    """A fixed tensor, like a table of indices or a mask; `name` is the tensor's own name."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "int64"


@dataclass(frozen=True, slots=True)
class Embedding:
    """A table of learned vectors that numbers look up: weight (count, width)."""

    name: str
    count: int
    width: int


@dataclass(frozen=True, slots=True)
class PackedProjection:
    """Queries, keys and values in one matrix, as `torch.nn.MultiheadAttention` names it: in_proj_weight, in_proj_bias."""

    name: str
    inputs: int
    outputs: int
    bias: bool = True


@dataclass(frozen=True, slots=True)
class Conv1d:
    """A one-dimensional convolution, plain or with its weight normalized ("g": weight_g and weight_v; "parametrized": torch 2's names)."""

    name: str
    inputs: int
    outputs: int
    kernel: int
    transposed: bool = False
    bias: bool = True
    weight_norm: str = ""


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


@dataclass(frozen=True, slots=True)
class Aside:
    """Parts that belong to the network and take no part in the pass whose cost is measured: tables, a pre-training decoder."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A body that works on the pixels of a map as a row of tokens, with `extra` ones (class, registers) that leave with it."""

    extra: int
    body: Node


@dataclass(frozen=True, slots=True)
class Windows:
    """A body that works on square windows of a map by themselves; the map is padded to whole windows."""

    size: int  # 0 where nothing tells it: then the network has no cost
    body: Node


@dataclass(frozen=True, slots=True)
class Attention:
    """Attention of all positions to all: one projection to queries, keys and values, or three, and one of what comes out."""

    projections: tuple[Node, ...]
    output: Node


@dataclass(frozen=True, slots=True)
class Half:
    """The first half of the channels: what a gated unit leaves of its two halves."""


@dataclass(frozen=True, slots=True)
class PatchMerge:
    """Two by two pixels laid side by side: four times the channels, half the height and width, odd sizes padded."""


@dataclass(frozen=True, slots=True)
class Streams:
    """Maps of several sizes side by side, in steps (HRNet). A step has a row per map that it makes: the sum of (map, node) pairs.

    The first step works on the one map that comes in; the first map of the last step goes on.
    """

    steps: tuple[tuple[tuple[tuple[int, Node], ...], ...], ...]


Leaf = (
    Conv2d
    | ConvTranspose2d
    | Linear
    | BatchNorm
    | LayerNorm
    | GroupNorm
    | GlobalResponseNorm
    | Scale
    | Parameter
    | Buffer
    | Embedding
    | PackedProjection
    | Conv1d
)
Node = (
    Leaf
    | Activation
    | Pool
    | Upsample
    | Sequence
    | Residual
    | Branches
    | Aside
    | Tokens
    | Windows
    | Attention
    | Half
    | PatchMerge
    | Streams
)
NOTHING = Sequence(())


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield the records that own tensors, in the order in which they compute."""
    found: list[Leaf] = []
    _collect(node, found)  # one list instead of generators within generators: a deep network has thousands of records
    return iter(found)


def _collect(node: Node, found: list[Leaf]) -> None:
    match node:
        case Sequence(parts) | Branches(parts) | Aside(parts):
            for part in parts:
                _collect(part, found)
        case Residual(body, shortcut):
            _collect(body, found)
            if shortcut is not None:
                _collect(shortcut, found)
        case Tokens(_, body) | Windows(_, body):
            _collect(body, found)
        case Attention(projections, output):
            for part in (*projections, output):
                _collect(part, found)
        case Streams(steps):
            for part in (part for step in steps for row in step for _, part in row):
                _collect(part, found)
        case Activation() | Pool() | Upsample() | Half() | PatchMerge():
            return
        case _:
            found.append(node)


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
            shape = (leaf.inputs, leaf.outputs) if leaf.transposed else (leaf.outputs, leaf.inputs)
            yield from _weight_and_bias(leaf.name, shape, leaf.outputs, leaf.bias)
        case LayerNorm():
            yield _parameter(f"{leaf.name}.{leaf.scale}", (leaf.channels,))
            if leaf.bias:
                yield _parameter(f"{leaf.name}.{leaf.shift}", (leaf.channels,))
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
        case Scale() | Parameter():
            yield _parameter(leaf.name, leaf.shape)
        case Buffer():
            yield Tensor(leaf.name, leaf.shape, leaf.dtype, is_parameter=False)
        case Embedding():
            yield _parameter(f"{leaf.name}.weight", (leaf.count, leaf.width))
        case PackedProjection():
            yield _parameter(f"{leaf.name}.in_proj_weight", (leaf.outputs, leaf.inputs))
            if leaf.bias:
                yield _parameter(f"{leaf.name}.in_proj_bias", (leaf.outputs,))
        case Conv1d():
            yield from _conv1d(leaf)


def _weight_and_bias(name: str, shape: tuple[int, ...], outputs: int, bias: bool) -> Iterator[Tensor]:
    yield _parameter(f"{name}.weight", shape)
    if bias:
        yield _parameter(f"{name}.bias", (outputs,))


def _conv1d(leaf: Conv1d) -> Iterator[Tensor]:
    first, second = (leaf.inputs, leaf.outputs) if leaf.transposed else (leaf.outputs, leaf.inputs)
    if leaf.weight_norm:
        magnitude, direction = weight_norm_names(leaf)
        yield _parameter(f"{leaf.name}.{magnitude}", (first, 1, 1))
        yield _parameter(f"{leaf.name}.{direction}", (first, second, leaf.kernel))
    else:
        yield _parameter(f"{leaf.name}.weight", (first, second, leaf.kernel))
    if leaf.bias:
        yield _parameter(f"{leaf.name}.bias", (leaf.outputs,))


def weight_norm_names(leaf: Conv1d) -> tuple[str, str]:
    """Return the names of a normalized weight's magnitude and direction within its module."""
    if leaf.weight_norm == "parametrized":
        return "parametrizations.weight.original0", "parametrizations.weight.original1"
    return "weight_g", "weight_v"


def _parameter(name: str, shape: tuple[int, ...]) -> Tensor:
    return Tensor(name, shape, "float32", is_parameter=True)


def _buffer(module: str, name: str, shape: tuple[int, ...], dtype: str) -> Tensor:
    return Tensor(f"{module}.{name}", shape, dtype, is_parameter=False)
