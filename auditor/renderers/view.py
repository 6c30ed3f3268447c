"""The report as the templates see it: everything computed, nothing decided there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from auditor.escaping import Trusted, block, clip, code, link, printable
from auditor.facts import EMPTY_SHA256, Evidence
from auditor.findings import AuditReport, Finding, Outcome, Severity, Verdict
from auditor.renderers.agent_view import AgentView, agent_view
from auditor.renderers.hypotheses import Hypothesis, hypotheses
from auditor.renderers.seen import SourceRow, UnreadableRow, source_rows, unreadable_rows, unseen_rows
from auditor.renderers.steps import next_steps
from auditor.renderers.tables import (
    CheckpointRow,
    ComparisonGroup,
    LabelRow,
    MissingRow,
    VariantRow,
    checkpoint_row,
    comparison_group,
    joined,
    label_rows,
    missing_row,
    variant_row,
)
from auditor.renderers.words import Sentence, sentence
from auditor.telling.by_hand import LONGEST_SCRIPT, HandCheck, check_checkpoint, check_claim, check_listing, decisive_tensors
from auditor.telling.figures import count_text, day_text, percent_text, size_text
from auditor.telling.lookup import Lookup

GRAVEST_FIRST = (
    Verdict.CONTRADICTED,
    Verdict.MISLABELLED,
    Verdict.MISSING,
    Verdict.UNVERIFIABLE,
    Verdict.CONSISTENT,
    Verdict.UNCLAIMED,
    Verdict.FOREIGN,
)
EXPLAINED = (Verdict.CONTRADICTED, Verdict.MISLABELLED, Verdict.UNVERIFIABLE)  # the others explain themselves
CHECKS_BY_HAND = 6  # of each kind
EVIDENCE_SHOWN = 400
UNANSWERED_OPEN = 3  # more are folded, and so is a longer list of evidence
EVIDENCE_OPEN = 60
EVIDENCE_OF_ALIKE = 24  # of findings that are told together; audit.json has each with its own


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding that did not hold."""

    id: str
    title: str
    detail: str
    expected: str
    observed: str
    outcome: str
    severity: str
    confidence: str
    remedy: str
    evidence: tuple[Trusted, ...]
    alike: Trusted | None = None  # names of others of which the same is to be said


