"""The one escaping rule: how text that strangers wrote is shown in Markdown and on a terminal.

Everything that a README, a file name, a server or a checkpoint says is untrusted. Escaped, it must not mention people,
close or reference issues, load pictures, bring HTML, or end the table, list, link or fence that it stands in. Two layers:
Markdown's own syntax is taken away with backslashes and entities; what GitHub looks for *after* Markdown is rendered
(mentions, issue references, emoji) is broken with an invisible space, `&#8203;`, because a backslash is gone by then.

Templates are rendered by `environment()`, where every `{{ }}` goes through `text()` unless it is `Trusted`. Every operation
on a `Trusted` string gives a plain one, so markup that was put together in a hurry is escaped twice, never not at all.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from jinja2 import Environment

BREAK = "&#8203;"  # a space of no width, as an entity so that it can be seen in the source
LONGEST_URL = 2000

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_SPACES = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
# Controls, zero-width and bidirectional marks, interlinear and tag characters, lone surrogates, non-characters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")

_ADDRESS = r"(?P<address>[A-Za-z][A-Za-z0-9+.\-]{0,30}://\S*[^\s.,;:!?)\]}'\"])"
_SYNTAX = (
    r"(?P<mention>@(?=\w|$))|(?P<reference>\#(?=\w|$))|(?P<ticket>\bGH-(?=\d))|(?P<emoji>:(?=[\w+\-]+:))|(?P<domain>(?<=\w)\.(?=[^\W\d_]))"
    r"|(?P<slash>(?<=[:/])/)|(?P<bang>!(?=\[|$))|(?P<entity>[<>&|])|(?P<dollar>\$)|(?P<mark>[\\`*_{}\[\]~\#])"
)
_WITH_ADDRESSES = re.compile(f"{_ADDRESS}|{_SYNTAX}", re.IGNORECASE)
_WITHOUT_ADDRESSES = re.compile(_SYNTAX, re.IGNORECASE)
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "|": "&#124;"}
_LINE_START = re.compile(r"^(?:[-+=:]|(?P<number>\d{1,9})(?=[.)](?:\s|$)))")
_REFERENCE_PAGE = re.compile(r"^(?:www\.)?github\.com$", re.IGNORECASE)


class Trusted(str):
    """Markdown made by our own functions out of escaped parts; anything else is escaped when it is shown."""

    __slots__ = ()


def printable(text: object) -> str:
    """Return text on one line without terminal commands, control, bidirectional and invisible characters.

    Safe to print; not escaped for Markdown.
    """
    line = _SPACES.sub(" ", _ANSI.sub("", str(text)))
    return _SURROGATE.sub("\ufffd", _UNSEEN.sub("", line)).strip()


def clip(text: object, limit: int) -> str:
    """Return printable text of at most `limit` characters; an ellipsis stands for what was cut away."""
    line = printable(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def text(value: object) -> Trusted:
    """Return one line of prose in which nothing is markup; addresses are shown as code, so that none becomes a link."""
    if isinstance(value, Trusted):
        return value
    return _first_character_escaped(_WITH_ADDRESSES.sub(_escaped, printable(value)))


def cell(value: object) -> Trusted:
    """Return text for a table cell; a dash where there is nothing to show."""
    return text(value) or Trusted("–")


def code(value: object, *, in_table: bool = True) -> Trusted:
    """Return inline code that shows the text as it is, in prose, tables and link labels alike; nothing for no text.

    A pipe would end a table cell even within backticks, so text with one goes into a `<code>` element instead, unless the
    caller says that it stands in no table.
    """
    line = printable(value)
    if not line:
        return Trusted("")
    if in_table and "|" in line:
        return Trusted(f"<code>{_WITHOUT_ADDRESSES.sub(_escaped, line)}</code>")
    fence = "`" * (_longest_run(line) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return Trusted(f"{fence}{pad}{line}{pad}{fence}")


def block(value: object, language: str = "") -> Trusted:
    """Return fenced code, lines kept, with a fence longer than any run of backticks inside. `language` is ours, letters only."""
    lines = _ANSI.sub("", str(value)).replace("\r\n", "\n").replace("\r", "\n")
    body = _SURROGATE.sub("\ufffd", _UNSEEN.sub("", lines)).strip("\n")
    fence = "`" * max(3, _longest_run(body) + 1)
    return Trusted(f"{fence}{re.sub('[^a-z0-9]', '', language)}\n{body}\n{fence}")


def link(label: object, target: str) -> Trusted:
    """Return a link where the target is a plain http(s) address, else the label with the target as code.

    `label` may be `Trusted` markup, `code(...)` for instance. Addresses of GitHub issues, pull requests, discussions
    and commits are never linked: a link to one leaves a mark on its page.
    """
    shown = text(label)
    address = _address(target)
    if address is None:
        plain = code(clip(target, 300))
        return shown if not plain or plain == shown else Trusted(f"{shown} ({plain})")
    return Trusted(f"[{shown or 'link'}]({address})")


def url(target: str) -> Trusted:
    """Return an address as a link that shows itself, or as code where it is no plain http(s) address."""
    shown = code(clip(target, 100))
    return link(shown, target) if _address(target) is not None else code(clip(target, 300))


def template_folder() -> Path:
    """Return the folder of the templates: inside the package when it is installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "templates"
    return installed if installed.is_dir() else package.parent / "templates"


