"""GGUF: a header of key-value pairs, then names, shapes, types and places of all tensors, then the values.

See ggml-org/ggml, docs/gguf.md (versions 1 to 3, both byte orders). Sizes stand innermost first and are turned round here, so
that a matrix has torch's shape. Quantized types keep ggml's own names (`q4_k`): their bytes follow from blocks, not elements.
"""

from __future__ import annotations

import math
import struct

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Training
from auditor.formats.block_reader import BlockReader
from auditor.formats.extents import OtherFormatError, TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Described, checked_shape, make_plain_checkpoint, size_of

_MAGIC = b"GGUF"
_LONGEST_KEY = 1 << 16
_MOST_PAIRS = 100_000
_MOST_ITEMS = 4_000_000  # texts of all arrays together: a vocabulary has some 300,000
_DEEPEST = 4
_SHOWN = 200

_SCALARS: dict[int, str] = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""Types of values by their number, as `struct` writes them; 8 is a text and 9 an array."""

_TYPES: dict[int, tuple[str, int, int]] = {
    0: ("float32", 1, 4),
    1: ("float16", 1, 2),
    2: ("q4_0", 32, 18),
    3: ("q4_1", 32, 20),
    6: ("q5_0", 32, 22),
    7: ("q5_1", 32, 24),
    8: ("q8_0", 32, 34),
    9: ("q8_1", 32, 36),
    10: ("q2_k", 256, 84),
    11: ("q3_k", 256, 110),
    12: ("q4_k", 256, 144),
    13: ("q5_k", 256, 176),
    14: ("q6_k", 256, 210),
    15: ("q8_k", 256, 292),
    16: ("iq2_xxs", 256, 66),
    17: ("iq2_xs", 256, 74),
    18: ("iq3_xxs", 256, 98),
    19: ("iq1_s", 256, 50),
    20: ("iq4_nl", 32, 18),
    21: ("iq3_s", 256, 110),
    22: ("iq2_s", 256, 82),
    23: ("iq4_xs", 256, 136),
    24: ("int8", 1, 1),
    25: ("int16", 1, 2),
    26: ("int32", 1, 4),
    27: ("int64", 1, 8),
    28: ("float64", 1, 8),
    29: ("iq1_m", 256, 56),
    30: ("bfloat16", 1, 2),
    34: ("tq1_0", 256, 54),
    35: ("tq2_0", 256, 66),
    39: ("mxfp4", 32, 17),
}
"""Tensor types by ggml's number: name, elements of a block, bytes of a block. See ggml/include/ggml.h and ggml-common.h."""


class Gguf:
    """Reads the header of a GGUF file."""

    name = "gguf"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether GGUF's magic stands at the front."""
        return head.startswith(_MAGIC)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        return _Header(BlockReader(blob, limits, "GGUF header"), limits).checkpoint(self.name)


