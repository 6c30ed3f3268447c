"""Checkpoints made on the fly are what torch itself would write and reads."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections import OrderedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from internet import hostile

from auditor.blob import Blob
from auditor.demo.published_shapes import (
    POSE_VARIANTS,
    Entry,
    PoseShape,
    convnext_pose,
    learnable_count,
    resnet50_root,
    training_checkpoint,
)
from auditor.demo.torch_pickles import Call, Global, TensorSpec
from auditor.demo.virtual_files import LAYOUTS, VirtualFile, crc32_of_zeros, torch_legacy, torch_zip
from auditor.errors import FormatError

SMALL = PoseShape((1, 2), (4, 8), 4, 6)
ROOT = "snapshot_3.pth"


def whole(file: VirtualFile) -> bytes:
    return b"".join(file.chunks())


def with_torch(value):
    """Return the same value with real tensors of zeros."""
    import torch

    if isinstance(value, TensorSpec):
        return torch.zeros(value.shape, dtype=getattr(torch, value.dtype))
    if isinstance(value, OrderedDict):
        made = OrderedDict((key, with_torch(inner)) for key, inner in value.items())
        made.__dict__.update(value.__dict__)
        return made
    if isinstance(value, dict):
        return {key: with_torch(inner) for key, inner in value.items()}
    return [with_torch(inner) for inner in value] if isinstance(value, list) else value


@settings(deadline=None)
@given(st.integers(0, 200_000))
def test_the_checksum_of_zeros_needs_no_zeros(count):
    assert crc32_of_zeros(count) == zlib.crc32(bytes(count))


def test_the_checksum_of_very_many_zeros():
    piece, crc = bytes(1 << 20), 0
    for _ in range(100):
        crc = zlib.crc32(piece, crc)
    assert crc32_of_zeros(100 << 20) == crc


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.integers(0, 50), st.binary(max_size=50)), max_size=8),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_any_window_equals_the_same_window_of_all_bytes(parts, offset, length):
    file = VirtualFile("f", parts)
    expected = b"".join(bytes(part) if isinstance(part, int) else part for part in parts)
    assert isinstance(file, Blob)
    assert file.size == len(expected)
    assert file.read(offset, length) == expected[offset : offset + length]
    assert b"".join(file.chunks(7)) == expected


def test_a_negative_offset_is_refused():
    with pytest.raises(FormatError):
        VirtualFile("f", [b"abc"]).read(-1, 2)


def test_torch_writes_the_same_bytes(tmp_path):
    """All but the forty digits that identify the content, and the checksum of those digits in two places."""
    import torch

    value = training_checkpoint(convnext_pose(SMALL), 3)
    path = tmp_path / f"{ROOT}.tar"
    torch.save(with_torch(value), path)
    theirs, ours = path.read_bytes(), whole(torch_zip("any.tar", ROOT, value))
    if torch.__version__.split("+")[0] != "2.13.0":
        pytest.skip("the layout is 2.13's")
    identity = zipfile.ZipFile(path).read(f"{ROOT}/.data/serialization_id")
    mine = zipfile.ZipFile(io.BytesIO(ours)).read(f"{ROOT}/.data/serialization_id")
    checksums = [zlib.crc32(digits).to_bytes(4, "little") for digits in (identity, mine)]
    assert theirs.count(identity) == ours.count(mine) == 1
    assert theirs.count(checksums[0]) == 2
    assert ours == theirs.replace(identity, mine).replace(*checksums)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_torch_reads_names_shapes_and_types(layout):
    import torch

    entries = convnext_pose(SMALL)
    data = whole(torch_zip("ConvNeXtPose.tar", ROOT, training_checkpoint(entries, 3), layout=layout))
    loaded = torch.load(io.BytesIO(data), weights_only=True)
    assert loaded["epoch"] == 3
    found = {name: (tuple(tensor.shape), str(tensor.dtype)) for name, tensor in loaded["network"].items()}
    assert found == {f"module.{entry.name}": (entry.shape, f"torch.{entry.dtype}") for entry in entries}
    assert not any(tensor.any() for tensor in loaded["network"].values())
    assert len(loaded["optimizer"]["state"]) == sum(entry.learnable for entry in entries)
    assert loaded["optimizer"]["state"][0]["exp_avg"].shape == entries[0].shape
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist()[0] == f"{ROOT}/data.pkl"
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())


def test_torch_reads_the_legacy_variant():
    import torch

    value = training_checkpoint(convnext_pose(SMALL), 3)
    data = whole(torch_legacy("old.pth", value))
    loaded = torch.load(io.BytesIO(data), weights_only=True)
    assert loaded["network"]["module.head.final_layer.weight"].shape == (6, 4, 1, 1)
    written = io.BytesIO()
    torch.save(with_torch(value), written, _use_new_zipfile_serialization=False)
    # torch writes addresses of its own process as keys, so the two differ by a few bytes for each storage
    assert abs(len(written.getvalue()) - len(data)) < 16 * len(loaded["optimizer"]["state"]) * 4


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(1, 5), max_size=4).map(tuple),
            st.sampled_from(["float32", "float16", "int64", "bool", "bfloat16", "uint8"]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_plain_state_dict_comes_back(tensors):
    import torch

    value = {
        "state_dict": {f"t{number}": TensorSpec(*tensor) for number, tensor in enumerate(tensors)},
        "args": ["a", 1, None, (2.5, True)],
    }
    for file in (torch_zip("f.pth", "f", value), torch_legacy("f.pth", value)):
        loaded = torch.load(io.BytesIO(whole(file)), weights_only=True)
        assert [(tuple(t.shape), str(t.dtype)[6:]) for t in loaded["state_dict"].values()] == tensors
        assert loaded["args"] == value["args"]


def test_the_same_tensor_twice_is_one_storage():
    import torch

    tied = TensorSpec((3, 2))
    data = whole(torch_zip("f.pth", "f", {"encoder": tied, "decoder": tied}))
    loaded = torch.load(io.BytesIO(data), weights_only=True)
    assert loaded["encoder"].data_ptr() == loaded["decoder"].data_ptr()


@pytest.mark.parametrize(
    ("variant", "learnable", "total", "mebibytes"),
    [
        ("XS", 3_528_008, 3_534_140, 40.58),
        ("S", 7_438_976, 7_448_954, 85.41),
        ("M", 7_587_008, 7_596_986, 87.10),
        ("L", 8_380_352, 8_391_354, 96.19),
    ],
)
def test_published_counts_and_sizes(variant, learnable, total, mebibytes):
    entries = convnext_pose(POSE_VARIANTS[variant])
    file = torch_zip(f"{variant}.tar", "snapshot_83.pth", training_checkpoint(entries, 69))
    assert learnable_count(entries) == learnable
    assert sum(math.prod(entry.shape) for entry in entries) == total
    assert file.size / 2**20 == pytest.approx(mebibytes, rel=0.003)
    assert file.size == pytest.approx(12 * learnable, rel=0.006)


def test_the_snapshot_of_a_resnet_has_the_published_size():
    entries = resnet50_root()
    file = torch_zip("snapshot_18.pth.tar", "snapshot_18.pth", training_checkpoint(entries, 18))
    assert learnable_count(entries) == pytest.approx(34_005_570, rel=0.001)
    assert file.size / 2**20 == pytest.approx(389.39, rel=0.003)
    names = {entry.name: entry.shape for entry in entries}
    assert names["root.deconv_layers.0.weight"] == (2048, 256, 4, 4)
    assert names["backbone.layer4.2.bn3.running_var"] == (2048,)
    assert not any(name.startswith("backbone.fc") for name in names)


def test_a_file_beyond_four_gibibytes_uses_zip64():
    """The directory, read with 64-bit fields, leads to the right bytes; nothing of it was ever in memory."""
    file = torch_zip("huge.pth", "huge", {"a": TensorSpec(((1 << 30) + 500,)), "b": TensorSpec((40,))})
    assert file.size > 1 << 32

    class Seekable(io.RawIOBase):
        place = 0

        def readable(self):
            return True

        def seekable(self):
            return True

        def seek(self, offset, whence=0):
            self.place = offset + (0, self.place, file.size)[whence]
            return self.place

        def tell(self):
            return self.place

        def read(self, size=-1):
            data = file.read(self.place, file.size - self.place if size < 0 else size)
            self.place += len(data)
            return data

    with zipfile.ZipFile(Seekable()) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        assert sizes["huge/data/0"] == 4 * ((1 << 30) + 500)
        assert archive.getinfo("huge/data/1").header_offset > 1 << 32
        assert archive.read("huge/data/1") == bytes(160)
        assert archive.read("huge/version") == b"3\n"


def test_a_stand_in_is_never_called():
    with pytest.raises(TypeError):
        Global("os", "system")("true")


def test_hostile_files_are_what_they_claim(tmp_path):
    import torch

    dangerous = whole(hostile.pickle_that_runs_code(command=f"touch {tmp_path}/owned"))
    assert b"cposix\nsystem\n" in dangerous
    with pytest.raises(Exception, match="posix"):
        torch.load(io.BytesIO(dangerous), weights_only=True)
    assert not (tmp_path / "owned").exists()
    original = torch_zip("f.pth", "f", {"a": TensorSpec((100,))})
    assert whole(hostile.truncated(original, 500)) == whole(original)[:500]
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(whole(hostile.truncated(original, 500))))


def test_the_bomb_inflates_to_what_it_says():
    small = whole(hostile.zip_bomb(inflated_mib=5))
    with zipfile.ZipFile(io.BytesIO(small)) as archive:
        assert archive.read("bomb/data.pkl") == bytes(5 << 20)
    bomb = hostile.zip_bomb()
    assert bomb.size < 8 << 20
    assert zipfile.ZipFile(io.BytesIO(whole(bomb))).getinfo("bomb/data.pkl").file_size == 4095 << 20


def test_calls_are_written_by_name():
    file = torch_zip("f.pth", "f", {"x": Call(Global("builtins", "eval"), ("1",)), "y": [Entry("a", (1,)).name]})
    assert b"cbuiltins\neval\n" in whole(file)
