"""The pages of the Drive replica and our reading of them, with the installed gdown's own functions as the judge.

gdown follows the real Drive; where a release of it reads other pages or goes other ways, these tests say so before a user does.
"""

from __future__ import annotations

import importlib
import inspect
import io
import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import gdown
import pytest
import requests
from gdown.download import get_url_from_gdrive_confirmation
from gdown.exceptions import FileURLRetrievalError
from gdown.parse_url import parse_url

from auditor.addresses import google_drive_id, locate
from auditor.demo.internet import DriveDocument, DriveFile, DriveFolder, Sharing, World
from auditor.demo.replica import ReplicaAdapter
from auditor.errors import NetworkError
from auditor.hosts.google_drive import GoogleDrive
from auditor.hosts.google_drive_files import confirmed_address
from auditor.hosts.google_drive_folders import FOLDER, NATIVE, parse_with_gdown
from auditor.net import Network

folders = importlib.import_module("gdown.download_folder")  # the package gives a function the module's name
DATA = bytes(range(256)) * 500


def drive_id(letter: str) -> str:
    return "1" + letter * 32


WEIGHTS = DriveFile(drive_id("a"), "weights.pth", DATA)
LARGE = DriveFile(drive_id("b"), "large & <odd> 模.tar", DATA[::-1], scan_warning=True)
TAKEN = DriveFile(drive_id("c"), "taken.pth", DATA, Sharing.QUOTA)
CLOSED = DriveFile(drive_id("d"), "closed.pth", DATA, Sharing.PRIVATE)
NOTES = DriveDocument(drive_id("e"), "Notes")
SCORES = DriveDocument(drive_id("f"), "Scores", "spreadsheets")
MANY = DriveFolder(drive_id("g"), "many", tuple(DriveFile(f"1{n:032d}", f"{n}.pth", b"x") for n in range(120)))
EMPTY = DriveFolder(drive_id("h"), "nothing")
MODELS = DriveFolder(drive_id("i"), "models", (WEIGHTS, DriveFolder(drive_id("j"), "within", (LARGE, EMPTY)), MANY, NOTES, SCORES))
WORLD = World(drive=(MODELS, TAKEN, CLOSED, DriveFolder(drive_id("k"), "locked", sharing=Sharing.PRIVATE)))


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch) -> ReplicaAdapter:
    """The replica, in the place of gdown's own connections."""
    adapter = ReplicaAdapter(WORLD)

    def session() -> requests.Session:
        made = requests.Session()
        made.trust_env = False
        made.mount("https://", adapter)
        return made

    monkeypatch.setattr(requests, "session", session)
    return adapter


def ours(url: str):
    return GoogleDrive().resolve(url, Network(transport=ReplicaAdapter(WORLD), sleep=lambda _: None))


def asked(drive: ReplicaAdapter) -> list[str]:
    return [f"{seen.host}{seen.path}" for seen in drive.seen]


# --------------------------------------------------------------------------------------------------------- folders


def test_gdown_lists_the_files_that_we_list(drive):
    theirs = gdown.download_folder(id=MODELS.id, skip_download=True, quiet=True, use_cookies=False)
    listing = ours(f"https://drive.google.com/drive/folders/{MODELS.id}")
    documents = {NOTES.id, SCORES.id}
    assert {(file.id, file.path) for file in theirs if file.id not in documents} == {(file.key, file.name) for file in listing.files}
    assert {file.id for file in theirs} - {file.key for file in listing.files} == documents
    assert len(listing.files) == 122
    assert listing.status == "ok"


def test_gdown_asks_for_one_page_a_folder_and_so_do_we(drive):
    gdown.download_folder(id=drive_id("j"), skip_download=True, quiet=True, use_cookies=False)
    assert asked(drive) == ["drive.google.com/embeddedfolderview"] * 2
    assert [parse_qs(urlsplit(seen.url).query)["id"] for seen in drive.seen] == [[drive_id("j")], [EMPTY.id]]
    assert ours(f"https://drive.google.com/drive/folders/{drive_id('j')}").requests == 2


def test_a_page_of_the_replica_has_what_gdowns_reader_takes(drive):
    title, children = parse_with_gdown(requests.session(), MODELS.id, 5)
    assert title == "models"
    kinds = {child_id: kind for child_id, _, kind in children}
    assert kinds[WEIGHTS.id] == "application/octet-stream"
    assert kinds[drive_id("j")] == FOLDER == folders._GoogleDriveFile.TYPE_FOLDER
    assert {kinds[NOTES.id], kinds[SCORES.id]} == {folders._GoogleDriveFile.TYPE_DOCUMENT, folders._GoogleDriveFile.TYPE_SPREADSHEET}
    assert all(kinds[one.id].startswith(NATIVE) for one in (NOTES, SCORES))
    assert len(children) == len(MODELS.entries)


def test_an_empty_folder_is_empty_to_gdown_and_a_closed_one_is_not(drive):
    assert parse_with_gdown(requests.session(), EMPTY.id, 5)[1] == []
    assert (ours(f"https://drive.google.com/drive/folders/{EMPTY.id}").state) == "empty"
    # gdown takes the page that asks to sign in for a folder without entries; that is why a page without any is looked at again here.
    _, children = parse_with_gdown(requests.session(), drive_id("k"), 5)
    assert children == []
    assert ours(f"https://drive.google.com/drive/folders/{drive_id('k')}").state == "sign_in"


