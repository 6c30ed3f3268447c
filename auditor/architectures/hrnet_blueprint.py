"""HRNet's blueprint and its reading: maps of up to four sizes side by side that exchange what they know after every module.

Sun et al. 2019 and Wang et al. 2020. All code bases that are known share the official names.
"""

from __future__ import annotations

from dataclasses import dataclass

from auditor.architectures.blueprint import NOTHING, Activation, BatchNorm, Conv2d, Node, Residual, Sequence, Streams, Upsample
from auditor.architectures.shapes import Shapes

STAGES = (2, 3, 4)  # as the names have it; layer1 is the first
ANCHOR = "stage2.0.branches.0.0.conv1.weight"
ROOTS = ("layer1.", "transition1.", "transition2.", "transition3.", "stage2.", "stage3.", "stage4.", "incre_modules.", "downsamp_modules.")
POSE_LAYERS = ("final_layer", "^keypoint_head.final_layer", "^head.final_layer")
EXPANSION = 4  # of a bottleneck
MOST_MODULES = 32
Row = tuple[tuple[int, Node], ...]


@dataclass(frozen=True, slots=True)
class HRNetPlan:
    """All that tells one HRNet from another."""

    prefix: str
    in_channels: int
    stem: int
    first_blocks: int
    first_planes: int
    modules: tuple[int, ...]  # of the stages 2 to 4
    blocks: tuple[int, ...]  # per branch of a module, by stage
    widths: tuple[int, ...]  # of the branches
    all_maps: bool  # whether the last module gives every map, or the largest alone
    classifier: tuple[int, ...] = ()  # planes of the four modules that widen the maps, and the channels before the classifier
    final: tuple[str, int, int] | None = None  # a pose network's last convolution: name, outputs, kernel
    segments: tuple[str, int, int] | None = None  # a segmentation network's last layers: name, inner channels, outputs
    segments_kernel: int = 1
    counters: bool = True

    @property
    def roots(self) -> tuple[str, ...]:
        """Return the beginnings of names that belong to the backbone alone."""
        return tuple(self.prefix + root for root in ROOTS)

    @property
    def dims(self) -> tuple[int, ...]:
        """Return the channels of the branches and, last, what a head sees."""
        return (*self.widths, self.classifier[-1] if self.classifier else self.widths[0])


