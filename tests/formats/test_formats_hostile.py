"""Hostile files: nothing is executed, nothing raises, nothing grows without bound, and the verdict names what was meant."""

from __future__ import annotations

import tracemalloc
import zlib

import hostile
import pytest
from format_files import checkpoint, only, saved, tarred, torch_zip_of, unreadable, zipped

from auditor.blob import BytesBlob
from auditor.errors import FormatError, LimitError
from auditor.facts import Checkpoint, Unreadable
from auditor.formats.extents import ByteStream
from auditor.formats.interface import Limits
from auditor.formats.pickle_safety import classify
from auditor.formats.pickle_walker import walk
from auditor.formats.reading import READERS, read_contents
from auditor.formats.torch_zip import TorchZip

SPELLINGS = sorted(hostile.spellings("x"))
BROKEN = hostile.broken_pickles()


@pytest.fixture
def sentinel(tmp_path):
    path = tmp_path / "executed"
    yield str(path)
    assert not path.exists(), "a file was executed"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_dangerous_and_none_is_executed(spelling, sentinel):
    data = hostile.spellings(sentinel)[spelling]
    for whole in (data, torch_zip_of(data), zipped([("evil.pth", torch_zip_of(data))]), tarred([("evil.pkl", data)])):
        found = only(whole)
        assert isinstance(found, Unreadable)
        assert found.kind == "dangerous", found
        assert "would run code" in found.reason


@pytest.mark.parametrize("protocol", range(6))
def test_what_the_real_pickler_makes_of_an_exploit(protocol, sentinel):
    data = hostile.real_exploits(sentinel)[f"protocol {protocol}"]
    found = unreadable(torch_zip_of(data))
    assert found.kind == "dangerous"
    assert "would call posix.system" in found.reason
    assert unreadable(data).kind == "dangerous"


@pytest.mark.parametrize("legacy", [False, True])
def test_a_dangerous_checkpoint_is_still_described(legacy, sentinel):
    torch = pytest.importorskip("torch")
    found = checkpoint(saved({"state_dict": {"w": torch.zeros(3, 4)}, "x": hostile.Runs(sentinel)}, legacy=legacy))
    assert [(tensor.name, tensor.shape) for tensor in found.tensors] == [("w", (3, 4))]
    assert found.safety.verdict == "dangerous"
    assert found.safety.reasons == ("would call posix.system",)


@pytest.mark.parametrize(
    ("module", "name", "verdict"),
    [
        ("collections", "OrderedDict", "plain"),
        ("torch", "FloatStorage", "plain"),
        ("torch.cuda", "HalfStorage", "plain"),
        ("torch", "bfloat16", "plain"),
        ("numpy", "dtype", "plain"),
        ("copy_reg", "_reconstructor", "plain"),
        ("__builtin__", "set", "plain"),
        ("models.resnet", "ResNet", "suspicious"),
        ("torch.nn.modules.conv", "Conv2d", "suspicious"),
        ("collections", "OrderedDict.__class__", "dangerous"),
        ("os.path", "join", "dangerous"),
        ("torch", "jit.load", "dangerous"),
        ("torch.jit._pickle", "build_intlist", "plain"),
        ("torch.jit._script", "load", "dangerous"),
        ("models", "os.system", "dangerous"),
        ("models", "__builtins__.eval", "dangerous"),
        ("__builtin__", "eval", "dangerous"),
        ("builtins", "print", "suspicious"),
        ("os", "", "dangerous"),
        ("code", "interact", "dangerous"),
        ("code.models.resnet", "ResNet", "suspicious"),
        ("lib.system", "Trainer", "suspicious"),
        ("torch.serialization", "os", "dangerous"),
        ("operator", "attrgetter", "dangerous"),
        ("_operator", "itemgetter", "suspicious"),
        ("functools", "partial", "suspicious"),
        ("logging", "getLogger", "suspicious"),
        ("test.support.script_helper", "assert_python_ok", "dangerous"),
        ("torch.fx.graph_module", "reduce_graph_module", "dangerous"),
        ("", "", "suspicious"),
        ("x" * 500, "y", "suspicious"),
        ("__torch__.models.os", "Net", "suspicious"),
    ],
)
def test_the_tables_of_names(module, name, verdict):
    assert classify(module, name) == verdict


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_pickles_raise_format_errors_and_bounded_memory(name):
    data = BROKEN[name]
    tracemalloc.start()
    try:
        walk(ByteStream(BytesBlob(data), 0, len(data)), Limits(objects=300_000))
    except FormatError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 96 << 20
    for whole in (data, torch_zip_of(data)):
        assert all(isinstance(item, Unreadable) for item in read_contents(BytesBlob(whole), Limits(objects=300_000)))


