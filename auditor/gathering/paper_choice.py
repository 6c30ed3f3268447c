"""Which of the papers that a repository links is its own, told from the words around the link; and what arXiv calls a paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from auditor.facts import Link

MAX_OWN = 2
ENOUGH = 3.0
ENOUGH_FOR_SECOND = 4.0
_ARXIV_ID = r"(?P<id>\d{4}\.\d{4,5}(?:v\d{1,3})?|[a-z-]{2,20}(?:\.[A-Z]{2})?/\d{7}(?:v\d{1,3})?)"
_ARXIV_PATH = re.compile(
    rf"/(?:abs|pdf|html|e-print|src|format|papers?)/{_ARXIV_ID}(?:\.pdf)?/?$"
    rf"|/10\.48550/arxiv\.{_ARXIV_ID.replace('?P<id>', '?P<doi>')}/?$",
    re.IGNORECASE,
)
_ARXIV_HOSTS = ("arxiv.org", "ar5iv.org", "ar5iv.labs.arxiv.org", "alphaxiv.org", "doi.org", "huggingface.co", "dx.doi.org")
_PUBLISHERS = (
    "ieee.org", "acm.org", "springer.com", "sciencedirect.com", "elsevier.com", "wiley.com", "nature.com", "science.org",
    "tandfonline.com", "sagepub.com", "oup.com", "cell.com", "doi.org", "worldscientific.com", "iospress.nl", "computer.org",
)  # fmt: skip
_OFFICIAL = re.compile(
    r"official|implementation of|implementation for|code (?:of|for)|this (?:repo|code|is)|accompan|introduced in|proposed in"
    r"|described in|presented in|accepted|if you (?:use|find)|cite"
    r"|\bour (?:paper|work|report|preprint|technical report|article|arxiv)|我们的",
    re.IGNORECASE,
)
_OURS = re.compile(r"\bour\b|我们", re.IGNORECASE)
_GENERIC = re.compile(
    r"\W*(?:the\s|our\s|full\s|read\s|original\s)*(?:paper|arxiv(?: paper| version| preprint)?|pdf|preprint"
    r"|(?:technical |tech )?report(?: on arxiv)?|article|论文|技术报告"
    r"|arxiv[:\s]*\d{4}\.\d{4,5}(?:v\d+)?|\d{4}\.\d{4,5})\W*(?:\(.{0,40}\)|link|here)?\W*",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"based on|thanks?\b|borrow|inspired|follow-?up|new work|latest work|another work|previous work|related|built (?:on|upon)|adopted from"
    r"|we (?:use|follow|adopt)|is now on|dataset from|implementation by|third-party|unofficial",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"acknowledg|related|reference|news|updates?\b|change ?log|credits?\b|thanks|dataset|data prep|todo|faq|projects using|新闻|致谢",
    re.IGNORECASE,
)
_CITATION = re.compile(r"cit(?:ation|e|ing)|bibtex|publication|引用", re.IGNORECASE)
_COMMON = frozenset(
    "with from this that using paper code official implementation pytorch tensorflow models model network networks deep learning via based"
    " towards toward and for the more than cvpr iccv eccv neurips nips iclr icml aaai arxiv report introduction oral readme".split()
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A paper's link, whether it is the repository's own paper, and why."""

    link: Link
    own: bool
    reason: str


def arxiv_id(url: str) -> str | None:
    """Return the identifier of a paper on arXiv, its version kept, from any address of it; None for every other address."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower().removeprefix("www.").removeprefix("export.")
    except ValueError:
        return None
    if host not in _ARXIV_HOSTS:
        return None
    match = _ARXIV_PATH.search(unquote(parts.path))
    if match is None or (host == "doi.org" and not match["doi"]):
        return None
    return match["id"] or match["doi"]


def is_publisher(url: str) -> bool:
    """Tell whether an address is a publisher's whose papers are mostly for subscribers."""
    try:
        host = (urlsplit(url.strip()).hostname or "").lower()
    except ValueError:
        return False
    return any(host == name or host.endswith(f".{name}") for name in _PUBLISHERS)


def pdf_address(url: str) -> str:
    """Return where the PDF of a page is, for places where it is known: OpenReview's forum, a file on GitHub; else the address itself."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        return url
    if host == "openreview.net" and parts.path == "/forum":
        key = parse_qs(parts.query).get("id", [""])[0]
        return f"https://openreview.net/pdf?id={key}" if re.fullmatch(r"[\w-]{4,40}", key) else url
    if host == "github.com" and "/blob/" in parts.path:
        return url.replace("/blob/", "/raw/", 1)
    return url


def choose(links: Sequence[Link], title: str = "", full_name: str = "") -> tuple[Choice, ...]:
    """Return every link to a paper, the repository's own first: `MAX_OWN` at most, those whose words say so most clearly.

    `title` is the README's first heading; without it the heading that all its links stand under is taken.
    """
    papers: dict[str, Link] = {}
    for link in links:
        if link.purpose == "paper" and link.url.lower().startswith(("http://", "https://")):
            papers.setdefault(arxiv_id(link.url) or link.url, link)
    subject = words_of(f"{title or heading_of(links)} {full_name.rpartition('/')[2]}")
    weighed = [(*weight(link, subject), link) for link in papers.values()]
    ranked = sorted(weighed, key=lambda entry: -entry[0])
    own = [entry for place, entry in enumerate(ranked) if entry[0] >= (ENOUGH_FOR_SECOND if place else ENOUGH)][:MAX_OWN]
    chosen = [Choice(link, True, reason) for _, reason, link in own]
    taken = {choice.link.id for choice in chosen}
    return (*chosen, *(Choice(link, False, "not taken for this repository's own paper") for _, _, link in weighed if link.id not in taken))


def heading_of(links: Sequence[Link]) -> str:
    """Return the outermost heading of the README's links: its title, as a rule."""
    return next((link.section.split(" > ")[0] for link in links if link.section), "")


def words_of(text: str) -> frozenset[str]:
    """Return the telling words of a title, in lower case."""
    return frozenset(word.lower() for word in re.findall(r"[A-Za-z][A-Za-z0-9]{3,}", text)) - _COMMON


def weight(link: Link, subject: frozenset[str]) -> tuple[float, str]:
    """Return how much speaks for a link to be the repository's own paper, and the reasons."""
    reasons: list[tuple[float, str]] = []
    quote, section = link.evidence.quote, link.section.rpartition(" > ")[2] if " > " in link.section else ""
    shared = words_of(link.label) & subject
    if shared:
        reasons.append((4.0 if len(shared) > 1 else 2.0, f"its link says {', '.join(sorted(shared)[:4])!r} as the title does"))
    if _OFFICIAL.search(quote):
        reasons.append((3.0, "the line presents it as the paper of this code"))
    elif _OURS.search(quote):
        reasons.append((1.5, "the line calls it the authors' own"))
    if _GENERIC.fullmatch(link.label.strip()[:120]):
        reasons.append((2.0, "it is linked as the paper"))
    reasons.append((1.0, "it stands near the top") if link.line <= 20 else (0.5, "it stands early") if link.line <= 60 else (0.0, ""))
    if _CITATION.search(section):
        reasons.append((1.0, "it stands in the citation"))
    total = sum(number for number, _ in reasons)
    total -= 3.0 * bool(link.row) + 3.0 * bool(_OTHERS.search(quote)) + 2.0 * bool(_ASIDE.search(section))
    total -= 1.0 * ("readme" not in link.evidence.locator.lower())
    return total, "; ".join(words for _, words in sorted(reasons, reverse=True) if words)
