"""Tables for the terminal: what was found in at most 80 columns. Pure; the command line prints them.

Red stands for the three verdicts that accuse, yellow for what is not known, green for agreement; nothing else is colored.
Untrusted text is made printable and never read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.escaping import clip
from auditor.facts import Artifact, Claim, Inspected, Link, Status, Unreadable
from auditor.findings import AuditReport, Finding, Outcome, VariantVerdict, Verdict
from auditor.renderers.tables import claim_value, network_name
from auditor.renderers.view import GRAVEST_FIRST, reasons
from auditor.telling.figures import count_text, list_text, macs_text, percent_text, size_text
from auditor.telling.lookup import Lookup

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

WIDTH = 80

_COLORS = {Verdict.CONSISTENT: "green", Verdict.UNVERIFIABLE: "yellow"}


def run_summary(report: AuditReport) -> RenderableType:
    """Return the outcome of an audit: one line for each variant, then what could not be seen and what to do."""
    from rich.console import Group
    from rich.text import Text

    lookup = Lookup(report)
    table = _table(("variant", 19), ("verdict", 12), ("claimed", 20), ("found", 26))
    for variant in sorted(report.variants, key=lambda v: GRAVEST_FIRST.index(v.verdict)):
        table.add_row(_text(variant.name, 60), _verdict(variant.verdict), _text(_claimed(lookup, variant), 60), _found(lookup, variant))
    repository = report.facts.repository
    head = Text(f"{clip(repository.full_name, 60)} at {clip(repository.commit, 40)[:12]}", style="bold")
    parts: list[RenderableType] = [head, table if report.variants else Text("No variant is claimed and no checkpoint was read.")]
    told = reasons(report, (Verdict.CONTRADICTED, Verdict.MISLABELLED, Verdict.MISSING, Verdict.UNVERIFIABLE))
    parts += [_text(f"{clip(', '.join(names), 120)}: {reason}", 400) for names, reason in told]
    return Group(*parts, *_closing(report))


def inspect_table(artifacts: Iterable[Artifact]) -> RenderableType:
    """Return what is inside files: one line for each checkpoint, its size and counts, its network."""
    from rich.text import Text

    table = _table(("file", 20), ("size", 11), ("network", 15), ("learnable", 13), ("depths / dims", 17))
    count = 0
    for artifact in artifacts:
        rows: list[Inspected | Unreadable | None] = list(artifact.contents) or [None]
        for item in rows:
            count += 1
            table.add_row(*_inspected_row(artifact, item))
    return table if count else Text("Nothing to inspect.")


def checkpoint_details(artifact: Artifact, item: Inspected) -> Table:
    """Return everything about one checkpoint, one line for each property."""
    from rich.table import Table

    checkpoint, architecture = item.checkpoint, item.architecture
    table = Table(box=None, show_header=False, pad_edge=False, width=WIDTH)
    table.add_column(width=14, style="bold")
    table.add_column(overflow="fold")
    head = architecture.head
    lines = (
        ("file", artifact.name if not checkpoint.member else f"{artifact.name} > {checkpoint.member}"),
        ("size", size_text(checkpoint.size if checkpoint.size is not None else artifact.size)),
        ("format", checkpoint.format),
        ("saved as", checkpoint.saved_as or ""),
        ("tensors under", checkpoint.state_key or ""),
        ("network", architecture.summary or network_name(item)),
        ("explained", percent_text(architecture.explained)),
        ("depths", list_text(architecture.depths)),
        ("dims", list_text(architecture.dims)),
        ("head", "" if head is None else f"{head.kind}: channels {list_text(head.channels)}; outputs {list_text(head.outputs)}"),
        ("learnable", count_text(item.parameters.learnable)),
        ("with buffers", count_text(item.parameters.total)),
        ("MACs", _cost(item)),
        ("epoch", "" if checkpoint.training.epoch is None else str(checkpoint.training.epoch)),
        ("optimizer", checkpoint.training.optimizer or ""),
        ("pickle", checkpoint.safety.verdict + "".join(f"; {reason}" for reason in checkpoint.safety.reasons[:5])),
        *(("note", warning) for warning in checkpoint.warnings[:5]),
        *_values(item),
    )
    for name, value in lines:
        if value:
            table.add_row(name, _text(value, 300))
    return table


def findings_text(findings: Iterable[Finding]) -> RenderableType:
    """Return what was found, a question to somebody in yellow: title, then what was observed."""
    from rich.console import Group
    from rich.padding import Padding

    lines: list[RenderableType] = []
    for finding in findings:
        asks = finding.outcome is not Outcome.HOLDS
        lines.append(_text(finding.title, 300, "yellow" if asks else ""))
        lines += [Padding(_text(words, 400), (0, 0, 0, 2)) for words in (finding.observed, finding.detail if asks else "") if words]
    return Group(*lines)


def links_table(links: Iterable[Link]) -> RenderableType:
    """Return links with their purpose: checkpoints first."""
    from rich.text import Text

    order = ("checkpoint", "results", "dataset", "paper", "other")
    listed = sorted(links, key=lambda link: order.index(link.purpose) if link.purpose in order else len(order))
    table = _table(("purpose", 10), ("host", 13), ("label", 20), ("address", 34))
    for link in listed:
        place = f"{link.url}  ({link.evidence.locator})"
        table.add_row(_text(link.purpose, 20), _text(link.host, 20), _text(link.label, 80), _text(place, 300))
    return table if listed else Text("No links that matter were found.")


def claims_table(claims: Iterable[Claim]) -> RenderableType:
    """Return claims with their sources, by variant."""
    from rich.text import Text

    listed = list(claims)
    table = _table(("variant", 16), ("claim", 26), ("rank", 9), ("source", 26))
    for claim in listed:
        setting = f" ({claim.setting})" if claim.setting else ""
        place = claim.evidence.locator if claim.active else f"{claim.evidence.locator} (commented out)"
        table.add_row(
            _text(claim.variant, 60),
            _text(f"{claim.attribute} {claim_value(claim)}{setting}", 160),
            _text(claim.rank, 12),
            _text(place, 160),
        )
    return table if listed else Text("No claims were found.")


def _table(*columns: tuple[str, int]) -> Table:
    """Return a table of 80 columns whose cells fold instead of being cut."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=0, width=WIDTH, show_edge=False)
    for name, width in columns:
        table.add_column(name, width=width, overflow="fold", justify="right" if name in ("size", "learnable") else "left")
    return table


