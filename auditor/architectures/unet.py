"""Recognizes U-Nets by structure alone: levels that go down, levels that come up, and skips that join them.

Ronneberger et al. 2015. There are as many U-Nets as authors, so no torch network is rebuilt: what counts is that an upward
level takes as many channels as come from below and from the downward level beside it together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.architectures.blueprint import NOTHING
from auditor.architectures.network import Network, Recognized
from auditor.architectures.shapes import Module, modules_of
from auditor.architectures.words import listed
from auditor.facts import Architecture, Head, Tensor

# (down, middle, up, out): how the levels are called in the code bases that are known; the number is the level, if there is one.
MILESIAL = (r"(?:inc|down(\d+))", "", r"(?:up_?(\d+))", r"(?:outc|outconv|out)")
ENCODERS = (
    r"(?:encoder_?(\d+)|enc_?(\d+))",
    r"(?:bottleneck|center|middle|bottom)",
    r"(?:decoder_?(\d+)|dec_?(\d+)|up_?conv_?(\d+)|up_?(\d+))",
    r"(?:conv|final|out.*|last.*)",
)
NUMBERED = (
    r"(?:Conv(\d+)|conv(\d+))",
    r"(?:Att_?\d+)",
    r"(?:Up_?(\d+)|Up_conv_?(\d+)|up_?(\d+)|up_conv_?(\d+))",
    r"(?:Conv|Conv_1x1|final|out.*)",
)
DIFFUSERS = (r"(?:down_blocks\.(\d+)|conv_in)", r"(?:mid_block)", r"(?:up_blocks\.(\d+))", r"(?:conv_out|conv_norm_out)")
NNUNET = (
    r"(?:conv_blocks_context\.(\d+))",
    "",
    r"(?:conv_blocks_localization\.(\d+)|tu\.(\d+))",
    r"(?:seg_outputs\.\d+)",
)
NAMES = (MILESIAL, ENCODERS, NUMBERED, DIFFUSERS, NNUNET)
LEAST_LEVELS = 3
LEAST_SKIPS = 2
LEAST_OF_THE_FILE = 0.75  # below it the U-Net is a part of something else
LONGEST_PREFIX = 200
MOST_LEVELS = 32


@dataclass(frozen=True, slots=True)
class Levels:
    """A U-Net's modules by where they stand."""

    down: dict[int, list[Module]]
    up: dict[int, list[Module]]
    out: list[Module]
    tensors: int  # in all of them, the middle too

    @property
    def widths(self) -> tuple[int, ...]:
        """Return the channels that the downward levels give, level by level."""
        return tuple(width for level in sorted(self.down) if (width := _last_width(self.down[level])))


class UNet:
    """Finds a U-Net that is most of a file."""

    name = "unet"

    def accepts(self, tensors: tuple[Tensor, ...]) -> bool:
        """Tell whether something goes down, or in, and something up."""
        names = [tensor.name for tensor in tensors if len(tensor.shape) in (4, 5)]
        goes_up = any("up" in name.lower() or "dec" in name or "tu." in name or "localization" in name for name in names)
        return goes_up and any(word in name for name in names for word in ("down", "enc", "Conv", "conv", "context"))

    def recognize(self, tensors: tuple[Tensor, ...]) -> Architecture | None:
        """Return the architecture, or None where levels or skips are not there."""
        match = self.match(tensors)
        return match.architecture if match else None

    def match(self, tensors: tuple[Tensor, ...]) -> Recognized | None:
        """Return the spelling that accounts for most tensors, without a network behind it."""
        if not self.accepts(tensors):
            return None
        modules = modules_of(tensors)
        prefix = _common_prefix(modules)
        found = [levels for names in NAMES if (levels := _levels(modules, prefix, names)) is not None and _is_unet(levels)]
        best = max(found, key=lambda levels: levels.tensors, default=None)
        if best is None or best.tensors < LEAST_OF_THE_FILE * len(tensors):
            return None
        return Recognized(_describe(best, len(tensors), prefix, tensors), Network(NOTHING))


