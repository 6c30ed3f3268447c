"""What the atlas adds to an architecture: a name where shapes are equal, near names, and a family where nobody else knows one."""

from __future__ import annotations

from dataclasses import replace

from auditor.architectures.atlas import LEAST_SCORE, MOST_CLOSEST, AtlasMatch, look_up
from auditor.architectures.network import shortened
from auditor.facts import Architecture, Tensor

BY_SHAPES = "recognized by shapes alone"
NOT_REBUILT = "not rebuilt: names were not held"
ENOUGH = 0.95  # share from which a recognizer's own answer stands; also what the checks ask for before they accuse
MOST_EXPLAINED = 0.949  # shapes without names prove less than that
MARGIN = 0.1  # by which the atlas must account for more than a recognizer that explains a part


def with_atlas(architecture: Architecture, tensors: tuple[Tensor, ...]) -> Architecture:
    """Return the architecture with what the atlas knows of it. Pure."""
    match = look_up(tensors)
    if match.name is None:
        return architecture
    whole = match.exact and not match.contained
    if architecture.explained < ENOUGH and match.family != "unknown":
        more = match.explained > architecture.explained + MARGIN
        if architecture.family == "unknown" or whole or more:
            return _told(architecture, match)
    name = _name(architecture, match) if architecture.explained >= ENOUGH and whole else architecture.name
    return replace(architecture, name=name, closest=_nearest(architecture, match))


def by_shapes_alone(architecture: Architecture) -> bool:
    """Tell whether the family rests on the atlas, so that there is no network to rebuild."""
    return NOT_REBUILT in architecture.traits


def _name(architecture: Architecture, match: AtlasMatch) -> str | None:
    """Return a recognizer's name, or the one that a library gives to exactly this structure where that is missing or another.

    A recognizer's own word stays where it says the same with fewer words (`bert_base`), or where names told it another family.
    """
    name = architecture.name
    if name is None:
        return match.name
    agrees = any(f"{one}_".startswith(f"{name}_") for one in match.synonyms)
    return name if agrees or architecture.family not in match.families else match.name


def _nearest(architecture: Architecture, match: AtlasMatch) -> tuple[tuple[str, float], ...]:
    """Return the nearest names: a recognizer's, with the atlas's best among them where that one is good enough."""
    own = architecture.closest
    if not own:
        return match.closest
    if match.score < LEAST_SCORE or {name for name, _ in own}.intersection(match.synonyms):
        return own
    best = (*match.closest[:1], *own[: MOST_CLOSEST - 1]) if match.exact else (*own[: MOST_CLOSEST - 1], *match.closest[:1])
    return tuple(sorted(best, key=lambda pair: -pair[1]))


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
