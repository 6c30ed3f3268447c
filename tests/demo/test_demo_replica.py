"""The replica answers as the real hosts do, told by the programs that talk to them."""

from __future__ import annotations

import json

import pytest
import requests
from internet import hostile

from auditor.demo.internet import (
    DriveDocument,
    DriveFile,
    DriveFolder,
    Fault,
    HostedIssue,
    HostedRelease,
    HostedRepository,
    Mishap,
    Page,
    Sharing,
    Symlink,
    World,
    rate_limited,
)
from auditor.demo.replica import Replica, ReplicaAdapter
from auditor.demo.virtual_files import VirtualFile

FILE, FOLDER, INNER, OTHER = ("1" + letter * 32 for letter in "abcd")
BIG = VirtualFile("big.tar", [b"head", 300 << 20, b"tail"])


def session(world: World) -> tuple[requests.Session, ReplicaAdapter]:
    adapter = ReplicaAdapter(world)
    made = requests.Session()
    made.trust_env = False
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made, adapter


def drive_file(**changes) -> World:
    return World(drive=(DriveFile(FILE, changes.pop("name", "m.pth"), changes.pop("content", bytes(range(200))), **changes),))


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        ("bytes=0-9", 206, bytes(range(10)), "bytes 0-9/200"),
        ("bytes=190-", 206, bytes(range(190, 200)), "bytes 190-199/200"),
        ("bytes=-5", 206, bytes(range(195, 200)), "bytes 195-199/200"),
        ("bytes=-999", 206, bytes(range(200)), "bytes 0-199/200"),
        ("bytes=150-999", 206, bytes(range(150, 200)), "bytes 150-199/200"),
        ("bytes=200-", 416, b"", "bytes */200"),
        ("bytes=0-1,4-5", 200, bytes(range(200)), None),
        ("bytes=-", 200, bytes(range(200)), None),
        ("lines=1-2", 200, bytes(range(200)), None),
    ],
)
def test_ranges_of_a_download(asked, status, body, content_range):
    client, adapter = session(drive_file())
    answer = client.get(f"https://drive.google.com/uc?id={FILE}", headers={"Range": asked})
    assert (answer.status_code, answer.content, answer.headers.get("Content-Range")) == (status, body, content_range)
    assert answer.url.startswith("https://drive.usercontent.google.com/download?")
    assert [seen.status for seen in adapter.seen] == [303, status]
    assert adapter.seen[-1].range == asked
    assert adapter.seen[-1].bytes_sent == len(body)


def test_a_range_against_another_version_gives_the_whole_file():
    client, _ = session(drive_file())
    url = f"https://drive.usercontent.google.com/download?id={FILE}"
    etag = client.get(url).headers["ETag"]
    assert client.get(url, headers={"Range": "bytes=0-1", "If-Range": etag}).status_code == 206
    assert client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'}).status_code == 200
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304


def test_only_what_the_client_takes_is_counted_as_sent():
    client, adapter = session(drive_file(content=BIG, scan_warning=False))
    with client.get(f"https://drive.google.com/uc?id={FILE}", stream=True) as answer:
        assert next(answer.iter_content(1000)).startswith(b"head")
        assert int(answer.headers["Content-Length"]) == BIG.size
    assert adapter.seen[-1].bytes_sent < 1 << 20


def test_a_large_file_asks_first():
    client, _ = session(drive_file(content=BIG))
    warned = client.get(f"https://drive.google.com/uc?id={FILE}", headers={"Range": "bytes=-4"})
    assert warned.status_code == 200
    assert 'id="download-form"' in warned.text
    sure = client.get(f"https://drive.google.com/uc?id={FILE}&confirm=t", headers={"Range": "bytes=-4"})
    assert (sure.status_code, sure.content) == (206, b"tail")


def test_names_of_downloads_cannot_break_the_header():
    for name in ('a"b\r\nX-Evil: 1.pth', "модель.pth"):
        client, _ = session(drive_file(name=name))
        answer = client.get(f"https://drive.google.com/uc?id={FILE}")
        assert "X-Evil" not in answer.headers
        assert answer.headers["Content-Disposition"].isascii()


