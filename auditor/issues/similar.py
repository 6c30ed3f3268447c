"""Which issues of a repository already speak of what a draft asks. Pure; says why.

It is better to point at one thread too many than to ask maintainers the same thing twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.facts import Thread
from auditor.findings import IssueDraft

ENOUGH = 2  # points from which a thread counts as similar
TITLE_LIKENESS = 72.0  # of 100, after sorting the words
TEXT_LIKENESS = 90.0
SHORTEST_TITLE = 4  # words, below which likeness is chance
READ_CHARACTERS = 4000

_FILE = re.compile(
    r"(?<![\w.+-])[\w.+-]*\w\.(?:pth(?:\.tar)?|pt|ckpt|tar(?:\.gz)?|tgz|zip|7z|safetensors|onnx|h5|hdf5|bin|pkl|npz|th|t7"
    r"|weights|caffemodel|params|pdparams)\b",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?:folders/|/d/|[?&]id=)([A-Za-z0-9_-]{20,})|huggingface\.co/((?!datasets|spaces)[\w.-]+/[\w.-]+)")
_EVERYBODYS_NAME = re.compile(
    r"(?:pytorch_)?(?:model|checkpoint|ckpt|best|last|latest|final|weights?|net|state_dict)(?:[_-]?(?:best|last|final|latest))?\.\w+"
)
_CHECKPOINTS = re.compile(
    r"check-?\s?points?|weights?\b|pre-?\s?train|\bckpts?\b|snapshots?\b|models?\b"
    r"|权重|预训练|模型",  # weights, pre-trained, model
    re.IGNORECASE,
)
_WANTING = re.compile(
    r"missing|releas|upload|availab|where|shar(?:e|ing)|provid|not found|no longer|can(?:'t|not)|unable|broken|dead|expired"
    r"|permission|access"
    r"|wrong|mislabel|mismatch|mix(?:ed)? up|same file|identical|swapped|404|download|when will|any plan"
    r"|缺|下载|提供",  # lacking, download, provide
    re.IGNORECASE,
)
_IDLE_NAME = re.compile(r"\b(?:ours?|proposed|the|model|variant|method)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Similar:
    """A thread that speaks of the same thing, and why we think so."""

    thread: Thread
    score: int
    reasons: tuple[str, ...]


def similarities(draft: IssueDraft, threads: Sequence[Thread]) -> tuple[Similar, ...]:
    """Return the threads that are similar to a draft, the most similar first, open ones before closed ones."""
    found = [similar for thread in threads if (similar := _compare(draft, thread)).score >= ENOUGH]
    return tuple(sorted(found, key=lambda similar: (-similar.score, similar.thread.state != "open", -similar.thread.number)))


def similar_threads(draft: IssueDraft, threads: Sequence[Thread]) -> tuple[Thread, ...]:
    """Return the threads that are similar to a draft, in the order of `similarities`."""
    return tuple(similar.thread for similar in similarities(draft, threads))


def duplicates(draft: IssueDraft, threads: Sequence[Thread]) -> tuple[tuple[int, str, str], ...]:
    """Return number, title and address of the threads that are similar to a draft, as `IssueDraft.duplicates` has them."""
    return tuple((thread.number, thread.title, thread.url) for thread in similar_threads(draft, threads))


def file_names(text: str) -> frozenset[str]:
    """Return the names of checkpoint-like files in a text, in lower case, without those that everybody uses."""
    names = {name.lower() for name in _FILE.findall(text)}
    return frozenset(name for name in names if not _EVERYBODYS_NAME.fullmatch(name))


def places(text: str) -> frozenset[str]:
    """Return the Drive ids and Hub repositories that a text links to."""
    return frozenset((drive or hub.lower()).rstrip(".") for drive, hub in _PLACE.findall(text))


def _compare(draft: IssueDraft, thread: Thread) -> Similar:
    """Return what a thread has in common with a draft."""
    asked, said = f"{draft.title}\n{draft.body}", f"{thread.title}\n{thread.body[:READ_CHARACTERS]}"
    reasons: list[tuple[int, str]] = []
    files = file_names(asked) & file_names(said)
    if files:
        reasons.append((3, f"names {', '.join(sorted(files)[:3])}"))
    shared = places(asked) & places(said)
    if shared:
        reasons.append((2, f"links to {', '.join(sorted(shared)[:2])}"))
    variants = [name for name in draft.asks if _speaks_of(name, said)]
    if variants and _CHECKPOINTS.search(said) and _WANTING.search(said):
        reasons.append((2, f"asks about {', '.join(variants[:3])}"))
    reasons += _likeness(draft.title, thread)
    return Similar(thread, sum(points for points, _ in reasons), tuple(words for _, words in reasons))


def _likeness(title: str, thread: Thread) -> list[tuple[int, str]]:
    """Return points for a title that reads the same, or a text that holds all of the title's words."""
    from rapidfuzz import fuzz, utils

    if len(title.split()) < SHORTEST_TITLE:
        return []
    if fuzz.token_sort_ratio(title, thread.title, processor=utils.default_process) >= TITLE_LIKENESS:
        return [(2, "has a similar title")]
    begin = thread.body[:1000]
    if len(begin.split()) >= SHORTEST_TITLE and fuzz.token_set_ratio(title, begin, processor=utils.default_process) >= TEXT_LIKENESS:
        return [(2, "says nearly the same")]
    return []


def _speaks_of(name: str, text: str) -> bool:
    """Tell whether a text names a variant: "Net-L" as Net-L, Net_L, NetL or L.

    One or two letters must stand alone, in the same case: M is no m, and "I'm" is no I.
    """
    core = _IDLE_NAME.sub(" ", name).strip(" -_:/()") or name.strip()
    parts = [part for part in re.split(r"[-_\s]+", core) if part]
    if not parts:
        return False
    forms = [(r"[-_\s]?".join(re.escape(part) for part in parts), len(core) > 2)]
    if len(parts) > 1 and len(parts[-1]) <= 2 and parts[-1].isupper():
        forms.append((re.escape(parts[-1]), False))
    return any(
        re.search(rf"(?<![A-Za-z0-9']){form}(?![A-Za-z0-9'])", text, re.IGNORECASE if any_case else 0) is not None
        for form, any_case in forms
    )
