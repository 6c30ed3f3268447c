"""Headers of two levels: a title over several columns, and what it says of counts."""

from __future__ import annotations

import pytest

from auditor.claims import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.documents.outline import outline
from auditor.facts import Document

TABLE = """# Wader

<table>
<tr><th rowspan=2>Model</th>{tops}<th rowspan=2>AP</th></tr>
<tr>{lows}</tr>
<tr><td>wader-s</td>{first}<td>40.1</td></tr>
<tr><td>wader-m</td>{second}<td>42.5</td></tr>
</table>
"""


def claims(tops: list[tuple[str, int]], lows: list[str], first: list[str], second: list[str]):
    def cells(texts: list[str], tag: str = "td") -> str:
        return "".join(f"<{tag}>{text}</{tag}>" for text in texts)

    titles = "".join(f"<th colspan={width}>{text}</th>" for text, width in tops)
    text = TABLE.format(tops=titles, lows=cells(lows, "th"), first=cells(first), second=cells(second))
    found = extract_claims([outline(Document("README.md", text, "0" * 64, "document:README.md"))], ClaimContext("lab/wader", "Wader"))
    return {(c.variant, c.attribute, c.value, c.unit, c.setting) for c in found if c.attribute != "AP"}


@pytest.mark.parametrize("title", ["Cost", "Complexity", "Model", "Efficiency (lower is better)", "On one GPU"])
def test_a_title_over_counts_says_nothing_of_them(title):
    assert claims([(title, 2)], ["GFLOPs", "#Params (M)"], ["4.1", "7.6"], ["8.2", "8.4"]) == {
        ("wader-s", "gflops", 4.1, "G", ""), ("wader-s", "params", 7.6, "M", ""),
        ("wader-m", "gflops", 8.2, "G", ""), ("wader-m", "params", 8.4, "M", ""),
    }  # fmt: skip


def test_titles_tell_counts_of_one_kind_apart():
    found = claims([("RetinaNet", 1), ("Mask R-CNN", 1)], ["Params (M)", "Params (M)"], ["21.3", "31.2"], ["21.7", "32.0"])
    assert found == {
        ("wader-s", "params", 21.3, "M", "RetinaNet"), ("wader-s", "params", 31.2, "M", "Mask R-CNN"),
        ("wader-m", "params", 21.7, "M", "RetinaNet"), ("wader-m", "params", 32.0, "M", "Mask R-CNN"),
    }  # fmt: skip


def test_a_data_set_over_metrics_stays_with_them():
    found = claims([("ImageNet-1K", 2)], ["Top-1", "Top-5"], ["80.1", "95.0"], ["81.5", "95.9"])
    assert {(attribute, value) for _, attribute, value, *_ in found} == {("Top-1", 80.1), ("Top-5", 95.0), ("Top-1", 81.5), ("Top-5", 95.9)}
    assert all("ImageNet-1K" in setting for *_, setting in found)


def test_titles_tell_metrics_of_one_name_apart():
    found = claims([("224", 1), ("384 ↑", 1)], ["top-1", "top-1"], ["80.1", "82.0"], ["81.5", "83.0"])
    assert found == {
        ("wader-s", "top-1", 80.1, None, "224"), ("wader-s", "top-1", 82.0, None, "384 ↑"),
        ("wader-m", "top-1", 81.5, None, "224"), ("wader-m", "top-1", 83.0, None, "384 ↑"),
    }  # fmt: skip


def test_a_title_that_is_a_part_of_the_metric_stays_in_it():
    found = claims([("box", 1), ("mask", 1)], ["mAP", "mAP"], ["40.1", "37.0"], ["41.5", "38.0"])
    assert {attribute for _, attribute, *_ in found} == {"box mAP", "mask mAP"}
