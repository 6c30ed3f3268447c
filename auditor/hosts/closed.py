"""Places that have an interface for their own programs and accounts only: what the address tells, and how a person gets the file.

Baidu Netdisk hands files to its own client after a login and an extraction code (`pwd`). Kaggle asks for an account and a token for
private files and for those with terms (https://www.kaggle.com/docs/api names the commands); what it gives to strangers is not relied on.
MEGA keeps files encrypted with a key that stands after `#`, and is asked by POST (https://mega.io/developers). MediaFire leads to its
files through pages that are made for browsers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from auditor.addresses import locate
from auditor.errors import NetworkError
from auditor.facts import State, Status
from auditor.hosts.answers import plain_name
from auditor.hosts.interface import Listing, OpenBlob, RemoteFile
from auditor.net import Network

BY_KAGGLE = "Download it with a Kaggle account and Kaggle's own program"


@dataclass(frozen=True, slots=True)
class Told:
    """What an address of a closed place tells."""

    what: str  # "share 1abc", "dataset owner/name"
    way: str  # how a person gets the file
    file: str = ""  # its name, where the address has one; untrusted
    lacks: str = ""  # what the address ought to have


class Closed:
    """Accepts addresses of places that need an account or a program of their own, and says what to do."""

    name = "closed"

    def accepts(self, url: str) -> bool:
        """Tell whether this is an address of such a place."""
        return locate(url).host in _PLACES

    def resolve(self, url: str, network: Network) -> Listing:
        """Return a listing that says that nothing was looked at, and why; no network."""
        host = locate(url).host
        known, why, state, tell = _PLACES[host]
        parts = urlsplit(url.strip())
        told = tell(parts)
        place = (parts.hostname or "").removeprefix("www.")
        file = f" ({told.file})" if told.file else ""
        lacks = f" {told.lacks}." if told.lacks else ""
        detail = f"{known} ({place}), {told.what}{file}: not looked into, since {why}.{lacks} {told.way}, and give it with --artifact."
        return Listing(url, host, Status.SKIPPED, detail, quote=told.file, state=state)

    def open(self, file: RemoteFile, network: Network) -> OpenBlob:
        """Raise `NetworkError` with status `skipped`."""
        way = "download the file by hand and give it with --artifact"
        raise NetworkError(f"{file.name!r} was not looked into", "its host needs an account or a program of its own", way, status="skipped")


def _baidu(parts: SplitResult) -> Told:
    query = _query(parts)
    found = re.match(r"/(?:s|wap/init|share/init)/?([\w-]*)", parts.path)
    share = plain_name(query.get("surl", "") or (found[1] if found else "")) or "an address without a share"
    code = plain_name(query.get("pwd", "") or (parts.fragment if re.fullmatch(r"\w{4}", parts.fragment) else ""))[:16]
    ways = f"with the extraction code {code}" if code else "with the extraction code that stands beside the link, if it has one"
    return Told(f"share {share[:60]}", f"Download the file with a Baidu account, {ways}")


def _kaggle(parts: SplitResult) -> Told:
    segments = [plain_name(unquote(part)) for part in parts.path.split("/") if part]
    segments = [*segments[2:3], *segments[4:]] if segments[:2] == ["api", "v1"] else segments  # api/v1/datasets/download/owner/name
    match segments:
        case ["datasets", owner, name, *_]:
            command = f"datasets download {owner}/{name}"
            return Told(f"dataset {owner}/{name}", _with_kaggle(command), plain_name(_query(parts).get("select", "")))
        case ["models", owner, name, framework, variation, *version] if framework.lower() != "code":
            number = version[0] if version and version[0].isdigit() else "VERSION"
            path = f"{owner}/{name}/{framework}/{variation}"
            return Told(f"model {path}", _with_kaggle(f"models instances versions download {path}/{number}"))
        case ["models", owner, name, *_]:
            return Told(f"model {owner}/{name}", BY_KAGGLE)
        case ["code" | "kernels", owner, name, *_]:
            return Told(f"notebook {owner}/{name}", _with_kaggle(f"kernels output {owner}/{name}"))
        case ["competitions" | "c", name, *_]:
            return Told(f"competition {name}", _with_kaggle(f"competitions download {name}"))
        case _:
            return Told("a page", BY_KAGGLE)


def _with_kaggle(command: str) -> str:
    """Return the way by Kaggle's own program; a name that a shell could read otherwise is not put into a command."""
    if not re.fullmatch(r"[\w./ -]+", command):
        return BY_KAGGLE
    return f"{BY_KAGGLE} (kaggle {command})"


def _mega(parts: SplitResult) -> Told:
    old = re.match(r"(F?)!([\w-]+)(!([\w-]+))?", parts.fragment)
    new = re.match(r"/(file|folder|embed)/([\w-]+)", parts.path)
    kind = "folder" if (old and old[1]) or (new and new[1] == "folder") else "file"
    number = old[2] if old else new[2] if new else "unknown"
    has_key = bool(old[4]) if old else bool(new and parts.fragment)
    lacks = "" if has_key else "The link lacks the key without which nobody can decrypt it"
    return Told(f"{kind} {number[:60]}", "Download it in a browser or with a program for MEGA", lacks=lacks)


def _mediafire(parts: SplitResult) -> Told:
    segments = [unquote(part) for part in parts.path.split("/") if part]
    kind = "folder" if segments[:1] == ["folder"] else "file"
    key = segments[1] if len(segments) > 1 else parts.query.split("&")[0]
    name = segments[2] if kind == "file" and len(segments) > 2 else ""
    return Told(f"{kind} {plain_name(key)[:60] or 'unknown'}", "Download it in a browser", plain_name(name.replace("+", " ")))


def _query(parts: SplitResult) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(parts.query).items()}


# The name that people know, why nothing was looked at, in one word, and what the address tells.
_PLACES: dict[str, tuple[str, str, State, Callable[[SplitResult], Told]]] = {
    "baidu": ("Baidu Netdisk", "it needs an account and its own program", State.SIGN_IN, _baidu),
    "kaggle": ("Kaggle", "it asks for an account and a token", State.SIGN_IN, _kaggle),
    "mega": ("MEGA", "its files are encrypted for its own program", State.SKIPPED, _mega),
    "mediafire": ("MediaFire", "its pages need a browser", State.SKIPPED, _mediafire),
}
