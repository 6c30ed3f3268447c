"""A second audit of what has not changed, and one without any network: counted in the replica."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from auditor.demo.internet import DriveFile, DriveFolder, Fault, HostedRelease, HostedRepository, Mishap, Page, Sharing, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import DEMO_TARGET, demo_world, pose_checkpoint
from auditor.documents import picture_memory
from auditor.kit import default_kit
from auditor.net import Network, NetworkSettings
from auditor.options import AuditOptions
from auditor.pipeline import conclude, see
from auditor.progress import Silent
from auditor.renderers.report import MarkdownReport
from auditor.saved_facts import facts_to_json
from internet import program
from internet.hub import HubRepository

FOLDER = "1" + "f" * 32
HUB = HubRepository({"pose_l.pth": pose_checkpoint("pose_l.pth", "L")})
README = f"""# Net

Pretrained models: [on Drive](https://drive.google.com/drive/folders/{FOLDER}), [on the Hub]({HUB.url}),
[here](https://files.example.org/Net_S.pth) and the release.
""".encode()
BYTES = (
    "drive.usercontent.google.com",
    "cdn-lfs.hf.co",
    "files.example.org",
    "release-assets.githubusercontent.com",
    "raw.githubusercontent.com",
)
COSTS = ("requests", "bytes_read", "seen_at", "started_at", "seconds", "stats", "peak_rss")


def world(readme: bytes = README, content: str = "XS", faults: tuple[Fault, ...] = (), sharing: Sharing = Sharing.SHARED) -> World:
    drive = DriveFolder(FOLDER, "weights", (DriveFile("1" + "a" * 32, "Net_XS.pth", pose_checkpoint("Net_XS.pth", content), sharing),))
    page = Page(pose_checkpoint("Net_S.pth", "S"), "application/octet-stream")
    files = {"README.md": readme, "weights/tiny.pth": pose_checkpoint("tiny.pth", "XS")}
    releases = (HostedRelease("v1", {"Net_M.pth": pose_checkpoint("Net_M.pth", "M")}),)
    repository = HostedRepository("lab/net", files, releases=releases)
    return World((repository,), (drive,), {**HUB.pages, "https://files.example.org/Net_S.pth": page}, faults)


def audited(cache: Path, served: World, target: str = "lab/net", **settings):
    """Audit in this process; return the facts, and what reached the servers."""
    transport = ReplicaAdapter(served)
    network = Network(NetworkSettings(cache_folder=cache, **settings), transport, sleep=lambda _: None)
    facts = see(target, AuditOptions(), default_kit(), network, Silent())
    assert network.cache.warnings == []
    network.close()
    return facts, transport.replica.seen


def plain(facts):
    """Return facts without what differs from run to run: times, and what reading cost."""

    def without(value):
        if isinstance(value, dict):
            return {name: without(inner) for name, inner in value.items() if name not in COSTS}
        return [without(inner) for inner in value] if isinstance(value, list) else value

    return without(json.loads(facts_to_json(facts)))


def bytes_of(seen):
    return {host: sum(one.bytes_sent for one in seen if one.host == host) for host in BYTES}


def test_a_second_audit_asks_for_no_byte_that_it_has(tmp_path):
    first, cold = audited(tmp_path, world())
    second, warm = audited(tmp_path, world())
    assert all(count > 0 for count in bytes_of(cold).values()), bytes_of(cold)
    assert set(bytes_of(warm).values()) == {0}, bytes_of(warm)
    assert plain(first) == plain(second)
    assert all(artifact.bytes_read == 0 for artifact in second.artifacts)
    counts = {host: sum(1 for one in warm if one.host == host) for host in {one.host for one in warm}}
    assert counts.pop("drive.google.com") == 1  # the folder's page
    assert counts.pop("drive.usercontent.google.com") == 1  # is it the same?
    assert counts.pop("files.example.org") == 1
    assert "raw.githubusercontent.com" not in counts  # a commit's files cannot change
    assert "cdn-lfs.hf.co" not in counts  # the Hub's listing gives the hash
    assert all(one.status == 304 for one in warm if one.host == "api.github.com")
    assert len(warm) < len(cold)


def test_offline_is_the_same_audit_without_a_socket(tmp_path, monkeypatch):
    cold, _ = audited(tmp_path, world())

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a socket")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    network = Network(NetworkSettings(cache_folder=tmp_path, offline=True))
    facts = see("lab/net", AuditOptions(), default_kit(), network, Silent())
    assert network.requests == 0
    before, after = plain(cold), plain(facts)
    for name in ("repository", "links", "claims", "artifacts"):
        assert before["facts"][name] == after["facts"][name]
    statuses = {source.id: source.status for source in facts.sources}
    assert {source.id: source.status for source in cold.sources}.items() <= statuses.items()
    dated = [source for source in facts.sources if source.kind in ("listing", "file")]
    assert dated
    assert all("from the cache" in source.detail and source.seen_at for source in dated if source.kind == "file")
    report = conclude(facts, default_kit())
    text = MarkdownReport().render(report)
    assert "Offline:" in text
    assert text.count("from the cache") >= len(dated)


def test_what_offline_does_not_have_is_not_missing(tmp_path):
    from auditor.gathering.stages import see_links

    network = Network(NetworkSettings(cache_folder=tmp_path), ReplicaAdapter(demo_world()))
    see_links(DEMO_TARGET, None, network, Silent())
    facts, seen = audited(tmp_path, demo_world(), DEMO_TARGET, offline=True)
    assert seen == []
    report = conclude(facts, default_kit())
    assert (report.complete, report.exit_status, report.issue) == (False, 4, None)
    assert {variant.verdict for variant in report.variants}.isdisjoint({"missing", "mislabelled", "contradicted"})
    listings = [source for source in facts.sources if source.kind == "listing"]
    assert {(source.status, source.state) for source in listings} == {("blocked", "offline")}
    assert all("not in the cache" in source.detail for source in listings)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Audit the demo's world once; return the cache's folder and the facts."""
    pytest.importorskip("rapidocr")
    folder = tmp_path_factory.mktemp("demo")
    return folder, audited(folder, demo_world(), DEMO_TARGET)[0]


def test_an_accusation_made_offline_drafts_no_issue(demo):
    folder, online = demo
    offline, _ = audited(folder, demo_world(), DEMO_TARGET, offline=True)
    made, kept = conclude(online, default_kit()), conclude(offline, default_kit())
    assert made.issue is not None
    assert kept.issue is None
    assert {v.name: v.verdict for v in made.variants} == {v.name: v.verdict for v in kept.variants}


def test_what_changed_is_seen_at_once(tmp_path):
    audited(tmp_path, world())
    facts, _ = audited(tmp_path, world(content="L"))
    found = {artifact.name: item.parameters.learnable for artifact, item in facts.inspected()}
    assert found["Net_XS.pth"] == found["pose_l.pth"] == 8_380_352


@pytest.mark.parametrize(
    ("later", "status"),
    [
        (world(sharing=Sharing.PRIVATE), "denied"),
        (world(sharing=Sharing.QUOTA), "quota"),
        (world(sharing=Sharing.DELETED), "missing"),
        (
            world(faults=(Fault("drive.usercontent.google.com", mishap=Mishap.RESET), Fault("drive.google.com", "/uc*", Mishap.RESET))),
            "error",
        ),
    ],
)
def test_a_kept_file_does_not_hide_what_its_host_says_today(tmp_path, later, status):
    audited(tmp_path, world())
    facts, _ = audited(tmp_path, later)
    found = {artifact.name: artifact.status for artifact in facts.artifacts}
    assert found["Net_XS.pth"] == status
    assert found["Net_S.pth"] == "ok"


def test_the_text_of_pictures_is_recognized_once(demo, monkeypatch):
    from auditor.documents import pictures

    folder, cold = demo
    assert any(claim.origin == "picture" for claim in cold.claims)
    monkeypatch.setattr(pictures, "start_worker", lambda *_: pytest.fail("a picture is read again"))
    warm, _ = audited(folder, demo_world(), DEMO_TARGET)
    assert plain(cold) == plain(warm)
    monkeypatch.setattr("auditor.documents.picture_memory.RECOGNIZERS", ("rapidocr", "another"))
    picture_memory._reader.cache_clear()
    with pytest.raises(BaseException, match="read again"):
        audited(folder, demo_world(), DEMO_TARGET)
    picture_memory._reader.cache_clear()


def test_the_cache_is_shown_and_cleared_and_can_be_left_out(internet, tmp_path):
    running, page = internet(world()), "https://files.example.org/Net_S.pth"

    def audit(*words, expect=0, **environment):
        done = program.audit(running, *words, cwd=tmp_path, **environment)
        assert (done.returncode, "Traceback" in done.stderr) == (expect, False), done.stderr
        return done.stderr if expect == 2 else done.stdout

    audit("inspect", page, "--no-cache")
    audit("inspect", page, AUDITOR_CACHE="off")
    assert "Nothing is kept." in audit("cache")
    assert len(running.seen_at("files.example.org")) > 2
    shown = audit("inspect", page)
    count = len(running.seen)
    assert audit("inspect", page, "--offline") == shown
    assert audit("inspect", "https://files.example.org/other.pth", "--offline", expect=3)
    assert audit("links", "lab/net", "--offline", expect=3) == ""
    assert len(running.seen) == count
    told = json.loads(audit("cache", "--json"))
    assert [row["host"] for row in told["hosts"]] == ["files.example.org"]
    assert told["bytes"] > 50_000
    assert "files.example.org" in audit("cache")
    assert json.loads(audit("cache", "--clear", "--host", "a.org", "--json"))["cleared"] == 0
    assert "Nothing is kept." in audit("cache", "--clear", "--host", "files.example.org")
    assert "--clear" in audit("cache", "--host", "a.org", expect=2)
    assert "--no-cache" in audit("run", "lab/net", "--offline", "--no-cache", expect=2)
    assert "AUDITOR_CACHE_BYTES" in audit("cache", AUDITOR_CACHE_BYTES="much", expect=2)
    Path(told["path"]).write_bytes(b"something else" * 1000)
    done = program.audit(running, "inspect", page, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("set aside")) == (0, 1)
