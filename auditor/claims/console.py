"""Results in printed output: what an evaluation that a document shows writes on the console.

Output is believed where the text announces it, or where the block itself shows the command of a test. In the latter only lines count
that hold nothing but results, `MPJPE: 51.2, PA-MPJPE: 40.1 mm`: between a command and its result all sorts of numbers are printed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from auditor.claims.headers import is_metric, lower
from auditor.claims.vocabulary import VAGUE

MAX_LINE = 300
MAX_SAME = 6  # results of one name in one block; a name that comes again and again tells progress
CONSOLE = re.compile(
    r"(?<![\w.-])(?P<m>(?:[Aa]cc(?:uracy)?@?[15]?|[Tt]op-?[15]|m?AP(?:50|75)?|mIoU|AR|aAcc|mAcc|loss|PSNR|SSIM|FID|MPJPE|PA-MPJPE|EPE|EER|WER"
    r"|[Ff]1|PCKh?|MOTA|IDF1)(?:@[\d.]+)?)\s*[:=]?\s*(?P<a>\d{1,3}\.\d+)\s?%?(?![\w.])"
)
DUMPED = re.compile(  # what the COCO API prints of detections and keypoints; nothing else looks like it
    r"Average (?:Precision|Recall) {1,8}\((?P<m>A[PR])\) @\[ IoU=(?P<iou>0\.\d\d(?::0\.\d\d)?) {1,8}\|"
    r" area= {0,4}(?P<area>all|small|medium|large)"
    r" \| maxDets= {0,4}(?P<most>\d{1,4}) \] = (?P<a>\d\.\d{1,8})(?!\d)"
)
TRAINING = re.compile(r"epoch|iter|\bstep\b|\blr\b|\beta\b|batch|\[\s*\d+/\d+|\d+/\d+\s*\[|train", re.IGNORECASE)
COMMAND = re.compile(  # of a line without the space around it
    r"(?:[$>%] ?)?(?:[A-Z][A-Z0-9_]*=\S+\s+)*(?:sudo |srun |time )?"
    r"(?:python[\d.]*|bash|sh|source|torchrun|accelerate|cd|export|pip|git|wget|mkdir|(?:\./|tools/|scripts/)[\w./-]+)(?=\s|$)"
)
CODE = re.compile(r"(?:import|def|from|class) ")
EVALUATION = re.compile(r"(?<![a-z])(?:test|eval(?:uat\w+)?|val(?:id\w*)?|infer(?:ence)?|benchmark|score)(?![a-z])", re.IGNORECASE)
OF_TRAINING = re.compile(r"(?<![a-z])(?:pre)?-?train(?:ing)?(?:_\w+)?(?:\.py|\.sh|_net)?(?=\s|$)", re.IGNORECASE)
BEFORE_RESULTS = re.compile(
    r"\s*(?:[*>-]{1,3}\s+|(?:\[[^\]]{1,40}\]|INFO|[\d/:.,-]{8,24})[:\s]*)*(?:(?:final )?(?:results?|performance)\s*:\s*)?", re.IGNORECASE
)
RESULT = re.compile(r"(?P<m>[A-Za-z][\w@.^/()-]*(?: [\w@.()-]+){0,5}?)\s*[:=]\s*(?P<a>\d{1,3}\.\d+)(?P<u>\s?(?:mm|%|dB))?(?![\w.])[\s,;|]*")

EDGES = " \t,|&\\"
BETWEEN = re.compile(r"[ \t]*[,|&][ \t]*|[ \t]{2,}|\t")
NAME = re.compile(r"[A-Za-z][\w@./<^()-]{0,30}(?: [\w@.()-]{1,20}){0,3}")
VALUE = re.compile(r"\d{1,3}\.\d{1,8}%?")


@dataclass(frozen=True, slots=True)
class Found:
    """A number of a block: its attribute, its printed form, and where in the block's text it stands."""

    attribute: str
    printed: str
    start: int
    metric_start: int = 0  # of metric and number, the first
    who: str = ""  # the model in parentheses beside it


