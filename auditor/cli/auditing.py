"""The commands that make a report: `run` and `demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditor.cli.application import (
    Agent,
    AgentBudget,
    AgentUrl,
    Download,
    FailOn,
    Language,
    NoCache,
    NoColor,
    Offline,
    Out,
    Papers,
    Quiet,
    Ref,
    Target,
    app,
)
from auditor.cli.interruption import promise
from auditor.cli.limits import Jobs, MaxBytes, MaxSeconds, limited, said
from auditor.command_line import check_words, console, folder_name, progress_for, tell_of_cache, typed_by_user
from auditor.errors import UsageError

if TYPE_CHECKING:
    from auditor.agent.investigation import OpenedAgent
    from auditor.facts import Facts
    from auditor.findings import AuditReport
    from auditor.net import Network

TRANSCRIPT = "agent.jsonl"


@app.command()
def run(
    target: Target,
    ref: Ref = None,
    out: Out = None,
    claims: Annotated[list[str] | None, typer.Option("--claims", metavar="FILE.yaml", help="Your own claims; they never accuse.")] = None,
    artifact: Annotated[
        list[str] | None, typer.Option("--artifact", metavar="PATH_OR_URL", help="A checkpoint that the repository does not link.")
    ] = None,
    paper: Papers = None,
    log: Annotated[list[str] | None, typer.Option("--log", metavar="FILE", help="An error log of load_state_dict.")] = None,
    download: Download = "header",
    max_bytes: MaxBytes = "",
    max_seconds: MaxSeconds = "",
    jobs: Jobs = None,
    no_follow: Annotated[bool, typer.Option("--no-follow", help="Open no link: documents and claims alone.")] = False,
    agent: Agent = None,
    agent_url: AgentUrl = None,
    agent_budget: AgentBudget = "",
    fail_on: FailOn = "missing",
    lang: Language = "en",
    offline: Offline = False,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Audit a repository: report.md, audit.json, and issue.md when there is something to ask."""
    from auditor.net import Network
    from auditor.options import AuditOptions

    check_words(fail_on, lang, download)
    asked = AuditOptions(
        ref=ref,
        claims_files=tuple(claims or ()),
        artifacts=tuple(artifact or ()),
        papers=tuple(paper or ()),
        logs=tuple(log or ()),
        download=download,
        follow=not no_follow,
        fail_on=fail_on,
        language=lang,
    )
    if offline and agent is not None and not agent.startswith("replay:"):
        raise UsageError("--offline asks nobody, and so no model", help="use --agent replay:agent.jsonl, or leave --offline out")
    opened = opened_agent(agent, agent_url, agent_budget)
    settings = typed_by_user((*asked.artifacts, *asked.papers), offline=offline, no_cache=no_cache)
    network = Network(limited(settings, download, max_bytes, max_seconds, jobs))
    audit(target, asked, network, out, quiet, no_color, opened)


@app.command()
def demo(
    out: Out = None,
    agent: Agent = None,
    agent_url: AgentUrl = None,
    agent_budget: AgentBudget = "",
    fail_on: FailOn = "missing",
    lang: Language = "en",
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Audit a replica of the internet that ships with the program: no network, no token."""
    from auditor.demo.world import DEMO_TARGET, demo_transport
    from auditor.net import Network
    from auditor.options import AuditOptions

    check_words(fail_on, lang)
    # The replica is closed: a token or another API address of the user's has no business there.
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_API_URL", "HF_TOKEN"):
        os.environ.pop(name, None)
    opened = opened_agent(agent, agent_url, agent_budget)
    options = AuditOptions(fail_on=fail_on, language=lang)
    audit(DEMO_TARGET, options, Network(transport=demo_transport()), out, quiet, no_color, opened)


def opened_agent(name: str | None, url: str | None, budget: str) -> OpenedAgent | None:
    """Return the agent that was asked for, before anything else is done: a missing key is known at once."""
    if name is None:
        if url is not None or budget:
            raise UsageError("--agent-url and --agent-budget belong to --agent", help="give for example --agent ollama:qwen3")
        return None
    from auditor.agent.investigation import open_agent

    return open_agent(name, url, budget)


def audit(
    target: str, asked: Any, network: Network, out: Path | None, quiet: bool, no_color: bool, agent: OpenedAgent | None = None
) -> None:
    """See, with an agent where one was asked for, then finish: the body of `run` and `demo`."""
    from auditor.kit import default_kit
    from auditor.pipeline import look

    kit = default_kit()
    if network.cache is not None:
        promise("what was read is kept; run the same command to continue")
    with progress_for(quiet, no_color) as progress:
        if asked.download == "full":
            progress.warn(said(network.settings))
        seen = look(target, asked, kit, network, progress)
        tell_of_cache(network, progress)
        facts, folder = seen.facts, out or Path("reports") / folder_name(seen.facts.repository.full_name)
        if agent is not None:
            from auditor.agent.investigation import investigate

            facts = investigate(seen, agent, kit, network, progress, folder / TRANSCRIPT)
    finish(facts, folder, no_color)


def finish(facts: Facts, out: Path, no_color: bool) -> None:
    """Conclude, write the report folder, print the summary and leave with the exit status."""
    from auditor.gathering.writing import write_report
    from auditor.kit import default_kit
    from auditor.pipeline import conclude
    from auditor.renderers.terminal import run_summary

    kit = default_kit()
    report: AuditReport = conclude(facts, kit)
    written = write_report(report, kit.renderers, out)
    if facts.agent is None:
        (out / TRANSCRIPT).unlink(missing_ok=True)  # of an earlier audit: this one asked nobody
    else:
        written = (*written, *filter(Path.exists, (out / TRANSCRIPT,)))
    shown = console(no_color)
    shown.print(run_summary(report))
    for path in written:
        print(path)
    raise typer.Exit(report.exit_status)
