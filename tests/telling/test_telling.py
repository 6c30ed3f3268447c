"""Numbers as people read them, evidence by number, and places as links."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from renderers import sample_reports as samples

from auditor.facts import Evidence
from auditor.telling.evidence import Numbering, numbering_of
from auditor.telling.figures import (
    count_text,
    day_text,
    list_text,
    macs_text,
    percent_text,
    printed_count,
    shape_text,
    size_text,
)
from auditor.telling.lookup import Lookup


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (count_text(7_438_976), "7,438,976"),
        (macs_text(2_795_000_000), "2.795 G"),
        (macs_text(41_300_000), "41.3 M"),
        (size_text(89_558_876), "85.41 MiB"),
        (size_text(1023), "1023 bytes"),
        (size_text(1024), "1.00 KiB"),
        (size_text(5 << 30), "5.00 GiB"),
        (size_text(None), "?"),
        (shape_text((48, 3, 4, 4)), "[48, 3, 4, 4]"),
        (shape_text(()), "[]"),
        (list_text((3, 3, 9, 3)), "3, 3, 9, 3"),
        (list_text(range(20)), "0, 1, 2, 3, 4, 5, …, 15, 16, 17, 18, 19"),
        (percent_text(1.0), "100 %"),
        (percent_text(0.9999), "99.9 %"),
        (percent_text(0.0009), "0.09 %"),
        (percent_text(0.0), "0 %"),
        (day_text("2026-11-20T10:30:00Z"), "2026-11-20 10:30 UTC"),
        (day_text("yesterday"), "yesterday"),
    ],
)
def test_figures(made: str, words: str) -> None:
    assert made == words


@pytest.mark.parametrize(
    ("printed", "count"),
    [
        ("7.59M", 7_590_000),
        ("8.38 M", 8_380_000),
        ("197.8M", 197_800_000),
        ("1.2B", 1_200_000_000),
        ("86k", 86_000),
        ("3,528,008", 3_528_008),
        ("about 5M", None),
        ("", None),
        ("M", None),
        ("7.59 million", 7_590_000),
        ("7.59 mm", None),
        ("12 layers", 12),
    ],
)
def test_printed_counts(printed: str, count: int | None) -> None:
    assert printed_count(printed) == count


@given(st.text(max_size=30))
def test_any_text_is_a_count_or_none(words: str) -> None:
    made = printed_count(words)
    assert made is None or made >= 0


@given(st.floats(0, 1))
def test_only_all_is_a_hundred_percent(share: float) -> None:
    assert (percent_text(share) == "100 %") == (share >= 1)


def test_one_place_has_one_number() -> None:
    first = Evidence("s", "README.md#L1", "quote", "0" * 64, "reader 1")
    numbers = Numbering()
    assert [numbers.id_of(piece) for piece in (first, replace(first, locator="README.md#L2"), replace(first, seen_by="reader 2"))] == [
        "e1",
        "e2",
        "e1",
    ]
    assert [number for number, _ in numbers.items()] == ["e1", "e2"]


def test_numbers_go_through_links_claims_and_findings_in_order() -> None:
    report = samples.missing()
    order = [link.evidence for link in report.facts.links] + [claim.evidence for claim in report.facts.claims]
    order += [piece for finding in report.findings for piece in finding.evidence]
    assert [piece for _, piece in numbering_of(report).items()] == list(dict.fromkeys(order))


def test_places_lead_to_the_audited_commit_or_to_the_file() -> None:
    report = samples.mislabelled()
    lookup = Lookup(report)
    commit = samples.REPOSITORY.commit
    readme, tensor = samples.README_LINK.evidence, report.findings[0].evidence[1]
    assert lookup.place(readme) == f"[`README.md#L88`](https://github.com/example-lab/PoseNeXt/blob/{commit}/README.md#L88)"
    assert lookup.place(tensor) == f"[`data.pkl!module.head.final_layer.weight`]({report.facts.artifacts[0].url})"
    assert lookup.holder(tensor) == "`PoseNeXt_L.tar`"
    assert lookup.holder(readme) == ""


def test_a_file_that_is_not_of_the_repository_gets_no_permalink() -> None:
    lookup = Lookup(samples.conflict())
    mine = next(claim.evidence for claim in lookup.report.facts.claims if claim.rank == "secondary")
    assert lookup.place(mine) == "`mine.yaml#L3`"
    elsewhere = Evidence("document:../../etc/passwd", "../../etc/passwd#L1", "x", "0" * 64)
    assert "/blob/" not in lookup.place(elsewhere)


def test_the_authors_claims_come_first() -> None:
    lookup = Lookup(samples.conflict())
    large = next(variant for variant in lookup.report.variants if variant.name == "Ours-L")
    assert [claim.rank for claim in lookup.claims(large)] == ["primary"] * 3 + ["secondary"] * 3
    assert lookup.claims(replace(large, claims=("c999",))) == ()
    assert lookup.checkpoints(("k999",)) == ()