@pytest.mark.parametrize("name", sorted(hostile.tangles()))
def test_copies_and_shared_parts_are_not_multiplied(name):
    data = torch_zip_of(hostile.tangles()[name])
    traced = name.startswith("copied")  # tracing makes everything slow, and only copies take memory
    if traced:
        tracemalloc.start()
    (found,) = read_contents(BytesBlob(data), Limits(objects=400_000))
    assert found.kind == ("dangerous" if name == "dangerous too" else "limit")
    if traced:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 64 << 20


def test_a_rebuild_within_a_rebuild_does_not_recurse():
    inner = b")"
    for _ in range(3000):
        inner = b"(ctorch._tensor\n_rebuild_from_type_v2\nN" + inner + b"Nt"
    data = b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n" + inner + b"R."
    with pytest.raises(FormatError):
        TorchZip().read(BytesBlob(torch_zip_of(data)), Limits())


@pytest.mark.parametrize("name", sorted(hostile.broken_tensors()))
def test_tensors_that_make_no_sense_are_refused(name):
    found = unreadable(torch_zip_of(hostile.broken_tensors()[name], {"0": bytes(16)}))
    assert found.kind == "broken"


def test_a_tensor_past_its_storage_is_a_warning():
    found = checkpoint(torch_zip_of(hostile.one_tensor(numel=2), {"0": bytes(8)}))
    assert found.warnings == ("tensor 'weight' looks past the end of its storage '0'",)
    assert checkpoint(torch_zip_of(hostile.one_tensor(), {"0": bytes(16)})).warnings == ()


def test_a_stride_of_zero_shares_one_element():
    data = torch_zip_of(hostile.one_tensor(numel=1, stride=b"K\x00\x85"), {"0": bytes(4)})
    assert checkpoint(data).warnings == ()


def test_limits_of_the_walk():
    with pytest.raises(LimitError, match="objects"):
        walk(ByteStream(BytesBlob(b"\x80\x02" + b"N" * 1000 + b"."), 0, 1 << 20), Limits(objects=100))
    with pytest.raises(LimitError, match="header"):
        walk(ByteStream(BytesBlob(b"\x80\x02" + b"N0" * 1000 + b"."), 0, 500), Limits())
    with pytest.raises(LimitError, match="too long"):
        walk(ByteStream(BytesBlob(b"\x80\x02" + b"N0" * 50_000 + b"."), 0, 1 << 20), Limits(seconds=-1.0))


