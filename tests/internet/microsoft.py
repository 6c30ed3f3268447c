"""Shared links of OneDrive and SharePoint: `World(pages=OneDriveShare({"m.pth": ...}).pages)`, `SharePointShare(...)`.

OneDrive in the shapes of api.onedrive.com v1.0, SharePoint in those of its REST interface without metadata. `refusal` names how
Microsoft says no.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from auditor.demo.internet import Content, Page
from internet.shapes import digest, file_page, json_page, size

API = "https://api.onedrive.com/v1.0"
LOGIN = "https://login.microsoftonline.com/common/oauth2/authorize"
FOLDER_PAGE = b"<!DOCTYPE html><html><head><title>Files</title></head><body><script>var page={}</script></body></html>"
API_REFUSALS = {
    "unauthenticated": (401, "unauthenticated", "Unauthenticated"),
    "closed": (403, "accessDenied", "Access Denied"),
    "gone": (404, "itemNotFound", "Item does not exist"),
    "busy": (429, "activityLimitReached", "The request has been throttled"),
}
PAGE_REFUSALS = {
    "expired": "<h1>Sorry, this link has expired</h1>",
    "removed": "<h1>Sorry, something went wrong</h1>This link has been removed.",
    "password": "<h1>Enter password</h1><input type='password' id='txtPassword'>",
    "people": "<h1>Verify Your Identity</h1>Enter your email to receive a verification code",
}


@dataclass(frozen=True)
class OneDriveShare:
    """A folder of a person, or one file (`single`), shared with everyone."""

    files: Mapping[str, Content] = field(default_factory=dict)
    url: str = "https://1drv.ms/f/s!AhIXJn_J-blWzzDX"
    single: bool = False
    page_size: int = 200
    refusal: str = ""
    downloads: bool = False  # the link itself leads to the file, whatever the interface says

    @property
    def base(self) -> str:
        """Return the address of the share in the interface."""
        return f"{API}/shares/u!{base64.urlsafe_b64encode(self.url.encode()).decode().rstrip('=')}"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the share with its answer."""
        made: dict[str, Page] = {
            f"https://public.dm.files.1drv.com/{quote(path)}": file_page(content, path) for path, content in self.files.items()
        }
        link = self.url + ("&" if "?" in self.url else "?") + "download=1"
        made[link] = Page(FOLDER_PAGE)
        if self.downloads:
            made[link] = Page(status=302, location=f"https://public.dm.files.1drv.com/{quote(next(iter(self.files)))}")
        if self.refusal:
            status, code, message = API_REFUSALS[self.refusal]
            no = json_page({"error": {"code": code, "message": message}}, status)
            return made | {f"{self.base}/driveItem": no, f"{self.base}/driveItem/children": no}
        if self.single:
            path = next(iter(self.files))
            return made | {
                f"{self.base}/driveItem": json_page(self.item(path)),
                f"{self.base}/items/{_id(path)}": json_page(self.item(path)),
            }
        made[f"{self.base}/driveItem"] = json_page({"id": "ROOT!1", "name": "models", "folder": {"childCount": 3}, "size": 9})
        for folder in {""} | {path[:place] for path in self.files for place, letter in enumerate(path) if letter == "/"}:
            made |= self._children(folder)
        return made

    def item(self, path: str) -> dict[str, Any]:
        """Return one file of the interface."""
        content = self.files[path]
        hashes = {"quickXorHash": "AAAA", "sha1Hash": digest(content, "sha1").upper(), "sha256Hash": digest(content, "sha256").upper()}
        return {
            "id": _id(path),
            "name": path.rsplit("/", 1)[-1],
            "size": size(content),
            "cTag": "aYzpDOjE",
            "eTag": "aQzoy",
            "webUrl": f"https://1drv.ms/u/{_id(path)}",
            "file": {"mimeType": "application/octet-stream", "hashes": hashes},
            "@content.downloadUrl": f"https://public.dm.files.1drv.com/{quote(path)}",
        }

    def _children(self, folder: str) -> dict[str, Page]:
        inside = folder + "/" if folder else ""
        rest = [path[len(inside) :] for path in self.files if path.startswith(inside)]
        names = sorted({name.split("/")[0] for name in rest if "/" in name})
        entries: list[dict[str, Any]] = [{"id": _id(inside + name), "name": name, "folder": {"childCount": 1}} for name in names]
        entries += [self.item(inside + name) for name in sorted(rest) if "/" not in name]
        address = f"{self.base}/items/{_id(folder)}/children" if folder else f"{self.base}/driveItem/children"
        made = {}
        for place in range(0, max(1, len(entries)), self.page_size):
            following = f"{address}?$top=200&$skiptoken={place + self.page_size}"
            more = {"@odata.nextLink": following} if place + self.page_size < len(entries) else {}
            here = f"{address}?$top=200&$skiptoken={place}" if place else f"{address}?$top=200"
            made[here] = json_page({"value": entries[place : place + self.page_size], **more})
        return made


