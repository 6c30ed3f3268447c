"""The file behind the cache: bounded, shared, and never the reason why an audit fails."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from auditor.net.cache import FILE_NAME, Cache, packed_if_text

ROOT = Path(__file__).parents[1]


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def made(folder, most=1 << 20, clock=None):
    return Cache(folder / "auditor", most, clock or Clock())


def test_what_is_put_is_got_also_by_another_who_opens_the_file(tmp_path):
    first = made(tmp_path)
    first.put("a", "answer", "a.org", {"status": 200}, b"text " * 1000)
    first.put("b", "answer", "b.org", {}, os.urandom(2000))
    for cache in (first, made(tmp_path)):
        found = cache.get("a")
        assert (found.about, found.body, len(cache.get("b").body)) == ({"status": 200}, b"text " * 1000, 2000)
        assert cache.get("c") is None
        assert [(share.host, share.entries) for share in cache.shares()] == [("b.org", 1), ("a.org", 1)]
    assert first.warnings == []


def test_nobody_else_may_read_it(tmp_path):
    cache = made(tmp_path)
    cache.put("a", "answer", "a.org", {})
    for path in (cache.path, cache.path.parent, *cache.path.parent.iterdir()):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_it_stays_below_its_size_and_gives_up_what_was_used_longest_ago(tmp_path):
    clock = Clock()
    cache = made(tmp_path, 1 << 20, clock)
    for number in range(200):
        cache.put(f"k{number}", "answer", "a.org", {}, os.urandom(20_000))
        clock.now += 100
        assert cache.get("k0") is not None, number  # used again and again
        assert sum(share.bytes for share in cache.shares()) <= 1 << 20
    assert cache.get("k199") is not None
    assert cache.get("k20") is None
    cache.close()
    assert cache.size() < 2 << 20
    cache.put("large", "answer", "a.org", {}, os.urandom(600_000))
    assert cache.get("large") is None  # one entry must not drive all others out


def test_parts_of_a_file_are_found_by_their_place(tmp_path):
    cache = made(tmp_path)
    for first in (0, 100, 300):
        cache.put(f"p{first}", "part", "a.org", {}, bytes([first % 251]) * 100, parent="f", first=first)
    assert [part.first for part in cache.parts("f", 50, 310)] == [0, 100, 300]
    assert [part.first for part in cache.parts("f", 100, 101)] == [100]
    assert cache.parts("g", 0, 1000) == []


def test_clearing_all_or_one_host(tmp_path):
    cache = made(tmp_path)
    for host in ("a.org", "a.org", "b.org"):
        cache.put(os.urandom(4).hex(), "answer", host, {}, os.urandom(5000))
    assert cache.clear("a.org") == 2
    assert [share.host for share in cache.shares()] == ["b.org"]
    assert cache.clear() == 1
    cache.close()
    assert cache.size() < 64 << 10


@pytest.mark.parametrize("content", [b"", b"not a database" * 400, b"SQLite format 3\x00" + bytes(4000), os.urandom(8192)])
def test_a_broken_file_is_set_aside_with_one_warning(tmp_path, content):
    (tmp_path / "auditor").mkdir()
    (tmp_path / "auditor" / FILE_NAME).write_bytes(content)
    cache = made(tmp_path)
    for _ in range(3):
        cache.put("a", "answer", "a.org", {}, b"x")
    assert cache.get("a").body == b"x"
    if content:
        assert len(cache.warnings) == 1
        assert (tmp_path / "auditor" / f"{FILE_NAME}.aside").read_bytes() == content
    cache.close()
    assert made(tmp_path).get("a").body == b"x"


@pytest.mark.parametrize("orders", [("PRAGMA user_version = 99",), ("PRAGMA user_version = 0",), ("DROP TABLE entries",)])
def test_a_file_of_another_program_is_set_aside(tmp_path, orders):
    old = made(tmp_path)
    old.put("a", "answer", "a.org", {}, b"old")
    old.close()
    with sqlite3.connect(old.path) as database:
        for order in orders:
            database.execute(order)
    database.close()
    cache = made(tmp_path)
    assert cache.get("a") is None
    cache.put("a", "answer", "a.org", {}, b"new")
    cache.put("a", "answer", "a.org", {}, b"new")
    assert cache.get("a").body == b"new"
    assert len(cache.warnings) <= 1


def test_a_file_that_breaks_while_it_is_open(tmp_path):
    cache = made(tmp_path)
    for number in range(50):
        cache.put(f"k{number}", "answer", "a.org", {}, os.urandom(9000))
    cache.close()
    data = bytearray(cache.path.read_bytes())
    data[8192:] = os.urandom(len(data) - 8192)
    cache.path.write_bytes(data)
    for number in range(50):
        cache.get(f"k{number}")
        cache.put(f"n{number}", "answer", "a.org", {}, b"x")
    assert len(cache.warnings) == 1
    assert cache.get("n49").body == b"x"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(tmp_path):
    tmp_path.chmod(0o500)
    try:
        cache = made(tmp_path)
        cache.put("a", "answer", "a.org", {}, b"x")
        assert cache.get("a") is None
        assert len(cache.warnings) == 1
    finally:
        tmp_path.chmod(0o700)


def test_a_place_that_cannot_be_a_folder(tmp_path):
    (tmp_path / "auditor").write_text("a file")
    cache = made(tmp_path)
    cache.put("a", "answer", "a.org", {}, b"x")
    assert (cache.get("a"), cache.shares(), cache.clear(), len(cache.warnings)) == (None, [], 0, 1)


FULL = """
import os, resource, sys
from pathlib import Path
from auditor.net.cache import Cache
cache = Cache(Path(sys.argv[1]), 1 << 30)
cache.put("first", "answer", "a.org", {}, b"x")
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
for number in range(40):
    cache.put(f"k{number}", "answer", "a.org", {}, os.urandom(30_000))
