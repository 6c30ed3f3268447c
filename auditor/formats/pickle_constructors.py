"""The calls in pickles that are understood: tensors, storages, plain containers, numpy arrays and scalars.

Each entry reads the arguments of one well-known function and returns the inert record of what it would have built; none
calls anything. Argument orders are those of `torch._utils`, `torch.serialization` and `numpy.core.multiarray`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from auditor.errors import FormatError
from auditor.formats.dtypes import STORAGE_DTYPES, numpy_dtype, torch_dtype
from auditor.formats.pickle_safety import canonical_module, is_storage
from auditor.formats.pickle_values import ArrayRecord, Call, DtypeRecord, GlobalName, PickledDict, PickledSet, Storage, TensorRecord

_MOST_DIMENSIONS = 64
_MOST_ELEMENTS = 1 << 62

Arguments = tuple[Any, ...]


def shape_of(value: Any) -> tuple[int, ...]:
    """Return a tuple of sizes. Raises `FormatError` for anything that cannot be a shape."""
    if not isinstance(value, (tuple, list)) or len(value) > _MOST_DIMENSIONS:
        raise FormatError("a tensor's shape is no short list of numbers")
    count = 1
    for size in value:
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise FormatError("a tensor's shape holds something else than sizes")
        count *= max(size, 1)
        if count > _MOST_ELEMENTS:
            raise FormatError("a tensor's shape is impossibly large")
    return tuple(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_ELEMENTS:
        raise FormatError("a tensor's offset or a storage's length is no size")
    return value


def _strides(value: Any) -> tuple[int, ...]:
    if not isinstance(value, (tuple, list)) or len(value) > _MOST_DIMENSIONS:
        raise FormatError("a tensor's stride is no short list of numbers")
    if not all(isinstance(step, int) and abs(step) <= _MOST_ELEMENTS for step in value):
        raise FormatError("a tensor's stride holds something else than numbers")
    return tuple(value)


def _dtype_name(value: Any) -> str | None:
    return torch_dtype(value.name) if isinstance(value, GlobalName) and value.module == "torch" else None


def storage_from_id(persistent_id: Any) -> Any:
    """Return the storage that a persistent id of torch names, the class of a pickled module's id, or None where it is neither.

    The id is ("storage", class, key, location, numel[, view]) or ("module", class, file, source).
    """
    if not isinstance(persistent_id, tuple) or len(persistent_id) < 2:
        return None
    kind = persistent_id[0]
    if isinstance(kind, GlobalName):  # the oldest files name a module's class without a word before it
        return kind
    if kind == "module" and isinstance(persistent_id[1], GlobalName):
        return persistent_id[1]
    if kind != "storage" or len(persistent_id) < 5:
        return None
    _, cls, key, location, numel = persistent_id[:5]
    dtype = STORAGE_DTYPES.get(cls.name) if isinstance(cls, GlobalName) and is_storage(cls.module, cls.name) else _dtype_name(cls)
    if dtype is None:
        return None
    view = persistent_id[5] if len(persistent_id) > 5 else None
    if isinstance(view, tuple) and len(view) == 3 and not isinstance(view[0], (str, int)):
        raise FormatError("a storage view has no key")
    if not isinstance(key, (str, int)):
        raise FormatError("a storage has no key")
    return Storage(str(key)[:200], dtype, _whole(numel), location[:40] if isinstance(location, str) else "")


def _tensor(args: Arguments) -> TensorRecord:
    storage, offset, shape, stride = args[:4]
    if not isinstance(storage, Storage):
        raise FormatError("a tensor looks into something that is no storage")
    learns = len(args) > 4 and args[4] is True
    return TensorRecord(shape_of(shape), storage.dtype, storage, _whole(offset), _strides(stride), True if learns else None)


def _tensor_v3(args: Arguments) -> TensorRecord:
    dtype = _dtype_name(args[6])
    if dtype is None:
        raise FormatError("a tensor's type is not known")
    return replace(_tensor(args), dtype=dtype)


def _quantized(args: Arguments) -> TensorRecord:
    learns = len(args) > 5 and args[5] is True
    return replace(_tensor(args[:4]), is_parameter=True if learns else None)


def _parameter(args: Arguments) -> Any:
    return replace(args[0], is_parameter=True) if isinstance(args[0], TensorRecord) else args[0]


def _without_storage(args: Arguments) -> TensorRecord:
    return TensorRecord(shape_of(args[1]), _dtype_name(args[0]) or "unknown")


def _subclass(args: Arguments) -> TensorRecord:
    return TensorRecord(shape_of(args[2]), _dtype_name(args[1]) or "unknown")


def _sparse(args: Arguments) -> Any:
    data = args[1]
    if isinstance(data, tuple) and len(data) >= 3 and isinstance(data[1], TensorRecord):
        return TensorRecord(shape_of(data[2]), data[1].dtype, data[1].storage, data[1].offset, ())
    return Call(GlobalName("torch._utils", "_rebuild_sparse_tensor"), args)


def _from_numpy(args: Arguments) -> Any:
    data = args[0]
    if isinstance(data, (TensorRecord, ArrayRecord)):
        return TensorRecord(data.shape, _dtype_name(args[1]) or data.dtype)
    return Call(GlobalName("torch._utils", "_rebuild_device_tensor_from_numpy"), args)


def _from_type(args: Arguments) -> Any:
    """Read `_rebuild_from_type_v2(function, type, arguments, state)`: the tensor that the inner function builds."""
    function, inner = args[0], args[2]
    if isinstance(function, GlobalName) and isinstance(inner, tuple) and not function.name.startswith("_rebuild_from_type"):
        return construct(function, inner)
    return Call(GlobalName("torch._tensor", "_rebuild_from_type_v2"), args)


def _ordered(args: Arguments) -> PickledDict:
    """Read a dict's constructor: from nothing, from another dict or from a list of pairs."""
    source = args[0] if args else None
    if isinstance(source, PickledDict):
        return PickledDict(list(source.pairs))
    found = PickledDict()
    for item in source if isinstance(source, (list, tuple)) else ():
        if isinstance(item, (list, tuple)) and len(item) == 2:
            found.pairs.append((item[0], item[1]))
    return found


