"""Google Drive folders: everything in them, or the truth about what could not be seen."""

from __future__ import annotations

import pytest
import requests
from fake_drive import (
    ACCESS_PAGE,
    BARE_FOLDER,
    CAPTCHA_PAGE,
    CONSENT_PAGE,
    EMPTY_FOLDER,
    FOLDER,
    GONE_PAGE,
    HTML,
    OTHER_PAGE,
    PERMISSION_PAGE,
    QUOTA_PAGE,
    SCRIPT_PAGE,
    SIGN_IN_PAGE,
    TRASH_PAGE,
    UNTITLED_PAGE,
    entry,
    folder_page,
    folders,
    key,
    network,
)
from net_fakes import Reply

from auditor.errors import NetworkError
from auditor.hosts.google_drive import GoogleDrive, resource_key
from auditor.hosts.google_drive_folders import MAX_DEPTH, MAX_FOLDERS, parse_with_gdown

URL = f"https://drive.google.com/drive/folders/{FOLDER}?usp=sharing"
DRIVE = GoogleDrive()


def resolve(page, url=URL, **more):
    return DRIVE.resolve(url, network(folders({FOLDER: page, **more.get("pages", {})})))


def test_nested_folders_are_listed_with_paths_counts_and_costs():
    pages = {
        FOLDER: folder_page(entry(key(1), "a.tar"), entry(key(10), "more", "folder"), entry(key(2), "b c.pth")),
        key(10): folder_page(entry(key(3), "a.tar"), entry(key(11), "deep/er", "folder")),
        key(11): folder_page(entry(key(4), "&lt;x&gt;.pth")),
    }
    net = network(folders(pages))
    listing = DRIVE.resolve(URL, net)
    assert (listing.status, listing.host) == ("ok", "google_drive")
    assert [file.name for file in listing.files] == ["a.tar", "more/a.tar", "more/deep_er/<x>.pth", "b c.pth"]
    assert [file.key for file in listing.files] == [key(1), key(3), key(4), key(2)]
    assert listing.files[0].url == f"https://drive.google.com/file/d/{key(1)}/view"
    assert listing.requests == net.requests == 3
    assert listing.bytes_read == net.bytes_read == sum(len(page.encode()) for page in pages.values())
    assert "4 files" in listing.detail
    assert len(listing.sha256) == 64


@pytest.mark.parametrize(
    "url",
    [
        f"https://drive.google.com/drive/folders/{FOLDER}",
        f"https://drive.google.com/drive/u/0/folders/{FOLDER}",
        f"https://drive.google.com/drive/mobile/folders/{FOLDER}?usp=sharing",
        f"https://drive.google.com/folderview?id={FOLDER}&usp=sharing",
        f"https://drive.google.com/embeddedfolderview?id={FOLDER}#list",
    ],
)
def test_every_form_of_a_folder_address_is_listed(url):
    assert DRIVE.accepts(url)
    assert [file.name for file in resolve(folder_page(entry(key(1), "a.pth")), url).files] == ["a.pth"]


FAULTS = [
    (EMPTY_FOLDER, "ok", "empty folder"),
    (BARE_FOLDER, "ok", "empty folder"),
    (SIGN_IN_PAGE, "denied", "sign in"),
    (Reply(302, headers={"Location": "https://accounts.google.com/ServiceLogin?continue=x"}), "denied", "sign in"),
    (ACCESS_PAGE, "denied", "not shared"),
    (Reply(403, ACCESS_PAGE.encode(), HTML), "denied", "not shared"),
    (PERMISSION_PAGE, "denied", "not shared"),
    (Reply(401), "denied", "401"),
    (Reply(403), "denied", "403"),
    (Reply(404, GONE_PAGE.encode(), HTML), "missing", "does not exist"),
    (Reply(404), "missing", "404"),
    (Reply(410), "missing", "410"),
    (GONE_PAGE, "missing", "does not exist"),
    (TRASH_PAGE, "missing", "trash"),
    (Reply(404, ACCESS_PAGE.encode(), HTML), "denied", "not shared"),
    (QUOTA_PAGE, "quota", "quota"),
    (Reply(429), "quota", "429"),
    (Reply(403, QUOTA_PAGE.encode(), HTML), "quota", "quota"),
    (Reply(429, CAPTCHA_PAGE.encode(), HTML), "error", "captcha"),
    (CAPTCHA_PAGE, "error", "captcha"),
    (CONSENT_PAGE, "error", "consent"),
    (Reply(302, headers={"Location": "https://consent.google.com/ml"}), "error", ""),
    (SCRIPT_PAGE, "error", "not a folder's page"),
    (OTHER_PAGE, "error", "not a folder's page"),
    (UNTITLED_PAGE, "error", "could not be read"),
    ("", "error", "could not be read"),
    ("{}", "error", "could not be read"),
    (Reply(500), "error", "500"),
    (Reply(503), "error", "503"),
    (Reply(302, headers={"Location": "http://169.254.169.254/"}), "blocked", "refused"),
]


