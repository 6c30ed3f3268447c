"""Lists Google Drive folders page by page, with gdown's own reader of those pages."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import requests

from auditor.addresses import google_drive_id, locate
from auditor.errors import AuditError, NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import MAX_FILES, failed, plain_name, quoted_names, short
from auditor.hosts.google_drive_pages import HEADERS, page_error, said
from auditor.hosts.interface import Listing, RemoteFile
from auditor.net import Network, Tally, refusal

MAX_DEPTH = 40
MAX_FOLDERS = 200
FOLDER = "application/vnd.google-apps.folder"
NATIVE = "application/vnd.google-apps."
FILE = "application/octet-stream"
_BROWSER = "open the link in a browser"

Triple = tuple[str, str, str]  # id, name and type, as gdown gives them


@dataclass(frozen=True, slots=True)
class Child:
    """One entry of a folder."""

    id: str
    name: str
    kind: str  # a media type of Google's, or application/octet-stream for a file
    detail: str = ""  # the day of its last change, as the page writes it


@dataclass(slots=True)
class Walk:
    """What a walk through nested folders has found so far."""

    files: list[RemoteFile] = field(default_factory=list)
    natives: list[str] = field(default_factory=list)  # Google documents: not files
    troubles: list[str] = field(default_factory=list)
    states: list[State] = field(default_factory=list)  # what hosts said of the troubles
    seen: set[str] = field(default_factory=set)
    keys: dict[str, str] = field(default_factory=dict)  # resource keys of older entries, by id
    digest: Any = field(default_factory=hashlib.sha256)

    def trouble(self, words: str, state: State = State.UNKNOWN) -> None:
        """Note why this is not all."""
        self.troubles.append(words)
        self.states.append(state)


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
        walk.trouble(f"{unread} entries of {path or 'the folder'} were not understood")
    for child in children:
        child_path = path + (plain_name(child.name.replace("/", "_").replace("\\", "_")) or "_")
        if child.kind == FOLDER:
            _descend(child.id, child_path, network, walk, depth)
        elif child.kind.startswith(NATIVE):
            walk.natives.append(child_path)
        elif len(walk.files) >= MAX_FILES:
            walk.trouble(f"more than {MAX_FILES} files", State.TOO_MANY)
            return
        else:
            walk.files.append(RemoteFile(child_path, _address(child.id, walk), child.id, detail=child.detail))


def _descend(folder_id: str, path: str, network: Network, walk: Walk, depth: int) -> None:
    if folder_id in walk.seen:
        return  # a folder that holds itself (by a shortcut, or by its own parent), or one that is shown twice
    if depth + 1 >= MAX_DEPTH or len(walk.seen) >= MAX_FOLDERS:
        walk.trouble(f"{path} lies too deep or is one folder too many, and was not listed", State.TOO_MANY)
        return
    try:
        _walk(folder_id, path + "/", walk.keys.get(folder_id, ""), network, walk, depth + 1)
    except AuditError as error:
        status = error.status if isinstance(error, NetworkError) else "error"
        walk.trouble(f"{path} could not be listed ({status}: {error})", State(getattr(error, "state", "")))


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
    triples: list[Triple] = []
    try:
        _, triples = parse_with_gdown(session, folder_id, network.settings.timeout_seconds)
    except NetworkError:
        raise
    except Exception as error:
        problem = " ".join(str(error).split())[:200]
    if not answers:
        raise NetworkError("Google Drive: the folder's page was not fetched", problem)
    page = answers[-1]
    walk.digest.update(page.content)
    walk.keys.update(re.findall(r"/(?:d|folders)/([-\w]{10,100})[^\"'<>\s]{0,200}?resourcekey=([-\w]{1,100})", page.text))
    if not triples or problem:
        _check_empty(page, problem)
    if "<html" in page.text and "</html" not in page.text:
        walk.trouble("the page ends in the middle")
    return _completed(page.text, triples)


def parse_with_gdown(session: requests.Session, folder_id: str, timeout_seconds: float) -> tuple[str, list[Triple]]:
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
        raise NetworkError("Google Drive: the folder's page could not be read", problem, _BROWSER, state=State.NOT_A_FILE)
    at_home = (urlsplit(url).hostname, urlsplit(url).path) == ("drive.google.com", "/embeddedfolderview")
    body = re.sub(r"(?is)<(title|head)\b.*?(</\1\s*>|\Z)", " ", text)
    bare = not re.search(r"<(?:form|script|a|iframe|input)\b", text, re.IGNORECASE) and not said(body)  # says nothing at all
    if not at_home or not (is_folder_page or bare):
        raise NetworkError("Google Drive: the answer is not a folder's page", said(text), _BROWSER, state=State.NOT_A_FILE)


def _completed(page: str, triples: list[Triple]) -> tuple[list[Child], int]:
    """Return what gdown read with the dates that the page shows, and the links that gdown does not know but which lead to Drive.

    The second value counts entries that stay unclear. Notebooks and sites are no files and are left out, as gdown does.
    """
    children = {drive_id: Child(drive_id, name, kind) for drive_id, name, kind in triples}
    if 'class="flip-entry"' not in page:
        return list(children.values()), 0
    import bs4

    unclear = 0
    for entry in bs4.BeautifulSoup(page, "html.parser").find_all(class_="flip-entry"):
        link = entry.find("a", href=True)
        href = str(link["href"]) if link else ""
        drive_id, place = google_drive_id(href), locate(href)
        if drive_id in children:
            children[drive_id] = replace(children[drive_id], detail=_changed(entry))
        elif drive_id and place.host == "google_drive" and place.target in ("file", "folder"):
            kind = FOLDER if place.target == "folder" else FILE
            children[drive_id] = Child(drive_id, _seen(entry, "flip-entry-title"), kind, _changed(entry))
        elif (urlsplit(href).hostname or "drive.google.com") in ("drive.google.com", "docs.google.com"):
            unclear += not any(known in href for known in children)
    return list(children.values()), unclear


def _changed(entry: Any) -> str:
    day = _seen(entry, "flip-entry-last-modified")
    return f"changed {day}" if day else ""


def _seen(entry: Any, name: str) -> str:
    """Return the text of a part of an entry."""
    found = entry.find(class_=name)
    return short(found.get_text(" ", strip=True)) if found else ""


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
        state if (state := next(iter(walk.states), State.OK)) is not State.OK or walk.files else State.EMPTY,
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
