"""HTML in Markdown: tables with spans, nested ones, links in cells."""

from __future__ import annotations

from auditor.documents.outline import outline
from auditor.facts import Document, Outline, Table


def read(text: str, path: str = "README.md") -> Outline:
    return outline(Document(path, text, "0" * 64, f"document:{path}"))


def texts(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


SPANS = """\
# Zoo
<table>
  <caption>All <b>models</b></caption>
  <thead>
    <tr><th rowspan="2">Name</th><th colspan=2>COCO</th></tr>
    <tr><th>AP</th><th>AR</th></tr>
  </thead>
  <tbody>
    <tr>
      <td rowspan=2>DETR</td>
      <td>

**42.0**

      </td>
      <td><a href="https://a.b/m.pth">model</a>&nbsp;|&nbsp;<a href="https://a.b/l.txt">logs</a></td>
    </tr>
    <tr><td>43.3<td>1</tr>
  </tbody>
</table>
"""


def test_spans_are_expanded() -> None:
    table = read(SPANS).tables[0]
    assert texts(table) == [
        ["Name", "COCO", "COCO"],
        ["Name", "AP", "AR"],
        ["DETR", "42.0", "model | logs"],
        ["DETR", "43.3", "1"],
    ]
    assert (table.header_rows, table.caption, table.sections) == (2, "All models", ("Zoo",))
    assert [[cell.spanned for cell in row] for row in table.rows][:2] == [[False, False, True], [True, False, False]]
    assert table.rows[3][0].spanned


def test_cells_stand_on_the_line_of_their_text() -> None:
    table = read(SPANS).tables[0]
    lines = SPANS.split("\n")
    assert table.rows[2][1].line == 13
    assert table.rows[2][1].raw == "**42.0**"
    assert table.rows[2][1].emphasized
    assert all(cell.raw in lines[cell.line - 1] for row in table.rows for cell in row)


def test_links_of_cells() -> None:
    link = next(link for link in read(SPANS).links if link.url == "https://a.b/m.pth")
    assert (link.label, link.line, link.column, link.row[0], link.sections) == ("model", 16, "COCO AR", "DETR", ("Zoo",))


def test_the_first_row_is_the_header_where_none_is_marked() -> None:
    assert read("<table><tr><td>a</td></tr><tr><td>1</td></tr></table>").tables[0].header_rows == 1


def test_nested_tables_are_tables_of_their_own() -> None:
    tables = read("<table><tr><td>out<table><tr><th>in</th></tr><tr><td>1</td></tr></table></td><td>x</td></tr></table>").tables
    assert sorted(map(texts, tables), key=len) == [[["out", "x"]], [["in"], ["1"]]]


def test_a_table_that_is_never_closed_hides_nothing() -> None:
    text = "<table><tr><td>[a](https://a.b/1)\n\n# Next\n\n<table><tr><td>[b](https://a.b/2)</td></tr></table>\n\n[c](https://a.b/3)\n"
    assert {link.url for link in read(text).links} == {"https://a.b/1", "https://a.b/2", "https://a.b/3"}


def test_markdown_in_cells() -> None:
    table = read("<table><tr><th>n</th><th>w</th></tr><tr><td>`A`</td><td>[w](https://a.b/c.pth) **x**</td></tr></table>").tables[0]
    assert texts(table)[1] == ["A", "w x"]
    assert table.rows[1][1].links == ("https://a.b/c.pth",)


def test_a_tag_over_several_lines_has_the_line_of_its_address() -> None:
    link = read('<p>\n<a\n  class="x"\n  href="https://a.b/c.pth"\n>m</a></p>').links[0]
    assert (link.url, link.line, link.label) == ("https://a.b/c.pth", 4, "m")


def test_spans_are_bounded() -> None:
    rows = "<tr><td rowspan=65000 colspan=65000>x</td></tr>" * 300
    outline = read(f"<table>{rows}</table>\n\n[x](https://a.b/c)")
    assert sum(len(row) for table in outline.tables for row in table.rows) <= 60_000
    assert outline.links[-1].url == "https://a.b/c"


def test_scripts_and_styles_are_not_text() -> None:
    outline = read("<div><script>var a = 'https://a.b/c'</script><style>b {}</style>text</div>")
    assert outline.links == ()
    assert [block.text for block in outline.blocks] == ["text"]


def test_a_page_of_html() -> None:
    outline = read(
        "<html><head><title>t</title></head><body><h1>Top</h1><p>a <a href='x.html'>b</a></p><pre>wget https://a.b/c.pth</pre></body></html>",
        "p.html",
    )
    assert outline.title == "Top"
    assert [link.url for link in outline.links] == ["x.html", "https://a.b/c.pth"]
