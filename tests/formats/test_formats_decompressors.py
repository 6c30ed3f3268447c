"""Compressed streams of every kind: one, many in a row, padded, cut, damaged, and bombs; never more out than was asked."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib

import hostile
import pytest
from format_files import BytesBlob, CountingBlob, checkpoint, only, tarred, torch_zip_of, unreadable
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.errors import FormatError, LimitError, MissingExtra
from auditor.facts import Status
from auditor.formats.decompressors import compression_of, inflater
from auditor.formats.inflated import UNKNOWN_SIZE, Allowance, InflatedBlob
from auditor.formats.interface import Limits
from auditor.formats.reading import read_contents

zstd = pytest.importorskip("backports.zstd" if sys.version_info < (3, 14) else "compression.zstd")

PACKERS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd.compress}
INNER = torch_zip_of(hostile.one_tensor(), {"0": bytes(16)}, root="first_name")


def blob(data: bytes, method: str, allowance: int = 64 << 20) -> InflatedBlob:
    return InflatedBlob(BytesBlob(data), 0, len(data), UNKNOWN_SIZE, "x", method, Allowance(allowance))


@pytest.mark.parametrize("method", PACKERS)
class TestEveryMethod:
    def test_a_checkpoint_and_a_tar(self, method):
        pack = PACKERS[method]
        assert compression_of(pack(INNER)) == method
        assert checkpoint(pack(INNER)).saved_as == "first_name"
        assert only(pack(tarred([("r.md", b"x"), ("a.pth", INNER)]))).member == "a.pth"

    def test_many_streams_in_a_row_as_parallel_programs_write_them(self, method):
        pack = PACKERS[method]
        data = b"".join(pack(INNER[at : at + 100]) for at in range(0, len(INNER), 100))
        assert blob(data, method).read(0, 1 << 20) == INNER
        assert checkpoint(data).saved_as == "first_name"
        assert blob(pack(b"") + pack(INNER), method).read(0, 1 << 20) == INNER

    def test_what_follows_the_last_stream_is_no_damage(self, method):
        for rest in (bytes(600), b"\n", b"rubbish"):
            assert blob(PACKERS[method](INNER) + rest, method).read(0, 1 << 20) == INNER

    def test_a_bomb_costs_its_allowance(self, method):
        bomb = PACKERS[method](bytes(40 << 20))
        with pytest.raises(LimitError):
            blob(bomb, method, 1 << 20).read(30 << 20, 10)
        assert blob(bomb, method).read(0, 100) == bytes(100)
        assert unreadable(PACKERS[method](PACKERS[method](PACKERS[method](PACKERS[method](b"x"))))).kind == "limit"

    def test_only_as_much_is_read_as_is_needed(self, method):
        import random

        data = PACKERS[method](tarred([("a.pth", INNER), ("filler", random.Random(0).randbytes(6 << 20))]))
        counting = CountingBlob(data)
        inner = InflatedBlob(counting, 0, len(data), UNKNOWN_SIZE, "x", method, Allowance(1 << 30))
        assert inner.read(0, 5)
        assert counting.bytes_read <= 1 << 20

    def test_cut_and_changed(self, method):
        data = PACKERS[method](INNER)
        for cut in range(0, len(data), 5):
            read_contents(BytesBlob(data[:cut]))
        for at in range(0, len(data), 5):
            read_contents(BytesBlob(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]))

    @settings(max_examples=30, deadline=None)
    @given(parts=st.lists(st.binary(max_size=300), max_size=6), step=st.integers(1, 97))
    def test_pieces_of_any_size(self, method, parts, step):
        packed = b"".join(PACKERS[method](part) for part in parts)
        running = inflater(method)
        out, at = b"", 0
        for _ in range(20_000):
            data = b""
            if running.hungry():
                data = packed[at : at + step]
                at += len(data)
            piece = running.pieces(data, 7)
            assert len(piece) <= 7
            out += piece
            if running.ended() or (not piece and not data and at >= len(packed)):
                break
        assert out == b"".join(parts)


def test_zlib_and_old_lzma_count_only_where_a_pickle_is_inside():
    pickled = b"\x80\x04}\x94." + bytes(50)
    assert compression_of(zlib.compress(pickled, 1)) == "zlib"
    assert compression_of(zlib.compress(pickled, 3)) == "zlib"
    assert compression_of(lzma.compress(pickled, lzma.FORMAT_ALONE)) == "lzma"
    assert compression_of(zlib.compress(b"some text" * 9)) is None
    assert compression_of(lzma.compress(b"some text" * 9, lzma.FORMAT_ALONE)) is None
    assert compression_of(b"x^ is not zlib, it is a text") is None
    assert compression_of(b"") is None


def test_without_the_library_the_help_names_the_extra(monkeypatch):
    packed = zstd.compress(INNER)
    monkeypatch.setitem(sys.modules, "backports", None)
    monkeypatch.setitem(sys.modules, "backports.zstd", None)
    monkeypatch.setitem(sys.modules, "compression", None)
    with pytest.raises(MissingExtra):
        inflater("zstd")
    found = unreadable(packed)
    assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)
    assert "pip install 'auditor[zstd]'" in found.reason


def test_a_window_of_gigabytes_is_refused():
    frame = b"\x28\xb5\x2f\xfd\x00\xf8" + bytes(40)
    with pytest.raises(FormatError):
        blob(frame, "zstd").read(0, 10)
    assert unreadable(frame).kind == "broken"


def test_parts_of_split_archives_are_told_apart_from_damage():
    data = tarred([("a.pth", INNER)])
    for name, part in (("w.tar.gz.002", gzip.compress(data)[50:]), ("w.zip.001", INNER[:90]), ("w.part1.rar", b"Rar!\x1a\x07\x01\x00")):
        (found,) = read_contents(BytesBlob(part, name), Limits())
        assert found.kind == "unsupported"
        assert "of a split" in found.reason
        assert "joined" in found.reason
