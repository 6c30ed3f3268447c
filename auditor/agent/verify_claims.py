"""Whether a proposed claim is what its place says: the quote stands there, and a reader finds variant, attribute and value in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from auditor.agent.proposals import ClaimProposal
from auditor.agent.verify_code import literal_claims
from auditor.agent.verify_lists import list_claims
from auditor.agent.verify_places import Spot, spots_of
from auditor.agent.verify_sentences import claims_in
from auditor.agent.verify_tables import readings_of
from auditor.agent.verify_values import COUNTS, same_attribute, same_variant, setting_problem, value_problem
from auditor.checks.names import is_surely_own, project_words, variant_key
from auditor.claims.code import UNNAMED
from auditor.claims.extraction import extract_claims
from auditor.claims.interface import ClaimContext
from auditor.claims.naming import bears
from auditor.claims.own_words import own_tokens
from auditor.claims.vocabulary import CITED, OURS
from auditor.facts import Claim, Facts, Outline

SECONDARY = ("claims", "log", "issues", "forks", "fork", "thread")  # kinds of sources that do not speak for the authors


@dataclass(frozen=True, slots=True)
class Material:
    """What claims are held against: the documents, the context that the rules read them with, and the claims that these found."""

    outlines: Sequence[Outline]
    context: ClaimContext
    facts: Facts

    @property
    def project(self) -> frozenset[str]:
        """Return the words that name the project itself."""
        return project_words(self.context.full_name)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A claim that a reader finds at the place."""

    claim: Claim
    own: bool
    around: str
    siblings: tuple[str, ...] = ()
    reread: bool | None = None  # None: to be settled by the rules
    inner: bool = False


def verified_claim(proposal: ClaimProposal, material: Material) -> tuple[Claim, str | None] | str:
    """Return the claim that the place makes and the id of an equal one that is known already, or the reason why it makes none."""
    spots = spots_of(proposal.place, material.outlines)
    if isinstance(spots, str):
        return spots
    reason = ""
    for spot in spots:
        found = _at(spot, proposal, material)
        if isinstance(found, Claim):
            return found, _known(found, material)
        reason = reason or found
    known = next((claim for spot in spots for claim in material.facts.claims if _says(claim, spot, proposal)), None)
    return (known, known.id or "known") if known is not None else reason


def _says(claim: Claim, spot: Spot, proposal: ClaimProposal) -> bool:
    """Tell whether a proposal only repeats what the rules read there and the readers of cells and sentences here do not.

    These are second numbers in parentheses, and console output. Then it adds nothing, and is no error.
    """
    path, _, line = claim.evidence.locator.partition("#L")
    if path != spot.outline.document.path or not line.isdigit() or not spot.first <= int(line) <= spot.last or not claim.printed:
        return False
    console = any(b.kind == "code" and b.line - 1 <= int(line) <= b.line + b.text.count("\n") + 1 for b in spot.outline.blocks)
    if not (claim.setting.endswith("in parentheses") or (claim.origin == "text" and console)):
        return False
    around = f"{claim.setting} {claim.row} {claim.evidence.quote} {' '.join(spot.words)}"
    return (
        claim.variant.lower() == proposal.variant.strip().lower()
        and claim.active
        and same_attribute(proposal.attribute, claim.attribute)
        and not isinstance(claim.value, list | tuple | str)
        and not value_problem(proposal, claim)
        and any(claim.printed.split()[0] in word for word in spot.words)
        and not setting_problem(proposal.setting, around)
    )


def _at(spot: Spot, proposal: ClaimProposal, material: Material) -> Claim | str:
    """Return the claim of one spot, or the first thing that speaks against it."""
    candidates, where = _candidates(spot, proposal, material)
    if not candidates:
        return where
    steps: tuple[Callable[[_Candidate], str], ...] = (
        lambda c: "" if same_attribute(proposal.attribute, c.claim.attribute) else _attribute_words(c, proposal),
        lambda c: "A number in parentheses beside another is not the value; propose the first." if c.inner else "",
        lambda c: _value_words(c, proposal),
        lambda c: _variant_words(c, proposal, material),
        lambda c: "" if c.own else f"{c.claim.variant} is not surely the authors' own; a baseline's number is no claim of theirs.",
        lambda c: _setting_words(c, proposal),
    )
    left = candidates
    for step in steps:
        passed = [candidate for candidate in left if not step(candidate)]
        if not passed:
            return next(step(candidate) for candidate in left)
        left = passed
    chosen = left[0]
    claim = replace(chosen.claim, rank=_rank(spot, material.facts), origin="agent", found_by="agent")
    reread = chosen.reread if chosen.reread is not None else _rules_read(claim, spot, material)
    return replace(claim, reread=reread or _rules_read(claim, spot, material))


