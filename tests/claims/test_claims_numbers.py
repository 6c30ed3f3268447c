from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.claims.numbers import MAX_CELL, is_blank, plain, readings


def short(text: str) -> list[tuple[float, str, str | None]]:
    return [(r.value, r.printed, r.unit) for r in readings(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7.59M", [(7.59, "7.59M", "M")]),
        ("4.30", [(4.3, "4.30", None)]),
        ("28", [(28, "28", None)]),
        ("86.5(25.4%)", [(86.5, "86.5", None)]),
        ("**1.86***", [(1.86, "1.86", None)]),
        ("1.86*", [(1.86, "1.86", None)]),
        ("46.8 mm", [(46.8, "46.8 mm", "mm")]),
        ("85.2%", [(85.2, "85.2%", "%")]),
        ("1,234", [(1234, "1,234", None)]),
        ("2,560 / 384", [(2560, "2,560", None), (384, "384", None)]),
        ("80.1 ± 0.3", [(80.1, "80.1", None)]),
        ("27.43 +/- 4.26", [(27.43, "27.43", None)]),
        (r"$\color{green}{\textsf{-31}}$", [(-31, "-31", None)]),
        (r"\textbf{86.5}", [(86.5, "86.5", None)]),
        ("$81.3$", [(81.3, "81.3", None)]),
        (".744", [(0.744, ".744", None)]),
        ("3e-5", [(3e-5, "3e-5", None)]),
        ("61M (59.8%)", [(61, "61M", "M")]),
        ("82.3 (+1.2)", [(82.3, "82.3", None)]),
        ("95.4 （94.6)", [(95.4, "95.4", None), (94.6, "94.6", None)]),
        ("159Mb", [(159, "159Mb", "Mb")]),
        ("3.54 iter/s", [(3.54, "3.54 iter/s", "iter/s")]),
        ("16.1 ms/image", [(16.1, "16.1 ms/image", "ms/image")]),
        ("120 imgs/sec", [(120, "120 imgs/sec", "imgs/sec")]),
        ("−3.5", [(-3.5, "−3.5", None)]),
    ],
)
def test_every_form_of_cell_is_read_as_it_is_printed(text, expected):
    assert short(text) == expected


@pytest.mark.parametrize(
    "text", ["224x224", "ConvNeXt-T", "[256, 256]", "-", "", "1x", "v3.1 BEiT", "12.8–13.7", "4h 05m", "2,2,6,2", "Chen et al.[56]"]
)
def test_what_is_no_number_as_a_whole_gives_nothing(text):
    assert readings(text) == ()


def test_parts_and_parentheses_keep_their_places():
    found = readings("66.3 (65.0) / 85.6 (84.7)")
    assert [(r.value, r.part, r.inner) for r in found] == [(66.3, 0, False), (65.0, 0, True), (85.6, 1, False), (84.7, 1, True)]


def test_a_word_beside_a_number_is_its_note():
    assert readings("39.2mm (MPJPE)")[0].note == "MPJPE"
    assert readings("243 frames")[0].note == "frames"


def test_printed_precision_and_error_are_known():
    assert readings("4.30")[0].decimals == 2
    assert readings("80.1 ± 0.3")[0].error == "0.3"
    assert readings("~5M")[0].about


def test_huge_cells_and_many_parts_are_left_alone():
    assert readings("1" * (MAX_CELL + 1)) == ()
    assert readings(" / ".join("1" for _ in range(100))) == ()
    assert len(plain("$" * 10**6)) < 10**4


@given(st.integers(0, 10**6), st.integers(0, 4), st.sampled_from(["", "M", "G", "%", " mm", "K"]))
def test_a_printed_number_comes_back_with_value_unit_and_precision(number, decimals, unit):
    printed = f"{number / 10**decimals:.{decimals}f}{unit}"
    (found,) = readings(printed)
    assert math.isclose(found.value, float(f"{number / 10**decimals:.{decimals}f}"))
    assert found.printed == printed
    assert found.unit == (unit.strip() or None)
    assert found.decimals == decimals


@given(st.text(max_size=300))
def test_any_text_is_read_without_an_exception_and_prints_what_stands_there(text):
    for found in readings(text):
        assert found.printed in plain(text)
        assert math.isfinite(found.value)


@given(st.text(alphabet="0123456789.,()/ ±%MGmK*+-eE\\${}", max_size=200))
def test_numbers_made_of_the_alphabet_of_numbers_end_in_finite_values(text):
    assert all(math.isfinite(found.value) for found in readings(text))


def test_a_change_with_an_arrow_is_no_second_value():
    assert [r.value for r in readings("39.5(1.8↑)")] == [39.5]
    assert [r.value for r in readings("66.3 (65.0)")] == [66.3, 65.0]


def test_cells_without_a_value():
    assert all(map(is_blank, ("", "-", "\\", "/", "N/A", "TBD", "×", "OOM")))
    assert not any(map(is_blank, ("0", "1.5", "yes", "S")))
