"""Which repository on GitHub a local folder is a copy of, told from its own README where nothing else says."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from urllib.parse import unquote

_NAME = r"(?P<name>[A-Za-z0-9][\w.-]{0,60}/[\w.-]{1,100}?)(?:\.git)?"
_INSIDE = re.compile(rf"github\.com/{_NAME}/(?:blob|tree|raw)/[^/\s)\"'>]+/(?P<path>[^\s)\"'>#?]+)")
_RAW = re.compile(rf"raw\.githubusercontent\.com/{_NAME}/(?:refs/heads/)?[^/\s)\"'>]+/(?P<path>[^\s)\"'>#?]+)")
_CLONE = re.compile(rf"git\s+clone\s+(?:-\S+\s+)*(?:https?://|git@)(?:www\.)?github\.com[/:]{_NAME}(?=[\s/`\"')]|$)")
_COMMON = re.compile(r"^(?:readme|license|requirements|setup|contributing|\.github|docs?$|assets?$|images?$)", re.IGNORECASE)
MAX_CHARACTERS = 300_000


def is_full_name(text: str) -> bool:
    """Tell whether a text is "owner/name" on GitHub; "local/name" is what a folder without an origin is called."""
    return bool(re.fullmatch(r"(?!local/)[A-Za-z0-9][\w.-]*/[\w.-]+", text))


def known_full_name(given: str, readme: str, tree: Collection[str]) -> str:
    """Return `given` where it is "owner/name", else the repository that the README links as its own, or `given` where none is clear.

    Its own are absolute links whose path exists in this tree; paths that every repository has (README, LICENSE) count little, and
    the first repository that the README tells to clone counts as two links.
    """
    if is_full_name(given):
        return given
    votes: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    folders = {path[:end] for path in tree for end in [match.start() for match in re.finditer("/", path)]}
    text = readme[:MAX_CHARACTERS]
    for match in [*_INSIDE.finditer(text), *_RAW.finditer(text)]:
        path = unquote(match["path"]).strip("/").rstrip(".,")
        if path in tree or path in folders:
            votes[match["name"].lower()] += 1 if _COMMON.match(path) else 4
            spelled.setdefault(match["name"].lower(), match["name"])
    clone = _CLONE.search(text)
    if clone:
        votes[clone["name"].lower()] += 2
        spelled.setdefault(clone["name"].lower(), clone["name"])
    ranked = votes.most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return given
    return spelled[ranked[0][0]]
