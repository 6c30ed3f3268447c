"""PDFs into text, tables and paragraphs with their pages; broken, encrypted and endless ones into an error of that paper alone."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paper_files import PROTOCOL_1, PROTOCOL_2, TITLE, paper_pdf

from auditor.documents import pdf
from auditor.documents.pdf import read_pdf
from auditor.documents.pdf_layout import PAGE, outline_of
from auditor.documents.pdf_tables import captions_of, tables_of
from auditor.documents.pdf_words import Page, Rule, Word, lines_of, whole_rules
from auditor.errors import AuditError, FormatError, LimitError, MissingExtra


@pytest.fixture(scope="module")
def paper():
    return read_pdf(paper_pdf(), "wader.pdf", "paper:wader.pdf")


def grid(table):
    return [tuple(cell.text for cell in row) for row in table.rows]


def test_a_table_between_rules_and_one_in_a_grid(paper):
    first, second = paper.tables
    assert grid(first) == [("Method", "GFLOPS", "Param", "PA MPJPE"), *PROTOCOL_1]
    assert grid(second) == [("Method", "GFLOPS", "Param", "MPJPE"), *PROTOCOL_2]
    assert first.caption == "Table 1: PA MPJPE on Human3.6M under protocol 1, in mm."
    assert second.caption == "Table 2: MPJPE on Human3.6M under protocol 2, in mm.", "a caption below its table"
    assert (first.header_rows, second.header_rows) == (1, 1)


def test_rows_are_lines_of_the_text_and_pages_can_be_told(paper):
    lines = paper.document.text.split("\n")
    for table, page in zip(paper.tables, (2, 3), strict=True):
        for row in table.rows:
            line = row[0].line
            assert lines[line - 1] == " ".join(cell.text for cell in row)
            assert 1 + lines[:line].count(PAGE) == page
    assert lines.count(PAGE) == 2


def test_title_sections_and_columns(paper):
    assert paper.title == TITLE
    assert paper.document.role == "paper"
    abstract = next(block for block in paper.blocks if block.sections == ("Abstract",))
    assert abstract.text.startswith("We walk along the shore and measure poses of waders with a small network, slowly.")
    assert paper.document.text.split("\n")[abstract.line - 1] == "We walk along the shore and measure poses"


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", FormatError, "does not begin as one"),
        (b"<html>no paper</html>", FormatError, "does not begin as one"),
        (b"%PDF-1.7\nand nothing more", FormatError, "broken|no pages"),
        (paper_pdf(encrypt="secret"), FormatError, "encrypted"),
        (b"%PDF-" + b"x" * (51 << 20), LimitError, "more than"),
    ],
    ids=["empty", "page", "stump", "encrypted", "large"],
)
def test_what_cannot_be_read(data, kind, words):
    with pytest.raises(kind, match=words):
        read_pdf(data, "x.pdf", "paper:x.pdf")


def test_damage_is_an_error_or_less_text():
    whole = paper_pdf()
    for cut in (len(whole) // 4, len(whole) // 2, len(whole) - 30):
        for data in (whole[:cut], whole[:cut] + b"\xff" * 50 + whole[cut + 50 :]):
            with contextlib.suppress(AuditError):
                assert read_pdf(data, "x.pdf", "paper:x.pdf").document.sha256


def test_too_many_pages():
    outline = read_pdf(paper_pdf(63), "long.pdf", "paper:long.pdf")
    assert outline.notes == ("only the first 60 of 63 pages were read",)
    assert outline.document.text.split("\n").count(PAGE) == 59
    assert len(outline.tables) == 2


def fake_library(monkeypatch, tmp_path, code):
    """Put a module in the place of pdfplumber for the worker."""
    (tmp_path / "pdfplumber.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_without_the_library(monkeypatch, tmp_path):
    fake_library(monkeypatch, tmp_path, "raise ImportError")
    with pytest.raises(MissingExtra) as caught:
        read_pdf(paper_pdf(1), "x.pdf", "paper:x.pdf")
    assert caught.value.help == "pip install 'auditor[paper]'"


PAPER = """
class Page:
    width = height = 100
    lines = rects = curves = images = ()
    def extract_words(self, **_): return [dict(text="word", x0=1, x1=9, top=1, bottom=9, size=8)]
    def close(self): pass
