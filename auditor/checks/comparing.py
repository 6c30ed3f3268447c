"""One claimed value held against one checkpoint.

| attribute | held against | agrees |
| --- | --- | --- |
| params | learnable values, else all values | at printed precision (rounded or cut off) |
| gflops | multiply-accumulates, else twice those | within 3 %, at the claimed or configured input size |
| depths, dims | the recognized architecture's | equal |
| first_layer | shape of the first weight | equal |
| head_depth | channels of the head's blocks | all equal |
Other attributes (metrics, input size, epochs) leave no trace in a checkpoint and decide nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from auditor.checks.allowances import explained_by_parts
from auditor.checks.precision import Printed, read_printed
from auditor.facts import Claim, Inspected, Parameters
from auditor.findings import Comparison

STRUCTURAL = ("params", "depths", "dims", "first_layer", "head_depth", "gflops")
GFLOPS_TOLERANCE = 0.03
NEAR = 0.01  # closer than this to a printed count, counting conventions may explain the rest
EXPLAINED_ENOUGH = 0.95  # share of tensors that must be accounted for before a count is held against anybody
READ_WELL = 0.9  # confidence of a picture's cell below which it accuses nobody
CLASS_COUNTS = (1000, 21841, 21843, 21842, 11221, 10, 100, 80, 91, 365, 150, 19)  # ImageNet, 21k, CIFAR, COCO, Places, ADE20K, Cityscapes


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison with what it is worth."""

    claim: Claim
    comparison: Comparison
    decisive: bool  # a disagreement here means another network
    explained: str = ""  # what explains a disagreement innocently
    share_off: float = 0.0  # relative distance, for numbers
    below: bool = False  # the checkpoint has less than is claimed

    @property
    def contradicts(self) -> bool:
        """Tell whether the checkpoint cannot be what is claimed: decisive, unexplained, beyond counting conventions."""
        return self.decisive and self.comparison.agrees is False and not self.explained


def compare_all(claims: Iterable[Claim], inspected: Inspected) -> tuple[Compared, ...]:
    """Return the comparisons of all structural claims, in order."""
    return tuple(compared for claim in claims if (compared := compare(claim, inspected)) is not None)


def compare(claim: Claim, inspected: Inspected) -> Compared | None:
    """Hold one claim against one checkpoint; None where the claim is not structural."""
    match claim.attribute:
        case "params":
            return _compare_params(claim, inspected)
        case "gflops":
            return _compare_gflops(claim, inspected)
        case "depths" | "dims":
            measured = getattr(inspected.architecture, claim.attribute)
            return _compare_list(claim, inspected, measured)
        case "first_layer":
            first = inspected.architecture.first_layer
            return _compare_list(claim, inspected, first[1] if first else ())
        case "head_depth":
            return _compare_head_depth(claim, inspected)
    return None


def _made(claim: Claim, inspected: Inspected, measured: str, agrees: bool | None, **words: str) -> Comparison:
    return Comparison(
        checkpoint=inspected.id,
        attribute=claim.attribute,
        claimed=claim.printed or _show(claim.value, claim.unit),
        measured=measured,
        agrees=agrees,
        claim=claim.id,
        rank=claim.rank,
        **words,
    )


