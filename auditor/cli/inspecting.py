"""`audit inspect`: what is inside checkpoints."""

from __future__ import annotations

from typing import Annotated

import typer

from auditor.cli.application import AsJson, Download, NoCache, NoColor, Offline, Quiet, app
from auditor.cli.reading import inspect_paths


@app.command()
def inspect(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, Drive or Hub links.")],
    download: Download = "header",
    as_json: AsJson = False,
    offline: Offline = False,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Say what is inside checkpoints, local or remote, without running them."""
    words = {"as_json": as_json, "quiet": quiet, "no_color": no_color, "offline": offline, "no_cache": no_cache}
    raise typer.Exit(inspect_paths(paths, download, **words))
