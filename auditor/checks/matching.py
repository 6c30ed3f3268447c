"""Which checkpoint belongs to which claimed variant, and why.

A match is made, in this order, by
1. `row`: the link stands in the row whose numbers are the claims (same document, same line);
2. `name`: the file's name says the same variant, word for word, as the claim;
3. `near name`: the file's name says the variant and more ("M" and "M-mpii"), and no file says exactly it;
4. `structure`: no file has its name, and exactly one unmatched checkpoint has its parameter count.
Only `row` and `name` are strong enough to accuse upon, and only for files behind links that the rules found.

Claims that only a language model's reading made (`Claim.reread` is False) stand apart, as `Claimed.pointed`: variants that have no
others are matched last, with the files that are left, so that such a claim never takes a file from anybody.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from auditor.checks.comparing import Compared, compare_all
from auditor.checks.names import Key, differ_in_size, display_name, file_key, project_words, variant_key
from auditor.facts import Artifact, Claim, Facts, Inspected

UNNAMED = "(unnamed)"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A readable checkpoint with the names that it goes by."""

    artifact: Artifact
    inspected: Inspected
    key: Key
    label_key: Key  # of the link's label or row
    name: str
    pointed: bool = False  # behind a link that only a language model pointed at

    @property
    def id(self) -> str:
        """Return the checkpoint's id."""
        return self.inspected.id


@dataclass(frozen=True, slots=True)
class Match:
    """A checkpoint that belongs to a variant, and by what."""

    candidate: Candidate
    how: str  # row, name, near name, structure
    claims: tuple[Claim, ...]  # the primary claims that it is held against

    @property
    def strong(self) -> bool:
        """Tell whether the match could carry an accusation."""
        return self.how in ("row", "name") and not self.candidate.pointed


@dataclass(slots=True)
class Claimed:
    """A variant that somebody claims something about."""

    name: str
    key: Key
    primary: list[Claim] = field(default_factory=list)
    secondary: list[Claim] = field(default_factory=list)
    pointed: list[Claim] = field(default_factory=list)  # of the authors' places, as only a language model reads them
    matches: list[Match] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Matching:
    """All claimed variants with their checkpoints, and every readable checkpoint of the authors."""

    variants: tuple[Claimed, ...]
    candidates: tuple[Candidate, ...]
    unnamed: tuple[Claim, ...]  # primary claims that name no variant: the active configuration

    @property
    def unclaimed(self) -> tuple[Candidate, ...]:
        """Return the checkpoints that belong to no variant that a primary source claims anything of."""
        owned = {m.candidate.id for variant in self.variants if variant.primary or variant.pointed for m in variant.matches}
        return tuple(candidate for candidate in self.candidates if candidate.id not in owned)

    def variant(self, name: str) -> Claimed | None:
        """Return the variant of this name."""
        return next((variant for variant in self.variants if variant.name == name), None)

    def owner_of(self, candidate: Candidate) -> Claimed | None:
        """Return the variant that a checkpoint belongs to."""
        return next((v for v in self.variants if any(m.candidate.id == candidate.id for m in v.matches)), None)


_latest: tuple[Facts, Matching] | None = None  # every check asks for the same one


def match(facts: Facts) -> Matching:
    """Return the matching of one audit. Deterministic: order of claims and artifacts decides ties."""
    global _latest
    latest = _latest
    if latest is None or latest[0] is not facts:
        _latest = latest = facts, _matched(facts)
    return latest[1]


def _matched(facts: Facts) -> Matching:
    project = project_words(facts.repository.full_name)
    variants, unnamed = _claimed(facts, project)
    candidates = _candidates(facts, project)
    taken: set[str] = set()
    sure = [variant for variant in variants if variant.primary or not variant.pointed]
    _match_rows(facts, sure, candidates, taken)
    _match_names(sure, candidates, taken)
    _match_near_names(sure, candidates, taken)
    _match_structures(sure, candidates, taken)
    pointed = [variant for variant in variants if variant not in sure]
    _match_names(pointed, candidates, taken)
    _match_near_names(pointed, candidates, taken)
    return Matching(tuple(variants), tuple(candidates), tuple(unnamed))


def _claimed(facts: Facts, project: frozenset[str]) -> tuple[list[Claimed], list[Claim]]:
    """Group claims by the variant that they speak of."""
    variants: dict[Key, Claimed] = {}
    unnamed: list[Claim] = []
    for claim in facts.claims:
        key = variant_key(claim.variant, project)
        if not claim.active or claim.variant in ("", UNNAMED):
            if claim.active and claim.rank == "primary" and claim.reread:
                unnamed.append(claim)
            continue
        group = variants.setdefault(key, Claimed(claim.variant, key))
        if claim.rank == "primary" and not claim.reread:
            group.pointed.append(claim)
        elif claim.rank == "primary":
            if not group.primary:
                group.name = claim.variant  # as the authors print it
            group.primary.append(claim)
        else:
            group.secondary.append(claim)
    ordered = sorted(variants.values(), key=lambda variant: not variant.primary)
    return ordered, unnamed


