"""Every host of the registry as the fault matrix sees it: a world that holds some files, and the address of their folder.

A new host is one entry here. The address of a single file is what the host itself says when it lists the folder, unless it is given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from internet.buckets import AzureContainer, GoogleBucket, S3Bucket
from internet.dataverse import DataverseDataset
from internet.dropbox import DropboxFile, DropboxFolder
from internet.figshare import FigshareArticle
from internet.gitlab import GitLabProject
from internet.hub import HubRepository
from internet.mendeley import MendeleyDataset
from internet.microsoft import OneDriveShare, SharePointShare
from internet.modelscope import ModelScopeRepository
from internet.osf import OsfFolder, OsfProject
from internet.web_server import WebServer
from internet.zenodo import ZenodoRecord

from auditor.demo.internet import Content, DriveFile, DriveFolder, HostedRelease, HostedRepository, Page, World

Files = Mapping[str, Content]
FOLDER = "1" + "f" * 32
ONE_FILE = "https://1drv.ms/u/s!AhIXJn_J-blWzzFile"


@dataclass(frozen=True)
class Case:
    """One host: its name in the registry, the world that holds files there, and where their folder is."""

    host: str
    world: Callable[[Files], World]
    folder: str
    file: str = ""  # of the one file, where the listing of the folder gives it no address of its own


def _drive(files: Files) -> World:
    entries = tuple(DriveFile("1" + hashlib.sha256(name.encode()).hexdigest()[:32], name, content) for name, content in files.items())
    return World(drive=(DriveFolder(FOLDER, "models", entries),))


def _release(files: Files) -> World:
    return World(repositories=(HostedRepository("lab/weights", {"README.md": b"weights"}, releases=(HostedRelease("v1", files),)),))


def _dropbox(files: Files) -> World:
    return _with_single(DropboxFolder(files).pages, [DropboxFile(name, content).pages for name, content in files.items()])


def _onedrive(files: Files) -> World:
    return _with_single(OneDriveShare(files).pages, [OneDriveShare(files, ONE_FILE, single=True).pages] if files else [])


def _sharepoint(files: Files) -> World:
    return _with_single(SharePointShare(files).pages, [SharePointShare(files, single=True).pages] if files else [])


def _with_single(folder: dict[str, Page], single: list[dict[str, Page]]) -> World:
    return World(pages={url: page for pages in (folder, *single) for url, page in pages.items()})


def _of(make: Callable[[Files], object]) -> Callable[[Files], World]:
    return lambda files: World(pages=make(files).pages)  # type: ignore[attr-defined]


CASES: tuple[Case, ...] = (
    Case("google_drive", _drive, f"https://drive.google.com/drive/folders/{FOLDER}"),
    Case("hugging_face", _of(HubRepository), HubRepository().url),
    Case("github", _release, "https://github.com/lab/weights/releases/tag/v1"),
    Case("zenodo", _of(ZenodoRecord), ZenodoRecord().url),
    Case("figshare", _of(FigshareArticle), FigshareArticle().url),
    Case("osf", _of(lambda files: OsfProject(OsfFolder(files))), OsfProject().url),
    Case("modelscope", _of(ModelScopeRepository), ModelScopeRepository().url),
    Case("dataverse", _of(DataverseDataset), DataverseDataset().url),
    Case("mendeley", _of(MendeleyDataset), MendeleyDataset().url),
    Case("s3", _of(lambda files: S3Bucket("models", files)), "https://models.s3.amazonaws.com/"),
    Case("gcs", _of(lambda files: GoogleBucket("models", files)), "https://storage.googleapis.com/models/"),
    Case("azure", _of(lambda files: AzureContainer("models", files)), AzureContainer("models").url),
    Case("gitlab", _of(GitLabProject), GitLabProject().url),
    Case("dropbox", _dropbox, DropboxFolder().url, DropboxFile().url),
    Case("onedrive", _onedrive, OneDriveShare().url, ONE_FILE),
    Case("sharepoint", _sharepoint, SharePointShare().url, SharePointShare(single=True).url),
    Case("direct", _of(WebServer), WebServer().url),
)

NEVER_ASKED = {"closed": "https://pan.baidu.com/s/1abcdefgh", "unsupported": "https://arxiv.org/abs/2203.01234"}
"""Hosts that make no request, whatever happens, with an address of theirs."""
