"""GGUF, Flax msgpack, OpenVINO, ncnn, shard indexes, Orbax, Darknet: what is read, what is refused, what it costs."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from format_files import BytesBlob, CountingBlob, SparseBlob, checkpoint, only, shapes, unreadable, zipped
from header_files import INDEX, NCNN, chunked, darknet, flax_state, gguf, openvino, packed

from auditor.facts import Checkpoint, Status
from auditor.formats.interface import Limits
from auditor.formats.reading import read_contents
from auditor.formats.safetensors_index import index_disagreements

LLAMA = [
    ("token_embd.weight", (64, 256), "f16"),
    ("blk.0.q.weight", (32, 256), "q6_k"),
    ("norm.weight", (256,), "f32"),
    ("b", (2, 3), "bf16"),
]


class TestGguf:
    @pytest.mark.parametrize(("version", "order"), [(3, "<"), (3, ">"), (2, "<"), (1, "<")])
    def test_names_shapes_types_and_architecture(self, version, order):
        entries = [
            ("general.name", "tiny"),
            ("general.architecture", "llama"),
            ("n", 3),
            ("tokenizer.tokens", ["a", "b"]),
            ("s", [0.5, 1.0]),
        ]
        found = checkpoint(gguf(LLAMA, entries, version=version, order=order))
        assert [(t.name, t.shape, t.dtype) for t in found.tensors] == [
            ("token_embd.weight", (64, 256), "float16"),
            ("blk.0.q.weight", (32, 256), "q6_k"),
            ("norm.weight", (256,), "float32"),
            ("b", (2, 3), "bfloat16"),
        ]
        assert found.training.metadata[1] == ("general.architecture", "llama")
        assert ("tokenizer.tokens", "2 values") in found.training.metadata
        assert found.storage_bytes == 64 * 256 * 2 + 32 * 210 + 1024 + 12

    def test_a_vocabulary_is_passed_over_and_values_are_not_read(self):
        entries = [("general.architecture", "llama"), ("tokens", [f"token{n}" for n in range(30_000)]), ("scores", [0.5] * 30_000)]
        header = gguf([(f"blk.{n}.weight", (4096, 4096), "f16") for n in range(200)], entries, values=False)
        blob = SparseBlob({0: header}, len(header) + 200 * (32 << 20))
        (found,) = read_contents(blob)
        assert isinstance(found, Checkpoint)
        assert len(found.tensors) == 200
        assert len(blob.reads) <= 6
        assert blob.bytes_read < 1_400_000

    def test_lies(self):
        whole = gguf(LLAMA)
        assert unreadable(gguf(LLAMA, values=False)).kind == "truncated"
        for place, value in ((8, 1 << 40), (16, 1 << 40), (24, 1 << 60)):
            assert unreadable(whole[:place] + struct.pack("<Q", value) + whole[place + 8 :]).kind in ("limit", "truncated", "broken")
        assert unreadable(b"GGUF" + struct.pack("<I", 9) + bytes(40)).kind == "unsupported"
        assert unreadable(whole.replace(struct.pack("<QI", 0, 9)[:0] + b"norm.weight", b"norm.weight")[:200]).kind == "truncated"


class TestFlax:
    def test_a_train_state(self):
        found = checkpoint(packed(flax_state()))
        assert [(t.name, t.shape, t.dtype, t.is_parameter) for t in found.tensors] == [
            ("params.conv.kernel", (3, 3, 4, 8), "float32", True),
            ("params.conv.bias", (8,), "float32", True),
            ("params.head.kernel", (8, 10), "float16", True),
            ("batch_stats.bn.mean", (8,), "float32", False),
        ]
        assert (found.training.epoch, found.training.optimizer, found.training.optimizer_bytes) == (7, "present", 288 * 4)

    def test_parameters_alone_and_bare_trees(self):
        found = checkpoint(packed({"params": {"a": np.zeros((2, 3), "f4")}}))
        assert (found.state_key, shapes(found)) == ("params", {"a": (2, 3)})
        found = checkpoint(packed({"layer": {"kernel": np.zeros((2, 3), "i8")}}))
        assert (found.state_key, shapes(found)) == (None, {"layer.kernel": (2, 3)})

    def test_averages_beside_the_weights_are_told(self):
        found = checkpoint(packed({"params": {"a": np.zeros(3, "f4")}, "ema_params": {"a": np.zeros(3, "f4")}}))
        assert shapes(found) == {"a": (3,)}
        assert "'ema_params'" in found.warnings[0]

    def test_arrays_in_chunks(self):
        found = checkpoint(packed({"params": {"big": chunked(np.zeros((30, 20), "f4"), 3), "b": np.zeros(3, "f4")}}))
        assert shapes(found) == {"big": (30, 20), "b": (3,)}
        assert found.storage_bytes == 2412

    def test_a_large_first_chunk_is_recognized_by_its_marker(self):
        found = checkpoint(packed({"params": {"big": chunked(np.zeros((300, 200), "f4"), 2)}}))
        assert shapes(found) == {"big": (300, 200)}

    def test_values_are_passed_over(self):
        data = packed({"params": {f"l{n}": {"kernel": np.zeros((600, 600), "f4"), "bias": np.zeros(600, "f4")} for n in range(12)}})
        blob = CountingBlob(data)
        (found,) = read_contents(blob)
        assert len(found.tensors) == 24
        assert blob.size > 17_000_000
        assert len(blob.reads) <= 20
        assert blob.bytes_read < 400_000

    def test_lies(self):
        data = packed({"params": {"a": np.zeros((2, 3), "f4")}})
        assert unreadable(data.replace(b"\x92\x02\x03", b"\x92\x02\x04")).kind in ("broken", "unsupported")
        assert unreadable(data[:-3]).kind in ("truncated", "unsupported")
        deep = b"\x81\xa1a" * 5000 + packed(np.zeros(3, "f4"))
        assert unreadable(deep).kind in ("limit", "unsupported")
        assert unreadable(b"\xdf\xff\xff\xff\xff\xa1a" + packed(np.zeros(3, "f4")) * 3).kind in ("truncated", "unsupported")

    def test_other_msgpack_is_no_checkpoint(self):
        assert unreadable(packed({"a": 1, "b": [1, 2, 3], "c": "text"})).kind in ("unsupported", "not_a_checkpoint")


class TestOpenVino:
    def test_constants_with_names_and_shapes(self):
        found = checkpoint(openvino())
        assert [(t.name, t.shape, t.dtype, t.is_parameter) for t in found.tensors] == [
            ("conv1.weight", (64, 3, 7, 7), "float16", None),
            ("axes", (), "int64", False),
        ]
        assert found.storage_bytes == 18824
        assert found.training.metadata == (("name", "resnet"), ("version", "11"))

    def test_an_old_version_without_shapes_is_named(self):
        old = openvino('<layer id="1" name="c" type="Convolution"><blobs><weights offset="0" size="18816"/></blobs></layer>', "7")
        found = unreadable(old)
        assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)
        assert "version 7" in found.reason

    def test_entities_are_refused_before_they_are_declared(self):
        laughs = (
            b'<!DOCTYPE net [<!ENTITY a "'
            + b"x" * 1000
            + b'">'
            + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 100) for n in range(9))
        )
        data = b'<?xml version="1.0"?>' + laughs + b']><net name="&j;" version="11"/>'
        assert unreadable(data).kind in ("unsupported", "not_a_checkpoint", "broken")
        inside = b'<net name="a" version="11"><!DOCTYPE x [<!ENTITY a "b">]></net>'
        assert unreadable(inside).kind == "broken"
        assert unreadable(b'<net name="a"><layers>&a;</layers></net>').kind == "broken"

    def test_hostile_xml(self):
        assert unreadable(b"<net>" + b"<a>" * 5000).kind == "limit"
        body = '<layer name="w" type="Const"><data element_type="f32" shape="{}"/></layer>'
        for shape in ("9999999999999999999,9999999999999999999", "-1", "a", "1" * 3000):
            assert unreadable(openvino(body.format(shape))).kind == "broken"
        assert unreadable(openvino()[:-20]).kind == "truncated"

    def test_a_large_network_is_read_in_pieces(self):
        body = "".join(
            f'<layer name="w{n}" type="Const"><data element_type="f32" shape="{n},3" offset="0" size="{12 * n}"/></layer>'
            for n in range(9000)
        )
        blob = CountingBlob(openvino(body))
        (found,) = read_contents(blob)
        assert len(found.tensors) == 9000
        assert len(blob.reads) <= 6
        assert read_contents(blob, Limits(header_bytes=300_000))[0].kind == "limit"


class TestNcnn:
    def test_shapes_follow_from_the_layers(self):
        found = checkpoint(NCNN)
        assert shapes(found) == {
            "conv1.weight": (64, 3, 7, 7),
            "conv1.bias": (64,),
            "dw.weight": (64, 1, 3, 3),
            **{f"bn.{part}": (64,) for part in ("weight", "running_mean", "running_var", "bias")},
            "fc.weight": (10, 64),
            "fc.bias": (10,),
        }
        assert "float32 is assumed" in found.warnings[0]
        assert "LSTM" in found.warnings[1]

    def test_lies(self):
        assert unreadable(NCNN[:120]).kind == "truncated"
        assert unreadable(NCNN.replace(b"1=7 11=7", b"1=0 11=0")).kind == "broken"
        assert unreadable(NCNN.replace(b"6 6", b"999 6")).kind == "truncated"
        assert unreadable(NCNN.replace(b"6 6", b"six")).kind == "broken"
        assert unreadable(NCNN.replace(b"0=64 1=3 5=0", b"1=3 5=0")).kind == "broken"


class TestIndex:
    def test_it_says_of_how_many_shards(self):
        found = unreadable(INDEX)
        assert (found.kind, found.status) == ("not_a_checkpoint", Status.OK)
        assert found.reason.startswith("index of 2 shards: 3 tensors in m-00001-of-00002.safetensors")
        assert unreadable(INDEX[:-5]).kind == "truncated"
        assert unreadable(b'{"weight_map": 3}').kind == "broken"

    def test_disagreements(self):
        first, second = "m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors"
        assert index_disagreements(INDEX, {first: ["a", "b"], second: {"c"}}) == ()
        assert index_disagreements(INDEX, {first: ["a"], second: ["c", "d"]}) == (
            f"tensor 'b' is not in '{first}', where the index places it",
            f"tensor 'd' of '{second}' is not in the index",
        )
        (said,) = index_disagreements(INDEX, {first: ["a", "b"]})
        assert said == f"shard '{second}' is not there: the index places 1 tensors in it"


class TestNamed:
    def test_parts_of_an_orbax_folder(self):
        tree = json.dumps({"tree_metadata": {"('params', 'kernel')": {"key_metadata": []}, "('step',)": {}}}).encode()
        found = unreadable(tree)
        assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)
        assert "2 entries: names without shapes: params.kernel, step" in found.reason
        assert "OCDBT" in unreadable(b"\x0c\xdb\x3a\x2a" + bytes(100)).reason
        zarr = unreadable(json.dumps({"zarr_format": 2, "shape": [3, 4], "dtype": "<f4"}).encode())
        assert "shape [3, 4], type <f4" in zarr.reason

    @pytest.mark.parametrize("minor", [1, 2])
    def test_darknet_is_named_with_its_count(self, minor):
        found = unreadable(darknet(5000, minor))
        assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)
        assert f"version 0.{minor}.0) of 5000 float32 values" in found.reason
        assert ".cfg" in found.reason

    def test_other_bytes_are_not_taken_for_darknet(self):
        for data in (
            darknet()[:-1],
            bytes(12) + darknet()[12:],
            struct.pack("<3i", 0, 2, 0) + bytes(5000),
            struct.pack("<3i", 0, 2, 0) + b"text" * 500,
        ):
            assert "Darknet" not in unreadable(data).reason


def test_all_of_them_inside_a_container():
    items = [
        ("a.gguf", gguf(LLAMA)),
        ("b.msgpack", packed(flax_state())),
        ("c.xml", openvino()),
        ("d.param", NCNN),
        ("e.index.json", INDEX),
        ("f.weights", darknet()),
        ("g.txt", b"text"),
    ]
    found = {item.member: item for item in read_contents(BytesBlob(zipped(items)))}
    assert {name for name, item in found.items() if isinstance(item, Checkpoint)} == {"a.gguf", "b.msgpack", "c.xml", "d.param"}
    assert found["f.weights"].kind == "unsupported"
    assert "e.index.json" not in found
    assert only(zipped([("only.gguf", gguf(LLAMA))])).member == "only.gguf"
