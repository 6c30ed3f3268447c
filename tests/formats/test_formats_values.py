"""Digests and statistics of values: held against torch's own numbers on files that torch wrote, and against files that lie."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile

import numpy as np
import pytest
import torch
from format_files import BytesBlob, gzipped, rezipped, safetensors, saved, torch_zip_of, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.demo.torch_pickles import TensorSpec
from auditor.demo.virtual_files import torch_legacy, torch_zip
from auditor.errors import NetworkError
from auditor.facts import Checkpoint, Values
from auditor.formats import values as values_room
from auditor.formats.interface import Limits
from auditor.formats.isolation import read_isolated
from auditor.formats.passing import PIECE_BYTES
from auditor.formats.reading import read_contents
from auditor.formats.value_statistics import RunningValues

FULL = Limits(values_bytes=1 << 30)


def read(data: bytes, limits: Limits = FULL) -> Checkpoint:
    (found,) = read_contents(BytesBlob(data, "file"), limits)
    assert isinstance(found, Checkpoint), found
    return found


def values(data: bytes) -> Values:
    found = read(data)
    assert found.values is not None, found.values_note
    assert found.values_note == ""
    return found.values


def small_state() -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Linear(20, 30)).state_dict()


def safetensors_of(state: dict[str, torch.Tensor]) -> bytes:
    names = {
        torch.float32: "F32",
        torch.float16: "F16",
        torch.bfloat16: "BF16",
        torch.int64: "I64",
        torch.float64: "F64",
        torch.bool: "BOOL",
    }
    header, body = {}, b""
    for name, tensor in state.items():
        raw = raw_bytes(tensor)
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    return safetensors(header, body)


def raw_bytes(tensor: torch.Tensor) -> bytes:
    return tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()


WRITERS = {"zip": saved, "legacy": lambda state: saved(state, legacy=True), "safetensors": safetensors_of}


@pytest.mark.parametrize("form", WRITERS)
def test_statistics_and_digests_are_torchs(form):
    state = small_state()
    state["half"] = torch.randn(1000).half()
    state["brain"] = torch.randn(333).bfloat16() * 5
    state["double"] = torch.randn(7, 11, dtype=torch.float64) * 1e-3
    state["counter"] = torch.tensor(41)
    state["flags"] = torch.tensor([True, False, False, True])
    state["large"] = torch.randn(3 * PIECE_BYTES // 4 + 5) * 0.01 + 3.0  # more than two pieces
    found = values(WRITERS[form](state))
    assert [item.name for item in found.tensors] == list(state)
    for item in found.tensors:
        exact = state[item.name].double()
        assert item.sha256 == hashlib.sha256(raw_bytes(state[item.name])).hexdigest()
        assert item.elements == exact.numel()
        assert (item.minimum, item.maximum) == (exact.min().item(), exact.max().item())
        assert item.mean == pytest.approx(exact.mean().item(), abs=1e-6)
        assert item.std == pytest.approx(exact.std(correction=0).item(), abs=1e-6)
        assert item.zeros == pytest.approx((exact == 0).double().mean().item(), abs=1e-12)
        assert (item.nan, item.infinite, item.strided) == (0, 0, False)
    assert found.nonfinite == 0
    assert found.bytes_read == sum(tensor.numel() * tensor.element_size() for tensor in state.values())


def test_equal_weights_have_one_digest_under_every_format_and_wrapper():
    state = small_state()
    wrapped = {"state_dict": {f"module.{name}": tensor for name, tensor in state.items()}, "epoch": 7}
    digests = {values(WRITERS[form](state)).digest for form in WRITERS}
    digests |= {values(saved(wrapped)).digest, values(saved(dict(reversed(state.items())))).digest}
    assert len(digests) == 1
    state["0.bias"] = state["0.bias"] + 1e-7
    assert values(saved(state)).digest not in digests
    assert values(saved({"other" if n == "0.bias" else n: t for n, t in small_state().items()})).digest not in digests


def test_digests_tell_shapes_and_types_apart():
    flat = torch.arange(12, dtype=torch.float32)
    digests = [values(saved({"a": tensor, "b": torch.ones(2)})).digest for tensor in (flat, flat.reshape(3, 4), flat.view(torch.int32))]
    assert len(set(digests)) == 3


def test_nothing_is_read_unless_it_is_asked_for():
    found = read(saved(small_state()), Limits())
    assert found.values is None
    assert found.values_note == ""


def test_views_are_read_at_their_places_and_tied_weights_once():
    block = torch.randn(1000)
    matrix = torch.randn(30, 20)
    state = {
        "a": block[:100],
        "b": block[100:500].view(20, 20),
        "again": block[:100],
        "overlap": block[50:150],
        "t": matrix.t(),
        "m": matrix,
    }
    state["wide"] = torch.randn(5, 1).expand(5, 4)
    state["column"] = matrix[:, 3]
    state["empty"] = torch.zeros(0, 3)
    found = {item.name: item for item in values(saved(state)).tensors}
    for name in ("a", "b", "again", "overlap", "m", "empty"):
        assert not found[name].strided
        assert found[name].sha256 == hashlib.sha256(raw_bytes(state[name])).hexdigest()
    assert found["a"].sha256 == found["again"].sha256
    assert found["t"].strided
    assert found["t"].sha256 == found["m"].sha256  # the slice of storage, whose statistics are those of the view
    assert found["t"].mean == pytest.approx(matrix.double().mean().item(), abs=1e-6)
    assert found["wide"].strided
    assert found["wide"].elements == 20
    assert found["column"].strided
    assert found["column"].sha256 == hashlib.sha256(raw_bytes(matrix)[12 : 12 + 4 * (29 * 20 + 1)]).hexdigest()
    assert found["empty"].minimum is None
    tied = torch.nn.Linear(4, 4)
    both = values(saved({"encoder": tied.weight, "decoder": tied.weight}))
    assert both.bytes_read == 64
    assert both.tensors[0].sha256 == both.tensors[1].sha256


def test_channels_last_weights_are_told_from_contiguous_ones():
    weight = torch.randn(8, 3, 5, 5)
    last = weight.to(memory_format=torch.channels_last)
    found = [values(saved({"w": tensor, "b": torch.ones(8)})) for tensor in (weight, last)]
    assert found[0].digest != found[1].digest
    assert found[1].tensors[0].strided
    assert found[1].tensors[0].std == pytest.approx(found[0].tensors[0].std, abs=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_nan_and_infinity_are_counted_and_left_out_of_the_statistics(dtype):
    tensor = torch.randn(1000, dtype=torch.float64).to(dtype)
    tensor[3] = float("nan")
    tensor[[5, 6]] = float("inf")
    tensor[7] = -float("inf")
    tensor[8] = 0.0
    found = values(saved({"w": tensor, "dead": torch.full((4,), float("nan")).to(dtype)}))
    rest = tensor[torch.isfinite(tensor)].double()
    whole, dead = found.tensors
    assert (whole.nan, whole.infinite, found.nonfinite) == (1, 3, 8)
    assert whole.mean == pytest.approx(rest.mean().item(), abs=1e-6)
    assert whole.std == pytest.approx(rest.std(correction=0).item(), abs=1e-6)
    assert (whole.minimum, whole.maximum) == (rest.min().item(), rest.max().item())
    assert whole.zeros == pytest.approx(1 / 1000)
    assert (dead.nan, dead.minimum, dead.mean, dead.std) == (4, None, None, None)


def test_huge_doubles_overflow_into_infinity_and_not_into_an_error():
    found = values(saved({"w": torch.tensor([1e308, 1e308, -1e308], dtype=torch.float64), "b": torch.ones(2)}))
    assert found.tensors[0].infinite == 0
    assert found.tensors[0].maximum == 1e308


def test_types_without_statistics_have_a_digest():
    found = values(saved({"w": torch.randn(4, 4).to(torch.float8_e4m3fn), "c": torch.zeros(2, dtype=torch.complex64), "b": torch.ones(2)}))
    assert [item.minimum for item in found.tensors] == [None, None, 1.0]
    assert found.digest


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(width=32), min_size=1, max_size=200), st.lists(st.integers(1, 37), max_size=12))
def test_statistics_do_not_hang_on_the_pieces(numbers, cuts):
    data = np.asarray(numbers, dtype="<f4").tobytes()
    whole, pieced = RunningValues("float32"), RunningValues("float32")
    whole.add(data)
    at = 0
    for cut in [*cuts, len(data)]:
        pieced.add(data[at : at + cut])
        at += cut
    one, other = whole.result("w", len(numbers), False), pieced.result("w", len(numbers), False)
    assert (one.sha256, one.minimum, one.maximum, one.zeros, one.nan, one.infinite) == (
        other.sha256,
        other.minimum,
        other.maximum,
        other.zeros,
        other.nan,
        other.infinite,
    )
    if one.mean is not None:
        scale = max(abs(one.minimum), abs(one.maximum), 1e-30)
        assert abs(one.mean - other.mean) <= 1e-9 * scale
        assert abs(one.std - other.std) <= 1e-6 * scale


def test_big_endian_files_are_read_as_such():
    words = np.asarray([1.0, 2.0, 4.0], dtype=">f4").tobytes()
    items = [(name, data) for name, data in unzipped(saved({"w": torch.zeros(3)}))]
    changed = [(n, words if n.endswith("data/0") else b"big" if n.endswith("byteorder") else d) for n, d in items]
    (found,) = values(zipped(changed)).tensors
    assert (found.minimum, found.maximum) == (1.0, 4.0)


def unzipped(data: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [(info.filename, archive.read(info)) for info in archive.infolist()]


def test_archives_that_were_packed_again():
    state = small_state()
    plain = values(saved(state)).digest
    assert values(rezipped(saved(state), "model", deflate=True)).digest == plain
    several = read_contents(BytesBlob(zipped([("a.pth", saved(state)), ("b.pth", saved(state, legacy=True))]), "two.zip"), FULL)
    assert [item.values.digest for item in several] == [plain, plain]
    inside = read(gzipped(saved(state)))
    assert inside.values is not None
    assert inside.values.digest == plain
    large = read(gzipped(saved({"w": torch.randn(1500, 1000), "b": torch.ones(3)})))
    assert large.values is None  # the front alone was unpacked
    assert len(large.tensors) == 2


def test_tensors_outside_of_storages_leave_no_digest():
    found = read(saved({"w": torch.ones(3), "v": np.ones(4, dtype="f4"), "u": torch.ones(2)}))
    assert found.values is not None
    assert found.values.digest == ""
    assert found.values.unread == ("v",)
    assert [item.name for item in found.values.tensors] == ["w", "u"]


class TestHostileFiles:
    def test_truncated_storages_give_a_note_and_keep_the_header(self):
        state = {"w": torch.randn(5000), "b": torch.ones(3)}
        cut = read(saved(state, legacy=True)[:-4000])
        short = read_contents(Short(saved({**state, "large": torch.randn(1 << 19)})), FULL)[0]
        for found in (cut, short):
            assert found.values is None
            assert "not read" in found.values_note
            assert [tensor.shape for tensor in found.tensors][:2] == [(5000,), (3,)]

    def test_every_truncation_is_survived(self):
        for data in (saved(small_state()), saved(small_state(), legacy=True), safetensors_of(small_state())):
            for cut in range(0, len(data), 97):
                for item in read_contents(BytesBlob(data[:cut], "cut"), FULL):
                    assert not isinstance(item, Checkpoint) or item.values is None or item.values.digest

    def test_mutated_bytes_are_survived(self):
        rng = np.random.default_rng(5)
        for data in (saved(small_state()), saved(small_state(), legacy=True), safetensors_of(small_state())):
            for _ in range(150):
                changed = bytearray(data)
                for at in rng.integers(0, len(data), size=3):
                    changed[at] = rng.integers(0, 256)
                for item in read_contents(BytesBlob(bytes(changed), "changed"), FULL):
                    assert not isinstance(item, Checkpoint) or item.values is not None or item.values_note or item.warnings

    def test_a_storage_of_another_size_than_the_pickle_says(self):
        items = unzipped(saved({"w": torch.ones(100), "b": torch.ones(3)}))
        changed = [(n, d[:80] if n.endswith("data/0") else d) for n, d in items]
        found = read(zipped(changed))
        assert found.values is None
        assert "80 bytes" in found.values_note
        found = read(zipped([(n, d) for n, d in items if not n.endswith("data/0")]))
        assert "not in the archive" in found.values_note

    def test_a_legacy_count_that_lies(self):
        data = saved({"w": torch.ones(100), "b": torch.ones(3)}, legacy=True)
        at = data.index(struct.pack("<q", 100) + struct.pack("<f", 1.0))
        found = read(data[:at] + struct.pack("<q", 99) + data[at + 8 :])
        assert found.values is None
        assert "count" in found.values_note

    def test_the_budget_is_checked_before_anything_is_read(self):
        file = torch_zip("x.pth", "x", {"w": TensorSpec((1 << 20, 1 << 10), "float32")})
        blob = Counting(file)
        (found,) = read_contents(blob, Limits(values_bytes=1 << 30))
        assert "at most" in found.values_note
        assert blob.count < 1 << 20

    def test_views_of_one_storage_cannot_multiply_the_work(self):
        block = torch.zeros(1 << 16)
        state = {f"v{n}": block[n:] for n in range(600)}
        (found,) = read_contents(BytesBlob(saved(state), "file"), Limits(values_bytes=1 << 26))
        assert "at most" in found.values_note
        assert len(found.tensors) == 600

    def test_overlapping_views_are_bounded(self, monkeypatch):
        monkeypatch.setattr(values_room, "_MOST_AT_ONCE", 10)
        block = torch.zeros(3 * PIECE_BYTES // 4)
        state = {f"v{n}": block[n:] for n in range(20)}
        assert "overlap" in read(saved(state)).values_note

    def test_members_that_share_bytes_cost_no_more_than_the_budget(self):
        rounds = 8
        storage = np.ones(1 << 18, dtype="<f4").tobytes()
        items = unzipped(saved({f"w{n}": torch.ones(1 << 18) for n in range(rounds)}))
        data = zipped([(n, d if "/data/" not in n else storage) for n, d in items])
        (found,) = read_contents(BytesBlob(data), Limits(values_bytes=len(storage) * rounds))
        assert found.values is not None
        (found,) = read_contents(BytesBlob(data), Limits(values_bytes=len(storage) * (rounds - 1)))
        assert found.values is None

    def test_a_host_that_fails_midway(self):
        blob = Failing(saved({"w": torch.randn(1 << 20), "b": torch.ones(3)}))
        (found,) = read_contents(blob, FULL)
        assert found.values is None
        assert "gone" in found.values_note
        assert len(found.tensors) == 2

    def test_a_tensor_that_looks_past_its_storage(self):
        items = unzipped(saved({"w": torch.ones(100), "b": torch.ones(3)}))
        pickle = dict(items)["archive/data.pkl"]
        lying = pickle.replace(b"Kd\x85", b"K\xff\x85")  # a shape of 255 where the storage has 100
        assert lying != pickle
        found = read(torch_zip_of(lying, {"0": dict(items)["archive/data/0"], "1": dict(items)["archive/data/1"]}))
        assert found.values is None
        assert "past the end" in found.values_note

    def test_a_class_of_strangers_among_the_weights_leaves_no_digest(self):
        found = read(saved({"w": torch.ones(3), "v": torch.ones(2), "odd": Odd()}))
        assert found.values is None
        assert "not understood" in found.values_note


class Odd:
    """An object with a tensor inside, of a class that nobody knows."""

    def __init__(self) -> None:
        self.inner = torch.ones(2)


class Short(BytesBlob):
    """A file that gives half of what is asked where pieces of values are asked for."""

    def read(self, offset: int, length: int) -> bytes:
        return super().read(offset, length // 2 if length >= PIECE_BYTES else length)


class Failing(BytesBlob):
    """A file whose host goes away when pieces of values are asked for."""

    def read(self, offset: int, length: int) -> bytes:
        if length >= PIECE_BYTES:
            raise NetworkError("the host is gone")
        return super().read(offset, length)


class Counting:
    def __init__(self, blob) -> None:
        self._blob, self.name, self.size, self.count = blob, blob.name, blob.size, 0

    def read(self, offset: int, length: int) -> bytes:
        data = self._blob.read(offset, length)
        self.count += len(data)
        return data


@pytest.mark.parametrize("make", [lambda value: torch_zip("x.pth", "x", value), lambda value: torch_legacy("x.pth", value)])
def test_a_large_file_is_read_once_in_flat_memory(make):
    import tracemalloc

    file = make({"state_dict": {f"layer{n}.weight": TensorSpec((1024, 1280), "float32") for n in range(40)}})
    assert file.size > 200_000_000
    blob = Counting(file)
    tracemalloc.start()
    (found,) = read_contents(blob, FULL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.values is not None
    assert {item.zeros for item in found.values.tensors} == {1.0}
    assert blob.count < 1.01 * file.size
    assert peak < 24 << 20


def test_a_worker_takes_values_too():
    data = saved({"state_dict": small_state()})
    assert read_isolated(BytesBlob(data, "file"), FULL) == read_contents(BytesBlob(data, "file"), FULL)
    broken = saved({"w": torch.full((3,), float("inf")), "b": torch.full((2,), float("nan"))})
    assert read_isolated(BytesBlob(broken, "file"), FULL) == read_contents(BytesBlob(broken, "file"), FULL)
