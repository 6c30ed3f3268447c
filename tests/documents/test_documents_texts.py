"""reStructuredText, plain text, scripts; encodings; places inside a repository."""

from __future__ import annotations

import pytest

from auditor.documents.decoding import MAX_BYTES, decoded
from auditor.documents.outline import outline
from auditor.documents.places import path_in_repository, resolved_path
from auditor.facts import Document, Outline

RST = """\
Title
=====

.. image:: docs/p.png
   :alt: P
   :target: https://huggingface.co/o/n

Intro `model <https://a.b/x.pth>`_ and https://c.d/e_f.zip, see `ref`_.

.. _ref: https://ref.ref/x

Sub
---

+-------+-----+
| Name  | AP  |
+=======+=====+
| A     | 1.5 |
|       +-----+
|       | 2.5 |
+-------+-----+

=====  ============================
Name   Link
=====  ============================
B      `w <https://z.z/b.pth>`__
=====  ============================

.. list-table:: Results
   :header-rows: 1

   * - Model
     - mAP
   * - **X**
     - 33.1

* item https://x.x/1

.. code:: bash

   wget https://w.w/w.pth

:unknown:`role` and |undefined|

.. unknown-directive::
   foo
"""


def read(text: str, path: str) -> Outline:
    return outline(Document(path, text, "0" * 64, f"document:{path}"))


def test_links_of_restructured_text() -> None:
    found = {link.url: link for link in read(RST, "README.rst").links}
    assert set(found) == {
        "https://huggingface.co/o/n",
        "https://a.b/x.pth",
        "https://c.d/e_f.zip",
        "https://ref.ref/x",
        "https://z.z/b.pth",
        "https://x.x/1",
        "https://w.w/w.pth",
    }
    lines = RST.split("\n")
    assert all(url in lines[link.line - 1] for url, link in found.items())
    assert (found["https://z.z/b.pth"].row, found["https://z.z/b.pth"].column) == (("B", "w"), "Link")
    assert found["https://a.b/x.pth"].label == "model"
    assert found["https://x.x/1"].sections == ("Title", "Sub")


def test_tables_of_restructured_text() -> None:
    tables = read(RST, "README.rst").tables
    assert [[[cell.text for cell in row] for row in table.rows] for table in tables] == [
        [["Name", "AP"], ["A", "1.5"], ["A", "2.5"]],
        [["Name", "Link"], ["B", "w"]],
        [["Model", "mAP"], ["X", "33.1"]],
    ]
    assert [table.header_rows for table in tables] == [1, 1, 1]
    assert tables[2].caption == "Results"
    assert tables[2].rows[1][0].emphasized
    lines = RST.split("\n")
    assert all(cell.raw in lines[cell.line - 1] for table in tables for row in table.rows for cell in row)
    assert tables[0].rows[2][1].line == 20


def test_pictures_of_restructured_text() -> None:
    assert [(picture.path, picture.alt) for picture in read(RST, "a/README.rst").pictures] == [("a/docs/p.png", "P")]


@pytest.mark.parametrize(
    "text",
    [
        ".. include:: {file}\n",
        ".. raw:: html\n   :file: {file}\n",
        ".. raw:: html\n   :url: http://127.0.0.1:9/x\n",
        ".. csv-table:: t\n   :file: {file}\n",
        ".. csv-table:: t\n   :url: http://127.0.0.1:9/x\n",
        ".. literalinclude:: {file}\n",
        ".. code::\n   :file: {file}\n",
    ],
)
def test_nothing_is_included(text: str, tmp_path: pytest.TempPathFactory) -> None:
    secret = tmp_path / "secret.txt"  # type: ignore[operator]
    secret.write_text("the secret words")
    shown = read("before\n\n" + text.format(file=secret) + "\nafter\n", "README.rst")
    words = " ".join([block.text for block in shown.blocks] + [cell.text for table in shown.tables for row in table.rows for cell in row])
    assert "the secret words" not in words
    assert "after" in words


