"""Printed headers over a line of numbers, and cells beside a name that are no part of it."""

from __future__ import annotations

import pytest

from auditor.claims.extraction import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.documents.outline import outline
from auditor.facts import Document
from auditor.kit import default_kit


def claims(text):
    found = outline(Document("README.md", text, "0" * 64, "document:README.md"))
    return extract_claims((found,), ClaimContext("lab/wader", "Wader"), default_kit().extractors)


HEADED = """# Wader

* `python run.py --model_type wader_small_lake`

Result:
```
Reading 697 files
{}
Done.
```
"""


@pytest.mark.parametrize(
    "printed",
    [
        "     d1,  AbsRel,    RMSE,   SILog\n  0.959,   0.062,   2.575,   8.282",
        "d1 | AbsRel | RMSE | SILog\n0.959 | 0.062 | 2.575 | 8.282",
        "  d1      AbsRel   RMSE   SILog\n&   0.959  & 0.062  & 2.575  & 8.282  \\\\",
    ],
)
def test_a_printed_header_names_the_numbers_under_it(printed):
    found = [(c.variant, c.attribute, c.value) for c in claims(HEADED.format(printed))]
    assert found == [
        ("wader_small_lake", name, value)
        for name, value in zip(("d1", "AbsRel", "RMSE", "SILog"), (0.959, 0.062, 2.575, 8.282), strict=True)
    ]


@pytest.mark.parametrize(
    "printed",
    [
        "lr, AbsRel, RMSE, epoch\n0.100, 0.062, 2.575, 8.000",  # progress of a training
        "width, height, depth\n0.959, 0.062, 2.575",  # no metric
        "d1, AbsRel, RMSE\n0.959, 0.062",  # not one for each
        "AbsRel, RMSE, SILog\nnone, 0.062, 2.575",
    ],
)
def test_other_lines_of_numbers_are_no_results(printed):
    assert claims(HEADED.format(printed)) == ()


def test_what_there_is_of_a_model_is_no_part_of_its_name():
    table = "# Wader\n\n## Models\n\n| Size | Params | English model | Other model | Top-1 |\n|---|---|---|---|---|\n"
    table += "| Wader-S | 39 M | ✓ | `wader-s` | 71.0 |\n| Wader-L | 155 M | N/A | `wader-l` | 81.0 |\n"
    assert {c.variant.split()[0] for c in claims(table)} == {"Wader-S", "Wader-L"}
    assert not [c.variant for c in claims(table) if "✓" in c.variant or "N/A" in c.variant]
