"""Which files of a repository are worth reading: READMEs, documents, configuration, scripts, pictures."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from auditor.documents.places import path_in_repository
from auditor.facts import Outline, Picture

MAX_CONFIGS = 60
MAX_FROM_CONFIG_FOLDERS = 20
MAX_NAMED = 15
MAX_PICTURES = 20

_README = re.compile(r"^readme(?:\.(md|markdown|mdown|mkdn|rst|rest|txt|html?))?$", re.IGNORECASE)
_README_ORDER = ("md", "markdown", "mdown", "mkdn", "rst", "rest", "txt", None, "html", "htm")
_DOCUMENT = re.compile(r"\.(?:md|markdown|mdown|mkdn|mdx|rst|rest|txt)$|(?:^|/)readme[^/.]*$", re.IGNORECASE)
_DULL = re.compile(
    r"(?:^|/)(?:licen[sc]e|copying|notice|code[_-]of[_-]conduct|contributing|security|authors|requirements|constraints|cmakelists|citation|pull_request_template|bug_report)[^/]*$",
    re.IGNORECASE,
)
_VENDORED = re.compile(
    r"(?:^|/)(?:third[_-]?part(?:y|ies)|3rd[_-]?party|node_modules|site-packages|vendor(?:ed|s)?|externals?|extern|submodules?|deps|\.git|bower_components|\.venv|venv)/",
    re.IGNORECASE,
)
_PICTURE = re.compile(r"\.(?:png|jpe?g|bmp|webp|tiff?)$", re.IGNORECASE)
_DECORATION = re.compile(
    r"badge|logo|(?<![a-z])icons?(?![a-z])|banner|avatar|shield|qr[_-]?code|wechat|sponsor|star-?history|favicon|button|colab|stargazers|twitter|discord|slack|visitor|contributors",
    re.IGNORECASE,
)
_DECORATION_HOSTS = re.compile(
    r"(?:^|\.)(?:shields\.io|badgen\.net|badge\.fury\.io|star-history\.com|contrib\.rocks|visitor-badge\.[\w.]+|hits\.[\w.]+|komarev\.com)$"
)
_PICTURE_HOSTS = re.compile(
    r"(?:^|\.)(?:raw\.githubusercontent\.com|user-images\.githubusercontent\.com|private-user-images\.githubusercontent\.com)$"
)
_RESULTS = re.compile(
    r"table|result|perform|benchmark|compar|accuracy|metric|eval|score|sota|ablation|protocol|quantitative|指标|结果|性能|表", re.IGNORECASE
)


def root_readmes(paths: Sequence[str]) -> list[str]:
    """Return the READMEs of a repository in the order in which GitHub prefers them: .github, root, docs; one of each folder.

    Where the root has one, that of docs/ is left to be found by a link.
    """
    github, root, docs = (readme_of_folder(folder, frozenset(paths)) for folder in (".github", "", "docs"))
    return [path for path in (github, root) if path] or [path for path in (docs,) if path]


def readme_of_folder(folder: str, files: Collection[str]) -> str | None:
    """Return the README of a folder, any case; Markdown before others."""
    prefix = f"{folder}/" if folder else ""
    found = []
    for path in files:
        if path.startswith(prefix) and "/" not in path[len(prefix) :]:
            match = _README.match(path[len(prefix) :])
            if match:
                suffix = match.group(1)
                found.append((_README_ORDER.index(suffix.lower() if suffix else None), path))
    return min(found)[1] if found else None


def is_document(path: str) -> bool:
    """Tell whether a linked file is a text that may speak of checkpoints or results."""
    return bool(_DOCUMENT.search(path)) and not _DULL.search(path)


def is_vendored(path: str) -> bool:
    """Tell whether a path lies in a folder of other people's code."""
    return bool(_VENDORED.search(path))


