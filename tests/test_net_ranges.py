"""Ranges over real sockets: honest, slow, cut, lying and ignorant servers; and behind a real proxy."""

from __future__ import annotations

import gzip
import hashlib
import random
import re
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from net_fakes import FakeInternet, Reply

from auditor.blob import Blob
from auditor.errors import FormatError, LimitError, NetworkError
from auditor.net import Network, NetworkSettings, RangeAnswer, is_page
from auditor.net.content_range import ContentRange, parse_content_range, range_header, unsatisfied_total
from auditor.net.extents import Extents

DATA = random.Random(3).randbytes(700_000)
HERE = frozenset({"127.0.0.1"})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_args):
        pass

    def setup(self):
        super().setup()
        self.server.connections.append(self.client_address)

    def do_GET(self):
        self.server.seen.append((self.path, self.headers.get("Range", ""), self.headers.get("Accept-Encoding", "")))
        wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        behave = getattr(self, "do_" + self.path.strip("/").split("/")[-1].split("?")[0].split(".")[0])
        if not wanted:
            return behave(0, len(DATA) - 1, False)
        if not wanted[1]:
            return behave(max(0, len(DATA) - int(wanted[2])), len(DATA) - 1, True)
        return behave(int(wanted[1]), min(int(wanted[2] or len(DATA)), len(DATA) - 1), True)

    def reply(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def part(self, first, last, **headers):
        self.reply(206, DATA[first : last + 1], **{"Content_Range": f"bytes {first}-{last}/{len(DATA)}", "ETag": '"one"', **headers})

    def do_honest(self, first, last, ranged):
        self.part(first, last) if ranged else self.reply(200, DATA)

    def do_page(self, *_):
        self.reply(200, b"<!DOCTYPE html><html><body>no file here</body></html>", Content_Type="text/html")

    def do_ignores(self, *_):
        self.reply(200, DATA)

    def do_chunked(self, *_):
        body = (
            b"".join(b"%x\r\n%s\r\n" % (len(DATA[i : i + 50_000]), DATA[i : i + 50_000]) for i in range(0, len(DATA), 50_000))
            + b"0\r\n\r\n"
        )
        self.reply(200, body, Transfer_Encoding="chunked")

    def do_unsaid(self, *_):
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        self.wfile.write(DATA)

    def do_small(self, *_):
        self.reply(200, DATA[:1000])

    def do_cut(self, first, last, ranged):
        self.close_connection = True
        self.reply(
            206, DATA[first : (first + last) // 2], Content_Range=f"bytes {first}-{last}/{len(DATA)}", Content_Length=last - first + 1
        )

    def do_once(self, first, last, ranged):
        cut = len([1 for path, _, _ in self.server.seen if path == "/once"]) == 1
        self.do_cut(first, last, ranged) if cut else self.part(first, last)

    def do_short(self, first, last, _):
        last = min(last, first + 29_999)
        self.part(first, last)

    def do_crumbs(self, first, last, _):
        self.part(first, min(last, first + 9))

    def do_shifted(self, first, last, _):
        self.reply(206, DATA[first + 1 : last + 1], Content_Range=f"bytes {first + 1}-{last}/{len(DATA)}")

    def do_longer(self, first, last, _):
        self.reply(206, DATA[first : last + 1] + b"more", Content_Range=f"bytes {first}-{last}/{len(DATA)}")

    def do_shorter(self, first, last, _):
        self.reply(206, DATA[first:last], Content_Range=f"bytes {first}-{last}/{len(DATA)}")

    def do_wide(self, first, last, _):
        self.reply(206, DATA, Content_Range=f"bytes 0-{len(DATA) - 1}/{len(DATA)}")

    def do_nonsense(self, first, last, _):
        self.reply(206, DATA[first : last + 1], Content_Range="bytes nine-ten/eleven")

    def do_unstated(self, first, last, _):
        self.reply(206, DATA[first : last + 1])

    def do_sizeless(self, first, last, _):
        self.reply(206, DATA[first : last + 1], Content_Range=f"bytes {first}-{last}/*")

    def do_several(self, first, last, _):
        self.reply(206, b"--x\r\n", Content_Type="multipart/byteranges; boundary=x")

    def do_compressed(self, first, last, _):
        self.part(first, last, Content_Encoding="gzip")

    def do_unsatisfied(self, *_):
        self.reply(416, b"", Content_Range=f"bytes */{len(DATA)}")

    def do_empty(self, *_):
        self.reply(416, b"", Content_Range="bytes */0")

    def do_nothing(self, *_):
        self.reply(200, b"")

    def do_changes(self, first, last, _):
        self.part(first, last, ETag=f'"{len(self.server.seen)}"')

    def do_grows(self, first, last, _):
        self.reply(206, DATA[first : last + 1], Content_Range=f"bytes {first}-{last}/{len(DATA) + len(self.server.seen)}")

    def do_dated(self, first, last, _):
        self.reply(
            206, DATA[first : last + 1], Content_Range=f"bytes {first}-{last}/{len(DATA)}", Last_Modified=f"day {len(self.server.seen)}"
        )

    def do_mixed(self, first, last, ranged):
        self.do_several(first, last, ranged) if ranged else self.reply(200, DATA)

    def do_squeezed(self, first, last, ranged):
        self.do_compressed(first, last, ranged) if ranged else self.reply(200, DATA)

    def do_shrugs(self, first, last, ranged):
        self.reply(416, b"") if ranged else self.reply(200, DATA)

    def do_joins(self, first, last, ranged):
        self.do_unstated(first, last, ranged) if ranged else self.reply(200, DATA)

    def do_lies(self, first, last, ranged):
        self.do_longer(first, last, ranged) if ranged else self.reply(200, DATA)

    def do_zipped(self, *_):
        self.reply(200, gzip.compress(DATA, 1), Content_Encoding="gzip")

    def do_halves(self, first, last, _):
        half = first + max(1, (last - first + 1) // 2)
        self.close_connection = True
        self.reply(206, DATA[first:half], Content_Range=f"bytes {first}-{last}/{len(DATA)}", Content_Length=last - first + 1)

    def do_torn(self, first, last, _):
        self.close_connection = True
        self.reply(206, b"", Content_Range=f"bytes {first}-{last}/{len(DATA)}", Content_Length=last - first + 1)

    def broken_off(self, **headers):
        self.close_connection = True
        self.reply(200, DATA[:350_000], Content_Length=len(DATA), **headers)

    def do_halts(self, *_):
        self.reply(200, DATA) if self.count() >= 3 else self.broken_off()

    def do_breaks(self, *_):
        self.broken_off()

    def do_swaps(self, *_):
        self.broken_off(ETag='"one"' if self.count() < 3 else '"two"')

    def do_forgets(self, first, last, _):
        self.part(first, last) if self.count() == 1 else self.reply(200, DATA, ETag='"one"')

    def do_closes(self, first, last, ranged):
        self.part(first, last) if self.count() == 1 else self.do_page()

    def do_shrinks(self, first, last, _):
        self.part(first, last) if self.count() == 1 else self.reply(416, b"", Content_Range="bytes */1000")

    def do_goes(self, first, last, _):
        self.part(first, last) if self.count() == 1 else self.reply(404, b"")

    def do_runs(self, first, last, _):
        self.part(first, last) if self.count() == 1 else self.reply(429, b"")

    def do_pieces(self, first, last, _):
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (last - first + 1, DATA[first : last + 1])
        self.reply(206, body, Content_Range=f"bytes {first}-{last}/{len(DATA)}", Transfer_Encoding="chunked")

    def count(self):
        return len([1 for path, _, _ in self.server.seen if path == self.path])

    def do_silent(self, *_):
        self.server.gate.wait(20)

    def do_drips(self, *_):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.server.gate.wait(0.02):
            try:
                self.wfile.write(b"x")
            except OSError:
                break
        self.close_connection = True

    def do_header(self, *_):
        while not self.server.gate.wait(0.02):
            try:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: " if not hasattr(self, "begun") else b"x")
            except OSError:
                break
            self.begun = True
        self.close_connection = True

    def do_CONNECT(self):
        self.send_error(403)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen = []
        self.connections = []
        self.gate = threading.Event()

    def handle_error(self, *_):
        pass

    @property
    def place(self):
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server():
    with serving() as running:
        yield running


@contextmanager
def serving():
    running = Server()
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield running
    finally:
        running.gate.set()
        running.shutdown()
        running.server_close()


@contextmanager
def network(**more):
    net = Network(NetworkSettings(allowed_private_hosts=HERE, **more), sleep=lambda _: None)
    try:
        yield net
    finally:
        net.close()


def test_a_blob_reads_what_is_there_and_asks_once_for_each_range(server):
    with network() as net:
        blob = net.blob(server.place + "/honest", name="m.pth")
        assert isinstance(blob, Blob)
        assert (blob.size, blob.name, blob.requests) == (len(DATA), "m.pth", 1)
        assert blob.read(0, 60_000) == DATA[:60_000]
        assert blob.requests == 1
        assert blob.read(300_000, 100) == DATA[300_000:300_100]
        assert blob.read(300_100, 10_000) == DATA[300_100:310_100]  # read ahead with the hundred bytes before
        assert blob.requests == 2
        assert blob.read(60_000, 300_000) == DATA[60_000:360_000]
        assert blob.requests == 4  # one for each gap
        assert blob.read(699_990, 1000) == DATA[699_990:]
        assert blob.read(len(DATA), 10) == b""
        assert blob.read(10**12, 10) == b""
        assert blob.requests == net.requests == 5
        assert blob.bytes_read == net.bytes_read
        assert {encoding for _, _, encoding in server.seen} == {"identity"}
        with pytest.raises(FormatError):
            blob.read(-1, 5)
        with pytest.raises(FormatError):
            blob.read(0, -5)


def test_a_suffix_range_brings_the_end_and_the_size(server):
    with network() as net:
        answer = net.get_range(server.place + "/honest", -100, 100)
        assert (answer.body, answer.offset, answer.total, answer.ranged) == (DATA[-100:], len(DATA) - 100, len(DATA), True)


@pytest.mark.parametrize("way", ["ignores", "chunked", "unsaid"])
def test_a_server_that_ignores_ranges_is_read_from_the_front_once(server, way):
    with network() as net:
        blob = net.blob(server.place + f"/{way}", name="m")
        assert blob.size == len(DATA)
        for offset in (650_000, 0, 300_000, 699_999):
            assert blob.read(offset, 1000) == DATA[offset : offset + 1000]
        assert blob.ignores_ranges
        assert blob.requests == 2
        blob.close()


def test_what_lies_far_inside_a_file_without_ranges_is_refused(server):
    with network(max_spool_bytes=300_000) as net:
        blob = net.blob(server.place + "/ignores", name="m")
        assert blob.read(100_000, 100) == DATA[100_000:100_100]
        with pytest.raises(NetworkError) as caught:
            blob.read(400_000, 100)
        assert caught.value.status == "blocked"
        assert blob.read(100_000, 100) == DATA[100_000:100_100]
        blob.close()


def test_small_answers_need_no_second_request(server):
    with network() as net:
        blob = net.blob(server.place + "/small", name="m")
        assert (blob.size, blob.read(10, 5), blob.requests) == (1000, DATA[10:15], 1)


@pytest.mark.parametrize("way", ["empty", "nothing"])
def test_empty_files_are_empty(server, way):
    with network() as net:
        blob = net.blob(server.place + f"/{way}", name="m")
        assert (blob.size, blob.read(0, 10)) == (0, b"")


@pytest.mark.parametrize(
    "way",
    ["shifted", "longer", "wide", "nonsense", "unstated", "sizeless", "several", "compressed", "unsatisfied", "page"],
)
def test_servers_that_lie_are_errors(server, way):
    with network() as net, pytest.raises(NetworkError) as caught:
        net.blob(server.place + f"/{way}", name="m").read(0, 1000)
    assert caught.value.status == "error"
    assert caught.value.state == {"page": "not_a_file"}.get(way, "broken_range")
    assert caught.value.what
    assert net.requests <= 2


@pytest.mark.parametrize("way", ["mixed", "squeezed", "shrugs", "joins", "lies"])
def test_where_ranges_do_not_work_the_file_is_read_from_the_front(server, way):
    with network() as net:
        blob = net.blob(server.place + f"/{way}", name="m")
        assert (blob.size, blob.ignores_ranges) == (len(DATA), True)
        for offset in (650_000, 0, 300_000):
            assert blob.read(offset, 1000) == DATA[offset : offset + 1000]
        assert blob.requests == 3
        blob.close()


def test_a_whole_file_that_comes_compressed_is_what_it_was_before(server):
    with network() as net:
        blob = net.blob(server.place + "/zipped", name="m")
        assert (blob.size, blob.read(300_000, 1000), blob.read(10, 10)) == (len(DATA), DATA[300_000:301_000], DATA[10:20])
        blob.close()
    with network(max_spool_bytes=300_000) as net, pytest.raises(NetworkError) as caught:
        net.blob(server.place + "/zipped", name="m")
    assert (caught.value.status, caught.value.state) == ("blocked", "blocked")


def test_an_answer_that_stops_halfway_is_gone_on_with(server):
    with network() as net:
        assert net.blob(server.place + "/once", name="m").read(0, 1000) == DATA[:1000]
        assert net.requests == 1  # half of the first 64 kB came
    with network() as net:
        blob = net.blob(server.place + "/halves", name="m", size=len(DATA))
        assert blob.read(100_000, 300_000) == DATA[100_000:400_000]
        assert blob.requests <= 16
        assert blob.bytes_read < 310_000  # nothing came twice
    with network() as net, pytest.raises(NetworkError) as caught:
        net.blob(server.place + "/torn", name="m").read(0, 1000)
    assert (caught.value.status, caught.value.state) == ("error", "unreachable")


@pytest.mark.parametrize(("way", "works"), [("halts", True), ("breaks", False), ("swaps", False)])
def test_a_whole_file_that_stops_halfway_is_begun_again(server, way, works):
    with network() as net:
        blob = net.blob(server.place + f"/{way}", name="m")
        assert blob.read(1000, 1000) == DATA[1000:2000]
        if works:
            assert blob.read(500_000, 1000) == DATA[500_000:501_000]
        else:
            with pytest.raises(NetworkError) as caught:
                blob.read(500_000, 1000)
            assert caught.value.state == {"breaks": "unreachable", "swaps": "changed"}[way]
        assert blob.requests <= 1 + 3
        blob.close()


def test_a_server_that_forgets_ranges_in_mid_read_is_read_from_the_front(server):
    with network() as net:
        blob = net.blob(server.place + "/forgets", name="m")
        assert not blob.ignores_ranges
        assert blob.read(200_000, 1000) == DATA[200_000:201_000]
        assert blob.read(600_000, 1000) == DATA[600_000:601_000]
        assert blob.ignores_ranges
        blob.close()


@pytest.mark.parametrize(
    ("way", "state"), [("closes", "not_a_file"), ("shrinks", "changed"), ("goes", "not_found"), ("runs", "rate_limited")]
)
def test_what_happens_to_a_file_in_mid_read_has_a_state(server, way, state):
    with network() as net:
        blob = net.blob(server.place + f"/{way}", name="m")
        assert blob.read(0, 100) == DATA[:100]
        with pytest.raises(NetworkError) as caught:
            blob.read(400_000, 1000)
        assert caught.value.state == state
        assert blob.read(0, 100) == DATA[:100]  # what was read stays


def test_one_connection_serves_a_whole_read(server):
    with network() as net:
        blob = net.blob(server.place + "/honest", name="m")
        for offset in range(100_000, 600_000, 50_000):
            blob.read(offset, 100)
        assert blob.requests == 11
        assert len(server.connections) == 1
        net.get(server.place + "/small")
        net.get_range(server.place + "/pieces", 1000, 5000)
        net.get_range(server.place + "/pieces", 9000, 5000)
        assert len(server.connections) == 1


def test_a_range_in_chunks_is_a_range(server):
    with network() as net:
        answer = net.get_range(server.place + "/pieces", 1000, 5000)
        assert (answer.ranged, answer.body, answer.total) == (True, DATA[1000:6000], len(DATA))


def test_short_answers_are_completed_and_crumbs_refused(server):
    with network() as net:
        assert net.blob(server.place + "/short", name="m", size=len(DATA)).read(5, 100_000) == DATA[5:100_005]
        with pytest.raises(NetworkError):
            net.blob(server.place + "/crumbs", name="m", size=len(DATA)).read(0, 1000)


@pytest.mark.parametrize("way", ["changes", "grows", "dated"])
def test_a_file_that_changes_while_it_is_read_is_no_file_of_anybody(server, way):
    with network() as net:
        blob = net.blob(server.place + f"/{way}", name="m")
        with pytest.raises(NetworkError) as caught:
            blob.read(200_000, 10)
        assert (caught.value.status, caught.value.state) == ("error", "changed")


def test_a_listed_size_that_is_wrong_is_told(server):
    with network() as net, pytest.raises(NetworkError) as caught:
        net.blob(server.place + "/honest", name="m", size=len(DATA) - 1).read(0, 10)
    assert caught.value.state == "changed"


def test_one_read_is_bounded(server):
    with network() as net, pytest.raises(LimitError):
        net.blob(server.place + "/honest", name="m", size=1 << 40).read(0, 1 << 30)
    assert server.seen == []


def test_silent_dripping_and_stalling_servers_end_in_time(server):
    with network(timeout_seconds=0.15, exchange_seconds=0.3, retries=0) as net:
        for way in ("silent", "drips", "header"):
            with pytest.raises(NetworkError) as caught:
                net.get(server.place + f"/{way}")
            assert caught.value.status == "error"
            with pytest.raises(NetworkError):
                net.session().get(server.place + f"/{way}")


def test_nobody_at_the_door():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with network() as net, pytest.raises(NetworkError) as caught:
            net.get(f"http://127.0.0.1:{closed.getsockname()[1]}/")
    assert caught.value.status == "error"
    assert net.requests == 3


def test_a_page_is_visible_to_the_caller(server):
    with network() as net:
        answer = net.get_range(server.place + "/page", 0, 65536)
        assert (answer.status, answer.is_page, answer.whole) == (200, True, True)
        assert b"no file here" in answer.body
        with pytest.raises(NetworkError) as caught:
            net.blob(server.place + "/page", name="m")
        assert "page, not a file" in caught.value.what


def test_a_hash_and_a_text_of_a_whole_page(server):
    with network() as net:
        page = net.get(server.place + "/small")
        assert page.sha256 == hashlib.sha256(DATA[:1000]).hexdigest()
    site = FakeInternet(
        {
            "a.org/l": Reply(body="ä".encode("latin-1"), headers={"Content-Type": "text/html; charset=iso-8859-1"}),
            "a.org/x": Reply(body="ä".encode(), headers={"Content-Type": "text/html; charset=nonsense"}),
        }
    )
    assert Network(transport=site).get("https://a.org/l").text() == "ä"
    assert Network(transport=site).get("https://a.org/x").text() == "ä"


# -------------------------------------------------------------------------------------------------------- behind a proxy


class Proxy(Handler):
    def do_GET(self):
        self.path = "/" + re.sub(r"^https?://[^/]+/?", "", self.path)
        self.server.asked.append(self.headers["Host"])
        super().do_GET()


@pytest.fixture
def proxy(monkeypatch):
    with serving() as running:
        running.RequestHandlerClass = Proxy
        running.asked = []
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, running.place)
        yield running


def test_behind_a_proxy_names_are_not_resolved_here_and_literals_are_still_refused(proxy, monkeypatch):
    real = socket.getaddrinfo

    def only_here(host, *args, **kwargs):
        assert host == "127.0.0.1", f"resolved {host}"
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", only_here)
    net = Network(sleep=lambda _: None)
    assert net.blob("http://files.example.org/honest", name="m").read(5, 10) == DATA[5:15]
    assert set(proxy.asked) == {"files.example.org"}
    for url in (
        "http://127.0.0.1/honest",
        "http://[::1]/honest",
        "http://0x7f.1/honest",
        "http://localhost/honest",
        "http://169.254.169.254/",
    ):
        with pytest.raises(NetworkError) as caught:
            net.get(url)
        assert caught.value.status == "blocked"
    with pytest.raises(NetworkError) as caught:
        net.get("https://files.example.org/honest")  # this proxy lets no TLS through
    assert (caught.value.status, "proxy" in caught.value.what) == ("error", True)
    assert set(proxy.asked) == {"files.example.org"}
    net.close()


def test_no_proxy_is_honored(proxy, server, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with network() as net:
        assert net.get(server.place + "/small").status == 200
    assert proxy.asked == []
    assert len(server.seen) == 1


def test_a_proxy_that_is_not_there_is_an_error_with_words(monkeypatch):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(NetworkError) as caught:
            Network(sleep=lambda _: None).get("http://example.org/")
    assert caught.value.status == "error"
    assert "proxy" in caught.value.what


def test_certificates_that_are_not_there_are_an_error_with_words(monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    net = Network(sleep=lambda _: None)
    with pytest.raises(NetworkError) as caught:
        net.get("https://github.com/")
    assert "REQUESTS_CA_BUNDLE" in caught.value.help
    assert net.requests == 1


def test_the_replica_of_the_internet_is_reached_over_tls_through_its_proxy(internet_here):
    from auditor.demo.internet import DriveFile, DriveFolder, Fault, Mishap, World
    from auditor.hosts import host_for

    folder = DriveFolder(
        "1" + "a" * 32, "models", (DriveFile("2" + "b" * 32, "m.pth", DATA), DriveFile("3" + "c" * 32, "big.pth", DATA, scan_warning=True))
    )
    running = internet_here(World(drive=(folder,), faults=(Fault("drive.google.com", "/uc*", Mishap.STATUS, 500),)))
    net, url = Network(sleep=lambda _: None), f"https://drive.google.com/drive/folders/{folder.id}"
    listing = host_for(url).resolve(url, net)
    assert (listing.status, len(listing.files)) == ("ok", 2)
    for file in listing.files:
        blob = host_for(url).open(file, net)
        assert blob.read(0, 65536) + blob.read(600_000, 100_000) == DATA[:65536] + DATA[600_000:]
        assert blob.requests == 2
    assert net.requests == len(running.seen) == 5
    net.close()


# ---------------------------------------------------------------------------------------------------------- pure parts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bytes 0-9/10", ContentRange(0, 9, 10)),
        ("bytes 5-5/*", ContentRange(5, 5, None)),
        ("Bytes  5-9/100 ", ContentRange(5, 9, 100)),
        ("bytes 5-4/10", None),
        ("bytes 0-10/10", None),
        ("bytes -5/10", None),
        ("bytes 0-/10", None),
        ("items 0-9/10", None),
        ("bytes 0-9/10, 20-29/100", None),
        ("bytes 0-9/99999999999999999999999", None),
        ("bytes ٠-٩/10", None),
        ("", None),
    ],
)
def test_content_ranges(text, found):
    assert parse_content_range(text) == found


@given(st.integers(0, 10**15), st.integers(1, 10**15), st.integers(0, 10**15))
def test_every_honest_content_range_is_read_back(first, length, rest):
    last, total = first + length - 1, first + length + rest
    assert parse_content_range(f"bytes {first}-{last}/{total}") == ContentRange(first, last, total)
    assert unsatisfied_total(f"bytes */{total}") == total
    assert range_header(first, length) == f"bytes={first}-{last}"


@given(st.text(max_size=60))
def test_no_content_range_is_believed_that_cannot_be(text):
    for header in (text, "bytes " + text):
        found = parse_content_range(header)
        assert found is None or (0 <= found.first <= found.last and (found.total is None or found.last < found.total))
        unsatisfied_total(header)


@given(
    st.binary(min_size=1, max_size=300),
    st.lists(st.tuples(st.integers(0, 320), st.integers(0, 120)), max_size=30),
    st.sampled_from([10_000, 40]),
)
def test_extents_give_back_what_was_put_in(data, reads, most):
    extents = Extents(most)
    for offset, length in reads:
        length = max(0, min(length, len(data) - offset))
        for start, size in extents.gaps(offset, length):
            assert offset <= start < start + size <= offset + length
            extents.add(start, data[start : start + size])
        if most > length:
            for start, size in extents.gaps(offset, length):  # what was shed meanwhile
                extents.add(start, data[start : start + size])
        if not extents.gaps(offset, length):
            assert extents.read(offset, length) == data[offset : offset + length]
        assert extents.held() <= max(most, length) + 120


class Recorder:
    """Stands for a network: answers ranges from memory."""

    def __init__(self, data: bytes, most: int) -> None:
        self.data, self.most, self.asked = data, most, []
        self._real = Network(transport=FakeInternet())
        self.settings, self.tally = self._real.settings, self._real.tally

    def get_range(self, url, offset, length, *, headers=None, **_):
        self.asked.append((offset, length))
        body = self.data[offset : offset + min(length, self.most)]
        return RangeAnswer(url, url, 206, {}, body, offset, len(self.data))


@settings(max_examples=200)
@given(
    st.binary(min_size=1, max_size=5000),
    st.lists(st.tuples(st.integers(0, 5200), st.integers(0, 3000)), max_size=12),
    st.sampled_from([400, 10**6]),
)
def test_a_blob_equals_its_bytes_and_asks_for_nothing_twice(data, reads, most):
    from auditor.net import RemoteBlob

    recorder = Recorder(data, most)
    blob = RemoteBlob(
        recorder, "https://a.org/x", name="x", size=len(data), classify=lambda _: None
    )  # bytes that begin like a page are bytes here
    for offset, length in reads:
        assert blob.read(offset, length) == data[offset : offset + length]
    got = [(offset, min(length, most, len(data) - offset)) for offset, length in recorder.asked]
    assert sum(length for _, length in got) <= len(data)
    assert all(length > 0 for _, length in got)


@pytest.mark.parametrize(
    ("content_type", "head", "page"),
    [
        ("text/html", b"<html>", True),
        ("text/html; charset=utf-8", b"  <div>", True),
        ("text/html", b"PK\x03\x04", False),
        ("application/octet-stream", b"<!DOCTYPE html><html>", True),
        ("application/octet-stream", b"\xef\xbb\xbf<!doctype HTML>", True),
        ("", b"\x80\x02}q", False),
        ("application/json", b'{"a": "<html>"}', False),
    ],
)
def test_pages_are_told_from_files_by_their_bytes(content_type, head, page):
    assert is_page(content_type, head) is page
