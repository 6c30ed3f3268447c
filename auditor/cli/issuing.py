"""`audit issue`: the drafted issue, shown and, when somebody says so, sent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditor.cli.application import NoColor, app
from auditor.command_line import console
from auditor.errors import AuditError, UsageError

if TYPE_CHECKING:
    from auditor.issues.similar import Similar


@app.command()
def issue(
    report_dir: Annotated[Path, typer.Argument(help="The folder that `audit run` wrote.")],
    file: Annotated[bool, typer.Option("--file", help="Send it, after you typed the target's name.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --file: send it without asking.")] = False,
    no_color: NoColor = False,
) -> None:
    """Show the drafted issue and what would be sent; --file sends it."""
    from auditor.github_api import github_token
    from auditor.issues.filing import file_issue, find_similar, preview
    from auditor.net import Network
    from auditor.renderers.issue_preview import issue_preview

    network, token = Network(), github_token()
    shown, unasked = preview(report_dir), ""
    similar: tuple[Similar, ...] = ()
    if not (file and yes):
        try:
            similar = find_similar(shown.full_name, shown.draft, network, token=token)
        except AuditError as error:  # shown without: the draft is worth reading with or without GitHub
            unasked = str(error)
        rows = [(s.thread.number, s.thread.state, s.thread.title, s.thread.url, "; ".join(s.reasons)) for s in similar]
        draft = issue_preview(shown.full_name, shown.title, shown.body, shown.browser_url, shown.objections, rows, unasked)
        console(no_color).print(draft, soft_wrap=True)
    if not file:
        return
    if not yes and not sys.stdin.isatty():
        raise UsageError("nobody is there to confirm", "the input is not a terminal", "use --file --yes to send it without asking")
    print(file_issue(report_dir, network, token=token, confirm=lambda name: yes or typer.prompt(f"Type {name} to send it") == name))
