"""The same filing over real sockets on this machine: compressed answers, and a server that hangs up after it has done its work."""

from __future__ import annotations

import gzip
import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

sys.path.append(str(Path(__file__).parents[1] / "repositories"))

from fake_github import FakeGitHub, FakeRepository

from auditor.errors import FilingError
from auditor.issues.filing import file_issue
from auditor.net import Network, NetworkSettings
from auditor.repositories.interface import Target
from auditor.repositories.registry import open_repository


@pytest.fixture
def server(monkeypatch, tmp_path) -> Iterator[SimpleNamespace]:
    state = SimpleNamespace(hang_up=False, github=FakeGitHub())

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            request = requests.Request(self.command, state.address + self.path, headers=dict(self.headers), data=body).prepare()
            reply = state.github.send(request)
            if state.hang_up and self.command == "POST":
                return self.connection.close()
            content = gzip.compress(reply.raw.read())
            self.send_response(reply.status_code)
            for name, value in {**reply.headers, "content-encoding": "gzip", "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = answer

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{httpd.server_port}"
    state.github = FakeGitHub(FakeRepository(), api=state.address)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("GITHUB_API_URL", state.address)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield state
    httpd.shutdown()
    httpd.server_close()
    thread.join(10)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    (tmp_path / "issue.md").write_text("# Net_L.tar?\n\nIs it meant to be?\n")
    data = {
        "complete": True,
        "repository": {"full_name": "lab/Paper", "ref": "main", "url": "https://github.com/lab/Paper"},
        "variants": [{"name": "Ours-L", "verdict": "missing", "checkpoints": []}],
        "issue": {"title": "x", "asks": ["Ours-L"]},
    }
    (tmp_path / "audit.json").write_text(json.dumps(data))
    return tmp_path


def network() -> Network:
    return Network(NetworkSettings(timeout_seconds=5), sleep=lambda seconds: None)


def test_a_repository_is_opened_over_a_socket(server) -> None:
    repository = open_repository(Target("lab/Paper"), network())
    assert [str(source.status) for source in repository.sources] == ["ok"] * 5
    assert repository.read("README.md") == b"# Paper\n"


def test_an_issue_is_sent_over_a_socket(server, report: Path) -> None:
    assert file_issue(report, network(), token="ghp_x", confirm=lambda name: True) == "https://github.com/lab/Paper/issues/1"
    assert server.github.paths("POST") == ["/repos/lab/Paper/issues"]


def test_a_server_that_hangs_up_after_creating_the_issue_gets_no_second_one(server, report: Path) -> None:
    server.hang_up = True
    assert file_issue(report, network(), token="ghp_x", confirm=lambda name: True) == "https://github.com/lab/Paper/issues/1"
    assert len(server.github.paths("POST")) == 1
    with pytest.raises(FilingError, match="already sent"):
        file_issue(report, network(), token="ghp_x", confirm=lambda name: True)
