"""A Google Drive of pages written by hand, for what the demo's replica does not say."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from net_fakes import FakeInternet, Reply

from auditor.net import Network, NetworkSettings

FOLDER = "1" + "f" * 32
FILE = "1" + "a" * 32
HTML = {"Content-Type": "text/html; charset=utf-8"}

QUOTA_PAGE = (
    "<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body><p class='uc-error-caption'>Sorry, you can&#39;t view or"
    " download this file at this time.</p><p class='uc-error-subcaption'>Too many users have viewed or downloaded this file recently. If the file you"
    " are trying to access is particularly large or is shared with many people, it may take up to 24 hours. Contact the owner to request access.</p></body></html>"
)
SIGN_IN_PAGE = "<!doctype html><html><head><title>Sign in - Google Accounts</title></head><body><form action='/v3/signin'><input id='identifierId'></form></body></html>"
ACCESS_PAGE = "<html><head><title>Google Drive: Access Denied</title></head><body><h1>You need access</h1><p>Request access, or switch account.</p></body></html>"
PERMISSION_PAGE = "<html><head><title>Google Drive</title></head><body><h2>You need permission</h2></body></html>"
GONE_PAGE = "<html><head><title>Error 404 (Not Found)!!1</title></head><body><p>Sorry, the file you have requested does not exist.</p></body></html>"
TRASH_PAGE = "<html><head><title>Google Drive</title></head><body><p>The file is in the owner’s trash.</p></body></html>"
CAPTCHA_PAGE = "<html><head><title>https://drive.google.com</title></head><body><form id='captcha-form'>Our systems have detected unusual traffic</form></body></html>"
CONSENT_PAGE = "<html><head><title>Before you continue to Google</title></head><body><form action='https://consent.google.com/save'></form></body></html>"
SCRIPT_PAGE = "<html><head><title>models - Google Drive</title></head><body><script>load()</script></body></html>"
OTHER_PAGE = "<html><head><title>Some page</title></head><body><form></form><p>with words that nobody foresaw</p></body></html>"
UNTITLED_PAGE = "<html><body></body></html>"
EMPTY_FOLDER = (
    "<html><head><title>models</title></head><body><div class='flip-contents'><div class='flip-entries'></div></div></body></html>"
)
BARE_FOLDER = "<html><head><title>models</title></head><body></body></html>"
INFECTED_PAGE = "<html><head><title>Google Drive - Infected file</title></head><body><p>Sorry, this file is infected with a virus. Only the owner is allowed to download infected files.</p></body></html>"


def entry(key: str, name: str, kind: str = "file") -> str:
    address = {
        "file": f"https://drive.google.com/file/d/{key}/view?usp=drive_web",
        "folder": f"https://drive.google.com/drive/folders/{key}",
        "document": f"https://docs.google.com/document/d/{key}/edit",
        "spreadsheets": f"https://docs.google.com/spreadsheets/d/{key}/edit",
        "colab": f"https://colab.research.google.com/drive/{key}",
        "strange": f"https://drive.google.com/strange/{key}",
    }[kind]
    return f'<div class="flip-entry" id="entry-{key}"><div class="flip-entry-info"><a href="{address}"><div class="flip-entry-title">{name}</div></a></div></div>'


def folder_page(*entries: str, title: str = "models") -> str:
    return f'<!DOCTYPE html><html><head><title>{title}</title></head><body><div class="flip-entries">{"".join(entries)}</div></body></html>'


def key(number: int) -> str:
    return f"1{number:032d}"


def query(request, name: str) -> str:
    return parse_qs(urlsplit(request.url).query).get(name, [""])[0]


def folders(pages: dict[str, str | Reply]) -> FakeInternet:
    """A Drive whose folder views are these pages, by id."""

    def view(request):
        page = pages.get(query(request, "id"), Reply(404, GONE_PAGE.encode(), HTML))
        return page if isinstance(page, Reply) else Reply(200, page.encode(), HTML)

    return FakeInternet({"drive.google.com/embeddedfolderview": view, "accounts.google.com/": Reply(200, SIGN_IN_PAGE.encode(), HTML)})


def network(site: FakeInternet, **settings) -> Network:
    return Network(NetworkSettings(**settings), site, sleep=lambda _: None)
