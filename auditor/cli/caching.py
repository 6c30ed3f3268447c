"""`audit cache`: what is kept of earlier audits, and how to be rid of it."""

from __future__ import annotations

from typing import Annotated

import typer

from auditor.cli.application import app
from auditor.command_line import cache_settings
from auditor.errors import TargetError, UsageError


@app.command()
def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Give it up: everything, or with --host that host's.")] = False,
    host: Annotated[str | None, typer.Option("--host", metavar="HOST", help="With --clear: drive.google.com, api.github.com, ...")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show what earlier audits left to be read again, or clear it."""
    from auditor.net.cache import Cache
    from auditor.renderers.cache_text import cache_record, cache_text

    if host is not None and not clear:
        raise UsageError("--host belongs to --clear", "", "audit cache --clear --host HOST; without options everything is shown")
    folder, most_bytes = cache_settings()
    if folder is None:
        raise UsageError("there is no cache", "AUDITOR_CACHE=off", "unset AUDITOR_CACHE")
    kept = Cache(folder, most_bytes)
    cleared = kept.clear(host) if clear and kept.path.exists() else None
    shares = kept.shares() if kept.path.exists() else []
    if kept.warnings:
        raise TargetError("the cache cannot be used", kept.warnings[0], "delete the file, or set XDG_CACHE_HOME to another place")
    rows = [(share.host, share.entries, share.bytes, share.oldest) for share in shares]
    size = kept.size()
    kept.close()
    if as_json:
        import json

        print(json.dumps(cache_record(str(kept.path), size, most_bytes, rows, cleared), indent=2))
    else:
        print(cache_text(str(kept.path), size, most_bytes, rows, cleared))