def test_a_text_without_suffix_is_what_its_markup_says() -> None:
    assert read("# Title\n\n[m](https://a.b/c)", "README").title == "Title"
    assert [link.url for link in read(".. _a: https://a.b/c\n\nsee `a`_ and `x <https://d.e/f>`_", "README").links] == [
        "https://a.b/c",
        "https://d.e/f",
    ]
    plain = read("Great Net\n=========\n\nGet https://a.b/c_d.pth.\nwget https://e.f/g\n", "README")
    assert plain.title == "Great Net"
    assert [(link.url, link.line, link.form) for link in plain.links] == [
        ("https://a.b/c_d.pth", 4, "bare"),
        ("https://e.f/g", 5, "command"),
    ]


def test_a_script() -> None:
    text = "#!/bin/sh\nset -e\nwget https://a.b/models.zip\necho https://no.no/x\n"
    script = outline(Document("get.sh", text, "0" * 64, "document:get.sh", "script"))
    assert [(link.url, link.line) for link in script.links] == [("https://a.b/models.zip", 3)]
    assert script.blocks[0].language == "sh"


def test_python_carries_literals_and_addresses_of_weights() -> None:
    text = "class Config:\n    depths = (2, 2, 6, 2)\n\nmodel_urls = {\n    'a': 'https://a.b/a-12.pth',\n}\n"
    config = outline(Document("config.py", text, "0" * 64, "document:config.py", "config"))
    assert any(literal.value == (2, 2, 6, 2) for literal in config.literals)
    assert [(link.url, link.line) for link in config.links] == [("https://a.b/a-12.pth", 5)]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("ä".encode(), "ä"),
        (b"\xef\xbb\xbfabc", "abc"),
        ("héllo 模型".encode("utf-16"), "héllo 模型"),
        (("plain text " * 5).encode("utf-16-le"), "plain text " * 5),
        (b"caf\xe9 au lait", "café au lait"),
        (b"a\0b", "ab"),
        ("模型".encode()[:-1], "模"),
        (b"", ""),
    ],
)
def test_bytes_become_text(data: bytes, text: str) -> None:
    assert decoded(data)[0] == text


def test_a_large_document_is_cut_with_a_note() -> None:
    text, note = decoded(b"a" * (MAX_BYTES + 5))
    assert len(text) == MAX_BYTES
    assert "cut" in note


@pytest.mark.parametrize(
    ("document", "url", "path"),
    [
        ("README.md", "docs/a.md", "docs/a.md"),
        ("README.md", "./docs//a.md#x", "docs/a.md"),
        ("docs/b/c.md", "../a.md?raw=true", "docs/a.md"),
        ("docs/b/c.md", "/a.md", "a.md"),
        ("README.md", "a%20b.png", "a b.png"),
        ("README.md", "figures\\x.png", "figures/x.png"),
        ("README.md", "folder/", "folder"),
        ("README.md", "../../x", None),
        ("README.md", "#x", None),
        ("README.md", "", None),
        ("README.md", "https://a.b/c", None),
        ("README.md", "mailto:a@b", None),
        ("README.md", "//a.b/c", None),
        ("README.md", "javascript:x", None),
        ("README.md", "%2e%2e/%2e%2e/x", None),
    ],
)
def test_relative_links(document: str, url: str, path: str | None) -> None:
    assert resolved_path(document, url) == path


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://github.com/Lab/GreatNet/blob/main/docs/a.md#x", "docs/a.md"),
        ("https://github.com/lab/greatnet/tree/v1.0/docs/", "docs"),
        ("https://github.com/lab/GreatNet/raw/main/a%20b.png", "a b.png"),
        ("https://raw.githubusercontent.com/lab/GreatNet/main/a.png", "a.png"),
        ("https://raw.githubusercontent.com/lab/GreatNet/refs/heads/main/a.png", "a.png"),
        ("https://github.com/lab/GreatNet/tree/main", None),
        ("https://github.com/lab/GreatNetwork/blob/main/a.md", None),
        ("https://github.com/lab/GreatNet", None),
        ("https://github.com/lab/GreatNet/blob/main/../../../x", None),
        ("https://evil.org/lab/GreatNet/blob/main/a.md", None),
    ],
)
def test_absolute_links_into_the_same_repository(url: str, path: str | None) -> None:
    assert path_in_repository(url, "lab/GreatNet") == path
