"""Makes the example audits under reports/.

    python -m tools.make_reports [CORPUS]

The demo's audit; the audit of the real medialab-ku/ConvNeXtPose as far as its files are at hand; and three other repositories whose
links are not followed. CORPUS is a folder of folders `OWNER__NAME` with `labels.json` (which names the commit) and `repo/` (README,
documents and table pictures of that commit). GitHub is answered from those files alone and no other host is reachable, so these
audits show what the auditor says when it could not look: nothing is called missing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from auditor.demo.internet import Fault, HostedRepository, Mishap, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import DEMO_TARGET, demo_transport
from auditor.gathering.writing import write_report
from auditor.kit import default_kit
from auditor.net import Network
from auditor.options import AuditOptions
from auditor.pipeline import conclude, see
from auditor.progress import Lines

REPORTS = Path(__file__).parent.parent / "reports"
REAL = "medialab-ku/ConvNeXtPose"
UNFOLLOWED = ("sail-sg/poolformer", "facebookresearch/detr", "facebookresearch/VideoPose3D")


def audit(target: str, transport: ReplicaAdapter, *, follow: bool = True) -> None:
    """Audit a target in a closed internet and write its report."""
    kit = default_kit()
    network = Network(transport=transport, sleep=lambda seconds: None)
    facts = see(target, AuditOptions(follow=follow), kit, network, Lines(sys.stderr))
    for path in write_report(conclude(facts, kit), kit.renderers, REPORTS / target.replace("/", "__")):
        print(path)


def world_of(full_name: str, folder: Path) -> World:
    """Return the world in which GitHub has the repository's files and nothing else exists."""
    root = folder / "repo"
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    commit = json.loads((folder / "labels.json").read_text())["commit"]
    unreachable = tuple(Fault(host, mishap=Mishap.UNKNOWN_HOST) for host in ("drive.google.com", "drive.usercontent.google.com"))
    return World(repositories=(HostedRepository(full_name, files, commit=commit),), faults=unreachable)


def main() -> None:
    """Make them all."""
    audit(DEMO_TARGET, demo_transport())
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else REPORTS.parent.parent / "shared" / "corpus"
    for full_name in (REAL, *UNFOLLOWED):
        folder = corpus / full_name.replace("/", "__")
        if folder.is_dir():
            audit(full_name, ReplicaAdapter(world_of(full_name, folder)), follow=full_name == REAL)
        else:
            print(f"skipped {full_name}: no {folder}", file=sys.stderr)


if __name__ == "__main__":
    main()
