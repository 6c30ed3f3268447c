"""An article on figshare: `World(pages=FigshareArticle({"m.pth": ...}).pages)`; in the shape of https://docs.figshare.com."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.demo.internet import Content, Page
from internet.shapes import digest, file_page, json_page, size

API = "https://api.figshare.com/v2"
DOWNLOADS = "https://ndownloader.figshare.com/files"
STORE = "https://s3-eu-west-1.amazonaws.com/pfigshare-u-files"
NOT_FOUND = {"message": "Entity not found: article", "code": "EntityNotFound", "data": {"extra": "Entity not found: article"}}


@dataclass(frozen=True)
class FigshareArticle:
    """An article with its latest version; older ones have the same files unless `older` says otherwise."""

    files: Mapping[str, Content] = field(default_factory=dict)
    number: int = 21984000
    version: int = 1
    older: Mapping[int, Mapping[str, Content]] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)  # files that only point elsewhere
    embargo_date: str = ""
    confidential: bool = False
    description_only: bool = False
    draft: bool = False  # answered with 404, as everything that is not public

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"https://figshare.com/articles/dataset/Trained_networks/{self.number}"

    def file_number(self, name: str, version: int = 0) -> int:
        """Return the number of a file."""
        names = list(self.older.get(version, self.files)) + list(self.links)
        return self.number * 10 + names.index(name) + (version or self.version) * 1000

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the article with its answer."""
        here = f"{API}/articles/{self.number}"
        if self.draft:
            return {here: json_page(NOT_FOUND, 404)}
        numbers = sorted({*self.older, self.version})
        made = {here: json_page(self._record(self.version)), f"{here}/files": json_page(self._entries(self.version))}
        made[f"{here}/versions"] = json_page([{"version": number, "url": f"{here}/versions/{number}"} for number in numbers])
        for number in numbers:
            made[f"{here}/versions/{number}"] = json_page(self._record(number))
            for name, content in self._files(number).items():
                place = self.file_number(name, number)
                made[f"{DOWNLOADS}/{place}"] = Page(status=302, location=f"{STORE}/{place}/file?X-Amz-Signature=00")
                made[f"{STORE}/{place}/file"] = file_page(content, name)
        return made

    def _files(self, version: int) -> Mapping[str, Content]:
        if self.embargo_date or self.confidential or self.description_only:
            return {}
        return self.older.get(version, self.files) if version != self.version else self.files

    def _entries(self, version: int) -> list[dict[str, Any]]:
        entries = [
            {
                "id": self.file_number(name, version),
                "name": name,
                "size": size(content),
                "is_link_only": False,
                "download_url": f"{DOWNLOADS}/{self.file_number(name, version)}",
                "supplied_md5": digest(content, "md5"),
                "computed_md5": digest(content, "md5"),
                "mimetype": "application/zip",
            }
            for name, content in self._files(version).items()
        ]
        linked = {"size": 0, "is_link_only": True, "supplied_md5": "", "computed_md5": "", "mimetype": "undefined"}
        return entries + [{"id": self.file_number(name), "name": name, "download_url": url, **linked} for name, url in self.links.items()]

    def _record(self, version: int) -> dict[str, Any]:
        return {
            "id": self.number,
            "title": "Trained networks",
            "doi": f"10.6084/m9.figshare.{self.number}.v{version}",
            "url_public_html": f"{self.url}/{version}",
            "url_public_api": f"{API}/articles/{self.number}",
            "defined_type_name": "dataset",
            "status": "public",
            "version": version,
            "size": sum(entry["size"] for entry in self._entries(version)),
            "is_embargoed": bool(self.embargo_date),
            "embargo_type": "file" if self.embargo_date else None,
            "embargo_date": self.embargo_date or None,
            "is_confidential": self.confidential,
            "confidential_reason": "under review" if self.confidential else "",
            "is_metadata_record": self.description_only,
            "metadata_reason": "hosted elsewhere" if self.description_only else "",
            "download_disabled": False,
            "files": self._entries(version)[:10],
        }


def collection_pages(number: int, articles: Iterable[FigshareArticle], kind: str = "collections") -> dict[str, Page]:
    """Return the pages of a collection (or project) with those of its articles."""
    articles = tuple(articles)
    made = {f"{API}/{kind}/{number}/articles": json_page([{"id": article.number, "title": "Trained networks"} for article in articles])}
    for article in articles:
        made |= article.pages
    return made
