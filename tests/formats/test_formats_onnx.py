"""ONNX models: initializers by name and shape, values passed over, external data named and never opened."""

from __future__ import annotations

import pytest
from format_files import CountingBlob, SparseBlob, checkpoint, shapes, unreadable
from graph_files import field, message, number, onnx_model, onnx_node, onnx_tensor

from auditor.blob import BytesBlob
from auditor.facts import Checkpoint
from auditor.formats.interface import Limits
from auditor.formats.onnx import Onnx
from auditor.formats.reading import read_contents

STATISTICS = [onnx_tensor(f"stem.bn.{name}", (8,)) for name in ("weight", "bias", "mean_1", "var_1")]
NORM = onnx_node("BatchNormalization", ["x", "stem.bn.weight", "stem.bn.bias", "stem.bn.mean_1", "stem.bn.var_1"], ["y"])
MODEL = onnx_model(
    [onnx_tensor("stem.conv.weight", (8, 3, 3, 3)), *STATISTICS, onnx_tensor("axes", (2,), 7, bytes(16)), onnx_tensor("scale", ())],
    [NORM],
    field(14, message((1, "epoch"), (2, "12"))),
)


def test_names_shapes_types_and_what_the_model_says_of_itself():
    found = checkpoint(MODEL)
    assert shapes(found) == {
        "stem.conv.weight": (8, 3, 3, 3),
        "stem.bn.weight": (8,),
        "stem.bn.bias": (8,),
        "stem.bn.mean_1": (8,),
        "stem.bn.var_1": (8,),
        "axes": (2,),
        "scale": (),
    }
    assert [tensor.dtype for tensor in found.tensors] == ["float32"] * 5 + ["int64", "float32"]
    assert (found.format, found.header_name) == ("onnx", "graph.initializer")
    said = dict(found.training.metadata)
    assert said["producer_name"] == "pytorch"
    assert said["opset ai.onnx"] == "17"
    assert said["epoch"] == "12"
    assert found.storage_bytes == 4 * (216 + 32 + 1) + 16
    assert found.warnings[0].startswith("an exported graph")


def test_the_statistics_of_a_normalization_do_not_learn_whatever_their_names():
    roles = {tensor.name: tensor.is_parameter for tensor in checkpoint(MODEL).tensors}
    assert roles["stem.bn.mean_1"] is False
    assert roles["stem.bn.var_1"] is False
    assert roles["stem.bn.weight"] is None


def test_packed_dims_values_before_the_name_and_small_types():
    packed = field(1, number(4) + number(5)) + field(2, 1) + field(4, bytes(80)) + field(8, "values.first")
    found = checkpoint(onnx_model([packed, onnx_tensor("q", (3, 3), 22, bytes(5)), onnx_tensor("h", (4,), 16, bytes(8))]))
    assert shapes(found) == {"values.first": (4, 5), "q": (3, 3), "h": (4,)}
    assert [tensor.dtype for tensor in found.tensors] == ["float32", "int4", "bfloat16"]
    assert found.tensors[1].is_parameter is True


def test_a_sparse_initializer_has_its_own_shape():
    sparse = (
        field(1, onnx_tensor("sparse.weight", (5,))) + field(2, onnx_tensor("", (5,), 7, bytes(40))) + field(3, number(100) + number(20))
    )
    assert shapes(checkpoint(onnx_model([], graph_more=field(15, sparse)))) == {"sparse.weight": (100, 20)}


def test_constants_are_weights_where_there_are_no_initializers():
    value = field(1, "value") + field(5, onnx_tensor("", (6, 2)))
    axis = field(1, "value") + field(5, onnx_tensor("", (2,), 7, bytes(16)))
    nodes = [onnx_node("Constant", [], ["fc.w"], value), onnx_node("Constant", [], ["axis"], axis), onnx_node("Relu", ["fc.w"], ["y"])]
    found = checkpoint(onnx_model([], nodes))
    assert shapes(found) == {"fc.w": (6, 2)}
    assert found.header_name == "graph.node"
    assert shapes(checkpoint(onnx_model([onnx_tensor("w", (2,))], nodes))) == {"w": (2,)}


