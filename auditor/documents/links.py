"""From the links of all documents to the links that the audit cares about: one for each URL, each with its purpose and evidence."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from auditor.addresses import locate
from auditor.documents.identity import known_full_name
from auditor.documents.mirrors import with_mirrors
from auditor.documents.owner import owner_of
from auditor.documents.places import path_in_repository, resolved_path
from auditor.documents.purpose import judge
from auditor.documents.purpose_settled import Judgement, Place
from auditor.documents.purpose_words import CHECKPOINT, COMPANION_SUFFIXES, STRONG_SUFFIXES, WEAK_SUFFIXES, suffix_of, topics
from auditor.documents.source_text import split_lines
from auditor.facts import Block, Evidence, Link, Outline, RawLink

SEEN_BY = "documents"
MAX_QUOTE = 300
MAX_PLACES = 12  # of one URL in one document that are judged
MAX_SENTENCES_BACK = 2
MAX_WORDS_BACK = 500  # characters before a link that may speak of it
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9*\[(_`])|(?<=[。！？；;])\s*|\s+(?=\d[)）]\s)")

_INTRODUCES = re.compile(r"(?:[:：]|(?<![a-z])(?:to|of|for|with|following|including|includes?|contains?|containing))\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One place of one URL, judged."""

    outline: Outline
    place: Place
    judgement: Judgement


def classify_links(outlines: Sequence[Outline], full_name: str, tree: Collection[str] = ()) -> tuple[Link, ...]:
    """Return one Link for each distinct URL of the documents, with ids L1.. in the order of their places.

    A URL that stands in several places is judged at each; the surest judgement wins, the first of equal ones. Anchors within the
    page and relative links that are no weights are left out. `tree` (paths of the repository) tells folders that hold weights.
    """
    best: dict[str, _Candidate] = {}
    readme = next((outline.document.text for outline in outlines if outline.document.role == "readme"), "")
    full_name = known_full_name(full_name, readme, frozenset(tree))
    weights = weight_folders(tree)
    for outline in outlines:
        judged: dict[str, int] = {}
        looked_at = []
        for place in places(outline, full_name, weights):
            judged[place.link.url] = judged.get(place.link.url, 0) + 1
            if judged[place.link.url] <= MAX_PLACES and not _is_inner(place):
                looked_at.append(place)
        for place, judgement in zip(looked_at, with_mirrors(looked_at, [judge(place, full_name) for place in looked_at]), strict=True):
            candidate = _Candidate(outline, place, judgement)
            known = best.get(place.link.url)
            if known is None or _rank(candidate) > _rank(known):
                best[place.link.url] = candidate
    _add_companions(best)
    _add_inner_folders(best)
    lines: dict[int, list[str]] = {}
    links = []
    for number, candidate in enumerate(_in_order(best, outlines), 1):
        document = candidate.outline.document
        if id(document) not in lines:
            lines[id(document)] = split_lines(document.text)
        links.append(_link(candidate, f"L{number}", full_name, lines[id(document)]))
    return tuple(links)


def _add_companions(best: dict[str, _Candidate]) -> None:
    """Make a checkpoint of the second file of one: the `.xml` beside a `.bin` of the same address up to the suffix."""
    stems = {url.rpartition(".")[0] for url, candidate in best.items() if candidate.judgement.purpose == CHECKPOINT}
    for url, candidate in best.items():
        stem, _, suffix = url.rpartition(".")
        if suffix.lower() in COMPANION_SUFFIXES and stem in stems and candidate.judgement.purpose != CHECKPOINT:
            best[url] = replace(
                candidate, judgement=Judgement(CHECKPOINT, candidate.judgement.score, f".{suffix} beside weights of the same name")
            )


