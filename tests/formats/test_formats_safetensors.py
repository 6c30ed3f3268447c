"""The safetensors header: what it says is held against itself and against the file."""

from __future__ import annotations

import contextlib
import json
import struct

import pytest
from format_files import checkpoint, safetensors, shapes, unreadable
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.blob import BytesBlob
from auditor.errors import FormatError
from auditor.facts import Unreadable
from auditor.formats.interface import Limits
from auditor.formats.reading import read_contents
from auditor.formats.safetensors import Safetensors

HEADER = {
    "__metadata__": {"format": "pt", "epoch": "3"},
    "model.a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
    "model.b": {"dtype": "BF16", "shape": [], "data_offsets": [24, 26]},
    "model.c": {"dtype": "I64", "shape": [0, 4], "data_offsets": [26, 26]},
    "model.d": {"dtype": "F8_E4M3", "shape": [5], "data_offsets": [26, 31]},
}
GOOD = safetensors(HEADER, bytes(31))


def test_names_shapes_types_and_metadata():
    found = checkpoint(GOOD)
    assert shapes(found) == {"a": (2, 3), "b": (), "c": (0, 4), "d": (5,)}
    assert [tensor.dtype for tensor in found.tensors] == ["float32", "bfloat16", "int64", "float8_e4m3fn"]
    assert (found.format, found.prefix, found.saved_as, found.storage_bytes) == ("safetensors", "model.", None, 31)
    assert dict(found.training.metadata) == {"format": "pt", "epoch": "3"}
    assert (found.warnings, found.safety.verdict, found.header_name) == ((), "plain", "header")


def one(**changes: object) -> dict[str, object]:
    return {"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}


@pytest.mark.parametrize(
    ("header", "data", "kind"),
    [
        (one(dtype="F99"), 8, "broken"),
        (one(dtype=None), 8, "broken"),
        (one(shape=[3]), 8, "broken"),
        (one(shape=[-2]), 8, "broken"),
        (one(shape=[True, 2]), 8, "broken"),
        (one(shape="2"), 8, "broken"),
        (one(shape=[1 << 60, 1 << 60]), 8, "broken"),
        (one(data_offsets=[8, 0]), 8, "broken"),
        (one(data_offsets=[0]), 8, "broken"),
        (one(data_offsets=None), 8, "broken"),
        (one(), 7, "truncated"),
        (one(), 0, "truncated"),
        ({"w": 3}, 8, "broken"),
        ({"a": one()["w"], "b": one()["w"]}, 8, "broken"),
        (b'{"w":' + b"[" * 20_000, 8, "broken"),
        (b'{"a":1,"a":2}', 8, "broken"),
        (b'{"w":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,8]}}', 8, "broken"),
        (b'{"\xff":1}', 8, "broken"),
        ({}, 0, "not_a_checkpoint"),
    ],
)
def test_headers_that_lie(header, data, kind):
    found = unreadable(safetensors(header, bytes(data)))
    assert found.kind == kind, found


def test_a_length_past_the_end_and_one_past_the_limit():
    assert unreadable(safetensors(HEADER, bytes(31), length=5000)).kind == "truncated"
    assert unreadable(safetensors(HEADER, bytes(31), length=1 << 35)).kind == "limit"
    assert read_contents(BytesBlob(GOOD), Limits(tensors=2))[0].kind == "limit"


def test_bytes_that_belong_to_no_tensor_are_a_warning():
    assert checkpoint(GOOD + b"xx").warnings == ("2 bytes of the file belong to no tensor",)
    assert checkpoint(safetensors(one(data_offsets=[8, 16]), bytes(16))).warnings == ("8 bytes of the file belong to no tensor",)


def test_names_with_lone_surrogates_can_be_written():
    found = checkpoint(safetensors(b'{"\\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8)))
    found.tensors[0].name.encode()


def test_truncation_at_every_byte():
    for cut in range(len(GOOD)):
        data = GOOD[:cut]
        found = read_contents(BytesBlob(data))
        assert all(isinstance(item, Unreadable) for item in found)
        with pytest.raises(FormatError):
            Safetensors().read(BytesBlob(data), Limits())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["dtype", "shape", "data_offsets", "w", "__metadata__"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=4), JSON, max_size=4), st.binary(max_size=40))
def test_any_json_gives_a_result(header, data):
    raw = json.dumps(header).encode()
    read_contents(BytesBlob(struct.pack("<Q", len(raw)) + raw + data))
    with contextlib.suppress(FormatError):
        Safetensors().read(BytesBlob(struct.pack("<Q", len(raw)) + raw + data), Limits())
