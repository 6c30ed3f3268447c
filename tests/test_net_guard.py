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
http://[fec0::1]/ http://[64:ff9b:1::7f00:1]/ http://[64:ff9b::a9fe:a9fe]/ http://[::ffff:0:7f00:1]/ http://[::ffff:a9fe:a9fe]/
http://[2001:0:7f00:1::1]/ http://[2002:a9fe:a9fe::1]/ http://[2002:808:808::1]/ http://[2001:470::5efe:7f00:1]/
http://[2001:470::200:5efe:a00:1]/ http://[3fff::1]/ http://[4000::1]/ http://[2001:db8::1]/ http://[100::1]/
http://[0:0:0:0:0:0:0:1]/ http://[fe80::1%25lo]:80/ http://[fe80::1%lo]/
http://192.0.0.192/opc/v2/ http://192.0.0.8/ http://192.88.99.1/ http://203.0.113.9/ http://198.51.100.1/
http://127.1.:80/ http://127.0.0.1:80#@example.org/ http://0x7f.0x1/ http://00000177.1/ http://4294967295/ http://127.0.0.1%23@x/
http://127.0.0.1.nip.io/ http://10-0-0-1.sslip.io/ http://localtest.me/ http://a.lvh.me/ http://app.10.0.0.1.xip.io/
http://host.docker.internal/ http://instance-data.ec2.internal/ http://metadata.google.internal./ http://METADATA.google.INTERNAL/
http://kubernetes.default.svc/ http://kubernetes.default/ http://vault.service.consul/ http://x.private/
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
    "url",
    [
        "https://example.org/",
        "http://8.8.8.8/",
        "http://[2606:4700::1111]/",
        "http://134744072/",
        "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::808:808]/",
    ],
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


# ------------------------------------------------------------------------------------- spellings that libraries read apart


ODD = """
http://\u2460\u2461\u2466.0.0.1/ http://127\u30020\u30020\u30021/ http://\uff11\uff12\uff17.0.0.1/ http://\u24dbocalhost/
http://127.0.0.1\\@example.org/ http://example.org\\@127.0.0.1/ http://example.org%2f@127.0.0.1/ http://127.0.0.1%2f@example.org/
http://127.0.0.1%00.example.org/ http://exa%6dple.org@127.0.0.1/ http://[127.0.0.1]/ http://127.0.0.1%0d%0aHost:x/
http://1.1.1.1&@127.0.0.1#@8.8.8.8/ http:/127.0.0.1/ http:127.0.0.1/ http:///127.0.0.1/ https:127.0.0.1 http://127.0.0.1?@example.org/ http://[::ffff:0x7f.1]/
""".split()


@pytest.mark.parametrize("url", ODD)
def test_where_libraries_could_read_an_address_apart_nobody_private_is_asked(url):
    """Whatever such an address is taken for, what leaves is an address that every reader takes for a public one."""
    from urllib.parse import urlsplit

    site = FakeInternet({"": Reply(body=b"here")})
    for ask in (lambda net: net.get(url), lambda net: net.session().get(url)):
        try:
            ask(Network(transport=site))
        except NetworkError:
            continue
    for sent in site.urls:
        host = urlsplit(sent).hostname or ""
        literal = address_of(host)
        assert host in ("example.org", "8.8.8.8") or (literal is not None and is_public(literal))


def test_an_address_of_a_document_signs_nobody_in():
    site = FakeInternet({"": Reply(body=b"here")})
    net = Network(transport=site)
    net.get("https://someone:secret@example.org/")
    net.session().get("https://someone:secret@example.org/")
    assert all("Authorization" not in request.headers for request in site.log)
    assert len(site.log) == 2


# ------------------------------------------------------------------------------------------------------ where tokens go

LOOKALIKES = """
http://api.github.com/x https://api.github.com.evil.example/x https://api-github.com/x https://evilapi.github.com/x
https://api.github.com:8443/x https://api.github.com@evil.example/x https://api.github.com%2f@evil.example/x
https://github.com/x https://raw.githubusercontent.com/x https://api.githab.com/x https://xn--api-github-com.example/
https://evil.example/api.github.com https://evil.example/?https://api.github.com https://evil.example/#@api.github.com
https://evil.example\\@api.github.com/x https://evil.example\\.api.github.com/
""".split()


@pytest.fixture
def tokens_set(monkeypatch):
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_secret")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.delenv("GITHUB_API_URL", raising=False)


def carried(request):
    return [name for name, value in request.headers.items() if "secret" in str(value)]


@pytest.mark.parametrize("url", LOOKALIKES)
def test_no_token_goes_to_a_place_that_looks_like_its_own(url, tokens_set):
    site = FakeInternet({"": Reply(body=b"here")})
    for ask in (lambda net: net.get(url), lambda net: net.session().get(url), lambda net: net.blob(url, name="x")):
        ask(Network(transport=site))
    assert len(site.log) == 3
    assert [carried(request) for request in site.log] == [[], [], []]


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "http://api.github.com/", "https://api.github.com:444/", "https://huggingface.co/", "//evil.example/"],
)
@pytest.mark.parametrize("given", [{}, {"Authorization": "token ghp_secret"}, {"X-Api-Key": "ghp_secret"}], ids=["own", "given", "other"])
def test_a_redirect_takes_no_token_along(target, given, tokens_set):
    site = FakeInternet({"api.github.com/first": Reply(302, headers={"Location": target}), "": Reply(body=b"here")})
    Network(transport=site).get("https://api.github.com/first", headers=given)
    Network(transport=site).session().get("https://api.github.com/first", headers=given)
    assert len(site.log) == 4
    for request in site.log:
        assert ("ghp_secret" in str(request.headers)) == (request.url == "https://api.github.com/first")


def test_a_token_as_a_password_or_in_an_address_stays_here_too(tokens_set):
    site = FakeInternet({"": Reply(body=b"here")})
    net = Network(transport=site)
    net.session().get("https://evil.example/", auth=("user", "ghp_secret"))
    assert "Authorization" not in site.log[0].headers
    with pytest.raises(NetworkError) as caught:
        net.get("https://evil.example/?key=hf_secret")
    assert caught.value.status == "blocked"
    assert "secret" not in str(caught.value)
    assert len(site.log) == 1


def test_the_token_goes_to_github_api_url_and_no_longer_to_github(tokens_set, monkeypatch):
    monkeypatch.setenv("GITHUB_API_URL", "https://git.example.org/api/v3")
    site = FakeInternet({"": Reply(body=b"here")})
    net = Network(transport=site)
    for url in (
        "https://git.example.org/api/v3/x",
        "https://api.github.com/x",
        "http://git.example.org/api/v3/x",
        "https://git.example.org:444/",
    ):
        net.get(url)
    assert [bool(carried(request)) for request in site.log] == [True, False, False, False]


@given(st.text(alphabet="aAi.:/@\\#?%2f[]1 \t-", max_size=30), st.sampled_from(["https://", "http://", "//", "https:/", "HTTPS://"]))
def test_a_token_is_added_only_where_every_reader_sees_its_own_host(text, scheme):
    from urllib.parse import urlsplit

    import requests

    from auditor.net.tokens import Tokens

    tokens = Tokens({"GITHUB_TOKEN": "ghp_secret"})
    for url in (scheme + text, scheme + "api.github.com" + text, scheme + text + "api.github.com/"):
        try:
            request = requests.Request("GET", url).prepare()
        except (requests.RequestException, ValueError):
            continue
        if carried(tokens.dress(request)):
            place = urlsplit(request.url)
            assert (place.scheme, place.hostname, place.port or 443) == ("https", "api.github.com", 443)
