"""Terminal tables: at most 80 columns, honest colors, nothing that a stranger could smuggle in."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from renderers import sample_reports as samples
from rich.console import Console, RenderableType

from auditor.renderers.terminal import claims_table, links_table, run_summary
from auditor.renderers.terminal_files import checkpoint_details, inspect_table


def printed(renderable: RenderableType, *, color: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=80, force_terminal=color, color_system="standard" if color else None, legacy_windows=False)
    console.print(renderable)
    return out.getvalue()


@pytest.mark.parametrize("name", sorted(samples.SITUATIONS))
def test_everything_fits_eighty_columns_and_is_printable(name: str) -> None:
    report = samples.SITUATIONS[name]()
    facts = report.facts
    tables = [run_summary(report), inspect_table(facts.artifacts), links_table(facts.links), claims_table(facts.claims)]
    for renderable in [*tables, *(checkpoint_details(*pair) for pair in facts.inspected())]:
        text = printed(renderable)
        assert max(len(line) for line in text.splitlines()) <= 80
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", text)


@pytest.mark.parametrize(
    ("name", "word", "code"), [("missing", "missing", "31"), ("incomplete", "unverifiable", "33"), ("consistent", "consistent", "32")]
)
def test_colors_are_honest(name: str, word: str, code: str) -> None:
    text = printed(run_summary(samples.SITUATIONS[name]()), color=True)
    assert re.search(rf"\x1b\[(?:1;)?{code}m{word}", text)
    assert ("\x1b[1;31m" in text) == (name == "missing")


def test_markup_of_strangers_is_not_read() -> None:
    artifact = replace(samples.missing().facts.artifacts[0], name="[red]x[/red] :smile:")
    text = printed(inspect_table([artifact]), color=True)
    assert "[red]x[/red]" in text
    assert ":smile:" in text
    assert "\x1b[31m" not in text


def test_the_summary_says_what_an_author_needs() -> None:
    text = printed(run_summary(samples.missing()))
    assert "example-lab/PoseNeXt at 08352eef9417" in text
    assert re.search(r"Ours-L +missing +8\.38M, 4\.30 GFLOPs +-", text)
    assert re.search(r"PoseNeXt_S\.tar +unclaimed", text)
    text = printed(run_summary(samples.incomplete()))
    assert "Incomplete: what was not seen is never called missing." in text
    assert "denied" in text


def test_what_could_not_be_read_says_why() -> None:
    text = printed(inspect_table(samples.contradicted().facts.artifacts))
    assert "not read" in text
    assert "the file ends" in text
    assert "weights/L.pth" in text


def test_one_checkpoint_in_detail() -> None:
    report = samples.consistent()
    text = printed(checkpoint_details(*report.facts.inspected()[3]))
    for words in ("8,380,352", "8,391,354", "snapshot_83.pth", "3, 3, 9, 3", "48, 96, 192, 384", "4.264 G at 256x256", "adam-like"):
        assert words in text


@pytest.mark.parametrize(("table", "words"), [(inspect_table, "Nothing"), (links_table, "No links"), (claims_table, "No claims")])
def test_nothing_is_said_in_words(table: object, words: str) -> None:
    assert words in printed(table(()))  # type: ignore[operator]
