"""The values of a Core ML program (`weight.bin` of an `.mlpackage`): no names and no shapes, these are in the model beside it.

See mlmodel/src/MILBlob/Blob/StorageFormat.hpp of apple/coremltools: a header of 64 bytes with a count and the version 2, then
for each blob a description that begins with 0xDEADBEEF, and its values.
"""

from __future__ import annotations

from auditor.blob import Blob
from auditor.facts import Checkpoint
from auditor.formats.extents import NoTensorsError
from auditor.formats.interface import Limits

_HEADER = 64
_VERSION = (2).to_bytes(4, "little")
_SENTINEL = (0xDEADBEEF).to_bytes(4, "little")


class CoreMlValues:
    """Recognizes the values of a Core ML program, so that they are not taken for unknown weights."""

    name = "coreml_values"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the header and the first description of a blob file stand at the front."""
        return head[4:8] == _VERSION and head[_HEADER : _HEADER + 4] == _SENTINEL

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Raise `NoTensorsError`, always."""
        raise NoTensorsError("values of a Core ML program; names and shapes are in its model.mlmodel")
