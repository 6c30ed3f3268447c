"""Markdown: every form of link with its exact line, tables, sections, pictures, blocks."""

from __future__ import annotations

import pytest

from auditor.documents.outline import outline
from auditor.facts import Document, Outline


def read(text: str, path: str = "README.md") -> Outline:
    return outline(Document(path, text, "0" * 64, f"document:{path}"))


FORMS = [
    ("[model](https://a.b/x.pth)", "https://a.b/x.pth", "model", "inline"),
    ("[model](https://a.b/x_(1).pth)", "https://a.b/x_(1).pth", "model", "inline"),
    ("[m](<https://a.b/x y.pth> 'title')", "https://a.b/x y.pth", "m", "inline"),
    ("[m](https://a.b/x.pth 'title')", "https://a.b/x.pth", "m", "inline"),
    ("zoo([Drive](https://a.b/x) or later)", "https://a.b/x", "Drive", "inline"),
    ("[[data](https://a.b/x)]", "https://a.b/x", "data", "inline"),
    (
        "[OneDrive](https://1drv.ms/f/s!AhIXJn_J-blWzzDXoz5BeFl8sWM-)",
        "https://1drv.ms/f/s!AhIXJn_J-blWzzDXoz5BeFl8sWM-",
        "OneDrive",
        "inline",
    ),
    ("[x](https://a.b/c?x=1&amp;y=2)", "https://a.b/c?x=1&y=2", "x", "inline"),
    ("[**BERT**：中文](https://a.b/c)", "https://a.b/c", "BERT：中文", "inline"),
    ("[two words][ref]\n\n[ref]: https://a.b/r.pth 'x'", "https://a.b/r.pth", "two words", "reference"),
    ("[ref]\n\n[ref]: <https://a.b/r.pth>", "https://a.b/r.pth", "ref", "reference"),
    ("<https://a.b/x_y_z.pth>", "https://a.b/x_y_z.pth", "https://a.b/x_y_z.pth", "autolink"),
    ("see https://a.b/x_y_z.pth, and", "https://a.b/x_y_z.pth", "https://a.b/x_y_z.pth", "bare"),
    ("(see https://a.b/x_(1).pth).", "https://a.b/x_(1).pth", "https://a.b/x_(1).pth", "bare"),
    ("权重：https://huggingface.co/hfl。下载", "https://huggingface.co/hfl", "https://huggingface.co/hfl", "bare"),
    (
        "下载（https://pan.baidu.com/s/1_a-_?pwd=qfh8）",
        "https://pan.baidu.com/s/1_a-_?pwd=qfh8",
        "https://pan.baidu.com/s/1_a-_?pwd=qfh8",
        "bare",
    ),
    ("**https://a.b/_x_y_**", "https://a.b/_x_y_", "https://a.b/_x_y_", "bare"),
    ("drive.google.com/open?id=1abc_d-", "drive.google.com/open?id=1abc_d-", "drive.google.com/open?id=1abc_d-", "bare"),
    ('<a href="https://a.b/x.pth">model</a>', "https://a.b/x.pth", "model", "html"),
    ("text <a href='https://a.b/x.pth?a=1&amp;b=2'>m</a>", "https://a.b/x.pth?a=1&b=2", "m", "html"),
    ('<p align="center"><a href="https://a.b/x">\n<img alt="dl" src="b.svg"></a></p>', "https://a.b/x", "dl", "html"),
    ("[![Weights](https://img.shields.io/b.svg)](https://a.b/x.pth)", "https://a.b/x.pth", "Weights", "image"),
    ("```\nwget https://a.b/x.pth\n```", "https://a.b/x.pth", "wget https://a.b/x.pth", "command"),
    ("    curl -L -o x.pth 'https://a.b/x.pth?dl=1'", "https://a.b/x.pth?dl=1", "curl -L -o x.pth 'https://a.b/x.pth?dl=1'", "command"),
    ("run `wget https://a.b/x.zip` first", "https://a.b/x.zip", "wget https://a.b/x.zip", "command"),
    (
        "```\npython t.py --wts https://a.b/m:c.yaml.08/x.pkl \\\n```",
        "https://a.b/m:c.yaml.08/x.pkl",
        "python t.py --wts https://a.b/m:c.yaml.08/x.pkl \\",
        "code",
    ),
    ("- item\n  [m](https://a.b/deep.pth)", "https://a.b/deep.pth", "m", "inline"),
    ("> quoted [m](https://a.b/q.pth)", "https://a.b/q.pth", "m", "inline"),
    ("# Heading [m](https://a.b/h.pth)", "https://a.b/h.pth", "m", "inline"),
    ("<details><summary>more</summary>\n\n[m](https://a.b/d.pth)\n\n</details>", "https://a.b/d.pth", "m", "inline"),
    ("<div>\n[m](https://a.b/raw.pth) in HTML\n</div>", "https://a.b/raw.pth", "m", "inline"),
]


