"""Small builders of the formats that are made of protobuf messages, sorted tables and flatbuffers, written from their documentation."""

from __future__ import annotations

import math
import struct

MAGIC = bytes.fromhex("57fb808b247547db")


def number(value: int) -> bytes:
    """Return an unsigned varint."""
    value %= 1 << 64
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(index: int, value: int | bytes | str, length: int | None = None) -> bytes:
    """Return one field: a varint for a number, a length and bytes for the rest (the length may lie)."""
    if isinstance(value, int):
        return number(index << 3) + number(value)
    raw = value.encode() if isinstance(value, str) else value
    return number(index << 3 | 2) + number(len(raw) if length is None else length) + raw


def message(*fields: tuple[int, int | bytes | str]) -> bytes:
    return b"".join(field(index, value) for index, value in fields)


def floats(shape: tuple[int, ...]) -> bytes:
    return bytes(4 * math.prod(shape))


# ------------------------------------------------------------------------------------------------------------------- ONNX


def onnx_tensor(name: str, shape: tuple[int, ...], code: int = 1, raw: bytes | None = None, **outside: str) -> bytes:
    """Return a TensorProto; with keyword arguments its values lie elsewhere."""
    out = b"".join(field(1, size) for size in shape) + field(2, code) + field(8, name)
    if outside:
        return out + b"".join(field(13, message((1, key), (2, value))) for key, value in outside.items()) + field(14, 1)
    return out + field(9, floats(shape) if raw is None else raw)


def onnx_node(kind: str, inputs: list[str], outputs: list[str], *attributes: bytes) -> bytes:
    parts = [field(1, name) for name in inputs] + [field(2, name) for name in outputs] + [field(4, kind)]
    return b"".join(parts + [field(5, attribute) for attribute in attributes])


def onnx_model(initializers: list[bytes], nodes: list[bytes] = (), more: bytes = b"", graph_more: bytes = b"") -> bytes:
    graph = b"".join(field(1, node) for node in nodes) + field(2, "main_graph") + b"".join(field(5, item) for item in initializers)
    head = message((1, 8), (2, "pytorch"), (3, "2.1.0"))
    return head + field(7, graph + graph_more) + field(8, message((1, ""), (2, 17))) + more


# ------------------------------------------------------------------------------------------------------------- TensorFlow


def tf_shape(shape: tuple[int, ...]) -> bytes:
    return b"".join(field(2, field(1, size)) for size in shape)


def tf_const(name: str, shape: tuple[int, ...], code: int = 1, content: bytes | None = None) -> bytes:
    """Return a NodeDef of a Const."""
    tensor = field(1, code) + field(2, tf_shape(shape)) + field(4, floats(shape) if content is None else content)
    return tf_node(name, "Const", message((1, "dtype"), (2, field(6, code))), message((1, "value"), (2, field(8, tensor))))


def tf_node(name: str, kind: str, *attributes: bytes) -> bytes:
    return field(1, name) + field(2, kind) + b"".join(field(5, attribute) for attribute in attributes)


def tf_graph(*nodes: bytes, library: bytes = b"") -> bytes:
    out = b"".join(field(1, node) for node in nodes) + field(4, field(1, 1395))
    return out + (field(2, library) if library else b"")


def tf_function(name: str, *nodes: bytes) -> bytes:
    return field(1, field(1, field(1, name)) + b"".join(field(3, node) for node in nodes))


def saved_model(graph: bytes) -> bytes:
    about = field(4, "serve") + field(5, "2.15.0")
    return field(1, 1) + field(2, field(1, about) + field(2, graph))


def snappy_literals(data: bytes) -> bytes:
    """Return data as a snappy block of literals, with a copy where a block of zeros repeats."""
    out = bytearray(number(len(data)))
    at = 0
    while at < len(data):
        chunk = data[at : at + 60]
        out += bytes([(len(chunk) - 1) << 2]) + chunk
        at += len(chunk)
        run = 0
        while run < 64 and at + run < len(data) and data[at + run] == data[at - 1]:
            run += 1
        if run >= 4:
            out += bytes([(run - 1) << 2 | 2]) + struct.pack("<H", 1)
            at += run
    return bytes(out)


def table_block(entries: list[tuple[bytes, bytes]], every: int = 16) -> bytes:
    """Return a block with shared prefixes and restarts, as LevelDB writes it."""
    out, restarts, before = bytearray(), [], b""
    for n, (key, value) in enumerate(entries):
        shared = 0
        if n % every == 0:
            restarts.append(len(out))
        else:
            while shared < min(len(before), len(key)) and before[shared] == key[shared]:
                shared += 1
        out += number(shared) + number(len(key) - shared) + number(len(value)) + key[shared:] + value
        before = key
    restarts = restarts or [0]
    return bytes(out) + struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts))


