"""What exactly Google Drive said, in one word; entries of folders that lead elsewhere; what tells one version of a file from another."""

from __future__ import annotations

import base64
import hashlib

import pytest
from fake_drive import (
    ACCESS_PAGE,
    CAPTCHA_PAGE,
    CONSENT_PAGE,
    EMPTY_FOLDER,
    FILE,
    FOLDER,
    GONE_PAGE,
    HTML,
    INFECTED_PAGE,
    OTHER_PAGE,
    QUOTA_PAGE,
    SIGN_IN_PAGE,
    TRASH_PAGE,
    entry,
    folder_page,
    folders,
    key,
    network,
    query,
)
from net_fakes import FakeInternet, Reply

from auditor.errors import NetworkError
from auditor.hosts import google_drive_folders
from auditor.hosts.google_drive import GoogleDrive
from auditor.hosts.interface import RemoteFile

DATA = bytes(range(256)) * 1000
BYTES = Reply(200, DATA, {"Content-Disposition": 'attachment; filename="m.pth"'}, ranges=True)
FOLDER_URL = f"https://drive.google.com/drive/folders/{FOLDER}"
FILE_URL = f"https://drive.google.com/file/d/{FILE}/view"
ABUSE_PAGE = "<html><head><title>Google Drive</title></head><body><p>We're sorry. You can't access this item because it is in violation of our Terms of Service.</p></body></html>"
DELETED_PAGE = "<html><head><title>Error</title></head><body><p>Sorry, the file you have requested has been deleted.</p></body></html>"
SCAN_PAGE = (
    '<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body><form id="download-form" action="https://drive.usercontent.'
    'google.com/download" method="get"><input type="hidden" name="id" value="{id}"><input type="hidden" name="uuid" value="u-1"></form></body></html>'
)


def page(text: str, status: int = 200) -> Reply:
    return Reply(status, text.encode(), HTML)


SIGN_IN = Reply(302, headers={"Location": "https://accounts.google.com/ServiceLogin?continue=x"})
ANSWERS = [
    (SIGN_IN, "denied", "sign_in"),
    (page(ACCESS_PAGE, 403), "denied", "not_shared"),
    (Reply(403), "denied", "not_shared"),
    (page(QUOTA_PAGE), "quota", "quota"),
    (Reply(429), "quota", "rate_limited"),
    (page(CAPTCHA_PAGE), "error", "rate_limited"),
    (page(CONSENT_PAGE), "error", "not_a_file"),
    (page(INFECTED_PAGE), "denied", "taken_down"),
    (page(ABUSE_PAGE), "denied", "taken_down"),
    (page(DELETED_PAGE), "missing", "deleted"),
    (page(TRASH_PAGE), "missing", "deleted"),
    (Reply(410), "missing", "deleted"),
    (page(GONE_PAGE, 404), "missing", "not_found"),
    (Reply(404), "missing", "not_found"),
    (page(OTHER_PAGE), "error", "not_a_file"),
    (Reply(500), "error", "server_error"),
    (Reply(302, headers={"Location": "http://127.0.0.1/"}), "blocked", "blocked"),
]


def drive_of(reply: Reply) -> FakeInternet:
    return FakeInternet({"drive.": reply, "accounts.google.com/": page(SIGN_IN_PAGE)})


@pytest.mark.parametrize(("reply", "status", "state"), ANSWERS, ids=[f"{state}-{n}" for n, (_, _, state) in enumerate(ANSWERS)])
def test_every_refusal_has_a_word_for_files_folders_and_folders_within(reply, status, state):
    for url in (FILE_URL, FOLDER_URL):
        listing = GoogleDrive().resolve(url, network(drive_of(reply)))
        assert (listing.status, listing.state, listing.files) == (status, state, ())
        assert listing.detail
    with pytest.raises(NetworkError) as caught:
        GoogleDrive().open(RemoteFile("m.pth", FILE_URL, FILE), network(drive_of(reply)))
    assert (caught.value.status, caught.value.state) == (status, state)
    within = folders({FOLDER: folder_page(entry(key(1), "a.pth"), entry(key(9), "within", "folder")), key(9): reply})
    listing = GoogleDrive().resolve(FOLDER_URL, network(within))
    assert (listing.status, listing.state, len(listing.files)) == ("partial", state, 1)


