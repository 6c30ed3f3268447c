from __future__ import annotations

import json
import multiprocessing
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

sys.path.append(str(Path(__file__).parents[1] / "repositories"))

from fake_github import FakeGitHub, FakeRepository, as_json, error, issue, rate_limited

from auditor import github_api
from auditor.errors import AuditError, FilingError, NetworkError
from auditor.github_api import GitHubApi
from auditor.issues.filing import file_issue, find_similar, preview
from auditor.issues.fingerprint import fingerprint, fingerprints_in
from auditor.issues.ledger import state_folder

TITLE = "`Net_L.tar` holds the network of `Net_S.tar`"
BODY = "The README says 8.38M for Ours-L; the file has 7,438,976. Is this intended?\n\nThanks!"
MARK = fingerprint("lab/Paper", ["Ours-L"], ["Net_L.tar"])
TOKEN = "ghp_secret"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch) -> None:
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_API_URL", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(github_api, "RETRY_PAUSE_SECONDS", 0)


def report(folder: Path, text: str | None = f"# {TITLE}\n\n{BODY}\n", **changes: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    repository = {
        "full_name": "lab/Paper",
        "ref": "main",
        "commit": "0" * 40,
        "url": "https://github.com/lab/Paper",
        "archived": False,
        "has_issues": True,
    }
    data = {
        "schema_version": "1",
        "complete": True,
        "repository": repository | dict(changes.pop("repository", {})),
        "variants": [
            {"name": "Ours-L", "verdict": "mislabelled", "checkpoints": ["k2"]},
            {"name": "Ours-S", "verdict": "consistent", "checkpoints": ["k1"]},
        ],
        "artifacts": [{"name": "Net_S.tar", "checkpoints": [{"id": "k1"}]}, {"name": "Net_L.tar", "checkpoints": [{"id": "k2"}]}],
        "issue": {"title": TITLE, "body": BODY, "asks": ["Ours-L"], "duplicates": [], "filed_url": None},
    } | changes
    (folder / "audit.json").write_text(json.dumps(data))
    if text is not None:
        (folder / "issue.md").write_text(text)
    return folder


def send(folder: Path, github: FakeGitHub, *, token: str = TOKEN, confirm: Callable[[str], bool] = lambda name: True) -> str:
    return file_issue(folder, github.network(), token=token, confirm=confirm)


def refused(folder: Path, github: FakeGitHub, **options: object) -> FilingError:
    with pytest.raises(FilingError) as caught:
        send(folder, github, **options)
    return caught.value


def posts(github: FakeGitHub) -> list[dict[str, str]]:
    return [json.loads(seen.body) for seen in github.seen if seen.method == "POST"]


# ---------------------------------------------------------------------------------------------------------------- preview


def test_a_preview_needs_no_network_and_shows_what_would_be_sent(tmp_path: Path) -> None:
    shown = preview(report(tmp_path))
    assert (shown.full_name, shown.title, shown.asks, shown.fingerprint) == ("lab/Paper", TITLE, ("Ours-L",), MARK)
    assert shown.body == f"{BODY}\n\n<!-- audit-fp:{MARK} -->\n"
    assert shown.browser_url.startswith("https://github.com/lab/Paper/issues/new?title=%60Net_L.tar%60%20holds")
    assert shown.objections == ()
    assert shown.draft.body == BODY


def test_what_a_person_changed_is_what_is_sent_under_the_same_fingerprint(tmp_path: Path) -> None:
    shown = preview(report(tmp_path, "# Is Net_L right?\nDear authors,\n\nis it?\x07\n\n<!-- audit-fp:" + "0" * 32 + " -->"))
    assert shown.title == "Is Net_L right?"
    assert shown.body == f"Dear authors,\n\nis it?\n\n<!-- audit-fp:{MARK} -->\n"
    assert preview(report(tmp_path, "No heading here.")).title == TITLE


@pytest.mark.parametrize("text", [None, "", "# Title alone", f"# t\n\n<!-- audit-fp:{'0' * 32} -->"])
def test_without_a_text_there_is_nothing_to_ask(tmp_path: Path, text: str | None) -> None:
    with pytest.raises(FilingError):
        preview(report(tmp_path, text))


@pytest.mark.parametrize("content", ["", "[]", "{", '{"repository": 1}', "[" * 100_000, '{"repository": {}}', "\xff"])
def test_a_broken_report_is_said(tmp_path: Path, content: str) -> None:
    report(tmp_path)
    (tmp_path / "audit.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(FilingError):
        preview(tmp_path)


@pytest.mark.parametrize("folder", ["nowhere", "file"])
def test_no_report_is_said(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(FilingError) as caught:
        preview(tmp_path / folder)
    assert caught.value.help or caught.value.why


# ------------------------------------------------------------------------------------------------------------------- once


def test_the_exact_request(tmp_path: Path) -> None:
    github, asked = FakeGitHub(FakeRepository()), []
    url = send(report(tmp_path), github, confirm=lambda name: asked.append(name) or True)
    assert url == "https://github.com/lab/Paper/issues/1"
    assert asked == ["lab/Paper"]
    assert posts(github) == [{"title": TITLE, "body": f"{BODY}\n\n<!-- audit-fp:{MARK} -->\n"}]
    assert github.paths("POST") == ["/repos/lab/Paper/issues"]
    assert all(seen.host == "api.github.com" and TOKEN in seen.authorization for seen in github.seen)
    assert json.loads((tmp_path / "filed.json").read_text())["url"] == url
    assert json.loads((state_folder() / f"{MARK}.json").read_text())["status"] == "filed"


def test_a_second_run_sends_nothing_and_asks_nobody(tmp_path: Path) -> None:
    github = FakeGitHub(FakeRepository())
    send(report(tmp_path / "a"), github)
    before = len(github.seen)
    assert "already sent" in refused(tmp_path / "a", github).why
    assert "already sent" in refused(report(tmp_path / "b"), github).why, "another report of the same audit"
    assert len(github.seen) == before


def test_another_machine_finds_the_fingerprint_open_or_closed(tmp_path: Path, monkeypatch) -> None:
    for state in ("open", "closed"):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / state))
        github = FakeGitHub(FakeRepository(issues=[issue(5, "Other words", "x" * 9000 + f"\n<!-- audit-fp:{MARK} -->", state=state)]))
        assert "already asked: https://github.com/lab/Paper/issues/5" in refused(report(tmp_path / f"r-{state}"), github).why
        assert not posts(github)


def test_a_fingerprint_beyond_the_newest_300_is_found_by_searching(tmp_path: Path) -> None:
    old = issue(1, "Old", f"<!-- audit-fp:{MARK} -->", state="closed")
    github = FakeGitHub(FakeRepository(issues=[*(issue(n, "Typo") for n in range(400, 1, -1)), old]))
    assert "already asked" in refused(report(tmp_path), github).why
    github.faults = lambda method, url: rate_limited() if "/search/" in url else None
    assert send(report(tmp_path / "other", issue={"title": TITLE, "asks": ["Ours-L"]}, artifacts=[]), github), "the search may fail"


def test_the_record_survives_a_report_that_is_made_again(tmp_path: Path) -> None:
    github = FakeGitHub(FakeRepository())
    send(report(tmp_path), github)
    (tmp_path / "filed.json").unlink()
    refused(tmp_path, github)
    for path in state_folder().glob("*.json"):
        path.unlink()
    refused(tmp_path, github)
    assert len(posts(github)) == 1


# ---------------------------------------------------------------------------------------------------------- lost answers


def lose_answer(github: FakeGitHub, create: bool) -> None:
    """Let POSTs arrive (or not) and their answers be lost."""

    def lost(method: str, url: str):
        if method != "POST":
            return None
        if create:
            body = json.loads(github.seen[-1].body)
            github.repositories["lab/paper"].issues.insert(0, issue(77, body["title"], body["body"]))
        raise requests.ReadTimeout("the answer did not come")

    github.faults = lost


def test_an_issue_whose_answer_was_lost_is_found_at_once(tmp_path: Path) -> None:
    github = FakeGitHub(FakeRepository())
    lose_answer(github, create=True)
    assert send(report(tmp_path), github) == "https://github.com/lab/Paper/issues/77"
    assert len(posts(github)) == 1
    assert "already sent" in refused(tmp_path, github).why


@pytest.mark.parametrize(
    "reply", [error(500, "x"), error(502, "x"), error(504, "x"), (201, {}, b"<html>"), as_json({}, 201), as_json({}, 202), error(408, "x")]
)
def test_an_answer_that_says_nothing_is_lost_too(tmp_path: Path, reply) -> None:
    github = FakeGitHub(FakeRepository())
    github.faults = lambda method, url: reply if method == "POST" else None
    failure = refused(report(tmp_path), github)
    assert failure.what == "it is not known whether the issue was sent"
    assert len(posts(github)) == 1
    assert json.loads((tmp_path / "filed.json").read_text())["status"] == "pending"


def test_after_a_lost_answer_the_next_run_looks_before_it_sends(tmp_path: Path) -> None:
    github = FakeGitHub(FakeRepository())
    lose_answer(github, create=False)
    refused(report(tmp_path), github)
    assert "not known yet" in refused(tmp_path, github).why
    assert len(posts(github)) == 1, "GitHub's lists may lag behind"
    github.faults = lambda method, url: None
    github.repositories["lab/paper"].issues.append(issue(78, "x", f"<!-- audit-fp:{MARK} -->"))
    assert (
        send(tmp_path, github, confirm=lambda name: pytest.fail("nothing is left to confirm")) == "https://github.com/lab/Paper/issues/78"
    )
    assert len(posts(github)) == 1


def test_a_request_that_never_arrived_may_be_sent_later(tmp_path: Path) -> None:
    github = FakeGitHub(FakeRepository())
    lose_answer(github, create=False)
    refused(report(tmp_path), github)
    earlier = (datetime.now(UTC) - timedelta(minutes=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for path in (tmp_path / "filed.json", state_folder() / f"{MARK}.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"at": earlier}))
    github.faults = lambda method, url: None
    assert send(tmp_path, github) == "https://github.com/lab/Paper/issues/1"
    assert len(posts(github)) == 2


def test_a_broken_record_counts_as_something_under_way(tmp_path: Path) -> None:
    state_folder().mkdir(parents=True)
    (state_folder() / f"{MARK}.json").write_text('{"status": "fi')
    github = FakeGitHub(FakeRepository())
    assert "not known yet" in refused(report(tmp_path), github).why
    assert not posts(github)


def test_nothing_is_sent_where_it_could_not_be_remembered(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    github = FakeGitHub(FakeRepository())
    assert "remembered" in refused(report(tmp_path / "r"), github).what
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "fine"))
    (tmp_path / "r" / "filed.json").mkdir()
    assert "remembered" in refused(tmp_path / "r", github).what
    assert not posts(github)


def _send_in_process(folder: str, results: multiprocessing.Queue, inside: multiprocessing.Event, go: multiprocessing.Event) -> None:
    def confirm(name: str) -> bool:
        inside.set()
        return go.wait(20)

    try:
        results.put(send(Path(folder), FakeGitHub(FakeRepository()), confirm=confirm))
    except AuditError as problem:
        results.put(problem.what)


def test_of_two_processes_at_once_one_sends(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    results, inside, go = context.Queue(), context.Event(), context.Event()
    one, two = report(tmp_path / "one"), report(tmp_path / "two")
    first = context.Process(target=_send_in_process, args=(str(one), results, inside, go))
    first.start()
    assert inside.wait(20)
    github = FakeGitHub(FakeRepository())
    try:
        assert "another process" in refused(two, github).what
    finally:
        go.set()
        first.join(20)
    assert results.get(timeout=20) == "https://github.com/lab/Paper/issues/1"
    assert "already sent" in refused(two, github).why
    assert not github.seen


# --------------------------------------------------------------------------------------------------------------- refusals


def test_a_person_who_does_not_confirm_sends_nothing(tmp_path: Path) -> None:
    github = FakeGitHub(FakeRepository())
    assert "not confirmed" in refused(report(tmp_path), github, confirm=lambda name: False).why
    assert not posts(github)
    assert not (tmp_path / "filed.json").exists()


def test_without_a_token_the_browser_is_shown_and_nobody_is_asked(tmp_path: Path) -> None:
    github = FakeGitHub(FakeRepository())
    failure = refused(report(tmp_path), github, token="")
    assert preview(tmp_path).browser_url in failure.help
    assert not github.seen


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"complete": False}, "incomplete"),
        ({"issue": None}, "nothing"),
        ({"variants": [{"name": "Ours-L", "verdict": "consistent"}]}, "does not say"),
        ({"variants": []}, "does not say"),
        ({"issue": {"title": TITLE, "asks": []}}, "does not say"),
        ({"repository": {"archived": True}}, "archived"),
        ({"repository": {"has_issues": False}}, "issues disabled"),
        ({"repository": {"ref": "working tree"}}, "local folder"),
        ({"repository": {"full_name": "local/Paper"}}, "local folder"),
        ({"repository": {"full_name": "../.."}}, "local folder"),
        ({"repository": {"url": "https://git.lab.example/lab/Paper"}}, "git.lab.example"),
    ],
)
def test_what_the_report_itself_forbids(tmp_path: Path, changes: dict, words: str) -> None:
    github = FakeGitHub(FakeRepository())
    failure = refused(report(tmp_path, **changes), github)
    assert words in str(failure)
    assert failure.help
    assert not github.seen


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"archived": True}, "archived"),
        ({"disabled": True}, "disabled"),
        ({"has_issues": False}, "issues disabled"),
        ({"fork": True, "parent": {"full_name": "up/Paper"}}, "fork of up/Paper"),
        ({"fork": True}, "fork of another"),
        ({"full_name": "a/../b"}, "describes no repository"),
    ],
)
def test_what_the_repository_forbids_now(tmp_path: Path, about: dict, words: str) -> None:
    github = FakeGitHub(FakeRepository(about=about, issues=[issue(1, "Typo")]))
    if not about.get("has_issues", True):
        github.faults = lambda method, url: error(410, "Issues has been disabled") if "/issues" in url else None
    assert words in str(refused(report(tmp_path), github))
    assert not posts(github)


