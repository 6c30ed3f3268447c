"""Sends the drafted issue: the only writer to the world. Once only, after a person's word, and never where it does not belong.

A request that creates something must not be sent twice. So before it is sent a record "pending" is written; when its answer
is lost, the repository's issues are searched for the hidden fingerprint before anything else happens, now and in later runs.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from auditor.errors import AuditError, FilingError, NetworkError
from auditor.facts import Status, Thread
from auditor.findings import IssueDraft
from auditor.github_api import GitHubApi, translated
from auditor.issues.fingerprint import fingerprints_in
from auditor.issues.ledger import FILED, PENDING, Ledger, Record, now
from auditor.issues.prefilled import LONGEST_BODY, browser_url, shortened
from auditor.issues.saved_report import FULL_NAME, Preview, preview
from auditor.issues.similar import Similar, similarities
from auditor.net import Network

__all__ = ["Preview", "browser_url", "file_issue", "find_similar", "preview"]

PAGE = 100
PAGES = 3
TIMED_OUT = 408  # the one refusal after which the request may have been carried out
BODY_CHARACTERS = 4000
TITLE_CHARACTERS = 300
SETTLING = timedelta(minutes=2)  # after a lost answer: GitHub's lists may lag behind
MOST_PER_DAY = 5  # GitHub's acceptable use policies forbid bulk activity
CLASSIC_TOKEN = "use a classic token with the scope public_repo: fine-grained ones cannot write to other people's repositories"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Existing:
    """An issue that is there, with the fingerprints in its whole text."""

    thread: Thread  # its text cut short
    fingerprints: tuple[str, ...]


# --------------------------------------------------------------------------------------------------------------- reading


def find_similar(full_name: str, draft: IssueDraft, network: Network, *, token: str = "") -> tuple[Similar, ...]:
    """Return the issues, open and closed, that already speak of what the draft asks; GitHub is asked now.

    The newest 300 issues are listed and its search is asked for older ones. Raises `NetworkError` where the list cannot
    be read; a search that fails is done without.
    """
    api = GitHubApi(network, token=token)
    return similarities(draft, [existing.thread for existing in _existing(api, full_name, draft)])


def _existing(api: GitHubApi, full_name: str, draft: IssueDraft) -> tuple[Existing, ...]:
    """Return the issues of a repository: the newest listed, older ones as far as the search finds them."""
    found: dict[int, Existing] = {}
    is_all = False
    for page in range(1, PAGES + 1):
        answer = api.get(f"/repos/{full_name}/issues", state="all", sort="created", direction="desc", per_page=PAGE, page=page)
        if not isinstance(answer.data, list):
            raise NetworkError("GitHub's answer is not the list that was asked for")
        found |= _numbered(answer.data)
        if not answer.has_next:
            is_all = True
            break
    if not is_all:
        for words in _searches(draft):
            found = _numbered(_search(api, f"repo:{full_name} is:issue {words}")) | found
    return tuple(found.values())


def _searches(draft: IssueDraft) -> list[str]:
    """Return what to search for: the fingerprint, and the variants in words that people use."""
    plain = [re.sub(r"[^\w.+-]+", " ", name).strip()[:60] for name in draft.asks[:2]]
    return [f'"{draft.fingerprint}"'] + [f'"{name}" checkpoint' for name in plain if name]


def _search(api: GitHubApi, query: str) -> list[Any]:
    """Return what GitHub's search finds, nothing where it cannot be asked: it has a quota of its own."""
    try:
        data = api.get("/search/issues", q=query, per_page=PAGE).data
    except NetworkError:
        return []
    items = data.get("items") if isinstance(data, dict) else None
    return items if isinstance(items, list) else []


def _numbered(items: list[Any]) -> dict[int, Existing]:
    """Return the issues among GitHub's answers by number; pull requests are none."""
    found = {}
    for item in items:
        if not isinstance(item, dict) or item.get("pull_request") or not isinstance(item.get("number"), int):
            continue
        title, state, url, body = (str(item.get(key) or "") for key in ("title", "state", "html_url", "body"))
        thread = Thread(item["number"], title[:TITLE_CHARACTERS], state, url, body[:BODY_CHARACTERS])
        found[thread.number] = Existing(thread, fingerprints_in(body))
    return found


# --------------------------------------------------------------------------------------------------------------- sending


