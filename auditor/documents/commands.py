"""Links of code: what download commands, command-line options and loading calls fetch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from auditor.documents.bare_urls import Found, bare_urls
from auditor.documents.purpose_words import STRONG_SUFFIXES, suffix_of
from auditor.facts import RawLink

MAX_LINES = 20_000
MAX_LINE = 4_000

_DOWNLOADERS = re.compile(
    r"(?:^|[\s;&|(`$!])(?:wget|curl|aria2c|axel|gdown|megatools|download_file|download_url|Invoke-WebRequest)\b", re.IGNORECASE
)
_GDOWN = re.compile(r"(?:^|[\s;&|(`!/])gdown(?:\.py|\.download|\.cached_download|\.download_folder)?\b[\s(]*(.*)$", re.IGNORECASE)
_DRIVE_ID = re.compile(r"(?<![\w/=?&.-])([A-Za-z0-9_-]{25,60})(?![\w.-])")
_HUB_ID = re.compile(
    r"(?:from_pretrained|snapshot_download|hf_hub_download|huggingface-cli\s+download|hf\s+download|load_model)\s*\(?\s*"
    r"(?:(?:repo_id|pretrained_model_name_or_path|model_id)\s*=\s*)?[\"']?([A-Za-z0-9][\w.-]{1,60}/[A-Za-z0-9][\w.-]{1,95}+)(?<![_-])(?![\w/{<$%])[\"']?"
)  # the whole name, and not what stands before the `{}` of one to be filled in
_PLACEHOLDER = re.compile(
    r"^(?:path|your|my|models?|checkpoints?|weights?|ckpts?|outputs?|data|pretrained|user(?:name)?|results?|logs?|saved|tmp)\b",
    re.IGNORECASE,
)
_OPTION_BEFORE = re.compile(r"(?:^|\s)--?[A-Za-z][\w.-]*(?:[\s=]+)[\"']?$|(?:^|\s)[A-Za-z_][\w.]*=[\"']?$")
_CALL_BEFORE = re.compile(
    r"(?:load_url|load_state_dict_from_url|from_pretrained|hub\.load|download\w*|urlretrieve|cached_path|load_checkpoint|init_model|_cfg|"
    r"load_from|pretrained|checkpoint|weights?|ckpt|url)[\"']?\s*(?:[(=:]\s*\(?\s*(?:f|r)?[\"']|:\s*)$",
    re.IGNORECASE,
)
_TELLING_COMMENT = re.compile(r"down-?load|weights|checkpoint|pre-?trained|available\s+(?:at|from)", re.IGNORECASE)
_TEMPLATE = re.compile(r"\$[A-Za-z_({]|%[A-Z_]{2,}%|%[sd]$")


def command_links(lines: Iterable[tuple[int, str]]) -> Iterator[RawLink]:
    """Yield the links of code (line number, text): what is downloaded, and what an option or a loading call is given.

    A URL that merely stands in code (a printed message, `git clone`, `pip install`) is not a link, nor is one with a variable in it;
    one that ends in a suffix of weights always is. The label of each is the command.
    """
    for number, (line, text) in enumerate(joined(lines)):
        if number >= MAX_LINES:
            return
        code = text[:MAX_LINE]
        if code.lstrip().startswith(("#", "//")) and not _TELLING_COMMENT.search(code):
            continue
        if _DOWNLOADERS.search(code):
            yield from _downloads(line, code)
        else:
            yield from _arguments(line, code)


def joined(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield the lines; a download command that is continued with a backslash keeps its downloader's name on each part."""
    continued = ""
    for line, text in lines:
        head = f"{continued} {text.strip()}" if continued else text
        yield line, head
        match = _DOWNLOADERS.search(head[:MAX_LINE])
        continued = match.group().strip() if match and text.rstrip().endswith("\\") else ""


def _downloads(line: int, text: str) -> Iterator[RawLink]:
    """Yield every URL of a download command, and the address of the Drive id that gdown is given."""
    label = " ".join(text.split())[:300]
    found = False
    for url in _addresses(text):
        found = True
        yield RawLink(url.url, label, line, "command", context=label)
    match = _GDOWN.search(text)
    if match and not found:
        drive_id = _DRIVE_ID.search(match.group(1))
        if drive_id:
            folder = "folder" in match.group().lower()
            address = "https://drive.google.com/drive/folders/" if folder else "https://drive.google.com/uc?id="
            yield RawLink(address + drive_id.group(1), label, line, "command", context=label)


def _arguments(line: int, text: str) -> Iterator[RawLink]:
    """Yield URLs that are the value of an option or of a loading call, URLs of weights, and repositories of the hub loaded by name."""
    label = " ".join(text.split())[:300]
    if "://" in text:
        comment = text.lstrip().startswith(("#", "//"))
        for url in _addresses(text):
            before = text[: url.start]
            weights = suffix_of(re.split(r"[?#]", url.url)[0]) in STRONG_SUFFIXES
            if weights or comment or _OPTION_BEFORE.search(before[-200:]) or _CALL_BEFORE.search(before[-200:]):
                yield RawLink(url.url, label, line, "code", context=label)
        return
    for match in _HUB_ID.finditer(text):
        name = match.group(1)
        if not _PLACEHOLDER.match(name) and suffix_of(name) not in STRONG_SUFFIXES | {"bin", "json", "yaml", "py"}:
            yield RawLink(f"https://huggingface.co/{name}", label, line, "code", context=label)


def _addresses(text: str) -> Iterator[Found]:
    """Yield the URLs of a command that are whole addresses, not templates to be filled in."""
    for found in bare_urls(text):
        after = text[found.end : found.end + 4].lstrip(".,;:'?&")[:1]  # `net.{npz,h5}`: the dot is no end of a sentence
        filled = not _TEMPLATE.search(found.url) and after not in ("{", "<", "$")
        if filled and found.form == "bare" and "://" in found.url:
            yield found
