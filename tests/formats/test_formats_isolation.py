"""A worker that crashes, hangs, eats memory or lies costs the file that it was reading, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hostile
import pytest
import torch
from format_files import CountingBlob, saved, tarred, torch_zip_of, zipped

from auditor.blob import BytesBlob
from auditor.errors import NetworkError
from auditor.facts import Checkpoint, Status, Unreadable
from auditor.formats import isolation, worker_process, worker_start
from auditor.formats.interface import Limits
from auditor.formats.isolation import UNISOLATED, WorkerPool, close_workers, read_isolated, shared_pool
from auditor.formats.reading import read_contents
from auditor.formats.worker_process import ReaderSource

HERE = str(Path(__file__).parent)
ROOT = str(Path(__file__).parents[2])
QUICK, USUAL = Limits(seconds=0.5), Limits()
GOOD = b"!good"

posix = pytest.mark.skipif(os.name != "posix", reason="limits of processes are POSIX's")
linux = pytest.mark.skipif(sys.platform != "linux", reason="system calls are filtered on Linux")


@pytest.fixture(scope="module")
def pool():
    pool = WorkerPool(ReaderSource("hostile_readers", "READERS", HERE), wall_seconds=60.0)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def impatient():
    pool = WorkerPool(ReaderSource("hostile_readers", "READERS", HERE), wall_seconds=1.5)
    yield pool
    pool.close()


def tell(pool: WorkerPool, words: bytes, limits: Limits = USUAL) -> Checkpoint | Unreadable:
    """Return what became of one file, after the next file was read as if nothing had been."""
    (found,) = read_isolated(BytesBlob(words, "file"), limits, pool)
    (after,) = read_isolated(BytesBlob(GOOD, "next"), limits, pool)
    assert isinstance(after, Checkpoint)
    assert after.tensors[0].name == "good"
    return found


class TestRuin:
    @posix
    @pytest.mark.parametrize(
        ("word", "kind", "said"),
        [
            (b"!segfault", "broken", "SIGSEGV"),
            (b"!abort", "broken", "crashed"),
            (b"!leave", "broken", "exit status 3"),
            (b"!loop", "limit", "takes too long"),
            (b"!allocate", "limit", "MemoryError"),
            (b"!descriptors", "broken", "Too many open files"),
            (b"!greedy", "limit", "asked for more"),
            (b"!huge_read", "limit", "asked for more"),
            (b"!defect", "broken", "ZeroDivisionError: a defect of ours"),
            (b"!refuse format", "broken", "it said so: this is why"),
            (b"!refuse limit", "limit", "it said so: this is why"),
        ],
    )
    def test_it_is_a_status_of_its_file_and_the_next_is_read(self, pool, word, kind, said):
        found = tell(pool, word, QUICK if word == b"!loop" else USUAL)
        assert isinstance(found, Unreadable)
        assert found.kind == kind, found
        assert said in found.reason
        assert (found.status is Status.BLOCKED) == (kind == "limit")

    @posix
    @pytest.mark.parametrize("word", [b"!deaf", b"!swallow"])
    def test_what_no_alarm_reaches_is_killed_after_its_time(self, impatient, word):
        found = tell(impatient, word)
        assert isinstance(found, Unreadable)
        assert (found.kind, found.reason) == ("limit", "reading it was stopped: it took longer than 1.5 s")

    @posix
    def test_memory_that_a_library_takes_is_limited_too(self, pool):
        found = tell(pool, b"!allocate_in_c")
        assert isinstance(found, Unreadable)
        assert found.kind in ("broken", "limit")

    @linux
    def test_nothing_is_written_or_removed(self, pool, tmp_path):
        kept = tmp_path / "kept"
        kept.write_bytes(b"kept")
        for words in (f"!write_file {tmp_path / 'new'}", f"!write_file {kept}", f"!remove_file {kept}"):
            found = tell(pool, words.encode())
            assert isinstance(found, Unreadable)
            assert "not permitted" in found.reason
        assert kept.read_bytes() == b"kept"
        assert [path.name for path in tmp_path.iterdir()] == ["kept"]

    @linux
    @pytest.mark.parametrize("word", ["fork", "program", "kill_parent"])
    def test_no_process_is_started_or_signaled(self, pool, word, tmp_path):
        found = tell(pool, f"!{word} {tmp_path / 'ran'}".encode())
        assert isinstance(found, Unreadable)
        assert "not permitted" in found.reason
        assert not list(tmp_path.iterdir())

    @linux
    def test_no_connection_is_made(self, pool):
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(0.3)
            found = tell(pool, f"!connect {server.getsockname()[1]}".encode())
            assert isinstance(found, Unreadable)
            assert "not permitted" in found.reason
            with pytest.raises(TimeoutError):
                server.accept()

    def test_no_secret_of_the_environment_gets_there(self, monkeypatch):
        monkeypatch.setenv("GITHUB_TOKEN", "secret")
        fresh = WorkerPool(ReaderSource("hostile_readers", "READERS", HERE))
        found = tell(fresh, b"!environment")
        fresh.close()
        assert isinstance(found, Checkpoint)
        allowed = {*worker_start.KEPT, *worker_start.SETTINGS, "LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
        assert {tensor.name for tensor in found.tensors} <= allowed

    def test_what_a_library_prints_does_not_come_between(self, pool):
        assert isinstance(tell(pool, b"!chatter"), Checkpoint)


def lie(letter: bytes, body: bytes) -> bytes:
    return b"!lie " + letter + body.hex().encode()


def result(value: object) -> bytes:
    return bytes(8) + json.dumps(value).encode()


HONEST = [None, "ruins", None, None, "", [["w", [1], "float32", "", None]], "0" * 64]


@pytest.mark.parametrize(
    "body",
    [
        lie(b"D", b""),
        lie(b"D", bytes(8)),
        lie(b"D", bytes(8) + b"{"),
        lie(b"D", result([])),
        lie(b"D", result({"a": 1})),
        lie(b"D", result([[0]])),
        lie(b"D", result([[7, HONEST]])),
        lie(b"D", result([[0, HONEST]])),
        lie(b"D", result([[1, [None, 3, "broken", "error"]]])),
        lie(b"D", result([[1, [None, "x", "broken", "no status"]]])),
        lie(b"Z", b"what?"),
        lie(b"R", b"short"),
        lie(b"H", b"[]"),
    ],
)
def test_a_worker_that_lies_is_not_believed(pool, body):
    found = tell(pool, body)
    assert isinstance(found, Unreadable)
    assert found.kind == "broken"
    assert "wrong answer" in found.reason


def test_a_message_that_claims_to_be_endless_is_refused(pool):
    from auditor.formats.messages import receive

    ours, theirs = os.pipe()
    os.write(theirs, struct.pack("<cQ", b"D", 1 << 60))
    with os.fdopen(ours, "rb") as stream, pytest.raises(Exception, match="longer than is allowed"):
        receive(stream, 1 << 20)
    os.close(theirs)


class TestTheSameContract:
    def test_results_equal_those_of_reading_here(self):
        torch = pytest.importorskip("torch")
        value = {"epoch": 3, "best_acc": 0.5, "network": {"module.w": torch.zeros(3, 4), "module.b": torch.zeros(3)}}
        inner = saved(value)
        files = [
            inner,
            saved(value, legacy=True),
            zipped([("a.pth", inner), ("b.pth", inner[:-100])]),
            tarred([("ü\udc80.pth", inner)], format=1),
            b"",
            b"<!doctype html><title>Sign in</title>",
            inner[:500],
            *hostile.spellings("x").values(),
            *hostile.broken_tensors().values(),
        ]
        for data in files:
            assert read_isolated(BytesBlob(data, "file")) == read_contents(BytesBlob(data, "file"))

    def test_reads_go_through_the_blob_of_the_caller(self):
        torch = pytest.importorskip("torch")
        data = saved({"w": torch.zeros(300_000)})
        here, there = CountingBlob(data), CountingBlob(data)
        assert read_contents(here) == read_isolated(there)
        assert there.reads == here.reads

    @pytest.mark.parametrize("after", [0, 1])
    def test_a_failing_host_is_told_as_ever(self, after):
        class Failing(BytesBlob):
            left = after

            def read(self, offset: int, length: int) -> bytes:
                if self.left == 0:
                    raise NetworkError("the host is tired", "503", "later", status="quota")
                self.left -= 1
                return super().read(offset, length)

        torch = pytest.importorskip("torch")
        data = saved({"w": torch.zeros(300_000)})
        (found,) = read_isolated(Failing(data, "file"))
        assert (found.kind, found.status, found.reason) == ("network", Status.QUOTA, "the host is tired: 503")

    def test_an_error_of_our_own_passes_through_and_the_next_file_is_read(self):
        class Defect(BytesBlob):
            def read(self, offset: int, length: int) -> bytes:
                raise ZeroDivisionError("ours")

        with pytest.raises(ZeroDivisionError):
            read_isolated(Defect(b"abc"))
        assert read_isolated(BytesBlob(b""))[0].kind == "empty"

    def test_limits_are_the_callers(self):
        data = zipped([(f"{n}.pth", b"x") for n in range(50)])
        assert read_isolated(BytesBlob(data), Limits(members=20))[0].kind == "limit"


class TestWorkers:
    def test_they_are_used_again_and_replaced_after_so_many_files(self, monkeypatch):
        monkeypatch.setattr(worker_process, "FILES", 10)
        pool = WorkerPool()
        seen = set()
        for _ in range(35):
            assert read_isolated(BytesBlob(b"", "x"), pool=pool)[0].kind == "empty"
            seen |= pool.pids
        assert 3 <= len(seen) <= 5
        pool.close()

    def test_many_threads_share_few_of_them(self):
        pool = WorkerPool()
        torch = pytest.importorskip("torch")
        files = [saved({"w": torch.zeros(n + 1, 2)}) for n in range(40)]
        with ThreadPoolExecutor(16) as threads:
            found = list(threads.map(lambda data: read_isolated(BytesBlob(data), pool=pool), files))
        assert [item.tensors[0].shape for (item,) in found] == [(n + 1, 2) for n in range(40)]
        assert 1 <= len(pool.pids) <= isolation.MOST_WORKERS
        pool.close()
        assert not pool.pids

    def test_a_slow_host_holds_nobody_else_up_and_is_not_held_for_a_hang(self):
        class Slow(BytesBlob):
            def read(self, offset: int, length: int) -> bytes:
                time.sleep(1.2)
                return super().read(offset, length)

        pool = WorkerPool(wall_seconds=1.0)
        with ThreadPoolExecutor(6) as threads:
            found = list(threads.map(lambda n: read_isolated(Slow(b"abc" * n), pool=pool), range(1, 7)))
        pool.close()
        assert [item.kind for (item,) in found] == ["not_a_checkpoint"] * 6

    @posix
    def test_none_outlives_the_program(self):
        code = (
            "import os, sys; sys.path.insert(0, sys.argv[1]); from auditor.blob import BytesBlob\n"
            "from auditor.formats.isolation import read_isolated, shared_pool\n"
            "read_isolated(BytesBlob(b'')); print(*shared_pool().pids)"
        )
        done = subprocess.run([sys.executable, "-c", code, ROOT], capture_output=True, text=True, check=True)
        assert done.stdout.split()
        assert all(ended(int(pid)) for pid in done.stdout.split())

    @posix
    def test_an_interrupt_ends_a_hanging_file_and_its_worker(self):
        code = (
            "import sys; sys.path[:0] = sys.argv[1:3]; from concurrent.futures import ThreadPoolExecutor\n"
            "from auditor.blob import BytesBlob; from auditor.formats import isolation\n"
            "from auditor.formats.worker_process import ReaderSource\n"
            "isolation._pool = isolation.WorkerPool(ReaderSource('hostile_readers', 'READERS', sys.argv[2]))\n"
            "isolation.read_isolated(BytesBlob(b'!good')); print(*isolation.shared_pool().pids, flush=True)\n"
            "with ThreadPoolExecutor(2) as pool, isolation.workers_killed_on_interrupt():\n"
            "    list(pool.map(lambda n: isolation.read_isolated(BytesBlob(b'!deaf')), range(2)))\n"
        )
        process = subprocess.Popen([sys.executable, "-c", code, ROOT, HERE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        pids = [int(pid) for pid in process.stdout.readline().split()]
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert "KeyboardInterrupt" in errors
        assert all(ended(pid) for pid in pids)

    @posix
    def test_a_program_without_standard_streams_reads_as_well(self, tmp_path):
        code = (
            "import os, sys; [os.close(n) for n in (0, 1, 2)]; sys.path.insert(0, sys.argv[1]); from auditor.blob import BytesBlob\n"
            "from auditor.formats.isolation import read_isolated, shared_pool\n"
            "kinds = [read_isolated(BytesBlob(b'abc'))[0].kind for _ in range(3)]\n"
            "open(sys.argv[2], 'w').write(repr((kinds, shared_pool().failure)))"
        )
        subprocess.run([sys.executable, "-c", code, ROOT, str(tmp_path / "out")], check=True)
        assert (tmp_path / "out").read_text() == "(['not_a_checkpoint', 'not_a_checkpoint', 'not_a_checkpoint'], '')"

    def test_a_forked_program_has_workers_of_its_own(self):
        read_isolated(BytesBlob(b"abc"))
        pool = shared_pool()
        isolation._forget_workers()
        try:
            assert shared_pool() is not pool
        finally:
            close_workers()
            pool.close()


class TestWithoutProcesses:
    def test_files_are_read_here_and_say_so(self, monkeypatch):
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        torch = pytest.importorskip("torch")
        pool = WorkerPool()
        (found,) = read_isolated(BytesBlob(saved({"w": torch.zeros(2)})), pool=pool)
        assert isinstance(found, Checkpoint)
        assert found.warnings[-1].startswith(UNISOLATED)
        assert "no process can be started" in pool.failure
        assert read_isolated(BytesBlob(b""), pool=pool)[0].kind == "empty"
        pool.close()

    def test_a_worker_that_does_not_start_is_not_tried_for_ever(self):
        pool = WorkerPool(ReaderSource("hostile_readers", "NOT_THERE", HERE))
        for _ in range(3):
            assert read_isolated(BytesBlob(b"abc"), pool=pool)[0].kind == "not_a_checkpoint"
        assert "ends when it starts" in pool.failure
        assert not pool.pids
        pool.close()

    def test_a_closed_pool_reads_nothing(self):
        pool = WorkerPool()
        pool.close()
        assert read_isolated(BytesBlob(b"abc"), pool=pool)[0].status is Status.SKIPPED
        assert not any(thread.name == "auditor-workers" and pool in getattr(thread, "_args", ()) for thread in threading.enumerate())


def ended(pid: int) -> bool:
    """Tell whether a process is gone, or is only remembered by a parent that has not asked for it."""
    for _ in range(50):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").exists() and Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_a_poisoned_checkpoint_is_dangerous_there_too(tmp_path):
    sentinel = tmp_path / "executed"
    for data in hostile.spellings(str(sentinel)).values():
        (found,) = read_isolated(BytesBlob(torch_zip_of(data)))
        assert isinstance(found, Unreadable)
        assert found.kind == "dangerous"
    assert not sentinel.exists()


def test_a_worker_started_ahead_is_taken_once_and_confined_alike():
    close_workers()
    worker_start.start_ahead()
    worker_start.start_ahead()
    ((_, process),) = worker_start._ahead
    try:
        pool = WorkerPool()
        (found,) = pool.read(BytesBlob(saved({"w": torch.zeros(3, 4)}), "a.pth"), USUAL)
        assert isinstance(found, Checkpoint)
        assert process.pid in pool.pids
        assert not worker_start._ahead
        pool.close()
        assert process.poll() is not None
    finally:
        worker_start.end_ahead()


def test_a_worker_started_ahead_for_another_command_or_dead_is_not_taken():
    worker_start.start_ahead()
    ((_, process),) = worker_start._ahead
    pool = WorkerPool(ReaderSource("hostile_readers", "READERS", HERE))
    pool.start()
    assert process.pid not in pool.pids
    assert process.poll() is not None
    pool.close()
    worker_start.start_ahead()
    ((_, process),) = worker_start._ahead
    process.kill()
    process.wait()
    pool = WorkerPool()
    assert isinstance(pool.read(BytesBlob(saved({"w": torch.zeros(3, 4)}), "a.pth"), USUAL)[0], Checkpoint)
    pool.close()
    worker_start.start_ahead()
    ((_, process),) = worker_start._ahead
    close_workers()
    assert process.poll() is not None
