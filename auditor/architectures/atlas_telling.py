"""What the atlas adds to an architecture: a name where shapes are equal, near names, and a family where nobody else knows one."""

from __future__ import annotations

from dataclasses import replace

from auditor.architectures.atlas import AtlasMatch, look_up
from auditor.architectures.network import shortened
from auditor.facts import Architecture, Tensor

BY_SHAPES = "recognized by shapes alone"
NOT_REBUILT = "not rebuilt: names were not held"
ENOUGH = 0.95  # share from which a recognizer's own answer stands; also what the checks ask for before they accuse
MOST_EXPLAINED = 0.949  # shapes without names prove less than that
MARGIN = 0.1  # by which the atlas must account for more than a recognizer that explains a part


def with_atlas(architecture: Architecture, tensors: tuple[Tensor, ...]) -> Architecture:
    """Return the architecture with what the atlas knows of it. Pure; the atlas is loaded only where something is missing."""
    if architecture.explained >= ENOUGH and architecture.name and architecture.closest:
        return architecture
    match = look_up(tensors)
    if match.name is None:
        return architecture
    if architecture.explained >= ENOUGH:
        return _completed(architecture, match)
    if match.family != "unknown" and (architecture.family == "unknown" or match.explained > architecture.explained + MARGIN):
        return _told(architecture, match)
    return replace(architecture, closest=architecture.closest or match.closest)


def by_shapes_alone(architecture: Architecture) -> bool:
    """Tell whether the family rests on the atlas, so that there is no network to rebuild."""
    return NOT_REBUILT in architecture.traits


def _completed(architecture: Architecture, match: AtlasMatch) -> Architecture:
    """Return a recognizer's answer with a missing name, where shapes are equal and the families agree, and near names."""
    equal = match.exact and not match.contained and architecture.family in match.families and not architecture.name
    return replace(architecture, name=match.name if equal else architecture.name, closest=architecture.closest or match.closest)


def _told(architecture: Architecture, match: AtlasMatch) -> Architecture:
    """Return the atlas's answer, with what a recognizer read of a part kept beside it."""
    traits = [BY_SHAPES, NOT_REBUILT]
    if match.contained:
        traits.append(f"found under {match.contained!r}")
    if match.exact and len(match.synonyms) > 1:
        traits.append(f"of equal structure: {shortened(match.synonyms[1:])}")
    if architecture.family != "unknown":
        traits.append(f"has a part of the family {architecture.family}" + (f" ({architecture.name})" if architecture.name else ""))
    words = f"shapes of {match.name}" if match.exact else f"shapes near {match.name} (score {match.score:.2f})"
    return replace(
        architecture,
        family=match.family,
        name=match.name if match.exact else None,
        explained=round(min(MOST_EXPLAINED, match.explained), 4),
        closest=match.closest,
        summary=f"{match.family} by shapes alone, {words}; {architecture.summary}",
        variant_of=match.library,
        traits=(*traits, *architecture.traits),
        cannot_know=(*architecture.cannot_know, "what the names would tell: order, activations, strides"),
    )
