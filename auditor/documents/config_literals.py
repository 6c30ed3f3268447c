"""Settings of YAML and JSON configuration files as literals with their lines; nothing is constructed from a tag.

Only the nodes of the text are read, so that `!!python/object` builds nothing. An alias is a node that stands in two
places: elements are counted as they are visited, and a text that multiplies past `MAX_ELEMENTS` gives what was found before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from auditor.facts import Literal

if TYPE_CHECKING:
    import yaml

MAX_CHARACTERS = 200_000
MAX_DEPTH = 20
MAX_ELEMENTS = 20_000
MAX_QUOTE = 400


class Lines:
    """A text's lines as editors number them; YAML's own marks count rarer line separators too, which no editor shows as lines."""

    def __init__(self, text: str) -> None:
        self._lines = re.split(r"\r\n?|\n", text)
        self._ends = [match.end() for match in re.finditer(r"\r\n?|\n", text)]

    def number(self, offset: int) -> int:
        """Return the line, from 1, of a place in the text."""
        return bisect_right(self._ends, offset) + 1

    def text(self, number: int) -> str:
        """Return a line by its number; empty where there is none."""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else ""


def read_config_literals(text: str) -> tuple[Literal, ...]:
    """Return the settings of a YAML or JSON text, by dotted names, with the line and text of each. Never raises: else nothing."""
    import yaml

    if len(text) > MAX_CHARACTERS:
        return ()
    lines = Lines(text)
    found: list[Literal] = []
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None:
            found.extend(walked(root, "", lines, [MAX_ELEMENTS], 0))
    except (yaml.YAMLError, RecursionError, ValueError, LookupError):
        return tuple(found)
    return tuple(found)


def walked(node: yaml.Node, prefix: str, lines: Lines, left: list[int], depth: int) -> Iterator[Literal]:
    """Yield the entries of a mapping, and those of the mappings in it with dotted names."""
    import yaml

    if not isinstance(node, yaml.MappingNode) or depth > MAX_DEPTH:
        return
    for key, value in node.value:
        left[0] -= 1
        if left[0] < 0:
            return
        if not isinstance(key, yaml.ScalarNode):
            continue
        name = f"{prefix}{key.value}"[:200]
        if isinstance(value, yaml.MappingNode):
            yield from walked(value, f"{name}.", lines, left, depth + 1)
            continue
        plain = value_of(value, left, depth + 1)
        if plain is not None:
            first, last = lines.number(key.start_mark.index), lines.number(max(0, value.end_mark.index - 1))
            yield Literal(name, plain, first, lines.text(first).strip()[:MAX_QUOTE], end=last)


def value_of(node: yaml.Node, left: list[int], depth: int) -> Any:
    """Return a scalar or a list of plain values; None for anything else, or when the elements are used up."""
    import yaml

    left[0] -= 1
    if left[0] < 0 or depth > MAX_DEPTH:
        return None
    if isinstance(node, yaml.ScalarNode):
        return scalar(node.tag, str(node.value))
    if isinstance(node, yaml.SequenceNode):
        return [value_of(item, left, depth + 1) for item in node.value]
    return None


def scalar(tag: str, text: str) -> Any:
    """Return the number, truth value or text that a YAML scalar stands for; None for null and for foreign tags."""
    kind = tag.rpartition(":")[2]
    if kind == "int" and text.lstrip("+-").isdigit() and len(text) < 16:
        return int(text)
    if kind == "float":
        try:
            return float(text.replace("_", ""))
        except ValueError:
            return None
    if kind == "bool":
        return text.lower() in ("true", "yes", "on")
    return text[:10_000] if kind == "str" else None