def _items(args: Arguments) -> list[Any]:
    source = args[0] if args else ()
    return list(source.items if isinstance(source, PickledSet) else source if isinstance(source, (list, tuple)) else ())


def _encoded(args: Arguments) -> Any:
    """Read `_codecs.encode(text, "latin1")`, the way in which protocol 2 writes bytes."""
    if len(args) == 2 and isinstance(args[0], str) and args[1] in ("latin1", "latin-1"):
        return args[0].encode("latin-1", "replace")
    return Call(GlobalName("_codecs", "encode"), args)


_SCALARS = {
    "f2": "e",
    "f4": "f",
    "f8": "d",
    "i1": "b",
    "i2": "h",
    "i4": "i",
    "i8": "q",
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
    "b1": "?",
}


def _scalar(args: Arguments) -> Any:
    """Read `numpy.core.multiarray.scalar(dtype, bytes)`: a number."""
    dtype, data = args[0], args[1] if len(args) > 1 else None
    if isinstance(dtype, DtypeRecord) and isinstance(data, (bytes, str)):
        raw = data if isinstance(data, bytes) else data.encode("latin-1", "replace")
        code = _SCALARS.get(dtype.code)
        if code and len(raw) == struct.calcsize(code):
            return struct.unpack((">" if dtype.order == ">" else "<") + code, raw)[0]
    return Call(GlobalName("numpy.core.multiarray", "scalar"), args)


def _numpy_type(args: Arguments) -> DtypeRecord:
    return DtypeRecord(args[0][:40] if isinstance(args[0], str) else "")


def _from_buffer(args: Arguments) -> ArrayRecord:
    """Read `numpy.core.numeric._frombuffer(buffer, dtype, shape, order)`."""
    dtype = args[1]
    return ArrayRecord(shape_of(args[2]), numpy_dtype(dtype.code) if isinstance(dtype, DtypeRecord) else "unknown")


def _reconstructed(args: Arguments) -> Any:
    """Read `copyreg._reconstructor(class, base, state)`: an object of the class, or a plain container that it extends."""
    return Call(args[0], args[2:3])


