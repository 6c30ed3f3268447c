"""Files of a GitHub repository at one commit: from the raw host where that is possible (it costs no API quota), else the API."""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
from urllib.parse import urlsplit

from auditor.blob import Blob, BytesBlob
from auditor.errors import LimitError, NetworkError
from auditor.facts import Repository, Source, Status, TreeEntry
from auditor.github_api import GitHubApi, quoted
from auditor.lfs import LARGEST_POINTER, Pointer, parse_pointer
from auditor.net import Network
from auditor.repositories.paths import inside, link_target

RAW = "https://raw.githubusercontent.com"
LFS = "https://media.githubusercontent.com/media"
LARGEST_API_BLOB = 32 << 20  # whole files that are read without ranges, where only the API gives them
LARGEST_LINK = 4096
MAX_LINKS = 8
PAGES = ("github.com", "www.github.com")


class GitHubRepository:
    """An opened repository: everything that was listed, and its files on demand. Thread-safe."""

    def __init__(
        self,
        repository: Repository,
        sources: tuple[Source, ...],
        api: GitHubApi,
        network: Network,
        *,
        is_private: bool,
        tree_is_whole: bool,
    ) -> None:
        self.repository = repository
        self.sources = sources
        self._api = api
        self._network = network
        self._tree_is_whole = tree_is_whole
        self._entries = {entry.path: entry for entry in repository.tree}
        self._links = {entry.path for entry in repository.tree if entry.symlink_to is not None}
        # A private repository's raw files need the token, and the token goes to the API's host alone.
        self._has_raw = not is_private and urlsplit(repository.url).hostname in PAGES
        self._raw_first = self._has_raw and api.is_public_api

    def read(self, path: str, max_bytes: int = 8 << 20) -> bytes:
        """Return the bytes of a file, symbolic links and LFS pointers followed, checked against git's own hash.

        Raises `NetworkError` (missing, blocked for a link out of the repository, skipped for an LFS file out of reach) and
        `LimitError` where the file is larger than `max_bytes`.
        """
        path, entry = self._find(path)
        data = self._fetch(path, entry, max_bytes)
        pointer = parse_pointer(data)
        return data if pointer is None else self._read_lfs(path, pointer, max_bytes)

    def blob(self, path: str) -> Blob:
        """Return random access to a file: by ranges from the raw or the LFS host, whole from the API where there are no ranges."""
        path, entry = self._find(path)
        name, size = posixpath.basename(path), entry.size if entry else None
        refused: NetworkError | None = None
        if self._has_raw and (size is None or size > LARGEST_POINTER):
            try:
                # Without a size the head is asked for at once: readers want it first, and it shows whether the host gives the file.
                blob = self._network.blob(
                    self._address(RAW, path), name=name, revision=entry.sha if entry and entry.sha else self.repository.commit
                )
            except NetworkError as error:
                refused = error
            else:
                if blob.size > LARGEST_POINTER and size in (None, blob.size):
                    return blob
        try:
            data = self._fetch(path, entry, LARGEST_API_BLOB)
        except LimitError as error:
            raise refused or error from error
        pointer = parse_pointer(data)
        if pointer is not None and self._has_raw:
            return self._network.blob(self._address(LFS, path), name=name, size=pointer.size, revision=pointer.sha256)
        return BytesBlob(data, name)

    def _find(self, path: str) -> tuple[str, TreeEntry | None]:
        """Return the path with symbolic links followed, and its entry where the tree lists it."""
        plain = self._follow(inside(path))
        entry = self._entries.get(plain)
        if entry is None and self._tree_is_whole:
            raise NetworkError(f"{plain} is not in the repository", f"commit {self.repository.commit}", status=Status.MISSING)
        return plain, entry

    def _follow(self, path: str) -> str:
        """Return the path with every symbolic link on it followed, within the repository."""
        for _ in range(MAX_LINKS):
            parts = path.split("/")
            heads = ("/".join(parts[: n + 1]) for n in range(len(parts)))
            link = next((head for head in heads if head in self._links), None)
            if link is None:
                return path
            words = self._fetch(link, self._entries[link], LARGEST_LINK).decode("utf-8", errors="replace")
            rest = path[len(link) :].lstrip("/")
            path = inside(posixpath.join(link_target(link, words), rest))
        raise NetworkError(f"{path} is a circle of symbolic links", status=Status.ERROR)

    def _fetch(self, path: str, entry: TreeEntry | None, max_bytes: int) -> bytes:
        """Return the bytes that git holds for a path, from the first place that gives them as git hashed them."""
        if entry is not None and entry.size is not None and entry.size > max_bytes:
            raise LimitError(f"{path} is too large to be read whole", f"{entry.size} bytes, at most {max_bytes}")
        ways = [self._from_api, self._from_raw] if not self._raw_first else [self._from_raw, self._from_api]
        first_error: NetworkError | None = None
        unlike: list[bytes] = []  # whole answers that do not have the id that the tree gives
        unknown = False  # the API has nothing under this id or path
        for way in ways if self._has_raw else [self._from_api]:
            try:
                data = way(path, entry, max_bytes)
            except NetworkError as error:
                first_error = first_error or error
                unknown = unknown or (way == self._from_api and error.http_status == 404)
                continue
            try:
                _check_hash(path, entry, data)
            except NetworkError as error:
                first_error = first_error or error
                unlike.append(data)
            else:
                return data
        # An id that is not git's own says nothing (some servers make ids up). Such bytes stand where a second place gives the same,
        # or where they have the listed size and the server itself does not know the id.
        size = entry.size if entry is not None else None
        if unlike and all(data == unlike[0] for data in unlike) and (len(unlike) == 2 or (unknown and size == len(unlike[0]))):
            return unlike[0]
        raise first_error or NetworkError(f"{path} could not be read")

    def _from_raw(self, path: str, entry: TreeEntry | None, max_bytes: int) -> bytes:
        """Return a file from the raw host."""
        fetched = self._network.get(self._address(RAW, path), max_bytes=max_bytes, pinned=True)
        if fetched.status == 200 and not _is_of(entry, fetched.body):  # kept from another time, or not what git has: asked anew
            fetched = self._network.get(self._address(RAW, path), max_bytes=max_bytes)
        if fetched.status != 200:
            raise _no_file(path, fetched.status)
        return fetched.body

    def _from_api(self, path: str, entry: TreeEntry | None, max_bytes: int) -> bytes:
        """Return a file from the API: by git's id where the tree gave one, else by path."""
        name = self.repository.full_name
        data = None
        if entry is not None and entry.sha:
            try:
                data = self._api.get(f"/repos/{name}/git/blobs/{quoted(entry.sha)}").data
            except NetworkError as error:
                if error.http_status != 404:
                    raise
        if data is None:
            data = self._api.get(f"/repos/{name}/contents/{quoted(path)}", ref=self.repository.commit).data
        if not isinstance(data, dict) or data.get("encoding") != "base64" or not isinstance(data.get("content"), str):
            raise NetworkError(f"GitHub's API gives no content for {path}", status=Status.ERROR)
        if len(data["content"]) > max_bytes * 3 // 2 + 100:  # base64 is 4/3, with line ends a little more
            raise LimitError(f"{path} is too large to be read whole", f"more than {max_bytes} bytes")
        try:
            return base64.b64decode(data["content"])
        except (binascii.Error, ValueError) as error:
            raise NetworkError(f"GitHub's API gives broken content for {path}", str(error)) from error

    def _read_lfs(self, path: str, pointer: Pointer, max_bytes: int) -> bytes:
        """Return the file that an LFS pointer stands for, checked against the pointer's hash."""
        if pointer.size > max_bytes:
            raise LimitError(f"{path} is too large to be read whole", f"{pointer.size} bytes in Git LFS, at most {max_bytes}")
        if not self._has_raw:
            why = f"its {pointer.size} bytes lie in LFS storage, which this server gives to git alone"
            raise NetworkError(f"{path} is a Git LFS pointer", why, status=Status.SKIPPED)
        fetched = self._network.get(self._address(LFS, path), max_bytes=max_bytes, pinned=True)
        if fetched.status != 200:
            raise _no_file(f"{path} (in Git LFS)", fetched.status)
        if hashlib.sha256(fetched.body).hexdigest() != pointer.sha256:
            raise NetworkError(f"{path} is not the file that its LFS pointer names", "its SHA-256 differs")
        return fetched.body

    def _address(self, host: str, path: str) -> str:
        """Return where a file of the commit lies on the raw or the LFS host."""
        return f"{host}/{self.repository.full_name}/{self.repository.commit}/{quoted(path)}"


