"""The words in which torch, transformers and their neighbors say that a state dict does not fit, in the versions that are met.

Messages are matched without white space (see `error_log_text`), lists of bare names line by line. Every pattern is anchored at a
fixed beginning and bounded, so a hostile log costs linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from auditor.documents.error_log_reports import TITLE, report_rows
from auditor.documents.error_log_text import Squeezed

MAX_NAMES = 100_000  # in one list
LONGEST_LINE = 400_000  # of a list of bare names
MAX_EVENTS = 60_000  # eight processes that each print seven thousand tensors

NAME = r"[^\s\"'`,:;()\[\]{}\x00]{1,300}+"  # possessive: nothing that may follow a name may stand in it
SHAPE = r"(?:torch\.)?(?:Size)?[(\[]{1,2}([\d,]{0,160})[)\]]{1,2}"
# First letters are spelled in both cases instead of ignoring case: that lets the search skip most of a long log.
_HEADS = re.compile(
    r"[Ee]rror\(s\)inloadingstate_dictfor"
    r"|[Ss]izemismatchfor"
    r"|[Ww]hile(?:copying|swapping)theparameternamed"
    r"|(?:[Mm]issing|[Uu]nexpected|MISSING|UNEXPECTED)_?(?:[Kk]ey|KEY)"
    r"|[Ss]omeweightsof"
    r"|[Ww]eightsof\w{1,100}?notinitialized"
    r"|[Ww]eightsfrompretrainedmodelnotused"
    r"|foundshape"
    r"|Skiploadingparameter"
)
_HEADER = re.compile(r"Error\(s\)inloadingstate_dictfor([^\W\d][\w.]{0,199}):")
_CUT_HEADER = re.compile(r"[\w.]{0,200}(?:$|\x00)")
_MISMATCHES = (
    # 1.1 and later, then 0.4 to 1.0
    re.compile(
        rf"sizemismatchfor(?P<name>{NAME}):copyingaparamwithshape(?P<ours>{SHAPE})fromcheckpoint,theshapeincurrentmodelis(?P<theirs>{SHAPE})",
        re.IGNORECASE,
    ),
    re.compile(
        rf"sizemismatchfor(?P<name>{NAME}):copyingaparamof(?P<ours>{SHAPE})fromcheckpoint,wheretheshapeis(?P<theirs>{SHAPE})incurrentmodel",
        re.IGNORECASE,
    ),
    re.compile(
        rf"While(?:copying|swapping)theparameternamed[\"']?(?P<name>{NAME})[\"']?,whosedimensionsinthemodelare(?P<theirs>{SHAPE})"
        rf"andwhosedimensionsinthecheckpointare(?P<ours>{SHAPE})",
        re.IGNORECASE,
    ),
    # fvcore and Detectron2
    re.compile(
        rf"Skiploadingparameter['\"](?P<name>{NAME})['\"]tothemodelduetoincompatibleshapes:(?P<ours>{SHAPE})inthecheckpointbut"
        rf"(?P<theirs>{SHAPE})inthemodel"
    ),
)
# transformers: the name stands before the words
_FOUND = re.compile(rf"foundshape(?P<ours>{SHAPE})inthecheckpointand(?P<theirs>{SHAPE})inthemodel")
_NAME_BEFORE = re.compile(r"(?:^|[-*:\x00])([\w.]{1,300}):$")
_BROKEN = re.compile(
    rf"(?:sizemismatchfor|While(?:copying|swapping)theparameternamed[\"']?)(?P<name>{NAME})?"
    r"(?P<end>$|\x00|:(?:copying|$|\.\.\.)|[\"']?,whosedim)?"
)
_LIST = re.compile(
    r"(?P<kind>missing|unexpected)_?key(?:\(s\)|s)?(?:in(?:the)?(?:source|loaded|model)?state_?dict)?(?P<end>[:=]{0,2})", re.IGNORECASE
)
_OPENING = re.compile(r"[\"']?(?:set\(|o?dict_keys\(|OrderedSet\()?[\[{(]{1,2}")
_LONE = re.compile(rf"unexpectedkey[\"'](?P<name>{NAME})[\"']instate_dict")  # torch 0.3 stopped at the first
_SOFT = (
    (re.compile(r"Someweightsofthemodelcheckpointat[^\[\x00]{1,300}?werenotusedwheninitializing(?P<model>\w{1,100}):"), "unexpected"),
    (
        re.compile(r"Someweightsof(?P<model>\w{1,100})werenotinitializedfromthemodelcheckpoint[^\[\x00]{1,300}?newlyinitialized:"),
        "missing",
    ),
    (
        re.compile(r"Someweightsof(?P<model>\w{1,100})werenotinitializedfromthemodelcheckpoint[^\[\x00]{1,300}?didnotmatch:"),
        "mismatch",
    ),
    (re.compile(r"Weightsof(?P<model>\w{1,100})notinitializedfrompretrainedmodel:"), "missing"),
    (re.compile(r"Weightsfrompretrainedmodelnotusedin(?P<model>\w{1,100}):"), "unexpected"),
)
_ITEM = re.compile(r"(?P<dots>\.{3,20}|\[\.\.\.\])|(?P<mark>[\"'])(?P<name>[^\"'\s,\x00]{1,300})(?P=mark)")
_CLOSING = frozenset("]}).")

_LOOSE = re.compile(
    r"\b(?P<kind>missing|unexpected)[ _]keys?(?:\(s\))?(?: in(?: the)?(?: source| loaded| model)? state_?dict)?"
    r"[ *_`]{0,4}:[ *_`]{0,4}(?P<rest>.*)$",
    re.IGNORECASE,
)
_BARE = re.compile(r"[A-Za-z_]\w{0,99}(?:\.[\w-]{1,100}){1,40}")
_WORD = re.compile(r"[A-Za-z_]\w{0,199}(?:\.[\w-]{1,100}){0,40}")
_ROW = re.compile(rf"(?:[-*+•]\s+|\d{{1,6}}[.)]\s+)?[`\"']?(?P<name>{_BARE.pattern})[`\"']?,?(?:\s+[(#].{{0,300}})?")
_DOTS = re.compile(r"(?:[-*+•]\s+)?[\[(]?\.{3,20}[\])]?,?(?:\s*\(.{0,200}\))?")


@dataclass(frozen=True, slots=True)
class Event:
    """One message, or one list of names, where it begins."""

    kind: str  # header, mismatch, missing, unexpected, broken
    line: int
    model: str = ""
    names: tuple[str | None, ...] = ()  # None where names were left out
    checkpoint_shape: tuple[int, ...] = ()
    model_shape: tuple[int, ...] = ()
    shape_line: int = 0  # where the checkpoint's shape stands: a message may take several lines
    complete: bool = True
    form: str = "torch"  # torch, soft (a warning of transformers), report, mmcv, loose (bare names, as people copy them)
    end: int = 0  # the line in which it ends


def events(source: Squeezed) -> tuple[Event, ...]:
    """Return every message of a log in its order."""
    found: list[Event] = []
    for event in chain(_messages(source), _loose_lists(source), _reports(source)):
        found.append(event)
        if len(found) >= MAX_EVENTS:
            source.cut = True
            break
    return tuple(sorted(found, key=lambda event: event.line))


def _messages(source: Squeezed) -> Iterator[Event]:
    """Yield the messages that are read without white space, each with the line in which it ends."""
    text, at = source.text, 0
    while (head := _HEADS.search(text, at)) is not None:
        at = head.end()
        for event, end in _read(source, head):
            at = max(at, end)
            yield replace(event, end=source.line_at(max(head.start(), end - 1)))


def _read(source: Squeezed, head: re.Match[str]) -> Iterator[tuple[Event, int]]:
    """Yield what stands at one of the beginnings of messages, with the offset after it."""
    text, start, word, line = source.text, head.start(), head.group().lower(), source.line_at(head.start())
    if word.startswith("error"):
        header = _HEADER.match(text, start)
        if header:
            yield Event("header", line, header[1]), header.end()
        elif _CUT_HEADER.match(text, head.end()):  # else a traceback that shows torch's own source, with {} for the class
            yield Event("header", line, complete=False), len(text)
    elif word.startswith(("missing", "unexpected")):
        yield from _list(text, start, line)
    elif word.startswith(("someweights", "weights")):
        yield from _soft(text, start, line)
    else:
        yield from _mismatch(source, start, line)


def _mismatch(source: Squeezed, start: int, line: int) -> Iterator[tuple[Event, int]]:
    text = source.text
    for pattern in _MISMATCHES:
        match = pattern.match(text, start)
        if match:
            shape_line = source.line_at(match.start("ours"))
            yield from ((event, match.end()) for event in _differing(match["name"], match["ours"], match["theirs"], line, shape_line))
            return
    match = _FOUND.match(text, start)
    before = _NAME_BEFORE.search(text[max(0, start - 302) : start]) if match else None
    if match and before:
        named, shape_line = source.line_at(start - len(before[1]) - 1), source.line_at(match.start("ours"))
        yield from ((event, match.end()) for event in _differing(before[1], match["ours"], match["theirs"], named, shape_line))
    elif (broken := _BROKEN.match(text, start)) and (broken["end"] is not None or "..." in (broken["name"] or "")):
        yield Event("broken", line, complete=False), broken.end()


def _differing(name: str, ours: str, theirs: str, line: int, shape_line: int) -> Iterator[Event]:
    checkpoint, model = _sizes(ours), _sizes(theirs)
    if checkpoint is not None and model is not None and checkpoint != model:
        yield Event("mismatch", line, "", (name,), checkpoint, model, shape_line)


def _sizes(shape: str) -> tuple[int, ...] | None:
    """Return the sizes of a printed shape, None for numbers that no tensor has."""
    words = [word for word in re.findall(r"\d+", shape.partition("(")[2] or shape) if word]
    if len(words) > 64 or any(len(word) > 18 for word in words):
        return None
    return tuple(int(word) for word in words)


def _list(text: str, start: int, line: int) -> Iterator[tuple[Event, int]]:
    """Yield the list of names that begins here."""
    lone = _LONE.match(text, start)
    if lone:
        yield Event("unexpected", line, names=(lone["name"],)), lone.end()
        return
    head = _LIST.match(text, start)
    if head is None or not head["end"]:
        return
    names, at, complete = quoted_names(text, head.end())
    if names:
        yield Event(head["kind"].lower(), line, names=names, complete=complete), at
    elif at >= len(text):  # the log ends here; where it goes on, bare names may follow, which are read line by line
        yield Event("broken", line, complete=False), at


def _soft(text: str, start: int, line: int) -> Iterator[tuple[Event, int]]:
    """Yield the header and the list of one of transformers' warnings."""
    for pattern, kind in _SOFT:
        match = pattern.match(text, start)
        if match is None:
            continue
        yield Event("header", line, match["model"], form="soft"), match.end()
        if kind != "mismatch":
            names, at, complete = quoted_names(text, match.end())
            yield Event(kind, line, names=names, complete=complete, form="soft"), at
        return


