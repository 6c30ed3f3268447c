"""The two sides of a loading error: what the log tells of the checkpoint's network and of the one that it was loaded into.

Rules of reading, each valid for what torch prints, in torch's order:
- A size mismatch shows both sides' shape of one tensor; a missing name is in the model only, an unexpected one in the checkpoint only.
- Where the model misses the blocks a..b of a stage, the checkpoint has the blocks 0..a-1 there and the model has b+1.
- Where every tensor of a stage's blocks differs in shape, the highest block that is named is the last one of both.
What depends on names that the log leaves out is marked as inferred.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from auditor.architectures.published import (
    CONVNEXT,
    CONVNEXT_V2,
    RESNET_BASIC,
    RESNET_BOTTLENECK,
    RESNET_WIDER,
    Structure,
)
from auditor.architectures.vit_names import VIT_STRUCTURES
from auditor.documents.error_logs import LoadError
from auditor.explaining.spellings import Place, Spelling, best_spelling, family_of

STAGES = {"convnext": 4, "resnet": 4, "vit": 1}  # of the families that are read stage by stage
MOST_COLORS = 16  # input channels of a first layer; a head's `conv1` has more


@dataclass(frozen=True, slots=True)
class Blocks:
    """How many blocks one stage has. `exact` is False for a least number."""

    place: str  # as the names say it: "module.backbone.stages.2"
    stage: int | None  # from 0, where the spelling is known
    count: int
    exact: bool
    inferred: bool  # rests on names that the log leaves out


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the error, as far as the log tells."""

    family: str = ""  # "" where the names do not tell
    spelling: str = ""
    first_layer: tuple[str, tuple[int, ...]] | None = None  # name and shape
    dims: tuple[tuple[int, int], ...] = ()  # (stage from 0, channels)
    blocks: tuple[Blocks, ...] = ()
    block_kind: str = ""  # basic, bottleneck
    fits: tuple[str, ...] | None = None  # published networks that nothing shown speaks against, () for none; None: too little is shown
    tensors: int = 0  # tensors of this side that the log names

    @property
    def stem_width(self) -> int | None:
        """Return the output channels of the first convolution."""
        return self.first_layer[1][0] if self.first_layer and self.first_layer[1] else None

    @property
    def depths(self) -> dict[int, Blocks]:
        """Return the blocks by stage."""
        return {blocks.stage: blocks for blocks in self.blocks if blocks.stage is not None}


@dataclass(slots=True)
class _Gathered:
    """What was collected for one side before it is frozen."""

    dims: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    inner: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    kinds: set[str] = field(default_factory=set)
    first_layer: tuple[str, tuple[int, ...]] | None = None

    def take(self, name: str, shape: tuple[int, ...], spelling: Spelling | None) -> None:
        """Read one tensor's shape."""
        place = spelling.place(name) if spelling else None
        if place is not None:
            self.shape(name, shape, place)
        elif self.first_layer is None and _is_first(name, shape):
            self.first_layer = name, shape

    def shape(self, name: str, shape: tuple[int, ...], place: Place) -> None:
        for stage, axis in place.channels:
            if axis < len(shape):
                self.dims[stage].add(shape[axis])
        if place.inner is not None and place.inner < len(shape):
            self.inner[place.stage].add(shape[place.inner])
        if place.anchor and len(shape) == 4 and place.inner is not None:
            self.kinds.add("bottleneck" if shape[2] == 1 else "basic")
        if place.stem and self.first_layer is None and len(shape) == 4 and shape[1] <= MOST_COLORS:
            self.first_layer = name, shape

    def widths(self) -> dict[int, int]:
        """Return the channels of the stages on which all shapes agree."""
        return {stage: next(iter(sizes)) for stage, sizes in sorted(self.dims.items()) if len(sizes) == 1 and max(sizes) > 0}


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of an error, the inferred ones among them."""

    common: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    inferred: frozenset[str]


def _names(error: LoadError) -> _Names:
    rows = {kind: [name for one in error.ranges if one.kind == kind for name in one.names] for kind in ("missing", "unexpected")}
    return _Names(
        tuple(mismatch.name for mismatch in error.mismatches),
        tuple(dict.fromkeys((*error.missing, *rows["missing"]))),
        tuple(dict.fromkeys((*error.unexpected, *rows["unexpected"]))),
        frozenset((*rows["missing"], *rows["unexpected"])),
    )


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides, and whether the log can be seen to hold only a part of the message."""

    checkpoint: Side
    model: Side
    partial: bool


