"""`audit agent check`: whether a configured language model can be reached and calls tools."""

from __future__ import annotations

from typing import Annotated

import typer

from auditor.cli.application import AgentUrl, app
from auditor.command_line import OK, UNREADABLE

agents = typer.Typer(help="Look at the language model that --agent would ask.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(agents, name="agent")


@agents.callback()
def group() -> None:
    """Look at the language model that --agent would ask."""


@agents.command()
def check(
    model: Annotated[str, typer.Argument(metavar="PROVIDER:MODEL", help="As for --agent.")],
    agent_url: AgentUrl = None,
) -> None:
    """Say in one line whether a model can be reached and does tool calls."""
    from auditor.agent.check import check_agent

    checked = check_agent(model, agent_url)
    print(checked.line)
    raise typer.Exit(OK if checked.usable else UNREADABLE)
