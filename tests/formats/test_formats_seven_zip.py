"""7z archives: every coder that is read, members in order, packed directories, lies, damage and bombs."""

from __future__ import annotations

import bz2
import lzma
import random
import struct
import zlib

import hostile
import pytest
from format_files import BytesBlob, CountingBlob, only, torch_zip_of, unreadable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.facts import Checkpoint, Status, Unreadable
from auditor.formats.inflated import Allowance
from auditor.formats.interface import Limits
from auditor.formats.reading import read_contents
from auditor.formats.seven_zip import seven_zip_members

INNER = torch_zip_of(hostile.one_tensor(), {"0": bytes(16)}, root="first_name")
ITEMS = [("readme.md", b"# text\n"), ("empty", b""), ("m/\u00fcber.pth", INNER), ("b.pth", INNER)]
DICT = 1 << 20


def number(value: int) -> bytes:
    """Return a number as the format writes it."""
    for count in range(8):
        if value < 1 << (7 * (count + 1)):
            first = (0xFF << (8 - count) & 0xFF) | value >> (8 * count)
            return bytes([first]) + (value & (1 << 8 * count) - 1).to_bytes(count, "little")
    return b"\xff" + value.to_bytes(8, "little")


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def raw(data: bytes, *filters: dict[str, int]) -> bytes:
    return lzma.compress(data, lzma.FORMAT_RAW, filters=list(filters))


