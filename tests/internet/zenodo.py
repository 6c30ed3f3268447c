"""A record on Zenodo: `World(pages=ZenodoRecord({"m.pth": ...}).pages)`.

In the shape of https://developers.zenodo.org/#records as zenodo-rdm serializes it, with InvenioRDM's refusals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from auditor.demo.internet import Content, Page
from internet.shapes import digest, file_page, json_page, size

API = "https://zenodo.org/api/records"


@dataclass(frozen=True)
class ZenodoRecord:
    """One version of a record, with the number that stands for all versions."""

    files: Mapping[str, Content] = field(default_factory=dict)
    number: int = 7654321
    concept: int = 7654320
    access: str = "open"  # restricted, embargoed
    embargo_date: str = ""
    is_last: bool = True
    hidden: bool = False  # the whole record, its description too
    deleted: bool = False

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"https://zenodo.org/records/{self.number}"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the record with its answer."""
        if self.deleted:
            tombstone = {"removal_reason": {"id": "retracted"}, "note": "Withdrawn by the owner.", "is_visible": True}
            return {f"{API}/{self.number}": json_page({"status": 410, "message": "Record deleted", "tombstone": tombstone}, 410)}
        if self.hidden:
            return {f"{API}/{self.number}": json_page({"status": 403, "message": "Permission denied."}, 403)}
        made = {
            f"{API}/{self.number}": json_page(self._record()),
            f"{API}/{self.concept}": Page(status=301, location=f"/api/records/{self.number}"),
            f"{API}/{self.number}/versions/latest": Page(status=301, location=f"/api/records/{self.number}"),
        }
        if self.access != "open":
            return made | {f"{API}/{self.number}/files": json_page({"status": 403, "message": "Permission denied."}, 403)}
        made[f"{API}/{self.number}/files"] = json_page(
            {"enabled": True, "links": {}, "entries": [self._entry(name) for name in self.files]}
        )
        return made | {f"{API}/{self.number}/files/{quote(name)}/content": file_page(content, name) for name, content in self.files.items()}

    def _entry(self, name: str) -> dict[str, Any]:
        here = f"{API}/{self.number}/files/{name}"
        content = self.files[name]
        return {
            "key": name,
            "checksum": f"md5:{digest(content, 'md5')}",
            "size": size(content),
            "mimetype": "application/octet-stream",
            "status": "completed",
            "storage_class": "L",
            "links": {"self": here, "content": f"{here}/content"},
        }

    def _record(self) -> dict[str, Any]:
        shown = self.files if self.access == "open" else {}
        entries = [
            {"id": f"id-{n}", "key": e["key"], "size": e["size"], "checksum": e["checksum"], "links": {"self": e["links"]["content"]}}
            for n, e in enumerate(map(self._entry, shown))
        ]
        parent = {"pid_type": "recid", "pid_value": str(self.concept)}
        metadata = {
            "title": "Checkpoints",
            "doi": f"10.5281/zenodo.{self.number}",
            "access_right": self.access,
            "relations": {"version": [{"index": 0, "is_last": self.is_last, "parent": parent}]},
        }
        if self.embargo_date:
            metadata["embargo_date"] = self.embargo_date
        return {
            "created": "2023-02-19T10:00:00.000000+00:00",
            "id": self.number,
            "conceptrecid": str(self.concept),
            "doi": f"10.5281/zenodo.{self.number}",
            "conceptdoi": f"10.5281/zenodo.{self.concept}",
            "metadata": metadata,
            "title": "Checkpoints",
            "links": {"self": f"{API}/{self.number}", "files": f"{API}/{self.number}/files", "self_html": self.url},
            "recid": str(self.number),
            "revision": 4,
            "files": entries,
            "owners": [{"id": 1}],
            "status": "published",
            "state": "done",
            "submitted": True,
        }
