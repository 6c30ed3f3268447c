"""What a `.git` folder says, read as text: the origin's GitHub name and the checked-out commit. Git itself is never run.

A stranger's `.git/config` can name programs that git would start; reading the few lines that are needed starts nothing.
Formats: gitrepository-layout(5), git-config(1), git-pack-refs(1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import UsageError
from auditor.repositories.target import parse_target

LARGEST_TEXT = 4 << 20
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
BRANCH = re.compile(r"refs/(?!.*\.\.)[^\s\\~^:?*\[\x00-\x1f]+")
MAX_REFS = 5


@dataclass(frozen=True, slots=True)
class GitFolder:
    """What is known of a working copy: empty where `.git` does not say."""

    full_name: str = ""  # "owner/name" of the origin, where that is on GitHub
    branch: str = ""
    commit: str = ""


def read_git_folder(folder: Path) -> GitFolder:
    """Return what the folder's `.git` says. Never raises for what stands there."""
    git = _git_directory(folder)
    if git is None:
        return GitFolder()
    common = _text(git / "commondir").strip()  # worktrees keep branches and configuration with their main copy
    shared = (git / common) if common else git
    head = _text(git / "HEAD").strip()
    branch = head.removeprefix("ref:").strip() if head.startswith("ref:") else ""
    commit = _commit(git, shared, branch) if branch else head
    return GitFolder(
        full_name=_origin(_text(shared / "config")),
        branch=branch.removeprefix("refs/heads/") if BRANCH.fullmatch(branch) else "",
        commit=commit if COMMIT.fullmatch(commit) else "",
    )


def _git_directory(folder: Path) -> Path | None:
    """Return where the folder's git data lies: `.git`, or where a file of that name points (worktrees, submodules)."""
    git = folder / ".git"
    if git.is_dir():
        return git
    pointed = _text(git).strip()
    return folder / pointed.removeprefix("gitdir:").strip() if pointed.startswith("gitdir:") else None


def _commit(git: Path, shared: Path, ref: str) -> str:
    """Return the commit of a branch: from its own file, or from the packed list."""
    for _ in range(MAX_REFS):
        if not BRANCH.fullmatch(ref):
            return ""
        text = _text(git / ref).strip() or _text(shared / ref).strip()
        if not text.startswith("ref:"):
            break
        ref = text.removeprefix("ref:").strip()
    if text:
        return text
    for line in _text(shared / "packed-refs").splitlines():
        commit, _, name = line.partition(" ")
        if name.strip() == ref:
            return commit
    return ""


def _origin(config: str) -> str:
    """Return `owner/name` of the remote "origin", or "" where there is none or it is not on GitHub."""
    section = ""
    for line in config.splitlines():
        header = re.match(r"\s*\[([^\]]*)\]", line)
        if header:
            section = header[1].strip()
            line = line[header.end() :]
        found = re.match(r"\s*url\s*=\s*(\S+)", line)
        if found and section == 'remote "origin"':
            return _github_name(found[1].strip('"'))
    return ""


def _github_name(url: str) -> str:
    """Return `owner/name` of a remote's address, or ""."""
    if "://" not in url and not url.startswith("git@"):
        return ""  # a folder
    try:
        return parse_target(url).text
    except UsageError:
        return ""


def _text(path: Path) -> str:
    """Return a small text file, or "" where it cannot be read as one."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_TEXT:
            return ""
        return path.read_text("utf-8", errors="replace")
    except (OSError, ValueError):
        return ""
