"""Keras v3's `.keras`: a zip of `config.json`, `metadata.json` and `model.weights.h5`. The configuration is read as text alone.

See keras/src/saving/saving_lib.py. Lambda layers and custom objects in the configuration are code: nothing of it is resolved.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from auditor.blob import Blob, BytesBlob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Safety
from auditor.formats.extents import RememberedBlob
from auditor.formats.hdf5 import read_hdf5
from auditor.formats.interface import Limits
from auditor.formats.zip_directory import STORED, ZipEntry, read_directory, read_member, stored_blob
from auditor.formats.zip_front import first_member

_WEIGHTS = "model.weights.h5"
_LARGEST_JSON = 16 << 20


class KerasArchive:
    """Reads the weights' names and shapes in a `.keras` file, and what its configuration calls the model."""

    name = "keras_v3"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the first member of a zip is one of Keras's."""
        return first_member(head) in ("metadata.json", "config.json", _WEIGHTS)

    def fits(self, names: Collection[str]) -> bool:
        """Tell whether a zip with these members is Keras's."""
        return {"config.json", _WEIGHTS} <= set(names)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError`, `MissingExtra` and `NetworkError`."""
        blob = blob if isinstance(blob, RememberedBlob) else RememberedBlob(blob)
        directory = read_directory(blob, limits)
        if not self.fits([entry.name for entry in directory.entries]):
            raise FormatError("not a file of Keras v3", f"it has no config.json beside {_WEIGHTS}")
        return self.read_entries(blob, directory.entries, limits)

    def read_entries(self, blob: Blob, entries: tuple[ZipEntry, ...], limits: Limits) -> Checkpoint:
        """Return the checkpoint of the members."""
        members = {entry.name: entry for entry in entries}
        said = _metadata(_json(blob, members.get("metadata.json"))) + _model(_json(blob, members["config.json"]))
        checkpoint = read_hdf5(_weights(blob, members[_WEIGHTS], limits), limits, self.name, tuple(said))
        lambdas = [value for key, value in said if key == "layers with code"]
        safety = Safety("suspicious", tuple(f"has layers that carry code: {value}" for value in lambdas)) if lambdas else checkpoint.safety
        return replace(checkpoint, header_name=_WEIGHTS, safety=safety, size=blob.size)


def _weights(blob: Blob, entry: ZipEntry, limits: Limits) -> Blob:
    """Return the member with the weights: a window where it is stored, unpacked whole where it is not too large."""
    if entry.method == STORED and not entry.is_encrypted:
        return stored_blob(blob, entry, 1 << 16)
    if entry.size > limits.inflated_bytes:
        raise LimitError("the weights are compressed and too large to be unpacked", f"{entry.size} bytes", "unpack it and inspect the file")
    return BytesBlob(read_member(blob, entry, limits.inflated_bytes), _WEIGHTS)


def _json(blob: Blob, entry: ZipEntry | None) -> dict[str, Any]:
    """Return a member as JSON, empty where it is missing, too large or broken: names and shapes do not hang on it."""
    if entry is None or entry.size > _LARGEST_JSON:
        return {}
    try:
        value = json.loads(read_member(blob, entry, _LARGEST_JSON))
    except (ValueError, RecursionError, FormatError):
        return {}
    return value if isinstance(value, dict) else {}


def _metadata(value: dict[str, Any]) -> list[tuple[str, str]]:
    return [(str(key), item) for key, item in value.items() if isinstance(item, str)]


def _model(value: dict[str, Any]) -> list[tuple[str, str]]:
    """Return class and name of the model, its optimizer, and its layers that carry code."""
    config, compiled = value.get("config"), value.get("compile_config")
    found = [("model_config.class_name", value.get("class_name"))]
    if isinstance(config, dict):
        found.append(("model_config.name", config.get("name")))
        layers = config.get("layers")
        classes = [layer.get("class_name") for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
        coded = [str(name)[:40] for name in classes if name in ("Lambda", "TFOpLambda")]
        if coded:
            found.append(("layers with code", ", ".join(coded[:4])))
    optimizer = compiled.get("optimizer") if isinstance(compiled, dict) else None
    if isinstance(optimizer, dict):
        found.append(("compile_config.optimizer", optimizer.get("class_name")))
    elif isinstance(optimizer, str):
        found.append(("compile_config.optimizer", optimizer))
    return [(key, item) for key, item in found if isinstance(item, str)]
