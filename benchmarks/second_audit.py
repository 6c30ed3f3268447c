"""What a second audit of an unchanged repository costs, and one without any network: `python -m benchmarks.second_audit`.

The demo's world, in this process; the second column of bytes is what the servers sent of files (not listings). Seconds are
without a network's latency: they show what recognition and rendering cost, not what requests do.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import DEMO_TARGET, demo_world
from auditor.kit import default_kit
from auditor.net import Network, NetworkSettings
from auditor.options import AuditOptions
from auditor.pipeline import see
from auditor.progress import Silent

FILES = ("drive.usercontent.google.com", "raw.githubusercontent.com")


def main() -> None:
    """Print one line for each way to audit."""
    with tempfile.TemporaryDirectory() as folder:
        rows = (("no cache", None, False), ("first", folder, False), ("second", folder, False), ("--offline", folder, True))
        see(DEMO_TARGET, AuditOptions(), default_kit(), Network(transport=ReplicaAdapter(demo_world())), Silent())  # imports
        print(f"{'':10} {'seconds':>8} {'requests':>9} {'bytes':>9} {'of files':>9} {'cache':>9}")
        for name, place, offline in rows:
            transport = ReplicaAdapter(demo_world())
            network = Network(NetworkSettings(cache_folder=Path(place) if place else None, offline=offline), transport)
            begun = time.perf_counter()
            see(DEMO_TARGET, AuditOptions(), default_kit(), network, Silent())
            seconds = time.perf_counter() - begun
            sent = sum(seen.bytes_sent for seen in transport.replica.seen if seen.host in FILES)
            size = network.cache.size() if network.cache else 0
            print(f"{name:10} {seconds:8.2f} {network.requests:9,} {network.bytes_read:9,} {sent:9,} {size:9,}")
            network.close()


if __name__ == "__main__":
    main()
