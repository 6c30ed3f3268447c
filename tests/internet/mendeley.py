"""A data set on Mendeley Data: `World(pages=MendeleyDataset({"m.pth": ...}).pages)`, in the shape that open clients read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.demo.internet import Content, Page
from internet.shapes import digest, file_page, json_page, size

SITE = "https://data.mendeley.com"
STORE = "https://prod-dcd-datasets-public-files-eu-west-1.s3.eu-west-1.amazonaws.com"


@dataclass(frozen=True)
class MendeleyDataset:
    """A data set: files by path (one folder deep or more) at its latest version, and older versions."""

    files: Mapping[str, Content] = field(default_factory=dict)
    id: str = "abcde12345"
    version: int = 1
    older: Mapping[int, Mapping[str, Content]] = field(default_factory=dict)
    there: bool = True

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"{SITE}/datasets/{self.id}/{self.version}"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the data set with its answer."""
        here = f"{SITE}/public-api/datasets/{self.id}"
        if not self.there:
            return {here: json_page({"message": "Dataset not found"}, 404)}
        listed = [self._entry(path, content, self.version) for path, content in self.files.items()]
        made = {here: json_page({"id": self.id, "name": "Networks", "version": self.version, "files": listed})}
        for version, files in {**self.older, self.version: self.files}.items():
            folders = sorted({path[: place + 1] for path in files for place, letter in enumerate(path) if letter == "/"})
            rows = [{"id": self._id(folder), "name": folder.strip("/").split("/")[-1], **self._parent(folder)} for folder in folders]
            made[f"{here}/folders/{version}"] = json_page(rows)
            for folder in ["", *folders]:
                inside = [
                    self._entry(path, content, version) for path, content in files.items() if path.rpartition("/")[0] == folder.rstrip("/")
                ]
                number = self._id(folder) if folder else "root"
                made[f"{here}/files?folder_id={number}&version={version}"] = json_page(inside)
            for path, content in files.items():
                key = self._id(f"{version}:{path}")
                made[f"{SITE}/public-files/datasets/{self.id}/files/{key}/file_downloaded"] = Page(status=302, location=f"{STORE}/{key}")
                made[f"{STORE}/{key}"] = file_page(content, path)
        return made

    def _parent(self, folder: str) -> dict[str, str]:
        above = folder.rstrip("/").rpartition("/")[0]
        return {"parent_id": self._id(f"{above}/")} if above else {}

    def _id(self, path: str) -> str:
        return hashlib.md5(f"{self.id}{path}".encode(), usedforsecurity=False).hexdigest()

    def _entry(self, path: str, content: Content, version: int) -> dict[str, Any]:
        key, above = self._id(f"{version}:{path}"), path.rpartition("/")[0]
        return {
            "filename": path.rpartition("/")[2],
            "id": key,
            "folder_id": self._id(f"{above}/") if above else "root",
            "size": size(content),
            "status": "COMPLETED",
            "content_details": {
                "id": key,
                "sha256_hash": digest(content, "sha256"),
                "content_type": "application/octet-stream",
                "size": size(content),
                "download_url": f"{SITE}/public-files/datasets/{self.id}/files/{key}/file_downloaded",
            },
        }
