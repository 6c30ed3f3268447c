"""The walk over protobuf fields, and the blocks in which small pieces between large values are read."""

from __future__ import annotations

import hashlib
import random

import pytest
from format_files import CountingBlob, SparseBlob
from graph_files import field, message, number
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.blob import BytesBlob
from auditor.errors import FormatError, LimitError
from auditor.formats.block_reader import BlockReader
from auditor.formats.extents import TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.protobuf import BYTES, FIXED32, FIXED64, VARINT, Wire, outline, signed, varint


def wire(data: bytes, **limits: int) -> Wire:
    return Wire(BytesBlob(data), Limits(**limits), "message")


class TestFields:
    def test_every_wire_type(self):
        data = field(1, 300) + field(2, b"abc") + number(3 << 3 | 1) + bytes(range(8)) + number(4 << 3 | 5) + b"\x01\x00\x00\x00"
        found = list(wire(data).root())
        assert [(item.number, item.wire) for item in found] == [(1, VARINT), (2, BYTES), (3, FIXED64), (4, FIXED32)]
        assert found[0].value == 300
        assert data[found[1].start : found[1].end] == b"abc"
        assert found[3].value == 1

    def test_texts_and_lists_of_numbers(self):
        walk = wire(field(1, "h\xe9llo") + field(2, number(1) + number((1 << 64) - 3)) + field(3, (1 << 64) - 1) + field(4, "x" * 9000))
        text, packed, single, long = walk.root()
        assert walk.text(text) == "h\xe9llo"
        assert walk.numbers(packed) == (1, -3)
        assert walk.numbers(single) == (-1,)
        assert walk.text(long) == "x" * 4096
        assert walk.text(long, 10) == "x" * 10
        for wrong in (lambda: walk.text(single), lambda: list(walk.inside(single))):
            with pytest.raises(FormatError):
                wrong()

    @pytest.mark.parametrize(
        "data",
        [b"\x0b", b"\x0c", b"\x0e", b"\x00\x00", b"\x08" + b"\xff" * 11, number(1 << 33) + b"\x00", b"\x08", b"\x0d\x01", b"\x0a\x05abc"],
    )
    def test_bytes_that_are_no_fields(self, data):
        with pytest.raises(FormatError):
            list(wire(data).root())

    def test_a_message_may_not_go_past_the_one_it_lies_in(self):
        outer = field(1, field(1, b"abc", length=50)) + bytes(100)
        walk = wire(outer)
        first = next(walk.root())
        with pytest.raises(TruncatedError):
            list(walk.inside(first))

    def test_limits_on_fields_and_depth(self):
        with pytest.raises(LimitError):
            list(wire(field(1, 1) * 100, objects=50).root())
        deep = b""
        for _ in range(200):
            deep = field(1, deep)
        walk = wire(deep)

        def down(fields: object) -> None:
            for item in fields:
                down(walk.inside(item))

        with pytest.raises(LimitError):
            down(walk.root())
        with pytest.raises(FormatError):
            walk.numbers(next(wire(field(1, bytes(2 << 20))).root()))

    def test_a_payload_of_four_gigabytes_is_not_read(self):
        front, end = number(1 << 3 | 2) + number(4 << 30), field(2, "after")
        blob = SparseBlob({0: front, len(front) + (4 << 30): end}, len(front) + (4 << 30) + len(end))
        walk = Wire(blob, Limits(), "message")
        first, second = walk.root()
        assert first.value == 4 << 30
        assert walk.text(second) == "after"
        assert len(blob.reads) == 2
        assert blob.bytes_read < 100_000

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, (1 << 64) - 1) | st.binary(max_size=30)), max_size=20))
    def test_what_was_written_is_what_is_read(self, fields):
        data = message(*fields)
        walk = wire(data)
        found = [(item.number, item.value if item.wire == VARINT else walk.data(item)) for item in walk.root()]
        assert found == fields
        outer = field(7, data)
        seen = outline(outer, len(outer), len(outer) - len(data), len(outer))
        assert [item.number for item in seen or ()] == [index for index, _ in fields]

    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=200))
    def test_any_bytes_give_fields_or_a_format_error(self, data):
        walk = wire(data)
        try:
            for item in walk.root():
                assert item.end <= len(data)
                if item.wire == BYTES:
                    list(walk.inside(item))
        except FormatError:
            pass
        outline(data, len(data))

    def test_numbers(self):
        assert varint(b"\x96\x01", 0, 2, "x") == (150, 2)
        assert signed((1 << 64) - 5) == -5
        assert signed(5) == 5
        assert outline(b"\x08", 1) is None
        assert outline(b"\x0a\xff\x7f" + bytes(100), 20_000) is not None
        assert outline(b"\x0a\xff\x7f" + bytes(100), 103) is None


class TestBlocks:
    def test_short_gaps_are_read_through_and_long_ones_jumped(self):
        blob = CountingBlob(bytes(5_000_000))
        blocks = BlockReader(blob, Limits(), "file")
        for offset in (0, 60_000, 200_000, 4_000_000, 4_004_000, 100):
            assert blocks.take(offset, 10) == bytes(10)
        assert [offset for offset, _ in blob.reads] == [0, 65536, 4_000_000, 100]
        assert blocks.take(4_000_500, 10) == bytes(10)
        assert len(blob.reads) == 4

    def test_limits(self):
        blocks = BlockReader(BytesBlob(bytes(1 << 20)), Limits(header_bytes=100_000), "file")
        with pytest.raises(LimitError):
            blocks.take(0, 200_000)
        with pytest.raises(TruncatedError):
            blocks.take(1 << 20, 1)
        with pytest.raises(TruncatedError):
            blocks.take(-1, 1)
        with pytest.raises(LimitError):
            BlockReader(BytesBlob(b""), Limits(seconds=-1), "file").check_time()
        many = BlockReader(SparseBlob({}, 1 << 50), Limits(header_bytes=1 << 30), "file")
        with pytest.raises(LimitError):
            [many.take(n << 30, 1) for n in range(10_000)]
        with pytest.raises(LimitError):
            BlockReader(SparseBlob({}, 1 << 40), Limits(header_bytes=1 << 40), "file").take(0, 1 << 36)

    def test_the_digest_is_of_what_was_taken(self):
        data = random.Random(1).randbytes(300_000)
        blocks = BlockReader(BytesBlob(data), Limits(), "file")
        blocks.take(5, 100)
        blocks.take(250_000, 7)
        blocks.note(b"noted")
        assert blocks.sha256() == hashlib.sha256(data[5:105] + data[250_000:250_007] + b"noted").hexdigest()

    @pytest.mark.parametrize("ahead", [0, 256])
    def test_random_pieces_are_those_of_the_blob(self, ahead):
        rng = random.Random(ahead)
        data = rng.randbytes(3_000_000)
        blocks = BlockReader(BytesBlob(data), Limits(), "file", ahead)
        for _ in range(600):
            offset = rng.randrange(len(data))
            length = rng.randrange(min(20_000, len(data) - offset + 1))
            assert blocks.take(offset, length) == data[offset : offset + length]

    def test_a_blob_that_gives_less_than_it_says(self):
        class Short(BytesBlob):
            size = 1000

        blob = Short(b"")
        blob.size = 1000
        with pytest.raises(TruncatedError):
            BlockReader(blob, Limits(), "file").take(0, 10)