def _candidates(spot: Spot, proposal: ClaimProposal, material: Material) -> tuple[list[_Candidate], str]:
    """Return what the readers find at a spot, by what stands there: cells, literals or sentences; with the reason where it is nothing."""
    if isinstance(proposal.value, list):
        listed = list_claims(spot, proposal)
        code = literal_claims(spot) or ()
        found = [_Candidate(c, _is_own(c.variant, material), f"{c.row} {c.setting}", (), True) for c in code]
        found += [_Candidate(c, _is_own(c.variant, material), around) for c, around in listed]
        return found, "No list of those numbers stands in the quote beside the attribute's name."
    cells = readings_of(spot, material.context)
    if cells is not None:
        words = "The quoted cells hold no number under a header that tells what it is; quote the row with the number's whole cell."
        return [_Candidate(r.claim, r.own, r.around, r.siblings, None, r.inner) for r in cells], words
    literals = literal_claims(spot)
    if literals is not None:
        words = "No literal there says a network's structure."
        return [_Candidate(c, True, c.row, (), True) for c in literals], words
    words = "No sentence there says a number of this variant with its attribute right beside it, plainly and without comparison."
    said = claims_in(spot, proposal.variant, material.context)
    return [_Candidate(s.claim, _is_own(s.claim.variant, material), s.around, (), s.strict or None) for s in said], words


def _value_words(candidate: _Candidate, proposal: ClaimProposal) -> str:
    """Return why the value is not the printed one, "" where it is."""
    value = candidate.claim.value
    if isinstance(value, list | tuple) or isinstance(proposal.value, list):
        same = isinstance(value, list | tuple) and isinstance(proposal.value, list) and list(value) == proposal.value
        return "" if same else f"The place says {candidate.claim.printed}, not the value proposed."
    return value_problem(proposal, candidate.claim)


def _attribute_words(candidate: _Candidate, proposal: ClaimProposal) -> str:
    return f"What stands there is {candidate.claim.attribute} {candidate.claim.printed}, not {proposal.attribute[:60]}."


def _variant_words(candidate: _Candidate, proposal: ClaimProposal, material: Material) -> str:
    """Return why the number is not the variant's, "" where it is."""
    printed = candidate.claim.variant
    if printed == UNNAMED and proposal.variant.strip() in (UNNAMED, ""):
        return ""
    if printed != UNNAMED and same_variant(proposal.variant, printed, candidate.around, material.project, candidate.siblings):
        return ""
    who = "no variant by name" if printed == UNNAMED else printed
    return f"The number at that place is said of {who}, not of {proposal.variant[:60]}."


def _setting_words(candidate: _Candidate, proposal: ClaimProposal) -> str:
    missing = setting_problem(proposal.setting, f"{candidate.around} {candidate.claim.setting}")
    return (
        f"{missing!r} of the setting does not stand in the header, caption or heading of that number; leave out what is not printed."
        if missing
        else ""
    )


def _is_own(variant: str, material: Material) -> bool:
    """Tell whether a name that a sentence gives is surely the authors': it says so, bears their name, is a size, or the rules know it."""
    if CITED.search(variant) and not OURS.search(variant):
        return False
    if variant == UNNAMED:
        return True
    key = variant_key(variant, material.project)
    tokens = own_tokens(material.context)
    if OURS.search(variant) or bears(variant, tokens) or is_surely_own(variant, material.context.full_name, key):
        return True
    return any(c.rank == "primary" and c.active and variant_key(c.variant, material.project) == key != () for c in material.facts.claims)


def _rank(spot: Spot, facts: Facts) -> str:
    """Return the rank of the place: the authors' own documents and paper speak for them, nothing else does."""
    source = facts.source(spot.outline.document.source)
    return "secondary" if source is not None and source.kind in SECONDARY else "primary"


def _rules_read(claim: Claim, spot: Spot, material: Material) -> bool:
    """Tell whether the rules alone, pointed at this table or passage and nothing else, read the same there."""
    outline = spot.outline
    if spot.picture is not None:
        small = replace(outline, tables=(spot.picture,), blocks=(), literals=())
    else:
        tables = tuple(t for t in outline.tables if t.picture is None and any(spot.first <= c.line <= spot.last for r in t.rows for c in r))
        near = [n for n, block in enumerate(outline.blocks) if block.line <= spot.last][-7:]
        small = replace(outline, tables=tables, blocks=() if tables else tuple(outline.blocks[n] for n in near))
    return any(_equal(claim, other, material.project) for other in extract_claims((small,), material.context))


def _equal(one: Claim, two: Claim, project: frozenset[str]) -> bool:
    """Tell whether two claims say the same at the same place."""
    same_name = one.variant == two.variant or variant_key(one.variant, project) == variant_key(two.variant, project) != ()
    return (
        same_name
        and one.evidence.locator == two.evidence.locator
        and (one.attribute == two.attribute if one.attribute in COUNTS else same_attribute(one.attribute, two.attribute))
        and _plain(one.value) == _plain(two.value)
        and (one.unit or "") == (two.unit or "")
        and one.active == two.active
    )


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list | tuple) else value


def _known(claim: Claim, material: Material) -> str | None:
    """Return the id of a known claim that says the same at the same place."""
    same = (other for other in material.facts.claims if _equal(claim, other, material.project))
    return next((other.id or "known" for other in same), None)
