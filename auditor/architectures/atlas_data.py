"""The atlas as it lies in the package: entries, shapes, and an index from shapes to entries. Loaded once, when first asked for."""

from __future__ import annotations

import json
import math
import zlib
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from auditor.architectures.atlas_shapes import Dims

FILE = Path(__file__).parent / "data" / "atlas.json.z"
LIMIT = 64 << 20  # bytes of the unpacked file, a guard against a damaged installation


@dataclass(frozen=True, slots=True)
class Published:
    """One name that a library gives to a structure, with the tags of its published weights."""

    library: str
    name: str
    family: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One structure: its names (plainest first), counts, and flat lists [shape number or vector length, count, ...]."""

    published: tuple[Published, ...]
    learnable: int
    buffers: int
    weights: list[int]
    head: list[int]
    vectors: list[int]

    @property
    def name(self) -> str:
        """Return the plainest name."""
        return self.published[0].name

    @property
    def family(self) -> str:
        """Return the family of the plainest name."""
        return self.published[0].family


@dataclass(frozen=True, slots=True)
class Atlas:
    """All known structures, and for each shape which of them have it how often."""

    versions: Mapping[str, str]
    entries: tuple[Entry, ...]
    numbers: Mapping[Dims, int]  # shape -> its number
    rarity: list[float]  # by number: the logarithm of how few entries have the shape
    holders: list[array[int]]  # by number: [entry, count, entry, count, ...]
    mass: list[float]  # by entry: the rarities of its weights together

    def rarest(self) -> float:
        """Return the rarity of a shape that a single entry has."""
        return math.log(1 + len(self.entries))


@lru_cache(maxsize=1)
def atlas() -> Atlas:
    """Return the atlas."""
    record = json.loads(zlib.decompressobj().decompress(FILE.read_bytes(), LIMIT))
    entries = tuple(_entry(row, record["libraries"], record["families"]) for row in record["entries"])
    numbers = {tuple(dims): number for number, dims in enumerate(record["shapes"])}
    holders = [array("H") for _ in numbers]
    for place, entry in enumerate(entries):
        for number, count in pairs(entry.weights):
            holders[number].extend((place, count))
    rarity = [math.log((1 + len(entries)) / max(1, len(found) // 2)) for found in holders]
    mass = [sum(rarity[number] * count for number, count in pairs(entry.weights)) for entry in entries]
    return Atlas(record["versions"], entries, numbers, rarity, holders, mass)


def pairs(flat: list[int]) -> Iterator[tuple[int, int]]:
    """Return the pairs of a flat list."""
    return zip(flat[::2], flat[1::2], strict=True)


def _entry(row: list[Any], libraries: list[str], families: list[str]) -> Entry:
    called, learnable, buffers, weights, head, vectors = row
    published = tuple(Published(libraries[library], name, families[family], tuple(tags)) for library, name, family, tags in called)
    return Entry(published, learnable, buffers, weights, head, vectors)
