"""Damage to files of every newer format: cut at every header byte, every byte changed, several places overwritten, random bytes behind magic."""

from __future__ import annotations

import gzip
import json
import pickle
import zlib

import numpy as np
import pytest
import test_formats_pickled_kin
from format_files import BytesBlob, torch_zip_of, zipped
from header_files import INDEX, NCNN, chunked, darknet, flax_state, gguf, hdf5, keras_archive, openvino, packed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_formats_numpy import npy, npz

from auditor.errors import FormatError, MissingExtra
from auditor.facts import Checkpoint, Unreadable
from auditor.formats.flax_msgpack import FlaxMsgpack
from auditor.formats.gguf import Gguf
from auditor.formats.hdf5 import Hdf5
from auditor.formats.interface import HeaderReader, Limits
from auditor.formats.joblib_pickle import Joblib
from auditor.formats.keras_archive import KerasArchive
from auditor.formats.named_formats import Darknet, Orbax
from auditor.formats.ncnn import Ncnn
from auditor.formats.npy import Npy
from auditor.formats.npz import Npz
from auditor.formats.openvino import OpenVino
from auditor.formats.reading import READERS, read_contents
from auditor.formats.safetensors_index import SafetensorsIndex
from auditor.formats.torch_distributed import TorchDistributed
from auditor.formats.torch_export import TorchExport

QUICK = Limits(objects=100_000, inflated_bytes=4 << 20, header_bytes=4 << 20, seconds=5.0)
SMALL_ARRAYS = {"coef": ((3, 4), "f4", bytes(48)), "last": ((7,), "i8", bytes(56))}
FILES: dict[str, bytes] = {
    "npy": npy(np.zeros((3, 4), "f4")),
    "npz": npz(a=np.zeros((3, 4), "f4"), b=np.arange(5)),
    "npz deflated": npz(True, a=np.zeros((3, 4), "f4"), b=np.arange(5)),
    "gguf": gguf([("a.weight", (4, 32), "q4_0"), ("b", (3,), "f32")], [("general.architecture", "x"), ("tokens", ["a", "bc"]), ("n", 3)]),
    "flax": packed(flax_state()),
    "flax chunked": packed({"params": {"big": chunked(np.zeros((6, 5), "f4"), 3), "b": np.zeros(3, "f4")}}),
    "joblib": test_formats_pickled_kin.joblib(SMALL_ARRAYS),
    "joblib zlib": zlib.compress(test_formats_pickled_kin.joblib(SMALL_ARRAYS), 3),
    "openvino": openvino(),
    "ncnn": NCNN,
    "index": INDEX,
    "orbax": json.dumps({"tree_metadata": {"('params', 'kernel')": {}}}).encode(),
    "darknet": darknet(100),
    "export": test_formats_pickled_kin.TestExport.archive({"a.weight": test_formats_pickled_kin.TestExport.entry("weight_0", (4, 3))}),
    "in tar.gz": gzip.compress(zipped([("a.npz", npz(a=np.zeros(3))), ("b.gguf", gguf([("b", (3,), "f32")])), ("c.txt", b"x")])),
}
NAMES = sorted(FILES)
NEWER: tuple[HeaderReader, ...] = (
    Npy(),
    Npz(),
    Gguf(),
    FlaxMsgpack(),
    Joblib(),
    OpenVino(),
    Ncnn(),
    SafetensorsIndex(),
    Orbax(),
    Darknet(),
    TorchExport(),
    TorchDistributed(),
    KerasArchive(),
    Hdf5(),
)


def held(data: bytes) -> tuple[Checkpoint | Unreadable, ...]:
    found = read_contents(BytesBlob(data), QUICK)
    assert found
    for item in found:
        assert isinstance(item, (Checkpoint, Unreadable))
        repr(item).encode()
    return found


def test_all_of_these_readers_are_asked():
    assert {reader.name for reader in NEWER} <= {reader.name for reader in READERS}


@pytest.mark.parametrize("name", NAMES)
def test_cut_at_every_byte(name):
    data = FILES[name]
    whole = [item.tensors for item in held(data) if isinstance(item, Checkpoint)]
    for cut in range(0, len(data), 1 if len(data) < 1500 else 3):
        for item in held(data[:cut]):
            if isinstance(item, Checkpoint):
                assert item.tensors in whole, "a cut file must not give other tensors"


@pytest.mark.parametrize("name", NAMES)
def test_readers_raise_only_format_errors_at_every_cut(name):
    data = FILES[name]
    for cut in range(0, min(len(data), 1200), 2):
        for reader in NEWER:
            reader.accepts(data[:cut], cut)
            try:
                reader.read(BytesBlob(data[:cut]), QUICK)
            except (FormatError, MissingExtra):
                continue


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_changed(name):
    data = bytearray(FILES[name])
    for at in range(0, min(len(data), 3000), 1 if len(data) < 900 else 5):
        before = data[at]
        for value in (0, 0xFF, before ^ 1):
            data[at] = value
            held(bytes(data))
        data[at] = before


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(NAMES), st.lists(st.tuples(st.integers(0, 4000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
def test_several_places_overwritten(name, changes):
    data = bytearray(FILES[name])
    for at, value in changes:
        at %= len(data)
        data[at : at + len(value)] = value
    held(bytes(data))


STARTS = [
    b"\x93NUMPY\x01\x00",
    b"GGUF\x03\x00\x00\x00",
    b"\x81\xa6params",
    b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n",
    b'<net name="a" version="11">',
    b"7767517\n",
    b'{"weight_map": {',
    b'{"tree_metadata": {',
    b"\x0c\xdb\x3a\x2a",
    b"\0\0\0\0\2\0\0\0\0\0\0\0",
    b"\x28\xb5\x2f\xfd",
    b"x\x9c",
    b"]\0\0",
    b"7z\xbc\xaf\x27\x1c",
    b"\x80\x02ctorch.distributed.checkpoint.metadata\nMetadata\n",
]


@settings(max_examples=250, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(STARTS))
def test_random_bytes_behind_a_beginning(data, start):
    held(start + data)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 1), st.lists(st.tuples(st.integers(0, 6000), st.sampled_from([0, 1, 255, 128])), min_size=1, max_size=4))
def test_hdf5_overwritten(which, changes):
    data = bytearray(HDF5[which])
    for at, value in changes:
        data[at % len(data)] = value
    held(bytes(data))


def fill(file: object) -> None:
    file["model_weights/conv/kernel:0"] = np.zeros((3, 4), "f4")
    file["model_weights"].attrs["layer_names"] = ["conv"]


HDF5 = (hdf5(fill), keras_archive())


@pytest.mark.parametrize("deflate", [False, True])
def test_an_archive_of_keras_cut_and_changed(deflate):
    data = keras_archive(deflate)
    for cut in range(0, len(data), 37):
        held(data[:cut])
    for at in range(0, len(data), 41):
        held(data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :])


def test_pickles_of_torch_go_on_being_torch():
    assert held(torch_zip_of(pickle.dumps({"a": 1}, 2)))[0].kind == "not_a_checkpoint"
