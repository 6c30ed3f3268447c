"""Where the bytes of storages lie in a file: members of torch's zip, runs behind a legacy pickle.

A place gives its bytes in pieces through a `PassingBlob`, in the order of the file, so that one pass meets all of them. What
a header promises is held against the file before a byte is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from auditor.blob import Blob
from auditor.errors import FormatError
from auditor.formats.dtypes import item_bytes
from auditor.formats.extents import TruncatedError
from auditor.formats.inflated import Allowance, InflatedBlob
from auditor.formats.passing import PIECE_BYTES, PassingBlob
from auditor.formats.pickle_values import Storage
from auditor.formats.zip_directory import DEFLATED, STORED, ZipEntry, member_start

_COUNT_BYTES = 8


@dataclass(frozen=True, slots=True)
class StoragePlace:
    """A storage in a file: `offset` orders the places of a file, `open` gives the blob and the offset of its first byte."""

    key: str
    offset: int
    size: int
    open: Callable[[PassingBlob], tuple[Blob, int]]

    def pieces(self, blob: PassingBlob) -> Iterator[bytes]:
        """Yield all bytes in order. Raises `FormatError` where they are not there, and what reading raises."""
        source, start = self.open(blob)
        for at in range(0, self.size, PIECE_BYTES):
            length = min(PIECE_BYTES, self.size - at)
            data = source.read(start + at, length)
            if len(data) < length:
                raise TruncatedError(f"storage {self.key[:40]!r} ends in the middle", f"{at + len(data)} of {self.size} bytes")
            yield data


def storage_size(storage: Storage) -> int:
    """Return the bytes of a storage. Raises `FormatError` for a type of unknown size."""
    size = item_bytes(storage.dtype)
    if not size:
        raise FormatError(f"the elements of storage {storage.key[:40]!r} have no known size", storage.dtype[:40])
    return storage.numel * size


def place_at(key: str, offset: int, size: int) -> StoragePlace:
    """Return the place of bytes that simply stand there."""
    return StoragePlace(key, offset, size, lambda blob: (blob, offset))


def zip_places(members: Mapping[str, ZipEntry], storages: Iterable[Storage]) -> dict[str, StoragePlace]:
    """Return the places of storages among the members of torch's zip, given by their names below its folder.

    Raises `FormatError` where one is missing, of another size, or compressed in a way that is not read.
    """
    places = {}
    for storage in storages:
        entry, size = members.get(f"data/{storage.key}"), storage_size(storage)
        if entry is None:
            raise FormatError(f"storage {storage.key[:40]!r} is not in the archive")
        if entry.size != size:
            raise FormatError(f"storage {storage.key[:40]!r} has {entry.size} bytes", f"the pickle says {size}")
        if entry.is_encrypted or entry.method not in (STORED, DEFLATED):
            raise FormatError(f"storage {storage.key[:40]!r} is encrypted or compressed in a way that is not read")
        if entry.method == STORED and entry.packed_size != entry.size:
            raise FormatError(f"storage {storage.key[:40]!r} has two sizes though it is not compressed")
        places[storage.key] = StoragePlace(storage.key, entry.offset, size, _opener(entry))
    return places


def _opener(entry: ZipEntry) -> Callable[[PassingBlob], tuple[Blob, int]]:
    def open_member(blob: PassingBlob) -> tuple[Blob, int]:
        start = member_start(blob, entry)
        if entry.method == STORED:
            return blob, start
        allowance = Allowance(entry.size + PIECE_BYTES)
        return InflatedBlob(blob, start, entry.packed_size, entry.size, entry.name, "deflate", allowance), 0

    return open_member


def legacy_places(keys: object, storages: dict[str, Storage], position: int) -> dict[str, StoragePlace]:
    """Return the places of storages behind a legacy pickle: for each key a count of elements as int64, then the elements.

    Raises `FormatError` where the list of keys is none, or names a storage that no tensor uses: its length is not known
    before the next one is reached.
    """
    if not isinstance(keys, list):
        raise FormatError("the list of storages makes no sense")
    places = {}
    for key in keys:
        storage = storages.get(str(key)) if isinstance(key, (str, int)) else None
        if storage is None or storage.key in places:
            raise FormatError("the list of storages and the storages that tensors use differ")
        size = storage_size(storage)
        places[storage.key] = StoragePlace(storage.key, position, size, _counted(storage, position))
        position += _COUNT_BYTES + size
    return places


def _counted(storage: Storage, position: int) -> Callable[[PassingBlob], tuple[Blob, int]]:
    def open_run(blob: PassingBlob) -> tuple[Blob, int]:
        count = int.from_bytes(blob.read(position, _COUNT_BYTES), "little")
        if count != storage.numel:
            raise FormatError(
                f"storage {storage.key[:40]!r} does not lie where it should", "its count of elements differs from the pickle's"
            )
        return blob, position + _COUNT_BYTES

    return open_run
