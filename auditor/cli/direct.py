"""`audit inspect` without the parser of the command line, whose import takes longer than a checkpoint's header to be read.

Only what is plainly right is taken: paths and the command's own options in their usual spelling. Everything else, `--help` and
mistakes included, is left to the parser, so that both ways mean the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Asked:
    """The arguments of `audit inspect`."""

    paths: list[str] = field(default_factory=list)
    download: str = "header"
    as_json: bool = False
    quiet: bool = False
    no_color: bool = False


def inspect_arguments(words: Sequence[str]) -> Asked | None:
    """Return what the words after `inspect` ask for, or None where the parser should say what they mean."""
    asked, left = Asked(), list(words)
    while left:
        word = left.pop(0)
        if word == "--json":
            asked.as_json = True
        elif word in ("--quiet", "-q"):
            asked.quiet = True
        elif word == "--no-color":
            asked.no_color = True
        elif word == "--download" and left and left[0] in ("header", "full"):
            asked.download = left.pop(0)
        elif word and not word.startswith("-"):
            asked.paths.append(word)
        else:
            return None
    return asked if asked.paths else None


def inspect_directly(words: Sequence[str]) -> int | None:
    """Do what the words after `inspect` ask for and return the exit status; None, and nothing done, where the parser is needed."""
    asked = inspect_arguments(words)
    if asked is None:
        return None
    import gc

    from auditor.formats.worker_start import start_ahead

    gc.set_threshold(50_000, 20, 20)  # what is imported stays: looking through it again and again takes a tenth of the time
    start_ahead()  # the worker's imports and ours go on side by side
    from auditor.cli.reading import inspect_paths

    return inspect_paths(asked.paths, asked.download, as_json=asked.as_json, quiet=asked.quiet, no_color=asked.no_color)
