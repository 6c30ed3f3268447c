"""Statistics of a run of values that comes in pieces: bounds, mean, deviation, zeros, NaN and infinity.

Mean and deviation are merged piece by piece in double precision (Chan, Golub and LeVeque 1983, "Algorithms for computing the
sample variance"); nothing but the sums is kept. Imports numpy when the first one is made.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

from auditor.facts import TensorValues
from auditor.formats.dtypes import item_bytes

_NUMPY_TYPES = {
    "float64": "f8",
    "float32": "f4",
    "float16": "f2",
    "bfloat16": "u2",  # the upper half of a float32
    "int64": "i8",
    "int32": "i4",
    "int16": "i2",
    "int8": "i1",
    "uint64": "u8",
    "uint32": "u4",
    "uint16": "u2",
    "uint8": "u1",
    "bool": "u1",
}
"""Types of which statistics are taken, by numpy's codes; of all others the digest alone."""


class RunningValues:
    """The digest and the statistics of one tensor's bytes, given in order in pieces of any length."""

    def __init__(self, dtype: str, big_endian: bool = False) -> None:
        code = _NUMPY_TYPES.get(dtype)
        self._code = code and (">" if big_endian else "<") + code
        self._bfloat = dtype == "bfloat16"
        self._item = item_bytes(dtype) or 1
        self._digest = hashlib.sha256()
        self._rest = b""
        self._count = 0  # finite elements
        self._zeros = self._nan = self._infinite = 0
        self._minimum, self._maximum = math.inf, -math.inf
        self._mean = self._squares = 0.0

    def add(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        self._digest.update(data)
        if self._code is None:
            return
        if self._rest or len(data) % self._item:
            joined = self._rest + bytes(data)
            whole = len(joined) - len(joined) % self._item
            data, self._rest = joined[:whole], joined[whole:]
        if len(data):
            self._merge(self._numbers(data))

    def result(self, name: str, elements: int, strided: bool) -> TensorValues:
        """Return what was found."""
        seen = self._count + self._nan + self._infinite
        known = self._count > 0
        return TensorValues(
            name=name,
            sha256=self._digest.hexdigest(),
            elements=elements,
            minimum=self._minimum if known else None,
            maximum=self._maximum if known else None,
            mean=self._mean if known and math.isfinite(self._mean) else None,
            std=math.sqrt(max(0.0, self._squares / self._count)) if known and math.isfinite(self._squares) else None,
            zeros=self._zeros / seen if seen else None,
            nan=self._nan,
            infinite=self._infinite,
            strided=strided,
        )

    def _numbers(self, data: bytes | memoryview) -> Any:
        """Return a piece as numbers of double precision."""
        import numpy

        raw = numpy.frombuffer(data, dtype=self._code)
        if self._bfloat:
            raw = (raw.astype("u4") << 16).view("f4")
        with numpy.errstate(invalid="ignore"):  # a signalling NaN is told of below
            return raw.astype("f8")

    def _merge(self, numbers: Any) -> None:
        import numpy

        with numpy.errstate(over="ignore", invalid="ignore"):
            total = float(numbers.sum())
            if not math.isfinite(total):  # something in it is not finite, or the sum overflows
                numbers = self._finite(numbers)
                total = float(numbers.sum())
            count = len(numbers)
            if not count:
                return
            self._zeros += count - int(numpy.count_nonzero(numbers))
            self._minimum = min(self._minimum, float(numbers.min()))
            self._maximum = max(self._maximum, float(numbers.max()))
            mean = total / count
            numbers -= mean
            squares = float(numpy.dot(numbers, numbers))
            ahead = self._count + count
            off = mean - self._mean
            self._mean += off * (count / ahead)
            self._squares += squares + off * off * (self._count * count / ahead)
            self._count = ahead

    def _finite(self, numbers: Any) -> Any:
        import numpy

        nan = int(numpy.isnan(numbers).sum())
        kept = numbers[numpy.isfinite(numbers)]
        self._nan += nan
        self._infinite += len(numbers) - len(kept) - nan
        return kept