def _compare_params(claim: Claim, inspected: Inspected) -> Compared | None:
    printed = read_printed(claim.printed, claim.value if isinstance(claim.value, int | float) else None, claim.unit)
    if printed is None or printed.value <= 0:
        return None
    printed = _in_millions(printed, claim, inspected)
    counts = inspected.parameters
    tolerance = f"printed precision: {printed.describe()}"
    for convention, count in (("learnable parameters", counts.learnable), ("all values, buffers included", counts.total)):
        reading = printed.reading(count)
        if reading:
            note = "" if reading == "rounded" else "the printed digits were cut off, not rounded"
            return Compared(claim, _made(claim, inspected, f"{count:,}", True, convention=convention, tolerance=tolerance, note=note), True)
    explained, settled = _explain_params(printed, inspected)
    if settled:
        words = {"convention": "learnable parameters, the head allowed for", "tolerance": tolerance, "note": explained}
        return Compared(claim, _made(claim, inspected, f"{counts.learnable:,}", True, **words), True)
    off = min(printed.off(counts.learnable), printed.off(counts.total))
    if not explained and off <= NEAR:
        explained = f"differs by {off:.2%}: counting conventions may explain it"
    explained = explained or explained_by_parts(printed, inspected) or _misprinted(printed, counts) or _partial(printed, claim, counts)
    if not explained and claim.confidence < READ_WELL:
        explained = f"the number was read from a picture with a confidence of {claim.confidence:.0%} only"
    if not explained and not measured_completely(inspected):
        explained = "the checkpoint's network could not be accounted for, so its count decides nothing"
    comparison = _made(
        claim, inspected, f"{counts.learnable:,}", False, convention="learnable parameters", tolerance=tolerance, note=explained
    )
    return Compared(claim, comparison, True, explained, off, counts.total < printed.value)


def _misprinted(printed: Printed, counts: Parameters) -> str:
    """Return why a unit may be wrong in print: the digits are those of the checkpoint, a thousand or a million times off."""
    for thousands in (1, 2):
        for factor in (Decimal(1000) ** thousands, Decimal(1000) ** -thousands):
            scaled = Printed(printed.value * factor, printed.half * factor, printed.scale, printed.letter)
            if scaled.reading(counts.learnable) or scaled.off(counts.learnable) <= NEAR:
                return "the digits agree and the unit does not: it may be misprinted, or the decimal sign misread"
    return ""


def _partial(printed: Printed, claim: Claim, counts: Parameters) -> str:
    """Return why a claim may count less than the file holds, as its header says: "Trainable Params" of a method that freezes the rest."""
    word = re.search(
        r"(?i)trainable|learnable|tunable|tuned|active|extra|additional|backbone|encoder|decoder|head|neck|body|generator"
        r"|w/o|without|excl",
        claim.setting,
    )
    if word and printed.value < counts.learnable:
        return f"the claim is of a part ({claim.setting[:60]}), and the file may hold others as well"
    return ""


def _in_millions(printed: Printed, claim: Claim, inspected: Inspected) -> Printed:
    """Read a bare "7.59" as millions: no network has fewer than a thousand parameters, and tables drop the unit."""
    if printed.letter or claim.unit or printed.value >= 1000:
        return printed
    million = 1_000_000
    return Printed(printed.value * million, printed.half * million, printed.scale * million, "m")


def measured_completely(inspected: Inspected) -> bool:
    """Tell whether the count of a checkpoint is that of one known network and of nothing else.

    A reader's warning (entries not understood, a member unpacked in part, a file cut short) makes it incomplete; a second set of
    weights beside the one that was counted does not.
    """
    if any(not warning.startswith("also holds") for warning in inspected.checkpoint.warnings):
        return False
    return inspected.architecture.family != "unknown" and inspected.architecture.explained >= EXPLAINED_ENOUGH


def _explain_params(printed: Printed, inspected: Inspected) -> tuple[str, bool]:
    """Return what innocently explains another count, and whether it makes the count agree to the printed digit.

    No head, another number of classes, a pre-training decoder.
    """
    head = inspected.architecture.head
    learnable = inspected.parameters.learnable
    tensors = inspected.checkpoint.tensors
    decoder = sum(t.numel for t in tensors if re.search(r"(?:^|\.)(?:decoder|mask_token|predictor|projector)", t.name))
    if decoder and printed.reading(learnable - decoder):
        return "without the pre-training decoder that the file also holds, the count agrees", True
    if head is not None and head.kind == "linear" and head.final_layers:
        final = [t for t in tensors if t.name.rpartition(".")[0] in head.final_layers]
        held = sum(t.numel for t in final)
        if printed.reading(learnable - held):
            return "without the classifier the count agrees", True
        weight = next((t for t in final if len(t.shape) >= 2), None)
        if weight is not None:
            row = held // max(1, weight.shape[0])
            for classes in CLASS_COUNTS:
                if printed.reading(learnable - held + classes * row):
                    return f"with {classes} classes instead of {weight.shape[0]} the count agrees", True
    if head is not None and head.kind == "none" and printed.value > learnable:
        return "the file holds the backbone without a head, and the claim may count one", False
    return "", False


