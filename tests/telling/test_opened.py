"""Locators taken apart, and what stands there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.facts import Evidence
from auditor.telling.opened import Place, opened, place_of

ROWS = (
    "\\midrule\n% \\own-XL & 1.0 \\\\\n\\own-M & 2.82 \\\\\n\\textbf{Ours-L} & 4.30\n  & 32.8 \\\\[2pt]\n\\bottomrule\nWe reach 32.8 mm.\n"
)


def evidence(locator, quote):
    return Evidence("document:x", locator, quote, "a" * 64)


@pytest.mark.parametrize(
    ("locator", "place"),
    [
        ("docs/a b#c.md#L12", Place("docs/a b#c.md", line=12)),
        ("README.md#L3-L9", Place("README.md", line=3)),
        ("paper.pdf#page=5&table=A.3", Place("paper.pdf", page=5, table="A.3")),
        ("paper.pdf#page=5", Place("paper.pdf", page=5)),
        ("assets/a.png#xywh=1,2,30,40", Place("assets/a.png", region=(1, 2, 30, 40))),
        ("data.pkl!backbone.norm.weight", Place("data.pkl!backbone.norm.weight")),
        ("README.md#anchor", Place("README.md#anchor")),
    ],
)
def test_a_locator_is_taken_apart(locator, place):
    assert place_of(locator) == place


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_line_is_counted_as_every_reader_counts_it(ending):
    text = ending.join(["# Title\x0c still the title", "one\x85two", "| M | 7.59M |"])
    found = opened(evidence("README.md#L3", "| M | 7.59M |"), text)
    assert found.lines == ((3, "| M | 7.59M |"),)
    assert found.holds
    assert not opened(evidence("README.md#L2", "| M | 7.59M |"), text).holds
    assert opened(evidence("README.md#L4", "x"), text).lines == ()


def test_a_page_of_a_paper_shows_the_line_with_the_quote():
    text = "first\n\f\nTable 1\nOurs-M 2.82\n\f\nOurs-M 2.82"
    found = opened(evidence("p.pdf#page=2&table=1", "Ours-M 2.82"), text)
    assert (found.lines, found.holds) == (((2, "Ours-M 2.82"),), True)
    for wrong in ("p.pdf#page=1", "p.pdf#page=9", "p.pdf#page=0"):
        assert not opened(evidence(wrong, "Ours-M 2.82"), text).holds


def test_a_row_of_latex_is_shown_whole_and_without_its_neighbors():
    assert [n for n, _ in opened(evidence("m.tex#L3", "2.82"), ROWS).lines] == [3]
    assert [n for n, _ in opened(evidence("m.tex#L4", "4.30"), ROWS).lines] == [4, 5]
    assert [n for n, _ in opened(evidence("m.tex#L5", "32.8"), ROWS).lines] == [4, 5]
    assert [n for n, _ in opened(evidence("m.tex#L7", "32.8"), ROWS).lines] == [7]
    assert len(opened(evidence("m.tex#L50", "x"), "a & b\n" * 100).lines) <= 25


@given(st.text(max_size=60), st.text(max_size=200), st.text(max_size=20))
def test_no_locator_text_or_quote_raises(locator, text, quote):
    opened(evidence(locator, quote), text)
    opened(evidence(f"x.tex#L{len(locator)}", quote), text)
