"""claims -> their places, opened again: lines of documents and papers, parts of pictures written as PNG. For `audit claims --show`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from auditor.documents.picture_crops import cropped
from auditor.documents.pictures import PictureFile
from auditor.errors import AuditError, FormatError, UsageError
from auditor.facts import Claim, Evidence
from auditor.telling.opened import opened, place_of

MAX_PLACES = 2_000
MAX_PICTURES = 100

Reading = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Shown:
    """One place with all claims that rest on it: its lines, or the file of its picture, or why neither can be shown."""

    evidence: Evidence
    claims: tuple[Claim, ...]
    lines: tuple[tuple[int, str], ...] = ()
    picture: Path | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AllShown:
    """Every place in the order of the claims; `left_out` places are beyond `MAX_PLACES`."""

    places: tuple[Shown, ...]
    left_out: int = 0


def show_places(claims: Sequence[Claim], texts: Mapping[str, str], read: Reading, folder: Path) -> AllShown:
    """Return what stands at the place of every claim; parts of pictures are written into `folder`.

    `texts` are the documents by path, `read` gives the bytes of a picture by path or address and raises `AuditError`. Raises
    `UsageError` where the folder cannot be written.
    """
    by_place: dict[tuple[str, str, str], list[Claim]] = {}
    for claim in claims:
        by_place.setdefault((claim.evidence.source, claim.evidence.locator, claim.evidence.quote), []).append(claim)
    groups = [Shown(found[0].evidence, tuple(found)) for found in by_place.values()]
    pictures = _pictures([group.evidence for group in groups[:MAX_PLACES]], read, folder)
    places = tuple(_shown(group, texts, pictures) for group in groups[:MAX_PLACES])
    return AllShown(places, len(groups) - len(places))


def _shown(group: Shown, texts: Mapping[str, str], pictures: Mapping[str, Path | str]) -> Shown:
    """Return a place with what stands there."""
    place = place_of(group.evidence.locator)
    if place.region is not None:
        part = pictures.get(group.evidence.locator, f"more than {MAX_PICTURES} pictures")
        return replace(group, picture=part) if isinstance(part, Path) else replace(group, problem=part)
    text = texts.get(place.path)
    if text is None:
        return replace(group, problem="the document is not at hand")
    found = opened(group.evidence, text)
    return replace(group, lines=found.lines, problem="" if found.holds else "the quote was not found there again")


def _pictures(pieces: Sequence[Evidence], read: Reading, folder: Path) -> dict[str, Path | str]:
    """Return the file of the part of a picture, or why there is none, for each locator."""
    wanted: dict[tuple[str, str], list[str]] = {}
    for piece in pieces:
        place = place_of(piece.locator)
        if place.region is not None and piece.locator not in wanted.setdefault((place.path, piece.sha256), []):
            wanted[place.path, piece.sha256].append(piece.locator)
    found: dict[str, Path | str] = {}
    for number, ((path, digest), locators) in enumerate(list(wanted.items())[:MAX_PICTURES], 1):
        try:
            data = read(path)
            if hashlib.sha256(data).hexdigest() != digest:
                raise FormatError(f"{path} is another picture now")
            parts = cropped(PictureFile(path, data), [region for one in locators if (region := place_of(one).region)])
        except AuditError as error:
            found.update(dict.fromkeys(locators, str(error)))
            continue
        for locator, part in zip(locators, parts, strict=True):
            found[locator] = _written(folder, f"{number:02}-{_file_name(locator)}", part)
    return found


def _file_name(locator: str) -> str:
    """Return a name for a part of a picture, safe as one path component: `results-x120-y48-60x20.png`."""
    place = place_of(locator)
    x, y, width, height = place.region or (0, 0, 0, 0)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", re.split(r"[?#]", place.path)[0].rstrip("/").rpartition("/")[2]).strip("._-")[:60]
    return f"{stem.rpartition('.')[0] or stem or 'picture'}-x{x}-y{y}-{width}x{height}.png"


def _written(folder: Path, name: str, data: bytes) -> Path:
    """Write one file of the folder. Raises `UsageError`."""
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}", error.strerror or str(error), "give another place with --out") from error
    return path
