"""The table of formats is made from the readers: none is left out, none is invented, and the README has the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.blob import Blob
from auditor.facts import Checkpoint
from auditor.formats.catalog import CONTAINERS, STATEMENTS, FormatStatement, rows, statement_of, table
from auditor.formats.interface import Limits
from auditor.formats.reading import READERS
from tools.formats_table import README, written

PROJECT = (Path(__file__).parents[2] / "pyproject.toml").read_text()


class Newcomer:
    """Reads a format of which nobody has said anything."""

    name = "newcomer"

    def accepts(self, head: bytes, size: int) -> bool:
        return False

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        raise NotImplementedError


def test_every_reader_has_a_row_and_every_statement_a_reader():
    assert len(rows()) == len(READERS) + len(CONTAINERS) + 1
    assert set(STATEMENTS) <= {reader.name for reader in READERS}
    titles = [row.title for row in rows()]
    assert len(set(titles)) == len(titles)


def test_a_newcomer_gets_a_row_from_its_docstrings():
    row = statement_of(Newcomer())
    assert row.title == "The table of formats is made from the readers"
    assert row.reads == "reads a format of which nobody has said anything"
    own = Newcomer()
    own.statement = FormatStatement("Own", "magic", "all")  # type: ignore[attr-defined]
    assert statement_of(own).title == "Own"
    assert "| Own | magic | all |" in table([own])


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.title)
def test_extras_that_are_named_exist(row):
    if row.extra:
        assert f"\n{row.extra} = [" in PROJECT


def test_the_readme_has_the_same_table():
    block = written(README.read_text(encoding="utf-8"))
    if block is None:
        pytest.skip("README.md has no block between <!-- formats --> and <!-- /formats --> yet")
    assert block == table(), "run: python -m tools.formats_table --write"
