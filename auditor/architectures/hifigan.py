"""Recognizes HiFi-GAN generators (Kong et al. 2020): transposed convolutions that widen time, residual blocks of several kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from auditor.architectures.anchored import AnchoredRecognizer
from auditor.architectures.blueprint import Aside, Buffer, Conv1d, Node
from auditor.architectures.network import Recognized, held
from auditor.architectures.published import Structure, closest
from auditor.architectures.search import Found, find
from auditor.architectures.shapes import Shapes, first_layer
from auditor.architectures.words import listed, place_words
from auditor.facts import Architecture, Head, Tensor

UPSAMPLERS = ("ups.{}", "upsampler.{}", "ups.{}.0")
WEIGHTS = {"g": "weight_v", "parametrized": "parametrizations.weight.original1", "": "weight"}
FIRST = "conv_pre"
LEAST_OF_THE_FILE = 0.5  # VITS and others have such a decoder among much else: those are no HiFi-GAN
MOST_BLOCKS = 64
# (kernels of the upsampling, first width, kernels of the residual blocks, whether these have two rows of convolutions)
PUBLISHED: Mapping[tuple[tuple[int, ...], int, tuple[int, ...], bool], str] = {
    ((16, 16, 4, 4), 512, (3, 7, 11), True): "hifigan_v1",
    ((16, 16, 4, 4), 128, (3, 7, 11), True): "hifigan_v2",
    ((16, 16, 8), 256, (3, 5, 7), False): "hifigan_v3",
}
STRUCTURES = {
    "hifigan_v1": Structure((3, 3, 3, 3), (256, 128, 64, 32)),
    "hifigan_v2": Structure((3, 3, 3, 3), (64, 32, 16, 8)),
    "hifigan_v3": Structure((3, 3, 3), (128, 64, 32)),
}
MELS = 80


@dataclass(frozen=True, slots=True)
class HifiGanPlan:
    """All that tells one generator from another."""

    prefix: str
    mels: int
    first: tuple[int, int]  # width and kernel of the first convolution
    upsampler: str  # template of names
    ups: tuple[tuple[int, int], ...]  # width and kernel
    blocks: tuple[tuple[str, int, int], ...]  # rows ("convs1 convs2" or "convs"), convolutions in a row, kernel
    last: tuple[int, int]  # outputs and kernel
    last_bias: bool
    weight_norm: str
    statistics: bool  # mean and scale of the spectrogram, as transformers keeps them

    @property
    def roots(self) -> tuple[str, ...]:
        """Return the beginnings of names that belong to the generator alone."""
        words = ("conv_pre.", f"{self.upsampler.partition('.')[0]}.", "resblocks.", "conv_post.")
        return tuple(self.prefix + word for word in words)

    @property
    def dims(self) -> tuple[int, ...]:
        """Return the widths after each upsampling."""
        return tuple(width for width, _ in self.ups)

    @property
    def per_stage(self) -> int:
        """Return the residual blocks after each upsampling."""
        return len(self.blocks) // len(self.ups)


class HifiGan(AnchoredRecognizer):
    """Finds a HiFi-GAN generator under any prefix."""

    name = "hifigan"
    endings = tuple(f"{FIRST}.{weight}" for weight in WEIGHTS.values())

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the generator, if it is most of the file."""
        shapes = Shapes(tensors)
        plans = [
            plan
            for kind, weight in WEIGHTS.items()
            for prefix in shapes.prefixes(f"{FIRST}.{weight}")
            if (plan := _read(shapes, prefix, kind)) is not None
        ]
        found = find(tensors, plans, _blueprint)
        if found is None:
            return None
        architecture = held(_describe(found, shapes), found.network, tensors)
        return Recognized(architecture, found.network) if architecture.explained >= LEAST_OF_THE_FILE else None


