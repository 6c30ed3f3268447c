"""What the audit's own processes took at most."""

from __future__ import annotations

import sys
from pathlib import Path


def peak_rss_bytes() -> int:
    """Return the peak resident set of this process, or of its largest finished child where that is larger, in bytes."""
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes on Linux, bytes on macOS
    own, children = (unit * resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return max(_high_water_bytes() or own, children)


def _high_water_bytes() -> int | None:
    """Return the peak that Linux keeps for this process image, in bytes, or None elsewhere.

    Across exec, `ru_maxrss` keeps the size of whoever started this process (proc(5): `VmHWM` does not), so started from
    a large program the audit would claim that program's memory as its own.
    """
    try:
        with Path("/proc/self/status").open(encoding="ascii", errors="replace") as status:
            return next((1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM:")), None)
    except (OSError, ValueError, IndexError):
        return None
