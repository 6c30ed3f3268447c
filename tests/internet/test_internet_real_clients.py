"""The programs that the auditor is built on, unchanged, inside the replica: through a proxy and the real hostnames."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from auditor.demo.internet import DriveFile, DriveFolder, Fault, HostedIssue, HostedRelease, HostedRepository, Mishap, Sharing, World
from auditor.demo.virtual_files import VirtualFile
from internet import worlds

FILE, FOLDER, INNER, BIG, EMPTY, DENIED = ("1" + letter * 32 for letter in "abcdef")
REPOSITORY = HostedRepository(
    "lab/paper",
    {"README.md": b"# Paper\n", "docs/models.md": b"models\n", "large.bin": VirtualFile("large.bin", [b"x", 2 << 20])},
    description="A paper",
    fork_of="other/paper",
    forks=tuple(f"reader{number}/paper" for number in range(3)),
    releases=(HostedRelease("v1.0", {"model.pth": b"weights"}),),
    issues=(
        HostedIssue(1, "Checkpoints of L?", "the folder is empty", "closed"),
        HostedIssue(2, "Fix README", is_pull_request=True),
        *(HostedIssue(number, f"Question {number}") for number in range(3, 40)),
    ),
)
WORLD = World(
    repositories=(REPOSITORY,),
    drive=(
        DriveFolder(
            FOLDER,
            "models",
            (
                DriveFile(FILE, "small.pth", b"weights"),
                DriveFolder(INNER, "large & slow", (DriveFile(BIG, "big.tar", VirtualFile("big.tar", [b"head", 101 << 20, b"tail"])),)),
            ),
        ),
        DriveFolder(EMPTY, "nothing"),
        DriveFolder(DENIED, "closed", sharing=Sharing.PRIVATE),
    ),
)


def test_pygithub_reads_a_repository(internet_here):
    from github import Github, UnknownObjectException

    running = internet_here(WORLD)
    hub = Github(user_agent="tests", retry=None, seconds_between_requests=None)
    repository = hub.get_repo("lab/paper")
    assert (repository.full_name, repository.description, repository.archived, repository.has_issues) == (
        "lab/paper",
        "A paper",
        False,
        True,
    )
    assert repository.parent.full_name == "other/paper"
    commit = repository.get_commit(repository.default_branch)
    assert repository.get_branch("main").commit.sha == commit.sha
    assert commit.commit.tree.sha == repository.get_git_commit(commit.sha).tree.sha
    assert repository.get_git_ref("heads/main").object.sha == commit.sha
    tree = repository.get_git_tree(commit.sha, recursive=True)
    assert {entry.path: entry.size for entry in tree.tree if entry.type == "blob"} == {
        "README.md": 8,
        "docs/models.md": 7,
        "large.bin": (2 << 20) + 1,
    }
    assert not tree.raw_data["truncated"]
    assert repository.get_readme(ref=commit.sha).decoded_content == b"# Paper\n"
    assert repository.get_contents("docs/models.md", ref=commit.sha).decoded_content == b"models\n"
    assert [entry.path for entry in repository.get_contents("")] == ["README.md", "docs", "large.bin"]
    large = repository.get_contents("large.bin")
    assert (large.encoding, large.size) == ("none", (2 << 20) + 1)
    blob = repository.get_git_blob(large.sha)
    assert (blob.encoding, blob.size) == ("base64", large.size)
    assert [(asset.name, asset.size) for asset in repository.get_releases()[0].get_assets()] == [("model.pth", 7)]
    assert repository.get_latest_release().tag_name == "v1.0"
    issues = list(repository.get_issues(state="all"))
    assert len(issues) == 39
    assert [issue.number for issue in issues if issue.pull_request] == [2]
    assert repository.get_issue(1).state == "closed"
    assert [fork.full_name for fork in repository.get_forks()] == list(REPOSITORY.forks)
    found = hub.search_issues("checkpoints repo:lab/paper is:issue")
    assert (found.totalCount, found[0].number) == (1, 1)
    assert hub.get_rate_limit().resources.core.limit > 0
    assert hub.rate_limiting[0] > 0
    with pytest.raises(UnknownObjectException):
        hub.get_repo("lab/none")
    assert {seen.host for seen in running.seen} == {"api.github.com"}


def test_pygithub_files_an_issue_only_in_such_a_world(internet_here):
    from github import Auth, Github

    running = internet_here(World(repositories=(REPOSITORY,), accepts_issues=True))
    hub = Github(auth=Auth.Token("secret"), retry=None, seconds_between_writes=None)
    issue = hub.get_repo("lab/paper").create_issue(title="Title", body="Body")
    assert issue.html_url == "https://github.com/lab/paper/issues/40"
    assert running.replica.filed == [{"full_name": "lab/paper", "title": "Title", "body": "Body"}]
    assert all(seen.headers.get("authorization") == "token secret" for seen in running.seen)


def test_pygithub_follows_a_renamed_repository(internet_here):
    from github import Github

    internet_here(World(repositories=(HostedRepository("lab/new", {"README.md": b"x"}, renamed_from=("lab/old",)),)))
    assert Github(retry=None).get_repo("lab/old").full_name == "lab/new"


def test_pygithub_reads_the_same_api_at_another_address(internet_here):
    from github import Github

    running = internet_here(World(repositories=(REPOSITORY,), api_base="https://git.example.org/api/v3"))
    hub = Github(base_url="https://git.example.org/api/v3", retry=None, seconds_between_requests=None)
    repository = hub.get_repo("lab/paper")
    assert repository.get_readme().decoded_content == b"# Paper\n"
    assert len(list(repository.get_issues(state="all"))) == 39
    assert {seen.host for seen in running.seen} == {"git.example.org"}


def test_pygithub_meets_an_empty_repository(internet_here):
    from github import Github, GithubException

    internet_here(World(repositories=(HostedRepository("lab/empty", {}),)))
    repository = Github(retry=None).get_repo("lab/empty")
    with pytest.raises(GithubException) as caught:
        repository.get_commit("main")
    assert caught.value.status == 409


def test_pygithub_meets_the_limit(internet_here):
    from github import Github, RateLimitExceededException

    internet_here(World(repositories=(REPOSITORY,), api_limit=0))
    with pytest.raises(RateLimitExceededException):
        Github(retry=None).get_repo("lab/paper")


def test_gdown_lists_a_nested_folder(internet_here):
    import gdown

    internet_here(WORLD)
    listed = gdown.download_folder(id=FOLDER, skip_download=True, quiet=True, use_cookies=False)
    assert [(file.id, file.path) for file in listed] == [(FILE, "small.pth"), (BIG, str(Path("large & slow", "big.tar")))]
    assert gdown.download_folder(id=EMPTY, skip_download=True, quiet=True, use_cookies=False) == []


def test_gdown_takes_a_closed_folder_for_an_empty_one(internet_here):
    """The sign-in page has a title and no entries: whoever relies on gdown alone sees an empty folder."""
    import gdown

    running = internet_here(WORLD)
    assert gdown.download_folder(id=DENIED, skip_download=True, quiet=True, use_cookies=False) == []
    assert running.seen[-1].host == "accounts.google.com"


def test_gdown_downloads_a_small_file(internet_here, tmp_path):
    import gdown

    internet_here(WORLD)
    path = gdown.download(id=FILE, output=str(tmp_path) + os.sep, quiet=True, use_cookies=False)
    assert path == str(tmp_path / "small.pth")
    assert (tmp_path / "small.pth").read_bytes() == b"weights"


def test_gdown_gets_past_the_warning(internet_here):
    import gdown

    running = internet_here(WORLD)
    found = gdown.download(id=BIG, quiet=True, use_cookies=False, skip_download=True)
    assert found.path == "big.tar"
    assert "confirm=t" in running.seen[-1].url
    assert max(seen.bytes_sent for seen in running.seen) < 8 << 20


@pytest.mark.parametrize("sharing", [Sharing.PRIVATE, Sharing.FORBIDDEN, Sharing.QUOTA, Sharing.DELETED])
def test_gdown_downloads_nothing_that_is_closed(internet_here, sharing, tmp_path):
    import gdown
    from gdown.exceptions import DownloadError

    internet_here(World(drive=(DriveFile(FILE, "m.pth", b"weights", sharing),)))
    with pytest.raises(DownloadError) as caught:
        gdown.download(id=FILE, output=str(tmp_path / "m.pth"), quiet=True, use_cookies=False)
    assert ("Too many users" in str(caught.value)) == (sharing == Sharing.QUOTA)
    assert not (tmp_path / "m.pth").exists()


def test_requests_reads_ranges_through_the_tunnel(internet_here):
    running = internet_here(WORLD)
    url = f"https://drive.usercontent.google.com/download?id={BIG}&confirm=t"
    with requests.Session() as client:
        tail = client.get(url, headers={"Range": "bytes=-4"}, timeout=10)
        head = client.get(url, headers={"Range": "bytes=0-3"}, timeout=10)
    assert (tail.status_code, tail.content, head.content) == (206, b"tail", b"head")
    assert [seen.bytes_sent for seen in running.seen] == [4, 4]


def test_many_threads_read_at_once(internet_here):
    from concurrent.futures import ThreadPoolExecutor

    running = internet_here(WORLD)
    url = f"https://drive.usercontent.google.com/download?id={BIG}&confirm=t"

    def read(number: int) -> bytes:
        return requests.get(url, headers={"Range": f"bytes={number}-{number + 99_999}"}, timeout=20).content

    with ThreadPoolExecutor(8) as pool:
        pieces = list(pool.map(read, range(24)))
    assert [piece[:5] for piece in pieces[:2]] == [b"head\0", b"ead\0\0"]
    assert {len(piece) for piece in pieces} == {100_000}
    assert sum(seen.bytes_sent for seen in running.seen) == 2_400_000


def test_a_host_that_does_not_exist_is_refused(internet_here):
    running = internet_here(WORLD)
    with pytest.raises(requests.ConnectionError):
        requests.get("https://nowhere.example.com/", timeout=10)
    assert [seen.host for seen in running.seen] == ["nowhere.example.com"]


@pytest.mark.parametrize(
    ("mishap", "error"),
    [
        (Mishap.TIMEOUT, requests.Timeout),
        (Mishap.RESET, requests.ConnectionError),
        (Mishap.UNKNOWN_HOST, requests.ConnectionError),
        (Mishap.CUT, (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)),
    ],
)
def test_mishaps_on_the_wire(internet_here, mishap, error):
    internet_here(World(repositories=(REPOSITORY,), faults=(Fault("raw.githubusercontent.com", mishap=mishap),)))
    with pytest.raises(error):
        requests.get("https://raw.githubusercontent.com/lab/paper/main/README.md", timeout=0.5)


def test_another_program_lives_in_the_world_too(internet):
    """What the tests of the whole program do: a subprocess that is given nothing but the environment."""
    running = internet(WORLD)
    code = "import requests; print(requests.get('https://api.github.com/repos/lab/paper').json()['full_name'])"
    done = subprocess.run([sys.executable, "-c", code], env=running.over(dict(os.environ)), capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "lab/paper", done.stderr
    assert running.seen_at("api.github.com")[0].status == 200


@pytest.mark.skipif(not worlds.has_corpus(), reason="the corpus is not beside this checkout")
@pytest.mark.parametrize("situation", worlds.SITUATIONS)
def test_the_five_situations_stand(internet_here, situation):
    import gdown

    running = internet_here(worlds.SITUATIONS[situation]())
    readme = requests.get(f"https://raw.githubusercontent.com/{worlds.TARGET}/{worlds.COMMIT}/README.md", timeout=10).text
    assert f"https://drive.google.com/drive/folders/{worlds.MODELS_FOLDER}" in readme
    picture = requests.get(f"https://raw.githubusercontent.com/{worlds.TARGET}/main/assets/H36M_P1.png", timeout=10)
    assert (picture.headers["Content-Type"], len(picture.content)) == ("image/png", 93322)
    listed = gdown.download_folder(id=worlds.MODELS_FOLDER, skip_download=True, quiet=True, use_cookies=False)
    assert len(listed) == {"all four": 4, "two and a snapshot": 3, "all are S": 3, "folder denied": 0, "folder partial": 2}[situation]
    for file in listed:
        name = "snapshot_18" if file.path.startswith("snapshot") else "S" if situation == "all are S" else file.path[13:-4]
        url = f"https://drive.usercontent.google.com/download?id={file.id}&export=download&confirm=t"
        head = requests.get(url, headers={"Range": "bytes=0-3"}, timeout=10)
        assert head.content == b"PK\x03\x04"
        size = int(head.headers["Content-Range"].rpartition("/")[2])
        assert size / 2**20 == pytest.approx(worlds.SIZES_MIB[name], rel=0.003)
    assert sum(seen.bytes_sent for seen in running.seen_at("drive.usercontent.google.com")) == 4 * len(listed)


def test_the_published_settings_are_literals():
    import ast

    text = worlds.CONFIG.decode()
    names = {node.targets[0].id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Assign)}
    assert {"backbone_cfg", "input_shape", "output_shape", "depth", "depth_dim", "end_epoch"} <= names
    assert "    # backbone_cfg = ([3, 3, 9, 3], [48, 96, 192, 384])" in text


def test_the_investigators_claims_are_yaml():
    import yaml

    claims = yaml.safe_load(worlds.INVESTIGATOR_CLAIMS)
    assert claims["variants"]["L"]["dims"] == [192, 384, 768, 1536]
    assert json.dumps(claims)