class _Header:
    """A walk over the header, from front to end."""

    def __init__(self, reader: BlockReader, limits: Limits) -> None:
        self.reader = reader
        self.limits = limits
        self.at = 4
        self.order = "<"
        self.wide = "Q"
        self.items = 0

    def checkpoint(self, format: str) -> Checkpoint:
        version = self.number("I")
        if version & 0xFFFF == 0:
            self.order = ">"
            version = struct.unpack(">I", struct.pack("<I", version))[0]
        if version not in (1, 2, 3):
            raise OtherFormatError("GGUF of an unknown version", str(version))
        self.wide = "I" if version == 1 else "Q"
        tensors, pairs = self.number(self.wide), self.number(self.wide)
        if tensors > self.limits.tensors or pairs > _MOST_PAIRS:
            raise LimitError("more tensors or entries than are allowed", f"{tensors} tensors, {pairs} entries")
        said = dict(self.pair() for _ in range(pairs))
        described = [self.tensor() for _ in range(tensors)]
        alignment = said.get("general.alignment", "32")
        step = int(alignment) if alignment.isdigit() and 0 < int(alignment) <= 1 << 20 else 32
        self.check_places([place for _, place in described], (self.at + step - 1) // step * step)
        return make_plain_checkpoint(
            [item for item, _ in described],
            self.limits,
            format=format,
            header=self.reader.sha256(),
            header_name="header",
            size=self.reader.size,
            training=Training(metadata=(("gguf.version", str(version)), *_first_things(said))),
        )

    def take(self, length: int) -> bytes:
        data = self.reader.take(self.at, length)
        self.at += length
        return data

    def number(self, code: str) -> int:
        (value,) = struct.unpack(self.order + code, self.take(struct.calcsize(self.order + code)))
        return int(value)

    def text(self) -> str:
        length = self.number(self.wide)
        data = self.take(min(length, _LONGEST_KEY))
        self.skip(length - len(data))
        return data.decode("utf-8", "replace")

    def skip(self, length: int) -> None:
        if self.at + length > self.reader.size:
            raise TruncatedError("the GGUF header ends in the middle", f"{length} bytes announced at {self.at}")
        self.at += length

    def pair(self) -> tuple[str, str]:
        return self.text(), self.value(self.number("I"), 0)[:_SHOWN]

    def value(self, kind: int, depth: int) -> str:
        """Return a value as short text; of an array its length."""
        if kind in _SCALARS:
            code = self.order + _SCALARS[kind]
            return str(struct.unpack(code, self.take(struct.calcsize(code)))[0])
        if kind == 8:
            return self.text()
        if kind != 9 or depth >= _DEEPEST:
            raise FormatError("the GGUF header holds an entry of an unknown type", str(kind))
        inner, count = self.number("I"), self.number(self.wide)
        if inner in _SCALARS:
            self.skip(count * struct.calcsize(self.order + _SCALARS[inner]))
        else:
            self.walk_over(inner, count, depth)
        return f"{count} values"

    def walk_over(self, kind: int, count: int, depth: int) -> None:
        self.items += count
        if self.items > _MOST_ITEMS:
            raise LimitError("the GGUF header lists more texts than is allowed", f"more than {_MOST_ITEMS}")
        for n in range(count):
            if n % 4096 == 0:
                self.reader.check_time()
            if kind == 8:
                self.skip(self.number(self.wide))
            else:
                self.value(kind, depth + 1)

    def tensor(self) -> tuple[Described, tuple[int, int]]:
        """Return one tensor with its offset and bytes."""
        name = self.text()
        dimensions = self.number("I")
        if dimensions > 8:
            raise FormatError(f"tensor {name[:120]!r} has {dimensions} dimensions")
        shape = checked_shape([self.number(self.wide) for _ in range(dimensions)][::-1], name)
        number = self.number("I")
        offset = self.number("Q")
        dtype, block, block_bytes = _TYPES.get(number, (f"ggml_type_{number}", 1, 0))
        count = math.prod(shape)
        if shape and block > 1 and shape[-1] % block:
            raise FormatError(f"the rows of {name[:120]!r} are no whole blocks of {dtype}")
        described = Described(name, shape, dtype, None, count // block * block_bytes)
        return described, (offset, size_of(described))

    def check_places(self, places: list[tuple[int, int]], start: int) -> None:
        """Raise `FormatError` where tensors overlap and `TruncatedError` where the file ends before the last one."""
        end = 0
        for offset, length in sorted(places):
            if offset < end:
                raise FormatError("two tensors overlap in the GGUF file")
            end = offset + length
        if start + end > self.reader.size:
            raise TruncatedError("the GGUF file ends before its last tensor", f"{start + end - self.reader.size} bytes are missing")


def _first_things(said: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the entries with what the model is before those of its vocabulary."""
    general = [(key, value) for key, value in said.items() if not key.startswith("tokenizer.")]
    general.sort(key=lambda item: item[0] != "general.architecture")
    return (*general, *((key, value) for key, value in said.items() if key.startswith("tokenizer.")))
