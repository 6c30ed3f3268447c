"""Which members of a container are looked at, and in which order: names say what to try first, bytes decide what it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from auditor.blob import Blob
from auditor.errors import FormatError
from auditor.formats.extents import HEAD_BYTES, WHOLE_BYTES
from auditor.formats.inflated import Allowance, InflatedBlob, window
from auditor.formats.interface import Limits
from auditor.formats.tar_members import tar_members
from auditor.formats.zip_directory import DEFLATED, STORED, ZipEntry, member_start

_DATA_SUFFIXES = (
    ".png .jpg .jpeg .gif .bmp .webp .tif .tiff .svg .ico .mp4 .avi .mov .mkv .wav .mp3 .flac .txt .md .rst .csv .tsv .json .jsonl .yaml "
    ".yml .toml .ini .cfg .xml .html .htm .css .js .py .pyc .ipynb .c .cc .cpp .cu .h .hpp .java .m .sh .bat .log .pdf .tex .bib .obj "
    ".ply .stl .glsl .gitignore .gitattributes"
).split()
_CHECKPOINT_SUFFIXES = ".pth .pt .ckpt .tar .bin .safetensors .pkl .zip .gz .tgz .model .weights".split()
_DATA_LOOKED_AT = 8
"""Of the members whose names say that they are pictures, texts or code, the largest few are looked at all the same."""


_WEIGHT_SUFFIXES = (
    ".pth .pt .ckpt .bin .h5 .hdf5 .keras .pb .onnx .tflite .params .pdparams .pdiparams .caffemodel .weights .t7 .msgpack .safetensors "
    ".model .mlmodel .ot .npz .gguf .ggml .index .joblib"
).split()


def promises_weights(name: str) -> bool:
    """Tell whether a name says that a member holds weights, so that unknown bytes under it are worth telling."""
    last = name.lower().rsplit("/", 1)[-1]
    return last.endswith(tuple(_WEIGHT_SUFFIXES)) or ".data-0" in last or ".ckpt" in last


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a container, ready to be looked at; `fault` says why it cannot be opened."""

    name: str
    blob: Blob | None
    fault: str = ""
    kind: str = "broken"  # of the fault, as in `facts.Unreadable`


def worth_looking(entries: tuple[ZipEntry, ...]) -> list[ZipEntry]:
    """Return the members of a zip to look at: all but small data files, those first whose names promise nothing else."""
    files = [entry for entry in entries if entry.size > 0 and not entry.is_link]
    plain = [entry for entry in files if not entry.name.lower().endswith(tuple(_DATA_SUFFIXES))]
    plain.sort(key=lambda entry: not entry.name.lower().endswith(tuple(_CHECKPOINT_SUFFIXES)))
    data = sorted((entry for entry in files if entry.name.lower().endswith(tuple(_DATA_SUFFIXES))), key=lambda entry: -entry.size)
    return plain + data[:_DATA_LOOKED_AT]


def open_zip_member(blob: Blob, entry: ZipEntry, allowance: Allowance) -> Member:
    """Return a member of a zip: a window where it is stored, a sequential blob where it is deflated."""
    if entry.is_encrypted:
        return Member(entry.name, None, "needs a password", "unsupported")
    if entry.method not in (STORED, DEFLATED):
        return Member(entry.name, None, f"is compressed in a way that is not read (method {entry.method})", "unsupported")
    ahead = entry.packed_size if entry.packed_size <= WHOLE_BYTES else HEAD_BYTES
    start = member_start(blob, entry, ahead)
    if start + entry.packed_size > blob.size:
        raise FormatError(f"member {entry.name[:80]!r} ends past the end of the file", help="the file is truncated or its directory lies")
    if entry.method == STORED:
        return Member(entry.name, window(blob, start, min(entry.size, entry.packed_size), entry.name))
    return Member(entry.name, InflatedBlob(blob, start, entry.packed_size, entry.size, entry.name, "deflate", allowance))


def open_tar_members(blob: Blob, limits: Limits) -> Iterator[Member]:
    """Yield the files of a tar that are not empty. Raises `FormatError` where the walk has to end."""
    for member in tar_members(blob, limits):
        if member.size:
            yield Member(member.name, window(blob, member.offset, min(member.size, max(0, blob.size - member.offset)), member.name))
