"""Files of any size that are computed where they are read: headers real, values zero, nothing held in memory or on disk.

The layout of torch's zip follows what `torch.save` of version 2.13 writes (caffe2/serialize/inline_container.cc over
miniz), byte for byte apart from the forty digits of `.data/serialization_id`: members stored, sizes in a descriptor
behind each, a local extra field `FB` filled with `Z` that puts every member's bytes on a multiple of 64, zip64 fields
only for members or offsets from 4 GiB on, and both end records always. `LAYOUTS` also has what older versions wrote.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import accumulate
from zlib import crc32

from auditor.blob import check_range
from auditor.demo.torch_pickles import StorageRecord, legacy_pickles, zip_pickle

ALIGNMENT = 64
CHUNK_BYTES = 64 << 10
MAX_32 = 0xFFFFFFFF
CRC_POLYNOMIAL = 0xEDB88320  # of zip and gzip, bits reversed

# Members before and behind the storages, with their contents, by the version of torch that writes them so.
LAYOUTS: dict[str, tuple[tuple[tuple[str, bytes], ...], tuple[tuple[str, bytes], ...]]] = {
    "1.6": ((), (("version", b"3\n"),)),
    "2.1": ((("byteorder", b"little"),), (("version", b"3\n"), (".data/serialization_id", b""))),
    "2.13": (
        ((".format_version", b"1"), (".storage_alignment", b"64"), ("byteorder", b"little")),
        (("version", b"3\n"), (".data/serialization_id", b"")),
    ),
}
Part = bytes | int  # bytes as they are, or that many zeros


class VirtualFile:
    """A blob made of parts: pieces of bytes, and runs of zeros that are only a number."""

    def __init__(self, name: str, parts: Iterable[Part]) -> None:
        self.name = name
        self._parts = tuple(part for part in parts if part)
        self._ends = tuple(accumulate(part if isinstance(part, int) else len(part) for part in self._parts))
        self.size = self._ends[-1] if self._ends else 0

    def read(self, offset: int, length: int) -> bytes:
        """Return `length` bytes from `offset`, fewer only at the end."""
        check_range(offset, length)
        end = min(offset + length, self.size)
        pieces: list[bytes] = []
        index = bisect_right(self._ends, offset)
        while offset < end:
            part, part_end = self._parts[index], self._ends[index]
            count = min(end, part_end) - offset
            if isinstance(part, int):
                pieces.append(bytes(count))
            else:
                start = offset - (part_end - len(part))
                pieces.append(part[start : start + count])
            offset += count
            index += 1
        return b"".join(pieces)

    def chunks(self, chunk_bytes: int = CHUNK_BYTES) -> Iterator[bytes]:
        """Yield the whole file in pieces of at most `chunk_bytes`."""
        for offset in range(0, self.size, chunk_bytes):
            yield self.read(offset, chunk_bytes)


@lru_cache(maxsize=4096)
def crc32_of_zeros(count: int) -> int:
    """Return the CRC-32 of `count` zero bytes without looking at them.

    A zero byte multiplies the register by x^8 modulo the polynomial, so `count` of them multiply it by x^(8 count), which
    squaring gives in log2(count) steps; the register starts as, and is in the end inverted with, all ones.
    """
    power, square, left = 1 << 31, 1 << 23, count  # bits reversed: x^0 and x^8
    while left:
        if left & 1:
            power = _multiply(power, square)
        square = _multiply(square, square)
        left >>= 1
    return _multiply(power, MAX_32) ^ MAX_32


def _multiply(a: int, b: int) -> int:
    """Multiply two polynomials over GF(2) modulo the CRC's, the lowest power in the highest bit."""
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (CRC_POLYNOMIAL if b & 1 else 0)
    return product