@pytest.mark.parametrize(
    ("sharing", "status", "host", "words"),
    [
        (Sharing.PRIVATE, 200, "accounts.google.com", "Sign in"),
        (Sharing.FORBIDDEN, 403, "drive.google.com", "You need access"),
        (Sharing.DELETED, 404, "drive.google.com", "does not exist"),
        (Sharing.QUOTA, 200, "drive.usercontent.google.com", "Too many users have viewed or downloaded"),
    ],
)
def test_every_way_in_which_drive_says_no(sharing, status, host, words):
    client, _ = session(drive_file(sharing=sharing))
    answer = client.get(f"https://drive.google.com/uc?id={FILE}", headers={"Range": "bytes=0-9"})
    assert answer.status_code == status
    assert f"//{host}/" in answer.url
    assert words in answer.text
    assert "Content-Disposition" not in answer.headers


def test_folder_pages():
    inner = DriveFolder(INNER, "in & out", (DriveFile(FILE, "<m>.pth", b"1"),))
    world = World(drive=(DriveFolder(FOLDER, "models", (inner, DriveDocument(OTHER, "notes"))),))
    client, _ = session(world)
    listing = client.get(f"https://drive.google.com/embeddedfolderview?id={FOLDER}").text
    assert f"https://drive.google.com/drive/folders/{INNER}" in listing
    assert "in &amp; out" in listing
    assert "docs.google.com/document/d/" in listing
    assert "<title>models - Google Drive</title>" in client.get(f"https://drive.google.com/drive/folders/{FOLDER}?usp=sharing").text
    assert client.get(f"https://drive.google.com/open?id={FOLDER}").url.endswith(f"/drive/folders/{FOLDER}")
    assert client.get("https://drive.google.com/embeddedfolderview?id=1unknown").status_code == 404


def test_a_folder_page_that_breaks_off():
    world = World(drive=(DriveFolder(FOLDER, "models", (DriveFile(FILE, "m.pth", b"1"),), Sharing.CUT),))
    client, _ = session(world)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.get(f"https://drive.google.com/embeddedfolderview?id={FOLDER}")


def test_a_file_is_no_folder_and_a_folder_no_file():
    world = World(drive=(DriveFolder(FOLDER, "models"), DriveFile(FILE, "m.pth", b"1"), DriveDocument(OTHER, "notes")))
    client, _ = session(world)
    for path in (f"embeddedfolderview?id={FILE}", f"drive/folders/{FILE}", f"embeddedfolderview?id={OTHER}", f"uc?id={FOLDER}"):
        assert client.get(f"https://drive.google.com/{path}").status_code == 404, path
    assert client.get(f"https://drive.google.com/uc?id={OTHER}").status_code == 500
    assert client.get(f"https://docs.google.com/document/d/{OTHER}/export?format=pdf").headers["Content-Disposition"].endswith('notes.pdf"')


def test_a_file_that_breaks_off_does_so_in_every_range():
    client, adapter = session(drive_file(sharing=Sharing.CUT))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        client.get(f"https://drive.google.com/uc?id={FILE}", headers={"Range": "bytes=0-9"})
    assert adapter.seen[-1].bytes_sent == 5