def _add_inner_folders(best: dict[str, _Candidate]) -> None:
    """Make checkpoints of the folders within a linked folder of weights, as a README lists a web server's tree."""
    outer = {
        url for url, candidate in best.items() if candidate.judgement.purpose == CHECKPOINT and url.endswith("/") and url.count("/") > 4
    }
    for url, candidate in best.items():
        parents = url.split("/")
        over = next((one for n in range(5, min(len(parents), 12)) if (one := "/".join(parents[:n]) + "/") in outer and one != url), "")
        if over and url.endswith("/") and candidate.judgement.purpose != CHECKPOINT:
            best[url] = replace(candidate, judgement=Judgement(CHECKPOINT, best[over].judgement.score, f"folder within {over}"[:200]))


def _in_order(best: dict[str, _Candidate], outlines: Sequence[Outline]) -> list[_Candidate]:
    position = {id(outline): number for number, outline in enumerate(outlines)}
    return sorted(best.values(), key=lambda candidate: (position[id(candidate.outline)], candidate.place.link.line))


def _rank(candidate: _Candidate) -> tuple[bool, float]:
    """Return what makes one place of a URL better than another: a checkpoint first, then the surer judgement."""
    return candidate.judgement.purpose == CHECKPOINT, candidate.judgement.score


def _is_inner(place: Place) -> bool:
    """Tell whether a link stays in the document or leads to a file that holds no weights."""
    url = place.link.url.strip()
    if re.match(r"^[a-z][a-z0-9+.-]*:", url, re.IGNORECASE):
        return not re.match(r"^(?:https?|ftp|s3|gs):", url, re.IGNORECASE)
    return url.startswith("//") or not (place.holds_weights or (suffix_of(url) in STRONG_SUFFIXES and not url.startswith("#")))


def weight_folders(tree: Collection[str]) -> frozenset[str]:
    """Return the paths of the repository that are weights, and the folders that hold nothing but such files and small texts."""
    files = [path for path in tree if suffix_of(path) in STRONG_SUFFIXES or suffix_of(path) in WEAK_SUFFIXES - {"meta", "index", "model"}]
    folders: dict[str, int] = {}
    for path in files:
        folder = path.rpartition("/")[0]
        folders[folder] = folders.get(folder, 0) + 1
    others: dict[str, int] = {}
    for path in tree:
        folder = path.rpartition("/")[0]
        if (
            folder in folders
            and path not in files
            and suffix_of(path) not in ("md", "txt", "gitkeep", "gitignore", "gitattributes", "sh", "json", "yaml", "yml")
        ):
            others[folder] = others.get(folder, 0) + 1
    return frozenset(files) | {folder for folder, count in folders.items() if folder and count > others.get(folder, 0)}


def places(outline: Outline, full_name: str = "", weights: frozenset[str] = frozenset()) -> Iterator[Place]:
    """Yield each link of a document with the words around it."""
    leads = _Leads(outline.blocks)
    is_readme = outline.document.role == "readme"
    cursor: tuple[str, int, int] = ("", -1, 0)  # context, line of its first link, how far its labels were found
    links = list(outline.links)
    spans: list[tuple[int, int]] = []
    for link in links:
        if link.context != cursor[0] or link.row or link.line - cursor[1] > 200:
            cursor = (link.context, link.line, 0)
        start = link.context.find(link.label, cursor[2]) if link.label else -1
        if start < 0:
            spans.append((-1, -1))
            continue
        end = start + len(link.label)
        cursor = (link.context, cursor[1], end)
        spans.append((start, end))
    for number, link in enumerate(links):
        before, after, wider = _around(links, spans, number)
        yield Place(
            link,
            before,
            after,
            wider,
            leads.before(link),
            leads.after(link),
            outline.title,
            is_readme,
            _holds_weights(outline, link, full_name, weights),
        )


def _holds_weights(outline: Outline, link: RawLink, full_name: str, weights: frozenset[str]) -> bool:
    path = resolved_path(outline.document.path, link.url) or path_in_repository(link.url, full_name)
    return path is not None and path in weights


