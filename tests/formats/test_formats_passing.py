"""Passing over a file once: every byte read once and in order, the digest of the whole beside it, nothing kept."""

from __future__ import annotations

import hashlib
import random

import pytest
from format_files import BytesBlob, CountingBlob
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.blob import WindowBlob
from auditor.errors import LimitError
from auditor.formats import passing
from auditor.formats.extents import RememberedBlob, TruncatedError
from auditor.formats.passing import PassingBlob, WholeFile

PIECE = 1000


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(passing, "PIECE_BYTES", PIECE)
    monkeypatch.setattr(passing, "_AHEAD_BYTES", 4 * PIECE)
    monkeypatch.setattr(passing, "_BEHIND_BYTES", 64)


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


reads = st.lists(st.tuples(st.integers(0, 12_000), st.integers(0, 3000)), max_size=30)


@settings(max_examples=150, deadline=None)
@given(reads, st.booleans())
def test_any_reads_give_the_files_bytes_and_the_digest_of_all_of_it(asked, in_order):
    data = noise(10_000)
    file = WholeFile(CountingBlob(data))
    blob = PassingBlob(BytesBlob(data), 10**9)
    for offset, length in sorted(asked) if in_order else asked:
        assert file.read(offset, length) == data[offset : offset + length]
        assert blob.read(offset, length) == data[offset : offset + length]
    assert file.sha256() == hashlib.sha256(data).hexdigest()
    assert file.sha256() == hashlib.sha256(data).hexdigest()


def test_a_header_then_values_then_the_rest_cost_each_byte_once():
    data = noise(50_000)
    below = CountingBlob(data)
    file = WholeFile(below)
    file.read(0, 300)
    file.read(49_000, 900)  # the directory, at the end
    for offset in (*range(300, 20_000, PIECE), *range(40_000, 48_000, PIECE)):  # weights, then past an optimizer's state
        assert file.read(offset, PIECE) == data[offset : offset + PIECE]
    assert file.sha256() == hashlib.sha256(data).hexdigest()
    assert below.bytes_read <= len(data) + 2 * PIECE
    assert len(below.reads) < 20
    assert max(length for _, length in below.reads) <= 4 * PIECE


def test_what_was_digested_is_forgotten():
    told = []

    class Forgetting(BytesBlob):
        def forget(self, before: int) -> None:
            told.append(before)

    file = WholeFile(Forgetting(noise(20_000)))
    file.sha256()
    assert told == sorted(told)
    assert told[-1] >= 16_000


def test_a_file_shorter_than_its_size():
    blob = BytesBlob(noise(5000))
    blob.size = 9000
    with pytest.raises(TruncatedError):
        WholeFile(blob).sha256()
    with pytest.raises(TruncatedError):
        PassingBlob(blob, 10**9).read(4500, 2000)


def test_passing_adds_nothing_to_what_is_remembered():
    data = noise(2_000_000)
    below = CountingBlob(data)
    remembered = RememberedBlob(below)
    remembered.read(0, 500)
    blob = PassingBlob(WindowBlob(remembered, 100, 1_500_000, "member"), 10**9)
    for offset in range(0, 1_500_000, PIECE):
        assert blob.read(offset, PIECE) == data[100 + offset : 100 + offset + min(PIECE, 1_500_000 - offset)]
    assert not remembered.holds(700_000, 10)
    assert remembered.holds(0, 500)


def test_going_back_and_forth_ends_at_the_limit():
    blob = PassingBlob(BytesBlob(noise(100_000)), 30 * PIECE)

    def back_and_forth() -> None:
        for n in range(100):
            blob.read(90_000 * (n % 2), 10)

    with pytest.raises(LimitError):
        back_and_forth()