def test_the_private_reader_that_is_borrowed_has_the_parameters_that_it_is_called_with():
    parameters = inspect.signature(folders._parse_embedded_folder_view).parameters
    assert list(parameters) == ["sess", "folder_id", "verify", "timeout"]
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    (bounds,) = [re.search(r"gdown>=([\d.]+),<(\d+)$", one) for one in project["dependencies"] if one.startswith("gdown")]
    installed = tuple(map(int, gdown.__version__.split(".")[:3]))
    assert tuple(map(int, bounds[1].split("."))) <= installed < (int(bounds[2]),)


# ----------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("file", [WEIGHTS, LARGE], ids=lambda file: file.name)
def test_gdown_downloads_what_we_read(drive, file):
    target = io.BytesIO()
    gdown.download(id=file.id, output=target, quiet=True, use_cookies=False)
    assert target.getvalue() == file.content
    (listed,) = ours(f"https://drive.google.com/file/d/{file.id}/view").files
    assert (listed.name, listed.size) == (file.name, len(file.content))
    named = gdown.download(id=file.id, quiet=True, use_cookies=False, skip_download=True)
    assert named.path == file.name


def test_gdown_goes_by_the_old_address_and_the_warning_page(drive):
    gdown.download(id=LARGE.id, output=io.BytesIO(), quiet=True, use_cookies=False)
    assert asked(drive) == ["drive.google.com/uc", *["drive.usercontent.google.com/download"] * 2]
    confirmed = parse_qs(urlsplit(drive.seen[-1].url).query)
    assert confirmed.keys() == {"id", "export", "confirm", "uuid"}
    listing = ours(f"https://drive.google.com/file/d/{LARGE.id}/view")
    assert listing.requests == 1  # the confirmed address without the page before it


def page_of(drive: ReplicaAdapter, url: str) -> str:
    return requests.session().get(url).text


def test_gdown_reads_the_warning_page_of_the_replica(drive):
    page = page_of(drive, f"https://drive.google.com/uc?id={LARGE.id}")
    address = get_url_from_gdrive_confirmation(page)
    assert confirmed_address(page) == address
    assert address.startswith("https://drive.usercontent.google.com/download?")
    assert requests.session().get(address).content == LARGE.content


OLDER_PAGES = {
    '<html>\n<a id="uc-download-link" href="/uc?export=download&amp;confirm=Ab1&amp;id=1x">Download</a>\n</html>': "https://docs.google.com/uc?export=download&confirm=Ab1&id=1x",
    '{"downloadUrl":"https://doc-0.googleusercontent.com/x?e\\u003ddownload\\u0026h\\u003d1"}': "https://doc-0.googleusercontent.com/x?e=download&h=1",
}


@pytest.mark.parametrize("page", OLDER_PAGES)
def test_older_warning_pages_are_read_as_gdown_reads_them(page):
    assert confirmed_address(page) == get_url_from_gdrive_confirmation(page) == OLDER_PAGES[page]


def test_the_quota_page_says_to_gdown_why(drive):
    page = page_of(drive, f"https://drive.google.com/uc?id={TAKEN.id}")
    with pytest.raises(FileURLRetrievalError, match="Too many users"):
        get_url_from_gdrive_confirmation(page)
    with pytest.raises(NetworkError):
        confirmed_address(page)
    assert ours(f"https://drive.google.com/file/d/{TAKEN.id}/view").state == "quota"


@pytest.mark.parametrize(("file", "state"), [(TAKEN, "quota"), (CLOSED, "sign_in")], ids=["quota", "closed"])
def test_what_gdown_cannot_have_we_cannot_have_either_and_say_more(drive, file, state):
    with pytest.raises(FileURLRetrievalError):
        gdown.download(id=file.id, output=io.BytesIO(), quiet=True, use_cookies=False)
    assert ours(f"https://drive.google.com/file/d/{file.id}/view").state == state


# ------------------------------------------------------------------------------------------------------- addresses

FORMS = [
    "https://drive.google.com/file/d/{id}/view?usp=sharing",
    "https://drive.google.com/file/d/{id}/edit",
    "https://drive.google.com/file/d/{id}/preview",
    "https://drive.google.com/file/u/0/d/{id}/view",
    "https://drive.google.com/open?id={id}",
    "https://drive.google.com/uc?id={id}",
    "https://drive.google.com/uc?export=download&id={id}",
    "https://docs.google.com/uc?id={id}",
    "https://drive.google.com/folderview?id={id}",
    "https://drive.google.com/embeddedfolderview?id={id}#list",
]


@pytest.mark.parametrize("form", FORMS)
def test_an_address_that_gdown_understands_is_understood_the_same(form):
    url = form.format(id=drive_id("a"))
    assert parse_url(url)[0] == google_drive_id(url) == drive_id("a")
    assert locate(url).host == "google_drive"
    folder = folders._parse_google_drive_folder_id(url=f"https://drive.google.com/drive/folders/{drive_id('i')}?usp=sharing")
    assert folder == google_drive_id(f"https://drive.google.com/drive/folders/{drive_id('i')}?usp=sharing") == drive_id("i")