@pytest.mark.parametrize(("reply", "most"), [(SIGN_IN, 2), (page(QUOTA_PAGE), 1), (page(ACCESS_PAGE, 403), 1), (page(INFECTED_PAGE), 1)])
def test_a_refusal_in_words_is_not_asked_for_twice(reply, most):
    net = network(drive_of(reply))
    assert GoogleDrive().resolve(FILE_URL, net).requests == net.requests == most


def test_an_empty_folder_is_whole_and_says_so():
    listing = GoogleDrive().resolve(FOLDER_URL, network(folders({FOLDER: EMPTY_FOLDER})))
    assert (listing.status, listing.state) == ("ok", "empty")
    listing = GoogleDrive().resolve(FOLDER_URL, network(folders({FOLDER: folder_page(entry(key(1), "a.pth"))})))
    assert (listing.status, listing.state) == ("ok", "ok")
    for url in ("https://drive.google.com/drive/my-drive", "https://docs.google.com/document/d/1abcdefghijklmnop/edit"):
        assert GoogleDrive().resolve(url, network(folders({}))).state in ("not_shared", "skipped")


def test_a_folder_of_thousands_is_listed_whole_up_to_the_limit(monkeypatch):
    def listed(count: int):
        page = folder_page(*(entry(key(number), f"{number}.pth") for number in range(1, count + 1)))
        return GoogleDrive().resolve(FOLDER_URL, network(folders({FOLDER: page})))

    whole = listed(120)  # more than the fifty of the page that people see
    assert (whole.status, len(whole.files), whole.requests) == ("ok", 120, 1)
    monkeypatch.setattr(google_drive_folders, "MAX_FILES", 100)
    cut = listed(120)
    assert (cut.status, cut.state, len(cut.files)) == ("partial", "too_many", 100)


def test_deep_folders_are_walked_and_no_deeper_than_the_limit():
    deep = {FOLDER: folder_page(entry(key(100), "d", "folder"))}
    deep |= {key(n): folder_page(entry(key(n + 1), "d", "folder")) for n in range(100, 130)} | {
        key(130): folder_page(entry(key(1), "a.pth"))
    }
    listing = GoogleDrive().resolve(FOLDER_URL, network(folders(deep)))
    assert (listing.status, listing.files[0].name) == ("ok", "d/" * 31 + "a.pth")
    deep |= {key(n): folder_page(entry(key(n + 1), "d", "folder")) for n in range(100, 160)}
    assert GoogleDrive().resolve(FOLDER_URL, network(folders(deep))).state == "too_many"


@pytest.mark.parametrize(
    ("href", "kind"),
    [
        ("https://drive.google.com/open?id={id}", "file"),
        ("https://drive.google.com/file/u/0/d/{id}/edit", "file"),
        ("https://drive.google.com/uc?id={id}&amp;export=download", "file"),
        ("https://drive.google.com/drive/u/0/folders/{id}", "folder"),
        ("https://drive.google.com/folderview?id={id}", "folder"),
    ],
)
def test_entries_that_gdown_does_not_know_are_taken_where_their_address_says_what_they_are(href, kind):
    odd = entry(key(2), "odd", "strange").replace(f"https://drive.google.com/strange/{key(2)}", href.format(id=key(2)))
    site = folders({FOLDER: folder_page(entry(key(1), "a.pth"), odd), key(2): folder_page(entry(key(3), "b.pth"))})
    listing = GoogleDrive().resolve(FOLDER_URL, network(site))
    assert listing.status == "ok"
    assert [file.name for file in listing.files] == ["a.pth", "odd" if kind == "file" else "odd/b.pth"]


