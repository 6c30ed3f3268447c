"""Whether a model can be reached and does tool calls: one short conversation with one tool."""

from __future__ import annotations

import time
from dataclasses import dataclass

from auditor.agent.budget import Budget

NUMBER = 48_271  # no model says this by itself


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of asking a model."""

    line: str  # for a person
    usable: bool  # reached, and it calls tools


def check_agent(name: str, url: str | None = None) -> Checked:
    """Ask a model to use a tool. Raises `UsageError` for a name or key that cannot be used, `MissingExtra` without pydantic-ai."""
    from auditor.agent.models import open_model

    model = open_model(name, url)

    import anyio
    from pydantic_ai import Agent
    from pydantic_ai.exceptions import AgentRunError, UserError
    from pydantic_ai.usage import UsageLimits

    from auditor.agent.recording import RecordingModel, StoppedError, reason_of
    from auditor.agent.transcript import Transcript

    called: list[bool] = []

    def number_of_the_day() -> int:
        """Return the number of the day."""
        called.append(True)
        return NUMBER

    asking = RecordingModel(model, Transcript(), Budget(requests=4, tokens=20_000, seconds=60, usd=0.05))
    agent = Agent(asking, tools=[number_of_the_day], instructions="Use the tool. Then answer with the number alone.")
    begun = time.monotonic()
    try:
        answer = anyio.run(_asked, agent, UsageLimits(request_limit=None))
    except StoppedError as stopped:
        return Checked(f"{name}: not usable: {stopped.reason}", False)
    except (AgentRunError, UserError) as error:
        return Checked(f"{name}: reached, but not usable: {reason_of(error)}", False)
    took = f"{time.monotonic() - begun:.1f} s, {asking.spent}"
    if not called:
        return Checked(f"{name}: reached, but it does not call tools ({took})", False)
    if str(NUMBER) not in "".join(c for c in answer if c.isdigit()):
        return Checked(f"{name}: reached and calls tools, but does not use what they answer ({took})", False)
    return Checked(f"{name}: reached, and calls tools ({took})", True)


async def _asked(agent: object, limits: object) -> str:
    result = await agent.run("What is the number of the day?", usage_limits=limits)  # type: ignore[attr-defined]
    return str(result.output)
