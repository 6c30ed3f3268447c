"""What exists in a closed internet: repositories, Drive folders, pages, and what goes wrong.

A `World` is plain frozen data. Start from `World()` and name only what matters:

    World(
        repositories=(HostedRepository("lab/paper", {"README.md": b"# Paper"}),),
        drive=(DriveFolder("1" + "a" * 32, "models", (DriveFile("2" + "b" * 32, "m.pth", b"..."),)),),
        faults=(Fault("api.github.com", status=503, times=1),),
    )

Ids of Drive need 25 characters or more of letters, digits, `-` and `_`, as real ones have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from auditor.blob import Blob

Content = bytes | Blob


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link of a repository's tree."""

    target: str


@dataclass(frozen=True, slots=True)
class HostedIssue:
    """An issue, or a pull request, of a repository."""

    number: int
    title: str
    body: str = ""
    state: str = "open"
    is_pull_request: bool = False


@dataclass(frozen=True, slots=True)
class HostedRelease:
    """A release with its attached files by name."""

    tag: str
    files: Mapping[str, Content] = field(default_factory=dict)
    name: str = ""
    body: str = ""
    prerelease: bool = False


@dataclass(frozen=True, slots=True)
class HostedRepository:
    """A repository on GitHub. Commit, tree and blob ids are git's own, computed from the files."""

    full_name: str
    files: Mapping[str, Content | Symlink]
    description: str = ""
    default_branch: str = "main"
    refs: Mapping[str, Mapping[str, Content | Symlink]] = field(default_factory=dict)  # other branches and tags
    commit: str = ""  # in place of the computed id of the default branch's commit
    archived: bool = False
    has_issues: bool = True
    private: bool = False  # answered with 404, as GitHub does
    fork_of: str = ""
    forks: tuple[str, ...] = ()  # full names
    renamed_from: tuple[str, ...] = ()  # older full names, answered with 301
    releases: tuple[HostedRelease, ...] = ()
    issues: tuple[HostedIssue, ...] = ()
    lfs: Mapping[str, Content] = field(default_factory=dict)  # what the pointers of the tree stand for
    truncated_tree: bool = False  # the tree's listing says that it is cut short


class Sharing(StrEnum):
    """What Drive lets a stranger do with a file or folder."""

    SHARED = "shared"
    PRIVATE = "private"  # redirects to the sign-in page
    FORBIDDEN = "forbidden"  # 403 and a page that says so
    QUOTA = "quota"  # exists, but too many people took it (files)
    DELETED = "deleted"  # 404
    CUT = "cut"  # the folder's page, or every answer with the file's bytes, breaks off in the middle


@dataclass(frozen=True, slots=True)
class DriveFile:
    """A file on Drive."""

    id: str
    name: str
    content: Content
    sharing: Sharing = Sharing.SHARED
    scan_warning: bool | None = None  # None: where it is larger than 100 MB, as on the real host


@dataclass(frozen=True, slots=True)
class DriveDocument:
    """A document of Google's own kind, which has no bytes of its own: document, spreadsheets or presentation."""

    id: str
    name: str
    kind: str = "document"


@dataclass(frozen=True, slots=True)
class DriveFolder:
    """A folder on Drive, with what lies in it."""

    id: str
    name: str
    entries: tuple[DriveFile | DriveDocument | DriveFolder, ...] = ()
    sharing: Sharing = Sharing.SHARED


DriveEntry = DriveFile | DriveDocument | DriveFolder


@dataclass(frozen=True, slots=True)
class Page:
    """What any other address answers. Ranges are honored. A `location` makes it a redirect."""

    content: Content = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str = ""


class Mishap(StrEnum):
    """What a server does instead of answering."""

    STATUS = "status"  # answers with the fault's status, headers and content
    TIMEOUT = "timeout"  # accepts the request and says nothing
    RESET = "reset"  # closes the connection
    UNKNOWN_HOST = "unknown-host"  # the name does not resolve
    CUT = "cut"  # sends half of what it promised
    IGNORES_RANGE = "ignores-range"  # answers 200 and the whole file


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong at a host, for paths (query included) that match a pattern of `fnmatch`."""

    host: str
    path: str = "*"
    mishap: Mishap = Mishap.STATUS
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""
    times: int = 0  # so many requests, then never again; 0 is always


@dataclass(frozen=True, slots=True)
class World:
    """Everything that exists. A host that nothing here mentions does not resolve."""

    repositories: tuple[HostedRepository, ...] = ()
    drive: tuple[DriveEntry, ...] = ()
    pages: Mapping[str, Page] = field(default_factory=dict)  # by full address; with or without its query
    faults: tuple[Fault, ...] = ()
    accepts_issues: bool = False  # POST of an issue with a token succeeds and is kept in `Replica.filed`
    api_limit: int | None = None  # requests to GitHub's API before it answers 403; None: no limit
    api_base: str = ""  # another address of the same API, as GITHUB_API_URL names one: "https://git.example.org/api/v3"


def every_drive_entry(entries: tuple[DriveEntry, ...]) -> Iterator[DriveEntry]:
    """Yield entries of Drive and everything inside their folders."""
    for entry in entries:
        yield entry
        if isinstance(entry, DriveFolder):
            yield from every_drive_entry(entry.entries)


def rate_limited(host: str = "api.github.com", path: str = "*", times: int = 0) -> Fault:
    """Return the fault of a GitHub API whose hourly limit is used up."""
    content = b'{"message": "API rate limit exceeded for 192.0.2.1.", "documentation_url": "https://docs.github.com/rest"}'
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "x-ratelimit-limit": "60",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "1900000000",
    }
    return Fault(host, path, status=403, headers=headers, content=content, times=times)
