"""Caffe, Core ML, MXNet and TensorFlow Lite: names and shapes by their headers, values passed over."""

from __future__ import annotations

import struct

import pytest
from format_files import CountingBlob, SparseBlob, checkpoint, shapes, unreadable, zipped
from graph_files import (
    caffe_blob,
    caffe_layer,
    caffe_layer_v1,
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
    tf_const,
    tf_graph,
    tflite,
)

from auditor.blob import BytesBlob
from auditor.facts import Status
from auditor.formats.caffe import Caffe
from auditor.formats.coreml import CoreMl
from auditor.formats.interface import Limits
from auditor.formats.reading import read_contents
from auditor.formats.tensorflow_graph import FrozenGraph, SavedModel

NET = (
    field(1, "ResNet-50") + caffe_layer("data", "Input") + caffe_layer("conv1", "Convolution", caffe_blob((64, 3, 7, 7)), caffe_blob((64,)))
)
NET += caffe_layer("bn1", "BatchNorm", caffe_blob((64,)), caffe_blob((64,)), caffe_blob((1,)))


class TestCaffe:
    def test_layers_of_today(self):
        found = checkpoint(NET)
        assert shapes(found) == {
            "conv1.0": (64, 3, 7, 7),
            "conv1.1": (64,),
            "bn1.0": (64,),
            "bn1.1": (64,),
            "bn1.2": (1,),
        }
        assert [tensor.is_parameter for tensor in found.tensors] == [None, None, False, False, False]
        assert (found.format, found.storage_bytes) == ("caffe", 4 * (9408 + 64 + 129))
        assert ("name", "ResNet-50") in found.training.metadata

    def test_layers_of_2014_with_four_sizes(self):
        net = field(1, "CaffeNet") + caffe_layer_v1("data", 5)
        net += caffe_layer_v1("conv1", 4, caffe_blob((96, 3, 11, 11), legacy=True), caffe_blob((96,), legacy=True))
        net += caffe_layer_v1("fc8", 14, caffe_blob((1000, 4096), legacy=True), caffe_blob((1000,), legacy=True))
        assert shapes(checkpoint(net)) == {"conv1.0": (96, 3, 11, 11), "conv1.1": (96,), "fc8.0": (1000, 4096), "fc8.1": (1000,)}

    def test_layers_of_the_first_form(self):
        oldest = field(1, message((1, "fc1"), (2, "innerproduct")) + field(50, caffe_blob((5, 7), legacy=True)))
        assert shapes(checkpoint(field(2, oldest))) == {"fc1.0": (5, 7)}

    def test_values_one_at_a_time_doubles_and_differences(self):
        single = b"".join(number(5 << 3 | 5) + bytes(4) for _ in range(6)) + field(7, field(1, number(2) + number(3)))
        double = field(8, bytes(48)) + field(6, bytes(24)) + field(7, field(1, number(6)))
        found = checkpoint(caffe_layer("a", "Scale", single, double))
        assert [(tensor.shape, tensor.dtype) for tensor in found.tensors] == [((2, 3), "float32"), ((6,), "float64")]
        assert found.storage_bytes == 24 + 48 + 24

    def test_values_that_do_not_fit(self):
        assert unreadable(caffe_layer("a", "Scale", caffe_blob((4, 4), data=bytes(60)))).kind == "broken"

    def test_a_net_without_weights(self):
        assert unreadable(field(1, "net") + caffe_layer("data", "Input")).kind == "not_a_checkpoint"

    def test_it_is_told_from_a_graph_of_tensorflow_and_from_text(self):
        graph = tf_graph(tf_const("w", (2, 2)))
        assert not Caffe().accepts(graph, len(graph))
        assert not FrozenGraph().accepts(NET, len(NET))
        for text in (b"\n\nSome text about nothing in particular, with lines.\n\n", b"\n\x05hello", b"\n" * 500):
            assert not Caffe().accepts(text, len(text))

    def test_a_large_model_costs_tens_of_requests(self):
        layers = [caffe_layer(f"conv{n}", "Convolution", caffe_blob((512, 256, 3, 3)), caffe_blob((512,))) for n in range(15)]
        blob = CountingBlob(field(1, "VGG") + b"".join(layers))
        assert len(read_contents(blob)[0].tensors) == 30
        assert len(blob.reads) <= 17
        assert blob.bytes_read < 300_000