def printed_results(text: str, announced: bool) -> Iterator[Found]:
    """Yield the results in a block of console output; `announced` tells that the text before it speaks of what is printed."""
    if is_dump(text):
        yield from (Found(dumped(match), match["a"], match.start("a")) for match in DUMPED.finditer(text))
        return
    lines = text.split("\n")
    places, at = [], 0
    for line in lines:
        places.append(at)
        at += len(line) + 1
    commands = commands_of(lines)
    if any(CODE.match(line.lstrip()) for line in lines) or not (is_evaluation([lines[n] for n in commands]) if commands else announced):
        return
    shown = [n for n in range(min(commands, default=-1) + 1, len(lines)) if n not in commands and not lines[n].lstrip().startswith("#")]
    if not commands and any(TRAINING.search(lines[n]) for n in shown):
        return
    found = {one.start: one for n in shown for one in in_result_line(lines[n], places[n])}
    for n in shown:
        found |= {one.start: one for one in in_columns(lines, n, places)}
    if not commands:
        found = {one.start: one for n in range(len(lines)) for one in anywhere(lines[n], places[n])} | found
    counts = Counter(one.attribute for one in found.values())
    yield from (found[start] for start in sorted(found) if counts[found[start].attribute] <= MAX_SAME)


def is_dump(text: str) -> bool:
    """Tell whether a block is a COCO evaluation, which needs neither an announcement nor a command to be known as results."""
    return DUMPED.search(text) is not None


def dumped(match: re.Match[str]) -> str:
    """Return the attribute of one line of a COCO evaluation: `AP50`, `AP (small)`, `AR (maxDets=10)`."""
    exact = {"0.50": "50", "0.75": "75"}.get(match["iou"], "")
    part = match["area"] if match["area"] != "all" else "" if match["m"] == "AP" else f"maxDets={match['most']}"
    return match["m"] + exact + (f" ({part})" if part else "")


def commands_of(lines: list[str]) -> set[int]:
    """Return the numbers of the lines that are commands, with the lines that continue them."""
    found, continued = set(), False
    for number, line in enumerate(lines):
        continues, continued = continued, False
        if continues or COMMAND.match(line.strip()[:MAX_LINE]):
            found.add(number)
            continued = line.rstrip().endswith("\\")
    return found


def is_evaluation(commands: list[str]) -> bool:
    """Tell whether commands test something and train nothing."""
    text = "\n".join(commands)
    return bool(EVALUATION.search(text)) and not OF_TRAINING.search(text)


def in_result_line(line: str, place: int) -> Iterator[Found]:
    """Yield the results of a line that holds nothing else: names with their numbers, one of them at least a metric of its own."""
    start = BEFORE_RESULTS.match(line) if len(line) <= MAX_LINE and not TRAINING.search(line) else None
    if start is None:
        return
    found, at = [], start.end()
    while match := RESULT.match(line, at):
        found.append(match)
        at = match.end()
    names = {match.start(): metric_of(match["m"]) for match in found}
    if line[at:].strip(" .!") or all(VAGUE.fullmatch(lower(name)) for name in names.values() if is_metric(spaced(name))):
        return
    for match in found:
        if is_metric(spaced(match["m"])):
            yield Found(names[match.start()], match["a"] + (match["u"] or ""), place + match.start("a"))


def in_columns(lines: list[str], number: int, places: list[int]) -> Iterator[Found]:
    """Yield the results of a printed header with one line of numbers under it: `d1, AbsRel, RMSE` over `0.95, 0.06, 2.57`."""
    if number + 1 >= len(lines) or max(len(lines[number]), len(lines[number + 1])) > MAX_LINE:
        return
    names, values = ([part for part in BETWEEN.split(line.strip(EDGES)) if part] for line in (lines[number], lines[number + 1]))
    if len(names) != len(values) or len(names) < 3 or not all(VALUE.fullmatch(value) for value in values):
        return
    if 2 * sum(is_metric(spaced(name)) for name in names) < len(names) or not all(NAME.fullmatch(name) for name in names):
        return
    at = places[number + 1]
    for name, value in zip(names, values, strict=True):
        start = lines[number + 1].index(value, at - places[number + 1])
        at = places[number + 1] + start + len(value)
        yield Found(name, value, places[number + 1] + start)


def spaced(name: str) -> str:
    """Return a name as the lists of words have it."""
    return lower(name.replace("_", " "))


def metric_of(text: str) -> str:
    """Return the metric as printed, without what it is computed from: `MPJPE from mesh` is `MPJPE`."""
    name = re.split(r"\s+(?:from|of|on|for|in|over|with|using|after)\s", " ".join(text.split()), maxsplit=1)[0]
    return name if is_metric(spaced(name)) else " ".join(text.split())


def anywhere(line: str, place: int) -> Iterator[Found]:
    """Yield the numbers beside the metrics that every console prints alike: `* Acc@1 85.820 Acc@5 97.868`."""
    for match in CONSOLE.finditer(line):
        yield Found(match["m"], match["a"], place + match.start("a"))
