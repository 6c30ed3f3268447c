"""What a checkpoint says of its own training: epoch, optimizer, recorded metrics and other plain entries."""

from __future__ import annotations

import math
import re
from collections import deque
from typing import Any

from auditor.facts import Training
from auditor.formats.dtypes import item_bytes
from auditor.formats.pickle_values import (
    Call,
    GlobalName,
    PickledDict,
    Storage,
    TensorRecord,
    attributes,
    entry_count,
    everything,
    plain_text,
)
from auditor.formats.state_dicts import as_tensor, is_module, is_optimizer

_MOST_ENTRIES = 100
_LONGEST = 200
_DEEPEST = 4
_MOST_VISITED = 200_000

_EPOCH_KEYS = ("epoch", "epochs", "cur_epoch", "current_epoch", "last_epoch", "epoch_num", "start_epoch")
_STEP_KEYS = ("global_step", "iteration", "iter", "step", "steps", "num_updates", "total_iter", "current_iter", "it", "n_iter", "niter")
_PLACES = ("", "meta", "trainer_state", "training_state", "state", "info", "message_hub", "train_state")
_METRIC = re.compile(
    r"(^|[_\W])(best|perf|top[15]?|acc|acc[15]|acc@[15]|accuracy|prec[15]?|map|ap|ap50|ap75|ar|miou|iou|loss|fitness|psnr|ssim|lpips|mpjpe|"
    r"pampjpe|pve|mpvpe|pck|pckh|auc|err|error|score|metric|metrics|f1|fid|bleu|rouge|wer|cer|perplexity|ppl|epe|mae|mse|rmse|recall|"
    r"precision|dice|jaccard|eer|result|results|reward|r2|ndcg|mrr)([_\W\d]|$)|accuracy|mpjpe|best",
    re.IGNORECASE,
)
_SETTINGS = re.compile(r"args|config|cfg|hyper|hparams|opt$|options|settings|weight|lr|learning|threshold|smooth", re.IGNORECASE)

_KINDS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"exp_avg", "exp_avg_sq", "mu_product"}), "NAdam"),
    (frozenset({"exp_avg", "exp_inf"}), "Adamax"),
    (frozenset({"exp_avg", "exp_avg_sq"}), "Adam or AdamW"),
    (frozenset({"square_avg", "acc_delta"}), "Adadelta"),
    (frozenset({"square_avg"}), "RMSprop"),
    (frozenset({"prev", "step_size"}), "Rprop"),
    (frozenset({"momentum_buffer"}), "SGD with momentum"),
    (frozenset({"exp_avg"}), "Lion or another with one moment"),
    (frozenset({"sum"}), "Adagrad"),
)


def read_training(root: Any) -> Training:
    """Return what the plain part of a checkpoint says; weights and pickled modules are passed over."""
    if is_module(root):
        return Training(metadata=(("class", root.full[:_LONGEST]),))
    held = attributes(root)
    if held is None:
        return Training()
    top = held.entries()
    kind, size = _optimizer(top)
    metrics, metadata = _plain_entries(top)
    return Training(_epoch(top), kind, size, metrics, metadata)


def _epoch(top: dict[str, Any]) -> int | float | None:
    for keys in (_EPOCH_KEYS, _STEP_KEYS):
        for place in _PLACES:
            inner = attributes(top.get(place)) if place else None
            entries = inner.entries() if inner else ({} if place else top)
            for key in keys:
                number = _number(entries.get(key))
                if number is not None:
                    return number
    return None


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > 1e300 or not math.isfinite(value):
        return None
    return value


def _optimizer(top: dict[str, Any]) -> tuple[str | None, int]:
    """Return the kind of optimizer, told from the names of its state, and the bytes of its storages, each once."""
    found = [value for key, value in top.items() if is_optimizer(key, value) and isinstance(value, (PickledDict, Call, list, tuple))]
    storages: dict[str, Storage] = {}
    loose = 0
    kinds: list[str] = []
    settings: set[str] = set()
    for item in everything(found):
        if isinstance(item, TensorRecord):
            if item.storage is not None:
                storages[item.storage.key] = item.storage
            else:
                loose += math.prod(item.shape) * item_bytes(item.dtype)
        elif isinstance(item, PickledDict):
            names = frozenset(key for key, _ in item.pairs[:40] if isinstance(key, str))
            kinds.extend(kind for state, kind in _KINDS if not kinds and state <= names and _holds_tensors(item))
            if "params" in names:
                settings |= names
    if not found or (not kinds and not settings and not storages):
        return None, 0
    size = loose + sum(storage.numel * item_bytes(storage.dtype) for storage in storages.values())
    return (kinds[0] if kinds else _kind_of_settings(settings)), size


def _holds_tensors(state: PickledDict) -> bool:
    return any(as_tensor(value) is not None for _, value in state.pairs[:40])


def _kind_of_settings(settings: set[str]) -> str:
    """Return the kind that the names of an optimizer's settings allow, for one that was saved without state."""
    if "betas" in settings:
        return "Adam or AdamW, without its state"
    if "momentum" in settings and "alpha" not in settings:
        return "SGD, without its state"
    return "present"


def _plain_entries(top: dict[str, Any]) -> tuple[tuple[tuple[str, float], ...], tuple[tuple[str, str], ...]]:
    """Return recorded metrics and metadata of the root, a few levels deep, the outer ones first."""
    metrics: list[tuple[str, float]] = []
    metadata: list[tuple[str, str]] = []
    waiting: deque[tuple[str, Any, int]] = deque((key, value, 1) for key, value in top.items())
    seen: set[int] = set()
    left = _MOST_VISITED
    while waiting and left > 0:
        key, value, depth = waiting.popleft()
        left -= 1
        if is_optimizer(key.rsplit(".", 1)[-1], value):
            continue
        number, text = _number(value), plain_text(value, _LONGEST)
        if number is not None and _METRIC.search(key) and not _SETTINGS.search(key):
            metrics.append((key[:_LONGEST], float(number)))
        elif text is not None:
            metadata.append((key[:_LONGEST], text))
        elif isinstance(value, GlobalName):
            metadata.append((key[:_LONGEST], value.full[:_LONGEST]))
        elif isinstance(value, (PickledDict, Call)) and depth < _DEEPEST and id(value) not in seen:
            seen.add(id(value))
            if isinstance(value, Call) and value.full:
                metadata.append((key[:_LONGEST], f"object of {value.full}"[:_LONGEST]))
            if is_module(value):
                continue
            left -= entry_count(value)
            inner = attributes(value) if left > 0 else None
            entries = inner.entries() if inner else {}
            if any(as_tensor(item) is not None for item in list(entries.values())[:20]) and not _METRIC.search(key):
                continue
            waiting.extend((f"{key}.{name}"[: 2 * _LONGEST], item, depth + 1) for name, item in list(entries.items())[: 2 * _MOST_ENTRIES])
    return tuple(metrics[:_MOST_ENTRIES]), tuple(metadata[:_MOST_ENTRIES])