def file_issue(report_dir: Path, network: Network, *, token: str, confirm: Callable[[str], bool]) -> str:
    """Send the issue of a report's folder, and return its address.

    `confirm` is called last, with the repository's present full name; only its True sends. Raises `FilingError` in all
    other cases, with what to do instead; after one that says "not known whether", a later call first looks for the issue.
    """
    plan = preview(report_dir)
    if plan.objections:
        what, help = plan.objections[0]
        raise FilingError("the issue was not sent", what, help)
    ledger = Ledger(report_dir, plan.fingerprint)
    _refuse_if_filed(ledger.record())
    if not token:
        raise FilingError(
            "the issue was not sent", "no token: set GITHUB_TOKEN", f"or open this address and press the button: {plan.browser_url}"
        )
    _check_server(plan)
    with ledger.locked():
        record = ledger.record()  # another process may have sent it while this one waited
        _refuse_if_filed(record)
        if ledger.sent_since(timedelta(days=1)) >= MOST_PER_DAY:
            raise FilingError(
                "the issue was not sent", f"{MOST_PER_DAY} were sent within a day", "wait a day: GitHub forbids bulk activity"
            )
        return _file(plan, ledger, record, GitHubApi(network, token=token, writing=True), confirm)


def _file(plan: Preview, ledger: Ledger, record: Record | None, api: GitHubApi, confirm: Callable[[str], bool]) -> str:
    """Look once more at the repository and its issues, ask the person, send."""
    try:
        full_name = _preflight(api, plan.full_name)
        existing = _existing(api, full_name, plan.draft)
    except NetworkError as error:
        raise _in_words(error, plan, "the issue was not sent") from error
    ours = _ours(existing, plan)
    if ours is not None:
        _remember(ledger, plan, full_name, ours.url)
        if record is not None and record.status == PENDING:
            return ours.url  # sent by the run whose answer was lost
        raise FilingError("the issue was not sent", f"it was already asked: {ours.url}", "follow that issue")
    if record is not None and record.status == PENDING and record.age < SETTLING:
        raise FilingError("the issue was not sent", "it is not known yet whether an earlier attempt arrived", "try again in two minutes")
    _refuse_if_asked(existing, plan)
    if not confirm(full_name):
        raise FilingError("the issue was not sent", "it was not confirmed", "type the repository's name to send it")
    return _send(plan, full_name, ledger, api)


def _preflight(api: GitHubApi, full_name: str) -> str:
    """Return the repository's present name where issues may be opened in it. Raises `FilingError` and `NetworkError`."""
    data = api.get(f"/repos/{full_name}").data
    if not isinstance(data, dict) or not FULL_NAME.fullmatch(str(data.get("full_name"))):
        raise NetworkError(f"GitHub's answer for {full_name} describes no repository")
    name = str(data["full_name"])
    if data.get("archived") is True:
        raise FilingError(
            "the issue was not sent", f"{name} is archived: nobody can answer there", "look for the authors' newer repository"
        )
    if data.get("disabled") is True:
        raise FilingError("the issue was not sent", f"GitHub has disabled {name}")
    if data.get("fork") is True:
        parent = data["parent"].get("full_name") if isinstance(data.get("parent"), dict) else None
        where = f"audit run {parent}" if parent else "audit the repository that it was forked from"
        raise FilingError("the issue was not sent", f"{name} is a fork of {parent or 'another repository'}: its authors are there", where)
    if data.get("has_issues") is False:
        raise FilingError("the issue was not sent", f"{name} has issues disabled", "look for a contact in its README")
    return name


def _ours(existing: tuple[Existing, ...], plan: Preview) -> Thread | None:
    """Return the issue, open or closed, that carries this very fingerprint."""
    return next((issue.thread for issue in existing if plan.fingerprint in issue.fingerprints), None)


def _refuse_if_filed(record: Record | None) -> None:
    """Raise `FilingError` where the records say that it was sent."""
    if record is not None and record.status == FILED:
        raise FilingError("the issue was not sent", f"it was already sent on {record.at[:10]}: {record.url}", "follow that issue")


def _refuse_if_asked(existing: tuple[Existing, ...], plan: Preview) -> None:
    """Raise `FilingError` where somebody, or an audit, already asks and the question is open."""
    for issue in existing:
        if issue.fingerprints and issue.thread.state == "open":
            raise FilingError(
                "the issue was not sent", f"another audit's issue is still open: {issue.thread.url}", "add to that issue, if need be"
            )
    for similar in similarities(plan.draft, [issue.thread for issue in existing if issue.thread.state == "open"]):
        thread, why = similar.thread, "; ".join(similar.reasons)
        raise FilingError(
            "the issue was not sent", f"a similar issue is open: {thread.url} ({why})", "read it, and add to it by hand if need be"
        )