X86, TWO = {"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "dict_size": DICT}
ONE = {"id": lzma.FILTER_LZMA1, "dict_size": DICT, "lc": 3, "lp": 0, "pb": 2}
PLAIN_TWO = b"\x21\x21\x01\x10"
CODERS = {
    "copy": (bytes, b"\x01\x01\x00"),
    "lzma": (lambda data: raw(data, ONE), b"\x01\x23\x03\x01\x01\x05\x5d" + struct.pack("<I", DICT)),
    "lzma2": (lambda data: raw(data, TWO), b"\x01" + PLAIN_TWO),
    "deflate": (deflated, b"\x01\x03\x04\x01\x08"),
    "bzip2": (bz2.compress, b"\x01\x03\x04\x02\x02"),
    "x86 and lzma2": (lambda data: raw(data, X86, TWO), b"\x02\x04\x03\x03\x01\x03" + PLAIN_TWO + b"\x00\x01"),
}
OTHER_CODERS = {
    "a password": b"\x01\x24\x06\xf1\x07\x01\x01\x00",
    "PPMd": b"\x01\x23\x03\x04\x01\x05" + bytes(5),
    "method 04f71101": b"\x01\x24\x04\xf7\x11\x01\x01\x00",
    "several steps": b"\x02\x01\x03" + b"\x01\x03" + b"\x00\x01",
}


def streams(start: int, packed: int, coder: bytes, sizes: list[int], unpacked: int | None = None) -> bytes:
    total = sum(sizes) if unpacked is None else unpacked
    outputs = 2 if coder[0] == 2 else 1
    out = b"\x06" + number(start) + number(1) + b"\x09" + number(packed) + b"\x00"
    out += b"\x07\x0b\x01\x00" + coder + b"\x0c" + number(total) * outputs + b"\x00"
    if len(sizes) != 1:
        out += (
            b"\x08\x0d" + number(len(sizes)) + b"\x09" + b"".join(map(number, sizes[:-1])) + b"\x0a\x01" + bytes(4 * len(sizes)) + b"\x00"
        )
    return out + b"\x00"


def around(body: bytes, directory: bytes) -> bytes:
    start = struct.pack("<QQI", len(body), len(directory), zlib.crc32(directory))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<I", zlib.crc32(start)) + start + body + directory


def seven_zip(
    items: list[tuple[str, bytes]], kind: str = "lzma2", *, pack: bool = True, coder: bytes | None = None, more: bytes = b""
) -> bytes:
    packer, described = CODERS[kind]
    held = [data for _, data in items if data]
    body = packer(b"".join(held))
    bits = "".join("0" if data else "1" for _, data in items).ljust((len(items) + 7) // 8 * 8, "0")
    empty = int(bits, 2).to_bytes(len(bits) // 8, "big")
    names = b"\x00" + "".join(name + "\0" for name, _ in items).encode("utf-16-le")
    files = b"\x05" + number(len(items)) + b"\x0e" + number(len(empty)) + empty + b"\x11" + number(len(names)) + names + more + b"\x00"
    main = streams(0, len(body), coder or described, [len(data) for data in held])
    directory = b"\x01\x04" + main + files + b"\x00"
    if not pack:
        return around(body, directory)
    packed = raw(directory, ONE)
    return around(body + packed, b"\x17" + streams(len(body), len(packed), CODERS["lzma"][1], [len(directory)]))


@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.parametrize("kind", CODERS)
def test_every_coder(kind, pack):
    found = read_contents(BytesBlob(seven_zip(ITEMS, kind, pack=pack)))
    assert [item.member for item in found] == ["m/\u00fcber.pth", "b.pth"]
    assert all(isinstance(item, Checkpoint) and item.saved_as == "first_name" for item in found)


@pytest.mark.parametrize("words", OTHER_CODERS)
def test_other_coders_are_named_with_the_members(words):
    found = unreadable(seven_zip(ITEMS, "copy", coder=OTHER_CODERS[words]))
    assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)
    assert words in found.reason
    assert "readme.md, empty" in found.reason


def test_an_archive_without_checkpoints_and_an_empty_one():
    assert "1 files, none of them a checkpoint: a.png" in unreadable(seven_zip([("a.png", b"\x89PNG\r\n" + bytes(99))])).reason
    assert unreadable(around(b"", b"")).kind == "not_a_checkpoint"


def test_against_the_library():
    library = pytest.importorskip("py7zr")
    import io

    buffer = io.BytesIO()
    with library.SevenZipFile(buffer, "w") as archive:
        for name, data in ITEMS:
            archive.writestr(data, name)
    assert [item.member for item in read_contents(BytesBlob(buffer.getvalue()))] == ["m/\u00fcber.pth", "b.pth"]


def test_a_large_member_is_read_from_its_front():
    rest = random.Random(0).randbytes(12 << 20)
    large = torch_zip_of(hostile.one_tensor(numel=3 << 20, shape=b"J" + (3 << 20).to_bytes(4, "little") + b"\x85"), {"0": rest})
    blob = CountingBlob(seven_zip([("a.pth", large), ("late.bin", rest)], "deflate"))
    found = read_contents(blob, Limits(inflated_bytes=6 << 20))
    assert isinstance(found[0], Checkpoint)
    assert found[0].tensors[0].shape == (3 << 20,)
    assert blob.bytes_read < blob.size / 2


def test_a_bomb_costs_its_allowance():
    bomb = seven_zip([("a.bin", bytes(60 << 20)), ("z.pth", INNER)])
    assert len(bomb) < 20_000
    found = read_contents(BytesBlob(bomb), Limits(inflated_bytes=1 << 20))
    assert found[-1].kind == "limit"


def test_lies():
    good = seven_zip(ITEMS, "copy", pack=False)
    assert unreadable(good[:-5]).kind == "truncated"
    assert unreadable(good[:20]).kind == "truncated"
    assert unreadable(good[:12] + b"\x01" + good[13:]).kind == "broken"
    coder = CODERS["copy"][1]
    for directory in (
        b"\x01\x04\x06" + number(0) + number(1 << 50),
        b"\x01\x04" + streams(1 << 60, 5, coder, [5]) + b"\x05\x01\x11" + number(5) + b"\x00a\0\0\0" + b"\x00\x00",
        b"\x01\x04" + streams(0, 5, coder, [9, 9], 5),
        b"\x01\x05" + number(1 << 40),
        b"\x01\x05" + number(3) + b"\x11" + number(1 << 40),
        b"\x17" + streams(0, 5, coder, [1 << 40]),
        b"\x01\x04\x07\x0b\x01\x00\x07" + bytes(40),
        b"\x99",
    ):
        found = unreadable(around(bytes(50), directory))
        assert found.kind in ("limit", "truncated", "broken"), (directory, found)


def test_a_directory_that_is_packed_in_a_circle_ends():
    circle = b"\x17" + streams(0, 40, CODERS["copy"][1], [40])
    data = around(circle.ljust(40, b"\0"), circle)
    assert unreadable(data).kind in ("broken", "truncated", "limit")


def test_a_dictionary_of_gigabytes_is_not_allocated():
    import tracemalloc

    huge = b"\x01\x23\x03\x01\x01\x05\x5d\xff\xff\xff\xff"
    tracemalloc.start()
    found = read_contents(BytesBlob(seven_zip(ITEMS, "lzma", coder=huge)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len([item for item in found if isinstance(item, Checkpoint)]) == 2
    assert peak < 20 << 20


def test_more_members_than_are_allowed():
    many = seven_zip([(f"{n}.txt", b"x") for n in range(50)])
    assert [item.kind for item in read_contents(BytesBlob(many), Limits(members=10))] == ["limit"]


SMALL = {"packed": seven_zip(ITEMS), "plain": seven_zip(ITEMS, "copy", pack=False)}


@pytest.mark.parametrize("name", SMALL)
def test_cut_and_changed_at_every_byte(name):
    data = SMALL[name]
    for cut in range(len(data)):
        assert all(isinstance(item, Unreadable) for item in read_contents(BytesBlob(data[:cut])))
    for at in range(0, len(data), 3):
        changed = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        assert read_contents(BytesBlob(changed), Limits(inflated_bytes=4 << 20))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=4)), max_size=5), st.binary(max_size=60))
def test_directories_of_any_bytes(changes, tail):
    good = SMALL["plain"]
    begin = len(good) - int.from_bytes(good[20:28], "little")
    directory = bytearray(good[begin:])
    for at, value in changes:
        directory[at % len(directory) : at % len(directory) + len(value)] = value
    for text in (bytes(directory), bytes(directory) + tail, b"\x01" + tail, b"\x17" + tail):
        assert read_contents(BytesBlob(around(good[32:begin], text)), Limits(inflated_bytes=4 << 20))


def test_the_walk_alone():
    names = [member.name for member in seven_zip_members(BytesBlob(SMALL["plain"]), Limits(), Allowance(1 << 20))]
    assert names == ["readme.md", "m/\u00fcber.pth", "b.pth"]
    assert only(seven_zip([("only.pth", INNER)])).member == "only.pth"
