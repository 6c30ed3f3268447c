"""Guesses at why things are as they are, each with what speaks for it and what against it.

Never findings: they are drawn by fixed rules from the facts of the audit, accuse nobody, and are there so that a reader thinks
of the innocent explanations first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from auditor.escaping import Trusted, clip, code
from auditor.facts import Artifact, Inspected, Status
from auditor.findings import Finding, Outcome, VariantVerdict, Verdict
from auditor.renderers.tables import claimed_count, joined
from auditor.renderers.terminal_files import network_name
from auditor.renderers.words import Sentence, sentence
from auditor.telling.figures import count_text
from auditor.telling.lookup import Lookup

MOST = 12
COUNTS_ALIKE = 0.01  # nearer than this, a count does not tell two networks apart


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A guess, with what speaks for and against it."""

    guess: Sentence
    speaks_for: tuple[Sentence, ...]
    speaks_against: tuple[Sentence, ...]


def hypotheses(lookup: Lookup) -> tuple[Hypothesis, ...]:
    """Return every guess that the facts give rise to, in the order of the variants."""
    made: list[Hypothesis] = []
    missing = [v for v in lookup.report.variants if v.verdict is Verdict.MISSING]
    if missing:
        made.extend(rule for rules in (_not_uploaded, _renamed, _elsewhere) for rule in rules(lookup, missing))
    for variant in lookup.report.variants:
        rules = _RULES.get(variant.verdict)
        made.extend(rules(lookup, variant) if rules else ())
    made.extend(_borrowed_numbers(lookup))
    return tuple(made[:MOST])


def _not_uploaded(lookup: Lookup, missing: list[VariantVerdict]) -> Iterator[Hypothesis]:
    """Yield: trained, but not uploaded yet."""
    names = joined([v.name for v in missing])
    siblings = [v.name for v in lookup.report.variants if v.checkpoints and v.verdict is not Verdict.FOREIGN]
    speaks_for = [sentence("for.claimed_with_results", names=names)]
    if siblings:
        speaks_for.append(sentence("for.siblings_there", names=joined(siblings)))
    threads = [thread for thread in lookup.repository.threads if thread.state == "closed"]
    against = (
        (sentence("against.threads", numbers=_numbers([t.number for t in threads])),) if threads else (sentence("against.nothing_known"),)
    )
    yield Hypothesis(sentence("guess.not_uploaded", names=names), tuple(speaks_for), against)


def _renamed(lookup: Lookup, missing: list[VariantVerdict]) -> Iterator[Hypothesis]:
    """Yield: there under another name, as one of the files that no claimed variant owns."""
    others = [v for v in lookup.report.variants if v.verdict in (Verdict.FOREIGN, Verdict.UNCLAIMED)]
    pairs = [pair for other in others for pair in lookup.checkpoints(other.checkpoints)]
    if not pairs:
        return
    files, names = joined([artifact.name for artifact, _ in pairs]), joined([v.name for v in missing])
    renamed = [artifact.name for artifact, item in pairs if item.checkpoint.saved_as and item.checkpoint.saved_as not in artifact.name]
    speaks_for = [sentence("for.unclaimed_files", files=files)]
    if renamed:
        speaks_for.append(sentence("for.renamed_before", files=joined(renamed)))
    claims = [c for v in missing for c in lookup.claims(v) if c.attribute == "params" and c.rank == "primary"]
    counts = [count for count in map(claimed_count, claims) if count]
    held = list(dict.fromkeys(item.parameters.learnable for _, item in pairs))
    against = sentence("against.nothing_known")
    if counts and not any(abs(count - learnable) < COUNTS_ALIKE * count for count in counts for learnable in held):
        shown = list(dict.fromkeys(clip(claim.printed or count_text(claimed_count(claim) or 0), 20) for claim in claims))
        against = sentence("against.other_counts", held="; ".join(map(count_text, held[:8])), claimed="; ".join(shown[:8]))
    yield Hypothesis(sentence("guess.renamed", files=files, names=names), tuple(speaks_for), (against,))


def _elsewhere(lookup: Lookup, missing: list[VariantVerdict]) -> Iterator[Hypothesis]:
    """Yield: published at a place that the repository does not link."""
    forks = len(lookup.repository.forks)
    unseen = [
        s
        for s in lookup.report.facts.sources
        if s.status not in (Status.OK, Status.SKIPPED) and s.kind in ("paper", "releases", "issues", "forks")
    ]
    speaks_for = [sentence("for.forks", count=forks)] if forks else []
    speaks_for += [sentence("for.source_unseen", name=code(clip(s.url or s.id, 80)), status=s.status.value) for s in unseen[:3]]
    listed = sum(1 for s in lookup.report.facts.sources if s.kind == "listing" and s.status is Status.OK)
    yield Hypothesis(
        sentence("guess.elsewhere", names=joined([v.name for v in missing])),
        tuple(speaks_for) or (sentence("for.nothing_known"),),
        (sentence("against.all_listed", count=listed),) if listed else (sentence("against.nothing_known"),),
    )