def test_a_fork_is_told_where_to_ask(tmp_path: Path) -> None:
    about = {"fork": True, "parent": {"full_name": "up/Paper"}}
    assert refused(report(tmp_path), FakeGitHub(FakeRepository(about=about))).help == "audit run up/Paper"


def test_a_renamed_repository_is_asked_under_its_new_name(tmp_path: Path) -> None:
    github, asked = FakeGitHub(FakeRepository("new/Name")), []
    github.renamed["lab/paper"] = "new/Name"
    assert send(report(tmp_path), github, confirm=lambda name: asked.append(name) or True) == "https://github.com/new/Name/issues/1"
    assert asked == ["new/Name"]
    assert github.paths("POST") == ["/repos/new/Name/issues"]


def test_a_similar_open_issue_is_pointed_at_and_a_closed_one_is_not_in_the_way(tmp_path: Path) -> None:
    similar = issue(9, "Net_L.tar cannot be loaded", "size mismatch")
    github = FakeGitHub(FakeRepository(issues=[similar]))
    failure = refused(report(tmp_path), github)
    assert "issues/9" in failure.why
    assert "net_l.tar" in failure.why
    assert not posts(github)
    similar["state"] = "closed"
    assert send(tmp_path, github)


def test_an_open_issue_of_another_audit_is_enough(tmp_path: Path) -> None:
    github = FakeGitHub(FakeRepository(issues=[issue(9, "Something else", f"<!-- audit-fp:{'ab' * 16} -->")]))
    assert "another audit's issue" in refused(report(tmp_path), github).why


