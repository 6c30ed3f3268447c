"""What `audit inspect` shows in at most 80 columns, and the table and text that every terminal table is made of. Pure.

Apart from the summary of an audit, which needs much more to be imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.escaping import clip
from auditor.facts import Artifact, Inspected, Unreadable
from auditor.telling.figures import count_text, list_text, macs_text, percent_text, size_text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

    from auditor.findings import Finding

WIDTH = 80


def inspect_table(artifacts: Iterable[Artifact]) -> RenderableType:
    """Return what is inside files: one line for each checkpoint, its size and counts, its network."""
    from rich.text import Text

    table = columns_of(("file", 20), ("size", 11), ("network", 15), ("learnable", 13), ("depths / dims", 17))
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
            table.add_row(name, untrusted(value, 300))
    return table


def findings_text(findings: Iterable[Finding]) -> RenderableType:
    """Return what was found, a question to somebody in yellow: title, then what was observed."""
    from rich.console import Group
    from rich.padding import Padding

    lines: list[RenderableType] = []
    for finding in findings:
        asks = finding.outcome.value != "holds"
        lines.append(untrusted(finding.title, 300, "yellow" if asks else ""))
        lines += [Padding(untrusted(words, 400), (0, 0, 0, 2)) for words in (finding.observed, finding.detail if asks else "") if words]
    return Group(*lines)


def network_name(item: Inspected) -> str:
    """Return the published name of the network, its family, or "unknown"."""
    return clip(item.architecture.name or item.architecture.family, 60)


def columns_of(*columns: tuple[str, int]) -> Table:
    """Return a table of 80 columns whose cells fold instead of being cut."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=0, width=WIDTH, show_edge=False)
    for name, width in columns:
        table.add_column(name, width=width, overflow="fold", justify="right" if name in ("size", "learnable") else "left")
    return table


def untrusted(value: object, limit: int, style: str = "") -> Text:
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


def _inspected_row(artifact: Artifact, item: Inspected | Unreadable | None) -> tuple[Text, ...]:
    """Return one line of `inspect_table`."""
    from rich.text import Text

    member = item.member if isinstance(item, Unreadable) else item.checkpoint.member if item is not None else None
    name = untrusted(f"{artifact.name} > {member}" if member else artifact.name, 160)
    size = untrusted(size_text(artifact.size), 20)
    match item:
        case Inspected():
            network = item.architecture
            stages = f"{list_text(network.depths)} / {list_text(network.dims)}" if network.depths else "-"
            return (
                name,
                size,
                untrusted(network_name(item), 60),
                untrusted(count_text(item.parameters.learnable), 30),
                untrusted(stages, 80),
            )
        case Unreadable():
            return name, size, Text("not read", style="yellow"), Text("-"), untrusted(item.reason, 160)
        case None:
            return name, size, Text(artifact.status.value, style="yellow"), Text("-"), untrusted(artifact.detail, 160)
