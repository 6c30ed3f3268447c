"""What Google Drive says in its pages: it answers 200 with a page where a file cannot be had.

The words are those of Drive's own English pages; requests therefore ask for English.
"""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

from auditor.errors import NetworkError

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0 Safari/537.36"  # Drive serves scripts less
HEADERS = {"User-Agent": BROWSER, "Accept-Language": "en-US,en;q=0.9"}

_QUOTA = (
    r"too many users have viewed or downloaded|quota exceeded|download quota|exceeded (?:its|the|your) (?:download|sharing|rate)|rate limit"
)
_ROBOT = r"unusual traffic|not a robot|recaptcha|captcha-form|automated queries|before you continue to google"
_SIGN_IN = (
    r"accounts\.google\.com/(?:v\d/|ServiceLogin|signin|InteractiveLogin)|<title>[^<]*sign.?in\b|identifierId|google accounts</title>"
)
_DENIED = r"you need (?:access|permission)|request access|access denied|don't have (?:access|permission)|not authorized|only the owner"
_GONE = (
    r"(?:file|folder|item) you have requested (?:does not exist|has been deleted)|in the owner's trash|error 404 \(not found\)"
    r"|requested url.{0,300}was not found on this server"
)
_INFECTED = r"is infected with a virus|file is infected"
_VIRUS_SCAN = r"can.t scan this file for viruses|download-form|uc-download-link|virus scan warning"

_KINDS: tuple[tuple[str, str, str, str], ...] = (
    # Quota before denied: that page links to "request access" too.
    (_QUOTA, "quota", "the download quota of this file is used up", "try again in a day, or ask for a copy elsewhere"),
    (_ROBOT, "error", "Google asks for a person (captcha or consent page)", "open the link in a browser"),
    (_INFECTED, "denied", "Google says that the file is infected and lets only its owner have it", "open the link in a browser"),
    (_GONE, "missing", "Google says that it does not exist", "open the link in a browser"),
    (_DENIED, "denied", "it is not shared with everyone", "ask the owner to share it with anyone who has the link"),
    (
        _SIGN_IN,
        "denied",
        "Google asks to sign in: it is not shared with everyone",
        "ask the owner to share it with anyone who has the link",
    ),
)


def is_virus_scan(page: str) -> bool:
    """Tell whether a page is the warning that a file is too large to be scanned: a way station, not a refusal."""
    return re.search(_VIRUS_SCAN, _plain(page), re.IGNORECASE) is not None and re.search(_QUOTA, _plain(page), re.IGNORECASE) is None


def page_error(page: str, url: str, http_status: int) -> NetworkError | None:
    """Return what a page says went wrong, or None where it says nothing that is known here."""
    text = _plain(page)
    kinds = _KINDS if not _is_sign_in_address(url) else _KINDS[-1:]
    for pattern, status, what, help in kinds:
        if kinds is not _KINDS or re.search(pattern, text, re.IGNORECASE):
            return NetworkError(f"Google Drive: {what}", said(page), help, status=status, http_status=http_status)
    return None


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
