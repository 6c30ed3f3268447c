"""What an error log tells, as plain text of at most 80 columns, and as records for `--json`. Pure.

Names and quotes are strangers' text: printed, they are made printable first; in records they stand as they are.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from auditor.escaping import clip, printable
from auditor.telling.figures import shape_text

if TYPE_CHECKING:
    from auditor.explaining.against import Held
    from auditor.explaining.explanation import Explanation
    from auditor.explaining.files import ExplainedLog
    from auditor.explaining.sides import Side
    from auditor.facts import Evidence

WIDTH = 80
LABEL = 12
MOST_FITS = 6
MOST_EVIDENCE = 6
LONGEST_NAME = 200


def explain_text(logs: Iterable[ExplainedLog]) -> str:
    """Return all logs explained, errors in order, with a line feed at the end."""
    return "\n".join(line for explained in logs for line in _log(explained)) + "\n"


def held_text(held: Held, name: str) -> str:
    """Return torch's own message for a checkpoint and a claimed network, line by line as torch prints it, or that all of it fits.

    Characters that a terminal would obey, which only a hostile checkpoint's names hold, are shown as U+FFFD.
    """
    title = printable(held.spec.text)
    if held.lines:
        return "\n".join("".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line) for line in held.lines) + "\n"
    return "\n".join(textwrap.wrap(f"{clip(name, 120)} loads into {clip(title, 120)}: every name and shape fits.", WIDTH)) + "\n"


def held_notes(held: Held) -> str:
    """Return what was built and assumed, for stderr beside `held_text`."""
    sizes = f"depths {', '.join(map(str, held.depths))}; dims {', '.join(map(str, held.dims))}"
    notes = (f"claimed: {held.family}, {sizes}", *held.notes)
    return "\n".join(line for note in notes for line in textwrap.wrap(f"note: {clip(note, 400)}", WIDTH, subsequent_indent="  ")) + "\n"


def _log(explained: ExplainedLog) -> Iterator[str]:
    count = len(explained.explanations)
    path = clip(explained.log.path, 120) or "log"
    if not count:
        yield from textwrap.wrap(f"{path}: no load_state_dict error was found in it.", WIDTH)
        return
    yield from textwrap.wrap(f"{path}: {count} loading error{'' if count == 1 else 's'}", WIDTH)
    for number, explanation in enumerate(explained.explanations, 1):
        yield ""
        yield from _error(number, explanation)


def _error(number: int, explanation: Explanation) -> Iterator[str]:
    error = explanation.error
    into = f", loading into {clip(error.model, 80)}" if error.model else ""
    variant = f"; line {error.variant_line} names variant {clip(error.variant, 40)}" if error.variant else ""
    yield from textwrap.wrap(f"{number}. line {error.line}{into}{variant}", WIDTH, subsequent_indent="   ")
    yield from _field("checkpoint", "; ".join(_side(explanation.checkpoint)))
    yield from _field("model", "; ".join(_side(explanation.model)))
    yield from _field("difference", explanation.difference.sentence)
    yield from _field("shown", _shown(explanation))
    for sentence in explanation.inferred:
        yield from _field("inferred", clip(sentence, 400))
    yield from _field("not told", "; ".join(explanation.cannot_tell))
    for piece in explanation.evidence[:MOST_EVIDENCE]:
        yield from _field("evidence", f"{clip(piece.locator, 120)} “{clip(piece.quote, LONGEST_NAME)}”")


def _field(label: str, text: str) -> list[str]:
    start = f"   {label:<{LABEL}}"
    return textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False) or [start.rstrip()]


def _side(side: Side) -> Iterator[str]:
    """Yield what is known of one side."""
    spelling = f" in the names of {side.spelling}" if side.spelling and side.spelling != "official" else ""
    kind = f" of {side.block_kind} blocks" if side.block_kind else ""
    yield f"{side.family}{kind}{spelling}" if side.family else "family not told"
    if side.first_layer is not None:
        name, shape = side.first_layer
        yield f"stem {side.stem_width} channels ({clip(name, LONGEST_NAME)} {shape_text(shape)})"
    if side.dims:
        yield "channels " + ", ".join(f"{width} in stage {stage}" for stage, width in side.dims)
    for blocks in side.blocks:
        place = f"stage {blocks.stage}" if blocks.stage is not None else clip(blocks.place, LONGEST_NAME)
        word = "block" if blocks.count == 1 else "blocks"
        yield f"{place}: {'' if blocks.exact else 'at least '}{blocks.count} {word}{' (inferred)' if blocks.inferred else ''}"
    if side.fits:
        more = f" and {len(side.fits) - MOST_FITS} more" if len(side.fits) > MOST_FITS else ""
        yield f"published networks not ruled out: {', '.join(side.fits[:MOST_FITS])}{more}"
    elif side.fits is not None:
        yield "every published network that is known here is ruled out"


def _shown(explanation: Explanation) -> str:
    error = explanation.error
    counts = [f"{len(error.mismatches)} of another shape"]
    for kind, names in (("missing", error.missing), ("unexpected", error.unexpected)):
        rows = {name for row in error.ranges if row.kind == kind for name in row.names}
        counts.append(f"{len(names)} {kind}" + (f" ({len(rows | set(names))} with the inferred ones)" if rows - set(names) else ""))
    return ", ".join(counts) + ("; not the whole message" if explanation.partial else "")


# ------------------------------------------------------------------------------------------------------------- records


def to_record(logs: Iterable[ExplainedLog]) -> dict[str, Any]:
    """Return what `audit explain --json` prints: schema_version, logs with their errors, and the evidence that they name."""
    numbers: dict[Evidence, str] = {}
    made = [_log_record(explained, numbers) for explained in logs]
    evidence = [
        {"id": number, "source": piece.source, "locator": piece.locator, "quote": piece.quote, "sha256": piece.sha256}
        for piece, number in numbers.items()
    ]
    return {"schema_version": "1", "logs": made, "evidence": evidence}


def held_record(held: Held, name: str) -> dict[str, Any]:
    """Return what `audit explain --against --json` prints."""
    return {
        "schema_version": "1",
        "against": {
            "checkpoint": name,
            "spec": held.spec.text,
            "family": held.family,
            "depths": list(held.depths),
            "dims": list(held.dims),
            "fits": not held.lines,
            "lines": list(held.lines),
            "notes": list(held.notes),
        },
        "evidence": [],
    }


def _log_record(explained: ExplainedLog, numbers: dict[Evidence, str]) -> dict[str, Any]:
    log = explained.log
    errors = [_error_record(explanation, numbers) for explanation in explained.explanations]
    return {"path": log.path, "sha256": log.sha256, "cut": log.cut, "errors": errors}


def _error_record(explanation: Explanation, numbers: dict[Evidence, str]) -> dict[str, Any]:
    error = explanation.error
    return {
        "line": error.line,
        "model_class": error.model,
        "variant": error.variant,
        "truncated": explanation.partial,
        "missing": list(error.missing),
        "unexpected": list(error.unexpected),
        "mismatches": [
            {"name": m.name, "checkpoint_shape": list(m.checkpoint_shape), "model_shape": list(m.model_shape), "line": m.line}
            for m in error.mismatches
        ],
        "ranges": [{"kind": r.kind, "template": r.template, "first": r.first, "last": r.last, "line": r.line} for r in error.ranges],
        "checkpoint": _side_record(explanation.checkpoint),
        "model": _side_record(explanation.model),
        "difference": {"kind": explanation.difference.kind, "sentence": explanation.difference.sentence},
        "inferred": list(explanation.inferred),
        "cannot_tell": list(explanation.cannot_tell),
        "evidence": [numbers.setdefault(piece, f"e{len(numbers) + 1}") for piece in explanation.evidence],
    }


def _side_record(side: Side) -> dict[str, Any]:
    first = side.first_layer
    return {
        "family": side.family,
        "spelling": side.spelling,
        "first_layer": None if first is None else {"name": first[0], "shape": list(first[1])},
        "stem_channels": side.stem_width,
        "dims": [{"stage": stage, "channels": width} for stage, width in side.dims],
        "blocks": [{"place": b.place, "stage": b.stage, "count": b.count, "exact": b.exact, "inferred": b.inferred} for b in side.blocks],
        "block_kind": side.block_kind,
        "fits": None if side.fits is None else list(side.fits),
    }
