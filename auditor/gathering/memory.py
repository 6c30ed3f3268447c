"""What the audit's own processes took at most."""

from __future__ import annotations

import sys


def peak_rss_bytes() -> int:
    """Return the peak resident set of this process, or of its largest finished child where that is larger, in bytes."""
    try:
        import resource
    except ImportError:  # not on Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024  # getrusage(2): kilobytes on Linux, bytes on macOS
    return unit * max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
