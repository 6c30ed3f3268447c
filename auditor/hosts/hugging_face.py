"""Hugging Face: model and dataset repositories and their files, by the Hub's HTTP API.

Addresses and error codes: https://huggingface.co/docs/hub/api and the X-Error-Code header of the Hub's answers.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import Status
from auditor.hosts.answers import MAX_FILES, KeptBlobs, failed, quoted_names, skipped, version_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.net import Fetched, Network, RangeAnswer, RemoteBlob, is_page, refusal

HUB = "https://huggingface.co"
_PAGES = "spaces docs blog papers models tasks learn organizations join login pricing collections posts search chat course datasets".split()


@dataclass(frozen=True, slots=True)
class HubPlace:
    """What an address of the Hub names."""

    kind: str  # models or datasets
    repo: str  # "owner/name", or the name alone for the oldest models
    revision: str = ""  # empty: the default branch
    path: str = ""  # of a file or folder
    is_file: bool = False

    def file_url(self, path: str) -> str:
        """Return the address of a file's bytes."""
        prefix = "datasets/" if self.kind == "datasets" else ""
        return f"{HUB}/{prefix}{self.repo}/resolve/{quote(self.revision or 'main', safe='')}/{quote(path)}"


class HuggingFace:
    """Lists a repository's files with sizes and hashes, and reads them by ranges."""

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
                files, digest, detail = self._list(place, network)
            except NetworkError as error:
                if "/" not in place.repo and error.status in ("denied", "missing"):
                    return skipped(url, self.name, "the page of an organization or a person, not a repository: open it in a browser")
                return failed(url, self.name, error, cost)
        status = Status.PARTIAL if len(files) > MAX_FILES else Status.OK
        names = quoted_names([file.name for file in files])
        return Listing(url, self.name, status, detail, files[:MAX_FILES], digest, names, cost.requests, cost.bytes_read)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. Raises `NetworkError`."""
        kept = self._kept.take(network, file.key or file.url)
        return kept or network.blob(file.key or file.url, name=file.name, size=file.size, classify=not_the_bytes, revision=version_of(file))

    def _list(self, place: HubPlace, network: Network) -> tuple[tuple[RemoteFile, ...], str, str]:
        return ((self._file(place, network),), "", "one file") if place.is_file else self._repository(place, network)

    def _file(self, place: HubPlace, network: Network) -> RemoteFile:
        address = place.file_url(place.path)
        blob = network.blob(address, name=place.path.rsplit("/", 1)[-1], classify=not_the_bytes)
        self._kept.keep(network, address, blob)
        return RemoteFile(place.path, address.replace("/resolve/", "/blob/", 1), address, blob.size)

    def _repository(self, place: HubPlace, network: Network) -> tuple[tuple[RemoteFile, ...], str, str]:
        at = f"/revision/{quote(place.revision, safe='')}" if place.revision else ""
        answer = network.get(f"{HUB}/api/{place.kind}/{place.repo}{at}?blobs=true")
        if answer.status != 200:
            raise hub_error(answer)
        record = _record(answer)
        files = tuple(file for entry in record.get("siblings") or [] if (file := _sibling(entry, place)) is not None)
        detail = f"repository of {len(files)} files"
        if record.get("gated"):
            detail += "; gated: the files need the owner's consent and HF_TOKEN"
        return files, answer.sha256, detail


def hub_place(url: str) -> HubPlace | None:
    """Return what an address of the Hub names, or None for its pages."""
    try:
        segments = [unquote(part) for part in urlsplit(url).path.split("/") if part]
    except ValueError:
        return None
    kind = "models"
    if segments[:1] == ["datasets"]:
        kind, segments = "datasets", segments[1:]
    if not segments or segments[0] in _PAGES or not all(re.fullmatch(r"[\w.\-]{1,96}", part) for part in segments[:2]):
        return None
    if len(segments) == 1:
        return HubPlace(kind, segments[0])
    repo, rest = "/".join(segments[:2]), segments[2:]
    if len(rest) >= 3 and rest[0] in ("resolve", "blob", "raw"):
        return HubPlace(kind, repo, rest[1], "/".join(rest[2:]), True)
    if len(rest) >= 2 and rest[0] == "tree":
        return HubPlace(kind, repo, rest[1], "/".join(rest[2:]))
    return HubPlace(kind, repo)


def hub_error(answer: Fetched | RangeAnswer) -> NetworkError:
    """Return why the Hub refuses: gated, private or not there (it tells strangers neither), or not there."""
    code = answer.headers.get("x-error-code", "")
    words = answer.headers.get("x-error-message", "")
    plain = refusal(answer.final_url, answer.status, answer.headers, answer.body)
    if code == "GatedRepo" or "gated" in words.lower() or "access to model" in words.lower():
        return NetworkError("the repository is gated", words, "ask its owner for access on the Hub and set HF_TOKEN", status="denied")
    if answer.status == 401:
        why = "the Hub tells strangers the same for repositories that are private and that do not exist"
        return NetworkError("the repository is private or not there", words or why, "set HF_TOKEN, or ask the owner", status="denied")
    if code == "DisabledRepo":
        return NetworkError("the Hub has disabled the repository", words, "open it in a browser", status="denied")
    return plain


def not_the_bytes(answer: RangeAnswer) -> NetworkError | None:
    """Return what the Hub says instead of sending bytes, or None where it sends them."""
    if answer.status in (200, 206):
        kind = answer.headers.get("content-type", "")
        if answer.offset == 0 and not answer.ranged and is_page(kind, answer.body) and kind.startswith("text/html"):
            return NetworkError("the Hub answered with a page, not a file", "", "open the link in a browser")
        return None
    return None if answer.status == 416 and answer.total == 0 else hub_error(answer)


def _record(answer: Fetched) -> dict[str, Any]:
    try:
        record = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise NetworkError("the Hub's answer is not JSON", str(error)[:200], "try again later") from error
    if not isinstance(record, dict) or not isinstance(record.get("siblings"), list):
        raise NetworkError("the Hub's answer names no files", str(record)[:200], "try again later")
    return record


def _sibling(entry: Any, place: HubPlace) -> RemoteFile | None:
    """Return one file of the API's list, None for what lies outside the folder that was linked."""
    path = entry.get("rfilename") if isinstance(entry, dict) else None
    if not isinstance(path, str) or not path or (place.path and not path.startswith(place.path.rstrip("/") + "/")):
        return None
    lfs = entry.get("lfs") if isinstance(entry.get("lfs"), dict) else {}
    size, digest = lfs.get("size", entry.get("size")), lfs.get("sha256")
    address = place.file_url(path)
    return RemoteFile(
        path,
        address.replace("/resolve/", "/blob/", 1),
        address,
        size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None,
        digest if isinstance(digest, str) and re.fullmatch(r"[0-9a-f]{64}", digest) else None,
    )