def environment() -> Environment:
    """Return the Jinja2 environment of `template_folder()`, in which every `{{ }}` is escaped unless it is `Trusted`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # S701 asks for HTML's escaping; ours is Markdown's, and `finalize` applies it to every expression.
    made = Environment(
        loader=FileSystemLoader(template_folder()),
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
    )
    made.filters = {"code": code, "cell": cell, "block": block, "length": len}
    made.globals = {"code": code, "cell": cell, "block": block, "link": link, "url": url}
    return made


def _shown(value: object) -> str:
    """Escape one expression of a template."""
    return "" if value is None else text(value)


def _escaped(match: re.Match[str]) -> str:
    """Return what stands for one piece of syntax."""
    found = match.group()
    match match.lastgroup:
        case "address":
            return code(found)
        case "mention":
            return f"@{BREAK}"
        case "reference":
            return f"\\#{BREAK}"
        case "ticket" | "emoji":
            return found + BREAK
        case "entity":
            return _ENTITIES[found]
        case "dollar":
            return r"<span>\$</span>"  # GitHub documents the span as the way out of mathematics; a backslash alone is ignored there
        case _:
            return "\\" + found


def _first_character_escaped(line: str) -> Trusted:
    """Take away what makes a line a list item, a heading's underline or a table's delimiter row."""
    start = _LINE_START.match(line)
    if start is None:
        return Trusted(line)
    number = start.group("number")
    return Trusted(f"{number}\\{line[len(number) :]}" if number else "\\" + line)


def _longest_run(line: str) -> int:
    """Return the length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", line)), default=0)


def _address(target: str) -> str | None:
    """Return the address, percent-encoded for a Markdown link, or None where it should not be a link."""
    plain = printable(target)
    if plain != target.strip() or len(plain) > LONGEST_URL or " " in plain:
        return None
    try:
        parts = urlsplit(plain)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not re.fullmatch(r"[a-z0-9]([a-z0-9.\-]*[a-z0-9])?", host) or "@" in parts.netloc:
        return None
    if _REFERENCE_PAGE.match(host) and re.match(r"^/[^/]+/[^/]+/(issues|pull|discussions|commit)s?/", parts.path, re.IGNORECASE):
        return None
    place = host if port is None else f"{host}:{port}"
    path = quote(parts.path, safe="/%:=@+,~-._")
    query = "?" + quote(parts.query, safe="/%?:=@+,~-._&") if parts.query else ""
    anchor = "#" + quote(parts.fragment, safe="/%?:=+,~-._&") if parts.fragment else ""
    return f"{parts.scheme}://{place}{path}{query}{anchor}"
