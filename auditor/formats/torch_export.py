"""torch.export's `.pt2`: a zip whose JSON says of every weight its name, size and type.

Since torch 2.8 `<root>/archive_format` is "pt2" and `<root>/data/weights/<model>_weights_config.json` lists the weights
(torch/export/pt2_archive/constants.py and torch/_export/serde/schema.py). Before, `serialized_state_dict.pt` is a file of torch's
within the zip. The graph is never compiled, and no pickle but the walker's is read.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from auditor.blob import Blob, BytesBlob
from auditor.errors import FormatError
from auditor.facts import Checkpoint, Training
from auditor.formats.extents import OtherFormatError, RememberedBlob
from auditor.formats.interface import Limits
from auditor.formats.plain_headers import Described, checked_shape, make_plain_checkpoint
from auditor.formats.torch_legacy import TorchLegacy
from auditor.formats.torch_zip import TorchZip
from auditor.formats.zip_directory import STORED, ZipEntry, read_directory, read_member, stored_blob
from auditor.formats.zip_front import first_member

_OLD_PROGRAM = "serialized_exported_program.json"
_OLD_STATE = "serialized_state_dict.pt"
_CONFIG = "_weights_config.json"

_DTYPES: dict[int, str] = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    9: "complex32",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
    31: "float8_e4m3fnuz",
    32: "float8_e5m2fnuz",
    33: "float8_e8m0fnu",
    34: "uint32",
    35: "uint64",
}
"""`ScalarType` of the schema."""


class TorchExport:
    """Reads the weights' names and shapes in the archive of an exported program."""

    name = "torch_export"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the first member of a zip is one of torch.export's."""
        return first_member(head).rsplit("/", 1)[-1] in ("archive_format", _OLD_PROGRAM, "version", "weight_0")

    def fits(self, names: Collection[str]) -> bool:
        """Tell whether a zip with these members is an exported program."""
        return any(name.rsplit("/", 1)[-1] in ("archive_format", _OLD_PROGRAM) for name in names)

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        blob = blob if isinstance(blob, RememberedBlob) else RememberedBlob(blob)
        directory = read_directory(blob, limits)
        if not self.fits([entry.name for entry in directory.entries]):
            raise FormatError("not an exported program of torch", "it has no archive_format")
        return self.read_entries(blob, directory.entries, limits)

    def read_entries(self, blob: Blob, entries: tuple[ZipEntry, ...], limits: Limits) -> Checkpoint:
        """Return the checkpoint of the members."""
        configs = [entry for entry in entries if entry.name.endswith(_CONFIG) and "data/weights/" in entry.name]
        if configs:
            return self.from_config(blob, configs, limits)
        state = next((entry for entry in entries if entry.name.rsplit("/", 1)[-1] == _OLD_STATE), None)
        if state is None:
            raise OtherFormatError("an exported program of torch without a list of its weights", "its layout is not known")
        return replace(_old_state(blob, state, limits), format=self.name, size=blob.size)

    def from_config(self, blob: Blob, configs: list[ZipEntry], limits: Limits) -> Checkpoint:
        """Return the checkpoint of the first model; the names of the others are told."""
        raw = read_member(blob, configs[0], limits.header_bytes)
        try:
            listed = json.loads(raw)["config"]
            described = [_described(name, entry) for name, entry in listed.items()]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise FormatError("the list of weights of the exported program is broken", f"{type(error).__name__}: {error}"[:200]) from error
        root = configs[0].name.split("data/weights/", 1)[0].strip("/")
        checkpoint = make_plain_checkpoint(
            described,
            limits,
            format=self.name,
            header=raw,
            header_name="weights_config.json",
            size=blob.size,
            training=Training(),
            warnings=[f"also holds the weights of {entry.name[:120]!r}" for entry in configs[1:5]],
        )
        return replace(checkpoint, saved_as=root or None)


def _described(name: str, entry: Any) -> Described:
    meta = entry["tensor_meta"]
    sizes = [size["as_int"] for size in meta["sizes"]]
    dtype = _DTYPES.get(meta["dtype"], f"scalar_type_{meta['dtype']}"[:40])
    learns = entry.get("is_param")
    return Described(
        name, checked_shape(sizes, name), dtype, learns if isinstance(learns, bool) else None, None, str(entry.get("path_name", ""))[:80]
    )


def _old_state(blob: Blob, entry: ZipEntry, limits: Limits) -> Checkpoint:
    inner: Blob = (
        stored_blob(blob, entry, 1 << 16) if entry.method == STORED else BytesBlob(read_member(blob, entry, limits.inflated_bytes))
    )
    head = inner.read(0, 1 << 16)
    for reader in (TorchZip(), TorchLegacy()):
        if reader.accepts(head, inner.size):
            return reader.read(inner, limits)
    raise FormatError("the weights of the exported program are no file of torch's")
