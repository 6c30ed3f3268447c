"""Is there a checkpoint for each variant that the authors claim results of?"""

from __future__ import annotations

import re

from auditor.checks.evidence import of_checkpoint, of_claims, of_listings, places, shortened, unseen
from auditor.checks.families import foreign
from auditor.checks.matching import Claimed, Matching, excluded, fits, match, place
from auditor.checks.names import file_key, is_derived, is_surely_own, project_words, variant_key
from auditor.facts import Evidence, Facts, Status, Unreadable
from auditor.findings import Confidence, Finding, Outcome, Severity

ONLY_POINTED = "only a language model's reading of the authors' text speaks of it: no rule, pointed at that place, reads it there"

UNLINKED = "its row gives none"  # as `said_elsewhere` marks a row whose cell for a link is empty
UNRELEASED = re.compile(
    r"(?i)coming soon|(?<![a-z])(?:soon|tb[ad]|to be (?:released|uploaded|announced)|to-?do|not (?:yet )?(?:released|available|public)"
    r"|(?:up)?on request|will be \w+|in progress|wip)(?![a-z])|即将|待发布|敬请期待|próximamente"
)


class VariantReleased:
    """HOLDS where a checkpoint goes by the variant's name or has its structure; FAILS where every possibility is excluded."""

    name = "variant-released"
    question = "Is there a checkpoint for each variant that the authors claim results of?"
    why = "Numbers of a variant that nobody can download cannot be reproduced."

    def check(self, facts: Facts) -> tuple[Finding, ...]:
        """Return one finding for each claimed variant."""
        matching = match(facts)
        return tuple(
            self._finding(facts, matching, variant)
            for variant in matching.variants
            if variant.primary or variant.pointed or not variant.matches
        )

    def _finding(self, facts: Facts, matching: Matching, variant: Claimed) -> Finding:
        claims = variant.primary or variant.pointed or variant.secondary
        if variant.matches:
            names = [m.candidate.artifact.name for m in variant.matches]
            how = "; ".join(f"{m.candidate.artifact.name} by {m.how}" for m in variant.matches)
            evidence = of_claims(claims) + tuple(of_checkpoint(m.candidate.artifact, m.candidate.inspected) for m in variant.matches)
            return self._made(
                variant, Outcome.HOLDS, f"{variant.name} has a checkpoint: {shortened(names)}", how, shortened(names), evidence
            )
        reason = why_not_missing(facts, matching, variant)
        if reason:
            title = f"Whether {variant.name} was released could not be settled"
            return self._made(
                variant,
                Outcome.UNKNOWN,
                title,
                reason,
                "no checkpoint matched",
                of_claims(claims) + of_listings(facts) + facts.elsewhere[:1],
            )
        seen = shortened(artifact.name for artifact in facts.artifacts if artifact.owner == "own")
        rest = " the rest of the repository's text names no other place," if any(s.kind == "code" for s in facts.sources) else ""
        detail = f"Every place that the repository links was listed completely,{rest} and no file there has its name or its structure."
        title = f"No checkpoint of {variant.name} among the files that the repository links"
        return self._made(variant, Outcome.FAILS, title, detail, f"listed: {seen}", of_claims(claims) + of_listings(facts))

    def _made(self, variant: Claimed, outcome: Outcome, title: str, detail: str, observed: str, evidence: tuple[Evidence, ...]) -> Finding:
        severity = {Outcome.FAILS: Severity.HIGH, Outcome.HOLDS: Severity.INFO, Outcome.UNKNOWN: Severity.MEDIUM}[outcome]
        return Finding(
            id="",
            check=self.name,
            subject=variant.name,
            outcome=outcome,
            severity=severity,
            confidence=Confidence.HIGH,
            title=title,
            detail=detail,
            expected=f"a checkpoint of {variant.name}",
            observed=observed,
            evidence=evidence,
            remedy="Ask the authors whether it can be uploaded." if outcome is Outcome.FAILS else "",
            variant=variant.name,
            checkpoints=tuple(m.candidate.id for m in variant.matches),
            claims=tuple(claim.id for claim in variant.primary or variant.pointed or variant.secondary),
        )


