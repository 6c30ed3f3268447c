"""What an address of the Hugging Face Hub names, and why the Hub refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from auditor.addresses import hub_page
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.net import Fetched, RangeAnswer, is_page, refusal

HUB = "https://huggingface.co"
KINDS = ("models", "datasets", "spaces")
VERBS = ("resolve", "blob", "raw", "tree")
_PAGES = "docs blog papers models tasks learn organizations join login pricing collections posts search chat course buckets".split()


@dataclass(frozen=True, slots=True)
class HubPlace:
    """What an address of the Hub names."""

    kind: str  # one of KINDS
    repo: str  # "owner/name", or the name alone for the oldest models
    revision: str = ""  # empty: the default branch
    path: str = ""  # of a file or folder
    is_file: bool = False

    @property
    def api(self) -> str:
        """Return the address of the repository's record in the Hub's API."""
        return f"{HUB}/api/{self.kind}/{self.repo}"

    def file_url(self, path: str, revision: str = "") -> str:
        """Return the address of a file's bytes."""
        return self._page("resolve", path, revision)

    def page_url(self, path: str, revision: str = "") -> str:
        """Return the address where a person sees a file."""
        return self._page("blob", path, revision)

    def _page(self, verb: str, path: str, revision: str) -> str:
        prefix = "" if self.kind == "models" else f"{self.kind}/"
        return f"{HUB}/{prefix}{self.repo}/{verb}/{quote(revision or self.revision or 'main', safe='')}/{quote(path)}"


def hub_place(url: str) -> HubPlace | None:
    """Return what an address of the Hub names, or None for its pages.

    >>> hub_place("https://huggingface.co/datasets/lab/poses/tree/refs%2Fpr%2F1/train")
    HubPlace(kind='datasets', repo='lab/poses', revision='refs/pr/1', path='train', is_file=False)
    """
    try:
        segments = [unquote(part) for part in urlsplit(hub_page(url)).path.split("/") if part]
    except ValueError:
        return None
    kind = "models"
    if segments[:1] in (["datasets"], ["spaces"]):
        kind, segments = segments[0], segments[1:]
    if not segments or segments[0] in _PAGES or segments[0] in KINDS:
        return None
    alone = len(segments) == 1 or segments[1] in VERBS
    names, rest = segments[: 1 if alone else 2], segments[1 if alone else 2 :]
    if not all(re.fullmatch(r"[\w.\-]{1,96}", part) and part not in (".", "..") for part in names):
        return None
    repo = "/".join(names)
    if not rest or rest[0] not in VERBS or len(rest) == 1 or (rest[0] != "tree" and len(rest) == 2):
        return HubPlace(kind, repo)
    of_refs = rest[1] == "refs" and len(rest) >= 4  # refs/pr/1, refs/convert/parquet
    revision, path = ("/".join(rest[1:4]), rest[4:]) if of_refs else (rest[1], rest[2:])
    return HubPlace(kind, repo, revision, "/".join(path), rest[0] != "tree" and bool(path))


def hub_error(answer: Fetched | RangeAnswer) -> NetworkError:
    """Return why the Hub refuses.

    The Hub tells strangers the same of a repository that is private and of one that is not there: 401 to anybody, 404 with the code
    RepoNotFound to who has a token. Only of revisions and files in a repository that it shows does it say that they are not there.
    """
    code, words = answer.headers.get("x-error-code", ""), answer.headers.get("x-error-message", "")

    def error(what: str, why: str, help: str, status: Status, state: State) -> NetworkError:
        return NetworkError(what, why, help, status=status, state=state, http_status=answer.status)

    if code == "GatedRepo" or "gated" in words.lower() or "access to model" in words.lower():
        help = "ask its owner for access on the Hub and set HF_TOKEN"
        return error("the repository is gated", words, help, Status.DENIED, State.GATED)
    if code == "DisabledRepo" or "resource is disabled" in words.lower() or answer.status == 451:
        return error("the Hub has disabled the repository", words, "open it in a browser", Status.DENIED, State.TAKEN_DOWN)
    if answer.status == 401 and "invalid credentials" in words.lower():
        return error("the Hub does not accept the token", words, "check HF_TOKEN, or unset it", Status.DENIED, State.SIGN_IN)
    if code == "RepoNotFound" or (answer.status == 401 and not code):
        why = words or "the Hub tells strangers the same for repositories that are private and that do not exist"
        help = "set HF_TOKEN, or ask the owner"
        return error("the repository is private or not there", why, help, Status.DENIED, State.NOT_SHARED)
    if code in ("RevisionNotFound", "EntryNotFound"):
        what = "branch, tag or commit" if code == "RevisionNotFound" else "file"
        why = f"{words} ({answer.final_url} does not exist)".strip()
        return error(f"the repository has no such {what}", why, "open it in a browser", Status.MISSING, State.NOT_FOUND)
    return refusal(answer.final_url, answer.status, answer.headers, answer.body)


def not_the_bytes(answer: RangeAnswer) -> NetworkError | None:
    """Return what the Hub says instead of sending bytes, or None where it sends them."""
    if answer.status in (200, 206):
        kind = answer.headers.get("content-type", "")
        if answer.offset == 0 and not answer.ranged and is_page(kind, answer.body) and kind.startswith("text/html"):
            return NetworkError("the Hub answered with a page, not a file", "", "open the link in a browser", state=State.NOT_A_FILE)
        return None
    return None if answer.status == 416 and answer.total == 0 else hub_error(answer)
