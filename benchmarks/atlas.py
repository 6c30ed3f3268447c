"""How well checkpoints are told by their shapes: all of timm, foreign heads and prefixes, and networks that are in no atlas.

    python -m benchmarks.atlas [--networks FILE]

Needs an environment with timm, torchvision and transformers (see tools/make_atlas.py); `--networks` is what that tool keeps, and spares
the five minutes of building. Tensors go through `inspect_checkpoint` as a reader of files would give them: without a word on what is a
parameter. Right is a family that the atlas's table gives to the network or to one of equal structure; a name is right where one of the
first three (the published name, then the closest) is the network's or that of a network of equal structure. Confidently wrong is a family
or a published name that is not right. Of changed networks (other widths, other depths) that equal no entry, every published name is
wrong, and every family but their origin's.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from auditor.architectures.atlas import look_up
from auditor.architectures.atlas_data import Entry, atlas
from auditor.architectures.atlas_shapes import multisets
from auditor.architectures.inspection import inspect_checkpoint
from auditor.blob import LocalBlob
from auditor.facts import Architecture, Checkpoint, Parameters
from auditor.formats.reading import read_contents
from benchmarks.atlas_changes import Tensors, with_foreign_head, with_other_depth, with_other_widths

NEEDED = ("timm", "torchvision", "transformers", "torch")
FOREIGN, CHANGED, WRITTEN = 200, 200, 60
SMALL = 8_000_000  # parameters of a network that is written to a file
# Families that are kinds of another, by whose more general name a network may rightly be called.
KINDS = {
    **dict.fromkeys(("deit", "beit", "eva", "dinov2", "vilt", "ast", "clip", "siglip"), "vit"),
    **dict.fromkeys(("mistral", "qwen2", "gemma"), "llama"),
    "poolformer": "metaformer",
    "big_bird": "bert",
}


@dataclass(slots=True)
class Score:
    """One line of the table."""

    what: str
    counts: bool = False  # whether learnable values were compared
    names: bool = False  # whether a right name exists
    asked: int = 0
    counted: int = 0
    family: int = 0
    named: int = 0
    wrong: int = 0
    unknown: int = 0
    seconds: list[float] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


class Truth:
    """What may be said of a network: its own names and families, and those of equal structure."""

    def __init__(self) -> None:
        self._entry: dict[tuple[str, str], Entry] = {(one.library, one.name): entry for entry in atlas().entries for one in entry.published}
        self._equal: defaultdict[str, set[str]] = defaultdict(set)
        for entry in atlas().entries:
            for one in entry.published:
                self._equal[f"{one.library}/{one.name}"].update(other.name for other in entry.published)

    def entry(self, library: str, name: str) -> Entry:
        """Return the network's entry."""
        return self._entry[library, name]

    def names(self, library: str, name: str) -> set[str]:
        """Return the names of the structure."""
        return self._equal[f"{library}/{name}"]

    def families(self, library: str, name: str) -> set[str]:
        """Return the families of the structure, under every word for them."""
        words = {one.family for one in self._entry[library, name].published}
        return words | {KINDS[word] for word in words if word in KINDS}


def inspect(tensors: Tensors) -> tuple[Parameters, Architecture, float]:
    """Return what the auditor says of the tensors, and the seconds it took."""
    begun = time.perf_counter()
    parameters, architecture, _ = inspect_checkpoint(Checkpoint(None, "torch_zip", None, None, "", tensors, ""))
    return parameters, architecture, time.perf_counter() - begun


def first_three(architecture: Architecture) -> list[str]:
    """Return the published name, then the closest, three at most."""
    names = dict.fromkeys((*((architecture.name,) if architecture.name else ()), *(name for name, _ in architecture.closest)))
    return list(names)[:3]