def why_not_missing(facts: Facts, matching: Matching, variant: Claimed) -> str:
    """Return what stands against calling a variant missing, "" where nothing does. The law of the house stands here.

    Missing needs a primary claim, at least one place where checkpoints were promised, every such place listed completely, every
    file there read, and every checkpoint there excluded by name or by structure.
    """
    if not variant.primary:
        return ONLY_POINTED if variant.pointed else "only a secondary source speaks of it"
    if not any(is_surely_own(claim.variant, facts.repository.full_name, variant.key) for claim in variant.primary):
        return "it may be somebody else's model that the authors compare with: its name is not surely theirs"
    derived = [is_derived(claim.variant) for claim in variant.primary]
    if all(derived):
        return f"its name speaks of an ablation, a way of testing or several networks ({derived[0]}), not of a network to be released"
    unsure = [claim for claim in variant.primary if claim.confidence < 0.9]
    if len(unsure) == len(variant.primary):
        return "its claims were read from a picture with low confidence"
    if facts.repository.fork_of:
        return f"the repository is a fork of {facts.repository.fork_of}, whose authors claim it and may release it there"
    if not promised(facts):
        return "the repository links no checkpoints at all, so nothing was promised"
    hidden = unseen(facts)
    if hidden:
        more = f" (and {len(hidden) - 1} more)" if len(hidden) > 1 else ""
        return f"not everything could be seen: {hidden[0]}{more}"
    if told := told_by_authors(facts, variant):
        return told
    project = project_words(facts.repository.full_name)
    for artifact in facts.artifacts:
        if variant.key and file_key(artifact.name, project) == variant.key:
            return f"{artifact.name} has its name and is {'no readable checkpoint' if artifact.owner == 'own' else 'linked as of others'}"
        broken = [item.reason for item in artifact.contents if isinstance(item, Unreadable) and item.kind != "not_a_checkpoint"]
        if artifact.status not in (Status.OK, Status.SKIPPED) or broken:
            return f"{artifact.name} could not be read: {artifact.detail or (broken or ['unknown'])[0]}"
    for candidate in matching.candidates:
        if foreign(facts, matching, candidate.artifact, candidate.inspected):
            continue
        if not excluded(candidate, variant, matching):
            return f"{candidate.artifact.name} could be it: neither its name nor its structure says otherwise"
    return corresponding(facts, matching, variant)


def told_by_authors(facts: Facts, variant: Claimed) -> str:
    """Return what the authors themselves say of a checkpoint that is in no listing: still to come, on request, at another place."""
    for claim in variant.primary:
        if match := UNRELEASED.search(claim.row):
            return f"its row says so itself: {match[0]!r} at {place(claim)}"
    rows = {claim.evidence.locator for claim in variant.primary}
    for evidence in facts.elsewhere:
        if evidence.seen_by == f"elsewhere: {UNLINKED}":
            if evidence.locator in rows:
                return f"the authors link none in its row, where other rows have their link, at {evidence.locator}: {evidence.quote[:160]}"
            continue
        how = evidence.seen_by.partition("elsewhere: ")[2] or "a link that no host lists"
        return f"the authors speak of more checkpoints than were listed ({how}), at {evidence.locator}: {evidence.quote[:160]}"
    return ""


def promised(facts: Facts) -> bool:
    """Tell whether the repository links checkpoints, by links that the rules found: a language model's make no promise of the authors."""
    pointed = {link.id for link in facts.links if link.found_by}
    ruled = {link.url for link in facts.links if not link.found_by}
    listed = (source for source in places(facts) if source.kind == "listing")
    return any(not pointed or source.url in ruled for source in listed) or any(
        a.link not in pointed and a.owner == "own" for a in facts.artifacts
    )


def corresponding(facts: Facts, matching: Matching, variant: Claimed) -> str:
    """Return why a language model's proposal that a file is the variant's stands against calling it missing, "" where none does.

    It does where the file has the structure that is claimed: what it proposes beyond that changes nothing.
    """
    project = project_words(facts.repository.full_name)
    for said in facts.agent.correspondences if facts.agent else ():
        if said.variant != variant.name and (not variant.key or variant_key(said.variant, project) != variant.key):
            continue
        for candidate in matching.candidates:
            strange = foreign(facts, matching, candidate.artifact, candidate.inspected)
            if candidate.artifact.id == said.artifact and not strange and fits(variant.primary, candidate.inspected):
                return f"{candidate.artifact.name} has its structure, and a language model holds it to be it: {said.reason}"
    return ""
