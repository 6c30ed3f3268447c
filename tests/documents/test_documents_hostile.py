"""Strangers' text: nothing raises, everything is bounded, every line exists."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.documents.links import classify_links
from auditor.documents.outline import outline
from auditor.documents.source_text import MAX_LINE, MAX_LINES, split_lines
from auditor.facts import Document, Outline

PIECES = [
    "# H\n", "[a](https://a.b/c.pth)", "![p](x.png)", "| a | b |\n|--|--|\n| 1 | [x](y) |\n", "<table>", "<tr><td rowspan=3 colspan=9>", "</table>", "</td>",
    "<a href='https://a.b/d?x=1&amp;y'>", "</a>", "<!--", "-->", "```\n", "`", "\n", "\n\n", "    ", "> ", "- ", "1. ", "$", "$$", "\\|", "|", "**", "_", "~~~",
    "<details><summary>", "</summary>", "</details>", "<h2>", "</h2>", "wget https://a.b/w.pth", "gdown --id 1ABCDEFGHIJKLMNOPQRSTUVWXYZ_-abc", "---\n", "===\n",
    "https://a.b/_x_", "。", "（", "\0", "\r", "\r\n", "\u2028", "\x0b", "\ufeff", "&nbsp;", "&#0;", "[r]: https://r.r/\n", "[r]", "@article{a,\n", "}", "<img src=", '"',
    ".. image:: x.png\n", ".. _a: https://a.b/\n", "`a`_", "`b <https://c.d/>`_", "+--+--+\n| a | b |\n+--+--+\n", "==  ==\na   b\n==  ==\n", "::\n\n", "🤗", "模型",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=40).map("".join)


def check(shown: Outline) -> None:
    lines = split_lines(shown.document.text)
    for link in shown.links:
        assert 1 <= link.line <= len(lines)
        assert link.url
    for table in shown.tables:
        assert len({len(row) for row in table.rows}) == 1
        assert 0 <= table.header_rows <= len(table.rows)
        for row in table.rows:
            for cell in row:
                assert cell.raw in lines[cell.line - 1] or "\0" in lines[cell.line - 1]
    for block in shown.blocks:
        assert 1 <= block.line <= len(lines) + 1
    for link in classify_links([shown], "lab/GreatNet", ("a.pth",)):
        assert link.purpose in ("checkpoint", "dataset", "results", "paper", "other")
        assert link.owner in ("own", "baseline", "initialization", "other")
        assert link.evidence.quote in lines[link.line - 1]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.sampled_from(["README.md", "README", "a/b.html", "x.sh"]))
def test_no_text_raises(text: str, path: str) -> None:
    check(outline(Document(path, text, "0" * 64, f"document:{path}")))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_no_restructured_text_raises(text: str) -> None:
    check(outline(Document("README.rst", text, "0" * 64, "document:README.rst")))


HOSTILE = {
    "brackets": "[" * 50_000,
    "lines of brackets": ("[" * 200 + "\n") * 500,
    "pictures": "![" * 30_000,
    "stars": "*a " * 30_000,
    "strong": "**a" * 30_000,
    "open tags": "<a " * 30_000,
    "open comments": "<!--\n" * 20_000,
    "declarations": "<!x" * 30_000,
    "quotes": "> " * 30_000,
    "deep quotes": (">" * 500 + "\n") * 100,
    "deep lists": "\n".join("  " * depth + "- a" for depth in range(300)),
    "ticks": "".join("`" * count + " " for count in range(1, 300)),
    "tables in tables": "<table><tr><td>" * 3_000,
    "divs": "<div>\n" * 5_000,
    "definitions": "\n".join(f"[a{n}]: https://x/{n}" for n in range(3_000)) + "\n" + "[a1]" * 1_000,
    "a long line": "x" * 5_000_000,
    "one line of URLs": "see https://a.b/c_d_e, " * 30_000,
    "one paragraph of links": "model [here](https://a.b/x.zip)\n" * 5_000,
    "brackets of an address": "[a](" + "(" * 30_000,
    "pipes": "|" * 50_000,
    "fences": "```\n" * 20_001,
    "attributes": "<p " + 'a="' * 30_000,
    "data": '<img src="data:image/png;base64,' + "A" * 1_000_000 + '"> [x](https://a.b/c.pth)',
    "sentences": ("Pre-trained model data. " * 100 + "[here](https://drive.google.com/file/d/1abcdefghijk/view) ") * 20,
    "trained on": ("trained on " + "a " * 100) * 300 + "[x](https://drive.google.com/file/d/1abcdefghijk/view)",
    "noise": "".join(random.Random(1).choice("[]()<>!*_`|#-\n >\"'=&;:/\\$~ahtp") for _ in range(60_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_bounded(name: str) -> None:
    shown = outline(Document("README.md", HOSTILE[name], "0" * 64, "document:README.md"))
    assert sum(len(row) for table in shown.tables for row in table.rows) <= 60_000
    assert all(len(link.context) <= 2_000 for link in shown.links)
    classify_links([shown], "lab/GreatNet")


def test_cuts_are_noted() -> None:
    assert any("cut" in note for note in outline(Document("README.md", "x" * (MAX_LINE + 1), "", "")).notes)
    assert any("lines" in note for note in outline(Document("README.md", "x\n" * (MAX_LINES + 1), "", "")).notes)
    picture = outline(Document("README.md", HOSTILE["data"], "", ""))
    assert [link.url for link in picture.links] == ["https://a.b/c.pth"]
    assert picture.notes == ()
