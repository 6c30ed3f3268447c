"""One stage alone: `audit links` and `audit claims`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from auditor.cli.application import AsJson, NoCache, NoColor, Offline, Papers, Quiet, Ref, Target, app
from auditor.command_line import check_show, console, folder_name, leave_if_offline, progress_for, tell_of_cache, typed_by_user

if TYPE_CHECKING:
    from auditor.gathering.stages import SeenClaims, SeenLinks


@app.command()
def links(
    target: Target,
    ref: Ref = None,
    as_json: AsJson = False,
    offline: Offline = False,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """List a repository's links with their purpose: checkpoint, dataset, results, paper, other."""
    from auditor.gathering.stages import see_links
    from auditor.net import Network

    network = Network(typed_by_user((), offline=offline, no_cache=no_cache))
    with progress_for(quiet or as_json, no_color) as progress:
        seen = see_links(target, ref, network, progress)
        tell_of_cache(network, progress)
    show_stage("links", seen, as_json, no_color)
    leave_if_offline(network, seen.sources)


@app.command()
def claims(
    target: Target,
    ref: Ref = None,
    paper: Papers = None,
    show: Annotated[bool, typer.Option("--show", help="Show each claim's place: the line there, or the picture cut out.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="With --show: where pictures go. [default: claims-OWNER__NAME]")
    ] = None,
    as_json: AsJson = False,
    offline: Offline = False,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """List what a repository's documents, pictures and code claim, with the places where they do."""
    from auditor.gathering.stages import see_claims
    from auditor.net import Network

    check_show(show, out is not None, as_json)
    papers = tuple(paper or ())
    network = Network(typed_by_user(papers, offline=offline, no_cache=no_cache))
    with progress_for(quiet or as_json, no_color) as progress:
        seen = see_claims(target, ref, network, progress, papers)
        tell_of_cache(network, progress)
    if show:
        show_claims(seen, out or Path(f"claims-{folder_name(seen.full_name)}"))
    else:
        show_stage("claims", seen, as_json, no_color)
    leave_if_offline(network, seen.sources)


def show_claims(seen: SeenClaims, out: Path) -> None:
    """Print what stands at the place of every claim; parts of pictures are files that are written to `out`."""
    from auditor.gathering.showing import show_places
    from auditor.renderers.claims_shown import shown_text

    if seen.read_picture is None or not seen.claims:
        print("No claims were found.")
        return
    shown = show_places(seen.claims, seen.texts, seen.read_picture, out)
    for place in shown.places:
        print(shown_text(place.evidence, place.claims, place.lines, str(place.picture or ""), place.problem))
    if shown.left_out:
        print(f"{shown.left_out} more places are not shown.")


def show_stage(name: Literal["links", "claims"], seen: SeenLinks | SeenClaims, as_json: bool, no_color: bool) -> None:
    """Print one stage's records or table."""
    records = getattr(seen, name)
    if as_json:
        from auditor.record import stage_record, write_json

        print(write_json(stage_record(name, **{name: records}, sources=seen.sources)), end="")
    else:
        from auditor.renderers import terminal

        console(no_color).print(terminal.links_table(records) if name == "links" else terminal.claims_table(records))