def test_hundreds_of_megabytes_pass_without_memory():
    import tracemalloc

    client, adapter = session(drive_file(content=BIG, scan_warning=False))
    tracemalloc.start()
    with client.get(f"https://drive.google.com/uc?id={FILE}", stream=True) as answer:
        total = sum(map(len, answer.iter_content(1 << 18)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == BIG.size == adapter.seen[-1].bytes_sent
    assert peak < 8 << 20


@pytest.mark.parametrize(
    ("mishap", "error"),
    [
        (Mishap.TIMEOUT, requests.Timeout),
        (Mishap.RESET, requests.ConnectionError),
        (Mishap.UNKNOWN_HOST, requests.ConnectionError),
        (Mishap.CUT, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)),
    ],
)
def test_mishaps_raise_what_requests_raises(mishap, error):
    world = World(pages={"https://a.example.org/x": Page(b"x" * 100)}, faults=(Fault("a.example.org", mishap=mishap),))
    client, _ = session(world)
    with pytest.raises(error):
        client.get("https://a.example.org/x")


def test_a_fault_ends_after_so_many_times_and_fits_only_its_paths():
    fault = Fault("a.example.org", "/x?*", status=503, headers={"Retry-After": "1"}, times=2)
    client, _ = session(World(pages={"https://a.example.org/x": Page(b"fine")}, faults=(fault,)))
    answers = [client.get(f"https://a.example.org/x{query}") for query in ("", "?a", "?b", "?c")]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert answers[1].headers["Retry-After"] == "1"


def test_a_server_that_ignores_ranges():
    world = World(drive=drive_file().drive, faults=(Fault("drive.usercontent.google.com", mishap=Mishap.IGNORES_RANGE),))
    client, _ = session(world)
    answer = client.get(f"https://drive.google.com/uc?id={FILE}", headers={"Range": "bytes=0-9"})
    assert (answer.status_code, len(answer.content)) == (200, 200)
    assert "Accept-Ranges" not in answer.headers


def test_nothing_else_exists():
    client, adapter = session(World())
    for url in ("https://nowhere.example.com/", "http://127.0.0.1/", "https://huggingface.co/x"):
        with pytest.raises(requests.ConnectionError):
            client.get(url)
    assert [seen.status for seen in adapter.seen] == [0, 0, 0]


def test_pages_redirects_and_head():
    pages = {
        "https://a.example.org/old": Page(location="https://b.example.org/new", status=301),
        "https://b.example.org/new": Page(b"0123456789", "application/octet-stream"),
        "https://b.example.org/gone": Page(b"gone", status=410),
    }
    client, adapter = session(World(pages=pages))
    assert client.get("https://a.example.org/old", headers={"Range": "bytes=2-3"}).content == b"23"
    assert client.get("https://b.example.org/gone").status_code == 410
    assert client.get("https://b.example.org/else").status_code == 404
    head = client.head("https://b.example.org/new")
    assert (head.headers["Content-Length"], head.content, adapter.seen[-1].bytes_sent) == ("10", b"", 0)


# ------------------------------------------------------------------------------------------------------------- GitHub

REPOSITORY = HostedRepository(
    "lab/paper",
    {
        "README.md": b"# Paper\n",
        "docs/models.md": b"models\n",
        "a b/c#d.py": b"x = 1\n",
        "link.md": Symlink("docs/models.md"),
        "weights.pth": hostile.lfs_pointer(),
    },
    refs={"v1": {"README.md": b"# Old\n"}},
    lfs={"weights.pth": b"real weights"},
    releases=(HostedRelease("v1", {"model.pth": b"weights"}),),
    issues=(HostedIssue(1, "Checkpoint?", "where", "closed"), HostedIssue(2, "Fix", is_pull_request=True)),
)


def get(path: str, world: World | None = None, **headers: str) -> tuple[int, object]:
    answer = Replica(world or World(repositories=(REPOSITORY,))).answer("GET", f"https://api.github.com{path}", headers)
    return answer.status, json.loads(answer.body)


def test_ids_are_gits_own(tmp_path):
    """The same files committed by git give the same tree."""
    import shutil
    import subprocess

    if shutil.which("git") is None:
        pytest.skip("no git here")
    for path, content in REPOSITORY.files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Symlink):
            (tmp_path / path).symlink_to(content.target)
        else:
            (tmp_path / path).write_bytes(content)
    git = ["git", "-C", str(tmp_path), "-c", "core.autocrlf=false"]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    tree = subprocess.run([*git, "write-tree"], check=True, capture_output=True, text=True).stdout.strip()
    assert get("/repos/lab/paper/git/trees/main")[1]["sha"] == tree


def test_refs_name_commits():
    commit = get("/repos/lab/paper/commits/main")[1]["sha"]
    assert get(f"/repos/lab/paper/commits/{commit[:10]}")[1]["sha"] == commit
    assert get("/repos/lab/paper/commits/v1")[1]["sha"] != commit
    assert get("/repos/lab/paper/commits/nope")[0] == 422
    assert get("/repos/lab/paper/branches/nope")[0] == 404
    assert get("/repos/lab/paper/git/trees/nope")[0] == 404


