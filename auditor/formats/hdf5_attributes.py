"""The attributes of an HDF5 group that say something: short texts, numbers, and lists of names.

Texts of variable length lie in heaps, and every entry of a list may point at the same megabytes of one. So lists are read
first, while the file refuses large pieces: no entry can then be longer than its heap. Long texts are read one by one.
"""

from __future__ import annotations

from typing import Any

from auditor.formats.blob_file import BlobFile

_MOST_ATTRIBUTES = 64
_LARGEST = 4 << 20  # a model's configuration as JSON
_LARGEST_HEAP = 1 << 20
_LARGEST_LIST = 256 << 20  # what all entries together may take at worst
_MOST_NAMES = 4096


def h5_lists(h5py: Any, group: Any, source: BlobFile) -> dict[str, Any]:
    """Return the attributes that are lists of names; must come before the first call of `h5_values` on the same file."""
    found: dict[str, Any] = {}
    for attribute in _attributes(h5py, group):
        kind, count = attribute.get_type(), _count(h5py, attribute)
        if kind.get_class() != h5py.h5t.STRING or not count or not attribute.shape:
            continue
        if kind.is_variable_str():
            values = _names(h5py, attribute, source, count) if count <= _MOST_NAMES else None
        else:
            values = _read(attribute, f"S{kind.get_size()}") if kind.get_size() * count <= _LARGEST else None
        if values is not None:
            found[_name(attribute)] = [_text(value) for value in values.ravel().tolist()]
    return found


def h5_values(h5py: Any, group: Any) -> dict[str, Any]:
    """Return the attributes that are one text, one number or a few numbers; sizes are checked before anything is read."""
    h5t = h5py.h5t
    found: dict[str, Any] = {}
    for attribute in _attributes(h5py, group):
        kind, count = attribute.get_type(), _count(h5py, attribute)
        if kind.get_class() == h5t.STRING and count == 1 and (kind.is_variable_str() or kind.get_size() <= _LARGEST):
            dtype = h5t.string_dtype() if kind.is_variable_str() else f"S{kind.get_size()}"
            found[_name(attribute)] = _text(_read(attribute, dtype).ravel().tolist()[0])[:_LARGEST]
        elif kind.get_class() in (h5t.INTEGER, h5t.FLOAT) and 0 < count <= 16:
            values = _read(attribute, kind.dtype).ravel().tolist()
            found[_name(attribute)] = values[0] if count == 1 else values
    return found


def _attributes(h5py: Any, group: Any) -> list[Any]:
    h5a = h5py.h5a
    return [h5a.open(group, index=number) for number in range(min(h5a.get_num_attrs(group), _MOST_ATTRIBUTES))]


def _count(h5py: Any, attribute: Any) -> int:
    """Return the number of elements, 0 for none or too many."""
    space = attribute.get_space()
    if space.get_simple_extent_type() == h5py.h5s.NULL:
        return 0
    count = int(space.get_simple_extent_npoints())
    return 0 if count < 1 or attribute.get_storage_size() > _LARGEST else count


def _names(h5py: Any, attribute: Any, source: BlobFile, count: int) -> Any:
    """Return a list of texts of variable length, or None where its heap is too large."""
    source.largest_piece = min(_LARGEST_HEAP, _LARGEST_LIST // count)
    try:
        return _read(attribute, h5py.h5t.string_dtype())
    except (OSError, RuntimeError, SystemError, ValueError):
        if source.fault is not None:
            raise
        return None
    finally:
        source.largest_piece = None


def _name(attribute: Any) -> str:
    return str(attribute.name.decode("utf-8", "replace")[:200])


def _read(attribute: Any, dtype: Any) -> Any:
    import numpy

    values = numpy.zeros(attribute.shape, dtype=dtype)
    attribute.read(values)
    return values


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
