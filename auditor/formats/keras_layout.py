"""Where in an HDF5 file of Keras the weights are, what they are called and in which order, and what it says of training."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from auditor.facts import Training
from auditor.formats.plain_headers import Described, size_of

_NOT_WEIGHTS = re.compile(r"^(optimizer_weights|optimizer|_?optimizer[^/]*|metrics|_metrics|loss_tracker)$", re.IGNORECASE)
_STATISTICS = re.compile(r"(^|/)(moving_mean|moving_variance|moving_var)(:0)?$")
_NORMALIZATION = re.compile(r"^batch_normalization(_\d+)?$")
_NAMES = re.compile(r"^(layer_names|weight_names)\d*$")
_MARKS = ("keras_version", "model_config", "layer_names", "backend")


@dataclass(frozen=True, slots=True)
class KerasFile:
    """What was found in a file: datasets by their paths, and the attributes of its outer groups."""

    datasets: tuple[Described, ...]
    attributes: dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Arranged:
    """The weights in Keras's own order and under its own names, and what else there is."""

    weights: tuple[Described, ...]
    state_key: str | None
    is_keras: bool
    root: dict[str, Any]
    optimizer_bytes: int
    warnings: tuple[str, ...]

    def training(self, entries: tuple[tuple[str, str], ...]) -> Training:
        """Return the optimizer and the plain entries; `entries` stand before the file's own."""
        kind = _configured(self.root.get("training_config"), "optimizer_config", "class_name") if self.root else None
        kind = kind or next((value for key, value in entries if key == "compile_config.optimizer"), None)
        plain = [(key, str(value)) for key, value in self.root.items() if not _NAMES.match(key)]
        name = _configured(self.root.get("model_config"), "config", "name")
        model = [("model_config.name", name)] if name else []
        optimizer = kind if self.optimizer_bytes or kind is None else f"{kind}, without its state"
        return Training(
            optimizer=optimizer or ("present" if self.optimizer_bytes else None),
            optimizer_bytes=self.optimizer_bytes,
            metadata=(*entries, *model, *plain),
        )


def arranged(file: KerasFile) -> Arranged:
    """Tell weights from optimizer state; give the names and the order that Keras's attributes list."""
    root = file.attributes.get("", {})
    top = "model_weights" if any(item.name.startswith("model_weights/") for item in file.datasets) else ""
    inner = [item for item in file.datasets if not top or item.name.startswith(top + "/")]
    weights = [item for item in inner if not _NOT_WEIGHTS.match(item.name[len(top) :].lstrip("/").split("/", 1)[0])]
    state = [item for item in file.datasets if _NOT_WEIGHTS.match(item.name.split("/", 1)[0])]
    weights = weights or (inner if not state else [])
    is_new = any("/vars/" in f"/{item.name}" for item in weights)
    is_keras = bool(top) or is_new or any(mark in root for mark in _MARKS)
    order = _order(file.attributes, top)
    weights.sort(key=lambda item: order.get(item.name, len(order)))  # stable: the file's order where Keras says none
    named = [replace(item, name=item.name[len(top) :].lstrip("/")) for item in weights]
    listed = {path for path in order if path.startswith(top)}
    missing = sorted(listed - {item.name for item in weights})
    warnings = [f"Keras lists weight {name[:120]!r}, which is not in the file" for name in missing[:5]]
    return Arranged(
        tuple(_with_roles(_short_names(named, bool(order)))) if is_keras else tuple(named),
        top or None,
        is_keras,
        root,
        sum(size_of(item) for item in state),
        tuple(warnings),
    )


def _order(attributes: dict[str, dict[str, Any]], top: str) -> dict[str, int]:
    """Return the place of each dataset's path by `layer_names` and each layer's `weight_names`."""
    order: dict[str, int] = {}
    for layer in _listed(attributes.get(top, {}), "layer_names"):
        path = f"{top}/{layer}".lstrip("/")
        for weight in _listed(attributes.get(path, {}), "weight_names"):
            order.setdefault(f"{path}/{weight}", len(order))
    return order


def _listed(entries: dict[str, Any], key: str) -> list[str]:
    """Return a list of names that Keras splits over `key0`, `key1`, ... where it is long."""
    found: list[str] = []
    for name in (key, *(f"{key}{n}" for n in range(64))):
        value = entries.get(name)
        found += [str(item) for item in value] if isinstance(value, list) else [value] if isinstance(value, str) else []
    return found


def _short_names(weights: list[Described], listed: bool) -> list[Described]:
    """Return the weights under the names of `weight_names`: without the layer's group before them, where that is unique."""
    short = [item.name.split("/", 1)[-1] for item in weights]
    if not listed or len(set(short)) < len(short) or not all("/" in item.name for item in weights):
        return weights
    return [replace(item, name=name) for item, name in zip(weights, short, strict=True)]


def _with_roles(weights: list[Described]) -> list[Described]:
    """Mark running statistics as no parameters: by name, or as the last two variables of a batch normalization of Keras 3."""
    groups: dict[str, int] = {}
    for item in weights:
        group = item.name.rsplit("/", 1)[0]
        groups[group] = groups.get(group, 0) + 1
    marked = []
    for item in weights:
        group, _, last = item.name.rpartition("/")
        parts = group.split("/")
        is_norm = len(parts) >= 2 and parts[-1] == "vars" and bool(_NORMALIZATION.match(parts[-2]))
        statistics = bool(_STATISTICS.search(item.name)) or (is_norm and last.isdigit() and int(last) >= groups[group] - 2)
        marked.append(replace(item, is_parameter=False) if statistics else item)
    return marked


def _configured(text: Any, section: str, key: str) -> str | None:
    """Return an entry of a section of a JSON text."""
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    inner = value.get(section) if isinstance(value, dict) else None
    found = inner.get(key) if isinstance(inner, dict) else None
    return found[:200] if isinstance(found, str) else None