def test_days_of_changes_are_kept_where_the_page_shows_them():
    dated = entry(key(1), "a.pth").replace("</a>", '</a><div class="flip-entry-last-modified"><div>3/1/25</div></div>')
    (file,) = GoogleDrive().resolve(FOLDER_URL, network(folders({FOLDER: folder_page(dated)}))).files
    assert file.detail == "changed 3/1/25"


def test_a_shortcut_to_a_folder_that_holds_it_ends():
    pages = {
        FOLDER: folder_page(entry(key(1), "a.pth"), entry(key(5), "shortcut", "folder")),
        key(5): folder_page(entry(FOLDER, "home again", "folder"), entry(key(1), "a.pth")),
    }
    net = network(folders(pages))
    listing = GoogleDrive().resolve(FOLDER_URL, net)
    assert (listing.status, net.requests) == ("ok", 2)
    assert [file.name for file in listing.files] == ["a.pth", "shortcut/a.pth"]


def shortcut_to(address: str) -> FakeInternet:
    """A Drive where FILE is a shortcut: no bytes of its own, and `open` leads on."""

    def download(request):
        return BYTES if query(request, "id") == key(7) else page(GONE_PAGE, 404)

    return FakeInternet(
        {
            "drive.usercontent.google.com/download": download,
            "drive.google.com/uc": download,
            "drive.google.com/open": Reply(302, headers={"Location": address}),
        }
    )


def test_a_shortcut_to_a_file_is_followed():
    site = shortcut_to(f"https://drive.google.com/file/d/{key(7)}/view?usp=drive_open&resourcekey=0-k")
    assert GoogleDrive().open(RemoteFile("m.pth", FILE_URL, FILE), network(site)).read(5, 3) == DATA[5:8]
    assert "resourcekey=0-k" in site.urls[-1]
    for url in (FILE_URL, f"https://drive.google.com/open?id={FILE}"):
        listing = GoogleDrive().resolve(url, network(site))
        assert (listing.status, listing.files[0].size) == ("ok", len(DATA))


@pytest.mark.parametrize(
    "address", [FILE_URL, FOLDER_URL, f"https://drive.google.com/file/d/{key(8)}/view", "https://evil.example.org/x", ""]
)
def test_a_shortcut_that_leads_nowhere_is_missing(address):
    listing = GoogleDrive().resolve(FILE_URL, network(shortcut_to(address)))
    assert (listing.status, listing.state) == ("missing", "not_found")


def test_an_open_link_to_a_document_is_no_file():
    site = FakeInternet(
        {"drive.google.com/open": Reply(302, headers={"Location": f"https://docs.google.com/spreadsheets/d/{FILE}/edit?usp=drive_open"})}
    )
    listing = GoogleDrive().resolve(f"https://drive.google.com/open?id={FILE}", network(site))
    assert (listing.status, listing.state, len(site.log)) == ("skipped", "skipped", 1)


@pytest.mark.parametrize(
    "url",
    [
        f"https://drive.google.com/file/d/{FILE}/edit?usp=sharing",
        f"https://drive.google.com/file/d/{FILE}/preview",
        f"https://drive.google.com/uc?id={FILE}",
        f"https://drive.google.com/a/example.org/file/d/{FILE}/view",
        f"https://drive.usercontent.google.com/download?id={FILE}&export=download&authuser=0&confirm=t&uuid=x",
        f"https://docs.google.com/file/d/{FILE}/edit",
        f"https://docs.google.com/a/example.org/uc?id={FILE}",
    ],
)
def test_more_forms_of_a_file_address(url):
    net = network(FakeInternet({"drive.usercontent.google.com/download": BYTES}))
    listing = GoogleDrive().resolve(url, net)
    assert (listing.status, listing.files[0].key, net.requests) == ("ok", FILE, 1)


