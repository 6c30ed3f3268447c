"""Inline Markdown into plain text, with the links and pictures that stand in it and the exact line of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import TYPE_CHECKING

from auditor.documents.bare_urls import bare_urls
from auditor.documents.builder import Piece
from auditor.documents.commands import command_links
from auditor.facts import Picture, RawLink

if TYPE_CHECKING:
    from markdown_it.token import Token

_SPACE = re.compile(r"\s+")
_TAG = re.compile(r"^<(/?)([A-Za-z][A-Za-z0-9]*)")
_ATTRIBUTE = re.compile(r"""([A-Za-z-]{1,30})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")


class Lines:
    """The source lines of a block: finds on which of them a URL stands, each further time at its next occurrence."""

    def __init__(self, lines: Sequence[str], first_line: int) -> None:
        self._text = "\n".join(lines)
        self._first = first_line
        self._from: dict[str, int] = {}
        self._lines: list[str] | None = None

    def line_from(self, text: str, line: int) -> int | None:
        """Return the first line from `line` on where `text` stands, None where there is none."""
        lines = self._split()
        return next((number + self._first for number in range(max(0, line - self._first), len(lines)) if text in lines[number]), None)

    def _split(self) -> list[str]:
        if self._lines is None:
            self._lines = self._text.split("\n")
        return self._lines

    def line_of(self, text: str) -> int | None:
        """Return the 1-based line where `text` stands next, None where it does not stand in the block at all."""
        if not text:
            return None
        for spelling in dict.fromkeys((text, text.replace("&", "&amp;"), text.replace("_", r"\_"), text.replace("|", r"\|"))):
            pattern = re.compile(re.escape(spelling) + r"(?![\w/?=&#%~+-])")
            start = self._from.get(spelling, 0)
            match = pattern.search(self._text, start) or pattern.search(self._text)
            if match:
                self._from[spelling] = match.end()
                return self._first + self._text.count("\n", 0, match.start())
        return None


class InlineReader:
    """Walks the tokens of one block of inline Markdown."""

    def __init__(self, lines: Lines, first_line: int) -> None:
        self._lines = lines
        self._line = first_line
        self._piece = Piece()
        self._parts: list[str] = []
        self._anchor: tuple[str, int, int, str] | None = None  # url, line, index of its label's first part, form
        self._bold = 0
        self._bold_characters = 0
        self._run: list[str] = []  # text outside links, not yet searched for bare URLs

    def read(self, tokens: Sequence[Token]) -> Piece:
        """Return the plain text, links and pictures of the tokens."""
        for token in tokens:
            self._token(token)
        self._end_run()
        self._end_anchor()
        piece = self._piece
        piece.text = _SPACE.sub(" ", "".join(self._parts)).strip()
        piece.emphasized = bool(piece.text) and self._bold_characters * 2 > len(piece.text.replace(" ", ""))
        return piece

    def _token(self, token: Token) -> None:
        kind = token.type
        if kind in ("text", "text_special"):
            self._text(token.content)
            return
        if kind != "html_inline" or not token.content.lower().startswith(("<wbr", "<sub", "<sup", "</su")):
            self._end_run()
        if kind in ("softbreak", "hardbreak"):
            self._line += 1
            self._parts.append(" ")
        elif kind == "link_open":
            self._open(str(token.attrGet("href") or ""))
        elif kind == "link_close":
            self._end_anchor()
        elif kind == "image":
            self._image(str(token.attrGet("src") or ""), token.content)
        elif kind == "code_inline":
            self._code(token.content)
        elif kind in ("math_inline", "math_inline_double"):
            self._parts.append(f"${token.content}$")
        elif kind in ("strong_open", "strong_close"):
            self._bold += 1 if kind == "strong_open" else -1
        elif kind == "html_inline":
            self._tag(token.content)

    def _text(self, text: str) -> None:
        self._parts.append(text)
        if self._bold > 0:
            self._bold_characters += len(text.replace(" ", ""))
        if self._anchor is None:
            self._run.append(text)

    def _end_run(self) -> None:
        """Take the bare URLs of the text that was gathered."""
        if not self._run:
            return
        text, self._run = "".join(self._run), []
        for found in bare_urls(text):
            self._piece.links.append(RawLink(found.url, found.label, self._lines.line_of(found.url) or self._line, "bare"))

    def _open(self, url: str, form: str = "inline") -> None:
        self._end_anchor()
        line = self._lines.line_of(url)
        if line is None:
            form = "reference" if form == "inline" else form
        self._anchor = (url, line or self._line, len(self._parts), form)

    def _end_anchor(self) -> None:
        self._end_run()
        if self._anchor is None:
            return
        url, line, start, form = self._anchor
        self._anchor = None
        label = _SPACE.sub(" ", "".join(self._parts[start:])).strip()
        if label == url:
            form = "autolink"
        if not label:
            label = next((picture.alt for picture in reversed(self._piece.pictures)), "")
            form = "image" if form == "inline" else form
        if url:
            self._piece.links.append(RawLink(url, label[:300], line, form))

    def _image(self, url: str, alt: str) -> None:
        if url:
            self._piece.pictures.append(Picture(url, None, alt[:300], self._lines.line_of(url) or self._line))

    def _code(self, text: str) -> None:
        self._parts.append(text)
        if self._bold > 0:
            self._bold_characters += len(text.replace(" ", ""))
        if "](" in text:
            return  # Markdown shown as an example
        for link in command_links([(self._line, text)]):
            self._piece.links.append(RawLink(link.url, link.label, self._lines.line_of(link.url) or self._line, link.form))

    def _tag(self, html: str) -> None:
        match = _TAG.match(html)
        if not match:
            return
        closing, name = match.group(1) == "/", match.group(2).lower()
        if name == "br":
            self._parts.append(" ")
        elif name in ("sub", "sup"):
            if not closing and self._parts and self._parts[-1][-1:].isalnum():
                self._parts.append(" ")
        elif name in ("b", "strong"):
            self._bold = max(0, self._bold + (-1 if closing else 1))
        elif name == "a":
            self._anchor_tag(closing, html)
        elif name == "img":
            values = attributes(html)
            self._image(values.get("src", ""), values.get("alt", ""))

    def _anchor_tag(self, closing: bool, html: str) -> None:
        url = "" if closing else attributes(html).get("href", "").strip()
        if closing:
            self._end_anchor()
        elif url:
            self._open(url, "html")


def attributes(tag: str) -> dict[str, str]:
    """Return the attributes of one HTML tag, names in lower case, entities decoded; the first of a repeated name counts."""
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(tag[:20_000]):
        value = match.group(2) or match.group(3) or match.group(4) or ""
        found.setdefault(match.group(1).lower(), unescape(value))
    return found
