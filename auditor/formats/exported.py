"""What exported graphs share: the warning that they are no training checkpoints, and which of their tensors learn."""

from __future__ import annotations

import re

FOLDED = "an exported graph: converters fold normalization into other layers and add constants, so counts may differ from the network's"
"""A warning of every graph made for inference; with it a count that differs is no contradiction."""

_STATISTICS = re.compile(
    r"(^|[/._])(moving_(mean|variance|var|avg|inv_var)|running_(mean|variance|var)|num_batches_tracked)(/(biased|local_step))?(/read)?(:0)?$"
)
_QUANTIZED = ("int8", "uint8", "int4", "uint4", "qint8", "quint8", "int2", "uint2")


def is_statistic(name: str) -> bool:
    """Tell whether a name is that of a normalization's running statistic, in the spellings of TensorFlow, Keras and MXNet."""
    return _STATISTICS.search(name) is not None


def learns(name: str, dtype: str, shape: tuple[int, ...]) -> bool | None:
    """Return False for running statistics, True for weights that were quantized, None where name and type decide nothing."""
    if is_statistic(name):
        return False
    return True if dtype in _QUANTIZED and len(shape) >= 2 else None
