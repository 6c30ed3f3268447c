"""Where in a checkpoint the weights are: the dict or module with the tensors that a network would load.

A file may hold the network, its running average, a teacher, a discriminator and the optimizer side by side. All groups of
tensors are listed with the path of keys that leads to them; the network's own is chosen and the others are named.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import Any

from auditor.errors import LimitError
from auditor.formats.extents import NoTensorsError
from auditor.formats.interface import Limits
from auditor.formats.pickle_values import (
    ArrayRecord,
    Call,
    Effort,
    PickledDict,
    PickledSet,
    TensorRecord,
    attributes,
    entry_count,
    everything,
)

_DEEPEST = 8  # keys that lead to a state dict
_DEEPEST_MODULE = 64
_MOST_CHILDREN = 2000  # of one list, and of one level
_LONGEST_PACK = 8  # tensors and numbers of one packed layer
_MOST_JOINED = 10_000
_MOST_WRAPPERS = 8

_OPTIMIZER = re.compile(r"optim|scheduler|scaler|^amp$|^param_groups$", re.IGNORECASE)
_AVERAGE = re.compile(
    r"(^|[_\W])ema([_\W\d]|$)|ema$|^ema|averag|(^|_)swa(_|$)|shadow|teacher|(^|_)target(_|$)|momentum_encoder|_old$", re.IGNORECASE
)
_OPPONENT = re.compile(
    r"discriminator|critic|(^|_)net_?d([_\d]|$)|^d$|^disc$|(^|_)d_?(state|params|model)|vgg_?loss|lpips|perceptual|criterion|loss",
    re.IGNORECASE,
)

WRAPPERS = (
    "module",
    "_orig_mod",
    "model",
    "_model",
    "net",
    "network",
    "_forward_module",
    "_fsdp_wrapped_module",
    "wrapped_model",
    "ddp_model",
    "inner_model",
    "state_dict",
)
"""Names of attributes that hold a whole network and say nothing of it. A backbone or an encoder is a part, not a wrapper."""

PARTS = frozenset(
    "encoder decoder backbone neck head heads classifier embedder embedding projector projection feature_extractor features fusion "
    "depth_head pose_head regressor refiner fc predictor".split()
)
"""Keys under which parts of one network lie side by side, each with a state dict of its own."""

NamedTensor = tuple[str, TensorRecord]


@dataclass(frozen=True, slots=True)
class TensorGroup:
    """Tensors that lie together, and the keys that lead there."""

    path: tuple[str, ...]
    tensors: tuple[NamedTensor, ...]
    role: str  # weights, average, opponent
    unread: tuple[str, ...] = ()  # entries beside the tensors that hold tensors in a class of their own

    @property
    def key(self) -> str | None:
        """Return the dotted path, None for the root."""
        return ".".join(self.path) or None


@dataclass(frozen=True, slots=True)
class FoundWeights:
    """The chosen group with names stripped of wrappers, and what else the file holds."""

    state_key: str | None
    prefix: str
    tensors: tuple[NamedTensor, ...]
    others: tuple[TensorGroup, ...]
    unread: tuple[str, ...] = ()


def find_weights(root: Any, limits: Limits) -> FoundWeights:
    """Choose the network's tensors. Raises `NoTensorsError` where the file holds none."""
    groups = _merged(tensor_groups(root, limits))
    if not groups:
        raise NoTensorsError("no tensors in the file", "it holds plain data only", "this may be a result, a configuration or a dataset")
    chosen = choose(groups)
    prefix, tensors = strip_wrappers(chosen.tensors)
    return FoundWeights(chosen.key, prefix, tensors, tuple(group for group in groups if group is not chosen), chosen.unread)


def choose(groups: list[TensorGroup]) -> TensorGroup:
    """Return the network's own weights before averages and opponents, and the largest of them."""
    most = max(len(group.tensors) for group in groups)
    for role in ("weights", "average", "opponent"):
        fitting = [group for group in groups if group.role == role and _counts(len(group.tensors), most)]
        if fitting:
            return max(fitting, key=lambda group: len(group.tensors))
    return max(groups, key=lambda group: len(group.tensors))


def _counts(tensors: int, most: int) -> bool:
    """Tell whether a group is more than a few loose tensors beside the largest one."""
    return tensors * 2 >= most or (tensors >= 4 and tensors * 10 >= most)


def role_of(path: tuple[str, ...]) -> str:
    """Return what the keys say that tensors are for."""
    if any(_AVERAGE.search(part) for part in path):
        return "average"
    return "opponent" if any(_OPPONENT.search(part) for part in path) else "weights"


