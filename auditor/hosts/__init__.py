"""Where files live: one file for each kind of host, and the order in which they are asked."""

from auditor.hosts.local import LocalFiles
from auditor.hosts.registry import HOSTS, host_for

__all__ = ["HOSTS", "LocalFiles", "host_for"]