def quoted_names(text: str, at: int) -> tuple[tuple[str | None, ...], int, bool]:
    """Return the names of a quoted list (None for names left out), where it ends, and whether its end was seen."""
    opening = _OPENING.match(text, at)
    at = opening.end() if opening else at
    names: list[str | None] = []
    while len(names) < MAX_NAMES:
        item = _ITEM.match(text, at)
        if item is None:
            # Here an empty list ends, or a name that was cut.
            closed = text[at : at + 1] in _CLOSING and bool(text[at : at + 1])
            return tuple(names), at, closed and (not names or names[-1] is not None)
        name = item["name"]
        left_out = name is None or "..." in name
        if not (left_out and names and names[-1] is None):
            names.append(None if left_out else name)
        at = item.end()
        if text[at : at + 1] == ",":
            at += 1
        elif not left_out:
            ended = text[at : at + 1] in _CLOSING and at < len(text)
            return tuple(names), at, ended and text[at : at + 2] != ".."
    return tuple(names), at, False


def _loose_lists(source: Squeezed) -> Iterator[Event]:
    """Yield lists of bare names: one to a line as people copy them, or with commas between as mmcv prints them."""
    lines, index = source.lines, 0
    while index < len(lines):
        line = lines[index]
        head = _LOOSE.search(line[:LONGEST_LINE]) if ":" in line and "key" in line.lower() else None
        index += 1
        if head is None:
            continue
        begun, rest = index - 1, head["rest"].strip()
        names: list[str | None] = []
        complete = True
        if rest:
            names, index = _with_commas(lines, index, rest)
        else:
            names, index, complete = _one_to_a_line(lines, index)
        if any(names):
            yield Event(
                head["kind"].lower(),
                source.numbers[begun],
                names=tuple(names),
                complete=complete,
                form="mmcv" if "in source" in head.group().lower() else "loose",
                end=source.numbers[index - 1],
            )