def test_a_real_bomb_is_unpacked_no_further_than_is_asked():
    data = hostile.zip_bomb(128 << 20)
    assert len(data) < 1 << 20
    tracemalloc.start()
    found = read_contents(BytesBlob(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 96 << 20
    assert all(isinstance(item, Unreadable) for item in found)


def test_a_bomb_as_the_pickle_itself():
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(bytes(80 << 20)) + packed.flush()
    said = [("r/version", b"3", 0, 1, 0), ("r/data.pkl", body, 8, 80 << 20, 0)]
    assert unreadable(hostile.handmade_zip(said)).kind == "limit"
    lying = [("r/version", b"3", 0, 1, 0), ("r/data.pkl", body, 8, 100, 0)]
    assert unreadable(hostile.handmade_zip(lying)).kind == "broken"


def test_a_declared_size_beyond_four_gigabytes():
    data = hostile.handmade_zip([("big.pth", b"\x80\x02}.", 0, 5 << 30, 0)])
    found = only(data)
    assert isinstance(found, Unreadable)
    data = hostile.handmade_zip([("big.pth", b"\x00\x00", 8, 5 << 30, 0)])
    assert isinstance(only(data), Unreadable)


def test_overlapping_members_are_said_and_cost_no_more_than_the_allowance():
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = packed.compress(bytes(8 << 20)) + packed.flush()
    found = read_contents(BytesBlob(hostile.overlapping_zip(kernel, 3000)))
    assert all(isinstance(item, Unreadable) for item in found)
    assert len(found) < 3001


def test_names_that_climb_and_links_are_only_shown():
    inner = torch_zip_of(hostile.one_tensor(), {"0": bytes(16)})
    assert only(hostile.tar_with_links(inner)).member == "../../escape.pth"
    found = read_contents(BytesBlob(hostile.zip_with_link(inner)))
    assert [item.member for item in found] == ["../../escape.pth", "/abs.pth"]
    assert all(isinstance(item, Checkpoint) for item in found)


def test_too_many_members_and_too_deep_containers():
    many = zipped([(f"{n}.pth", b"x") for n in range(50)])
    assert unreadable(many).kind == "not_a_checkpoint"
    assert read_contents(BytesBlob(many), Limits(members=20))[0].kind == "limit"
    assert read_contents(BytesBlob(tarred([(f"{n}.pth", b"x") for n in range(50)])), Limits(members=20))[-1].kind == "limit"
    inner = torch_zip_of(hostile.one_tensor(), {"0": bytes(16)})
    nested = inner
    for depth in range(1, 6):
        nested = zipped([("in.zip", nested)])
        found = only(nested)
        assert isinstance(found, Checkpoint) == (depth <= 3), (depth, found)
    assert found.kind == "limit"


def test_a_zip_that_holds_itself_by_name_or_lies_about_offsets():
    inner = torch_zip_of(hostile.one_tensor())
    for offsets in ([1 << 31], [7], [len(inner)]):
        found = only(hostile.handmade_zip([("a.pth", inner, 0, len(inner), 0)], offsets=offsets))
        assert (found.member, found.kind) == ("a.pth", "broken")
    assert unreadable(hostile.handmade_zip([("a.pth", inner, 0, len(inner), 0)], count=9)).kind == "broken"


def test_members_that_need_a_password_or_another_method_are_named():
    found = only(hostile.handmade_zip([("a.pth", b"xx", 12, 2, 0)]))
    assert (found.member, found.kind) == ("a.pth", "unsupported")
    assert "method 12" in found.reason
    data = bytearray(hostile.handmade_zip([("a.pth", b"xx", 0, 2, 0)]))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert only(bytes(data)).reason == "the member needs a password"


def test_readers_raise_nothing_but_format_errors():
    files = [*hostile.spellings("x").values(), *hostile.broken_pickles().values(), *hostile.broken_tensors().values()]
    small = [data for data in files if len(data) < 20_000]
    for data in [*small, *(torch_zip_of(item) for item in small)]:
        for reader in READERS:
            with pytest.raises(FormatError):
                reader.read(BytesBlob(data), Limits())


def test_two_members_of_one_name_are_said():
    items = [("archive/data.pkl", hostile.one_tensor()), ("archive/data/0", bytes(16)), ("archive/version", b"3")]
    with pytest.warns(UserWarning, match="Duplicate"):
        data = zipped([*items, items[0]])
    assert "two members have the same name" in TorchZip().read(BytesBlob(data), Limits()).warnings
