"""Words and rules of a page of a PDF, and the lines of text that they make: pure geometry, in points from the top left."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

GAP = 1.1  # heights between two words that part columns of text
CELL_GAP = 0.45  # heights between two words that part cells of a table
MIN_RULE = 20.0  # points


@dataclass(frozen=True, slots=True)
class Word:
    """A word, or several of one line, with its box and the size of its letters."""

    left: float
    top: float
    right: float
    bottom: float
    text: str
    size: float = 0.0

    @property
    def middle(self) -> float:
        """Return the vertical middle."""
        return (self.top + self.bottom) / 2

    @property
    def center(self) -> float:
        """Return the horizontal middle."""
        return (self.left + self.right) / 2

    @property
    def height(self) -> float:
        """Return the height of the box."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line."""

    left: float
    right: float
    y: float

    @property
    def width(self) -> float:
        """Return the length."""
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its words and rules, or, where only its text was taken, that text."""

    number: int
    width: float
    height: float
    words: tuple[Word, ...] = ()
    rules: tuple[Rule, ...] = ()
    text: str = ""


def lines_of(words: Iterable[Word]) -> list[list[Word]]:
    """Return words by line, from the top down and from left to right: middles that differ by less than half a height are one line."""
    lines: list[list[Word]] = []
    total = 0.0
    for word in sorted(words, key=lambda word: (word.middle, word.left)):
        if lines and abs(word.middle - total / len(lines[-1])) < 0.5 * min(word.height, lines[-1][0].height):
            lines[-1].append(word)
            total += word.middle
        else:
            lines.append([word])
            total = word.middle
    return [sorted(line, key=lambda word: word.left) for line in lines]


def joined(line: Sequence[Word], gap: float) -> list[Word]:
    """Return the pieces of a line, each the words between which less than `gap` heights lie."""
    pieces: list[list[Word]] = []
    for word in line:
        if pieces and word.left - pieces[-1][-1].right < gap * max(word.height, 1.0):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return [whole(piece) for piece in pieces]


def whole(words: Sequence[Word]) -> Word:
    """Return several words of one line as one."""
    return Word(
        words[0].left,
        min(word.top for word in words),
        max(word.right for word in words),
        max(word.bottom for word in words),
        " ".join(word.text for word in words),
        max(word.size for word in words),
    )


def whole_rules(rules: Iterable[Rule]) -> list[Rule]:
    """Return rules from the top down, those of one height that touch joined: a line of a grid is drawn cell by cell."""
    levels: list[list[Rule]] = []
    for rule in sorted(rules, key=lambda rule: rule.y):
        if levels and rule.y - levels[-1][0].y < 1.5:
            levels[-1].append(rule)
        else:
            levels.append([rule])
    found: list[Rule] = []
    for level in levels:
        begun = len(found)
        for rule in sorted(level, key=lambda rule: rule.left):
            if len(found) > begun and rule.left - found[-1].right < 2.5:
                found[-1] = Rule(found[-1].left, max(found[-1].right, rule.right), found[-1].y)
            else:
                found.append(rule)
    return sorted((rule for rule in found if rule.width >= MIN_RULE), key=lambda rule: (rule.y, rule.left))
