"""What bytes are that no reader reads: other formats by their magic numbers, web pages, pointers, texts."""

from __future__ import annotations

import codecs
import html
import json
import re
from dataclasses import dataclass

from auditor.facts import Status

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GGML", "GGML"),
    (0, b"ggjt", "GGML"),
    (0, b"Rar!\x1a\x07", "a rar archive"),
    (0, b"PK\x07\x08", "the first part of a split zip"),
    (0, b"\x04\x22\x4d\x18", "an LZ4 stream"),
)
"""Formats of weights, and archives that may hold some: worth naming inside a container too."""

_OTHER_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "a PDF document"),
    (0, b"\x89PNG\r\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (8, b"WEBP", "a WebP picture"),
    (4, b"ftyp", "a video"),
    (8, b"AVI ", "a video"),
    (0, b"\x1a\x45\xdf\xa3", "a video"),
    (8, b"WAVE", "a sound"),
    (0, b"OggS", "a sound"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a Windows program"),
    (0, b"SQLite format 3\x00", "an SQLite database"),
    (0, b"PAR1", "a Parquet table"),
    (0, b"MATLAB 5.0", "a MATLAB file"),
)

_LONGEST_ANSWER = 1000
_ANSWER = re.compile(rb"(?i)denied|forbidden|unauthorized|not found|no such|error|quota|expired|too many|log ?in|sign in|unavailable")

_LFS = b"version https://git-lfs.github.com/spec/"


@dataclass(frozen=True, slots=True)
class Recognized:
    """What a file is instead of a checkpoint that can be read."""

    kind: str  # as in `facts.Unreadable`
    reason: str
    status: Status
    weights: bool = False  # it is or may hold weights: said even inside a container


def recognize(head: bytes, size: int) -> Recognized:
    """Return what the first bytes are."""
    if head.startswith(_LFS):
        found = re.search(rb"size (\d{1,20})", head[:400])
        detail = f" for {int(found[1])} bytes" if found else ""
        return Recognized("lfs_pointer", f"a Git LFS pointer{detail}, not the file itself", Status.ERROR, True)
    text = head[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if re.match(rb"(?is)(<!--.*?-->\s*)?(<\?xml[^>]*>\s*)?<(!doctype\s+html|html|head|body)\b", text):
        return Recognized("html", _page(head), Status.ERROR)
    for offset, magic, what in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return Recognized("unsupported", f"{what}: this format is not read", Status.SKIPPED, True)
    if head.startswith(b"\x93NUMPY"):
        return Recognized("unsupported", "a numpy array (.npy) beside other files", Status.SKIPPED)
    for offset, magic, what in _OTHER_MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return Recognized("not_a_checkpoint", f"{what}, not a checkpoint", Status.OK)
    if text[:1] in (b"{", b"["):
        return _json(head, size)
    if _is_text(head):
        first = head[:200].decode("utf-8", "replace").strip().splitlines()
        if size < _LONGEST_ANSWER and _ANSWER.search(head):
            return Recognized("network", f"an error answer instead of the file: {_short(first[0] if first else '')!r}", Status.ERROR)
        return Recognized("not_a_checkpoint", f"a text, not a checkpoint: {_short(first[0] if first else '')!r}", Status.OK)
    return Recognized("unsupported", f"unknown bytes: {head[:8].hex(' ')}", Status.SKIPPED)


def _short(text: str, most: int = 120) -> str:
    return " ".join(text.split())[:most]


def _page(head: bytes) -> str:
    found = re.search(rb"(?is)<title[^>]*>(.{0,2000}?)</title", head)
    title = _short(html.unescape(found[1].decode("utf-8", "replace"))) if found else ""
    return f"a web page instead of the file: {title!r}" if title else "a web page without a title instead of the file"


def _json(head: bytes, size: int) -> Recognized:
    """Tell a server's error answer from other JSON."""
    try:
        value = json.loads(head) if size <= len(head) else None
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        for key in ("error", "errors", "message", "detail", "error_description"):
            if value.get(key):
                said = value[key].get("message", "") if isinstance(value[key], dict) else value[key]
                return Recognized("network", f"an error answer instead of the file: {_short(str(said))!r}", Status.ERROR)
    return Recognized("not_a_checkpoint", "JSON, not a checkpoint", Status.OK)


def _is_text(head: bytes) -> bool:
    sample = head[:1024]
    if any(byte < 9 or 13 < byte < 32 for byte in sample):
        return False
    return sum(byte < 127 for byte in sample) * 4 >= len(sample) * 3 or _is_utf8(sample)


def _is_utf8(sample: bytes) -> bool:
    """Tell whether bytes are UTF-8, the last character perhaps cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True