@pytest.mark.parametrize(("page", "status", "words"), FAULTS, ids=range(len(FAULTS)))
def test_what_a_folder_that_cannot_be_listed_says(page, status, words):
    listing = resolve(page)
    assert (listing.status, listing.files) == (status, ())
    assert words.lower() in listing.detail.lower()
    assert listing.detail


@pytest.mark.parametrize(
    "error", [requests.ConnectionError("refused"), requests.Timeout("slow"), requests.exceptions.SSLError("no trust"), OSError("x")]
)
def test_no_answer_is_an_error_and_never_an_absence(error):
    site = folders({})
    site.routes["drive.google.com/embeddedfolderview"] = error
    listing = DRIVE.resolve(URL, network(site))
    assert listing.status == "error"
    assert listing.requests >= 1


@pytest.mark.parametrize(("page", "status", "words"), [fault for fault in FAULTS if fault[1] != "ok"], ids=range(len(FAULTS) - 2))
def test_a_folder_within_that_fails_makes_the_listing_partial_and_loses_nothing(page, status, words):
    pages = {FOLDER: folder_page(entry(key(1), "a.pth"), entry(key(9), "within", "folder"), entry(key(2), "b.pth")), key(9): page}
    listing = DRIVE.resolve(URL, network(folders(pages)))
    assert listing.status == "partial"
    assert [file.name for file in listing.files] == ["a.pth", "b.pth"]
    assert f"within could not be listed ({status}" in listing.detail


def test_google_documents_are_named_and_are_no_files():
    listing = resolve(
        folder_page(
            entry(key(1), "a.pth"),
            entry(key(2), "Notes", "document"),
            entry(key(3), "Scores", "spreadsheets"),
            entry(key(4), "x.ipynb", "colab"),
        )
    )
    assert listing.status == "ok"
    assert [file.name for file in listing.files] == ["a.pth"]
    assert "Notes" in listing.detail
    assert "2 Google documents" in listing.detail


def test_an_entry_that_is_not_understood_makes_the_listing_partial():
    listing = resolve(folder_page(entry(key(1), "a.pth"), entry(key(2), "b.pth", "strange")))
    assert listing.status == "partial"
    assert "1 entries" in listing.detail


def test_a_page_that_ends_in_the_middle_makes_the_listing_partial():
    whole = folder_page(entry(key(1), "a.pth"), entry(key(2), "b.pth"))
    listing = resolve(whole[: whole.index("b.pth")])
    assert listing.status == "partial"
    assert "ends in the middle" in listing.detail


def test_every_cut_of_a_folder_page_is_noticed():
    whole = folder_page(entry(key(1), "a.pth"), entry(key(2), "b.pth"))
    for end in range(0, len(whole) - len("</html>"), 7):
        listing = resolve(whole[:end])
        assert listing.status != "ok", whole[:end]


