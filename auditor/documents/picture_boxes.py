"""Pieces of text that were recognized in a picture: which are numbers, which are dashes, and which stand in one line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from statistics import median

UNIT = r"(?:%|‰|[KMGBT]i?B?|[cm]?m|m?s|fps|[KMGT]?(?:FLOPS|MACS)|px|pp)?"
NUMERIC = re.compile(rf"^[\W_]*[-+−–±~≈]?\d[\d.,]*\s*{UNIT}(?:\s*[(/±][^a-zA-Z]*{UNIT}\)?)?[\W_]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Box:
    """One recognized piece of text: position, size, text and the recognizer's confidence (0..1)."""

    x: int
    y: int
    width: int
    height: int
    text: str
    confidence: float

    @property
    def right(self) -> int:
        """Return the x right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Return the y below the box."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """Return the vertical middle."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Column:
    """The horizontal extent of a column, and whether numbers stand in it."""

    left: int
    right: int
    numeric: bool


def spans(box: Box, column: Column) -> bool:
    """Tell whether a box lies over a column: they overlap by half of the narrower one."""
    shared = min(box.right, column.right) - max(box.x, column.left)
    return shared > 0 and shared >= 0.5 * min(box.width, column.right - column.left)


def without_dashes(boxes: tuple[Box, ...]) -> tuple[Box, ...]:
    """Return the boxes without those far lower than the others: dashes of empty cells, which are read as `1` or `一`."""
    if not boxes:
        return ()
    height = median(box.height for box in boxes)
    return tuple(box for box in boxes if box.height >= 0.4 * height)


def apart(box: Box) -> list[Box]:
    """Return the numbers of a box that holds nothing but several numbers: columns so close that they were read as one text."""
    words = list(re.finditer(r"\S+", box.text))
    if not 2 <= len(words) <= 40 or not all(is_number(word[0]) for word in words):
        return [box]
    unit = box.width / len(box.text)
    return [replace(box, x=round(box.x + w.start() * unit), width=max(1, round(len(w[0]) * unit)), text=w[0]) for w in words]


def text_lines(boxes: tuple[Box, ...]) -> list[list[Box]]:
    """Return the boxes by line, top to bottom and left to right: boxes of a line overlap by half their height."""
    lines: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: (box.middle, box.x)):
        if lines:
            middle = sum(other.middle for other in lines[-1]) / len(lines[-1])
            if abs(box.middle - middle) < 0.5 * min(box.height, median(other.height for other in lines[-1])):
                lines[-1].append(box)
                continue
        lines.append([box])
    return [sorted(line, key=lambda box: box.x) for line in lines]


def is_number(text: str) -> bool:
    """Tell whether a cell's text is a number as tables print it: `7.59M`, `34.5`, `86.5(25.4%)`, `1,234`."""
    text = text.strip()
    return len(text) < 40 and not text.startswith("[") and bool(NUMERIC.match(text))


def has_numbers(text: str) -> bool:
    """Tell whether a text holds two or more numbers as words."""
    return sum(is_number(word) for word in text.split()) > 1
