"""OpenVINO's IR: an XML of layers beside a `.bin` with the values. Constants of versions 10 and 11 state type and shape.

See the "Operation Sets" and "OpenVINO IR format" pages of docs.openvino.ai. A document type declaration is refused, so that no
entity can be declared, expanded or fetched; the parser is the standard library's expat, fed piece by piece.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any
from xml.parsers import expat

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Training
from auditor.formats.extents import OtherFormatError, TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Clock, Described, checked_shape, make_plain_checkpoint

_PIECE = 256 << 10
_DEEPEST = 64
_NET = re.compile(rb"^(\xef\xbb\xbf)?\s*(<\?xml[^>]{0,200}\?>\s*)?(<!--.{0,2000}?-->\s*)*<net\b[^>]{0,2000}>", re.DOTALL)
_CONSTANT = frozenset({"Const", "Constant"})

_DTYPES: dict[str, str] = {
    "f64": "float64",
    "f32": "float32",
    "f16": "float16",
    "bf16": "bfloat16",
    "f8e4m3": "float8_e4m3fn",
    "f8e5m2": "float8_e5m2",
    "boolean": "bool",
    **{f"i{bits}": f"int{bits}" for bits in (4, 8, 16, 32, 64)},
    **{f"u{bits}": f"uint{bits}" for bits in (1, 2, 3, 4, 6, 8, 16, 32, 64)},
}
_INDICES = frozenset({"int32", "int64", "bool"})
"""Types of constants that are axes, shapes and masks, and nothing that was learned."""


class OpenVino:
    """Reads the constants' names, types and shapes in an OpenVINO network."""

    name = "openvino"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the first element of an XML is `net`."""
        return head[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<" and _NET.match(head[:8192]) is not None

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        network = _Network(limits)
        digest = hashlib.sha256()
        clock = Clock(limits)
        for at in range(0, blob.size, _PIECE):
            clock.check()
            if at >= limits.header_bytes:
                raise LimitError("the OpenVINO network is larger than is allowed", f"more than {limits.header_bytes} bytes")
            piece = blob.read(at, _PIECE)
            digest.update(piece)
            network.feed(piece, at + _PIECE >= blob.size)
        if not network.constants and network.has_blobs:
            raise OtherFormatError(
                f"an OpenVINO network of version {network.said.get('version', '?')}", "it does not state the weights' shapes"
            )
        return make_plain_checkpoint(
            network.constants,
            limits,
            format=self.name,
            header=digest.hexdigest(),
            header_name="net",
            size=blob.size,
            training=Training(metadata=tuple(network.said.items())),
        )


class _Network:
    """The constants of a network while its XML is read."""

    def __init__(self, limits: Limits) -> None:
        self.constants: list[Described] = []
        self.said: dict[str, str] = {}
        self.has_blobs = False
        self._limits = limits
        self._depth = 0
        self._layer = ""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse

    def feed(self, piece: bytes, last: bool) -> None:
        """Parse a piece. Raises `FormatError`."""
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as error:
            at_end = last and error.code in (3, 5, 6, 20)  # no element, unclosed token, partial character, unclosed section
            raise (TruncatedError if at_end else FormatError)("the XML is broken or ends in the middle", str(error)[:100]) from error

    def _refuse(self, *_: Any) -> None:
        raise FormatError("an XML with a document type declaration", "it could declare entities, which are not expanded")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise LimitError("the XML is nested more deeply than is allowed", f"more than {_DEEPEST} levels")
        if name == "net" and self._depth == 1:
            self.said = {key[:200]: value[:200] for key, value in list(attributes.items())[:20]}
        elif name == "layer" and self._depth == 3:
            self._layer = attributes.get("name", "") if attributes.get("type") in _CONSTANT else ""
        elif name == "blobs":
            self.has_blobs = True
        elif name == "data" and self._depth == 4 and self._layer:
            self._constant(self._layer, attributes)

    def _constant(self, name: str, attributes: dict[str, str]) -> None:
        kind = attributes.get("element_type")
        if kind is None or "shape" not in attributes:
            return
        parts = [part.strip() for part in attributes["shape"][:2000].split(",") if part.strip()]
        if not all(part.isascii() and part.isdigit() and len(part) <= 19 for part in parts):
            raise FormatError(f"the shape of {name[:120]!r} is no list of sizes")
        dtype = _DTYPES.get(kind.lower(), kind.lower()[:40])
        if dtype == "string":
            return
        size = attributes.get("size", "")
        stated = int(size) if size.isascii() and size.isdigit() and len(size) <= 18 else None
        shape = checked_shape([int(part) for part in parts], name)
        self.constants.append(Described(name, shape, dtype, False if dtype in _INDICES else None, stated))
        if len(self.constants) > self._limits.tensors:
            raise LimitError("more constants than are allowed", f"at most {self._limits.tensors}")

    def _end(self, name: str) -> None:
        self._depth -= 1
        if name == "layer":
            self._layer = ""
