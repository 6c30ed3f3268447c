"""URLs that stand bare in running text, as people write them: after Chinese punctuation, in brackets, at the end of a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# A URL ends before white space, quotes, angle brackets, backticks, asterisks (emphasis), pipes (tables), backslashes, and before
# anything that only Chinese, Japanese or Korean text or typographic punctuation would put there.
_END = r"\s<>\"`*|\\^{}\u00a0\u2010-\u2027\u2030-\u206f\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef"
_URL = re.compile(rf"(?<![A-Za-z0-9])(?:https?|ftp)://[^{_END}]+", re.IGNORECASE)
_SHORT = re.compile(
    rf"(?<![\w./:@=\"'-])(?:drive\.google\.com|docs\.google\.com|github\.com|huggingface\.co|pan\.baidu\.com|1drv\.ms|www\.dropbox\.com|zenodo\.org)/[^{_END}]+"
)
_MARKDOWN_LINK = re.compile(
    r"(!?)\[([^\[\]\n]{0,300})\]\(\s*<?([^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+[\"'][^\"'\n]{0,200}[\"'])?\s*\)"
)


class Found(NamedTuple):
    """A URL in a text: where it starts and ends, the URL, and its label (itself for a bare one)."""

    start: int
    end: int
    url: str
    label: str
    form: str  # bare, inline, image


def trimmed(url: str) -> str:
    """Return the URL without the punctuation of the sentence around it.

    A closing bracket stays where its opening one is part of the URL. `-`, `_` and `!` stay: share links end in them.
    """
    while url:
        last = url[-1]
        if last in ".,;:'?&" or (last == ")" and url.count(")") > url.count("(")) or (last == "]" and url.count("]") > url.count("[")):
            url = url[:-1]
        else:
            break
    return url


def bare_urls(text: str) -> Iterator[Found]:
    """Yield the bare URLs of a text, in order; also the few file hosts that people write without a scheme."""
    end = 0
    for match in sorted([*_URL.finditer(text), *_SHORT.finditer(text)], key=lambda match: match.start()):
        if match.start() < end:
            continue
        url = trimmed(match.group())
        if "://" in url and len(url) < 11:
            continue
        end = match.start() + len(url)
        yield Found(match.start(), end, url, url, "bare")


def links_in_text(text: str) -> Iterator[Found]:
    """Yield Markdown links, Markdown pictures and bare URLs of a text that is not parsed as Markdown (the inside of HTML)."""
    position = 0
    for match in _MARKDOWN_LINK.finditer(text):
        yield from _shifted(text, position, match.start())
        yield Found(match.start(), match.end(), match.group(3), match.group(2), "image" if match.group(1) else "inline")
        position = match.end()
    yield from _shifted(text, position, len(text))


def _shifted(text: str, start: int, end: int) -> Iterator[Found]:
    """Yield the bare URLs of a slice, at their places in the whole text."""
    for found in bare_urls(text[start:end]):
        yield found._replace(start=found.start + start, end=found.end + start)


def protected(text: str) -> str:
    """Return inline Markdown in which underscores of bare URLs are escaped, so that they do not become emphasis."""
    if "_" not in text and "~" not in text:
        return text
    parts, position = [], 0
    for match in _URL.finditer(text):
        before = text[match.start() - 1] if match.start() else " "
        opened = before == "(" and text[max(0, match.start() - 2)] == "]"
        if before in "<\"'=[" or opened:
            continue
        url = trimmed(match.group())
        parts += [text[position : match.start()], re.sub(r"([_~])", r"\\\1", url)]
        position = match.start() + len(url)
    return "".join([*parts, text[position:]])
