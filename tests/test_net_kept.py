"""What is kept, when it is believed, and when a server is asked again."""

from __future__ import annotations

import hashlib
import json
from email.utils import formatdate

import pytest
from net_fakes import FakeInternet, Reply

from auditor.errors import NetworkError
from auditor.net import Network, NetworkSettings
from auditor.net.kept_answers import kept_headers

DATA = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(20_000))  # 640 kB that do not repeat
OLD = "Wed, 21 Oct 2015 07:28:00 GMT"


class Server:
    """One address with validators, as most servers answer."""

    def __init__(self, body=DATA, etag='"one"', modified="", **headers):
        self.body, self.etag, self.modified, self.headers, self.status = body, etag, modified, headers, 200
        self.knows_conditions = self.knows_ranges = True

    def __call__(self, request):
        headers = {"Content-Type": "application/octet-stream", **self.headers}
        headers |= {"ETag": self.etag} if self.etag else {}
        headers |= {"Last-Modified": self.modified} if self.modified else {}
        same = (self.etag and request.headers.get("If-None-Match") == self.etag) or (
            self.modified and "If-None-Match" not in request.headers and request.headers.get("If-Modified-Since") == self.modified
        )
        if self.status == 200 and same and self.knows_conditions:
            return Reply(304, b"", headers)
        return Reply(self.status, self.body, headers, ranges=self.knows_ranges)


@pytest.fixture
def opened(tmp_path):
    """Return a network with a cache: a new one each time, on the same cache."""

    def go(routes, **settings):
        return Network(NetworkSettings(cache_folder=tmp_path / "cache", **settings), FakeInternet(routes), sleep=lambda _: None)

    return go


def asked(net):
    return [request.headers.get("Range", "whole") for request in net._door._inner.log]


# ------------------------------------------------------------------------------------------------------- whole answers


@pytest.mark.parametrize("marks", [{"etag": '"a"'}, {"etag": 'W/"a"'}, {"etag": "", "modified": OLD}])
def test_a_page_with_a_validator_is_asked_for_and_not_sent(opened, marks):
    server = Server(b"page", **marks)
    first = opened({"a.org": server})
    assert first.get("https://a.org/x").body == b"page"
    second = opened({"a.org": server})
    page = second.get("https://a.org/x")
    assert (page.body, page.status, page.headers["content-type"]) == (b"page", 200, "application/octet-stream")
    assert (second.requests, second.bytes_read) == (1, 0)
    server.body, server.etag, server.modified = b"another", '"b"', ""
    assert opened({"a.org": server}).get("https://a.org/x").body == b"another"
    assert opened({}, offline=True).get("https://a.org/x").body == b"another"


def test_a_page_without_validator_is_always_asked_for_anew(opened):
    server = Server(b"one", etag="")
    opened({"a.org": server}).get("https://a.org/")
    server.body = b"two"
    net = opened({"a.org": server})
    assert (net.get("https://a.org/").body, net.requests) == (b"two", 1)
    offline = opened({"a.org": server}, offline=True)
    assert (offline.get("https://a.org/").body, offline.requests, asked(offline)) == (b"two", 0, [])
    assert len(offline.kept_at) == 1


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_refusal_is_not_kept_and_does_not_drive_out_what_was_seen(opened, status):
    server = Server(b"page")
    opened({"a.org": server}).get("https://a.org/")
    server.status, server.body = status, b"no"
    net = opened({"a.org": server}, retries=0)
    assert net.get("https://a.org/").status == status
    assert opened({}, offline=True).get("https://a.org/").body == b"page"


def test_not_there_is_kept_for_offline_and_asked_anew_online(opened):
    server = Server(b"gone")
    server.status = 404
    opened({"a.org": server}).get("https://a.org/")
    assert opened({}, offline=True).get("https://a.org/").status == 404
    server.status, server.body = 200, b"back"
    assert opened({"a.org": server}).get("https://a.org/").body == b"back"
    server.status = 404
    assert opened({"a.org": server}).get("https://a.org/").status == 404


