"""The page on safety says the numbers that the code has, names tests that exist, and calls nothing safe."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.formats import confinement, isolation, transport, worker_process
from auditor.formats.interface import Limits

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
PLACES = {
    "confinement": confinement,
    "worker_process": worker_process,
    "isolation": isolation,
    "transport": transport,
    "Limits": Limits(),
}
ROWS = re.findall(r"^\| (.+?) \| ([\d.]+)(?: (MiB|s))? \| `(\w+)\.(\w+)` \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize(("what", "number", "unit", "place", "name"), ROWS, ids=[f"{row[3]}.{row[4]}" for row in ROWS])
def test_the_numbers_are_those_of_the_code(what, number, unit, place, name):
    assert getattr(PLACES[place], name) == float(number) * (1 << 20 if unit == "MiB" else 1), what


def test_no_limit_is_left_out():
    told = {(place, name) for _, _, _, place, name in ROWS}
    for field in Limits.__dataclass_fields__:
        assert ("Limits", field) in told
    for place in ("confinement", "worker_process", "isolation", "transport"):
        limits = {
            name
            for name, value in vars(PLACES[place]).items()
            if name.isupper() and not name.startswith("_") and type(value) in (int, float)
        }
        ours = {name for name in limits if name != "START_SECONDS" and f"\n{name} = " in Path(str(PLACES[place].__file__)).read_text()}
        assert {(place, name) for name in ours} <= told, ours


def test_the_tests_that_it_names_exist():
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))
    assert len(named) >= 6
    assert all((ROOT / name).is_file() for name in named)


def test_no_file_is_called_safe():
    assert "No file is ever called safe" in PAGE
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "auditor" / "formats").glob("*.py"))
    assert not re.search(r"Safety\(\s*[\"']safe", sources)
