"""What is read of every format, local and remote: the rows of the README's table, in the order in which readers are asked.

A reader may carry a `statement` of its own; else it is looked up here by its name; a newcomer without either gets a row from
its docstrings, so that no format is read and not told.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

from auditor.formats.interface import HeaderReader

HEADER = "its header"
_TWO = "its end and its pickle: 2 requests"


@dataclass(frozen=True, slots=True)
class FormatStatement:
    """One row of the table: in a few words each, for people who choose a tool."""

    title: str
    recognized_by: str
    reads: str
    remote: str = HEADER  # what is fetched of a remote file
    extra: str = ""  # the optional extra that it needs


NAMES_SHAPES = "names, shapes, types"

STATEMENTS: dict[str, FormatStatement] = {
    "torch_zip": FormatStatement(
        "PyTorch zip (`.pth`, `.pt`, `.ckpt`, `.bin`, Lightning, DeepSpeed), TorchScript",
        "zip with `data.pkl`",
        NAMES_SHAPES + ", tied storages, optimizer, epoch, metrics, what the pickle would call",
        _TWO,
    ),
    "torch_legacy": FormatStatement(
        "PyTorch before 1.6", "magic number in a pickle", "as the zip", "the pickles at its front: 1 or 2 requests"
    ),
    "torch_tar": FormatStatement(
        "PyTorch 0.1", "tar with `sys_info`, `pickle`, `storages`, `tensors`", "as the zip", "headers of its members"
    ),
    "safetensors": FormatStatement("safetensors", "length and JSON header", NAMES_SHAPES + ", metadata", "its header: 1 or 2 requests"),
    "safetensors_index": FormatStatement(
        "index of shards", "JSON with `weight_map`", "which shard holds which tensor", "the whole (kilobytes)"
    ),
    "torch_dcp": FormatStatement(
        "PyTorch distributed (`.metadata`)", "pickle of its metadata class", NAMES_SHAPES, "the whole `.metadata`"
    ),
    "torch_export": FormatStatement("torch.export (`.pt2`)", "zip with `archive_format`", NAMES_SHAPES, "its directory and its JSON"),
    "joblib": FormatStatement(
        "joblib", "pickle with `NumpyArrayWrapper`", NAMES_SHAPES + ", what the pickle would call", "between the arrays"
    ),
    "pickle": FormatStatement(
        "plain pickles (detectron2 `.pkl`, `.pdparams`, any)", "pickle opcodes", NAMES_SHAPES + ", what it would call", "between the arrays"
    ),
    "npz": FormatStatement("numpy archive", "zip of `.npy`", NAMES_SHAPES, "its directory and the head of each member"),
    "npy": FormatStatement("numpy array", "magic number", "shape, type"),
    "hdf5": FormatStatement(
        "HDF5, Keras `.h5`, `.weights.h5`", "signature", NAMES_SHAPES + ", Keras's order and configuration", "its groups", "hdf5"
    ),
    "keras_v3": FormatStatement(
        "Keras 3 (`.keras`)", "zip with `config.json`, `model.weights.h5`", "as HDF5", "its directory and groups", "hdf5"
    ),
    "gguf": FormatStatement("GGUF", "magic number", NAMES_SHAPES + ", metadata"),
    "flax_msgpack": FormatStatement("Flax msgpack", "map of extension type 1", NAMES_SHAPES, "between the arrays"),
    "openvino": FormatStatement("OpenVINO IR (`.xml`)", "XML of layers", NAMES_SHAPES, "the whole XML"),
    "ncnn": FormatStatement("ncnn (`.param`)", "first line", "names, shapes that follow from the layers", "the whole text"),
    "orbax": FormatStatement("Orbax, zarr", "their own files", "named, not read: the names lie in other files"),
    "darknet": FormatStatement("Darknet `.weights`", "version numbers and size", "named, not read: there are no names in it"),
    "mxnet": FormatStatement("MXNet `.params`", "magic number", NAMES_SHAPES, "between the arrays"),
    "tflite": FormatStatement("TensorFlow Lite", "`TFL3`", NAMES_SHAPES + " of constants"),
    "tensorflow_checkpoint": FormatStatement(
        "TensorFlow checkpoint (`.index`; version 1)", "table's magic number", NAMES_SHAPES, "its table"
    ),
    "onnx": FormatStatement("ONNX", "protobuf with a graph", NAMES_SHAPES + " of initializers, external data too", "between the values"),
    "coreml_values": FormatStatement(
        "Values of a Core ML program (`weight.bin`)", "its first record", "named: the names lie in `model.mlmodel`"
    ),
    "coreml": FormatStatement("Core ML `.mlmodel`", "protobuf of its specification", "layers, shapes", "between the values"),
    "saved_model": FormatStatement(
        "TensorFlow SavedModel (`saved_model.pb`)", "protobuf with meta graphs", "constants, or where its variables are"
    ),
    "tensorflow_meta_graph": FormatStatement("TensorFlow `.meta`", "protobuf MetaGraphDef", "named: it holds no weights"),
    "tensorflow_graph": FormatStatement(
        "TensorFlow frozen graph (`.pb`)", "protobuf GraphDef", NAMES_SHAPES + " of constants", "between the values"
    ),
    "caffe": FormatStatement("Caffe `.caffemodel`", "protobuf NetParameter", "layers, shapes", "between the values"),
}
"""Rows of readers that carry no statement of their own, by their names."""

CONTAINERS: tuple[FormatStatement, ...] = (
    FormatStatement("zip, also nested", "magic number", "every checkpoint within", "its directory and what its members need"),
    FormatStatement("tar", "header and checksum", "every checkpoint within", "headers of its members and what they need"),
    FormatStatement("gzip, bzip2, xz", "magic number", "the file or the tar within", "its front, up to a limit"),
    FormatStatement("Zstandard", "magic number", "the file or the tar within", "its front, up to a limit", "zstd"),
    FormatStatement("7z", "magic number", "every checkpoint within", "its directory and what its members need"),
    FormatStatement("rar, LZ4, parts of a split zip, 7z or rar", "magic number, names", "named, not read, the parts as one", "their front"),
)
"""What holds files, to `Limits.depth` within each other."""

NO_CHECKPOINTS = FormatStatement(
    "HTML pages, Git LFS pointers, error texts, pictures, empty and truncated files",
    "their first bytes and their length",
    "told by name, never as a checkpoint",
    "their front",
)
"""What comes in place of a checkpoint."""


def rows(readers: Iterable[HeaderReader] | None = None) -> tuple[FormatStatement, ...]:
    """Return a row for each reader and each kind of container, and one for what is no checkpoint."""
    if readers is None:
        from auditor.formats.reading import READERS

        readers = READERS
    return (*(statement_of(reader) for reader in readers), *CONTAINERS, NO_CHECKPOINTS)


def statement_of(reader: HeaderReader) -> FormatStatement:
    """Return what a reader states of itself, what stands here under its name, or what its docstrings say."""
    own = getattr(reader, "statement", None)
    if isinstance(own, FormatStatement):
        return own
    return STATEMENTS.get(reader.name) or _from_docstrings(reader)


def _from_docstrings(reader: HeaderReader) -> FormatStatement:
    module = sys.modules[type(reader).__module__].__doc__ or reader.name
    title = module.split(":")[0].split("\n")[0].rstrip(".")
    reads = (type(reader).__doc__ or "").split("\n")[0].rstrip(".")
    return FormatStatement(title, "its bytes", reads[:1].lower() + reads[1:])


def table(readers: Iterable[HeaderReader] | None = None) -> str:
    """Return the table in Markdown. Of a local file no more is read than of a remote one."""
    lines = ["| format | recognized by | what is read | remote: what is fetched | needs |", "| --- | --- | --- | --- | --- |"]
    for row in rows(readers):
        needs = f"`auditor[{row.extra}]`" if row.extra else ""
        cells = (row.title, row.recognized_by, row.reads, row.remote, needs)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
