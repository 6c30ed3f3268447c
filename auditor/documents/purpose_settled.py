"""Links whose address alone leaves no doubt about what they lead to, and the records that purposes are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from auditor.addresses import Address, queried_file
from auditor.documents.places import path_in_repository
from auditor.documents.purpose_words import (
    CHECKPOINT,
    DATA_SUFFIXES,
    DATASET,
    OTHER,
    OTHER_SUFFIXES,
    PAPER,
    RESULT_SUFFIXES,
    RESULTS,
    STRONG_SUFFIXES,
    suffix_of,
    topics,
)
from auditor.facts import RawLink

_SETTLED = 100.0

_PAPER_HOSTS = re.compile(
    r"(^|\.)(arxiv\.org|openreview\.net|doi\.org|ieeexplore\.ieee\.org|ieee\.org|thecvf\.com|acm\.org|springer\.com|sciencedirect\.com|"
    r"aclanthology\.org|aclweb\.org|biorxiv\.org|medrxiv\.org|nature\.com|neurips\.cc|nips\.cc|mlr\.press|ecva\.net|semanticscholar\.org|paperswithcode\.com|"
    r"researchgate\.net|wiley\.com|mdpi\.com|ojs\.aaai\.org|alphaxiv\.org|ar5iv\.org|isca-speech\.org)$"
)
_OTHER_HOSTS = re.compile(
    r"(^|\.)(shields\.io|badgen\.net|badge\.fury\.io|colab\.research\.google\.com|mybinder\.org|youtube\.com|youtu\.be|bilibili\.com|vimeo\.com|"
    r"twitter\.com|x\.com|discord\.gg|discord\.com|slack\.com|linkedin\.com|facebook\.com|zhihu\.com|medium\.com|wikipedia\.org|pypi\.org|anaconda\.(org|com)|"
    r"scholar\.google\.com|readthedocs\.io|travis-ci\.(org|com)|circleci\.com|codecov\.io|coveralls\.io|docs\.python\.org|opensource\.org|creativecommons\.org|"
    r"developer\.nvidia\.com|docs\.google\.com|chrome\.google\.com|star-history\.com|gitter\.im|npmjs\.com|hub\.docker\.com|replicate\.com|streamlit\.app|gradio\.app|"
    r"user-images\.githubusercontent\.com|camo\.githubusercontent\.com|visitor-badge\.laobi\.icu|hits\.dwyl\.com|weixin\.qq\.com|eval\.ai|codalab\.org)$"
)
_RESULT_HOSTS = re.compile(r"(^|\.)(wandb\.ai|tensorboard\.dev|comet\.(ml|com)|gist\.github\.com|swanlab\.cn)$")


@dataclass(frozen=True, slots=True)
class Place:
    """A link with the words that belong to it."""

    link: RawLink
    before: str = ""  # of its sentence, from the link before it
    after: str = ""  # to the link after it, or the end of the sentence
    wider: str = ""  # the sentence, or the one before where this one says nothing
    lead: str = ""  # the paragraph or item that introduces the list or table
    follows: str = ""  # the items of a list that the link's paragraph introduces
    title: str = ""  # of the document
    is_readme: bool = True
    holds_weights: bool = False  # it is a path of the repository where weights lie


@dataclass(frozen=True, slots=True)
class Judgement:
    """The purpose of a link, how sure that is, and the words that decided it."""

    purpose: str
    score: float
    reason: str


def settled(place: Place, address: Address, full_name: str) -> Judgement | None:
    """Return the purpose of an address that leaves no doubt."""
    url = place.link.url.strip()
    host, path = host_and_path(url)
    if not host:
        suffix = suffix_of(path)
        if place.holds_weights or suffix in STRONG_SUFFIXES:
            return Judgement(CHECKPOINT, _SETTLED, f"path of weights in the repository{suffix and f' (.{suffix})'}")
        return Judgement(OTHER, _SETTLED, "relative link")
    if _PAPER_HOSTS.search(host) and address.target != "folder":  # a DOI may name a deposit of files
        return Judgement(PAPER, _SETTLED, f"address of {host}")
    if _OTHER_HOSTS.search(host) or (host.startswith(("docs.", "doc.", "documentation.")) and address.target == "page"):
        return Judgement(OTHER, _SETTLED, f"address of {host}")
    if _RESULT_HOSTS.search(host):
        return _gist(place, host)
    if address.host == "hugging_face":
        if lists_own_models(place, url, path, full_name):
            return None  # what is said of it decides
        if is_in_space(path, address):
            return _by_suffix(suffix_of(path)) if address.target == "file" else None
        return _hub(path) or _hub_by_name(place, path, full_name)
    if address.host == "github" and path_in_repository(url, full_name) and suffix_of(path) not in STRONG_SUFFIXES:
        return (
            Judgement(CHECKPOINT, _SETTLED, "folder of weights in the repository")
            if place.holds_weights
            else Judgement(OTHER, _SETTLED, "path of this repository")
        )
    if address.host == "github" and path.strip("/").lower() == full_name.lower():
        return Judgement(OTHER, _SETTLED, "this repository")
    if address.host == "github" and address.target == "page" and not path.strip("/").endswith("releases"):
        return Judgement(OTHER, _SETTLED, "page of GitHub")
    return _by_suffix(suffix_of(path)) or _by_suffix(suffix_of(queried_file(query_of(url))))


def _by_suffix(suffix: str) -> Judgement | None:
    if suffix in STRONG_SUFFIXES:
        return Judgement(CHECKPOINT, _SETTLED, f".{suffix} file")
    if suffix in RESULT_SUFFIXES:
        return Judgement(RESULTS, _SETTLED, f".{suffix} file")
    if suffix in DATA_SUFFIXES:
        return Judgement(DATASET, _SETTLED, f".{suffix} file")
    if suffix == "pdf":
        return Judgement(PAPER, _SETTLED, ".pdf file")
    return Judgement(OTHER, _SETTLED, f".{suffix} file") if suffix in OTHER_SUFFIXES else None


def is_in_space(path: str, address: Address) -> bool:
    """Tell whether a path of the Hugging Face hub is a file or folder in the repository of a demo, which may keep its weights there."""
    return address.host == "hugging_face" and address.target in ("file", "folder") and path.lower().startswith("/spaces/")


def _hub(path: str) -> Judgement | None:
    """Return what a part of the Hugging Face hub is for, None for model repositories and organizations: the words decide."""
    first = path.strip("/").split("/")[0].lower()
    if first == "datasets":
        return Judgement(DATASET, _SETTLED, "dataset repository of the hub")
    if first == "papers":
        return Judgement(PAPER, _SETTLED, "paper page of the hub")
    if first in (
        "spaces",
        "docs",
        "blog",
        "models",
        "tasks",
        "learn",
        "join",
        "login",
        "chat",
        "course",
        "pricing",
        "posts",
        "search",
        "",
    ) or first.startswith("transformers"):
        return Judgement(OTHER, _SETTLED, "page of the hub")
    return None


def lists_own_models(place: Place, url: str, path: str, full_name: str) -> bool:
    """Tell whether an address is the hub's list of models, searched for the name that the document or the repository bears."""
    asked = re.search(r"(?:^|&)(?:search|other|filter|author)=([^&]{3,80})", query_of(url)[:500])
    if path.strip("/") != "models" or asked is None:
        return False
    wanted = re.sub(r"[^a-z0-9]", "", unquote(asked[1]).lower())
    title, name = (re.sub(r"[^a-z0-9]", "", text.lower()) for text in (place.title[:200], full_name.rpartition("/")[2]))
    first = re.sub(r"[^a-z0-9]", "", re.split(r"[\s:]", place.title.strip().lower() + " ")[0])
    return len(wanted) > 3 and (wanted in title or any(len(own) > 3 and own in wanted for own in (first, name)))


