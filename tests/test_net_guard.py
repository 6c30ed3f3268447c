"""Where the network refuses to go."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from net_fakes import FakeInternet, Reply

from auditor.errors import NetworkError
from auditor.net import Network, NetworkSettings
from auditor.net.guard import Guard, address_of, is_known, is_public

PRIVATE = """
http://127.0.0.1/ http://127.1/ http://127.0.1/ http://2130706433/ http://0x7f000001/ http://0x7f.1/ http://0177.0.0.1/
http://017700000001/ http://0x7F.0x0.0x0.0x1/ http://0/ http://0.0.0.0/ http://127.0.0.1./ http://127.0.0.1:8080/x
http://10.0.0.1/ http://10.1/ http://172.16.0.1/ http://172.31.255.255/ http://192.168.1.1/ http://192.168.257/ http://100.64.0.1/
http://100.100.100.200/ http://169.254.169.254/latest/meta-data/ http://0xa9fea9fe/ http://2852039166/ http://168.63.129.16/
http://224.0.0.1/ http://255.255.255.255/ http://240.0.0.1/ http://198.18.0.1/ http://192.0.2.1/
http://[::1]/ http://[::]/ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[::127.0.0.1]/ http://[64:ff9b::7f00:1]/
http://[2002:7f00:1::]/ http://[fc00::1]/ http://[fd00:ec2::254]/ http://[fe80::1]/ http://[fe80::1%25eth0]/ http://[ff02::1]/
http://localhost/ http://LOCALHOST:80/ http://localhost./ http://a.localhost/ http://router/ http://intranet/ http://printer.local/
http://metadata.google.internal/ http://git.corp/ http://nas.lan/ http://x.home.arpa/
http://user:secret@127.0.0.1/ http://example.org@127.0.0.1/ https://169.254.169.254/
""".split()

OTHER_SCHEMES = [
    "file:///etc/passwd",
    "ftp://example.org/x",
    "gopher://example.org/",
    "data:text/plain,x",
    "javascript:alert(1)",
    "//example.org/x",
    "/etc/passwd",
    "",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_private_addresses_are_refused_in_every_spelling_and_never_asked(url):
    site = FakeInternet({"": Reply(body=b"secret")})
    with pytest.raises(NetworkError) as caught:
        Network(transport=site).get(url)
    assert caught.value.status == "blocked"
    assert site.log == []


@pytest.mark.parametrize("url", PRIVATE)
def test_a_redirect_to_a_private_address_is_refused(url):
    site = FakeInternet({"example.org/": Reply(302, headers={"Location": url})})
    for ask in (
        lambda net: net.get("https://example.org/"),
        lambda net: net.session().get("https://example.org/"),
        lambda net: net.blob("https://example.org/", name="x"),
    ):
        with pytest.raises(NetworkError) as caught:
            ask(Network(transport=site))
        assert caught.value.status == "blocked"
    assert set(site.urls) == {"https://example.org/"}


@pytest.mark.parametrize("url", OTHER_SCHEMES)
def test_only_http_and_https(url):
    with pytest.raises(NetworkError) as caught:
        Network(transport=FakeInternet({"": Reply()})).get(url)
    assert caught.value.status == "blocked"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "gopher://x/"])
def test_a_redirect_to_another_scheme_is_refused(target):
    with pytest.raises(NetworkError) as caught:
        Network(transport=FakeInternet({"example.org/": Reply(302, headers={"Location": target})})).get("http://example.org/")
    assert caught.value.status == "blocked"


@pytest.mark.parametrize(
    "url", ["https://example.org/", "http://8.8.8.8/", "http://[2606:4700::1111]/", "http://134744072/", "http://[::ffff:8.8.8.8]/"]
)
def test_public_addresses_are_visited(url):
    assert Network(transport=FakeInternet({"": Reply(body=b"here")})).get(url).body == b"here"


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://exa mple.org/", "http://example.org:99999/", "http://\x00/", "http://.", "https://", "http://a..b/"]
)
def test_broken_addresses_are_errors_with_words(url):
    with pytest.raises(NetworkError):
        Network(transport=FakeInternet()).get(url)


def test_a_host_can_be_allowed_by_name_with_or_without_its_port():
    site = FakeInternet({"": Reply(body=b"api")})
    assert Network(NetworkSettings(allowed_private_hosts=frozenset({"127.0.0.1"})), site).get("http://127.0.0.1:81/").body == b"api"
    by_port = Network(NetworkSettings(allowed_private_hosts=frozenset({"127.0.0.1:81"})), site)
    assert by_port.get("http://127.0.0.1:81/").body == b"api"
    with pytest.raises(NetworkError):
        by_port.get("http://127.0.0.1:82/")


def test_the_place_of_github_api_url_is_allowed_and_only_that_port(monkeypatch):
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:8123/api/v3")
    network = Network(transport=FakeInternet({"": Reply(body=b"api")}))
    assert network.get("http://127.0.0.1:8123/api/v3/repos").body == b"api"
    with pytest.raises(NetworkError):
        network.get("http://127.0.0.1:8124/")


def _resolving_to(monkeypatch, *addresses):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: found)


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.0.0.8", "::1", "fd00:ec2::254", "fe80::1%eth0"])
def test_a_public_name_that_leads_to_a_private_address_is_refused_before_connecting(monkeypatch, address):
    _resolving_to(monkeypatch, "93.184.216.34", address)
    monkeypatch.setattr("auditor.net.connections.create_connection", lambda *a, **k: pytest.fail("connected"))
    with pytest.raises(NetworkError) as caught:
        Network(sleep=lambda _: None).get("http://rebinding.example.org/")
    assert caught.value.status == "blocked"


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    _resolving_to(monkeypatch, "93.184.216.34")
    places = []

    def connect(place, *args, **kwargs):
        places.append(place)
        raise ConnectionRefusedError("closed")

    monkeypatch.setattr("auditor.net.connections.create_connection", connect)
    with pytest.raises(NetworkError) as caught:
        Network(sleep=lambda _: None).get("http://example.org/")
    assert caught.value.status == "error"
    assert set(places) == {("93.184.216.34", 80)}


def test_hosts_that_the_product_knows_are_exempt_from_the_resolved_check_over_tls_only():
    guard = Guard(frozenset())
    guard.check_resolved("https", "drive.google.com", 443, ["127.0.0.1"])
    guard.check_resolved("https", "doc-0s.googleusercontent.com", 443, ["10.0.0.1"])
    for scheme, host in (("http", "drive.google.com"), ("https", "drive.google.com.evil.example"), ("https", "evilgoogleusercontent.com")):
        with pytest.raises(NetworkError):
            guard.check_resolved(scheme, host, 443, ["127.0.0.1"])
    assert not is_known("githubusercontent.com.evil.org")


@given(st.ip_addresses(v=4))
def test_every_spelling_of_an_ipv4_address_is_the_same_address(address):
    number, parts = int(address), address.packed
    spellings = [
        str(address),
        str(number),
        hex(number),
        "0" + oct(number)[2:],
        ".".join(map(hex, parts)),
        ".".join("0" + oct(p)[2:] for p in parts),
    ]
    spellings += [f"{parts[0]}.{number & 0xFFFFFF}", f"{parts[0]}.{parts[1]}.{number & 0xFFFF}"]
    assert {address_of(text) for text in spellings} == {address}
    assert {address_of(text) for text in (f"::ffff:{address}",)} == {ipaddress.ip_address(f"::ffff:{address}")}
    assert is_public(ipaddress.ip_address(f"::ffff:{address}")) == is_public(address)


@given(st.text(max_size=40))
def test_no_address_makes_the_guard_fail_otherwise(text):
    for url in (text, "http://" + text, "https://" + text + "/x"):
        try:
            host = Guard(frozenset()).check_url(url)
        except NetworkError:
            continue
        literal = address_of(host)
        assert literal is None or is_public(literal)
