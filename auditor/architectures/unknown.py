"""The honest fallback: what can be said of a network that no recognizer knows, in counts and never in a family's name."""

from __future__ import annotations

from auditor.architectures.counts import elements
from auditor.architectures.shapes import Module, modules_of
from auditor.facts import Architecture, Tensor

LONGEST_NAME = 80


def unknown(tensors: tuple[Tensor, ...]) -> Architecture:
    """Return the architecture `unknown` with a structural summary; nothing of it counts as explained."""
    return Architecture(family="unknown", name=None, explained=0.0, summary=summarize(tensors), first_layer=_first_layer(tensors))


def summarize(tensors: tuple[Tensor, ...]) -> str:
    """Return one line: how many tensors, the first layer, layers by kind, the widest one."""
    if not tensors:
        return "no tensors"
    counts: dict[str, int] = {}
    for module in modules_of(tensors):
        kind = _kind(module)
        if kind:
            counts[kind] = counts.get(kind, 0) + 1
    words = [f"{len(tensors)} tensors"]
    words += [f"{count} {kind}" for kind, count in counts.items()]
    first = _first_layer(tensors)
    if first:
        words.append(f"first layer {_shortened(first[0])} {_by(first[1])}")
    widest = max(tensors, key=lambda tensor: elements(tensor.shape))
    if elements(widest.shape) > 0:
        words.append(f"largest {_shortened(widest.name)} {_by(widest.shape)}")
    return ", ".join(words)


def _kind(module: Module) -> str:
    """Return what a module is by its tensors alone; "" for one that says nothing."""
    tensors = module.tensors
    if "weight_ih_l0" in tensors or "weight_hh_l0" in tensors:
        return "recurrent layers"
    if "in_proj_weight" in tensors or "relative_position_bias_table" in tensors:
        return "attention modules"
    if "running_mean" in tensors:
        return "batch norms"
    rank = len(module.weight)
    if rank == 1:
        return "other norms or scales"
    if rank == 2:
        return "linear or embedding layers"
    return {3: "1-D convolutions", 4: "convolutions", 5: "3-D convolutions"}.get(rank, "")


def _first_layer(tensors: tuple[Tensor, ...]) -> tuple[str, tuple[int, ...]] | None:
    """Return the first tensor of two or more dimensions, with its name and shape."""
    return next(((tensor.name, tensor.shape) for tensor in tensors if len(tensor.shape) >= 2), None)


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 3] + "..."


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape[:8])) + ("x..." if len(shape) > 8 else "")
