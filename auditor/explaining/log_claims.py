"""What a log says of a checkpoint, as secondary claims: a file with this first layer was loaded by somebody.

Only the checkpoint's side becomes a claim, since the model's side is whatever the investigator's code was set to. Depths and
dims are claimed only where all of them are known and nothing was inferred.
"""

from __future__ import annotations

from dataclasses import replace

from auditor.documents.error_logs import ErrorLog
from auditor.explaining.explanation import Explanation, explain, place
from auditor.explaining.sides import STAGES, Side
from auditor.facts import EMPTY_SHA256, Claim, Evidence, Source, Status


def log_claims(log: ErrorLog, path: str = "") -> tuple[tuple[Claim, ...], Source]:
    """Return the claims of one log and its source; the variant is empty unless the log names one. Never raises."""
    named = replace(log, path=path) if path else log
    claims: dict[tuple[str, str, str], Claim] = {}
    explanations = explain(named)
    for explanation in explanations:
        for claim in _claims(explanation, named):
            claims.setdefault((claim.variant, claim.attribute, claim.printed), claim)
    count = len(named.errors)
    detail = f"{count} loading error{'' if count == 1 else 's'}" if count else "no loading error of torch was found in it"
    status = Status.PARTIAL if named.cut or any(explanation.partial for explanation in explanations) else Status.OK
    more = "; parts of the message are left out" if status is Status.PARTIAL else ""
    quote = named.errors[0].quote if named.errors else ""
    source = Source(f"log:{named.path}", "log", named.path, status, detail + more, quote=quote, sha256=named.sha256 or EMPTY_SHA256)
    return tuple(claims.values()), source


def _claims(explanation: Explanation, log: ErrorLog) -> list[Claim]:
    side, error = explanation.checkpoint, explanation.error
    made: list[Claim] = []
    if side.first_layer is not None:
        name, shape = side.first_layer
        mismatch = next(m for m in error.mismatches if m.name == name)
        made.append(_claim(explanation, "first_layer", list(shape), place(log, mismatch.shape_line, mismatch.shape_quote)))
    if (dims := _whole_dims(side)) is not None:
        made.append(_claim(explanation, "dims", dims, _shapes_place(explanation, log)))
    if (depths := _whole_depths(side)) is not None:
        made.append(_claim(explanation, "depths", depths, _lists_place(explanation, log)))
    return made


def _shapes_place(explanation: Explanation, log: ErrorLog) -> Evidence:
    """Return the last message that shows shapes: the deepest stage's."""
    last = explanation.error.mismatches[-1]
    return place(log, last.shape_line, last.shape_quote)


def _lists_place(explanation: Explanation, log: ErrorLog) -> Evidence:
    """Return the list of names that tells how many blocks there are."""
    error = explanation.error
    if error.missing_line or error.unexpected_line:
        line, quote = (error.missing_line, error.missing_quote) if error.missing_line else (error.unexpected_line, error.unexpected_quote)
        return place(log, line, quote)
    return _shapes_place(explanation, log)


def _whole_dims(side: Side) -> list[int] | None:
    known = dict(side.dims)
    stages = list(range(STAGES.get(side.family, 0)))
    return [known[stage] for stage in stages] if stages and sorted(known) == stages else None


def _whole_depths(side: Side) -> list[int] | None:
    known = side.depths
    stages = list(range(STAGES.get(side.family, 0)))
    sure = stages and sorted(known) == stages and all(one.exact and not one.inferred for one in known.values())
    return [known[stage].count for stage in stages] if sure else None


def _claim(explanation: Explanation, attribute: str, value: list[int], evidence: Evidence) -> Claim:
    printed = ", ".join(map(str, value))
    variant = explanation.error.variant
    row = f"loading into {explanation.error.model}" if explanation.error.model else "a loading error"
    return Claim("", variant, attribute, value, None, "", "secondary", "log", evidence, printed, row=row)
