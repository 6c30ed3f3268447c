"""Signs that a checkpoint holds the values of a fresh network: each is one independent fact about all tensors of one kind.

Formulas of initial spreads: torch's default for convolutions and linear layers is uniform within 1/sqrt(fan_in) (`kaiming_uniform_`
with a = sqrt(5)); He et al. 2015 (normal, variance 2/fan_in or 2/fan_out, as torchvision's ResNet); Glorot and Bengio 2010
(uniform within sqrt(6/(fan_in + fan_out)), or normal of the same variance); vision and text transformers: normal of 0.02.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from auditor.facts import Tensor, TensorValues, Values

SPREAD = "spread of weights"
LEAST_ELEMENTS = 256  # of a weight whose spread says something
LEAST_WEIGHTS = 2  # of such weights
MOST_FRESH = 0.95  # share of weights with an initial spread from which a network may be fresh
FEW_FRESH = 0.1  # share below which it was trained: rare initializations share some formula with the usual ones
_SPREAD_TOLERANCE = 0.02
_LAYER_SCALE = re.compile(r"(?:^|\.)(?:gamma(?:_?\d)?|layer_scale(?:_?\d)?(?:\.\w+)?|lambda_?\d|lambda1|ls\d?\.gamma|scale_?\d?)$")


@dataclass(frozen=True, slots=True)
class Sign:
    """One kind of tensor: whether all of them are as a fresh network has them."""

    name: str
    fits: bool
    words: str  # what was seen
    tensors: tuple[str, ...]  # that decided it, a few
    against: bool = True  # a sign that does not fit excludes a fresh network; else it only says little
    trained: bool = True  # and speaks for training by itself


Seen = Mapping[str, tuple[Tensor, TensorValues]]


def signs_of(tensors: Iterable[Tensor], values: Values) -> tuple[Sign, ...]:
    """Return every sign for which the checkpoint has tensors."""
    measured = {item.name: item for item in values.tensors}
    seen = {t.name: (t, measured[t.name]) for t in tensors if t.name in measured and measured[t.name].minimum is not None}
    found = (_statistics(seen), _normalization(seen), _biases(seen), _layer_scales(seen), _spreads(seen))
    return tuple(sign for sign in found if sign is not None)


def _is(values: TensorValues, number: float) -> bool:
    """Tell whether all values of a tensor are one number."""
    return values.minimum == number and values.maximum == number and not values.nan and not values.infinite


def _shown(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(names)[:4]


def _ending(seen: Seen, word: str) -> dict[str, TensorValues]:
    return {name: values for name, (_, values) in seen.items() if name.rpartition(".")[2] == word}


def _statistics(seen: Seen) -> Sign | None:
    """Look at running statistics, which move with the first training step: means 0, variances 1, counters 0."""
    means, variances, counters = (_ending(seen, word) for word in ("running_mean", "running_var", "num_batches_tracked"))
    if not means or not variances:
        return None
    fits = all(_is(v, 0) for v in means.values()) and all(_is(v, 1) for v in variances.values())
    moved = [name for name, v in (*means.items(), *variances.items()) if not (_is(v, 0) or _is(v, 1))]
    counted = all(_is(v, 0) for v in counters.values())
    words = f"running means of {len(means)} batch normalizations are 0 and their variances 1"
    if counters:
        words += ", their counters 0" if counted else ", though their counters are not 0"
    if not fits:
        words = f"running statistics moved in {len(moved)} of {len(means) + len(variances)} tensors"
    return Sign("running statistics", fits and counted, words, _shown(moved or means))


def _scales(seen: Seen) -> dict[str, TensorValues]:
    """Return the scales of normalization layers: vectors called `weight` with a `bias` of the same shape beside them."""
    found = {}
    for name, (tensor, values) in seen.items():
        path, _, last = name.rpartition(".")
        beside = seen.get(f"{path}.bias" if path else "bias")
        if last == "weight" and len(tensor.shape) == 1 and beside is not None and beside[0].shape == tensor.shape:
            found[name] = values
    return found


def _normalization(seen: Seen) -> Sign | None:
    """Look at scales and shifts of normalization layers: exactly 1 (or 0, at the end of a branch) and 0 before training."""
    scales = _scales(seen)
    if not scales:
        return None
    shifts = {name: seen[name.removesuffix("weight") + "bias"][1] for name in scales}
    moved = [name for name, v in scales.items() if not (_is(v, 1) or _is(v, 0))] + [
        name.removesuffix("weight") + "bias" for name, v in shifts.items() if not _is(v, 0)
    ]
    fits = not moved and any(_is(v, 1) for v in scales.values())
    words = f"scales of all {len(scales)} normalization layers are exactly 1 and their shifts 0"
    if not fits:
        words = f"scales or shifts moved in {len(moved)} of {2 * len(scales)} tensors of normalization layers"
    return Sign("normalization", fits, words, _shown(moved or scales))


def _biases(seen: Seen) -> Sign | None:
    """Look at biases beside weights of two and more dimensions: all 0. Many networks begin with others, which say nothing."""
    found = {}
    for name, (tensor, values) in seen.items():
        path, _, last = name.rpartition(".")
        beside = seen.get(f"{path}.weight" if path else "weight")
        if last == "bias" and len(tensor.shape) == 1 and beside is not None and len(beside[0].shape) >= 2:
            found[name] = values
    if len(found) < LEAST_WEIGHTS or not all(_is(v, 0) for v in found.values()):
        return None
    return Sign("biases", True, f"biases of all {len(found)} convolutions and linear layers are exactly 0", _shown(found), against=False)


def _layer_scales(seen: Seen) -> Sign | None:
    """Look at layer scales, which begin as one small constant everywhere."""
    found = {n: v for n, (t, v) in seen.items() if len(t.shape) == 1 and v.elements > 1 and _LAYER_SCALE.search(n)}
    constants = {v.minimum for v in found.values() if v.minimum == v.maximum}
    moved = [name for name, v in found.items() if v.minimum != v.maximum]
    if len(found) < LEAST_WEIGHTS:
        return None
    fits = not moved and len(constants) == 1
    words = (
        f"all {len(found)} layer scales are the constant {next(iter(constants), 0.0):.3g}" if fits else f"{len(moved)} layer scales moved"
    )
    return Sign("layer scales", fits, words, _shown(moved or found))


def _spreads(seen: Seen) -> Sign | None:
    """Look at weights whose spread is what an initialization gives: nearly all of them, by one formula or another."""
    weights = {n: (t, v) for n, (t, v) in seen.items() if len(t.shape) >= 2 and v.elements >= LEAST_ELEMENTS and v.std and not v.strided}
    if len(weights) < LEAST_WEIGHTS:
        return None
    counts: dict[str, list[str]] = {}
    for name, (tensor, values) in weights.items():
        for formula in _formulas(tensor, values):
            counts.setdefault(formula, []).append(name)
    known = {name for names in counts.values() for name in names}
    best = max(counts, key=lambda formula: len(counts[formula]), default="")
    fits = bool(best) and len(known) >= MOST_FRESH * len(weights)
    words = f"{len(known)} of {len(weights)} weights have the spread of a fresh one ({best})"
    if not fits:
        words = f"{len(weights) - len(known)} of {len(weights)} weights have a spread that no usual initialization gives"
    none = len(known) <= FEW_FRESH * len(weights)
    return Sign(SPREAD, fits, words, _shown(counts.get(best, weights)), against=False, trained=none)


def _formulas(tensor: Tensor, values: TensorValues) -> Iterable[str]:
    """Yield the initializations that a weight's mean, deviation and bounds agree with."""
    std, mean = values.std or 0.0, values.mean or 0.0
    tolerance = _SPREAD_TOLERANCE + 4 / math.sqrt(2 * values.elements)
    if abs(mean) > 5 * std / math.sqrt(values.elements) or values.nan or values.infinite:
        return
    field = math.prod(tensor.shape[2:])
    inward, outward = tensor.shape[1] * field, tensor.shape[0] * field
    reach = max(abs(values.minimum or 0.0), abs(values.maximum or 0.0))

    def near(expected: float) -> bool:
        return abs(std - expected) <= tolerance * expected

    bounds = {"torch's default, uniform": 1 / math.sqrt(inward), "Glorot's, uniform": math.sqrt(6 / (inward + outward))}
    for name, bound in bounds.items():
        if near(bound / math.sqrt(3)) and 0.9 * bound <= reach <= bound * 1.001:
            yield name
    deviations = {
        "He's over fan-in, normal": math.sqrt(2 / inward),
        "He's over fan-out, normal": math.sqrt(2 / outward),
        "Glorot's, normal": math.sqrt(2 / (inward + outward)),
        "normal of 0.02": 0.02,
    }
    for name, expected in deviations.items():
        if near(expected) and reach >= 2 * std:
            yield name
