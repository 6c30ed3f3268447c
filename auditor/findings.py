"""What is concluded from Facts: findings, comparisons, verdicts, and the report that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auditor.facts import Evidence, Facts


class Outcome(StrEnum):
    """The answer to a check's question."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """Whether it matters."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Confidence(StrEnum):
    """Whether we are right."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Verdict(StrEnum):
    """The verdict on a variant, see CONTRACT.md. The three that accuse are MISSING, MISLABELLED and CONTRADICTED."""

    CONSISTENT = "consistent"
    MISLABELLED = "mislabelled"
    CONTRADICTED = "contradicted"
    MISSING = "missing"
    UNVERIFIABLE = "unverifiable"
    UNCLAIMED = "unclaimed"
    FOREIGN = "foreign"

    @property
    def accuses(self) -> bool:
        """Tell whether this verdict says that the authors did something wrong."""
        return self in ACCUSATIONS


ACCUSATIONS = (Verdict.MISSING, Verdict.MISLABELLED, Verdict.CONTRADICTED)  # in rising order, as --fail-on has them


@dataclass(frozen=True, slots=True)
class Comparison:
    """One claimed value held against one checkpoint."""

    checkpoint: str  # id of the Inspected
    attribute: str
    claimed: str  # as printed
    measured: str
    agrees: bool | None  # None where the comparison decides nothing
    convention: str = ""  # "learnable parameters", "all values", "multiply-accumulates", "2 x multiply-accumulates"
    tolerance: str = ""  # "printed precision: [8.375, 8.385) M", "3 %"
    claim: str = ""  # id of the Claim
    rank: str = "primary"
    note: str = ""  # what explains a difference, or which assumption the agreement needs


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one check about one subject."""

    id: str
    check: str  # name of the check, kebab-case: "variant-released"
    subject: str  # variant, file or source it speaks of
    outcome: Outcome
    severity: Severity
    confidence: Confidence
    title: str  # one line
    detail: str
    expected: str
    observed: str
    evidence: tuple[Evidence, ...]
    remedy: str = ""
    variant: str = ""  # the variant it bears on, if one
    checkpoints: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a finding that nobody could check."""
        if not self.evidence:
            raise ValueError(f"finding {self.check} about {self.subject} has no evidence")


@dataclass(frozen=True, slots=True)
class VariantVerdict:
    """What the audit says of one variant."""

    name: str
    verdict: Verdict
    checkpoints: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    reason: str = ""
    is_like: str = ""  # for mislabelled: what the file is, "S (ConvNeXtPose_S.tar)"
    proposed_name: str = ""  # for mislabelled and foreign: what the file should be called
    accused: tuple[str, ...] = ()  # the checkpoints that the verdict is about, where it accuses: never their siblings


@dataclass(frozen=True, slots=True)
class IssueDraft:
    """The issue that asks the authors; only ever sent by a person's own act."""

    title: str
    body: str
    asks: tuple[str, ...]  # names of accused variants
    duplicates: tuple[tuple[int, str, str], ...] = ()  # number, title, url of similar threads
    filed_url: str | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """Facts with everything that follows from them."""

    facts: Facts
    findings: tuple[Finding, ...]
    variants: tuple[VariantVerdict, ...]
    complete: bool
    exit_status: int
    issue: IssueDraft | None = None