def sorted_table(entries: list[tuple[bytes, bytes]], *, packed: bool = False, per_block: int = 40) -> bytes:
    """Return a whole table: data blocks, an empty block of meta data, the index, the footer."""
    out = bytearray()

    def add(block: bytes) -> bytes:
        data = snappy_literals(block) if packed else block
        place = number(len(out)) + number(len(data))
        out.extend(data + bytes([packed]) + bytes(4))
        return place

    blocks = [entries[at : at + per_block] for at in range(0, len(entries), per_block)]
    index = [(block[-1][0] + b"\xff", add(table_block(block))) for block in blocks[:-1]]
    last = blocks[-1][-1][0]
    index.append((bytes([last[0] + 1]) if last and last[0] < 255 else b"\xff", add(table_block(blocks[-1]))))
    meta, places = add(table_block([])), add(table_block(index, 1))
    return bytes(out) + (meta + places).ljust(40, b"\x00") + MAGIC


def bundle_entry(
    shape: tuple[int, ...], code: int = 1, size: int | None = None, shard: int = 0, offset: int = 0, more: bytes = b""
) -> bytes:
    width = {1: 4, 2: 8, 3: 4, 7: 1, 9: 8, 14: 2, 19: 2}[code]
    length = math.prod(shape) * width if size is None else size
    parts = field(1, code) + field(2, tf_shape(shape)) + (field(3, shard) if shard else b"") + (field(4, offset) if offset else b"")
    parts += field(5, length)
    return parts + number(6 << 3 | 5) + bytes(4) + more


def bundle(variables: dict[str, bytes], shards: int = 1, *, packed: bool = False, per_block: int = 40) -> bytes:
    """Return the `.index` of a checkpoint of version 2."""
    header = field(1, shards) + field(3, field(1, 1))
    entries = [(b"", header), *sorted((name.encode("latin-1"), value) for name, value in variables.items())]
    return sorted_table(entries, packed=packed, per_block=per_block)


def checkpoint_v1(variables: dict[str, tuple[tuple[int, ...], int]], *, packed: bool = True, values: int = 3) -> bytes:
    """Return a checkpoint of version 1: the list of tensors under the empty key, then values."""
    metas = [field(1, message((1, name), (2, tf_shape(shape)), (3, code))) for name, (shape, code) in variables.items()]
    entries = [(b"", field(1, b"".join(metas) + field(2, field(1, 1))))]
    entries += [(b"\x00" + name.encode(), field(2, field(1, name) + field(3, bytes(1000)))) for name in sorted(variables)[:values]]
    return sorted_table(entries, packed=packed, per_block=2)


# ------------------------------------------------------------------------------------------------------------------ Caffe


def caffe_blob(shape: tuple[int, ...], *, legacy: bool = False, data: bytes | None = None) -> bytes:
    raw = field(5, floats(shape) if data is None else data)
    if legacy:
        filled = (1,) * (4 - len(shape)) + shape
        return b"".join(field(n, size) for n, size in enumerate(filled, 1)) + raw
    return raw + field(7, field(1, b"".join(number(size) for size in shape)))


def caffe_layer(name: str, kind: str, *blobs: bytes) -> bytes:
    """Return a layer of today's form, as a field of the net."""
    parts = message((1, name), (2, kind), (3, "data"), (4, name))
    return field(100, parts + b"".join(field(7, blob) for blob in blobs))


def caffe_layer_v1(name: str, kind: int, *blobs: bytes) -> bytes:
    parts = message((2, "data"), (3, name), (4, name), (5, kind))
    return field(2, parts + b"".join(field(6, blob) for blob in blobs))


# ----------------------------------------------------------------------------------------------------------------- MXNet


def mxnet_array(shape: tuple[int, ...], code: int = 0, form: int = 2, width: int = 4) -> bytes:
    """Return an NDArray of one of the four forms (0 to 3)."""
    where = struct.pack("<iii", 1, 0, code) + bytes(math.prod(shape) * width)
    if form == 0:
        return struct.pack(f"<I{len(shape)}I", len(shape), *shape) + where
    sizes = struct.pack(f"<i{len(shape)}q", len(shape), *shape)
    if form == 1:
        return struct.pack("<I", 0xF993FAC8) + sizes + where
    return struct.pack("<Ii", 0xF993FAC9 if form == 2 else 0xF993FACA, 0) + sizes + where


def mxnet_rows(rows: int, shape: tuple[int, ...]) -> bytes:
    """Return a row-sparse NDArray."""
    stored = (rows, *shape[1:])
    out = struct.pack(f"<Iii{len(stored)}q", 0xF993FAC9, 1, len(stored), *stored) + struct.pack(f"<i{len(shape)}q", len(shape), *shape)
    out += struct.pack("<iii", 1, 0, 0) + struct.pack("<iiq", 6, 1, rows)
    return out + floats(stored) + bytes(8 * rows)


def mxnet_params(arrays: list[tuple[str, bytes]], *, named: bool = True) -> bytes:
    names = [name.encode() for name, _ in arrays] if named else []
    out = struct.pack("<QQQ", 0x112, 0, len(arrays)) + b"".join(array for _, array in arrays)
    return out + struct.pack("<Q", len(names)) + b"".join(struct.pack("<Q", len(name)) + name for name in names)


# --------------------------------------------------------------------------------------------------------------- Core ML


def coreml_weights(count: int, half: bool = False) -> bytes:
    return field(2, bytes(2 * count)) if half else field(1, bytes(4 * count))