def named_files(texts: Iterable[str], linked: Iterable[str], files: Collection[str], suffixes: tuple[str, ...]) -> list[str]:
    """Return the files with these suffixes that documents name in their text or link, those that speak of downloads and models first."""
    pattern = re.compile(r"[\w./-]{1,200}(?:" + "|".join(re.escape(suffix) for suffix in suffixes) + r")(?![\w/-])")
    named = dict.fromkeys(path for path in linked if path.endswith(suffixes) and path in files)
    for text in texts:
        for match in pattern.finditer(text[:50_000]):
            path = match.group().removeprefix("./").lstrip("/")
            if path in files:
                named[path] = None
    wanted = [path for path in named if not is_vendored(path)]
    wanted.sort(key=lambda path: not re.search(r"download|fetch|get_|model|weight|checkpoint|pretrain|zoo", path, re.IGNORECASE))
    return wanted[:MAX_NAMED]


def config_paths(paths: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Return the configuration in Python: `config.py` and its like, hub entry points, and a modest number from config folders.

    Shallow paths come first; of a folder of configurations those that a document names.
    """
    python = [path for path in paths if path.endswith(".py") and not is_vendored(path) and not re.search(r"(?:^|/)(?:tests?|docs)/", path)]
    by_name = [
        path
        for path in python
        if re.search(
            r"config|(?:^|/)(?:hub(?:conf|_utils)?|weights|zoo|model_(?:zoo|urls)|pretrained\w*|download\w*|cfg|hparams|settings)\.py$",
            _name(path),
            re.IGNORECASE,
        )
    ]
    folder = [path for path in python if re.search(r"(?:^|/)\w*(?:configs?|cfgs?|exps?|experiments?)/", path) and path not in set(by_name)]
    words = "\n".join(texts)[:2_000_000]
    named = [path for path in folder if _name(path) in words]
    rest = [path for path in folder if path not in set(named)]
    by_name.sort(key=lambda path: (path.count("/"), path))
    chosen = [
        *by_name[: MAX_CONFIGS - MAX_FROM_CONFIG_FOLDERS],
        *[*named, *sorted(rest, key=lambda path: (path.count("/"), path))][:MAX_FROM_CONFIG_FOLDERS],
    ]
    return list(dict.fromkeys(chosen))[:MAX_CONFIGS]


def pictures_to_read(outlines: Sequence[Outline], files: Collection[str], full_name: str) -> tuple[Picture, ...]:
    """Return the pictures that may be tables, in the order of the documents, at most 20: those beside words of results are kept first."""
    found: dict[str, Picture] = {}
    for outline in outlines:
        if outline.document.role in ("readme", "document"):
            for picture in outline.pictures:
                placed = _placed(picture, files, full_name)
                if placed:
                    found.setdefault(placed.path or placed.url, placed)
    pictures = list(found.values())
    ranked = sorted(range(len(pictures)), key=lambda index: (not _speaks_of_results(pictures[index]), index))[:MAX_PICTURES]
    return tuple(pictures[index] for index in sorted(ranked))


def _placed(picture: Picture, files: Collection[str], full_name: str) -> Picture | None:
    """Return the picture with its path where the repository has it, or as it is on GitHub's hosts for pictures; None for any other."""
    path = picture.path or path_in_repository(picture.url, full_name)
    if path is not None:
        if path not in files or not _PICTURE.search(path) or _DECORATION.search(_name(path)):
            return None
        return replace(picture, path=path)
    try:
        parts = urlsplit(picture.url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    hosted = _PICTURE_HOSTS.search(host) or (host == "github.com" and re.search(r"/(?:user-attachments|assets|raw)/", parts.path))
    dull = _DECORATION_HOSTS.search(host) or _DECORATION.search(_name(parts.path)) or parts.path.lower().endswith((".gif", ".svg", ".mp4"))
    return picture if parts.scheme == "https" and hosted and not dull else None


def _speaks_of_results(picture: Picture) -> bool:
    return bool(_RESULTS.search(" ".join((picture.url, picture.alt, *picture.sections[1:], picture.caption[:200]))))


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]