def _common_prefix(modules: Iterable[Module]) -> str:
    """Return the words that all paths begin with: most U-Nets stand alone in a file, perhaps below "model."."""
    words: list[str] | None = None
    for module in modules:
        own = module.path[:LONGEST_PREFIX].split(".")[:-1]
        if words is None:
            words = own
        while words and own[: len(words)] != words:
            words = words[:-1]
        if not words:
            return ""
    return "".join(f"{word}." for word in words or ())


def _levels(modules: tuple[Module, ...], prefix: str, names: tuple[str, str, str, str]) -> Levels | None:
    down, middle, up, out = (re.compile(rf"{pattern}(?:\.|$)") if pattern else None for pattern in names)
    levels = Levels({}, {}, [], 0)
    total = 0
    for module in modules:
        path = module.path[len(prefix) :]
        for pattern, where in ((down, levels.down), (up, levels.up)):
            hit = pattern.match(path) if pattern else None
            if hit:
                number = next((group for group in hit.groups() if group), "0")
                if len(number) < 4:
                    where.setdefault(int(number), []).append(module)
                    total += len(module.tensors)
                break
        else:
            if out and out.match(path):
                levels.out.append(module)
                total += len(module.tensors)
            elif middle and middle.match(path):
                total += len(module.tensors)
    enough = LEAST_LEVELS <= len(levels.down) <= MOST_LEVELS and LEAST_LEVELS <= len(levels.up) <= MOST_LEVELS
    return Levels(levels.down, levels.up, levels.out, total) if enough else None


def _convolutions(modules: Iterable[Module]) -> list[tuple[int, ...]]:
    return [module.weight for module in modules if len(module.weight) in (4, 5) and min(module.weight) > 0]


def _last_width(modules: Iterable[Module]) -> int:
    """Return the output channels that most of a level's later convolutions agree on: the largest."""
    return max((weight[0] for weight in _convolutions(modules)), default=0)


def _is_unet(levels: Levels) -> bool:
    """Ask that widths never shrink on the way down, and that upward levels take a skip's channels besides those from below."""
    widths = levels.widths
    if len(widths) < LEAST_LEVELS or list(widths) != sorted(widths) or widths[-1] <= widths[0]:
        return False
    given = {*widths, *(width for level in levels.up.values() for weight in _convolutions(level) for width in weight[:1])}
    return len(_skips(levels, given)) >= LEAST_SKIPS


def _skips(levels: Levels, given: set[int]) -> tuple[int, ...]:
    """Return the upward levels with a convolution that takes a skip and something from below, and gives less than both."""
    skips = set(levels.widths)
    return tuple(
        number
        for number, modules in levels.up.items()
        if any(weight[1] > weight[0] and any(weight[1] - skip in given for skip in skips) for weight in _convolutions(modules))
    )


def _describe(levels: Levels, tensors: int, prefix: str, all_tensors: tuple[Tensor, ...]) -> Architecture:
    widths = levels.widths
    outputs = tuple(weight[0] for weight in _convolutions(levels.out)[-1:])
    volumes = any(len(weight) == 5 for weight in _convolutions(module for level in levels.down.values() for module in level))
    first = next(((tensor.name, tensor.shape) for tensor in all_tensors if len(tensor.shape) in (4, 5)), None)
    return Architecture(
        family="unet",
        name=None,
        depths=tuple(len(_convolutions(levels.down[level])) for level in sorted(levels.down)),
        dims=widths,
        head=Head("convolution", outputs=outputs, final_layers=tuple(module.path for module in levels.out[-1:]))
        if outputs
        else Head("unknown"),
        explained=levels.tensors / tensors if tensors else 0.0,
        summary=f"unet of {len(levels.down)} levels down (widths {listed(widths)}) and {len(levels.up)} up"
        + (f", outputs {listed(outputs)}" if outputs else ""),
        first_layer=first,
        traits=(
            "not rebuilt in torch: structure alone",
            *(("three-dimensional convolutions",) if volumes else ()),
            *((f"all names under {prefix!r}",) if prefix else ()),
        ),
        cannot_know=("how levels are made smaller and larger", "the activation"),
    )
