"""Finds a checkpoint in the atlas of known networks by its shapes alone: any names, any prefix, any head.

The checkpoint, and each larger part of it under one prefix, is held against every entry. A shape weighs as much as it is rare in
the atlas (the logarithm of entries over holders, as in text retrieval). For one part and one entry

    covered   = weight of the entry's tensors that the part has / weight of all of them
    kinds     = the same for the entry's different shapes, each taken once
    explained = weight of the part's tensors that the entry or its own head has / weight of all of them
    share     = weight of the part / weight of the checkpoint
    score     = covered^2 x kinds x explained x share^0.4, and up to 3 % less where the lengths of vectors disagree

So a shallower sibling explains too little, a deeper one is covered too little, and a transformer of equal width that lacks the
other's first layer falls behind by `kinds`. Below `LEAST_SCORE`, or where another family comes as near as `AMBIGUOUS`, the family is
unknown. Both were chosen with benchmarks/atlas.py. There, with each network's own entry taken out, the atlas alone says unknown of
57 % of timm and a wrong family of 3.4 %: all but two of those have the very weight shapes of another version or kin (ResNet and
ResNetV2, ConvNeXt and ConvNeXtV2, BEiT-3 and EVA), which the shapes of weights cannot tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from auditor.architectures.atlas_data import Atlas, Entry, atlas, pairs
from auditor.architectures.atlas_parts import Part, parts_of
from auditor.architectures.atlas_shapes import Multisets, multisets
from auditor.facts import Tensor

LEAST_SCORE = 0.7
AMBIGUOUS = 0.9  # of the best score; as near as this, another family makes the answer unknown, unless the structure is equal
SAME = 0.99  # of the best score, with which versions of a family cannot be told apart
LEAST_CLOSE = 0.3  # a lower score is not worth naming
LEAST_COVERED = 0.5  # of an entry, before it is looked at closely
LEAST_WEIGHTS = 8  # of a checkpoint; fewer say nothing
MOST_WEIGHED = 24  # entries of a part that are looked at closely
MOST_CLOSEST = 3
VECTORS_WEIGH = 0.03
SHARE_EXPONENT = 0.4
STRANGE = 0.5  # weight of a shape that no entry has, in those of a shape that one entry has
MOST_HEAD = 3  # weights besides an entry's own, with which the structure is still called equal
DISAGREEMENT = 0.1  # of vectors, which tells two entries of equal weights apart


@dataclass(frozen=True, slots=True)
class AtlasMatch:
    """What the atlas says of a checkpoint."""

    name: str | None  # of the best entry, whatever its score; None where nothing is near
    synonyms: tuple[str, ...] = ()  # all names of that structure, the plainest first
    family: str = "unknown"  # named only where the score passes
    score: float = 0.0
    runner_up: tuple[str, float] | None = None
    contained: str = ""  # prefix of the part that the entry was found in; "" for the whole
    exact: bool = False  # the part has the entry's weights and vectors as often as the entry, and no more besides than a head
    explained: float = 0.0  # share of the checkpoint's tensors that the entry accounts for, scalars left out
    closest: tuple[tuple[str, float], ...] = ()
    library: str = ""  # of the best name; "timm or torchvision" where both have the structure
    families: tuple[str, ...] = ()  # of all its names


NOTHING = AtlasMatch(None)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A part of the checkpoint, ready to be looked up."""

    part: Part
    sets: Multisets
    known: Mapping[int, int]  # number of a shape that the atlas has -> count
    weight: float


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An entry held against a part."""

    entry: Entry
    asked: _Asked
    score: float
    exact: bool
    agreement: float  # of the lengths of vectors


def look_up(tensors: tuple[Tensor, ...], book: Atlas | None = None) -> AtlasMatch:
    """Return what the atlas (another one, where it is given) says of a checkpoint's tensors. Never raises.

    The family is "unknown" where the score does not pass; the nearest names and their scores are told all the same.
    """
    if sum(len(tensor.shape) >= 2 for tensor in tensors) < LEAST_WEIGHTS:
        return NOTHING
    book = book or atlas()
    asked = [one for one in (_ask(book, part) for part in parts_of(tensors)) if one.weight > 0]
    found = [one for part in asked for one in _held(book, part, (part.weight / asked[0].weight) ** SHARE_EXPONENT)]
    ranked = [one for one in _best_of_each_entry(found) if one.score >= LEAST_CLOSE]
    if not ranked:
        return NOTHING
    best, others = ranked[0], ranked[1:]
    return AtlasMatch(
        name=best.entry.name,
        synonyms=tuple(dict.fromkeys(one.name for one in best.entry.published)),
        family=_family(best, others),
        score=round(best.score, 3),
        runner_up=(others[0].entry.name, round(others[0].score, 3)) if others else None,
        contained=best.asked.part.prefix,
        exact=best.exact,
        explained=_accounted(book, best, asked[0]),
        closest=tuple((one.entry.name, round(one.score, 3)) for one in ranked[:MOST_CLOSEST]),
        library=" or ".join(dict.fromkeys(one.library for one in best.entry.published)),
        families=tuple(dict.fromkeys(one.family for one in best.entry.published)),
    )


def _ask(book: Atlas, part: Part) -> _Asked:
    sets = multisets(part.tensors)
    known: dict[int, int] = {}
    weight = 0.0
    for dims, count in sets.weights.items():
        number = book.numbers.get(dims)
        if number is None:
            weight += STRANGE * book.rarest() * count
        else:
            known[number] = count
            weight += book.rarity[number] * count
    return _Asked(part, sets, known, weight)


def _held(book: Atlas, asked: _Asked, factor: float) -> Iterator[_Candidate]:
    """Return the entries that the part covers best, scored; only those that share a shape with it are ever touched."""
    shared: dict[int, float] = {}
    for number, count in asked.known.items():
        rarity, holders = book.rarity[number], book.holders[number]
        for place, most in zip(holders[::2], holders[1::2], strict=True):
            shared[place] = shared.get(place, 0.0) + rarity * min(count, most)
    near = (place for place, weight in shared.items() if weight >= LEAST_COVERED * book.mass[place])
    first = sorted(near, key=lambda place: (-(shared[place] ** 2) / book.mass[place], place))
    return (_candidate(book, asked, place, shared[place], factor) for place in islice(first, MOST_WEIGHED))


def _candidate(book: Atlas, asked: _Asked, place: int, shared: float, factor: float) -> _Candidate:
    entry, rarity, known = book.entries[place], book.rarity, asked.known
    weights, vectors = dict(pairs(entry.weights)), dict(pairs(entry.vectors))
    head = sum(rarity[number] * min(count, _beyond(known, weights, number)) for number, count in pairs(entry.head))
    covered = shared / book.mass[place]
    kinds = _over(rarity, (n for n in weights if n in known)) / _over(rarity, weights)
    explained = min(1.0, (shared + head) / asked.weight)
    agreement = _agreement(vectors, asked.sets.vectors)
    score = covered**2 * kinds * explained * (1 - VECTORS_WEIGH * (1 - agreement)) * factor
    equal = all(known.get(number) == count for number, count in weights.items())
    others = sum(asked.sets.weights.values()) - sum(weights.values())
    most = sum(count for _, count in pairs(entry.head)) + MOST_HEAD
    exact = equal and others <= most and _repeated(vectors, asked.sets.vectors, 2 * max(1, others))
    return _Candidate(entry, asked, score, exact, agreement)


def _beyond(known: Mapping[int, int], weights: Mapping[int, int], number: int) -> int:
    """Return how many tensors of a shape the part has besides those of the entry's own."""
    return max(0, known.get(number, 0) - weights.get(number, 0))