def test_circles_depth_and_count_are_bounded():
    circle = {
        FOLDER: folder_page(entry(key(1), "a.pth"), entry(key(5), "in", "folder")),
        key(5): folder_page(entry(FOLDER, "out", "folder"), entry(key(5), "self", "folder")),
    }
    net = network(folders(circle))
    assert (DRIVE.resolve(URL, net).status, net.requests) == ("ok", 2)
    deep = {FOLDER: folder_page(entry(key(100), "d", "folder"))} | {
        key(n): folder_page(entry(key(n + 1), "d", "folder")) for n in range(100, 140)
    }
    net = network(folders(deep))
    assert (DRIVE.resolve(URL, net).status, net.requests) == ("partial", MAX_DEPTH)
    wide = {FOLDER: folder_page(*(entry(key(n), f"d{n}", "folder") for n in range(1000, 1300)))} | {
        key(n): EMPTY_FOLDER for n in range(1000, 1300)
    }
    net = network(folders(wide))
    assert (DRIVE.resolve(URL, net).status, net.requests) == ("partial", MAX_FOLDERS)


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "/", "a\x00b", "x" * 5000, "\u202e.pth", "\\\\host\\share", ""])
def test_names_stay_below_the_listing(name):
    for file in resolve(folder_page(entry(key(1), name), entry(key(2), "ok.pth"))).files:
        assert ".." not in file.name.split("/")
        assert not file.name.startswith("/")
        assert "\0" not in file.name
        assert 0 < len(file.name) <= 255


def test_the_resource_key_and_a_browsers_agent_are_sent():
    site = folders({FOLDER: folder_page(entry(key(1), "a.pth"))})
    DRIVE.resolve(f"{URL}&resourcekey=0-AbC_9", network(site))
    assert "resourcekey=0-AbC_9" in site.urls[0]
    assert site.log[0].headers["User-Agent"].startswith("Mozilla/")
    assert site.log[0].headers["Accept-Language"].startswith("en")
    assert resource_key("https://drive.google.com/x?resourcekey=a%26b%3D") == ""


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://drive.google.com/drive/my-drive", "denied"),
        ("https://drive.google.com/drive/u/1/my-drive", "denied"),
        ("https://drive.google.com/", "denied"),
        ("https://docs.google.com/spreadsheets/d/1abcdefghijklm/edit", "skipped"),
    ],
)
def test_addresses_that_hold_no_shared_files_ask_nobody(url, status):
    site = folders({})
    assert DRIVE.accepts(url)
    assert DRIVE.resolve(url, network(site)).status == status
    assert site.log == []


def test_resource_keys_of_entries_are_kept():
    with_key = [entry(key(1), "a.pth").replace("drive_web", "drive_web&amp;resourcekey=0-file"), entry(key(2), "b.pth")]
    within = (
        entry(key(3), "in", "folder")
        .replace(key(3) + '"', key(3) + '?resourcekey=0-in"', 2)
        .replace('id="entry-' + key(3) + "?resourcekey=0-in", f'id="entry-{key(3)}')
    )
    site = folders({FOLDER: folder_page(*with_key, within), key(3): folder_page(entry(key(4), "c.pth"))})
    listing = DRIVE.resolve(URL, network(site))
    assert [file.url.rpartition("/")[2] for file in listing.files] == ["view?resourcekey=0-file", "view", "view"]
    assert "resourcekey=0-in" in site.urls[1]


def test_an_open_link_is_followed_to_a_folder():
    site = folders({FOLDER: folder_page(entry(key(1), "a.pth"))})
    site.routes["drive.google.com/open"] = Reply(
        302, headers={"Location": f"https://drive.google.com/drive/folders/{FOLDER}?usp=drive_open"}
    )
    assert [file.name for file in DRIVE.resolve(f"https://drive.google.com/open?id={FOLDER}", network(site)).files] == ["a.pth"]


def test_gdown_still_reads_folder_pages_as_we_call_it():
    page = folder_page(entry(key(1), "a.pth"), entry(key(2), "within", "folder"), entry(key(3), "n", "document"), title="models")
    title, children = parse_with_gdown(network(folders({FOLDER: page})).session(), FOLDER, 5)
    assert title == "models"
    assert children == [
        (key(1), "a.pth", "application/octet-stream"),
        (key(2), "within", "application/vnd.google-apps.folder"),
        (key(3), "n", "application/vnd.google-apps.document"),
    ]


def test_a_gdown_without_that_function_is_said_in_words(monkeypatch):
    import importlib

    # The package gives a function the module's name.
    monkeypatch.delattr(importlib.import_module("gdown.download_folder"), "_parse_embedded_folder_view")
    listing = resolve(EMPTY_FOLDER)
    assert listing.status == "error"
    assert "gdown" in listing.detail
    with pytest.raises(NetworkError):
        parse_with_gdown(network(folders({})).session(), FOLDER, 5)
