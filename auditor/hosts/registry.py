"""Every host, in the order in which they are asked; the last one accepts everything."""

from __future__ import annotations

from auditor.hosts.azure import AzureBlobs
from auditor.hosts.closed import Closed
from auditor.hosts.dataverse import Dataverse
from auditor.hosts.direct import Direct
from auditor.hosts.dropbox import Dropbox
from auditor.hosts.figshare import Figshare
from auditor.hosts.gcs import GoogleStorage
from auditor.hosts.github_files import GitHubFiles
from auditor.hosts.gitlab import GitLab
from auditor.hosts.google_drive import GoogleDrive
from auditor.hosts.hugging_face import HuggingFace
from auditor.hosts.interface import FileHost
from auditor.hosts.mendeley import Mendeley
from auditor.hosts.modelscope import ModelScope
from auditor.hosts.onedrive import OneDrive
from auditor.hosts.osf import Osf
from auditor.hosts.s3 import S3
from auditor.hosts.sharepoint import SharePoint
from auditor.hosts.unsupported import Unsupported
from auditor.hosts.zenodo import Zenodo

_NAMED: tuple[FileHost, ...] = (
    GoogleDrive(),
    HuggingFace(),
    GitHubFiles(),
    Zenodo(),
    Figshare(),
    Osf(),
    ModelScope(),
    Dataverse(),
    Mendeley(),
    Closed(),
)

_STORAGE: tuple[FileHost, ...] = (S3(), GoogleStorage(), AzureBlobs(), GitLab(), Dropbox(), OneDrive(), SharePoint())
_KNOWN = (*_NAMED, *_STORAGE)

HOSTS: tuple[FileHost, ...] = (*_KNOWN, Direct(elsewhere=_KNOWN), Unsupported())


def host_for(url: str, hosts: tuple[FileHost, ...] = HOSTS) -> FileHost:
    """Return the first host that accepts an address.

    >>> host_for("https://pan.baidu.com/s/1x").name
    'closed'
    """
    return next(host for host in hosts if host.accepts(url))
