"""Error logs of `load_state_dict`: what a text says of tensors that a file and a network do not have in common.

Any text is taken: a terminal's output, a notebook, a page that quotes one. What the log leaves out stays out: a list that ends
in dots is `truncated`, and a range of names is inferred only from a plain row (9, 10, ..., 26), and kept apart from what stands there.
White space inside a name is lost, because a terminal may have put it there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from auditor.documents.error_log_messages import Event, events
from auditor.documents.error_log_text import Squeezed, quoted, raw_lines, squeezed

FARTHEST = 60  # lines between a message and names of it that somebody copied out
NEAREST = 4  # lines between the messages of one error
MOST_ERRORS = 2000
LONGEST_RANGE = 5000
_NUMBER = re.compile(r"(?<![^.])\d{1,6}(?![^.])")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_VARIANT = re.compile(r"\bvariant\b[\"']?\s{0,3}[=:]\s{0,3}[\"'`]?([A-Za-z0-9][\w.+-]{0,39})", re.IGNORECASE)
LOOKED_BACK = 25  # lines before an error in which a variant may be named


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One tensor that both sides have, with another shape."""

    name: str
    checkpoint_shape: tuple[int, ...]
    model_shape: tuple[int, ...]
    line: int
    quote: str = ""
    shape_line: int = 0  # where the checkpoint's shape stands, which a wrapped message has on a later line
    shape_quote: str = ""


@dataclass(frozen=True, slots=True)
class NameRange:
    """Names that a log leaves out between others, in a row so plain that they can be told: inferred, not read."""

    kind: str  # missing, unexpected
    template: str  # with {} for the number
    first: int
    last: int
    line: int

    @property
    def names(self) -> tuple[str, ...]:
        """Return all names of the row, those that stand in the log included."""
        before, _, after = self.template.partition("{}")
        return tuple(f"{before}{number}{after}" for number in range(self.first, self.last + 1))


@dataclass(frozen=True, slots=True)
class LoadError:
    """One attempt to load a state dict that failed, as far as the log tells of it. Lines count from 1."""

    model: str  # the class that was loaded into, "" where the log does not say
    missing: tuple[str, ...]  # in the model only, as they stand in the log
    unexpected: tuple[str, ...]  # in the checkpoint only
    mismatches: tuple[Mismatch, ...]
    line: int
    truncated: bool  # the log does not hold all of it
    ranges: tuple[NameRange, ...] = ()
    variant: str = ""  # named shortly before: VARIANT='L'
    quote: str = ""  # the text of `line`
    missing_line: int = 0
    unexpected_line: int = 0
    missing_quote: str = ""
    unexpected_quote: str = ""
    variant_line: int = 0
    cut_lists: tuple[str, ...] = ()  # missing, unexpected: whichever ends without its end


@dataclass(frozen=True, slots=True)
class ErrorLog:
    """All loading errors of one text, each once."""

    errors: tuple[LoadError, ...]
    path: str = ""
    sha256: str = ""  # of the bytes that were read
    cut: bool = False  # a limit was reached: what stands at the end was not looked at


@dataclass(slots=True)
class _Open:
    """An error whose messages are still coming."""

    line: int
    model: str = ""
    headed: bool = False
    form: str = "torch"
    truncated: bool = False
    last: int = 0
    lists: dict[str, Event] = field(default_factory=dict)
    mismatches: dict[str, Event] = field(default_factory=dict)
    ranges: list[NameRange] = field(default_factory=list)


def read_error_log(text: str, path: str = "", sha256: str = "") -> ErrorLog:
    """Return the loading errors of a text. Never raises; time and memory are linear in its length and bounded.

    `sha256` is the digest of the file's bytes; without it the digest is of the text as UTF-8.
    """
    source = squeezed(text)
    headings = [n for n, line in zip(source.numbers, source.lines, strict=True) if "#" in line and _HEADING.match(line)]
    errors = _with_variants(tuple(_closed(one) for one in _grouped(events(source), headings)), source)
    digest = sha256 or hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return ErrorLog(_with_quotes(_once(errors), text), path, digest, source.cut or len(errors) >= MOST_ERRORS)


def _grouped(found: Iterable[Event], headings: list[int]) -> list[_Open]:
    """Return the errors that the messages belong to."""
    from bisect import bisect_left

    errors: list[_Open] = []
    for event in found:
        now = errors[-1] if errors else None
        section_ended = now is not None and bisect_left(headings, now.last + 1) != bisect_left(headings, event.line + 1)
        if now is None or _begins(event, now) or section_ended:
            if event.kind == "broken" or len(errors) >= MOST_ERRORS:
                continue
            now = _Open(event.line, event.model, event.kind == "header", event.form)
            errors.append(now)
        _add(now, event)
    return errors


