"""What an audit left: `audit judge` asks it again, `audit schema` says what its record looks like."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditor.cli.application import NoColor, app
from auditor.cli.auditing import finish
from auditor.errors import UsageError


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
