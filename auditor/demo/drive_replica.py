"""Google Drive as a stranger sees it: folder pages, downloads with ranges, and every page that means no.

Addresses and the markup that programs look for are those which gdown 6.5 parses (embeddedfolderview, the form with the
id `download-form`, `uc-error-subcaption`); the rest of each page is kept short.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import quote, urlencode

from auditor.demo.answers import Answer, Request, as_blob, as_html, cut_short, ranged, redirect, whole
from auditor.demo.internet import DriveDocument, DriveEntry, DriveFile, DriveFolder, Sharing, every_drive_entry

DRIVE = "https://drive.google.com"
DOWNLOADS = "https://drive.usercontent.google.com/download"
SIGN_IN = "https://accounts.google.com/v3/signin/identifier"
HOSTS = ("drive.google.com", "docs.google.com", "drive.usercontent.google.com", "accounts.google.com")
SCAN_LIMIT_BYTES = 100 << 20
FOLDER_PAGE_ENTRIES = 50  # as many as the page of a folder holds before it is scrolled


class DriveReplica:
    """Answers for every host of Drive."""

    def __init__(self, entries: Iterable[DriveEntry]) -> None:
        self._entries = {entry.id: entry for entry in every_drive_entry(tuple(entries))}

    def answer(self, request: Request) -> Answer:
        """Answer a request to one of `HOSTS`."""
        if request.host == "accounts.google.com":
            return as_html("Sign in - Google Accounts", '<form id="gaia_loginform"><h1>Sign in</h1> to continue to Google Drive</form>')
        if request.path in ("/uc", "/download", "/open", "/embeddedfolderview"):
            key = request.query.get("id", "")
        else:
            match = re.match(r"^/(?:file|document|spreadsheets|presentation)(?:/u/\d+)?/d/([-\w]+)", request.path)
            match = match or re.match(r"^/drive/(?:u/\d+/)?(?:mobile/)?folders/([-\w]+)", request.path)
            key = match[1] if match else ""
        entry = self._entries.get(key)
        if entry is None or (not isinstance(entry, DriveDocument) and entry.sharing == Sharing.DELETED):
            return _not_there()
        return _closed(request, entry) or self._open_entry(request, entry)

    def _open_entry(self, request: Request, entry: DriveEntry) -> Answer:
        """Answer for something that strangers may see."""
        if isinstance(entry, DriveFolder):
            return _folder(request, entry)
        if isinstance(entry, DriveDocument):
            return _document(request, entry)
        if request.path == "/embeddedfolderview" or request.path.startswith("/drive/"):
            return _not_there()
        if request.path == "/open":
            return redirect(f"{DRIVE}/file/d/{entry.id}/view")
        if request.host == "drive.usercontent.google.com":
            return _download(request, entry)
        if request.path == "/uc":
            query = {"id": entry.id, "export": "download"} | {
                name: request.query[name] for name in ("confirm", "uuid") if name in request.query
            }
            return redirect(f"{DOWNLOADS}?{urlencode(query)}", 303)
        return as_html(
            f"{entry.name} - Google Drive", f'<meta itemprop="name" content="{escape(entry.name)}"><div>{escape(entry.name)}</div>'
        )


def _not_there() -> Answer:
    """Return the page for an id that leads nowhere, deleted files included."""
    text = "<p><b>404.</b> That's an error.</p><p>Sorry, the file you have requested does not exist.</p>"
    return as_html("Error 404 (Not Found)!!1", text, 404)


def _closed(request: Request, entry: DriveEntry) -> Answer | None:
    """Return what a stranger gets for something that is not shared; None where it is."""
    if isinstance(entry, DriveDocument) or entry.sharing in (Sharing.SHARED, Sharing.QUOTA, Sharing.CUT):
        return None
    if entry.sharing == Sharing.PRIVATE:
        return redirect(f"{SIGN_IN}?{urlencode({'continue': request.url, 'service': 'wise'})}")
    text = "<h1>You need access</h1><p>Ask for access, or switch to an account with access.</p>"
    return as_html("Google Drive: Access Denied", text, 403)


def _document(request: Request, document: DriveDocument) -> Answer:
    """Answer for a document of Google's own kind: its page, or its export."""
    if request.path == "/embeddedfolderview" or request.path.startswith("/drive/"):
        return _not_there()
    if request.path.endswith("/export"):
        suffix = request.query.get("format", "docx")
        return whole(200, document.name.encode(), "application/octet-stream", _attachment(f"{document.name}.{suffix}"))
    if request.path in ("/uc", "/download"):
        return as_html("Error 500", "<p>This cannot be downloaded as it is.</p>", 500)
    if request.path == "/open":
        return redirect(f"https://docs.google.com/{document.kind}/d/{document.id}/edit")
    return as_html(f"{document.name} - Google Docs", f"<div>{escape(document.name)}</div>")


