"""numpy's `.npz`: a zip of arrays, stored or deflated. Of every member only the header is read or unpacked."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint
from auditor.formats.extents import HEAD_BYTES, OtherFormatError, RememberedBlob, TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.npy import PREAMBLE_BYTES, ArrayHeader, header_length, parse_header
from auditor.formats.plain_headers import Clock, Described, make_plain_checkpoint
from auditor.formats.zip_directory import DEFLATED, STORED, ZipEntry, member_start, read_directory
from auditor.formats.zip_front import first_member

_AHEAD = 512  # packed bytes of a member that come with its local header: an array's header has some 128
_MOST_PACKED = 64 << 10  # packed bytes that are unpacked in search of one header
_NAMES_SHOWN = 4


class Npz:
    """Reads the headers of all arrays of a numpy archive."""

    name = "npz"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the first member of a zip is a numpy array by its name."""
        return first_member(head).endswith(".npy")

    def fits(self, names: Collection[str]) -> bool:
        """Tell whether a zip with these members is an archive of arrays and nothing else."""
        return bool(names) and all(name.endswith(".npy") for name in names)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        blob = blob if isinstance(blob, RememberedBlob) else RememberedBlob(blob)
        directory = read_directory(blob, limits)
        if not self.fits([entry.name for entry in directory.entries]):
            raise FormatError("not a numpy archive", "it holds other files than arrays")
        return self.read_entries(blob, directory.entries, limits)

    def read_entries(self, blob: Blob, entries: tuple[ZipEntry, ...], limits: Limits) -> Checkpoint:
        """Return the checkpoint of the members. Raises `OtherFormatError` where all of them are pickled objects or texts."""
        clock = Clock(limits)
        digest = hashlib.sha256()
        described: list[Described] = []
        passed: list[str] = []
        if len(entries) > limits.tensors:
            raise LimitError("more arrays than are allowed", f"at most {limits.tensors}")
        for entry in sorted(entries, key=lambda entry: entry.offset):
            clock.check()
            name = entry.name.removesuffix(".npy")
            header, raw = _array(blob, entry)
            digest.update(name.encode("utf-8", "replace") + b"\0" + raw)
            if header.fault:
                passed.append(f"{name[:80]!r} {header.fault}")
                continue
            if header.value_bytes and header.length + header.value_bytes != entry.size:
                raise FormatError(f"array {name[:120]!r} lies about its shape", f"{header.value_bytes} bytes, the archive has {entry.size}")
            described.append(Described(name, header.shape, header.dtype, None, header.value_bytes))
        if passed and not described:
            shown = "; ".join(passed[:_NAMES_SHOWN])
            raise OtherFormatError(f"a numpy archive without plain arrays: {shown}")
        return make_plain_checkpoint(
            described,
            limits,
            format=self.name,
            header=digest.hexdigest(),
            header_name="arrays",
            size=blob.size,
            warnings=[f"array {note}: not counted" for note in passed],
        )


def _array(blob: Blob, entry: ZipEntry) -> tuple[ArrayHeader, bytes]:
    """Return the header of one member with its bytes. Raises `FormatError`."""
    if entry.is_encrypted or entry.method not in (STORED, DEFLATED):
        raise OtherFormatError(f"member {entry.name[:80]!r} is encrypted or compressed in a way that is not read")
    start = member_start(blob, entry, min(_AHEAD, entry.packed_size))
    packed = min(entry.packed_size, max(0, blob.size - start))
    raw = b""
    ahead = _AHEAD
    while True:
        data = blob.read(start, min(ahead, packed))
        raw = data if entry.method == STORED else _front(data, entry.name)
        whole = len(data) >= packed
        if len(raw) >= PREAMBLE_BYTES or whole:
            length = header_length(raw)
            if len(raw) >= length or whole:
                return parse_header(raw), raw[:length]
        if ahead >= _MOST_PACKED:
            raise TruncatedError(f"array {entry.name[:80]!r} has no header in its first {ahead} bytes")
        ahead *= 8


def _front(data: bytes, name: str) -> bytes:
    """Return what the first packed bytes unpack to, at most one header's length."""
    try:
        return zlib.decompressobj(-15).decompress(data, HEAD_BYTES)
    except zlib.error as error:
        raise FormatError(f"array {name[:80]!r} is damaged", str(error)[:100]) from error
