"""torch's names for the number types of HDF5, told from sign, size and bit fields."""

from __future__ import annotations

from typing import Any

_FLOATS: dict[tuple[int, tuple[int, ...]], str] = {
    (2, (15, 10, 5, 0, 10)): "float16",
    (2, (15, 7, 8, 0, 7)): "bfloat16",
    (1, (7, 3, 4, 0, 3)): "float8_e4m3fn",
    (1, (7, 2, 5, 0, 2)): "float8_e5m2",
    (4, (31, 23, 8, 0, 23)): "float32",
    (8, (63, 52, 11, 0, 52)): "float64",
}
"""By bytes and by (sign position, exponent position and width, mantissa position and width)."""

_OTHERS = {"STRING": "holds texts", "VLEN": "holds lists", "REFERENCE": "holds references", "OPAQUE": "holds opaque bytes"}


def h5_dtype(h5py: Any, kind: Any) -> tuple[str, str]:
    """Return the type's name and "", or "" and why values of this type are no tensor."""
    h5t = h5py.h5t
    number = kind.get_class()
    if number == h5t.INTEGER:
        return f"{'int' if kind.get_sign() == h5t.SGN_2 else 'uint'}{kind.get_size() * 8}", ""
    if number == h5t.FLOAT:
        return _FLOATS.get((kind.get_size(), tuple(kind.get_fields())), f"float{kind.get_size() * 8}"), ""
    if number == h5t.ENUM:
        return ("bool", "") if _is_bool(kind) else (h5_dtype(h5py, kind.get_super())[0], "")
    if number == h5t.COMPOUND:
        if (
            kind.get_nmembers() == 2
            and all(kind.get_member_class(n) == h5t.FLOAT for n in (0, 1))
            and kind.get_member_name(0) in (b"r", b"re")
        ):
            return f"complex{kind.get_size() * 8}", ""
        return "", "is a table with named columns"
    if number == h5t.BITFIELD:
        return f"uint{kind.get_size() * 8}", ""
    return "", next((words for name, words in _OTHERS.items() if number == getattr(h5t, name)), "is of a type that is not read")


def _is_bool(kind: Any) -> bool:
    return bool(kind.get_nmembers() == 2 and {kind.get_member_name(n) for n in (0, 1)} == {b"FALSE", b"TRUE"})
