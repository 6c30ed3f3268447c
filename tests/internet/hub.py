"""A repository on the Hugging Face Hub: `World(pages=HubRepository({"m.pth": ...}).pages)`.

In the shape of https://huggingface.co/docs/hub/api: a record with its siblings, and files behind a redirect that tells hash and size.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from auditor.demo.internet import Content, Page
from internet.shapes import digest, file_page, json_page, size

HUB = "https://huggingface.co"
STORE = "https://cdn-lfs.hf.co/repos/aa/bb"


@dataclass(frozen=True)
class HubRepository:
    """A model repository at its only commit."""

    files: Mapping[str, Content] = field(default_factory=dict)
    repo: str = "lab/pose"
    commit: str = "1f" * 20

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"{HUB}/{self.repo}"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the repository with its answer."""
        record = {"id": self.repo, "sha": self.commit, "siblings": [self._sibling(name) for name in self.files]}
        made = {f"{HUB}/api/models/{self.repo}{at}": json_page(record) for at in ("", "/revision/main", f"/revision/{self.commit}")}
        for ref in ("main", self.commit):
            made[f"{HUB}/api/models/{self.repo}/tree/{ref}"] = json_page([self._entry(name) for name in self.files])
        for name, content in self.files.items():
            sha256 = digest(content, "sha256")
            told = {"X-Linked-Size": str(size(content)), "X-Linked-ETag": f'"{sha256}"', "X-Repo-Commit": self.commit}
            made[f"{STORE}/{sha256}"] = file_page(content, name)
            for ref in ("main", self.commit):
                at = f"{HUB}/{self.repo}/resolve/{ref}/{quote(name)}"
                made[at] = Page(status=302, location=f"{STORE}/{sha256}", headers=told)
        return made

    def _entry(self, name: str) -> dict[str, object]:
        content = self.files[name]
        lfs = {"oid": digest(content, "sha256"), "size": size(content), "pointerSize": 131}
        return {"type": "file", "oid": "c0" * 20, "size": size(content), "path": name, "lfs": lfs}

    def _sibling(self, name: str) -> dict[str, object]:
        content = self.files[name]
        lfs = {"size": size(content), "sha256": digest(content, "sha256"), "pointerSize": 131}
        return {"rfilename": name, "size": size(content), "blobId": "c0" * 20, "lfs": lfs}
