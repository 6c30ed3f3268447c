"""Small files of many formats, built by code after their specifications, for the tests and sweeps of their readers."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterable

import numpy as np
from format_files import zipped

GGML = {"f32": (0, 1, 4), "f16": (1, 1, 2), "q4_0": (2, 32, 18), "q6_k": (14, 256, 210), "bf16": (30, 1, 2)}


def gguf(
    tensors: Iterable[tuple[str, tuple[int, ...], str]],
    entries: Iterable[tuple[str, object]] = (("general.architecture", "llama"),),
    *,
    version: int = 3,
    order: str = "<",
    values: bool = True,
) -> bytes:
    """Return a GGUF file; shapes as torch has them."""
    wide = "I" if version == 1 else "Q"

    def number(code: str, value: object) -> bytes:
        return struct.pack(order + code, value)

    def text(value: str) -> bytes:
        return number(wide, len(value.encode())) + value.encode()

    def said(value: object) -> bytes:
        if isinstance(value, bool):
            return number("I", 7) + number("?", value)
        if isinstance(value, int):
            return number("I", 4) + number("I", value)
        if isinstance(value, float):
            return number("I", 6) + number("f", value)
        if isinstance(value, str):
            return number("I", 8) + text(value)
        items = list(value)
        if items and isinstance(items[0], str):
            return number("I", 9) + number("I", 8) + number(wide, len(items)) + b"".join(map(text, items))
        return number("I", 9) + number("I", 6) + number(wide, len(items)) + b"".join(number("f", item) for item in items)

    listed, pairs = list(tensors), list(entries)
    out = b"GGUF" + number("I", version) + number(wide, len(listed)) + number(wide, len(pairs))
    out += b"".join(text(key) + said(value) for key, value in pairs)
    at = 0
    for name, shape, kind in listed:
        code, block, size = GGML[kind]
        out += (
            text(name) + number("I", len(shape)) + b"".join(number(wide, n) for n in reversed(shape)) + number("I", code) + number("Q", at)
        )
        at += (int(np.prod(shape)) // block * size + 31) // 32 * 32
    return out + bytes(-len(out) % 32) + (bytes(at) if values else b"")


def packed(value: object) -> bytes:
    """Return msgpack of plain values and numpy arrays, as Flax writes it."""
    if isinstance(value, np.ndarray):
        raw = value.tobytes()
        inner = packed([list(value.shape), value.dtype.name, raw])
        return b"\xc9" + struct.pack(">I", len(inner)) + b"\x01" + inner
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if value is None:
        return b"\xc0"
    if isinstance(value, int):
        return bytes([value]) if 0 <= value < 128 else b"\xd3" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        raw = value.encode()
        return (bytes([0xA0 | len(raw)]) if len(raw) < 32 else b"\xda" + struct.pack(">H", len(raw))) + raw
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, dict):
        head = bytes([0x80 | len(value)]) if len(value) < 16 else b"\xde" + struct.pack(">H", len(value))
        return head + b"".join(packed(key) + packed(item) for key, item in value.items())
    head = bytes([0x90 | len(value)]) if len(value) < 16 else b"\xdc" + struct.pack(">H", len(value))
    return head + b"".join(packed(item) for item in value)


def chunked(array: np.ndarray, count: int) -> dict[str, object]:
    """Return an array as Flax splits one of more than a gigabyte."""
    parts = np.array_split(array.reshape(-1), count)
    return {
        "__msgpack_chunked_array__": True,
        "shape": {str(n): size for n, size in enumerate(array.shape)},
        "chunks": {str(n): part for n, part in enumerate(parts)},
    }


def flax_state() -> dict[str, object]:
    return {
        "step": 7,
        "params": {
            "conv": {"kernel": np.zeros((3, 3, 4, 8), "f4"), "bias": np.zeros(8, "f4")},
            "head": {"kernel": np.zeros((8, 10), "f2")},
        },
        "batch_stats": {"bn": {"mean": np.zeros(8, "f4")}},
        "opt_state": {"0": {"mu": {"conv": np.zeros((3, 3, 4, 8), "f4")}, "count": 7}},
    }


def hdf5(fill, **options: object) -> bytes:
    """Return an HDF5 file that `fill` has written into."""
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        fill(file)
    return buffer.getvalue()


def fill_keras(file: object, width: int = 8, layers: int = 3, vlen: bool = True) -> None:
    """Write what Keras 2 writes with `model.save("a.h5")`."""
    import h5py

    def names(values: list[str]) -> object:
        return np.array(values, dtype=h5py.string_dtype()) if vlen else np.array([value.encode() for value in values])

    config = {"class_name": "Functional", "config": {"name": "tiny_net", "layers": []}}
    file.attrs["keras_version"] = "2.11.0"
    file.attrs["backend"] = "tensorflow"
    file.attrs["model_config"] = json.dumps(config)
    file.attrs["training_config"] = json.dumps({"loss": "mse", "optimizer_config": {"class_name": "Adam", "config": {}}})
    weights = file.create_group("model_weights")
    listed = []
    for n in range(layers):
        layer = f"z_conv2d_{n}" if n == 0 else f"conv2d_{n}"
        listed.append(layer)
        group = weights.create_group(layer)
        group.attrs["weight_names"] = names([f"{layer}/kernel:0", f"{layer}/bias:0"])
        group.create_dataset(f"{layer}/kernel:0", data=np.zeros((3, 3, width, width), "f4"))
        group.create_dataset(f"{layer}/bias:0", data=np.zeros(width, "f4"))
    bn = weights.create_group("bn")
    listed.append("bn")
    bn.attrs["weight_names"] = names(["bn/gamma:0", "bn/moving_mean:0"])
    bn["bn/gamma:0"] = np.zeros(width, "f4")
    bn["bn/moving_mean:0"] = np.zeros(width, "f4")
    weights.attrs["layer_names"] = names(listed)
    file["optimizer_weights/Adam/iter:0"] = np.int64(3)
    file["optimizer_weights/Adam/m:0"] = np.zeros((3, 3, width, width), "f4")


def fill_keras3(file: object) -> None:
    """Write what Keras 3 writes as `model.weights.h5`."""
    for path, shape in (
        ("layers/conv2d/vars/0", (3, 3, 3, 8)),
        ("layers/conv2d/vars/1", (8,)),
        *((f"layers/batch_normalization/vars/{n}", (8,)) for n in range(4)),
        ("optimizer/vars/0", ()),
        ("optimizer/vars/1", (3, 3, 3, 8)),
    ):
        file[path] = np.zeros(shape, "f4")


def keras_archive(deflate: bool = False, layers: tuple[str, ...] = ("Conv2D",)) -> bytes:
    config = {
        "class_name": "Sequential",
        "config": {"name": "sequential_1", "layers": [{"class_name": name, "config": {}} for name in layers]},
        "compile_config": {"optimizer": {"class_name": "AdamW", "config": {}}},
    }
    items = [("metadata.json", json.dumps({"keras_version": "3.5.0"}).encode()), ("config.json", json.dumps(config).encode())]
    return zipped([*items, ("model.weights.h5", hdf5(fill_keras3))], deflate=deflate)


def openvino(body: str = "", version: str = "11") -> bytes:
    layers = body or (
        '<layer id="0" name="input" type="Parameter" version="opset1"><data shape="1,3,224,224" element_type="f32"/></layer>'
        '<layer id="1" name="conv1.weight" type="Const" version="opset1"><data element_type="f16" shape="64, 3, 7, 7" offset="0" size="18816"/>'
        '<output><port id="0" precision="FP16"><dim>64</dim></port></output></layer>'
        '<layer id="2" name="axes" type="Const" version="opset1"><data element_type="i64" shape="" offset="18816" size="8"/></layer>'
        '<layer id="3" name="conv1" type="Convolution" version="opset1"><data strides="2, 2"/></layer>'
    )
    return f'<?xml version="1.0"?>\n<net name="resnet" version="{version}"><layers>{layers}</layers><edges/></net>'.encode()


NCNN = b"""7767517
6 6
Input            data    0 1 data 0=224 1=224 2=3
Convolution      conv1   1 1 data c1 0=64 1=7 11=7 3=2 4=3 5=1 6=9408 9=1
ConvolutionDepthWise dw  1 1 c1 c2 0=64 1=3 5=0 6=576 7=64
BatchNorm        bn      1 1 c2 c3 0=64
LSTM             rnn     1 1 c3 c4 0=8 1=100
InnerProduct     fc      1 1 c4 out 0=10 1=1 2=640 -23310=2,0.1,0.2
"""

INDEX = json.dumps(
    {
        "metadata": {"total_size": 12},
        "weight_map": {"a": "m-00001-of-00002.safetensors", "b": "m-00001-of-00002.safetensors", "c": "m-00002-of-00002.safetensors"},
    }
).encode()


def darknet(values: int = 5000, minor: int = 2) -> bytes:
    rng = np.random.default_rng(0)
    head = struct.pack("<3i", 0, minor, 0) + struct.pack("<q" if minor >= 2 else "<i", 32013312)
    return head + rng.standard_normal(values).astype("<f4").tobytes()