@pytest.mark.parametrize(("text", "url", "label", "form"), FORMS)
def test_every_form_of_link(text: str, url: str, label: str, form: str) -> None:
    found = [(link.url, link.label, link.form) for link in read(text).links]
    assert (url, label, form) in found
    assert len([link for link in found if link[0] == url]) == 1


@pytest.mark.parametrize(("text", "url", "label", "form"), FORMS)
def test_every_link_stands_on_its_line(text: str, url: str, label: str, form: str) -> None:
    document = "first\n\n" + text + "\n\nlast\n"
    link = next(link for link in read(document).links if link.url == url)
    line = document.split("\n")[link.line - 1]
    assert url in line.replace("&amp;", "&") or (form == "reference" and "ref" in line)


GDOWN = [
    ("gdown --id 1ABCDEFGHIJKLMNOPQRSTUVWXYZ_-abc", "https://drive.google.com/uc?id=1ABCDEFGHIJKLMNOPQRSTUVWXYZ_-abc"),
    ("gdown 1ABCDEFGHIJKLMNOPQRSTUVWXYZ_-abc -O x.pth", "https://drive.google.com/uc?id=1ABCDEFGHIJKLMNOPQRSTUVWXYZ_-abc"),
    ("gdown https://drive.google.com/uc?id=1abc_D -O x", "https://drive.google.com/uc?id=1abc_D"),
    ('gdown "https://drive.google.com/uc?id=1abc_D"', "https://drive.google.com/uc?id=1abc_D"),
    ("gdown --folder 1ABCDEFGHIJKLMNOPQRSTUVWXYZ_-abc", "https://drive.google.com/drive/folders/1ABCDEFGHIJKLMNOPQRSTUVWXYZ_-abc"),
    ("!gdown --fuzzy https://drive.google.com/file/d/1abc_D/view", "https://drive.google.com/file/d/1abc_D/view"),
    ("wget -O x \\\n  https://a.b/x.zip", "https://a.b/x.zip"),
    ("model = AutoModel.from_pretrained('owner/some-name')", "https://huggingface.co/owner/some-name"),
    ("huggingface-cli download owner/some-name --local-dir x", "https://huggingface.co/owner/some-name"),
    ("torch.hub.load_state_dict_from_url('https://a.b/x.zip')", "https://a.b/x.zip"),
    ("model_urls = {'a': 'https://a.b/a-1234.pth',", "https://a.b/a-1234.pth"),
    ("# Download the weights from https://a.b/c.zip", "https://a.b/c.zip"),
    ("load_from: https://a.b/c.zip", "https://a.b/c.zip"),
]


@pytest.mark.parametrize(("command", "url"), GDOWN)
def test_what_commands_fetch(command: str, url: str) -> None:
    outline = read(f"Get it:\n```bash\n{command}\n```")
    assert [link.url for link in outline.links] == [url]
    assert outline.links[0].line == 2 + len(command.split("\n"))
    assert outline.links[0].context.startswith("Get it:")


