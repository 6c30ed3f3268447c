"""The program `audit` itself: its name, its help, the options that every command shares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor import __version__
from auditor.command_line import OK

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
Papers = Annotated[
    list[str] | None, typer.Option("--paper", metavar="PDF_OR_URL", help='A paper to read; "linked" is the repository\'s own.')
]
Download = Annotated[str, typer.Option("--download", metavar="header|full", help="full also reads values: digests, NaN, ...")]
Agent = Annotated[
    str | None,
    typer.Option(
        "--agent", metavar="PROVIDER:MODEL", help="Ask a language model too: openai:..., anthropic:..., google:..., ollama:..., replay:FILE"
    ),
]
AgentUrl = Annotated[str | None, typer.Option("--agent-url", metavar="URL", help="A server that speaks OpenAI's chat format.")]
AgentBudget = Annotated[
    str, typer.Option("--agent-budget", metavar="LIMITS", help="Such as requests=40,tokens=600k,seconds=600,usd=2.00 (the default).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the records of audit.json.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
Offline = Annotated[bool, typer.Option("--offline", help="Ask nobody: what the cache has, with its date.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Neither use nor fill the cache (AUDITOR_CACHE=off does the same).")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colors (NO_COLOR does the same).")]


@app.callback()
def options(version: Annotated[bool, typer.Option("--version", is_eager=True, help="Print the version.")] = False) -> None:
    """Take the options of the program itself."""
    if version:
        print(f"audit {__version__}")
        raise typer.Exit(OK)
