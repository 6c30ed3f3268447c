"""What reading costs: requests and bytes of a file that lies behind a network, memory and bytes of a local one."""

from __future__ import annotations

import io
import tracemalloc

import pytest
from format_files import CountingBlob, SparseBlob, rezipped, saved, tarred, zipped

from auditor.blob import BytesBlob, LocalBlob
from auditor.facts import Checkpoint
from auditor.formats.extents import HEAD_BYTES, ByteStream, RememberedBlob, TruncatedError
from auditor.formats.interface import Limits
from auditor.formats.reading import read_contents
from auditor.formats.torch_zip import TorchZip
from auditor.formats.zip_directory import read_directory

torch = pytest.importorskip("torch")


def snapshot(tensors: int, elements: int) -> dict[str, object]:
    """Return a training snapshot: weights with long names, and AdamW's two moments and step for each."""
    state = {f"module.backbone.stages.{n // 20}.{n % 20}.block.dwconv.weight": torch.zeros(elements) for n in range(tensors)}
    moments = {
        n: {"step": torch.tensor(1.0), "exp_avg": torch.zeros(elements), "exp_avg_sq": torch.zeros(elements)} for n in range(tensors)
    }
    groups = [{"lr": 1e-3, "betas": (0.9, 0.999), "params": list(range(tensors))}]
    return {"epoch": 83, "network": state, "optimizer": {"state": moments, "param_groups": groups}}


@pytest.fixture(scope="module")
def large() -> dict[str, bytes]:
    value = snapshot(200, 16_000)
    plain = saved(value)
    return {"zip": plain, "legacy": saved(value, legacy=True), "rezipped": rezipped(plain, "snapshot_83.pth")}


@pytest.mark.parametrize("kind", ["zip", "legacy", "rezipped"])
def test_a_snapshot_of_forty_megabytes_costs_three_requests(large, kind):
    blob = CountingBlob(large[kind])
    (found,) = read_contents(blob)
    assert isinstance(found, Checkpoint)
    assert len(found.tensors) == 200
    assert blob.size > 38_000_000
    assert len(blob.reads) <= 3
    assert blob.bytes_read < 210_000


class RemoteLike(CountingBlob):
    """A blob that a network would answer: its reader had better begin at the end."""

    begins_at_its_end = True


@pytest.mark.parametrize("tensors", [161, 200])
def test_behind_a_network_a_snapshot_costs_two_requests_and_little_more_than_pickle_and_directory(tensors):
    data = saved(snapshot(tensors, 4000))
    blob = RemoteLike(data)
    found = read_contents(blob)
    assert found == read_contents(CountingBlob(data))
    directory = read_directory(BytesBlob(data), Limits())
    needed = len(data) - directory.start + next(entry.size for entry in directory.entries if entry.name.endswith("data.pkl"))
    assert len(blob.reads) == 2
    assert blob.bytes_read <= 1.25 * needed


@pytest.mark.parametrize("kind", ["zip", "legacy", "rezipped"])
def test_where_reading_begins_changes_nothing_that_is_found(large, kind):
    blob = RemoteLike(large[kind])
    assert read_contents(blob) == read_contents(CountingBlob(large[kind]))
    assert len(blob.reads) <= 4
    for cut in (1, 100, 50_000, 5_000_000):
        short = large[kind][:-cut]
        assert read_contents(RemoteLike(short)) == read_contents(CountingBlob(short))


def test_more_tensors_than_the_tail_holds_cost_four_requests():
    blob = CountingBlob(saved(snapshot(1500, 16)))
    (found,) = read_contents(blob)
    assert len(found.tensors) == 1500
    assert len(blob.reads) <= 4


def test_the_kit_reader_alone_costs_no_more(large):
    blob = CountingBlob(large["zip"])
    assert len(TorchZip().read(blob, Limits()).tensors) == 200
    assert len(blob.reads) <= 3


@pytest.mark.parametrize("size", [0, 100, 1000, 20_000])
def test_small_files_are_read_once(size):
    blob = CountingBlob(saved({"w": torch.zeros(size)}))
    assert isinstance(read_contents(blob)[0], Checkpoint)
    assert blob.reads == [(0, blob.size)]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_two_large_members_of_a_container(large, pack):
    blob = CountingBlob(pack([("a.pth", large["zip"]), ("readme.md", b"x"), ("b.pth", large["legacy"])]))
    found = read_contents(blob)
    assert [len(item.tensors) for item in found] == [200, 200]
    assert len(blob.reads) <= 9
    assert blob.bytes_read < 700_000


