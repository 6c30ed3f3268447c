"""A data set of Harvard's Dataverse: `World(pages=DataverseDataset({"m.pth": ...}).pages)`.

In the shape of https://guides.dataverse.org/en/latest/api/native-api.html.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.demo.internet import Content, Page
from internet.shapes import digest, file_page, json_page, size

SITE = "https://dataverse.harvard.edu"
STORE = "https://dvn-cloud.s3.amazonaws.com/10.7910/DVN"


@dataclass(frozen=True)
class DataverseDataset:
    """A data set: files by path at its latest version."""

    files: Mapping[str, Content] = field(default_factory=dict)
    id: str = "ABCDEF"
    restricted: frozenset[str] = frozenset()
    guestbook: bool = False
    there: bool = True
    published: bool = True

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"{SITE}/dataset.xhtml?persistentId=doi:10.7910/DVN/{self.id}"

    def number(self, path: str) -> int:
        """Return the number of a file."""
        return 4_000_000 + list(self.files).index(path)

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the data set with its answer."""
        query = f"?persistentId=doi:10.7910/DVN/{self.id}"
        here, one = f"{SITE}/api/datasets/:persistentId/{query}", f"{SITE}/api/datasets/:persistentId/versions/1.0/{query}"
        if not self.there or not self.published:
            words = "not found" if self.published else "User :guest is not permitted to perform requested action."
            return {here: json_page({"status": "ERROR", "message": words}, 401 if not self.published else 404)}
        version = {
            "id": 1,
            "versionNumber": 1,
            "versionMinorNumber": 0,
            "versionState": "RELEASED",
            "files": list(map(self._entry, self.files)),
        }
        made = {
            here: json_page({"status": "OK", "data": {"id": 9, "latestVersion": version}}),
            one: json_page({"status": "OK", "data": version}),
        }
        for path, content in self.files.items():
            address = f"{SITE}/api/access/datafile/{self.number(path)}"
            made[f"{STORE}/{self.number(path)}"] = file_page(content, path)
            made[address] = Page(status=303, location=f"{STORE}/{self.number(path)}?X-Amz-Signature=0")
            if path in self.restricted:
                made[address] = json_page(
                    {"status": "ERROR", "code": 403, "message": "Not authorized to access this object via this API"}, 403
                )
            if self.guestbook:
                words = "You may not download this file without the required Guestbook response."
                made[address] = json_page({"status": "ERROR", "code": 400, "message": words}, 400)
        return made

    def _entry(self, path: str) -> dict[str, Any]:
        folder, _, name = path.rpartition("/")
        content = self.files[path]
        row = {"label": name, "restricted": path in self.restricted, "version": 1, "datasetVersionId": 1}
        row["dataFile"] = {
            "id": self.number(path),
            "filename": name,
            "contentType": "application/octet-stream",
            "filesize": size(content),
            "md5": digest(content, "md5"),
            "checksum": {"type": "MD5", "value": digest(content, "md5")},
        }
        return row | ({"directoryLabel": folder} if folder else {})
