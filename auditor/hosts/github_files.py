"""Files on GitHub: assets of releases, files and folders of repositories, Git LFS, gists, archives."""

from __future__ import annotations

from urllib.parse import urlsplit

from auditor.addresses import locate
from auditor.errors import AuditError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, failed, file_name, quoted_names, skipped, version_of
from auditor.hosts.github_bytes import lfs_address, not_the_bytes, opened, stored
from auditor.hosts.github_listings import Found, folder, gist, limited, releases
from auditor.hosts.github_places import GIST_HOSTS, GitHubPlace, file_of, github_place, raw_address
from auditor.hosts.interface import Listing, RemoteFile
from auditor.lfs import Pointer
from auditor.net import Network, RemoteBlob, first_range

MOST_ARCHIVE_BYTES = 64 << 20  # of an archive that is made on demand and has to be read from its front


class GitHubFiles:
    """Lists releases, folders and gists through the API and reads files by ranges."""

    name = "github"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of GitHub, of its raw files or of a gist."""
        return locate(url).host in ("github", "github_release") or _host(url) in GIST_HOSTS

    def resolve(self, url: str, network: Network) -> Listing:
        """List a release, a folder, a gist or one file. Another whole repository is not walked."""
        place = github_place(url)
        if place is None or place.kind == "repo":
            what = f"{place.repo} is a repository, and is not walked" if place else "a page of GitHub, not a file"
            return skipped(url, self.name, f"{what}: audit it on its own or look by hand")
        with network.tally() as cost:
            try:
                found = limited(self._found(url, place, network))
            except AuditError as error:
                return failed(url, self.name, error, cost)
        state = found.state if found.state is not State.OK or found.files else State.EMPTY
        status = Status.OK if found.is_whole else Status.PARTIAL
        names = quoted_names([file.name for file in found.files])
        return Listing(url, self.name, status, found.detail, tuple(found.files), found.sha256, names, cost.requests, cost.bytes_read, state)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file; behind a Git LFS pointer, to the file that it means. Raises `NetworkError`."""
        address = file.key or file.url
        kept = self._kept.take(network, address)
        if kept is not None:
            return kept
        if file.sha256 and file.revision == file.sha256 and lfs_address(address):  # its pointer was read with the listing
            return stored(address, file.name, Pointer(file.sha256, file.size or 0), network)
        return opened(address, file.name, network, file.size, version_of(file)).blob

    def _found(self, url: str, place: GitHubPlace, network: Network) -> Found:
        match place.kind:
            case "folder":
                return folder(place, network)
            case "gist":
                return gist(place, network)
            case "archive":
                return self._archive(url, place, network)
            case "releases" | "latest" | "tag":
                return releases(place, network)
            case _:
                return self._one(url, place, network)

    def _one(self, url: str, place: GitHubPlace, network: Network) -> Found:
        address = raw_address(place) if place.kind == "file" else url
        name = file_of(place)
        file = opened(address, name, network)
        self._kept.keep(network, address, file.blob)
        return Found([file.described(name, url, address)], "one file")

    def _archive(self, url: str, place: GitHubPlace, network: Network) -> Found:
        """Open the archive of a repository's files, which GitHub makes on demand: without ranges, without a length."""
        answer = first_range(network, url, file_of(place))
        error = not_the_bytes(answer)
        if error is not None:
            raise error
        name = file_name(answer.headers, url if place.ref == "" else f"https://github.com/{place.path}")
        if not answer.ranged and not answer.whole and (answer.total is None or answer.total > MOST_ARCHIVE_BYTES):
            detail = f"{name}: an archive of {place.repo} that GitHub makes on demand and sends only whole; it was not read"
            return Found([], detail, "", State.BROKEN_RANGE)
        blob = network.blob(url, name=name, first=answer, classify=not_the_bytes)
        self._kept.keep(network, url, blob)
        return Found([RemoteFile(name, url, url, blob.size, revision=answer.headers.get("etag", ""))], "one file")


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""
