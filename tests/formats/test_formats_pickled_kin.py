"""Pickles with a layout of their own: joblib, Paddle, detectron2, DCP, DeepSpeed; and torch.export's archive."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zlib
from collections import OrderedDict

import hostile
import numpy as np
import pytest
from format_files import CountingBlob, checkpoint, only, saved, shapes, unreadable, zipped

from auditor.blob import BytesBlob
from auditor.errors import FormatError
from auditor.facts import Checkpoint
from auditor.formats.interface import Limits
from auditor.formats.joblib_pickle import Joblib
from auditor.formats.reading import read_contents

torch = pytest.importorskip("torch")


def short(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


def wrapped(shape: tuple[int, ...], code: str, raw: bytes, *, aligned: bool = True, at: int = 0) -> bytes:
    """Return the opcodes of joblib's wrapper and the raw bytes behind them; `at` is where they will stand in the file."""
    dtype = b"cnumpy\ndtype\n" + short(code) + b"\x89\x88\x87R(K\x03" + short("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    sizes = b"(" + b"".join(b"J" + struct.pack("<i", n) for n in shape) + b"t"
    state = b"}(" + short("subclass") + b"cnumpy\nndarray\n" + short("shape") + sizes + short("order") + short("C") + short("dtype") + dtype
    state += short("allow_mmap") + b"\x88" + (short("numpy_array_alignment_bytes") + b"K\x10" if aligned else b"") + b"u"
    out = b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81" + state + b"b"
    padding = 16 - (at + len(out) + 1) % 16
    return out + (bytes([padding]) + b"\xff" * padding if aligned else b"") + raw


def joblib(arrays: dict[str, tuple[tuple[int, ...], str, bytes]], aligned: bool = True) -> bytes:
    out = b"\x80\x04}("
    for name, (shape, code, raw) in arrays.items():
        out += short(name)
        out += wrapped(shape, code, raw, aligned=aligned, at=len(out))
    return out + b"u."


ARRAYS = {"coef": ((3, 4), "f4", bytes(48)), "big": ((300, 500), "f8", bytes(1_200_000)), "last": ((7,), "i8", bytes(56))}


class TestJoblib:
    @pytest.mark.parametrize("aligned", [True, False])
    def test_raw_arrays_between_the_opcodes_are_passed_over(self, aligned):
        blob = CountingBlob(joblib(ARRAYS, aligned))
        (found,) = read_contents(blob)
        assert isinstance(found, Checkpoint), found
        assert (found.format, found.safety.verdict) == ("joblib", "plain")
        assert [(t.name, t.shape, t.dtype) for t in found.tensors] == [
            ("coef", (3, 4), "float32"),
            ("big", (300, 500), "float64"),
            ("last", (7,), "int64"),
        ]
        assert len(blob.reads) <= 3
        assert blob.bytes_read < 100_000

    def test_a_compressed_one(self):
        for level in (1, 3, 6):
            assert len(checkpoint(zlib.compress(joblib(ARRAYS), level)).tensors) == 3

    def test_objects_are_walked_as_pickles(self):
        objects = b"\x80\x04" + short("w") + wrapped((1,), "O8", b"\x80\x02cos\nsystem\nX\x01\x00\x00\x00x\x85R.", aligned=False) + b"."
        found = unreadable(objects)
        assert found.kind == "dangerous"
        assert "os.system" in found.reason

    def test_lies(self):
        assert unreadable(joblib({"w": ((1 << 20, 1 << 10), "f8", bytes(100))})).kind == "truncated"
        assert unreadable(joblib({"w": ((3,), "zz", bytes(100))})).kind == "broken"
        with pytest.raises(FormatError):
            Joblib().read(BytesBlob(joblib(ARRAYS)[:200]), Limits())

    def test_against_the_library(self):
        library = pytest.importorskip("joblib")
        buffer = io.BytesIO()
        value = {"a": np.zeros((3, 4), "f4"), "texts": np.array(["x", None], dtype=object), "b": np.ones(5)}
        library.dump({**value, "same": value["a"]}, buffer)
        assert shapes(checkpoint(buffer.getvalue())) == {"a": (3, 4), "b": (5,), "same": (3, 4)}


def test_paddle_in_both_spellings():
    arrays = {"linear.weight": np.zeros((3, 4), "f4"), "linear.bias": np.zeros(4, "f4")}
    names = {"StructuredToParameterName@@": {"linear.weight": "linear_0.w_0"}}
    for value in ({**arrays, **names}, {key: (f"{key}_0", item) for key, item in arrays.items()} | names):
        for protocol in (2, 4):
            found = checkpoint(pickle.dumps(value, protocol))
            assert shapes(found) == {"linear.weight": (3, 4), "linear.bias": (4,)}
            assert found.warnings == ()


def test_detectron2():
    value = {"model": {"backbone.stem.conv1.weight": np.zeros((64, 3, 7, 7), "f4")}, "__author__": "Detectron2 Model Zoo"}
    found = checkpoint(pickle.dumps(value))
    assert (found.state_key, shapes(found)) == ("model", {"backbone.stem.conv1.weight": (64, 3, 7, 7)})


SHAPES = OrderedDict([("a.weight", torch.Size([3, 4])), ("a.bias", torch.Size([3]))])


class TestDeepSpeed:
    def test_shapes_stand_for_partitioned_weights(self):
        module = OrderedDict([("a.weight", torch.zeros(0)), ("bn.running_mean", torch.zeros(4))])
        found = checkpoint(saved({"module": module, "ds_version": "0.9.2", "param_shapes": [SHAPES], "global_steps": 3}))
        assert shapes(found) == {"a.weight": (3, 4), "a.bias": (3,), "bn.running_mean": (4,)}
        assert [t.is_parameter for t in found.tensors] == [True, True, None]
        assert (found.state_key, dict(found.training.metadata)["ds_version"]) == ("module", "0.9.2")

    def test_without_a_module(self):
        found = checkpoint(saved({"module": None, "ds_version": "0.9.2", "param_shapes": SHAPES}))
        assert shapes(found) == {"a.weight": (3, 4), "a.bias": (3,)}
        assert found.tensors[0].dtype == "unknown"

    def test_whole_weights_are_left_as_they_are(self):
        module = OrderedDict([("a.weight", torch.zeros(3, 4)), ("a.bias", torch.zeros(3))])
        found = checkpoint(saved({"module": module, "ds_version": "0.9.2", "param_shapes": [SHAPES]}))
        assert all(t.storage for t in found.tensors)


class TestDistributed:
    @pytest.fixture(scope="class")
    def metadata(self, tmp_path_factory) -> bytes:
        from torch.distributed.checkpoint.metadata import BytesStorageMetadata, Metadata, TensorProperties, TensorStorageMetadata

        def tensor(*shape: int, dtype=torch.float32) -> TensorStorageMetadata:
            return TensorStorageMetadata(TensorProperties(dtype), torch.Size(shape), [])

        entries = {
            "model.conv.weight": tensor(8, 3, 3, 3, dtype=torch.bfloat16),
            "model.conv.bias": tensor(8),
            "optimizer.state.0.exp_avg": tensor(8, 3, 3, 3),
            "epoch": BytesStorageMetadata(),
        }
        return pickle.dumps(Metadata(entries), 2)

    def test_the_metadata_alone_gives_names_and_shapes(self, metadata):
        found = checkpoint(metadata)
        assert (found.format, found.state_key, found.safety.verdict) == ("torch_dcp", "model", "plain")
        assert [(t.name, t.shape, t.dtype) for t in found.tensors] == [
            ("conv.weight", (8, 3, 3, 3), "bfloat16"),
            ("conv.bias", (8,), "float32"),
        ]
        assert found.training.optimizer_bytes == 216 * 4

    def test_a_name_that_is_none_of_them_is_told(self, metadata):
        evil = metadata[:-1] + b"0cos\nsystem\nX\x01\x00\x00\x00x\x85R."
        assert unreadable(evil).kind == "dangerous"

    def test_cut_at_every_byte(self, metadata):
        for cut in range(len(metadata)):
            assert not isinstance(only(metadata[:cut]), Checkpoint)


class TestExport:
    @staticmethod
    def archive(entries: dict[str, object], **more: bytes) -> bytes:
        config = json.dumps({"config": entries}).encode()
        items = [("m/data/weights/weight_0", bytes(48)), ("m/data/weights/model_weights_config.json", config), ("m/archive_format", b"pt2")]
        return zipped([*items, *more.items()])

    @staticmethod
    def entry(path: str, sizes: tuple[int, ...], dtype: int = 7, learns: bool = True) -> dict[str, object]:
        meta = {"dtype": dtype, "sizes": [{"as_int": size} for size in sizes]}
        return {"path_name": path, "is_param": learns, "use_pickle": False, "tensor_meta": meta}

    def test_the_list_of_weights(self):
        listed = {"a.weight": self.entry("weight_0", (4, 3)), "tied": self.entry("weight_0", (4, 3)), "n": self.entry("w1", (), 5, False)}
        found = checkpoint(self.archive(listed))
        assert (found.format, found.saved_as) == ("torch_export", "m")
        assert [(t.name, t.shape, t.dtype, t.is_parameter) for t in found.tensors] == [
            ("a.weight", (4, 3), "float32", True),
            ("tied", (4, 3), "float32", True),
            ("n", (), "int64", False),
        ]
        assert found.tensors[0].storage == found.tensors[1].storage

    def test_the_layout_before(self):
        state = saved({"a.weight": torch.zeros(4, 3)})
        for deflate in (False, True):
            data = zipped(
                [("serialized_exported_program.json", b"{}"), ("serialized_state_dict.pt", state), ("version", b"5.1")], deflate=deflate
            )
            found = checkpoint(data)
            assert (found.format, shapes(found)) == ("torch_export", {"a.weight": (4, 3)})

    def test_what_torch_itself_writes(self):
        program = torch.export.export(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)).eval(), (torch.zeros(2, 3),))
        buffer = io.BytesIO()
        torch.export.save(program, buffer)
        found = checkpoint(buffer.getvalue())
        assert shapes(found)["0.weight"] == (4, 3)
        assert sum(t.is_parameter is True for t in found.tensors) == 4

    def test_lies(self):
        assert unreadable(self.archive({"a": {"tensor_meta": {"dtype": 7, "sizes": [{"as_int": -1}]}}})).kind == "broken"
        assert unreadable(self.archive({"a": 3})).kind == "broken"
        assert unreadable(zipped([("m/archive_format", b"pt2")])).kind == "unsupported"
        assert (
            unreadable(zipped([("serialized_exported_program.json", b"{}"), ("serialized_state_dict.pt", hostile.one_tensor())])).kind
            == "broken"
        )