class TestMxNet:
    def test_every_form_and_the_marks_of_names(self):
        data = mxnet_params(
            [
                ("arg:conv0_weight", mxnet_array((64, 3, 7, 7))),
                ("aux:bn0_moving_mean", mxnet_array((64,), form=1)),
                ("arg:fc_weight", mxnet_array((10, 64), 2, 3, 2)),
                ("arg:old", mxnet_array((5,), 6, 0, 8)),
                ("arg:scalar", mxnet_array((), form=3)),
                ("arg:sparse", mxnet_rows(3, (100, 8))),
                ("arg:nothing", struct.pack("<Iii", 0xF993FAC9, 0, 0)),
            ]
        )
        found = checkpoint(data)
        assert shapes(found) == {
            "conv0_weight": (64, 3, 7, 7),
            "bn0_moving_mean": (64,),
            "fc_weight": (10, 64),
            "old": (5,),
            "scalar": (),
            "sparse": (100, 8),
            "nothing": (0,),
        }
        assert [tensor.dtype for tensor in found.tensors] == ["float32", "float32", "float16", "int64", "float32", "float32", "float32"]
        assert [tensor.is_parameter for tensor in found.tensors][:3] == [None, False, None]
        assert dict(found.training.metadata) == {"names with arg:": "6", "names with aux:": "1"}

    def test_names_of_gluon_and_lists_without_names(self):
        found = checkpoint(mxnet_params([("features.1.running_mean", mxnet_array((4,))), ("features.0.weight", mxnet_array((4, 3)))]))
        assert [(tensor.name, tensor.is_parameter) for tensor in found.tensors] == [
            ("features.1.running_mean", False),
            ("features.0.weight", None),
        ]
        assert shapes(checkpoint(mxnet_params([("", mxnet_array((2, 2)))], named=False))) == {"0": (2, 2)}

    def test_lies(self):
        good = mxnet_params([("a", mxnet_array((4, 3)))])
        assert unreadable(good[:16] + struct.pack("<Q", 1 << 60) + good[24:]).kind == "limit"
        assert unreadable(good[:24] + struct.pack("<I", 99) + good[28:]).kind == "broken"
        assert unreadable(good[:32] + struct.pack("<i", 1 << 30) + good[36:]).kind == "broken"
        assert unreadable(good[:36] + struct.pack("<q", -4) + good[44:]).kind == "broken"
        assert unreadable(good[:36] + struct.pack("<q", 1 << 40) + good[44:]).kind == "truncated"
        at = good.rindex(struct.pack("<QQ", 1, 1))
        assert unreadable(good[:at] + struct.pack("<Q", 7) + good[at + 8 :]).kind == "broken"
        assert unreadable(good[: at + 8] + struct.pack("<Q", 1 << 40) + good[at + 16 :]).kind == "limit"

    def test_a_file_of_two_gigabytes(self):
        front = struct.pack("<QQQ", 0x112, 0, 1) + struct.pack("<Iiiqiii", 0xF993FAC9, 0, 1, 1 << 29, 1, 0, 0)
        end = struct.pack("<QQ", 1, 5) + b"arg:w"
        blob = SparseBlob({0: front, len(front) + (2 << 30): end}, len(front) + (2 << 30) + len(end))
        assert shapes(read_contents(blob)[0]) == {"w": (1 << 29,)}
        assert len(blob.reads) <= 2


