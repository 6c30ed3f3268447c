"""The second interpreter of a blueprint: torch modules on the meta device, which has shapes and no memory.

Nothing of a checkpoint is run here, only torch's own layers of the recognized structure.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from auditor.architectures.blueprint import (
    Attention,
    BatchNorm,
    Branches,
    Buffer,
    Conv1d,
    Conv2d,
    ConvTranspose2d,
    Embedding,
    GlobalResponseNorm,
    GroupNorm,
    Half,
    LayerNorm,
    Leaf,
    Linear,
    Node,
    PackedProjection,
    Parameter,
    PatchMerge,
    Pool,
    Residual,
    Scale,
    Sequence,
    Streams,
    Tokens,
    Upsample,
    Windows,
    leaves,
    tensors_of,
)
from auditor.architectures.fit import Fit, compare
from auditor.errors import MissingExtra
from auditor.facts import Tensor

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.overrides import TorchFunctionMode

Bare = Scale | Parameter | Buffer  # leaves that are one tensor and no module
Module = Conv2d | ConvTranspose2d | Linear | BatchNorm | LayerNorm | GroupNorm | GlobalResponseNorm | Embedding | PackedProjection | Conv1d


def require_torch() -> None:
    """Raise `MissingExtra` where torch is not installed."""
    try:
        import torch  # noqa: F401
    except ImportError as error:
        missing = MissingExtra("rebuilding a network", "torch")
        missing.help = "pip install torch"  # a dependency of the auditor itself, so no extra of its own has it
        raise missing from error


class Rebuilt:
    """A blueprint as torch modules, under the blueprint's names."""

    def __init__(self, node: Node) -> None:
        from torch import nn

        self.node = node
        self.root = nn.Module()
        self.attended = 0  # multiply-accumulates between queries, keys and values in all runs so far
        self._made: dict[str, nn.Module] = {}
        for leaf in leaves(node):
            self._place(leaf)
        self.root.eval()

    def _place(self, leaf: Leaf) -> None:
        import torch

        # Straight into _modules and _parameters: add_module refuses names that a stranger's prefix may well hold, like "train" or "".
        *path, last = leaf.name.split(".")
        parent = self._walk(path)
        if isinstance(leaf, Buffer):
            parent._buffers[last] = torch.empty(leaf.shape, dtype=getattr(torch, leaf.dtype), device="meta")
            return
        if isinstance(leaf, Scale | Parameter):
            parent._parameters[last] = empty_parameter(leaf.shape)
            return
        module = self._made[leaf.name] = make(leaf)
        before = parent._modules.get(last)
        if before is not None:  # Detectron2 puts a norm below its convolution: keep what is already there
            module._modules.update(before._modules)
        parent._modules[last] = module

    def _walk(self, path: list[str]) -> nn.Module:
        from torch import nn

        module = self.root
        for word in path:
            child = module._modules.get(word)
            if child is None:
                child = module._modules[word] = nn.Module()
            module = child
        return module

    def tensors(self) -> tuple[Tensor, ...]:
        """Return the state dict as torch sees it."""
        parameters = {name for name, _ in self.root.named_parameters(remove_duplicate=False)}
        state = self.root.state_dict()
        return tuple(Tensor(n, tuple(t.shape), str(t.dtype).removeprefix("torch."), is_parameter=n in parameters) for n, t in state.items())

    def hold(self, tensors: Iterable[Tensor]) -> Fit:
        """Hold a checkpoint's names and shapes against the modules and return what torch says of each.

        Tensors of the right name and shape go through `load_state_dict` as meta tensors; it raises `RuntimeError` (a defect of
        the rebuild, not of the file) where torch sees a name or a shape otherwise than the comparison did.
        """
        import torch

        tensors = tuple(tensors)
        fit = compare(self.tensors(), tensors)
        shapes = {tensor.name: tensor.shape for tensor in tensors}
        state = self.root.state_dict()  # keeps torch's own version notes, which decide how old files are mended
        own = dict(state)
        state.clear()
        state.update({name: torch.empty(shapes[name], dtype=own[name].dtype, device="meta") for name in fit.matched})
        answer = self.root.load_state_dict(state, strict=not (fit.missing or fit.mismatched), assign=True)
        if set(answer.missing_keys) != set(fit.missing) | set(fit.mismatched) or answer.unexpected_keys:
            raise RuntimeError(f"torch names other tensors than the blueprint: {answer}")
        return fit

    def run(self, node: Node, value: torch.Tensor) -> torch.Tensor:
        """Return the feature map (batch, channels, height, width) that a part of the network makes of one.

        Only layers that multiply-accumulate run in torch. Norms, scales, activations and sums change no size, torch's counter
        counts nothing for them, and on the meta device they would pull in torch's compiler: seconds and 100 MB for nothing.
        Raises `ValueError` where the two sides of a sum differ in size.
        """
        from torch.nn import functional

        match node:
            case Sequence(parts):
                for part in parts:
                    value = self.run(part, value)
                return value
            case Branches(parts):
                outputs = [self.run(part, value) for part in parts]
                return outputs[0] if outputs else value
            case Residual(body, shortcut):
                output, beside = self.run(body, value), self.run(shortcut, value) if shortcut is not None else value
                if output.shape != beside.shape:
                    raise ValueError(f"a sum of {tuple(output.shape)} and {tuple(beside.shape)}")
                return output
            case Pool(kind, kernel, stride, padding):
                if kind == "global":
                    return value[:, :, :1, :1]  # the mean's size
                if kind == "max":
                    return functional.max_pool2d(value, kernel, stride, padding)
                return functional.avg_pool2d(value, kernel, stride, padding, ceil_mode=True)
            case Upsample():
                batch, channels, height, width = value.shape
                return value.new_empty((batch, channels, 2 * height, 2 * width))
            case Conv1d() | Embedding() | Linear(transposed=True):
                raise ValueError("not a part of a network that takes a picture")
            case Conv2d() | ConvTranspose2d():
                return cast("torch.Tensor", self._made[node.name](value))
            case Linear():
                return cast("torch.Tensor", self._made[node.name](value.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)
            case PackedProjection():
                weight = self._made[node.name]._parameters["in_proj_weight"]
                return functional.linear(value.permute(0, 2, 3, 1), cast("torch.Tensor", weight)).permute(0, 3, 1, 2)
            case Tokens() | Windows() | Attention() | PatchMerge() | Streams() | Half():
                return self._rearranged(node, value)
            case _:  # an aside too
                return value

    def _rearranged(self, node: Tokens | Windows | Attention | PatchMerge | Streams | Half, value: torch.Tensor) -> torch.Tensor:
        """Run what cuts maps into tokens or windows, joins them, or takes several at once. Sizes alone count, so no order is kept."""
        batch, channels, height, width = value.shape
        match node:
            case Tokens(extra, body):
                row = self.run(body, value.new_empty((batch, channels, 1, height * width + extra)))
                return row.new_empty((batch, row.shape[1], height, width))
            case Windows(size, body):
                if size < 1:
                    raise ValueError("windows of an unknown size")
                down, across = -(-height // size), -(-width // size)
                inside = self.run(body, value.new_empty((batch * down * across, channels, size, size)))
                return inside.new_empty((batch, inside.shape[1], height, width))
            case Attention(projections, output):
                projected = [self.run(part, value) for part in projections]
                mixed = attend(projected)
                self.attended += 2 * batch * (height * width) ** 2 * mixed.shape[1]
                return self.run(output, mixed)
            case PatchMerge():
                return value.new_empty((batch, 4 * channels, -(-height // 2), -(-width // 2)))
            case Half():
                return value[:, : channels // 2]
            case Streams(steps):
                maps = [value]
                for step in steps:
                    maps = [self._summed(row, maps) for row in step]
                return maps[0]

    def _summed(self, row: tuple[tuple[int, Node], ...], maps: list[torch.Tensor]) -> torch.Tensor:
        outputs = [self.run(node, maps[source]) for source, node in row]
        if len({tuple(output.shape) for output in outputs}) != 1:
            raise ValueError(f"a sum of {', '.join(str(tuple(output.shape)) for output in outputs)}")
        return outputs[0]


def attend(projected: list[torch.Tensor]) -> torch.Tensor:
    """Return what attention makes of projected maps: every query times every key, and the result times every value.

    One map holds queries, keys and values side by side. The number of heads does not change the count: it divides the channels.
    Keys and values that several queries share are repeated first, so the queries' width decides.
    """
    import torch

    batch, channels, height, width = projected[0].shape
    wide = channels // 3 if len(projected) == 1 else channels
    tokens = height * width
    queries = projected[0].new_empty((batch, tokens, wide))
    scores = torch.bmm(queries, projected[0].new_empty((batch, wide, tokens)))
    mixed = torch.bmm(scores, projected[0].new_empty((batch, tokens, wide)))
    return mixed.permute(0, 2, 1).reshape(batch, wide, height, width)


def empty_parameter(shape: tuple[int, ...]) -> nn.Parameter:
    """Return a parameter on the meta device."""
    import torch
    from torch import nn

    return nn.Parameter(torch.empty(shape, device="meta"))


def bare_module(leaf: LayerNorm | PackedProjection | Conv1d | Linear) -> nn.Module:
    """Return a module that owns a record's tensors, for records whose names torch's own layer does not give."""
    from torch import nn

    module = nn.Module()
    for tensor in tensors_of(leaf):
        *path, last = tensor.name[len(leaf.name) + 1 :].split(".")
        parent = module
        for word in path:
            parent = parent._modules.setdefault(word, nn.Module()) or parent
        parent.register_parameter(last, empty_parameter(tensor.shape))
    return module


@functools.cache
def _unfilled_mode() -> type[TorchFunctionMode]:
    from torch.overrides import TorchFunctionMode

    class Unfilled(TorchFunctionMode):
        """Leaves out the random first values of weights: on the meta device there are none, and drawing them is half of the work."""

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            options = kwargs or {}
            if getattr(func, "__module__", "") == "torch.nn.init":
                return args[0] if args else options["tensor"]
            return func(*args, **options)

    return Unfilled


def _unfilled() -> TorchFunctionMode:
    """Return the context in which layers are made without first values."""
    return _unfilled_mode()()


def make(leaf: Module) -> nn.Module:
    """Return torch's own layer for a record, on the meta device. Raises torch's errors for sizes that cannot be."""
    import torch
    from torch import nn

    with torch.device("meta"), _unfilled():
        match leaf:
            case Conv2d():
                return nn.Conv2d(leaf.inputs, leaf.outputs, leaf.kernel, leaf.stride, leaf.padding, groups=leaf.groups, bias=leaf.bias)
            case ConvTranspose2d():
                return nn.ConvTranspose2d(
                    leaf.inputs, leaf.outputs, leaf.kernel, leaf.stride, leaf.padding, leaf.output_padding, bias=leaf.bias
                )
            case Linear() if not leaf.transposed:
                return nn.Linear(leaf.inputs, leaf.outputs, bias=leaf.bias)
            case LayerNorm() if (leaf.scale, leaf.shift) == ("weight", "bias"):
                return nn.LayerNorm(leaf.channels, eps=1e-6, bias=leaf.bias)
            case Embedding():
                return nn.Embedding(leaf.count, leaf.width)
            case Conv1d() if not leaf.weight_norm:
                kind = nn.ConvTranspose1d if leaf.transposed else nn.Conv1d
                return kind(leaf.inputs, leaf.outputs, leaf.kernel, bias=leaf.bias)
            case LayerNorm() | PackedProjection() | Conv1d() | Linear():
                return bare_module(leaf)
            case GroupNorm():
                return nn.GroupNorm(1, leaf.channels)
            case BatchNorm():
                norm = nn.BatchNorm2d(leaf.channels)
                if not leaf.counter:
                    norm.num_batches_tracked = None
                return norm
            case GlobalResponseNorm():
                module = nn.Module()
                module.register_parameter(leaf.scale, empty_parameter(leaf.shape))
                module.register_parameter(leaf.shift, empty_parameter(leaf.shape))
                return module