def git_blob_id(data: bytes, length: int = 40) -> str:
    """Return git's id of a file: the hash of "blob ", its size, a NUL and the bytes; SHA-256 where ids have 64 digits."""
    head = b"blob %d\0" % len(data)
    digest = hashlib.sha256(head + data) if length == 64 else hashlib.sha1(head + data, usedforsecurity=False)
    return digest.hexdigest()


def _check_hash(path: str, entry: TreeEntry | None, data: bytes) -> None:
    """Raise `NetworkError` where the bytes are not those of the audited commit."""
    if entry is not None and not _is_of(entry, data):
        raise NetworkError(f"{path} is not the file of the audited commit", f"its git id is not {entry.sha}", "try again later")


def _is_of(entry: TreeEntry | None, data: bytes) -> bool:
    """Tell whether bytes have the id that the tree gives, or it gives none."""
    return entry is None or not entry.sha or git_blob_id(data, len(entry.sha)) == entry.sha


def _no_file(path: str, status: int) -> NetworkError:
    """Return the error for an answer of the raw or LFS host that is no file."""
    kinds = {401: Status.DENIED, 403: Status.DENIED, 404: Status.MISSING, 410: Status.MISSING, 429: Status.QUOTA, 451: Status.DENIED}
    return NetworkError(
        f"{path} could not be read", f"GitHub answered {status}", status=kinds.get(status, Status.ERROR), http_status=status
    )
