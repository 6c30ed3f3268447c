"""Reads a `ResNetPlan` out of names and shapes: channels by what most blocks of a stage say."""

from __future__ import annotations

from functools import partial

from auditor.architectures.resnet_blueprint import ResNetPlan, ResNetSpelling
from auditor.architectures.shapes import Shapes, most_common

STAGES = 4


def read_resnet(shapes: Shapes, spelling: ResNetSpelling, prefix: str) -> ResNetPlan | None:
    """Return what the tensors under a prefix say of a ResNet, or None where they are no such thing.

    Four stages whose channels double are asked for: RegNets, RAFT's encoders and HRNet use the same names otherwise.
    """
    reader = _Reader(shapes, spelling, prefix)
    bottleneck = reader.bottleneck()
    dims, widths, inner = (reader.sizes(number, axis) for number, axis in ((3 if bottleneck else 2, 0), (1, 0), (2, 1)))
    if not (_doubles(dims) and _doubles(widths) and min(inner) > 0) or (not bottleneck and widths != dims):
        return None
    stem, stem_shapes = reader.stem()
    shortcut = reader.shortcut()
    return ResNetPlan(
        depths=reader.depths,
        dims=dims,
        widths=widths,
        bottleneck=bottleneck,
        groups=tuple(max(1, width // size) for width, size in zip(widths, inner, strict=True)) if bottleneck else (1,) * STAGES,
        spelling=spelling,
        prefix=prefix,
        norm=reader.norm(),
        counters=reader.first(f"{spelling.norm_path(1)}.num_batches_tracked"),
        conv_bias=reader.first(f"{spelling.conv_path(1)}.bias"),
        stem=stem,
        stem_widths=tuple(shape[0] for shape in stem_shapes),
        stem_kernel=stem_shapes[0][2],
        in_channels=stem_shapes[0][1],
        shortcut=shortcut,
        projected=tuple(reader.has(stage, 0, f"{shortcut[0]}.weight") for stage in range(STAGES)),
    )


def _doubles(sizes: tuple[int, ...]) -> bool:
    return sizes[0] > 0 and all(size == sizes[0] << stage for stage, size in enumerate(sizes))


class _Reader:
    """The tensors of one backbone, looked up by stage and block."""

    def __init__(self, shapes: Shapes, spelling: ResNetSpelling, prefix: str) -> None:
        self._shapes = shapes
        self._spelling = spelling
        self._prefix = prefix
        first = f"{spelling.conv_path(1)}.weight"
        self.depths = tuple(shapes.count(partial(self._name, stage, part=first)) for stage in range(STAGES))
        self._places = [(stage, block) for stage, depth in enumerate(self.depths) for block in range(depth)]

    def _name(self, stage: int, block: int, part: str) -> str:
        return f"{self._prefix}{self._spelling.block_path(stage, block)}.{part}"

    def has(self, stage: int, block: int, part: str) -> bool:
        """Tell whether a block has a tensor."""
        return self._name(stage, block, part) in self._shapes

    def first(self, part: str) -> bool:
        """Tell whether the first block has a tensor."""
        return self.has(0, 0, part)

    def bottleneck(self) -> bool:
        """Tell whether more than half of the blocks have a third convolution."""
        third = f"{self._spelling.conv_path(3)}.weight"
        return sum(self.has(stage, block, third) for stage, block in self._places) * 2 > len(self._places)

    def sizes(self, number: int, axis: int) -> tuple[int, ...]:
        """Return one dimension of the blocks' convolution of that number, stage by stage, 0 where a stage has none."""
        part = f"{self._spelling.conv_path(number)}.weight"
        return tuple(
            most_common((s[axis] for block in range(depth) if len(s := self._shapes.shape(self._name(stage, block, part))) == 4), 0)
            for stage, depth in enumerate(self.depths)
        )

    def norm(self) -> str:
        """Return the kind of norm, as `ResNetPlan.norm` has it."""
        path = self._spelling.norm_path(1)
        if self.first(f"{path}.running_mean"):
            return "batch"
        return "group" if self.first(f"{path}.weight") else "none"

    def shortcut(self) -> tuple[str, str]:
        """Return the names of the shortcut's convolution and norm, as the second stage's first block has them."""
        choices = self._spelling.shortcuts
        return next((pair for pair in choices if self.has(1, 0, f"{pair[0]}.weight")), choices[0])

    def stem(self) -> tuple[int, list[tuple[int, ...]]]:
        """Return which of the spelling's stems is there whole, with its weights' shapes; the first, as usual, where none is."""
        for index, stem in enumerate(self._spelling.stems):
            shapes = [self._shapes.shape(f"{self._prefix}{conv}.weight") for conv, _ in stem]
            if all(len(shape) == 4 and min(shape) > 0 for shape in shapes):
                return index, shapes
        return 0, [(64, 3, 7, 7)]
