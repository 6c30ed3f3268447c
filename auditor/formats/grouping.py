"""Which files of one listing belong together: shards of one checkpoint, folders of one checkpoint, a prefix's files. Pure.

Names alone decide, since they are how the formats themselves tie their files: `-00001-of-00005`, `model.ckpt-100.index` with
`.data-00000-of-00002`, `mp_rank_00_model_states.pt`, `__0_0.distcp` beside `.metadata`, `saved_model.pb` above `variables/`.
A group is one checkpoint: its members are never variants of one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

SHARDS, DEEPSPEED, DISTRIBUTED, ORBAX, SAVED_MODEL, TENSORFLOW, SPLIT, BESIDE = (
    "shards",
    "deepspeed",
    "torch_dcp",
    "orbax",
    "saved_model",
    "tensorflow_checkpoint",
    "split_archive",
    "values_beside",
)
"""Kinds of groups. `values_beside`: a text or graph with names and shapes, and a file with the values (`.xml` + `.bin`)."""


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Files that are one checkpoint together."""

    name: str  # what the group would be called: the name without the shard's number, the folder, the prefix
    kind: str
    members: tuple[str, ...]  # as listed
    missing: tuple[str, ...] = ()  # shards that the numbers promise and the listing lacks


_SHARD = re.compile(r"^(?P<stem>.+?)[-_.](?P<n>\d{1,6})-of-(?P<count>\d{1,6})(?P<end>(\.[A-Za-z0-9_]{1,16}){0,3})$")
_DATA = re.compile(r"^(?P<stem>.+)\.(?:data-\d{5}-of-\d{5}|index|meta)(?:\.tempstate\d+)?$")
_DEEPSPEED = re.compile(
    r"^(?:(?:bf16_)?zero_pp_rank_\d+_)?mp_rank_\d+_(?:model|optim)_states\.pt$|^(?:bf16_)?zero_pp_rank_\d+_mp_rank_\d+_\w+\.pt$"
    r"|^layer_\d+-model_(?:\d+-model_)?states\.pt$|^layer_\d+_expert_\d+_mp_rank_\d+_\w+\.pt$|^expert_\d+_mp_rank_\d+_\w+\.pt$"
)
_SPLIT = re.compile(
    r"^(?P<stem>.+?)(?:\.(?P<kind>zip|7z|tar|rar|tar\.gz|tgz|tar\.xz|tar\.bz2)\.(?:part)?(?P<n>\d{2,4}|[a-z]{2})"
    r"|\.z(?P<z>\d{2})|\.part(?P<p>\d{1,4})\.rar|\.r(?P<r>\d{2}))$",
    re.IGNORECASE,
)
_INDEX = re.compile(r"^(?P<stem>.+?\.(?:safetensors|bin|msgpack|h5))\.index\.json$")
_PAIRS = ((".xml", ".bin"), (".param", ".bin"), (".prototxt", ".caffemodel"), (".cfg", ".weights"), ("-symbol.json", "-0000.params"))


def group_names(names: Iterable[str]) -> tuple[FileGroup, ...]:
    """Return the groups among the names of one listing, in the order of their first members; files that stand alone are in none.

    Names may have folders with slashes. A name is in one group at most.

    >>> group_names(["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "b.pth"])[0].name
    'model.safetensors'
    """
    listed = tuple(dict.fromkeys(names))
    taken: dict[str, tuple[str, str]] = {}  # name to (kind, group)
    for find in (_folders, _prefixes, _shards, _split, _pairs):
        for name, key in find([name for name in listed if name not in taken]).items():
            taken.setdefault(name, key)
    groups: dict[tuple[str, str], list[str]] = {}
    for name in listed:
        if name in taken:
            groups.setdefault(taken[name], []).append(name)
    return tuple(
        FileGroup(group, kind, tuple(members), _missing(members) if kind == SHARDS else ())
        for (kind, group), members in groups.items()
        if len(members) > 1 or kind in (SHARDS, SPLIT, DEEPSPEED)
    )


def _place(name: str) -> tuple[str, str]:
    folder, slash, last = name.replace("\\", "/").rpartition("/")
    return folder + slash, last


def _folders(names: list[str]) -> dict[str, tuple[str, str]]:
    """Find folders that are one checkpoint: SavedModel, DCP, Orbax, DeepSpeed."""
    roots: dict[str, str] = {}
    for name in names:
        folder, last = _place(name)
        if last in ("saved_model.pb", "saved_model.pbtxt"):
            roots[folder] = SAVED_MODEL
        elif last == ".metadata" and any(_place(other)[0] == folder and other.endswith(".distcp") for other in names):
            roots[folder] = DISTRIBUTED
        elif last in ("manifest.ocdbt", "_METADATA", "_CHECKPOINT_METADATA"):
            roots.setdefault(folder, ORBAX)
        elif _DEEPSPEED.match(last):
            roots[folder] = DEEPSPEED
    outermost = {folder: kind for folder, kind in roots.items() if not _has_parent(folder, kind, roots)}
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        inside = [
            folder for folder in outermost if name.replace("\\", "/").startswith(folder) and _belongs(name, folder, outermost[folder])
        ]
        if inside:
            folder = max(inside, key=len)
            found[name] = (outermost[folder], folder.rstrip("/") or ".")
    return found


