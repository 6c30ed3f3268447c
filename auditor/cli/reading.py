"""What `audit inspect` does. Imported ahead of everything else: the reader's process starts while the rest is imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from auditor.command_line import check_words, console, progress_for, status_of_inspect, tell_of_cache, typed_by_user, with_ids

if TYPE_CHECKING:
    from auditor.findings import Finding
    from auditor.gathering.artifacts import Gathered
    from auditor.hosts.interface import FileHost
    from auditor.net import Network

MOST_DETAILS = 3  # checkpoints of one `inspect` that are shown one by one


def inspect_paths(
    paths: Sequence[str], download: str, *, as_json: bool, quiet: bool, no_color: bool, offline: bool = False, no_cache: bool = False
) -> int:
    """Print what is inside checkpoints and return the exit status. Raises `UsageError` for a word that `download` does not have."""
    check_words("never", "en", download)
    from auditor.formats.isolation import shared_pool

    shared_pool().start()
    from auditor.gathering.artifacts import gather_artifacts, local_only

    network, hosts = cast("Network", None), cast("tuple[FileHost, ...]", ())  # local files ask neither
    if not local_only(paths):  # what goes to the network takes longer to be imported than a file to be read
        from auditor.hosts.registry import HOSTS
        from auditor.net import Network

        settings = typed_by_user(paths, offline=offline, no_cache=no_cache)
        if download == "full":
            from auditor.cli.limits import limited

            settings = limited(settings, download)
        network, hosts = Network(settings), HOSTS
    with progress_for(quiet or as_json, no_color) as progress:
        gathered = gather_artifacts((), network, hosts, progress, given=paths, download=download)
        tell_of_cache(network, progress)
    gathered = type(gathered)(with_ids(gathered.artifacts), gathered.sources)
    findings = None
    if download == "full":
        from auditor.gathering.values_asked import ask_values

        findings = ask_values(gathered.artifacts, gathered.sources)
    show(gathered, findings, as_json, no_color)
    return status_of_inspect(gathered.artifacts, gathered.sources)


def show(gathered: Gathered, findings: tuple[Finding, ...] | None, as_json: bool, no_color: bool) -> None:
    """Print the records, or the table, the checkpoints one by one where they are few, and what their values say."""
    from auditor.facts import Inspected

    if as_json:
        from auditor.record import stage_record, write_json

        print(write_json(stage_record("artifacts", artifacts=gathered.artifacts, sources=gathered.sources, findings=findings)), end="")
        return
    from auditor.renderers.terminal_files import checkpoint_details, findings_text, inspect_table

    shown = console(no_color)
    shown.print(inspect_table(gathered.artifacts))
    found = [(artifact, item) for artifact in gathered.artifacts for item in artifact.contents if isinstance(item, Inspected)]
    for artifact, item in found if len(found) <= MOST_DETAILS else ():
        shown.print()
        shown.print(checkpoint_details(artifact, item))
    if findings:
        shown.print()
        shown.print(findings_text(findings))
