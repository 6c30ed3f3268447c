"""Damage of every kind: cut at every byte, changed at every byte, random opcodes. Never an exception, never a hang."""

from __future__ import annotations

import contextlib
import pickle

import hostile
import pytest
from format_files import gzipped, rezipped, safetensors, saved, tarred, torch_zip_of, zipped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.blob import BytesBlob
from auditor.errors import FormatError
from auditor.facts import Checkpoint, Unreadable
from auditor.formats.extents import ByteStream
from auditor.formats.interface import Limits
from auditor.formats.pickle_walker import walk
from auditor.formats.reading import READERS, read_contents
from auditor.formats.tar_members import tar_members
from auditor.formats.zip_directory import read_directory

torch = pytest.importorskip("torch")

QUICK = Limits(objects=200_000, inflated_bytes=4 << 20, header_bytes=4 << 20, seconds=5.0)
VALUE = {"epoch": 1, "state_dict": {"module.a": torch.zeros(2, 3), "module.b": torch.zeros(3)}, "best_acc": 0.5}
ZIP = saved(VALUE)
LEGACY = saved(VALUE, legacy=True)
SMALL = torch_zip_of(hostile.one_tensor(), {"0": bytes(16)})
FILES = {
    "zip": ZIP,
    "legacy": LEGACY,
    "safetensors": safetensors({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}, bytes(8)),
    "rezipped": rezipped(ZIP, "a.pth", deflate=True),
    "in zip": zipped([("a.pth", SMALL), ("b.txt", b"text")]),
    "in deflated zip": zipped([("a.pth", SMALL), ("b.txt", b"text")], deflate=True),
    "in tar": tarred([("a.pth", SMALL), ("b.txt", b"text")]),
    "in tar.gz": gzipped(tarred([("a.pth", SMALL)])),
    "pickle": pickle.dumps({"a": [1, "x", 2.5, None, True, {"b"}]}, 4),
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
def test_cut_at_every_byte(name):
    data = FILES[name]
    whole = held(data)
    for cut in range(0, len(data), 1 if len(data) < 2500 else 7):
        found = held(data[:cut])
        if name in ("zip", "rezipped", "safetensors"):
            assert all(isinstance(item, Unreadable) for item in found)
        for item in found:
            if isinstance(item, Checkpoint):
                assert item.tensors == whole[0].tensors, "a cut file must not give other tensors"


@pytest.mark.parametrize("name", ["zip", "legacy", "safetensors", "pickle"])
def test_readers_raise_only_format_errors_at_every_cut(name):
    data = FILES[name]
    for cut in range(0, min(len(data), 1600)):
        for reader in READERS:
            try:
                reader.read(BytesBlob(data[:cut]), QUICK)
            except FormatError:
                continue


@pytest.mark.parametrize("name", NAMES)
def test_every_byte_changed(name):
    data = bytearray(FILES[name])
    for at in range(0, len(data), 1 if len(data) < 1200 else 11):
        before = data[at]
        for value in (0, 0xFF, before ^ 1):
            data[at] = value
            held(bytes(data))
        data[at] = before


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(NAMES), st.lists(st.tuples(st.integers(0, 6000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
def test_several_places_overwritten(name, changes):
    data = bytearray(FILES[name])
    for at, value in changes:
        at %= len(data)
        data[at : at + len(value)] = value
    held(bytes(data))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                b"(.012FIJKLMNPQRSTUVXabcde}glhijl]opqrst)uGBC\x80\x81\x85\x86\x87\x88\x8a\x8c\x8f\x90\x91\x92\x93\x94\x95\x97\x98"
            ),
            st.binary(max_size=5),
        ),
        max_size=40,
    )
)
def test_random_opcodes(parts):
    data = b"\x80\x04" + b"".join(bytes([code]) + argument for code, argument in parts) + b"."
    with contextlib.suppress(FormatError):
        walk(ByteStream(BytesBlob(data), 0, len(data)), QUICK)
    held(data)
    held(torch_zip_of(data))


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=600),
    st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06", b"\x80\x02", b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\x00", b"<html>", b"{"]),
)
def test_random_bytes(data, start):
    held(start + data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=700))
def test_directories_and_tars_of_random_bytes(data):
    for read in (lambda blob: read_directory(blob, QUICK), lambda blob: list(tar_members(blob, QUICK))):
        with contextlib.suppress(FormatError):
            read(BytesBlob(data))


def test_an_extra_field_that_ends_in_the_middle():
    """Found by random changes: a zip64 field that announces more than the directory holds."""
    data = bytearray(hostile.handmade_zip([("a.pth", b"xx", 0, 5 << 30, 0)]))
    start = data.rindex(b"PK\x01\x02")
    data[start + 30 : start + 32] = b"\x09\x00"
    held(bytes(data))
    data[start + 30 : start + 32] = b"\x0c\x00"
    data[start + 46 + 5 + 2 : start + 46 + 5 + 4] = b"\xff\xff"
    held(bytes(data))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def plain(value: object) -> object:
    from auditor.formats.pickle_values import LongNumber, PickledDict

    if isinstance(value, PickledDict):
        return {key: plain(item) for key, item in value.pairs}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return tuple(plain(item) for item in value)
    return "long" if isinstance(value, LongNumber) else value


def shortened(value: object) -> object:
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(shortened(item) for item in value)
    return "long" if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 60 else value


@settings(max_examples=150, deadline=None)
@given(PLAIN, st.integers(2, 5))
def test_plain_values_come_out_as_they_went_in(value, protocol):
    """Held against CPython's own pickler, which is safe to ask for what it wrote itself."""
    data = pickle.dumps(value, protocol=protocol)
    walked = walk(ByteStream(BytesBlob(data), 0, len(data)), Limits())
    found = plain(walked.value)
    if protocol > 2:
        assert shortened(found) == shortened(value)
    assert walked.safety.verdict == "plain"


@settings(max_examples=200, deadline=None)
@given(PLAIN, st.integers(0, 1))
def test_plain_values_of_the_oldest_protocols(value, protocol):
    data = pickle.dumps(value, protocol=protocol)
    walk(ByteStream(BytesBlob(data), 0, len(data)), Limits())
