"""The hosts with an open interface, one deposit each: for tests that hold all hosts to the same.

for archive in ARCHIVES:
    deposit = archive.make({"m.pth": content})
    World(pages=deposit.pages, faults=[Fault(archive.interface, status=503)])
    host_for(deposit.url).resolve(deposit.url, network)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from auditor.demo.internet import Content, Page
from internet.dataverse import DataverseDataset
from internet.figshare import FigshareArticle
from internet.mendeley import MendeleyDataset
from internet.modelscope import ModelScopeRepository
from internet.osf import OsfFolder, OsfProject
from internet.zenodo import ZenodoRecord


class Deposit(Protocol):
    """What every replica of a host can do."""

    @property
    def url(self) -> str:
        """Return the address that people copy."""

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address with its answer, for `World.pages`."""


@dataclass(frozen=True)
class Archive:
    """One host: how to fill it, and the servers at which something can go wrong."""

    name: str  # of the host, as in Listing.host
    interface: str  # server that lists
    files: str  # server that is asked for bytes
    store: str  # server to which it redirects; the same where it does not
    make: Callable[[Mapping[str, Content]], Deposit]


def _numbered(files: Mapping[str, Content]) -> int:
    """Return a number that differs for different names, so that a world can hold many deposits of a host."""
    import zlib

    return 1_000_000 + zlib.crc32("\n".join(files).encode()) % 8_000_000


def _named(files: Mapping[str, Content]) -> str:
    number, letters = _numbered(files), ""
    while number:
        number, place = divmod(number, 26)
        letters += "abcdefghijklmnopqrstuvwxyz"[place]
    return letters


ARCHIVES = (
    Archive("zenodo", "zenodo.org", "zenodo.org", "zenodo.org", lambda files: ZenodoRecord(files, _numbered(files), _numbered(files) - 1)),
    Archive(
        "figshare",
        "api.figshare.com",
        "ndownloader.figshare.com",
        "s3-eu-west-1.amazonaws.com",
        lambda files: FigshareArticle(files, _numbered(files)),
    ),
    Archive(
        "osf",
        "api.osf.io",
        "osf.io",
        "storage.googleapis.com",
        lambda files: OsfProject(OsfFolder(dict(files)), id=f"{_named(files):a<5}"[:5]),
    ),
    Archive(
        "modelscope",
        "www.modelscope.cn",
        "www.modelscope.cn",
        "cdn-lfs-cn-1.modelscope.cn",
        lambda files: ModelScopeRepository(files, f"lab/{_named(files)}"),
    ),
    Archive(
        "dataverse",
        "dataverse.harvard.edu",
        "dataverse.harvard.edu",
        "dvn-cloud.s3.amazonaws.com",
        lambda files: DataverseDataset(files, f"{_named(files):a<6}".upper()),
    ),
    Archive(
        "mendeley",
        "data.mendeley.com",
        "data.mendeley.com",
        "prod-dcd-datasets-public-files-eu-west-1.s3.eu-west-1.amazonaws.com",
        lambda files: MendeleyDataset(files, f"{_named(files):0<10}"),
    ),
)
