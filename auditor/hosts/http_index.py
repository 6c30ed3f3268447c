"""Index pages of web servers: the list of a directory, where the server shows one.

Shapes: Apache's mod_autoindex (https://httpd.apache.org/docs/2.4/mod/mod_autoindex.html) and nginx's autoindex
(https://nginx.org/en/docs/http/ngx_http_autoindex_module.html), "Index of /path/"; lighttpd's mod_dirlisting, the same words;
Python's http.server, "Directory listing for /path/"; Jetty and Tomcat, "Directory: /path/" and "Directory Listing For [/path/]";
IIS, "host - /path/" above "[To Parent Directory]". A page is one only if its heading names its own path. What a server hides
from its index (IndexIgnore, dot files) nobody can see. Only links to direct children on the same server count: the rest of a
page (sort links, parent, footer) leads elsewhere. Rounded sizes ("2.3K") are said and not counted on.
"""

from __future__ import annotations

import html
import re
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import unquote, urljoin, urlsplit

from auditor.errors import NetworkError
from auditor.facts import State
from auditor.hosts.interface import RemoteFile
from auditor.hosts.walk import Walk
from auditor.net import Network, is_page, refusal

MAX_DEPTH = 4
MAX_FOLDERS = 60  # of one listing
MAX_PAGE_BYTES = 4 << 20
MAX_LINKS = 20_000  # of one page
TEXT_CHARACTERS = 1000  # that are taken between two tags
_TAG = re.compile(r"<(/?)(a|title|h1|h2|base|tr|li)\b([^<>]{0,4096})>", re.IGNORECASE)
_HREF = re.compile(r"\bhref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))", re.IGNORECASE)
_HEADING = re.compile(r"(?:index of|directory listing (?:for|of)|directory:)\s*\[?(/.*?)\]?", re.IGNORECASE | re.DOTALL)
_IIS = re.compile(r"\S+ - (/.*)", re.DOTALL)
_SIZE = re.compile(r"\d\d:\d\d(?::\d\d)?(?:\s*[AP]M)?\s+(\d[\d.]*\s*[KMGTP]?)B?(?:\s|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A child of a directory, by its link."""

    name: str  # decoded, without the slash of a folder
    url: str
    is_folder: bool
    size: int | None = None
    about: str = ""  # a size that the server rounded


@dataclass(frozen=True, slots=True)
class IndexPage:
    """The list of a directory."""

    entries: tuple[IndexEntry, ...]
    strange: int = 0  # children whose names no path could have
    is_whole: bool = True


def read_index(url: str, page: str) -> IndexPage | None:
    """Return the list that a page at an address is, None where it is any other page. Never raises."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    reader = _Reader()
    reader.read(page)
    own = parts.path[: parts.path.rfind("/") + 1] or "/"
    if parts.query or reader.has_base or not _is_heading(reader, unquote(own)):
        return None
    found: dict[str, IndexEntry] = {}
    strange = 0
    for href, text, after in reader.links:
        entry = _child(url, own, href, text, after)
        if entry is None:
            continue
        if entry.name in (".", "..") or "/" in entry.name or "\\" in entry.name or not entry.name.isprintable():
            strange += 1
        else:
            found.setdefault(entry.name, entry)
    is_whole = "<html" not in page[:2000].lower() or "</html" in page[-2000:].lower()
    return IndexPage(tuple(found.values()), strange, is_whole and not reader.is_full)


def walk_index(url: str, page: str, network: Network) -> Walk | None:
    """Return all files below an index page that was fetched, folders within included; None where it is no index page."""
    first = read_index(url, page)
    if first is None:
        return None
    walk, seen = Walk(), {url}
    waiting = deque(_enter(url, "", first, seen, walk))
    while waiting:
        address, path = waiting.popleft()
        try:
            index = _fetched(address, path, network, walk)
        except NetworkError as error:
            walk.troubles.append(error)
            continue
        waiting.extend(_enter(address, path, index, seen, walk))
    return walk


def _enter(url: str, path: str, index: IndexPage, seen: set[str], walk: Walk) -> list[tuple[str, str]]:
    """Take the files of a page and return the folders that it leads to."""
    _take(index, path, walk)
    folders = [entry for entry in index.entries if entry.is_folder and entry.url not in seen]
    room = 0 if path.count("/") >= MAX_DEPTH or walk.is_full else MAX_FOLDERS + 1 - len(seen)
    if len(folders) > room:
        what = f"folders deeper than {MAX_DEPTH} or more than {MAX_FOLDERS} are not entered"
        walk.troubles.append(NetworkError(what, url, status="partial", state=State.TOO_MANY))
    seen.update(entry.url for entry in folders[:room])
    return [(entry.url, f"{path}{entry.name}/") for entry in folders[:room]]


def _take(index: IndexPage, path: str, walk: Walk) -> None:
    """Add the files of one page."""
    for entry in index.entries:
        if not entry.is_folder:
            about = f"about {entry.about} by the server's index" if entry.about else ""
            walk.add(RemoteFile(path + entry.name, entry.url, entry.url, entry.size, detail=about))
    walk.unread += index.strange
    if not index.is_whole:
        walk.troubles.append(NetworkError("the index page ends in the middle", path or "/", status="partial", state=State.BROKEN_RANGE))


def _fetched(url: str, path: str, network: Network, walk: Walk) -> IndexPage:
    """Return the page of a folder within. Raises `NetworkError`, for a page that is no list as well."""
    answer = network.get(url, max_bytes=MAX_PAGE_BYTES)
    if answer.status != 200:
        raise refusal(answer.final_url, answer.status, answer.headers, answer.body)
    index = None
    if is_page(answer.headers.get("content-type", ""), answer.body) and answer.final_url.startswith(url):
        index = read_index(answer.final_url, answer.text())
    if index is None:
        raise NetworkError(f"the folder {path} shows no list", url, "open it in a browser", status="partial", state=State.NOT_A_FILE)
    walk.saw(answer.sha256)
    return index


def _is_heading(reader: _Reader, own: str) -> bool:
    """Tell whether a page's title or first heading names its own path, as only index pages do."""
    parent = any(text.strip().lower() == "[to parent directory]" for _, text, _ in reader.links)
    for text in (reader.title, reader.heading):
        words = " ".join(text.split())
        found = _HEADING.fullmatch(words) or (_IIS.fullmatch(words) if parent else None)
        if found is None:
            continue
        named = "/" + found[1].split("?")[0].strip("/")
        mine = "/" + own.strip("/")
        # Behind a proxy either may have more in front.
        if mine.endswith(named) or named.endswith(mine):
            return True
    return False


def _child(base: str, own: str, href: str, text: str, after: str) -> IndexEntry | None:
    """Return what a link leads to, if that is a direct child of the page's directory."""
    try:
        target, here = urlsplit(urljoin(base, href.strip())), urlsplit(base)
        same = (target.scheme, target.hostname, target.port) == (here.scheme, here.hostname, here.port)
    except ValueError:
        return None
    rest = target.path.removeprefix(own)
    if not same or target.query or target.username or not target.path.startswith(own) or not rest.strip("/"):
        return None
    if "/" in rest.rstrip("/"):
        return None
    name, is_folder = unquote(rest.rstrip("/"), errors="replace"), rest.endswith("/")
    stated = _SIZE.search(" ".join(after.split()))
    size = stated[1].replace(" ", "") if stated and not is_folder else ""
    exact = int(size) if size.isascii() and size.isdigit() and len(size) < 19 else None
    return IndexEntry(name, target._replace(fragment="").geturl(), is_folder, exact, "" if exact is not None else size)


@dataclass(slots=True)
class _Reader:
    """Title, first heading and links of a page, each link with its text and the text behind it.

    Tags are found by a bounded pattern, in one pass: the standard library's HTML parser takes minutes for a broken page.
    """

    title: str = ""
    heading: str = ""
    links: list[tuple[str, str, str]] = field(default_factory=list)
    has_base: bool = False
    is_full: bool = False
    into: str = ""  # what the text belongs to that comes next

    def read(self, page: str) -> None:
        """Go through a page from its beginning to its end."""
        end = 0
        for tag in _TAG.finditer(page):
            if self.into:
                self._text(page[end : min(tag.start(), end + TEXT_CHARACTERS)])
            end = tag.end()
            self._tag(tag[2].lower(), tag[3], closes=tag[1] == "/")
        if self.into:
            self._text(page[end : end + TEXT_CHARACTERS])

    def _tag(self, name: str, attributes: str, *, closes: bool) -> None:
        if closes:
            self.into = "after" if name == "a" else ""
        elif name == "base":
            self.has_base = True
        elif name == "a" and (href := _HREF.search(attributes)):
            self.is_full = len(self.links) >= MAX_LINKS
            self.into = "" if self.is_full else "link"
            if not self.is_full:
                self.links.append((html.unescape(href[1] or href[2] or href[3] or ""), "", ""))
        elif (name == "title" and not self.title) or (name in ("h1", "h2") and not self.heading):
            self.into = name

    def _text(self, piece: str) -> None:
        text = html.unescape(re.sub(r"<[^<>]{0,1000}>", " ", piece))
        if self.into == "title":
            self.title += text
        elif self.into in ("h1", "h2"):
            self.heading += text
        elif self.links:
            href, words, after = self.links[-1]
            self.links[-1] = (href, words + text, after) if self.into == "link" else (href, words, after + text)
        if self.into != "link":
            self.into = ""
