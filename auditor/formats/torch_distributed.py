"""PyTorch's distributed checkpoints (DCP, FSDP): the `.metadata` file, a pickle with every tensor's size and type.

See torch/distributed/checkpoint/metadata.py. The folder's `.distcp` files hold the values and are not needed. The pickle goes
through the one walker; nothing is called.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from auditor.blob import Blob
from auditor.errors import FormatError
from auditor.facts import Checkpoint, Safety, Training
from auditor.formats.dtypes import item_bytes, torch_dtype
from auditor.formats.extents import ByteStream, RunsCodeError
from auditor.formats.interface import Limits
from auditor.formats.pickle_safety import judge
from auditor.formats.pickle_values import Call, GlobalName, PickledDict, TensorRecord
from auditor.formats.pickle_walker import Walked, walk
from auditor.formats.plain_headers import Described, checked_shape, make_plain_checkpoint
from auditor.formats.state_dicts import find_weights

_MODULE = "torch.distributed.checkpoint.metadata"
_PLAIN = {
    *(
        (_MODULE, name)
        for name in (
            "Metadata TensorStorageMetadata BytesStorageMetadata ChunkStorageMetadata TensorProperties MetadataIndex StorageMeta "
            "_MEM_FORMAT_ENCODING"
        ).split()
    ),
    ("torch.distributed.checkpoint.filesystem", "_StorageInfo"),
    ("torch.distributed.checkpoint.filesystem", "_StoragePrefix"),
}


class TorchDistributed:
    """Reads the `.metadata` of a distributed checkpoint."""

    name = "torch_dcp"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether a pickle begins by naming the class of this metadata."""
        return head[:1] == b"\x80" and _MODULE.encode() in head[:256] and b"Metadata" in head[:256]

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint; optimizer state is counted apart. Raises `FormatError` and `NetworkError`."""
        stream = ByteStream(blob, 0, limits.header_bytes)
        walked = walk(stream, limits)
        try:
            return self.described(walked, stream, blob, limits)
        except FormatError as error:
            if (seen := _safety(walked)).verdict == "dangerous":
                raise RunsCodeError(error, seen) from error
            raise

    def described(self, walked: Walked, stream: ByteStream, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint that a walked pickle describes."""
        entries = _entries(walked.value)
        tensors = {name: record for name, entry in entries.items() if (record := _record(name, entry)) is not None}
        state = {name: record for name, record in tensors.items() if _is_optimizer(name)}
        root = _tree({name: record for name, record in tensors.items() if name not in state})
        found = find_weights(root, limits)
        others = [f"also holds {len(group.tensors)} tensors under {(group.key or 'the root')[:120]!r}" for group in found.others[:8]]
        checkpoint = make_plain_checkpoint(
            [Described(name, record.shape, record.dtype) for name, record in found.tensors],
            limits,
            format=self.name,
            header=stream.sha256(),
            header_name=".metadata",
            size=blob.size,
            state_key=found.state_key,
            training=Training(optimizer="present" if state else None, optimizer_bytes=sum(_bytes(record) for record in state.values())),
            warnings=others,
            storage_bytes=sum(_bytes(record) for record in tensors.values()),
        )
        return replace(checkpoint, prefix=found.prefix + checkpoint.prefix, safety=_safety(walked))


def _entries(root: Any) -> dict[str, Any]:
    held = root.state.get("state_dict_metadata") if isinstance(root, Call) and isinstance(root.state, PickledDict) else None
    if not isinstance(held, PickledDict):
        raise FormatError("not the metadata of a distributed checkpoint", "it has no state_dict_metadata")
    return held.entries()


def _record(name: str, entry: Any) -> TensorRecord | None:
    """Return the tensor that an entry describes, None for plain bytes."""
    if not isinstance(entry, Call) or not entry.full.endswith(".TensorStorageMetadata") or not isinstance(entry.state, PickledDict):
        return None
    size = entry.state.get("size")
    if not isinstance(size, (tuple, list)):
        raise FormatError(f"{name[:120]!r} has no size in the distributed checkpoint")
    return TensorRecord(checked_shape(size, name), _dtype(entry.state.get("properties")))


def _dtype(properties: Any) -> str:
    """Return the type among a tensor's properties: the first of a tuple, or the entry "dtype"."""
    state = properties.state if isinstance(properties, Call) else None
    value = state[0] if isinstance(state, tuple) and state else state.get("dtype") if isinstance(state, PickledDict) else None
    name = torch_dtype(value.name) if isinstance(value, GlobalName) and value.module == "torch" else None
    return name or "unknown"


def _is_optimizer(name: str) -> bool:
    first = name.split(".", 1)[0]
    return first.startswith("optim") or ".optim." in name or name.endswith((".exp_avg", ".exp_avg_sq", ".momentum_buffer"))


def _tree(tensors: dict[str, TensorRecord]) -> PickledDict:
    """Return the names under their first part where the file holds several things, so that the network's own can be chosen."""
    tops: dict[str, list[tuple[Any, Any]]] = {}
    for name, record in tensors.items():
        top, _, rest = name.partition(".")
        tops.setdefault(top if rest else "", []).append((rest or name, record))
    if not set(tops) & {"model", "module", "state_dict", "network", "net", "app"}:
        return PickledDict(list(tensors.items()))
    loose = tops.pop("", [])
    return PickledDict([*((top, PickledDict(pairs)) for top, pairs in tops.items()), *loose])


def _bytes(record: TensorRecord) -> int:
    return math.prod(record.shape) * item_bytes(record.dtype)


def _safety(walked: Walked) -> Safety:
    """Return the verdict, with the plain records of torch's own metadata passed over."""
    names = {key: called for key, called in walked.names.items() if key not in _PLAIN}
    return judge(names)