def _label(lookup: Lookup, variant: VariantVerdict) -> Iterator[Hypothesis]:
    """Yield: another file was uploaded; the weights are shared on purpose; another head; a misprint."""
    for artifact, item in lookup.checkpoints(variant.checkpoints):
        wrong = [c for c in variant.comparisons if c.checkpoint == item.id and c.agrees is False and c.rank == "primary"]
        if not wrong or (variant.accused and item.id not in variant.accused):
            continue
        file, differs = lookup.file_name(artifact, item), [_difference(c.attribute, c.claimed, c.measured) for c in wrong[:3]]
        twins = _twins(lookup, item)
        if twins:
            same = sentence("for.twin", files=Trusted(", ".join(lookup.file_name(*twin) for twin in twins[:4])))
            yield Hypothesis(sentence("guess.other_file", file=file), (same, *differs), (sentence("against.nothing_known"),))
            yield Hypothesis(sentence("guess.shared_on_purpose", file=file), (same,), tuple(differs))
        right = [
            c for c in variant.comparisons if c.checkpoint == item.id and c.agrees and c.attribute in ("depths", "dims", "first_layer")
        ]
        if right:
            agree = [sentence("for.backbone_agrees", attribute=sentence(f"attribute.{c.attribute}"), value=c.measured) for c in right]
            yield Hypothesis(sentence("guess.other_head", file=file), tuple(agree), tuple(differs))
        several = len({c.attribute for c in wrong}) > 1
        against = sentence("against.several_disagree", count=len(wrong)) if several else sentence("against.nothing_known")
        yield Hypothesis(sentence("guess.misprint", name=code(clip(variant.name, 60))), (sentence("for.only_printed"),), (against,))


def _difference(attribute: str, claimed: str, measured: str) -> Sentence:
    """Return that one attribute differs."""
    return sentence("against.differs", attribute=attribute, claimed=clip(claimed, 40), measured=clip(measured, 40))


def _twins(lookup: Lookup, item: Inspected) -> list[tuple[Artifact, Inspected]]:
    """Return the other checkpoints that have the same names and shapes."""
    everything = lookup.report.facts.inspected()
    return [(a, other) for a, other in everything if other.id != item.id and other.fingerprint and other.fingerprint == item.fingerprint]


def _foreign(lookup: Lookup, variant: VariantVerdict) -> Iterator[Hypothesis]:
    """Yield: a baseline that was inherited or compared with; uploaded by mistake."""
    for artifact, item in lookup.checkpoints(variant.checkpoints):
        file, network = lookup.file_name(artifact, item), network_name(item)
        head = item.architecture.head
        speaks_for = [sentence("for.other_network", network=network)]
        if head is not None and head.kind not in ("none", "unknown"):
            speaks_for.append(sentence("for.head_kind", head=head.kind.replace("_", " ")))
        if lookup.repository.fork_of:
            speaks_for.append(sentence("for.fork_of", name=code(clip(lookup.repository.fork_of, 80))))
        yield Hypothesis(sentence("guess.baseline", file=file, network=network), tuple(speaks_for), (sentence("against.not_said"),))


def _borrowed_numbers(lookup: Lookup) -> Iterator[Hypothesis]:
    """Yield: a secondary source took its numbers from another network; where it contradicts the authors or a file."""
    conflicts = [f for f in lookup.report.findings if f.check == "claim-conflict" and f.outcome is Outcome.FAILS and _secondary(lookup, f)]
    if not conflicts:
        return
    subjects = joined(list(dict.fromkeys(finding.subject for finding in conflicts)))
    speaks_for = tuple(sentence("for.conflict", expected=clip(f.expected, 80), observed=clip(f.observed, 80)) for f in conflicts[:4])
    yield Hypothesis(sentence("guess.borrowed", subjects=subjects), speaks_for, (sentence("against.nothing_known"),))


def _secondary(lookup: Lookup, finding: Finding) -> bool:
    """Tell whether a finding speaks of a secondary claim."""
    claims = [lookup.claim(id) for id in finding.claims]
    return any(claim is not None and claim.rank == "secondary" for claim in claims)


def _numbers(numbers: list[int]) -> Trusted:
    """Return thread numbers as code, so that they reference nothing."""
    return Trusted(", ".join(code(f"#{number}") for number in numbers[:6]))


_RULES: dict[Verdict, Callable[[Lookup, VariantVerdict], Iterator[Hypothesis]]] = {
    Verdict.MISLABELLED: _label,
    Verdict.CONTRADICTED: _label,
    Verdict.FOREIGN: _foreign,
}
