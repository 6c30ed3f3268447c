"""Reads a `ConvNeXtPlan` out of names and shapes: every option by what most blocks say, so that one broken tensor decides nothing."""

from __future__ import annotations

from functools import partial

from auditor.architectures.convnext_blueprint import ISOTROPIC, ConvNeXtPlan, ConvNeXtSpelling
from auditor.architectures.shapes import Shapes, most_common

MOST_STAGES = 8


def read_convnext(shapes: Shapes, spelling: ConvNeXtSpelling, prefix: str) -> ConvNeXtPlan | None:
    """Return what the tensors under a prefix say of a ConvNeXt, or None where the depthwise weights are no such thing."""
    reader = _Reader(shapes, spelling, prefix)
    expansion = reader.expansion()
    if not reader.dims or min(reader.dims) < 1 or expansion < 1 or (len(reader.dims) == 1 and spelling is not ISOTROPIC):
        return None
    stem = reader.stem()
    return ConvNeXtPlan(
        depths=reader.depths,
        dims=reader.dims,
        spelling=spelling,
        prefix=prefix,
        norm=reader.norm(),
        counters=reader.has(f"{spelling.norm}.num_batches_tracked"),
        pointwise="conv"
        if most_common((len(shape) for shape in reader.blocks(f"{spelling.expand}.weight") if shape), 2) == 4
        else "linear",
        layer_scale=reader.pattern(spelling.layer_scale, 1),
        grn=reader.pattern(f"{spelling.grn}.{spelling.grn_scale}", expansion),
        kernel=reader.kernel(),
        patch=stem[2],
        overlap=stem[0] if reader.overlaps() else 0,
        in_channels=stem[1],
        expansion=expansion,
        bias=reader.has(f"{spelling.depthwise}.bias"),
        stem_norm=f"{prefix}{spelling.stem_norm}.weight" in shapes,
        final_norm=reader.final_norm(),
        stage_norms=reader.stage_norms(),
    )


class _Reader:
    """The tensors of one backbone, looked up by stage and block."""

    def __init__(self, shapes: Shapes, spelling: ConvNeXtSpelling, prefix: str) -> None:
        self._shapes = shapes
        self._spelling = spelling
        self._prefix = prefix
        stages = 1 if spelling is ISOTROPIC else shapes.count(lambda stage: self._depthwise(stage, 0), MOST_STAGES)
        self.depths = tuple(shapes.count(partial(self._depthwise, stage)) for stage in range(stages))
        self._places = [(stage, block) for stage, depth in enumerate(self.depths) for block in range(depth)]
        self.dims = tuple(self._dim(stage) for stage in range(stages))

    def _depthwise(self, stage: int, block: int) -> str:
        return self._name(stage, block, f"{self._spelling.depthwise}.weight")

    def _name(self, stage: int, block: int, part: str) -> str:
        return f"{self._prefix}{self._spelling.part(self._spelling.block, stage, block)}.{part}"

    def _dim(self, stage: int) -> int:
        """Return the channels of a stage by its depthwise weights of shape (channels, 1, k, k), 0 where there are none."""
        shapes = [self._shapes.shape(self._depthwise(stage, block)) for block in range(self.depths[stage])]
        return most_common((shape[0] for shape in shapes if len(shape) == 4 and shape[1] == 1), 0)

    def blocks(self, part: str) -> list[tuple[int, ...]]:
        """Return the shapes of one part in all blocks, () where a block has it not."""
        return [self._shapes.shape(self._name(stage, block, part)) for stage, block in self._places]

    def has(self, part: str) -> bool:
        """Tell whether more than half of the blocks have the part."""
        return sum(self._name(stage, block, part) in self._shapes for stage, block in self._places) * 2 > len(self._places)

    def kernel(self) -> int:
        """Return the size of the depthwise kernels."""
        return most_common((shape[2] for shape in self.blocks(f"{self._spelling.depthwise}.weight") if len(shape) == 4), 7)

    def expansion(self) -> int:
        """Return how many times a block widens its channels, 0 where nothing tells."""
        shapes = zip(self._places, self.blocks(f"{self._spelling.expand}.weight"), strict=True)
        return most_common((shape[0] // self.dims[stage] for (stage, _), shape in shapes if shape and self.dims[stage] > 0), 0)

    def norm(self) -> str:
        """Return the kind of norm, as `ConvNeXtPlan.norm` has it."""
        if self.has(f"{self._spelling.norm}.running_mean"):
            return "batch"
        return "layer" if self.has(f"{self._spelling.norm}.bias") else "layer_no_bias"

    def pattern(self, part: str, factor: int) -> tuple[int, ...] | None:
        """Return the shape that most blocks give a part, -1 for `factor` times the channels; None where they have it not."""
        if not self.has(part):
            return None
        places = zip(self._places, self.blocks(part), strict=True)
        patterns = [tuple(-1 if size == factor * self.dims[stage] else size for size in shape) for (stage, _), shape in places if shape]
        return most_common(patterns, ()) or None

    def stem(self) -> tuple[int, ...]:
        """Return the shape of the stem's first weight, the usual one where it is gone or broken."""
        shape = self._shapes.shape(f"{self._prefix}{self._spelling.stem_conv}.weight")
        return shape if len(shape) == 4 and min(shape) > 0 else (self.dims[0], 3, 4, 4)

    def overlaps(self) -> bool:
        """Tell whether the stem has a second convolution where its norm would be."""
        second = self._shapes.shape(f"{self._prefix}{self._spelling.stem_norm}.weight")
        return bool(self._spelling.overlap_norm) and len(second) == 4

    def final_norm(self) -> str | None:
        """Return the name of the norm after the last stage, None where there is none."""
        names = self._spelling.final_norms
        return next((name for name in names if self._shapes.shape(f"{self._prefix}{name}.weight") == (self.dims[-1],)), None)

    def stage_norms(self) -> tuple[int, ...]:
        """Return the stages whose output has a norm of its own, as backbones of detectors have."""
        names = [f"{self._prefix}{self._spelling.part(self._spelling.stage_norm, stage)}.weight" for stage in range(len(self.dims))]
        return tuple(stage for stage, name in enumerate(names) if self._shapes.shape(name) == (self.dims[stage],))