def test_a_folder_of_pictures_is_not_searched_through():
    blob = CountingBlob(zipped([(f"{n}.jpg", b"\xff\xd8\xff" + bytes(100_000)) for n in range(200)]))
    assert read_contents(blob)[0].kind == "not_a_checkpoint"
    assert len(blob.reads) <= 12
    blob = CountingBlob(zipped([(f"{n}.xyz", b"\xff\xd8\xff" + bytes(100_000)) for n in range(200)]))
    assert read_contents(blob)[0].kind == "limit"
    assert len(blob.reads) <= 132


@pytest.mark.parametrize("kind", ["zip", "legacy"])
def test_a_local_snapshot_takes_a_few_megabytes_of_memory(large, kind, tmp_path):
    path = tmp_path / "snapshot_83.pth.tar"
    path.write_bytes(large[kind])
    blob = LocalBlob(path)
    tracemalloc.start()
    (found,) = read_contents(blob)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    blob.close()
    assert found.training.optimizer_bytes == 200 * (2 * 16_000 + 1) * 4
    assert blob.bytes_read < 210_000
    assert peak < 6 << 20


def test_a_legacy_file_of_gigabytes_is_read_from_its_front(large):
    blob = SparseBlob({0: large["legacy"][:400_000]}, 6 << 30)
    (found,) = read_contents(blob)
    assert len(found.tensors) == 200
    assert len(blob.reads) == 2
    assert blob.bytes_read < 210_000


def test_a_zip64_of_more_than_four_gigabytes():
    import struct

    small = saved({"w": torch.zeros(4)})
    start = small.rindex(b"PK\x06\x06")
    directory = small.index(b"PK\x01\x02")
    shift = 5 << 30
    end64 = bytearray(small[start : start + 56])
    struct.pack_into("<Q", end64, 48, directory + shift)
    tail = small[directory:start] + bytes(end64) + small[start + 56 : start + 64] + struct.pack("<Q", start + shift) + small[start + 72 :]
    end = bytearray(tail)
    struct.pack_into("<L", end, len(end) - 6, 0xFFFFFFFF)
    blob = SparseBlob({0: small[:directory], directory + shift: bytes(end)}, len(small) + shift)
    (found,) = read_contents(blob)
    assert isinstance(found, Checkpoint), found
    assert [tensor.shape for tensor in found.tensors] == [(4,)]
    assert len(blob.reads) <= 3


class TestRememberedBlob:
    def test_it_asks_only_for_what_it_does_not_know(self):
        data = bytes(range(256)) * 4096
        below = CountingBlob(data)
        blob = RememberedBlob(below)
        assert blob.read(0, HEAD_BYTES) == data[:HEAD_BYTES]
        assert blob.read(HEAD_BYTES - 10, 1000) == data[HEAD_BYTES - 10 : HEAD_BYTES + 990]
        assert below.reads == [(0, HEAD_BYTES), (HEAD_BYTES, 8192)]
        assert blob.read(500_000, 100) == data[500_000:500_100]
        assert blob.read(499_000, 1050) == data[499_000:500_050]
        assert blob.read(507_000, 100) == data[507_000:507_100]
        assert below.reads[2:] == [(500_000, 8192), (499_000, 1000)]
        assert blob.read(0, 600_000) == data[:600_000]
        assert blob.read(100, 599_000) == data[100:599_100]
        assert len(below.reads) == 5
        assert blob.read(len(data) - 5, 100) == data[-5:]
        assert blob.read(len(data), 5) == b""
        assert blob.holds(0, 600_000)
        assert not blob.holds(0, 700_000)

    def test_random_reads_give_what_the_blob_below_gives(self):
        import random

        rng = random.Random(3)
        data = rng.randbytes(400_000)
        below = CountingBlob(data)
        blob = RememberedBlob(below)
        for _ in range(500):
            offset, length = rng.randrange(420_000), rng.randrange(30_000)
            assert blob.read(offset, length) == data[offset : offset + length]
        assert below.bytes_read <= 800_000


class TestByteStream:
    def test_taking_skipping_and_lines(self):
        data = b"".join(b"%07d\n" % n for n in range(50_000))
        stream = ByteStream(BytesBlob(data), 0, len(data))
        assert stream.take(8) == b"0000000\n"
        assert stream.line() == b"0000001"
        stream.skip(8 * 20_000)
        assert stream.position == 8 * 20_002
        assert stream.line() == b"0020002"
        assert stream.remaining == len(data) - stream.position
        with pytest.raises(TruncatedError):
            stream.take(len(data))
        with pytest.raises(TruncatedError):
            stream.skip(len(data))

    def test_the_digest_is_of_what_was_taken(self):
        import hashlib

        data = io.BytesIO(bytes(range(256)) * 2000).getvalue()
        stream = ByteStream(BytesBlob(data), 0, len(data))
        for _ in range(1000):
            stream.take(300)
        assert stream.sha256() == hashlib.sha256(data[:300_000]).hexdigest()
        stream.take(10)
        assert stream.sha256() == hashlib.sha256(data[:300_010]).hexdigest()
