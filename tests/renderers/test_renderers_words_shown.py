"""How a claim's number and a place are shown in few words."""

from __future__ import annotations

import pytest

from auditor.facts import Claim, Evidence
from auditor.renderers.seen import short_name
from auditor.renderers.tables import claim_value

PLACE = Evidence("document:README.md", "README.md#L1", "1.8G", "0" * 64)


def claim(attribute, value, printed, unit=None):
    return Claim("c1", "Wader-S", attribute, value, unit, "", "primary", "table", PLACE, printed)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [("1.8G", "1.8"), ("4.30", "4.30"), ("600M", "0.6"), ("2.1 GMACs", "2.1"), ("1.2 TFLOPs", "1200"), ("17.7 (x2)", "17.7 (x2)")],
)
def test_operations_are_shown_in_billions_once(printed, shown):
    assert claim_value(claim("gflops", 1.0, printed)) == shown


def test_other_numbers_stay_as_printed():
    assert claim_value(claim("params", 7.59, "7.59M")) == "7.59M"
    assert claim_value(claim("params", 7.59, "7.59", "M")) == "7.59M"
    assert claim_value(claim("MPJPE", 51.05, "51.05", "mm")) == "51.05 mm"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://drive.google.com/file/d/1abc_DEF/view?usp=sharing", "1abc_DEF"),
        ("https://drive.google.com/drive/folders/1abc_DEF?usp=sharing", "1abc_DEF"),
        ("https://dl.example.org/nets/wader_s.pth", "wader_s.pth"),
        ("https://huggingface.co/lab/wader/tree/main", "wader"),
        ("https://zenodo.org/records/12/files/a.pth?download=1", "a.pth"),
        ("https://example.org/", ""),
        ("", ""),
    ],
)
def test_a_place_is_called_by_what_names_it(url, name):
    assert short_name(url) == name