def _has_parent(folder: str, kind: str, roots: dict[str, str]) -> bool:
    return any(other != folder and folder.startswith(other) and roots[other] == kind == ORBAX for other in roots)


def _belongs(name: str, folder: str, kind: str) -> bool:
    """Tell whether a file below a folder is part of its checkpoint, and no neighbor that lies in the same folder."""
    rest = name.replace("\\", "/")[len(folder) :]
    if kind == SAVED_MODEL:
        return rest.startswith(("saved_model.pb", "variables/", "assets/", "assets.extra/", "fingerprint.pb", "keras_metadata.pb"))
    if kind == DISTRIBUTED:
        return rest == ".metadata" or ("/" not in rest and rest.endswith(".distcp"))
    if kind == DEEPSPEED:
        return bool(_DEEPSPEED.match(rest))
    if folder == "":
        return rest.startswith(("ocdbt.", "manifest.ocdbt", "_", "d/", "array_metadatas/", "default/", "state/", "params/", "metadata/"))
    return True


def _prefixes(names: list[str]) -> dict[str, tuple[str, str]]:
    """Find TensorFlow's checkpoints: a prefix with `.index`, `.data-...` and perhaps `.meta`."""
    found: dict[str, tuple[str, str]] = {}
    with_data = {match["stem"] for name in names if (match := _DATA.match(name)) and ".data-" in name[len(match["stem"]) :]}
    for name in names:
        match = _DATA.match(name)
        if match and match["stem"] in with_data:
            found[name] = (TENSORFLOW, match["stem"])
    return found


def _shards(names: list[str]) -> dict[str, tuple[str, str]]:
    """Find numbered shards of one count, and the index beside them."""
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        match = _SHARD.match(name)
        if match and 1 < int(match["count"]) <= 100_000 and int(match["n"]) <= int(match["count"]):
            found[name] = (SHARDS, match["stem"] + match["end"])
    groups = {group for _, group in found.values()}
    for name in names:
        match = _INDEX.match(name)
        if match and match["stem"] in groups:
            found[name] = (SHARDS, match["stem"])
    return found


def _split(names: list[str]) -> dict[str, tuple[str, str]]:
    """Find the parts of split archives."""
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        match = _SPLIT.match(name)
        if match:
            kind = match["kind"] or ("zip" if match["z"] else "rar")
            found[name] = (SPLIT, f"{match['stem']}.{kind.lower()}")
    groups = {group.lower() for _, group in found.values()}
    for name in names:
        if name not in found and name.lower() in groups:  # the last part of a split zip or the first of an old rar has the plain name
            found[name] = (SPLIT, name)
    return found


def _pairs(names: list[str]) -> dict[str, tuple[str, str]]:
    """Find a description and the values that lie beside it."""
    held = set(names)
    found: dict[str, tuple[str, str]] = {}
    for name in names:
        for first, second in _PAIRS:
            if name.endswith(first) and name[: -len(first)] + second in held:
                found.setdefault(name, (BESIDE, name[: -len(first)]))
                found.setdefault(name[: -len(first)] + second, (BESIDE, name[: -len(first)]))
    return found


def _missing(members: list[str]) -> tuple[str, ...]:
    """Return the names of shards that the numbers promise and that are not listed."""
    numbered = [(name, match) for name in members if (match := _SHARD.match(name))]
    counts = {int(match["count"]) for _, match in numbered}
    if len(counts) != 1:
        return ()
    count = counts.pop()
    there = {int(match["n"]) for _, match in numbered}
    first = 0 if 0 in there else 1
    name, match = numbered[0]
    lacking = [n for n in range(first, first + count) if n not in there][:100]
    return tuple(f"{name[: match.start('n')]}{n:0{len(match['n'])}d}{name[match.end('n') :]}" for n in lacking)


_PART_SAID = {"z": "zip", "p": "rar", "r": "rar"}


def split_part(name: str) -> str:
    """Return in words which part of a split archive a name says that it is, "" where it says nothing of the kind.

    >>> split_part("weights.zip.002")
    'part 2 of a split zip'
    """
    match = _SPLIT.match(name.rsplit("/", 1)[-1])
    if match is None:
        return ""
    for key, kind in _PART_SAID.items():
        if match[key]:
            return f"part {int(match[key]) + (2 if key == 'r' else 0)} of a split {kind}"
    number = match["n"]
    return f"part {int(number) if number.isdigit() else number} of a split {match['kind'].lower()}"
