"""Hugging Face: models, datasets and spaces and their files, by the Hub's HTTP API.

Addresses, fields and error codes: https://huggingface.co/.well-known/openapi.json and the X-Error-Code header of the Hub's answers.
`huggingface_hub` is not used: its requests go through httpx and, for bytes, a client of its own (hf-xet), past this program's guard,
budget, cache and proxy rules.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote, urljoin

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import MAX_FILES, KeptBlobs, failed, quoted_names, skipped, version_of
from auditor.hosts.hub_places import HUB, HubPlace, hub_error, hub_place, not_the_bytes
from auditor.hosts.interface import Listing, RemoteFile
from auditor.net import Fetched, Network, RemoteBlob, first_range

MANY = 10_000  # files of a repository's record, beyond which a folder is asked for on its own
Files = tuple[RemoteFile, ...]


class HuggingFace:
    """Lists a repository's files with sizes and hashes at one commit, and reads them by ranges."""

    name = "hugging_face"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of the Hub."""
        return locate(url).host == "hugging_face"

    def resolve(self, url: str, network: Network) -> Listing:
        """List a repository, a folder of one, or one file."""
        place = hub_place(url)
        if place is None:
            return skipped(url, self.name, "a page of the Hub, not a repository: open it in a browser")
        with network.tally() as cost:
            try:
                files, digest, detail, state = self._list(place, network)
            except NetworkError as error:
                if "/" not in place.repo and not place.path and error.status in ("denied", "missing"):
                    return skipped(url, self.name, "the page of an organization or a person, not a repository: open it in a browser")
                return failed(url, self.name, error, cost)
        if len(files) > MAX_FILES:
            state, detail = State.TOO_MANY, f"{detail}; only {MAX_FILES} are looked at"
        status = Status.PARTIAL if state in (State.TOO_MANY, State.UNKNOWN) else Status.OK
        names = quoted_names([file.name for file in files[:200]])
        return Listing(url, self.name, status, detail, files[:MAX_FILES], digest, names, cost.requests, cost.bytes_read, state)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. Raises `NetworkError`."""
        address = file.key or file.url
        kept = self._kept.take(network, address)
        return kept or network.blob(address, name=file.name, size=file.size, classify=not_the_bytes, revision=version_of(file))

    def _list(self, place: HubPlace, network: Network) -> tuple[Files, str, str, State]:
        return ((self._file(place, network),), "", "one file", State.OK) if place.is_file else _repository(place, network)

    def _file(self, place: HubPlace, network: Network) -> RemoteFile:
        """Open one file. The redirect to its bytes tells its size, its hash and the commit of the branch that was linked."""
        address, name = place.file_url(place.path), place.path.rsplit("/", 1)[-1]
        first = first_range(network, address, name)
        blob = network.blob(address, name=name, first=first, classify=not_the_bytes)
        stated, commit = first.headers.get("x-linked-size", ""), _commit(first.headers.get("x-repo-commit"))
        if stated.isascii() and stated.isdigit() and int(stated[:18]) != blob.size:
            blob.close()
            why = f"the Hub says {stated[:18]} bytes, where its bytes lie there are {blob.size}"
            raise NetworkError(f"{name!r} is not the file that the Hub means", why, "try again later", state=State.CHANGED)
        mark = _mark(first.headers.get("x-linked-etag", "") or first.headers.get("etag", ""))
        key = place.file_url(place.path, commit)
        self._kept.keep(network, key, blob)
        page = place.page_url(place.path, commit)
        return RemoteFile(place.path, page, key, blob.size, mark if len(mark) == 64 else None, revision=mark or commit)


def _repository(place: HubPlace, network: Network) -> tuple[Files, str, str, State]:
    """List a repository, or a folder of it, at the commit that its branch has now. Raises `NetworkError`."""
    at = f"/revision/{quote(place.revision, safe='')}" if place.revision else ""
    answer = network.get(f"{place.api}{at}?blobs=true")
    record = _record(answer)
    siblings, commit = record["siblings"], _commit(record.get("sha"))
    now, notes = _renamed(place, record)
    whole, digest = True, answer.sha256
    if not siblings or (place.path and len(siblings) > MANY):
        # The record of a very large repository may leave files out; its tree comes in pages.
        siblings, whole, digest = _tree(now, commit, network)
    found = [_sibling(entry, now, commit) for entry in siblings]
    unread = sum(file is None for file in found)
    prefix = f"{place.path.rstrip('/')}/" if place.path else ""
    files = tuple(file for file in found if file is not None and file.name.startswith(prefix))
    if prefix and not files and whole and not unread:
        what = f"the repository has no folder {place.path}"
        raise NetworkError(what, f"at {commit or place.revision}", "open it in a browser", status=Status.MISSING, state=State.NOT_FOUND)
    notes += [f"at commit {commit}"] if commit else []
    notes += [f"{unread} entries could not be understood"] if unread else []
    state = State.TOO_MANY if not whole else State.UNKNOWN if unread else State.OK if files else State.EMPTY
    if record.get("gated"):
        notes.append("gated: the files need the owner's consent and HF_TOKEN")
        state = State.GATED if state is State.OK else state
    what = "folder" if prefix else "repository"
    return files, digest, "; ".join([f"{what} of {len(files)} files", *notes]), state