@dataclass(frozen=True)
class SharePointShare:
    """A folder of an organization, or one file (`single`), shared with anyone who has the link."""

    files: Mapping[str, Content] = field(default_factory=dict)
    single: bool = False
    refusal: str = ""  # login, denied, gone, or one of PAGE_REFUSALS; "closed-list": only the list is refused
    server: str = "https://lab-my.sharepoint.com"

    @property
    def url(self) -> str:
        """Return the address that people copy."""
        return f"{self.server}/:{'u' if self.single else 'f'}:/g/personal/a_b_edu/Ept_oetyUG?e=C"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the share with its answer; cookies are handed out, `needs_cookie` says where they are wanted."""
        link, site = self.url + ("&download=1" if self.single else ""), f"{self.server}/personal/a_b_edu"
        if self.refusal in ("login", "denied", "gone") or self.refusal in PAGE_REFUSALS:
            return (
                {link: self._refused(site)}
                | {LOGIN: Page(b"<html><title>Sign in to your account</title></html>")}
                | {f"{site}/_layouts/15/AccessDenied.aspx": Page(b"<html>Access required</html>", status=403)}
            )
        cookie = {"Set-Cookie": "FedAuth=abc123; path=/; secure; HttpOnly", "Location": ""}
        made = {
            f"{site}/_layouts/15/download.aspx?UniqueId={_guid(path)}": file_page(content, path) for path, content in self.files.items()
        }
        if self.single:
            target = f"{site}/_layouts/15/download.aspx?UniqueId={_guid(next(iter(self.files)))}"
        else:
            target = f"{site}/_layouts/15/onedrive.aspx?id=%2Fpersonal%2Fa_b_edu%2FDocuments%2Fmodels&ga=1"
            made[target] = Page(FOLDER_PAGE)
            made |= self._lists(site)
        return made | {link: Page(b"", status=302, headers={**cookie, "Location": target})}

    def _refused(self, site: str) -> Page:
        if self.refusal == "login":
            return Page(status=302, location=LOGIN)
        if self.refusal == "denied":
            return Page(status=302, location=f"{site}/_layouts/15/AccessDenied.aspx")
        if self.refusal == "gone":
            return Page(b"404 FILE NOT FOUND", "text/plain", 404)
        return Page(f"<!DOCTYPE html><html><body>{PAGE_REFUSALS[self.refusal]}</body></html>".encode())

    def _lists(self, site: str) -> dict[str, Page]:
        root = "/personal/a_b_edu/Documents/models"
        made = {}
        for folder in {""} | {path[:place] for path in self.files for place, letter in enumerate(path) if letter == "/"}:
            inside = folder + "/" if folder else ""
            rest = [path[len(inside) :] for path in self.files if path.startswith(inside)]
            files = [
                {"Name": name, "Length": str(size(self.files[inside + name])), "UniqueId": _guid(inside + name), "ETag": '"{AB},2"'}
                for name in sorted(rest)
                if "/" not in name
            ]
            names = sorted({name.split("/")[0] for name in rest if "/" in name})
            base = f"{site}/_api/web/GetFolderByServerRelativePath(decodedurl='{quote(root + ('/' + folder if folder else ''))}')"
            folders = [{"Name": name, "ServerRelativeUrl": f"{root}/{inside}{name}"} for name in names]
            no = Page(b'{"odata.error":{"code":"-2147024891"}}', "application/json", 403)
            shut = self.refusal == "closed-list"
            made[f"{base}/Files?$select=Name,Length,UniqueId,ETag&$top=1000"] = no if shut else json_page({"value": files})
            made[f"{base}/Folders?$select=Name,ServerRelativeUrl&$top=1000"] = no if shut else json_page({"value": folders})
        return made


def _id(path: str) -> str:
    return f"B8E63FDC!{hashlib.sha256(path.encode()).hexdigest()[:8]}"


def _guid(path: str) -> str:
    found = hashlib.sha256(path.encode()).hexdigest()
    return f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:32]}"
