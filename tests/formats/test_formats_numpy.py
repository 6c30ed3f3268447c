"""numpy's npy and npz: headers of every version, stored and deflated, pickled objects, lies and bombs."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from format_files import CountingBlob, SparseBlob, checkpoint, only, shapes, unreadable, zipped

from auditor.blob import BytesBlob
from auditor.errors import FormatError
from auditor.facts import Checkpoint, Status
from auditor.formats.interface import Limits
from auditor.formats.npy import Npy, parse_header
from auditor.formats.npz import Npz
from auditor.formats.reading import read_contents


def npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def npz(deflate: bool = False, **arrays: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    (np.savez_compressed if deflate else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def handmade(descr: str, shape: str, order: str = "False", version: int = 1) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + text


@pytest.mark.parametrize("version", [None, (1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize(
    ("dtype", "name"), [("f4", "float32"), ("f2", "float16"), ("<i8", "int64"), (">f8", "float64"), ("?", "bool"), ("c8", "complex64")]
)
def test_one_array_of_every_version(version, dtype, name):
    found = checkpoint(npy(np.zeros((3, 4, 5), dtype), version))
    assert [(t.name, t.shape, t.dtype) for t in found.tensors] == [("array", (3, 4, 5), name)]
    assert found.storage_bytes == 60 * np.dtype(dtype).itemsize


def test_a_scalar_and_the_sizes_of_python_2():
    assert shapes(checkpoint(npy(np.float32(1)))) == {"array": ()}
    assert parse_header(handmade("'<f4'", "(3L, 4L)")).shape == (3, 4)


@pytest.mark.parametrize("deflate", [False, True])
def test_an_archive_in_its_own_order(deflate):
    found = checkpoint(npz(deflate, **{"conv/w": np.zeros((3, 3, 8, 4), "f4"), "a": np.zeros(7, "i4"), "conv/b": np.zeros(4, "f2")}))
    assert found.format == "npz"
    assert [(t.name, t.shape, t.dtype) for t in found.tensors] == [
        ("conv/w", (3, 3, 8, 4), "float32"),
        ("a", (7,), "int32"),
        ("conv/b", (4,), "float16"),
    ]
    assert found.storage_bytes == 288 * 4 + 28 + 8


def test_pickled_objects_are_named_and_not_opened():
    objects = np.array([{"a": 1}], dtype=object)
    found = unreadable(npz(params=objects))
    assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)
    assert "'params' holds pickled Python objects" in found.reason
    found = checkpoint(npz(params=objects, w=np.zeros(3)))
    assert shapes(found) == {"w": (3,)}
    assert "pickled Python objects" in found.warnings[0]
    assert "pickled" in unreadable(npy(objects)).reason
    assert "table" in unreadable(npy(np.zeros(3, [("x", "f4"), ("y", "i4")]))).reason
    assert "texts" in unreadable(npy(np.array(["a", "b"]))).reason


@pytest.mark.parametrize("deflate", [False, True])
def test_of_each_member_only_the_front_is_read(deflate):
    rng = np.random.default_rng(0)
    data = npz(deflate, **{f"layer{n}": rng.standard_normal((200, 200)).astype("f4") for n in range(40)})
    blob = CountingBlob(data)
    (found,) = read_contents(blob)
    assert len(found.tensors) == 40
    assert blob.size > 5_000_000
    assert len(blob.reads) <= 43
    assert blob.bytes_read < 550_000


def test_an_archive_of_gigabytes():
    big = SparseBlob({0: handmade("'<f4'", "(268435456, 4)")}, (4 << 30) + 200)
    (found,) = read_contents(big)
    assert isinstance(found, Checkpoint)
    assert found.tensors[0].shape == (1 << 28, 4)
    assert big.bytes_read <= 64 << 10


def test_arrays_beside_other_files_are_no_archive():
    found = only(zipped([("a.npy", npy(np.zeros(3))), ("README.md", b"text")]))
    assert found.kind == "not_a_checkpoint"
    assert "beside other files" not in found.reason


@pytest.mark.parametrize(
    "data",
    [
        handmade("'<f4'", "(99999999999999999999, 99999999999)"),
        handmade("'<f4'", "(" + "1," * 80 + ")"),
        handmade("'<f4'", "(4,)", "maybe"),
        handmade("'<f4'", "__import__('os').system('x')"),
        handmade("'<f4'", "(1000000,)"),
        handmade("'<f4'", "(-3,)"),
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(100),
        b"\x93NUMPY\x09\x00" + bytes(100),
        handmade("'<f4'", "(" * 5000),
    ],
)
def test_lies_are_refused(data):
    assert unreadable(data).kind in ("broken", "truncated", "limit", "unsupported")
    assert unreadable(zipped([("a.npy", data)])).kind in ("broken", "truncated", "limit", "unsupported")


def test_a_member_that_unpacks_without_end_costs_one_header():
    bomb = zipped([("a.npy", npy(np.zeros(30_000_000, "u1")))], deflate=True)
    blob = CountingBlob(bomb)
    (found,) = read_contents(blob, Limits(inflated_bytes=1))
    assert found.tensors[0].shape == (30_000_000,)
    zeros = zipped([("a.npy", bytes(30_000_000))], deflate=True)
    assert unreadable(zeros).kind == "broken"


def test_the_readers_alone():
    data = npz(a=np.zeros(3))
    assert Npz().accepts(data[:100], len(data))
    assert not Npz().accepts(zipped([("a.txt", b"")])[:100], 100)
    assert len(Npz().read(BytesBlob(data), Limits()).tensors) == 1
    with pytest.raises(FormatError):
        Npz().read(BytesBlob(zipped([("a.npy", b""), ("b.txt", b"")])), Limits())
    assert Npy().accepts(npy(np.zeros(3)), 300)
    with pytest.raises(FormatError):
        Npy().read(BytesBlob(b"abc"), Limits())


def test_a_member_that_is_encrypted_or_packed_otherwise():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", npy(np.zeros(3)))
    assert unreadable(buffer.getvalue()).kind == "unsupported"
