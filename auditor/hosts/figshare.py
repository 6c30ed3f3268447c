"""figshare: articles, collections, projects and their files, by its public interface.

https://docs.figshare.com/#public_article: `/v2/articles/ID[/versions/V]` (with `version`, `size` of all files, `is_embargoed`,
`is_confidential`, `is_metadata_record`, `download_disabled` and `files`), `/v2/articles/ID/files` of the latest version with `page` and
`page_size` (`id`, `name`, `size`, `is_link_only`, `download_url`, `supplied_md5`, `computed_md5`), `/v2/articles/ID/versions`,
`/v2/collections/ID/articles`, `/v2/projects/ID/articles`. A link that shares a private article (`/s/...`) has no public interface: only
a browser shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import KeptBlobs, file_name, quoted_names, skipped, version_of
from auditor.hosts.interface import Listing, RemoteFile
from auditor.hosts.json_api import MAX_PAGES, Api, Refusal, digest_of, mapping, rows, text, whole_number
from auditor.hosts.walk import Walk
from auditor.net import Network, RemoteBlob, first_range

FIGSHARE = "https://api.figshare.com/v2"
DOWNLOADS = "https://ndownloader.figshare.com/files"
PAGE_SIZE = 1000  # the most that the interface gives
SHOWN = 10  # files that an article may show of more
MAX_ARTICLES = 200  # of one collection
PRIVATE = "figshare shows privately shared items in a browser only. Download the files by hand and give them with --artifact."
API = Api(
    "figshare",
    frozenset({"api.figshare.com"}),
    {
        401: Refusal("shows this item to its owner only", State.NOT_SHARED, "ask the authors to publish it"),
        403: Refusal("does not show this item to everybody", State.NOT_SHARED, "ask the authors to publish it"),
        404: Refusal("knows no such public item", State.NOT_FOUND, "check the item's number in a browser; drafts are hidden too"),
        410: Refusal("has withdrawn this item", State.DELETED, "ask the authors where it is now"),
    },
)


@dataclass(frozen=True, slots=True)
class FigsharePlace:
    """What an address of figshare names."""

    kind: str  # articles, collections, projects, file, private, draft, page
    number: str = ""
    version: str = ""
    file: str = ""  # number of one file of the article
    link: str = ""  # of a privately shared file

    def article_url(self) -> str:
        """Return the article's address in the interface."""
        return f"{FIGSHARE}/articles/{self.number}" + (f"/versions/{self.version}" if self.version else "")


