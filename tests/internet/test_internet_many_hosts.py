"""Many checkpoints on eight hosts: within every host's limits, and killed ten times the same report as without."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from auditor.demo.internet import Page, World
from auditor.net import Network, NetworkSettings
from internet.killing import killed_and_resumed, told
from internet.many_hosts import HOSTS, SHARES, TARGET, many_hosts, shares
from internet.proxy import serve

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the processes of others are told by /proc")
SEED = 20261121


def test_the_world_has_as_many_files_as_asked_on_eight_hosts():
    assert len(HOSTS) == len(SHARES) == 8
    assert sum(SHARES.values()) == 200
    for count in (8, 24, 200):
        assert sum(shares(count).values()) == count
    _, files = many_hosts(24)
    sizes = {one.learnable for some in files.values() for one in some}
    assert len(sizes) == 5  # networks, each in five runs
    assert len({one.file.name for some in files.values() for one in some}) == 24


@needs_proc
def test_killed_ten_times_and_resumed_the_same_report(authority, tmp_path):
    world, files = many_hosts(24)
    with serve(world, authority, tmp_path / "home", latency_seconds=0.02) as running:
        whole = killed_and_resumed(running, TARGET, tmp_path / "whole", kills=0, chance=random.Random(SEED), span=1.0)
        killed = killed_and_resumed(running, TARGET, tmp_path / "killed", kills=10, chance=random.Random(SEED), span=0.7 * whole.seconds)
    assert killed.kills == 10
    assert whole.errors == killed.errors == ""
    assert whole.exit_status == killed.exit_status == 1
    assert set(killed.report) == {"report.md", "audit.json", "issue.md"}
    assert killed.report == whole.report
    names = [one.file.name for some in files.values() for one in some]
    assert all(name in killed.report["audit.json"] for name in names)
    assert (killed.left, killed.orphans) == ((), ())
    assert whole.read_twice == 0
    # What was under way when it was killed is lost, at most what six connections to each of the file hosts carry.
    assert killed.read_twice < 0.5 * whole.bytes_sent
    assert killed.bytes_sent < 1.6 * whole.bytes_sent


def test_what_is_blotted_out_is_no_more_than_times_and_costs(tmp_path):
    footer = "2.3 MiB read of 19.2 MiB listed (12.1 %), 72 requests, 5.1 s. Written by"
    (tmp_path / "report.md").write_text(f"at commit `ca87`, 2026-11-21 04:22 UTC.\n72 requests, 5.1 s\n{footer}")
    (tmp_path / "audit.json").write_text('{"seconds": 5.1, "artifacts": [{"size": 7, "bytes_read": 3, "requests": 2}]}')
    found = told(tmp_path)
    assert found["report.md"] == "at commit `ca87`, <moment>.\n72 requests, 5.1 s\n<cost> of 19.2 MiB listed. Written by"
    assert "".join(found["audit.json"].split()) == '{"artifacts":[{"size":7}]}'
    assert "issue.md" not in found


@pytest.mark.parametrize("at_once", [1, 3, 64])
def test_requests_at_one_time_of_all_hosts_and_of_each(authority, tmp_path, monkeypatch, at_once):
    hosts = [f"h{number}.example.org" for number in range(8)]
    urls = [f"https://{host}/{number}" for number in range(6) for host in hosts]
    with serve(World(pages={url: Page(b"x") for url in urls}), authority, tmp_path, latency_seconds=0.02) as running:
        for name, value in running.env.items():
            monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
        network = Network(NetworkSettings(requests_per_host=2, requests_at_once=at_once))
        with ThreadPoolExecutor(48) as pool:
            assert {answer.status for answer in pool.map(network.get, urls)} == {200}
        network.close()
    assert running.load.at_once[""] <= min(at_once, 16)
    assert all(running.load.at_once[host] <= 2 for host in hosts)
    assert at_once == 1 or running.load.at_once[""] > 1
