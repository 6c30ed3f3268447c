"""A project on OSF: `World(pages=OsfProject(OsfFolder({"m.pth": ...})).pages)`; in the shape of https://developer.osf.io."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.demo.internet import Content, Page
from internet.shapes import digest, file_page, json_page, size

API = "https://api.osf.io/v2"
STORE = "https://storage.googleapis.com/cos-osf-prod-files-us"
UNAUTHORIZED = {"errors": [{"detail": "Authentication credentials were not provided."}]}
GONE = {"errors": [{"detail": "The requested node is no longer available."}]}


@dataclass(frozen=True)
class OsfFolder:
    """Files and folders by name."""

    entries: Mapping[str, Content | OsfFolder] = field(default_factory=dict)


@dataclass(frozen=True)
class OsfProject:
    """A project (or component) with the root folder of each storage provider."""

    osfstorage: OsfFolder = OsfFolder()
    id: str = "ab3cd"
    title: str = "Trained networks"
    others: Mapping[str, OsfFolder] = field(default_factory=dict)  # other providers: github, dropbox
    children: tuple[OsfProject, ...] = ()
    private: bool = False
    deleted: bool = False
    page_size: int = 10

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"https://osf.io/{self.id}/"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the project with its answer."""
        node, refusal = f"{API}/nodes/{self.id}", None
        made = {f"{API}/guids/{self.id}": Page(status=302, location=f"{node}/")}
        if self.private or self.deleted:
            refusal = json_page(GONE, 410) if self.deleted else json_page(UNAUTHORIZED, 401)
            return made | {node: refusal, f"{node}/files": refusal, f"{node}/children": refusal}
        attributes = {"title": self.title, "category": "project", "public": True}
        made[node] = json_page({"data": {"id": self.id, "type": "nodes", "attributes": attributes}, "meta": {"version": "2.0"}})
        providers = {"osfstorage": self.osfstorage, **self.others}
        rows = [self._provider(name) for name in providers]
        made |= self._list(f"{node}/files/", rows)
        made |= self._list(f"{node}/children/", [{"id": c.id, "type": "nodes", "attributes": {"title": c.title}} for c in self.children])
        for name, folder in providers.items():
            made |= self._folder(name, f"{node}/files/{name}/", "/", folder)
        for child in self.children:
            made |= child.pages
        return made

    def file_id(self, provider: str, path: str) -> str:
        """Return the identifier of a file, as OSF makes them."""
        return hashlib.sha1(f"{self.id}{provider}{path}".encode(), usedforsecurity=False).hexdigest()[:24]

    def _provider(self, name: str) -> dict[str, Any]:
        href = f"{API}/nodes/{self.id}/files/{name}/"
        return {
            "id": f"{self.id}:{name}",
            "type": "files",
            "attributes": {"name": name, "kind": "folder", "path": "/", "node": self.id, "provider": name},
            "relationships": {"files": {"links": {"related": {"href": href, "meta": {}}}}},
        }

    def _folder(self, provider: str, href: str, path: str, folder: OsfFolder) -> dict[str, Page]:
        made, rows = {}, []
        for name, entry in folder.entries.items():
            if isinstance(entry, OsfFolder):
                inner = f"{API}/nodes/{self.id}/files/{provider}/{self.file_id(provider, f'{path}{name}/')}/"
                rows.append(self._entry(provider, name, f"{path}{name}/", "folder", inner))
                made |= self._folder(provider, inner, f"{path}{name}/", entry)
            else:
                row = self._file(provider, name, f"{path}{name}", entry)
                rows.append(row)
                made[f"{API}/files/{row['id']}"] = json_page({"data": row})
                made[f"https://osf.io/download/{row['id']}"] = Page(status=302, location=f"{STORE}/{row['id']}?Signature=00")
                made[f"{STORE}/{row['id']}"] = file_page(entry, name)
        return made | self._list(href, rows)

    def _file(self, provider: str, name: str, path: str, content: Content) -> dict[str, Any]:
        row = self._entry(provider, name, path, "file", "")
        hashes = {"md5": digest(content, "md5"), "sha256": digest(content, "sha256")} if provider == "osfstorage" else {}
        row["attributes"] |= {"size": size(content), "extra": {"hashes": hashes, "downloads": 3}, "current_version": 2}
        row["links"] = {"download": f"https://osf.io/download/{row['id']}/", "info": f"{API}/files/{row['id']}/"}
        return row

    def _entry(self, provider: str, name: str, path: str, kind: str, href: str) -> dict[str, Any]:
        number = self.file_id(provider, path)
        attributes = {"guid": None, "name": name, "kind": kind, "path": f"/{number}", "materialized_path": path, "provider": provider}
        relations = {"files": {"links": {"related": {"href": href, "meta": {}}}}} if href else {}
        return {"id": number, "type": "files", "attributes": {**attributes, "size": None, "tags": []}, "relationships": relations}

    def _list(self, href: str, rows: list[dict[str, Any]]) -> dict[str, Page]:
        """Return the pages of a list: each names the next."""
        made = {}
        for first in range(0, max(len(rows), 1), self.page_size):
            number = first // self.page_size + 1
            more = f"{href}?page={number + 1}" if first + self.page_size < len(rows) else None
            links = {"first": None, "last": None, "prev": None, "next": more, "meta": {"total": len(rows), "per_page": self.page_size}}
            address = href.rstrip("/") if number == 1 else f"{href}?page={number}"
            made[address] = json_page({"data": rows[first : first + self.page_size], "links": links})
        return made