class Figshare:
    """Lists articles with sizes and MD5, collections and projects with all their articles, and reads files by ranges."""

    name = "figshare"

    def __init__(self) -> None:
        self._kept = KeptBlobs(self.name)

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of figshare, or one of its DOIs."""
        return locate(url).host == "figshare"

    def resolve(self, url: str, network: Network) -> Listing:
        """List an article at the linked version, a collection or project, or one file."""
        place = figshare_place(url)
        if place.kind == "draft":
            words = "figshare: an address that only its owner can open; ask the authors to publish the item"
            return Listing(url, self.name, Status.DENIED, words, state=State.NOT_SHARED)
        if place.kind in ("page", "private"):
            words = PRIVATE if place.kind == "private" else "a page of figshare, not an item: open it in a browser"
            return skipped(url, self.name, words)
        walk, what = Walk(), "what could be seen"
        with network.tally() as cost:
            try:
                what = self._file(place, walk, network) if place.kind == "file" else _listed(place, walk, network)
            except NetworkError as error:
                walk.troubles.append(error)
        return walk.listing(url, self.name, what, cost)

    def open(self, file: RemoteFile, network: Network) -> RemoteBlob:
        """Return random access to a file. Raises `NetworkError`; for a link to another place too."""
        if not file.key:
            what, way = f"{file.name!r} is a link to another place, not a file on figshare", "audit that place with --artifact"
            raise NetworkError(what, file.url, way, status="skipped", state=State.SKIPPED)
        kept = self._kept.take(network, file.key)
        return kept or network.blob(file.key, name=file.name, size=file.size, classify=API.not_the_bytes, revision=version_of(file))

    def _file(self, place: FigsharePlace, walk: Walk, network: Network) -> str:
        """Read a file of which only the number is known: its name is in the headers."""
        address = f"{DOWNLOADS}/{place.file}" + (f"?private_link={quote(place.link, safe='')}" if place.link else "")
        answer = first_range(network, address, "")
        if (error := API.not_the_bytes(answer)) is not None:
            raise error
        name = file_name(answer.headers, answer.final_url)
        blob = network.blob(address, name=name, first=answer, classify=API.not_the_bytes)
        self._kept.keep(network, address, blob)
        walk.add(RemoteFile(name, address, address, blob.size, revision=place.file))
        return f"file {place.file}"


def figshare_place(url: str) -> FigsharePlace:
    """Return what an address of figshare names; a page where it names nothing that can be read."""
    try:
        parts = urlsplit(url.strip())
        path = unquote(parts.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    except ValueError:
        return FigsharePlace("page")
    link = query.get("private_link", "")[:200]
    doi = re.search(r"10\.6084/m9\.figshare\.(c\.)?(\d{1,12})(?:\.v(\d{1,4}))?", path, re.IGNORECASE)
    if doi:
        return FigsharePlace("collections" if doi[1] else "articles", doi[2], doi[3] or "")
    file = re.search(r"/files?/(?:download/)?(\d{1,12})(?:/|$)", path)
    found = re.search(r"/(articles|collections|projects)/(?:[^\d/][^/]*/)?(?:[^/]+/)?(\d{2,12})(?:/(?:versions/)?(\d{1,4}))?(?:/|$)", path)
    if re.match(r"/account/", path):
        return FigsharePlace("draft")
    if file and not found:
        return FigsharePlace("file", file=file[1], link=link)
    if re.match(r"/s/[0-9a-f]{6,}", path) or (found and link):
        return FigsharePlace("private", link=link)
    if not found:
        return FigsharePlace("page")
    one = query.get("file", "") or (file[1] if file else "")
    return FigsharePlace(found[1], found[2], found[3] or "", one if re.fullmatch(r"\d{1,12}", one) else "")


def _listed(place: FigsharePlace, walk: Walk, network: Network) -> str:
    if place.kind == "articles":
        return _article(place, walk, network)
    kind = place.kind.removesuffix("s")
    numbers = []
    for page, digest in _pages(f"{FIGSHARE}/{place.kind}/{place.number}/articles", network):
        walk.saw(digest)
        numbers += [whole_number(mapping(article).get("id")) for article in page]
    for number in numbers[:MAX_ARTICLES]:
        if walk.is_full:
            break
        try:
            if number is None:
                walk.add(None)
            else:
                _article(FigsharePlace("articles", str(number)), walk, network, f"{number}/")
        except NetworkError as error:
            walk.troubles.append(error)
    if len(numbers) > MAX_ARTICLES:
        what = f"the {kind} has more than {MAX_ARTICLES} items"
        walk.troubles.append(NetworkError(what, status="partial", state=State.TOO_MANY))
    return f"{kind} {place.number} with {len(numbers)} items"


def _article(place: FigsharePlace, walk: Walk, network: Network, prefix: str = "") -> str:
    """Add the files of an article. Raises `NetworkError`, also where the article says that they are not public."""
    record, digest = API.json(network, place.article_url())
    walk.saw(digest)
    record = mapping(record)
    version = str(whole_number(record.get("version")) or place.version)
    latest = _latest(place, network) if place.version else int(version or 0)
    closed = _closed(record)
    if not rows(record.get("files")) and closed is not None:
        raise closed
    entries = _entries(record, place, walk, network, is_latest=not place.version or latest == int(version or 0))
    files = [_remote_file(entry, place.number, version, prefix) for entry in entries]
    for file in [_the_one(files, place.file, whole=not walk.troubles)] if place.file else files:
        walk.add(file)
    if record.get("is_metadata_record") is True and not entries:
        walk.notes.append(f"item {place.number} is a description without files: {text(record.get('metadata_reason'), 300)}".rstrip(": "))
    if record.get("download_disabled") is True:
        walk.notes.append("its owner has switched downloads off")
    if place.version and latest > int(place.version):
        walk.notes.append(f"version {latest} exists, and was not looked at")
    return f"version {version} of item {place.number}" if version else f"item {place.number}"


def _entries(record: dict[str, Any], place: FigsharePlace, walk: Walk, network: Network, *, is_latest: bool) -> list[Any]:
    """Return all files of an article; one that shows ten may have more, which only the latest version tells."""
    entries = rows(record.get("files"))
    sizes = sum(whole_number(mapping(entry).get("size")) or 0 for entry in entries)
    if entries and (len(entries) < SHOWN or sizes == whole_number(record.get("size"))):
        return entries
    if entries and not is_latest:
        what, why = "figshare shows the first files of an older version only", f"{len(entries)} of {record.get('size')} bytes in all"
        walk.troubles.append(NetworkError(what, why, status="partial", state=State.TOO_MANY))
        return entries
    if not entries and place.version:
        return entries
    found: list[Any] = []
    try:
        for page, digest in _pages(f"{FIGSHARE}/articles/{place.number}/files", network):
            walk.saw(digest)
            found += page
    except NetworkError as error:
        walk.troubles.append(error)
    return found or entries


def _latest(place: FigsharePlace, network: Network) -> int:
    """Return the number of the latest version, 0 where it cannot be known: the version at the link is the one that counts."""
    try:
        versions, _ = API.json(network, f"{FIGSHARE}/articles/{place.number}/versions")
    except NetworkError:
        return 0
    return max((whole_number(mapping(version).get("version")) or 0 for version in rows(versions)), default=0)


def _pages(url: str, network: Network) -> Iterator[tuple[list[Any], str]]:
    """Yield the pages of a list to the end. Raises `NetworkError`: for a server that gives the same page again, too."""
    before = ""
    for number in range(1, MAX_PAGES + 1):
        page, digest = API.json(network, f"{url}?page={number}&page_size={PAGE_SIZE}")
        if not isinstance(page, list):
            raise NetworkError("figshare's answer is no list", str(page)[:200], "try again later", state=State.SERVER_ERROR)
        if page and digest == before:
            raise NetworkError("figshare gives the same page twice", f"page {number} of {url}", "try again later", state=State.SERVER_ERROR)
        yield page, digest
        if len(page) < PAGE_SIZE:
            return
        before = digest
    raise NetworkError("figshare has more than is listed", f"{MAX_PAGES} pages", status="partial", state=State.TOO_MANY)


def _remote_file(entry: Any, article: str, version: str, prefix: str) -> RemoteFile | None:
    record = mapping(entry)
    name, number = text(record.get("name")), whole_number(record.get("id"))
    if not name or number is None:
        return None
    if record.get("is_link_only") is True:
        return RemoteFile(prefix + name, text(record.get("download_url"), 2000), detail="a link to another place, not a file on figshare")
    page = f"https://figshare.com/articles/_/{article}/{version}?file={number}" if version else f"{DOWNLOADS}/{number}"
    md5 = digest_of(record.get("computed_md5"), 32) or digest_of(record.get("supplied_md5"), 32)
    return RemoteFile(prefix + name, page, f"{DOWNLOADS}/{number}", whole_number(record.get("size")), md5=md5, revision=str(number))


def _the_one(files: list[RemoteFile | None], number: str, *, whole: bool) -> RemoteFile | None:
    """Return the file of a number, None where it may be one that is not seen. Raises `NetworkError` where it is not there."""
    found = next((file for file in files if file is not None and file.revision == number), None)
    if found is None and whole and None not in files:
        why = f"it has {quoted_names([file.name for file in files if file is not None])}"
        raise NetworkError(
            f"the item on figshare has no file {number}", why, "check it in a browser", status="missing", state=State.NOT_FOUND
        )
    return found


def _closed(record: dict[str, Any]) -> NetworkError | None:
    """Return why an item's files are not shown, None where nothing keeps them."""
    if record.get("is_confidential") is True:
        why = text(record.get("confidential_reason"), 300) or "the item is confidential"
    elif record.get("is_embargoed") is True:
        why = f"under embargo until {text(record.get('embargo_date'), 40) or 'an unknown day'}"
    else:
        return None
    return NetworkError(
        "the files of this item on figshare are not public", why, "ask the authors", status="denied", state=State.NOT_SHARED
    )