def _text(value: object, limit: int, style: str = "") -> Text:
    """Return text of strangers, printable and without markup."""
    from rich.text import Text

    return Text(clip(value, limit), style=style)


def _values(item: Inspected) -> tuple[tuple[str, str], ...]:
    """Return what a full download tells of the values: the digest of all, and what is not finite; or why there are none."""
    values, note = item.values, item.checkpoint.values_note
    if values is None:
        return (("values", f"not read: {note}"),) if note else ()
    digest = values.digest or f"no digest of all: {len(values.unread)} tensors could not be read"
    finite = f"{count_text(values.nonfinite)} are NaN or infinite" if values.nonfinite else "all finite"
    return ("values", digest), ("", f"{len(values.tensors)} tensors, {finite}")


def _cost(item: Inspected) -> str:
    """Return the multiply-accumulates with their input size and what was assumed."""
    if item.cost is None:
        return ""
    assumption = f", {item.cost.assumption}" if item.cost.assumption else ""
    return f"{macs_text(item.cost.macs)} at {item.cost.input[0]}x{item.cost.input[1]}{assumption}"


def _verdict(verdict: Verdict) -> Text:
    """Return a verdict's word in its color."""
    from rich.text import Text

    return Text(verdict.value, style="bold red" if verdict.accuses else _COLORS.get(verdict, ""))


def _claimed(lookup: Lookup, variant: VariantVerdict) -> str:
    """Return the authors' parameters and GFLOPs as printed."""
    own = [claim for claim in lookup.claims(variant) if claim.rank == "primary"]
    claims = [claim for attribute in ("params", "gflops") for claim in own if claim.attribute == attribute]
    return ", ".join(dict.fromkeys(f"{claim_value(c)}{' GFLOPs' if c.attribute == 'gflops' else ''}" for c in claims)) or "-"


def _found(lookup: Lookup, variant: VariantVerdict) -> Text:
    """Return the files of a variant with their learnable values."""
    pairs = lookup.checkpoints(variant.checkpoints)
    shown = [f"{clip(artifact.name, 50)}: {count_text(item.parameters.learnable)}" for artifact, item in pairs[:4]]
    more = [f"and {len(pairs) - 4} more"] if len(pairs) > 4 else []
    return _text(", ".join([*shown, *more]) or "-", 300)


def _closing(report: AuditReport) -> list[Text]:
    """Return the last lines: what was not seen, what is asked, what it cost."""
    from rich.text import Text

    stats, lines = report.facts.stats, []
    unseen = [source for source in report.facts.sources if source.required and source.status is not Status.OK]
    if not report.complete:
        lines.append(Text("Incomplete: what was not seen is never called missing.", style="yellow"))
        lines += [_text(f"  {source.status.value}: {source.url or source.id} {source.detail}", 240) for source in unseen[:5]]
    if report.issue is not None:
        lines.append(_text(f"Drafted issue: {report.issue.title}", 200))
    lines.append(_text(f"{size_text(stats.bytes_read)} read of {size_text(stats.bytes_listed)} listed, {stats.requests} requests", 120))
    return lines


def _inspected_row(artifact: Artifact, item: Inspected | Unreadable | None) -> tuple[Text, ...]:
    """Return one line of `inspect_table`."""
    from rich.text import Text

    member = item.member if isinstance(item, Unreadable) else item.checkpoint.member if item is not None else None
    name = _text(f"{artifact.name} > {member}" if member else artifact.name, 160)
    size = _text(size_text(artifact.size), 20)
    match item:
        case Inspected():
            stages = f"{list_text(item.architecture.depths)} / {list_text(item.architecture.dims)}" if item.architecture.depths else "-"
            return name, size, _text(network_name(item), 60), _text(count_text(item.parameters.learnable), 30), _text(stages, 80)
        case Unreadable():
            return name, size, Text("not read", style="yellow"), Text("-"), _text(item.reason, 160)
        case None:
            return name, size, Text(artifact.status.value, style="yellow"), Text("-"), _text(artifact.detail, 160)
