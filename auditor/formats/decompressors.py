"""The decompressors behind one small protocol: at most so many bytes out at a time, whatever comes in; streams may follow streams.

gzip, bzip2 and xz (and the older lzma) by the standard library, Zstandard by Python 3.14's or its backport (extra "zstd").
Programs that compress in parallel (pigz, pbzip2, pzstd) write many streams one after another: all are read as one.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Protocol

from auditor.errors import MissingExtra

_LZMA_MEMORY = 64 << 20
_ZSTD_WINDOW = 26  # as a power of two: 64 MB
_TRIAL = 4096

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)
"""First bytes of compressed streams."""


class Inflater(Protocol):
    """One pass over compressed bytes."""

    def pieces(self, data: bytes, most: int) -> bytes:
        """Return at most `most` bytes; `data` are the next compressed bytes, empty where it is not hungry."""
        ...

    def ended(self) -> bool:
        """Tell whether nothing more can come."""
        ...

    def hungry(self) -> bool:
        """Tell whether it needs compressed bytes to go on."""
        ...


class _Deflate:
    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)
        self._rest = b""

    def pieces(self, data: bytes, most: int) -> bytes:
        out = self._inner.decompress(self._rest + data, most)
        self._rest = self._inner.unconsumed_tail
        return out

    def ended(self) -> bool:
        return self._inner.eof

    def hungry(self) -> bool:
        return not self._rest

    @property
    def unused(self) -> bytes:
        return self._inner.unused_data


class _Standard:
    """bz2, lzma and zstd, whose decompressors keep what they have not used."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def pieces(self, data: bytes, most: int) -> bytes:
        return bytes(self._inner.decompress(data, most))

    def ended(self) -> bool:
        return bool(self._inner.eof)

    def hungry(self) -> bool:
        return bool(self._inner.needs_input)

    @property
    def unused(self) -> bytes:
        return bytes(self._inner.unused_data)


class _Streams:
    """Streams that follow one another; what follows the last one and begins like none ends it."""

    def __init__(self, make: Callable[[], Any], magic: bytes) -> None:
        self._make = make
        self._magic = magic
        self._inner: Any = make()
        self._between = b""  # what came since the last stream ended

    def pieces(self, data: bytes, most: int) -> bytes:
        if self._inner is None:
            self._between += data
        while True:
            if self._inner is None:
                if not self._between.startswith(self._magic):
                    return b""
                self._inner, data, self._between = self._make(), self._between, b""
            out: bytes = self._inner.pieces(data, most)
            if not self._inner.ended():
                return out
            self._inner, self._between = None, self._inner.unused
            if out:
                return out

    def ended(self) -> bool:
        return self._inner is None and self._between[: len(self._magic)] != self._magic[: len(self._between)]

    def hungry(self) -> bool:
        return not self._between.startswith(self._magic) if self._inner is None else bool(self._inner.hungry())


def inflater(method: str) -> Inflater:
    """Return a fresh decompressor of "deflate", "zlib", "gzip", "bzip2", "xz", "lzma" or "zstd"; `MissingExtra` where it has no library."""
    if method == "deflate":
        return _Deflate(-15)
    if method == "zlib":
        return _Deflate(15)
    if method == "lzma":
        return _Standard(lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=_LZMA_MEMORY))
    makers: dict[str, Callable[[], Any]] = {
        "gzip": lambda: _Deflate(31),
        "bzip2": lambda: _Standard(bz2.BZ2Decompressor()),
        "xz": lambda: _Standard(lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY)),
        "zstd": _zstd,
    }
    return _Streams(makers[method], next(magic for magic, name in MAGIC if name == method))


def raw_lzma(filters: list[dict[str, int]]) -> Inflater:
    """Return a decompressor for LZMA without a header of its own, as archives hold it. The caller bounds the dictionary."""
    return _Standard(lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters))


def _zstd() -> _Standard:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        try:
            from backports import zstd  # type: ignore[no-redef, unused-ignore]
        except ImportError as error:
            raise MissingExtra("reading Zstandard streams", "zstd") from error
    return _Zstandard(zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW}), zstd.ZstdError)


class _Zstandard(_Standard):
    """Zstandard, whose error is one of its own."""

    def __init__(self, inner: Any, error: type[Exception]) -> None:
        super().__init__(inner)
        self._error = error

    def pieces(self, data: bytes, most: int) -> bytes:
        try:
            return super().pieces(data, most)
        except self._error as error:
            raise ValueError(str(error)) from error


def compression_of(head: bytes) -> str | None:
    """Return the method of a compressed stream from its first bytes, None where it is none.

    zlib and the older lzma have no magic number: bytes count as theirs only where they unpack to the beginning of a pickle, as
    joblib writes it.
    """
    if head.startswith(b"BZh") and head[4:10] != b"1AY&SY":
        return None
    known = next((method for magic, method in MAGIC if head.startswith(magic)), None)
    if known or len(head) < 16:
        return known
    if head[0] == 0x78 and head[1] in (0x01, 0x5E, 0x9C, 0xDA):
        return "zlib" if _unpacks_to_pickle("zlib", head) else None
    return "lzma" if head[0] == 0x5D and head[1:3] == b"\0\0" and _unpacks_to_pickle("lzma", head) else None


def _unpacks_to_pickle(method: str, head: bytes) -> bool:
    try:
        front = inflater(method).pieces(head[:_TRIAL], 2)
    except (zlib.error, lzma.LZMAError, EOFError, ValueError, OSError):
        return False
    return len(front) == 2 and front[0] == 0x80 and 2 <= front[1] <= 5