def test_what_offline_does_not_have_is_refused_and_never_missing(opened):
    for ask in (
        lambda net: net.get("https://a.org/"),
        lambda net: net.get_range("https://a.org/", 0, 10),
        lambda net: net.blob("https://a.org/", name="x"),
        lambda net: net.session().get("https://a.org/"),
        lambda net: net.session().post("https://a.org/", data=b"x"),
        lambda net: net.session().head("https://a.org/"),
    ):
        for net in (opened({"a.org": Server()}, offline=True), Network(NetworkSettings(offline=True), FakeInternet({"a.org": Server()}))):
            with pytest.raises(NetworkError) as caught:
                ask(net)
            assert (caught.value.status, caught.value.state) == ("blocked", "offline")
            assert "--offline" in caught.value.help
            assert asked(net) == []


def test_redirects_are_followed_offline_hop_by_hop(opened):
    routes = {"a.org/1": Reply(302, headers={"Location": "https://b.org/2"}), "b.org/2": Reply(body=b"end")}
    for net in (opened(routes), opened({}, offline=True)):
        page = net.get("https://a.org/1")
        assert (page.final_url, page.body) == ("https://b.org/2", b"end")
        assert net.session().get("https://a.org/1").content == b"end"


def test_a_pinned_page_is_asked_for_once_in_a_life(opened):
    server = Server(b"file of a commit", etag="")
    opened({"a.org": server}).get("https://a.org/", pinned=True)
    net = opened({"a.org": server})
    assert (net.get("https://a.org/", pinned=True).body, net.requests) == (b"file of a commit", 0)


@pytest.mark.parametrize("stream", [True, False])
def test_other_peoples_sessions_profit_too(opened, stream):
    server = Server(json.dumps({"a": 1}).encode(), etag='W/"a"')
    for expected in (8, 0):
        net = opened({"api.github.com": server})
        with net.session().get("https://api.github.com/repos/a/b", stream=stream) as response:
            assert b"".join(response.iter_content(3)) == b'{"a": 1}'
        assert (net.requests, net.bytes_read, response.status_code) == (1, expected, 200)


def test_half_a_body_is_not_kept(opened):
    net = opened({"a.org": Server(DATA)})
    with net.session().get("https://a.org/", stream=True) as response:
        next(response.iter_content(1000))
    broken = opened({"a.org": Reply(body=b"12345", headers={"Content-Length": "10", "ETag": '"x"'})})
    with pytest.raises(NetworkError):
        broken.get("https://a.org/")
    with pytest.raises(NetworkError):
        opened({}, offline=True).get("https://a.org/")


def test_what_a_token_opened_is_not_shown_without_it(opened, monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "secret-token")
    server = Server(b"private")
    with_token = opened({"api.github.com": server})
    with_token.get("https://api.github.com/x")
    with_token.get_range("https://api.github.com/y", 0, 5)
    monkeypatch.delenv("GITHUB_TOKEN")
    without = opened({}, offline=True)
    for ask in (lambda: without.get("https://api.github.com/x"), lambda: without.get_range("https://api.github.com/y", 0, 5)):
        with pytest.raises(NetworkError) as caught:
            ask()
        assert caught.value.state == "offline"
    monkeypatch.setenv("GITHUB_TOKEN", "secret-token")
    assert opened({}, offline=True).get("https://api.github.com/x").body == b"private"
    without.cache.close()
    assert b"secret-token" not in without.cache.path.read_bytes()


def test_headers_that_name_somebody_are_not_kept():
    given = {"Set-Cookie": "a=b", "ETag": "x", "X-RateLimit-Remaining": "1", "Link": "<x>", "Authorization": "y", "X-Cookie-Id": "z"}
    assert kept_headers(given) == {"etag": "x", "link": "<x>"}


def test_another_accept_header_is_another_answer(opened):
    site = {"a.org": lambda request: Reply(body=request.headers["Accept"].encode(), headers={"ETag": '"same"'})}
    opened(site).get("https://a.org/", headers={"Accept": "text/html"})
    assert opened(site).get("https://a.org/", headers={"Accept": "application/json"}).body == b"application/json"


# --------------------------------------------------------------------------------------------------------------- ranges


def read(net, url="https://a.org/f.bin", **options):
    blob = net.blob(url, name="f.bin", **options)
    parts = blob.read(0, 100), blob.read(300_000, 50), blob.read(blob.size - 40, 40)
    assert parts == (DATA[:100], DATA[300_000:300_050], DATA[-40:])
    return blob


def test_an_unchanged_file_costs_one_request_and_no_byte(opened):
    server = Server()
    cold = opened({"a.org": server})
    read(cold)
    assert cold.requests == 3
    warm = opened({"a.org": server})
    blob = read(warm)
    assert (warm.requests, warm.bytes_read, asked(warm)) == (1, 0, ["bytes=0-15"])
    assert (blob.requests, blob.bytes_read) == (1, 0)
    offline = opened({}, offline=True)
    assert (read(offline).requests, offline.requests) == (0, 0)


