"""What Google Drive says in its pages: it answers 200 with a page where a file cannot be had.

The words are those of Drive's own English pages; requests therefore ask for English.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from auditor.errors import NetworkError
from auditor.facts import State, Status

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36"  # Drive serves scripts less
HEADERS = {"User-Agent": BROWSER, "Accept-Language": "en-US,en;q=0.9"}

_QUOTA = (
    r"too many users have viewed or downloaded|quota exceeded|download quota|exceeded (?:its|the|your) (?:download|sharing|rate)|rate limit"
)
_ROBOT = r"unusual traffic|not a robot|recaptcha|captcha-form|automated queries"
_CONSENT = r"before you continue to google"
_SIGN_IN = (
    r"accounts\.google\.com/(?:v\d/|ServiceLogin|signin|InteractiveLogin)|<title>[^<]*sign.?in\b|identifierId|google accounts</title>"
)
_DENIED = r"you need (?:access|permission)|request access|access denied|don't have (?:access|permission)|not authorized|only the owner"
_DELETED = r"(?:file|folder|item) you have requested has been deleted|in the owner's trash|has been (?:deleted|moved to the trash)"
_GONE = r"(?:file|folder|item) you have requested does not exist|error 404 \(not found\)|requested url.{0,300}was not found on this server"
_INFECTED = r"is infected with a virus|file is infected|identified as malware|download abusive files"
_ABUSE = r"violation of (?:our|the|google's?) (?:drive )?terms of service|violates? (?:our|the|google's?)[^.<]{0,40}terms of service"
_VIRUS_SCAN = r"can.t scan this file for viruses|download-form|uc-download-link|virus scan warning"

_SHARE = "ask the owner to share it with anyone who has the link"
_BROWSER = "open the link in a browser"


@dataclass(frozen=True, slots=True)
class Kind:
    """A page of Drive that stands in a file's or folder's place."""

    pattern: str
    status: Status
    state: State
    what: str
    help: str


_SIGN_IN_KIND = Kind(_SIGN_IN, Status.DENIED, State.SIGN_IN, "Google asks to sign in: it is not shared with everyone", _SHARE)
_KINDS = (
    # Quota before denied: that page links to "request access" too.
    Kind(
        _QUOTA,
        Status.QUOTA,
        State.QUOTA,
        "the download quota of this file is used up",
        "try again in a day, or ask for a copy elsewhere",
    ),
    Kind(_ROBOT, Status.ERROR, State.RATE_LIMITED, "Google asks for a person (captcha): it was asked too often from here", _BROWSER),
    Kind(_CONSENT, Status.ERROR, State.NOT_A_FILE, "Google asks for consent first (consent page)", _BROWSER),
    Kind(_INFECTED, Status.DENIED, State.TAKEN_DOWN, "Google says that the file is infected and lets only its owner have it", _BROWSER),
    Kind(_ABUSE, Status.DENIED, State.TAKEN_DOWN, "Google lets nobody have it: it says that its terms were violated", _BROWSER),
    Kind(_DELETED, Status.MISSING, State.DELETED, "it was deleted, or lies in its owner's trash", "ask the owner for another link"),
    Kind(_GONE, Status.MISSING, State.NOT_FOUND, "Google says that it does not exist", _BROWSER),
    Kind(_DENIED, Status.DENIED, State.NOT_SHARED, "it is not shared with everyone", _SHARE),
    _SIGN_IN_KIND,
)


def is_virus_scan(page: str) -> bool:
    """Tell whether a page is the warning that a file is too large to be scanned: a way station, not a refusal."""
    return re.search(_VIRUS_SCAN, _plain(page), re.IGNORECASE) is not None and re.search(_QUOTA, _plain(page), re.IGNORECASE) is None


def page_error(page: str, url: str, http_status: int) -> NetworkError | None:
    """Return what a page says went wrong, or None where it says nothing that is known here."""
    text = _plain(page)
    for kind in (_SIGN_IN_KIND,) if _is_sign_in_address(url) else _KINDS:
        if _is_sign_in_address(url) or re.search(kind.pattern, text, re.IGNORECASE):
            what = f"Google Drive: {kind.what}"
            return NetworkError(what, said(page), kind.help, status=kind.status, state=kind.state, http_status=http_status)
    return None


def no_file(page: str) -> NetworkError:
    """Return the error for a page that says nothing that is known here."""
    return NetworkError("Google Drive: answered with a page, not a file", said(page), _BROWSER, state=State.NOT_A_FILE)


def said(page: str) -> str:
    """Return the title and the beginning of what a person would see of a page."""
    page = re.sub(r"(?is)<(script|style|noscript)\b.*?(</\1\s*>|\Z)", " ", page[:200_000])
    return " ".join(html.unescape(re.sub(r"<[^<>]{0,2000}>", " ", page)).split())[:200]


def _plain(page: str) -> str:
    """Return a page with typographic apostrophes made plain, without scripts, cut to a size that searches quickly."""
    page = re.sub(r"(?is)<(script|style)\b.*?(</\1\s*>|\Z)", " ", page[:200_000])
    return html.unescape(page).replace("’", "'")


def _is_sign_in_address(url: str) -> bool:
    return (urlsplit(url).hostname or "") == "accounts.google.com"
