"""The two entry points: what a checkpoint is (pure), and the proof and cost of it (torch)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.architectures.atlas_telling import by_shapes_alone, with_atlas
from auditor.architectures.counts import count_parameters
from auditor.architectures.fingerprint import fingerprint
from auditor.architectures.recognizers import RECOGNIZERS
from auditor.architectures.unknown import unknown
from auditor.facts import Architecture, Checkpoint, Cost, Parameters, Tensor

if TYPE_CHECKING:
    from auditor.architectures.cost import CostHints
    from auditor.architectures.network import RebuildingRecognizer, Recognized

__all__ = ["RECOGNIZERS", "inspect_checkpoint", "prove_and_cost", "recognized"]

MOST_LAYERS = 4000  # rebuilt in torch; the deepest published backbones have a few hundred
LARGEST_SIDE = 1 << 14  # pixels
TORCH_ERRORS = (RuntimeError, ValueError, TypeError, OverflowError, ZeroDivisionError, IndexError)


def inspect_checkpoint(
    checkpoint: Checkpoint, recognizers: Iterable[RebuildingRecognizer] = RECOGNIZERS
) -> tuple[Parameters, Architecture, str]:
    """Return the counts, the architecture and the fingerprint of a checkpoint. Pure: no torch, no values, never raises."""
    tensors = checkpoint.tensors
    best = recognized(tensors, recognizers)
    architecture = best.architecture if best else unknown(tensors)
    return count_parameters(tensors), with_atlas(architecture, tensors), fingerprint(tensors)


def recognized(tensors: tuple[Tensor, ...], recognizers: Iterable[RebuildingRecognizer] = RECOGNIZERS) -> Recognized | None:
    """Return the recognized network that explains most tensors, the first of equals, or None."""
    matches = [match for one in recognizers if one.accepts(tensors) and (match := one.match(tensors)) is not None]
    return max(matches, key=lambda match: match.architecture.explained, default=None)


def prove_and_cost(
    checkpoint: Checkpoint,
    architecture: Architecture,
    input_size: tuple[int, int] | None,
    hints: CostHints | None = None,
    recognizers: Iterable[RebuildingRecognizer] = RECOGNIZERS,
) -> tuple[float, Cost | None]:
    """Rebuild the recognized network on torch's meta device; return the share of tensors it holds, and its cost.

    The cost is None without an input size (height, width), for an unknown architecture, where torch refuses the sizes, and where
    the rebuilt network is not the whole one (see `is_whole`): half a network's cost would pass for a measurement. A network too
    large or too strange to rebuild has proved nothing, so its share is 0.
    Raises `MissingExtra` where torch is not installed and the architecture is a known one.
    """
    from auditor.architectures.blueprint import leaves
    from auditor.architectures.cost import CostHints, is_whole, measure
    from auditor.architectures.rebuild import Rebuilt, require_torch

    if architecture.family == "unknown":
        return 0.0, None
    if by_shapes_alone(architecture):
        return architecture.explained, None
    match = recognized(checkpoint.tensors, recognizers)
    if match is None or with_atlas(match.architecture, checkpoint.tensors).family != architecture.family:
        return 0.0, None
    require_torch()
    network = match.network
    blueprint = network.blueprint()
    if next(leaves(blueprint), None) is None:  # a family that is read by structure alone
        return match.architecture.explained, None
    if sum(1 for _ in leaves(blueprint)) > MOST_LAYERS:
        return 0.0, None
    try:
        rebuilt = Rebuilt(blueprint)
        fit = rebuilt.hold(checkpoint.tensors)
    except TORCH_ERRORS:
        return 0.0, None
    if input_size is None or not all(0 < side <= LARGEST_SIDE for side in input_size) or not is_whole(fit, checkpoint.tensors):
        return fit.explained, None
    try:
        return fit.explained, measure(network, rebuilt, input_size, hints or CostHints())
    except TORCH_ERRORS:
        return fit.explained, None
