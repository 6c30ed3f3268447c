"""The load report of transformers 5: a table of keys, `name | MISSING | details`, in which numbers of layers are drawn together.

The library itself writes `layers.{0, 1, 5}` and `layers.{0...11}`, so taking them apart again infers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

MOST_EXPANDED = 5000  # names of one row
TITLE = re.compile(r"\b(?P<model>\w{1,100}) LOAD REPORT from: ")
_ROW = re.compile(
    r"\s{0,20}(?P<name>[\w.{}, -]{1,400}?)\s{0,400}\|\s{0,20}(?P<status>MISSING|UNEXPECTED|MISMATCH)\s{0,20}(?:\|(?P<details>.*))?"
)
_SHAPES = re.compile(r"ckpt: {0,3}(?P<ours>torch\.Size\(\[[\d, ]{0,160}\]\)) vs model: {0,3}(?P<theirs>torch\.Size\(\[[\d, ]{0,160}\]\))")
_NUMBERS = re.compile(r"\{([\d, .]{1,2000})\}")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a report: `index` is the line's place in the lines that were given; shapes as printed, "" where there are none."""

    index: int
    status: str  # missing, unexpected, mismatch
    names: tuple[str, ...]
    checkpoint_shape: str = ""
    model_shape: str = ""


def report_rows(lines: list[str], index: int) -> Iterator[Row]:
    """Yield the rows of the report whose title stands before `index`; the table ends with the first line that is no row."""
    begun = False
    for at in range(index, len(lines)):
        line = lines[at][:4000]
        match = _ROW.match(line)
        if match is None:
            if begun or at > index + 3:
                return
            continue
        begun = True
        shapes = _SHAPES.search(match["details"] or "")
        names = expanded(match["name"].strip())
        if shapes:
            yield Row(at, "mismatch", names, shapes["ours"], shapes["theirs"])
        elif match["status"] != "MISMATCH":
            yield Row(at, match["status"].lower(), names)


def expanded(name: str) -> tuple[str, ...]:
    """Return the names that a row draws together: `a.{0, 1}.b` is two, `a.{0...3}.b` four; one that is too many stays as it is."""
    parts = _NUMBERS.split(name)
    choices = [_numbers(part) if place % 2 else [part] for place, part in enumerate(parts)]
    count = 1
    for choice in choices:
        count *= len(choice)
        if not 0 < count <= MOST_EXPANDED:
            return (name,)
    return tuple("".join(words) for words in product(*choices))


def _numbers(text: str) -> list[str]:
    """Return the numbers of `0, 1, 5` or `0...11`, nothing for anything else."""
    numbers: list[str] = []
    for piece in text.split(","):
        ends = [end.strip() for end in re.split(r"\.{2,3}", piece)]
        if not all(re.fullmatch(r"\d{1,6}", end) for end in ends) or len(ends) > 2:
            return []
        first, last = int(ends[0]), int(ends[-1])
        if not first <= last <= first + MOST_EXPANDED:
            return []
        numbers += [str(number) for number in range(first, last + 1)]
    return numbers
