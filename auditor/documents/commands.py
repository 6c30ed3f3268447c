"""Links of code: what download commands, command-line options and loading calls fetch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.documents.bare_urls import bare_urls, trimmed
from auditor.facts import RawLink

_DOWNLOADERS = re.compile(
    r"(?:^|[\s;&|(`$!])(?:wget|curl|aria2c|axel|gdown|megatools|youtube-dl|download_file|download_url)\b", re.IGNORECASE
)
_GDOWN = re.compile(r"(?:^|[\s;&|(`!/])gdown(?:\.py|\.download|\.cached_download|\.download_folder)?\b[\s(]*(.*)$", re.IGNORECASE)
_DRIVE_ID = re.compile(r"(?<![\w/=?&.-])([A-Za-z0-9_-]{25,60})(?![\w.-])")
_OPTION_BEFORE = re.compile(r"(?:^|\s)--?[A-Za-z][\w.-]*(?:[\s=]+)[\"']?$|(?:^|\s)[A-Za-z_][\w.]*=[\"']?$")
_CALL_BEFORE = re.compile(
    r"(?:load_url|load_state_dict_from_url|from_pretrained|hub\.load|download\w*|urlretrieve|cached_path|load_checkpoint|init_model|_cfg|"
    r"load_from|pretrained|checkpoint|weights?|ckpt|url)\s*[(=:]\s*\(?\s*(?:f|r)?[\"']$",
    re.IGNORECASE,
)
_LONG_LINE = 4_000
_MAX_LINES = 20_000


def command_links(lines: Iterable[tuple[int, str]]) -> Iterator[RawLink]:
    """Yield the links of shell commands (line number, text): what is downloaded, and what an option or a loading call is given.

    A URL that merely stands in code (a comment, a printed message, `git clone`, `pip install`) is not a link.
    """
    for number, (line, text) in enumerate(joined(lines)):
        if number >= _MAX_LINES:
            return
        code = text[:_LONG_LINE]
        if code.lstrip().startswith(("#", "//", "%")):
            continue
        if _DOWNLOADERS.search(code):
            yield from _downloads(line, code)
        elif "://" in code:
            yield from _arguments(line, code)


def joined(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the lines; a download command that is continued with a backslash keeps its downloader's name on each part."""
    continued = ""
    for line, text in lines:
        head = f"{continued} {text.strip()}" if continued else text
        yield line, head
        match = _DOWNLOADERS.search(head)
        continued = match.group().strip() if match and text.rstrip().endswith("\\") else ""


def _downloads(line: int, text: str) -> Iterator[RawLink]:
    """Yield every URL of a download command, and the address of the Drive id that gdown is given."""
    label = " ".join(text.split())[:300]
    found = False
    for url in bare_urls(text):
        address = url.url.rstrip("\"')")
        if "${" in text[url.start : url.end + 2] or re.search(r"[$%]\w*$|\{\w*$", text[: url.end + 1][url.start :]):
            continue  # a template, not an address
        found = True
        yield RawLink(address, label, line, "command", context=label)
    match = _GDOWN.search(text)
    if match and not found:
        drive_id = _DRIVE_ID.search(match.group(1))
        if drive_id:
            folder = "folder" in match.group().lower()
            address = "https://drive.google.com/drive/folders/" if folder else "https://drive.google.com/uc?id="
            yield RawLink(address + drive_id.group(1), label, line, "command", context=label)


def _arguments(line: int, text: str) -> Iterator[RawLink]:
    """Yield URLs that are the value of an option or of a loading call."""
    label = " ".join(text.split())[:300]
    for url in bare_urls(text):
        before = text[: url.start]
        if _OPTION_BEFORE.search(before) or _CALL_BEFORE.search(before):
            yield RawLink(trimmed(url.url), label, line, "code", context=label)