NO_LINKS = [
    "<!-- [m](https://a.b/x.pth) -->",
    "<!--\n```\n[m](https://a.b/x.pth)\n```\n| a |\n-->",
    "`[m](https://a.b/x.pth)` and `https://a.b/y.zip`",
    "```\nsee https://a.b/x or [m](https://a.b/y)\ngit clone https://github.com/o/n\npip install git+https://github.com/o/n\n```",
    "```\n# wget of https://a.b/c is slow\n```",
    "```\nwget https://a.b/${NAME}.pth\nwget https://a.b/$NAME.pth\nwget https://a.b/{}.pth\nwget https://a.b/net.{npz,h5}\n```",
    "```\nmodel.from_pretrained('path/to')\nmodel.from_pretrained('./a/b')\nx.from_pretrained('MODEL_NAME')\n```",
    "@inproceedings{a,\n  url={https://a.b/c},\n}",
    "```\n@article{a,\n url = {https://a.b/c.pdf}\n}\n```",
    "$[m](https://a.b/x)$",
    "$$\n\\url{https://a.b/x}\n$$",
    "---\nurl: https://a.b/c\n---\ntext",
    "\\[m](no url",
]


@pytest.mark.parametrize("text", NO_LINKS)
def test_what_is_no_link(text: str) -> None:
    assert read(text).links == ()


def test_a_comment_that_is_never_closed_hides_nothing() -> None:
    assert [link.url for link in read("a <!-- b\n\n[m](https://a.b/x)").links] == ["https://a.b/x"]


TABLE = """\
# Title
## Zoo

The models.

| Model | AP<sup>val<br>0.5 | Download |
|:--|:-:|--:|
| **[A](a.py)** | **86.5(25.4%)** | [m](https://a.b/a.pth) \\| [log](https://a.b/a.log)
| B $\\tiny{\\square}$ | `1.2` | [onedrive](https://1drv.ms/u/s!x)/[github](https://a.b/b.pth) |
| C | 39.2mm (MPJPE) |

After.
"""


def test_a_pipe_table() -> None:
    table = read(TABLE).tables[0]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["Model", "AP val 0.5", "Download"],
        ["A", "86.5(25.4%)", "m | log"],
        ["B $\\tiny{\\square}$", "1.2", "onedrive/github"],
        ["C", "39.2mm (MPJPE)", ""],
    ]
    assert (table.header_rows, table.line, table.origin, table.sections, table.caption) == (1, 6, "table", ("Title", "Zoo"), "The models.")
    assert [row[0].line for row in table.rows] == [6, 8, 9, 10]
    assert table.rows[1][0].emphasized
    assert not table.rows[2][0].emphasized
    assert table.rows[1][2].links == ("https://a.b/a.pth", "https://a.b/a.log")
    lines = TABLE.split("\n")
    assert all(cell.raw in lines[cell.line - 1] for row in table.rows for cell in row)
    assert table.rows[1][1].raw == "**86.5(25.4%)**"


def test_links_of_a_table_know_row_and_column() -> None:
    links = {link.url: link for link in read(TABLE).links}
    link = links["https://a.b/b.pth"]
    assert (link.row, link.column, link.sections, link.line) == (
        ("B $\\tiny{\\square}$", "1.2", "onedrive/github"),
        "Download",
        ("Title", "Zoo"),
        9,
    )
    assert links["a.py"].column == "Model"


def test_a_table_with_more_cells_than_headers_keeps_them() -> None:
    table = read("| a | b |\n|--|--|\n| 1 | 2 | [x](https://a.b/c.pth) |\n").tables[0]
    assert [len(row) for row in table.rows] == [3, 3]
    assert table.rows[1][2].links == ("https://a.b/c.pth",)


