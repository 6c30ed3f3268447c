"""HDF5 and Keras: names in Keras's order, optimizer apart, what leads out of the file refused, costs and damage bounded."""

from __future__ import annotations

import io
import sys

import numpy as np
import pytest
from format_files import CountingBlob, checkpoint, only, shapes, unreadable, zipped
from header_files import fill_keras, fill_keras3, hdf5, keras_archive

from auditor.blob import BytesBlob
from auditor.errors import FormatError, LimitError, MissingExtra
from auditor.facts import Checkpoint, Status
from auditor.formats.hdf5 import Hdf5
from auditor.formats.interface import Limits
from auditor.formats.reading import read_contents

h5py = pytest.importorskip("h5py")
QUICK = Limits(header_bytes=4 << 20, seconds=10.0)


@pytest.mark.parametrize("vlen", [True, False])
@pytest.mark.parametrize("options", [{}, {"libver": "latest"}, {"track_order": True}, {"userblock_size": 1024}])
def test_a_whole_model_of_keras_2(vlen, options):
    found = checkpoint(hdf5(lambda file: fill_keras(file, vlen=vlen), **options))
    assert (found.format, found.state_key) == ("keras_h5", "model_weights")
    assert [tensor.name for tensor in found.tensors] == [
        *(f"{layer}/{part}:0" for layer in ("z_conv2d_0", "conv2d_1", "conv2d_2") for part in ("kernel", "bias")),
        "bn/gamma:0",
        "bn/moving_mean:0",
    ]
    assert found.tensors[0].shape == (3, 3, 8, 8)
    assert [tensor.is_parameter for tensor in found.tensors[-2:]] == [None, False]
    assert found.training.optimizer == "Adam"
    assert found.training.optimizer_bytes == 8 + 9 * 64 * 4
    said = dict(found.training.metadata)
    assert (said["keras_version"], said["model_config.name"]) == ("2.11.0", "tiny_net")
    assert found.warnings == ()


def test_a_keras_list_that_names_what_is_not_there():
    def fill(file):
        fill_keras(file)
        del file["model_weights/conv2d_1/conv2d_1/bias:0"]

    assert "conv2d_1/bias:0" in checkpoint(hdf5(fill)).warnings[0]


def test_weights_of_keras_3_alone():
    found = checkpoint(hdf5(fill_keras3))
    assert shapes(found)["layers/conv2d/vars/0"] == (3, 3, 3, 8)
    assert not any(name.startswith("optimizer") for name in shapes(found))
    assert found.training.optimizer_bytes == 4 + 216 * 4
    assert [t.name for t in found.tensors if t.is_parameter is False] == [f"layers/batch_normalization/vars/{n}" for n in (2, 3)]


@pytest.mark.parametrize("deflate", [False, True])
def test_an_archive_of_keras_3(deflate):
    found = checkpoint(keras_archive(deflate))
    assert (found.format, len(found.tensors), found.header_name) == ("keras_v3", 6, "model.weights.h5")
    assert found.training.optimizer == "AdamW"
    assert dict(found.training.metadata)["keras_version"] == "3.5.0"
    assert found.safety.verdict == "plain"
    assert checkpoint(keras_archive(layers=("Lambda",))).safety.verdict == "suspicious"
    assert only(zipped([("a/model.keras", keras_archive()), ("r.md", b"x")])).member == "a/model.keras"


def test_types_by_their_bits():
    def fill(file):
        for code in ("f2", "f4", "f8", ">f4", "i1", "i8", "u2", "u4", "?", "c8"):
            file[code.strip(">") + ("be" if ">" in code else "")] = np.zeros((2, 3), code)
        kind = h5py.h5t.IEEE_F32LE.copy()
        kind.set_fields(15, 7, 8, 0, 7)
        kind.set_size(2)
        kind.set_ebias(127)
        h5py.h5d.create(file.id, b"bf", kind, h5py.h5s.create_simple((4,)))
        file["texts"] = ["a", "b"]
        file["table"] = np.zeros(3, [("x", "f4"), ("name", "i4")])
        file.create_dataset("lists", (2,), dtype=h5py.vlen_dtype("i4"))
        file["nothing"] = h5py.Empty("f4")

    found = checkpoint(hdf5(fill))
    assert found.format == "hdf5"
    assert {t.name: t.dtype for t in found.tensors} == {
        **{"f2": "float16", "f4": "float32", "f8": "float64", "f4be": "float32", "i1": "int8", "i8": "int64"},
        **{"u2": "uint16", "u4": "uint32", "?": "bool", "c8": "complex64", "bf": "bfloat16"},
    }
    words = " ".join(found.warnings)
    assert all(word in words for word in ("holds texts", "table with named columns", "holds lists", "is empty"))


def test_hard_links_share_their_values_and_circles_end():
    def fill(file):
        file["a/w"] = np.zeros((3, 4), "f4")
        file["b/tied"] = file["a/w"]
        file["a/again"] = file["a"]
        file["soft"] = h5py.SoftLink("/a/w")

    found = checkpoint(hdf5(fill))
    assert shapes(found) == {"a/w": (3, 4), "b/tied": (3, 4)}
    assert found.tensors[0].storage == found.tensors[1].storage != ""
    assert "'soft' was not followed" in found.warnings[0]


