"""What kind of place a web address is, told from the address alone: pure, no network, never an exception."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Address:
    """Where a URL leads.

    `host`: google_drive, google_docs, hugging_face, github, github_release, gitlab, zenodo, figshare, osf, dropbox, onedrive
    (SharePoint too), s3, gcs, azure, baidu, modelscope, kaggle, dataverse, mendeley, arxiv,
    mega and other file hosts by their names, direct (a plain file over HTTP, buckets included), other.
    `target`: file, folder, repo or page, as far as the address says.
    """

    host: str
    target: str


OTHER = Address("other", "page")
_DIRECT = Address("direct", "file")
_PAGE_SUFFIXES = frozenset("html htm php asp aspx jsp cgi shtml md rst".split())
_FILE_SUFFIX = re.compile(r"\.([A-Za-z][A-Za-z0-9_]{0,14}|7z|\d[a-z][a-z0-9]{0,3})$")
_QUERIED = re.compile(  # only what nobody shows as a page: a server that is asked for it sends it
    r"[\w+)-]\.(?:pth|pt|ckpt|onnx|safetensors|h5|hdf5|npz|pdparams|caffemodel|tflite|gguf|msgpack|pkl"
    r"|zip|tar|tgz|7z|rar|gz|bz2|xz|zst)$",
    re.IGNORECASE,
)
_BUCKETS = (
    (re.compile(r"(^|\.)s3([.-][a-z0-9-]+)*\.amazonaws\.com(\.cn)?$"), "s3"),
    (re.compile(r"^(commondata)?storage\.(googleapis|cloud\.google)\.com$|\.storage\.googleapis\.com$"), "gcs"),
    (re.compile(r"\.(blob|file|dfs)\.core\.windows\.net$"), "azure"),
)
_SHARES = (  # of a university's own Seafile, Nextcloud or ownCloud, on any server
    (re.compile(r"^/f/[0-9a-f]{10,32}/?$"), "file"),
    (re.compile(r"^/d/[0-9a-f]{10,32}/files/?$"), "file"),
    (re.compile(r"^/d/[0-9a-f]{10,32}/?$"), "folder"),
    (re.compile(r"^(?:/\w+)?(?:/index\.php)?/s/[A-Za-z0-9]{12,24}/download(?:/|$)"), "file"),
    (re.compile(r"^(?:/\w+)?(?:/index\.php)?/s/[A-Za-z0-9]{15}/?$"), "folder"),
)


def locate(url: str) -> Address:
    """Return the kind of place that a URL leads to. Anything that is no web address is `other`, `page`.

    >>> locate("https://drive.google.com/drive/u/0/folders/1x")
    Address(host='google_drive', target='folder')
    """
    try:
        parts = urlsplit(url.strip())
        name = (parts.hostname or "").lower().removeprefix("www.")
        if parts.scheme.lower() == "hf":
            return _hugging_face("huggingface.co", urlsplit(hub_page(url)))
        if parts.scheme.lower() in ("s3", "gs"):
            return Address("s3" if parts.scheme.lower() == "s3" else "gcs", _file_or(parts.path, "folder"))
        if parts.scheme.lower() not in ("http", "https", "ftp") or not name:
            return OTHER
        return _known(name, parts)
    except ValueError:  # urlsplit's answer to broken ports and brackets
        return OTHER


def _known(name: str, parts: SplitResult) -> Address:
    """Return the address of a host by its rule, or of a plain web server."""
    for suffix, rule in _RULES:
        if name == suffix or name.endswith("." + suffix):
            return rule(name, parts)
    if re.search(r"/-/(?:raw|blob|tree|releases|jobs|package_files)/", parts.path):  # only GitLab writes so, on any server
        return _gitlab(name, parts)
    for pattern, host in _BUCKETS:
        if pattern.search(name):
            return _DIRECT if has_file_name(parts.path) else Address(host, "folder")
    for pattern, target in _SHARES:
        if pattern.search(parts.path):
            return Address("other", target)
    return _DIRECT if has_file_name(parts.path) or queried_file(parts.query) else OTHER


def queried_file(query: str) -> str:
    """Return the file of weights or the archive that a URL's query asks a server for, empty for none.

    >>> queried_file("project=herons&version=heron_small.zip")
    'heron_small.zip'
    """
    for value in (value for values in parse_qs(query[:2000], max_num_fields=50).values() for value in values):
        if _QUERIED.search(value):
            return value.rsplit("/", 1)[-1]
    return ""


def has_file_name(path: str) -> bool:
    """Tell whether a URL's path ends in a file name with a suffix that is not a web page's."""
    segments = unquote(path).rsplit("/", 1)
    match = _FILE_SUFFIX.search(segments[-1]) if len(segments) == 2 else None
    return bool(match) and match is not None and match.group(1).lower() not in _PAGE_SUFFIXES


def google_drive_id(url: str) -> str | None:
    """Return the id of a Google Drive file or folder in a URL, None where there is none."""
    try:
        parts = urlsplit(url.strip())
        match = re.search(r"/(?:folders|d|folderview)/([A-Za-z0-9_-]{10,})", parts.path)
        query = parse_qs(parts.query).get("id", [""])[0]
    except ValueError:
        return None
    return match.group(1) if match else (query if re.fullmatch(r"[A-Za-z0-9_-]{10,}", query) else None)


def hub_page(url: str) -> str:
    """Return the page of the Hub for its short form, hf://[datasets/|spaces/]owner/name[@revision][/path]; others as they are.

    >>> hub_page("hf://datasets/lab/poses@v1/train.zip")
    'https://huggingface.co/datasets/lab/poses/blob/v1/train.zip'
    """
    found = re.fullmatch(
        r"hf://(models/|(?:datasets|spaces)/)?([^/@]+/[^/@]+)(?:@((?:refs/[^/]+/)?[^/]+))?(?:/(.*))?", url.strip(), re.IGNORECASE
    )
    if found is None:
        return url
    kind, repo, revision, path = (found[1] or "").removeprefix("models/"), found[2], found[3] or "", found[4] or ""
    base = f"https://huggingface.co/{kind}{repo}"
    if not path:
        return f"{base}/tree/{quote(revision, safe='')}" if revision else base
    return f"{base}/{'blob' if has_file_name('/' + path) else 'tree'}/{quote(revision or 'main', safe='')}/{path}"


def _file_or(path: str, otherwise: str) -> str:
    return "file" if has_file_name(path) else otherwise


def _segments(parts: SplitResult) -> list[str]:
    return [segment for segment in parts.path.split("/") if segment]


def _google_drive(_: str, parts: SplitResult) -> Address:
    if re.search(r"/folders/|folderview|/folder/", parts.path + "?" + parts.query):
        return Address("google_drive", "folder")
    is_file = bool(re.search(r"/file/d/|/uc\b|/open\b|/d/", parts.path)) or "id=" in parts.query
    return Address("google_drive", "file" if is_file else "page")


def _google_docs(_: str, parts: SplitResult) -> Address:
    if re.match(r"/(?:a/[^/]+/)?(?:uc|open|file|folder|folderview|embeddedfolderview|drive)\b", parts.path):
        return _google_drive(_, parts)
    return Address("google_docs", "page")


def _hugging_face(name: str, parts: SplitResult) -> Address:
    if name not in _HUB_NAMES:  # where its files really lie, its forum, its documentation
        return _DIRECT if has_file_name(parts.path) else OTHER
    segments = _segments(parts)
    is_space = segments[:1] == ["spaces"] and len(segments) > 4  # its files; the page itself shows a program at work
    if is_space or segments[:1] == ["datasets"]:
        segments = segments[1:]
    elif segments and segments[0] in _HUB_PAGES:
        return Address("hugging_face", "page")
    if len(segments) >= 3 and segments[1] in _HUB_VERBS:  # one of the old models without an owner
        segments = ["", *segments]
    if len(segments) >= 4 and segments[2] in ("resolve", "blob", "raw"):
        return Address("hugging_face", "file")
    if len(segments) >= 4 and segments[2] == "tree":
        return Address("hugging_face", "folder" if len(segments) > 4 else "repo")
    if len(segments) == 2 or (len(segments) == 3 and segments[2] in ("tree", "discussions")):
        return Address("hugging_face", "repo")
    # A single name is an organization, a user, or one of the old models without an owner.
    return Address("hugging_face", "page")


_HUB_NAMES = ("huggingface.co", "hf.co", "hf-mirror.com")
_HUB_VERBS = ("resolve", "blob", "raw", "tree")
_HUB_PAGES = frozenset(
    "spaces docs blog papers models tasks learn organizations join login pricing collections posts search chat course buckets".split()
)


def _github(name: str, parts: SplitResult) -> Address:
    segments = _segments(parts)
    if name == "codeload.github.com":
        return Address("github", "file" if len(segments) >= 4 else "page")
    if name != "github.com":  # its documentation, its interface for programs
        return Address("github", "page")
    if segments[:2] == ["user-attachments", "files"] and len(segments) > 3:
        return Address("github", "file")
    if len(segments) >= 5 and segments[2] == "releases" and segments[3] == "download":
        return Address("github_release", "file")
    if len(segments) >= 3 and segments[2] == "releases":
        return Address("github_release", "page")
    if len(segments) == 2:
        return Address("github", "repo")
    if len(segments) > 3 and segments[2] in ("blob", "raw", "blame"):
        return Address("github", _file_or(parts.path, "page"))
    if len(segments) > 3 and segments[2] == "tree":
        return Address("github", "folder" if len(segments) > 4 else "repo")
    if len(segments) > 3 and segments[2] in ("archive", "zipball", "tarball"):
        return Address("github", "file")
    if len(segments) > 3 and segments[2] == "files":
        return Address("github", "file")  # attachment of an issue
    return Address("github", "page")


def _gitlab(_: str, parts: SplitResult) -> Address:
    if re.search(r"^/[^/]+/.+?/(?:-/)?(?:raw|blob|uploads|package_files)/|/-/releases/.+/downloads/|/-/jobs/\d+/artifacts/", parts.path):
        return Address("gitlab", "file")
    if re.search(r"^/[^/]+/.+?/(?:-/)?tree/|/-/releases/[^/]", parts.path):
        return Address("gitlab", "folder")
    return Address("gitlab", "repo" if len(_segments(parts)) == 2 else "page")


def _zenodo(_: str, parts: SplitResult) -> Address:
    segments = _segments(parts)
    if segments[:1] == ["badge"]:
        return Address("zenodo", "page" if parts.path.endswith(".svg") else "folder")
    archive = segments[-1:] == ["archive"] or "files-archive" in segments
    if ({"files", "preview"} & set(segments[:-1]) and not archive) or (segments[:1] == ["api"] and segments[-1:] == ["content"]):
        return Address("zenodo", "file")
    return Address("zenodo", "folder" if {"record", "records", "deposit", "doi"} & set(segments) else "page")


def _figshare(_: str, parts: SplitResult) -> Address:
    if re.search(r"/(?:ndownloader/)?files?/(?:download/)?\d", parts.path):
        return Address("figshare", "file")
    return Address("figshare", "folder" if re.search(r"/articles/|/s/|/collections/|/projects/", parts.path) else "page")


def _osf(name: str, parts: SplitResult) -> Address:
    segments = _segments(parts)
    if name.startswith("files."):
        return Address("osf", "folder" if parts.path.endswith("/") else "file")
    if "download" in segments or (len(segments) >= 2 and segments[1] == "files" and len(segments) > 3):
        return Address("osf", "file")
    return Address("osf", "folder" if segments else "page")


# Registrants of DOIs whose numbers name a place that holds files: what stands behind them is told without asking doi.org.
_DOIS = (
    ("10.5281/zenodo.", "zenodo"),
    ("10.6084/m9.figshare.", "figshare"),
    ("10.17605/osf.io/", "osf"),
    ("10.7910/dvn/", "dataverse"),
    ("10.17632/", "mendeley"),
)


def _doi(_: str, parts: SplitResult) -> Address:
    path = unquote(parts.path).lower().lstrip("/")
    return next((Address(host, "folder") for start, host in _DOIS if path.startswith(start)), OTHER)


def _dataverse(_: str, parts: SplitResult) -> Address:
    if re.search(r"/access/datafile/|/file\.xhtml", parts.path):
        return Address("dataverse", "file")
    return Address("dataverse", "folder" if re.search(r"/dataset\.xhtml|/api/datasets/|/citation", parts.path) else "page")


def _mendeley(_: str, parts: SplitResult) -> Address:
    segments = _segments(parts)
    if segments[:1] == ["public-files"]:
        return Address("mendeley", "file")
    return Address("mendeley", "folder" if {"datasets", "zip"} & set(segments[:-1]) else "page")


def _dropbox(name: str, parts: SplitResult) -> Address:
    if re.match(r"/(?:[el]/)?(sh|scl/fo)/", parts.path):
        inside = re.match(r"/(?:[el]/)?(?:sh|scl/fo)/[^/]+/[^/]+/.", parts.path) and has_file_name(parts.path)
        return Address("dropbox", "file" if inside else "folder")
    is_file = name.endswith("dropboxusercontent.com") or re.match(r"/(?:[el]/)?(s|scl/fi|u)/", parts.path)
    return Address("dropbox", "file" if is_file else "page")


def _onedrive(_: str, parts: SplitResult) -> Address:
    if re.search(r"/:f:/|^/f/|/_layouts/15/onedrive\.aspx", parts.path):
        return Address("onedrive", "folder")
    if re.search(r"/:[a-z]:/|^/[uwxpbtiv]/|/download|/embed", parts.path) or "download=1" in parts.query:
        return Address("onedrive", "file")
    return Address("onedrive", "page" if parts.path in ("", "/") and not parts.query else "folder")


def _cloud_console(_: str, parts: SplitResult) -> Address:
    if not parts.path.startswith("/storage/browser/"):
        return OTHER
    return Address("gcs", "file" if "/_details/" in parts.path else "folder")


def _baidu(_: str, parts: SplitResult) -> Address:
    return Address("baidu", "file" if re.match(r"/(s/|share/|wap/)", parts.path) else "page")


def _modelscope(_: str, parts: SplitResult) -> Address:
    segments = _segments(parts)
    if segments[:2] == ["api", "v1"]:
        return Address("modelscope", "file" if "filepath=" in parts.query.lower() else "repo")
    if "resolve" in segments or segments[3:5] == ["file", "view"]:
        return Address("modelscope", "file")
    if "tree" in segments[3:-2]:
        return Address("modelscope", "folder")
    return Address("modelscope", "repo" if len(segments) >= 3 and segments[0] in ("models", "datasets") else "page")


def _kaggle(_: str, parts: SplitResult) -> Address:
    segments = _segments(parts)
    return Address("kaggle", "repo" if len(segments) >= 3 and segments[0] in ("datasets", "models") else "page")


def _file_host(host: str) -> Callable[[str, SplitResult], Address]:
    """Return the rule of a host whose addresses say nothing more than file or folder."""

    def rule(_: str, parts: SplitResult) -> Address:
        text = parts.path + "#" + parts.fragment
        if re.search(r"folder|/d/s/|#F!|/dir/", text):
            return Address(host, "folder")
        return Address(host, "file" if len(parts.path.strip("/") + parts.fragment) > 3 else "page")

    return rule


def _page(host: str) -> Callable[[str, SplitResult], Address]:
    """Return the rule of a host that has pages only."""
    return lambda _name, _parts: Address(host, "page")


_RULES: tuple[tuple[str, Callable[[str, SplitResult], Address]], ...] = (
    ("drive.google.com", _google_drive),
    ("drive.usercontent.google.com", _google_drive),
    ("docs.google.com", _google_docs),
    ("sites.google.com", _page("other")),
    ("huggingface.co", _hugging_face),
    ("hf.co", _hugging_face),
    ("hf-mirror.com", _hugging_face),
    ("gist.github.com", _page("other")),
    ("github.com", _github),
    ("raw.githubusercontent.com", lambda _name, _parts: Address("github", "file")),
    ("media.githubusercontent.com", lambda _name, _parts: Address("github", "file")),
    ("gitlab.com", _gitlab),
    ("zenodo.org", _zenodo),
    ("doi.org", _doi),
    ("data.mendeley.com", _mendeley),
    ("dataverse.harvard.edu", _dataverse),
    ("dataverse.nl", _dataverse),
    ("borealisdata.ca", _dataverse),
    ("darus.uni-stuttgart.de", _dataverse),
    ("figshare.com", _figshare),
    ("osf.io", _osf),
    ("dropbox.com", _dropbox),
    ("dropboxusercontent.com", _dropbox),
    ("1drv.ms", _onedrive),
    ("1drv.ws", _onedrive),
    ("onedrive.live.com", _onedrive),
    ("sharepoint.com", _onedrive),
    ("sharepoint.cn", _onedrive),
    ("pan.baidu.com", _baidu),
    ("yun.baidu.com", _baidu),
    ("modelscope.cn", _modelscope),
    ("modelscope.ai", _modelscope),
    ("kaggle.com", _kaggle),
    ("arxiv.org", _page("arxiv")),
    ("colab.research.google.com", _page("other")),
    ("console.cloud.google.com", _cloud_console),
    ("mega.nz", _file_host("mega")),
    ("mega.co.nz", _file_host("mega")),
    ("mediafire.com", _file_host("mediafire")),
    ("disk.yandex.ru", _file_host("yandex_disk")),
    ("disk.yandex.com", _file_host("yandex_disk")),
    ("yadi.sk", _file_host("yandex_disk")),
    ("box.com", _file_host("box")),
    ("wetransfer.com", _file_host("wetransfer")),
    ("jianguoyun.com", _file_host("jianguoyun")),
    ("aliyundrive.com", _file_host("aliyun_drive")),
    ("alipan.com", _file_host("aliyun_drive")),
    ("weiyun.com", _file_host("weiyun")),
    ("pan.quark.cn", _file_host("quark")),
)