def coreml_model(network: bytes, kind: int = 500) -> bytes:
    about = field(1, field(1, "image")) + field(10, field(1, "out")) + field(100, field(3, "an author"))
    return field(1, 4) + field(2, about) + field(kind, network)


def coreml_layer(name: str, kind: int, params: bytes) -> bytes:
    """Return a layer as a field of the network."""
    return field(1, message((1, name), (2, "in"), (3, "out")) + field(kind, params))


def mil_type(code: int, shape: tuple[int, ...]) -> bytes:
    return field(1, field(1, code) + field(2, len(shape)) + b"".join(field(3, field(1, field(1, size))) for size in shape))


def mil_const(name: str, code: int, shape: tuple[int, ...], file: str | None = None, kind: str = "const") -> bytes:
    """Return an operation of a block that is a constant."""
    output = field(3, field(1, name) + field(2, mil_type(code, shape)))
    value = field(5, field(1, file) + field(2, 64)) if file else field(3, field(1, field(1, field(1, floats(shape)))))
    attribute = field(5, field(1, "val") + field(2, field(2, mil_type(code, shape)) + value))
    return field(3, field(1, kind) + output + attribute)


def mil_program(*operations: bytes) -> bytes:
    block = b"".join(operations)
    function = field(2, "CoreML5") + field(3, field(1, "CoreML5") + field(2, block))
    return field(1, 1) + field(2, field(1, "main") + field(2, function))


# --------------------------------------------------------------------------------------------------------------- TFLite


class Flat:
    """A flatbuffer that is written front to back: tables first, what they point to behind them."""

    def __init__(self, identifier: bytes = b"TFL3") -> None:
        self.data = bytearray(4) + identifier

    def table(self, fields: dict[int, tuple[str, int]], children: tuple[int, ...] = ()) -> tuple[int, dict[int, int]]:
        """Write a table with numbers, and room for offsets; return its place and the places of those."""
        slots = [0] * (1 + max([*fields, *children], default=-1))
        body, at = bytearray(), 4
        for index, (form, value) in fields.items():
            slots[index], at = at, at + struct.calcsize("<" + form)
            body += struct.pack("<" + form, value)
        for index in children:
            slots[index], at = at, at + 4
            body += bytes(4)
        vtable = struct.pack(f"<HH{len(slots)}H", 4 + 2 * len(slots), at, *slots)
        self.data += vtable
        place = len(self.data)
        self.data += struct.pack("<i", len(vtable)) + body
        return place, {index: place + slots[index] for index in children}

    def point(self, place: int, target: int | None = None) -> None:
        """Let an offset point to a place, by default to what is written next."""
        struct.pack_into("<I", self.data, place, (len(self.data) if target is None else target) - place)

    def vector(self, form: str, values: tuple[int, ...]) -> int:
        self.data += struct.pack("<I", len(values))
        place = len(self.data)
        self.data += struct.pack(f"<{len(values)}{form}", *values)
        return place

    def raw(self, data: bytes) -> None:
        self.data += struct.pack("<I", len(data)) + data


def tflite(tensors: list[tuple[str, tuple[int, ...], int, bytes | None, bool]], *, scattered: bool = True) -> bytes:
    """Return a model of tensors (name, shape, type, values or None, quantized); scattered: each beside its values."""
    flat = Flat()
    model, places = flat.table({0: ("I", 3)}, (2, 4, 3))
    flat.point(0, model)
    flat.point(places[3])
    flat.raw(b"a description")
    flat.point(places[2])
    graphs = flat.vector("I", (0,))
    flat.point(places[4])
    count = 1 + sum(data is not None for _, _, _, data, _ in tensors)
    buffers = flat.vector("I", (0,) * count)
    only, graph = flat.table({}, (0,))
    flat.point(graphs, only)
    flat.point(graph[0])
    offsets = flat.vector("I", (0,) * len(tensors))
    waiting: list[tuple[int, bytes]] = []
    empty, _ = flat.table({})
    flat.point(buffers, empty)
    index = 0
    for n, (name, shape, code, data, quantized) in enumerate(tensors):
        if data is not None:
            index += 1
        fields = {1: ("B", code), **({2: ("I", index)} if data is not None else {})}
        table, held = flat.table(fields, (0, 3, 4) if quantized else (0, 3))
        flat.point(offsets + 4 * n, table)
        flat.point(held[0])
        flat.vector("i", shape)
        flat.point(held[3])
        flat.raw(name.encode())
        if quantized:
            scales, inner = flat.table({}, (2,))
            flat.point(held[4], scales)
            flat.point(inner[2])
            flat.raw(struct.pack("<f", 0.1))
            struct.pack_into("<I", flat.data, len(flat.data) - 8, 1)
        if data is not None:
            waiting.append((buffers + 4 * index, data))
        if scattered or n == len(tensors) - 1:
            for slot, values in waiting:
                buffer, child = flat.table({}, (0,))
                flat.point(slot, buffer)
                flat.point(child[0])
                flat.raw(values)
            waiting = []
    return bytes(flat.data)
