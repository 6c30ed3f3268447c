"""The command line: parse, call, print, exit status. The only place that prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from auditor import __version__
from auditor.command_line import (
    DEFECT,
    FOUND,
    OK,
    UNREADABLE,
    USAGE,
    check_words,
    console,
    folder_name,
    progress_for,
    status_of_inspect,
    typed_by_user,
    with_ids,
)
from auditor.errors import AuditError, FilingError, TargetError, UsageError

if TYPE_CHECKING:
    from auditor.facts import Facts
    from auditor.findings import AuditReport
    from auditor.gathering.stages import SeenClaims, SeenLinks
    from auditor.hosts.interface import FileHost
    from auditor.issues.similar import Similar
    from auditor.net import Network

MOST_DETAILS = 3  # checkpoints of one `inspect` that are shown one by one
EPILOG = (
    "Exit status: 0 complete, nothing found; 1 something at or above --fail-on; 2 usage; 3 target could not be read; "
    "4 incomplete, nothing found."
)

app = typer.Typer(
    name="audit",
    help="Hold a paper's released checkpoints against what its authors claim, before anybody is accused.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)

Target = Annotated[str, typer.Argument(help="owner/name, a GitHub URL (also /tree/REF), or a local folder.")]
Ref = Annotated[str | None, typer.Option("--ref", metavar="REF", help="Branch, tag or commit to audit.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Where the report goes. [default: reports/OWNER__NAME]")]
FailOn = Annotated[
    str,
    typer.Option(
        "--fail-on", metavar="VERDICT", help="Lowest verdict that gives exit status 1: missing, mislabelled, contradicted or never."
    ),
]
Language = Annotated[str, typer.Option("--lang", metavar="en|es", help="Language of report.md.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the records of audit.json.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colors (NO_COLOR does the same).")]


@app.callback()
def options(version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version.")] = False) -> None:
    """Take the options of the program itself."""
    if version:
        print(f"audit {__version__}")
        raise typer.Exit(OK)


@app.command()
def run(
    target: Target,
    ref: Ref = None,
    out: Out = None,
    claims: Annotated[list[str] | None, typer.Option("--claims", metavar="FILE.yaml", help="Your own claims; they never accuse.")] = None,
    artifact: Annotated[
        list[str] | None, typer.Option("--artifact", metavar="PATH_OR_URL", help="A checkpoint that the repository does not link.")
    ] = None,
    paper: Annotated[
        list[str] | None, typer.Option("--paper", metavar="PDF_OR_URL", help='A paper to read; "linked" is the repository\'s own.')
    ] = None,
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


@app.command()
def inspect(
    paths: Annotated[list[str], typer.Argument(help="Files, folders, Drive or Hub links.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Say what is inside checkpoints, local or remote, without running them."""
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
        gathered = gather_artifacts((), network, hosts, progress, given=paths)
    artifacts = with_ids(gathered.artifacts)
    if as_json:
        from auditor.record import stage_record, write_json

        print(write_json(stage_record("artifacts", artifacts=artifacts, sources=gathered.sources)), end="")
    else:
        from auditor.renderers.terminal import checkpoint_details, inspect_table

        shown = console(no_color)
        shown.print(inspect_table(artifacts))
        found = [(artifact, item) for artifact in artifacts for item in artifact.contents if isinstance(item, Inspected)]
        for artifact, item in found if len(found) <= MOST_DETAILS else ():
            shown.print()
            shown.print(checkpoint_details(artifact, item))
    raise typer.Exit(status_of_inspect(artifacts, gathered.sources))


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


@app.command()
def judge(report_dir: Annotated[Path, typer.Argument(help="The folder that `audit run` wrote.")], no_color: NoColor = False) -> None:
    """Ask and judge a saved audit again, from its facts.json alone."""
    from auditor.saved_facts import facts_from_json

    path = report_dir / "facts.json"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {path}", str(error), "give the folder that `audit run` wrote") from error
    finish(facts_from_json(text), report_dir, no_color)


@app.command()
def schema() -> None:
    """Print the JSON Schema of audit.json."""
    import json

    from auditor.record import schema as schema_of_record

    print(json.dumps(schema_of_record(), indent=2, ensure_ascii=False))


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


def show_stage(name: Literal["links", "claims"], seen: SeenLinks | SeenClaims, as_json: bool, no_color: bool) -> None:
    """Print one stage's records or table."""
    records = getattr(seen, name)
    if as_json:
        from auditor.record import stage_record, write_json

        print(write_json(stage_record(name, **{name: records}, sources=seen.sources)), end="")
    else:
        from auditor.renderers import terminal

        console(no_color).print(terminal.links_table(records) if name == "links" else terminal.claims_table(records))


def say(error: AuditError) -> None:
    """Print an error: what happened, why, and what to do about it."""
    from auditor.progress import plain

    print(f"audit: {plain(str(error))}", file=sys.stderr)
    if error.help:
        print(f"  help: {plain(error.help)}", file=sys.stderr)


def main() -> None:
    """Run the program; every failure that a user, a server or a file can cause is one or two clear lines."""
    try:
        app()
    except UsageError as error:
        say(error)
        sys.exit(USAGE)
    except (TargetError, FilingError, AuditError) as error:
        say(error)
        sys.exit(UNREADABLE)
    except KeyboardInterrupt:
        print("audit: interrupted", file=sys.stderr)
        sys.exit(130)
    except MemoryError:
        print("audit: out of memory", file=sys.stderr)
        sys.exit(UNREADABLE)
    except BrokenPipeError:
        # The reader of the pipe went away: nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(OK)
    except Exception as error:  # a defect of ours: say so, without a page of code
        if os.environ.get("AUDIT_DEBUG"):
            raise
        print(f"audit: internal error: {type(error).__name__}: {error}", file=sys.stderr)
        print("  help: please report it, with what AUDIT_DEBUG=1 prints", file=sys.stderr)
        sys.exit(DEFECT)


if __name__ == "__main__":
    main()
