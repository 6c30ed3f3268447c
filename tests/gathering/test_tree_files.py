"""Relative links of documents lead to the repository's own files, in folders and on GitHub alike."""

from __future__ import annotations

import io

import pytest
import torch

from auditor.blob import BytesBlob
from auditor.demo.internet import HostedRepository, World
from auditor.demo.replica import ReplicaAdapter
from auditor.facts import Evidence, Link, State, Status, TreeEntry
from auditor.gathering.tree_files import Tree, TreeFiles, hosts_of_tree
from auditor.kit import default_kit
from auditor.net import Network
from auditor.options import AuditOptions
from auditor.pipeline import see
from auditor.progress import Silent

README = """# Wader

| Model | Params | Checkpoint |
|---|---|---|
| wader-s | 12 | [ckpt](weights/best.pth) |
| wader-m | 20 | [ckpt](./weights/m/) |
| wader-l | 30 | [ckpt](weights/gone.pth) |

More in [the zoo](docs/zoo.md).
"""
ZOO = "# Zoo\n\nThe checkpoint of wader-s is [here](../weights/best.pth), of wader-x [here](x.pth?raw=true).\n"


def saved(width: int) -> bytes:
    buffer = io.BytesIO()
    torch.save({"w": torch.zeros(width, 4)}, buffer)
    return buffer.getvalue()


def files() -> dict[str, bytes]:
    return {
        "README.md": README.encode(), "docs/zoo.md": ZOO.encode(), "docs/x.pth": saved(9),
        "weights/best.pth": saved(3), "weights/m/m.pth": saved(5), "weights/m/notes.txt": b"trained for long",
    }  # fmt: skip


@pytest.fixture(params=["folder", "github"])
def facts(request, tmp_path):
    world = World()
    target = str(tmp_path)
    if request.param == "github":
        world, target = World(repositories=(HostedRepository("lab/wader", files()),)), "lab/wader"
    for path, data in files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return see(target, AuditOptions(), default_kit(), Network(transport=ReplicaAdapter(world), sleep=lambda _: None), Silent())


def test_relative_links_are_read_and_bound_to_their_files(facts):
    links = {link.url: link.id for link in facts.links}
    artifacts = {artifact.name: artifact for artifact in facts.artifacts if artifact.status is Status.OK}
    assert {"weights/best.pth", "weights/m/m.pth", "docs/x.pth"} <= artifacts.keys()
    assert artifacts["weights/best.pth"].link in (links["weights/best.pth"], links.get("../weights/best.pth"))
    assert artifacts["weights/m/m.pth"].link == links["./weights/m/"]
    assert artifacts["docs/x.pth"].link == links["x.pth?raw=true"]
    assert len(artifacts) == len({artifact.url for artifact in facts.artifacts if artifact.name.endswith(".pth")})
    listings = {source.url: source for source in facts.sources if source.kind == "listing"}
    assert listings["weights/best.pth"].status is Status.OK
    assert not [source for source in facts.sources if "not a web address" in source.detail]


def test_a_file_that_the_commit_does_not_have_is_not_there(facts):
    (gone,) = [source for source in facts.sources if source.url == "weights/gone.pth"]
    assert (gone.status, gone.state) == (Status.MISSING, State.NOT_FOUND)
    assert gone.detail == "the repository has no weights/gone.pth at this commit"
    assert not any("gone" in artifact.name for artifact in facts.artifacts)


ENTRIES = (
    TreeEntry("README.md", 10), TreeEntry("weights/a b.pth", 5), TreeEntry("latest", 7, symlink_to="weights"),
    TreeEntry("loop", 4, symlink_to="loop"), TreeEntry("out", 4, symlink_to="../../etc"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("weights/a%20b.pth", ["weights/a b.pth"]),
        ("/weights/a b.pth?raw=true#x", ["weights/a b.pth"]),
        ("./weights", ["weights/a b.pth"]),
        ("latest/a b.pth", ["weights/a b.pth"]),
        ("weights/a", []),
        ("loop", []),
        ("out/passwd", []),
    ],
)
def test_paths_are_resolved_within_the_tree(url, names):
    tree = Tree(ENTRIES, lambda path: BytesBlob(b"", path), str)
    host = TreeFiles(tree, "README.md")
    assert host.accepts(url)
    listing = host.resolve(url, None)
    assert [file.name for file in listing.files] == names
    assert listing.status is (Status.OK if names else Status.MISSING)
    partial = TreeFiles(Tree(ENTRIES, tree.blob, str, is_whole=False), "README.md").resolve(url, None)
    assert partial.status is Status.PARTIAL


@pytest.mark.parametrize("url", ["https://x.org/a.pth", "file:///etc/passwd", "../../etc/passwd", "//x.org/a", "#weights", "data:x"])
def test_what_leads_out_of_the_repository_is_not_its_own(url):
    tree = Tree(ENTRIES, lambda path: BytesBlob(b"", path), str)
    evidence = Evidence("document:README.md", "README.md#L3", url, "a" * 64)
    (host,) = hosts_of_tree(tree, Link("L1", url, "other", "page", "checkpoint", "ckpt", evidence))
    assert not host.accepts(url)
    assert hosts_of_tree(None, Link("L1", url, "other", "page", "checkpoint", "ckpt", evidence)) == ()