@pytest.mark.parametrize(
    "url",
    [
        f"https://drive.google.com/drive/u/0/mobile/folders/{FOLDER}",
        f"https://drive.google.com/drive/folders/{FOLDER}/",
        f"https://drive.google.com/folder/d/{FOLDER}/edit",
        f"https://docs.google.com/folderview?id={FOLDER}",
        f"https://drive.google.com/a/example.org/folderview?id={FOLDER}#list",
    ],
)
def test_more_forms_of_a_folder_address(url):
    site = folders({FOLDER: folder_page(entry(key(1), "a.pth"))})
    assert [file.name for file in GoogleDrive().resolve(url, network(site)).files] == ["a.pth"]


def test_a_files_version_and_checksum_come_from_its_headers():
    md5 = hashlib.md5(DATA).digest()
    stated = {"x-goog-hash": f"crc32c=AAAAAA==, md5={base64.b64encode(md5).decode()}", "Last-Modified": "Sat, 01 Mar 2025 12:00:00 GMT"}

    def file_with(headers):
        reply = Reply(200, DATA, {**BYTES.headers, **headers}, ranges=True)
        return GoogleDrive().resolve(FILE_URL, network(FakeInternet({"drive.usercontent.google.com/download": reply}))).files[0]

    assert (file_with(stated).md5, file_with(stated).revision) == (md5.hex(), "crc32c=AAAAAA==")
    assert file_with({**stated, "ETag": '"7"'}).revision == '"7"'
    assert file_with({"Last-Modified": stated["Last-Modified"]}).revision == stated["Last-Modified"]
    assert (file_with({"x-goog-hash": "md5=nonsense"}).md5, file_with({}).revision) == (None, "")


def test_a_warning_page_is_confirmed_at_once():
    def download(request):
        return BYTES if query(request, "uuid") == "u-1" else page(SCAN_PAGE.format(id=query(request, "id")))

    net = network(FakeInternet({"drive.usercontent.google.com/download": download}))  # the old address does not even resolve
    drive = GoogleDrive()
    assert [drive.open(RemoteFile("m.pth", FILE_URL, key(number)), net).requests for number in (1, 2, 3)] == [2, 2, 2]


def test_a_confirmed_address_serves_the_next_file_too_but_never_one_with_a_resource_key():
    def download(request):
        assert query(request, "resourcekey") == ("0-k" if query(request, "id") == FILE else "")
        confirmed = query(request, "uuid") == "u-1" and query(request, "confirm")
        form = SCAN_PAGE.replace('name="uuid"', 'name="confirm" value="t"><input type="hidden" name="uuid"')
        if query(request, "id") == FILE:
            form = form.replace("</form>", '<input type="hidden" name="resourcekey" value="0-k"></form>')
        return BYTES if confirmed else page(form.format(id=query(request, "id")))

    net = network(FakeInternet({"drive.usercontent.google.com/download": download}))
    drive, with_key = GoogleDrive(), RemoteFile("k.pth", f"{FILE_URL}?resourcekey=0-k", FILE)
    files = [with_key, *(RemoteFile("m.pth", FILE_URL, key(number)) for number in (1, 2)), with_key]
    assert [drive.open(file, net).requests for file in files] == [2, 2, 1, 1]


def test_a_file_of_a_folder_has_its_version_once_it_was_read():
    marked = Reply(200, DATA, {**BYTES.headers, "Last-Modified": "Sat, 01 Mar 2025 12:00:00 GMT"}, ranges=True)
    blob = GoogleDrive().open(RemoteFile("m.pth", FILE_URL, FILE), network(FakeInternet({"drive.usercontent.google.com/download": marked})))
    assert blob.mark == "Sat, 01 Mar 2025 12:00:00 GMT"
    tagged = Reply(200, DATA, {**marked.headers, "ETag": 'W/"7"'}, ranges=True)
    blob = GoogleDrive().open(RemoteFile("m.pth", FILE_URL, FILE), network(FakeInternet({"drive.usercontent.google.com/download": tagged})))
    assert blob.mark == '"7"'
