"""Google Drive files: ranges by the shortest way, and the truth where there are no bytes."""

from __future__ import annotations

import random

import pytest
import requests
from fake_drive import (
    ACCESS_PAGE,
    CAPTCHA_PAGE,
    FILE,
    GONE_PAGE,
    HTML,
    INFECTED_PAGE,
    OTHER_PAGE,
    PERMISSION_PAGE,
    QUOTA_PAGE,
    SIGN_IN_PAGE,
    TRASH_PAGE,
    key,
    network,
    query,
)
from net_fakes import FakeInternet, Reply

from auditor.errors import NetworkError
from auditor.hosts.google_drive import GoogleDrive
from auditor.hosts.interface import RemoteFile

DATA = random.Random(7).randbytes(3_000_000)
ATTACHMENT = {"Content-Type": "application/octet-stream", "Content-Disposition": 'attachment; filename="model best.pth"'}
BYTES = Reply(200, DATA, ATTACHMENT, ranges=True)
SCAN_FORM = (
    '<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body><p class="uc-warning-caption">Google Drive can&#39;t scan this'
    ' file for viruses.</p><form id="download-form" action="{action}" method="get"><input type="submit" value="Download anyway"/>'
    '<input type="hidden" name="id" value="{id}"><input type="hidden" name="export" value="download"><input type="hidden" name="confirm" value="t">'
    '<input type="hidden" name="uuid" value="u-1"></form></body></html>'
)
SHORT = "drive.usercontent.google.com/download"
LONG = "drive.google.com/uc"
URL = f"https://drive.google.com/file/d/{FILE}/view?usp=sharing"


def remote(number: int = 0) -> RemoteFile:
    file_id = key(number) if number else FILE
    return RemoteFile("m.pth", f"https://drive.google.com/file/d/{file_id}/view", file_id)


def read_like_a_reader(blob) -> None:
    """Head, end, and something in between: what a zip's reader needs."""
    assert blob.size == len(DATA)
    assert blob.read(0, 65536) == DATA[:65536]
    assert blob.read(len(DATA) - 65536, 65536) == DATA[-65536:]
    assert blob.read(2_000_000, 5000) == DATA[2_000_000:2_005_000]
    assert blob.read(10, 60000) == DATA[10:60010]


def long_way(action="https://drive.usercontent.google.com/download", confirmed="confirm"):
    """Drive as gdown knows it: a redirect, a page, and bytes where the page's form leads."""

    def download(request):
        if query(request, confirmed) != "t" or query(request, "uuid") != "u-1":
            return Reply(200, SCAN_FORM.format(action=action, id=query(request, "id")).encode(), HTML)
        return BYTES

    def uc(request):
        return Reply(303, headers={"Location": f"https://{SHORT}?id={query(request, 'id')}&export=download"})

    return FakeInternet({SHORT: download, LONG: uc})


def test_the_short_way_costs_three_requests_a_checkpoint():
    site = FakeInternet({SHORT: BYTES})
    net = network(site)
    for number in range(1, 5):
        blob = GoogleDrive().open(remote(number), net)
        read_like_a_reader(blob)
        assert blob.requests == 3
        assert blob.bytes_read == 65536 + 65536 + 16384
    assert net.requests == 12
    assert all("confirm=t" in url for url in site.urls)


def test_the_long_way_is_found_once_and_not_searched_for_again():
    site, drive = long_way(), GoogleDrive()
    net = network(site)
    counts = []
    for number in range(1, 4):
        blob = drive.open(remote(number), net)
        read_like_a_reader(blob)
        counts.append(blob.requests)
    assert counts == [4, 3, 3]  # the address behind the page's button serves the next file at once
    assert sum("confirm=t" in url and "uuid" not in url for url in site.urls) == 1


def test_where_drive_gives_the_bytes_at_the_old_address_four_requests_are_enough_from_the_second_on():
    site, drive = FakeInternet({LONG: BYTES}), GoogleDrive()  # drive.usercontent.google.com does not resolve
    net = network(site)
    counts = []
    for number in range(1, 4):
        blob = drive.open(remote(number), net)
        read_like_a_reader(blob)
        counts.append(blob.requests)
    assert counts == [4, 4, 3]  # one failure may be chance


