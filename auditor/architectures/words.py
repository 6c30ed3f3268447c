"""Phrases on a recognized network that the recognizers share."""

from __future__ import annotations

from auditor.architectures.network import HeadPlan


def listed(numbers: tuple[int, ...]) -> str:
    """Return "3,4,6,3"."""
    return ",".join(map(str, numbers))


def head_words(plan: HeadPlan) -> str:
    """Return one phrase on what follows the backbone."""
    head = plan.head
    if head.kind == "none":
        return "nothing after the backbone"
    words = f"head: {head.kind.replace('_', ' ')}"
    if plan.blocks:
        words += f" of {len(plan.blocks)} blocks ({listed(head.channels)} channels)"
    return words + (f", outputs {listed(head.outputs)}" if head.outputs else "")


def head_unknowns(plan: HeadPlan) -> tuple[str, ...]:
    """Return what no tensor of such a head tells."""
    notes = []
    if plan.open_upsampling:
        notes.append("whether each head block upsamples")
    if plan.head.kind in ("deconvolution", "rootnet"):
        notes.append("the stride of the transposed convolutions")
    if plan.head.kind in ("depthwise_separable", "deconvolution"):
        notes.append("how the outputs divide into joints and depth bins")
    return tuple(notes)


def place_words(prefix: str, in_channels: int) -> tuple[str, ...]:
    """Return the traits that say where the backbone stands and what picture it takes, where that is unusual."""
    traits = (f"{in_channels} input channels",) if in_channels != 3 else ()
    return (*traits, f"backbone under {prefix!r}") if prefix else traits
