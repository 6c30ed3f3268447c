"""What a file is, is decided by its bytes: containers of every kind, pages, pointers, other formats, broken members."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile

import hostile
import pytest
from format_files import BytesBlob, checkpoint, gzipped, only, rezipped, tarred, torch_zip_of, unreadable, zipped

from auditor.errors import FormatError, NetworkError
from auditor.facts import Checkpoint, Status, Unreadable
from auditor.formats.interface import Limits
from auditor.formats.reading import READERS, read_contents

INNER = torch_zip_of(hostile.one_tensor(), {"0": bytes(16)}, root="first_name")
LARGE = torch_zip_of(hostile.one_tensor(numel=3 << 20, shape=b"J" + (3 << 20).to_bytes(4, "little") + b"\x85"), {"0": bytes(12 << 20)})
TEXT = b"# Read me\nnothing to see\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(2000)


@pytest.mark.parametrize("name", ["a.tar", "a.pth.tar", "a.zip", "a.txt", "a", "../../a.jpg", "a.h5"])
def test_the_suffix_never_decides(name):
    found = read_contents(BytesBlob(INNER, name))
    assert [item.format for item in found] == ["torch_zip"]
    found = read_contents(BytesBlob(tarred([(name, INNER)]), "a.pth"))
    assert [(item.format, item.member) for item in found] == [("torch_zip", name)]


@pytest.mark.parametrize("deflate", [False, True])
def test_checkpoints_inside_a_zip(deflate):
    data = zipped(
        [("README.md", TEXT), ("m/a.pth.tar", INNER), ("p.png", PNG), ("__MACOSX/m/._a.pth", INNER), ("m/b.pth", INNER)], deflate=deflate
    )
    found = read_contents(BytesBlob(data))
    assert [item.member for item in found] == ["m/a.pth.tar", "m/b.pth"]
    assert all(isinstance(item, Checkpoint) and item.saved_as == "first_name" for item in found)
    assert [item.size for item in found] == [len(INNER)] * 2


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_checkpoints_inside_a_tar(mode, format):
    long = "/".join(["folder"] * 20) + "/\u00fcber.pth"
    items = [
        ("README.md", TEXT),
        (long if format != tarfile.USTAR_FORMAT else "u.pth", INNER),
        ("._x.pth", INNER),
        ("b.bin", INNER),
        ("empty", b""),
    ]
    found = read_contents(BytesBlob(tarred(items, mode, format)))
    assert [item.member for item in found] == [items[1][0], "b.bin"]
    assert all(isinstance(item, Checkpoint) for item in found)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_checkpoint(pack):
    found = checkpoint(pack(INNER))
    assert (found.member, found.saved_as, found.warnings) == (None, "first_name", ())


def test_containers_within_containers():
    data = zipped([("outer.zip", zipped([("inner.tar", tarred([("model.pth", INNER)]))]))])
    assert only(data).member == "outer.zip/inner.tar/model.pth"


def test_an_unpacked_checkpoint_inside_a_tar_and_beside_others():
    unpacked = rezipped(INNER, "snapshot_9.pth")
    assert only(tarred([("a.tar", unpacked)])).saved_as == "snapshot_9.pth"
    with_more = zipped(
        [("snapshot_9.pth/data.pkl", hostile.one_tensor()), ("snapshot_9.pth/version", b"3"), ("b.pth", INNER), ("r.md", TEXT)]
    )
    found = read_contents(BytesBlob(with_more))
    assert [(item.member, item.saved_as) for item in found] == [("snapshot_9.pth", "snapshot_9.pth"), ("b.pth", "first_name")]


def test_a_large_compressed_member_is_read_from_its_front():
    found = only(zipped([("a.pth", LARGE)], deflate=True))
    assert [tensor.shape for tensor in found.tensors] == [(3 << 20,)]
    assert "only its front was unpacked" in found.warnings[0]
    found = only(gzipped(LARGE))
    assert (found.size, found.tensors[0].shape) == (None, (3 << 20,))


def test_a_compressed_tar_larger_than_the_allowance_keeps_what_came_first():
    data = gzipped(tarred([("a.pth", INNER), ("big.pth", LARGE), ("filler", bytes(20 << 20)), ("late.pth", INNER)]))
    found = read_contents(BytesBlob(data), Limits(inflated_bytes=16 << 20))
    assert [item.member for item in found[:2]] == ["a.pth", "big.pth"]
    assert [type(item) for item in found] == [Checkpoint, Checkpoint, Unreadable]
    assert found[2].kind == "limit"


def test_one_broken_member_never_loses_the_others():
    items = [("a.pth", INNER), ("cut.pth", INNER[:-30]), ("html.pth", b"<html><title>x</title>"), ("lfs.pth", LFS), ("b.pth", INNER)]
    for data in (zipped(items), zipped(items, deflate=True), tarred(items), gzipped(tarred(items))):
        found = {item.member: item for item in read_contents(BytesBlob(data))}
        assert isinstance(found["a.pth"], Checkpoint)
        assert isinstance(found["b.pth"], Checkpoint)
        assert found["cut.pth"].kind == "truncated"
        assert found["lfs.pth"].kind == "lfs_pointer"
        assert "html.pth" not in found


def test_a_tar_that_is_cut_keeps_its_first_members():
    data = tarred([("a.pth", INNER), ("b.pth", INNER)])
    found = read_contents(BytesBlob(data[: len(INNER) + 2000]))
    assert isinstance(found[0], Checkpoint)
    assert found[1].kind == "truncated"


def test_a_container_without_checkpoints_is_one_result_that_names_its_members():
    for data, word in ((zipped([("a.png", PNG), ("b.md", TEXT)]), "zip"), (tarred([("a.png", PNG), ("b.md", TEXT)]), "tar")):
        found = unreadable(data)
        assert (found.kind, found.status, found.reason) == (
            "not_a_checkpoint",
            Status.OK,
            f"a {word} of 2 files, none of them a checkpoint: a.png, b.md",
        )
    assert unreadable(zipped([])).kind == "not_a_checkpoint"


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 101234567\n"


NO_CHECKPOINTS = [
    (b"", "empty", "empty"),
    (b"<!DOCTYPE html>\n<html><head><title>Google Drive &#8211; Quota exceeded</title>", "html", "Google Drive – Quota exceeded"),
    (b"\n\n  <HTML lang=en>", "html", "web page"),
    (b'<?xml version="1.0"?><html><title>  a\n b </title>', "html", "'a b'"),
    (LFS, "lfs_pointer", "101234567 bytes"),
    (b'{"error": {"code": 404, "message": "File not found"}}', "network", "File not found"),
    (b'{"detail": "Not authorized"}', "network", "Not authorized"),
    (b'{"a": 1}', "not_a_checkpoint", "JSON"),
    (b"Access denied\n", "network", "Access denied"),
    (b"epoch,loss\n1,0.5\n", "not_a_checkpoint", "epoch,loss"),
    (b"\x89HDF\r\n\x1a\n" + bytes(600), "broken", "HDF5"),
    (b"GGUF\x05" + bytes(20), "unsupported", "GGUF"),
    (b"7z\xbc\xaf\x27\x1c\x00\x04", "truncated", "7z"),
    (b"Rar!\x1a\x07\x01\x00", "unsupported", "rar"),
    (b"\x93NUMPY\x01\x00v\x00", "truncated", "numpy array"),
    (PNG, "not_a_checkpoint", "PNG"),
    (b"%PDF-1.5\n", "not_a_checkpoint", "PDF"),
    (bytes(range(250, 130, -1)), "unsupported", "unknown bytes: fa f9"),
    (b"\x00" * 5000, "unsupported", "unknown bytes"),
    (zipped([("a.npy", b"\x93NUMPY"), ("b.npy", b"\x93NUMPY")]), "truncated", "numpy array"),
    (zipped([("config.json", b"{}"), ("model.weights.h5", b"\x89HDF"), ("metadata.json", b"{}")]), "broken", "HDF5"),
    (INNER[:-40], "truncated", "no end record"),
    (INNER[:60], "truncated", "no end record"),
    (gzip.compress(b"hello, this is a text"), "not_a_checkpoint", "a text"),
]


@pytest.mark.parametrize(("data", "kind", "words"), NO_CHECKPOINTS, ids=[f"{case[1]}-{n}" for n, case in enumerate(NO_CHECKPOINTS)])
def test_what_is_no_checkpoint_is_named(data, kind, words):
    found = unreadable(data)
    assert found.kind == kind
    assert words in found.reason
    assert found.status in (Status.OK if kind == "not_a_checkpoint" else Status.ERROR, Status.SKIPPED)


def test_unknown_bytes_under_a_name_that_promises_weights_are_not_passed_over():
    unknown = bytes(range(100, 0, -1)) * 20
    items = [("m/bert.ckpt.index", unknown), ("m/bert.params", unknown), ("m/vocab.txt", TEXT), ("m/scan.raw", unknown)]
    for data in (zipped(items), tarred(items)):
        found = read_contents(BytesBlob(data))
        assert [(item.member, item.kind) for item in found] == [(items[0][0], "unsupported"), (items[1][0], "unsupported")]
    assert unreadable(b"\x80\x04\x95" + bytes(range(60, 120))).kind == "unsupported"


def test_other_formats_inside_a_container_are_named_too():
    found = read_contents(BytesBlob(zipped([("a.ggml", b"GGML" + bytes(10)), ("notes.txt", TEXT), ("b.pth", INNER)])))
    assert [(item.member, getattr(item, "kind", "")) for item in found] == [("b.pth", ""), ("a.ggml", "unsupported")]


class Failing(BytesBlob):
    def __init__(self, data: bytes, after: int, status: str = "quota") -> None:
        super().__init__(data)
        self.left, self.status = after, status

    def read(self, offset: int, length: int) -> bytes:
        self.left -= 1
        if self.left < 0:
            raise NetworkError("download quota exceeded", status=self.status, http_status=403)
        return super().read(offset, length)


@pytest.mark.parametrize("status", ["quota", "denied", "missing", "no such word"])
def test_a_host_that_fails_is_a_result_with_its_status(status):
    (found,) = read_contents(Failing(INNER, 0, status))
    assert found.kind == "network"
    assert found.status == (status if status in list(Status) else "error")


def test_a_host_that_fails_in_the_middle_keeps_what_was_found():
    data = tarred([("a.pth", INNER), ("fill", bytes(400_000)), ("b.pth", INNER)])
    found = read_contents(Failing(data, 2))
    assert isinstance(found[0], Checkpoint)
    assert found[-1].kind == "network"


class Short(BytesBlob):
    def read(self, offset: int, length: int) -> bytes:
        return super().read(offset, length)[:-1]


def test_a_host_that_gives_fewer_bytes_than_it_promised():
    assert read_contents(Short(INNER))[0].kind == "truncated"


def test_readers_have_different_names_and_accept_only_their_own():
    assert len({reader.name for reader in READERS}) == len(READERS)
    for head in (b"", b"P", b"\x80", b"PK\x03\x04", TEXT, PNG, LFS, bytes(65536)):
        assert [reader.name for reader in READERS if reader.accepts(head, len(head))] == []
    assert [reader.name for reader in READERS if reader.accepts(INNER[:65536], len(INNER))] == ["torch_zip"]


def test_a_reader_of_the_kit_comes_first():
    class Own:
        name = "own"

        def accepts(self, head: bytes, size: int) -> bool:
            return head.startswith(b"OWN")

        def read(self, blob: object, limits: Limits) -> Checkpoint:
            raise FormatError("seen by its own reader")

    assert read_contents(BytesBlob(b"OWN!"), readers=(Own(),))[0].reason == "seen by its own reader"