def _begins(event: Event, now: _Open) -> bool:
    """Tell whether a message begins another error than the one before it."""
    distance = event.line - now.last
    if event.kind == "header":
        same = event.form == "soft" == now.form and event.model == now.model and distance <= FARTHEST
        return not same
    copied = event.form == "loose" and now.headed  # people write what they copy below the message, in their own words
    if distance > (FARTHEST if copied else NEAREST) or (event.form == "mmcv" and now.headed):
        return True
    if event.kind == "mismatch":
        return event.names[0] in now.mismatches
    if event.kind not in now.lists:
        return False
    # A second list of a kind is another error's, except for a part of it that somebody copied out in bare names.
    return event.form != "loose" or not set(event.names) <= {None, *now.lists[event.kind].names}


def _add(now: _Open, event: Event) -> None:
    now.last = max(now.last, event.line, event.end)
    now.truncated |= not event.complete or None in event.names
    if event.kind == "mismatch" and event.names[0] is not None:
        now.mismatches[event.names[0]] = event
    elif event.kind in ("missing", "unexpected") and event.kind not in now.lists:
        now.lists[event.kind] = event
        now.ranges += _ranges(event)


def _closed(now: _Open) -> LoadError:
    missing, unexpected = now.lists.get("missing"), now.lists.get("unexpected")
    mismatches = tuple(
        Mismatch(name, event.checkpoint_shape, event.model_shape, event.line, shape_line=event.shape_line)
        for name, event in now.mismatches.items()
    )
    empty = not (missing or unexpected or mismatches)
    return LoadError(
        now.model,
        _printed(missing),
        _printed(unexpected),
        mismatches,
        now.line,
        now.truncated or empty,
        tuple(now.ranges),
        missing_line=missing.line if missing else 0,
        unexpected_line=unexpected.line if unexpected else 0,
        cut_lists=tuple(kind for kind, event in now.lists.items() if not event.complete),
    )


def _printed(event: Event | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in event.names if name)) if event else ()


def _ranges(event: Event) -> list[NameRange]:
    """Return the rows of names that go on over the gaps of a list: two neighbors before the dots, one after, alike but for a number."""
    found = []
    for at, name in enumerate(event.names):
        if name is not None or at < 2 or at + 1 >= len(event.names):
            continue
        one, two, end = event.names[at - 2], event.names[at - 1], event.names[at + 1]
        if one and two and end and (row := _row(one, two, end)) is not None:
            found.append(NameRange(event.kind, *row, event.line))
    return found


def _row(one: str, two: str, end: str) -> tuple[str, int, int] | None:
    """Return the template, first and last number of a row such as b.9.w, b.10.w, ..., b.26.w; None where it is not plain."""
    for match in _NUMBER.finditer(one):
        before, after, first = one[: match.start()], one[match.end() :], int(match.group())
        last = end[len(before) : len(end) - len(after)]
        if two != f"{before}{first + 1}{after}" or not re.fullmatch(r"\d{1,6}", last):
            continue
        if end == f"{before}{int(last)}{after}" and first + 1 < int(last) <= first + LONGEST_RANGE and "{}" not in one:
            return f"{before}{{}}{after}", first, int(last)
    return None


def _once(errors: tuple[LoadError, ...]) -> tuple[LoadError, ...]:
    """Return each error once: a notebook keeps the same message as an error's value and as its traceback."""
    kept: dict[object, LoadError] = {}
    for error in errors:
        shapes = tuple((m.name, m.checkpoint_shape, m.model_shape) for m in error.mismatches)
        key = (error.model, error.missing, error.unexpected, shapes)
        before = kept.get(key)
        if before is None or (before.variant and error.variant and before.variant != error.variant):
            kept[key if before is None else (*key, error.variant)] = error
    return tuple(kept.values())


def _with_variants(errors: tuple[LoadError, ...], source: Squeezed) -> tuple[LoadError, ...]:
    """Return the errors with the variant that the lines just before them name, after the error before."""
    from bisect import bisect_left

    made, before = [], 0
    for error in errors:
        index = bisect_left(source.numbers, error.line)
        found = None
        for at in range(min(index, len(source.lines) - 1), max(-1, index - LOOKED_BACK), -1):
            if source.numbers[at] <= before:
                break
            found = _VARIANT.search(source.lines[at][:2000])
            if found:
                error = replace(error, variant=found[1], variant_line=source.numbers[at])
                break
        before = max((error.line, error.missing_line, error.unexpected_line, *(m.line for m in error.mismatches)))
        made.append(error)
    return tuple(made)


def _with_quotes(errors: tuple[LoadError, ...], text: str) -> tuple[LoadError, ...]:
    """Return the errors with the text of the lines that they stand in."""
    wanted = {line for error in errors for line in (error.line, error.missing_line, error.unexpected_line)}
    wanted |= {line for error in errors for mismatch in error.mismatches for line in (mismatch.line, mismatch.shape_line)}
    lines = raw_lines(text, wanted - {0})
    return tuple(
        replace(
            error,
            quote=quoted(lines.get(error.line, ""), "Error(s)"),
            missing_quote=quoted(lines.get(error.missing_line, ""), "issing"),
            unexpected_quote=quoted(lines.get(error.unexpected_line, ""), "nexpected"),
            mismatches=tuple(
                replace(m, quote=quoted(lines.get(m.line, ""), m.name), shape_quote=quoted(lines.get(m.shape_line, ""), m.name))
                for m in error.mismatches
            ),
        )
        for error in errors
    )
