"""ncnn's `.param`: a text with a layer on each line, beside a `.bin` with the values. Shapes follow from the layers' numbers.

See Tencent/ncnn, docs/developer-guide/param-and-model-file-structure.md and operation-param-weight-table.md. The text does not
say in which precision the values were saved, so the type is `float32` and a warning says that it is an assumption.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint
from auditor.formats.extents import TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Clock, Described, checked_shape, make_plain_checkpoint

_MAGIC = b"7767517"
_LARGEST = 16 << 20
_ASSUMED = "float32"

Numbers = dict[int, int]
Parts = list[tuple[str, tuple[int, ...]]]


class Ncnn:
    """Reads the layers of an ncnn network."""

    name = "ncnn"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the first line is ncnn's magic number."""
        return head[:16].split(b"\n", 1)[0].strip() == _MAGIC

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        if blob.size > min(_LARGEST, limits.header_bytes):
            raise LimitError("the ncnn network is larger than is allowed", f"{blob.size} bytes")
        data = blob.read(0, blob.size)
        lines = [line for line in data.decode("utf-8", "replace").splitlines() if line.strip()]
        announced = _announced(lines)
        if len(lines) - 2 < announced:
            raise TruncatedError("the ncnn network ends in the middle", f"{announced} layers announced, {max(0, len(lines) - 2)} found")
        clock = Clock(limits)
        described: list[Described] = []
        unknown: set[str] = set()
        for line in lines[2 : 2 + announced]:
            clock.check()
            kind, name, numbers = _layer(line)
            if kind in _UNKNOWN_WEIGHTS:
                unknown.add(kind)
            described += [Described(f"{name}.{part}", checked_shape(shape, name), _ASSUMED) for part, shape in _parts(kind, numbers, name)]
        warnings = ["ncnn does not state the type of its values: float32 is assumed"]
        warnings += [f"layers of type {kind} hold weights that were not counted" for kind in sorted(unknown)]
        digest = hashlib.sha256(data).hexdigest()
        return make_plain_checkpoint(
            described, limits, format=self.name, header=digest, header_name="param", size=blob.size, warnings=warnings, storage_bytes=0
        )


def _announced(lines: list[str]) -> int:
    words = lines[1].split() if len(lines) > 1 else []
    if not lines or lines[0].strip().encode() != _MAGIC:
        raise FormatError("not an ncnn network", "its magic number is missing")
    if not words:
        raise TruncatedError("the ncnn network ends in the middle", "it has no count of layers")
    if len(words) != 2 or not all(word.isascii() and word.isdigit() and len(word) < 8 for word in words):
        raise FormatError("the ncnn network is broken", "its second line is not two counts")
    return int(words[0])


def _layer(line: str) -> tuple[str, str, Numbers]:
    """Return type, name and the numbered parameters of a line: type, name, counts of inputs and outputs, their names, `id=value`."""
    words = line.split()
    if len(words) < 4 or not all(word.isascii() and word.isdigit() and len(word) < 8 for word in words[2:4]):
        raise FormatError("a layer of the ncnn network is broken", repr(line[:80]))
    first = 4 + int(words[2]) + int(words[3])
    numbers: Numbers = {}
    for word in words[first:]:
        key, _, value = word.partition("=")
        if key.lstrip("-").isdigit() and value.lstrip("-").isdigit() and value.isascii() and len(key) < 8 and len(value) < 16:
            numbers[int(key)] = int(value)
    return words[0], words[1], numbers


def _parts(kind: str, numbers: Numbers, name: str) -> Parts:
    reader = _LAYERS.get(kind)
    if reader is None:
        return []
    try:
        return reader(numbers)
    except (KeyError, ZeroDivisionError) as error:
        raise FormatError(f"layer {name[:80]!r} of the ncnn network lacks a number", type(error).__name__) from error


def _exactly(total: int, parts: int) -> int:
    """Return total / parts. Raises `FormatError` where it is no whole number above nought, as in a line that was cut."""
    if total < 1 or total % parts:
        raise FormatError("the ncnn network lies about the number of weights", f"{total} for {parts}")
    return total // parts


def _convolution(n: Numbers) -> Parts:
    """0 outputs, 1 kernel width, 11 kernel height, 5 has bias, 6 number of weights, 7 groups."""
    outputs, width = n[0], n[1]
    height = n.get(11, width)
    inputs = _exactly(n[6], outputs * width * height)
    return [("weight", (outputs, inputs, height, width)), *_bias(outputs, n.get(5, 0))]


def _transposed(n: Numbers) -> Parts:
    (_, (outputs, inputs, height, width)), *bias = _convolution(n)
    return [("weight", (inputs, outputs, height, width)), *bias]


def _convolution1d(n: Numbers) -> Parts:
    return [("weight", (n[0], _exactly(n[6], n[0] * n[1]), n[1])), *_bias(n[0], n.get(5, 0))]


def _linear(n: Numbers) -> Parts:
    """0 outputs, 1 has bias, 2 number of weights."""
    return [("weight", (n[0], _exactly(n[2], n[0]))), *_bias(n[0], n.get(1, 0))]


def _embedding(n: Numbers) -> Parts:
    return [("weight", (n[1], n[0])), *_bias(n[0], n.get(2, 0))]


def _batch_norm(n: Numbers) -> Parts:
    return [(part, (n[0],)) for part in ("weight", "running_mean", "running_var", "bias")]


def _affine(size: int, flag: int) -> Callable[[Numbers], Parts]:
    return lambda n: [("weight", (n[size],)), ("bias", (n[size],))] if n.get(flag, 1) else []


def _bias(outputs: int, has: int) -> Parts:
    return [("bias", (outputs,))] if has else []


_LAYERS: dict[str, Callable[[Numbers], Parts]] = {
    "Convolution": _convolution,
    "ConvolutionDepthWise": _convolution,
    "Convolution1D": _convolution1d,
    "Deconvolution": _transposed,
    "InnerProduct": _linear,
    "Embed": _embedding,
    "BatchNorm": _batch_norm,
    "LayerNorm": _affine(0, 2),
    "GroupNorm": _affine(1, 3),
    "InstanceNorm": _affine(0, 2),
    "PReLU": lambda n: [("weight", (n[0],))],
    "Scale": lambda n: [("weight", (n[0],)), *_bias(n[0], n.get(1, 0))] if n[0] > 0 else [],
}
"""The layers whose weights follow from their numbers."""

_UNKNOWN_WEIGHTS = frozenset(
    "LSTM GRU RNN MultiHeadAttention DeconvolutionDepthWise Convolution3D ConvolutionDepthWise1D ConvolutionDepthWise3D Deconvolution1D "
    "Deconvolution3D DeformableConv2D MemoryData RMSNorm".split()
)