print(len(cache.warnings), bool(cache.warnings and "cache" in cache.warnings[0]))
"""


def test_a_full_disk_is_one_warning(tmp_path):
    pytest.importorskip("resource")
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.stdout, done.stderr) == ("1 True\n", "")
    cache = Cache(tmp_path, 1 << 30)
    assert cache.get("first").body == b"x"
    assert cache.warnings == []


MANY = """
import sys
from pathlib import Path
from auditor.net.cache import Cache
cache = Cache(Path(sys.argv[1]), 1 << 30)
for number in range(60):
    cache.put(f"{sys.argv[2]} {number}", "answer", "a.org", {}, b"x" * 3000)
    cache.get(f"0 {number}")
print(*cache.warnings)
"""


def test_several_processes_and_threads_write_at_once(tmp_path):
    processes = [
        subprocess.Popen([sys.executable, "-c", MANY, str(tmp_path), str(who)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
        for who in range(3)
    ]
    cache = Cache(tmp_path, 1 << 30)
    threads = [
        threading.Thread(target=lambda who=who: [cache.put(f"t{who} {n}", "answer", "b.org", {}, b"y") for n in range(60)])
        for who in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.communicate(timeout=60) for process in processes] == [(b"\n", b"")] * 3
    assert {share.host: share.entries for share in cache.shares()} == {"a.org": 180, "b.org": 240}
    assert cache.warnings == []


def test_secrets_leave_a_mark_that_says_nothing_elsewhere(tmp_path):
    one, two = made(tmp_path / "1"), made(tmp_path / "2")
    assert one.hashed("") == ""
    assert one.hashed("token") == one.hashed("token") == made(tmp_path / "1").hashed("token")
    assert len({one.hashed("token"), one.hashed("other"), two.hashed("token")}) == 3
    one.put(one.hashed("token"), "answer", "a.org", {})
    one.close()
    assert b"token" not in one.path.read_bytes()


def test_text_is_deflated_and_weights_are_not():
    assert packed_if_text(b"x" * 100) == (b"x" * 100, 0)
    assert packed_if_text(b"some text " * 1000)[1] == 1
    noise = os.urandom(5000)
    assert packed_if_text(noise) == (noise, 0)
