"""Makes the example audits under reports/.

    python -m tools.make_reports [CORPUS]

The demo's audit, and the audit of the real medialab-ku/ConvNeXtPose as far as its files are at hand: CORPUS is a folder that holds
`medialab-ku__ConvNeXtPose/repo` (README and table pictures at commit 08352ee). GitHub is answered from those files; no other host
is reachable, so that audit shows what the auditor says when it could not look: nothing is called missing.
"""

from __future__ import annotations

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
REAL, REAL_COMMIT = "medialab-ku/ConvNeXtPose", "08352eef94179bbd22e85877dc55dee0fae6e36d"


def audit(target: str, transport: ReplicaAdapter) -> None:
    """Audit a target in a closed internet and write its report."""
    kit = default_kit()
    network = Network(transport=transport, sleep=lambda seconds: None)
    facts = see(target, AuditOptions(), kit, network, Lines(sys.stderr))
    for path in write_report(conclude(facts, kit), kit.renderers, REPORTS / target.replace("/", "__")):
        print(path)


def real_world(root: Path) -> World:
    """Return the world in which GitHub has the repository's files and nothing else exists."""
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}
    unreachable = tuple(Fault(host, mishap=Mishap.UNKNOWN_HOST) for host in ("drive.google.com", "drive.usercontent.google.com"))
    return World(repositories=(HostedRepository(REAL, files, commit=REAL_COMMIT),), faults=unreachable)


def main() -> None:
    """Make both."""
    audit(DEMO_TARGET, demo_transport())
    corpus = Path(sys.argv[1]) if len(sys.argv) > 1 else REPORTS.parent.parent / "shared" / "corpus"
    root = corpus / REAL.replace("/", "__") / "repo"
    if root.is_dir():
        audit(REAL, ReplicaAdapter(real_world(root)))
    else:
        print(f"skipped {REAL}: no {root}", file=sys.stderr)


if __name__ == "__main__":
    main()