def _hub_by_name(place: Place, path: str, full_name: str) -> Judgement | None:
    """Return what a repository of the hub is that code loads by name: the authors' own checkpoint where the names agree, else a tool."""
    if place.link.form != "code" or "://" in place.link.label:
        return None
    owner, _, name = path.strip("/").lower().partition("/")
    our_owner, _, our_name = full_name.lower().partition("/")
    squashed, ours = re.sub(r"[^a-z0-9]", "", name), re.sub(r"[^a-z0-9]", "", our_name)
    if owner == our_owner or (len(ours) > 2 and ours in squashed):
        return Judgement(CHECKPOINT, 3.0, "loaded from the hub under this repository's name")
    return Judgement(OTHER, 3.0, "loaded from the hub, of another name")


def _gist(place: Place, host: str) -> Judgement:
    said = [topic.purpose for topic in topics(f"{place.before} {place.link.label} {place.wider}")]
    if host == "gist.github.com" and RESULTS not in said:
        return Judgement(OTHER, _SETTLED, "gist")
    return Judgement(RESULTS, _SETTLED, f"address of {host}")


def query_of(url: str) -> str:
    """Return the query of a URL; an empty one for a broken URL."""
    try:
        return urlsplit(url.strip()).query
    except ValueError:
        return ""


def host_and_path(url: str) -> tuple[str, str]:
    """Return host and decoded path of a URL; an empty host for a relative one or a broken one."""
    try:
        parts = urlsplit(url.strip())
        if parts.scheme.lower() not in ("http", "https", "ftp", "s3", "gs"):
            return "", unquote(parts.path)
        return (parts.hostname or "").lower().removeprefix("www."), unquote(parts.path)
    except ValueError:
        return "", ""
