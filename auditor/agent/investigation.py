"""A language model investigates: it reads with tools, it proposes, `verify` disposes, and only what was verified becomes a fact."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from auditor.agent.budget import Budget, Spent
from auditor.errors import MissingExtra
from auditor.facts import AgentRun, Facts, numbered
from auditor.kit import Kit
from auditor.net import Network
from auditor.pipeline import Seen, conclude
from auditor.progress import Progress

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from auditor.agent.recording import RecordingModel
    from auditor.agent.transcript import Recorded
    from auditor.agent.workbench import Workbench

REPLAY = "replay:"


@dataclass(frozen=True, slots=True)
class OpenedAgent:
    """A model that can be asked, or what one said earlier."""

    name: str  # "openai:gpt-5"; of a replay the model that was asked then
    model: Model
    budget: Budget
    recorded: Recorded | None = None


def open_agent(name: str, url: str | None = None, budget: str = "") -> OpenedAgent:
    """Return the agent of --agent, --agent-url and --agent-budget. Nothing is asked yet.

    Raises `UsageError` for a name, key, budget or transcript that cannot be used, `MissingExtra` without pydantic-ai.
    """
    from auditor.agent.models import open_model
    from auditor.agent.transcript import Recorded

    limits = Budget.parse(budget)
    if not name.startswith(REPLAY):
        return OpenedAgent(name, open_model(name, url), limits)
    recorded = Recorded(Path(name.removeprefix(REPLAY)))
    try:
        from pydantic_ai.models.function import FunctionModel
    except ImportError as error:
        raise MissingExtra("an agent", "agent") from error
    # What was said is said again within the limits of then, so that it ends where it did.
    return OpenedAgent(
        str(recorded.start.get("model", "")), FunctionModel(_never_asked), _budget(recorded.start.get("budget"), limits), recorded
    )


def investigate(
    seen: Seen,
    agent: OpenedAgent,
    kit: Kit,
    network: Network,
    progress: Progress,
    transcript_path: Path | None = None,
    *,
    sleep: Callable[[float], Awaitable[None]] | None = None,
) -> Facts:
    """Return the facts with what an agent added, and write everything that was said to `transcript_path`.

    Whatever goes wrong with the model ends its part and nothing else: the facts that the rules found are all there.
    """
    import anyio

    from auditor.agent.models import secrets
    from auditor.agent.recording import RecordingModel
    from auditor.agent.transcript import Transcript
    from auditor.agent.workbench import Workbench

    repository = seen.facts.repository
    transcript = Transcript(transcript_path, secrets())
    transcript.add(
        "start", transcript="1", model=agent.name, target=repository.full_name, commit=repository.commit,
        tool_version=seen.facts.tool_version, budget={name: getattr(agent.budget, name) for name in agent.budget.__slots__},
    )  # fmt: skip
    progress.stage(f"asking {agent.name}")

    def told(spent: Spent) -> None:
        progress.item(f"{agent.name}: {spent}")

    asking = RecordingModel(agent.model, transcript, agent.budget, recorded=agent.recorded, told=told, sleep=sleep or anyio.sleep)
    bench = Workbench(seen, network, kit.hosts, progress, transcript)
    ended = anyio.run(_both_conversations, asking, bench, kit)
    facts = _with_run(bench, asking, agent.name, ended)
    transcript.finish()
    return facts


async def _both_conversations(asking: RecordingModel, bench: Workbench, kit: Kit) -> str:
    """Hold the two conversations: look for what is not known, then explain what was found. Returns how it ended."""
    from auditor.agent import briefing

    ended = await _conversation(asking, bench, "investigate", briefing.investigate(bench.facts))
    enrich(bench)
    if ended != "finished":
        return ended
    bench.report = conclude(bench.facts, kit)
    return await _conversation(asking, bench, "explain", briefing.explain(bench.report))


async def _conversation(asking: RecordingModel, bench: Workbench, stage: str, task: str) -> str:
    from pydantic_ai import Agent
    from pydantic_ai.exceptions import AgentRunError, UserError
    from pydantic_ai.usage import UsageLimits

    from auditor.agent.briefing import RULES
    from auditor.agent.recording import StoppedError, reason_of
    from auditor.agent.tools import tools
    from auditor.agent.workbench import Workbench

    asking.begin(stage)
    agent: Agent[Workbench, str] = Agent(
        asking, deps_type=Workbench, instructions=RULES, tools=tools(), retries={"tools": 3, "output": 2}, name="auditor"
    )
    try:
        await agent.run(task, deps=bench, usage_limits=UsageLimits(request_limit=None))
    except StoppedError as stopped:
        return stopped.reason if stopped.reason.startswith("budget") else f"stopped: {stopped.reason}"
    except (AgentRunError, UserError) as error:
        reason = f"stopped: {reason_of(error)}"
        bench.progress.warn(f"the agent {reason}")
        return reason
    except Exception as error:  # a defect of ours or of a library: the audit goes on without an agent
        bench.progress.warn(f"the agent failed: {type(error).__name__}: {error}")
        return f"stopped: the auditor failed: {type(error).__name__}"
    return "finished"


def enrich(bench: Workbench) -> None:
    """Put what was accepted into the facts: claims and links, and the files at the end of those links."""
    from auditor.agent.workbench import with_facts
    from auditor.gathering.costs import with_costs
    from auditor.gathering.instructions import addressed_in
    from auditor.gathering.more_files import with_more_files

    facts = bench.facts
    links = tuple(replace(link, id=f"l{len(facts.links) + n}") for n, link in enumerate(bench.links, 1))
    found = replace(facts, claims=facts.claims + tuple(bench.claims))
    if links:
        found = with_more_files(found, links, bench.network, bench.hosts, bench.progress)
    elif bench.claims:
        found = replace(found, artifacts=with_costs(found.artifacts, found.claims, bench.progress))
    run = AgentRun("", "", correspondences=tuple(bench.correspondences)) if bench.correspondences else None
    addressed = addressed_in(bench.seen.outlines, facts.repository, found.artifacts, found.sources)
    with_facts(bench, numbered(replace(found, addressed=addressed, agent=run)))


def _with_run(bench: Workbench, asking: RecordingModel, named: str, ended: str) -> Facts:
    """Return the facts with the record of the agent's work, and end the transcript."""
    from auditor.agent.workbench import MOST_REFUSALS_KEPT

    spent = asking.spent
    bench.transcript.add(
        "end", ended=ended, requests=spent.requests, input_tokens=spent.input_tokens, output_tokens=spent.output_tokens,
        usd=spent.usd, seconds=spent.seconds, accepted=bench.accepted, refused=len(bench.refused),
    )  # fmt: skip
    run = AgentRun(
        model=named,
        ended=ended,
        requests=spent.requests,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        seconds=spent.seconds,
        cost_usd=spent.usd,
        accepted=tuple(sorted(bench.accepted.items())),
        correspondences=tuple(bench.correspondences),
        notes=tuple(bench.notes),
        refused=tuple(bench.refused[:MOST_REFUSALS_KEPT]),
        refused_count=len(bench.refused),
        transcript_sha256=bench.transcript.sha256(),
    )
    return replace(bench.facts, agent=run)


def _never_asked(*_: object) -> NoReturn:
    raise AssertionError("a replay asks no model")


def _budget(saved: object, default: Budget) -> Budget:
    """Return the budget of a transcript, so that its replay ends where it did."""
    if not isinstance(saved, dict):
        return default
    known = {name: saved[name] for name in default.__slots__ if isinstance(saved.get(name), int | float)}
    return replace(default, **known)