def _around(links: list[RawLink], spans: list[tuple[int, int]], number: int) -> tuple[str, str, str]:
    """Return the words before a link (from the link before it), after it, and its sentence or the one before."""
    link, (start, end) = links[number], spans[number]
    if start < 0:
        return "", "", link.context
    text = link.context
    stops = [0, *(match.end() for match in _SENTENCE.finditer(text)), len(text)]
    sentence = max(stop for stop in stops if stop <= start)
    sentence_end = min((stop for stop in stops if stop >= end), default=len(text))
    others = [
        spans[other]
        for other in range(max(0, number - 30), min(len(links), number + 30))
        if other != number and links[other].context == text
    ]
    previous = max([stop for begin, stop in others if begin >= 0 and stop <= start] or [0])
    following = min([begin for begin, _ in others if begin >= end] or [len(text)])
    before = text[max(sentence, previous, start - MAX_WORDS_BACK) : start]
    after = text[end : max(end, min(sentence_end, following))]
    wider = text[max(sentence, start - MAX_WORDS_BACK) : start]
    earlier = [stop for stop in stops if stop < sentence][-MAX_SENTENCES_BACK:]
    while earlier and not topics(wider):
        wider = text[max(earlier.pop(), start - MAX_WORDS_BACK) : start]
    return before, after, wider if wider.strip() else text[sentence:sentence_end]


class _Leads:
    """Finds the paragraph that introduces the list, table or command in which a link stands."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = sorted(blocks, key=lambda block: block.line)

    def before(self, link: RawLink) -> str:
        """Return the nearest paragraph before the link's own block in the same section, "" where there is none near."""
        from bisect import bisect_left

        index = bisect_left(self._blocks, link.line, key=lambda block: block.line) - 1
        own = link.context
        for block in reversed(self._blocks[max(0, index - 25) : index + 1]):
            if block.sections != link.sections:
                return ""
            if block.text == own or own.startswith(block.text) or block.kind == "code":
                continue
            if block.kind == "paragraph" or block.text.rstrip().endswith((":", "：")):
                return block.text[-400:]
        return ""

    def after(self, link: RawLink) -> str:
        """Return the items that a paragraph introduces with its link: "the [link] to", "contains:"; "" for any other paragraph."""
        from bisect import bisect_right

        if link.row or not _INTRODUCES.search(link.context):
            return ""
        index = bisect_right(self._blocks, link.line, key=lambda block: block.line)
        items = []
        for block in self._blocks[index : index + 8]:
            if block.kind != "item" or block.sections != link.sections:
                break
            items.append(block.text)
        return " ".join(items)[:400]


def _link(candidate: _Candidate, id: str, full_name: str, lines: list[str]) -> Link:
    raw, judgement = candidate.place.link, candidate.judgement
    document = candidate.outline.document
    address = locate(raw.url)
    inner = resolved_path(document.path, raw.url)
    host, target = ("github", "file" if suffix_of(raw.url) else "folder") if inner else (address.host, address.target)
    quote = quoted(lines[raw.line - 1], raw.url) if 0 < raw.line <= len(lines) else ""
    evidence = Evidence(document.source, f"{document.path}#L{raw.line}", quote, document.sha256, SEEN_BY)
    section = " > ".join(raw.sections)
    owner = owner_of(candidate.place, full_name) if judgement.purpose == CHECKPOINT else "own"
    return Link(
        id,
        raw.url,
        host,
        target,
        judgement.purpose,
        label_of(candidate.place),
        evidence,
        section,
        " | ".join(raw.row),
        raw.line,
        owner,
        judgement.reason,
    )


def quoted(line: str, url: str) -> str:
    """Return the line of a document as evidence: stripped, and of a long one the part in which the URL stands."""
    line = line.strip()
    place = max(line.find(url), line.find(url.replace("&", "&amp;")))
    start = max(0, place - MAX_QUOTE // 3) if place + len(url) > MAX_QUOTE else 0
    return line[start : start + MAX_QUOTE].strip()


def label_of(place: Place) -> str:
    """Return what the link is called: its text, and in a table the row and column it stands in."""
    link = place.link
    if not link.row:
        return link.label or link.url
    name = next((cell for cell in link.row if cell.strip()), "")
    parts = [name, link.label if link.label != name else "", link.column if link.column.lower() != link.label.lower() else ""]
    return " · ".join(part for part in parts if part)[:200]
