"""Index pages of web servers, and pages that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from internet.web_server import KINDS, WebServer

from auditor.demo.internet import Fault, Mishap, Page, World
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.world import pose_checkpoint
from auditor.facts import Checkpoint, State, Status
from auditor.formats.reading import read_contents
from auditor.hosts import host_for
from auditor.hosts.http_index import MAX_FOLDERS, read_index
from auditor.net import Network

FILES = {
    "pose_S.pth": pose_checkpoint("pose_S.pth", "S"),
    "v1/notes é&.txt": b"notes",
    "v1/deep/x.bin": b"x" * 5000,
    "a name.tar.gz": b"t" * 70,
}


def resolve(url, server=None, *, pages=None, faults=()):
    world = World(pages={**(server.pages if server else {}), **(pages or {})}, faults=faults)
    net = Network(transport=ReplicaAdapter(world), sleep=lambda _: None)
    return host_for(url).resolve(url, net), net


@pytest.mark.parametrize("kind", KINDS)
def test_a_directory_is_listed_with_what_is_below_it(kind):
    server = WebServer(FILES, kind)
    listing, net = resolve(server.url, server)
    assert (listing.status, listing.state) == ("ok", State.OK)
    assert {file.name for file in listing.files} == set(FILES)
    assert net.requests == listing.requests == 3
    assert listing.sha256
    file = next(file for file in listing.files if file.name == "pose_S.pth")
    blob = host_for(file.url).open(file, net)
    assert isinstance(next(iter(read_contents(blob))), Checkpoint)
    for other in listing.files:
        want = FILES[other.name]
        assert host_for(other.url).open(other, net).size == (len(want) if isinstance(want, bytes) else want.size)


def test_only_exact_sizes_count():
    sizes = {
        kind: {file.name: (file.size, file.detail) for file in resolve(WebServer().url, WebServer(FILES, kind))[0].files} for kind in KINDS
    }
    assert sizes["nginx"]["v1/deep/x.bin"] == (5000, "")
    assert sizes["apache"]["v1/deep/x.bin"] == (None, "about 4.9K by the server's index")
    assert sizes["apache"]["a name.tar.gz"] == (70, "")
    assert sizes["python"]["a name.tar.gz"] == (None, "")


def test_a_size_that_lies_does_no_harm():
    server = WebServer({"m.bin": b"x" * 5000}, "nginx")
    lying = {server.url: Page(server.index("").replace("5000", "9").encode())}
    listing, net = resolve(server.url, server, pages=lying)
    assert listing.files[0].size == 9
    assert host_for(listing.files[0].url).open(listing.files[0], net).size == 5000


def test_links_that_lead_elsewhere_are_not_files():
    footer = (
        '<a href="https://evil.org/pub/models/x.pth">x</a><a href="/etc/passwd">p</a><a href="../up.pth">u</a><a href="javascript:1">j</a>'
        '<a href="//evil.org/y.pth">y</a><a href="?C=N">s</a><a href="#a">a</a><a href="v1/deep/x.bin">nested</a><a href="http://[">b</a>'
        '<a href="https://u:p@files.example.edu/pub/models/z.pth">z</a><a href="mailto:a@b.c">m</a>'
    )
    server = WebServer({"m.bin": b"x"}, "nginx", footer=footer)
    listing, net = resolve(server.url, server)
    assert ([file.name for file in listing.files], listing.status) == (["m.bin"], "ok")
    assert net.requests == 1


def test_names_that_no_path_could_have_are_counted():
    footer = "".join(f'<a href="{name}">x</a>' for name in ("%2e%2e", "a%2Fb.pth", "a%5Cb.pth", "a%00b.pth", "%0A.pth"))
    server = WebServer({"m.bin": b"x"}, "nginx", footer=footer)
    listing, _ = resolve(server.url, server)
    assert [file.name for file in listing.files] == ["m.bin"]
    assert listing.status == "partial"


def test_an_empty_directory_is_empty_and_a_part_that_fails_makes_it_partial():
    listing, _ = resolve(WebServer().url, WebServer())
    assert (listing.status, listing.state, listing.files) == ("ok", State.EMPTY, ())
    server = WebServer(FILES)
    for fault, state in (
        (Fault("files.example.edu", path="*/v1/", status=403), State.NOT_SHARED),
        (Fault("files.example.edu", path="*/v1/deep/", mishap=Mishap.RESET), State.UNREACHABLE),
        (Fault("files.example.edu", path="*/v1/", status=200, content=b"<html>Welcome</html>"), State.NOT_A_FILE),
    ):
        listing, _ = resolve(server.url, server, faults=[fault])
        assert (listing.status, listing.state) == ("partial", state)
        assert "pose_S.pth" in {file.name for file in listing.files}


def test_depth_and_number_of_folders_are_bounded():
    deep = WebServer({"a/" * 9 + "x.bin": b"x", "y.bin": b"y"})
    listing, net = resolve(deep.url, deep)
    assert (listing.status, listing.state, [file.name for file in listing.files]) == ("partial", State.TOO_MANY, ["y.bin"])
    assert net.requests < 8
    wide = WebServer({f"{n}/x.bin": b"x" for n in range(100)})
    listing, net = resolve(wide.url, wide)
    assert (listing.status, listing.state, len(listing.files)) == ("partial", State.TOO_MANY, MAX_FOLDERS)


def test_a_directory_that_contains_itself_ends():
    server = WebServer({"m.bin": b"x"}, "nginx", footer='<a href="self/">self/</a>')
    again = {
        f"{server.root}{'self/' * n}": Page(server.index("").replace("/pub/models/", "/pub/models/" + "self/" * n).encode())
        for n in range(20)
    }
    listing, net = resolve(server.url, server, pages=again)
    assert (listing.status, listing.state) == ("partial", State.TOO_MANY)
    assert net.requests <= 6


def test_a_page_that_ends_in_the_middle_is_partial():
    server = WebServer(FILES, "nginx")
    page = server.index("").encode()
    listing, _ = resolve(server.url, server, pages={server.url: Page(page[: page.index(b"</pre>")])})
    assert (listing.status, listing.state) == ("partial", State.BROKEN_RANGE)


@pytest.mark.parametrize(
    ("page", "status", "state"),
    [
        ("<html><title>Our models</title><a href='m.pth'>m</a></html>", "error", State.NOT_A_FILE),
        ("<html><title>Index of /elsewhere/</title><a href='m.pth'>m</a></html>", "error", State.NOT_A_FILE),
        (
            "<html><title>Index of /pub/models/</title><base href='https://evil.org/'><a href='m.pth'>m</a></html>",
            "error",
            State.NOT_A_FILE,
        ),
        ("<html><title>Sign in</title><form></form></html>", "denied", State.SIGN_IN),
        ("<html><body><form><input name=p type=password></form></html>", "denied", State.SIGN_IN),
        ("<html><title>404 Not Found</title></html>", "error", State.NOT_A_FILE),
    ],
)
@pytest.mark.parametrize("url", ["https://files.example.edu/pub/models/", "https://files.example.edu/pub/models/m.pth"])
def test_other_pages_are_neither_listings_nor_absences(page, status, state, url):
    listing, _ = resolve(url, pages={url: Page(page.encode())})
    assert (listing.status, listing.state, listing.files) == (status, state, ())


def test_a_login_that_a_redirect_leads_to_is_told():
    url = "https://files.example.edu/pub/m.pth"
    for place in ("https://login.example.edu/x", "https://files.example.edu/users/sign_in", "https://files.example.edu/idp/profile"):
        listing, _ = resolve(url, pages={url: Page(status=302, location=place), place: Page(b"<html><body>Welcome</body></html>")})
        assert (listing.status, listing.state) == ("denied", State.SIGN_IN)


def test_a_mirror_is_named_and_its_headers_are_used():
    url, mirror = "https://files.example.edu/m.pth", "https://mirror.example.org/abc"
    headers = {"Content-Disposition": 'attachment; filename="model_v2.pth"', "Repr-Digest": "sha-256=:" + "A" * 43 + "=:", "ETag": '"abc"'}
    listing, _ = resolve(
        url, pages={url: Page(status=302, location=mirror), mirror: Page(b"x" * 100, "application/octet-stream", headers=headers)}
    )
    assert listing.status is Status.OK
    assert "mirror.example.org" in listing.detail
    assert (listing.files[0].name, listing.files[0].revision, listing.files[0].sha256) == ("model_v2.pth", '"abc"', "00" * 32)


def test_an_index_larger_than_a_peek_is_read_whole():
    server = WebServer({f"{n:04}_{'x' * 60}.pth": b"x" for n in range(1000)}, "nginx")
    listing, _ = resolve(server.url, server)
    assert (listing.status, len(listing.files)) == ("ok", 1000)


HTML = st.lists(
    st.sampled_from(
        [
            "<a href=",
            "<a ",
            "</a",
            ">",
            '"x.pth"',
            "'",
            '"',
            "<title>",
            "Index of /a/",
            "</title>",
            "<h1>",
            "<!--",
            "&#x0;",
            "&",
            "<base>",
            "12:00 5",
        ]
    )
).map("".join)


@given(st.sampled_from(["https://x.org/a/", "https://x.org/a", "https://x.org/", "https://[", "x"]), HTML | st.text(max_size=60))
def test_no_page_raises_and_no_child_leaves_its_directory(url, page):
    index = read_index(url, page)
    for entry in index.entries if index else ():
        assert entry.url.startswith("https://x.org/a/")
        assert "/" not in entry.name


@pytest.mark.parametrize("piece", ["<", "</", "<!--", "<a ", '<a href="', "<a href=x>y</a>", "<title>", "&#", "<script>"])
def test_broken_pages_of_a_megabyte_are_read_in_one_pass(piece):
    read_index("https://x.org/a/", "<title>Index of /a/</title>" + piece * ((1 << 20) // len(piece)))
