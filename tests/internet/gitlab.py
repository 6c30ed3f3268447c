"""A project on a GitLab: `World(pages=GitLabProject({"weights/m.pth": ...}).pages)`, in the shapes of its interface v4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from auditor.demo.internet import Content, Page
from internet.shapes import digest, file_page, json_page

SIGN_IN = b"<!DOCTYPE html><html><head><title>Sign in \xc2\xb7 GitLab</title></head><body><form id='new_user'></form></body></html>"


@dataclass(frozen=True)
class GitLabProject:
    """A project with one branch."""

    files: Mapping[str, Content] = field(default_factory=dict)
    project: str = "lab/vision/pose"
    server: str = "https://gitlab.com"
    ref: str = "main"
    page_size: int = 100
    private: bool = False
    lfs: Mapping[str, Content] = field(default_factory=dict)  # what pointers in `files` stand for
    release: Mapping[str, str] = field(default_factory=dict)  # name and address of each link of the release "v1"

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"{self.server}/{self.project}/-/tree/{self.ref}"

    def api(self, more: str) -> str:
        """Return an address of the interface."""
        return f"{self.server}/api/v4/projects/{quote(self.project, safe='')}/{more}"

    def tree(self, folder: str, more: str = "") -> str:
        """Return the address of a listing."""
        ref = quote(self.ref, safe="")
        return self.api(f"repository/tree?path={quote(folder, safe='')}&ref={ref}&recursive=true&per_page=100&pagination=keyset{more}")

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the project with its answer."""
        raw = {
            f"{self.server}/{self.project}/-/raw/{quote(self.ref)}/{quote(path)}": file_page(content, path)
            for path, content in self.files.items()
        }
        if self.private:
            away = f"{self.server}/users/sign_in"
            made = {address: Page(status=302, location=away) for address in raw} | {away: Page(SIGN_IN)}
            gone = json_page({"message": "404 Project Not Found"}, 404)
            return made | {self.tree(folder): gone for folder in self.folders()} | {self.api("releases/v1"): gone}
        made = raw
        for folder in self.folders():
            entries = self.entries(folder)
            for place in range(0, max(1, len(entries)), self.page_size):
                mark = f"&page_token={place}" if place else ""
                more = place + self.page_size < len(entries)
                link = {"Link": f'<{self.tree(folder, f"&page_token={place + self.page_size}")}>; rel="next"'} if more else {}
                made[self.tree(folder, mark)] = json_page(entries[place : place + self.page_size], **link)
        for path, content in self.lfs.items():
            made[self.api(f"repository/files/{quote(path, safe='')}/raw?ref={quote(self.ref, safe='')}&lfs=true")] = file_page(
                content, path
            )
        links = [{"id": n, "name": name, "url": url, "direct_asset_url": url} for n, (name, url) in enumerate(self.release.items())]
        made[self.api("releases/v1")] = json_page({"tag_name": "v1", "assets": {"count": 4, "sources": [], "links": links}})
        return made | {self.server + "/api": json_page({"message": "404 Not Found"}, 404)}

    def folders(self) -> set[str]:
        """Return every folder; the first is empty."""
        return {""} | {path[:place] for path in self.files for place, letter in enumerate(path) if letter == "/"}

    def entries(self, folder: str) -> list[dict[str, str]]:
        """Return the entries of a folder and of those below it."""
        inside = folder + "/" if folder else ""
        trees = [
            {"id": "0" * 40, "name": path.rsplit("/", 1)[-1], "type": "tree", "path": path, "mode": "040000"}
            for path in sorted(self.folders() - {""})
            if path.startswith(inside)
        ]
        return trees + [
            {"id": digest(self.files[path], "sha1"), "name": path.rsplit("/", 1)[-1], "type": "blob", "path": path, "mode": "100644"}
            for path in sorted(self.files)
            if path.startswith(inside)
        ]