def test_a_table_in_a_quote_and_in_a_list() -> None:
    text = "> | a | b |\n> |--|--|\n> | 1 | [x](https://a.b/c) |\n\n- item\n\n  | c | d |\n  |--|--|\n  | 3 | 4 |\n"
    first, second = read(text).tables
    assert [[cell.text for cell in row] for row in first.rows] == [["a", "b"], ["1", "x"]]
    assert [[cell.text for cell in row] for row in second.rows] == [["c", "d"], ["3", "4"]]
    assert second.rows[1][0].line == 9


def test_a_caption_after_the_table() -> None:
    assert read("| a | b |\n|--|--|\n| 1 | 2 |\n\nTable 3: results on X\n").tables[0].caption == "Table 3: results on X"


def test_sections_of_every_kind_of_heading() -> None:
    text = "Top\n===\n\n## A\n\nx https://1.b/\n\nSub\n---\n\nx https://2.b/\n\n<h2 align='center'>B &amp; C</h2>\n\nx https://3.b/\n\n### [D](https://4.b/)\n"
    assert [(link.url, link.sections) for link in read(text).links] == [
        ("https://1.b/", ("Top", "A")),
        ("https://2.b/", ("Top", "Sub")),
        ("https://3.b/", ("Top", "B & C")),
        ("https://4.b/", ("Top", "B & C", "D")),
    ]
    assert read(text).title == "Top"


def test_the_summary_of_details_is_a_section_until_they_end() -> None:
    text = "# T\n<details>\n<summary>Legacy <b>models</b></summary>\n\n| a |\n|--|\n| [x](https://a.b/c) |\n\n</details>\n\n[y](https://a.b/d)\n"
    assert [link.sections for link in read(text).links] == [("T", "Legacy models"), ("T",)]


def test_pictures_have_paths_of_the_repository() -> None:
    text = 'The table:\n\n![P1](../assets/a%20b.png?raw=true)\n\n<img src="/x.png" alt="X"> <img src=".\\fig\\y.png">\n![o](https://a.b/z.png) ![up](../../../up.png)\n'
    pictures = read(text, "docs/a.md").pictures
    assert [(picture.path, picture.alt, picture.line) for picture in pictures] == [
        ("assets/a b.png", "P1", 3),
        ("x.png", "X", 5),
        ("docs/fig/y.png", "", 5),
        (None, "o", 6),
        (None, "up", 6),
    ]
    assert pictures[0].caption == "The table:"


def test_blocks() -> None:
    text = "Para [one](u)\nmore.\n\n- item\n  - nested\n\n```python\nx = 1\n```\n\n    indented\n"
    assert [(block.kind, block.text, block.line, block.language) for block in read(text).blocks] == [
        ("paragraph", "Para one more.", 1, ""),
        ("item", "item", 4, ""),
        ("item", "nested", 5, ""),
        ("code", "x = 1", 7, "python"),
        ("code", "indented", 11, ""),
    ]


def test_links_of_a_paragraph_of_several_lines() -> None:
    text = "Weights\n(\n[drive](https://a.b/1) |\n[one\ndrive](https://a.b/2)\n) and https://a.b/3\nand https://a.b/1 again"
    assert [(link.url, link.line) for link in read(text).links] == [
        ("https://a.b/1", 3),
        ("https://a.b/2", 5),
        ("https://a.b/3", 6),
        ("https://a.b/1", 7),
    ]


def test_a_url_is_not_mistaken_for_a_longer_one() -> None:
    links = read("see https://a.b/cd\nand https://a.b/c\n").links
    assert [(link.url, link.line) for link in links] == [("https://a.b/cd", 1), ("https://a.b/c", 2)]


def test_a_long_readme_keeps_its_lines() -> None:
    rows = "".join(f"| m{n} | {n} | [w](https://a.b/{n}.pth) |\n" for n in range(2500))
    outline = read(f"# Zoo\n\n| name | AP | w |\n|--|--|--|\n{rows}")
    assert len(outline.links) == 2500
    assert outline.links[-1].line == 2504
    assert len(outline.tables[0].rows) == 2501
