"""Tables for the terminal: what was found in at most 80 columns. Pure; the command line prints them.

Red stands for the three verdicts that accuse, yellow for what is not known, green for agreement; nothing else is colored.
Untrusted text is made printable and never read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from auditor.escaping import clip
from auditor.facts import Claim, Link, Status
from auditor.findings import AuditReport, VariantVerdict, Verdict
from auditor.renderers.tables import claim_value
from auditor.renderers.terminal_files import columns_of, untrusted
from auditor.renderers.view import GRAVEST_FIRST, reasons
from auditor.telling.figures import count_text, size_text
from auditor.telling.lookup import Lookup

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

WIDTH = 80
SETTING_SHOWN = 42  # characters of what tells two values of one metric apart

_COLORS = {Verdict.CONSISTENT: "green", Verdict.UNVERIFIABLE: "yellow"}


def run_summary(report: AuditReport) -> RenderableType:
    """Return the outcome of an audit: one line for each variant, then what could not be seen and what to do."""
    from rich.console import Group
    from rich.text import Text

    lookup = Lookup(report)
    table = columns_of(("variant", 19), ("verdict", 12), ("claimed", 20), ("found", 26))
    for variant in sorted(report.variants, key=lambda v: GRAVEST_FIRST.index(v.verdict)):
        table.add_row(
            untrusted(variant.name, 60), _verdict(variant.verdict), untrusted(_claimed(lookup, variant), 60), _found(lookup, variant)
        )
    repository = report.facts.repository
    head = Text(f"{clip(repository.full_name, 60)} at {clip(repository.commit, 40)[:12]}", style="bold")
    parts: list[RenderableType] = [head, table if report.variants else Text("No variant is claimed and no checkpoint was read.")]
    told = reasons(report, (Verdict.CONTRADICTED, Verdict.MISLABELLED, Verdict.MISSING, Verdict.UNVERIFIABLE))
    parts += [untrusted(f"{clip(', '.join(names), 120)}: {reason}", 400) for names, reason in told]
    return Group(*parts, *_closing(report))


def links_table(links: Iterable[Link]) -> RenderableType:
    """Return links with their purpose: checkpoints first."""
    from rich.text import Text

    order = ("checkpoint", "results", "dataset", "paper", "other")
    listed = sorted(links, key=lambda link: order.index(link.purpose) if link.purpose in order else len(order))
    table = columns_of(("purpose", 10), ("host", 13), ("label", 20), ("address", 34))
    for link in listed:
        place = f"{link.url}  ({link.evidence.locator})"
        table.add_row(untrusted(link.purpose, 20), untrusted(link.host, 20), untrusted(link.label, 80), untrusted(place, 300))
    return table if listed else Text("No links that matter were found.")


def claims_table(claims: Iterable[Claim]) -> RenderableType:
    """Return claims with their sources, by variant."""
    from rich.text import Text

    listed = list(claims)
    table = columns_of(("variant", 16), ("claim", 26), ("rank", 9), ("source", 26))
    for claim in listed:
        setting = f" ({clip(claim.setting, SETTING_SHOWN)})" if claim.setting else ""  # --json has it whole
        place = claim.evidence.locator if claim.active else f"{claim.evidence.locator} (commented out)"
        table.add_row(
            untrusted(claim.variant, 60),
            untrusted(f"{claim.attribute} {claim_value(claim)}{setting}", 160),
            untrusted(claim.rank, 12),
            untrusted(place, 160),
        )
    return table if listed else Text("No claims were found.")


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
    return untrusted(", ".join([*shown, *more]) or "-", 300)


def _closing(report: AuditReport) -> list[Text]:
    """Return the last lines: what was not seen, what is asked, what it cost."""
    from rich.text import Text

    stats, lines = report.facts.stats, []
    unseen = [source for source in report.facts.sources if source.required and source.status is not Status.OK]
    if not report.complete:
        lines.append(Text("Incomplete: what was not seen is never called missing.", style="yellow"))
        lines += [untrusted(f"  {source.status.value}: {source.url or source.id} {source.detail}", 240) for source in unseen[:5]]
    if report.issue is not None:
        lines.append(untrusted(f"Drafted issue: {report.issue.title}", 200))
    lines.append(untrusted(f"{size_text(stats.bytes_read)} read of {size_text(stats.bytes_listed)} listed, {stats.requests} requests", 120))
    return lines
