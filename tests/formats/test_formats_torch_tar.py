"""torch's first format, whose writer is long gone: files built by its description and checked with torch's own reader."""

from __future__ import annotations

import io
import pickle
import struct

import hostile
import pytest
from format_files import CountingBlob, checkpoint, shapes, tarred, unreadable

from auditor.blob import BytesBlob
from auditor.errors import FormatError
from auditor.formats.interface import Limits
from auditor.formats.reading import read_contents
from auditor.formats.torch_tar import TorchTar

torch = pytest.importorskip("torch")


class Keyed(pickle.Pickler):
    """Writes tensors as their keys."""

    def __init__(self, file: io.BytesIO, tensors: list[torch.Tensor]) -> None:
        super().__init__(file, protocol=2)
        self.tensors = tensors

    def persistent_id(self, value: object) -> str | None:
        if not isinstance(value, torch.Tensor):
            return None
        self.tensors.append(value)
        return str(len(self.tensors) - 1)


def first_format(value: object, fill: int = 0) -> bytes:
    tensors: list[torch.Tensor] = []
    pickled = io.BytesIO()
    Keyed(pickled, tensors).dump(value)
    storages = pickle.dumps(len(tensors), 2)
    described = pickle.dumps(len(tensors), 2)
    for key, tensor in enumerate(tensors):
        storages += _storage(1000 + key, tensor)
        described += pickle.dumps((key, 1000 + key, torch.FloatTensor), 2)
        described += struct.pack("<ii", tensor.dim(), 0)
        described += struct.pack(f"<{2 * tensor.dim() + 1}q", *tensor.shape, *tensor.stride(), 0)
    storages += pickle.dumps([], 2)
    members = [
        ("sys_info", pickle.dumps({"protocol_version": 1000}, 2)),
        ("pickle", pickled.getvalue()),
        ("storages", storages + bytes(fill)),
    ]
    return tarred([*members, ("tensors", described)])


def _storage(key: int, tensor: torch.Tensor) -> bytes:
    raw = tensor.numpy().tobytes()
    return pickle.dumps((key, "cpu", torch.FloatStorage), 2) + struct.pack("<q", tensor.numel()) + raw


VALUE = {
    "epoch": 4,
    "state_dict": {"module.conv.weight": torch.ones(4, 3, 3, 3), "module.conv.bias": torch.zeros(4), "module.s": torch.zeros(())},
}


def test_names_and_shapes_and_torch_agrees(tmp_path):
    path = tmp_path / "old.pth"
    path.write_bytes(first_format(VALUE))
    loaded = torch.load(path, weights_only=False)
    found = checkpoint(path.read_bytes())
    assert found.format == "torch_tar"
    assert (found.state_key, found.prefix, found.training.epoch) == ("state_dict", "module.", 4)
    assert shapes(found) == {name.removeprefix("module."): tuple(value.shape) for name, value in loaded["state_dict"].items()}
    assert {tensor.dtype for tensor in found.tensors} == {"float32"}


def test_the_storages_are_not_read():
    blob = CountingBlob(first_format(VALUE, fill=3_000_000))
    (found,) = read_contents(blob)
    assert len(found.tensors) == 3
    assert len(blob.reads) <= 3
    assert blob.bytes_read < 200_000


def test_damage_is_a_result():
    data = first_format(VALUE)
    for cut in range(0, len(data), 7):
        read_contents(BytesBlob(data[:cut]))
        try:
            TorchTar().read(BytesBlob(data[:cut]), Limits())
        except FormatError:
            continue


def test_code_in_any_of_its_pickles_is_named(tmp_path):
    evil = hostile.spellings(str(tmp_path / "executed"))["reduce"]
    data = tarred([("sys_info", b"N."), ("pickle", evil), ("storages", b"K\x00."), ("tensors", b"\x80\x02K\x00.")])
    assert unreadable(data).kind == "dangerous"
    assert not (tmp_path / "executed").exists()
    lying = tarred([("sys_info", b"N."), ("pickle", b"N."), ("storages", b"K\x00."), ("tensors", b"\x80\x02J\xff\xff\xff\x7f.")])
    assert unreadable(lying).kind == "limit"
