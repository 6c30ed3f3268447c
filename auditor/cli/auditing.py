"""The commands that make a report: `run` and `demo`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditor.cli.application import FailOn, Language, NoColor, Out, Papers, Quiet, Ref, Target, app
from auditor.command_line import check_words, console, folder_name, progress_for, typed_by_user

if TYPE_CHECKING:
    from auditor.facts import Facts
    from auditor.findings import AuditReport
    from auditor.net import Network


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
    download: Annotated[
        str, typer.Option("--download", metavar="header|full", help="full also reads values: digests, NaN, ...")
    ] = "header",
    no_follow: Annotated[bool, typer.Option("--no-follow", help="Open no link: documents and claims alone.")] = False,
    fail_on: FailOn = "missing",
    lang: Language = "en",
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
    audit(target, asked, Network(typed_by_user((*asked.artifacts, *asked.papers))), out, quiet, no_color)


@app.command()
def demo(out: Out = None, fail_on: FailOn = "missing", lang: Language = "en", quiet: Quiet = False, no_color: NoColor = False) -> None:
    """Audit a replica of the internet that ships with the program: no network, no token."""
    from auditor.demo.world import DEMO_TARGET, demo_transport
    from auditor.net import Network
    from auditor.options import AuditOptions

    check_words(fail_on, lang)
    # The replica is closed: a token or another API address of the user's has no business there.
    for name in ("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_API_URL", "HF_TOKEN"):
        os.environ.pop(name, None)
    audit(DEMO_TARGET, AuditOptions(fail_on=fail_on, language=lang), Network(transport=demo_transport()), out, quiet, no_color)


def audit(target: str, asked: Any, network: Network, out: Path | None, quiet: bool, no_color: bool) -> None:
    """See, then finish: the body of `run` and `demo`."""
    from auditor.kit import default_kit
    from auditor.pipeline import see

    with progress_for(quiet, no_color) as progress:
        facts = see(target, asked, default_kit(), network, progress)
    finish(facts, out or Path("reports") / folder_name(facts.repository.full_name), no_color)


def finish(facts: Facts, out: Path, no_color: bool) -> None:
    """Conclude, write the report folder, print the summary and leave with the exit status."""
    from auditor.gathering.writing import write_report
    from auditor.kit import default_kit
    from auditor.pipeline import conclude
    from auditor.renderers.terminal import run_summary

    kit = default_kit()
    report: AuditReport = conclude(facts, kit)
    written = write_report(report, kit.renderers, out)
    shown = console(no_color)
    shown.print(run_summary(report))
    for path in written:
        print(path)
    raise typer.Exit(report.exit_status)
