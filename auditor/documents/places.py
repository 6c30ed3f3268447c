"""Where a link or a picture of a document points to inside its own repository."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urlsplit

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*:|^//")
_IN_REPOSITORY = re.compile(
    r"^https?://(?:www\.)?(?:github\.com/(?P<name>[^/\s]+/[^/\s?#]+?)(?:\.git)?/(?P<kind>blob|tree|raw|blame|edit)/(?P<rest>[^\s?#]+)"
    r"|raw\.githubusercontent\.com/(?P<raw_name>[^/\s]+/[^/\s]+)/(?P<raw_rest>[^\s?#]+))",
    re.IGNORECASE,
)


def resolved_path(document_path: str, url: str) -> str | None:
    """Return the repository path that a relative link of a document means, None where it is no relative link or leaves the repository.

    `/x` is taken from the root of the repository, as GitHub does; backslashes (written on Windows) are taken as slashes; query and
    anchor are dropped. An anchor alone is no path.
    """
    url = url.strip()
    if not url or url.startswith("#") or _SCHEME.match(url) or len(url) > 1000 or any(ord(c) < 32 for c in url):
        return None
    path = unquote(re.split(r"[?#]", url, maxsplit=1)[0]).replace("\\", "/")
    if "\0" in path:
        return None
    base = "" if path.startswith("/") else posixpath.dirname(document_path)
    path = posixpath.normpath(posixpath.join(base, path.lstrip("/")))
    return None if path.startswith("../") or path in ("..", ".", "") or path.startswith("/") else path


def path_in_repository(url: str, full_name: str) -> str | None:
    """Return the path that an absolute GitHub address (blob, tree, raw) of this same repository means, None for every other URL.

    The branch or tag is taken to be the first path segment (after `refs/heads/`); which branch it names is not checked.
    """
    try:
        match = _IN_REPOSITORY.match(url.strip())
        if not match:
            return None
        name, rest = (match["name"], match["rest"]) if match["name"] else (match["raw_name"], match["raw_rest"])
        if name.lower() != full_name.lower():
            return None
        rest = re.sub(r"^refs/(?:heads|tags)/", "", unquote(rest))
        path = posixpath.normpath(rest.partition("/")[2].strip("/")) if "/" in rest.strip("/") else ""
    except ValueError:
        return None
    return None if path in ("", ".", "..") or path.startswith("../") else path


def is_web(url: str) -> bool:
    """Tell whether a link leaves the repository over the web."""
    try:
        return urlsplit(url.strip()).scheme.lower() in ("http", "https", "ftp")
    except ValueError:
        return False
