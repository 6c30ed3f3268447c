"""The whole program on deposits of data archives: through a proxy, by the real hostnames, as its users run it."""

from __future__ import annotations

import json

import pytest

from auditor.demo.internet import HostedRepository, World
from auditor.demo.world import pose_checkpoint
from internet import program
from internet.dataverse import DataverseDataset
from internet.figshare import FigshareArticle
from internet.mendeley import MendeleyDataset
from internet.modelscope import ModelScopeRepository
from internet.osf import OsfFolder, OsfProject
from internet.zenodo import ZenodoRecord

LEARNABLE = {"S": 7_438_976, "M": 7_587_008}
FILES = {f"pose_{name}.pth": pose_checkpoint(f"pose_{name}.pth", name) for name in LEARNABLE}
DEPOSITS = {
    "zenodo": ZenodoRecord(FILES),
    "figshare": FigshareArticle(FILES),
    "osf": OsfProject(OsfFolder({"weights": OsfFolder(FILES)})),
    "modelscope": ModelScopeRepository(FILES),
    "dataverse": DataverseDataset(FILES),
    "mendeley": MendeleyDataset(FILES),
}
README = """# Pose

## Model zoo

| Model | Params | Weights |
| --- | --- | --- |
| pose_S | 7.44M | [checkpoint]({0}) |
| pose_M | 7.59M | [checkpoint]({0}) |
| pose_L | 8.38M | [checkpoint]({0}) |
"""


def test_inspect_walks_a_deposit_of_every_archive(internet, tmp_path):
    running = internet(World(pages={url: page for deposit in DEPOSITS.values() for url, page in deposit.pages.items()}))
    done = program.audit(running, "inspect", "--json", *(deposit.url for deposit in DEPOSITS.values()), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = {}
    for artifact in json.loads(done.stdout)["artifacts"]:
        name = artifact["name"].rpartition("/")[2]
        found.setdefault(artifact["host"], {})[name] = artifact["checkpoints"][0]["parameters"]["learnable"]
        assert artifact["bytes_read"] < 0.01 * artifact["size"]
    assert found == {host: {f"pose_{name}.pth": count for name, count in LEARNABLE.items()} for host in DEPOSITS}


@pytest.mark.parametrize(
    ("deposit", "exit_status", "complete", "verdict", "words"),
    [
        (ZenodoRecord(FILES), 1, True, "missing", "record"),
        (ZenodoRecord(FILES, access="embargoed", embargo_date="2031-01-01"), 4, False, "unverifiable", "2031-01-01"),
        (OsfProject(OsfFolder(FILES), children=(OsfProject(id="part1", private=True),)), 4, False, "unverifiable", "private"),
    ],
    ids=["listed whole", "under embargo", "a component is private"],
)
def test_only_a_deposit_that_was_seen_whole_lets_a_variant_be_missing(internet, tmp_path, deposit, exit_status, complete, verdict, words):
    repository = HostedRepository("lab/pose", {"README.md": README.format(deposit.url).encode()})
    running = internet(World(repositories=(repository,), pages=deposit.pages))
    done = program.audit(running, "run", "lab/pose", "--out", "out", cwd=tmp_path)
    assert done.returncode == exit_status, done.stderr
    report = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert report["complete"] is complete
    assert {variant["name"]: variant["verdict"] for variant in report["variants"]}["pose_L"] == verdict
    listing = next(source for source in report["sources"] if source["kind"] == "listing")
    assert words in listing["detail"]
