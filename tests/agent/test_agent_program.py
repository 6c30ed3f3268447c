"""The whole program with an agent: `audit demo --agent`, its replay, and `audit agent check`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pydantic_ai")
pytest.importorskip("openai")

from agent.wire import calls, fails, says, scripted

ROOT = Path(__file__).parents[2]


def audit(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ) | {"PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1", **environment}
    command = [sys.executable, "-m", "auditor", *arguments]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=240, check=False)


def test_a_demo_with_an_agent_and_its_replay(tmp_path):
    lie = {"kind": "claim", "variant": "Ours-L", "attribute": "params", "value": 197, "unit": "M"}
    lie["place"] = {"document": "assets/shorewalk_aligned.png", "quote": "Ours-L | 34.1 | 4.30 | 8.38M"}
    sentence = {"kind": "summary", "findings": ["f3"], "text": "No checkpoint of Ours-M stands among the listed files."}
    answers = [
        calls(("list_documents", {}), ("list_files", {})),
        calls(("propose", {"proposals": [lie]})),
        says("done"),
        calls(("propose", {"proposals": [sentence, {**sentence, "text": "Ours-M has 197 million parameters."}]})),
        says("done"),
    ]
    with scripted(answers) as server:
        ran = audit("demo", "--out", "one", "--agent", "openai:scripted", "--agent-url", server.url, "--fail-on", "never", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    record = json.loads((tmp_path / "one/audit.json").read_text())
    assert record["agent"]["ended"] == "finished"
    assert record["agent"]["refused_count"] == 2
    assert [note["text"] for note in record["agent"]["notes"]] == [sentence["text"]]
    report = (tmp_path / "one/report.md").read_text()
    assert "## What a language model added" in report
    assert "197" not in report.split("proposals were refused")[0]
    assert {v["name"]: v["verdict"] for v in record["variants"]}["Ours-L"] == "missing"

    again = audit("demo", "--out", "two", "--agent", f"replay:{tmp_path / 'one/agent.jsonl'}", "--fail-on", "never", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "two/agent.jsonl").read_bytes() == (tmp_path / "one/agent.jsonl").read_bytes()
    assert json.loads((tmp_path / "two/audit.json").read_text())["agent"] == record["agent"]
    judged = audit("judge", "two", cwd=tmp_path)
    assert judged.returncode == 0, judged.stderr  # --fail-on never is kept with the facts
    assert "## What a language model added" in (tmp_path / "two/report.md").read_text()


@pytest.mark.parametrize(
    ("answers", "words", "status"),
    [
        ([calls(("number_of_the_day", {})), says("48271")], "reached, and calls tools", 0),
        ([says("It is 7.")], "does not call tools", 3),
        ([calls(("number_of_the_day", {})), says("It is 7.")], "does not use what they answer", 3),
        ([fails(401, "wrong key")], "answered 401", 3),
    ],
)
def test_a_model_is_checked_in_one_line(answers, words, status, tmp_path):
    with scripted(answers) as server:
        ran = audit("agent", "check", "openai:scripted", "--agent-url", server.url, cwd=tmp_path)
    assert ran.returncode == status
    assert words in ran.stdout
    assert ran.stdout.count("\n") == 1
    assert not ran.stderr


def test_offline_asks_no_model(tmp_path):
    ran = audit("run", "o/n", "--offline", "--agent", "ollama:x", cwd=tmp_path)
    assert ran.returncode == 2
    assert "--offline asks nobody" in ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [("--agent", "nobody:x"), ("--agent", "replay:nothing.jsonl"), ("--agent-url", "http://127.0.0.1:1/v1"), ("--agent", "openai:x")],
)
def test_an_agent_that_cannot_be_used_is_said_before_anything_is_read(arguments, tmp_path):
    ran = audit("demo", *arguments, cwd=tmp_path, OPENAI_API_KEY="")
    assert ran.returncode == 2
    assert ran.stderr.startswith("audit: ")
    assert "help:" in ran.stderr
    assert not list(tmp_path.iterdir())
