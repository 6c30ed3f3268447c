"""Shards are counted as one checkpoint; where not all were read, their counts accuse nobody."""

from __future__ import annotations

import json
import struct

from auditor.checks.comparing import measured_completely
from auditor.facts import Inspected
from auditor.gathering.artifacts import gather_artifacts
from auditor.hosts.registry import HOSTS
from auditor.net import Network
from auditor.progress import Silent


def safetensors(**shapes):
    offset, header = 0, {}
    for name, shape in shapes.items():
        size = 4
        for side in shape:
            size *= side
        header[name.replace("__", ".")] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(offset)


ONE, TWO = safetensors(a__weight=(4, 4), a__bias=(4,)), safetensors(b__weight=(2, 4))
NAMES = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


def gathered(tmp_path, **files):
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return gather_artifacts((), Network(), HOSTS, Silent(), given=[str(tmp_path)]).artifacts


def test_shards_are_one_checkpoint(tmp_path):
    artifacts = gathered(tmp_path, **dict(zip(NAMES, (ONE, TWO), strict=True)))
    found = [item for artifact in artifacts for item in artifact.contents if isinstance(item, Inspected)]
    assert len(found) == 1
    assert found[0].parameters.learnable == 16 + 4 + 8
    assert [t.name for t in found[0].checkpoint.tensors] == ["a.weight", "a.bias", "b.weight"]
    assert all(artifact.status == "ok" for artifact in artifacts)


def test_a_shard_alone_is_never_a_whole_count(tmp_path):
    (artifact,) = gathered(tmp_path, **{NAMES[0]: ONE})
    (item,) = artifact.contents
    assert any("not all were read" in warning for warning in item.checkpoint.warnings)
    assert not measured_completely(item)


def test_an_index_is_held_against_its_shards(tmp_path):
    index = {"metadata": {}, "weight_map": {"a.weight": NAMES[0], "a.bias": NAMES[0], "b.weight": NAMES[1], "c.weight": NAMES[1]}}
    artifacts = gathered(
        tmp_path, **dict(zip(NAMES, (ONE, TWO), strict=True)), **{"model.safetensors.index.json": json.dumps(index).encode()}
    )
    (notes,) = [artifact.disagreements for artifact in artifacts if artifact.disagreements]
    assert any("c.weight" in note for note in notes)
    right = dict(index, weight_map={k: v for k, v in index["weight_map"].items() if k != "c.weight"})
    artifacts = gathered(tmp_path, **{"model.safetensors.index.json": json.dumps(right).encode()})
    assert not any(artifact.disagreements for artifact in artifacts)
