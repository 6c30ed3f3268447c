"""Whether a proposed value, attribute, variant and setting are those of a claim that a reader finds at the place. Exact, or not at all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from auditor.agent.proposals import ClaimProposal
from auditor.checks.names import variant_key
from auditor.claims.headers import header_of, lower, without_unit
from auditor.claims.numbers import readings
from auditor.claims.vocabulary import DATASETS, PROTOCOLS, SCALES, UNITS, Kind
from auditor.facts import Claim

COUNTS = ("params", "gflops")
POWERS = {"K": 3, "M": 6, "G": 9, "B": 9, "T": 12}
LISTS = {
    "depths": frozenset({"depths", "depth", "stagedepths", "blocks", "numblocks", "layers"}),
    "dims": frozenset({"dims", "dim", "widths", "channels", "embeddims", "embeddim", "hiddensizes"}),
}
_SYNONYMS = {
    "top1": "top1 top1acc top1accuracy acc1 acc@1 top@1 accuracytop1 acctop1 top1acc.",
    "top5": "top5 top5acc top5accuracy acc5 acc@5 top@5 accuracytop5 acctop5 top5acc.",
    "acc": "acc acc. accuracy",
    "miou": "miou meaniou",
    "map": "map meanap meanaverageprecision",
    "ap": "ap averageprecision",
    "f1": "f1 f1score",
    "absrel": "absrel abs.rel absrel.",
    "fid": "fid fréchetinceptiondistance frechetinceptiondistance",
}
_CANONICAL = {word: name for name, words in _SYNONYMS.items() for word in words.split()}
_IDLE = frozenset(
    "on the of at in for with a an and set dataset data input inputs size resolution setting under using by images image to".split()
)
_SIZE = re.compile(r"(?<![\d.])(\d{2,4})\s?[x×]\s?(\d{2,4})(?![\d.])")


def canonical_attribute(name: str) -> str:
    """Return the one name of an attribute: `#Params (M)` is params, `GMACs` is gflops, `Top-1 Acc.` is top1; others squashed."""
    header = header_of(name)
    if header.kind in (Kind.PARAMS, Kind.GFLOPS):
        return header.kind.value
    low = lower(name)
    bare, inside = without_unit(low)
    sizes = re.match(r"(?:box |mask |m)?a[pr]\b", low)  # AP (M) is of medium objects
    text = bare if inside and (inside in UNITS or inside in SCALES) and not sizes else low
    squashed = re.sub(r"[\s_\-()\[\]:^]+", "", text)
    return _CANONICAL.get(squashed, squashed)


def same_attribute(proposed: str, printed: str) -> bool:
    """Tell whether two names are of one attribute."""
    return bool(proposed.strip()) and canonical_attribute(proposed) == canonical_attribute(printed)


def proposed_value(proposal: ClaimProposal) -> tuple[Decimal, str | None] | None:
    """Return the number that a proposal gives, with its unit in one spelling; None where it gives none, or two."""
    value, unit = proposal.value, (proposal.unit or "").strip() or None
    if isinstance(value, str):
        some = [r for r in readings(value) if not r.inner]
        if len(some) != 1 or some[0].error or (unit and some[0].unit and canonical_unit(unit) != canonical_unit(some[0].unit)):
            return None
        return _decimal(some[0].value), canonical_unit(unit or some[0].unit)
    if isinstance(value, list) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return _decimal(value), canonical_unit(unit)


def _decimal(value: int | float) -> Decimal:
    try:
        return Decimal(repr(value))
    except (InvalidOperation, ValueError):  # a whole number of thousands of digits has no text
        return Decimal("NaN")


def canonical_unit(unit: str | None) -> str | None:
    """Return a unit in one spelling: million is M, GFLOPs is G, millimeters mm; case tells M from m."""
    if not unit or not unit.strip():
        return None
    unit = unit.strip()
    if unit in POWERS:
        return unit
    if unit == "k":
        return "K"
    if match := re.fullmatch(r"(?i)([KMGBT])\s?(?:FLOPs?|MACs?|M-?Adds?|Ops?|params?|parameters)", unit):
        return match[1].upper()
    low = unit.lower()
    if low in ("million", "millions", "mil"):
        return "M"
    if low in ("billion", "billions"):
        return "G"
    return UNITS.get(low, unit)


def value_problem(proposal: ClaimProposal, claim: Claim) -> str:
    """Return why the proposed value is not that of the claim, "" where it is: the same number at the same scale and unit."""
    given = proposed_value(proposal)
    if given is None:
        return "The value is not one number; give the number alone and its unit apart."
    value, unit = given
    read, printed_unit = _decimal(claim.value), canonical_unit(claim.unit)
    if claim.attribute in COUNTS:
        scale = Decimal(10) ** POWERS.get(printed_unit or "", 0)
        bare = not re.search(r"[A-Za-z]", claim.printed)
        if unit is None and ((value == read * scale and scale > 1) or (value == read and (bare or scale == 1))):
            return ""
        if (
            unit in POWERS
            and (printed_unit is not None or (scale == 1 and read >= 1000))
            and value * Decimal(10) ** POWERS[unit] == read * scale
        ):
            return ""
        return f"The place prints {claim.printed}; the value and unit proposed are not that number."
    if value != read:
        return f"The place prints {claim.printed}, not the value proposed."
    if unit == printed_unit or (unit is None and not re.search(r"[A-Za-z%‰]", claim.printed)):
        return ""
    return f"The place prints {claim.printed} with the unit {claim.unit or 'none'}; another unit makes it another value."


def same_variant(proposed: str, printed: str, around: str, project: frozenset[str], siblings: Iterable[str]) -> bool:
    """Tell whether a proposed name is the printed one, or that with words which stand around it, and no sibling's.

    `siblings` are the names of the other rows: a name that one of them bears exactly, or fits better, is not this row's.
    """
    others = [name for name in siblings if name.strip()]
    if _plain(proposed) == _plain(printed):
        return bool(_plain(printed))
    if any(_plain(proposed) == _plain(name) for name in others):
        return False
    if proposed.rstrip().endswith("*") and not printed.rstrip().endswith("*"):
        return False  # a footnote's mark tells two rows of one name apart
    mine, theirs = set(variant_key(proposed, project)), set(variant_key(printed, project))
    if not theirs:
        return not mine and not any(not variant_key(name, project) for name in others) and _squash(proposed) != ""
    if any(theirs < set(variant_key(name, project)) <= mine for name in others):
        return False
    return theirs <= mine and mine - theirs <= set(_WORD.findall(around.lower())) and (mine == theirs or len(_squash(proposed)) > 1)


_WORD = re.compile(r"[0-9a-z+]+")


def _plain(name: str) -> str:
    return " ".join(name.lower().split())


def _squash(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def setting_problem(setting: str, around: str) -> str:
    """Return what of a proposed setting does not stand around the value, "" where all of it does."""
    text, low = around.lower(), setting.lower()
    present = {_squash(m[0]) for pattern in (DATASETS, PROTOCOLS) for m in pattern.finditer(text)}
    for pattern in (DATASETS, PROTOCOLS):
        for match in pattern.finditer(low):
            if _squash(match[0]) not in present:
                return match[0]
    sizes = {match.groups() for match in _SIZE.finditer(text)}
    for match in _SIZE.finditer(low):
        if match.groups() not in sizes:
            return match[0]
    words = set(re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+", text))
    return next((w for w in re.findall(r"\d+(?:\.\d+)?|[^\W\d_]+", low) if w not in words and w not in _IDLE), "")
