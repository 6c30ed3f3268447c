"""What arXiv keeps of a paper as its source: a tar of LaTeX files, one LaTeX file, or a PDF, packed by gzip or not.

Nothing is written to disk: members are read in order into memory, texts alone, each within `MAX_MEMBER` bytes. Their names are only
looked up, never opened.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass

from auditor.blob import Blob, BytesBlob
from auditor.documents.decoding import decoded
from auditor.documents.pdf import is_pdf
from auditor.errors import FormatError
from auditor.formats.inflated import UNKNOWN_SIZE, Allowance, InflatedBlob, compression_of
from auditor.formats.interface import Limits
from auditor.formats.tar_members import is_tar, tar_members

TEXTS = (".tex", ".ltx", ".latex", ".sty", ".cls", ".tikz", ".txt")
MAX_MEMBER = 3 << 20
MAX_FILES = 400  # texts that are kept
MAX_TEXT_BYTES = 24 << 20  # of all texts together
MAX_MEMBERS = 5_000
MAX_UNPACKED = 400 << 20  # figures are passed over, but must be unpacked to get past them


@dataclass(frozen=True, slots=True)
class PaperSource:
    """The texts of a paper's source by path, or the PDF that stands for it; `notes` say what was left out."""

    files: dict[str, str]
    pdf: bytes = b""
    notes: tuple[str, ...] = ()


def unpacked(data: bytes, name: str) -> PaperSource:
    """Return what the bytes of an e-print hold. Raises `FormatError` and `LimitError` for what is no source of a paper."""
    if is_pdf(data):
        return PaperSource({}, data)
    blob: Blob = BytesBlob(data)
    method = compression_of(data[:16])
    if method:
        blob = InflatedBlob(blob, 0, len(data), UNKNOWN_SIZE, name, method, Allowance(MAX_UNPACKED))
    head = blob.read(0, 1024)
    if is_tar(head[:512]):
        return _from_tar(blob)
    if is_pdf(head):
        return PaperSource({}, blob.read(0, 50 << 20))
    text, note = decoded(blob.read(0, MAX_MEMBER))
    if "\\" not in text[:100_000] or text.lstrip()[:1] == "<":
        raise FormatError(f"the source of {name} is neither LaTeX nor a PDF", "a page came instead" if text.lstrip()[:1] == "<" else "")
    return PaperSource({"main.tex": text}, notes=(note,) if note else ())


def _from_tar(blob: Blob) -> PaperSource:
    """Return the texts of a tar; where it ends early or is damaged, what came before."""
    files: dict[str, str] = {}
    notes: list[str] = []
    total = 0
    try:
        for member in tar_members(blob, Limits(members=MAX_MEMBERS)):
            path = posixpath.normpath(member.name.replace("\\", "/")).lstrip("/")
            if posixpath.splitext(path)[1].lower() not in TEXTS or path.startswith("..") or not path:
                continue
            if member.size > MAX_MEMBER or len(files) >= MAX_FILES or total + member.size > MAX_TEXT_BYTES:
                notes.append(f"cut: {path[:80]} was left out, {member.size:,} bytes")
                continue
            data = blob.read(member.offset, member.size)
            total += len(data)
            if b"\0" not in data[:4096]:
                files.setdefault(path, decoded(data)[0])
    except FormatError as error:
        if not files:
            raise
        notes.append(f"cut: {error}")
    return PaperSource(files, notes=tuple(notes[:20]))
