"""`audit inspect`: what is inside checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast

import typer

from auditor.cli.application import AsJson, Download, NoColor, Quiet, app
from auditor.command_line import check_words, console, progress_for, status_of_inspect, typed_by_user, with_ids

if TYPE_CHECKING:
    from auditor.hosts.interface import FileHost
    from auditor.net import Network

MOST_DETAILS = 3  # checkpoints of one `inspect` that are shown one by one


@app.command()
def inspect(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, Drive or Hub links.")],
    download: Download = "header",
    as_json: AsJson = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Say what is inside checkpoints, local or remote, without running them."""
    check_words("never", "en", download)
    from auditor.facts import Inspected
    from auditor.formats.isolation import shared_pool

    shared_pool().start()  # the reader's interpreter starts while the rest is imported
    from auditor.gathering.artifacts import gather_artifacts, local_only

    network, hosts = cast("Network", None), cast("tuple[FileHost, ...]", ())  # local files ask neither
    if not local_only(paths):  # what goes to the network takes longer to be imported than a file to be read
        from auditor.hosts.registry import HOSTS
        from auditor.net import Network

        network, hosts = Network(typed_by_user(paths)), HOSTS
    with progress_for(quiet or as_json, no_color) as progress:
        gathered = gather_artifacts((), network, hosts, progress, given=paths, download=download)
    artifacts = with_ids(gathered.artifacts)
    findings = None
    if download == "full":
        from auditor.gathering.values_asked import ask_values

        findings = ask_values(artifacts, gathered.sources)
    if as_json:
        from auditor.record import stage_record, write_json

        print(write_json(stage_record("artifacts", artifacts=artifacts, sources=gathered.sources, findings=findings)), end="")
    else:
        from auditor.renderers.terminal import checkpoint_details, findings_text, inspect_table

        shown = console(no_color)
        shown.print(inspect_table(artifacts))
        found = [(artifact, item) for artifact in artifacts for item in artifact.contents if isinstance(item, Inspected)]
        for artifact, item in found if len(found) <= MOST_DETAILS else ():
            shown.print()
            shown.print(checkpoint_details(artifact, item))
        if findings:
            shown.print()
            shown.print(findings_text(findings))
    raise typer.Exit(status_of_inspect(artifacts, gathered.sources))