def test_an_address_that_serves_one_file_only_is_not_tried_for_ever():
    def download(request):
        good = query(request, "confirm") == "t" and query(request, "uuid") == "u-" + query(request, "id")
        page = SCAN_FORM.format(action="https://drive.usercontent.google.com/download", id=query(request, "id"))
        return BYTES if good else Reply(200, page.replace("u-1", "u-" + query(request, "id")).encode(), HTML)

    site, drive = FakeInternet({SHORT: download, LONG: download}), GoogleDrive()
    net = network(site)
    assert [drive.open(remote(number), net).requests for number in range(1, 6)] == [2, 2, 2, 2, 2]


def test_the_old_form_of_the_confirmation_works_with_its_cookie():
    page = f'<html><body>\n<a id="uc-download-link" href="/uc?export=download&amp;confirm=Ab1&amp;id={FILE}">Download anyway</a>\n</body></html>'

    def confirmed(request):
        assert "download_warning_x=Ab1" in request.headers.get("Cookie", "")
        return BYTES

    site = FakeInternet(
        {LONG: Reply(200, page.encode(), {**HTML, "Set-Cookie": "download_warning_x=Ab1; Path=/; Secure"}), "docs.google.com/uc": confirmed}
    )
    blob = GoogleDrive().open(remote(), network(site))
    assert blob.read(0, 100) == DATA[:100]


PAGES = [
    (Reply(200, QUOTA_PAGE.encode(), HTML), "quota"),
    (Reply(403, QUOTA_PAGE.encode(), HTML), "quota"),
    (Reply(429), "quota"),
    (Reply(200, SIGN_IN_PAGE.encode(), HTML), "denied"),
    (Reply(302, headers={"Location": "https://accounts.google.com/ServiceLogin"}), "denied"),
    (Reply(200, ACCESS_PAGE.encode(), HTML), "denied"),
    (Reply(403, ACCESS_PAGE.encode(), HTML), "denied"),
    (Reply(404, ACCESS_PAGE.encode(), HTML), "denied"),
    (Reply(200, PERMISSION_PAGE.encode(), HTML), "denied"),
    (Reply(200, INFECTED_PAGE.encode(), HTML), "denied"),
    (Reply(403), "denied"),
    (Reply(401), "denied"),
    (Reply(404, GONE_PAGE.encode(), HTML), "missing"),
    (Reply(200, GONE_PAGE.encode(), HTML), "missing"),
    (Reply(200, TRASH_PAGE.encode(), HTML), "missing"),
    (Reply(404), "missing"),
    (Reply(410), "missing"),
    (Reply(500), "error"),
    (Reply(503), "error"),
    (Reply(200, CAPTCHA_PAGE.encode(), HTML), "error"),
    (Reply(200, OTHER_PAGE.encode(), HTML), "error"),
    (Reply(200, b"<html><form id='download-form' action='x'><input type=hidden></form></html>", HTML), "error"),
    (Reply(200, b"", HTML), "error"),
    (Reply(206, b"abc", {"Content-Range": "bytes 5-7/10"}), "error"),
    (requests.ConnectionError("refused"), "error"),
    (requests.Timeout("slow"), "error"),
    (requests.exceptions.SSLError("no trust"), "error"),
    (Reply(302, headers={"Location": "http://127.0.0.1/"}), "blocked"),
]


@pytest.mark.parametrize(("reply", "status"), PAGES, ids=range(len(PAGES)))
def test_what_a_file_that_cannot_be_had_says(reply, status):
    site = FakeInternet({SHORT: reply, LONG: reply, "accounts.google.com/": Reply(200, SIGN_IN_PAGE.encode(), HTML)})
    listing = GoogleDrive().resolve(URL, network(site))
    assert (listing.status, listing.files) == (status, ())
    assert listing.detail
    with pytest.raises(NetworkError) as caught:
        GoogleDrive().open(remote(), network(site))
    assert caught.value.status == status


