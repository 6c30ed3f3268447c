"""Which commit is audited: branch, tag, commit id or the default branch, made into one full commit id."""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.errors import NetworkError
from auditor.github_api import GitHubApi, quoted
from auditor.repositories.paths import is_plain

FULL_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
UNKNOWN_REF = (404, 422)  # GitHub answers either
MOST_PARTS = 4  # of a branch's name, tried one by one
SHORT_ID = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class Pin:
    """The ref that was asked for and the commit that it stood for when it was looked up."""

    ref: str
    commit: str
    doubt: str = ""  # why the commit may not be the authors' own


def pin_commit(api: GitHubApi, full_name: str, default_branch: str, asked: str | None) -> Pin:
    """Return the commit of a ref, or of the default branch. Raises `NetworkError`.

    The ref of a `/tree/` address may be followed by a folder, and branches have slashes: where the whole is no ref, the
    branch or tag that it begins with is taken.
    """
    if not asked:
        return Pin(default_branch, _commit(api, full_name, default_branch))
    ref = asked.strip("/")
    first = ref.split("/")[0]
    if not is_plain(ref):  # a part ".." would lead to another address of the API
        raise NetworkError(f"{asked!r} is no name of a branch, tag or commit", http_status=422)
    if FULL_ID.fullmatch(first.lower()):
        ref = first.lower()
    try:
        commit = _commit(api, full_name, ref)
    except NetworkError as error:
        shorter = _beginning(api, full_name, ref) if error.http_status in UNKNOWN_REF else None
        if shorter is None:
            raise _no_such_ref(error, full_name, ref) from error
        ref, commit = shorter
    return Pin(ref, commit, _doubt(api, full_name, default_branch, ref, commit))


def _commit(api: GitHubApi, full_name: str, ref: str) -> str:
    """Return the full id of the commit that a ref stands for."""
    try:
        data = api.get(f"/repos/{full_name}/commits/{quoted(ref)}").data
        commit = str(data.get("sha")) if isinstance(data, dict) else ""
    except NetworkError as error:
        if error.http_status not in UNKNOWN_REF or FULL_ID.fullmatch(ref):
            raise
        commit = _branch(api, full_name, ref)
        if not commit:
            raise
    if not FULL_ID.fullmatch(commit):
        raise NetworkError(f"GitHub's answer for {full_name} at {ref} names no commit")
    return commit


def _branch(api: GitHubApi, full_name: str, name: str) -> str:
    """Return the commit of a branch by the branch's own address, "" where there is none: servers differ in what a commit's takes."""
    try:
        data = api.get(f"/repos/{full_name}/branches/{quoted(name)}").data
    except NetworkError:
        return ""
    head = data.get("commit") if isinstance(data, dict) else None
    return str(head.get("sha") or "") if isinstance(head, dict) else ""


def _beginning(api: GitHubApi, full_name: str, ref: str) -> tuple[str, str] | None:
    """Return the branch or tag that `ref` begins with, and its commit.

    Git cannot hold both "a" and "a/b" as branches, so the shortest that is one is the one that was meant.
    """
    parts = ref.split("/")
    for count in range(1, min(len(parts), MOST_PARTS + 1)):
        name = "/".join(parts[:count])
        try:
            return name, _commit(api, full_name, name)
        except NetworkError as error:
            if error.http_status not in UNKNOWN_REF:
                raise
    return None


def _doubt(api: GitHubApi, full_name: str, default_branch: str, ref: str, commit: str) -> str:
    """Return why a commit given by its id may not be the authors', "" where nothing speaks against it.

    GitHub answers for a fork's commits under the parent's name too (its pages say of them "may belong to a fork outside of
    the repository"), so an id alone does not make a commit the authors' own.
    """
    if not SHORT_ID.fullmatch(ref) or not commit.startswith(ref) or _is_past(api, full_name, default_branch, commit):
        return ""
    try:
        if api.get(f"/repos/{full_name}/commits/{commit}/branches-where-head").data:
            return ""
    except NetworkError:
        pass  # then it is not shown to be theirs
    return f"this commit is not in the past of {default_branch}: it may be a fork's; name its branch or tag instead"


def _is_past(api: GitHubApi, full_name: str, default_branch: str, commit: str) -> bool:
    """Tell whether a commit lies in a branch's past, or the server cannot say: then nothing speaks against it."""
    try:
        # The changed files stand on the first page only; the second gives the relation without them.
        compared = api.get(f"/repos/{full_name}/compare/{quoted(default_branch)}...{commit}", per_page=1, page=2).data
    except NetworkError as error:
        return "common ancestor" not in error.why.lower()
    return not isinstance(compared, dict) or compared.get("status") in ("behind", "identical", None)


def _no_such_ref(error: NetworkError, full_name: str, ref: str) -> NetworkError:
    """Return the error in words where the ref is what is wrong."""
    if error.http_status not in UNKNOWN_REF:
        return error
    what = f"{full_name} has no branch, tag or commit {ref!r}"
    return NetworkError(what, error.why, "leave the ref out for the default branch", status=error.status, http_status=error.http_status)
