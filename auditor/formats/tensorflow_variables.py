"""Which variables of a TensorFlow checkpoint are weights: optimizers, averages, counters and texts told by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from auditor.facts import Training
from auditor.formats.exported import is_statistic
from auditor.formats.plain_headers import Described, short_entries, size_of
from auditor.formats.tensorflow_types import NO_NUMBERS

_VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_SLOT = re.compile(
    r"/(Adam|Momentum|RMSProp|Adagrad|AdagradDA|ProximalAdagrad|Adadelta|Ftrl|AdaMax|Nadam|LazyAdam|AdamW|LARS|LAMB|Lamb|Adafactor|[A-Z]\w{0,40}Optimizer)(_\d+)?$"
    r"|/(adam|lamb|adafactor|adamw)_[mv]$|_slot_(vr|vc|v|m)$|(^|/)\.OPTIMIZER_SLOT/",
)
_OPTIMIZER = re.compile(
    r"(^|/)_?optimizers?\d*(_\d+)?/|(^|/)(beta[12]_power)(_\d+)?$"
    r"|^(training(_\d+)?/)?(Adam|AdamW|Nadam|Adamax|SGD|RMSprop|RMSProp|Adagrad|Adadelta|Ftrl|LAMB|Lamb)(_\d+)?/|(^|/)(loss_scale|current_loss_scale|good_steps)$"
)
_COUNTER = re.compile(r"(^|/)(global_step|save_counter|step|epoch|iterations?|_?iter|best_\w{1,40})(/\.ATTRIBUTES/.*)?$")
_METRIC = re.compile(r"(^|/)keras_api/metrics/")
_AVERAGE = re.compile(r"/ExponentialMovingAverage$|/(ema|EMA|average)$|(^|/)\.OPTIMIZER_SLOT/.*/average(/|$)")
_KINDS = (
    (re.compile(r"LAMB|[Ll]amb(_|Opt|W)"), "LAMB"),
    (re.compile(r"LARS"), "LARS"),
    (re.compile(r"[Nn]adam"), "NAdam"),
    (re.compile(r"[Aa]da[Mm]ax"), "Adamax"),
    (re.compile(r"[Aa]dafactor|_slot_v[rc]$"), "Adafactor"),
    (re.compile(r"[Aa]dam|beta[12]_power"), "Adam or AdamW"),
    (re.compile(r"[Aa]dadelta"), "Adadelta"),
    (re.compile(r"[Aa]dagrad"), "Adagrad"),
    (re.compile(r"RMS[Pp]rop"), "RMSprop"),
    (re.compile(r"Ftrl"), "FTRL"),
    (re.compile(r"[Mm]omentum|^(training/)?SGD"), "SGD with momentum"),
)


@dataclass(slots=True)
class Variables:
    """The entries of one checkpoint, sorted by what they are for."""

    model: list[Described] = field(default_factory=list)
    averages: list[Described] = field(default_factory=list)
    optimizer: list[Described] = field(default_factory=list)
    others: list[Described] = field(default_factory=list)  # counters, metrics
    texts: int = 0
    metadata: list[tuple[str, str]] = field(default_factory=list)
    all_bytes: int = 0

    @property
    def count(self) -> int:
        """Return how many tensors of numbers there are."""
        return len(self.model) + len(self.averages) + len(self.optimizer) + len(self.others)

    def add(self, entry: Described) -> None:
        """Sort in one entry by its name and type."""
        self.all_bytes += size_of(entry)
        name = entry.name
        if entry.dtype in NO_NUMBERS or name == _GRAPH:
            self.texts += 1
        elif _AVERAGE.search(name.removesuffix(_VALUE)):
            self.averages.append(entry)
        elif _SLOT.search(name.removesuffix(_VALUE)) or _OPTIMIZER.search(name):
            self.optimizer.append(entry)
        elif _METRIC.search(name) or (not entry.shape and _COUNTER.search(name)):
            self.others.append(entry)
        else:
            self.model.append(entry)

    def weights(self) -> list[Described]:
        """Return the network's own variables, or their averages where only these were saved."""
        return [_named(entry) for entry in self.model or self.averages]

    def absence(self) -> str:
        """Return why there are no weights."""
        held = []
        if self.optimizer:
            held.append(f"{len(self.optimizer)} variables of an optimizer")
        if self.others:
            held.append(f"{len(self.others)} counters")
        if self.texts:
            held.append("the graph of its objects" if self.texts == 1 else f"{self.texts} texts")
        return f"a TensorFlow checkpoint with no weights in it: it holds {' and '.join(held) or 'nothing'} only"

    def training(self) -> Training:
        """Return what names say of the training."""
        kind = self._kind() if self.optimizer else None
        counters = [("counter", entry.name.removesuffix(_VALUE)) for entry in self.others if not _METRIC.search(entry.name)]
        size = sum(size_of(entry) for entry in self.optimizer)
        return Training(optimizer=kind, optimizer_bytes=size, metadata=short_entries((*self.metadata, *counters[:8])))

    def warnings(self) -> tuple[str, ...]:
        """Return what else lies beside the weights."""
        found = []
        if self.averages and self.model:
            found.append(f"also holds {len(self.averages)} running averages of weights (an average or teacher)")
        return tuple(found)

    def _kind(self) -> str:
        for pattern, kind in _KINDS:
            if any(pattern.search(entry.name.removesuffix(_VALUE)) for entry in self.optimizer):
                return kind
        ends = {entry.name.removesuffix(_VALUE).rsplit("/", 1)[-1] for entry in self.optimizer}
        if {"m", "v"} <= ends:
            return "Adam or AdamW"
        return "SGD with momentum" if "momentum" in ends else "RMSprop" if "rms" in ends else "present"


def _named(entry: Described) -> Described:
    name = entry.name.removesuffix(_VALUE)
    return Described(name, entry.shape, entry.dtype, False if is_statistic(name) else None, entry.size_bytes)
