"""Numbers at the precision they were printed with.

"8.38M" says: somewhere in [8.375, 8.385) million. Authors also cut digits off instead of rounding, so [8.38, 8.39) is the
second reading; a value in either agrees, and the comparison says which reading it took.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

SCALES = {letter: Decimal(10) ** power for letter, power in (("", 0), ("k", 3), ("m", 6), ("g", 9), ("b", 9), ("t", 12))}
_NUMBER = re.compile(
    r"(\d{1,3}(?:[,\u2009 ]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)\s*(million|billion|thousand|[kmgbt](?![a-z]))?", re.IGNORECASE
)
_WORDS = {"thousand": "k", "million": "m", "billion": "b"}


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number: its value and half a unit of its last digit, both scaled to plain units."""

    value: Decimal
    half: Decimal  # half a unit of the last printed digit
    scale: Decimal
    letter: str

    @property
    def rounded(self) -> tuple[Decimal, Decimal]:
        """Return [low, high) of all values that round to the printed number."""
        return self.value - self.half, self.value + self.half

    @property
    def cut(self) -> tuple[Decimal, Decimal]:
        """Return [low, high) of all values that begin with the printed digits."""
        return self.value, self.value + 2 * self.half

    def reading(self, measured: int) -> str | None:
        """Tell under which reading the measured value is the printed one: "rounded", "cut off", or None."""
        for name, (low, high) in (("rounded", self.rounded), ("cut off", self.cut)):
            if low <= measured < high:
                return name
        return None

    def describe(self) -> str:
        """Return the interval in the printed unit: "[8.375, 8.385) M"."""
        low, high = (f"{bound / self.scale:f}" for bound in self.rounded)
        return f"[{low}, {high}) {self.letter.upper()}".rstrip()

    def off(self, measured: int) -> float:
        """Return how far the measured value lies from the printed one, as a share of the printed one."""
        return abs(float((Decimal(measured) - self.value) / self.value)) if self.value else float("inf")


def read_printed(printed: str, value: float | int | None = None, unit: str | None = None) -> Printed | None:
    """Return the printed number; `value` and `unit` serve where `printed` is empty. None where there is no number."""
    text = printed or ("" if value is None else repr(value))
    match = _NUMBER.search(text)
    if not match:
        return None
    digits = re.sub(r"[,\u2009 ]", "", match.group(1))
    letter = (match.group(2) or unit or "").strip().lower()
    letter = _WORDS.get(letter, letter)[:1]
    scale = SCALES.get(letter)
    if scale is None:
        letter, scale = "", Decimal(1)
    try:
        number = Decimal(digits)
    except InvalidOperation:
        return None
    places = -int(number.as_tuple().exponent) if "." in digits else 0
    half = Decimal(1).scaleb(-places) / 2
    if places == 0 and scale == 1 and number >= 1000:
        half = Decimal("0.5")  # a whole count, printed in full
    return Printed(number * scale, half * scale, scale, letter)
