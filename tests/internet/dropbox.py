"""Shared links of Dropbox: `World(pages=DropboxFile("m.pth", ...).pages)`, `DropboxFolder({"m.pth": ...}).pages`.

Files are served where a redirect leads; folders as a zip of stored members with their sizes behind them, or in front
(`sized=True`). The words of refusals are those of Dropbox's help pages.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from auditor.demo.answers import as_blob
from auditor.demo.internet import Content, Page
from internet.shapes import BYTES, file_page

REFUSALS: dict[str, tuple[int, str]] = {
    "disabled": (429, "Error (429) This account's links are generating too much traffic and have been temporarily disabled!"),
    "restricted": (460, "Restricted Content. This file is no longer available. For additional information contact Dropbox Support."),
    "deleted": (404, "The file you're looking for has been deleted"),
    "expired": (410, "This link has expired"),
    "password": (200, "This link is protected by a password. Enter the password for this link"),
    "closed": (403, "You don't have access. Request access to this file"),
    "sign-in": (200, "<form><input type=password name=login_password></form>"),
    "gone": (404, "Error (404) We can't find the page you're looking for."),
    "page": (200, "<div id=root></div> Simplify your life"),
}


@dataclass(frozen=True)
class DropboxFile:
    """A shared file."""

    name: str = "m.pth"
    content: Content = b""
    refusal: str = ""
    url: str = "https://www.dropbox.com/scl/fi/abc123/m.pth?rlkey=k1&dl=0"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the file with its answer."""
        link = self.url.replace("dl=0", "dl=1")
        if self.refusal:
            return {link: refused(self.refusal)}
        served = f"https://uc0a1b2.dl.dropboxusercontent.com/cd/0/get/{quote(self.name)}/file?dl=1"
        return {link: Page(status=302, location=served), served: file_page(self.content, self.name)}


@dataclass(frozen=True)
class DropboxFolder:
    """A shared folder."""

    files: Mapping[str, Content] = field(default_factory=dict)
    refusal: str = ""
    sized: bool = False  # local headers know how long their files are
    url: str = "https://www.dropbox.com/sh/abc123/AABkey?dl=0"

    @property
    def pages(self) -> dict[str, Page]:
        """Return every address of the folder with its answer."""
        link = self.url.replace("dl=0", "dl=1")
        if self.refusal:
            return {link: refused(self.refusal)}
        headers = {"Content-Disposition": 'attachment; filename="models.zip"'}
        return {link: Page(folder_zip(self.files, sized=self.sized), BYTES.replace("octet-stream", "zip"), headers=headers)}


def refused(kind: str) -> Page:
    """Return the page with which Dropbox says no."""
    status, words = REFUSALS[kind]
    return Page(f"<!DOCTYPE html><html><head><title>Dropbox</title></head><body>{words}</body></html>".encode(), status=status)


def folder_zip(files: Mapping[str, Content], *, sized: bool = False) -> bytes:
    """Return a zip as it is made while it is sent: the folder itself first, stored members, sizes behind them."""
    body, directory = b"", b""
    for name, content in {"/": b"", **files}.items():
        blob = as_blob(content)
        data, path = blob.read(0, blob.size), name.encode()
        sizes = struct.pack("<3I", zlib.crc32(data), len(data), len(data))
        flags = 0x800 if sized else 0x808
        common = struct.pack("<5H", 20, flags, 0, 0, 0x5821)
        offset = len(body)
        body += b"PK\x03\x04" + common + (sizes if sized else bytes(12)) + struct.pack("<2H", len(path), 0) + path + data
        body += b"" if sized else b"PK\x07\x08" + sizes
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common + sizes + struct.pack("<5H2I", len(path), 0, 0, 0, 0, 0, offset) + path
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(files) + 1, len(files) + 1, len(directory), len(body), 0)
    return body + directory + end