def _tree(place: HubPlace, commit: str, network: Network) -> tuple[list[Any], bool, str]:
    """Return the entries of a folder page by page as the record would have them, whether that is all, and the last answer's hash."""
    inside = f"/{quote(place.path, safe='')}" if place.path else ""
    following = f"{place.api}/tree/{quote(commit or place.revision or 'main', safe='')}{inside}?recursive=true"
    entries: list[Any] = []
    while following and len(entries) <= MAX_FILES:
        answer = network.get(following)
        page = _json(answer)
        if not isinstance(page, list):
            raise NetworkError("the Hub's answer names no files", str(page)[:200], "try again later", state=State.SERVER_ERROR)
        entries += [_as_sibling(entry) for entry in page if not (isinstance(entry, dict) and entry.get("type") == "directory")]
        following = _next_page(answer)
    return entries, not following, answer.sha256


def _next_page(answer: Fetched) -> str:
    """Return the address of the next page (RFC 8288), "" for none. Raises `NetworkError` where it is not the Hub's."""
    found = re.search(r"<([^<>]+)>\s*;[^,]*\brel=\"?next\b", answer.headers.get("link", ""))
    if not found:
        return ""
    address: str = urljoin(answer.final_url, found[1])
    if not address.startswith(f"{HUB}/api/") or address == answer.url:
        raise NetworkError("the Hub leads elsewhere", address[:200], "open the link in a browser", status="blocked", state=State.BLOCKED)
    return address


def _as_sibling(entry: Any) -> Any:
    """Return an entry of a tree in the form of the record's."""
    if not isinstance(entry, dict) or entry.get("type") != "file":
        return None
    lfs = entry.get("lfs")
    known = {"size": lfs.get("size"), "sha256": lfs.get("oid")} if isinstance(lfs, dict) else None
    return {"rfilename": entry.get("path"), "size": entry.get("size"), "blobId": entry.get("oid"), "lfs": known}


def _renamed(place: HubPlace, record: dict[str, Any]) -> tuple[HubPlace, list[str]]:
    """Return the place under the name that the repository has now, and the words for it."""
    name = record.get("id")
    valid = isinstance(name, str) and re.fullmatch(r"[\w.\-]{1,96}(?:/[\w.\-]{1,96})?", name) and ".." not in name
    if not valid or str(name).lower() == place.repo.lower():
        return place, []
    return HubPlace(place.kind, str(name), place.revision, place.path), [f"the repository is {name} now"]


def _record(answer: Fetched) -> dict[str, Any]:
    if answer.status != 200:
        raise hub_error(answer)
    record = _json(answer)
    if not isinstance(record, dict) or not isinstance(record.get("siblings"), list):
        raise NetworkError("the Hub's answer names no files", str(record)[:200], "try again later", state=State.SERVER_ERROR)
    return record


def _json(answer: Fetched) -> Any:
    if answer.status != 200:
        raise hub_error(answer)
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise NetworkError("the Hub's answer is not JSON", str(error)[:200], "try again later", state=State.SERVER_ERROR) from error


def _sibling(entry: Any, place: HubPlace, commit: str) -> RemoteFile | None:
    """Return one file of the API's list, None for what is not understood."""
    path = entry.get("rfilename") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not path:
        return None
    lfs = entry.get("lfs") if isinstance(entry.get("lfs"), dict) else {}
    size, digest, blob = lfs.get("size", entry.get("size")), _mark(lfs.get("sha256")), _mark(entry.get("blobId"))
    sha256 = digest if len(digest) == 64 else None
    return RemoteFile(
        path,
        place.page_url(path, commit),
        place.file_url(path, commit),
        size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        sha256,
        revision=sha256 or blob or commit,
    )


def _mark(text: Any) -> str:
    """Return the hash that an ETag of the Hub is: of SHA-256 for large files, git's own for others; "" for anything else."""
    found = re.fullmatch(r'(?:W/)?"?([0-9a-f]{40}|[0-9a-f]{64})"?', text.strip()) if isinstance(text, str) else None
    return found[1] if found else ""


def _commit(text: Any) -> str:
    return text if isinstance(text, str) and re.fullmatch(r"[0-9a-f]{40}", text) else ""
