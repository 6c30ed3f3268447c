"""A server that speaks OpenAI's chat format with scripted answers, faulty ones included, on the loopback interface."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
CALL_IDS = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """What one request gets: a body, or a fault."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False  # announce more bytes than are sent, and hang up
    wait_seconds: float = 0.0


def calls(*tools: tuple[str, Any], text: str = "", tokens: tuple[int, int] = (1000, 100)) -> Answer:
    """Return an answer that calls tools; arguments that are text are sent as they are, JSON or not."""
    made = [
        {
            "id": f"call_{next(CALL_IDS)}",
            "type": "function",
            "function": {"name": name, "arguments": arguments if isinstance(arguments, str) else json.dumps(arguments)},
        }
        for name, arguments in tools
    ]
    return completion({"role": "assistant", "content": text or None, "tool_calls": made}, "tool_calls", tokens)


def says(text: str, finish: str = "stop", tokens: tuple[int, int] = (1000, 20)) -> Answer:
    """Return an answer in words."""
    return completion({"role": "assistant", "content": text}, finish, tokens)


def refuses(text: str) -> Answer:
    """Return an answer that declines."""
    return completion({"role": "assistant", "content": None, "refusal": text}, "stop", (1000, 5))


def completion(message: Json, finish: str, tokens: tuple[int, int]) -> Answer:
    """Return a whole answer in the shape of https://platform.openai.com/docs/api-reference/chat/object."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "scripted-1",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)},
    }
    return Answer(json.dumps(body).encode())


def fails(status: int, message: str = "no", *, retry_after: str | None = None, code: str = "error") -> Answer:
    """Return an error as OpenAI's servers send it."""
    body = json.dumps({"error": {"message": message, "type": "error", "code": code}}).encode()
    return Answer(body, status, (("Retry-After", retry_after),) if retry_after is not None else ())


@dataclass
class Scripted:
    """A running server: where it is, and what it was asked."""

    url: str
    asked: list[Json] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


Script = Sequence[Answer] | Callable[[Json], Answer]


@contextmanager
def scripted(script: Script) -> Iterator[Scripted]:
    """Run a server that gives the answers in order, the last one again and again."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                state.asked.append(asked)
                state.headers.append({name.lower(): value for name, value in self.headers.items()})
                number = len(state.asked) - 1
            answer = script(asked) if callable(script) else script[min(number, len(script) - 1)]
            time.sleep(answer.wait_seconds)
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) + (1000 if answer.cut else 0)))
            self.end_headers()
            self.wfile.write(answer.body)
            if answer.cut:
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Scripted(f"http://127.0.0.1:{server.server_address[1]}/v1")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