def _reports(source: Squeezed) -> Iterator[Event]:
    """Yield the header, lists and mismatches of transformers' load reports."""
    for index, line in enumerate(source.lines):
        title = TITLE.search(line[:2000]) if "LOAD REPORT" in line else None
        if title is None:
            continue
        yield Event("header", source.numbers[index], title["model"], form="report")
        lists: dict[str, list[str]] = {}
        lines: dict[str, int] = {}
        ends: dict[str, int] = {}
        for row in report_rows(source.lines, index + 1):
            number = source.numbers[row.index]
            if row.status == "mismatch":
                for name in row.names:
                    yield from _differing(name, row.checkpoint_shape, row.model_shape, number, number)
            else:
                lists.setdefault(row.status, []).extend(row.names)
                lines.setdefault(row.status, number)
                ends[row.status] = number
        for kind, names in lists.items():
            whole = len(names) <= MAX_NAMES
            yield Event(kind, lines[kind], names=tuple(names[:MAX_NAMES]), complete=whole, form="report", end=ends[kind])


def _with_commas(lines: list[str], index: int, rest: str) -> tuple[list[str | None], int]:
    """Return the names of a list with commas that begins with `rest` and may go on, in mid-word too, on the lines from `index`."""
    names: list[str | None] = []
    while len(names) <= MAX_NAMES:
        rest, index = _joined(rest, lines, index)
        for word in rest.split(","):
            word = word.strip()
            if _DOTS.fullmatch(word):
                names.append(None)
            elif _WORD.fullmatch(word):
                names.append(word)
            elif word:
                return _with_dots(names), index
        if not rest.endswith(",") or index >= len(lines):
            break
        rest = lines[index][:LONGEST_LINE].strip()
        index += 1
    return _with_dots(names), index