def hrnet_blueprint(plan: HRNetPlan) -> Node:
    """Return the network, from the picture to the map that a head sees, a pose network's last layer included."""
    make = _Maker(plan)
    parts: list[Node] = [
        make.conv("conv1", "bn1", plan.in_channels, plan.stem, 3, 2),
        make.conv("conv2", "bn2", plan.stem, plan.stem, 3, 2),
    ]
    channels = plan.stem
    for block in range(plan.first_blocks):
        parts.append(make.bottleneck(f"layer1.{block}", channels, plan.first_planes))
        channels = EXPANSION * plan.first_planes
    steps = [step for stage in STAGES for step in (*make.transition(stage, channels), *make.stage(stage))]
    if plan.classifier:
        steps += make.widening()
    parts.append(Streams(tuple(steps)))
    if plan.classifier:
        parts.append(make.conv("final_layer.0", "final_layer.1", EXPANSION * plan.classifier[3], plan.classifier[4], 1, bias=True))
    if plan.final:
        name, outputs, kernel = plan.final
        parts.append(Conv2d(name, plan.widths[0], outputs, kernel, 1, kernel // 2))
    if plan.segments:  # it takes all maps joined, which this description does not run: so such a network has no cost
        name, inner, outputs = plan.segments
        path = name.removeprefix(plan.prefix)
        parts.append(make.conv(f"{path}.0", f"{path}.1", sum(plan.widths), inner, 1, bias=True))
        parts.append(Conv2d(f"{name}.3", inner, outputs, plan.segments_kernel, 1, plan.segments_kernel // 2))
    return Sequence(tuple(parts))


class _Maker:
    """The parts of one plan's blueprint."""

    def __init__(self, plan: HRNetPlan) -> None:
        self._plan = plan

    def conv(self, name: str, norm: str, inputs: int, outputs: int, kernel: int, stride: int = 1, bias: bool = False) -> Node:
        """Return a convolution with its norm."""
        prefix = self._plan.prefix
        convolution = Conv2d(prefix + name, inputs, outputs, kernel, stride, kernel // 2, bias=bias)
        return Sequence((convolution, BatchNorm(prefix + norm, outputs, self._plan.counters), Activation()))

    def bottleneck(self, path: str, inputs: int, planes: int) -> Node:
        """Return a bottleneck; one that changes the channels has a shortcut with a convolution."""
        outputs = EXPANSION * planes
        body = Sequence(
            (
                self.conv(f"{path}.conv1", f"{path}.bn1", inputs, planes, 1),
                self.conv(f"{path}.conv2", f"{path}.bn2", planes, planes, 3),
                self.conv(f"{path}.conv3", f"{path}.bn3", planes, outputs, 1),
            )
        )
        changes = inputs != outputs
        return Residual(body, self.conv(f"{path}.downsample.0", f"{path}.downsample.1", inputs, outputs, 1) if changes else None)

    def transition(self, stage: int, channels: int) -> list[tuple[Row, ...]]:
        """Return the step that adds a map of half the size."""
        widths, number = self._plan.widths, stage - 1
        new, path = number, f"transition{number}"
        before = channels if number == 1 else widths[new - 1]
        added = self.conv(f"{path}.{new}.0.0", f"{path}.{new}.0.1", before, widths[new], 3, 2)
        if number == 1:
            first = self.conv(f"{path}.0.0", f"{path}.0.1", channels, widths[0], 3) if channels != widths[0] else NOTHING
            return [(((0, first),), ((0, added),))]
        return [(*(((i, NOTHING),) for i in range(new)), ((new - 1, added),))]

    def stage(self, stage: int) -> list[tuple[Row, ...]]:
        """Return the steps of a stage: for every module its branches, then the exchange between them."""
        plan = self._plan
        steps: list[tuple[Row, ...]] = []
        modules = plan.modules[stage - 2]
        for module in range(modules):
            path = f"stage{stage}.{module}"
            branches = tuple(((i, self._branch(f"{path}.branches.{i}", stage, i)),) for i in range(stage))
            last = stage == STAGES[-1] and module == modules - 1 and not plan.all_maps
            rows = 1 if last else stage
            fused = tuple(tuple((j, self._fuse(f"{path}.fuse_layers.{i}.{j}", i, j)) for j in range(stage)) for i in range(rows))
            steps += [branches, fused]
        return steps

    def _branch(self, path: str, stage: int, branch: int) -> Node:
        width = self._plan.widths[branch]
        blocks = []
        for block in range(self._plan.blocks[stage - 2]):
            at = f"{path}.{block}"
            both = (self.conv(f"{at}.conv{n}", f"{at}.bn{n}", width, width, 3) for n in (1, 2))
            blocks.append(Residual(Sequence(tuple(both))))
        return Sequence(tuple(blocks))

    def _fuse(self, path: str, row: int, source: int) -> Node:
        widths = self._plan.widths
        if source == row:
            return NOTHING
        if source > row:
            return Sequence((self.conv(f"{path}.0", f"{path}.1", widths[source], widths[row], 1), *(Upsample(),) * (source - row)))
        steps = row - source
        outputs = [widths[source]] * (steps - 1) + [widths[row]]
        return Sequence(tuple(self.conv(f"{path}.{k}.0", f"{path}.{k}.1", widths[source], outputs[k], 3, 2) for k in range(steps)))

    def widening(self) -> list[tuple[Row, ...]]:
        """Return the steps of the classification head: widen every map, then add each to the next smaller one."""
        plan = self._plan
        wider = tuple(((i, self.bottleneck(f"incre_modules.{i}.0", plan.widths[i], plan.classifier[i])),) for i in range(4))
        steps: list[tuple[Row, ...]] = [wider]
        for i in range(3):
            inputs, outputs = EXPANSION * plan.classifier[i], EXPANSION * plan.classifier[i + 1]
            down = self.conv(f"downsamp_modules.{i}.0", f"downsamp_modules.{i}.1", inputs, outputs, 3, 2, bias=True)
            rest = tuple(((j, NOTHING),) for j in range(2, 4 - i))
            steps.append((((0, down), (1, NOTHING)), *rest))
        return steps


def read_hrnet(shapes: Shapes, prefix: str) -> HRNetPlan | None:
    """Return what stands under a prefix, or None where there are not three stages of two, three and four branches."""
    shape = shapes.shape
    modules = tuple(
        shapes.count(lambda m, s=stage: f"{prefix}stage{s}.{m}.branches.0.0.conv1.weight", MOST_MODULES)  # type: ignore[misc]
        for stage in STAGES
    )
    blocks = tuple(
        shapes.count(lambda b, s=stage: f"{prefix}stage{s}.0.branches.0.{b}.conv1.weight", MOST_MODULES)  # type: ignore[misc]
        for stage in STAGES
    )
    branches = [shape(f"{prefix}stage4.0.branches.{i}.0.conv1.weight") for i in range(4)]
    stem, first = shape(f"{prefix}conv1.weight"), shape(f"{prefix}layer1.0.conv1.weight")
    bottleneck = f"{prefix}layer1.0.conv3.weight" in shapes and f"{prefix}stage2.0.branches.0.0.conv3.weight" not in shapes
    if not all(modules) or not bottleneck or any(len(one) != 4 or min(one) < 1 for one in (*branches, stem, first)):
        return None
    first_blocks = shapes.count(lambda b: f"{prefix}layer1.{b}.conv1.weight", MOST_MODULES)
    rows = f"{prefix}stage4.{modules[2] - 1}.fuse_layers.1.0.0.0.weight" in shapes
    segments, kernel = _segments(shapes, prefix)
    return HRNetPlan(
        prefix,
        stem[1],
        stem[0],
        first_blocks,
        first[0],
        modules,
        blocks,
        tuple(one[0] for one in branches),
        rows,
        _classifier(shapes, prefix),
        _final(shapes, prefix),
        segments,
        kernel,
        f"{prefix}bn1.num_batches_tracked" in shapes,
    )


def _classifier(shapes: Shapes, prefix: str) -> tuple[int, ...]:
    wide = [shapes.shape(f"{prefix}incre_modules.{i}.0.conv1.weight") for i in range(4)]
    last = shapes.shape(f"{prefix}final_layer.0.weight")
    return tuple(one[0] for one in (*wide, last)) if all(len(one) == 4 and min(one) > 0 for one in (*wide, last)) else ()


def _final(shapes: Shapes, prefix: str) -> tuple[str, int, int] | None:
    parent = prefix[:-1].rpartition(".")[0]
    for path in POSE_LAYERS:
        name = (f"{parent}." if parent else "") + path[1:] if path.startswith("^") else prefix + path
        shape = shapes.shape(f"{name}.weight")
        if len(shape) == 4 and shape[2] == shape[3] and min(shape) > 0:
            return name, shape[0], shape[2]
    return None


def _segments(shapes: Shapes, prefix: str) -> tuple[tuple[str, int, int] | None, int]:
    first, last = shapes.shape(f"{prefix}last_layer.0.weight"), shapes.shape(f"{prefix}last_layer.3.weight")
    if len(first) == 4 and len(last) == 4 and min(*first, *last) > 0:
        return (f"{prefix}last_layer", first[0], last[0]), last[2]
    return None, 1
