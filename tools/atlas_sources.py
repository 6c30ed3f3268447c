"""The networks of timm, torchvision and transformers on torch's meta device, as lists of names and shapes."""

from __future__ import annotations

import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tools.atlas_families import family_of
from tools.atlas_transformers import NETWORKS

IMAGENET, ADE20K = 1000, 150
LABELS = {"ForImageClassification": IMAGENET, "ForSemanticSegmentation": ADE20K}  # of transformers, which takes two unless told
# Classes of ImageNet, Kinetics, COCO (also times four coordinates or nine anchors) and Pascal VOC: the outputs of torchvision's heads.
CLASSES = frozenset((IMAGENET, 400, 91, 364, 819, 21))
INPUTS_SKIPPED = ("quantized_",)  # built for a backend, not for a state dict
MOST_HEAD_WEIGHTS = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a state dict; `tied` is the first name that holds the same tensor."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    parameter: bool
    tied: str


@dataclass(frozen=True, slots=True)
class Built:
    """A network as a library builds it; `head` holds the prefixes of the names of its classifier."""

    library: str
    name: str
    family: str
    tags: tuple[str, ...]
    head: tuple[str, ...]
    entries: tuple[Entry, ...]
    learnable: int
    buffers: int


def prepare() -> None:
    """Make torchvision importable without its compiled operators: there is no build of them for torch's CPU wheels.

    Only its `_meta_registrations` needs them, and no network is run here. Must be called before timm is imported.
    """
    sys.modules.setdefault("torchvision._meta_registrations", types.ModuleType("torchvision._meta_registrations"))


def versions() -> dict[str, str]:
    """Return the versions of the libraries."""
    prepare()
    import timm
    import torch
    import torchvision
    import transformers

    libraries = (("timm", timm), ("torch", torch), ("torchvision", torchvision), ("transformers", transformers))
    return {name: str(module.__version__).partition("+")[0] for name, module in libraries}


def names() -> tuple[tuple[str, str], ...]:
    """Return (library, name) of every network that can be built."""
    prepare()
    import timm
    import torchvision

    vision = [name for name in torchvision.models.list_models() if not name.startswith(INPUTS_SKIPPED)]
    return (
        *(("timm", name) for name in timm.list_models()),
        *(("torchvision", name) for name in sorted(vision)),
        *(("transformers", plain(row[0])) for row in NETWORKS),
    )


def build(library: str, name: str) -> Built:
    """Return one network. Raises whatever the library raises where it cannot be built on the meta device."""
    prepare()
    import torch

    maker = {"timm": _timm, "torchvision": _torchvision, "transformers": _transformers}[library]
    try:
        with torch.device("meta"):
            return maker(name)
    except (NotImplementedError, RuntimeError):
        with torch.device("meta"), _real_ranges():
            return maker(name)


def _real_ranges() -> Any:
    """Return a context in which number ranges have values: some builders reckon widths with them."""
    import torch
    from torch.overrides import TorchFunctionMode

    class RealRanges(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = dict(kwargs or {})
            if function in (torch.arange, torch.linspace, torch.tensor) and kwargs.get("device") in (None, torch.device("meta")):
                kwargs["device"] = "cpu"
            return function(*args, **kwargs)

    return RealRanges()


def build_all(wanted: Sequence[tuple[str, str]]) -> Iterator[Built | tuple[str, str, str]]:
    """Yield the networks in order, or (library, name, reason) where one cannot be built."""
    for library, name in wanted:
        try:
            yield build(library, name)
        except Exception as error:
            yield library, name, f"{type(error).__name__}: {error}"[:300]


def _timm(name: str) -> Built:
    import timm
    from timm.models import _registry

    model = timm.create_model(name, pretrained=False)
    classifier = model.pretrained_cfg.get("classifier") or ()
    head = (classifier,) if isinstance(classifier, str) else tuple(classifier)
    tags = tuple(sorted(tag for tag in timm.list_pretrained(f"{name}.*")))
    return _built("timm", name, _registry._model_to_module[name], model, tuple(f"{one}." for one in head), tags)


def _torchvision(name: str) -> Built:
    import torchvision

    builder = torchvision.models.get_model_builder(name)
    options: dict[str, Any] = {"weights": None}
    if "weights_backbone" in builder.__code__.co_varnames or hasattr(builder, "__wrapped__"):
        options["weights_backbone"] = None
    try:
        model = builder(**options)
    except (TypeError, ValueError):
        model = builder(weights=None)
    module = builder.__module__.split(".")[2]
    found = {n.rpartition(".")[0] + "." for n, p in model.named_parameters() if p.dim() >= 2 and p.shape[0] in CLASSES and _last(n)}
    return _built("torchvision", name, module, model, tuple(sorted(found)), ())


def _last(name: str) -> bool:
    """Tell whether a name stands in what torchvision calls the end of a network."""
    return any(word in name for word in ("fc.", "classifier.", "head", "predictor"))


def _transformers(name: str) -> Built:
    import transformers

    row = next(row for row in NETWORKS if plain(row[0]) == name)
    kind = getattr(transformers, row[2])
    classes = next((number for task, number in LABELS.items() if task in row[2]), None)
    settings = row[3] if classes is None else {"num_labels": classes, **row[3]}
    model = kind(kind.config_class(**settings))
    base = getattr(model, "base_model_prefix", "")
    inside = getattr(model, base, None) if base else None
    head = tuple(f"{child}." for child, _ in model.named_children() if child != base) if inside is not None and inside is not model else ()
    return _built("transformers", name, row[1], model, _small(model, head), ())


def plain(name: str) -> str:
    """Return a name in the spelling that the other libraries use."""
    return name.lower().replace("-", "_")


def _small(model: Any, head: tuple[str, ...]) -> tuple[str, ...]:
    """Return the head's prefixes where it has few weights: a decoder is a part of the network, not a head."""
    weights = sum(tensor.dim() >= 2 and name.startswith(head) for name, tensor in model.state_dict().items()) if head else 0
    return head if weights <= MOST_HEAD_WEIGHTS else ()


def _built(library: str, name: str, module: str, model: Any, head: tuple[str, ...], tags: tuple[str, ...]) -> Built:
    parameters = {key for key, _ in model.named_parameters(remove_duplicate=False)}
    first: dict[int, str] = {}
    entries = []
    for key, tensor in model.state_dict(keep_vars=True).items():
        dtype = str(tensor.dtype).removeprefix("torch.")
        entries.append(Entry(key, tuple(tensor.shape), dtype, key in parameters, first.setdefault(id(tensor), key)))
    learnable = sum(parameter.numel() for parameter in model.parameters())
    kept = {entry.name for entry in entries}
    buffers = sum(buffer.numel() for key, buffer in model.named_buffers() if key in kept)
    return Built(library, name, family_of(library, module, name), tags, head, tuple(entries), learnable, buffers)