def test_external_data_is_named():
    found = checkpoint(onnx_model([onnx_tensor("w", (4, 4), location="model.onnx.data", offset="0", length="64")]))
    assert shapes(found) == {"w": (4, 4)}
    assert found.storage_bytes == 64
    assert "'model.onnx.data'" in found.warnings[1]
    assert found.safety.verdict == "plain"


@pytest.mark.parametrize("place", ["../../secret", "/etc/passwd", "C:\\secret", "a/../../b", "file:///etc/passwd", "..\\b"])
def test_external_data_outside_of_the_folder_is_refused(place):
    found = checkpoint(onnx_model([onnx_tensor("w", (4, 4), location=place)]))
    assert found.safety.verdict == "suspicious"
    assert "refused" in found.warnings[1]


def test_shapes_and_values_that_do_not_fit():
    for wrong in (
        onnx_tensor("w", (4, 4), raw=bytes(60)),
        onnx_tensor("w", (4, -4), raw=b"x"),
        onnx_tensor("w", (1 << 40, 1 << 40), raw=b"x"),
    ):
        assert unreadable(onnx_model([wrong])).kind == "broken"


def test_a_model_without_weights():
    found = unreadable(onnx_model([], [NORM]))
    assert found.kind == "not_a_checkpoint"


def test_graphs_of_branches_are_looked_into_and_not_too_deep():
    inner = field(5, onnx_tensor("branch.w", (3,)))
    node = onnx_node("If", ["c"], ["y"], field(1, "then_branch") + field(6, inner))
    assert shapes(checkpoint(onnx_model([onnx_tensor("w", (2,))], [node]))) == {"branch.w": (3,), "w": (2,)}
    for _ in range(30):
        inner = field(1, onnx_node("If", ["c"], ["y"], field(1, "then_branch") + field(6, inner)))
    assert unreadable(onnx_model([], graph_more=inner)).kind == "limit"


def test_too_many_tensors():
    many = onnx_model([onnx_tensor(f"w{n}", ()) for n in range(20)])
    assert read_contents(BytesBlob(many), Limits(tensors=10))[0].kind == "limit"


def test_it_is_told_from_other_messages():
    assert Onnx().accepts(MODEL[:4096], len(MODEL))
    assert not Onnx().accepts(b"\x08\x07\x12\x07pytorch", 11)
    assert not Onnx().accepts(field(1, 1) + field(2, "text") + field(3, "text"), 14)


def test_a_large_model_costs_tens_of_requests():
    sizes = [(64, 3, 7, 7)] + [(64, 64, 3, 3)] * 8 + [(256, 256, 3, 3)] * 12 + [(512, 512, 3, 3)] * 6
    model = onnx_model([item for n, shape in enumerate(sizes) for item in (onnx_tensor(f"w{n}", shape), onnx_tensor(f"b{n}", shape[:1]))])
    blob = CountingBlob(model)
    (found,) = read_contents(blob)
    assert isinstance(found, Checkpoint)
    assert len(found.tensors) == 54
    assert len(blob.reads) <= 24
    assert blob.bytes_read < blob.size // 20


def test_external_weights_of_gigabytes_cost_one_request():
    model = onnx_model([onnx_tensor(f"w{n}", (4096, 4096), location="w.bin") for n in range(200)])
    blob = CountingBlob(model)
    assert len(read_contents(blob)[0].tensors) == 200
    assert len(blob.reads) == 1


def test_one_tensor_of_two_gigabytes_is_passed_over():
    size = 2 << 30
    front = field(1, 1 << 29) + field(2, 1) + field(8, "huge") + number(9 << 3 | 2) + number(size)
    tensor = number(5 << 3 | 2) + number(len(front) + size) + front
    graph = number(7 << 3 | 2) + number(len(tensor) + size) + tensor
    head = message((1, 8), (2, "x")) + graph
    blob = SparseBlob({0: head, len(head) + size: field(8, field(2, 17))}, len(head) + size + len(field(8, field(2, 17))))
    (found,) = read_contents(blob)
    assert shapes(found) == {"huge": (1 << 29,)}
    assert len(blob.reads) <= 2
    assert blob.bytes_read < 100_000