def _read(shapes: Shapes, prefix: str, kind: str) -> HifiGanPlan | None:
    weight = WEIGHTS[kind]

    def shape(path: str) -> tuple[int, ...]:
        own = shapes.shape(f"{prefix}{path}.{weight}")
        return own if len(own) == 3 and min(own) > 0 else ()

    first, last = shape(FIRST), shape("conv_post")
    for upsampler in UPSAMPLERS:
        count = shapes.count(lambda i, template=upsampler: f"{prefix}{template.format(i)}.{weight}", MOST_BLOCKS)  # type: ignore[misc]
        ups = [shape(upsampler.format(i)) for i in range(count)]
        if count and all(ups) and first and last:
            break
    else:
        return None
    blocks = []
    for number in range(MOST_BLOCKS):
        rows = "convs1 convs2" if shape(f"resblocks.{number}.convs1.0") else "convs"
        row = f"resblocks.{number}.{rows.split()[0]}"
        length = shapes.count(partial(_named, f"{prefix}{row}", weight), MOST_BLOCKS)
        own = shape(f"{row}.0")
        if not length or not own:
            break
        blocks.append((rows, length, own[2]))
    if not blocks or len(blocks) % count:
        return None
    statistics = f"{prefix}mean" in shapes and f"{prefix}scale" in shapes
    widths = tuple((up[1], up[2]) for up in ups)
    bias = f"{prefix}conv_post.bias" in shapes
    return HifiGanPlan(prefix, first[1], (first[0], first[2]), upsampler, widths, tuple(blocks), (last[0], last[2]), bias, kind, statistics)


def _named(row: str, weight: str, number: int) -> str:
    return f"{row}.{number}.{weight}"


def _blueprint(plan: HifiGanPlan) -> Node:
    """Return the tensors; a sound's length is no picture's size, so no order of computation is kept."""
    prefix, norm = plan.prefix, plan.weight_norm
    parts: list[Node] = [Conv1d(f"{prefix}{FIRST}", plan.mels, plan.first[0], plan.first[1], weight_norm=norm)]
    before = plan.first[0]
    for stage, (width, kernel) in enumerate(plan.ups):
        parts.append(Conv1d(prefix + plan.upsampler.format(stage), before, width, kernel, transposed=True, weight_norm=norm))
        before = width
        for number in range(stage * plan.per_stage, (stage + 1) * plan.per_stage):
            rows, length, size = plan.blocks[number]
            for row in rows.split():
                path = f"{prefix}resblocks.{number}.{row}"
                parts.extend(Conv1d(f"{path}.{n}", width, width, size, weight_norm=norm) for n in range(length))
    parts.append(Conv1d(f"{prefix}conv_post", before, plan.last[0], plan.last[1], bias=plan.last_bias, weight_norm=norm))
    if plan.statistics:
        parts += [Buffer(f"{prefix}{word}", (plan.mels,), "float32") for word in ("mean", "scale")]
    return Aside(tuple(parts))


def _describe(found: Found[HifiGanPlan], shapes: Shapes) -> Architecture:
    plan = found.plan
    kernels = tuple(kernel for _, _, kernel in plan.blocks[: plan.per_stage])
    own = (tuple(kernel for _, kernel in plan.ups), plan.first[0], kernels, plan.blocks[0][0] == "convs1 convs2")
    structure = Structure((plan.per_stage,) * len(plan.ups), plan.dims)
    usual = (
        plan.mels == MELS and plan.last[0] == 1 and len({plan.blocks[n :: plan.per_stage] for n in range(plan.per_stage)}) == plan.per_stage
    )
    words = f"hifigan, widths {listed(plan.dims)}, kernels of the upsampling {listed(own[0])}, of the blocks {listed(kernels)}"
    return Architecture(
        family="hifigan",
        name=PUBLISHED.get(own) if found.whole and usual else None,
        depths=structure.depths,
        dims=structure.dims,
        head=Head("convolution", (plan.last[1],), (), (plan.last[0],), (f"{plan.prefix}conv_post",)),
        closest=closest(structure, STRUCTURES),
        summary=words,
        first_layer=first_layer(shapes, f"{plan.prefix}{FIRST}.{WEIGHTS[plan.weight_norm]}"),
        variant_of="transformers" if plan.upsampler.startswith("upsampler") else "official",
        traits=(
            f"{plan.mels} input channels",
            {"": "weight norm folded away", "g": "weight norm", "parametrized": "weight norm of torch 2"}[plan.weight_norm],
            "rebuilt in torch without an order of computation",
            *place_words(plan.prefix, 3),
        ),
        cannot_know=("the rates of the upsampling (usually half the kernels)", "the dilations of the residual blocks", "the sampling rate"),
    )
