"""What the user asked to audit, from the words alone: a GitHub repository or a local folder."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from auditor.errors import UsageError
from auditor.github_api import PUBLIC_API, api_base_url
from auditor.repositories.interface import Target

EXAMPLE = "for example: audit run medialab-ku/ConvNeXtPose, audit run https://github.com/owner/name/tree/main, or audit run ./folder"
OWNER = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9_])?-?"  # underscores: accounts that a company manages; a last hyphen: old accounts
NAME = r"[A-Za-z0-9._-]{1,100}"
FULL_NAME = re.compile(rf"{OWNER}/{NAME}")
SSH = re.compile(r"(?:ssh://)?git@(?P<host>[A-Za-z0-9.-]+)[:/](?P<path>[^?#]+)")
REF_PAGES = ("tree", "blob", "commit", "commits", "blame", "raw")  # /owner/name/<page>/REF
LONGEST_TARGET = 2000


def parse_target(text: str) -> Target:
    """Return the target that `text` names.

    `owner/name` is always GitHub's, even where a folder of that name exists: a folder is written as a path (`./owner/name`).
    Anything else that is an existing folder is that folder. A GitHub address may say a branch, tag or commit; what follows a
    branch in a `/tree/` address cannot be told from its name, so `ref` then holds both and GitHub is asked.
    Raises `UsageError`.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_TARGET or any(ord(character) < 32 for character in text):
        raise UsageError("no repository was named", help=EXAMPLE)
    if is_written_as_path(text):
        return _folder(text)
    if is_full_name(text):
        return Target(_without_git(text))
    from_address = _from_address(text)
    if from_address:
        return from_address
    if "://" not in text and Path(text).is_dir():
        return _folder(text)
    raise UsageError(f"{_shown(text)!r} is neither a GitHub repository nor a folder", help=EXAMPLE)


def is_full_name(text: str) -> bool:
    """Tell whether this is `owner/name` as GitHub allows it."""
    return bool(FULL_NAME.fullmatch(text)) and _without_git(text).split("/")[1] not in ("", ".", "..")


def is_written_as_path(text: str) -> bool:
    """Tell whether the words can only mean a place on this machine: `./x`, `../x`, `/x`, `~/x`, `.`."""
    return text in (".", "..", "~") or text.startswith(("./", "../", "/", "~/", ".\\", "..\\")) or bool(re.match(r"[A-Za-z]:[\\/]", text))


def _folder(text: str) -> Target:
    """Return the target for a folder, written absolutely."""
    try:
        path = Path(text).expanduser().absolute()
        found = path.is_dir()
    except (OSError, RuntimeError, ValueError):
        found = False
    if not found:
        raise UsageError(f"there is no folder {text!r}", help=EXAMPLE)
    return Target(str(path))


def _from_address(text: str) -> Target | None:
    """Return the target of an address in any of GitHub's spellings, or None for anybody else's."""
    ssh = SSH.fullmatch(text)
    if ssh:
        host, path = ssh["host"], ssh["path"]
    else:
        try:
            parts = urlsplit(text if "://" in text else f"https://{text}")
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return None
        if parts.scheme not in ("https", "http", "git", "ssh", "git+https", "git+ssh"):
            return None
    if host.lower() not in github_hosts():
        return None
    return _from_path([unquote(segment) for segment in path.split("/") if segment])


def _from_path(segments: list[str]) -> Target | None:
    """Return the target of the path of a GitHub address."""
    full_name = "/".join(segments[:2])
    if not is_full_name(full_name):
        return None
    page, rest = segments[2:3], segments[3:]
    if page == ["releases"] and rest[:1] == ["tag"]:
        page, rest = ["tree"], rest[1:]
    ref = "/".join(rest) if page and page[0] in REF_PAGES and rest else None
    return Target(_without_git(full_name), ref)


def github_hosts() -> frozenset[str]:
    """Return the hosts whose addresses name repositories: github.com, or the server of GITHUB_API_URL beside it."""
    hosts = {"github.com", "www.github.com"}
    base = api_base_url()
    if base != PUBLIC_API:
        hosts.add((urlsplit(base).hostname or "").removeprefix("api."))
    return frozenset(hosts)


def _without_git(full_name: str) -> str:
    """Return the name without the suffix that clone addresses have."""
    return full_name.removesuffix(".git")


def _shown(text: str) -> str:
    """Return the words as they may be shown: without a password in an address, and cut short."""
    return re.sub(r"//[^/@\s]*@", "//", text)[:120]
