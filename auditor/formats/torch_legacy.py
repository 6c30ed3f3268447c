"""torch's older format (0.1.10 to 1.5, and `_use_new_zipfile_serialization=False`): stacked pickles before raw storages.

Layout: magic number 0x1950a86a20f9469cfc6c, protocol 1001, system info, the object, the list of storage keys, then for each
key in that order an int64 count and the raw elements. See `torch.serialization._legacy_save`. Read from the front in growing
pieces; the storages are never touched.
"""

from __future__ import annotations

from functools import partial

from auditor.blob import Blob
from auditor.errors import FormatError
from auditor.facts import Checkpoint
from auditor.formats.assembly import make_checkpoint, storage_bytes
from auditor.formats.extents import ByteStream
from auditor.formats.interface import Limits
from auditor.formats.pickle_safety import judge
from auditor.formats.pickle_values import PickledDict, Storage
from auditor.formats.pickle_walker import walk
from auditor.formats.state_dicts import NamedTensor
from auditor.formats.storage_places import legacy_places
from auditor.formats.values import with_values

_MAGIC = 0x1950A86A20F9469CFC6C
_MAGIC_BYTES = _MAGIC.to_bytes(10, "little")
_PROTOCOL = 1001


class TorchLegacy:
    """Reads the stacked pickles of `torch.save` before 1.6."""

    name = "torch_legacy"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether the first pickle is torch's magic number."""
        return head[:1] in (b"\x80", b"L") and (_MAGIC_BYTES in head[:32] or head.startswith(b"L%dL\n" % _MAGIC))

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        stream = ByteStream(blob, 0, limits.header_bytes)
        if walk(stream, limits).value != _MAGIC or walk(stream, limits).value != _PROTOCOL:
            raise FormatError("not a stacked pickle of torch", "magic number or protocol differ")
        info = walk(stream, limits)
        found = walk(stream, limits)
        keys = walk(stream, limits)
        end = stream.position

        def valued(checkpoint: Checkpoint, tensors: tuple[NamedTensor, ...]) -> Checkpoint:
            big = ("byteorder", "big") in checkpoint.training.metadata
            places = partial(legacy_places, keys.value, found.storages, end)
            return with_values(checkpoint, tensors, places, blob, limits, big_endian=big)

        return make_checkpoint(
            found.value,
            found.storages,
            limits,
            format="torch_legacy",
            saved_as=None,
            sha256=stream.sha256(),
            header_name="pickle",
            safety=judge({**info.names, **found.names, **keys.names}),
            size=blob.size,
            warnings=_warnings(keys.value, found.storages, stream.position, blob.size),
            metadata=_byteorder(info.value),
            valued=valued,
        )


def _byteorder(info: object) -> tuple[tuple[str, str], ...]:
    little = info.get("little_endian") if isinstance(info, PickledDict) else None
    return (("byteorder", "little" if little else "big"),) if isinstance(little, bool) else ()


def _warnings(keys: object, storages: dict[str, Storage], position: int, size: int) -> tuple[str, ...]:
    """Return what does not fit: keys without storage, and a file that ends before its last storage."""
    listed = {str(key) for key in keys if isinstance(key, (str, int))} if isinstance(keys, list) else set()
    warnings = []
    if listed != set(storages):
        warnings.append("the list of storages and the storages that tensors use differ")
    needed = position + storage_bytes(storages) + 8 * len(storages)
    if size < needed:
        warnings.append(f"the file ends {needed - size} bytes before the end of its last storage: it was cut short")
    return tuple(warnings)