def test_one_missing_file_does_not_spoil_the_short_way_for_the_others():
    site = FakeInternet({SHORT: lambda request: BYTES if query(request, "id") != FILE else Reply(404), LONG: Reply(404)})
    drive, net = GoogleDrive(), network(site)
    with pytest.raises(NetworkError) as caught:
        drive.open(remote(), net)
    assert caught.value.status == "missing"
    assert drive.open(remote(1), net).requests == 1


def test_quota_in_mid_read_is_quota():
    replies = [BYTES, Reply(200, QUOTA_PAGE.encode(), HTML)]
    blob = GoogleDrive().open(remote(), network(FakeInternet({SHORT: lambda _: replies.pop(0)})))
    with pytest.raises(NetworkError) as caught:
        blob.read(1_000_000, 10)
    assert caught.value.status == "quota"


def test_a_link_to_a_file_has_name_and_size_and_its_head_is_not_read_twice():
    site, drive = FakeInternet({SHORT: BYTES}), GoogleDrive()
    net = network(site)
    listing = drive.resolve(URL + "&resourcekey=0-key", net)
    (file,) = listing.files
    assert (listing.status, file.name, file.size, file.key) == ("ok", "model best.pth", len(DATA), FILE)
    assert "resourcekey=0-key" in site.urls[0]
    assert "resourcekey=0-key" in file.url
    blob = drive.open(file, net)
    read_like_a_reader(blob)
    assert net.requests == 3
    again = drive.open(file, net)  # the first reader took the blob that was kept
    assert again is not blob
    assert net.requests == 4


@pytest.mark.parametrize(
    "url",
    [
        f"https://drive.google.com/uc?id={FILE}&export=download",
        f"https://drive.google.com/open?id={FILE}",
        f"https://docs.google.com/uc?export=download&id={FILE}",
        f"https://drive.usercontent.google.com/download?id={FILE}",
        f"https://drive.google.com/file/u/0/d/{FILE}/view",
    ],
)
def test_every_form_of_a_file_address_is_opened(url):
    drive = GoogleDrive()
    assert drive.accepts(url)
    assert drive.resolve(url, network(FakeInternet({SHORT: BYTES}))).files[0].size == len(DATA)


@pytest.mark.parametrize(
    ("stated", "name"),
    [
        ('attachment; filename="a b.pth"', "a b.pth"),
        ("attachment; filename*=UTF-8''mod%C3%A8le.pth", "modèle.pth"),
        ("attachment; filename=\"x\"; filename*=UTF-8''%E6%A8%A1.pth", "模.pth"),
        ('attachment; filename="../../x.pth"', "x.pth"),
        ("attachment", "download"),
        ('attachment; filename=""', "download"),
        ("attachment; filename*=bad''%ff", None),
        ("attachment; filename=modÃ¨le.pth", "modèle.pth"),
    ],
)
def test_names_come_from_content_disposition(stated, name):
    site = FakeInternet({SHORT: Reply(200, DATA[:100], {"Content-Disposition": stated}, ranges=True)})
    found = GoogleDrive().resolve(URL, network(site)).files[0].name
    assert found == name if name else found


def test_a_stored_web_page_is_a_file_like_any_other():
    page = b"<!DOCTYPE html><html>saved by mistake</html>"
    site = FakeInternet(
        {SHORT: Reply(200, page, {"Content-Type": "text/html", "Content-Disposition": 'attachment; filename="m.pth"'}, ranges=True)}
    )
    assert GoogleDrive().open(remote(), network(site)).read(0, 100) == page


def test_an_empty_file_has_no_bytes():
    site = FakeInternet({SHORT: Reply(416, headers={"Content-Range": "bytes */0"})})
    blob = GoogleDrive().open(remote(), network(site))
    assert (blob.size, blob.read(0, 10)) == (0, b"")


def test_a_drive_that_ignores_ranges_is_read_from_the_front():
    site = FakeInternet({SHORT: Reply(200, DATA, ATTACHMENT)})
    blob = GoogleDrive().open(remote(), network(site))
    read_like_a_reader(blob)
    assert blob.ignores_ranges
    assert blob.requests == 2
    blob.close()