def _check_server(plan: Preview) -> None:
    """Raise `FilingError` where the report speaks of another server than the one that would be written to."""
    from auditor.github_api import PUBLIC_API, api_base_url

    base, page = api_base_url(), urlsplit(plan.server).hostname or ""
    host = urlsplit(base).hostname or ""
    allowed = {"github.com", "www.github.com"} if base == PUBLIC_API else {"github.com", host, host.removeprefix("api.")}
    if page not in allowed:
        raise FilingError(
            "the issue was not sent", f"the report is about {page}, and the API is {base}", "set GITHUB_API_URL for that server"
        )


def _send(plan: Preview, full_name: str, ledger: Ledger, api: GitHubApi) -> str:
    """Send the one request that creates the issue. It is never repeated here."""
    body = shortened(plan.body, lambda text: len(text) <= LONGEST_BODY)
    ledger.write(Record(plan.fingerprint, full_name, plan.title, PENDING, now()))
    try:
        url = _create(api, full_name, plan.title, body)
    except NetworkError as error:
        if error.http_status is not None and 300 <= error.http_status < 500 and error.http_status != TIMED_OUT:
            ledger.forget()  # refused: nothing was created
            raise _in_words(error, plan, "the issue was not sent") from error
        url = _look_again(plan, full_name, api, error)
    _remember(ledger, plan, full_name, url)
    return url


def _create(api: GitHubApi, full_name: str, title: str, body: str) -> str:
    """Create the issue and return its address: title and text alone, since labels and people need rights that we lack."""
    with translated("the issue", token_given=True):
        created = api.writable(full_name).create_issue(title=title, body=body)
        number, url = created.number, created.html_url
    if not isinstance(number, int) or not isinstance(url, str):
        raise NetworkError("GitHub's answer names no issue")
    return url


def _look_again(plan: Preview, full_name: str, api: GitHubApi, lost: NetworkError) -> str:
    """Return the address of the issue that was created although its answer was lost. Raises `FilingError` where none is seen."""
    with contextlib.suppress(AuditError):
        ours = _ours(_existing(api, full_name, plan.draft), plan)
        if ours is not None:
            return ours.url
    raise FilingError(
        "it is not known whether the issue was sent", str(lost), "run the same command again in a few minutes: it looks first"
    ) from lost


def _remember(ledger: Ledger, plan: Preview, full_name: str, url: str) -> None:
    """Record the issue's address. It is out: a disk that is full now must not hide that."""
    with contextlib.suppress(FilingError):
        ledger.write(Record(plan.fingerprint, full_name, plan.title, FILED, now(), url))


def _in_words(error: NetworkError, plan: Preview, what: str) -> FilingError:
    """Return the words for a refusal of GitHub, with the way by the browser where a token is the trouble."""
    browser = f"or open this address and press the button: {plan.browser_url}"
    said = error.why.lower()
    if error.status == Status.QUOTA:
        return FilingError(what, error.why or error.what, "try again later; nothing was repeated")
    if error.http_status == 403 and ("archived" in said or "interaction" in said or "blocked" in said or "locked" in said):
        return FilingError(what, f"the repository does not take issues now ({error.why})", "try again later")
    words = {
        401: ("GitHub does not accept the token", f"make a new one and set GITHUB_TOKEN, {browser}"),
        403: (f"the token may not open issues in {plan.full_name} ({error.why})", f"{CLASSIC_TOKEN}; {browser}"),
        404: (f"{plan.full_name} does not exist, or the token may not see it", f"check the name; {CLASSIC_TOKEN}; {browser}"),
        410: (f"{plan.full_name} has issues disabled", "look for a contact in its README"),
        422: (f"GitHub finds the issue invalid ({error.why})", "shorten issue.md, or look whether the account may still write"),
        451: (f"{plan.full_name} is blocked for legal reasons", ""),
        307: (f"{plan.full_name} was moved", "run the audit again"),
    }
    why, help = words.get(error.http_status or 0, (str(error), error.help or "check the network and try again"))
    return FilingError(what, why, help)