def _joined(rest: str, lines: list[str], index: int) -> tuple[str, int]:
    """Return a line of a list with the lines after it that a terminal broke off, and the place of the next."""
    pieces = [rest]
    while not pieces[-1].endswith(",") and index < len(lines) and _goes_on(pieces[-1], lines[index]):
        pieces.append(lines[index][:LONGEST_LINE].strip())
        index += 1
    return "".join(pieces), index


def _goes_on(rest: str, line: str) -> bool:
    """Tell whether a line goes on with a list whose last name was broken: the end of a name, a comma, names."""
    end, *others = (word.strip() for word in line[:LONGEST_LINE].split(","))
    broken = rest.rpartition(",")[2].strip() + end
    return bool(others) and bool(_BARE.fullmatch(broken)) and all(_WORD.fullmatch(word) for word in others[:-1])


def _with_dots(names: list[str | None]) -> list[str | None]:
    """Return the names of a list, nothing where none has a dot: words with commas between are prose."""
    return names if any(name and "." in name for name in names) else []


def _one_to_a_line(lines: list[str], index: int) -> tuple[list[str | None], int, bool]:
    names: list[str | None] = []
    skipped = 0
    while index < len(lines) and len(names) < MAX_NAMES:
        line = lines[index][:2000].strip()
        row = _ROW.fullmatch(line)
        if row:
            names.append(row["name"])
        elif _DOTS.fullmatch(line):
            names.append(None)
        elif not names and skipped < 2 and (not line or line.startswith("```")):
            skipped += 1
        else:
            break
        index += 1
    return names, index, index < len(lines) or not names or names[-1] is not None
