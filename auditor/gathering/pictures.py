"""documents -> pictures: fetch the pictures that documents show and read the tables in them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from auditor.documents.pictures import PictureFile, read_pictures
from auditor.errors import AuditError, NetworkError
from auditor.facts import Outline, Picture, Source, Status, Table
from auditor.net import Cache, Network
from auditor.progress import Progress

MAX_BYTES = 20 << 20
WORKERS = 6


def with_pictures(
    outlines: Sequence[Outline],
    pictures: Sequence[Picture],
    read: Callable[[str], bytes],
    network: Network | None,
    progress: Progress,
) -> tuple[tuple[Outline, ...], tuple[Source, ...]]:
    """Return the outlines with the tables of their pictures added, and one source for each picture.

    A picture that cannot be had or read is a source with its status: its claims are not known to be absent.
    """
    if not pictures:
        return tuple(outlines), ()
    progress.stage("reading pictures", len(pictures))
    sources: list[Source] = []
    had: list[tuple[Picture, bytes, Source]] = []
    with ThreadPoolExecutor(WORKERS) as pool:
        fetched = list(pool.map(lambda picture: _bytes_or_error(picture, read, network), pictures))
    for picture, data in zip(pictures, fetched, strict=True):
        name = picture.path or picture.url
        # A picture elsewhere can hide a claim of the authors, but no checkpoint: no verdict rests on it.
        source = Source(f"picture:{name}", "picture", picture.url, Status.OK, required=picture.path is not None)
        if isinstance(data, AuditError):
            status = Status(data.status) if isinstance(data, NetworkError) else Status.ERROR
            # A picture that its host says is gone shows nothing to anybody, and hides nothing.
            sources.append(replace(source, status=status, detail=str(data), required=source.required and status is not Status.MISSING))
            progress.warn(f"{name}: {data}")
            continue
        had.append((picture, data, replace(source, sha256=hashlib.sha256(data).hexdigest())))
    files = [PictureFile(p.path or p.url, data, p.sections, p.caption, p.line) for p, data, _ in had]
    memory = CachedReadings(network.cache) if network is not None and network.cache is not None else None
    results = read_pictures(files, 30.0 + 20.0 * len(had), memory)
    tables: list[Table] = []
    for (_, _, source), result in zip(had, results, strict=True):
        if isinstance(result, AuditError):
            if "animated" in result.why:  # no table moves
                sources.append(replace(source, status=Status.SKIPPED, detail=str(result), required=False))
                continue
            progress.warn(f"{source.id}: {result}: {result.help}")
            sources.append(replace(source, status=Status.ERROR, detail=f"{result} {result.help}".strip()))
            continue
        if result is not None:
            tables.append(replace(result, sha256=source.sha256))
        sources.append(replace(source, detail="a table" if result is not None else "no table in it"))
        progress.item(source.id)
    names = {picture.url: picture.path or picture.url for picture in pictures}
    return tuple(_with_tables(outline, tables, names) for outline in outlines), tuple(sources)


def picture_bytes(pictures: Sequence[Picture], read: Callable[[str], bytes], network: Network | None, name: str) -> bytes:
    """Return the bytes of one of the pictures by its path or address, as a claim's evidence names it. Raises `AuditError`."""
    for picture in pictures:
        if name in (picture.path, picture.url):
            return _bytes(picture, read, network)
    raise NetworkError(f"{name} is no picture of these documents", status="missing")


class CachedReadings:
    """Keeps what was recognized in pictures where the network keeps its answers."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def recall(self, key: str) -> Any:
        """Return what was recognized, or None."""
        found = self._cache.get(f"picture:{key}")
        return None if found is None else found.about

    def keep(self, key: str, answer: Any) -> None:
        """Keep what was recognized."""
        self._cache.put(f"picture:{key}", "picture", "read in pictures", answer)


def _bytes_or_error(picture: Picture, read: Callable[[str], bytes], network: Network | None) -> bytes | AuditError:
    try:
        return _bytes(picture, read, network)
    except AuditError as error:
        return error


def _bytes(picture: Picture, read: Callable[[str], bytes], network: Network | None) -> bytes:
    if picture.path is not None:
        return read(picture.path)
    if network is None:
        raise NetworkError(f"{picture.url} was not fetched", "the audit is of a local folder", status="skipped")
    answer = network.get(picture.url, max_bytes=MAX_BYTES)
    if answer.status != 200:
        raise NetworkError(f"{picture.url} answered {answer.status}", status="missing" if answer.status in (404, 410) else "error")
    return answer.body


def _with_tables(outline: Outline, tables: Sequence[Table], names: Mapping[str, str]) -> Outline:
    """Return the outline with the tables of the pictures that it shows, at the line where it shows them.

    `names` has the path of each picture by its address: a document may show the repository's own by an absolute one.
    """
    shown = {picture.path or names.get(picture.url, picture.url): picture for picture in reversed(outline.pictures)}
    own = [replace(t, line=shown[t.picture].line) for t in tables if t.picture in shown]
    return replace(outline, tables=outline.tables + tuple(own)) if own else outline
