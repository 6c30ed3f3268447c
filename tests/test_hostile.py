"""Every attack of `hostile`, read as an audit reads it: nothing runs, the verdict is not plain, the cost is bounded, the result is clean."""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path

import hostile
import pytest
from hostile_names import ADVISORIES, DEBATABLE

from auditor.blob import BytesBlob
from auditor.facts import Checkpoint, Unreadable
from auditor.formats.confinement import DATA_BYTES
from auditor.formats.isolation import WorkerPool, read_isolated
from auditor.formats.pickle_safety import classify
from auditor.formats.reading import read_contents

HONEST = hostile.one_tensor()


@pytest.fixture(scope="module")
def pool():
    pool = WorkerPool()
    yield pool
    pool.close()


@pytest.fixture
def sentinel(tmp_path):
    path = tmp_path / "executed"
    before = set(sys.modules)
    yield str(path)
    assert not path.exists(), "a file was executed"
    strange = {"idlelib", "lib2to3", "pip", "antigravity", "cProfile", "doctest", "models"} & (set(sys.modules) - before)
    assert not strange, "a name of a file was imported"


def verdicts(found: tuple[Checkpoint | Unreadable, ...]) -> list[str]:
    """Return what a user is told of each content: the safety verdict of a checkpoint, the kind of failure otherwise."""
    assert found
    return [item.safety.verdict if isinstance(item, Checkpoint) else item.kind for item in found]


def told(found: tuple[Checkpoint | Unreadable, ...]) -> str:
    return " ".join(item.reason if isinstance(item, Unreadable) else " ".join(item.safety.reasons) for item in found)


@pytest.mark.parametrize(("module", "name", "report"), ADVISORIES)
def test_what_other_scanners_let_pass_is_dangerous_in_every_spelling(module, name, report, sentinel):
    assert classify(module, name) == "dangerous", report
    for spelling, data in hostile.named(module, name, hostile.command(sentinel)).items():
        found = read_contents(BytesBlob(data))
        assert verdicts(found) == ["dangerous"], (spelling, found)
        assert name.split(".")[-1] in told(found), (spelling, found)


@pytest.mark.parametrize(("module", "name", "report"), DEBATABLE)
def test_what_honest_code_uses_too_is_never_plain(module, name, report, sentinel):
    assert classify(module, name) == "suspicious", report
    for spelling, data in hostile.named(module, name, hostile.command(sentinel)).items():
        assert "plain" not in verdicts(read_contents(BytesBlob(data))), spelling


@pytest.mark.parametrize("name", sorted(hostile.detours()))
def test_a_callable_that_is_not_named_is_not_plain_either(name):
    inside = hostile.detours()[name]
    for data in (inside, hostile.handmade([("archive/data.pkl", inside), ("archive/version", b"3\n")])):
        found = read_contents(BytesBlob(data))
        # a pickle without tensors is no checkpoint; what it would call is said only where that is dangerous
        assert verdicts(found) == ["dangerous"] or name == "joblib array with objects", (name, found)


@pytest.mark.parametrize("name", sorted(hostile.wrong_arity()))
def test_calls_with_wrong_arguments_end_cleanly(name):
    found = read_contents(BytesBlob(hostile.wrong_arity()[name]))
    assert all(isinstance(item, Unreadable) or [t.shape for t in item.tensors] == [()] for item in found), found


@pytest.mark.parametrize("name", sorted(hostile.zip_tricks(b"", b"")))
def test_zips_that_made_scanners_stop_are_never_plain(name, sentinel, pool):
    evil = hostile.spellings(sentinel)["reduce"]
    data = hostile.zip_tricks(evil, HONEST)[name]
    found = read_isolated(BytesBlob(data), pool=pool)
    assert found == read_contents(BytesBlob(data))
    if name == "behind a pickle":  # torch.load reads the pickle in front: there is no tensor in it, and nothing that runs
        assert verdicts(found) == ["not_a_checkpoint"]
    elif name == "within a comment":
        assert "dangerous" in verdicts(found)
    elif name == "beside another root":
        assert sorted(verdicts(found))[0] == "dangerous"
    else:
        assert "plain" not in verdicts(found), found


@pytest.mark.parametrize("name", sorted(hostile.hdf5_lies()))
def test_hdf5_that_lies_is_a_status_of_the_file(name, pool):
    (found,) = read_isolated(BytesBlob(hostile.hdf5_lies()[name]), pool=pool)
    assert isinstance(found, Unreadable)


def test_an_hdf5_that_points_out_of_itself_or_inflates_is_not_followed(tmp_path, pool):
    h5py = pytest.importorskip("h5py")
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file.create_dataset("stolen", data=[1.0, 2.0])
    bomb = tmp_path / "bomb.h5"
    with h5py.File(bomb, "w") as file:
        file.create_dataset("huge", shape=(1 << 40,), chunks=(1 << 20,), compression="gzip", dtype="f4", fillvalue=0.0)
        file["link"] = h5py.ExternalLink(str(secret), "/stolen")
        file["soft"] = h5py.SoftLink("/soft")
        file["circle"] = file["/"]
        for n in range(40):
            file.create_dataset(f"d{n}", data=[0.0] * 10)
    found = read_isolated(BytesBlob(bomb.read_bytes(), "bomb.h5"), pool=pool)
    names = [tensor.name for item in found if isinstance(item, Checkpoint) for tensor in item.tensors]
    assert not [name for name in names if "stolen" in name or "link" in name]


@pytest.mark.parametrize("name", sorted(hostile.recursion()))
def test_what_holds_itself_ends(name, pool):
    data = hostile.recursion()[name]
    for whole in (data, hostile.handmade([("archive/data.pkl", data), ("archive/version", b"3\n")])):
        found = read_isolated(BytesBlob(whole), pool=pool)
        assert all(isinstance(item, Unreadable) for item in found), found


BOMBS = {**hostile.broken_pickles(), **hostile.tangles()}


@pytest.mark.parametrize("name", sorted(BOMBS))
def test_bombs_end_within_a_worker_and_leave_it_small(name, pool):
    """The limits are those of an audit; a bomb costs seconds and never this process."""
    before = resident()
    begun = time.monotonic()
    found = read_isolated(BytesBlob(BOMBS[name]), pool=pool)
    assert "plain" not in verdicts(found)
    assert all(isinstance(item, Unreadable) for item in found)
    assert time.monotonic() - begun < 120
    assert resident() - before < DATA_BYTES // 4


def test_a_bomb_of_every_kind_of_container(pool):
    import bz2
    import gzip
    import lzma

    zeros = bytes(80 << 20)
    for data in (gzip.compress(zeros, 1), bz2.compress(zeros, 1), lzma.compress(zeros, preset=0), hostile.zip_bomb(80 << 20)):
        found = read_isolated(BytesBlob(data), pool=pool)
        assert all(isinstance(item, Unreadable) for item in found)


def test_links_and_paths_that_climb_are_never_opened(pool, tmp_path):
    secret = tmp_path / "secret.pth"
    secret.write_bytes(HONEST)
    for data in (hostile.tar_with_links(HONEST), hostile.zip_with_link(HONEST)):
        for item in read_isolated(BytesBlob(data), pool=pool):
            assert "passwd" not in repr(item)


def resident() -> int:
    """Return this process's resident memory, 0 where it cannot be had."""
    gc.collect()
    status = Path("/proc/self/statm")
    return int(status.read_text().split()[1]) * 4096 if status.exists() else 0
