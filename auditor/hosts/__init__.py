"""Where files live: one file for each kind of host, and the order in which they are asked.

The hosts of the network are imported when they are asked for: a local file needs none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from auditor.hosts.local import LocalFiles
    from auditor.hosts.registry import HOSTS, host_for

__all__ = ["HOSTS", "LocalFiles", "host_for"]


def __getattr__(name: str) -> Any:
    """Import what the package is asked for (PEP 562)."""
    if name == "LocalFiles":
        from auditor.hosts.local import LocalFiles

        return LocalFiles
    if name in ("HOSTS", "host_for"):
        from auditor.hosts import registry

        return getattr(registry, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