def test_what_leads_out_of_the_file_is_refused(tmp_path):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["w"] = np.zeros(3)
    raw = tmp_path / "raw.bin"
    raw.write_bytes(bytes(64))

    def external_link(file):
        file["w"] = np.zeros(3)
        file["out"] = h5py.ExternalLink(str(secret), "/w")

    def external_storage(file):
        file.create_dataset("out", (16,), "f4", external=[(str(raw), 0, 64)])

    def virtual(file):
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource(str(secret), "w", (3,))
        file.create_virtual_dataset("out", layout)

    def unlimited(file):
        layout = h5py.VirtualLayout((3,), "f8", maxshape=(None,))
        layout[: h5py.h5s.UNLIMITED] = h5py.VirtualSource(str(secret), "w", (3,), maxshape=(None,))[: h5py.h5s.UNLIMITED]
        file.create_virtual_dataset("out", layout)

    for fill in (external_link, external_storage, virtual, unlimited):
        found = unreadable(hdf5(fill, libver="latest"))
        assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)
        assert "other files" in found.reason


def test_without_the_library_the_help_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    data = b"\x89HDF\r\n\x1a\n" + bytes(600)
    with pytest.raises(MissingExtra):
        Hdf5().read(BytesBlob(data), Limits())
    found = unreadable(data)
    assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)
    assert "pip install 'auditor[hdf5]'" in found.reason


def test_groups_and_pieces_are_bounded():
    many = hdf5(lambda file: [file.create_dataset(f"d{n}", data=np.float32(n)) for n in range(300)])
    assert unreadable_with(many, Limits(tensors=100)).kind == "limit"
    assert unreadable_with(many, Limits(header_bytes=20_000)).kind == "limit"
    deep = hdf5(lambda file: file.create_group("/".join("g" * 60)))
    assert unreadable(deep).kind == "limit"


def unreadable_with(data: bytes, limits: Limits):
    (found,) = read_contents(BytesBlob(data), limits)
    return found


def test_a_list_whose_entries_share_megabytes_is_left_out():
    """A heap bomb: thousands of entries of a list that all point at one long text."""
    import resource

    def fill(file):
        file["model_weights/conv/kernel:0"] = np.zeros(3, "f4")
        file["model_weights"].attrs.create("layer_names", np.array(["x" * 900_000] + ["y"] * 3000, dtype=h5py.string_dtype()))

    data = bytearray(hdf5(fill))
    first = data.index((900_000).to_bytes(4, "little"))
    for n in range(1, 3001):
        data[first + 16 * n : first + 16 * n + 16] = data[first : first + 16]
    with h5py.File(io.BytesIO(bytes(data)), "r") as file:
        assert file["model_weights"].attrs.get_id("layer_names").shape == (3001,)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = only(bytes(data))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400 << 10
    assert isinstance(found, Checkpoint) or found.kind in ("limit", "broken")


def test_a_heap_whose_objects_have_no_size_does_not_keep_the_library_walking():
    data = bytearray(DAMAGED["keras"])
    at = data.index(b"GCOL")
    size = int.from_bytes(data[at + 8 : at + 16], "little")
    for place in range(at + 16, at + size - 16, 8):
        changed = bytearray(data)
        changed[place : place + 16] = bytes(16)
        read_contents(BytesBlob(bytes(changed)), QUICK)
    data[at + 8 : at + 16] = (1 << 62).to_bytes(8, "little")
    assert unreadable(bytes(data)).kind == "limit"


def test_a_dataset_of_exabytes_is_only_a_shape():
    found = checkpoint(hdf5(lambda file: file.create_dataset("w", (1 << 20, 1 << 20, 1 << 10), "f4", chunks=(1, 1, 1024))))
    assert found.tensors[0].numel == 1 << 50


def test_requests_and_bytes_of_a_model_of_fourteen_megabytes():
    data = hdf5(lambda file: fill_keras(file, width=96, layers=40))
    blob = CountingBlob(data)
    (found,) = read_contents(blob)
    assert isinstance(found, Checkpoint)
    assert len(found.tensors) == 82
    assert blob.size > 13_000_000
    assert len(blob.reads) <= 110
    assert blob.bytes_read < 2_200_000


DAMAGED = {"keras": hdf5(lambda file: fill_keras(file, width=2, layers=1)), "new": hdf5(fill_keras3, libver="latest")}


@pytest.mark.parametrize("name", DAMAGED)
def test_cut_at_many_places(name):
    data = DAMAGED[name]
    whole = checkpoint(data).tensors
    for cut in [*range(0, 200, 3), *range(200, len(data), 61)]:
        found = only(data[:cut])
        if isinstance(found, Checkpoint):
            assert found.tensors == whole
        try:
            Hdf5().read(BytesBlob(data[:cut]), QUICK)
        except FormatError:
            continue


def test_network_errors_come_through_the_library():
    from auditor.errors import NetworkError

    class Failing(CountingBlob):
        def read(self, offset: int, length: int) -> bytes:
            if len(self.reads) > 5:
                raise NetworkError("gone", status="quota")
            return super().read(offset, length)

    data = hdf5(lambda file: fill_keras(file, width=96, layers=40))
    with pytest.raises(NetworkError):
        Hdf5().read(Failing(data), Limits())
    (found,) = read_contents(Failing(data))
    assert (found.kind, found.status) == ("network", Status.QUOTA)


def test_limits_are_the_readers_own():
    with pytest.raises(LimitError):
        Hdf5().read(BytesBlob(DAMAGED["keras"]), Limits(tensors=1))
