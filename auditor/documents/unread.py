"""What a repository holds beside the documents that are read: the rest of its text, searched before anybody is said to lack a file.

A reader of tables and links leaves most code alone. An address in it may be where the authors keep the checkpoint after all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from auditor.documents.elsewhere import built_in_code, said_elsewhere
from auditor.documents.links import classify_links
from auditor.documents.selection import is_document, is_vendored
from auditor.facts import Evidence, Link, Outline, TreeEntry

MOST_FILES = 240
MOST_BYTES_OF_ONE = 400_000
MOST_BYTES = 6_000_000

_CODE = re.compile(r"\.(?:py|pyi|ipynb|sh|bash|zsh|bat|ps1|ya?ml|json|toml|cfg|ini)$|(?:^|/)(?:makefile|dockerfile)$", re.IGNORECASE)
_TELLING = re.compile(
    r"down-?load|fetch|weight|check-?point|ckpt|pre-?train|zoo|hub|model|demo|infer|predict|eval|test|main|util", re.IGNORECASE
)
_DATA = re.compile(r"\.(?:json|ya?ml|cfg|ini|toml)$", re.IGNORECASE)


def unread_texts(tree: Iterable[TreeEntry], read: Collection[str]) -> tuple[list[str], int]:
    """Return the paths of further text, the most telling names first, and how many more there are than are looked at.

    Code, notebooks, configuration and documents that nothing links. Bounded in number and bytes; large files are data.
    """
    found = []
    for entry in tree:
        path = entry.path
        fits = entry.symlink_to is None and entry.size is not None and 0 < entry.size <= MOST_BYTES_OF_ONE
        if path not in read and (_CODE.search(path) or is_document(path)) and fits and not is_vendored(path):
            found.append(entry)
    found.sort(key=lambda entry: (not _TELLING.search(entry.path), bool(_DATA.search(entry.path)), entry.path.count("/"), entry.path))
    chosen, total = [], 0
    for entry in found[:MOST_FILES]:
        total += entry.size or 0
        if total > MOST_BYTES:
            break
        chosen.append(entry.path)
    return chosen, len(found) - len(chosen)


def links_of_unread(outlines: Sequence[Outline], known: Sequence[Link], full_name: str, tree: Collection[str]) -> tuple[Link, ...]:
    """Return the links to checkpoints of these outlines that no document has, with ids that go on from those of `known`."""
    urls = {link.url for link in known}
    new = [link for link in classify_links(outlines, full_name, tree) if link.purpose == "checkpoint" and link.url not in urls]
    return tuple(replace(link, id=f"L{len(known) + number}") for number, link in enumerate(new, 1))


def elsewhere_in_unread(outlines: Sequence[Outline], links: Sequence[Link], full_name: str, tree: Collection[str]) -> tuple[Evidence, ...]:
    """Return where the outlines speak of checkpoints that no listing shows.

    In prose, in addresses that code puts together, and in downloads of something that is not said to be anything else. `links` are
    all that are known, those of the outlines included.
    """
    documents = [outline for outline in outlines if outline.document.role == "document"]
    found = [*said_elsewhere(documents, links, full_name)]
    found += [evidence for outline in outlines if outline.document.role != "document" for evidence in built_in_code(outline, links)]
    found += _of_unknown_purpose(outlines, links, full_name, tree)
    return tuple(dict.fromkeys(found))


def _of_unknown_purpose(outlines: Sequence[Outline], links: Sequence[Link], full_name: str, tree: Collection[str]) -> Iterator[Evidence]:
    known = {link.url for link in links}
    for link in classify_links([outline for outline in outlines if outline.document.role != "document"], full_name, tree):
        if link.purpose == "other" and link.owner == "own" and link.url not in known and link.target in ("file", "folder"):
            yield replace(link.evidence, seen_by="elsewhere: a download in code that names nothing")
