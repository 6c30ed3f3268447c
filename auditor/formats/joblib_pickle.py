"""joblib's pickles: every array is announced by a `NumpyArrayWrapper`, and its raw bytes stand right behind it in the stream.

See joblib/numpy_pickle.py (`NumpyArrayWrapper.write_array`). Arrays of objects are pickles within the pickle, which are walked in
the same way. Older files (before 0.10) keep arrays in files of their own and name them. Compressed ones are opened before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint
from auditor.formats.assembly import make_checkpoint
from auditor.formats.dtypes import numpy_dtype
from auditor.formats.extents import ByteStream
from auditor.formats.interface import Limits
from auditor.formats.pickle_constructors import shape_of
from auditor.formats.pickle_machine import Machine
from auditor.formats.pickle_safety import judge
from auditor.formats.pickle_values import ArrayRecord, Call, DtypeRecord, PickledDict
from auditor.formats.pickle_walker import walk

_WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
_DEEPEST = 8
_PLAIN = {("joblib.numpy_pickle", "NumpyArrayWrapper"), ("numpy", "ndarray"), ("numpy.matrixlib.defmatrix", "matrix"), ("numpy", "memmap")}


class Joblib:
    """Reads pickles of joblib with arrays between the opcodes."""

    name = "joblib"

    def accepts(self, head: bytes, size: int) -> bool:
        """Tell whether a pickle names joblib's wrapper near its front."""
        return head[:1] == b"\x80" and b"joblib.numpy_pickle" in head and b"NumpyArrayWrapper" in head

    def read(self, blob: Blob, limits: Limits) -> Checkpoint:
        """Return the checkpoint. Raises `FormatError` and `NetworkError`."""
        stream = ByteStream(blob, 0, limits.header_bytes)
        walked = walk(stream, limits, machine=_JoblibMachine)
        names = {key: called for key, called in walked.names.items() if key not in _PLAIN}
        return make_checkpoint(
            walked.value,
            walked.storages,
            limits,
            format=self.name,
            saved_as=None,
            sha256=stream.sha256(),
            header_name="pickle",
            safety=judge(names),
            size=blob.size,
        )


class _JoblibMachine(Machine):
    """A machine that passes over the raw bytes that follow a wrapper."""

    def __init__(self, stream: ByteStream, limits: Limits, known: Mapping[str, Any]) -> None:
        super().__init__(stream, limits, known)
        self.depth = 0

    def build(self) -> None:
        """Set a state; where it is a wrapper's, put the array in its place in stack and memo and pass over its values."""
        super().build()
        target = self.stack[-1]
        if not isinstance(target, Call) or target.full != _WRAPPER or not isinstance(target.state, PickledDict):
            return
        array, size, alignment = _announced(target.state)
        if size is None:
            self.nested()
        else:
            if isinstance(alignment, int):
                self.skip(self.take(1)[0])
            if size > self.stream.remaining:
                self.stream.skip(size)  # raises the error of a cut file
            self.skip(size)
        self.stack[-1] = array
        for index in range(len(self.memo) - 1, max(-1, len(self.memo) - 64), -1):
            if self.memo.get(index) is target:
                self.memo[index] = array

    def nested(self) -> None:
        """Walk the pickle of an array of objects; what it names counts, what it holds does not."""
        self.depth += 1
        if self.depth > _DEEPEST * 1000:
            raise LimitError("the joblib file holds more pickles within pickles than is allowed")
        inner = walk(self.stream, self.limits)
        for key, called in inner.names.items():
            self.names[key] = self.names.get(key, False) or called


def _announced(state: PickledDict) -> tuple[ArrayRecord, int | None, Any]:
    """Return the array, the bytes of its values (None for objects) and the alignment. Raises `FormatError`."""
    kind, shape = state.get("dtype"), shape_of(state.get("shape"))
    if not isinstance(kind, DtypeRecord):
        raise FormatError("an array of the joblib file has no type")
    code = kind.code.lstrip("<>=|")
    if code.startswith("O"):
        return ArrayRecord(shape, "O"), None, None
    digits = code[1:]
    if not digits.isdigit() or len(digits) > 6:
        width = {"?": 1}.get(code)
        if width is None:
            raise FormatError("an array of the joblib file is of a type whose size is not known", code[:40])
    else:
        width = int(digits) * (4 if code[0] == "U" else 1)
    return ArrayRecord(shape, numpy_dtype(kind.code)), math.prod(shape) * width, state.get("numpy_array_alignment_bytes")
