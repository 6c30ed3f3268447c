"""The command line: parse, call, print, exit status. The only place that prints.

One module for each group of commands.
"""

from __future__ import annotations

import os
import sys

# Each registers its commands when it is imported: this is the order of the help.
# isort: off
from auditor.cli.application import app
from auditor.cli import auditing, inspecting, stages, explaining, issuing, records  # noqa: F401

# isort: on
from auditor.command_line import DEFECT, OK, UNREADABLE, USAGE
from auditor.errors import AuditError, FilingError, TargetError, UsageError

__all__ = ["app", "main"]


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