@dataclass(frozen=True, slots=True)
class HandRow:
    """A check by hand: what it shows, the script, and what to expect."""

    kind: str
    subject: Trusted
    script: Trusted
    expected: tuple[Trusted, ...]


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One piece of evidence."""

    id: str
    place: Trusted
    quote: Trusted
    sha256: str
    source: Trusted


@dataclass(frozen=True, slots=True)
class ReportView:
    """Everything that report.md shows."""

    title: Trusted
    name: Trusted
    commit: Trusted
    uncommitted: bool
    kept_since: str  # the day of the oldest thing that an offline audit took out of the cache; empty for an audit online
    day: str
    lead: Sentence
    groups: tuple[tuple[str, int, Trusted], ...]  # verdict, how many, names
    complete: bool
    unseen: tuple[SourceRow, ...]
    unreadable: tuple[UnreadableRow, ...]
    variants: tuple[VariantRow, ...]
    reasons: tuple[tuple[Trusted, str], ...]  # names, why
    verdicts_used: tuple[str, ...]
    checkpoints: tuple[CheckpointRow, ...]
    comparisons: tuple[ComparisonGroup, ...]
    missing: tuple[MissingRow, ...]
    missing_ratio: str
    labels: tuple[LabelRow, ...]
    foreign: tuple[LabelRow, ...]
    findings: tuple[FindingRow, ...]  # that failed
    unanswered: tuple[FindingRow, ...]
    unanswered_count: int  # one by one
    unanswered_folded: bool
    held: int
    sources: tuple[SourceRow, ...]
    sources_failed: int
    hypotheses: tuple[Hypothesis, ...]
    agent: AgentView | None
    steps: tuple[Sentence, ...]
    by_hand: tuple[HandRow, ...]
    evidence: tuple[EvidenceRow, ...]
    evidence_folded: bool
    evidence_hidden: int
    cost: Sentence
    version: str


def view_of(report: AuditReport) -> ReportView:
    """Return the view of a report. Pure and deterministic."""
    lookup = Lookup(report)
    facts, repository = report.facts, report.facts.repository
    evidence = lookup.numbers.items()
    missing = tuple(missing_row(lookup, v) for v in report.variants if v.verdict is Verdict.MISSING)
    sources = source_rows(lookup)
    rank = {severity: n for n, severity in enumerate((Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO))}
    ranked = sorted((one for one in report.findings if one.outcome is not Outcome.HOLDS), key=lambda one: rank[one.severity])
    unknown = [finding for finding in ranked if finding.outcome is Outcome.UNKNOWN]
    unanswered = _rows_of_alike(lookup, unknown)
    return ReportView(
        title=code(clip(repository.full_name, 100)),
        name=link(code(clip(repository.full_name, 100)), repository.url) if repository.url else code(clip(repository.full_name, 100)),
        commit=_commit(lookup),
        uncommitted=not repository.commit,
        kept_since=day_text(cache.seen_at) if (cache := facts.source("cache")) else "",
        day=day_text(facts.started_at),
        lead=_lead(report),
        groups=_groups(report),
        complete=report.complete,
        unseen=unseen_rows(lookup),
        unreadable=unreadable_rows(lookup),
        variants=tuple(variant_row(lookup, variant) for variant in sorted(report.variants, key=lambda v: GRAVEST_FIRST.index(v.verdict))),
        reasons=tuple((joined(list(names)), reason) for names, reason in reasons(report, EXPLAINED)),
        verdicts_used=tuple(v.value for v in GRAVEST_FIRST if any(variant.verdict is v for variant in report.variants)),
        checkpoints=tuple(checkpoint_row(lookup, artifact, item) for artifact, item in facts.inspected()),
        comparisons=tuple(comparison_group(lookup, variant) for variant in report.variants if variant.comparisons),
        missing=missing,
        missing_ratio=next((row.ratio for row in missing if row.ratio), ""),
        labels=tuple(
            row for v in report.variants if v.verdict in (Verdict.MISLABELLED, Verdict.CONTRADICTED) for row in label_rows(lookup, v)
        ),
        foreign=tuple(row for v in report.variants if v.verdict is Verdict.FOREIGN for row in label_rows(lookup, v)),
        findings=tuple(_finding_row(lookup, finding) for finding in ranked if finding.outcome is Outcome.FAILS),
        unanswered=unanswered,
        unanswered_count=len(unknown),
        unanswered_folded=len(unanswered) > UNANSWERED_OPEN,
        held=len(report.findings) - len(ranked),
        sources=sources,
        sources_failed=sum(1 for row in sources if row.status != "ok"),
        hypotheses=hypotheses(lookup),
        agent=agent_view(lookup),
        steps=next_steps(lookup),
        by_hand=tuple(_hand_row(check) for check in _checks_by_hand(lookup)),
        evidence=tuple(_evidence_row(lookup, number, piece) for number, piece in evidence[:EVIDENCE_SHOWN]),
        evidence_folded=len(evidence) > EVIDENCE_OPEN,
        evidence_hidden=max(0, len(evidence) - EVIDENCE_SHOWN),
        cost=_cost(report),
        version=clip(facts.tool_version, 30),
    )


def _commit(lookup: Lookup) -> Trusted:
    """Return the audited commit, short, linked to its tree."""
    repository = lookup.repository
    shown = code(printable(repository.commit)[:12] or printable(repository.ref) or "?")
    return shown if repository.local or not repository.url else link(shown, f"{repository.url}/tree/{repository.commit}")


def _lead(report: AuditReport) -> Sentence:
    """Return the outcome in one sentence."""
    counts = {verdict: sum(1 for variant in report.variants if variant.verdict is verdict) for verdict in Verdict}
    accused = sum(counts[verdict] for verdict in Verdict if verdict.accuses)
    claimed = sum(counts[v] for v in (Verdict.CONSISTENT, Verdict.MISLABELLED, Verdict.CONTRADICTED, Verdict.MISSING, Verdict.UNVERIFIABLE))
    if accused:
        return sentence("lead.accused_all", count=accused) if accused == claimed else sentence("lead.accused", count=accused, total=claimed)
    if not report.variants:
        return sentence("lead.nothing")
    if not claimed:
        return sentence("lead.unclaimed")
    if counts[Verdict.UNVERIFIABLE] and not counts[Verdict.CONSISTENT]:
        return sentence("lead.undecided")
    if counts[Verdict.UNVERIFIABLE]:
        return sentence("lead.partly", agreeing=counts[Verdict.CONSISTENT], total=claimed)
    return sentence("lead.consistent", count=counts[Verdict.CONSISTENT])


def _groups(report: AuditReport) -> tuple[tuple[str, int, Trusted], ...]:
    """Return the verdicts with their variants, the gravest first."""
    groups = ((verdict, [v.name for v in report.variants if v.verdict is verdict]) for verdict in GRAVEST_FIRST)
    return tuple((verdict.value, len(names), joined(names)) for verdict, names in groups if names)


def reasons(report: AuditReport, verdicts: tuple[Verdict, ...]) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Return why these verdicts were given: names of variants and their reason, variants with the same reason together."""
    told: dict[str, list[str]] = {}
    for verdict in verdicts:
        for variant in report.variants:
            if variant.verdict is verdict and variant.reason:
                told.setdefault(clip(variant.reason, 400), []).append(variant.name)
    return tuple((tuple(names), reason) for reason, names in told.items())


