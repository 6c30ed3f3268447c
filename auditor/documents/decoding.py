"""Bytes of strangers' documents into text: never an error, always bounded."""

from __future__ import annotations

import codecs

MAX_BYTES = 5 << 20


def decoded(data: bytes) -> tuple[str, str]:
    """Return the text of a document and a note on what was done to it ("" for clean UTF-8).

    UTF-8 and UTF-16 with their marks, UTF-16 without one where every other byte is zero, Latin-1 as the last resort (which reads
    anything); NUL characters are dropped and what lies past 5 MiB is cut.
    """
    notes = []
    if len(data) > MAX_BYTES:
        data = data[:MAX_BYTES]
        notes.append(f"cut at {MAX_BYTES} bytes")
    text, name = _text(data)
    if name:
        notes.append(f"read as {name}")
    if "\0" in text:
        text = text.replace("\0", "")
        notes.append("NUL characters dropped")
    return text, "; ".join(notes)


def _text(data: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding where that is not UTF-8."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), "UTF-16"
    if data.startswith(codecs.BOM_UTF8):
        data = data[3:]
    head = data[:2000]
    if len(head) >= 20 and head[1::2].count(0) > len(head) // 3 and not head[0::2].count(0):
        return data.decode("utf-16-le", "replace"), "UTF-16"
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError as problem:
        if problem.start >= len(data) - 4:  # cut within a character
            return data[: problem.start].decode("utf-8"), ""
        return data.decode("latin-1"), "Latin-1: not valid UTF-8"