def torch_zip(name: str, root: str, value: object, *, layout: str = "2.13") -> VirtualFile:
    """Return the file that `torch.save(value, root + suffix)` would write, called `name`, with every value zero.

    `value` is plain data with `TensorSpec` for tensors. Raises `KeyError` for a layout that is not in `LAYOUTS`.
    """
    pickled, storages = zip_pickle(value)
    before, behind = LAYOUTS[layout]
    identity = f"{crc32(pickled):020d}{crc32(root.encode()):020d}".encode()
    members: list[tuple[str, Part]] = [("data.pkl", pickled), *before]
    members += [(f"data/{storage.key}", storage.size_bytes) for storage in storages]
    members += [(path, content or identity) for path, content in behind]
    return VirtualFile(name, stored_zip([(f"{root}/{path}", content) for path, content in members]))


def torch_legacy(name: str, value: object) -> VirtualFile:
    """Return the file that torch before 1.6 would write: five pickles, then each storage behind its element count."""
    head, storages = legacy_pickles(value)
    parts: list[Part] = [head]
    for storage in storages:
        parts += [struct.pack("<q", storage.numel), storage.size_bytes]
    return VirtualFile(name, parts)


def stored_zip(members: Iterable[tuple[str, Part]]) -> list[Part]:
    """Return the parts of a zip of uncompressed members, as torch's writer lays them out."""
    parts: list[Part] = []
    directory: list[bytes] = []
    offset = 0
    for path, content in members:
        size = content if isinstance(content, int) else len(content)
        crc = crc32_of_zeros(content) if isinstance(content, int) else crc32(content)
        header = _local_header(path.encode(), size, offset)
        descriptor = _descriptor(crc, size, offset)
        directory.append(_directory_entry(path.encode(), crc, size, offset))
        parts += [header, content, descriptor]
        offset += len(header) + size + len(descriptor)
    return [*parts, *directory, _end_records(len(directory), sum(map(len, directory)), offset)]


def _zip64_extra(sizes: tuple[int, ...], offset: int) -> bytes:
    """Return the extra field for what does not fit into 32 bits, empty where everything does."""
    body = b"".join(struct.pack("<Q", value) for value in (*sizes, offset) if value >= MAX_32)
    return struct.pack("<HH", 1, len(body)) + body if body else b""


def _local_header(path: bytes, size: int, offset: int) -> bytes:
    """Return a member's local header; its extra field ends where the member's bytes stand on a multiple of 64."""
    extra = _zip64_extra((size, size), offset)
    padding = -(offset + 30 + len(path) + len(extra) + 4) % ALIGNMENT
    extra += b"FB" + struct.pack("<H", padding) + b"Z" * padding
    return struct.pack("<4s5H3I2H", b"PK\x03\x04", 0, 0x0808, 0, 0, 0, 0, 0, 0, len(path), len(extra)) + path + extra


def _descriptor(crc: int, size: int, offset: int) -> bytes:
    """Return what stands behind a member: its checksum and sizes, in 64 bits from 4 GiB on."""
    layout = "<4sI2Q" if max(size, offset) >= MAX_32 else "<4s3I"
    return struct.pack(layout, b"PK\x07\x08", crc, size, size)


def _directory_entry(path: bytes, crc: int, size: int, offset: int) -> bytes:
    """Return a member's entry in the central directory."""
    extra = _zip64_extra((size, size), offset)
    small, place = min(size, MAX_32), min(offset, MAX_32)
    fixed = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 0, 0, 0x0808, 0, 0, 0, crc, small, small, len(path), len(extra), 0, 0, 0, 0, place)
    return fixed + path + extra


def _end_records(count: int, directory_bytes: int, offset: int) -> bytes:
    """Return the zip64 end record, its locator and the end record."""
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 0x031E, 45, 0, 0, count, count, directory_bytes, offset)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, offset + directory_bytes, 1)
    few = min(count, 0xFFFF)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, few, few, min(directory_bytes, MAX_32), min(offset, MAX_32), 0)
    return end64 + locator + end


__all__ = ["LAYOUTS", "StorageRecord", "VirtualFile", "crc32_of_zeros", "stored_zip", "torch_legacy", "torch_zip"]