def sides(error: LoadError) -> Sides:
    """Return what the log tells of both sides."""
    names = _names(error)
    spelled = best_spelling((*names.common, *names.missing, *names.unexpected))
    ours = best_spelling((*names.common, *names.unexpected)) or (spelled if names.common or not names.unexpected else None)
    theirs = best_spelling((*names.common, *names.missing)) or (spelled if names.common or not names.missing else None)
    checkpoint, model = _Gathered(), _Gathered()
    for mismatch in error.mismatches:
        checkpoint.take(mismatch.name, mismatch.checkpoint_shape, ours)
        model.take(mismatch.name, mismatch.model_shape, theirs)
    _kinds(checkpoint, ours, names.unexpected)
    _kinds(model, theirs, names.missing)
    mine, other = checkpoint.widths(), model.widths()
    differing = {stage for stage, width in mine.items() if other.get(stage, width) != width}
    partial = error.truncated or _too_short(error, ours, differing)
    if ours is theirs and not partial:
        _same_kind(checkpoint, model, theirs, names.missing)
        _same_kind(model, checkpoint, ours, names.unexpected)
    our_blocks, their_blocks = _blocks(error, names, ours, theirs, differing, partial)
    return Sides(
        _side(checkpoint, ours, our_blocks, (*names.common, *names.unexpected)),
        _side(model, theirs, their_blocks, (*names.common, *names.missing)),
        partial,
    )


def _too_short(error: LoadError, spelling: Spelling | None, differing: set[int]) -> bool:
    """Tell whether tensors that must differ are not named: a stage of another width differs in its blocks too."""
    if spelling is None:
        return False
    places = [place for mismatch in error.mismatches if (place := spelling.place(mismatch.name)) is not None]
    return bool(differing - {place.stage for place in places if place.block is not None})


def _is_first(name: str, shape: tuple[int, ...]) -> bool:
    """Tell whether a weight takes the three colors, in a network whose spelling is not known."""
    return len(shape) == 4 and shape[1] == 3 and shape[0] > 3 and name.endswith(".weight")


def _kinds(gathered: _Gathered, spelling: Spelling | None, names: Iterable[str]) -> None:
    for name in names:
        place = spelling.place(name) if spelling else None
        if place is not None and place.block_kind:
            gathered.kinds.add(place.block_kind)


def _same_kind(one: _Gathered, other: _Gathered, spelling: Spelling | None, alone: Iterable[str]) -> None:
    """Give one side the other's kind of block, where a difference in kind would have been printed for the first blocks."""
    if one.kinds or other.kinds != {"bottleneck"} or spelling is None:
        return
    places = [place for name in alone if (place := spelling.place(name)) is not None]
    if not any(place.block_kind and place.block == 0 for place in places):
        one.kinds |= other.kinds


def _side(gathered: _Gathered, spelling: Spelling | None, blocks: tuple[Blocks, ...], names: tuple[str, ...]) -> Side:
    kind = next(iter(gathered.kinds)) if len(gathered.kinds) == 1 else "bottleneck" if gathered.kinds else ""
    widths = gathered.widths()
    if spelling is not None and spelling.family == "resnet" and kind == "basic":
        widths = {s: next(iter(w)) for s, w in sorted(gathered.inner.items()) if len(w) == 1} | widths
    inner = gathered.inner.get(0, set())
    known = {one.stage: one for one in blocks if one.stage is not None}
    return Side(
        family=spelling.family if spelling else family_of(names),
        spelling=spelling.name if spelling else "",
        first_layer=gathered.first_layer,
        dims=tuple(sorted(widths.items())),
        blocks=blocks,
        block_kind=kind if spelling is not None and spelling.family == "resnet" else "",
        fits=_fits(spelling, kind, widths, known, min(inner) if len(inner) == 1 else None, names),
        tensors=len(names),
    )


# ------------------------------------------------------------------------------------------------------------- blocks

_NUMBERED = re.compile(
    r"(?:^|\.)(?:(?:stages|layers|layer)\.\d{1,3}\.(?:blocks|layers|residual_group\.blocks)|blocks|block|layers|layer|h|resblocks)\.(\d{1,5})\."
)
WHOLE_BLOCK = 4  # tensors of one block that must be gone together before the block is taken for gone, where the spelling is not known


Count = tuple[int, bool]  # blocks, and whether that is all of them


def _blocks(
    error: LoadError, names: _Names, ours: Spelling | None, theirs: Spelling | None, differing: set[int], partial: bool
) -> tuple[tuple[Blocks, ...], tuple[Blocks, ...]]:
    """Return the blocks that the checkpoint and the model have, stage by stage, where the log tells.

    `differing` are the stages whose width differs, so that torch passed over none of their blocks in silence.
    """
    missing, unexpected = names.missing, names.unexpected
    absent, extra = _by_container(missing, theirs), _by_container(unexpected, ours)
    shared = _by_container([mismatch.name for mismatch in error.mismatches], theirs or ours)
    checkpoint: list[Blocks] = []
    model: list[Blocks] = []
    for container in dict.fromkeys((*shared, *absent, *extra)):
        stage = next(group[container][1] for group in (shared, absent, extra) if container in group)
        gone, more, both = (_numbers(group, container) for group in (absent, extra, shared))
        guessed = partial or any(n.startswith(f"{container}.") for n in names.inferred)
        counts = _counts(gone, more, both, stage in differing and not guessed)
        if stage is None:  # the numbered parts of a network that is not read closer
            guessed, counts = True, counts if _are_blocks(container, missing if gone else unexpected) else _least(gone, more)
        counts = _open_ended(counts, gone and "missing" in error.cut_lists, more and "unexpected" in error.cut_lists)
        for side, count in zip((checkpoint, model), counts, strict=True):
            if count is not None:
                side.append(Blocks(container, stage, count[0], count[1], guessed and count[1]))
    return _in_order(checkpoint), _in_order(model)