def test_no_more_than_a_few_a_day(tmp_path: Path) -> None:
    for number in range(6):
        name = f"lab/Paper{number}"
        github = FakeGitHub(FakeRepository(name))
        folder = report(tmp_path / str(number), repository={"full_name": name, "url": f"https://github.com/{name}"})
        if number < 5:
            send(folder, github)
        else:
            assert "within a day" in refused(folder, github).why


@pytest.mark.parametrize(
    ("reply", "why", "help"),
    [
        (error(401, "Bad credentials"), "does not accept the token", "issues/new?"),
        (error(403, "Resource not accessible by personal access token"), "may not open issues", "public_repo"),
        (error(403, "Repository was archived so is read-only."), "does not take issues", ""),
        (error(403, "Interaction limits are in effect"), "does not take issues", ""),
        (error(403, "You have exceeded a secondary rate limit", retry_after="60"), "secondary rate limit", "nothing was repeated"),
        (rate_limited(), "reset at 2027-01-15 08:00 UTC", "nothing was repeated"),
        (error(429, "slow down"), "rate limit", "nothing was repeated"),
        (error(404, "Not Found"), "does not exist", "public_repo"),
        (error(410, "Issues are disabled for this repo"), "issues disabled", ""),
        (error(422, "Validation Failed"), "Validation Failed", "issue.md"),
        (error(451, "Blocked"), "legal reasons", ""),
        (error(307, "Moved", location="https://api.github.com/repositories/1/issues"), "moved", "again"),
        (error(301, "Moved", location="https://api.github.com/repositories/1/issues"), "moved", "again"),
    ],
)
def test_refusals_of_the_request_in_clear_words(tmp_path: Path, reply, why: str, help: str) -> None:
    github = FakeGitHub(FakeRepository())
    github.faults = lambda method, url: reply if method == "POST" else None
    failure = refused(report(tmp_path), github)
    assert why in failure.why
    assert help in failure.help
    assert TOKEN not in f"{failure} {failure.help}"
    assert len(posts(github)) == 1, "never repeated"
    assert not (tmp_path / "filed.json").exists(), "nothing was created"
    github.faults = lambda method, url: None
    assert send(tmp_path, github)