def _over(rarity: list[float], numbers: Iterable[int]) -> float:
    return sum(rarity[number] for number in numbers)


def _agreement(ours: Mapping[int, int], theirs: Mapping[int, int]) -> float:
    """Return how much of two multisets they have in common, 0 to 1."""
    both = sum(min(count, theirs.get(size, 0)) for size, count in ours.items())
    either = sum(ours.values()) + sum(theirs.values()) - both
    return both / either if either else 1.0


def _repeated(ours: Mapping[int, int], theirs: Mapping[int, int], most: int) -> bool:
    """Tell whether the file has each of the entry's lengths of vectors as often, or at most so many times oftener for a head's sake."""
    beyond = [theirs.get(size, 0) - count for size, count in ours.items()]
    return min(beyond, default=0) >= 0 and sum(beyond) <= most


def _best_of_each_entry(found: Iterable[_Candidate]) -> list[_Candidate]:
    best: dict[str, _Candidate] = {}
    for one in sorted(found, key=lambda one: (-one.score, not one.exact, one.entry.name)):
        best.setdefault(one.entry.name, one)
    return list(best.values())


def _family(best: _Candidate, others: list[_Candidate]) -> str:
    """Return the best entry's family, or "unknown" where its score does not pass or another family's is too near.

    Where versions of one family are as good, it is the first of them: "resnet" rather than "resnetv2".
    """
    if best.exact and best.score >= LEAST_SCORE:
        return best.entry.family
    if best.score < LEAST_SCORE or any(_rivals(best, one) for one in others):
        return "unknown"
    versions = (one for one in others if one.score >= SAME * best.score and _root(one.entry.family) == _root(best.entry.family))
    return min((best.entry.family, *(one.entry.family for one in versions)), key=len)


def _rivals(best: _Candidate, other: _Candidate) -> bool:
    """Tell whether another family's entry is as good an answer; versions of one family are no rivals."""
    near = other.score >= AMBIGUOUS * best.score and best.agreement - other.agreement < DISAGREEMENT
    return near and _root(other.entry.family) != _root(best.entry.family)


def _root(family: str) -> str:
    """Return a family's name without its version: "swin" for "swinv2"."""
    return family.rstrip("0123456789").removesuffix("v")


def _accounted(book: Atlas, best: _Candidate, whole: _Asked) -> float:
    """Return the share of the checkpoint's weights and vectors that the entry has, each tensor counting one."""
    own, sets = best.asked, best.asked.sets
    weights = dict(pairs(best.entry.weights))
    hits = sum(min(count, own.known.get(number, 0)) for number, count in weights.items())
    hits += sum(min(count, _beyond(own.known, weights, number)) for number, count in pairs(best.entry.head))
    hits += sum(min(count, sets.vectors.get(size, 0)) for size, count in pairs(best.entry.vectors))
    total = sum(whole.sets.weights.values()) + sum(whole.sets.vectors.values())
    return hits / total if total else 0.0
