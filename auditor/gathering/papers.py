"""links -> papers: fetch the repository's own papers, and those that the user names, and read their tables and text.

From arXiv the LaTeX source is taken where there is one, else the PDF. A paper that cannot be had is a source with its status: no
verdict rests on it, so it is never required, and nothing here raises.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from auditor.documents.latex import read_latex
from auditor.documents.pdf import MAX_BYTES, is_pdf, read_pdf
from auditor.errors import AuditError, FormatError, NetworkError
from auditor.facts import Link, Outline, Source, Status
from auditor.gathering.paper_archive import unpacked
from auditor.gathering.paper_choice import Choice, arxiv_id, choose, is_publisher, pdf_address, words_of
from auditor.net import Fetched, Network, is_page, refusal
from auditor.progress import Progress

MAX_GIVEN = 5
MAX_SKIPPED = 20
ARXIV = "https://arxiv.org"
PDF_OF_PAGE = re.compile(
    r"<meta\s[^>]{0,200}?name=[\"']citation_pdf_url[\"'][^>]{0,100}?content=[\"']([^\"'<>\s]{8,500})[\"']"
    r"|<meta\s[^>]{0,100}?content=[\"']([^\"'<>\s]{8,500})[\"'][^>]{0,100}?name=[\"']citation_pdf_url[\"']",
    re.IGNORECASE,
)

LINKED = "linked"  # of --paper: the repository's own paper among its links
MAX_NAMED = 20


@dataclass(frozen=True, slots=True)
class Papers:
    """Outlines of papers for the claim extractors, and a source for each paper, those that were not read included."""

    outlines: tuple[Outline, ...] = ()
    sources: tuple[Source, ...] = ()


def gather_papers(
    given: Sequence[str], links: Sequence[Link], network: Network, progress: Progress, *, title: str = "", full_name: str = ""
) -> Papers:
    """Return the papers that the user names (paths or addresses) and the repository's own among its links, two of them at most.

    `title` and `full_name` of the repository help to tell its own paper; without a title that of the links' first heading is taken.
    """
    choices = choose(links, title, full_name)
    own = [choice for choice in choices if choice.own]
    if given or own:
        progress.stage("reading papers", len(given) + len(own))
    seen: set[str] = set()
    outlines: list[Outline] = []
    sources: list[Source] = []
    for place in given[:MAX_GIVEN]:
        known = arxiv_id(place) or place
        if known not in seen:
            seen.add(known)
            _take(place, "named by the user", None, network, progress, outlines, sources)
    for choice in own:
        if (arxiv_id(choice.link.url) or choice.link.url) not in seen:
            subject = words_of(f"{title} {full_name} {choice.link.section} {choice.link.label} {choice.link.evidence.quote}")
            _take(choice.link.url, f"{choice.link.evidence.locator}: {choice.reason}", subject, network, progress, outlines, sources)
    sources += _skipped(choices, given)
    return Papers(tuple(outlines), tuple(_distinct(sources)))


def papers_asked_for(
    asked: Sequence[str], links: Sequence[Link], network: Network, progress: Progress, *, title: str = "", full_name: str = ""
) -> Papers:
    """Return what `--paper` asks for; a linked paper that nobody asked to read is a source that says so.

    A paper's source takes megabytes, so the repository's own is read only for the word "linked".
    """
    if LINKED in asked:
        return gather_papers([place for place in asked if place != LINKED], links, network, progress, title=title, full_name=full_name)
    papers = gather_papers(asked, (), network, progress, title=title, full_name=full_name)
    known = {source.url for source in papers.sources}
    detail = "a linked paper, not read: --paper linked reads the repository's own"
    unread = [Source(f"paper:{link.url}", "paper", link.url, Status.SKIPPED, detail) for link in links if link.purpose == "paper"]
    return Papers(papers.outlines, (*papers.sources, *(source for source in unread[:MAX_NAMED] if source.url not in known)))


def _take(
    place: str,
    reason: str,
    subject: frozenset[str] | None,
    network: Network,
    progress: Progress,
    outlines: list[Outline],
    sources: list[Source],
) -> None:
    """Read one paper into outlines and a source; `subject` are words of which its title must have one, None for any title."""
    url = _address(place)
    name = _name(place)
    taken = any(source.id == f"paper:{name}" for source in sources)  # two papers with one file name: the later by its address
    source = Source(f"paper:{url if taken else name}", "paper", url, Status.OK, reason)
    try:
        found, data, how = _read(place, source.id, network)
    except NetworkError as error:
        status = Status.DENIED if is_publisher(url) and error.status == "error" and error.http_status else _status(error.status)
        sources.append(replace(source, status=status, detail=_words(error, "; ".join(filter(None, (error.help, reason))))))
        progress.warn(f"{source.id}: {error}")
        return
    except (AuditError, OSError) as error:
        help_ = getattr(error, "help", "")
        sources.append(replace(source, status=Status.ERROR, detail=_words(error, help_ or reason)))
        progress.warn(f"{source.id}: {error}" + (f": {help_}" if help_ else ""))
        return
    heading = next((outline.title for outline in found if outline.title), "")
    tables = sum(len(outline.tables) for outline in found)
    notes = list(dict.fromkeys(note for outline in found for note in outline.notes))
    cut = [note for note in notes if "cut" in note or "only the first" in note or "left out" in note]
    digest = hashlib.sha256(data).hexdigest()
    source = replace(source, sha256=digest, quote=heading[:200], status=Status.PARTIAL if cut else Status.OK)
    detail = f"{how}, {tables} tables; {reason}" + (f"; {'; '.join(notes)}" if notes else "")
    if subject is not None and heading and not words_of(heading) & subject and not _says_ours(reason):
        detail = f"its title {heading[:80]!r} shares no word with the README: taken for the paper of others, no claim was read; {reason}"
        sources.append(replace(source, status=Status.SKIPPED, detail=detail[:400]))
        return
    outlines.extend(replace(outline, document=replace(outline.document, sha256=digest)) for outline in found)
    sources.append(replace(source, detail=detail[:400]))
    progress.item(source.id)


def _says_ours(reason: str) -> bool:
    """Tell whether the line of the link itself presents the paper as the one of this code."""
    return "paper of this code" in reason or "the authors' own" in reason


def _read(place: str, source: str, network: Network) -> tuple[tuple[Outline, ...], bytes, str]:
    """Return the outlines of a paper, the bytes that they were read from, and from what. Raises `AuditError` and `OSError`."""
    if not _is_url(place):
        data = _local(place)
        if is_pdf(data):
            return (read_pdf(data, Path(place).name, source),), data, "PDF"
        return _from_source(data, Path(place).name, source), data, "LaTeX source"
    known = arxiv_id(place)
    if known is None:
        answer = _pdf_at(place, network)
        return (read_pdf(answer.body, _name(place), source),), answer.body, "PDF"
    return _from_arxiv(known, source, network)


def _from_arxiv(known: str, source: str, network: Network) -> tuple[tuple[Outline, ...], bytes, str]:
    """Return a paper of arXiv from its LaTeX source, else from its PDF."""
    name, why = f"arxiv:{known}", ""
    try:
        answer = _fetched(f"{ARXIV}/e-print/{known}", network)
        if is_pdf(answer.body):
            return (read_pdf(answer.body, f"{name}.pdf", source),), answer.body, "PDF, which is its source"
        return _from_source(answer.body, name, source), answer.body, "LaTeX source"
    except NetworkError as error:
        if error.http_status is None and error.status != "blocked":
            raise  # the host does not answer: it will not for the PDF either
        why = str(error)
    except FormatError as error:
        why = str(error)
    answer = _fetched(f"{ARXIV}/pdf/{known}", network)
    if not is_pdf(answer.body):
        raise FormatError(f"{name} could not be read", f"its source: {why}; its PDF: a page came instead")
    return (read_pdf(answer.body, f"{name}.pdf", source),), answer.body, f"PDF, since its source could not be read ({why[:120]})"


def _from_source(data: bytes, name: str, source: str) -> tuple[Outline, ...]:
    """Return the outlines of packed LaTeX source."""
    paper = unpacked(data, name)
    if paper.pdf:
        return (read_pdf(paper.pdf, f"{name}.pdf", source),)
    found = read_latex(paper.files, name, source, hashlib.sha256(data).hexdigest())
    return tuple(replace(outline, notes=outline.notes + paper.notes) for outline in found)


def _pdf_at(place: str, network: Network) -> Fetched:
    """Return the PDF at an address, or the one that the page there names. Raises `NetworkError` where there is none for us."""
    answer = _fetched(pdf_address(place), network)
    if is_pdf(answer.body):
        return answer
    named = (
        PDF_OF_PAGE.search(answer.body[:400_000].decode("utf-8", "replace"))
        if is_page("", answer.body) or answer.body[:1] == b"<"
        else None
    )
    if named and not is_publisher(answer.final_url):
        answer = _fetched(urljoin(answer.final_url, (named[1] or named[2]).replace("&amp;", "&")), network)
        if is_pdf(answer.body):
            return answer
    if is_publisher(place) or is_publisher(answer.final_url):
        raise NetworkError(
            f"{urlsplit(place).hostname} shows a page about the paper, not the paper",
            "publishers give it to subscribers",
            "name a PDF that you have with --paper",
            status="denied",
        )
    raise NetworkError(f"{place[:200]} is not a PDF", "a page came instead", "name the PDF itself with --paper", status="skipped")


def _fetched(url: str, network: Network) -> Fetched:
    """Return a whole answer that is a success. Raises `NetworkError`."""
    answer = network.get(url, max_bytes=MAX_BYTES)
    if not 200 <= answer.status < 300:
        raise refusal(url, answer.status, answer.headers, answer.body)
    return answer


def _local(place: str) -> bytes:
    """Return the bytes of a file of this machine that the user named. Raises `NetworkError`, the word for "cannot be had"."""
    path = Path(place).expanduser()
    try:
        if not path.is_file():
            raise NetworkError(f"{place} is not a file", "", "give the path of a PDF, or an address", status="missing")
        if path.stat().st_size > MAX_BYTES:
            raise NetworkError(f"{place} is larger than {MAX_BYTES >> 20} MiB", status="blocked")
        return path.read_bytes()
    except (OSError, ValueError, RuntimeError) as error:
        status = "denied" if isinstance(error, PermissionError) else "error"
        raise NetworkError(f"{place} cannot be read", str(error)[:200], "check the path", status=status) from error


def _skipped(choices: Sequence[Choice], given: Sequence[str]) -> list[Source]:
    """Return a source for each paper that is linked and not read: the first ones by name, the rest by their number."""
    named = {arxiv_id(place) or place for place in given}
    others = [c for c in choices if not c.own and (arxiv_id(c.link.url) or c.link.url) not in named]
    found = [
        Source(f"paper:{_name(c.link.url)}", "paper", c.link.url, Status.SKIPPED, f"{c.link.evidence.locator}: {c.reason}")
        for c in others[:MAX_SKIPPED]
    ]
    if len(others) > MAX_SKIPPED:
        words = f"{len(others) - MAX_SKIPPED} more papers are linked; none was taken for this repository's own"
        found.append(Source("paper:more", "paper", "", Status.SKIPPED, words))
    return found


def _distinct(sources: Sequence[Source]) -> list[Source]:
    """Return sources with an id each: where two papers have one file name, the later is known by its address."""
    seen: set[str] = set()
    kept = []
    for source in sources:
        source = replace(source, id=f"paper:{source.url}") if source.id in seen else source
        if source.id not in seen:
            seen.add(source.id)
            kept.append(source)
    return kept


def _is_url(place: str) -> bool:
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.\-]+:", place)) and not re.match(r"[A-Za-z]:[\\/]", place)


def _address(place: str) -> str:
    known = arxiv_id(place) if _is_url(place) else None
    return f"{ARXIV}/abs/{known}" if known else place


def _name(place: str) -> str:
    """Return what a paper is called: `arxiv:2201.03545`, its file's name, or its address."""
    known = arxiv_id(place) if _is_url(place) else None
    if known:
        return f"arxiv:{known}"
    if not _is_url(place):
        return Path(place).name
    path = urlsplit(place).path.rstrip("/") if "[" not in place else place
    last = path.rpartition("/")[2]
    return last if re.fullmatch(r"[\w.,+-]{1,120}\.pdf", last, re.IGNORECASE) else place[:200]


def _status(word: str) -> Status:
    return Status(word) if word in {status.value for status in Status} else Status.ERROR


def _words(error: Exception, more: str) -> str:
    return f"{error}; {more}"[:400] if more else str(error)[:400]