def judge(score: Score, truth: Truth, library: str, name: str, tensors: Tensors, learnable: int | None) -> None:
    """Add one network to a line."""
    parameters, architecture, seconds = inspect(tensors)
    names, families = truth.names(library, name), truth.families(library, name)
    right = architecture.family in families
    wrong = (architecture.family != "unknown" and not right) or (architecture.name is not None and not _says(architecture.name, names))
    named = bool(names & set(first_three(architecture)))
    score.asked += 1
    score.seconds.append(seconds)
    score.counted += learnable is not None and parameters.learnable == learnable
    score.family += right
    score.named += named
    score.wrong += wrong
    score.unknown += architecture.family == "unknown"
    if wrong or not right or not named or (learnable is not None and parameters.learnable != learnable):
        count = "" if learnable in (None, parameters.learnable) else f"learnable {parameters.learnable} of {learnable}"
        told = f"{architecture.family} {architecture.name} {first_three(architecture)}"
        score.bad.append(f"{'WRONG ' if wrong else ''}{library} {name} {sorted(families)}: {told} {count}")


def _says(told: str, names: set[str]) -> bool:
    """Tell whether a name is one of these, or a shorter one for the same sizes."""
    return any(f"{name}_".startswith(f"{told}_") for name in names)


def judge_alone(score: Score, truth: Truth, library: str, name: str, tensors: Tensors) -> None:
    """Ask the atlas alone, with the network's own entry taken out: what it says of a network that it does not know."""
    book = atlas()
    own = truth.entry(library, name)
    mass = [math.inf if entry is own else mass for entry, mass in zip(book.entries, book.mass, strict=True)]
    begun = time.perf_counter()
    match = look_up(tensors, replace(book, mass=mass))
    score.seconds.append(time.perf_counter() - begun)
    right = match.family in truth.families(library, name) or bool(truth.families(library, name).intersection(match.families))
    score.asked += 1
    score.family += right and match.family != "unknown"
    score.unknown += match.family == "unknown"
    score.wrong += match.family != "unknown" and not right
    if match.family != "unknown" and not right:
        score.bad.append(f"WRONG {library} {name} {sorted(truth.families(library, name))}: {match.family} {match.name} {match.score}")


def judge_changed(score: Score, truth: Truth, library: str, name: str, tensors: Tensors) -> None:
    """Add a network that is in no atlas."""
    _, architecture, seconds = inspect(tensors)
    foreign = architecture.family != "unknown" and architecture.family not in truth.families(library, name)
    score.asked += 1
    score.seconds.append(seconds)
    score.family += architecture.family != "unknown" and not foreign
    score.unknown += architecture.family == "unknown"
    score.wrong += foreign or architecture.name is not None
    if foreign or architecture.name is not None:
        score.bad.append(
            f"WRONG {library} {name}: {architecture.family} {architecture.name} {architecture.closest[:1]} {architecture.explained:.3f}"
        )


def written(networks: Iterable[tuple[str, Tensors]], folder: Path) -> Iterable[tuple[str, Tensors]]:
    """Write zeros of the networks' shapes as torch zip, safetensors and legacy files in turn, and yield what the readers read."""
    import torch
    from safetensors.torch import save_file

    for number, (name, tensors) in enumerate(networks):
        storages: dict[str, torch.Tensor] = {}
        state = {one.name: storages.setdefault(one.storage, torch.zeros(one.shape, dtype=getattr(torch, one.dtype))) for one in tensors}
        path = folder / f"{number}.bin"
        if number % 3 == 1:
            save_file({key: value.clone() for key, value in state.items()}, path)
        else:
            torch.save({"state_dict": state}, path, _use_new_zipfile_serialization=number % 3 == 0)
        blob = LocalBlob(path)
        content = read_contents(blob)[0]
        blob.close()
        path.unlink()
        if not isinstance(content, Checkpoint):
            raise SystemExit(f"{name} was not read: {content.reason}")
        yield name, content.tensors