def test_trees_list_folders_and_files():
    flat = get("/repos/lab/paper/git/trees/main")[1]["tree"]
    deep = get("/repos/lab/paper/git/trees/main?recursive=1")[1]["tree"]
    assert [entry["path"] for entry in flat] == ["README.md", "a b", "docs", "link.md", "weights.pth"]
    assert {entry["path"]: entry["type"] for entry in deep}["docs/models.md"] == "blob"
    docs = next(entry for entry in flat if entry["path"] == "docs")
    assert [entry["path"] for entry in get(f"/repos/lab/paper/git/trees/{docs['sha']}")[1]["tree"]] == ["models.md"]


def test_the_ways_in_which_github_says_no():
    private = HostedRepository("lab/secret", {"README.md": b""}, private=True)
    moved = HostedRepository("lab/new", {"README.md": b""}, renamed_from=("lab/old",), has_issues=False)
    world = World(repositories=(private, moved))
    assert get("/repos/lab/secret", world)[0] == 404
    assert get("/repos/lab/none", world)[0] == 404
    assert get("/repos/lab/old", world)[0] == 301
    assert get("/repos/lab/new/issues", world)[0] == 410
    limited = World(repositories=(REPOSITORY,), faults=(rate_limited(),))
    assert get("/repos/lab/paper", limited)[0] == 403


def test_the_api_limit_counts_down():
    replica = Replica(World(repositories=(REPOSITORY,), api_limit=2))
    answers = [replica.answer("GET", "https://api.github.com/repos/lab/paper") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 403]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]


def test_lists_come_in_pages():
    many = HostedRepository("lab/many", {"README.md": b""}, issues=tuple(HostedIssue(number, f"t{number}") for number in range(1, 8)))
    client, _ = session(World(repositories=(many,)))
    url, seen = "https://api.github.com/repos/lab/many/issues?state=all&per_page=3", []
    while url:
        answer = client.get(url)
        seen += [issue["number"] for issue in answer.json()]
        url = answer.links.get("next", {}).get("url", "")
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_files_and_pages_of_the_site():
    client, _ = session(World(repositories=(REPOSITORY,)))
    commit = get("/repos/lab/paper/commits/main")[1]["sha"]
    raw = "https://raw.githubusercontent.com/lab/paper"
    assert client.get(f"{raw}/{commit}/a%20b/c%23d.py").content == b"x = 1\n"
    assert client.get(f"{raw}/refs/heads/main/README.md", headers={"Range": "bytes=2-4"}).content == b"Pap"
    assert client.get(f"{raw}/main/none").status_code == 404
    assert client.get(f"{raw}/main/weights.pth").content.startswith(b"version https://git-lfs")
    assert client.get("https://media.githubusercontent.com/media/lab/paper/main/weights.pth").content == b"real weights"
    site = "https://github.com/lab/paper"
    assert client.get(f"{site}/raw/main/README.md").content == b"# Paper\n"
    assert client.get(f"{site}/blob/main/README.md?raw=true").content == b"# Paper\n"
    assert "# Paper" in client.get(f"{site}/blob/main/README.md").text
    assert client.get(f"{site}/releases/download/v1/model.pth", headers={"Range": "bytes=0-2"}).content == b"wei"
    assert [client.get(f"{site}{rest}").status_code for rest in ("", "/tree/main", "/tree/none", "/issues/1", "/issues/9")] == [
        200,
        200,
        404,
        200,
        404,
    ]


def test_issues_are_taken_only_where_the_world_says_so():
    url, body = "https://api.github.com/repos/lab/paper/issues", json.dumps({"title": "T", "body": "B"}).encode()
    token = {"Authorization": "token x"}
    assert Replica(World(repositories=(REPOSITORY,))).answer("POST", url, token, body).status == 403
    replica = Replica(World(repositories=(REPOSITORY,), accepts_issues=True))
    assert replica.answer("POST", url, {}, body).status == 401
    assert replica.answer("POST", url, token, body).status == 201
    assert replica.filed == [{"full_name": "lab/paper", "title": "T", "body": "B"}]
