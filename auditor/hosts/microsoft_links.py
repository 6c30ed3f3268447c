"""Sharing links of Microsoft: they hand out a cookie on the way, without which the next hop knows nobody.

An anonymous SharePoint link answers 302 with a `FedAuth` cookie for a stranger of the tenant; the redirects after it lead to a file
(with `download=1`) or a folder's page if the cookie comes back, and to the sign-in page if not. The cookie is kept for the run, in
memory, and goes to the server that set it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.pages import asks_to_sign_in, page_error, seen
from auditor.net import Network, RangeAnswer, is_page, refusal

HEAD_BYTES = 64 << 10
PAGE_BYTES = 4 << 20  # of a page on the way
_COOKIE = re.compile(r"(?:^|,\s*)([\w.-]{1,64})=([^;,\s]{1,8192})", re.ASCII)  # several headers arrive as one; dates hold commas, too
BY_HAND = "open the link in a browser, download the file and give it with --artifact"
_WORDS: tuple[tuple[str, State, str, str], ...] = (
    (r"password", State.SIGN_IN, "the link is protected by a password", "ask the owner for a link without one"),
    (
        r"verification code|verify your identity|enter (?:the |your )?e-?mail",
        State.SIGN_IN,
        "the link is for certain people, who prove who they are",
        "ask the owner to share it with anyone who has the link",
    ),
    (
        r"link has expired|been removed|link (?:no longer|doesn.t) work|is(?:n.t| not) available|sharing has been disabled",
        State.NOT_SHARED,
        "the link was withdrawn or has expired",
        "ask the owner for a new link",
    ),
    (
        r"access denied|don.t have (?:access|permission)|need permission|request access",
        State.NOT_SHARED,
        "it is not shared with everyone",
        "ask the owner to share it with anyone who has the link",
    ),
)


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Where a link led, and what it takes to go there again."""

    answer: RangeAnswer  # the first bytes of the last answer
    cookie: str = ""

    @property
    def headers(self) -> Mapping[str, str]:
        """Return the headers of further requests to the same server."""
        return {"Cookie": self.cookie} if self.cookie else {}


def redeem(url: str, network: Network) -> Redeemed:
    """Follow a link with the cookies that are set on the way, each sent to its own server only.

    Raises `NetworkError` where no answer comes.
    """
    jar: dict[str, dict[str, str]] = {}
    current = url
    for _ in range(network.settings.max_redirects + 1):
        place = urlsplit(current)
        cookie = "; ".join(f"{name}={value}" for name, value in jar.get(place.netloc, {}).items()) if place.scheme == "https" else ""
        answer = _asked(url, current, {"Cookie": cookie} if cookie else {}, network)
        for found in _COOKIE.finditer(answer.headers.get("set-cookie", "")):
            jar.setdefault(place.netloc, {})[found[1]] = found[2]
        target = answer.headers.get("location", "") if 300 <= answer.status < 400 else ""
        if not target:
            return Redeemed(answer, cookie)
        try:
            current = urljoin(current, target)
            urlsplit(current)
        except ValueError as error:
            raise NetworkError("the link leads to a broken address", target[:200], BY_HAND, state=State.MOVED) from error
    raise NetworkError("the link redirects in circles", f"from {url}", BY_HAND, state=State.MOVED)


def _asked(url: str, current: str, headers: Mapping[str, str], network: Network) -> RangeAnswer:
    """Return the beginning of one answer, a redirect included."""
    wanted = {"Range": f"bytes=0-{HEAD_BYTES - 1}", "Accept-Encoding": "identity", **headers}
    try:
        found = network.get(current, headers=wanted, max_bytes=PAGE_BYTES, follow=False)
    except NetworkError as error:
        if "too large" not in error.what:
            raise
        found = None
    if found is None or found.status == 416:  # a file, and a server that ignores ranges or knows none
        first = network.get_range(current, 0, HEAD_BYTES, headers=headers)
        return RangeAnswer(url, first.final_url, first.status, first.headers, first.body)
    return RangeAnswer(url, current, found.status, found.headers, found.body[:HEAD_BYTES])


def with_download(url: str) -> str:
    """Return a link that asks for the bytes and not for a page."""
    parts = urlsplit(url.strip())
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if key not in ("download", "web")]
    return urlunsplit(parts._replace(query=urlencode([*query, ("download", "1")]), fragment=""))


def not_the_bytes(answer: RangeAnswer) -> NetworkError | None:
    """Return what Microsoft says instead of sending bytes, or None where it sends them."""
    if answer.offset or (answer.status == 416 and answer.total == 0):
        return None
    page = is_page(answer.headers.get("content-type", ""), answer.body)
    return None if answer.status in (200, 206) and not page else refused(answer)


def refused(answer: RangeAnswer) -> NetworkError:
    """Return what an answer means that is no file: a login, a closed or withdrawn link, or what its status says."""
    parts = urlsplit(answer.final_url)
    host, said = parts.hostname or "", seen(answer.body)
    away = re.search(r"(?:^|\.)login\.|(?:^|\.)account\.", host) is not None
    if away or (asks_to_sign_in(answer) and "password" not in said.lower()):
        help = f"ask the owner to share it with anyone who has the link; or {BY_HAND}"
        return NetworkError("Microsoft asks to sign in", said, help, status="denied", state=State.SIGN_IN)
    if re.search(r"/AccessDenied\.aspx", parts.path, re.IGNORECASE):
        return _denied(answer, State.NOT_SHARED, "it is not shared with everyone", said, "ask the owner to share it")
    if answer.status not in (404, 410, 429) and answer.status < 500:
        for pattern, state, what, help in _WORDS:
            if re.search(pattern, said, re.IGNORECASE) or (
                state is State.SIGN_IN and re.search(r"type=.?password", str(answer.body[:HEAD_BYTES]))
            ):
                return _denied(answer, state, what, said, help)
    if answer.status not in (200, 206):
        return refusal(answer.final_url, answer.status, answer.headers, answer.body)
    return page_error(answer)


def _denied(answer: RangeAnswer, state: State, what: str, said: str, help: str) -> NetworkError:
    return NetworkError(f"Microsoft: {what}", said, help, status=Status.DENIED.value, state=state, http_status=answer.status)