def is_optimizer(key: str, value: Any) -> bool:
    """Tell whether an entry is the state of an optimizer, a schedule or a loss scaler."""
    if _OPTIMIZER.search(key):
        return True
    first = value[0] if isinstance(value, (list, tuple)) and value else value
    return isinstance(first, PickledDict) and len(first.pairs) < 20 and first.get("param_groups") is not None


def tensor_groups(root: Any, limits: Limits) -> list[TensorGroup]:
    """Return every dict and module with tensors in it, breadth first; optimizers are left out."""
    groups: list[TensorGroup] = []
    seen: set[int] = set()
    effort = Effort(limits.objects)
    waiting: deque[tuple[tuple[str, ...], Any]] = deque([((), root)])
    while waiting:
        path, value = waiting.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        effort.spend(entry_count(value) + 1)
        if is_module(value):
            tensors = module_tensors(value, limits, effort)
            if tensors:
                groups.append(TensorGroup(path, tensors, role_of(path)))
            continue
        named = _children(value)
        tensors = tuple(direct_tensors(named, limits)) if named else ()
        if tensors:
            groups.append(TensorGroup(path, tensors, role_of(path), _unread(named)))
        if len(path) < _DEEPEST:
            inner = [(key, child) for key, child in named if isinstance(child, (PickledDict, Call, list, tuple))]
            inner = [(key, child) for key, child in inner if _paddle_array(child) is None]
            waiting.extend(((*path, key[:200]), child) for key, child in inner[:_MOST_CHILDREN] if not is_optimizer(key, child))
    return groups


def _children(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, (list, tuple)):
        return [(str(index), item) for index, item in enumerate(value[:_MOST_CHILDREN])]
    held = attributes(value)
    return list(held.entries().items()) if held else []


def as_tensor(value: Any) -> TensorRecord | None:
    """Return the record of a tensor or of a numeric numpy array, None for anything else."""
    if isinstance(value, TensorRecord):
        return value
    if isinstance(value, ArrayRecord) and value.dtype not in ("", "unknown") and not value.dtype.startswith(("O", "S", "U", "V")):
        return TensorRecord(value.shape, value.dtype)
    return None


def _paddle_array(value: Any) -> TensorRecord | None:
    """Return the array of Paddle's pair of an inner name and an array, None for anything else."""
    return as_tensor(value[1]) if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) else None


def direct_tensors(named: list[tuple[str, Any]], limits: Limits) -> list[NamedTensor]:
    """Return the tensors among the entries; those of short tuples (packed, quantized layers) as `name.0`, `name.1`."""
    tensors: list[NamedTensor] = []
    for key, value in named:
        if (named_array := _paddle_array(value)) is not None:
            tensors.append((key, named_array))
        elif isinstance(value, tuple) and len(value) <= _LONGEST_PACK:
            tensors.extend((f"{key}.{n}", record) for n, item in enumerate(value) if (record := as_tensor(item)) is not None)
        elif (found := as_tensor(value)) is not None:
            tensors.append((key, found))
        if len(tensors) > limits.tensors:
            raise LimitError("more tensors than are allowed", f"at most {limits.tensors}")
    return tensors


def is_module(value: Any) -> bool:
    """Tell whether an inert object is a pickled `torch.nn.Module`, or an object of TorchScript."""
    if not isinstance(value, Call):
        return False
    if value.full.startswith("__torch__."):
        return True
    held = value.state if isinstance(value.state, PickledDict) else None
    return held is not None and held.get("_modules") is not None and held.get("_parameters") is not None


def module_tensors(module: Call, limits: Limits, effort: Effort) -> tuple[NamedTensor, ...]:
    """Return the dotted names that the module's own `state_dict()` would have, in its order."""
    found: list[NamedTensor] = []
    waiting: list[tuple[str, Call, int]] = [("", module, 0)]
    while waiting:
        prefix, item, depth = waiting.pop()
        effort.spend(_size_of(item, prefix))
        if len(found) > limits.tensors or depth > _DEEPEST_MODULE:
            raise LimitError("the module is larger or deeper than is allowed")
        tensors, parts = _script_parts(item) if item.full.startswith("__torch__.") else _module_parts(item)
        found.extend((prefix + name, record) for name, record in tensors)
        waiting.extend((f"{prefix}{name}.", part, depth + 1) for name, part in reversed(parts))
    return tuple(found)