class Last(Page):
    def extract_words(self, **_):
        import os, time
        print("noise on the standard output", flush=True)
        {ends}
class open:
    def __init__(self, data): self.pages = [{pages}]
    def __enter__(self): return self
    def __exit__(self, *_): pass
"""


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ("os._exit(3)", "ended unexpectedly"),
        ("raise MemoryError", "too much memory"),
        ("def f(): f()\n        f()", "nested too deeply"),
        ("raise ValueError('x')", "broken: ValueError"),
        ("time.sleep(60)", "was used up"),
        ("bytearray(8 << 30)", "too much memory"),
    ],
    ids=["crash", "memory", "depth", "error", "hang", "bomb"],
)
def test_a_reader_that_fails_keeps_the_pages_before(monkeypatch, tmp_path, ends, words):
    fake_library(monkeypatch, tmp_path, PAPER.format(ends=ends, pages="Page(), Last()"))
    (tmp_path / "pypdfium2.py").write_text("raise ImportError")
    seconds = 4 if "sleep" in ends else 30
    outline = read_pdf(b"%PDF-1.4", "x.pdf", "paper:x.pdf", timeout_seconds=seconds)
    assert outline.document.text == "word"
    assert outline.notes[0].startswith("cut after page 1: ")
    assert words in outline.notes[0]
    fake_library(monkeypatch, tmp_path, PAPER.format(ends=ends, pages="Last()"))
    with pytest.raises(AuditError, match=words):
        read_pdf(b"%PDF-1.4", "x.pdf", "paper:x.pdf", timeout_seconds=seconds / 2)


def test_the_worker_has_no_secret(monkeypatch, tmp_path):
    monkeypatch.setenv("GITHUB_TOKEN", "secret-of-the-user")
    fake_library(monkeypatch, tmp_path, "import os\nraise ValueError(str(sorted(os.environ)))")
    (tmp_path / "pdfplumber.py").write_text(
        PAPER.format(ends="pass", pages="Page()").replace('text="word"', 'text=str("GITHUB_TOKEN" in __import__("os").environ)')
    )
    assert read_pdf(b"%PDF-1.4", "x.pdf", "paper:x.pdf").document.text == "False"


@pytest.mark.parametrize(
    "answer",
    [
        {"page": 1},
        {"page": "x", "words": [[1]], "rules": []},
        {"page": 1, "width": 1, "height": 1, "words": [[1, 2, 3, 4]], "rules": [], "text": ""},
    ],
)
def test_answers_that_make_no_sense(monkeypatch, answer):
    monkeypatch.setattr(pdf, "_answers", lambda *_: iter([json.loads(json.dumps(answer))]))
    with pytest.raises(FormatError, match="makes no sense"):
        read_pdf(b"%PDF-1.4", "x.pdf", "paper:x.pdf")


# ------------------------------------------------------------------------------------------------------------- geometry


def row(y, *cells, height=9.0):
    """Words of one line: (left, text), each 4 points a letter."""
    return [Word(left, y, left + 4.0 * len(text), y + height, text, height) for left, text in cells]


def rules(left, right, *ys):
    return [Rule(left, right, y) for y in ys]


def one_page(words, lines):
    return Page(1, 400.0, 600.0, tuple(word for line in words for word in line), tuple(lines))


def two_levels(**changes):
    words = [
        row(10, (50, "Table"), (74, "3:"), (90, "Results.")),
        row(32, (150, "COCO"), (261, "ADE20K")),
        row(46, (50, "Method"), (130, "AP"), (180, "AP50"), (240, "mIoU"), (290, "acc")),
        row(62, (50, "Others"), (78, "[1]"), (130, "30.1"), (180, "50.2"), (240, "40.3"), (290, "80.4")),
        row(76, (50, "Ours"), (130, "31.1"), (180, "51.2"), (240, "41.3"), (290, "81.4")),
    ]
    lines = rules(45, 320, 28, 59, 90) + rules(125, 200, 43) + rules(235, 310, 43)
    return one_page(changes.get("words", words), changes.get("lines", lines))


def test_titles_over_several_columns():
    table = tables_of(two_levels())[0]
    assert (table.header_rows, table.number) == (2, "3")
    assert [cell.text for cell in table.rows[0]] == ["", "COCO", "COCO", "ADE20K", "ADE20K"]
    assert [cell.text for cell in table.rows[2]] == ["Others [1]", "30.1", "50.2", "40.3", "80.4"]


def test_titles_without_rules_below_are_centered():
    page = two_levels(lines=rules(45, 320, 28, 59, 90))
    assert [cell.text for cell in tables_of(page)[0].rows[0]] == ["", "COCO", "COCO", "ADE20K", "ADE20K"]


def test_no_caption_no_table():
    page = two_levels()
    assert tables_of(one_page([[w] for w in page.words if w.top > 20], page.rules)) == []
    figure = [Word(w.left, w.top, w.right, w.bottom, w.text.replace("Table", "Figure"), w.size) for w in page.words]
    assert tables_of(one_page([figure], page.rules)) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Table 3: Results", "3"),
        ("Table 12. Results", "12"),
        ("TABLE IV", "IV"),
        ("Table A1: x", "A1"),
        ("Table 2 Comparison with others", "2"),
        ("Tab. 7 | x", "7"),
        ("Table 3 shows that", None),
        ("Table of contents", None),
        ("see Table 3: x", None),
    ],
)
def test_what_is_a_caption(text, number):
    found = captions_of(one_page([row(10, (20, text))], []))
    assert [caption.number for caption in found] == ([number] if number else [])


def test_captions_below_two_tables_go_with_their_own():
    words = [
        row(20, (50, "Model"), (130, "AP")), row(35, (50, "A"), (130, "1.0")), row(50, (50, "B"), (130, "2.0")),
        row(75, (50, "Table"), (74, "1:"), (90, "First.")),
        row(100, (50, "Model"), (130, "AP")), row(115, (50, "C"), (130, "3.0")), row(130, (50, "D"), (130, "4.0")),
        row(155, (50, "Table"), (74, "2:"), (90, "Second.")),
    ]  # fmt: skip
    found = tables_of(one_page(words, rules(45, 160, 15, 32, 65) + rules(45, 160, 96, 112, 145)))
    assert [(table.number, table.rows[1][0].text) for table in found] == [("1", "A"), ("2", "C")]


def test_columns_so_close_that_they_look_like_one_text():
    words = [
        row(10, (50, "Table"), (74, "1:"), (90, "Dense.")),
        row(32, (50, "Model"), (120, "R1"), (140, "R2"), (160, "R3")),
        row(46, (50, "First"), (118, "11.11"), (139, "22.22"), (160, "33.33")),
        row(60, (50, "Other"), (118, "44.44"), (139, "55.55"), (160, "66.66")),
    ]
    table = tables_of(one_page(words, rules(45, 190, 28, 43, 75)))[0]
    assert [cell.text for cell in table.rows[2]] == ["Other", "44.44", "55.55", "66.66"]


def test_a_line_of_a_grid_is_drawn_in_pieces():
    assert whole_rules([Rule(10, 40, 5), Rule(41, 80, 5.5), Rule(10, 80, 30), Rule(100, 110, 5)]) == [Rule(10, 80, 5), Rule(10, 80, 30)]


floats = st.floats(-1e4, 1e4, allow_nan=False)
words = st.builds(
    lambda x, y, w, h, text: Word(x, y, x + w, y + h, text, h), floats, floats, st.floats(0, 300), st.floats(0.1, 40), st.sampled_from(["Table 1: x", "Ours", "1.5", "7.59M", "AP", "a b c"])
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(words, max_size=60), st.lists(st.builds(lambda a, w, y: Rule(a, a + w, y), floats, st.floats(0, 500), floats), max_size=20))
def test_any_geometry(words, rules):
    page = Page(1, 600.0, 800.0, tuple(words), tuple(rules))
    assert sum(map(len, lines_of(words))) == len(words)
    outline = outline_of([page, Page(2, 600.0, 800.0, text="only\ntext")], "x.pdf", "a" * 64, "paper:x.pdf")
    count = outline.document.text.count("\n") + 1
    for table in outline.tables:
        assert len({len(row) for row in table.rows}) == 1
        assert all(0 < cell.line <= count for row in table.rows for cell in row)


def test_a_page_full_of_words_ends_in_time():
    many = tuple(Word(x * 5.0, y * 8.0, x * 5.0 + 4, y * 8.0 + 7, "1.5", 7) for x in range(60) for y in range(100))
    caption = Word(0, -12, 100, -4, "Table 1: Numbers.", 8)
    lines = tuple(Rule(-1, 300, y * 8.0 - 0.5) for y in range(101))
    tables_of(Page(1, 300.0, 800.0, (caption, *many), lines))


def test_a_table_without_rules_is_less_sure():
    narrow = replace(two_levels(lines=[]), width=800.0)
    assert tables_of(narrow) == []
    table = outline_of([narrow], "x.pdf", "a" * 64, "paper:x.pdf").tables[0]
    assert table.caption == "Table 3: Results."
    assert [cell.text for cell in table.rows[-1]] == ["Ours", "31.1", "51.2", "41.3", "81.4"]
    assert {cell.confidence for row in table.rows[table.header_rows :] for cell in row if cell.text} == {0.8}
    text = outline_of([narrow], "x.pdf", "a" * 64, "paper:x.pdf").document.text
    assert text.split("\n")[table.rows[-1][0].line - 1] == "Ours 31.1 51.2 41.3 81.4"


def test_rules_that_dvips_draws_as_pictures(tmp_path, monkeypatch):
    cells = [
        ("Table", 10, 10),
        ("1:", 33, 10),
        ("Model", 10, 30),
        ("AP", 60, 30),
        ("A", 10, 50),
        ("1.0", 60, 50),
        ("B", 10, 65),
        ("2.0", 60, 65),
    ]
    found = [{"text": text, "x0": x, "x1": x + 4 * len(text), "top": y, "bottom": y + 8, "size": 8} for text, x, y in cells]
    images = [{"x0": 8, "x1": 90, "top": y, "bottom": y + 0.5} for y in (25, 45, 80)]
    fake_library(monkeypatch, tmp_path, code_of(found, images))
    table = read_pdf(b"%PDF-1.4", "x.pdf", "paper:x.pdf").tables[0]
    assert grid(table) == [("Model", "AP"), ("A", "1.0"), ("B", "2.0")]
    assert table.rows[1][1].confidence == 1.0


def code_of(words, images):
    """Return the code of a library whose one page holds these words and thin pictures."""
    return (
        f"class Page:\n    width = height = 100\n    lines = rects = curves = ()\n    images = {images!r}\n"
        f"    def extract_words(self, **_): return {words!r}\n    def close(self): pass\n"
        "class open:\n    def __init__(self, data): self.pages = [Page()]\n    def __enter__(self): return self\n    def __exit__(self, *_): pass\n"
    )


def test_a_caption_beside_prose_makes_no_table():
    words = [
        row(10, (50, "Table"), (74, "1:"), (90, "Lost.")),
        *(row(30 + 12 * n, (50, "We"), (62, "measure"), (94, "12"), (106, "waders")) for n in range(8)),
    ]
    assert outline_of([one_page(words, [])], "x.pdf", "a" * 64, "paper:x.pdf").tables == ()