def network() -> bytes:
    convolution = message((1, 16), (2, 3)) + field(20, number(3) + number(5)) + field(90, coreml_weights(16 * 3 * 15))
    norm = field(1, 16) + b"".join(field(n, coreml_weights(16)) for n in (15, 16, 17, 18))
    up = message((1, 16), (2, 8), (60, 1)) + field(20, number(4) + number(4)) + field(90, coreml_weights(16 * 8 * 16, half=True))
    linear = message((1, 8), (2, 10)) + field(20, field(30, bytes(40)) + field(40, field(1, 4))) + field(21, coreml_weights(10))
    inner = field(1, coreml_weights(24)) + field(20, coreml_weights(36)) + field(40, coreml_weights(6))
    both = message((1, 4), (2, 6)) + field(20, inner) + field(20, inner)
    custom = field(10, "MyLayer") + field(20, coreml_weights(7)) + field(20, coreml_weights(9))
    layers = [("conv", 100, convolution), ("bn", 160, norm), ("relu", 130, b""), ("up", 100, up), ("fc", 140, linear), ("lstm", 430, both)]
    return b"".join(coreml_layer(name, kind, params) for name, kind, params in [*layers, ("mine", 500, custom)])


class TestCoreMl:
    def test_the_layers_of_a_network(self):
        found = checkpoint(coreml_model(network()))
        assert shapes(found) == {
            "conv.weight": (16, 3, 3, 5),
            "bn.weight": (16,),
            "bn.bias": (16,),
            "bn.running_mean": (16,),
            "bn.running_var": (16,),
            "up.weight": (8, 16, 4, 4),
            "fc.weight": (10, 8),
            "fc.bias": (10,),
            "lstm.forward.input_weight": (6, 4),
            "lstm.forward.input_recursion": (6, 6),
            "lstm.forward.input_bias": (6,),
            "lstm.backward.input_weight": (6, 4),
            "lstm.backward.input_recursion": (6, 6),
            "lstm.backward.input_bias": (6,),
            "mine.weight.0": (7,),
            "mine.weight.1": (9,),
        }
        kinds = {tensor.name: (tensor.dtype, tensor.is_parameter) for tensor in found.tensors}
        assert kinds["up.weight"] == ("float16", None)
        assert kinds["fc.weight"] == ("uint4", True)
        assert kinds["bn.running_var"] == ("float32", False)
        assert ("author", "an author") in found.training.metadata

    def test_sizes_that_do_not_fit_give_a_list_of_the_values(self):
        layer = message((1, 16), (2, 3)) + field(20, number(3) + number(3)) + field(90, coreml_weights(10))
        assert shapes(checkpoint(coreml_model(coreml_layer("conv", 100, layer)))) == {"conv.weight": (10,)}

    def test_the_constants_of_a_program(self):
        program = mil_program(
            mil_const("conv_weight", 11, (16, 3, 3, 3), "@model_path/weights/weight.bin"),
            mil_const("small", 11, (4,)),
            mil_const("strides", 23, (2,)),
            mil_const("eps", 11, ()),
            mil_const("fc_weight", 10, (8, 8), "@model_path/weights/weight.bin", "constexpr_lut_to_dense"),
        )
        found = checkpoint(coreml_model(program, 502))
        assert shapes(found) == {"conv_weight": (16, 3, 3, 3), "small": (4,), "fc_weight": (8, 8)}
        assert [tensor.is_parameter for tensor in found.tensors] == [None, None, True]
        assert found.header_name == "program"
        assert ("values in", "@model_path/weights/weight.bin") in found.training.metadata

    def test_a_package_is_its_model_and_not_its_values(self):
        model = coreml_model(mil_program(mil_const("w", 11, (16, 3, 3, 3), "@model_path/weights/weight.bin")), 502)
        values = struct.pack("<II", 1, 2).ljust(64, b"\x00") + struct.pack("<II", 0xDEADBEEF, 1).ljust(64, b"\x00") + bytes(1728)
        folder = "m.mlpackage/Data/com.apple.CoreML"
        found = read_contents(BytesBlob(zipped([(f"{folder}/weights/weight.bin", values), (f"{folder}/model.mlmodel", model)])))
        assert [(item.member, item.format) for item in found] == [(f"{folder}/model.mlmodel", "coreml")]
        alone = unreadable(values)
        assert (alone.kind, alone.status) == ("not_a_checkpoint", Status.OK)
        assert "model.mlmodel" in alone.reason

    def test_a_pipeline_names_its_models_by_number(self):
        inner = coreml_model(coreml_layer("fc", 140, message((1, 2), (2, 3)) + field(20, coreml_weights(6))))
        found = checkpoint(coreml_model(field(1, inner) + field(1, inner), 202))
        assert shapes(found) == {"0.fc.weight": (3, 2), "1.fc.weight": (3, 2)}
        for _ in range(8):
            inner = coreml_model(field(1, inner), 202)
        assert unreadable(inner).kind == "limit"

    def test_models_without_tensors_are_named(self):
        found = unreadable(coreml_model(field(1, bytes(200)), 402))
        assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)
        assert "an ensemble of trees" in found.reason
        assert unreadable(coreml_model(coreml_layer("relu", 130, b""))).kind == "not_a_checkpoint"

    def test_it_is_told_from_a_saved_model(self):
        model = coreml_model(network())
        assert CoreMl().accepts(model[:65536], len(model))
        assert not SavedModel().accepts(model[:65536], len(model))