def test_a_listing_that_gives_a_revision_makes_the_request_needless(opened):
    server = Server(etag="")
    read(opened({"a.org": server}), revision="sha256:1")
    warm = opened({})
    read(warm, revision="sha256:1")
    assert warm.requests == 0
    other = opened({"a.org": server})
    read(other, revision="sha256:2")
    assert other.bytes_read > 0


def test_a_changed_file_is_read_anew(opened):
    server = Server()
    read(opened({"a.org": server}))
    server.body, server.etag = DATA[::-1], '"two"'
    net = opened({"a.org": server})
    blob = net.blob("https://a.org/f.bin", name="f.bin")
    assert (blob.read(0, 100), blob.read(300_000, 50)) == (DATA[::-1][:100], DATA[::-1][300_000:300_050])
    offline = opened({}, offline=True).blob("https://a.org/f.bin", name="f.bin")
    assert offline.read(300_000, 50) == DATA[::-1][300_000:300_050]
    with pytest.raises(NetworkError):
        offline.read(500_000, 10)  # kept of the first version alone


def test_the_same_last_modified_and_length_are_enough_where_it_lies_back(opened):
    server = Server(etag="", modified=OLD)
    read(opened({"a.org": server}))
    warm = opened({"a.org": server})
    read(warm)
    assert (asked(warm), warm.bytes_read) == (["bytes=0-15"], 16)
    server.body = DATA + b"more"
    net = opened({"a.org": server})
    blob = net.blob("https://a.org/f.bin", name="f.bin")
    assert blob.size == len(DATA) + 4
    assert net.bytes_read > 16


@pytest.mark.parametrize("marks", [{"etag": ""}, {"etag": 'W/"weak"'}, {"etag": "", "modified": "now"}])
def test_without_a_sure_validator_a_file_is_read_anew(opened, marks):
    server = Server(**marks)
    if server.modified:  # the test's own second: a date this young may hide a second change
        server.modified = formatdate(usegmt=True)
    read(opened({"a.org": server}))
    changed = DATA[::-1]
    server.body = changed  # as long as before, and nothing tells
    net = opened({"a.org": server})
    blob = net.blob("https://a.org/f.bin", name="f.bin")
    assert (blob.read(0, 100), blob.read(300_000, 50)) == (changed[:100], changed[300_000:300_050])
    offline = opened({}, offline=True).blob("https://a.org/f.bin", name="f.bin")
    assert offline.read(300_000, 50) == changed[300_000:300_050]  # no part of the older file is mixed in
    with pytest.raises(NetworkError):
        offline.read(len(DATA) - 40, 40)


def test_a_server_that_ignores_conditions_is_compared(opened):
    server = Server()
    server.knows_conditions = False
    read(opened({"a.org": server}))
    warm = opened({"a.org": server})
    read(warm)
    assert (warm.requests, warm.bytes_read) == (1, 16)


@pytest.mark.parametrize(("status", "word"), [(404, "missing"), (403, "denied"), (429, "quota"), (500, "error")])
def test_a_file_that_is_refused_today_is_refused_though_it_is_kept(opened, status, word):
    server = Server()
    read(opened({"a.org": server}))
    server.status, server.body = status, b"no"
    with pytest.raises(NetworkError) as caught:
        opened({"a.org": server}, retries=0).blob("https://a.org/f.bin", name="f.bin")
    assert caught.value.status == word
    offline = opened({}, offline=True)
    if status == 404:
        with pytest.raises(NetworkError) as caught:
            offline.blob("https://a.org/f.bin", name="f.bin")
        assert caught.value.status == "missing"
    else:
        read(offline)


def test_a_page_in_place_of_a_file_does_not_drive_it_out(opened):
    server = Server()
    read(opened({"a.org": server}))
    page = Reply(200, b"<!DOCTYPE html><title>Quota exceeded</title>", {"Content-Type": "text/html", "ETag": '"one"'})
    with pytest.raises(NetworkError):
        opened({"a.org": page}).blob("https://a.org/f.bin", name="f.bin")
    read(opened({}, offline=True))


