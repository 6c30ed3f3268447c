"""The way without a token: an address that opens GitHub's form with title and text filled in, for a person to send. Pure."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from auditor.issues.fingerprint import comment, fingerprints_in, unmarked

LONGEST_URL = 8000  # bytes; GitHub answers 414 to addresses a little longer
LONGEST_BODY = 65_536  # characters that GitHub's API takes
LONGEST_TITLE = 250
SHORTENED = "*(shortened: the whole text did not fit)*"


def browser_url(full_name: str, title: str, body: str, server: str = "https://github.com") -> str:
    """Return the address of a prefilled new issue, at most 8,000 bytes of ASCII.

    A text that does not fit ends after a paragraph and says so; its hidden fingerprint stays. `server` is the origin of
    the repository's page.
    """
    start = f"{server}/{quote(full_name, safe='/')}/issues/new?title={_escaped(short_title(title))}&body="
    return start + _escaped(shortened(body, lambda text: len(start) + len(_escaped(text)) <= LONGEST_URL))


def short_title(title: str) -> str:
    """Return a title on one line, at most as long as GitHub takes it."""
    line = " ".join(title.split())
    return line if len(line) <= LONGEST_TITLE else line[: LONGEST_TITLE - 1].rstrip() + "…"


def shortened(body: str, fits: Callable[[str], bool]) -> str:
    """Return the text, or as many of its first paragraphs as fit. What was opened (code, details) is closed again."""
    if fits(body):
        return body
    marks = "".join(f"\n\n{comment(mark)}" for mark in fingerprints_in(body)[:1])
    paragraphs = unmarked(body).split("\n\n")

    def cut(text: str) -> str:
        return f"{_closed(text.rstrip())}\n\n{SHORTENED}{marks}\n"

    kept = _most(len(paragraphs) - 1, lambda count: fits(cut("\n\n".join(paragraphs[:count]))))
    if kept:
        return cut("\n\n".join(paragraphs[:kept]))
    first = paragraphs[0]
    beginning = first[: _most(len(first), lambda length: fits(cut(first[:length])))]
    return cut(beginning.rpartition(" ")[0] or beginning)


def _most(limit: int, fits: Callable[[int], bool]) -> int:
    """Return the largest number up to `limit` that fits, 0 where none does; what closes blocks may cost a few bytes more or less."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _closed(text: str) -> str:
    """Return the text with a code block and details that were left open closed."""
    fences = [line.strip()[:3] for line in text.splitlines() if line.strip()[:3] in ("```", "~~~")]
    if len(fences) % 2:
        text += f"\n{fences[-1]}"
    return text + "\n</details>" * (text.count("<details") - text.count("</details>"))


def _escaped(text: str) -> str:
    """Return the text as it stands in a query: whole characters, percent-encoded as UTF-8."""
    return quote(text, safe="", errors="replace")