QUANTIZED = [
    ("input", (1, 8, 8, 3), 0, None, False),
    ("conv/kernel", (16, 3, 3, 3), 9, bytes(432), True),
    ("conv/bias", (16,), 2, bytes(64), True),
    ("reshape", (2,), 2, bytes(8), False),
    ("fc/kernel", (10, 16), 0, bytes(640), False),
    ("small", (3, 3), 17, bytes(5), False),
]


class TestTfLite:
    @pytest.mark.parametrize("scattered", [True, False])
    def test_tensors_with_values_only(self, scattered):
        found = checkpoint(tflite(QUANTIZED, scattered=scattered))
        assert shapes(found) == {"conv/kernel": (16, 3, 3, 3), "conv/bias": (16,), "reshape": (2,), "fc/kernel": (10, 16), "small": (3, 3)}
        assert [(tensor.dtype, tensor.is_parameter) for tensor in found.tensors] == [
            ("int8", True),
            ("int32", True),
            ("int32", None),
            ("float32", None),
            ("int4", True),
        ]
        assert (found.format, found.storage_bytes) == ("tflite", 432 + 64 + 8 + 640 + 5)
        assert dict(found.training.metadata) == {"version": "3", "subgraphs": "1", "description": "a description"}

    def test_values_that_do_not_fit(self):
        assert unreadable(tflite([("w", (4, 4), 0, bytes(60), False)])).kind == "broken"
        assert unreadable(tflite([("w", (4, -4), 0, bytes(64), False)])).kind == "broken"

    def test_a_model_without_values(self):
        assert unreadable(tflite([("w", (4, 4), 0, None, False)])).kind == "not_a_checkpoint"

    def test_offsets_that_lie(self):
        good = bytearray(tflite(QUANTIZED))
        for at in range(0, len(good) - 4, 4):
            for value in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF):
                data = bytearray(good)
                struct.pack_into("<I", data, at, value)
                assert read_contents(BytesBlob(bytes(data)))

    def test_tables_beside_their_values_cost_one_request_each(self):
        tensors = [(f"block{n}/kernel", (256, 3, 3, 256), 0, bytes(256 * 9 * 256 * 4), False) for n in range(12)]
        for scattered, most in ((True, 14), (False, 14)):
            blob = CountingBlob(tflite(tensors, scattered=scattered))
            assert len(read_contents(blob)[0].tensors) == 12
            assert len(blob.reads) <= most
            assert blob.bytes_read < 300_000

    def test_limits(self):
        assert read_contents(BytesBlob(tflite(QUANTIZED)), Limits(tensors=3))[0].kind == "limit"
        assert read_contents(BytesBlob(tflite(QUANTIZED)), Limits(objects=10))[0].kind == "limit"