def _in_order(blocks: list[Blocks]) -> tuple[Blocks, ...]:
    return tuple(sorted(blocks, key=lambda one: (one.stage is None, one.stage or 0, one.place)))


def _counts(gone: set[int], more: set[int], both: set[int], whole: bool) -> tuple[Count | None, Count | None]:
    """Return the checkpoint's and the model's blocks in one stage, None where nothing is known of a side.

    `gone` are in the model only, `more` in the checkpoint only, `both` in both with another shape.
    """
    if gone and more:
        return (max(more) + 1, False), (max(gone) + 1, False)
    if gone or more:
        alone = gone or more
        longer = (max(alone) + 1, True)
        row = len(alone) == max(alone) - min(alone) + 1 and min(alone) > max(both, default=-1)
        shorter = (min(alone), True) if row and min(alone) > 0 else (max(both) + 1, False) if both else None
        if not row:
            longer = (longer[0], False)
        return (shorter, longer) if gone else (longer, shorter)
    if both:
        exact = whole and len(both) == max(both) + 1
        return (max(both) + 1, exact), (max(both) + 1, exact)
    return None, None


def _open_ended(counts: tuple[Count | None, Count | None], gone: object, more: object) -> tuple[Count | None, Count | None]:
    """Return counts that are least numbers where the list that they rest on was cut at its end."""
    checkpoint, model = counts
    return (checkpoint[0], False) if checkpoint and more else checkpoint, (model[0], False) if model and gone else model


def _least(gone: set[int], more: set[int]) -> tuple[Count | None, Count | None]:
    """Return what numbers alone tell: a side has at least as many parts as its highest one says."""
    return (max(more) + 1, False) if more else None, (max(gone) + 1, False) if gone else None


def _are_blocks(container: str, names: Iterable[str]) -> bool:
    """Tell whether whole blocks seem to be gone: the same tensors of every number, and several of each."""
    start = container + "."
    parts: dict[str, set[str]] = {}
    for name in names:
        if name.startswith(start):
            number, _, part = name[len(start) :].partition(".")
            parts.setdefault(number, set()).add(part)
    alike = {frozenset(part) for part in parts.values()}
    return len(alike) == 1 and len(next(iter(alike))) >= WHOLE_BLOCK


def _by_container(names: Iterable[str], spelling: Spelling | None) -> dict[str, tuple[set[int], int | None]]:
    """Return the block numbers by the module that holds them, with the stage. Blocks count only by their first weight.

    Where the spelling is not known any numbered part of a usual name counts.
    """
    found: dict[str, tuple[set[int], int | None]] = {}
    for name in names:
        if spelling is not None:
            place = spelling.place(name)
            if place is not None and place.block is not None and place.anchor:
                found.setdefault(place.container, (set(), place.stage))[0].add(place.block)
            continue
        match = _NUMBERED.search(name)
        if match:
            found.setdefault(name[: match.start(1) - 1], (set(), None))[0].add(int(match[1]))
    return found


def _numbers(group: Mapping[str, tuple[set[int], int | None]], container: str) -> set[int]:
    return group[container][0] if container in group else set()


# ---------------------------------------------------------------------------------------------------- published networks


def _fits(
    spelling: Spelling | None, kind: str, widths: Mapping[int, int], blocks: Mapping[int, Blocks], inner: int | None, names: Iterable[str]
) -> tuple[str, ...] | None:
    """Return the published networks that agree with everything known; None where nothing is known that tells them apart."""
    if spelling is None or not (widths or blocks or kind):
        return None
    tables = _tables(spelling.family, kind, inner, names)
    every = {name: structure for table in tables for name, structure in table.items()}
    fitting = tuple(name for name, structure in every.items() if _agrees(structure, widths, blocks))
    return fitting if len(fitting) < len(every) else None


def _tables(family: str, kind: str, inner: int | None, names: Iterable[str]) -> tuple[Mapping[str, Structure], ...]:
    if family == "vit":
        return (VIT_STRUCTURES,)
    if family == "convnext":
        return (CONVNEXT_V2,) if any(".grn." in name for name in names) else (CONVNEXT,)
    wider = tuple(table for (width, _), table in RESNET_WIDER.items() if inner in (None, width))
    plain = (RESNET_BOTTLENECK,) if inner in (None, 64) else ()
    return {"basic": (RESNET_BASIC,), "bottleneck": (*plain, *wider)}.get(kind, (RESNET_BASIC, RESNET_BOTTLENECK))


def _agrees(structure: Structure, widths: Mapping[int, int], blocks: Mapping[int, Blocks]) -> bool:
    for stage, width in widths.items():
        if stage >= len(structure.dims) or structure.dims[stage] != width:
            return False
    for stage, known in blocks.items():
        depth = structure.depths[stage] if stage < len(structure.depths) else 0
        if depth != known.count if known.exact else depth < known.count:
            return False
    return True