def _cost(report: AuditReport) -> Sentence:
    """Return what the audit cost, in one sentence."""
    stats = report.facts.stats
    share = percent_text(stats.bytes_read / stats.bytes_listed) if stats.bytes_listed else ""
    return sentence(
        "cost.share" if share else "cost.plain",
        read=size_text(stats.bytes_read),
        listed=size_text(stats.bytes_listed),
        share=share,
        requests=count_text(stats.requests),
        seconds=f"{report.facts.seconds:.1f}",
    )


def _evidence_row(lookup: Lookup, number: str, piece: Evidence) -> EvidenceRow:
    """Return one piece of evidence as it is shown; the hash of no bytes is not shown."""
    digest = "" if piece.sha256 == EMPTY_SHA256 else piece.sha256[:12]
    return EvidenceRow(number, lookup.place(piece), code(clip(piece.quote, 160), in_table=False), digest, lookup.holder(piece))


def _finding_row(lookup: Lookup, finding: Finding) -> FindingRow:
    """Return one finding as it is shown."""
    return FindingRow(
        finding.id,
        clip(finding.title, 200),
        _ended(clip(finding.detail, 600)),
        clip(finding.expected, 200),
        clip(finding.observed, 200),
        finding.outcome.value,
        finding.severity.value,
        finding.confidence.value,
        _ended(clip(finding.remedy, 300)),
        tuple(dict.fromkeys(lookup.evidence_link(piece) for piece in finding.evidence[:8])),
    )


def _rows_of_alike(lookup: Lookup, findings: Sequence[Finding]) -> tuple[FindingRow, ...]:
    """Return the findings as they are shown, those of one check and for one reason in one row: forty times the same is read by nobody."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.check, finding.severity, finding.confidence, finding.detail, finding.remedy), []).append(finding)
    rows = []
    for first, *others in groups.values():
        row = _finding_row(lookup, first)
        if others:
            pieces = [piece for finding in (first, *others) for piece in finding.evidence]
            links = tuple(dict.fromkeys(lookup.evidence_link(piece) for piece in pieces))[:EVIDENCE_OF_ALIKE]
            row = replace(row, expected="", evidence=links, alike=joined([finding.subject for finding in others]))
        rows.append(row)
    return tuple(rows)


def _ended(words: str) -> str:
    """Return words with a full stop, where they have none."""
    return words if not words or words[-1] in ".!?…:" else words + "."


def _checks_by_hand(lookup: Lookup) -> Iterator[HandCheck]:
    """Yield a check for each decisive fact: the claims, the listings that are said to be complete, the checkpoints."""
    report = lookup.report
    decided = [v for v in report.variants if v.verdict.accuses] or [v for v in report.variants if v.verdict is Verdict.CONSISTENT]
    claims = [claim for v in decided for claim in lookup.claims(v) if claim.rank == "primary"]
    structural = [claim for claim in claims if claim.attribute == "params"] or claims
    once = {(claim.variant, claim.attribute, claim.printed): claim for claim in reversed(structural)}  # the first place of each
    checks = [check_claim(claim, report.facts.repository) for claim in reversed(once.values())]
    yield from list(dict.fromkeys(checks))[:CHECKS_BY_HAND]
    if any(variant.verdict is Verdict.MISSING for variant in report.variants):
        listings = [source for source in report.facts.sources if source.kind == "listing"]
        yield from [check_listing(source) for source in listings[:CHECKS_BY_HAND]]
    pairs = dict.fromkeys(
        id for variant in [*decided, *(v for v in report.variants if v.verdict is Verdict.FOREIGN)] for id in variant.checkpoints
    )
    for artifact, item in lookup.checkpoints(tuple(pairs))[:CHECKS_BY_HAND]:
        yield check_checkpoint(artifact, item, decisive_tensors(item))


def _hand_row(check: HandCheck) -> HandRow:
    """Return one check by hand as it is shown."""
    assert len(check.script.splitlines()) <= LONGEST_SCRIPT, check.script  # ours, not a stranger's: they cannot add lines
    script = block(check.script, "sh") if check.script else Trusted("")
    expected = tuple(code(clip(line, 160), in_table=False) for line in check.expected if line)
    return HandRow(check.kind, code(clip(check.subject, 100)), script, expected)
