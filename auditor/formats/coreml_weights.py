"""Where the layers of a Core ML neural network keep their weights, and the shapes that follow from their sizes.

See mlmodel/format/NeuralNetwork.proto of apple/coremltools. A size is named by the number of the field that holds it; a
convolution's is its own case.
"""

from __future__ import annotations

from typing import NamedTuple

SizeFields = tuple[int, ...]


class Weight(NamedTuple):
    """One field of weights: its number, its name, the fields that hold its sizes, and whether no optimizer sees it."""

    number: int
    name: str
    sizes: SizeFields
    statistic: bool = False


class Layer(NamedTuple):
    """One kind of layer: the fields that are sizes, and those that are weights; `inner` is a message that holds these."""

    kind: str
    weights: tuple[Weight, ...]
    inner: int = 0


def _gates(first: int, names: str, suffix: str, sizes: SizeFields) -> tuple[Weight, ...]:
    return tuple(Weight(first + n, f"{name}_{suffix}", sizes) for n, name in enumerate(names.split()))


_LSTM = (
    *_gates(1, "input forget block output", "weight", (2, 1)),
    *_gates(20, "input forget block output", "recursion", (2, 2)),
    *_gates(40, "input forget block output", "bias", (2,)),
    *_gates(60, "input forget output", "peephole", (2,)),
)
_GRU = (
    *_gates(30, "update reset output", "weight", (2, 1)),
    *_gates(50, "update reset output", "recursion", (2, 2)),
    *_gates(70, "update reset output", "bias", (2,)),
)

CONVOLUTION, CONVOLUTION_3D = 100, 1471

LAYERS: dict[int, Layer] = {
    CONVOLUTION: Layer("convolution", (Weight(90, "weight", ()), Weight(91, "bias", (1,)))),
    140: Layer("innerProduct", (Weight(20, "weight", (2, 1)), Weight(21, "bias", (2,)))),
    150: Layer("embedding", (Weight(20, "weight", (2, 1)), Weight(21, "bias", (2,)))),
    160: Layer(
        "batchnorm",
        (
            Weight(15, "weight", (1,)),
            Weight(16, "bias", (1,)),
            Weight(17, "running_mean", (1,), True),
            Weight(18, "running_var", (1,), True),
        ),
    ),
    245: Layer("scale", (Weight(2, "weight", (1,)), Weight(5, "bias", (4,)))),
    250: Layer("bias", (Weight(2, "bias", (1,)),)),
    290: Layer("loadConstant", (Weight(2, "constant", (1,)),)),
    400: Layer("simpleRecurrent", (Weight(30, "weight", (2, 1)), Weight(31, "recursion", (2, 2)), Weight(32, "bias", (2,)))),
    410: Layer("gru", _GRU),
    420: Layer("uniDirectionalLSTM", _LSTM, inner=20),
    430: Layer("biDirectionalLSTM", _LSTM, inner=20),
    500: Layer("custom", (Weight(20, "weight", ()),)),
    1040: Layer("embeddingND", (Weight(20, "weight", (2, 1)), Weight(21, "bias", (2,)))),
    1045: Layer("batchedMatmul", (Weight(8, "weight", (5, 6)), Weight(9, "bias", (6,)))),
    1070: Layer("loadConstantND", (Weight(2, "constant", (1,)),)),
    1350: Layer("layerNormalization", (Weight(3, "weight", (1,)), Weight(4, "bias", (1,)))),
    CONVOLUTION_3D: Layer("convolution3d", (Weight(60, "weight", ()), Weight(61, "bias", (1,)))),
}
"""Kinds of layers with weights, by the number of their field in NeuralNetworkLayer."""

_KERNEL_FIELDS = {CONVOLUTION: frozenset((1, 2, 10, 20, 60)), CONVOLUTION_3D: frozenset((1, 2, 10, 20, 21, 22, 86))}


def size_fields(number: int) -> frozenset[int]:
    """Return the fields of a kind of layer that hold its sizes."""
    if number in _KERNEL_FIELDS:
        return _KERNEL_FIELDS[number]
    return frozenset(size for weight in LAYERS[number].weights for size in weight.sizes)


def shape_by_sizes(number: int, weight: Weight, sizes: dict[int, list[int]]) -> list[int] | None:
    """Return the shape that a layer's sizes give one of its weights, None where they give none."""
    if weight.sizes:
        found = [size for field in weight.sizes for size in sizes.get(field, [])]
        return found if all(field in sizes for field in weight.sizes) else None
    if number not in _KERNEL_FIELDS:
        return None
    outputs, inputs = sizes.get(1, [0])[0], sizes.get(2, [0])[0]
    groups = max(1, sizes.get(10, [1])[0])
    if number == CONVOLUTION_3D:
        kernel = [sizes.get(field, [0])[0] for field in (20, 21, 22)]
        return [outputs, inputs // groups, *kernel] if not sizes.get(86, [0])[0] else [inputs, outputs // groups, *kernel]
    kernel = sizes.get(20) or [3, 3]
    return [outputs, inputs, *kernel] if not sizes.get(60, [0])[0] else [inputs, outputs // groups, *kernel]
