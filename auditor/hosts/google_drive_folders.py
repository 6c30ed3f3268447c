"""Lists Google Drive folders page by page, with gdown's own reader of those pages."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests

from auditor.errors import AuditError, NetworkError
from auditor.facts import Status
from auditor.hosts.answers import MAX_FILES, failed, plain_name, quoted_names
from auditor.hosts.google_drive_pages import HEADERS, page_error, said
from auditor.hosts.interface import Listing, RemoteFile
from auditor.net import Network, Tally, refusal

MAX_DEPTH = 8
MAX_FOLDERS = 200
FOLDER = "application/vnd.google-apps.folder"
NATIVE = "application/vnd.google-apps."

Child = tuple[str, str, str]  # id, name, type


@dataclass(slots=True)
class Walk:
    """What a walk through nested folders has found so far."""

    files: list[RemoteFile] = field(default_factory=list)
    natives: list[str] = field(default_factory=list)  # Google documents: not files
    troubles: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)  # resource keys of older entries, by id
    digest: Any = field(default_factory=hashlib.sha256)


def list_folder(url: str, folder_id: str, resource_key: str, network: Network) -> Listing:
    """Return everything in a folder and the folders within; a part that fails makes the listing partial, not empty."""
    walk = Walk()
    with network.tally() as cost:
        try:
            _walk(folder_id, "", resource_key, network, walk, 0)
        except AuditError as error:
            return failed(url, "google_drive", error, cost, walk.digest.hexdigest() if walk.seen else "")
    return _listing(url, walk, cost)


def _walk(folder_id: str, path: str, resource_key: str, network: Network, walk: Walk, depth: int) -> None:
    walk.seen.add(folder_id)
    children, unread = _children(folder_id, resource_key, network, walk)
    if unread:
        walk.troubles.append(f"{unread} entries of {path or 'the folder'} were not understood")
    for child_id, name, kind in children:
        child_path = path + (plain_name(name.replace("/", "_").replace("\\", "_")) or "_")
        if kind == FOLDER:
            _descend(child_id, child_path, network, walk, depth)
        elif kind.startswith(NATIVE):
            walk.natives.append(child_path)
        elif len(walk.files) >= MAX_FILES:
            walk.troubles.append(f"more than {MAX_FILES} files")
            return
        else:
            walk.files.append(RemoteFile(child_path, _address(child_id, walk), child_id))


def _descend(folder_id: str, path: str, network: Network, walk: Walk, depth: int) -> None:
    if folder_id in walk.seen:
        return  # a folder that holds itself, or one that is shown twice
    if depth + 1 >= MAX_DEPTH or len(walk.seen) >= MAX_FOLDERS:
        walk.troubles.append(f"{path} lies too deep or is one folder too many, and was not listed")
        return
    try:
        _walk(folder_id, path + "/", walk.keys.get(folder_id, ""), network, walk, depth + 1)
    except AuditError as error:
        status = error.status if isinstance(error, NetworkError) else "error"
        walk.troubles.append(f"{path} could not be listed ({status}: {error})")


def _children(folder_id: str, resource_key: str, network: Network, walk: Walk) -> tuple[list[Child], int]:
    """Return the entries of one folder, and the number of entries on its page that gdown did not understand."""
    session, answers = network.session(), []
    session.headers.update(HEADERS)
    if resource_key:
        session.params = {"resourcekey": resource_key}

    def remember(response: requests.Response, *_: Any, **__: Any) -> None:
        answers.append(response)

    session.hooks["response"].append(remember)
    problem = ""
    children: list[Child] = []
    try:
        _, children = parse_with_gdown(session, folder_id, network.settings.timeout_seconds)
    except NetworkError:
        raise
    except Exception as error:
        problem = " ".join(str(error).split())[:200]
    if not answers:
        raise NetworkError("Google Drive: the folder's page was not fetched", problem)
    page = answers[-1]
    walk.digest.update(page.content)
    walk.keys.update(re.findall(r"/(?:d|folders)/([-\w]{10,100})[^\"'<>\s]{0,200}?resourcekey=([-\w]{1,100})", page.text))
    if not children or problem:
        _check_empty(page, problem)
    if "<html" in page.text and "</html" not in page.text:
        walk.troubles.append("the page ends in the middle")
    return children, _entries_left_over(page.text, {child[0] for child in children})


def parse_with_gdown(session: requests.Session, folder_id: str, timeout_seconds: float) -> tuple[str, list[Child]]:
    """Return a folder's title and entries by gdown's reader: private there, and the only one that keeps folders apart."""
    try:
        from gdown.download_folder import _parse_embedded_folder_view
    except ImportError as error:
        raise NetworkError("this release of gdown cannot list folders page by page", str(error), "pip install 'gdown>=6.5.1,<7'") from error
    title, children = _parse_embedded_folder_view(sess=session, folder_id=folder_id, verify=True, timeout=timeout_seconds)
    return str(title), [(str(child_id), str(name), str(kind)) for child_id, name, kind in children]


def _check_empty(page: requests.Response, problem: str) -> None:
    """Raise `NetworkError` unless a page without entries really is the page of an empty folder."""
    text, url = page.text, page.url or ""
    if page.status_code != 200:
        raise page_error(text, url, page.status_code) or refusal(url, page.status_code, page.headers, page.content)
    is_folder_page = re.search(r"class=[\"'][^\"']*\bflip-(?:entries|list|folder|main)", text) is not None
    known = None if is_folder_page and not problem else page_error(text, url, 200)
    if known is not None:
        raise known
    if problem:
        raise NetworkError("Google Drive: the folder's page could not be read", problem, "open the link in a browser")
    at_home = (urlsplit(url).hostname, urlsplit(url).path) == ("drive.google.com", "/embeddedfolderview")
    bare = not re.search(r"<(?:form|script|a|iframe|input)\b", text, re.IGNORECASE) and len(said(text)) < 150
    if not at_home or not (is_folder_page or bare):
        raise NetworkError("Google Drive: the answer is not a folder's page", said(text), "open the link in a browser")


def _entries_left_over(page: str, understood: set[str]) -> int:
    """Count entries that the page shows and gdown did not take, leaving out what leads to no file (notebooks, sites)."""
    if 'class="flip-entry"' not in page:
        return 0
    import bs4

    left = 0
    for entry in bs4.BeautifulSoup(page, "html.parser").find_all(class_="flip-entry"):
        link = entry.find("a", href=True)
        href = str(link["href"]) if link else ""
        host = urlsplit(href).hostname or "drive.google.com"
        if host in ("drive.google.com", "docs.google.com") and not any(key in href for key in understood):
            left += 1
    return left


def _address(file_id: str, walk: Walk) -> str:
    key = walk.keys.get(file_id)
    return f"https://drive.google.com/file/d/{file_id}/view" + (f"?resourcekey={key}" if key else "")


def _listing(url: str, walk: Walk, cost: Tally) -> Listing:
    folders = len(walk.seen) - 1
    detail = f"folder of {_count(len(walk.files), 'file')}" if walk.files else "empty folder"
    detail += f", {_count(folders, 'folder')} within" if folders else ""
    if walk.natives:
        detail += f"; {_count(len(walk.natives), 'Google document')} that are no files: {quoted_names(walk.natives)}"
    if walk.troubles:
        detail += "; " + "; ".join(dict.fromkeys(walk.troubles))
    return Listing(
        url,
        "google_drive",
        Status.PARTIAL if walk.troubles else Status.OK,
        detail,
        tuple(walk.files),
        walk.digest.hexdigest(),
        quoted_names([file.name for file in walk.files] + walk.natives),
        cost.requests,
        cost.bytes_read,
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
