"""Damage to protobuf, table and flatbuffer formats: cut and changed at every byte, overwritten, lying lengths, depth bombs."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest
from format_files import SparseBlob
from graph_files import (
    bundle,
    bundle_entry,
    caffe_blob,
    caffe_layer,
    caffe_layer_v1,
    checkpoint_v1,
    coreml_layer,
    coreml_model,
    coreml_weights,
    field,
    message,
    mil_const,
    mil_program,
    mxnet_array,
    mxnet_params,
    mxnet_rows,
    number,
    onnx_model,
    onnx_node,
    onnx_tensor,
    saved_model,
    tf_const,
    tf_function,
    tf_graph,
    tflite,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.blob import BytesBlob
from auditor.errors import FormatError
from auditor.facts import Checkpoint, Unreadable
from auditor.formats.caffe import Caffe
from auditor.formats.coreml import CoreMl
from auditor.formats.interface import Limits
from auditor.formats.mxnet import MxNet
from auditor.formats.onnx import Onnx
from auditor.formats.reading import READERS, read_contents
from auditor.formats.tensorflow_checkpoint import TensorFlowCheckpoint
from auditor.formats.tensorflow_graph import FrozenGraph, SavedModel
from auditor.formats.tflite import TfLite

QUICK = Limits(objects=200_000, inflated_bytes=4 << 20, header_bytes=4 << 20, seconds=5.0)
MINE = {
    reader.name: reader for reader in (Onnx(), FrozenGraph(), SavedModel(), TensorFlowCheckpoint(), Caffe(), CoreMl(), TfLite(), MxNet())
}

BRANCH = onnx_node("If", ["c"], ["y"], field(1, "then_branch") + field(6, field(5, onnx_tensor("b", (2,)))))
LINEAR = message((1, 4), (2, 3)) + field(20, coreml_weights(12)) + field(21, field(30, bytes(3)) + field(40, field(1, 8)))
GRAPH = tf_graph(tf_const("conv/w", (2, 3)), tf_const("axis", (2,), 3), library=tf_function("f", tf_const("w", (2,))))
INDEX = {"conv/kernel": bundle_entry((3, 4)), "conv/kernel/Adam": bundle_entry((3, 4)), "global_step": bundle_entry((), 9)}
FILES = {
    "onnx": onnx_model(
        [onnx_tensor("conv.weight", (2, 3)), onnx_tensor("x", (4,), location="w.bin")], [BRANCH], field(14, message((1, "k"), (2, "v")))
    ),
    "tensorflow_graph": GRAPH,
    "saved_model": saved_model(GRAPH),
    "tensorflow_checkpoint": bundle(INDEX, per_block=2),
    "tensorflow_checkpoint packed": bundle(INDEX, packed=True),
    "tensorflow_checkpoint v1": checkpoint_v1({"w": ((2, 2), 1)}, values=0),
    "caffe": field(1, "net") + caffe_layer("data", "Input") + caffe_layer("conv1", "Convolution", caffe_blob((2, 3)), caffe_blob((2,))),
    "caffe v1": field(1, "net") + caffe_layer_v1("conv1", 4, caffe_blob((2, 3, 1, 1), legacy=True)),
    "coreml": coreml_model(coreml_layer("fc", 140, LINEAR)),
    "coreml program": coreml_model(mil_program(mil_const("w", 11, (2, 3), "weights.bin"), mil_const("b", 10, (3,))), 502),
    "mxnet": mxnet_params([("arg:w", mxnet_array((2, 3))), ("aux:m", mxnet_array((3,), form=1)), ("arg:s", mxnet_rows(1, (5, 2)))]),
    "tflite": tflite([("in", (1, 2), 0, None, False), ("w", (2, 3), 9, bytes(6), True), ("b", (2,), 0, bytes(8), False)]),
}
NAMES = sorted(FILES)


def held(data: bytes) -> tuple[Checkpoint | Unreadable, ...]:
    found = read_contents(BytesBlob(data), QUICK)
    assert found
    for item in found:
        assert isinstance(item, (Checkpoint, Unreadable))
        repr(item).encode()
    return found


@pytest.mark.parametrize("name", NAMES)
def test_each_is_accepted_by_its_own_reader_alone(name):
    data = FILES[name]
    accepting = [reader.name for reader in READERS if reader.accepts(data[:65536], len(data))]
    assert accepting == [name.split(" ")[0]]
    (found,) = held(data)
    assert isinstance(found, Checkpoint)
    assert found.format == name.split(" ")[0]
    assert found.tensors


@pytest.mark.parametrize("name", NAMES)
def test_cut_at_every_byte(name):
    data = FILES[name]
    whole = held(data)[0]
    reader = MINE[name.split(" ")[0]]
    for cut in range(len(data)):
        for item in held(data[:cut]):
            if isinstance(item, Checkpoint):
                names = {tensor.name for tensor in whole.tensors}
                assert {tensor.name for tensor in item.tensors} <= names
        with contextlib.suppress(FormatError):
            reader.read(BytesBlob(data[:cut]), QUICK)


@pytest.mark.parametrize("name", ["tensorflow_checkpoint", "tensorflow_checkpoint packed", "mxnet", "tflite"])
def test_a_cut_file_gives_no_checkpoint(name):
    """Where the format tells its end, or its values were announced, a cut is noticed; a list of fields may end after any."""
    data = FILES[name]
    for cut in range(len(data)):
        assert all(isinstance(item, Unreadable) for item in held(data[:cut]))


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_changed(name):
    data = bytearray(FILES[name])
    for at in range(0, len(data), 1 if len(data) < 900 else 5):
        before = data[at]
        for value in (0, 0xFF, 0x7F, before ^ 1):
            data[at] = value
            held(bytes(data))
        data[at] = before


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(NAMES), st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
def test_several_places_overwritten(name, changes):
    data = bytearray(FILES[name])
    for at, value in changes:
        at %= len(data)
        data[at : at + len(value)] = value
    held(bytes(data))
    with contextlib.suppress(FormatError):
        MINE[name.split(" ")[0]].read(BytesBlob(bytes(data)), QUICK)


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=400),
    st.sampled_from(
        [b"", b"\x08\x08\x12\x01x", b"\x0a\x06", b"\x08\x01\x12", b"\x00\x00\x06\x08\x01\x1a\x02\x08\x01", b"\x12\x01" + bytes(6)]
    ),
)
def test_random_bytes(data, start):
    held(start + data)
    for reader in MINE.values():
        reader.accepts(start + data, len(start + data))
        with contextlib.suppress(FormatError):
            reader.read(BytesBlob(start + data), QUICK)


@pytest.mark.parametrize("name", sorted(MINE))
def test_announced_gigabytes_allocate_nothing(name):
    """Every field that has a length says two gigabytes, in a file that is as large as it says."""
    size = 3 << 30
    for index in (1, 2, 5, 7, 100, 500, 502):
        head = {"onnx": field(1, 8), "saved_model": field(1, 1), "coreml": field(1, 4)}.get(name, b"")
        blob = SparseBlob({0: head + number(index << 3 | 2) + number(2 << 30)}, size)
        tracemalloc.start()
        with contextlib.suppress(FormatError):
            MINE[name].read(blob, QUICK)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 12 << 20
        assert blob.bytes_read < 12 << 20


@pytest.mark.parametrize("name", ["onnx", "tensorflow_graph", "saved_model", "caffe", "coreml"])
def test_messages_within_messages(name):
    head = {"onnx": field(1, 8) + field(2, "x"), "saved_model": field(1, 1), "coreml": field(1, 4)}.get(name, b"")
    for path in ((7, 1, 5, 6), (1,), (2,), (100, 7), (202, 1), (502, 2, 2, 3, 2, 3, 4)):
        data = b""
        for n in range(400):
            data = field(path[-1 - n % len(path)], data)
        with contextlib.suppress(FormatError):
            MINE[name].read(BytesBlob(head + data), QUICK)
        held(head + data)
