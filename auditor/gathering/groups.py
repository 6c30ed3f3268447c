"""Files that are one checkpoint together: shards are counted as the whole that they are, never as variants of one another."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from auditor.architectures.inspection import inspect_checkpoint
from auditor.errors import AuditError
from auditor.facts import Artifact, Inspected, Safety, Status, Unreadable
from auditor.formats.grouping import DEEPSPEED, SHARDS, FileGroup, group_names
from auditor.formats.safetensors_index import index_disagreements

INDEX = ".index.json"
INDEX_BYTES = 16 << 20
_SAFETIES = ("plain", "suspicious", "dangerous")


def joined(artifacts: Sequence[Artifact]) -> tuple[Artifact, ...]:
    """Return the artifacts with the shards of each checkpoint joined into the first of them.

    Where not all shards were read, each keeps its own tensors and a warning that its count is not that of the whole, so that it is
    held against nobody.
    """
    result = list(artifacts)
    for places in _by_listing(artifacts).values():
        for group in group_names(artifacts[place].name for place in places):
            members = [place for place in places if artifacts[place].name in group.members]
            if group.kind == SHARDS:
                _join(result, members, group)
            elif group.kind == DEEPSPEED and len(members) > 1:
                for place in members:
                    result[place] = _warned(result[place], f"part of {group.name}: its tensors are partitioned over {len(members)} files")
    return tuple(result)


def _by_listing(artifacts: Sequence[Artifact]) -> dict[tuple[str | None, str], list[int]]:
    """Return the positions of the artifacts of each listing."""
    listings: dict[tuple[str | None, str], list[int]] = {}
    for place, artifact in enumerate(artifacts):
        listings.setdefault((artifact.link, artifact.host), []).append(place)
    return listings


def _join(result: list[Artifact], members: Sequence[int], group: FileGroup) -> None:
    """Put all tensors of a group into its first member, where every shard was read."""
    shards = [place for place in members if not result[place].name.endswith(INDEX)]
    items = [[item for item in result[place].contents if isinstance(item, Inspected)] for place in shards]
    if group.missing or not shards or any(len(found) != 1 for found in items):
        for place in shards:
            result[place] = _warned(result[place], f"one of the shards of {group.name}, of which not all were read")
        return
    parts = [found[0].checkpoint for found in items]
    whole = replace(
        parts[0],
        tensors=tuple(tensor for part in parts for tensor in part.tensors),
        sha256=hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest(),
        storage_bytes=sum(part.storage_bytes for part in parts),
        size=sum(part.size or 0 for part in parts) or None,
        safety=Safety(
            max((part.safety.verdict for part in parts), key=_SAFETIES.index), tuple(r for part in parts for r in part.safety.reasons)
        ),
        warnings=tuple(dict.fromkeys(warning for part in parts for warning in part.warnings)),
    )
    parameters, architecture, fingerprint = inspect_checkpoint(whole)
    first, *others = shards
    joined_item = replace(items[0][0], checkpoint=whole, parameters=parameters, architecture=architecture, fingerprint=fingerprint)
    result[first] = replace(result[first], contents=(joined_item,), detail=f"read with the other {len(others)} shards of {group.name}")
    for place in others:
        reason = f"a shard of {group.name}, counted with {result[first].name}"
        result[place] = replace(result[place], contents=(Unreadable(None, reason, "not_a_checkpoint", Status.OK),), detail=reason)


def _warned(artifact: Artifact, warning: str) -> Artifact:
    """Return the artifact with a warning on each of its checkpoints."""
    contents = tuple(
        replace(item, checkpoint=replace(item.checkpoint, warnings=(*item.checkpoint.warnings, warning)))
        if isinstance(item, Inspected)
        else item
        for item in artifact.contents
    )
    return replace(artifact, contents=contents)


def index_notes(artifacts: Sequence[Artifact], read: Callable[[int], bytes]) -> dict[int, tuple[str, ...]]:
    """Return, for each index of shards by its position, where it and its shards disagree; `read` gives the bytes of an artifact.

    Must see the artifacts before `joined`. An index that cannot be read says nothing here.
    """
    notes: dict[int, tuple[str, ...]] = {}
    for places in _by_listing(artifacts).values():
        shards: Mapping[str, list[str]] = {
            artifacts[place].name.rpartition("/")[2]: [
                item.checkpoint.prefix + tensor.name
                for item in artifacts[place].contents
                if isinstance(item, Inspected)
                for tensor in item.checkpoint.tensors
            ]
            for place in places
            if any(isinstance(item, Inspected) for item in artifacts[place].contents)
        }
        for place in places:
            if artifacts[place].name.endswith(INDEX) and artifacts[place].status is not Status.SKIPPED:
                try:
                    notes[place] = index_disagreements(read(place), shards)
                except AuditError:
                    continue
    return notes