def test_a_signed_address_that_changes_each_time_is_the_same_file(opened):
    server, count = Server(), [0]

    def redirect(_request):
        count[0] += 1
        return Reply(302, headers={"Location": f"https://cdn.org/f?signature={count[0]}"})

    routes = {"a.org": redirect, "cdn.org": server}
    read(opened(routes))
    warm = opened(routes)
    read(warm)
    assert (warm.requests, warm.bytes_read) == (2, 0)
    assert len(opened(routes).cache.shares()) == 1


def test_a_signed_address_that_ran_out_does_not_make_the_file_missing(opened):
    server, valid = Server(), [1]

    def cdn(request):
        return server(request) if request.url.endswith(f"={valid[0]}") else Reply(404, b"expired")

    routes = {"a.org": lambda _: Reply(302, headers={"Location": f"https://cdn.org/f?signature={valid[0]}"}), "cdn.org": cdn}
    net = opened(routes)
    blob = net.blob("https://a.org/f.bin", name="f.bin")
    valid[0] = 2
    assert blob.read(300_000, 50) == DATA[300_000:300_050]
    offline = opened({}, offline=True).blob("https://a.org/f.bin", name="f.bin")
    assert offline.read(300_000, 50) == DATA[300_000:300_050]


def test_the_end_of_a_file_is_found_by_its_end(opened):
    server = Server()
    opened({"a.org": server}).get_range("https://a.org/f", -1000, 1000)
    for net in (opened({"a.org": server}), opened({}, offline=True)):
        answer = net.get_range("https://a.org/f", -1000, 1000)
        assert (answer.body, answer.offset, answer.total, answer.status) == (DATA[-1000:], len(DATA) - 1000, len(DATA), 206)


def test_a_kept_beginning_is_given_and_only_the_rest_is_asked_for(opened):
    server = Server()
    opened({"a.org": server}).get_range("https://a.org/f.bin", 0, 1000)
    net = opened({"a.org": server})
    blob = net.blob("https://a.org/f.bin", name="f.bin")
    assert blob.read(0, 2000) == DATA[:2000]
    assert asked(net) == ["bytes=0-15", "bytes=1000-17383"]


def test_a_small_file_of_a_server_that_ignores_ranges(opened):
    server = Server(b"small file", etag='"s"')
    server.knows_ranges = False
    for net, cost in ((opened({"a.org": server}), 10), (opened({"a.org": server}), 0), (opened({}, offline=True), 0)):
        blob = net.blob("https://a.org/f.bin", name="f.bin")
        assert (blob.size, blob.read(0, 100), net.bytes_read) == (10, b"small file", cost)


def test_an_empty_file(opened):
    server = Server(b"")
    for net in (opened({"a.org": server}), opened({"a.org": server}), opened({}, offline=True)):
        assert net.blob("https://a.org/f.bin", name="f.bin").size == 0


def test_a_whole_download_leaves_room_for_the_rest(opened, monkeypatch):
    monkeypatch.setattr("auditor.net.kept_ranges.MOST_FILE_BYTES", 200_000)
    net = opened({"a.org": Server()})
    blob = net.blob("https://a.org/f.bin", name="f.bin")
    for place in range(0, len(DATA), 50_000):
        assert blob.read(place, 50_000) == DATA[place : place + 50_000]
    assert 100_000 < sum(share.bytes for share in net.cache.shares()) < 260_000


def test_without_a_cache_nothing_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    net = Network(NetworkSettings(), FakeInternet({"a.org": Server()}))
    net.get("https://a.org/")
    read(net)
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_a_server_that_ignores_ranges_is_downloaded_once(opened):
    server = Server()
    server.knows_ranges = False
    for blob in (opened({"a.org": server}).blob("https://a.org/f.bin", name="f.bin") for _ in range(2)):
        assert blob.read(300_000, 50) == DATA[300_000:300_050]
        blob.close()
    warm = opened({"a.org": server})
    blob = warm.blob("https://a.org/f.bin", name="f.bin")
    assert blob.read(300_000, 50) == DATA[300_000:300_050]
    assert (asked(warm), warm.bytes_read) == (["bytes=0-15"], 0)
    assert blob.read(len(DATA) - 10, 10) == DATA[-10:]  # what had not been read comes now
    server.body, server.etag = DATA[::-1], '"two"'
    assert opened({"a.org": server}).blob("https://a.org/f.bin", name="f.bin").read(300_000, 50) == DATA[::-1][300_000:300_050]