def _compare_gflops(claim: Claim, inspected: Inspected) -> Compared | None:
    asked = input_in(claim.setting)
    cost = next((c for c in inspected.costs if c.input == asked), inspected.cost)
    printed = read_printed(claim.printed, claim.value if isinstance(claim.value, int | float) else None, claim.unit or "G")
    if printed is None or printed.value <= 0:
        return None
    claimed = float(printed.value)
    if claimed < 1e6:  # "2.82" without its unit
        claimed *= 1e9
    if cost is None:
        comparison = _made(claim, inspected, "not measured", None, note="the input size, or how the network is wired, is not known")
        return Compared(claim, comparison, False)
    if asked and asked != cost.input:
        note = f"claimed at {asked[0]}x{asked[1]}, measured at {cost.input[0]}x{cost.input[1]}"
        return Compared(claim, _made(claim, inspected, f"{cost.macs / 1e9:.3f} G", None, note=note), False)
    tolerance = f"{GFLOPS_TOLERANCE:.0%}"
    options = [(cost.macs, cost.assumption)] + [(macs, f"if {words}") for words, macs in cost.alternatives]
    for macs, words in options:
        for convention, factor in (("multiply-accumulates", 1), ("2 x multiply-accumulates", 2)):
            if abs(macs * factor - claimed) <= GFLOPS_TOLERANCE * claimed:
                comparison = _made(
                    claim, inspected, f"{macs * factor / 1e9:.3f} G", True, convention=convention, tolerance=tolerance, note=words
                )
                return Compared(claim, comparison, False)
    note = f"at {cost.input[0]}x{cost.input[1]}; another input size or way of counting may explain it"
    comparison = _made(
        claim, inspected, f"{cost.macs / 1e9:.3f} G", False, convention="multiply-accumulates", tolerance=tolerance, note=note
    )
    return Compared(claim, comparison, False, note)


def input_in(setting: str) -> tuple[int, int] | None:
    """Return the input size that a setting names: "384x288"."""
    match = re.search(r"(?<!\d)(\d{2,4})\s*[x×*]\s*(\d{2,4})(?!\d)", setting)
    if match:
        return int(match.group(1)), int(match.group(2))
    return None


def _compare_list(claim: Claim, inspected: Inspected, measured: tuple[int, ...]) -> Compared | None:
    claimed = _numbers(claim.value)
    if not claimed:
        return None
    if not measured:
        return Compared(claim, _made(claim, inspected, "not recognized", None), False)
    agrees = claimed == tuple(measured)
    explained = "" if agrees or measured_completely(inspected) else "the checkpoint's network could not be accounted for"
    return Compared(claim, _made(claim, inspected, _show(list(measured), None), agrees, tolerance="exact", note=explained), True, explained)


def _compare_head_depth(claim: Claim, inspected: Inspected) -> Compared | None:
    head = inspected.architecture.head
    claimed = _numbers(claim.value)
    if head is None or not head.channels or len(claimed) != 1:
        return None
    agrees = set(head.channels) == set(claimed)
    note = "" if agrees else "the head may be configured apart from the backbone"
    return Compared(claim, _made(claim, inspected, _show(list(head.channels), None), agrees, tolerance="exact", note=note), False, note)


def _numbers(value: Any) -> tuple[int, ...]:
    """Return a value as a tuple of integers, empty where it is none."""
    if isinstance(value, bool):
        return ()
    if isinstance(value, int):
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(v, int) and not isinstance(v, bool) for v in value):
        return tuple(value)
    return ()


def _show(value: Any, unit: str | None) -> str:
    """Return a value as a person would write it."""
    if isinstance(value, list | tuple):
        return ", ".join(str(v) for v in value)
    return f"{value}{unit or ''}"
