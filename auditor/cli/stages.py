"""One stage alone: `audit links` and `audit claims`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from auditor.cli.application import AsJson, NoColor, Quiet, Ref, Target, app
from auditor.command_line import console, progress_for

if TYPE_CHECKING:
    from auditor.gathering.stages import SeenClaims, SeenLinks


@app.command()
def links(target: Target, ref: Ref = None, as_json: AsJson = False, quiet: Quiet = False, no_color: NoColor = False) -> None:
    """List a repository's links with their purpose: checkpoint, dataset, results, paper, other."""
    from auditor.gathering.stages import see_links
    from auditor.net import Network

    with progress_for(quiet or as_json, no_color) as progress:
        seen = see_links(target, ref, Network(), progress)
    show_stage("links", seen, as_json, no_color)


@app.command()
def claims(target: Target, ref: Ref = None, as_json: AsJson = False, quiet: Quiet = False, no_color: NoColor = False) -> None:
    """List what a repository's documents, pictures and code claim, with the places where they do."""
    from auditor.gathering.stages import see_claims
    from auditor.net import Network

    with progress_for(quiet or as_json, no_color) as progress:
        seen = see_claims(target, ref, Network(), progress)
    show_stage("claims", seen, as_json, no_color)


def show_stage(name: Literal["links", "claims"], seen: SeenLinks | SeenClaims, as_json: bool, no_color: bool) -> None:
    """Print one stage's records or table."""
    records = getattr(seen, name)
    if as_json:
        from auditor.record import stage_record, write_json

        print(write_json(stage_record(name, **{name: records}, sources=seen.sources)), end="")
    else:
        from auditor.renderers import terminal

        console(no_color).print(terminal.links_table(records) if name == "links" else terminal.claims_table(records))