def main() -> None:
    """Build or read the networks, ask, print the table."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(
            f"{', '.join(missing)} not installed: pip install torch timm transformers safetensors && pip install --no-deps torchvision"
        )
    from tools.make_atlas import body, networks, structure, tensors_of

    parser = argparse.ArgumentParser(description="Measure the atlas.")
    parser.add_argument("--networks", type=Path, help="networks kept by tools.make_atlas")
    parser.add_argument("--all", action="store_true", help="list everything that was not right")
    options = parser.parse_args()
    begun = time.perf_counter()
    found = networks(options.networks)
    built = time.perf_counter() - begun
    truth, chance = Truth(), Random(20)
    known = {frozenset(structure(one)[0].items()) for one in found}
    timm = [one for one in found if one.library == "timm"]
    scores = []

    for library in ("timm", "torchvision", "transformers"):
        scores.append(score := Score(f"all of {library}", counts=True, names=True))
        for one in found:
            if one.library == library:
                judge(score, truth, library, one.name, tensors_of(one.entries), one.learnable)

    scores.append(score := Score("from files (zip, safetensors, legacy)", counts=True, names=True))
    small = chance.sample([one for one in timm if one.learnable < SMALL], WRITTEN)
    with tempfile.TemporaryDirectory() as folder:
        for one, (_, tensors) in zip(small, written(((one.name, tensors_of(one.entries)) for one in small), Path(folder)), strict=True):
            judge(score, truth, "timm", one.name, tensors, one.learnable)

    scores.append(score := Score("foreign head, some prefix", names=True))
    for one in chance.sample(timm, FOREIGN):
        judge(score, truth, "timm", one.name, with_foreign_head(body(one), chance), None)

    scores.append(score := Score("own entry taken out, atlas alone"))
    for one in timm:
        judge_alone(score, truth, "timm", one.name, tensors_of(one.entries))

    for what, change in (("other widths, in no atlas", with_other_widths), ("other depths, in no atlas", with_other_depth)):
        scores.append(score := Score(what))
        for one in chance.sample(timm, len(timm)):
            before = body(one)
            tensors = change(before, chance)
            if score.asked == CHANGED:
                break
            if tensors is not None and not _same(tensors, before) and not known.intersection(_bodies(tensors)):
                judge_changed(score, truth, "timm", one.name, tensors)
    report(scores, built, time.perf_counter() - begun - built, options.all)


def _bodies(tensors: Tensors) -> tuple[frozenset[object], ...]:
    """Return the weights of a network, with and without the last one (a head's)."""
    weights = multisets(tensors).weights
    last = multisets([one for one in tensors if len(one.shape) >= 2][-1:]).weights
    return frozenset(weights.items()), frozenset((weights - last).items())


def _same(tensors: Tensors, before: Tensors) -> bool:
    """Tell whether a change left the weights as they were."""
    return multisets(tensors).weights == multisets(before).weights


def report(scores: list[Score], built: float, asked: float, everything: bool) -> None:
    """Print the table."""
    print(f"{'':38s} asked  learnable  family  first three  confidently  unknown  median")
    print(f"{'':38s}        exact      right   has name     wrong                 ms")
    for one in scores:
        shown = (one.counted if one.counts else None, one.family, one.named if one.names else None, one.wrong, one.unknown)
        shares = [f"{'-':>8s}" if number is None else f"{100 * number / one.asked:6.2f} %" for number in shown]
        print(f"{one.what:38s} {one.asked:5d}  {'   '.join(shares)}  {sorted(one.seconds)[len(one.seconds) // 2] * 1e3:6.1f}")
    print(f"built or read in {built:.0f} s, asked in {asked:.0f} s; " + ", ".join(f"{name} {v}" for name, v in atlas().versions.items()))
    for one in scores:
        for line in one.bad if everything else [line for line in one.bad if line.startswith("WRONG")][:40]:
            print(f"  {one.what}: {line}")


if __name__ == "__main__":
    main()
