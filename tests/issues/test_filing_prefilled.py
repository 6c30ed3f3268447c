from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.issues.fingerprint import comment, fingerprint, fingerprints_in, marked, unmarked
from auditor.issues.prefilled import LONGEST_URL, SHORTENED, browser_url, shortened

MARK = fingerprint("lab/Paper", ["Ours-L"])


def parts(url: str) -> tuple[str, str]:
    query = parse_qs(urlsplit(url).query, strict_parsing=True, keep_blank_values=True, errors="strict")
    assert set(query) == {"title", "body"}
    return query["title"][0], query["body"][0]


def test_a_short_text_stands_whole() -> None:
    body = marked("First & second?\n\n```\n100 % # + é 权重\n```\n", MARK)
    url = browser_url("lab/Paper", "`L.tar` & co", body)
    assert url.startswith("https://github.com/lab/Paper/issues/new?title=")
    assert parts(url) == ("`L.tar` & co", body)


def test_another_server() -> None:
    assert browser_url("lab/Paper", "t", "b", "https://git.lab.example").startswith("https://git.lab.example/lab/Paper/issues/new?")


def test_a_long_text_ends_after_a_paragraph_and_says_so() -> None:
    paragraphs = [f"Paragraph {n} with 权重 in it." * 5 for n in range(100)]
    url = browser_url("lab/Paper", "title", marked("\n\n".join(paragraphs), MARK))
    _, body = parts(url)
    assert len(url) <= LONGEST_URL
    assert len(url) > LONGEST_URL - 1000, "as much as fits"
    kept, tail = body.split(SHORTENED)
    assert kept.strip().split("\n\n") == paragraphs[: len(kept.strip().split("\n\n"))]
    assert tail.strip() == comment(MARK)


def test_what_was_opened_is_closed() -> None:
    body = "Intro\n\n<details><summary>all</summary>\n\n```python\n" + "x = 1\n\n" * 3000 + "```\n\n</details>"
    _, text = parts(browser_url("lab/Paper", "title", body))
    assert text.count("```") % 2 == 0
    assert text.count("<details") == text.count("</details>")
    assert text.index("\n```\n</details>") < text.index(SHORTENED)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.lists(st.text(max_size=3000), max_size=8))
def test_no_address_is_too_long_or_cut_within_an_escape(title: str, paragraphs: list[str]) -> None:
    url = browser_url("lab/Paper", title, marked("\n\n".join(paragraphs) * 3, MARK))
    assert len(url.encode()) <= LONGEST_URL
    assert url.isascii()
    assert MARK in fingerprints_in(parts(url)[1])


@pytest.mark.parametrize("text", ["权" * 9000, "x" * 20_000, "word " * 5000, "\ud800" * 5000])
def test_one_paragraph_alone_is_cut_too(text: str) -> None:
    url = browser_url("lab/Paper", "t", text)
    assert 4000 < len(url) <= LONGEST_URL
    assert SHORTENED in parts(url)[1]


def test_shortening_for_the_api_keeps_the_fingerprint() -> None:
    body = shortened(marked("a paragraph\n\n" * 10_000, MARK), lambda text: len(text) <= 65_536)
    assert 60_000 < len(body) <= 65_536
    assert fingerprints_in(body) == (MARK,)


def test_fingerprints_are_of_the_question_not_of_its_words() -> None:
    assert fingerprint("Lab/paper", ["B", "A"], ["y", "x"]) == fingerprint("lab/Paper", ["A", "B", "A"], ["x", "y"])
    kinds = {fingerprint("lab/P", ["A"]), fingerprint("lab/P", ["B"]), fingerprint("lab/P", ["A"], ["x"]), fingerprint("lab/Q", ["A"])}
    assert len(kinds) == 4
    assert fingerprint("lab/P", ["A", "B"]) != fingerprint("lab/P", ["A"], ["B"])


def test_a_text_has_one_fingerprint_however_often_it_is_marked() -> None:
    once = marked("text", MARK)
    assert marked(marked(once, "0" * 32), MARK) == once
    assert (unmarked(once), fingerprints_in(once)) == ("text", (MARK,))
