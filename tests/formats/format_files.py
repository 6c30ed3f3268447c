"""Real files for the tests of this room: made by torch.save, packed by the standard library, read through a counting blob."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tarfile
import zipfile

from auditor.blob import BytesBlob
from auditor.facts import Checkpoint, Unreadable
from auditor.formats.reading import read_contents


class CountingBlob(BytesBlob):
    """Bytes of which every read is one request."""

    def __init__(self, data: bytes, name: str = "file") -> None:
        super().__init__(data, name)
        self.reads: list[tuple[int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        data = super().read(offset, length)
        self.reads.append((offset, len(data)))
        return data

    @property
    def bytes_read(self) -> int:
        return sum(length for _, length in self.reads)


class SparseBlob:
    """A large file of which only a few parts are kept; the rest is zeros that nobody should ask for."""

    def __init__(self, parts: dict[int, bytes], size: int, name: str = "large") -> None:
        self.parts, self.size, self.name = parts, size, name
        self.reads: list[tuple[int, int]] = []

    def read(self, offset: int, length: int) -> bytes:
        length = min(length, max(0, self.size - offset))
        self.reads.append((offset, length))
        data = bytearray(length)
        for start, part in self.parts.items():
            begin, end = max(start, offset), min(start + len(part), offset + length)
            if begin < end:
                data[begin - offset : end - offset] = part[begin - start : end - start]
        return bytes(data)

    @property
    def bytes_read(self) -> int:
        return sum(length for _, length in self.reads)


def saved(value: object, *, legacy: bool = False, protocol: int = 2, root: str | None = None, folder: object = None) -> bytes:
    """Return what torch.save writes, into memory (root "archive") or into a file of the name `root` in `folder`."""
    import torch

    target = io.BytesIO() if root is None else folder / root
    torch.save(value, target, _use_new_zipfile_serialization=not legacy, pickle_protocol=protocol)
    return target.getvalue() if root is None else target.read_bytes()


def zipped(items: list[tuple[str, bytes]], *, deflate: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED) as archive:
        for name, data in items:
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(items: list[tuple[str, bytes]], mode: str = "w", format: int = tarfile.GNU_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=format) as archive:
        for name, data in items:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_items(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist()]


def rezipped(data: bytes, root: str, *, deflate: bool = False) -> bytes:
    """Return a torch zip that was unpacked into the folder `root` and zipped again by another program."""
    return zipped([(root + "/" + name.split("/", 1)[1], content) for name, content in zip_items(data)], deflate=deflate)


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, 1)


def safetensors(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def torch_zip_of(pickle: bytes, storages: dict[str, bytes] | None = None, root: str = "archive") -> bytes:
    """Return a zip as torch writes it, around any pickle."""
    items = [(f"{root}/data.pkl", pickle), (f"{root}/byteorder", b"little")]
    items += [(f"{root}/data/{key}", data) for key, data in (storages or {}).items()]
    return zipped([*items, (f"{root}/version", b"3\n")])


def only(data: bytes, name: str = "file") -> Checkpoint | Unreadable:
    found = read_contents(BytesBlob(data, name))
    assert len(found) == 1, found
    return found[0]


def checkpoint(data: bytes) -> Checkpoint:
    found = only(data)
    assert isinstance(found, Checkpoint), found
    return found


def unreadable(data: bytes) -> Unreadable:
    found = only(data)
    assert isinstance(found, Unreadable), found
    return found


def shapes(found: Checkpoint) -> dict[str, tuple[int, ...]]:
    return {tensor.name: tensor.shape for tensor in found.tensors}
