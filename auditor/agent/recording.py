"""The one place where a language model is asked: attempts, budget and transcript around any model of pydantic-ai."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import anyio
from pydantic_ai.exceptions import ModelAPIError, ModelHTTPError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from auditor.agent.budget import Budget, Spent
from auditor.agent.transcript import Line, Recorded, Transcript

ATTEMPTS = 4  # at one answer
LONGEST_WAIT_SECONDS = 20.0
ANSWER_SECONDS = 120.0  # one answer from its first byte to its last
RETRIED = (408, 409, 425, 429, 500, 502, 503, 504, 529)
KEPT_RETURNS = (4, 1, 0)  # the newest answers of tools that stay when a history is cut once, again, and once more
CUT = "[cut to save room: call the tool again if you need it]"
TOO_LONG = ("context_length", "context length", "maximum context", "too many tokens", "prompt is too long", "too long", "input token count")


class StoppedError(Exception):
    """No further answer is asked for; what was accepted so far stays."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RecordingModel(WrapperModel):
    """Asks a model, or a transcript of one, and writes down what is said. Raises `StoppedError`."""

    def __init__(
        self,
        wrapped: Model,
        transcript: Transcript,
        budget: Budget,
        *,
        recorded: Recorded | None = None,
        told: Callable[[Spent], None] = lambda spent: None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        super().__init__(wrapped)
        self.spent = Spent()
        self._transcript = transcript
        self._budget = budget
        self._recorded = recorded
        self._told = told
        self._clock = clock
        self._sleep = sleep
        self._rules: str | None = None
        self._seen = 0  # messages of this conversation that are in the transcript
        self._cut = 0  # messages before which old answers of tools are not sent any more
        self._cuts = 0  # how often the history was cut

    def begin(self, stage: str) -> None:
        """Begin a new conversation."""
        self._transcript.add("stage", name=stage)
        self._seen = self._cut = self._cuts = 0

    async def request(
        self, messages: list[ModelMessage], model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> ModelResponse:
        """Return the model's answer to a conversation, asked as often as it takes and the budget allows."""
        for message in messages[self._seen :]:
            if isinstance(message, ModelRequest):
                self._told_model(message)
        self._seen = len(messages)
        if self._recorded is not None:
            return self._replayed(self._recorded)
        limit = self.spent.passed(self._budget)
        if limit is not None:
            raise self._stopped(f"budget: {limit}")
        begun = self._clock()
        try:
            response = await self._asked(messages, model_settings, model_request_parameters)
        finally:
            self.spent.requests += 1
            self.spent.seconds = round(self.spent.seconds + self._clock() - begun, 3)
        return self._answered(response)

    def _told_model(self, message: ModelRequest) -> None:
        """Write down what the model is given; instructions once, since they go along with every question."""
        rules = {} if message.instructions in (None, self._rules) else {"instructions": message.instructions}
        self._rules = message.instructions or self._rules
        self._transcript.add("told", parts=[plain_part(part) for part in message.parts], **rules)

    def _answered(self, response: ModelResponse) -> ModelResponse:
        usd = price_of(response)
        usage = response.usage
        self._count(usage.input_tokens, usage.output_tokens, usd)
        parts = [plain_part(part) for part in response.parts]
        self._transcript.add(
            "answer", parts=parts, model=response.model_name, finish=response.finish_reason, input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens, usd=usd, seconds=self.spent.seconds,
        )  # fmt: skip
        self._told(self.spent)
        return response

    def _count(self, input_tokens: int, output_tokens: int, usd: float | None) -> None:
        self.spent.input_tokens += input_tokens
        self.spent.output_tokens += output_tokens
        if usd is not None:
            self.spent.usd = round((self.spent.usd or 0.0) + usd, 6)

    async def _asked(
        self, messages: list[ModelMessage], settings: ModelSettings | None, parameters: ModelRequestParameters
    ) -> ModelResponse:
        """Ask until there is an answer. A limit of the model's context cuts old answers of tools, once after the other."""
        for attempt in range(ATTEMPTS + len(KEPT_RETURNS)):
            try:
                with anyio.fail_after(min(ANSWER_SECONDS, max(1.0, self._budget.seconds - self.spent.seconds))):
                    return await self.wrapped.request(without_old_returns(messages, self._cut, self._cuts), settings, parameters)
            except Exception as error:  # clients meet a strange answer with errors of every kind; none may end the audit
                reason = reason_of(error)
                if is_too_long(error) and (self._cuts < len(KEPT_RETURNS) or self._cut < len(messages)):
                    self._cuts = self._cuts + 1 if self._cut == len(messages) else 1
                    self._cut = len(messages)
                    self._transcript.add("trouble", reason=f"{reason}; older answers of tools were cut from the conversation")
                    continue
                if not is_worth_another(error) or attempt >= ATTEMPTS - 1:
                    raise self._stopped(reason) from error
                wait = wait_of(error, attempt)
                if wait is None:
                    raise self._stopped(f"{reason}, and asks to wait longer than {LONGEST_WAIT_SECONDS:.0f} s") from error
                self._transcript.add("trouble", reason=reason)
                await self._sleep(wait)
        raise self._stopped("the conversation does not fit into the model's context")

    def _stopped(self, reason: str) -> StoppedError:
        reason = self._transcript.hide(reason)  # it goes into the report as well
        self._transcript.add("stopped", reason=reason)
        return StoppedError(reason)

    def _replayed(self, recorded: Recorded) -> ModelResponse:
        """Return the next answer of the transcript, with the troubles that came before it."""
        while (line := recorded.next()) is not None:
            if line["kind"] == "trouble":
                self._transcript.add("trouble", reason=line.get("reason", ""))
            elif line["kind"] == "stopped":
                raise self._stopped(str(line.get("reason", "")))
            else:
                return self._again(line)
        raise self._stopped("the transcript ends here")

    def _again(self, line: Line) -> ModelResponse:
        self.spent.requests += 1
        self.spent.seconds = number(line.get("seconds"))
        usd = line.get("usd")
        self._count(int(number(line.get("input_tokens"))), int(number(line.get("output_tokens"))), None if usd is None else number(usd))
        self._transcript.add("answer", **{key: value for key, value in line.items() if key != "kind"})
        self._told(self.spent)
        said = line.get("parts")
        parts = [part for part in map(response_part, said if isinstance(said, list) else ()) if part is not None]
        usage = RequestUsage(input_tokens=int(number(line.get("input_tokens"))), output_tokens=int(number(line.get("output_tokens"))))
        return ModelResponse(parts, usage=usage, model_name=line.get("model"))


def plain_part(part: Any) -> dict[str, Any]:
    """Return a part of a message as JSON data: its kind and what was said, without times and keys of a provider."""
    made: dict[str, Any] = {"part": part.part_kind}
    if getattr(part, "tool_name", None):
        made["tool"] = part.tool_name
        made["call"] = part.tool_call_id
    if isinstance(part, ToolCallPart):
        made["args"] = part.args if isinstance(part.args, str | dict | None) else str(part.args)
    else:
        content = getattr(part, "content", None)
        made["content"] = content if isinstance(content, str | None) else json.loads(json.dumps(content, default=str))
    return made


def response_part(part: Any) -> ModelResponsePart | None:
    """Return the part of an answer that was written down, or None for one that says nothing to a replay."""
    if not isinstance(part, dict):
        return None
    if part.get("part") == "tool-call":
        args = part.get("args")
        return ToolCallPart(
            str(part.get("tool", "")), args if isinstance(args, str | dict | None) else str(args), tool_call_id=str(part.get("call", ""))
        )
    text = str(part.get("content") or "")
    return TextPart(text) if part.get("part") == "text" else ThinkingPart(text) if part.get("part") == "thinking" else None


def without_old_returns(messages: list[ModelMessage], cut: int, cuts: int = 1) -> list[ModelMessage]:
    """Return a conversation in which the answers of tools before message `cut` are short, the newest few of them excepted."""
    places = [
        (at, n)
        for at, message in enumerate(messages[:cut])
        if isinstance(message, ModelRequest)
        for n, part in enumerate(message.parts)
        if isinstance(part, ToolReturnPart)
    ]
    kept = KEPT_RETURNS[min(max(cuts, 1), len(KEPT_RETURNS)) - 1]
    old = set(places[: max(0, len(places) - kept)])
    made: list[ModelMessage] = []
    for at, message in enumerate(messages):
        if isinstance(message, ModelRequest) and any(place == at for place, _ in old):
            parts = [_cut(part) if (at, n) in old else part for n, part in enumerate(message.parts)]
            made.append(replace(message, parts=parts))
        else:
            made.append(message)
    return made


def _cut(part: Any) -> ToolReturnPart:
    return ToolReturnPart(part.tool_name, CUT, tool_call_id=part.tool_call_id)


def reason_of(error: Exception) -> str:
    """Return in one line what a provider or its client says."""
    if isinstance(error, ModelHTTPError):
        return f"the model's server answered {error.status_code}: {_short(error.body or error)}"
    if isinstance(error, TimeoutError):
        return "the model did not answer in time"
    if isinstance(error, ModelAPIError | ConnectionError):
        return f"the model cannot be reached: {_short(error.__cause__ or error)}"
    return f"the model's answer could not be read: {type(error).__name__}: {_short(error)}"


def is_worth_another(error: Exception) -> bool:
    """Tell whether the same question may get an answer later."""
    return error.status_code in RETRIED if isinstance(error, ModelHTTPError) else True


def is_too_long(error: Exception) -> bool:
    """Tell whether a provider says that the conversation does not fit."""
    if not isinstance(error, ModelHTTPError) or error.status_code not in (400, 413, 422):
        return False
    words = str(error.body or error).lower()
    return error.status_code == 413 or any(word in words for word in TOO_LONG)


def wait_of(error: Exception, attempt: int) -> float | None:
    """Return the seconds until the next attempt, None where the server asks for more than we wait."""
    response = getattr(error.__cause__, "response", None)
    asked = getattr(response, "headers", {}).get("retry-after", "") if response is not None else ""
    try:
        wait = float(asked)
    except (TypeError, ValueError):
        wait = 0.0
    return None if wait > LONGEST_WAIT_SECONDS else max(wait, 0.5 * 2.0**attempt)


def price_of(response: ModelResponse) -> float | None:
    """Return what an answer cost in US dollars by the price list of genai-prices, None where it has no such model."""
    try:
        return round(float(response.cost().total_price), 6)
    except Exception:  # an unknown model, an old list, no list: the price is not known
        return None


def number(value: Any) -> float:
    """Return a number of a transcript, 0 for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15 else 0.0


def _short(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 200 else text[:199] + "…"