def _size_of(module: Call, prefix: str) -> int:
    """Return what listing one module costs: its entries, and the room of their names behind the prefix."""
    state = module.state if isinstance(module.state, PickledDict) else PickledDict()
    inner = [value for _, value in state.pairs[:_MOST_CHILDREN] if isinstance(value, PickledDict)]
    count = len(state.pairs) + sum(len(value.pairs) for value in inner)
    return (count + 1) * (1 + len(prefix) // 16)


def _entries(state: PickledDict, key: str) -> dict[str, Any]:
    held = state.get(key)
    return held.entries() if isinstance(held, PickledDict) else {}


def _module_parts(module: Call) -> tuple[list[NamedTensor], list[tuple[str, Call]]]:
    state = module.state if isinstance(module.state, PickledDict) else PickledDict()
    unsaved = state.get("_non_persistent_buffers_set")
    passing = {item for item in unsaved.items if isinstance(item, str)} if isinstance(unsaved, PickledSet) else set()
    tensors = []
    for kind, learns in (("_parameters", True), ("_buffers", False)):
        for name, value in _entries(state, kind).items():
            record = as_tensor(value)
            if record is not None and (learns or name not in passing):
                tensors.append((name, _with_role(record, learns)))
    return tensors, [(name, part) for name, part in _entries(state, "_modules").items() if isinstance(part, Call)]


def _script_parts(module: Call) -> tuple[list[NamedTensor], list[tuple[str, Call]]]:
    """Return tensors and parts of an object of TorchScript, whose attributes lie side by side."""
    state = module.state.entries() if isinstance(module.state, PickledDict) else {}
    tensors = [(name, value) for name, value in state.items() if isinstance(value, TensorRecord)]
    return tensors, [(name, value) for name, value in state.items() if isinstance(value, Call) and value.full.startswith("__torch__.")]


def _with_role(record: TensorRecord, learns: bool) -> TensorRecord:
    return TensorRecord(record.shape, record.dtype, record.storage, record.offset, record.stride, learns)


def _unread(named: list[tuple[str, Any]]) -> tuple[str, ...]:
    """Return the entries that are no tensors though tensors are inside: subclasses that nobody here understands."""
    foreign = [(key, value) for key, value in named if isinstance(value, Call) and value.full][:_MOST_CHILDREN]
    foreign = [(key, value) for key, value in foreign if not is_module(value)]
    return tuple(key for key, value in foreign if any(isinstance(item, TensorRecord) for item in everything(value, 50)))


def _merged(groups: list[TensorGroup]) -> list[TensorGroup]:
    """Join groups that are parts of one network: many small ones, as trees of numpy arrays nest them, or encoder and decoder."""
    plain = [group for group in groups if group.role == "weights"]
    layered = len(plain) >= 4 and max(len(group.tensors) for group in plain) <= 8
    parted = len(plain) >= 2 and all(group.path and group.path[-1] in PARTS for group in plain) and len({g.path[:-1] for g in plain}) == 1
    if (not layered and not parted) or len(plain) > _MOST_JOINED:
        return groups
    first = plain[0].path
    common = 0
    while all(len(group.path) > common and len(first) > common and group.path[common] == first[common] for group in plain):
        common += 1
    tensors = [(".".join((*group.path[common:], name)), record) for group in plain for name, record in group.tensors]
    joined = TensorGroup(first[:common], tuple(tensors), "weights", tuple(key for group in plain for key in group.unread))
    return [joined, *(group for group in groups if group.role != "weights")]


def strip_wrappers(tensors: tuple[NamedTensor, ...]) -> tuple[str, tuple[NamedTensor, ...]]:
    """Strip wrapper words that begin every name, and return them with the tensors: ("module.model.", ...).

    `n_averaged`, the counter of `torch.optim.swa_utils.AveragedModel`, stands beside its `module.` and is not counted.
    """
    prefix = ""
    names = [name for name, _ in tensors]
    for _ in range(_MOST_WRAPPERS if names else 0):
        word = names[0].split(".", 1)[0] if names[0] != "n_averaged" else names[-1].split(".", 1)[0]
        start = word + "."
        if word not in WRAPPERS or not all((name.startswith(start) and len(name) > len(start)) or name == "n_averaged" for name in names):
            break
        names = [name if name == "n_averaged" else name[len(start) :] for name in names]
        prefix += start
    return prefix, tuple((name, record) for name, (_, record) in zip(names, tensors, strict=True))
