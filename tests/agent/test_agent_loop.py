"""The conversation with a model over the wire: tools, budgets, faults, transcript and replay. The server is real, the model a script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("pydantic_ai")
pytest.importorskip("openai")

from agent.small_audit import small_seen
from agent.wire import Answer, calls, fails, refuses, says, scripted

from auditor.agent import recording
from auditor.agent.budget import Budget
from auditor.agent.investigation import investigate, open_agent
from auditor.errors import UsageError
from auditor.facts import Facts
from auditor.kit import default_kit
from auditor.net import Network
from auditor.pipeline import conclude
from auditor.progress import Silent

TRUE_CLAIM = {
    "kind": "claim", "variant": "HeronNet-L", "attribute": "params", "value": 8.38, "unit": "M",
    "place": {"document": "README.md", "line": 8, "quote": "Our HeronNet-L reaches an accuracy of 85.1 with 8.38M parameters."},
}  # fmt: skip
FALSE_CLAIM = {**TRUE_CLAIM, "value": 197}
OLD_LINK = {
    "kind": "link", "url": "https://zoo.heron.example/old/heron_l.pth", "reason": "older runs",
    "place": {"document": "README.md", "line": 11, "quote": "Older runs: https://zoo.heron.example/old/heron_l.pth (see the wiki)."},
}  # fmt: skip


class Refusing(Network):
    """A network on which every request is a failure of the test."""

    def __init__(self) -> None:
        from requests.adapters import BaseAdapter

        class Nobody(BaseAdapter):
            def send(self, request, *_, **__):
                raise AssertionError(f"asked {request.url}")

            def close(self):
                pass

        super().__init__(transport=Nobody())


def investigated(script, tmp_path: Path, budget: str = "", name: str = "openai:scripted") -> tuple[Facts, list[dict], list[float], list]:
    """Return the facts, the lines of the transcript, the waits between attempts, and what the server was asked."""
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    with scripted(script) as server:
        agent = open_agent(name, server.url, budget)
        facts = investigate(small_seen(), agent, default_kit(), Refusing(), Silent(), tmp_path / "agent.jsonl", sleep=sleep)
    lines = [json.loads(line) for line in (tmp_path / "agent.jsonl").read_text().splitlines()]
    return facts, lines, waits, server.asked


def told(lines: list[dict]) -> str:
    return "\n".join(str(part.get("content")) for line in lines if line["kind"] == "told" for part in line["parts"])


def test_tools_answer_proposals_are_verified_and_facts_say_who_found_them(tmp_path):
    facts, lines, _, asked = investigated(
        [
            calls(("list_documents", {}), ("read_document", {"path": "README.md"}), ("show_claims", {}), ("list_files", {})),
            calls(("propose", {"proposals": [TRUE_CLAIM, FALSE_CLAIM]})),
            says("done"),
            says("done"),
        ],
        tmp_path,
    )
    found = [claim for claim in facts.claims if claim.found_by == "agent"]
    assert [(c.variant, c.attribute, c.printed, c.origin, c.rank) for c in found] in (
        [("HeronNet-L", "params", "8.38M", "agent", "primary")], []
    )  # fmt: skip
    verdicts = [line for line in lines if line["kind"] == "verdict"]
    assert [line["accepted"] for line in verdicts] == [True, False]
    assert verdicts[1]["reason"]
    assert "8: " in told(lines)  # numbered lines
    assert "refused" in told(lines)  # told back
    assert facts.agent is not None
    assert (facts.agent.ended, facts.agent.requests, facts.agent.refused_count) == ("finished", 4, 1)
    assert facts.agent.input_tokens == 4000
    assert asked[0]["model"] == "scripted"
    assert {tool["function"]["name"] for tool in asked[0]["tools"]} >= {"read_document", "search_text", "list_host", "propose"}


def test_every_tool_reads_and_none_leaves_what_the_repository_names(tmp_path):
    questions = [
        ("search_text", {"words": "herons"}), ("search_text", {"words": "  "}), ("search_text", {"words": "flamingo"}),
        ("read_document", {"path": "/etc/passwd"}), ("read_document", {"path": "README.md", "first_line": 900}),
        ("show_picture", {"path": "none.png"}), ("show_links", {}), ("show_issues", {}), ("show_findings", {}),
        ("inspect_checkpoint", {"file": "a1"}), ("inspect_checkpoint", {"file": "file:///etc/passwd"}),
        ("inspect_checkpoint", {"file": "/etc/passwd"}), ("list_host", {"url": "http://169.254.169.254/latest/meta-data"}),
        ("list_host", {"url": "https://evil.example/?token=x"}),
        ("list_host", {"url": "https://drive.google.com/drive/folders/another"}),
    ]  # fmt: skip
    facts, lines, *_ = investigated([calls(*questions), says("done"), says("done")], tmp_path)
    answers = [part["content"] for line in lines if line["kind"] == "told" for part in line["parts"] if part["part"] == "tool-return"]
    assert len(answers) == len(questions)
    assert "README.md:1" in answers[0]
    assert "no document" in answers[3]
    assert "Where are the weights of L?" in answers[7]
    assert "7,438,976" in answers[9]
    assert all(answer.startswith("refused") for answer in answers[10:])
    assert "root:" not in told(lines)
    assert facts.agent is not None
    assert facts.agent.ended == "finished"


@pytest.mark.parametrize(
    "strange",
    [
        calls(("propose", '{"proposals": [{"kind": "claim", ')),
        calls(("propose", {"proposals": "everything"})),
        calls(("propose", {"proposals": [{"kind": "verdict", "text": "all is well"}]})),
        calls(("propose", {"proposals": [{**TRUE_CLAIM, "value": {"a": 1}}]})),
        calls(("file_issue", {"title": "x"})),
        calls(("read_document", {"path": 7, "more": True})),
        calls(("read_document", "null")),
        says(""),
    ],
    ids=["bad-json", "wrong-type", "unknown-kind", "wrong-value", "unknown-tool", "wrong-arguments", "null-arguments", "empty"],
)
def test_strange_answers_are_told_and_the_work_goes_on(strange, tmp_path):
    facts, _, _, asked = investigated([strange, calls(("propose", {"proposals": [TRUE_CLAIM]})), says("done"), says("done")], tmp_path)
    assert facts.agent is not None
    assert facts.agent.ended == "finished"
    assert len(asked) == 4


def test_what_never_becomes_an_answer_ends_the_agent_and_nothing_else(tmp_path):
    before = small_seen().facts
    facts, *_ = investigated([calls(("propose", "{"))], tmp_path)
    assert facts.agent is not None
    assert facts.agent.ended.startswith("stopped")
    assert (facts.claims, facts.links) == (before.claims, before.links)


def test_an_endless_loop_ends_with_the_budget_and_keeps_what_was_accepted(tmp_path):
    facts, lines, *_ = investigated([calls(("propose", {"proposals": [TRUE_CLAIM]})), calls(("show_claims", {}))], tmp_path, "requests=7")
    assert facts.agent is not None
    assert (facts.agent.ended, facts.agent.requests) == ("budget: requests", 7)
    assert any(line["kind"] == "verdict" and line["accepted"] for line in lines)


def test_tokens_end_it_as_well(tmp_path):
    facts, *_ = investigated([calls(("show_claims", {}), tokens=(40_000, 100))], tmp_path, "tokens=100k")
    assert facts.agent is not None
    assert (facts.agent.ended, facts.agent.requests) == ("budget: tokens", 3)


def test_money_ends_it_as_well(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "price_of", lambda response: 0.4)
    facts, *_ = investigated([calls(("show_claims", {}))], tmp_path, "usd=1.00")
    assert facts.agent is not None
    assert (facts.agent.ended, facts.agent.cost_usd) == ("budget: usd", 1.2)


def test_busy_and_broken_servers_are_asked_again_as_they_wish(tmp_path):
    facts, lines, waits, asked = investigated(
        [fails(429, "slow down", retry_after="7"), fails(503), says("done"), fails(500), says("done")], tmp_path
    )
    assert facts.agent is not None
    assert (facts.agent.ended, len(asked)) == ("finished", 5)
    assert waits[0] == 7
    assert [line["reason"].split(":")[0] for line in lines if line["kind"] == "trouble"] == [
        "the model's server answered 429", "the model's server answered 503", "the model's server answered 500"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (fails(429, retry_after="3600"), "asks to wait longer"),
        (fails(500), "answered 500"),
        (fails(401, "Incorrect API key provided"), "answered 401"),
        (fails(404, "no such model"), "answered 404"),
        (fails(403, "country not supported"), "answered 403"),
        (Answer(b"<html>bad gateway</html>", 502), "answered 502"),
        (Answer(b'{"id": "x", "choices": [{"mess', cut=True), "the model"),
        (Answer(b"not json at all"), "the model"),
        (Answer(b"{}"), "the model"),
        (Answer(b'{"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": []}'), "the model"),
    ],
    ids=["429-long", "500", "401", "404", "403", "502-html", "cut", "no-json", "no-choices", "empty-choices"],
)
def test_a_server_that_never_answers_ends_the_agent_with_its_words(answer, words, tmp_path):
    before = small_seen().facts
    facts, lines, _, asked = investigated([answer], tmp_path)
    assert facts.agent is not None
    assert facts.agent.ended.startswith("stopped: ")
    assert words in facts.agent.ended
    assert len(asked) <= recording.ATTEMPTS
    assert lines[-1]["kind"] == "end"
    assert (facts.claims, facts.artifacts) == (before.claims, before.artifacts)
    conclude(facts, default_kit())


def test_a_cut_answer_is_asked_for_again(tmp_path):
    facts, *_ = investigated([Answer(b'{"id": ', cut=True), says("done"), says("done")], tmp_path)
    assert facts.agent is not None
    assert facts.agent.ended == "finished"


def test_a_slow_model_is_not_waited_for_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "ANSWER_SECONDS", 0.3)
    facts, *_ = investigated([Answer(b"{}", wait_seconds=1.0)], tmp_path)
    assert facts.agent is not None
    assert facts.agent.ended == "stopped: the model did not answer in time"


@pytest.mark.parametrize("answer", [refuses("I cannot help with that."), says("I will not do that."), says("", finish="content_filter")])
def test_a_refusal_is_an_answer(answer, tmp_path):
    facts, *_ = investigated([answer], tmp_path)
    assert facts.agent is not None
    assert facts.agent.accepted == ()


def test_a_conversation_that_does_not_fit_is_cut_and_goes_on(tmp_path):
    sizes: list[int] = []

    def script(asked: dict):
        size = len(json.dumps(asked["messages"]))
        sizes.append(size)
        if size > 9_000:
            return fails(400, "This model's maximum context length is 2000 tokens.", code="context_length_exceeded")
        returned = sum(message["role"] == "tool" for message in asked["messages"])
        return calls(*[("read_document", {"path": "README.md"})] * 3) if returned < 15 else says("done")

    facts, lines, *_ = investigated(script, tmp_path)
    assert facts.agent is not None
    assert facts.agent.ended == "finished"
    assert any("were cut from the conversation" in line["reason"] for line in lines if line["kind"] == "trouble")
    assert max(sizes) > 9_000


def test_the_key_goes_to_its_own_host_alone_and_into_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-0123456789")
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_very_secret_0123456789")
    with scripted([fails(401, "no such key: ghp_very_secret_0123456789 sk-very-secret-0123456789")]) as server:
        agent = open_agent("openai:scripted", server.url)
        facts = investigate(small_seen(), agent, default_kit(), Refusing(), Silent(), tmp_path / "agent.jsonl")
    assert "secret" not in json.dumps(server.headers)
    assert "secret" not in (tmp_path / "agent.jsonl").read_text()
    assert "secret" not in str(facts.agent)
    monkeypatch.setenv("AUDITOR_AGENT_KEY", "for-this-server")
    with scripted([says("done")]) as server:
        investigate(small_seen(), open_agent("openai:scripted", server.url), default_kit(), Refusing(), Silent())
    assert server.headers[0]["authorization"] == "Bearer for-this-server"


def test_a_replay_asks_nobody_and_gives_the_same_bytes(tmp_path):
    first, *_ = investigated(
        [
            fails(429, retry_after="1"),
            calls(("show_links", {}), ("propose", {"proposals": [TRUE_CLAIM, FALSE_CLAIM, TRUE_CLAIM]})),
            says("done"),
            calls(("propose", {"proposals": [{"kind": "summary", "text": "All 42 files are fine.", "findings": ["f1"]}]})),
        ],
        tmp_path,
        "requests=6",
    )
    (tmp_path / "again").mkdir()
    for number in range(2):  # of the model's file, then of the replay's own
        source = tmp_path / ("again/agent.jsonl" if number else "agent.jsonl")
        again = investigate(
            small_seen(), open_agent(f"replay:{source}"), default_kit(), Refusing(), Silent(), tmp_path / "again" / "agent.jsonl"
        )
        assert again == first
        assert (tmp_path / "again" / "agent.jsonl").read_bytes() == (tmp_path / "agent.jsonl").read_bytes()


@pytest.mark.parametrize("text", ["", "{}", "not json", '{"kind": "start", "transcript": "2"}', "[" * 100_000, '"x"'])
def test_what_is_no_transcript_is_said_to_be_none(text, tmp_path):
    (tmp_path / "agent.jsonl").write_text(text)
    with pytest.raises(UsageError):
        open_agent(f"replay:{tmp_path / 'agent.jsonl'}")
    with pytest.raises(UsageError):
        open_agent(f"replay:{tmp_path / 'nothing.jsonl'}")


def test_a_transcript_with_strange_lines_ends_the_replay_and_nothing_else(tmp_path):
    strange = [
        {"kind": "start", "transcript": "1", "model": "x", "budget": {"requests": "many"}}, {"kind": "answer", "parts": 7},
        {"kind": "answer", "parts": [{"part": "tool-call", "tool": "propose", "args": 7, "call": None}], "usd": "free", "seconds": -1},
    ]  # fmt: skip
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in strange))
    facts = investigate(small_seen(), open_agent(f"replay:{tmp_path / 'a.jsonl'}"), default_kit(), Refusing(), Silent())
    assert facts.agent is not None
    assert facts.agent.ended.startswith("stopped")


def test_budgets_are_read_or_refused():
    assert Budget.parse("requests=3, tokens=1.5k,usd=$0.10") == Budget(3, 1500, usd=0.1)
    for text in ("requests", "hours=3", "tokens=-1", "usd=1e9", "requests=3;tokens=4"):
        with pytest.raises(UsageError):
            Budget.parse(text)


def test_names_and_keys_that_cannot_be_used_are_refused_before_anything_is_read(monkeypatch):
    for variable in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    for name in ("", "gpt-5", "openai:", "nobody:x", "openai:gpt-5", "anthropic:claude-x", "google:gemini-x"):
        with pytest.raises(UsageError):
            open_agent(name)
    with pytest.raises(UsageError):
        open_agent("openai:x", "ftp://example.org")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k" * 20)
    monkeypatch.setenv("GOOGLE_API_KEY", "k" * 20)
    monkeypatch.setenv("OPENAI_API_KEY", "k" * 20)
    for name in ("openai:gpt-5", "anthropic:claude-sonnet-4-5", "google:gemini-2.5-pro", "ollama:qwen3"):
        assert open_agent(name).name == name
