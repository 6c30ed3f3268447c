from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.checks.precision import read_printed


@pytest.mark.parametrize(
    ("printed", "measured", "reading"),
    [
        ("7.59M", 7_587_008, "rounded"),
        ("7.59M", 7_596_986, "cut off"),
        ("7.59M", 7_438_976, None),
        ("8.38M", 8_380_352, "rounded"),
        ("8.38M", 8_391_354, None),
        ("8.38 M", 8_374_999, None),
        ("28", 28_589_128, None),
        ("7,587,008", 7_587_008, "rounded"),
        ("7,587,008", 7_587_009, None),
        ("22 million", 21_999_999, "rounded"),
        ("25.6m", 25_557_032, "rounded"),
    ],
)
def test_readings(printed, measured, reading):
    assert read_printed(printed).reading(measured) == reading


def test_unit_from_the_header_scales():
    assert read_printed("7.59", 7.59, "M").reading(7_587_008) == "rounded"


def test_interval_is_shown_in_the_printed_unit():
    assert read_printed("8.38M").describe() == "[8.375, 8.385) M"


@given(st.integers(1, 10**12), st.integers(0, 4), st.sampled_from(["", "K", "M", "G"]))
def test_every_count_agrees_with_its_own_rounding(count, places, letter):
    scale = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}[letter]
    text = f"{Decimal(count) / scale:.{places}f}{letter}"
    printed = read_printed(text)
    if printed is not None and printed.value:
        low, high = printed.rounded
        assert low <= count <= high


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_none(text):
    printed = read_printed(text)
    assert printed is None or printed.half >= 0
