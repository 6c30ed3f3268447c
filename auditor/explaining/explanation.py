"""A loading error in words of networks: what each side is, what differs, what was inferred and what the log cannot tell."""

from __future__ import annotations

from dataclasses import dataclass

from auditor.documents.error_logs import ErrorLog, LoadError
from auditor.explaining.difference import Difference, difference
from auditor.explaining.sides import STAGES, Side, Sides, sides
from auditor.facts import Evidence

SEEN_BY = "error log"
NEITHER_WRONG = "whether the code's configuration or the file is not the intended one: the log shows only that they differ"


@dataclass(frozen=True, slots=True)
class Explanation:
    """One error explained. Nothing here is a verdict on anybody."""

    error: LoadError
    checkpoint: Side
    model: Side
    difference: Difference
    inferred: tuple[str, ...]  # sentences about what does not stand in the log
    cannot_tell: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    partial: bool  # the log does not hold the whole message: it ends early, has dots, or names less than must differ


def explain(log: ErrorLog) -> tuple[Explanation, ...]:
    """Return an explanation of every loading error of a log. Pure; never raises."""
    return tuple(_explained(error, log) for error in log.errors)


def _explained(error: LoadError, log: ErrorLog) -> Explanation:
    both = sides(error)
    return Explanation(
        error,
        both.checkpoint,
        both.model,
        difference(error, both.checkpoint, both.model),
        _inferences(error, both.checkpoint, both.model),
        _unknowns(error, both, log),
        _evidence(error, log),
        both.partial,
    )


def _inferences(error: LoadError, checkpoint: Side, model: Side) -> tuple[str, ...]:
    said = []
    for one in error.ranges:
        row = one.template.replace("{}", f"{{{one.first}..{one.last}}}")
        count = one.last - one.first + 1
        said.append(f"The log shows dots between names; the row `{row}` ({count} {one.kind}) was inferred from its beginning and end.")
    theirs = {blocks.place: blocks for blocks in model.blocks}
    for blocks in checkpoint.blocks:
        other = theirs.get(blocks.place)
        if other is not None and (blocks.inferred or other.inferred) and blocks.count != other.count:
            reason = (
                "if the names that the log leaves out follow the ones that it shows"
                if blocks.stage is not None
                else "because the same tensors are named for each of the blocks that one side lacks"
            )
            said.append(
                f"{blocks.count} blocks in the checkpoint and {other.count} in the model under `{blocks.place}`: inferred, {reason}."
            )
    return tuple(said)


def _unknowns(error: LoadError, both: Sides, log: ErrorLog) -> tuple[str, ...]:
    said = [NEITHER_WRONG]
    if log.cut:
        said.append("what stands at the end of the log, which is too long to be read whole")
    if both.partial:
        said.append("the rest of the message: the log does not hold all of it")
    if "" in (both.checkpoint.family, both.model.family):
        said.append("the family of a side whose names do not say it")
    said += _open_sizes(both)
    if error.missing or error.unexpected:
        said.append("shapes of missing and unexpected tensors, which torch names without them")
    said.append("anything about tensors that fit, which torch does not print, and about values")
    return tuple(said)


def _open_sizes(both: Sides) -> list[str]:
    """Return which stages' blocks and channels stay unknown, for the families that are read stage by stage."""
    said: dict[str, list[str]] = {}
    for side, name in ((both.checkpoint, "checkpoint"), (both.model, "model")):
        count = STAGES.get(side.family, 0) if side.spelling else 0
        blocks = [stage for stage in range(count) if not (side.depths.get(stage) and side.depths[stage].exact)]
        channels = [stage for stage in range(count) if stage not in dict(side.dims)]
        for word, stages in (("blocks", blocks), ("channels", channels)):
            if stages:
                said.setdefault(f"{word} in stage {', '.join(map(str, stages))}", []).append(name)
    return [f"{what} of the {' and the '.join(names)}" for what, names in said.items()]


def _evidence(error: LoadError, log: ErrorLog) -> tuple[Evidence, ...]:
    """Return the places that the explanation rests on, the first of each kind."""
    places = [(error.line, error.quote)]
    places += [(mismatch.line, mismatch.quote) for mismatch in error.mismatches[:3]]
    places += [(mismatch.shape_line, mismatch.shape_quote) for mismatch in error.mismatches[:3]]
    places += [(error.missing_line, error.missing_quote), (error.unexpected_line, error.unexpected_quote)]
    return tuple(place(log, line, quote) for line, quote in dict.fromkeys(places) if line)


def place(log: ErrorLog, line: int, quote: str) -> Evidence:
    """Return the evidence for one line of a log."""
    return Evidence(f"log:{log.path}", f"{log.path}#L{line}", quote, log.sha256, SEEN_BY)
