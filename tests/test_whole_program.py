"""The whole program against replicas of the internet: the five situations it was built for, and bad input.

Situations with the real README and pictures skip where the corpus is absent; the demo's world and the bad input never do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from internet import program, worlds

from auditor.demo.internet import DriveFile, DriveFolder, Fault, HostedRepository, Mishap, Sharing, World, rate_limited

needs_corpus = pytest.mark.skipif(not worlds.has_corpus(), reason="the corpus is not beside this checkout")


def audit(running, *arguments, cwd, expect=None):
    """Run the installed program as a user would; return the process."""
    done = program.audit(running, *arguments, cwd=cwd)
    assert "Traceback" not in done.stderr, done.stderr
    if expect is not None:
        assert done.returncode == expect, (done.returncode, done.stdout, done.stderr)
    return done


def record(folder: Path):
    report = json.loads((folder / "audit.json").read_text())
    contract = Path(__file__).parents[2] / "shared" / "check_contract.py"
    if contract.is_file():
        checked = subprocess.run([sys.executable, str(contract), str(folder)], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout
    return report


def verdicts(report):
    return {v["name"]: v["verdict"] for v in report["variants"]}


def checkpoints(report):
    return {a["name"]: a["checkpoints"][0] for a in report["artifacts"] if a["checkpoints"]}


@pytest.fixture
def audited(internet, tmp_path):
    """Audit the born-from repository in a world; return its record and folder."""

    def go(world, *arguments, expect=None):
        running = internet(world)
        audit(running, "run", worlds.TARGET, "--out", "out", *arguments, cwd=tmp_path, expect=expect)
        return record(tmp_path / "out"), tmp_path / "out"

    return go


@needs_corpus
def test_all_four_are_consistent_and_nobody_is_asked(audited):
    report, folder = audited(worlds.all_four(), expect=0)
    found = verdicts(report)
    assert found["Ours-M"] == found["Ours-L"] == "consistent"
    assert set(found.values()) == {"consistent", "unclaimed"}
    assert report["complete"]
    assert report["issue"] is None
    assert not (folder / "issue.md").exists()
    counts = {name: c["parameters"] for name, c in checkpoints(report).items()}
    assert counts["ConvNeXtPose_XS.tar"] == {"learnable": 3_528_008, "buffers": 6_132, "total": 3_534_140}
    assert counts["ConvNeXtPose_S.tar"] == {"learnable": 7_438_976, "buffers": 9_978, "total": 7_448_954}
    assert counts["ConvNeXtPose_M.tar"] == {"learnable": 7_587_008, "buffers": 9_978, "total": 7_596_986}
    assert counts["ConvNeXtPose_L.tar"] == {"learnable": 8_380_352, "buffers": 11_002, "total": 8_391_354}
    for checkpoint in checkpoints(report).values():
        assert checkpoint["architecture"]["family"] == "convnext"
        assert checkpoint["architecture"]["explained"] == 1.0
        assert checkpoint["saved_as"].startswith("snapshot_83.pth")
        assert checkpoint["state_key"] == "network"
    macs = {name: c["cost"]["macs"] / 1e9 for name, c in checkpoints(report).items()}
    for letter, expected in {"XS": 0.815, "S": 1.738, "M": 2.795, "L": 4.264}.items():
        assert macs[f"ConvNeXtPose_{letter}.tar"] == pytest.approx(expected, rel=0.01)
    assert_the_twelve_numbers_and_no_baseline(report)
    files = [a for a in report["artifacts"] if a["checkpoints"]]
    assert sum(a["bytes_read"] for a in files) <= 0.005 * sum(a["size"] for a in files)
    assert max(a["requests"] for a in files) <= 4


def assert_the_twelve_numbers_and_no_baseline(report):
    read = {(c["variant"], c["attribute"], c["value"]) for c in report["claims"] if c["origin"] == "picture"}
    assert {(v, x) for v, _, x in read} == {
        ("Ours-M", 34.5), ("Ours-M", 51.05), ("Ours-M", 2.82), ("Ours-M", 7.59),
        ("Ours-L", 32.8), ("Ours-L", 49.75), ("Ours-L", 4.30), ("Ours-L", 8.38),
    }  # fmt: skip
    assert len([c for c in report["claims"] if c["origin"] == "picture"]) == 12
    active = [c for c in report["claims"] if c["origin"] == "code" and c["attribute"] == "depths" and c.get("active")]
    assert [c["value"] for c in active] == [[2, 2, 6, 2]]


@needs_corpus
def test_m_and_l_are_missing_and_the_snapshot_is_foreign(audited):
    report, folder = audited(worlds.two_and_a_snapshot(), expect=1)
    found = verdicts(report)
    assert found["Ours-M"] == found["Ours-L"] == "missing"
    assert found["snapshot_18"] == "foreign"
    snapshot = checkpoints(report)["snapshot_18.pth.tar"]
    assert snapshot["architecture"]["name"] == "resnet50"
    assert snapshot["architecture"]["head"]["outputs"] == [1, 1]
    assert snapshot["parameters"]["learnable"] == pytest.approx(34_005_570, rel=0.001)
    assert sorted(report["issue"]["asks"]) == ["Ours-L", "Ours-M"]
    text = (folder / "issue.md").read_text()
    assert "7.59M" in text
    assert "8.38M" in text
    assert "197" not in text
    assert f"/blob/{worlds.COMMIT}/" in text


@needs_corpus
def test_files_that_all_hold_s_are_mislabelled(audited):
    report, folder = audited(worlds.all_are_s(), "--fail-on", "mislabelled", expect=1)
    found = verdicts(report)
    assert found["Ours-M"] == found["Ours-L"] == "mislabelled"
    assert found["ConvNeXtPose_S"] == "unclaimed"
    assert "7,438,976" in (folder / "issue.md").read_text()


@needs_corpus
@pytest.mark.parametrize("situation", [worlds.folder_denied, worlds.folder_partial, worlds.files_denied])
def test_what_could_not_be_seen_is_not_missing(audited, situation):
    report, folder = audited(situation(), expect=4)
    assert not report["complete"]
    assert not {"missing", "mislabelled", "contradicted"} & set(verdicts(report).values())
    assert not (folder / "issue.md").exists()
    assert {"denied", "partial"} & ({s["status"] for s in report["sources"]} | {a["status"] for a in report["artifacts"]})


@needs_corpus
def test_the_investigators_numbers_contradict_the_tables_and_accuse_nobody(audited, tmp_path):
    (tmp_path / "mine.yaml").write_text(worlds.INVESTIGATOR_CLAIMS)
    report, folder = audited(worlds.all_four(), "--claims", "mine.yaml", expect=0)
    found = verdicts(report)
    assert found["Ours-M"] == found["Ours-L"] == "consistent"
    conflicts = [f for f in report["findings"] if f["check"] == "claim-conflict"]
    assert any("197.8M" in f["observed"] and "8.38M" in f["expected"] for f in conflicts)
    assert any("42.3" in f["observed"] and "49.75" in f["expected"] for f in conflicts)
    text = (folder / "report.md").read_text()
    assert "mine.yaml" in text
    assert not (folder / "issue.md").exists()


def test_the_demo_needs_no_network(tmp_path):
    env = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-m", "auditor", "demo", "--out", "out"], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=240
    )
    assert done.returncode == 1, done.stderr
    report = record(tmp_path / "out")
    found = verdicts(report)
    assert found["Ours-M"] == found["Ours-L"] == "missing"
    assert "foreign" in found.values()
    assert report["complete"]


def test_equal_facts_give_equal_bytes(tmp_path):
    run = [sys.executable, "-m", "auditor"]
    subprocess.run([*run, "demo", "--out", "out", "--quiet"], capture_output=True, cwd=tmp_path, timeout=240)
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    done = subprocess.run([*run, "judge", "out"], capture_output=True, cwd=tmp_path, timeout=240)
    assert done.returncode == 1
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before


# ---------------------------------------------------------------------------------------------------------- bad input

README = b"# Net\n\nPretrained models: [weights](https://drive.google.com/drive/folders/1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)\n"
FOLDER = "1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"


def small_world(*entries, readme=README, faults=(), **more):
    repository = HostedRepository("lab/net", {"README.md": readme} if readme is not None else {"a.py": b"1"}, **more)
    return World(repositories=(repository,), drive=(DriveFolder(FOLDER, "weights", entries),), faults=faults)


def file(name, content):
    import hashlib

    return DriveFile("1" + hashlib.sha256(name.encode()).hexdigest()[:32], name, content)


@pytest.fixture
def run_small(internet, tmp_path):
    def go(world, *arguments, target="lab/net", expect):
        done = audit(internet(world), "run", target, "--out", "out", *arguments, cwd=tmp_path, expect=expect)
        return done, tmp_path / "out"

    return go


def test_no_such_repository(run_small):
    done, folder = run_small(small_world(), target="lab/nothing", expect=3)
    assert "lab/nothing" in done.stderr
    assert not folder.exists()


def test_private_repository_looks_like_none(run_small):
    done, _ = run_small(small_world(private=True), expect=3)
    assert "token" in done.stderr.lower()


def test_usage(run_small):
    run_small(small_world(), target="not a target at all", expect=2)
    run_small(small_world(), "--fail-on", "sometimes", expect=2)
    run_small(small_world(), "--claims", "absent.yaml", expect=2)


def test_no_readme(run_small):
    _, folder = run_small(small_world(readme=None), expect=0)
    assert record(folder)["claims"] == []


def test_readme_without_links(run_small):
    _, folder = run_small(small_world(readme=b"# Net\n\nWords.\n"), expect=0)
    assert record(folder)["variants"] == []


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>", "page"),
        (b"PK\x03\x04" + b"\0" * 4000, "truncated"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 123\n", "LFS"),
    ],
)
def test_a_file_that_is_no_checkpoint_is_a_status_of_that_file(run_small, content, word):
    from auditor.demo.world import pose_checkpoint

    _, folder = run_small(small_world(file("bad.pth", content), file("good.pth", pose_checkpoint("good.pth", "XS"))), expect=4)
    report = record(folder)
    by_name = {a["name"]: a for a in report["artifacts"]}
    assert by_name["good.pth"]["checkpoints"][0]["parameters"]["learnable"] == 3_528_008
    assert by_name["bad.pth"]["status"] != "ok"
    assert word.lower() in by_name["bad.pth"]["detail"].lower()


def test_a_pickle_that_would_run_code_runs_none(run_small, tmp_path):
    import pickle
    import zipfile

    sentinel = tmp_path / "ran"

    class Bad:
        def __reduce__(self):
            return (os.system, (f"touch {sentinel}",))

    path = tmp_path / "bad.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({"state_dict": {}, "x": Bad()}, 2))
        archive.writestr("archive/version", "3\n")
    _, folder = run_small(small_world(file("evil.pth", path.read_bytes())), expect=None)
    assert not sentinel.exists()
    text = (folder / "report.md").read_text()
    assert "system" in text


def test_hostile_names_stay_inside_the_report_folder(run_small, tmp_path):
    from auditor.demo.world import pose_checkpoint

    outside = set(tmp_path.parent.rglob("x.pth"))  # of this worker's other tests
    names = ("../../../x.pth", "@everyone fixes #1 <img src=x>.pth", "a|b`c.pth")
    _, folder = run_small(small_world(*(file(n, pose_checkpoint("p.pth", "XS")) for n in names)), expect=0)
    assert sorted(p.name for p in folder.iterdir()) == ["audit.json", "facts.json", "report.md"]
    assert set(tmp_path.parent.rglob("x.pth")) == outside
    text = (folder / "report.md").read_text()
    from markdown_it import MarkdownIt

    tokens = [t for block in MarkdownIt("gfm-like").parse(text) for t in (block, *(block.children or ()))]
    assert not [t for t in tokens if t.type == "image"]
    allowed = ("<details>", "</details>", "<summary>", "</summary>", "<a id=", "</a>", "<code>", "</code>")
    html = [t.content.strip() for t in tokens if t.type.startswith("html")]
    assert not [h for h in html if not h.startswith(allowed)]


def test_a_text_in_place_of_a_variants_file_is_not_its_absence(run_small):
    readme = README + b"\n| Model | Params |\n| --- | --- |\n| Net-M | 7.59M |\n| Net-XS | 3.53M |\n"
    from auditor.demo.world import pose_checkpoint

    world = small_world(file("Net-M.pth", b"ask me for it" * 50), file("Net-XS.pth", pose_checkpoint("Net-XS.pth", "XS")), readme=readme)
    _, folder = run_small(world, expect=0)
    assert verdicts(record(folder)) == {"Net-M": "unverifiable", "Net-XS": "consistent"}


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (rate_limited(), "limit"),
        (Fault("api.github.com", status=403), "refuses"),
        (Fault("api.github.com", status=429), "limit"),
        (Fault("api.github.com", status=500), "500"),
    ],
)
def test_github_that_refuses(run_small, fault, word):
    done, _ = run_small(small_world(faults=(fault,)), expect=3)
    assert word in done.stderr.lower()


def test_a_folder_over_quota_is_said_and_accuses_nobody(internet, tmp_path):
    world = World(
        repositories=(HostedRepository("lab/net", {"README.md": README}),),
        drive=(DriveFolder(FOLDER, "weights", (), Sharing.PRIVATE),),
    )
    audit(internet(world), "run", "lab/net", "--out", "out", cwd=tmp_path, expect=4)
    assert "denied" in {s["status"] for s in record(tmp_path / "out")["sources"]}


def test_no_network_at_all(tmp_path):
    env = {**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-m", "auditor", "run", "lab/net"], capture_output=True, text=True, env=env, cwd=tmp_path, timeout=120
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "audit:" in done.stderr


def test_local_folder(internet, tmp_path):
    folder = tmp_path / "net"
    folder.mkdir()
    (folder / "README.md").write_bytes(README)
    from auditor.demo.world import pose_checkpoint

    running = internet(small_world(file("best.pth", pose_checkpoint("best.pth", "S"))))
    audit(running, "run", str(folder), "--out", "out", cwd=tmp_path, expect=0)
    assert checkpoints(record(tmp_path / "out"))["best.pth"]["parameters"]["learnable"] == 7_438_976


def test_a_zip_bomb_is_a_status_and_costs_little(run_small):
    from internet.hostile import zip_bomb

    from auditor.demo.world import pose_checkpoint

    world = small_world(file("bomb.pth", zip_bomb()), file("good.pth", pose_checkpoint("good.pth", "XS")))
    _, folder = run_small(world, expect=0)  # its first bytes show that it is no checkpoint, and no more was unpacked
    report = record(folder)
    by_name = {a["name"]: a for a in report["artifacts"]}
    assert by_name["good.pth"]["checkpoints"]
    assert not by_name["bomb.pth"]["checkpoints"]
    assert "bomb/data.pkl" in by_name["bomb.pth"]["detail"]
    assert by_name["bomb.pth"]["bytes_read"] < 1e6
    assert report["stats"]["peak_rss"] < 700e6


def test_a_server_that_ignores_ranges_is_read_all_the_same(run_small):
    from auditor.demo.world import pose_checkpoint

    deaf = tuple(Fault(host, mishap=Mishap.IGNORES_RANGE) for host in ("drive.usercontent.google.com", "drive.google.com"))
    world = small_world(file("good.pth", pose_checkpoint("good.pth", "XS")), faults=deaf)
    _, folder = run_small(world, expect=0)
    assert checkpoints(record(folder))["good.pth"]["parameters"]["learnable"] == 3_528_008


def test_drive_that_answers_errors_accuses_nobody(run_small):
    readme = README + b"\n| Model | Params |\n| --- | --- |\n| Net-M | 7.59M |\n"
    for status in (403, 429, 500):
        _, folder = run_small(small_world(readme=readme, faults=(Fault("drive.google.com", status=status),)), expect=4)
        assert verdicts(record(folder)) == {"Net-M": "unverifiable"}


def test_inspect_says_what_is_inside(internet, tmp_path):
    from auditor.demo.world import pose_checkpoint

    running = internet(small_world(file("best.pth", pose_checkpoint("best.pth", "S"))))
    done = audit(running, "inspect", f"https://drive.google.com/drive/folders/{FOLDER}", "--json", cwd=tmp_path, expect=0)
    (artifact,) = json.loads(done.stdout)["artifacts"]
    checkpoint = artifact["checkpoints"][0]
    assert checkpoint["parameters"]["learnable"] == 7_438_976
    assert checkpoint["architecture"]["depths"] == [3, 3, 9, 3]
    assert checkpoint["tensors"][0]["shape"] == [48, 3, 4, 4]
    assert artifact["requests"] <= 4
    shown = audit(running, "inspect", f"https://drive.google.com/drive/folders/{FOLDER}", cwd=tmp_path, expect=0).stdout
    assert max(map(len, shown.splitlines())) <= 80


def test_inspect_of_nothing(internet, tmp_path):
    done = audit(internet(small_world()), "inspect", "absent.pth", cwd=tmp_path, expect=3)
    assert "no such file" in (done.stdout + done.stderr)


def test_links_and_claims_as_records(internet, tmp_path):
    running = internet(small_world(readme=README + b"\n| Model | Params |\n| --- | --- |\n| Net-M | 7.59M |\n"))
    links = json.loads(audit(running, "links", "lab/net", "--json", cwd=tmp_path, expect=0).stdout)
    assert [link["purpose"] for link in links["links"]] == ["checkpoint"]
    assert links["schema_version"] == "1"
    claims = json.loads(audit(running, "claims", "lab/net", "--json", cwd=tmp_path, expect=0).stdout)
    assert [(c["variant"], c["attribute"], c["value"], c["unit"]) for c in claims["claims"]] == [("Net-M", "params", 7.59, "M")]
    assert {e["id"] for e in claims["evidence"]} >= {i for c in claims["claims"] for i in c["evidence"]}


def test_the_issue_is_shown_and_sent_once(internet, tmp_path):
    from dataclasses import replace

    from auditor.demo.world import demo_world

    running = internet(replace(demo_world(), accepts_issues=True))
    running.env["GITHUB_TOKEN"] = "ghp_test"
    audit(running, "run", "example-lab/wader-pose", "--out", "out", cwd=tmp_path, expect=1)
    shown = audit(running, "issue", "out", cwd=tmp_path, expect=0).stdout
    assert "issues/new?title=" in shown
    assert not running.replica.filed, "showing sends nothing"
    audit(running, "issue", "out", "--file", cwd=tmp_path, expect=2)
    assert not running.replica.filed, "nobody confirmed"
    done = audit(running, "issue", "out", "--file", "--yes", cwd=tmp_path, expect=0)
    assert "/issues/" in done.stdout
    assert len(running.replica.filed) == 1
    audit(running, "issue", "out", "--file", "--yes", cwd=tmp_path, expect=3)
    assert len(running.replica.filed) == 1


def test_explain_reads_a_log_and_against_says_what_torch_would(internet, tmp_path):
    from auditor.demo.world import pose_checkpoint

    log = tmp_path / "error.txt"
    log.write_text(
        "RuntimeError: Error(s) in loading state_dict for DataParallel:\n"
        "\tsize mismatch for module.backbone.downsample_layers.0.0.weight: copying a param with shape torch.Size([48, 3, 4, 4]) "
        "from checkpoint, the shape in current model is torch.Size([192, 3, 4, 4]).\n"
    )
    running = internet(small_world())
    told = audit(running, "explain", str(log), cwd=tmp_path, expect=0).stdout
    assert "stem 48" in told
    assert "stem 192" in told
    assert json.loads(audit(running, "explain", str(log), "--json", cwd=tmp_path, expect=0).stdout)["schema_version"] == "1"
    file = tmp_path / "S.tar"
    checkpoint = pose_checkpoint("S.tar", "S")
    with file.open("wb") as out:
        for chunk in checkpoint.chunks():
            out.write(chunk)
    done = audit(running, "explain", "--against", "convnext_large", str(file), cwd=tmp_path, expect=1)
    assert "copying a param with shape torch.Size([48, 3, 4, 4]) from checkpoint" in done.stdout
    audit(running, "explain", "absent.txt", cwd=tmp_path, expect=2)


def test_links_that_were_not_followed_accuse_nobody(run_small):
    readme = README + b"\n| Model | Params |\n| --- | --- |\n| Net-M | 7.59M |\n"
    _, folder = run_small(small_world(readme=readme), "--no-follow", expect=4)
    assert verdicts(record(folder)) == {"Net-M": "unverifiable"}


def test_a_log_and_a_paper_are_evidence(run_small, tmp_path):
    (tmp_path / "log.txt").write_text("nothing of interest\n")
    _, folder = run_small(small_world(), "--log", "log.txt", "--paper", "absent.pdf", expect=0)
    kinds = {s["kind"]: s["status"] for s in record(folder)["sources"]}
    assert kinds["paper"] != "ok"
    assert "log" in kinds