def _candidates(facts: Facts, project: frozenset[str]) -> list[Candidate]:
    """Return every readable checkpoint of the authors with the keys of its names."""
    labels = {link.id: (link.row.split(" | ")[0] if link.row else link.label) for link in facts.links}
    pointed = {link.id for link in facts.links if link.found_by}
    found = []
    for artifact, inspected in facts.inspected():
        if artifact.owner != "own":
            continue
        member = inspected.checkpoint.member
        path = (
            f"{artifact.name}/{member}" if member and len([i for i in artifact.contents if isinstance(i, Inspected)]) > 1 else artifact.name
        )
        label = labels.get(artifact.link or "", "")
        keys = file_key(path, project), variant_key(label, project)
        found.append(Candidate(artifact, inspected, *keys, display_name(path, project), artifact.link in pointed))
    return found


def place(claim: Claim) -> str:
    """Return the line or picture row that a claim stands in: "README.md#L120"."""
    return claim.evidence.locator


def _match_rows(facts: Facts, variants: list[Claimed], candidates: list[Candidate], taken: set[str]) -> None:
    """Match a link that stands in a table's row with the claims of that row."""
    rows = {link.id: link.evidence.locator for link in facts.links if link.row}
    for candidate in candidates:
        line = rows.get(candidate.artifact.link or "")
        if line is None:
            continue
        here = [(variant, tuple(c for c in variant.primary if place(c) == line)) for variant in variants]
        here = [(variant, claims) for variant, claims in here if claims]
        beside = [other for other in candidates if rows.get(other.artifact.link or "") == line]
        files = sum(1 for other in beside if other.artifact.link == candidate.artifact.link)
        if len(here) == 1 and files == 1:
            variant, claims = here[0]
            # Beside another link the file may be what the model was made from, its teacher, or another step of the training.
            own = fits(list(claims), candidate.inspected)
            if len(beside) == 1 or own or not any(fits(list(claims), other.inspected) for other in beside):
                variant.matches.append(Match(candidate, "row" if len(beside) == 1 or own else "a row of several files", claims))
            taken.add(candidate.id)


def _match_names(variants: list[Claimed], candidates: list[Candidate], taken: set[str]) -> None:
    """Match files whose name says the same variant, word for word."""
    for variant in variants:
        if not variant.key:
            continue
        for candidate in candidates:
            if candidate.id not in taken and variant.key == candidate.key:
                variant.matches.append(Match(candidate, "name", tuple(variant.primary)))
                taken.add(candidate.id)


def _match_near_names(variants: list[Claimed], candidates: list[Candidate], taken: set[str]) -> None:
    """Match files whose name says the variant and more, where no other variant fits as well."""
    for candidate in candidates:
        if candidate.id in taken:
            continue
        words = set(candidate.key) | set(candidate.label_key)
        fits = [variant for variant in variants if variant.key and set(variant.key) <= words]
        most = max((len(variant.key) for variant in fits), default=0)
        fits = [variant for variant in fits if len(variant.key) == most]
        if len(fits) == 1 and not any(match.strong for match in fits[0].matches):
            fits[0].matches.append(Match(candidate, "near name", tuple(fits[0].primary)))
            taken.add(candidate.id)


def _match_structures(variants: list[Claimed], candidates: list[Candidate], taken: set[str]) -> None:
    """Match a variant that no file is named after with the one unmatched checkpoint that has its structure."""
    for variant in variants:
        if variant.matches or not variant.primary:
            continue
        fitting = [c for c in candidates if c.id not in taken and fits(variant.primary, c.inspected)]
        rivals = [v for v in variants if v is not variant and not v.matches and any(fits(v.primary, c.inspected) for c in fitting)]
        if len(fitting) == 1 and not rivals:
            variant.matches.append(Match(fitting[0], "structure", tuple(variant.primary)))
            taken.add(fitting[0].id)


def fits(claims: list[Claim], inspected: Inspected) -> bool:
    """Tell whether a checkpoint agrees with every structural claim, of which there is at least one decisive one."""
    compared = compare_all(claims, inspected)
    decisive = [c for c in compared if c.decisive]
    return any(c.comparison.agrees for c in decisive) and not any(c.comparison.agrees is False for c in decisive)


def excluded(candidate: Candidate, variant: Claimed, matching: Matching) -> str:
    """Return why a checkpoint cannot be the variant's, or "" where it could be.

    It cannot where its structure contradicts the claims, or where its name, or that of the variant that it is, says another size.
    A name that says no size of its own excludes nothing: "Ours + TTA" and "Ours w/o pre-training" may be any file of the authors, and
    "FooNet-S (teacher)" the file of FooNet-S.
    """
    compared: list[Compared] = [c for c in compare_all(variant.primary, candidate.inspected) if c.decisive]
    if any(c.contradicts for c in compared):
        return "its structure contradicts the claims"
    owner = matching.owner_of(candidate)
    sure = owner is not None and bool(owner.primary or not owner.pointed)
    if owner is not None and sure and owner is not variant and any(m.candidate.id == candidate.id and m.strong for m in owner.matches):
        if differ_in_size(owner.key, variant.key):
            return f"it is {owner.name}'s by its name"
    elif differ_in_size(candidate.key, variant.key):
        return "its name is another size's"
    return ""
