"""What to do next, by rules over the verdicts and over what could not be seen."""

from __future__ import annotations

from auditor.facts import Status
from auditor.findings import Outcome, Verdict
from auditor.renderers.tables import joined
from auditor.renderers.words import Sentence, sentence
from auditor.telling.lookup import Lookup

_UNSEEN = {
    Status.DENIED: "step.denied",
    Status.QUOTA: "step.quota",
    Status.MISSING: "step.gone",
    Status.PARTIAL: "step.partial",
    Status.ERROR: "step.error",
    Status.BLOCKED: "step.blocked",
    Status.SKIPPED: "step.skipped",
}


def next_steps(lookup: Lookup) -> tuple[Sentence, ...]:
    """Return what a person should do now, the most important first; never empty."""
    report = lookup.report
    steps: list[Sentence] = []
    accused = [variant.name for variant in report.variants if variant.verdict.accuses]
    if accused:
        steps += [sentence("step.check_by_hand"), sentence("step.issue", names=joined(accused))]
        if lookup.repository.archived or not lookup.repository.has_issues:
            steps.append(sentence("step.no_issues"))
    required = {source.status for source in report.facts.sources if source.required}
    steps += [sentence(key) for status, key in _UNSEEN.items() if status in required]
    unsure = [variant.name for variant in report.variants if variant.verdict is Verdict.UNVERIFIABLE]
    if unsure:
        steps.append(sentence("step.unverifiable", names=joined(unsure)))
    foreign = [variant.name for variant in report.variants if variant.verdict is Verdict.FOREIGN]
    if foreign:
        steps.append(sentence("step.foreign", names=joined(foreign)))
    if any(finding.check == "claim-conflict" and finding.outcome is Outcome.FAILS for finding in report.findings):
        steps.append(sentence("step.conflict"))
    if not report.variants:
        steps.append(sentence("step.no_variants"))
    return tuple(steps) or (sentence("step.nothing"),)