def _folder(request: Request, folder: DriveFolder) -> Answer:
    """Answer for a folder: the list without scripts, or the page that people see."""
    if request.path == "/embeddedfolderview":
        rows = "".join(map(_row, folder.entries))
        page = as_html(folder.name, f'<div class="flip-contents"><div class="flip-entries">{rows}</div></div>')
        return cut_short(page) if folder.sharing == Sharing.CUT else page
    if request.path.startswith("/drive/"):
        cells = "".join(
            f'<div data-id="{entry.id}" data-target="doc" aria-label="{escape(entry.name)}">{escape(entry.name)}</div>'
            for entry in folder.entries[:FOLDER_PAGE_ENTRIES]
        )
        return as_html(f"{folder.name} - Google Drive", f"<main>{cells}</main>")
    return redirect(f"{DRIVE}/drive/folders/{folder.id}") if request.path == "/open" else _not_there()


def _row(entry: DriveEntry) -> str:
    """Return one row of a folder's list."""
    if isinstance(entry, DriveFolder):
        address = f"{DRIVE}/drive/folders/{entry.id}"
    elif isinstance(entry, DriveDocument):
        address = f"https://docs.google.com/{entry.kind}/d/{entry.id}/edit?usp=drive_web"
    else:
        address = f"{DRIVE}/file/d/{entry.id}/view?usp=drive_web"
    title = f'<div class="flip-entry-title">{escape(entry.name)}</div>'
    link = f'<a href="{address}" target="_blank"><div class="flip-entry-visual"></div>{title}</a>'
    date = '<div class="flip-entry-last-modified"><div>3/1/25</div></div>'
    return f'<div class="flip-entry" id="entry-{entry.id}" tabindex="0" role="link"><div class="flip-entry-info">{link}</div>{date}</div>'


def _download(request: Request, file: DriveFile) -> Answer:
    """Answer for a file's bytes: quota page, warning page, or the bytes."""
    if file.sharing == Sharing.QUOTA:
        return _quota_page(file)
    large = as_blob(file.content).size > SCAN_LIMIT_BYTES
    if (large if file.scan_warning is None else file.scan_warning) and "confirm" not in request.query:
        return _scan_page(file)
    answer = ranged(request, file.content, {"Content-Type": "application/octet-stream", **_attachment(file.name)})
    return cut_short(answer) if file.sharing == Sharing.CUT else answer


def _attachment(name: str) -> dict[str, str]:
    """Return the header that names a download; other than ASCII goes into the form of RFC 5987."""
    clean = name.replace('"', "").replace("\r", "").replace("\n", "")
    if clean.isascii():
        return {"Content-Disposition": f'attachment; filename="{clean}"'}
    return {"Content-Disposition": f"attachment; filename=\"download\"; filename*=UTF-8''{quote(clean)}"}


def _quota_page(file: DriveFile) -> Answer:
    """Return the page for a file that too many people took."""
    caption = '<p class="uc-error-caption">Sorry, you can&#39;t view or download this file at this time.</p>'
    reason = "Too many users have viewed or downloaded this file recently. Please try accessing the file again later."
    subcaption = f'<p class="uc-error-subcaption">{reason}</p>'
    return as_html("Google Drive - Quota exceeded", f'<div class="uc-main"><div id="uc-text">{caption}\n{subcaption}\n</div></div>')


def _scan_page(file: DriveFile) -> Answer:
    """Return the page that asks whether to download a file too large to be scanned."""
    fields = {"id": file.id, "export": "download", "confirm": "t", "uuid": "5b1f0a52-0c1e-4c39-9a39-0d6c5d1a7a11"}
    hidden = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields.items())
    size = f"{round(as_blob(file.content).size / (1 << 20))}M"
    name = f'<span class="uc-name-size"><a href="/open?id={file.id}">{escape(file.name)}</a> ({size})</span>'
    form = f'<form id="download-form" action="{DOWNLOADS}" method="get"><input type="submit" value="Download anyway"/>{hidden}</form>'
    text = f'<p class="uc-warning-caption">Google Drive can\'t scan this file for viruses.</p><p>{name} is too large to scan.</p>'
    return as_html("Google Drive - Virus scan warning", f'<div class="uc-main"><div id="uc-text">{text}{form}</div></div>')
