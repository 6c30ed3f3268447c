"""The command line: parse, call, print, exit status. The only place that prints.

One module for each group of commands.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from auditor.command_line import DEFECT, OK, UNREADABLE, USAGE
from auditor.errors import AuditError, FilingError, TargetError, UsageError

__all__ = ["app", "main"]


GARBAGE_AFTER = 50_000
"""New objects until garbage is looked for: facts are many, live to the end and hold no circles; to look at every 700 costs a tenth."""


def __getattr__(name: str) -> Any:
    """Give the program with all its commands when it is first asked for: not every command needs them all."""
    if name == "app":
        from auditor.cli.commands import app

        return app
    raise AttributeError(name)


def say(error: AuditError) -> None:
    """Print an error: what happened, why, and what to do about it."""
    from auditor.progress import plain

    print(f"audit: {plain(str(error))}", file=sys.stderr)
    if error.help:
        print(f"  help: {plain(error.help)}", file=sys.stderr)


def run(words: list[str]) -> None:
    """Run one command. `inspect` has a way of its own, for its whole work is done before the parser would be imported."""
    if words[:1] == ["inspect"]:
        from auditor.cli.direct import inspect_directly

        if (status := inspect_directly(words[1:])) is not None:
            sys.exit(status)
    from auditor.cli.commands import app

    app()


def main() -> None:
    """Run the program; every failure that a user, a server or a file can cause is one or two clear lines."""
    from auditor.cli import interruption

    interruption.listen()
    gc.set_threshold(GARBAGE_AFTER)
    try:
        run(sys.argv[1:])
    except (KeyboardInterrupt, SystemExit):  # the parser makes an exit of an interruption
        if interruption.happened():
            interruption.leave()
        raise
    except UsageError as error:
        say(error)
        sys.exit(USAGE)
    except (TargetError, FilingError, AuditError) as error:
        say(error)
        sys.exit(UNREADABLE)
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
