"""The one escaping rule, held against a GitHub-flavored Markdown parser with every extension that makes links."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin

from auditor.escaping import Trusted, block, cell, clip, code, environment, link, printable, template_folder, text, url

MARKDOWN = MarkdownIt("gfm-like").use(footnote_plugin).use(front_matter_plugin).use(dollarmath_plugin)
HARMLESS = {"text", "text_special", "code_inline", "softbreak"}

# Characters that mean something somewhere, and words that GitHub looks for, mixed with plain text.
PIECES = st.sampled_from(
    [
        *"\\`*_{}[]()<>#+-.!|~$^=:&@/\"'\n\r\t ",
        *("\x1b[31m", "\u202e", "\u2028", "\x00", "\ud800", "www.", "http://", "https://", "ftp://", "mailto:", "javascript:"),
        *("@user", "#1", "GH-1", "fixes", "owner/repo#1", ":smile:", "[^1]", "[x]: ", "![", "](", "<!--", "-->", "<b>", "&amp;", "&#64;"),
        *("a@b.co", "example.com", "```", "~~~", "---", "===", "| - |", "1. ", "1) ", "x", "word", "7.59M", "ü", "漢", "<details>"),
        *("https://github.com/o/r/issues/1", "//localhost", "\\|", "$x$", "[ ]", "* ", "> ", "    ", "|---|"),
    ]
)
WILD = st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=40))


def tokens(markdown: str) -> list[Token]:
    return [inner for token in MARKDOWN.parse(markdown) for inner in [token, *(token.children or [])]]


def plain(markdown: str) -> str:
    """What a reader sees."""
    return "".join(t.content for t in tokens(markdown) if t.type in ("text", "text_special", "code_inline"))


def assert_nothing_rendered_is_live(markdown: str, where: str) -> None:
    """What GitHub looks for in the rendered text, outside code: mentions, references, emoji."""
    shown = re.sub(r"\s+", " ", "".join(t.content if t.type != "code_inline" else "\u2060" for t in tokens(markdown) if not t.children))
    assert not re.search(r"@\w", shown), where
    assert not re.search(r"#\w", shown), where
    assert not re.search(r"(?i)\bgh-\d", shown), where
    assert not re.search(r":[\w+-]+:", shown), where


@given(WILD)
@example("![x](http://a/b.png)")
@example("- x\n- y")
@example(":-")
@example("a\\")
@example("http://a`b http://c|d")
@example("`http://x`")
@example("\\\\|")
@example("https://[")
def test_prose_is_one_paragraph_of_plain_text(wild: str) -> None:
    made = text(wild)
    found = tokens(made)
    assert "\n" not in made
    kinds = {t.type for t in found} - HARMLESS - {"inline", "paragraph_open", "paragraph_close"}
    if kinds == {"html_inline"}:  # ours: the way out of mathematics that GitHub documents, and code with a pipe
        assert {t.content for t in found if t.type == "html_inline"} <= {"<span>", "</span>", "<code>", "</code>"}
        kinds = set()
    assert kinds == set(), (wild, made)
    assert_nothing_rendered_is_live(made, made)


@given(WILD)
def test_prose_says_what_the_text_said(wild: str) -> None:
    shown = plain(text(wild)).replace("\u200b", "")
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", printable(wild))


@given(WILD, WILD, WILD)
def test_a_table_keeps_its_cells(first: str, second: str, third: str) -> None:
    row = f"| {cell(first)} | {code(second)} | {text(third)} | {link(code(first), second)} |"
    table = f"| a | b | c | d |\n| --- | --- | --- | --- |\n{row}\n| last | x | y | z |\n"
    found = MARKDOWN.parse(table)
    assert [t.type for t in found].count("td_open") == 8
    assert [t.type for t in found].count("table_open") == 1
    assert found[-1].type == "table_close"


@given(WILD)
def test_code_is_code_and_nothing_else(wild: str) -> None:
    made = code(wild)
    found = [t for t in tokens(f"before {made} after") if t.type not in ("inline", "paragraph_open", "paragraph_close")]
    if not printable(wild):
        assert made == ""
    elif "|" in printable(wild):
        html = [t.content for t in found if t.type == "html_inline"]
        assert (html[0], html[-1]) == ("<code>", "</code>")
        assert set(html[1:-1]) <= {"<span>", "</span>"}
        assert {t.type for t in found} <= HARMLESS | {"html_inline"}
    else:
        assert [t.type for t in found] == ["text", "code_inline", "text"]
        assert found[1].content == printable(wild)


@given(WILD)
def test_a_block_holds_everything(wild: str) -> None:
    found = MARKDOWN.parse(f"before\n\n{block(wild, 'sh')}\n\nafter\n")
    assert [t.type for t in found] == [
        *("paragraph_open", "inline", "paragraph_close"),
        "fence",
        *("paragraph_open", "inline", "paragraph_close"),
    ]
    assert found[3].info == "sh"


@given(WILD, st.one_of(WILD, WILD.map(lambda tail: "https://host.example/" + tail)))
def test_a_link_leads_where_it_says_or_is_no_link(label: str, target: str) -> None:
    made = link(label, target)
    found = tokens(f"x {made}")
    links = [t for t in found if t.type == "link_open"]
    assert not [t for t in found if t.type in ("image", "html_block", "heading_open")]
    assert len(links) <= 1
    for opened in links:
        assert re.match(r"https?://[a-z0-9]", str(opened.attrs["href"]))
        assert opened.attrs.get("title") is None
        assert made.startswith("[")
        assert made.endswith(")")


@pytest.mark.parametrize(
    "target",
    [
        *("javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//host/x", "host.example", "", "http://", "https://user@host/"),
        *("https://github.com/o/r/issues/1", "https://github.com/o/r/pull/2#x", "https://www.github.com/o/r/discussions/3", "https://[::1"),
        *("https://github.com/o/r/commit/abc", "https://хост.example/", "https://host.example/\u202egnp.exe", "https://host.example/a b"),
    ],
)
def test_these_are_never_links(target: str) -> None:
    assert "](" not in link("label", target)
    assert "](" not in url(target)


def test_a_link_keeps_the_address_of_a_drive_file() -> None:
    address = "https://drive.google.com/file/d/1_a-B/view?usp=sharing&x=1#list"
    assert url(address) == f"[`{address}`]({address})"


def test_a_links_address_cannot_end_the_link() -> None:
    assert link("x", "https://host.example/a)(b|c`*_") == "[x](https://host.example/a%29%28b%7Cc%60%2A_)"


@given(WILD)
def test_the_terminal_gets_one_line_without_commands(wild: str) -> None:
    line = printable(wild)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff\ud800-\udfff]", line)
    assert line == line.strip()
    line.encode()


def test_terminal_commands_leave_nothing_behind() -> None:
    assert printable("\x1b[1;31mred\x1b[0m \x1b]0;title\x07and \x1b]8;;http://x\x1b\\link") == "red and link"


def test_clipping_counts_the_ellipsis() -> None:
    assert clip("abcdef", 6) == "abcdef"
    assert clip("abcdefg", 6) == "abcde…"


def test_what_is_trusted_is_lost_by_every_operation_on_it() -> None:
    bold = Trusted("**b**")
    assert text(bold) == "**b**"
    for made in (
        bold + "x",
        "x" + bold,
        bold.upper(),
        bold[1:],
        bold * 2,
        Trusted("**{}").format("x"),
        Trusted("**%s") % "x",
        f"{bold}",
        bold.replace("b", "c"),
        "".join([bold, "x"]),
    ):
        assert type(made) is str
        assert "**" not in text(made)


def test_templates_escape_by_default() -> None:
    made = environment().from_string("{{ a }} {{ b }} {{ a ~ b }} {% set c %}{{ b }}{% endset %}{{ c }} {{ none }}")
    assert made.render(a="*x*", b=Trusted("*y*"), none=None) == r"\*x\* *y* \*x\*\*y\* \*y\* "


def test_templates_know_no_way_around_the_rule() -> None:
    assert set(environment().filters) == {"code", "cell", "block", "length"}


def test_the_templates_are_found() -> None:
    assert (template_folder() / "report.md.j2").is_file()