@pytest.mark.parametrize("part", ["/repos/lab/Paper", "/issues"])
@pytest.mark.parametrize(
    "reply", [error(401, "Bad credentials"), error(404, "Not Found"), rate_limited(), error(500, "x"), as_json("odd"), (200, {}, b"[[")]
)
def test_where_github_cannot_be_asked_nothing_is_sent(tmp_path: Path, part: str, reply) -> None:
    github = FakeGitHub(FakeRepository())
    github.faults = lambda method, url: reply if url.split("?")[0].endswith(part) else None
    assert refused(report(tmp_path), github).why
    assert not posts(github)


def test_no_network_is_said(tmp_path: Path) -> None:
    def down(method: str, url: str) -> None:
        raise requests.ConnectionError("no route to host")

    github = FakeGitHub()
    github.faults = down
    assert refused(report(tmp_path), github).help


# ---------------------------------------------------------------------------------------------------------- similar, live


def test_similar_issues_are_listed_live_open_and_closed_without_a_token(tmp_path: Path) -> None:
    issues = [
        issue(3, "Typo"),
        issue(2, "PR", "Net_L.tar", pull_request={}) | {"pull_request": {"url": "x"}},
        issue(1, "Net_L.tar?", state="closed"),
    ]
    github = FakeGitHub(FakeRepository(issues=issues))
    found = find_similar("lab/Paper", preview(report(tmp_path)).draft, github.network())
    assert [(similar.thread.number, similar.thread.state) for similar in found] == [(1, "closed")]
    github.faults = lambda method, url: error(404, "Not Found")
    with pytest.raises(NetworkError):
        find_similar("lab/Paper", preview(tmp_path).draft, github.network())


def test_a_reading_client_cannot_write() -> None:
    github = FakeGitHub(FakeRepository())
    with pytest.raises(FilingError):
        GitHubApi(github.network()).writable("lab/Paper").create_issue(title="x", body="y")
    assert not posts(github)


def test_a_very_long_text_is_cut_to_what_github_takes(tmp_path: Path) -> None:
    github = FakeGitHub(FakeRepository())
    send(report(tmp_path, f"# {'t' * 400}\n\n" + "a paragraph\n\n" * 9000), github)
    (sent,) = posts(github)
    assert len(sent["title"]) <= 250
    assert len(sent["body"]) <= 65_536
    assert fingerprints_in(sent["body"]) == (MARK,)


def test_records_are_kept_where_the_user_says(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert state_folder() == tmp_path / "home" / ".local" / "state" / "auditor" / "filed"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert state_folder() == tmp_path / "cache" / "auditor" / "filed"
    monkeypatch.setenv("XDG_STATE_HOME", "relative/path")
    assert state_folder() == tmp_path / "cache" / "auditor" / "filed"
