"""A repository on ModelScope: `World(pages=ModelScopeRepository({"m.pth": ...}).pages)`.

In the shape that the open client (modelscope/modelscope_hub) reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from auditor.demo.internet import Content, Page
from internet.shapes import digest, file_page, json_page, size

SITE = "https://www.modelscope.cn"
STORE = "https://cdn-lfs-cn-1.modelscope.cn/prod/lfs-objects"
NOT_THERE = {"Code": 10010205001, "Message": "获取模型信息失败，信息：record not found", "RequestId": "1", "Success": False}


@dataclass(frozen=True)
class ModelScopeRepository:
    """A model or dataset repository at its branch, with further revisions."""

    files: Mapping[str, Content] = field(default_factory=dict)
    repo: str = "lab/pose"
    kind: str = "models"
    revisions: Mapping[str, Mapping[str, Content]] = field(default_factory=dict)
    gated: bool = False  # listed, and not handed out
    there: bool = True
    page_size: int = 200

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"{SITE}/{self.kind}/{self.repo}" + ("/summary" if self.kind == "models" else "")

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the repository with its answer."""
        here = f"{SITE}/api/v1/{self.kind}/{self.repo}/repo"
        if not self.there:
            return {f"{here}/files": json_page(NOT_THERE, 404), f"{here}/tree": json_page(NOT_THERE, 404)}
        end = "files" if self.kind == "models" else "tree"
        made = {f"{here}/{end}": json_page(NOT_THERE, 404)}
        for revision, files in {"master": self.files, **self.revisions}.items():
            made |= self._lists(f"{here}/{end}?Revision={quote(revision, safe='')}&Recursive=True", revision, files)
            for path, content in files.items():
                key = hashlib.sha256(f"{revision}/{path}".encode()).hexdigest()
                refused = json_page({"Code": 10010205002, "Message": "no permission", "Success": False}, 403)
                bytes_at = f"{here}?Revision={quote(revision, safe='')}&FilePath={quote(path, safe='')}"
                made[bytes_at] = refused if self.gated else Page(status=302, location=f"{STORE}/{key}?auth_key=0")
                made[f"{STORE}/{key}"] = file_page(content, path)
        return made

    def _lists(self, address: str, revision: str, files: Mapping[str, Content]) -> dict[str, Page]:
        folders = sorted({str(parent) for path in files for parent in PurePosixPath(path).parents} - {"."})
        rows = [self._row(path, "tree", revision, None) for path in folders]
        rows += [self._row(path, "blob", revision, content) for path, content in files.items()]
        if self.kind == "models":
            return {address: self._answer(rows)}
        pages = range(0, max(1, len(rows) + 1), self.page_size)
        return {
            f"{address}&PageNumber={first // self.page_size + 1}&PageSize={self.page_size}": self._answer(
                rows[first : first + self.page_size]
            )
            for first in pages
        }

    def _answer(self, rows: list[dict[str, Any]]) -> Page:
        data = {"Files": rows, "IsVisual": 0, "LatestCommitter": None}
        return json_page({"Code": 200, "Data": data, "Message": "success", "RequestId": "1", "Success": True})

    def _row(self, path: str, kind: str, revision: str, content: Content | None) -> dict[str, Any]:
        return {
            "CommitMessage": "upload",
            "CommittedDate": 1670000000,
            "CommitterName": "lab",
            "InCheck": False,
            "IsLFS": content is not None and size(content) > 1 << 20,
            "Mode": "33188" if kind == "blob" else "16384",
            "Name": PurePosixPath(path).name,
            "Path": path,
            "Revision": hashlib.sha1(revision.encode(), usedforsecurity=False).hexdigest(),
            "Sha256": digest(content, "sha256") if content is not None else "",
            "Size": size(content) if content is not None else 0,
            "Type": kind,
        }
