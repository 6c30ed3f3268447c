"""Makes auditor/architectures/data/atlas.json.z, the atlas of known networks, from timm, torchvision and transformers.

Run it from the top of a checkout, in an environment of its own (the auditor itself imports none of these):

    python -m venv atlas-venv
    atlas-venv/bin/pip install -c constraints.txt torch==2.13.0 timm transformers
    atlas-venv/bin/pip install --no-deps torchvision
    atlas-venv/bin/python -m tools.make_atlas [--networks FILE]

torchvision comes without its dependencies since no build of its compiled operators exists for torch's CPU wheels; an empty module
stands in for the one part that needs them (see `tools.atlas_sources.prepare`). Every network is built on torch's meta device, so no
value is ever made; about ten minutes on two cores. `--networks` keeps what was built (names and shapes, some megabytes) for a second
run and for benchmarks/atlas.py. The same versions give the same bytes.

The file is zlib over JSON: {"versions", "libraries", "families", "shapes": [[dims]], "entries": [entry]} with
entry = [[[library, name, family, [tag]]...], learnable, buffers, weights, head, vectors]. `weights` and `head` are flat lists
[shape number, count, ...] of canonical shapes (see auditor/architectures/atlas_shapes.py), `vectors` is [length, count, ...]; weights
and vectors leave the head out. Numbers of libraries and families are places in their lists. Networks whose weights and vectors are
equal share one entry, the plainest name first.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import pickle
import sys
import zlib
from collections import Counter
from pathlib import Path

from auditor.architectures.atlas_shapes import Dims, multisets
from auditor.facts import Tensor
from tools import atlas_sources
from tools.atlas_sources import Built, Entry

TARGET = Path(__file__).parent.parent / "auditor" / "architectures" / "data" / "atlas.json.z"
LIBRARIES = ("timm", "torchvision", "transformers")  # whose name stands first where structures are equal
PROCESSES = 2
CHUNK = 8


def main() -> None:
    """Build everything, or read what was kept, and write the file."""
    parser = argparse.ArgumentParser(description="Make the atlas of known networks.")
    parser.add_argument("--networks", type=Path, help="keep the built networks here, or use those that are there")
    options = parser.parse_args()
    data = encode(networks(options.networks), atlas_sources.versions())
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(data)
    print(f"{TARGET.name}: {len(data):,} bytes")


def networks(kept: Path | None = None) -> tuple[Built, ...]:
    """Return every network that can be built, and say which cannot; `kept` is a file of this tool's own."""
    if kept and kept.exists():
        return tuple(pickle.loads(kept.read_bytes()))
    wanted = atlas_sources.names()
    chunks = [wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK)]
    found: list[Built] = []
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        for results in pool.imap(_chunk, chunks):
            for one in results:
                if isinstance(one, Built):
                    found.append(one)
                else:
                    print("not built:", *one, file=sys.stderr)
            print(f"{len(found)} of {len(wanted)}", end="\r", file=sys.stderr)
    if kept:
        kept.write_bytes(pickle.dumps(tuple(found)))
    return tuple(found)


def _chunk(wanted: tuple[tuple[str, str], ...]) -> list[Built | tuple[str, str, str]]:
    return list(atlas_sources.build_all(wanted))


def tensors_of(entries: tuple[Entry, ...]) -> tuple[Tensor, ...]:
    """Return a state dict as a reader of a file gives it: without word on what is a parameter, tied tensors in one storage."""
    return tuple(Tensor(entry.name, entry.shape, entry.dtype, storage=entry.tied) for entry in entries)


def body(network: Built) -> tuple[Tensor, ...]:
    """Return a network's tensors without the head's."""
    return tensors_of(tuple(entry for entry in network.entries if not (network.head and entry.name.startswith(network.head))))


def structure(network: Built) -> tuple[Counter[Dims], Counter[Dims], Counter[int]]:
    """Return the weights without the head, the head's weights, and the vectors without the head's."""
    inside = tuple(entry for entry in network.entries if network.head and entry.name.startswith(network.head))
    without = multisets(body(network))
    return without.weights, multisets(tensors_of(inside)).weights, without.vectors


def key_of(network: Built) -> tuple[object, ...]:
    """Return what is equal for networks of equal structure, whatever their heads are."""
    weights, _, vectors = structure(network)
    return tuple(sorted(weights.items())), tuple(sorted(vectors.items()))


def encode(found: tuple[Built, ...], versions: dict[str, str]) -> bytes:
    """Return the file's bytes."""
    groups: dict[tuple[object, ...], list[Built]] = {}
    for network in found:
        groups.setdefault(key_of(network), []).append(network)
    entries = sorted((sorted(group, key=_plainness) for group in groups.values()), key=lambda group: _plainness(group[0]))
    families = sorted({network.family for network in found})
    common: Counter[Dims] = Counter()
    for group in entries:
        common.update([*structure(group[0])[0], *_heads(group)])
    shapes = sorted(common, key=lambda dims: (-common[dims], dims))
    number = {dims: place for place, dims in enumerate(shapes)}
    rows = []
    for group in entries:
        weights, _, vectors = structure(group[0])
        called = [[LIBRARIES.index(one.library), one.name, families.index(one.family), list(_tags(one))] for one in group]
        counts = [_flat({number[dims]: count for dims, count in part.items()}) for part in (weights, _heads(group))]
        rows.append([called, group[0].learnable, group[0].buffers, *counts, _flat(vectors)])
    record = {
        "versions": versions,
        "libraries": list(LIBRARIES),
        "families": families,
        "shapes": [list(dims) for dims in shapes],
        "entries": rows,
    }
    return zlib.compress(json.dumps(record, separators=(",", ":"), ensure_ascii=True).encode(), 9)


def _heads(group: list[Built]) -> Counter[Dims]:
    """Return what the heads of the group's networks hold at most."""
    most: Counter[Dims] = Counter()
    for network in group:
        most |= structure(network)[1]
    return most


def _plainness(network: Built) -> tuple[int, int, str]:
    return LIBRARIES.index(network.library), len(network.name), network.name


def _tags(network: Built) -> tuple[str, ...]:
    return tuple(tag.partition(".")[2] for tag in network.tags)


def _flat(counts: dict[int, int] | Counter[int]) -> list[int]:
    return [number for pair in sorted(counts.items()) for number in pair]


if __name__ == "__main__":
    main()
