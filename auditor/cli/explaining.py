"""`audit explain`: what a load_state_dict error says of both sides."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from auditor.cli.application import AsJson, NoColor, app
from auditor.command_line import FOUND, OK, typed_by_user
from auditor.errors import TargetError


@app.command()
def explain(
    logs: Annotated[list[str], typer.Argument(help="Error logs; with --against, checkpoints. - is the standard input.")],
    against: Annotated[
        str | None, typer.Option("--against", metavar="SPEC", help="A network: convnext_large, a YAML file, convnext:depths=..,dims=..")
    ] = None,
    as_json: AsJson = False,
    no_color: NoColor = False,
) -> None:
    """Say which architecture each side of a load_state_dict error has; or what torch would print, with --against."""
    from auditor.renderers import explain_text

    if against is not None:
        explain_against(against, logs, as_json)
        return
    from auditor.explaining.files import explain_paths

    explained = explain_paths(logs)
    if as_json:
        from auditor.record import write_json

        print(write_json(explain_text.to_record(explained)), end="")
    else:
        print(explain_text.explain_text(explained), end="")


def explain_against(spec: str, paths: Sequence[str], as_json: bool) -> None:
    """Print what torch would print if each checkpoint were loaded into the claimed network; exit status 1 where something would."""
    from auditor.explaining.against import hold_against
    from auditor.explaining.spec import read_spec
    from auditor.facts import Inspected
    from auditor.gathering.artifacts import gather_artifacts
    from auditor.hosts.registry import HOSTS
    from auditor.net import Network
    from auditor.progress import Silent
    from auditor.record import write_json
    from auditor.renderers import explain_text

    asked = read_spec(spec)
    gathered = gather_artifacts((), Network(typed_by_user(paths)), HOSTS, Silent(), given=paths)
    found = [(artifact, item) for artifact in gathered.artifacts for item in artifact.contents if isinstance(item, Inspected)]
    if not found:
        reasons = "; ".join(source.detail for source in gathered.sources if source.detail)
        raise TargetError("no checkpoint could be read", reasons, "give a checkpoint: audit explain --against convnext_large FILE")
    held = [(artifact.name, hold_against(asked, item.checkpoint)) for artifact, item in found]
    for name, one in held:
        print(write_json(explain_text.held_record(one, name)) if as_json else explain_text.held_text(one, name), end="")
        if not as_json:
            print(explain_text.held_notes(one), end="", file=sys.stderr)
    raise typer.Exit(FOUND if any(one.lines for _, one in held) else OK)