def _first(args: Arguments) -> Any:
    return args[0] if args else None


def _path(args: Arguments) -> Any:
    """Read the parts of a `pathlib` path, or type and index of a device, as text."""
    return "/".join(str(part) for part in args[:64] if isinstance(part, (str, int)))[:300]


_PATHS = ("Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath")

_UTILS: dict[str, Callable[[Arguments], Any]] = {
    "_rebuild_tensor": _tensor,
    "_rebuild_tensor_v2": _tensor,
    "_rebuild_tensor_v3": _tensor_v3,
    "_rebuild_parameter": _parameter,
    "_rebuild_parameter_with_state": _parameter,
    "_rebuild_qtensor": _quantized,
    "_rebuild_sparse_tensor": _sparse,
    "_rebuild_meta_tensor_no_storage": _without_storage,
    "_rebuild_wrapper_subclass": _subclass,
    "_rebuild_device_tensor_from_numpy": _from_numpy,
    "_rebuild_xla_tensor": _from_numpy,
    "_rebuild_device_tensor_from_cpu_tensor": _first,
}

CONSTRUCTORS: dict[str, Callable[[Arguments], Any]] = {
    **{f"torch._utils.{name}": reader for name, reader in _UTILS.items()},
    "torch._tensor._rebuild_from_type_v2": _from_type,
    "torch.nn.parameter.Parameter": _parameter,
    "torch.nn.parameter.Buffer": _first,
    "torch.device": lambda args: _path(args).replace("/", ":"),
    **{f"{module}.{name}": _path for module in ("pathlib", "pathlib._local") for name in _PATHS},
    "torch.Size": lambda args: tuple(_items(args)),
    "torch.jit._pickle.build_intlist": _first,
    "torch.jit._pickle.build_doublelist": _first,
    "torch.jit._pickle.build_boollist": _first,
    "torch.jit._pickle.build_tensorlist": _first,
    "torch.jit._pickle.restore_type_tag": _first,
    "collections.OrderedDict": _ordered,
    "collections.Counter": _ordered,
    "collections.defaultdict": lambda args: _ordered(args[1:]),
    "collections.deque": _items,
    "builtins.dict": _ordered,
    "builtins.list": _items,
    "builtins.tuple": lambda args: tuple(_items(args)),
    "builtins.set": lambda args: PickledSet(_items(args)),
    "builtins.frozenset": lambda args: PickledSet(_items(args)),
    "copyreg._reconstructor": _reconstructed,
    "copyreg.__newobj__": lambda args: Call(args[0], args[1:]),
    "_codecs.encode": _encoded,
    "numpy.dtype": _numpy_type,
    **{
        f"{module}.multiarray.{name}": reader
        for module in ("numpy.core", "numpy._core")
        for name, reader in (("scalar", _scalar), ("_reconstruct", lambda args: ArrayRecord()))
    },
    **{f"{module}.numeric._frombuffer": _from_buffer for module in ("numpy.core", "numpy._core")},
}
"""What is understood, by the canonical dotted name of the callee. Everything else becomes a `Call`."""


def construct(function: Any, args: Arguments) -> Any:
    """Return the record of what a call would have built. Raises `FormatError` where a tensor's arguments make no sense."""
    if not isinstance(function, GlobalName):
        return Call(function, args)
    reader = CONSTRUCTORS.get(f"{canonical_module(function.module)}.{function.name}")
    if reader is None:
        return Call(function, args)
    try:
        return reader(args)
    except (IndexError, ValueError, TypeError, AttributeError) as error:
        raise FormatError(f"the arguments of {function.full[:120]} make no sense", type(error).__name__) from error


def build_array(array: ArrayRecord, state: Any) -> None:
    """Set what `ndarray.__setstate__` would: (version, shape, dtype, fortran order, data)."""
    if isinstance(state, tuple) and len(state) >= 4:
        shape, dtype = (state[1], state[2]) if len(state) >= 5 else (state[0], state[1])
        array.shape = shape_of(shape)
        array.dtype = numpy_dtype(dtype.code) if isinstance(dtype, DtypeRecord) else "unknown"
